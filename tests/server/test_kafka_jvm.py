"""The heap and the log levels of a start, as a real broker of log4j 1 and of log4j2 takes them."""

import shlex
from pathlib import Path

import pytest

from tests.server.commands import server_command, tool_command
from tests.server.distributions import Product, find
from tests.server.kafka import START_LIMIT, jvm_flags
from tests.server.kraft import combined_pods
from tests.server.processes import wait_until
from tests.server.versions import fetched

pytestmark = pytest.mark.server

SPEAKER = "org.apache.kafka.common.utils"
"""The logger that tells the version of Kafka at each start is below it."""

ALONE = {"KF_REPLICAS": "1", "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1"}


def by_the_scripts_rule(command: list[str], *variables: str) -> list[str]:
    """Return *command* with the words of *variables* among the JVM's flags, as Kafka's scripts put them there."""
    at = command.index("-cp")
    words = " ".join((shlex.join(command[:at]), *(f"${name}" for name in variables), shlex.join(command[at:])))
    return ["sh", "-c", f'exec {words} "$@"', "java"]


@pytest.mark.parametrize("line", ["3.9", "4.4"])
def test_a_broker_logs_at_the_levels_and_has_the_heap_that_were_asked_for(line: str, tmp_path: Path) -> None:
    """One logger speaks, the rest is silent, and the storage tool logs at its own level."""
    distribution = fetched(find(Product.KAFKA, line))
    pod = combined_pods(tmp_path, distribution, ALONE).pods[0]
    # Only the names of the cluster: the log is what is tried.
    flags = [jvm_flags(pod)[0], "-XX:+PrintCommandLineFlags"]
    server = server_command(distribution, Path(pod.environ["KF_CONFIG_FILE"]), flags=flags)
    tool = tool_command(distribution, "kafka.tools.StorageTool")
    asked = {
        "KF_HEAP_SIZE": "301m",
        "KAFKA_LOG4J_ROOT_LOGLEVEL": "ERROR",
        "KF_LOGGERS": f"{SPEAKER}=INFO",
        "KAFKA_TOOLS_LOG4J_LOGLEVEL": "INFO",
        "KF_STORAGE_COMMAND": shlex.join(by_the_scripts_rule(tool, "KAFKA_LOG4J_OPTS")),
    }
    command = by_the_scripts_rule(server, "KAFKA_HEAP_OPTS", "KAFKA_LOG4J_OPTS")
    with pod.start("kafkaboot", "run", "--", *command, environ=asked) as broker:
        wait_until(
            lambda: pod.run("kafkaReady").returncode == 0,
            f"{distribution} is ready",
            timeout=START_LIMIT,
            processes=[broker],
        )
        tools, _, logged = broker.log_text().partition("-XX:MaxHeapSize=315621376")

    assert "] INFO " in tools
    assert f"({SPEAKER}." in logged
    told = [text for text in logged.splitlines() if " INFO " in text and SPEAKER not in text]
    assert told == []
