"""Our images as containerd keeps them: loaded once, into a folder of the cache, which each node gets as links."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.image.base import locked
from tests.image.engine import Engine, builder
from tests.image.images import image_of, releases
from tests.kubernetes.local.binaries import Module, remove_unused
from tests.kubernetes.local.commands import output_of
from tests.server.cache import Progress, cache_folder
from tests.server.distributions import Product, find

PAUSE = "localhost/pause:1"
"""What holds a pod's namespaces."""

SEEDS_ZOOKEEPER = "zk-kafka-boot/zookeeper:3.4.14"
"""No manifest names it; data as the tutorial's server leaves it is made by it."""

OLDER_KAFKA = "zk-kafka-boot/kafka:4.1.2"
"""No manifest names it; it is upgraded to the one that the manifest names."""

_NOT_NEEDED = ("cri.v1.images", "cri.v1.runtime", "grpc.v1.cri")
_START_LIMIT = 60.0
_LOAD_LIMIT = 900.0


def wanted_images(engine: Engine, progress: Progress) -> dict[str, str]:
    """Return the manifests' name of each image → the name of the one in the engine's store that stands for it."""
    images = {
        release.tag: image_of(engine, find(product, release.version), progress)
        for product in Product
        for release in releases(product)
    }
    others = ((SEEDS_ZOOKEEPER, Product.ZOOKEEPER, "3.4.14"), (OLDER_KAFKA, Product.KAFKA, "4.1"))
    return images | {name: image_of(engine, find(product, version), progress) for name, product, version in others}


def loaded_images(programs: str, progress: Progress) -> Path:
    """Return a root folder of containerd that holds our images under the manifests' names, made now or before.

    *programs* is where containerd's commands are, as PATH. EngineError or CalledProcessError where it cannot be made.
    """
    engine = builder()
    names = wanted_images(engine, progress)
    ids = [f"{name} {engine.inspect('image', image)['Id']}" for name, image in sorted(names.items())]
    digest = hashlib.sha256("\n".join([Module(name="containerd").binaries.name, *ids]).encode()).hexdigest()[:12]
    cache = cache_folder() / "kubernetes"
    folder = cache / f"images-{digest}"
    cache.mkdir(parents=True, exist_ok=True)
    with locked("kubernetes-images"):
        if not folder.exists():
            progress(f"loading {len(names)} images into containerd")
            with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=cache) as scratch:
                _load(engine, names, programs, Path(scratch))
                Path(scratch, "root").rename(folder)
            remove_unused(cache, "images")
    folder.touch()
    return folder


def copy_images(folder: Path, target: Path) -> None:
    """Make *target* a containerd's root with the images of *folder*: its files are links, its databases copies."""
    linked = subprocess.run(["cp", "--archive", "--link", folder, target], capture_output=True, check=False)
    if linked.returncode != 0:
        shutil.rmtree(target, ignore_errors=True)
        output_of("cp", "--archive", str(folder), str(target))
    for database in folder.rglob("*.db"):
        copy = target / database.relative_to(folder)
        copy.unlink()
        shutil.copy2(database, copy)


def _load(engine: Engine, names: dict[str, str], programs: str, scratch: Path) -> None:
    archive = scratch / "images.tar"
    _make_pause(engine, scratch)
    engine.ask(
        "save", "--format=docker-archive", "--multi-image-archive", f"--output={archive}", PAUSE, *names.values(),
        timeout=_LOAD_LIMIT,
    )  # fmt: skip
    configuration = scratch / "containerd.toml"
    socket = scratch / "socket"
    configuration.write_text(
        f'version = 3\nroot = "{scratch}/root"\nstate = "{scratch}/state"\n'
        f"disabled_plugins = {json.dumps([f'io.containerd.{name}' for name in _NOT_NEEDED])}\n"
        f'[grpc]\n  address = "{socket}"\n[plugins."io.containerd.internal.v1.opt"]\n  path = "{scratch}/opt"\n'
    )
    environ = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    with (
        (scratch / "log").open("wb") as log,
        subprocess.Popen(
            ["containerd", "--config", configuration], stdout=log, stderr=log, env=environ, start_new_session=True
        ) as containerd,
    ):
        try:
            ask = ("ctr", "--address", str(socket), "--namespace", "k8s.io", "images")
            deadline = time.monotonic() + _START_LIMIT
            while not socket.exists() and time.monotonic() < deadline:
                time.sleep(0.1)
            output_of(*ask, "import", "--digests=false", "--local", str(archive), environ=environ, timeout=_LOAD_LIMIT)
            for name, image in names.items():
                output_of(*ask, "tag", image, f"docker.io/{name}", environ=environ)
        finally:
            containerd.send_signal(signal.SIGTERM)


def _make_pause(engine: Engine, scratch: Path) -> None:
    """Make the image of a process that does nothing, of Debian's own, which is linked statically."""
    root = scratch / "pause.tar"
    catatonit = Path(shutil.which("catatonit") or "/usr/bin/catatonit")
    output_of("tar", "-C", str(catatonit.parent), "-cf", str(root), catatonit.name)
    engine.ask("import", "--change", 'ENTRYPOINT ["/catatonit", "-P"]', root, PAUSE)
