"""The stand-in for the kubelet, without a container: what it reads of a manifest, and what it refuses."""
