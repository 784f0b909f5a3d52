"""What is on the disk, and whether it contradicts this node; may import the configuration and the values."""
