"""A start loads what it uses: a plain one pays for no TLS, no login, no look-up of a name and no help page."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.commands import run_command
from tests.server.kafka import BASE_FILES

PRINTS_WHAT_IT_LOADED = "import atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"

NOT_USED = {
    *("_ssl", "concurrent.futures", "datetime", "hashlib", "html", "ipaddress", "logging", "secrets", "shutil"),
    *("socket", "ssl", "subprocess", "tempfile", "textwrap"),
}

ZOOKEEPER = {"POD_NAME": "zk-1", "ZK_DOMAIN": "zk-svc.default.svc.cluster.local"}
KAFKA = {"POD_NAME": "kafka-1", "KF_DOMAIN": "kafka-svc.default.svc.cluster.local"}


@pytest.mark.parametrize(
    ("entry_point", "plans", "environ"),
    [
        pytest.param(
            "zkboot.cli:gen_config",
            "zkboot.plan",
            {**ZOOKEEPER, **{f"ZK_{name}_DIR": f"{{}}/{name}" for name in ("DATA", "DATA_LOG", "LOG", "CONF")}},
            id="zookeeper",
        ),
        pytest.param(
            "kafkaboot.cli:gen_config",
            "kafkaboot.start.plan",
            {**KAFKA, "KF_VERSION": "3.9.2", "KF_BASE_FILE": str(BASE_FILES / "server-3.9.properties")},
            id="kafka-zookeeper",
        ),
        pytest.param(
            "kafkaboot.cli:gen_config",
            "kafkaboot.start.plan",
            {
                **KAFKA,
                "KF_VERSION": "4.4.0",
                "KF_REPLICAS": "3",
                "KF_CLUSTER_ID": "Ut7tJ-wMRxCHyEbPpYTYKA",
                "KF_BASE_FILE": str(BASE_FILES / "server-4.properties"),
            },
            id="kafka-kraft",
        ),
    ],
)
def test_a_plain_start_loads_nothing_that_it_does_not_use(
    entry_point: str, plans: str, environ: Mapping[str, str], tmp_path: Path
) -> None:
    """A pod waits for its start, and one without TLS, logins and peers needs none of these modules."""
    places = {"KF_CONFIG_FILE": f"{tmp_path}/server.properties", "KAFKA_LOG_DIRS": f"{tmp_path}/data"}
    given = {name: value.format(tmp_path) for name, value in environ.items()}

    outcome = run_command(entry_point, environ=places | given, prelude=PRINTS_WHAT_IT_LOADED)

    assert outcome.status == 0, outcome.stderr
    loaded = set(outcome.stderr.split())
    assert plans in loaded
    assert loaded & NOT_USED == set()
