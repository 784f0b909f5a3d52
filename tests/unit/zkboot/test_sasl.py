"""ZK_SASL_DIR: the JAAS file, the keys of zoo.cfg, what is refused, what is said, and what nobody gets to see."""

from pathlib import Path

import pytest

from tests.certificates import Authority
from zkboot.plan import Plan, draft_plan, make_plan, write_plan
from zkboot.pod.errors import SettingsError
from zkboot.pod.identity import Host
from zkboot.pod.properties import parse
from zkboot.pod.rendered import PRIVATE
from zkboot.report import preview, summary
from zkboot.sasl import own_login

HOST = Host(lambda: "zk-1", lambda: "")
CANARY = "canary-7b4e"
PROVIDER = "org.apache.zookeeper.server.auth.SASLAuthenticationProvider"
USER = {"ZK_SASL_USER": "servers"}
JAAS = """\
// Written by zkGenConfig at every start, from the files in ZK_SASL_DIR.
Server {
  org.apache.zookeeper.server.auth.DigestLoginModule required
    "user_alice"="a\\\\b \\"c\\""
    "user_servers"="canary-7b4e";
};
"""
QUORUM = """\
QuorumServer {
  org.apache.zookeeper.server.auth.DigestLoginModule required
    "user_servers"="canary-7b4e";
};
QuorumLearner {
  org.apache.zookeeper.server.auth.DigestLoginModule required
    "username"="servers"
    "password"="canary-7b4e";
};
"""
NO_TLS = "without ZK_TLS_DIR passwords are not sent as they are, but all else is plain text"
OPEN = "whoever has a way to the servers' ports can join as one: set ZK_SASL_USER, or have ZK_TLS_DIR"


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """A folder with a client's login, and the servers'."""
    folder = tmp_path / "secret"
    folder.mkdir()
    (folder / "alice").write_text('a\\b "c"\n')
    (folder / "servers").write_text(CANARY)
    return str(folder)


def environ_of(**environ: str) -> dict[str, str]:
    """Return the environment of a pod, with *environ* in it."""
    own = {"ZK_DOMAIN": "zk-svc.default", "ZK_CONF_DIR": "/conf", "ZK_PURGE_INTERVAL": "1", "PATH": "/nowhere"}
    return own | environ


def drafted(secret: str, **environ: str) -> Plan:
    """Return the draft for a pod that has *secret* mounted."""
    return draft_plan(environ_of(ZK_SASL_DIR=secret, **environ), HOST, lambda: None)


def keys_of(plan: Plan) -> dict[str, str]:
    """Return what its zoo.cfg says of logins."""
    names = ("authProvider.", "sessionRequire", "quorum.auth.", "fips-mode")
    return {key: value for key, value in parse(plan.files[-1].text).items() if key.startswith(names)}


def text_of(plan: Plan, name: str) -> str:
    """Return the text of its file *name*."""
    (text,) = [file.text for file in plan.files if file.path.endswith(f"/{name}")]
    return text


def problems(**environ: str) -> tuple[str, ...]:
    """Return what is wrong for a pod with *environ*."""
    with pytest.raises(SettingsError) as told:
        draft_plan(environ_of(**environ), HOST, lambda: None)
    return told.value.problems


def quorum(learner: str, server: str) -> dict[str, str]:
    """Return the keys by which servers log in to each other."""
    required = {"quorum.auth.learnerRequireSasl": learner, "quorum.auth.serverRequireSasl": server}
    return {"quorum.auth.enableSasl": "true", **required, "fips-mode": "false"}


def test_a_server_alone_has_no_ports_for_servers(secret: str) -> None:
    """Nobody joins it."""
    assert drafted(secret, POD_NAME="zk-0", ZK_REPLICAS="1").warnings == (NO_TLS,)


def test_clients_must_log_in(secret: str) -> None:
    """With one variable; servers know each other by nothing yet, which is said."""
    plan = drafted(secret)
    (jaas,) = [file for file in plan.files if file.path == "/conf/sasl/jaas.conf"]

    assert (jaas.text, jaas.mode) == (JAAS, PRIVATE)
    assert keys_of(plan) == {"authProvider.sasl": PROVIDER, "sessionRequireClientSASLAuth": "true"}
    assert "-Djava.security.auth.login.config=/conf/sasl/jaas.conf" in text_of(plan, "java.env")
    assert plan.warnings == (NO_TLS, OPEN)


@pytest.mark.parametrize(
    ("environ", "keys", "said"),
    [
        ({}, quorum("true", "true"), []),
        ({"ZK_SASL_QUORUM": "prefer"}, quorum("true", "false"), ["ZK_SASL_QUORUM=prefer: a server may join without"]),
        ({"ZK_SASL_QUORUM": "accept"}, quorum("false", "false"), ["ZK_SASL_QUORUM=accept: a server may join without"]),
        ({"ZK_SASL_QUORUM": "off"}, {}, [OPEN]),
        # A server that is alone has nobody to log in to.
        ({"POD_NAME": "zk-0", "ZK_REPLICAS": "1"}, {}, []),
        (
            {"ZK_SASL_QUORUM": "only", "ZK_CFG_fips___mode": "true"},
            {**quorum("true", "true"), "fips-mode": "true"},
            [
                "zoo.cfg's fips-mode is generated with ZK_SASL_DIR, but ZK_CFG_* sets it, and wins",
                "zoo.cfg's quorum.auth.enableSasl=true beside fips-mode=true",
            ],
        ),
    ],
)
def test_servers_log_in_to_each_other(
    secret: str, environ: dict[str, str], keys: dict[str, str], said: list[str]
) -> None:
    """As ZK_SASL_USER, in the three steps of an ensemble that runs; no client's user may be a server."""
    plan = drafted(secret, **USER, **environ)
    clients = {"authProvider.sasl": PROVIDER, "sessionRequireClientSASLAuth": "true"}
    warnings = [line for line in plan.warnings if line != NO_TLS]

    assert keys_of(plan) == {**clients, **keys}
    assert text_of(plan, "jaas.conf") == (JAAS if environ.get("ZK_SASL_QUORUM") == "off" else JAAS + QUORUM)
    assert [line for line in warnings if line.startswith(tuple(said))] == warnings
    assert len(warnings) == len(said)


def test_servers_that_speak_tls_need_no_login(secret: str, tmp_path: Path) -> None:
    """Unless it is asked for; then 3.9 checks names as well, which is said."""
    authority = Authority("root")
    tls = {"ZK_TLS_DIR": str(authority.issue("*.zk-svc.default").write(tmp_path / "tls", authority.ca_crt))}
    names = "ZK_SASL_QUORUM=only sets zoo.cfg's fips-mode=false: servers verify each other's names, too"

    plain, both = drafted(secret, **USER, **tls), drafted(secret, **USER, **tls, ZK_SASL_QUORUM="only")
    off = drafted(secret, **USER, **tls, ZK_TLS_QUORUM="off")
    way = drafted(secret, **USER, **tls, ZK_TLS_QUORUM="accept")

    assert "quorum.auth.enableSasl" not in keys_of(plain)
    assert "Quorum" not in text_of(plain, "jaas.conf")
    assert plain.warnings == ()
    assert quorum("true", "true").items() <= keys_of(both).items()
    assert both.warnings == (names,)
    assert quorum("true", "true").items() <= keys_of(off).items()
    assert any("this server does not log in to the others" in line for line in way.warnings)


def test_the_operators_own_keys_win(secret: str) -> None:
    """And that is said, by the key alone."""
    plan = drafted(secret, **USER, ZK_CFG_sessionRequireClientSASLAuth="false", ZK_SASL_CLIENTS="only")

    assert keys_of(plan)["sessionRequireClientSASLAuth"] == "false"
    assert plan.warnings[0] == (
        "zoo.cfg's sessionRequireClientSASLAuth is generated with ZK_SASL_DIR, but ZK_CFG_* sets it, and wins"
    )


def test_a_migration_serves_everybody(secret: str) -> None:
    """Until it is over, which is said."""
    plan = drafted(secret, **USER, ZK_SASL_CLIENTS="both")

    assert keys_of(plan)["sessionRequireClientSASLAuth"] == "false"
    assert plan.warnings[0] == (
        "ZK_SASL_CLIENTS=both: clients that do not log in are served, too; set ZK_SASL_CLIENTS=only when all do"
    )


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        (f"{CANARY}\u00e9", "has letters beyond ASCII, which clients of DIGEST-MD5 do not write alike"),
        (f"${{{CANARY}}}", "has a ${, which Java takes for the name of a property"),
        ("", "is empty, and a user needs a password"),
    ],
)
def test_a_password_that_no_server_could_take_is_refused(secret: str, password: str, reason: str) -> None:
    """By its file, without its text; the other user's is not said either."""
    Path(secret, "alice").write_text(password)

    assert problems(ZK_SASL_DIR=secret) == (f"ZK_SASL_DIR: {secret}/alice {reason}",)


def test_contradictions_are_refused(secret: str) -> None:
    """Each with what to do."""
    mine = "-Dx=y -Djava.security.auth.login.config=/mine"
    two = " names a JAAS file of your own, and ZK_SASL_DIR makes one; the server reads one of them: unset one"

    for name, value in {"ZK_SASL_USER": "a", "ZK_SASL_CLIENTS": "only", "ZK_SASL_QUORUM": "off"}.items():
        assert problems(**{name: value}) == (f"{name} needs ZK_SASL_DIR: without it nobody logs in",)
    assert problems(ZK_SASL_DIR=secret, ZK_SASL_QUORUM="accept") == (
        "ZK_SASL_QUORUM=accept needs ZK_SASL_USER: as whom servers log in to each other",
    )
    assert problems(ZK_SASL_DIR=secret, ZK_SASL_USER="bob") == (
        f"ZK_SASL_USER='bob' is none of the users in {secret}: alice, servers",
    )
    assert problems(ZK_SASL_DIR=secret, SERVER_JVMFLAGS=mine, JVMFLAGS=mine) == (
        f"SERVER_JVMFLAGS{two}",
        f"JVMFLAGS{two}",
    )
    own = "-Djava.security.auth.login.config=/conf/sasl/jaas.conf"
    assert drafted(secret, SERVER_JVMFLAGS=own).logins is not None


@pytest.mark.parametrize(
    ("version", "user", "said"),
    [
        ("3.4.9", {}, "this ZooKeeper refuses a wrong password, but nobody who does not log in"),
        ("3.5.3", {}, "this ZooKeeper refuses a wrong password, but nobody who does not log in"),
        ("3.4.10", USER, "this ZooKeeper refuses a wrong password, but nobody who does not log in"),
        ("3.4.9", USER, None),
        ("3.5.3", USER, None),
        ("3.5.9", USER, NO_TLS),
    ],
)
def test_what_a_version_cannot_is_said_or_refused(
    secret: str, tmp_path: Path, version: str, user: dict[str, str], said: str | None
) -> None:
    """Before 3.5.9 nobody is kept out by having no login; servers log in from 3.4.10 on, and from 3.5.4 on."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "zkServer.sh").write_text("")
    (tmp_path / "bin" / "zkServer.sh").chmod(0o755)
    (tmp_path / f"zookeeper-{version}.jar").write_text("")
    folders = {f"ZK_{name}_DIR": str(tmp_path / name) for name in ("DATA", "DATA_LOG", "LOG", "CONF")}
    environ = environ_of(ZK_SASL_DIR=secret, **user, **folders) | {"PATH": str(tmp_path / "bin")}

    if said is None:
        with pytest.raises(
            SettingsError, match=r"^ZK_SASL_USER: ZooKeeper .* has no login between servers, 3\.4\.10 and"
        ):
            make_plan(environ, HOST, lambda: None, ask=lambda _: {})
    else:
        plan = make_plan(environ, HOST, lambda: None, ask=lambda _: {})
        assert plan.warnings[0].startswith(said)


def test_passwords_stand_in_one_private_file(secret: str, tmp_path: Path) -> None:
    """And nowhere in what is printed; without the variable the file is gone."""
    folders = {f"ZK_{name}_DIR": str(tmp_path / name) for name in ("DATA", "DATA_LOG", "LOG", "CONF")}
    plan = make_plan(environ_of(ZK_SASL_DIR=secret, **USER, **folders), HOST, lambda: None, ask=lambda _: {})
    written = write_plan(plan, 1000)
    holders = [path for path in written if CANARY in Path(path).read_text()]

    assert holders == [f"{tmp_path}/CONF/sasl/jaas.conf"]
    assert Path(holders[0]).stat().st_mode & 0o777 == PRIVATE
    assert CANARY not in preview(plan) + summary(plan, written) + repr(plan.logins)
    assert '"user_alice"="********"' in preview(plan)
    assert "zoo.cfg sessionRequireClientSASLAuth=true" in summary(plan, written)
    assert own_login(plan.settings, plan.logins) == ("servers", CANARY)

    write_plan(make_plan(environ_of(**folders), HOST, lambda: None, ask=lambda _: {}), 1000)

    assert not Path(holders[0]).exists()
