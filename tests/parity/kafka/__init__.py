"""kafkaGenConfig against kafkaGenConfig.sh."""
