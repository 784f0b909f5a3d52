"""Tests of ``kafkaboot.config.zookeeper``."""
