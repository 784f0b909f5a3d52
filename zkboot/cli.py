"""The ``zkboot`` command and ``zkGenConfig``: wiring only."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from zkboot import probe
from zkboot.ensemble import parse_addresses
from zkboot.member import find_member
from zkboot.plan import Plan, make_plan, preview, summary, write_plan
from zkboot.pod import console, launch
from zkboot.pod.environ import EnvReader, Seconds
from zkboot.pod.errors import SettingsError, UsageError
from zkboot.pod.host import this_host
from zkboot.pod.manual import help_page
from zkboot.pod.memory import memory_limit
from zkboot.settings import OF_ZOOKEEPER, PREFIX, VARIABLES, Settings

Addresses = Sequence[tuple[str, int]]

_CFG_NOTE = ("  ZK_CFG_<key>  any other key of zoo.cfg: ___ is -, __ is _, _ is ., the case is kept", "")

_SERVER_PROGRAMS = ("zkServer.sh", "/opt/zookeeper/bin/zkServer.sh", "/usr/share/zookeeper/bin/zkServer.sh")

_COMMANDS = {
    "gen-config": "write zoo.cfg, myid, java.env, java.security, log4j.properties and logback.xml",
    "ok": "liveness: the server answers ruok with imok",
    "ready": "readiness: the server is a leader, follower, observer or standalone",
    "metrics": "print the reply to mntr: raw, as JSON or for Prometheus",
    "wait": "return when the ensemble has a quorum",
    "run": "gen-config, wait for the pod's own DNS name, then become the server",
}


def gen_config() -> int:
    """Run ``zkGenConfig`` and return its exit status."""
    name = os.path.basename(sys.argv[0])
    return console.run(name, lambda arguments: _gen_config(name, arguments), sys.argv[1:])


def main() -> int:
    """Run ``zkboot`` and return its exit status."""
    command = sys.argv[1] if len(sys.argv) > 1 else "--help"
    name = f"zkboot {command}"
    probes = {"ok": probe.ok, "ready": probe.ready, "metrics": probe.metrics}
    if command in probes:
        return probes[command](name, sys.argv[2:])
    others: dict[str, Callable[[str, list[str]], None]] = {"gen-config": _gen_config, "wait": _wait, "run": _run}
    if command in others:
        return console.run(name, lambda arguments: others[command](name, arguments), sys.argv[2:])
    parser = argparse.ArgumentParser(
        prog="zkboot",
        description="Boots a ZooKeeper server in a container of a StatefulSet.",
        epilog="\n".join(("commands:", *(f"  {word:<10}  {does}" for word, does in _COMMANDS.items()))),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=tuple(_COMMANDS), metavar="COMMAND", help="COMMAND --help tells more")
    parser.parse_args([command])
    return UsageError.exit_status


def _gen_config(name: str, arguments: Sequence[str]) -> None:
    parser = _parser(name, "Writes the files that a ZooKeeper server starts from, checked against the volume first.")
    parser.add_argument("--dry-run", action="store_true", help="print the files, secrets masked, and write nothing")
    dry_run: bool = parser.parse_args(arguments).dry_run
    plan = _planned(name)
    console.emit((preview(plan) if dry_run else summary(plan, write_plan(plan, os.geteuid()))).encode())


def _run(name: str, arguments: Sequence[str]) -> None:
    launch.end_on_sigterm()
    parser = _parser(
        name,
        "Writes the configuration, waits for this pod's own DNS name, and becomes the server: zkServer.sh"
        " start-foreground, or the command behind --.",
    )
    parser.add_argument("server", nargs="*", metavar="-- COMMAND", help="the server's command line")
    command: list[str] = parser.parse_args(arguments).server
    plan = _planned(name)
    settings = plan.settings
    if not command:
        hint = "put ZooKeeper's bin directory on PATH, or give the command after --"
        program = launch.find_program(_SERVER_PROGRAMS, os.environ, hint)
        command = [program, "start-foreground", f"{settings.conf_dir}/zoo.cfg"]
    console.emit(summary(plan, write_plan(plan, os.geteuid())).encode())
    own_name = plan.member.spec.host
    if not plan.member.is_alone and not launch.wait_for_name(own_name, settings.dns_wait):
        console.warn(
            name,
            f"{own_name} did not resolve within ZK_DNS_WAIT={settings.dns_wait:g} s, starting all the same:"
            " the headless service needs publishNotReadyAddresses: true",
        )
    environ = launch.server_environ(os.environ, (PREFIX,), OF_ZOOKEEPER)
    launch.exec_server(command, environ | {"ZOOCFGDIR": settings.conf_dir})


def _wait(name: str, arguments: Sequence[str]) -> None:
    from zkboot.quorum import wait_for_quorum

    launch.end_on_sigterm()
    parser = _parser(name, "Returns when the ensemble has a quorum: when one of its servers opens a session.")
    parser.add_argument("--timeout", default="60", metavar="SECONDS", help="how long at the most [60]")
    parser.add_argument("--servers", metavar="HOST:PORT,...", help="whom to ask [the ensemble the variables name]")
    options = parser.parse_args(arguments)
    try:
        timeout = Seconds("--timeout", 60, "", low=0.1, high=86400).parse(options.timeout)
    except ValueError as error:
        parser.error(f"argument --timeout: {options.timeout!r} {error}")
    try:
        addresses: Addresses = parse_addresses(options.servers) if options.servers else _configured_addresses()
    except ValueError as error:
        parser.error(f"argument --servers: {error}")
    took = wait_for_quorum(addresses, timeout)
    console.emit(f"quorum after {took:.1f} s\n".encode())


def _planned(name: str) -> Plan:
    plan = make_plan(os.environ, this_host(), memory_limit)
    for warning in plan.warnings:
        console.warn(name, warning)
    return plan


def _configured_addresses() -> Addresses:
    env = EnvReader(os.environ)
    member = find_member(env, Settings.from_environ(env), this_host())
    env.check()
    if member is None:
        raise SettingsError("the environment names no ensemble: give --servers")
    return member.ensemble.addresses


def _parser(name: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=name,
        description=description,
        epilog=help_page(VARIABLES, _CFG_NOTE),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
