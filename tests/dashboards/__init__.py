"""Grafana's dashboards of docker/monitoring: read as they are, and drawn from a real run."""
