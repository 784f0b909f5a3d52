"""ZooKeeper's generator, probes and waiting."""
