"""What the environment and the base file make of server.properties; may import `values` and `zkboot.pod`."""
