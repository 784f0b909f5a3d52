"""Tests of ``kafkaboot.values``."""
