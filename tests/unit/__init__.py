"""Tests that start no server: each module on its own, and the commands in a directory of their own."""
