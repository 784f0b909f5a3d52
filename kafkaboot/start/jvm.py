"""The JVM of one start: its heap, and what it logs, which Kafka's scripts take from the environment.

Facts (``kafka-server-start.sh`` and ``kafka-run-class.sh`` of 0.8.2 to 4.4):

- They read ``KAFKA_HEAP_OPTS`` and ``KAFKA_LOG4J_OPTS``, and put defaults of their own where these are unset. Neither
  is quoted: a blank begins another word.
- Up to 3.9 Kafka logs by log4j 1, from 4.0 on by log4j2, which takes files in the form of properties, too.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kafkaboot.config.settings import Settings
from kafkaboot.config.variables import HEAP_SIZE, LOG_LEVEL, LOG_LEVEL_ALIAS, LOGGERS, LOGGERS_ALIAS, TOOLS_LOG_LEVEL
from kafkaboot.values.knobs import CONFIG_FILE
from kafkaboot.values.version import LOG4J2, Version
from zkboot.pod.environ import FILE_SUFFIX
from zkboot.pod.errors import Problems
from zkboot.pod.memory import MemoryLimit, find_heap
from zkboot.pod.properties import render
from zkboot.pod.rendered import RenderedFile

_HEAP_OPTS, _LOG_OPTS = "KAFKA_HEAP_OPTS", "KAFKA_LOG4J_OPTS"

_HEADER = "# Written by kafkaGenConfig at every start: set KF_LOG_LEVEL and KF_LOGGERS instead of editing.\n"
_LEVEL = "INFO"
_PATTERN = "[%d] %p %m (%c)%n"

# One line for every fetch session that ends.
_QUIET = {"org.apache.kafka.clients.FetchSessionHandler": "WARN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Jvm:
    """What a start tells Kafka's scripts, and the files that this names."""

    server: Mapping[str, str]
    """Variables for the server."""
    tools: Mapping[str, str]
    """Variables for Kafka's storage tool."""
    files: tuple[RenderedFile, ...]
    advice: tuple[str, ...]
    """What does not stop the start but should be read."""


def find_jvm(
    problems: Problems, settings: Settings, version: Version, environ: Mapping[str, str], limit: MemoryLimit
) -> Jvm:
    """Return what *settings* make of the JVM; what is wrong is noted in *problems*.

    What *environ* says to Kafka's scripts itself wins. Raises FileError where the heap's memory limit cannot be read.
    """
    advice: list[str] = []
    server: dict[str, str] = {}
    tools: dict[str, str] = {}
    files: list[RenderedFile] = []
    if settings.heap is not None and environ.get(_HEAP_OPTS):
        advice.append(f"{HEAP_SIZE.name}={settings.heap} has no effect: {_HEAP_OPTS} is set and wins; unset one")
    elif settings.heap is not None:
        heap, warned = find_heap(problems, HEAP_SIZE, settings.heap, limit)
        advice += warned
        server[_HEAP_OPTS] = f"-Xmx{heap} -Xms{heap}"
    stated = _stated_log_variables(environ)
    if stated and environ.get(_LOG_OPTS):
        advice.append(f"{', '.join(stated)}: no effect, for {_LOG_OPTS} is set and wins; unset one")
    elif stated and " " in os.path.dirname(settings.config_file):
        problems.note(
            f"{', '.join(stated)} need a file beside {settings.config_file}, and Kafka's scripts would split its path"
            f" at the blank: choose another {CONFIG_FILE.name}"
        )
    else:
        if settings.log_level is not None or settings.loggers:
            loggers = _QUIET | dict(settings.loggers)
            files.append(_log_file(settings, version, "", settings.log_level or _LEVEL, loggers))
            server[_LOG_OPTS] = _log_options(version, files[-1].path)
        if settings.tools_log_level is not None:
            files.append(_log_file(settings, version, "tools-", settings.tools_log_level, {}))
            tools[_LOG_OPTS] = _log_options(version, files[-1].path)
    return Jvm(server=server, tools=tools, files=tuple(files), advice=tuple(advice))


def render_log4j(level: str, loggers: Mapping[str, str], target: str) -> str:
    """Return a log4j.properties, for Kafka before 4.0: everything to *target*, ``out`` or ``err``."""
    return _HEADER + render(
        {
            "log4j.rootLogger": f"{level}, console",
            "log4j.appender.console": "org.apache.log4j.ConsoleAppender",
            "log4j.appender.console.target": f"System.{target}",
            "log4j.appender.console.layout": "org.apache.log4j.PatternLayout",
            "log4j.appender.console.layout.ConversionPattern": _PATTERN,
            **{f"log4j.logger.{name}": own for name, own in loggers.items()},
        }
    )


def render_log4j2(level: str, loggers: Mapping[str, str], target: str) -> str:
    """Return a log4j2.properties, for Kafka from 4.0 on: everything to *target*, ``out`` or ``err``."""
    entries = {
        "appender.console.type": "Console",
        "appender.console.name": "console",
        "appender.console.target": f"SYSTEM_{target.upper()}",
        "appender.console.layout.type": "PatternLayout",
        "appender.console.layout.pattern": _PATTERN,
        "rootLogger.level": level,
        "rootLogger.appenderRef.console.ref": "console",
    }
    for number, (name, own) in enumerate(loggers.items()):
        entries |= {f"logger.{number}.name": name, f"logger.{number}.level": own}
    return _HEADER + render(entries)


def _stated_log_variables(environ: Mapping[str, str]) -> Sequence[str]:
    variables = (LOG_LEVEL, LOG_LEVEL_ALIAS, LOGGERS, LOGGERS_ALIAS, TOOLS_LOG_LEVEL)
    return [one.name for one in variables if environ.get(one.name) or environ.get(one.name + FILE_SUFFIX)]


def _log_file(settings: Settings, version: Version, kind: str, level: str, loggers: Mapping[str, str]) -> RenderedFile:
    folder = os.path.dirname(settings.config_file)
    is_log4j2 = version >= LOG4J2
    make = render_log4j2 if is_log4j2 else render_log4j
    # A tool's own answer is on stdout.
    text = make(level, loggers, "err" if kind else "out")
    return RenderedFile(path=f"{folder}/kafkaboot-{kind}{'log4j2' if is_log4j2 else 'log4j'}.properties", text=text)


def _log_options(version: Version, path: str) -> str:
    return f"-Dlog4j2.configurationFile={path}" if version >= LOG4J2 else f"-Dlog4j.configuration=file:{path}"
