"""The figures of the generators: once per container start, yet a person waits for them."""

import os
from pathlib import Path

from tests.bench.cost import Contender, bare_python, race, report
from tests.server.kafka import BASE_FILES


def measure(folder: Path, scripts: Path, rounds: int) -> None:
    """Print what the generators cost."""
    path = f"{scripts}:{os.environ['PATH']}"
    zookeeper = {
        "PATH": path,
        "POD_NAME": "zk-1",
        "ZK_DOMAIN": "zk-svc.default.svc.cluster.local",
        **{f"ZK_{name}_DIR": f"{folder}/gen/{name.lower()}" for name in ("DATA", "DATA_LOG", "LOG", "CONF")},
    }
    kafka = {
        "PATH": path,
        "POD_NAME": "kafka-1",
        "KF_DOMAIN": "kafka-svc.default.svc.cluster.local",
        "KF_BASE_FILE": str(BASE_FILES / "server-3.9.properties"),
        "KF_CONFIG_FILE": f"{folder}/gen/server.properties",
        "KF_VERSION": "3.9.2",
        "KAFKA_LOG_DIRS": f"{folder}/gen/kafka",
    }
    contenders = [
        bare_python(zookeeper),
        Contender(name="`zkGenConfig`", command=["zkGenConfig"], environ=zookeeper),
        Contender(name="`kafkaGenConfig`", command=["kafkaGenConfig"], environ=kafka),
    ]
    race(contenders, rounds)
    print(f"Generators, {rounds} runs each in turn (target: at most 150 ms wall):\n")
    print(report(contenders), end="\n\n")
