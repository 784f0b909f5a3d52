"""The two generators as the campaigns run them: a command, two environments that differ, and their places."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(sys.executable).parent
BASE_FILE = Path(__file__).parents[1] / "data" / "kafka" / "base" / "server-3.9.properties"

Content = dict[str, tuple[int, bytes]]
"""File name → mode and bytes of everything in a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """One generator and two environments, both of which are right."""

    name: str
    command: str
    folder: Path
    """Where it writes everything that a start may change."""
    environs: tuple[dict[str, str], dict[str, str]]

    def start(self, which: int) -> subprocess.Popen[bytes]:
        """Start the generator with one of its environments."""
        return subprocess.Popen(
            [SCRIPTS / self.command],
            env={"PATH": os.environ["PATH"], **self.environs[which]},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def finish(self, which: int) -> Content:
        """Run the generator to its end and return what it left; RuntimeError where it failed."""
        process = self.start(which)
        _, errors = process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"{self.name}: status {process.returncode}: {errors.decode()}")
        return self.content()

    def content(self) -> Content:
        """Return everything in the folder."""
        found: Content = {}
        for path in self.folder.iterdir():
            found[path.name] = (path.stat().st_mode & 0o7777, path.read_bytes())
        return found


def zookeeper(scratch: Path) -> Generator:
    """Return zkGenConfig with a folder of its own below *scratch*."""
    folder = scratch / "zk"
    common = {
        "POD_NAME": "zk-1",
        "ZK_DOMAIN": "zk-svc.default.svc.cluster.local",
        # All in one folder: myid, written once, beside the files that change.
        **{f"ZK_{kind}_DIR": str(folder) for kind in ("DATA", "DATA_LOG", "LOG", "CONF")},
    }
    secret = {"ZK_TICK_TIME": "3000", "ZK_LOG_LEVEL": "DEBUG", "ZK_CFG_ssl_keyStore_password": "canary"}
    return Generator(name="zkGenConfig", command="zkGenConfig", folder=folder, environs=(common, {**common, **secret}))


def kafka(scratch: Path) -> Generator:
    """Return kafkaGenConfig with a folder of its own below *scratch*."""
    folder = scratch / "kafka"
    common = {
        "POD_NAME": "kafka-1",
        "KF_DOMAIN": "kafka-svc.default.svc.cluster.local",
        "KF_HOME": str(folder),
        "KF_VERSION": "3.9.1",
        "KF_BASE_FILE": str(BASE_FILE),
        "KF_CONFIG_FILE": f"{folder}/server.properties",
        "KAFKA_LOG_DIRS": f"{folder.parent}/kafka-data",
    }
    secret = {"KAFKA_NUM_PARTITIONS": "7", "KAFKA_SSL_KEYSTORE_PASSWORD": "canary"}
    folder.mkdir(parents=True, exist_ok=True)
    return Generator(
        name="kafkaGenConfig", command="kafkaGenConfig", folder=folder, environs=(common, {**common, **secret})
    )
