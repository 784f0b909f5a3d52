"""Formats the volumes of one start, by Kafka's own tool, where they are empty."""

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence

from kafkaboot.entry import Entry, find_entry
from kafkaboot.plan import Plan
from kafkaboot.settings import (
    CLUSTER_ID,
    CONTROLLER_STATEFULSET,
    FIRST,
    JOIN,
    QUORUM_ENTRY,
    REPLICAS,
    STORAGE_COMMAND,
    Settings,
)
from kafkaboot.storage import Format, check_volumes, find_format
from kafkaboot.voters import parse_servers
from zkboot.pod.errors import NotServingError, SettingsError, StateError, UnreachableError
from zkboot.pod.launch import find_program

_FOR_SERVERS_ONLY = ("JMX_PORT", "KAFKA_JMX_OPTS")
"""Would let the tool open the port that the server is to open."""


def storage_format(plan: Plan) -> Format | None:
    """Return what is to be formatted before the start of *plan*, None where nothing is. Raises SettingsError."""
    if plan.volumes is None:
        return None
    wanted = find_format(plan.volumes, plan.config, plan.settings.cluster_id)
    if wanted is not None and wanted.is_voter and plan.settings.quorum_entry == FIRST:
        _check_first(plan)
    return wanted


def storage_tool(settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the command that is Kafka's storage tool; raises FileError where there is none."""
    if settings.storage_command is not None:
        return settings.storage_command
    hint = f"set KF_HOME to where Kafka is, or {STORAGE_COMMAND.name} to what runs its storage tool"
    return (find_program((f"{settings.home}/bin/kafka-storage.sh", "kafka-storage.sh"), environ, hint),)


def shown_format(plan: Plan, wanted: Format, tool: Sequence[str]) -> str:
    """Return the command that would format, without asking anybody: what is open stands as a word of its own."""
    entry = plan.settings.quorum_entry if wanted.is_voter else None
    line = shlex.join((*tool, *wanted.arguments(plan.file.path, entry, plan.voters)))
    return line if entry is not None or not wanted.is_voter else f"{line} (as the other controllers say)"


def format_entry(plan: Plan, wanted: Format) -> tuple[str | None, tuple[str, ...]]:
    """Return how the volume enters the quorum, None where it has no vote, and what to warn of.

    Raises UnreachableError or NotServingError where the other controllers must say so, and do not.
    """
    if not wanted.is_voter:
        return None, ()
    entry = _ask_others(plan, plan.settings.quorum_entry)
    return entry.kind, entry.advice


def check_voters(plan: Plan) -> None:
    """Refuse a start that would wait for ever: this controller knows no voters, and no other one knows a leader.

    Raises UnreachableError or NotServingError.
    """
    if plan.volumes is None or not plan.volumes.lacks_voters or plan.settings.quorum_entry == JOIN:
        return
    try:
        _ask_others(plan, None)
    except (NotServingError, UnreachableError) as error:
        raise type(error)(
            f"{plan.config.metadata_dir} was formatted without voters, for a static quorum or to join one, and never"
            " ran, and no other controller knows a leader: if the cluster is new, empty that directory and set"
            f" {QUORUM_ENTRY.name}={FIRST} on all of its controllers for their first start; if it is not, start the"
            f" others, or set {QUORUM_ENTRY.name}={JOIN}",
            *error.problems[1:],
        ) from None


def _ask_others(plan: Plan, stated: str | None) -> Entry:
    servers = parse_servers(plan.config.effective["controller.quorum.bootstrap.servers"])
    others = [server for server in servers if server[0] != plan.broker.fqdn]
    settings = plan.settings
    return find_entry(stated, others, plan.version, timeout=settings.probe_timeout, patience=settings.quorum_wait)


def format_storage(
    plan: Plan, wanted: Format, entry: str | None, tool: Sequence[str], environ: Mapping[str, str]
) -> None:
    """Format, and look again: raises StateError where Kafka's tool fails, or left what this node cannot start on."""
    command = [*tool, *wanted.arguments(plan.file.path, entry, plan.voters)]
    program = find_program([command[0]], environ, f"{STORAGE_COMMAND.name} must name a program that can be run")
    own = {name: value for name, value in environ.items() if name not in _FOR_SERVERS_ONLY}
    done = subprocess.run([program, *command[1:]], env=own, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise StateError(
            f"{', '.join(wanted.directories)}: not formatted, {os.path.basename(program)} ended with status"
            f" {done.returncode}; what it said stands above"
        )
    volumes = check_volumes(plan.config, plan.broker, plan.settings.cluster_id)
    if volumes.blank:
        raise StateError(f"{', '.join(volumes.blank)}: still not formatted, though {program} says so")


def _check_first(plan: Plan) -> None:
    if not plan.voters:
        raise SettingsError(
            f"{QUORUM_ENTRY.name}={FIRST} needs to know all of the first voters: set {REPLICAS.name}, or"
            f" {CONTROLLER_STATEFULSET.name} and what goes with it"
        )
    if plan.broker.broker_id not in {voter.node_id for voter in plan.voters}:
        listed = ", ".join(str(voter.node_id) for voter in plan.voters)
        raise SettingsError(
            f"{QUORUM_ENTRY.name}={FIRST}: node {plan.broker.broker_id} is none of the first voters {listed}, which"
            f" {REPLICAS.name} and the id offsets make; {CLUSTER_ID.name} and these are the same on all of them"
        )
