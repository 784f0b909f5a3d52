"""Secrets by their names: the words that both tools know them by, and what is shown in place of one.

Each tool has words of its own beside these, and names of what stands beside a secret and is none: both stand in its
``keys``.
"""

MASK = "********"
"""What is shown in place of a secret."""

WORDS = ("password", "passwd", "secret", "credential", "token")
"""Any name that holds one of these, in whatever text, is that of a secret."""

PARTS = (*WORDS, "passphrase", "jaas.config", "private.key", "api.key")
"""What the key of a secret holds."""
