"""The manifests on a real Kubernetes: whichever cluster KUBECONFIG names, or one that `make kubernetes` makes.

`local` makes that cluster, on this machine, from Go modules and Debian packages. The tests know nothing of it: they
talk to the cluster by kubectl.
"""
