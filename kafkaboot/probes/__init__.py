"""What the kubelet asks: the probes, and the client that asks a broker or controller.

May import `values` and `zkboot.pod`, and `pages` for its help.
"""
