r"""Edits the text of a properties file so that the edit can be taken back, byte for byte.

The file this tool writes is by default the file it read, so what was there before must stay readable out of it:

- an entry that gets another value is kept in comments, one for each physical line, with the new entry behind it;
- an entry that must not count is kept in comments;
- an entry that the file did not have stands at the end, between two comments of ours.

``restore`` undoes all of it, and ``edit`` begins with ``restore``. So a second edit, with another ordinal, another
version, or a variable less, gives what a first edit of the pristine file would give.

A comment never continues on the next line, even where it ends in a backslash (java.util.Properties).
"""

from collections.abc import Collection, Mapping

from zkboot.pod.properties import Line, natural_lines, parse_lines

REPLACED = "# kafkaGenConfig replaced: "
DISABLED = "# kafkaGenConfig disabled: "
ADDED = "# kafkaGenConfig added what follows and writes it anew at every start: KAFKA_* variables change it."
ADDED_WITH_LINE_END = f"{ADDED} It ended the line before."
END = "# kafkaGenConfig end"

_DEEPEST = 50
"""Edits that can be undone one after the other: there is one, unless a file was put together by hand."""


def edit(text: str, entries: Mapping[str, str], disabled: Collection[str] = ()) -> str:
    r"""Return *text*, pristine or edited before, with exactly these *entries* and none of the *disabled* keys.

    Everything else stays as it is. Raises ValueError for a malformed ``\uXXXX``, which Java would refuse, too.
    """
    pristine = restore(text)
    lines = parse_lines(pristine)
    ending = _line_ending(pristine)
    last = {line.key: index for index, line in enumerate(lines) if line.key is not None}
    missing = [key for key in entries if key not in last]
    changed = {key for key, value in entries.items() if key in last and lines[last[key]].value != value}
    edited: list[str] = []
    for index, line in enumerate(lines):
        is_dangling = bool(missing) and index == len(lines) - 1 and line.key is not None and _continues(line.text)
        if line.key in changed and last[line.key] == index:
            edited += _replaced(line, entries[line.key], ending)
        elif line.key in changed or (line.key in disabled and line.key not in entries):
            edited += (DISABLED + natural for natural in natural_lines(line.text))
        elif line.key is not None and is_dangling:
            # What we add would continue it.
            edited += _replaced(line, line.value, ending)
        else:
            edited.append(line.text)
    if missing:
        edited += _added({key: entries[key] for key in missing}, edited, ending)
    return "".join(edited)


def restore(text: str) -> str:
    """Return *text* as it was before any edit.

    Raises ValueError where what an edit added has no end any more: what stands behind it may be the operator's own; and
    where our comments stand in our comments deeper than any edit puts them.
    """
    # A file that held our comments before the first edit, however it came by them, takes another turn.
    for _ in range(_DEEPEST):
        before = _restore_once(text)
        if before == text:
            return text
        text = before
    raise ValueError(f"has comments of kafkaGenConfig's within one another, more than {_DEEPEST} deep")


def _restore_once(text: str) -> str:
    lines = natural_lines(text)
    restored: list[str] = []
    at = 0
    while at < len(lines):
        content, end = _cut(lines[at])
        if content in (ADDED, ADDED_WITH_LINE_END):
            start = at
            at += 1
            while at < len(lines) and _cut(lines[at - 1])[0] != END:
                at += 1
            if _cut(lines[at - 1])[0] != END:
                raise ValueError(
                    f"line {start + 1} begins what kafkaGenConfig added, but no line {END!r} ends it: put that line"
                    " behind the last entry that is not yours"
                )
            if at == len(lines) and content == ADDED_WITH_LINE_END and restored:
                restored[-1] = _cut(restored[-1])[0]
        elif content.startswith(DISABLED):
            restored.append(content.removeprefix(DISABLED) + end)
            at += 1
        elif content.startswith(REPLACED):
            kept: list[str] = []
            while at < len(lines) and lines[at].startswith(REPLACED):
                kept.append(lines[at].removeprefix(REPLACED))
                at += 1
            key = _key("".join(kept))
            if key is not None and at < len(lines) and _key(lines[at]) == key:
                # The entry of ours ends as the line that it replaced did: at the end of a file perhaps with nothing.
                kept[-1] = _cut(kept[-1])[0] + _cut(lines[at])[1]
                at += 1
            restored += kept
        else:
            restored.append(lines[at])
            at += 1
    return "".join(restored)


def _replaced(line: Line, value: str, ending: str) -> list[str]:
    kept = natural_lines(line.text)
    content, end = _cut(kept[-1])
    kept[-1] = content + (end or ending)
    entry = _cut(Line.entry(str(line.key), value).text)[0]
    return [*(REPLACED + natural for natural in kept), entry + end]


def _added(entries: Mapping[str, str], before: list[str], ending: str) -> list[str]:
    needs_end = bool(before) and not _cut(before[-1])[1]
    head = [ending, ADDED_WITH_LINE_END + ending] if needs_end else [ADDED + ending]
    body = [_cut(Line.entry(key, value).text)[0] + ending for key, value in entries.items()]
    return [*head, *body, END + ending]


def _key(text: str) -> str | None:
    """Return the key of the entry that *text* is, None where it is no entry."""
    try:
        return parse_lines(text)[0].key
    except ValueError:
        return None


def _cut(line: str) -> tuple[str, str]:
    """Split a physical line into its content and its line end."""
    content = line.rstrip("\r\n")
    return content, line[len(content) :]


def _line_ending(text: str) -> str:
    lines = natural_lines(text)
    return _cut(lines[0])[1] or "\n" if lines else "\n"


def _continues(text: str) -> bool:
    """Return whether the last physical line of *text* ends in an odd number of backslashes."""
    content = _cut(natural_lines(text)[-1])[0]
    return (len(content) - len(content.rstrip("\\"))) % 2 == 1
