"""What our commands add to an image: its size beside the same base with the same JRE and server alone."""

import tempfile
from pathlib import Path

from tests.image.archives import archive_of, served
from tests.image.engine import Engine, EngineError, own_name
from tests.image.images import Build, build_arguments, dockerfile, image_of
from tests.server.distributions import Distribution, Product, find

TARGET_MB = 30
"""More than the JRE and the server alone, in MB of 1,000,000 bytes."""

_COMMANDS_STAGE = "FROM ${BASE} AS commands"
_ALONE = """\
FROM ${{BASE}}
ARG DEBIAN_FRONTEND=noninteractive
RUN mkdir -p /usr/share/man/man1 \\
 && apt-get update \\
 && apt-get install -y --no-install-recommends openjdk-21-jre-headless \\
 && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/debconf/*-old /var/cache/ldconfig/*
COPY --from=distribution {home} {home}
"""
"""The last stage of an image that has no probe and no generator; as clean as ours."""


def measure(engine: Engine) -> None:
    """Print one row for each image."""
    print(f"Images, uncompressed, MB of 1,000,000 bytes (target: at most {TARGET_MB} MB more):\n")
    print("| image | ours | the same base, JRE and server alone | more |")
    print("| --- | --- | --- | --- |")
    for product, line in ((Product.ZOOKEEPER, "3.9"), (Product.KAFKA, "3.9"), (Product.KAFKA, "4.4")):
        distribution = find(product, line)
        ours = _megabytes(engine, image_of(engine, distribution))
        alone = _alone(engine, distribution)
        print(f"| {distribution} | {ours:.1f} | {alone:.1f} | {ours - alone:.1f} |", flush=True)


def _megabytes(engine: Engine, image: str) -> float:
    size: int = engine.inspect("image", image)["Size"]
    return size / 1_000_000


def _alone(engine: Engine, distribution: Distribution) -> float:
    """Build the image without anything of ours from our Dockerfile's own stages and return its size."""
    stages, found, _ = dockerfile(distribution.product).read_text(encoding="utf-8").partition(_COMMANDS_STAGE)
    if not found:
        raise EngineError(f"{dockerfile(distribution.product)} has no stage {_COMMANDS_STAGE!r}")
    archive = archive_of(distribution)
    tag = f"localhost/{own_name('alone')}"
    with tempfile.TemporaryDirectory(prefix="zkb-bench-") as folder, served(archive.path.parent) as address:
        path = Path(folder, "Dockerfile")
        path.write_text(stages + _ALONE.format(home=f"/opt/{distribution.product}"), encoding="utf-8")
        arguments = build_arguments(distribution, f"{address}/{archive.path.name}", archive.digest)
        done = Build(dockerfile=path, tag=tag, arguments=arguments).run(engine)
    if done.returncode != 0:
        raise EngineError(f"{tag} cannot be built:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    try:
        return _megabytes(engine, tag)
    finally:
        engine.call("rmi", tag)
