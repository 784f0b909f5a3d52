"""The properties that this tool reasons about: what their texts mean, and that each is parsed once."""

import inspect
import sys
from collections import Counter
from types import FrameType

import pytest

from kafkaboot.start.plan import make_plan
from kafkaboot.start.report import preview, summary
from kafkaboot.values.connect import ConnectString
from kafkaboot.values.listeners import parse_listeners, parse_protocols
from kafkaboot.values.properties import CHECKED, LOG_DIRS, Value, parse_log_dirs
from kafkaboot.values.voters import parse_roles, parse_servers, parse_voters
from tests.commands import ROOT
from zkboot.pod.identity import Host

PARSERS = {
    parser.__code__
    for parser in (
        inspect.getattr_static(ConnectString, "parse").__func__,
        parse_listeners,
        parse_log_dirs,
        parse_protocols,
        parse_roles,
        parse_servers,
        parse_voters,
    )
}
BASES = ROOT / "tests" / "data" / "kafka" / "base"
COMMON = {
    "POD_NAME": "kafka-1",
    "KF_DOMAIN": "kafka-svc.prod.svc.cluster.local",
    "KF_REPLICAS": "3",
    "KF_CLUSTER_ID": "Ut7tJ-wMRxCHyEbPpYTYKA",
    "KAFKA_LOG_DIRS": "/d/1,/d/2",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "INT:PLAINTEXT,EXT:SSL,CONTROLLER:PLAINTEXT",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "INT",
}
CLIENTS = "INT://:9092,EXT://:9094"


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"KF_VERSION": "3.9.1", "KAFKA_LISTENERS": CLIENTS}, id="with ZooKeeper"),
        pytest.param(
            {"KF_VERSION": "3.9.1", "KF_MODE": "kraft", "KAFKA_LISTENERS": f"{CLIENTS},CONTROLLER://:9093"}, id="static"
        ),
        pytest.param(
            {"KF_VERSION": "4.4.0", "KF_QUORUM": "dynamic", "KAFKA_LISTENERS": f"{CLIENTS},CONTROLLER://:9093"},
            id="dynamic",
        ),
    ],
)
def test_a_start_parses_each_text_once(environ: dict[str, str]) -> None:
    """Whoever needs to know what a property means asks the value that was read."""
    base = BASES / ("server-3.9.properties" if "KF_MODE" not in environ else "server-4.properties")
    parsed: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in PARSERS:
            parsed[f"{frame.f_code.co_name} {frame.f_locals['text']}"] += 1

    sys.setprofile(count)
    try:
        plan = make_plan(
            COMMON | {"KF_BASE_FILE": str(base)} | environ, Host(name=lambda: "", domain=lambda: ""), formats=True
        )
        preview(plan)
        summary(plan, [])
    finally:
        sys.setprofile(None)

    assert f"parse_listeners {environ['KAFKA_LISTENERS']}" in parsed
    assert set(parsed.values()) == {1}


def test_a_wrong_text_says_its_reasons_each_time() -> None:
    """All of them, though it is parsed once."""
    value = Value("A://,B://")
    for _ in range(2):
        with pytest.raises(ValueError, match="is not <name>") as caught:
            value.read(CHECKED["listeners"])

        assert len(caught.value.args) == 2


def test_a_value_keeps_its_text() -> None:
    """Which is written, whatever it means."""
    value = Value("/a/,/b")

    assert value.read(LOG_DIRS) == ("/a", "/b")
    assert value.text == "/a/,/b"


@pytest.mark.parametrize(
    ("text", "directories"),
    [("/a", ("/a",)), ("/a/, /b ,,/c", ("/a", "/b", "/c")), ("/", ("/",)), ("/a b", ("/a b",))],
)
def test_log_dirs_is_a_list(text: str, directories: tuple[str, ...]) -> None:
    """As Kafka splits it."""
    assert parse_log_dirs(text) == directories


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "lists no directory"),
        (",", "lists no directory"),
        ("data", "is not an absolute path"),
        ("/a,/b/,/b", "lists /b twice"),
        ("/a ", "begins or ends in a blank"),
    ],
)
def test_log_dirs_may_be_wrong(text: str, reason: str) -> None:
    """Kafka would refuse some of these, and make a directory with a strange name of the last."""
    with pytest.raises(ValueError, match=reason):
        parse_log_dirs(text)
