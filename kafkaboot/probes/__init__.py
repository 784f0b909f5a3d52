"""What the kubelet asks: the probes, and the client that asks a broker or controller; may import the values."""
