"""What kafkaGenConfig.sh does to a file, run as it is, against what kafkaGenConfig does, environment by environment.

The script is the original's text; only the path that it edits is another. ``hostname`` answers what a case says.
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kafkaboot.start.edit import restore
from tests.commands import run_command
from tests.parity.differences import DIFFERENCES, KAFKA
from zkboot.pod.properties import parse

SCRIPT = Path(__file__).with_name("kafkaGenConfig.sh")
STOCK = Path(__file__).parents[2] / "data" / "kafka" / "base"
FQDN = "kafka-1.kafka-svc.brand.svc"

HERE = {"KF_DOMAIN": "kafka-svc.brand.svc", "KF_VERSION": "3.9.1"}
"""A pod of the one namespace that the original knows, whose own domain is as short as the original's names."""

PUBLISHED = {"listeners": "listens by default", "advertised.listeners": "publishes nothing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One environment, and where the two differ in it."""

    name: str
    host: str = "kafka-1"
    """What `hostname -s` prints."""
    base: str = "server-3.9.properties"
    """A file of the distribution's, or the text of another."""
    environ: Mapping[str, str] = field(default_factory=dict)
    data: str = ""
    """The text of meta.properties in the log directory."""
    keys: Mapping[str, str] = field(default_factory=lambda: PUBLISHED)
    """Each property that differs, with the difference's name."""
    comments: str = ""
    """The difference's name where the base file's own comments are changed by the script."""
    statuses: tuple[int, int] = (0, 0)
    """The script's and ours."""
    refusal: str = ""
    """The difference's name where only one of them goes on, or each says no in its own way."""

    @property
    def text(self) -> str:
        """The file before any edit."""
        return self.base if "\n" in self.base else (STOCK / self.base).read_text()


CASES = (
    Case(name="3.9"),
    Case(name="first pod", host="kafka-0"),
    Case(name="eleventh pod", host="kafka-10"),
    Case(name="name with dashes", host="my-kafka-2"),
    Case(name="2.8", base="server-2.8.properties", environ={"KF_VERSION": "2.8.2"}),
    Case(name="0.10.2", base="server-0.10.2.properties", environ={"KF_VERSION": "0.10.2.2"}),
    Case(
        name="0.9.0",
        base="server-0.9.0.properties",
        environ={"KF_VERSION": "0.9.0.1"},
        keys={"advertised.listeners": "publishes nothing"},
    ),
    Case(
        name="0.8.2",
        base="server-0.8.2.properties",
        environ={"KF_VERSION": "0.8.2.1"},
        keys={"advertised.host.name": "publishes nothing"},
    ),
    Case(
        name="file of another pod",
        base="broker.id=1\n",
        keys=PUBLISHED | {"broker.id": "edits once", "zookeeper.connect": "replaces only"},
    ),
    Case(
        name="blanks",
        base="broker.id = 0\nzookeeper.connect=localhost:2181\n",
        keys=PUBLISHED | {"broker.id": "matches anywhere"},
    ),
    Case(
        name="other keys",
        base="broker.id=0\nreserved.broker.id=0\nzookeeper.connect=localhost:2181\n",
        keys=PUBLISHED | {"reserved.broker.id": "matches anywhere"},
    ),
    Case(
        name="other values",
        base="broker.id=07\nzookeeper.connect=localhost:21811\n",
        keys=PUBLISHED | {"broker.id": "matches anywhere", "zookeeper.connect": "matches anywhere"},
    ),
    Case(
        name="comments",
        base="#broker.id=0\n# zookeeper.connect=localhost:2181\nbroker.id=0\nzookeeper.connect=localhost:2181\n",
        comments="matches anywhere",
    ),
    Case(
        name="other namespace",
        environ={"KF_ZK_NAMESPACE": "prod"},
        keys=PUBLISHED | {"zookeeper.connect": "one namespace"},
    ),
    Case(
        name="own namespace",
        environ={"KF_DOMAIN": "kafka-svc.prod.svc"},
        keys=PUBLISHED | {"zookeeper.connect": "one namespace"},
    ),
    Case(name="five servers", environ={"KF_ZK_REPLICAS": "5"}, keys=PUBLISHED | {"zookeeper.connect": "one ensemble"}),
    Case(name="chroot", environ={"KF_ZK_CHROOT": "/kafka"}, keys=PUBLISHED | {"zookeeper.connect": "one ensemble"}),
    Case(
        name="whole names",
        environ={"KF_DOMAIN": "kafka-svc.brand.svc.cluster.local"},
        keys=PUBLISHED | {"zookeeper.connect": "short names"},
    ),
    Case(
        name="properties",
        environ={"KAFKA_NUM_PARTITIONS": "3", "KAFKA_MIN_INSYNC_REPLICAS": "2"},
        keys=PUBLISHED | {"num.partitions": "reads no environment", "min.insync.replicas": "reads no environment"},
    ),
    Case(
        name="the manifest's environment",
        environ={"KF_REPLICAS": "3", "KAFKA_HEAP_OPTS": "-Xmx512M -Xms512M", "KAFKA_OPTS": "-Dlogging.level=DEBUG"},
    ),
    Case(
        name="host network",
        host="node-7",
        environ={"POD_NAME": "kafka-1"},
        keys=PUBLISHED | {"broker.id": "host name only"},
    ),
    Case(name="too many pods", environ={"KF_REPLICAS": "1"}, statuses=(0, 78), refusal="ignores the replicas"),
    Case(name="octal", host="kafka-010", statuses=(0, 78), refusal="octal ordinals"),
    Case(name="no ordinal", host="kafka", statuses=(1, 78), refusal="errors on stdout"),
    Case(name="no number", host="kafka-", statuses=(1, 78), refusal="errors on stdout"),
    Case(
        name="another broker's volume",
        data="version=0\nbroker.id=7\n",
        statuses=(0, 78),
        refusal="looks at no volume",
    ),
    Case(name="own volume", data="version=0\nbroker.id=2\n"),
    Case(name="unknown version", environ={"KF_VERSION": ""}, statuses=(0, 78), refusal="knows no version"),
    Case(name="no ZooKeeper", environ={"KF_VERSION": "4.0.0"}, statuses=(0, 78), refusal="knows no version"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one of them made of a case."""

    status: int
    stdout: str
    stderr: str
    text: str

    @property
    def comments(self) -> list[str]:
        """The lines that are no entries."""
        return [line for line in self.text.splitlines() if line.startswith("#")]


def run_original(case: Case, folder: Path) -> Run:
    """Run the script on a copy of the case's file, which may be there already."""
    file = _file(case, folder)
    (folder / "hostname").write_text(f"#!/bin/sh\necho '{case.host}'\n")
    (folder / "hostname").chmod(0o755)
    script = folder / SCRIPT.name
    script.write_text(SCRIPT.read_text().replace("/opt/kafka/config/server.properties", str(file)))
    done = subprocess.run(
        ["bash", str(script)],
        env=dict(case.environ) | {"PATH": f"{folder}:{os.environ['PATH']}", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    return Run(status=done.returncode, stdout=done.stdout, stderr=done.stderr, text=file.read_text())


def run_ours(case: Case, folder: Path) -> Run:
    """Run our command on a copy of the case's file, which may be there already."""
    file = _file(case, folder)
    data = folder / "data"
    data.mkdir(exist_ok=True)
    if case.data:
        (data / "meta.properties").write_text(case.data)
    environ = {"HOSTNAME": case.host, "KF_HOME": str(folder), "KF_CONFIG_FILE": str(file), "KF_BASE_FILE": str(file)}
    if case.data:
        environ["KAFKA_LOG_DIRS"] = str(data)
    done = run_command(
        "kafkaboot.cli:gen_config", name="kafkaGenConfig.sh", environ=HERE | environ | dict(case.environ)
    )
    return Run(status=done.status, stdout=done.stdout, stderr=done.stderr, text=file.read_text())


def _file(case: Case, folder: Path) -> Path:
    file = folder / "server.properties"
    if not file.exists():
        folder.mkdir()
        file.write_text(case.text)
    return file


def different_keys(original: Run, ours: Run) -> set[str]:
    """Return the properties that a broker would read differently, but for the log directories that a case sets."""
    theirs, mine = parse(original.text), parse(ours.text)
    return {key for key in theirs.keys() | mine.keys() if theirs.get(key) != mine.get(key)} - {"log.dirs"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_only_what_is_listed_differs(case: Case, tmp_path: Path) -> None:
    """Every other property, comment and line is the original's."""
    original, ours = run_original(case, tmp_path / "original"), run_ours(case, tmp_path / "ours")

    assert (original.status, ours.status) == case.statuses
    if case.refusal:
        assert (ours.stdout, ours.text) == ("", case.text)
        assert ours.stderr.startswith("kafkaGenConfig.sh: ")
        return
    assert different_keys(original, ours) == set(case.keys)
    # "leaves no trace", "silent"
    assert restore(ours.text) == case.text
    assert original.stdout == ""
    assert ours.stdout.startswith(f"POD_NAME={case.environ.get('POD_NAME', case.host)}\n")
    kept = [line for line in ours.comments if not line.startswith("# kafkaGenConfig ")]
    assert (kept != original.comments) == bool(case.comments)


@pytest.mark.parametrize("host", ["kafka-0", "kafka-2"])
def test_a_second_edit_by_another_pod(tmp_path: Path, host: str) -> None:
    """Edits once: the original leaves the first pod's id, ours gives what a first edit would have given."""
    first, second = Case(name="first"), Case(name="second", host=host)
    run_original(first, tmp_path / "original")
    run_ours(first, tmp_path / "ours")

    assert parse(run_original(second, tmp_path / "original").text)["broker.id"] == "2"
    assert run_ours(second, tmp_path / "ours").text == run_ours(second, tmp_path / "fresh").text


def test_the_originals_own_words(tmp_path: Path) -> None:
    """Errors on stdout, octal ordinals: what people may have grepped for."""
    nameless = run_original(Case(name="", host="kafka"), tmp_path / "nameless")
    octal = run_original(Case(name="", host="kafka-010"), tmp_path / "octal")
    no_octal = run_original(Case(name="", host="kafka-08"), tmp_path / "no octal")

    assert (nameless.stdout, nameless.stderr) == ("Failed to extract ordinal from hostname kafka\n", "")
    assert parse(octal.text)["broker.id"] == "9"
    assert "value too great for base" in no_octal.stderr
    # bash 5 goes on and writes an empty id.
    assert parse(no_octal.text)["broker.id"] in ("", "0")


def test_a_file_for_kraft_is_left_alone_by_the_original(tmp_path: Path) -> None:
    """Knows no version: nothing is replaced, and that is a success."""
    case = Case(name="", base="process.roles=broker,controller\nnode.id=1\n")
    original = run_original(case, tmp_path / "original")

    assert (original.status, original.text) == (0, case.text)


def test_every_difference_is_shown_and_every_one_shown_is_listed() -> None:
    """The list is complete, and nothing in it is invented."""
    shown = {name for case in CASES for name in (*case.keys.values(), case.comments, case.refusal) if name}
    listed = {difference.name for difference in KAFKA}

    assert shown | {"leaves no trace", "silent"} == listed
    assert len({(difference.tool, difference.name) for difference in DIFFERENCES}) == len(DIFFERENCES)
