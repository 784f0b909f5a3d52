"""Renders the six files: zoo.cfg, myid, java.env, java.security, log4j.properties, logback.xml. Opens nothing.

The same files are right for every ZooKeeper from 3.4.6 on: a server takes a zoo.cfg key it does not know for a system
property nobody reads, and each version reads only the logging file it knows.
"""

import shlex
from collections.abc import Mapping

from zkboot.lists import LIST_NAME
from zkboot.member import Member, allows_quorum_of_one
from zkboot.members.choice import Choice
from zkboot.pod.fields import own_keys
from zkboot.pod.properties import render
from zkboot.pod.tls.stores import Stores
from zkboot.sasl import jaas_path, sasl_keys
from zkboot.settings import Settings
from zkboot.tls import tls_keys
from zkboot.variables import JOIN

SHARED_KEYS: Mapping[str, str] = {
    # The probes' own words; from 3.5.3 on a server allows only srvr by itself.
    "4lw.commands.whitelist": "srvr, ruok, mntr",
    # It would listen on *:8080, on every pod, and a port clash ends a standalone server.
    "admin.enableServer": "false",
    # For ever: admin guide, electionPortBindRetry, for containers whose own name resolves late.
    "electionPortBindRetry": "0",
    # Milliseconds. A peer's old address swallows packets after its pod moved: 5 s, the default, is the whole rejoin.
    "cnxTimeout": "1000",
    # Milliseconds. Bounds what any other missed notification costs; the default doubles up to 60 s.
    "fastleader.maxNotificationInterval": "1000",
    # Milliseconds. A follower asks a new leader five times, so long apart, and gives up. On a busy host a server that
    # leads for the first time is not there yet after half a second, which is ZooKeeper's own patience.
    "leaderConnectDelayDuringRetryMs": "200",
    # Milliseconds that a leader waits for followers that have given up: by itself initLimit, while nobody serves.
    "leader.maxTimeToWaitForEpoch": "2000",
}
"""Keys that every server gets unless ZK_CFG_* says otherwise, each for its reason."""

HEADER = "# Written by zkGenConfig at every start: set its ZK_* variables instead of editing.\n"

# What the JVM keeps of an answer of the DNS, in seconds. By default 30, for which a survivor would follow a new
# leader to the address that its pod had before.
_JAVA_SECURITY = {"networkaddress.cache.ttl": "1", "networkaddress.cache.negative.ttl": "0"}

_NOTHING_CHOSEN = Choice()

_PATTERN = "%d{ISO8601} [myid:%X{myid}] - %-5p [%t:%C{1}@%L] - %m%n"
"""Of both logging systems; no letter of it means anything to XML."""


def zoo_cfg_entries(
    settings: Settings, member: Member, choice: Choice = _NOTHING_CHOSEN, stores: Stores | None = None
) -> dict[str, str]:
    """Return the keys and values of zoo.cfg in the order of the original, ours and the operator's behind them.

    *choice* is what volume and peers made of the start, *stores* what TLS has to show.
    """
    entries = own_keys(settings)
    port = entries.pop("clientPort")
    # A dynamic list has it. Without it 3.4, which would take no notice of that list and be a server of its own, ends:
    # "clientPort is not set".
    if not settings.reconfig:
        entries = {"clientPort": port, **entries}
    entries |= SHARED_KEYS
    if choice.entry is not None and choice.entry.kind == JOIN:
        # An empty database has no vote until it has copied the others' (3.6 and newer; ZOOKEEPER-261).
        entries["db.autocreate"] = "false"
    if stores is not None:
        entries |= tls_keys(settings, member, stores)
    entries |= sasl_keys(settings, member)
    entries |= settings.extra
    if settings.reconfig:
        path = choice.list_path or f"{settings.conf_dir}/{LIST_NAME}"
        return entries | {"reconfigEnabled": "true", "standaloneEnabled": "false", "dynamicConfigFile": path}
    if not member.is_alone or allows_quorum_of_one(settings):
        if member.spec.observer:
            # 3.4 takes a server for a participant unless its own file says so; 3.5 and newer want both to agree.
            entries["peerType"] = "observer"
        entries |= {f"server.{server.server_id}": str(server) for server in member.ensemble.servers}
    return entries


def render_zoo_cfg(
    settings: Settings, member: Member, choice: Choice = _NOTHING_CHOSEN, stores: Stores | None = None
) -> str:
    """Return zoo.cfg."""
    return HEADER + render(zoo_cfg_entries(settings, member, choice, stores))


def render_myid(member: Member) -> str:
    """Return myid."""
    return f"{member.server_id}\n"


def render_java_security() -> str:
    """Return the security properties that java.env names: how long the JVM keeps answers of the DNS."""
    return HEADER + render(_JAVA_SECURITY)


def script_variables(settings: Settings) -> dict[str, str]:
    """Return what java.env says to ZooKeeper's scripts, beside the flags of the server."""
    return {"ZOO_LOG_DIR": settings.log_dir, "ZOO_LOG4J_PROP": f"{settings.log_level},CONSOLE"}


def render_java_env(settings: Settings, heap: str | None) -> str:
    """Return java.env, which ZooKeeper's scripts source; *heap* is what ``-Xmx`` takes, None to leave it to them.

    The flags are for the server alone: SERVER_JVMFLAGS stays out of zkCli.sh, and JVMFLAGS, which is the operator's,
    comes behind it on the server's command line, so it wins.
    """
    flags = f"-Djava.security.properties={settings.conf_dir}/java.security"
    if heap is not None:
        flags = f"-Xmx{heap} -Xms{heap} {flags}"
    if settings.has_several_addresses:
        # The key of zoo.cfg comes too late: its rows are read first (3.6 to 3.9).
        flags += " -Dzookeeper.multiAddress.enabled=true"
    if settings.sasl_dir is not None:
        flags += f" -Djava.security.auth.login.config={jaas_path(settings)}"
    own = script_variables(settings)
    umask = "# The server writes zoo.cfg anew when its list changes: for nobody else to read.\numask 077\n"
    return (
        f"{HEADER}"
        f"{umask if settings.reconfig else ''}"
        f"ZOO_LOG_DIR={shlex.quote(own['ZOO_LOG_DIR'])}\n"
        f"# 3.7 and older: the level of the root logger, which these scripts would set to INFO.\n"
        f"ZOO_LOG4J_PROP={own['ZOO_LOG4J_PROP']}\n"
        f'SERVER_JVMFLAGS="${{SERVER_JVMFLAGS:+$SERVER_JVMFLAGS }}"{shlex.quote(flags)}\n'
    )


def render_log4j(settings: Settings) -> str:
    """Return log4j.properties, for 3.7 and older: everything to the console."""
    return (
        f"zookeeper.root.logger={settings.log_level},CONSOLE\n"
        # What a logger of its own lets through must not be held back by the appender.
        f"zookeeper.console.threshold={'ALL' if settings.loggers else settings.log_level}\n"
        "log4j.rootLogger=${zookeeper.root.logger}\n"
        "log4j.appender.CONSOLE=org.apache.log4j.ConsoleAppender\n"
        "log4j.appender.CONSOLE.Threshold=${zookeeper.console.threshold}\n"
        "log4j.appender.CONSOLE.layout=org.apache.log4j.PatternLayout\n"
        f"log4j.appender.CONSOLE.layout.ConversionPattern={_PATTERN}\n"
        + "".join(f"log4j.logger.{name}={level}\n" for name, level in settings.loggers)
    )


def render_logback(settings: Settings) -> str:
    """Return logback.xml, for 3.8 and newer: everything to the console."""
    level = _logback_level(settings.log_level)
    loggers = "".join(f'  <logger name="{name}" level="{_logback_level(own)}" />\n' for name, own in settings.loggers)
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!-- Written by zkGenConfig at every start: set ZK_LOG_LEVEL instead of editing. -->
<configuration>
  <appender name="CONSOLE" class="ch.qos.logback.core.ConsoleAppender">
    <encoder>
      <pattern>{_PATTERN}</pattern>
    </encoder>
    <filter class="ch.qos.logback.classic.filter.ThresholdFilter">
      <level>{"ALL" if loggers else level}</level>
    </filter>
  </appender>
{loggers}  <root level="{level}">
    <appender-ref ref="CONSOLE" />
  </root>
</configuration>
"""


def _logback_level(level: str) -> str:
    """Return *level* as logback has it: what others log as FATAL is an ERROR there."""
    return "ERROR" if level == "FATAL" else level
