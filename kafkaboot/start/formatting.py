"""Formats the volumes of one start, by Kafka's own tool, where they are empty."""

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from kafkaboot.config.controllers import voter_host_problem
from kafkaboot.config.settings import Settings
from kafkaboot.config.variables import (
    CLUSTER_ID,
    CONTROLLER_REPLICAS,
    CONTROLLER_STATEFULSET,
    FIRST,
    JOIN,
    QUORUM_ENTRY,
    REPLICAS,
    STORAGE_COMMAND,
)
from kafkaboot.probes.endpoint import Endpoint
from kafkaboot.probes.wire import encode_api_versions
from kafkaboot.start.entry import Entry, await_leader, find_entry, served_voters
from kafkaboot.start.plan import Plan
from kafkaboot.values.knobs import PLAIN
from kafkaboot.values.voters import CONTROLLER_ROLE
from kafkaboot.volumes.kraft import Format, check_volumes, find_format
from kafkaboot.volumes.quorum_state import voters_problems
from zkboot.pod.address import Address
from zkboot.pod.errors import SettingsError, StateError
from zkboot.pod.launch import find_program
from zkboot.pod.secret import MASK
from zkboot.pod.tls.mounted import AUTHORITIES, CHAIN, KEY

_FOR_SERVERS_ONLY = ("JMX_PORT", "KAFKA_JMX_OPTS")
"""Would let the tool open the port that the server is to open."""


def storage_format(plan: Plan) -> Format | None:
    """Return what is to be formatted before the start of *plan*, None where nothing is. Raises SettingsError."""
    if plan.volumes is None:
        return None
    wanted = find_format(plan.volumes, plan.config, plan.settings.cluster_id)
    if wanted is not None and _is_asked(wanted) and plan.settings.quorum_entry == FIRST:
        _check_first(plan)
    return wanted


def storage_tool(settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the command that is Kafka's storage tool; raises FileError where there is none."""
    if settings.storage_command is not None:
        program, *words = settings.storage_command
        hint = f"{STORAGE_COMMAND.name} must name a program that can be run"
        return (find_program((program,), environ, hint), *words)
    hint = f"set KF_HOME to where Kafka is, or {STORAGE_COMMAND.name} to what runs its storage tool"
    return (find_program((f"{settings.home}/bin/kafka-storage.sh", "kafka-storage.sh"), environ, hint),)


def shown_format(plan: Plan, wanted: Format, tool: Sequence[str]) -> str:
    """Return the command that would format, without asking anybody: what is open stands as a word of its own."""
    entry = plan.settings.quorum_entry if _is_asked(wanted) else _settled_entry(wanted)
    options = [_shown_option(option) for option in _options(plan, wanted)]
    options += [f"@{MASK}"] if _scram_users(plan, wanted) else []
    line = shlex.join((*tool, *wanted.arguments(plan.file.path, entry, plan.voters), *options))
    if _is_new_static_voter(plan) and plan.settings.quorum_entry == JOIN:
        return f"{line} (once another controller knows a leader)"
    return line if entry is not None or not wanted.is_voter else f"{line} (as the other controllers say)"


def _shown_option(option: str) -> str:
    """Return *option* with its name alone: what follows may be a password."""
    name, equals, _ = option.partition("=")
    if option.startswith("--"):
        return f"{name}={MASK}" if equals else name
    return option if option.startswith("-") and len(option) == len("-S") else MASK


def format_entry(plan: Plan, wanted: Format) -> tuple[str | None, tuple[str, ...]]:
    """Return how the volume enters a dynamic quorum, None where it does not, and what to warn of.

    Raises UnreachableError or NotServingError where the other controllers must say so, and do not; StateError where
    they are a static quorum to which this node does not belong.
    """
    if wanted.beside:
        return _settled_entry(wanted), (_advice_on_added(plan, wanted),)
    _check_static_voter(plan)
    if not wanted.is_voter:
        return None, ()
    entry = _ask_others(plan, plan.settings.quorum_entry)
    return entry.kind, entry.advice


def check_voters(plan: Plan) -> None:
    """Refuse a start of a controller that was formatted, never ran, and may not start while nobody knows a leader.

    A dynamic quorum's, which knows no voters, would wait for ever; a static one's that shall join was formatted by a
    start that was ended early. Raises UnreachableError or NotServingError, and StateError as ``format_entry`` does.
    """
    _check_static_voter(plan)
    if plan.volumes is None or not plan.volumes.lacks_voters or plan.settings.quorum_entry == JOIN:
        return
    _ask_others(plan, None, plan.config.metadata_dir)


def _options(plan: Plan, wanted: Format) -> Sequence[str]:
    """Return the operator's options: they are for a new volume, not for a directory beside formatted ones."""
    return () if wanted.beside else plan.settings.format_options


def _scram_users(plan: Plan, wanted: Format) -> Mapping[str, str]:
    """Return the users, with their passwords, that a new cluster begins with: its first controllers put them there."""
    settings = plan.settings
    is_first = not wanted.beside and CONTROLLER_ROLE in plan.config.roles
    if plan.logins is None or not is_first or settings.sasl_mechanism == PLAIN:
        return {}
    return plan.logins.passwords


@contextmanager
def _users_file(plan: Plan, users: Mapping[str, str]) -> Iterator[Sequence[int]]:
    """Hold what adds the *users* in a file without a name; yields the descriptors that the tool needs of it.

    Such a file is nobody else's, whoever runs the tool can read it, and nothing of it stays, even after a SIGKILL.
    """
    if not users:
        yield ()
        return
    # They load OpenSSL's digests, 2 ms and half a megabyte, which no other start should pay for.
    import tempfile

    from kafkaboot.start.scram_users import users_arguments

    with open(os.memfd_create("users"), "w+b") if hasattr(os, "memfd_create") else tempfile.TemporaryFile() as file:
        file.write(users_arguments(plan.settings.sasl_mechanism, users, os.urandom).encode())
        file.seek(0)
        yield (file.fileno(),)


def _is_asked(wanted: Format) -> bool:
    """Return whether somebody must say how the volume enters a dynamic quorum."""
    return wanted.is_voter and not wanted.beside


def _settled_entry(wanted: Format) -> str | None:
    """Return the entry of a volume that asks nobody: beside formatted directories there is nothing left to be first."""
    return JOIN if wanted.is_voter and wanted.beside else None


def _advice_on_added(plan: Plan, wanted: Format) -> str:
    kept = ", ".join(wanted.beside)
    return (
        f"{', '.join(wanted.directories)}: empty beside {kept}, formatted alone for node {plan.broker.broker_id}: where"
        " it takes the place of a lost disk, the replicas of that disk come back from the other brokers, and what no"
        " other broker has is gone"
    )


def _is_new_static_voter(plan: Plan) -> bool:
    """Return whether this is a static quorum's voter that has given no vote, or has forgotten those that it gave."""
    config, volumes = plan.config, plan.volumes
    if volumes is None or config.is_dynamic or CONTROLLER_ROLE not in config.roles:
        return False
    return config.metadata_dir in volumes.blank or volumes.lacks_log


def _check_static_voter(plan: Plan) -> None:
    if not _is_new_static_voter(plan):
        return
    settings, own = plan.settings, plan.broker.broker_id
    others = _endpoints(plan, [(voter.host, voter.port) for voter in plan.config.voters if voter.node_id != own])
    if settings.quorum_entry == JOIN:
        await_leader(others, patience=settings.quorum_wait)
    served = served_voters(others)
    problems = () if served is None else tuple(voters_problems(plan.config, *served))
    if problems:
        raise StateError(*problems)


def _ask_others(plan: Plan, stated: str | None, formatted: str | None = None) -> Entry:
    others = _endpoints(plan, [server for server in plan.config.servers if server[0] != plan.broker.fqdn])
    return find_entry(stated, others, plan.version, patience=plan.settings.quorum_wait, formatted=formatted)


def _endpoints(plan: Plan, controllers: Sequence[Address]) -> list[Endpoint]:
    """Return how each of the other *controllers* is asked: by their first listener, as this node would ask there."""
    settings, config, logins = plan.settings, plan.config, plan.logins
    listener = next(iter(config.controller_names), "").upper()
    login = tls = None
    user = settings.sasl_user
    if logins is not None and user is not None and config.has_login(listener):
        from kafkaboot.probes.login import Login

        login = Login(PLAIN, user, logins.passwords[user])
    mounted = settings.tls_dir
    if mounted is not None and config.speaks_tls(listener):
        from zkboot.pod.tls_transport import Tls

        certificate, key, ca = (f"{mounted}/{name}" for name in (CHAIN, KEY, AUTHORITIES))
        tls = Tls(certificate=certificate, key=key, ca=ca, name="", plain=encode_api_versions(0))
    return [
        Endpoint(host, port, settings.probe_timeout, tls=None if tls is None else tls.under(host), login=login)
        for host, port in controllers
    ]


def format_storage(
    plan: Plan, wanted: Format, entry: str | None, tool: Sequence[str], environ: Mapping[str, str]
) -> None:
    """Format, and look again: raises StateError where Kafka's tool fails, or left what this node cannot start on."""
    command = [*tool, *wanted.arguments(plan.file.path, entry, plan.voters), *_options(plan, wanted)]
    users = _scram_users(plan, wanted)
    own = {name: value for name, value in environ.items() if name not in _FOR_SERVERS_ONLY}
    # Kafka 4.x prints the records that it writes, a user's salted password among them.
    out = subprocess.DEVNULL if users else None
    with _users_file(plan, users) as opened:
        command += [f"@/dev/fd/{descriptor}" for descriptor in opened]
        done = subprocess.run(command, env=own, stdin=subprocess.DEVNULL, stdout=out, pass_fds=opened, check=False)
    if done.returncode != 0:
        raise StateError(
            f"{', '.join(wanted.directories)}: not formatted, {os.path.basename(tool[0])} ended with status"
            f" {done.returncode}; what it said stands above"
        )
    volumes = check_volumes(plan.config, plan.broker, plan.settings.cluster_id)
    if volumes.blank:
        raise StateError(f"{', '.join(volumes.blank)}: still not formatted, though {tool[0]} says so")


def _check_first(plan: Plan) -> None:
    if not plan.voters:
        raise SettingsError(
            f"{QUORUM_ENTRY.name}={FIRST} needs to know all of the first voters: set {CONTROLLER_REPLICAS.name} or"
            f" {REPLICAS.name}, or {CONTROLLER_STATEFULSET.name} and what goes with it"
        )
    if plan.broker.broker_id not in {voter.node_id for voter in plan.voters}:
        listed = ", ".join(str(voter.node_id) for voter in plan.voters)
        raise SettingsError(
            f"{QUORUM_ENTRY.name}={FIRST}: node {plan.broker.broker_id} is none of the first voters {listed}, which"
            f" the replicas and the id offsets make; {CLUSTER_ID.name} and these are the same on all of them"
        )
    misplaced = voter_host_problem(plan.voters, plan.broker)
    if misplaced is not None:
        raise SettingsError(f"{QUORUM_ENTRY.name}={FIRST}: {misplaced}")
