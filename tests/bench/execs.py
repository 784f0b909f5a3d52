"""What a probe costs as the kubelet pays for it: entering the container included, beside the tutorial's shell line."""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.cost import Contender, race
from tests.image.engine import Engine, EngineError
from tests.image.images import Build, image_of
from tests.image.trio import ZOOKEEPER, lab
from tests.server.distributions import Product, find

TARGET = 1.2
"""Wall time of zkOk against the tutorial's script."""

_READY_LIMIT = 120.0
_WARM_UP = 10

_BESIDE = """\
FROM {image}
USER 0
RUN apt-get update && apt-get install -y --no-install-recommends netcat-openbsd && rm -rf /var/lib/apt/lists/*
USER 1000:1000
"""
"""Our image with what the tutorial's script needs."""

_ORIGINAL = 'OK=$(echo ruok | nc 127.0.0.1 $ZK_CLIENT_PORT); test "$OK" = imok'
_COMMANDS = {
    # The first is what the others are compared with.
    "the tutorial's line, as its script runs it: bash, `echo ruok \\| nc`": ("bash", "-c", _ORIGINAL),
    "`zkOk`": ("zkOk",),
    "`zkReady`": ("zkReady",),
    "the tutorial's line under sh": ("sh", "-c", _ORIGINAL),
    "bash, /dev/tcp, no `nc`": (
        "bash",
        "-c",
        'exec 3<>/dev/tcp/127.0.0.1/$ZK_CLIENT_PORT; printf ruok >&3; read -rn4 OK <&3; test "$OK" = imok',
    ),
    "`true`: entering alone": ("true",),
}


def measure(engine: Engine, rounds: int) -> None:
    """Print what each command costs in one and the same pod, all in turn, *rounds* times."""
    image = _with_netcat(engine, image_of(engine, find(Product.ZOOKEEPER, "3.9")))
    with _ready_container(engine, image) as container:
        if engine.is_podman:
            _race("`runc exec`", ["runc", "exec", container], rounds)
        _race(f"`{Path(engine.program).name} exec`", [engine.program, "exec", container], rounds)


def measure_entering(engine: Engine, rounds: int) -> float:
    """Return the median wall time of `zkOk` that enters a container by `runc exec`, in milliseconds."""
    with _ready_container(engine, image_of(engine, find(Product.ZOOKEEPER, "3.9"))) as container:
        probe = Contender(
            name="`zkOk`", command=["runc", "exec", container, "zkOk"], environ={"PATH": os.environ["PATH"]}
        )
        race([probe], rounds)
    if probe.failures:
        raise EngineError(f"{probe.failures} of {rounds} runs of zkOk by runc exec failed")
    return statistics.median(probe.wall_ms)


@contextmanager
def _ready_container(engine: Engine, image: str) -> Iterator[str]:
    """Run one ZooKeeper in a container of *image*; its name is given when the server is ready and warm."""
    with lab(engine) as made:
        trio = made.run(ZOOKEEPER.saying(ZK_REPLICAS="1"), image)
        server = trio.servers[0]
        server.start()
        trio.wait_until(server.is_ready, "ready", _READY_LIMIT)
        # The server has compiled what it will: the first minute of a JVM is not like the rest.
        time.sleep(_WARM_UP)
        yield server.container


def _race(told: str, entering: list[str], rounds: int) -> None:
    environ = {"PATH": os.environ["PATH"]}
    contenders = [
        Contender(name=name, command=[*entering, *command], environ=environ) for name, command in _COMMANDS.items()
    ]
    race(contenders, rounds)
    print(f"{told}, ZooKeeper 3.9 read-only, {rounds} runs each in turn (target: `zkOk` at most {TARGET} x):\n")
    print("| command | wall ms | wall p95 | against the first | failed |")
    print("| --- | --- | --- | --- | --- |")
    base = contenders[0]
    for one in contenders:
        # Pairs of the same round: a drift of the machine cancels out.
        ratio = statistics.median(mine / theirs for mine, theirs in zip(one.wall_ms, base.wall_ms, strict=True))
        tail = statistics.quantiles(one.wall_ms, n=20)[-1]
        print(
            f"| {one.name} | {statistics.median(one.wall_ms):.1f} | {tail:.1f} | {ratio:.2f} x |"
            f" {one.failures} of {len(one.statuses)} |"
        )
    print(flush=True)


def _with_netcat(engine: Engine, image: str) -> str:
    """Return the name of *image* with one layer more, made now or before."""
    tag = f"{image}-nc"
    if engine.has_image(tag):
        return tag
    with tempfile.TemporaryDirectory(prefix="zkb-bench-") as folder:
        dockerfile = Path(folder, "Dockerfile")
        dockerfile.write_text(_BESIDE.format(image=image), encoding="utf-8")
        done = Build(dockerfile=dockerfile, tag=tag, context=Path(folder)).run(engine)
    if done.returncode != 0:
        raise EngineError(f"{tag} cannot be built:\n{done.stderr[-3000:]}")
    return tag
