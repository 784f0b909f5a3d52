"""Boots ZooKeeper servers in containers: identity, configuration, probes."""
