"""Tests of ``kafkaboot.volumes``."""
