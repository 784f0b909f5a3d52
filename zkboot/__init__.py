"""Boots ZooKeeper servers in containers: identity, configuration, probes."""

__version__ = "0.1.0"
"""Version of the package, of both tools."""
