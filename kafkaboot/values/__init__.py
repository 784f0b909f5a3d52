"""Parses and renders the values of properties and variables; imports `zkboot.pod` only."""
