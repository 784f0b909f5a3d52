"""The harness of members and volumes, as far as it starts no server."""
