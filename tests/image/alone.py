"""One server in a container of its own, as an image starts without a cluster."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.image.engine import Engine, own_name

START_LIMIT = 300.0
"""Seconds for a server to start on a busy machine; no figure."""

OWN_USER, RANDOM_USER = "1000:1000", "1000740000:0"

ZOOKEEPERS_VARIABLES = (
    "--env=POD_NAME=zk-0",
    "--env=ZK_REPLICAS=1",
    "--env=ZK_HEAP_SIZE=64m",
    "--env=ZK_PROBE_TIMEOUT=20",
)
KAFKAS_VARIABLES = (
    "--env=KF_PROBE_TIMEOUT=20",
    "--env=KF_DOMAIN=kafka-svc",
    "--env=KF_REPLICAS=5",
    "--env=KAFKA_ZOOKEEPER_CONNECT=127.0.0.1:2181",
    # As in the original manifest.
    "--env=KAFKA_HEAP_OPTS=-Xmx512M -Xms512M",
    "--env=KAFKA_OPTS=-Dlogging.level=DEBUG",
)
KRAFTS_VARIABLES = (
    "--env=KF_PROBE_TIMEOUT=20",
    "--env=POD_NAME=kafka-0",
    "--env=KF_DOMAIN=kafka-svc",
    "--env=KF_REPLICAS=1",
    "--env=KF_CLUSTER_ID=Ut7tJ-wMRxCHyEbPpYTYKA",
    "--env=KAFKA_PROCESS_ROLES=broker,controller",
    "--env=KAFKA_HEAP_OPTS=-Xmx256m -Xms256m",
    "--add-host=kafka-0.kafka-svc:127.0.0.1",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """Whose a container is, and what of it can be written."""

    user: str
    scratch: Mapping[str, Path] = field(default_factory=dict)
    """The folders mounted over a read-only root, by their places; none where the root can be written."""

    @classmethod
    def read_only(cls, user: str, folder: Path, *places: str) -> Self:
        """Return a read-only root with folders below *folder* at *places*, which belong to group 0."""
        scratch = {place: folder / str(number) for number, place in enumerate(places)}
        for path in scratch.values():
            path.mkdir()
            path.chmod(0o770)
        return cls(user=user, scratch=scratch)


@contextmanager
def alone(engine: Engine, image: str, root: Root, *options: str, command: Sequence[str] = ()) -> Iterator[str]:
    """Have a server run for as long as the context lasts; *command* is in the place of the image's own."""
    name = own_name("alone")
    given = [*options, f"--user={root.user}", *(f"--volume={path}:{place}" for place, path in root.scratch.items())]
    if root.scratch:
        given += ["--read-only", *(["--read-only-tmpfs=false"] if engine.is_podman else [])]
    if command:
        given.append(f"--entrypoint={command[0]}")
    try:
        engine.ask("run", "--detach", f"--name={name}", *given, image, *command[1:])
        yield name
    finally:
        engine.remove_containers([name])


def until_it_answers(engine: Engine, name: str, *probe: str) -> str:
    """Return what a probe printed, as soon as it succeeded."""
    done = engine.exec(name, *probe)
    deadline = time.monotonic() + START_LIMIT
    while done.returncode != 0:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{probe}: {done.stderr}{engine.call('logs', '--tail=40', name).stdout}")
        time.sleep(0.05)
        done = engine.exec(name, *probe)
    return done.stdout
