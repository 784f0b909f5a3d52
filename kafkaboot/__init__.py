"""Boots Kafka brokers in containers: identity, configuration, probes."""
