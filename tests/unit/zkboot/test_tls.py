"""ZK_TLS_DIR: what becomes of it in zoo.cfg, beside the operator's own keys, and what is said of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.certificates import DAY, Authority, Issued
from zkboot.plan import Plan, draft_plan, make_plan, write_plan
from zkboot.pod.errors import FileError, SettingsError
from zkboot.pod.identity import Host
from zkboot.pod.properties import parse
from zkboot.pod.rendered import PRIVATE
from zkboot.pod.secret import MASK
from zkboot.report import preview, summary

ROOT = Authority("root")
ISSUED = ROOT.issue("*.zk-svc.default")
HOST = Host(lambda: "zk-1", lambda: "")
STORES = {
    f"{prefix}.{name}": value
    for prefix in ("ssl", "ssl.quorum")
    for name, value in {
        "keyStore.location": "/conf/tls/server.pem",
        "keyStore.type": "PEM",
        "trustStore.location": "/conf/tls/ca.pem",
        "trustStore.type": "PEM",
    }.items()
}


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """A folder with what is good for each pod."""
    return str(ISSUED.write(tmp_path / "secret", ROOT.ca_crt, "PKCS#1, SEC1"))


def environ_of(**environ: str) -> dict[str, str]:
    """Return the environment of a pod, with *environ* in it."""
    own = {"ZK_DOMAIN": "zk-svc.default", "ZK_CONF_DIR": "/conf", "ZK_PURGE_INTERVAL": "1", "PATH": "/nowhere"}
    return own | environ


def drafted(secret: str, **environ: str) -> Plan:
    """Return the draft for a pod that has *secret* mounted."""
    return draft_plan(environ_of(ZK_TLS_DIR=secret, **environ), HOST, lambda: None)


def zoo_cfg(plan: Plan) -> dict[str, str]:
    """Return the keys of its zoo.cfg."""
    return parse(plan.files[-1].text)


def problems(secret: str, **environ: str) -> tuple[str, ...]:
    """Return what is wrong for a pod that has *secret* mounted."""
    with pytest.raises(SettingsError) as told:
        drafted(secret, **environ)
    return told.value.problems


def test_one_variable_secures_clients_and_servers(secret: str) -> None:
    """What was plain before is left to the pod itself."""
    with_tls, without = zoo_cfg(drafted(secret)), zoo_cfg(draft_plan(environ_of(), HOST, lambda: None))

    assert {key: value for key, value in with_tls.items() if key not in without} == {
        "serverCnxnFactory": "org.apache.zookeeper.server.NettyServerCnxnFactory",
        "secureClientPort": "2281",
        "clientPortAddress": "127.0.0.1",
        "ssl.clientAuth": "need",
        "ssl.enabledProtocols": "TLSv1.3,TLSv1.2",
        "client.certReload": "true",
        "sslQuorum": "true",
        "portUnification": "false",
        "sslQuorumReloadCertFiles": "true",
        **STORES,
    }
    assert without.items() <= with_tls.items()


@pytest.mark.parametrize(
    ("phase", "flags"),
    [("off", None), ("accept", ("false", "true")), ("prefer", ("true", "true")), ("only", ("true", "false"))],
)
def test_each_phase_is_two_flags(secret: str, phase: str, flags: tuple[str, str] | None) -> None:
    """Accept, prefer, only: the way of an ensemble that runs."""
    keys = zoo_cfg(drafted(secret, ZK_TLS_QUORUM=phase))

    assert (keys.get("sslQuorum"), keys.get("portUnification")) == (flags or (None, None))
    assert ("ssl.quorum.keyStore.location" in keys) == (flags is not None)


def test_a_lonely_server_has_nobody_to_speak_with(secret: str) -> None:
    """Its clients speak TLS all the same."""
    keys = zoo_cfg(draft_plan(environ_of(ZK_TLS_DIR=secret, ZK_REPLICAS="1", POD_NAME="zk-0"), HOST, lambda: None))

    assert "secureClientPort" in keys
    assert not [key for key in keys if "uorum" in key]


def test_clients_may_go_on_in_plain_text(secret: str) -> None:
    """While they migrate."""
    plan = drafted(secret, ZK_TLS_CLIENTS="both", ZK_TLS_CLIENT_AUTH="want", ZK_TLS_PORT="2999")
    keys = zoo_cfg(plan)

    assert "clientPortAddress" not in keys
    assert (keys["ssl.clientAuth"], keys["secureClientPort"]) == ("want", "2999")
    assert plan.warnings[0].startswith(
        "ZK_TLS_CLIENTS=both: clients may speak plain text, too; set ZK_TLS_CLIENTS=only"
    )


def test_the_operators_own_keys_win_and_that_is_said(secret: str) -> None:
    """One with the value that would be generated needs no word."""
    plan = drafted(secret, ZK_CFG_ssl_clientAuth="none", ZK_CFG_sslQuorum="true", ZK_CFG_clientPortAddress="10.0.0.1")
    keys = zoo_cfg(plan)

    assert (keys["ssl.clientAuth"], keys["clientPortAddress"]) == ("none", "10.0.0.1")
    assert (
        "zoo.cfg's clientPortAddress, ssl.clientAuth is generated with ZK_TLS_DIR, but ZK_CFG_* sets it, and wins"
        in plan.warnings
    )


def test_jks_has_a_password(tmp_path: Path) -> None:
    """A key that PEM cannot say; the probes' PEM is there all the same."""
    issued = ROOT.issue("*.zk-svc.default", kind="ed25519")
    plan = drafted(str(issued.write(tmp_path, ROOT.ca_crt)))
    keys = zoo_cfg(plan)

    assert (keys["ssl.keyStore.type"], keys["ssl.quorum.trustStore.password"]) == ("JKS", "changeit")
    assert [file.path for file in plan.files if file.path.startswith("/conf/tls/")] == [
        f"/conf/tls/{name}" for name in ("server.pem", "ca.pem", "server.jks", "ca.jks")
    ]


def test_what_is_written_is_private_and_unseen(secret: str, tmp_path: Path) -> None:
    """Neither the preview nor the summary shows a key."""
    folders = {f"ZK_{name}": str(tmp_path / name) for name in ("DATA_DIR", "DATA_LOG_DIR", "LOG_DIR", "CONF_DIR")}
    plan = make_plan(environ_of(ZK_TLS_DIR=secret, **folders), HOST, lambda: None, ask=lambda _: {})
    written = write_plan(plan, uid=1000)
    store = tmp_path / "CONF_DIR" / "tls" / "server.pem"

    assert str(store) in written
    assert store.stat().st_mode & 0o777 == PRIVATE
    assert b"BEGIN PRIVATE KEY" in store.read_bytes()
    assert f"==> {store} (mode 0600)\n{MASK}\n" in preview(plan)
    assert "PRIVATE KEY" not in preview(plan) + summary(plan, written)
    assert "zoo.cfg ssl.clientAuth=need\n" in summary(plan, written)


def test_what_would_not_work_is_refused_with_all_else(tmp_path: Path) -> None:
    """The certificate's problems beside the variables'."""
    secret = ROOT.issue("zk-0.zk-svc.default", until=datetime.now(UTC) - DAY).write(tmp_path, ROOT.ca_crt)

    told = problems(str(secret), ZK_TLS_PORT="2888", ZK_CFG_syncEnabled="maybe")
    assert [line.split(":")[0] for line in told if line.startswith("ZK_TLS_DIR")] == ["ZK_TLS_DIR"] * 2
    assert "ZK_TLS_PORT=2888 is the port of ZK_SERVER_PORT, too" in told


def test_a_variable_that_asks_for_tls_alone_is_refused() -> None:
    """Without a certificate the server would serve everybody in plain text."""
    with pytest.raises(SettingsError) as told:
        draft_plan(environ_of(ZK_TLS_CLIENTS="only", ZK_TLS_QUORUM="only", ZK_TLS_PORT="1"), HOST, lambda: None)
    names = ("ZK_TLS_PORT", "ZK_TLS_CLIENTS", "ZK_TLS_QUORUM")
    assert told.value.problems == tuple(f"{name} needs ZK_TLS_DIR: without it nothing speaks TLS" for name in names)


@pytest.mark.parametrize("host", ["192.0.2.2", "zk-1.zk-svc.default", "::1"])
def test_liveness_must_find_the_plain_port(secret: str, host: str) -> None:
    """It is bound to 127.0.0.1: a probe that asks elsewhere would have the server restarted for ever."""

    def warned(**environ: str) -> bool:
        return any("liveness would fail" in line for line in drafted(secret, ZK_PROBE_HOST=host, **environ).warnings)

    assert warned()
    assert not warned(ZK_PROBE_PORT="2281")
    assert not warned(ZK_TLS_CLIENTS="both")


def test_a_store_of_the_operators_own_has_none_of_our_properties(secret: str) -> None:
    """Its type follows from its name, and its password is given with it; for our store a password is one too many."""
    keys = zoo_cfg(drafted(secret, ZK_CFG_ssl_keyStore_location="/x/ks.p12", ZK_CFG_ssl_keyStore_password="word"))
    (told,) = problems(secret, ZK_CFG_ssl_keyStore_password="word")

    own = {key: value for key, value in keys.items() if key.startswith("ssl.keyStore.")}
    assert own == {"ssl.keyStore.location": "/x/ks.p12", "ssl.keyStore.password": "word"}
    assert keys["ssl.quorum.keyStore.type"] == "PEM"
    assert told.startswith("zoo.cfg's ssl.keyStore.password is of a store of your own")


def test_a_folder_that_cannot_be_read_is_no_setting(tmp_path: Path) -> None:
    """It has a status of its own."""
    with pytest.raises(FileError, match=r"^ZK_TLS_DIR: .*tls.crt: no such file or directory: mount the Secret there$"):
        drafted(str(tmp_path))


def installed(folder: Path, version: str) -> str:
    """Return the PATH of a host on which ZooKeeper *version* is installed."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "zkServer.sh").write_text("#!/bin/sh\n")
    (folder / "bin" / "zkServer.sh").chmod(0o755)
    (folder / "lib").mkdir()
    (folder / "lib" / f"zookeeper-{version}.jar").touch()
    return str(folder / "bin")


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("3.6.4", ["reads the certificate of its clients' port only as it starts"]),
        ("3.8.6", []),
        ("3.9.5", ["does not check the names of its peers (fips-mode=true)"]),
    ],
)
def test_what_a_version_cannot_do_is_said(secret: str, tmp_path: Path, version: str, said: list[str]) -> None:
    """Nothing where it is not known which is installed."""
    warnings = drafted(secret, PATH=installed(tmp_path / "zookeeper", version)).warnings

    assert [line for line in warnings if line.startswith("this ZooKeeper")] == [
        line for line in warnings if any(piece in line for piece in said)
    ]
    assert len([line for line in warnings if line.startswith("this ZooKeeper")]) == len(said)
    assert not [line for line in drafted(secret).warnings if line.startswith("this ZooKeeper")]


@pytest.mark.parametrize("version", ["3.4.14", "3.5.4"])
def test_versions_without_it_are_refused(secret: str, tmp_path: Path, version: str) -> None:
    """Before anything is written."""
    environ = environ_of(ZK_TLS_DIR=secret, PATH=installed(tmp_path / "zookeeper", version))
    with pytest.raises(SettingsError, match=rf"^ZK_TLS_DIR: ZooKeeper {version} reads no PEM and has no TLS between"):
        make_plan(environ, HOST, lambda: None)


def test_a_key_that_needs_the_secure_port_finds_it(secret: str, tmp_path: Path) -> None:
    """It is generated, and so no key of the operator's."""
    path = installed(tmp_path / "zookeeper", "3.9.5")
    keys = zoo_cfg(drafted(secret, PATH=path, ZK_CFG_secureClientPortAddress="10.0.0.1"))

    assert (keys["secureClientPortAddress"], keys["secureClientPort"]) == ("10.0.0.1", "2281")


def test_all_addresses_of_a_server_are_covered(tmp_path: Path) -> None:
    """Peers may come to any of them."""
    issued: Issued = ROOT.issue("a.example")
    secret = issued.write(tmp_path, ROOT.ca_crt)
    servers = "2=a.example:2888:3888|b.example:2888:3888,1=x:2888:3888,3=y:2888:3888"

    assert problems(str(secret), ZK_SERVERS=servers, ZK_SERVER_ID="2") == (
        f"ZK_TLS_DIR: {secret}/tls.crt does not cover b.example, only a.example",
    )


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, None),
        ({"ZK_PROBE_HOST": "127.0.0.1"}, None),
        ({"ZK_PROBE_HOST": "zk-client", "ZK_PROBE_PORT": "2281"}, "zk-client"),
        ({"ZK_PROBE_HOST": "zk-client", "ZK_PROBE_PORT": "2181", "ZK_TLS_CLIENTS": "both"}, None),
        ({"ZK_SERVERS": "2=a.zk-svc.default:1:2", "ZK_SERVER_ID": "2", "POD_NAME": "abc"}, None),
        ({"ZK_SERVERS": "2=a.zk-svc.default:1:2", "POD_NAME": "b-1", "ZK_DOMAIN": "other"}, "b-1.other"),
    ],
)
def test_a_name_that_readiness_verifies_and_the_certificate_lacks_is_warned_of(
    secret: str, environ: dict[str, str], name: str | None
) -> None:
    """Before the pod is found not ready for ever."""
    told = [line for line in drafted(secret, **environ).warnings if "the name that zkReady verifies" in line]

    assert [line.partition("does not cover ")[2].partition(",")[0] for line in told] == ([name] if name else [])
