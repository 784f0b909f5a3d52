"""The ``kafkaboot`` command and ``kafkaGenConfig``: wiring only."""

import os
import shlex
import sys
from collections.abc import Sequence

from kafkaboot import pages
from kafkaboot.config.settings import DNS_WAIT, KNOB_PREFIX, ZOOKEEPER
from kafkaboot.probes.commands import ok, ready
from kafkaboot.start.formatting import (
    check_voters,
    format_entry,
    format_storage,
    shown_format,
    storage_format,
    storage_tool,
)
from kafkaboot.start.plan import Plan, make_plan, preview, summary, write_plan
from kafkaboot.values.cluster_id import random_cluster_id
from kafkaboot.values.keys import PREFIX, SCRIPT_VARIABLES
from kafkaboot.values.properties import is_true
from kafkaboot.volumes.kraft import Format
from zkboot.pod import console, launch
from zkboot.pod.commands import Command, dispatch, parser_of
from zkboot.pod.files import check_directory
from zkboot.pod.host import this_host
from zkboot.pod.manual import Page


def gen_config() -> int:
    """Run ``kafkaGenConfig`` and return its exit status."""
    name = os.path.basename(sys.argv[0])
    return console.run(name, lambda arguments: _gen_config(name, arguments), sys.argv[1:])


def main() -> int:
    """Run ``kafkaboot`` and return its exit status."""
    commands = {
        "gen-config": Command.of("write server.properties", _gen_config),
        "ok": Command("liveness: the broker, or controller, answers on its port", ok),
        "ready": Command("readiness: the broker lists itself among the registered brokers", ready),
        "serve": Command.of("answer the probes and metrics over HTTP, in a sidecar", _serve),
        "run": Command.of(
            "gen-config, wait for ZooKeeper or format the volumes of KRaft, then become the broker", _run
        ),
        "random-cluster-id": Command.of("print a new cluster id for KRaft", _random_cluster_id),
    }
    page = Page(
        about="Boots a Kafka broker or controller in a container of a StatefulSet, and asks it how it is.",
        example="kafkaboot run --help",
    )
    return dispatch("kafkaboot", page, commands, sys.argv[1:])


def _gen_config(name: str, arguments: Sequence[str]) -> None:
    parser = parser_of(name, pages.gen_config(name))
    parser.add_argument("--dry-run", action="store_true", help="print the file, secrets masked, and write nothing")
    dry_run: bool = parser.parse_args(arguments).dry_run
    plan = _planned(name)
    console.emit(preview(plan) if dry_run else _written(plan))


def _run(name: str, arguments: Sequence[str]) -> None:
    launch.end_on_sigterm()
    parser = parser_of(name, pages.run(name))
    parser.add_argument(
        "--dry-run", action="store_true", help="print the file, secrets masked, and the commands; write and run nothing"
    )
    parser.add_argument("broker", nargs="*", metavar="-- COMMAND", help="the broker's command line")
    options = parser.parse_args(arguments)
    command: list[str] = options.broker
    plan = _planned(name, formats=True)
    for directory in plan.config.data_dirs:
        check_directory(directory)
    wanted = storage_format(plan)
    if options.dry_run:
        _show(plan, wanted, command)
        return
    command = _server_command(plan, command)
    tool = storage_tool(plan.settings, os.environ) if wanted is not None else ()
    environ = launch.server_environ(os.environ, (KNOB_PREFIX, PREFIX), sorted(SCRIPT_VARIABLES))
    console.emit(_written(plan))
    if plan.mode == ZOOKEEPER:
        _wait_for_zookeeper(name, plan)
    pod, dns_wait = plan.broker.pod, plan.settings.dns_wait
    unresolved = None if pod.domain is None else launch.wait_for_own_name(pod.fqdn, dns_wait, DNS_WAIT.name)
    if unresolved is not None:
        console.warn(name, unresolved)
    if wanted is None or wanted.beside:
        check_voters(plan)
    if wanted is not None:
        entry, advice = format_entry(plan, wanted)
        for line in advice:
            console.warn(name, line)
        format_storage(plan, wanted, entry, tool, environ)
    launch.exec_server(command, environ)


def _show(plan: Plan, wanted: Format | None, command: Sequence[str]) -> None:
    """Print what a start would do, each part as soon as it is known: what is missing comes last and hides nothing."""
    console.emit(preview(plan))
    # Bytes of the command line, and of PATH, may be text in no encoding.
    if wanted is not None:
        tool = storage_tool(plan.settings, os.environ)
        console.emit(os.fsencode(f"would format: {shown_format(plan, wanted, tool)}\n"))
    console.emit(os.fsencode(f"would run: {shlex.join(_server_command(plan, command))}\n"))


def _server_command(plan: Plan, command: Sequence[str]) -> list[str]:
    """Return the broker's command line, *command* where one is given; raises FileError where it cannot be run."""
    if command:
        launch.find_program(command[:1], os.environ, "the command behind -- must be a program that can be run")
        return list(command)
    hint = "set KF_HOME to where Kafka is, or give the command after --"
    candidates = (f"{plan.settings.home}/bin/kafka-server-start.sh", "kafka-server-start.sh")
    return [launch.find_program(candidates, os.environ, hint), plan.file.path]


def _serve(name: str, arguments: Sequence[str]) -> None:
    from kafkaboot.serve import serve

    launch.end_on_sigterm()
    parser_of(name, pages.serve(name)).parse_args(arguments)
    serve(dict(os.environ), lambda line: console.say(name, line))


def _random_cluster_id(name: str, arguments: Sequence[str]) -> None:
    parser_of(name, pages.random_cluster_id(name)).parse_args(arguments)
    console.emit(f"{random_cluster_id()}\n".encode())


def _wait_for_zookeeper(name: str, plan: Plan) -> None:
    from zkboot.quorum import wait_for_quorum

    ensemble, timeout = plan.config.zookeeper, plan.settings.zk_wait
    if ensemble is None or timeout <= 0:
        return
    if is_true(plan.config.text("zookeeper.ssl.client.enable")):
        console.warn(name, "zookeeper.ssl.client.enable=true: not waiting for ZooKeeper, Kafka itself will")
        return
    took = wait_for_quorum(ensemble.servers, timeout)
    console.emit(f"ZooKeeper has a quorum after {took:.1f} s\n".encode())


def _planned(name: str, *, formats: bool = False) -> Plan:
    plan = make_plan(os.environ, this_host(), formats=formats)
    for warning in plan.warnings:
        console.warn(name, warning)
    return plan


def _written(plan: Plan) -> bytes:
    return summary(plan, is_written=write_plan(plan, os.geteuid())).encode()
