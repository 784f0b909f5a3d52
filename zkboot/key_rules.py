"""What is wrong with keys of zoo.cfg: values on which a server would end, names that it does not know.

ZooKeeper makes a system property of a key that its parser does not know, and says nothing.

Sources: ``QuorumPeerConfig.parseProperties`` of 3.4 to 3.9.
"""

from collections.abc import Callable, Iterable, Mapping

from zkboot.definitions import definitions
from zkboot.keys import OF_THE_JVM, is_known, nearest_key
from zkboot.pod.definitions import Numbers
from zkboot.pod.environ import BLANKS

_SASL, _SERVER_SASL, _LEARNER_SASL = (
    "quorum.auth.enableSasl",
    "quorum.auth.serverRequireSasl",
    "quorum.auth.learnerRequireSasl",
)

_NEEDED: tuple[tuple[str, str, str], ...] = (
    ("secureClientPortAddress", "secureClientPort", ""),
    (_SERVER_SASL, _SASL, "true"),
    (_LEARNER_SASL, _SASL, "true"),
    (_SERVER_SASL, _LEARNER_SASL, "true"),
)
"""Keys that a server takes beside another one only, with the value that both have then; empty: any."""


def value_problems(extra: Mapping[str, str], version: Numbers, told: Callable[[str], str]) -> Iterable[str]:
    """Yield why a server of *version* would end on the keys in *extra*, *told* as the operator knows them.

    Nothing of a version that is newer than all that are known.
    """
    known = definitions()
    if not known.is_between(version):
        return
    for key, value in extra.items():
        rows = known.at(key, version)
        if rows and not any(row.takes(value) for row in rows):
            yield f"{told(key)} is not {rows[-1].allowed}"
    for key, other, value in _NEEDED:
        is_said = key in extra if not value else _is(extra, key, value)
        if known.at(key, version) and is_said and not _is(extra, other, value):
            yield f"{told(key)} needs zoo.cfg's {other}{value and f'={value}'}, too"


def advice_on_keys(extra: Mapping[str, str], owners: Mapping[str, str]) -> list[str]:
    """Return what to say of the keys in *extra*, whatever the version; *owners* have the variables of their own."""
    lines: list[str] = []
    for key in extra:
        nearest = nearest_key(key)
        if key in OF_THE_JVM:
            lines.append(f"zoo.cfg's {key} has no effect: add -D{key}=... to SERVER_JVMFLAGS")
        elif nearest is not None:
            owner = owners.get(nearest)
            meant = f"{nearest}, which {owner} sets" if owner else nearest
            lines.append(f"zoo.cfg's {key} is no key that ZooKeeper is known to have; did you mean {meant}?")
    strangers = [key for key in extra if not is_known(key) and key not in OF_THE_JVM and nearest_key(key) is None]
    if strangers:
        lines.append(f"zoo.cfg's {', '.join(strangers)}: known to no ZooKeeper; passed on, for a plugin may have it")
    words = extra.get("4lw.commands.whitelist")
    if words is not None:
        allowed = {word.strip(BLANKS) for word in words.split(",")}
        missing = [word for word in ("ruok", "mntr") if word not in allowed and "*" not in allowed]
        if missing:
            lines.append(f"4lw.commands.whitelist lacks {' and '.join(missing)}: the probes that ask for it will fail")
        if "*" in allowed:
            lines.append("4lw.commands.whitelist=* lets every client run words that are costly or tell too much")
    return lines


def advice_on_version(extra: Mapping[str, str], version: Numbers) -> Iterable[str]:
    """Yield what to say of keys in *extra* that other versions know, and *version* does not."""
    known = definitions()
    for key in extra:
        rows = known.all(key)
        if not rows or known.at(key, version) or not known.is_between(version):
            continue
        older = [row for row in rows if row.last < version]
        told = f"zoo.cfg's {key} has no effect: ZooKeeper {_shown(version)} does not know it"
        yield (
            f"{told}, {_line(older[-1].last)} was the last with it"
            if older
            else f"{told}, {_line(rows[0].first)} has it"
        )


def _is(extra: Mapping[str, str], key: str, value: str) -> bool:
    """Return whether *extra* says *value* of *key*; any but 0, which is no port, where that is empty."""
    return key in extra and (extra[key].lower() == value if value else extra[key].strip("+-0") != "")


def _line(version: Numbers) -> str:
    return _shown(version[:2])


def _shown(version: Numbers) -> str:
    return ".".join(map(str, version))
