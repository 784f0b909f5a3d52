"""Campaigns too long for every run: `make torture`. Each prints one line with its figure and fails when it is not 0."""
