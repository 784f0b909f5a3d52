"""Starts a node: plans its files and formats its volumes; may import every other folder of kafkaboot."""
