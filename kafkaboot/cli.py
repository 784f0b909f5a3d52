"""The ``kafkaboot`` command and ``kafkaGenConfig``: wiring only."""

import os
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kafkaboot import pages
from kafkaboot.config.variables import (
    DNS_WAIT,
    KNOB_PREFIX,
    ZOOKEEPER,
)
from kafkaboot.probes.commands import ok, ready
from kafkaboot.values.keys import PREFIX, SCRIPT_VARIABLES
from kafkaboot.values.properties import is_true
from zkboot.pod import console, launch
from zkboot.pod.commands import Command, Parser, dispatch
from zkboot.pod.host import this_host
from zkboot.pod.manual import Page

if TYPE_CHECKING:
    from kafkaboot.start.plan import Plan
    from kafkaboot.volumes.kraft import Format


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
        "tls": Command.of("renew the TLS files of the broker from the mounted ones", _tls),
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


_DRY_RUN = (
    "print what a start would write and run, secrets masked, and do nothing; it checks all that a start checks, what it"
    " may write, too, and ends with the same status"
)


def _gen_config(name: str, arguments: Sequence[str]) -> None:
    # What makes a plan is memory that `serve` would keep.
    from kafkaboot.start.plan import check_access
    from kafkaboot.start.report import preview

    parser = Parser(name, pages.gen_config(name))
    parser.add_argument("--dry-run", action="store_true", help=_DRY_RUN)
    dry_run: bool = parser.parse_args(arguments).dry_run
    plan = _planned(name)
    if plan.jvm.server:
        subject = shlex.join(f"{variable}={value}" for variable, value in plan.jvm.server.items())
        console.warn(name, f"`kafkaboot run` tells Kafka's scripts {subject}: another start must set that itself")
    if dry_run:
        console.emit(preview(plan))
        check_access(plan)
    else:
        console.emit(_written(plan))


def _run(name: str, arguments: Sequence[str]) -> None:
    from kafkaboot.start.formatting import check_voters, format_entry, format_storage, storage_format, storage_tool
    from kafkaboot.start.plan import check_access

    launch.end_on_sigterm()
    parser = Parser(name, pages.run(name))
    parser.add_argument("--dry-run", action="store_true", help=_DRY_RUN)
    parser.add_argument("broker", nargs="*", metavar="-- COMMAND", help="the broker's command line")
    options = parser.parse_args(arguments)
    command: list[str] = options.broker
    plan = _planned(name, formats=True)
    wanted = storage_format(plan)
    if options.dry_run:
        _show(plan, wanted, command)
        check_access(plan, starts=True)
        return
    check_access(plan, starts=True)
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
        format_storage(plan, wanted, entry, tool, {**environ, **plan.jvm.tools})
    launch.exec_server(command, {**environ, **plan.jvm.server})


def _show(plan: "Plan", wanted: "Format | None", command: Sequence[str]) -> None:
    """Print what a start would do, each part as soon as it is known: what is missing comes last and hides nothing."""
    from kafkaboot.start.formatting import shown_format, storage_tool
    from kafkaboot.start.report import preview

    console.emit(preview(plan))
    # Bytes of the command line, and of PATH, may be text in no encoding.
    if wanted is not None:
        tool = storage_tool(plan.settings, os.environ)
        console.emit(os.fsencode(f"would format: {shown_format(plan, wanted, tool)}\n"))
    subject = [f"{variable}={shlex.quote(value)}" for variable, value in plan.jvm.server.items()]
    line = " ".join((*subject, shlex.join(_server_command(plan, command))))
    console.emit(os.fsencode(f"would run: {line}\n"))


def _server_command(plan: "Plan", command: Sequence[str]) -> list[str]:
    """Return the broker's command line, *command* where one is given; raises FileError where it cannot be run."""
    if command:
        launch.find_program(command[:1], os.environ, "the command behind -- must be a program that can be run")
        return list(command)
    hint = "set KF_HOME to where Kafka is, or give the command after --"
    candidates = (f"{plan.settings.home}/bin/kafka-server-start.sh", "kafka-server-start.sh")
    return [launch.find_program(candidates, os.environ, hint), plan.file.path]


def _serve(name: str, arguments: Sequence[str]) -> None:
    from kafkaboot.serve import serve
    from zkboot.pod.log import Log

    launch.end_on_sigterm()
    Parser(name, pages.serve(name)).parse_args(arguments)
    serve(dict(os.environ), Log(name))


def _tls(name: str, arguments: Sequence[str]) -> None:
    from kafkaboot.start.renewal import renew

    launch.end_on_sigterm()
    Parser(name, pages.tls(name)).parse_args(arguments)
    console.emit(f"{renew(os.environ, this_host(), os.geteuid())}\n".encode())


def _random_cluster_id(name: str, arguments: Sequence[str]) -> None:
    from kafkaboot.values.cluster_id import random_cluster_id

    Parser(name, pages.random_cluster_id(name)).parse_args(arguments)
    console.emit(f"{random_cluster_id()}\n".encode())


def _wait_for_zookeeper(name: str, plan: "Plan") -> None:
    from zkboot.quorum import wait_for_quorum

    ensemble, timeout = plan.config.zookeeper, plan.settings.zk_wait
    if timeout <= 0:
        return
    if ensemble is None:
        console.warn(
            name, "zookeeper.connect is filled by config.providers: not waiting for ZooKeeper, Kafka itself will"
        )
        return
    if is_true(plan.config.text("zookeeper.ssl.client.enable")):
        console.warn(name, "zookeeper.ssl.client.enable=true: not waiting for ZooKeeper, Kafka itself will")
        return
    took = wait_for_quorum(ensemble.servers, timeout)
    console.emit(f"ZooKeeper has a quorum after {took:.1f} s\n".encode())


def _planned(name: str, *, formats: bool = False) -> "Plan":
    from kafkaboot.start.plan import make_plan

    plan = make_plan(os.environ, this_host(), formats=formats)
    for warning in plan.warnings:
        console.warn(name, warning)
    return plan


def _written(plan: "Plan") -> bytes:
    from kafkaboot.start.plan import write_plan
    from kafkaboot.start.report import summary

    return summary(plan, write_plan(plan, os.geteuid())).encode()
