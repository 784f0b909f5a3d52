"""What needs no server of the harness that runs real ones."""
