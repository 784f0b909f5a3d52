"""A Kubernetes of several nodes on one machine, and nothing of it outside of its folder and its namespaces.

The lowest first: `binaries` (built from pinned Go modules), `images` (ours, for containerd), `cluster` (its names,
addresses and files), `certificates`, `commands`, `node` (one machine in namespaces of its own), `control` (everything
else, in the namespaces around them), `keeper` (starts it, and takes it down however that ends).
"""
