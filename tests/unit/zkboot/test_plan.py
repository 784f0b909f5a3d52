"""What one start will write: drafted from the environment, checked against the volume, then written whole."""

import _socket
import os
import ssl
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.certificates import DAY, Authority
from tests.commands import listing
from tests.unit.pod.test_connection import replaces
from tests.unit.scripted_server import ScriptedServer, free_port, over_tls
from tests.unit.zkboot.test_probe import zookeeper
from zkboot import plan as plan_module
from zkboot.endpoint import Endpoint
from zkboot.lists import LIST_NAME, Members
from zkboot.members.asking import ask_peers
from zkboot.members.doors import tls_of
from zkboot.members.peer import SILENT, UNPROVEN, Peer
from zkboot.plan import Plan, draft_plan, make_plan, write_plan
from zkboot.pod.errors import BootError, FileError, SettingsError, StateError
from zkboot.pod.identity import Host
from zkboot.pod.memory import machine_memory
from zkboot.pod.properties import parse
from zkboot.pod.secret import MASK
from zkboot.report import preview, summary
from zkboot.settings import VARIABLES

MIB = 1024**2
CANARY = "c4nary"
POD = Host(name=lambda: "zk-1", domain=lambda: "")


def environ_of(root: Path, **environ: str) -> dict[str, str]:
    """Return the environment of a pod whose directories are below *root*."""
    return {
        "ZK_DOMAIN": "d",
        "ZK_DATA_DIR": f"{root}/data",
        "ZK_DATA_LOG_DIR": f"{root}/log",
        "ZK_LOG_DIR": f"{root}/logs",
        "ZK_CONF_DIR": f"{root}/conf",
        "ZK_PURGE_INTERVAL": "1",
        **environ,
    }


def plan_of(root: Path, limit: int | None = None, **environ: str) -> Plan:
    """Return the plan for a pod whose directories are below *root* and whose memory is *limit*."""
    return make_plan(environ_of(root, **environ), POD, lambda: limit)


def peers(mode: str, count: int = 0) -> dict[int, Peer]:
    """Return the two other servers; where they serve, each has a list of *count*."""
    rows = {one: f"zk-{one - 1}.d:2888:3888:participant;2181" for one in range(1, count + 1)}
    members = Members(rows=rows, version=0) if count else None
    return {one: Peer(source=f"zk-{one - 1}.d:2181", mode=mode, members=members) for one in (1, 3)}


def drafted(limit: int | None = None, **environ: str) -> Plan:
    """Return the draft for a pod whose memory is *limit*; nothing is read."""
    return draft_plan(environ_of(Path("/nowhere"), **environ), POD, lambda: limit)


def names(plan: Plan) -> list[str]:
    """Return the names of the plan's files in their order."""
    return [os.path.basename(file.path) for file in plan.files]


# The files


def test_myid_comes_first_and_zoo_cfg_last() -> None:
    """Where the machine stops in between, no zoo.cfg lacks its companions."""
    files = names(drafted())

    assert (files[0], files[-1]) == ("myid", "zoo.cfg")
    assert sorted(files) == ["java.env", "java.security", "log4j.properties", "logback.xml", "myid", "zoo.cfg"]


def test_what_was_planned_is_what_is_written(tmp_path: Path) -> None:
    """All of them, in directories that are made for them, and nothing else."""
    plan = plan_of(tmp_path)
    written = write_plan(plan, uid=1000)

    assert written == [file.path for file in plan.files]
    for file in plan.files:
        assert Path(file.path).read_text() == file.text
        assert stat.S_IMODE(os.stat(file.path).st_mode) == 0o644
    assert sorted(os.listdir(tmp_path / "conf")) == sorted(set(names(plan)) - {"myid", "zkboot.json"})
    assert sorted(os.listdir(tmp_path / "data")) == ["myid", "zkboot.json"]
    assert os.listdir(tmp_path / "log") == ["zkboot.json"]
    assert sorted(os.listdir(tmp_path)) == ["conf", "data", "log", "logs"]


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    """Same bytes, same times: idempotent."""
    write_plan(plan_of(tmp_path), uid=1000)
    before = listing(tmp_path)

    assert write_plan(plan_of(tmp_path), uid=1000) == []
    assert listing(tmp_path) == before


def test_a_second_start_follows_its_environment(tmp_path: Path) -> None:
    """Only the files that changed are written."""
    write_plan(plan_of(tmp_path), uid=1000)

    assert write_plan(plan_of(tmp_path, ZK_TICK_TIME="500"), uid=1000) == [f"{tmp_path}/conf/zoo.cfg"]


def test_all_directories_may_be_one(tmp_path: Path) -> None:
    """And be spelt in several ways."""
    (tmp_path / "link").symlink_to(".")
    same = {"ZK_DATA_DIR": str(tmp_path), "ZK_CONF_DIR": f"{tmp_path}/link", "ZK_LOG_DIR": f"{tmp_path}/./"}

    write_plan(plan_of(tmp_path, None, **same), uid=1000)

    assert (tmp_path / "myid").read_text() == "2\n"
    assert (tmp_path / "zoo.cfg").exists()


@pytest.mark.parametrize("name", ["zoo.cfg", "java.env", "logback.xml"])
def test_a_target_that_is_no_file_stops_before_anything_is_made(name: str, tmp_path: Path) -> None:
    """Not even a directory."""
    (tmp_path / "conf" / name).mkdir(parents=True)
    before = listing(tmp_path)

    with pytest.raises(FileError, match=f"conf/{name}: is a directory"):
        plan_of(tmp_path)
    assert listing(tmp_path) == before


def test_an_owner_is_asked_for_by_root_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And only where the account exists: an arbitrary uid has none."""
    given: list[object] = []
    monkeypatch.setattr(os, "chown", lambda *what: given.append(what))
    monkeypatch.setattr(os, "fchown", lambda *what: given.append(what))

    write_plan(plan_of(tmp_path / "a", ZK_USER="nobody"), uid=1000)
    write_plan(plan_of(tmp_path / "b", ZK_USER="no-such-account"), uid=0)
    assert given == []
    write_plan(plan_of(tmp_path / "c", ZK_USER="nobody"), uid=0)
    assert len(given) == 5 + 8  # the directories that were made, then the files


# Problems


def test_problems_of_name_and_environment_come_together() -> None:
    """The heap's, too."""
    with pytest.raises(SettingsError) as caught:
        drafted(POD_NAME="zk-08", ZK_CLIENT_PORT="0", ZK_HEAP_SIZE="75%")
    assert len(caught.value.problems) == 3


def test_the_volume_is_asked_only_when_the_environment_is_sound(tmp_path: Path) -> None:
    """A wrong directory would be the wrong volume."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "myid").write_text("9\n")

    with pytest.raises(SettingsError):
        plan_of(tmp_path, ZK_TICK_TIME="x")
    with pytest.raises(StateError, match="says 9, but this pod is server 2") as caught:
        plan_of(tmp_path, ZK_HEAP_SIZ="1g")
    assert [line.partition(" ")[0] for line in caught.value.advice] == ["ZK_HEAP_SIZ"]
    assert drafted().member.server_id == 2


NAMES = [
    *(variable.name for variable in VARIABLES),
    *("ZK_CFG_standaloneEnabled", "ZK_CFG_admin_serverPort", "ZK_CFG_4lw_commands_whitelist", "ZK_CFG_x_password"),
    *("ZK_CFG_jute_maxbuffer", "ZK_CFG_server_1", "ZK_CFG_", "ZK_CFG_a____b", "ZK_X", "ZK_CLIENT_SERVICE_HOST"),
]

TEXTS = st.one_of(
    st.sampled_from(
        [
            "1",
            "0",
            "255",
            "2181",
            "99999999999",
            "true",
            "75%",
            "2G",
            "zk-1",
            "zk-1.d",
            "tcp://a:1",
            "/a b",
            "\u0663",
            "\u00b2",
        ]
    ),
    st.sampled_from(
        ["1=a:1:2", "1=a:1:2,2=[::1]:1:2:observer", "2=a:1:2,2=b:1:1:x", "srvr, *", "INFO", "d.", "\udcff"]
    ),
    st.text(st.characters(min_codepoint=1), max_size=12),
)


@given(st.dictionaries(st.sampled_from(NAMES), TEXTS, max_size=8), st.sampled_from([None, 0, 300 * MIB]))
@example({"ZK_RECONFIG": "true"}, None)
@settings(max_examples=300)
def test_any_environment_makes_a_plan_or_is_refused_in_words(environ: dict[str, str], limit: int | None) -> None:
    """Nothing an operator, or Kubernetes, can set is our bug; what is written is read back as it was meant."""
    problems: tuple[str, ...] = ()
    try:
        plan = draft_plan({"POD_NAME": "zk-1.d", **environ}, POD, lambda: limit)
    except BootError as error:
        problems = error.problems
    else:
        assert_sound(plan)
    assert all("\n" not in problem for problem in problems)


def assert_sound(plan: Plan) -> None:
    """Assert that what *plan* would write says what its settings say, and can be shown."""
    texts = {Path(file.path).name: file.content.decode() for file in plan.files}
    entries = parse(texts["zoo.cfg"])

    port = str(plan.settings.client_port)
    if plan.settings.reconfig:
        rows = Members.parse(texts[LIST_NAME]).rows.values()
        assert [row.rpartition(";")[2] for row in rows] == [port] * len(plan.member.ensemble.servers)
        assert "clientPort" not in entries
    else:
        assert entries["clientPort"] == port
    assert entries["dataDir"] == plan.settings.data_dir
    assert len(entries) == len([line for line in texts["zoo.cfg"].splitlines() if not line.startswith("#")])
    assert texts["myid"] == f"{plan.member.server_id}\n"
    assert summary(plan, []).encode()
    assert preview(plan).encode()


# The heap


@pytest.mark.parametrize(
    ("size", "limit", "heap", "warned"),
    [
        ("512m", None, "512m", ""),
        ("512m", 513 * MIB, "512m", ""),
        (
            "512m",
            512 * MIB,
            "512m",
            (
                "ZK_HEAP_SIZE=512m is not less than the container's memory limit, 512 MiB:"
                " the kernel will kill the server; 75% would fit"
            ),
        ),
        (
            "16384G",
            None,
            "16384G",
            (
                f"ZK_HEAP_SIZE=16384G is not less than the machine's memory, {machine_memory() // MIB} MiB:"
                " the server will not start, or be killed"
            ),
        ),
        ("75%", 512 * MIB, "393216k", ""),
        ("1%", 300 * MIB, "3072k", ""),
    ],
)
def test_a_heap_fits_its_container(size: str, limit: int | None, heap: str, warned: str) -> None:
    """Or somebody is told."""
    plan = drafted(limit, ZK_HEAP_SIZE=size)

    assert plan.heap == heap
    assert plan.warnings == ((warned,) if warned else ())
    (java_env,) = [file.text for file in plan.files if file.path.endswith("java.env")]
    assert f"-Xmx{heap} -Xms{heap} " in java_env


@pytest.mark.parametrize(
    ("size", "limit", "told"),
    [
        (
            "75%",
            None,
            (
                "ZK_HEAP_SIZE=75% is a share of the container's memory limit, but it has none:"
                " set resources.limits.memory, or a size such as 2G"
            ),
        ),
        ("1%", 199 * MIB, "ZK_HEAP_SIZE=1% of the container's memory limit, 203776 KiB, is too small for a JVM"),
    ],
)
def test_a_share_that_cannot_be_taken_is_a_problem(size: str, limit: int | None, told: str) -> None:
    """Java would refuse to start, or take a share of the whole node."""
    with pytest.raises(SettingsError) as caught:
        drafted(limit, ZK_HEAP_SIZE=size)
    assert caught.value.problems == (told,)


def test_only_a_share_needs_the_limit() -> None:
    """A hardened container may hide its cgroup."""

    def hidden() -> int | None:
        raise FileError("/sys/fs/cgroup/memory.max: permission denied")

    assert draft_plan(environ_of(Path("/nowhere")), POD, hidden).heap == "2G"
    with pytest.raises(FileError, match="permission denied"):
        draft_plan(environ_of(Path("/nowhere"), ZK_HEAP_SIZE="75%"), POD, hidden)


# Secrets


def test_a_secret_is_written_for_the_server_alone(tmp_path: Path) -> None:
    """Mode 0600, its text shown nowhere."""
    (tmp_path / "secret").write_text(f"{CANARY}1\n")
    plan = plan_of(
        tmp_path,
        ZK_CFG_ssl_keyStore_password=f"{CANARY}2",
        ZK_CFG_my_plugin_FILE=f"{tmp_path}/secret",
        ZK_CFG_open="seen",
    )
    written = write_plan(plan, uid=1000)
    zoo_cfg = tmp_path / "conf" / "zoo.cfg"

    assert f"ssl.keyStore.password={CANARY}2\n" in zoo_cfg.read_text()
    assert f"my.plugin={CANARY}1\n" in zoo_cfg.read_text()
    assert stat.S_IMODE(zoo_cfg.stat().st_mode) == 0o600
    for shown in (preview(plan), summary(plan, written)):
        assert CANARY not in shown
        assert f"ssl.keyStore.password={MASK}" in shown
        assert "open=seen" in shown
    assert CANARY not in "".join(plan.warnings)


def test_a_secret_that_is_gone_leaves_a_file_that_all_may_read(tmp_path: Path) -> None:
    """The mode follows the content."""
    write_plan(plan_of(tmp_path, ZK_CFG_x_password=CANARY), uid=1000)
    write_plan(plan_of(tmp_path), uid=1000)

    assert stat.S_IMODE((tmp_path / "conf" / "zoo.cfg").stat().st_mode) == 0o644


def test_a_preview_shows_every_file_under_its_path_and_mode() -> None:
    """Nothing else differs from what is written."""
    plan = drafted(ZK_CFG_x_password=CANARY)

    assert preview(plan) == "\n".join(
        f"==> {file.path} (mode {file.mode:04o})\n{file.text.replace(CANARY, MASK)}" for file in plan.files
    )


# What is said


def test_a_summary_says_what_was_written_and_what_was_already_there(tmp_path: Path) -> None:
    """One line for each file."""
    plan = plan_of(tmp_path)

    assert summary(plan, [plan.files[0].path]).splitlines()[-8:] == [
        f"{'Wrote' if file is plan.files[0] else 'Unchanged'} {file.path}" for file in plan.files
    ]


def test_a_summary_shows_an_ensemble_only_where_there_is_one() -> None:
    """The original lists three servers beside one."""
    assert "ENSEMBLE" in summary(drafted(), [])
    assert "server." not in summary(drafted(POD_NAME="zk-0", ZK_REPLICAS="1"), [])


def test_variables_that_nobody_reads_are_warned_of() -> None:
    """With the nearest known name; links of Kubernetes all in one line; nothing of others'."""
    plan = drafted(
        ZK_REPLICA="5",
        ZK_QQQQQQQQQ="x",
        ZK_OLD="",
        ZK_SERVER_HEAP="1000",
        ZK_CLIENT_PORT="tcp://10.0.0.1:2181",
        ZK_CLIENT_SERVICE_HOST="10.0.0.1",
        ZK_CLIENT_PORT_2181_TCP_ADDR="10.0.0.1",
        KAFKA_PORT="tcp://10.0.0.1:9092",
        HOME="/",
    )

    assert plan.warnings == (
        (
            "ignored, Kubernetes' service links: ZK_CLIENT_PORT, ZK_CLIENT_PORT_2181_TCP_ADDR, ZK_CLIENT_SERVICE_HOST"
            " (enableServiceLinks: false avoids them)"
        ),
        "ZK_QQQQQQQQQ is no variable of this tool",
        "ZK_REPLICA is no variable of this tool; did you mean ZK_REPLICAS?",
    )
    assert plan.settings.client_port == 2181


# The peers


def test_silent_peers_are_asked_again_and_what_they_say_then_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network policy lets a new pod in some seconds late; the ensemble that it then finds has another list."""
    monkeypatch.setattr(plan_module, "_PAUSE", 0.001)
    rounds = [peers(SILENT), peers(SILENT), peers("follower", 5)]
    with pytest.raises(StateError, match="runs with the servers 1, 2, 3, 4, 5"):
        make_plan(environ_of(tmp_path), POD, lambda: None, ask=lambda _: rounds.pop(0))

    assert rounds == []


def test_a_dry_run_asks_once(tmp_path: Path) -> None:
    """It decides nothing."""
    rounds = [peers(SILENT)]
    make_plan(environ_of(tmp_path), POD, lambda: None, is_dry=True, ask=lambda _: rounds.pop(0))

    assert rounds == []


def test_addresses_where_nobody_answers_are_silent_and_names_without_one_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever has no address does not run; at a closed port somebody may not let this pod in yet."""

    def look_up(host: bytes, port: int, *hints: int) -> list[Any]:
        if host == b"zk-1.zk-svc":
            raise _socket.gaierror(_socket.EAI_NONAME, "Name or service not known")
        return _socket.getaddrinfo(host, port, *hints)

    replaces(monkeypatch, getaddrinfo=look_up)
    found = ask_peers({1: [Endpoint("127.0.0.1", free_port(), 1)], 2: [Endpoint("zk-1.zk-svc", 2181, 1)]})

    assert {one: peer.mode for one, peer in found.items()} == {1: SILENT}


OURS, OTHERS = Authority("ours"), Authority("others")
YESTERDAY = datetime.now(UTC) - DAY


@pytest.mark.parametrize(
    ("ca_crt", "authority", "until", "reason"),
    [
        pytest.param(OURS.ca_crt, OTHERS, None, "unable to get local issuer certificate", id="of another CA"),
        pytest.param(OURS.ca_crt, OURS, YESTERDAY, "certificate has expired", id="expired"),
        pytest.param(b"", OURS, None, "ca.crt: no certificate or crl found", id="we trust nobody"),
    ],
)
def test_an_empty_volume_does_not_vote_where_a_peer_answers_by_tls_that_is_not_accepted(
    ca_crt: bytes, authority: Authority, until: datetime | None, reason: str, tmp_path: Path
) -> None:
    """It may have data, whatever it would say; without a vote this server may start."""
    secret = OURS.issue("zk-1.d").write(tmp_path / "ours", ca_crt)
    folder = authority.issue("localhost", until=until).write(tmp_path / "peer", authority.ca_crt)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    with ScriptedServer(over_tls(context, zookeeper("3.9.5-leader"))) as server:
        tls = tls_of(str(secret)).under("localhost")
        plain, secure = Endpoint("localhost", free_port(), 5), Endpoint("localhost", server.port, 5, tls)
        found = ask_peers({1: [plain, secure], 3: [secure, plain]}, 5)

    assert {one: peer.mode for one, peer in found.items()} == {1: UNPROVEN, 3: UNPROVEN}
    for entry in ({}, {"ZK_QUORUM_ENTRY": "first"}):
        with pytest.raises(StateError, match=reason):
            make_plan(environ_of(tmp_path, **entry), POD, lambda: None, is_dry=True, ask=lambda _: found)
    joining = environ_of(tmp_path, ZK_QUORUM_ENTRY="join")
    assert (
        "db.autocreate=false" in make_plan(joining, POD, lambda: None, is_dry=True, ask=lambda _: found).files[-1].text
    )
