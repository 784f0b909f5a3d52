"""The images, run as they are: real containers, and faults on purpose.

The lowest first: `engine` (podman or docker), `base` (Debian's base image, made where none can be pulled), `archives`
(the servers' distributions, put together from Maven Central), `images` (builds them), `alone` (one server), `network`
(and its faults), `trio` (three servers on it), `load` (clients that count what was acknowledged).
"""
