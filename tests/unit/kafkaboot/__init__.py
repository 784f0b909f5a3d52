"""Units of kafkaboot."""
