"""The file of a variable may be the wrong one, a secret's: whatever it holds, no problem repeats it."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest

from kafkaboot.start.plan import make_plan
from tests.torture.places import CANARY, MISLED, SECRETS
from tests.torture.secrets import is_right
from zkboot.plan import draft_plan
from zkboot.pod.errors import BootError
from zkboot.pod.identity import Host

HOST = Host(lambda: "host-0", lambda: "")


def refusal(tool: str, environ: Mapping[str, str]) -> str:
    """Return why *tool* would not start in *environ*; nothing where it would."""
    try:
        (make_plan if tool == "kafkaboot" else draft_plan)(environ, HOST, lambda: None)
    except BootError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("tool", "name"), MISLED)
def test_no_problem_repeats_a_file(tool: str, name: str, tmp_path: Path) -> None:
    """In ZooKeeper mode and in KRaft's, beside nothing and beside what contradicts it."""
    (tmp_path / "base").write_text("")
    folder, file = str(tmp_path), tmp_path / "file"
    kafka = {"KF_BASE_FILE": f"{folder}/base", "KAFKA_LOG_DIRS": folder, "KF_VERSION": "3.9.1", "KF_MODE": "kraft"}
    environs: list[dict[str, str]] = [{"POD_NAME": "zk-0", "ZK_REPLICAS": "1", "ZK_CONF_DIR": folder}]
    if tool == "kafkaboot":
        beside = {"KAFKA_LOG4J_LOGGERS": "a=INFO", "KAFKA_LOG4J_ROOT_LOGLEVEL": "OFF", "CLUSTER_ID": "a"}
        environs = [{"POD_NAME": "kafka-0", **kafka, **more} for more in ({}, beside, {"KF_MODE": "zookeeper"})]
    for text, environ in product((*SECRETS, f"{CANARY}://h:9092", f"7@{CANARY}:9093", f"{CANARY}=WARN"), environs):
        if is_right(name, text):
            continue
        file.write_text(text.replace(CANARY, "hush1234"))
        given = {key: value for key, value in environ.items() if key != name} | {f"{name}_FILE": str(file)}
        assert "hush1234" not in refusal(tool, given).replace(str(file), ""), text
