"""Tests of ``kafkaboot.probes``."""
