"""The secrets of a properties file: whether it holds one, and its text with all of them masked, in comments, too."""

import re
from collections.abc import Mapping

from kafkaboot.values.keys import has_secret, is_secret
from zkboot.pod.properties import Line, parse_lines
from zkboot.pod.secret import MASK, WORDS

_MASK_OF_BASE = f"{MASK} (base)"
"""What is shown in place of a secret of the base file, which need not be the same."""

_SECRET_IN_COMMENT = re.compile(rf"(?i)({'|'.join(WORDS)}|jaas\.config|keystore\.key)[^=:]*[=:]")


def holds_secret(base: str) -> bool:
    """Return whether the *base* file's text holds a secret, be it in a comment: it is kept, and it is masked there."""
    for line in parse_lines(base):
        if line.key is None:
            if _masked_comment(line.text) != line.text:
                return True
        elif line.value and _is_secret(line.key, line.value):
            return True
    return False


def masked(base: str, secrets: Mapping[str, str]) -> str:
    """Return the *base* file's text with its secrets masked, in comments, too.

    *secrets* are the ones that will stand in the file, by key: one that the base file has as well is shown as the same.
    """
    shown = ""
    for line in parse_lines(base):
        if line.key is None:
            shown += _masked_comment(line.text)
        elif _is_secret(line.key, line.value):
            mask = MASK if secrets.get(line.key) == line.value else _MASK_OF_BASE
            shown += Line.entry(line.key, mask).text
        else:
            shown += line.text
    return shown


def _is_secret(key: str, value: str) -> bool:
    return is_secret(key) or has_secret(value)


def _masked_comment(text: str) -> str:
    """Return a comment with the secret masked that stands in it, be it as the entry that it would be without its #."""
    found = _SECRET_IN_COMMENT.search(text)
    if found is not None and text[found.end() :].strip():
        return f"{text[: found.end()]}{MASK}\n"
    content = text.lstrip(" \t\f#!")
    try:
        entry = parse_lines(content)[0]
    except (ValueError, IndexError):
        return text
    # A sentence may begin with such a word, but hardly with a property's name.
    if (
        entry.key is None
        or not entry.value
        or ("." not in entry.key and not content.startswith((f"{entry.key}=", f"{entry.key}:")))
    ):
        return text
    return f"#{entry.key}={MASK}\n" if _is_secret(entry.key, entry.value) else text
