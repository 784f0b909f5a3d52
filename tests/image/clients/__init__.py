"""Scripts that run in containers, beside the servers: never imported."""
