"""The ``zkboot`` command and ``zkGenConfig``: wiring only."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence

from zkboot import probe
from zkboot.ensemble import parse_addresses
from zkboot.member import find_member
from zkboot.plan import Plan, make_plan, preview, summary, write_plan
from zkboot.pod import console, launch
from zkboot.pod.commands import Command, dispatch
from zkboot.pod.environ import EnvReader, Seconds
from zkboot.pod.errors import SettingsError
from zkboot.pod.host import this_host
from zkboot.pod.manual import help_page
from zkboot.pod.memory import memory_limit
from zkboot.settings import OF_ZOOKEEPER, PREFIX, VARIABLES, Settings

Addresses = Sequence[tuple[str, int]]

_CFG_NOTE = ("  ZK_CFG_<key>  any other key of zoo.cfg: ___ is -, __ is _, _ is ., the case is kept", "")

_SERVER_PROGRAMS = ("zkServer.sh", "/opt/zookeeper/bin/zkServer.sh", "/usr/share/zookeeper/bin/zkServer.sh")


def gen_config() -> int:
    """Run ``zkGenConfig`` and return its exit status."""
    name = os.path.basename(sys.argv[0])
    return console.run(name, lambda arguments: _gen_config(name, arguments), sys.argv[1:])


def main() -> int:
    """Run ``zkboot`` and return its exit status."""
    commands = {
        "gen-config": Command.of(
            "write zoo.cfg, myid, java.env, java.security, log4j.properties and logback.xml", _gen_config
        ),
        "ok": Command("liveness: the server answers ruok with imok", probe.ok),
        "ready": Command("readiness: the server is a leader, follower, observer or standalone", probe.ready),
        "metrics": Command("print the reply to mntr: raw, as JSON or for Prometheus", probe.metrics),
        "wait": Command.of("return when the ensemble has a quorum", _wait),
        "run": Command.of("gen-config, wait for the pod's own DNS name, then become the server", _run),
    }
    return dispatch("zkboot", "Boots a ZooKeeper server in a container of a StatefulSet.", commands, sys.argv[1:])


def _gen_config(name: str, arguments: Sequence[str]) -> None:
    parser = _parser(name, "Writes the files that a ZooKeeper server starts from, checked against the volume first.")
    parser.add_argument("--dry-run", action="store_true", help="print the files, secrets masked, and write nothing")
    dry_run: bool = parser.parse_args(arguments).dry_run
    plan = _planned(name, is_dry=dry_run)
    console.emit((preview(plan) if dry_run else summary(plan, write_plan(plan, os.geteuid()))).encode())


def _run(name: str, arguments: Sequence[str]) -> None:
    launch.end_on_sigterm()
    parser = _parser(
        name,
        "Writes the configuration, waits for this pod's own DNS name, and becomes the server: zkServer.sh"
        " start-foreground, or the command behind --.",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the files, secrets masked, and the command; write and run nothing"
    )
    parser.add_argument("server", nargs="*", metavar="-- COMMAND", help="the server's command line")
    options = parser.parse_args(arguments)
    command: list[str] = options.server
    plan = _planned(name, is_dry=options.dry_run)
    if options.dry_run:
        console.emit(preview(plan).encode())
    settings = plan.settings
    if command:
        launch.find_program(command[:1], os.environ, "the command behind -- must be a program that can be run")
    else:
        hint = "put ZooKeeper's bin directory on PATH, or give the command after --"
        program = launch.find_program(_SERVER_PROGRAMS, os.environ, hint)
        command = [program, "start-foreground", f"{settings.conf_dir}/zoo.cfg"]
    if options.dry_run:
        # Bytes of the command line may be text in no encoding.
        console.emit(os.fsencode(f"would run: {shlex.join(command)}\n"))
        return
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


def _planned(name: str, *, is_dry: bool = False) -> Plan:
    plan = make_plan(os.environ, this_host(), memory_limit, is_dry=is_dry)
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
        allow_abbrev=False,
    )
