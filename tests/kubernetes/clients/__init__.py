"""Programs that run in pods, beside the servers: never imported."""
