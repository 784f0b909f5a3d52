"""Levels of single loggers, as variables give them: ``org.apache.zookeeper.server=DEBUG,…``."""

import re

from zkboot.pod.variables import Variable

LEVELS = ("ALL", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF")
"""The levels of log4j and log4j2; logback lacks FATAL."""


class Loggers(Variable[tuple[tuple[str, str], ...]]):
    """Pairs of a logger's name and its level."""

    allowed = "`<logger>=<level>`, comma-separated"
    repeats = True

    def parse(self, text: str) -> tuple[tuple[str, str], ...]:
        found: dict[str, str] = {}
        for entry in filter(None, (part.strip() for part in text.split(","))):
            name, equals, level = (part.strip() for part in entry.partition("="))
            if (
                not equals
                or not name.isascii()
                or not all(re.sub("[_$-]", "", part).isalnum() for part in name.split("."))
            ):
                raise ValueError(f"has {entry!r}, which is not <logger>=<level>")
            if name == "root":
                raise ValueError("names the root logger, whose level ZK_LOG_LEVEL or KF_LOG_LEVEL sets")
            if level.upper() not in LEVELS:
                raise ValueError(f"has the level {level!r}, which is none of {', '.join(LEVELS)}")
            if name in found:
                raise ValueError(f"names {name} twice")
            found[name] = level.upper()
        return tuple(found.items())

    def show(self, value: "tuple[tuple[str, str], ...] | None") -> str:
        return ",".join(f"{name}={level}" for name, level in value) if value else "none"
