"""The campaigns' own judges."""
