"""What is in the images, and what keeps one from being built."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.image.archives import archive_of, served
from tests.image.base import ensure_base
from tests.image.engine import Engine, own_name
from tests.image.images import ROOT, Build, build_arguments, dockerfile, image_of
from tests.pages import block
from tests.server.distributions import Distribution, Product, find

NEWEST = {product: find(product, "3.9") for product in Product}


@pytest.fixture(scope="module", params=NEWEST.values(), ids=str)
def distribution(request: pytest.FixtureRequest) -> Distribution:
    """The newest version of each server."""
    wanted: Distribution = request.param
    return wanted


@pytest.fixture(scope="module")
def image(engine: Engine, distribution: Distribution) -> str:
    """Its image."""
    return image_of(engine, distribution)


def run(engine: Engine, image: str, *command: str, options: tuple[str, ...] = ()) -> str:
    """Return what *command* prints in a container of its own, in the place of the server."""
    return engine.ask(
        "run",
        "--rm",
        f"--name={own_name('run')}",
        "--network=none",
        *options,
        f"--entrypoint={command[0]}",
        image,
        *command[1:],
    )


class TestContents:
    """The image as it is."""

    def test_it_says_what_it_is(self, engine: Engine, image: str, distribution: Distribution) -> None:
        """Labels, user, health check, and the server as process 1."""
        found = engine.inspect("image", image)
        config = found["Config"]
        commands = {Product.ZOOKEEPER: ("zkboot", "zkOk"), Product.KAFKA: ("kafkaboot", "kafkaOk")}
        tool, probe = commands[distribution.product]

        assert config["Entrypoint"] == [tool, "run"]
        assert config["User"] == "1000:1000"
        # podman shows it beside the configuration, docker within.
        assert (found.get("Healthcheck") or config["Healthcheck"])["Test"] == ["CMD", probe]
        assert config["Labels"]["org.opencontainers.image.version"] == distribution.version
        for name in ("title", "description", "licenses", "base.name"):
            assert config["Labels"][f"org.opencontainers.image.{name}"]

    def test_nothing_gives_a_process_anothers_rights(self, engine: Engine, image: str) -> None:
        """No setuid, no setgid."""
        words = ("find", "/", "-xdev", "!", "-type", "l", "-perm", "/6000")
        assert run(engine, image, *words, options=("--user=0",)) == ""

    def test_the_user_can_write_only_where_it_must(
        self, engine: Engine, image: str, distribution: Distribution
    ) -> None:
        """Data, configuration and logs, the group's folders alike; and what is for everybody."""
        line = "find / -xdev -type d -writable 2>/dev/null || true"
        writable = set(run(engine, image, "sh", "-c", line).splitlines())
        name = distribution.product
        places = {
            Product.ZOOKEEPER: ("/opt/zookeeper/conf", "/var/lib/zookeeper", "/var/log/zookeeper"),
            Product.KAFKA: ("/opt/kafka/config", "/var/lib/kafka", "/var/log/kafka"),
        }[name]
        everybodys = {"/dev/shm", "/run/lock", "/tmp", "/var/lock", "/var/tmp"}

        assert set(places) <= writable
        assert [
            path for path in writable - everybodys if not f"{path}/".startswith(tuple(f"{p}/" for p in places))
        ] == []

    def test_probes_start_as_bare_as_an_interpreter_can(self, engine: Engine, image: str) -> None:
        """No site, no environment; each stub names its command, under every name."""
        names = run(engine, image, "ls", "/usr/local/bin").split()
        assert names
        for name in names:
            first, *_ = run(engine, image, "cat", f"/usr/local/bin/{name}").splitlines()
            assert first == "#!/usr/bin/python3 -IS"

    def test_what_waits_hears_sigterm_before_it_imports(
        self, engine: Engine, image: str, distribution: Distribution
    ) -> None:
        """As process 1 it would be deaf while it imports; only what the interpreter itself loads comes first."""
        name = {Product.ZOOKEEPER: "zkboot", Product.KAFKA: "kafkaboot"}[distribution.product]
        script = (
            "import sys\n"
            "bare = set(sys.modules)\n"
            "import _signal\n"
            "def note(number, handler):\n"
            "    print(number, *(name for name in sys.modules if name not in bare | set(sys.builtin_module_names)))\n"
            "    sys.exit()\n"
            "_signal.signal = note\n"
            f"exec(open('/usr/local/bin/{name}').read())\n"
        )
        assert run(engine, image, "/usr/bin/python3", "-IS", "-c", script).split() == ["15"]

    def test_every_module_is_compiled_for_good(self, engine: Engine, image: str) -> None:
        """Bytecode that no file's time can make stale, so a read-only root compiles nothing at each probe."""
        script = (
            "import pathlib, sys, importlib.util as u\n"
            "for source in pathlib.Path('/opt/zk-kafka-boot').rglob('*.py'):\n"
            "    compiled = pathlib.Path(u.cache_from_source(str(source))).read_bytes()\n"
            "    assert compiled[:4] == u.MAGIC_NUMBER and compiled[4:8] == bytes([1, 0, 0, 0]), source\n"
            "print(source)\n"
        )
        assert run(engine, image, "/usr/bin/python3", "-IS", "-c", script).startswith("/opt/zk-kafka-boot")

    def test_commands_name_their_variables(self, engine: Engine, image: str) -> None:
        """--help works for each: whatever it imports is there."""
        for name in run(engine, image, "ls", "/usr/local/bin").split():
            assert "usage: " in run(engine, image, name, "--help")


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """An archive where the Dockerfile will fetch it, and a context that may hold keys."""

    folder: Path
    context: Path
    address: str
    digest: str
    engine: Engine
    distribution: Distribution

    @property
    def archive(self) -> Path:
        """The archive, to be damaged."""
        return self.folder / "server.tar.gz"

    @property
    def keys(self) -> Path:
        """Where the keyring would be."""
        return self.context / "docker" / self.distribution.product / "KEYS"

    def build(self) -> str:
        """Build the stage that fetches the archive; return the empty string, or what the build said when it failed."""
        arguments = build_arguments(self.distribution, f"{self.address}/server.tar.gz", self.digest)
        path = self.context / dockerfile(self.distribution.product).relative_to(ROOT)
        tag = f"localhost/{own_name('download')}"
        build = Build(dockerfile=path, tag=tag, arguments=arguments, context=self.context, target="distribution")
        done = build.run(self.engine)
        self.engine.call("rmi", "--force", tag)
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def sign(self, home: Path) -> None:
        """Sign the archive with a new key."""
        gpg = ["gpg", "--batch", "--homedir", str(home)]
        home.mkdir(mode=0o700)
        subprocess.run(
            [*gpg, "--passphrase", "", "--quick-gen-key", "release", "ed25519"], check=True, capture_output=True
        )
        signature = f"{self.archive}.asc"
        subprocess.run(
            [*gpg, "--armor", "--output", signature, "--detach-sign", self.archive], check=True, capture_output=True
        )
        exported = subprocess.run([*gpg, "--armor", "--export", "release"], check=True, capture_output=True)
        self.keys.write_bytes(exported.stdout)
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False, capture_output=True)


@pytest.fixture
def download(engine: Engine, distribution: Distribution, tmp_path: Path) -> Iterator[Download]:
    """The archive in a folder of this test's own."""
    ensure_base(engine)
    archive = archive_of(distribution)
    folder, context = tmp_path / "mirror", tmp_path / "context"
    folder.mkdir()
    shutil.copy(archive.path, folder / "server.tar.gz")
    shutil.copytree(ROOT / "docker", context / "docker")
    with served(folder) as address:
        yield Download(
            folder=folder,
            context=context,
            address=address,
            digest=archive.digest,
            engine=engine,
            distribution=distribution,
        )


def flip_one_bit(path: Path) -> None:
    """Change the file as a bad disk would."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


class TestDownload:
    """What is fetched is what was pinned."""

    def test_a_wrong_byte_fails_the_build(self, download: Download) -> None:
        """One bit is enough."""
        flip_one_bit(download.archive)

        assert "checksum did NOT match" in download.build()

    def test_a_signature_is_checked_where_keys_are_given(self, download: Download, tmp_path: Path) -> None:
        """The right one passes; another key's, and a missing one, do not."""
        download.sign(tmp_path / "one")
        assert download.build() == ""

        mine = download.keys.read_bytes()
        Path(f"{download.archive}.asc").unlink()
        assert "404" in download.build()

        download.sign(tmp_path / "another")
        download.keys.write_bytes(mine)
        assert re.search("No public key|BAD signature|Can't check signature", download.build())


def test_the_page_makes_the_images(engine: Engine) -> None:
    """Those that the manifests name; where Apache cannot be reached a trial's, which no status calls a success."""
    line = ["bash", "-euc", block("images").commands]
    # A make above this one would have it say which folder it enters.
    environ = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    done = subprocess.run(line, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    names = done.stdout.splitlines()

    assert len(names) == 3, done.stderr
    assert all(engine.has_image(name) for name in names)
    if any(name.endswith("-trial") for name in names):
        assert "Error 75" in done.stderr
        assert f"ZOOKEEPER_IMAGE={names[0]}" in done.stderr
    else:
        assert done.returncode == 0
