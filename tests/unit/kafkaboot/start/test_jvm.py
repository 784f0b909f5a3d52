"""What a start tells Kafka's scripts about the JVM: its heap and what it logs."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from kafkaboot.start.plan import Plan, make_plan, write_plan
from kafkaboot.start.report import preview, summary
from zkboot.pod.errors import SettingsError
from zkboot.pod.identity import Host
from zkboot.pod.properties import parse

MIB = 1024**2
HEAP = "KAFKA_HEAP_OPTS"
LOG = "KAFKA_LOG4J_OPTS"


def planned(folder: Path, environ: Mapping[str, str] | None = None, *, limit: int | None = None) -> Plan:
    """Return the plan of a start with Kafka 3.9.1, or what *environ* says, installed in *folder*."""
    file = folder / "config" / "server.properties"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    here = {"POD_NAME": "kafka-0", "KF_DOMAIN": "a.b", "KF_VERSION": "3.9.1", "KF_HOME": str(folder)}
    data = {"KAFKA_LOG_DIRS": f"{folder}/data"}
    return make_plan({**here, **data, **(environ or {})}, Host(name=lambda: "", domain=lambda: ""), lambda: limit)


def test_nothing_asked_for_is_nothing_said(tmp_path: Path) -> None:
    """Kafka's scripts have defaults of their own."""
    jvm = planned(tmp_path).jvm

    assert (jvm.server, jvm.tools, jvm.files, jvm.advice) == ({}, {}, (), ())


@pytest.mark.parametrize(("size", "made"), [("512m", "512m"), ("75%", "786432k")])
def test_the_heap_is_a_size_or_a_share_of_the_limit(tmp_path: Path, size: str, made: str) -> None:
    """As ZooKeeper's is."""
    assert planned(tmp_path, {"KF_HEAP_SIZE": size}, limit=1024 * MIB).jvm.server == {HEAP: f"-Xmx{made} -Xms{made}"}


def test_a_share_of_no_limit_is_refused(tmp_path: Path) -> None:
    """With everything else that is wrong."""
    with pytest.raises(SettingsError) as caught:
        planned(tmp_path, {"KF_HEAP_SIZE": "75%", "KF_PORT": "x"})

    assert [problem.partition("=")[0] for problem in caught.value.problems] == ["KF_PORT", "KF_HEAP_SIZE"]


LOGGERS = "kafka.controller=DEBUG,kafka.network.RequestChannel$=WARN"


@pytest.mark.parametrize("version", ["3.9.1", "4.0.0"])
@pytest.mark.parametrize(
    ("level", "loggers"),
    [("KF_LOG_LEVEL", "KF_LOGGERS"), ("KAFKA_LOG4J_ROOT_LOGLEVEL", "KAFKA_LOG4J_LOGGERS")],
    ids=["ours", "other images'"],
)
def test_levels_make_a_file_of_the_versions_kind(tmp_path: Path, version: str, level: str, loggers: str) -> None:
    """Beside server.properties, and named to Kafka's scripts; written, shown and said."""
    plan = planned(tmp_path, {"KF_VERSION": version, "KF_REPLICAS": "1", level: "WARN", loggers: LOGGERS})
    is_log4j2 = version == "4.0.0"
    file = tmp_path / "config" / ("kafkaboot-log4j2.properties" if is_log4j2 else "kafkaboot-log4j.properties")
    told = f"-Dlog4j2.configurationFile={file}" if is_log4j2 else f"-Dlog4j.configuration=file:{file}"

    assert plan.jvm.server == {LOG: told}
    assert f"==> {file} (mode 0644)" in preview(plan).decode()
    said = summary(plan, write_plan(plan, uid=1))
    assert f"{LOG}={told}\nWrote {file}\n" in said

    entries = parse(file.read_text())
    if is_log4j2:
        named = {entries[f"logger.{i}.name"]: entries[f"logger.{i}.level"] for i in range(3)}
        root = entries["rootLogger.level"]
    else:
        own = "log4j.logger."
        named = {key.removeprefix(own): value for key, value in entries.items() if key.startswith(own)}
        root = entries["log4j.rootLogger"].partition(",")[0]
    assert root == "WARN"
    assert named.items() >= {"kafka.controller": "DEBUG", "kafka.network.RequestChannel$": "WARN"}.items()


def test_the_tools_have_a_level_of_their_own(tmp_path: Path) -> None:
    """It is for the tool that a start runs, and stays off stdout."""
    jvm = planned(tmp_path, {"KAFKA_TOOLS_LOG4J_LOGLEVEL": "ERROR"}).jvm
    path = f"{tmp_path}/config/kafkaboot-tools-log4j.properties"

    assert (jvm.server, jvm.tools) == ({}, {LOG: f"-Dlog4j.configuration=file:{path}"})
    assert parse(jvm.files[0].text)["log4j.appender.console.target"] == "System.err"


def test_what_kafkas_scripts_read_themselves_wins_and_that_is_said(tmp_path: Path) -> None:
    """Nothing of either is lost without a word."""
    own = {HEAP: "-Xmx1g", LOG: "-Dlog4j.configuration=file:/x"}
    asked = {"KF_HEAP_SIZE": "75%", "KF_LOG_LEVEL": "WARN", "KAFKA_LOG4J_LOGGERS": "a=INFO"}
    jvm = planned(tmp_path, own | asked).jvm

    assert (jvm.server, jvm.files) == ({}, ())
    assert jvm.advice == (
        "KF_HEAP_SIZE=75% has no effect: KAFKA_HEAP_OPTS is set and wins; unset one",
        "KF_LOG_LEVEL, KAFKA_LOG4J_LOGGERS: no effect, for KAFKA_LOG4J_OPTS is set and wins; unset one",
    )


def test_a_path_that_the_scripts_would_split_is_refused(tmp_path: Path) -> None:
    """They do not quote what they read."""
    with pytest.raises(SettingsError, match="choose another KF_CONFIG_FILE"):
        planned(tmp_path, {"KF_LOG_LEVEL": "WARN", "KF_CONFIG_FILE": f"{tmp_path}/a b/server.properties"})
