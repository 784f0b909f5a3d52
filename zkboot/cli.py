"""The ``zkboot`` command and ``zkGenConfig``: wiring only."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from zkboot import pages, probe
from zkboot.endpoint import DOMAIN, TLS_DIR, Endpoint
from zkboot.ensemble import parse_addresses
from zkboot.installed import SERVER_PROGRAMS
from zkboot.lists import Members
from zkboot.member import find_member, first_ordinals, server_of
from zkboot.members.superuser import PASSWORD_NAME
from zkboot.pod import console, launch
from zkboot.pod.commands import Command, Parser, dispatch
from zkboot.pod.deadline import Deadline
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import NotServingError, SettingsError
from zkboot.pod.host import this_host
from zkboot.pod.identity import find_identity
from zkboot.pod.manual import Page
from zkboot.pod.memory import memory_limit
from zkboot.pod.reads import read_file
from zkboot.pod.variables import Number, Seconds
from zkboot.settings import OF_ZOOKEEPER, PREFIX, Settings
from zkboot.variables import DNS_WAIT, ONLY, RECONFIG, SUPER_PASSWORD, TLS_CLIENTS
from zkboot.volumes.contents import look_at

if TYPE_CHECKING:
    from zkboot.members.resize import Site
    from zkboot.plan import Plan

Addresses = Sequence[tuple[str, int]]


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
        "serve": Command.of("answer the probes and metrics over HTTP, in a sidecar", _serve),
        "tls": Command.of("renew the server's TLS files from the mounted ones", _tls),
        "wait": Command.of("wait until the ensemble has a quorum", _wait),
        "run": Command.of("gen-config, wait for the pod's own DNS name, then become the server", _run),
        "members": Command.of("print the ensemble's servers: who votes, and what each of them does", _members),
        "resize": Command.of("make the ensemble the StatefulSet's first N servers (with ZK_RECONFIG=true)", _resize),
    }
    page = Page(
        about="Boots a ZooKeeper server in a container of a StatefulSet, and asks it how it is.",
        example="zkboot run --help",
    )
    return dispatch("zkboot", page, commands, sys.argv[1:])


_DRY_RUN = (
    "print what a start would write and run, secrets masked, and do nothing; it checks all that a start checks, what it"
    " may write, too, and ends with the same status"
)


def _gen_config(name: str, arguments: Sequence[str]) -> None:
    # What makes a plan is memory that `serve` would keep.
    from zkboot.plan import check_access, write_plan
    from zkboot.report import preview, summary

    parser = Parser(name, pages.gen_config(name))
    parser.add_argument("--dry-run", action="store_true", help=_DRY_RUN)
    dry_run: bool = parser.parse_args(arguments).dry_run
    plan = _planned(name, is_dry=dry_run)
    if dry_run:
        console.emit(preview(plan).encode())
        check_access(plan)
    else:
        console.emit(summary(plan, write_plan(plan, os.geteuid())).encode())


def _run(name: str, arguments: Sequence[str]) -> None:
    from zkboot.plan import check_access, write_plan
    from zkboot.report import preview, summary

    launch.end_on_sigterm()
    parser = Parser(name, pages.run(name))
    parser.add_argument("--dry-run", action="store_true", help=_DRY_RUN)
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
        program = launch.find_program(SERVER_PROGRAMS, os.environ, hint)
        command = [program, "start-foreground", f"{settings.conf_dir}/zoo.cfg"]
    if options.dry_run:
        # Bytes of the command line may be text in no encoding.
        console.emit(os.fsencode(f"would run: {shlex.join(command)}\n"))
        check_access(plan)
        return
    console.emit(summary(plan, write_plan(plan, os.geteuid())).encode())
    own_name = plan.member.spec.host
    unresolved = None if plan.member.is_alone else launch.wait_for_own_name(own_name, settings.dns_wait, DNS_WAIT.name)
    if unresolved is not None:
        console.warn(name, unresolved)
    elif settings.dns_wait > 0 and not plan.member.is_alone and not settings.listens_everywhere:
        elsewhere = launch.address_elsewhere(own_name, settings.dns_wait)
        if elsewhere is not None:
            console.warn(
                name,
                f"{own_name} leads to {elsewhere}, which is no address of this host: the server cannot listen there for"
                " the others; set ZK_CFG_quorumListenOnAllIPs=true",
            )
    if settings.reconfig:
        # The server writes zoo.cfg anew, secrets and all, with the permissions that its umask leaves.
        os.umask(0o077)
    environ = launch.server_environ(os.environ, (PREFIX,), OF_ZOOKEEPER)
    launch.exec_server(command, environ | {"ZOOCFGDIR": settings.conf_dir})


def _serve(name: str, arguments: Sequence[str]) -> None:
    from zkboot.pod.log import Log
    from zkboot.serve import serve

    launch.end_on_sigterm()
    Parser(name, pages.serve(name)).parse_args(arguments)
    serve(dict(os.environ), Log(name))


def _tls(name: str, arguments: Sequence[str]) -> None:
    from zkboot.renewal import renew

    launch.end_on_sigterm()
    Parser(name, pages.tls(name)).parse_args(arguments)
    console.emit(f"{renew(os.environ, this_host(), os.geteuid())}\n".encode())


def _wait(name: str, arguments: Sequence[str]) -> None:
    from zkboot.members.doors import tls_of
    from zkboot.quorum import wait_for_quorum

    launch.end_on_sigterm()
    parser = Parser(name, pages.wait(name))
    parser.add_argument("--timeout", default="60", metavar="SECONDS", help="how long at the most [60]")
    parser.add_argument("--servers", metavar="HOST:PORT,...", help="whom to ask [the ensemble the variables name]")
    options = parser.parse_args(arguments)
    timeout = _timeout(parser, options.timeout)
    env = EnvReader(os.environ)
    try:
        addresses: Addresses = parse_addresses(options.servers) if options.servers else _configured_addresses(env)
    except ValueError as error:
        parser.error(f"argument --servers: {error}")
    folder, clients = env.get(TLS_DIR), env.read(TLS_CLIENTS)
    env.problems.check()
    took = wait_for_quorum(addresses, timeout, tls_of(folder) if folder is not None and clients == ONLY else None)
    console.emit(f"quorum after {took:.1f} s\n".encode())


def _members(name: str, arguments: Sequence[str]) -> None:
    from zkboot.members.resize import find_members
    from zkboot.members.steps import has_quorum
    from zkboot.members.table import render_table

    Parser(name, pages.members(name)).parse_args(arguments)
    site = _site()
    view = find_members(site)
    console.emit(render_table(view.rows()).encode())
    voters = view.members.voters
    if not has_quorum(voters, frozenset(view.peers)):
        missing = sorted(voters - view.peers.keys())
        raise NotServingError(f"no quorum: of the voters {view.members} these do not serve: {_listed(missing)}")


def _resize(name: str, arguments: Sequence[str]) -> None:
    from zkboot.members.admin import Admin
    from zkboot.members.resize import Resize
    from zkboot.members.table import render_table

    launch.end_on_sigterm()
    parser = Parser(name, pages.resize(name))
    parser.add_argument("size", metavar="N", help="how many servers shall vote")
    parser.add_argument("--timeout", default="60", metavar="SECONDS", help="how long at the most [60]")
    options = parser.parse_args(arguments)
    timeout = _timeout(parser, options.timeout)
    env = EnvReader(os.environ)
    settings = Settings.from_environ(env)
    env.problems.check()
    try:
        size = Number("N", None, "", low=1, high=255 - settings.id_offset - settings.ordinal_start + 1).parse(
            options.size
        )
    except ValueError as error:
        parser.error(f"argument N: {options.size!r} {error}")
    if not settings.reconfig:
        raise SettingsError(
            f"{RECONFIG.name} is not true: the list of this ensemble is static; set it on all servers first, at the"
            " size that the ensemble has, by one rolling update"
        )
    if size % 2 == 0:
        console.warn(name, f"{size} servers survive no more failures than {size - 1}, and every write needs one more")
    identity = find_identity(env, DOMAIN, this_host())
    servers = [server_of(identity, ordinal, settings) for ordinal in first_ordinals(size, settings)]
    site = replace(_site(), servers={server.server_id: server for server in servers})
    with Admin(site.own, _super_password(settings)) as admin:
        change = Resize(site=site, admin=admin, deadline=Deadline(timeout), say=lambda line: console.say(name, line))
        view = change.run()
    console.emit(render_table(view.rows()).encode())


def _site() -> "Site":
    """Return where the ensemble of this pod is asked. Raises SettingsError."""
    from zkboot.members.doors import Doors
    from zkboot.members.resize import Site
    from zkboot.sasl import own_login
    from zkboot.stores import find_logins

    env = EnvReader(os.environ)
    settings = Settings.from_environ(env)
    member = find_member(env, settings, this_host())
    own = Endpoint.from_environ(env)
    if settings.tls_dir is not None and own.port == settings.tls_port:
        # A session of the user super is one in plain text, on the port that is the pod's own.
        own = Endpoint(own.host, settings.client_port, own.timeout)
    logins = find_logins(env.problems, settings)
    env.problems.check()
    if member is None:
        raise SettingsError("the environment names no server")
    own.login = own_login(settings, logins)
    lists = look_at(settings).lists.values() if settings.reconfig else ()
    return Site(
        own=own,
        server_id=member.server_id,
        servers={server.server_id: server for server in (*member.ensemble.servers, *member.neighbours)},
        known=next(iter(lists), Members.of(member.ensemble.servers, settings.client_place)),
        client_port=settings.client_port,
        client_place=settings.client_place,
        timeout=own.timeout,
        doors=Doors.of(settings, own.login),
    )


def _super_password(settings: Settings) -> str:
    """Return the password of the user super that this pod's server was started with. Raises SettingsError."""
    if settings.super_password is not None:
        return settings.super_password
    path = f"{settings.conf_dir}/{PASSWORD_NAME}"
    found = read_file(path, follows=False)
    if found is None:
        raise SettingsError(
            f"{path}: no such file: zkGenConfig makes it at every start with {RECONFIG.name}=true; run this in the pod"
            f" of a server, or set {SUPER_PASSWORD.name}"
        )
    return found.removesuffix("\n")


def _listed(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids))


def _timeout(parser: argparse.ArgumentParser, text: str) -> float:
    try:
        return Seconds("--timeout", 60, "", low=0.1, high=86400).parse(text)
    except ValueError as error:
        parser.error(f"argument --timeout: {text!r} {error}")


def _planned(name: str, *, is_dry: bool = False) -> "Plan":
    from zkboot.plan import make_plan
    from zkboot.stores import account_advice

    plan = make_plan(os.environ, this_host(), memory_limit, is_dry=is_dry)
    for warning in (*plan.warnings, *account_advice(os.environ, plan.settings, os.geteuid())):
        console.warn(name, warning)
    return plan


def _configured_addresses(env: EnvReader) -> Addresses:
    settings = Settings.from_environ(env)
    member = find_member(env, settings, this_host())
    env.problems.check()
    if member is None:
        raise SettingsError("the environment names no ensemble: give --servers")
    if settings.is_plain_port_own:
        return [(server.host, settings.tls_port) for server in member.ensemble.servers]
    return member.ensemble.addresses
