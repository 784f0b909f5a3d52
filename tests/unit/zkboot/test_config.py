"""The six files: what must hold for any settings. Their whole texts are in tests/golden."""

import itertools
import shlex
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.commands import LIMIT
from zkboot.config import (
    HEADER,
    SHARED_KEYS,
    render_java_env,
    render_java_security,
    render_log4j,
    render_logback,
    render_myid,
    render_zoo_cfg,
    zoo_cfg_entries,
)
from zkboot.keys import KNOWN_KEYS
from zkboot.member import Member, find_member
from zkboot.pod.environ import EnvReader
from zkboot.pod.identity import Host
from zkboot.pod.properties import parse
from zkboot.settings import Settings
from zkboot.variables import LOG_LEVEL

VALUES = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), min_size=1, max_size=30)


def made(**environ: str) -> tuple[Settings, Member]:
    """Return what *environ* makes of the pod zk-0."""
    env = EnvReader({"ZK_DOMAIN": "d", **environ})
    found = Settings.from_environ(env)
    member = find_member(env, found, Host(name=lambda: "zk-0", domain=lambda: ""))
    env.problems.check()

    assert member is not None
    return found, member


def zoo_cfg(**environ: str) -> dict[str, str]:
    """Return the keys and values that Java would read of the zoo.cfg that *environ* makes."""
    return parse(render_zoo_cfg(*made(**environ)))


def sourced(java_env: str, *names: str, **environ: str) -> list[str]:
    """Return the values of *names* in a shell that started with *environ* and sourced *java_env*."""
    script = java_env + "".join(f'\nprintf "%s\\n" "${name}"' for name in names)
    done = subprocess.run(["sh", "-eu", "-c", script], env=environ, capture_output=True, timeout=LIMIT, check=True)

    assert done.stderr == b""
    return done.stdout.decode().splitlines()


def test_every_key_that_is_written_is_known_to_zookeeper() -> None:
    """A misspelt key fails silently, for years: autopurge.purgeInteval did."""
    entries = zoo_cfg_entries(*made(ZK_SERVERS="1=a:1:2,2=b:1:2:observer,3=c:1:2", ZK_SERVER_ID="2"))

    assert {key for key in entries if not key.startswith("server.")} <= KNOWN_KEYS


def test_java_reads_back_what_was_set() -> None:
    """The values, not only the spelling."""
    entries = zoo_cfg(ZK_TICK_TIME="500", ZK_PURGE_INTERVAL="1", ZK_DATA_DIR="/a b\\c=d", ZK_CFG_x="#y: z!é😀")

    assert entries["tickTime"] == "500"
    assert entries["minSessionTimeout"] == "1000"
    assert entries["autopurge.purgeInterval"] == "1"
    assert entries["dataDir"] == "/a b\\c=d"
    assert entries["x"] == "#y: z!é😀"


@given(VALUES)
@settings(max_examples=60)
def test_no_value_can_add_a_key(value: str) -> None:
    """Whatever stands in a variable stays in its value."""
    env = EnvReader({"ZK_CFG_x": value})
    found = Settings.from_environ(env)
    if env.problems:
        return
    _, member = made()
    entries = parse(render_zoo_cfg(found, member))

    assert entries["x"] == value
    assert entries.keys() - {"x"} == parse(render_zoo_cfg(*made())).keys()


def test_ours_give_way_to_the_operator_s() -> None:
    """In place, so that each key stands once."""
    entries = zoo_cfg(ZK_CFG_cnxTimeout="5000", ZK_CFG_admin_enableServer="true")

    assert (entries["cnxTimeout"], entries["admin.enableServer"]) == ("5000", "true")
    assert zoo_cfg().items() >= SHARED_KEYS.items()


def test_a_standalone_server_lists_none() -> None:
    """3.4 would start a quorum of one that never elects."""
    assert not [key for key in zoo_cfg(ZK_REPLICAS="1") if key.startswith("server.")]


def test_a_quorum_of_one_lists_itself() -> None:
    """It can grow, unlike a standalone server."""
    assert zoo_cfg(ZK_REPLICAS="1", ZK_CFG_standaloneEnabled="false")["server.1"] == "zk-0.d:2888:3888"


@pytest.mark.parametrize(("server_id", "peer_type"), [("1", None), ("3", "observer")])
def test_only_an_observer_says_what_it_is(server_id: str, peer_type: str | None) -> None:
    """3.4 asks its own file, 3.5 and newer the list: both agree."""
    servers = "1=a:1:2,2=b:1:2,3=c:1:2:observer"

    assert zoo_cfg(ZK_SERVERS=servers, ZK_SERVER_ID=server_id).get("peerType") == peer_type


def test_no_row_has_a_client_port_behind_it() -> None:
    """``;2181`` is 3.5's, and 3.4 cannot parse it."""
    assert ";" not in render_zoo_cfg(*made(ZK_SERVERS="1=[::1]:1:2,2=b:1:2"))


def test_myid_is_the_id_and_a_newline() -> None:
    """ZooKeeper reads the first line."""
    assert render_myid(made(ZK_ID_OFFSET="7")[1]) == "7\n"


def test_the_jvm_keeps_addresses_for_a_second() -> None:
    """Pods change theirs; Java's own default is thirty seconds."""
    assert parse(render_java_security()) == {
        "networkaddress.cache.ttl": "1",
        "networkaddress.cache.negative.ttl": "0",
    }


@pytest.mark.parametrize(
    ("before", "flags"),
    [
        ({}, "-Xmx512m -Xms512m -Djava.security.properties=/c/java.security"),
        ({"SERVER_JVMFLAGS": ""}, "-Xmx512m -Xms512m -Djava.security.properties=/c/java.security"),
        (
            {"SERVER_JVMFLAGS": "-Da=b -Dc=$d"},
            "-Da=b -Dc=$d -Xmx512m -Xms512m -Djava.security.properties=/c/java.security",
        ),
    ],
)
def test_java_env_appends_to_the_server_s_flags(before: dict[str, str], flags: str) -> None:
    """And leaves JVMFLAGS, which zkCli.sh shares, to the operator."""
    java_env = render_java_env(made(ZK_CONF_DIR="/c")[0], "512m")

    assert sourced(java_env, "SERVER_JVMFLAGS", "JVMFLAGS", JVMFLAGS="-Xmx1G", **before) == [flags, "-Xmx1G"]


@pytest.mark.parametrize("path", ["/a b", "/a'b", '/a"b', "/a$HOME`id`", "/a;b&c|d", "/a\\b", "/é", "/a*?[b]", "/a#b"])
def test_a_shell_reads_back_every_path(path: str) -> None:
    """Nothing in a variable is ever run."""
    java_env = render_java_env(made(ZK_LOG_DIR=path)[0], "512m")

    assert sourced(java_env, "ZOO_LOG_DIR") == [path]


@pytest.mark.parametrize("path", ["/a'b", '/a"b', "/a$HOME`id`", "/a;b", "/a\\b"])
def test_a_shell_reads_back_the_configuration_directory(path: str) -> None:
    """It stands inside the flags."""
    (flags,) = sourced(render_java_env(made(ZK_CONF_DIR=path)[0], "512m"), "SERVER_JVMFLAGS")

    assert flags.endswith(f" -Djava.security.properties={path}/java.security")


def test_java_env_is_sourced_by_every_shell_alike() -> None:
    """Images differ in their sh."""
    java_env = render_java_env(made()[0], "2G")
    for shell in filter(shutil.which, ("sh", "bash", "dash", "busybox")):
        command = [shell, "sh"] if shell == "busybox" else [shell]
        assert subprocess.run([*command, "-n", "-c", java_env], timeout=LIMIT, check=False).returncode == 0
    for line in java_env.splitlines():
        assert line.startswith("#") or len(shlex.split(line)) == 1


@pytest.mark.parametrize("level", LOG_LEVEL.words)
def test_the_log_level_reaches_every_version(level: str) -> None:
    """3.4 to 3.7 by log4j and ZOO_LOG4J_PROP, 3.8 and newer by logback, which has no FATAL."""
    found, _ = made(ZK_LOG_LEVEL=level.lower())
    log4j = parse(render_log4j(found))
    logback = ET.fromstring(render_logback(found))

    assert log4j["zookeeper.root.logger"] == f"{level},CONSOLE"
    assert log4j["zookeeper.console.threshold"] == level
    assert sourced(render_java_env(found, "2G"), "ZOO_LOG4J_PROP") == [f"{level},CONSOLE"]
    for seen in (logback.find("root"), logback.find("appender/filter/level")):
        assert seen is not None
        assert (seen.get("level") or seen.text) == ("ERROR" if level == "FATAL" else level)


def test_a_logger_may_have_a_level_of_its_own() -> None:
    """And no filter of the console holds back what it lets through."""
    found, _ = made(ZK_LOG_LEVEL="ERROR", ZK_LOGGERS="org.apache.zookeeper.server.quorum=debug, a.B$c_d=FATAL")
    log4j = parse(render_log4j(found))
    logback = ET.fromstring(render_logback(found))
    loggers = {each.get("name"): each.get("level") for each in logback.findall("logger")}

    assert log4j["log4j.logger.org.apache.zookeeper.server.quorum"] == "DEBUG"
    assert log4j["log4j.logger.a.B$c_d"] == "FATAL"
    assert (log4j["zookeeper.root.logger"], log4j["zookeeper.console.threshold"]) == ("ERROR,CONSOLE", "ALL")
    assert loggers == {"org.apache.zookeeper.server.quorum": "DEBUG", "a.B$c_d": "ERROR"}
    assert logback.findtext("appender/filter/level") == "ALL"


def test_logback_is_well_formed_and_says_the_same_line_as_log4j() -> None:
    """Who reads the log does not see which version writes it."""
    found, _ = made()
    pattern = ET.fromstring(render_logback(found)).findtext("appender/encoder/pattern")

    assert pattern == parse(render_log4j(found))["log4j.appender.CONSOLE.layout.ConversionPattern"]


def test_what_is_written_at_every_start_says_so() -> None:
    """Whoever edits it would lose the edit."""
    found, member = made()
    for text in (render_zoo_cfg(found, member), render_java_security(), render_java_env(found, "2G")):
        assert text.startswith(HEADER)


def test_files_end_in_a_newline_and_hold_nothing_but_ascii() -> None:
    """Every editor and every version of Java reads them alike."""
    found, member = made(ZK_DATA_DIR="/dätä")
    texts = [render_zoo_cfg(found, member), render_java_security(), render_log4j(found), render_logback(found)]

    assert all(text.isascii() and text.endswith("\n") and not text.endswith("\n\n") for text in texts)
    assert not any(a == b == "" for text in texts for a, b in itertools.pairwise(text.split("\n")))
