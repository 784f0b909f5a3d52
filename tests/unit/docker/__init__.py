"""The manifests, without a cluster."""
