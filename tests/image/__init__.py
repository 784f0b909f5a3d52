"""The images and manifests, run as pods would run them: real containers, our manifests, faults on purpose.

From the floor up: `engine` (podman or docker), `base` (Debian's base image, made where none can be pulled), `archives`
(the servers' distributions, put together from Maven Central), `images` (builds them), `fields` (refuses what nobody
reads), `variables`, `containers` and `manifests` (read our YAML), `network` (a cluster's network, names and faults),
`kubelet` (runs one pod as its manifest says), `cluster` (all pods of a StatefulSet), `load` (clients that count what
was acknowledged).
"""
