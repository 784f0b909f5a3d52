"""Tests of ``kafkaboot.start``."""
