"""What is on the disk, and whether it contradicts this node; may import `config`, `values` and `zkboot.pod`."""
