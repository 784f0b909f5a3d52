"""The manifests on a real Kubernetes: whichever cluster KUBECONFIG names."""
