"""`docker` as the pages have it typed, where there is none: put this folder on PATH."""

from pathlib import Path

SHIM = Path(__file__).parent
"""The folder."""
