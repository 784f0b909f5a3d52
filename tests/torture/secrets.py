"""A secret in every place where one can stand, and where it is afterwards: in files of mode 0600, and nowhere else.

Each start is a console script in a process of its own with a secret of its own, under umask 000, 022 or 077: the
generator, its dry run, or `run` with a stand-in for the server and for Kafka's storage tool that writes down what all
the machine may see of it: its command line, its parent's, its environment. Then the secret is looked for on stdout and
stderr, in what was written down, and in every file; and, in the process itself, before each of its steps, in files that
others could open just then (`watcher`).

The same with starts that end badly: an exception that nobody expects at each step, a full disk, Ctrl-C at any moment.
And every variable's file may be the wrong one, a secret's, whatever its text: only names that are right, and so in the
DNS, are ever repeated.
"""

import os
import random
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count as numbers
from itertools import product
from pathlib import Path

from tests.commands import ROOT, namespaces
from tests.torture.campaign import Campaign
from tests.torture.generators import SCRIPTS
from tests.torture.places import CANARY, MISLED, OK, PLACES, RIGHT_NAMES, SECRETS, Place
from zkboot.pod.rendered import PRIVATE

UMASKS = (0o000, 0o022, 0o077)
GENERATE, DRY_RUN, RUN = ("gen-config",), ("gen-config", "--dry-run"), ("run",)

NAMES = frozenset(
    {
        "POD_NAME",
        "HOSTNAME",
        "POD_NAMESPACE",
        "ZK_DOMAIN",
        "ZK_SERVERS",
        "KF_DOMAIN",
        "KF_ZK_STATEFULSET",
        "KF_ZK_SERVICE",
        "KF_ZK_NAMESPACE",
        "KF_CONTROLLER_STATEFULSET",
        "KF_CONTROLLER_SERVICE",
    }
)
"""What is repeated where it is right, though it comes from a file: names of pods, services and hosts."""

_PATHS = frozenset(
    {
        "KAFKA_LOG_DIRS",
        "ZK_DATA_DIR",
        "ZK_DATA_LOG_DIR",
        "ZK_LOG_DIR",
        "ZK_TLS_DIR",
        "ZK_SASL_DIR",
        "KF_TLS_DIR",
        "KF_SASL_DIR",
        "KF_HOME",
    }
)
"""Any path is right to these: what is written there, and the errors of the file system, name it."""

_LIMIT = 300
_CLUSTER_ID = "Ut7tJ-wMRxCHyEbPpYTYKA"
_HERE = Path(__file__).parent
_BASE = ROOT / "tests" / "data" / "kafka" / "base" / "server-4.properties"
_CRASH = "a crash that nobody expects"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start of one tool with one secret, in a folder of its own."""

    place: Place
    canary: str
    folder: Path

    @property
    def out(self) -> Path:
        """Where the tool writes everything."""
        return self.folder / "out"

    @property
    def record(self) -> Path:
        """What the stand-in for the server wrote down."""
        return self.folder / "record"

    @property
    def report(self) -> Path:
        """What the watcher found."""
        return self.folder / "report"

    def prepare(self, more: Mapping[str, str]) -> dict[str, str]:
        """Make the folders and the files that are given, and return the environment."""
        given = self.folder / "given"
        for folder in (given, self.out):
            folder.mkdir(parents=True)
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(_HERE / "watcher"),
            "ZKB_WATCH_CANARY": self.canary,
            "ZKB_WATCH_FOLDER": str(self.out),
            "ZKB_WATCH_REPORT": str(self.report),
            "ZKB_RECORD": str(self.record),
            "ZKB_DATA": str(self.out / "data"),
            "ZKB_CLUSTER": _CLUSTER_ID,
            **(self._of_zookeeper() if self.place.tool == "zkboot" else self._of_kafka(given)),
            **more,
        }
        environ |= {name: self._filled(value) for name, value in self.place.environ.items()}
        if self.place.file:
            path = given / "secret"
            path.write_text(self._filled(self.place.content), newline="")
            path.chmod(0o444)
            environ[self.place.file] = str(path)
        if self.place.folder:
            folder = given / "logins"
            folder.mkdir()
            (folder / "user").write_bytes(os.fsencode(self._filled(self.place.content)))
            environ[self.place.folder] = str(folder)
        return environ

    def begin(
        self, command: Sequence[str], environ: Mapping[str, str], umask: int, within: Sequence[str] = ()
    ) -> subprocess.Popen[bytes]:
        """Start the tool."""
        server = ["--", str(_HERE / "recorder.sh"), "start"] if command == RUN else []
        return subprocess.Popen(
            [*within, str(SCRIPTS / self.place.tool), *command, *server],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            umask=umask,
        )

    def leaks(self, told: bytes) -> Iterator[str]:
        """Yield where the secret is and should not be, *told* being all that the process said."""
        secret = self.canary.encode()
        if secret in told:
            yield f"it says {told.decode(errors='replace')}"
        if self.report.exists():
            yield self.report.read_text()
        for path in self.out.rglob("*"):
            if path.is_file() and secret in path.read_bytes() and path.stat().st_mode & 0o7777 != PRIVATE:
                yield f"{path.name} has mode {path.stat().st_mode & 0o7777:o}"
        if self.record.exists():
            for line in self.record.read_bytes().splitlines():
                if secret in line and not (self.place.is_handed_on and line.startswith(b"environ: ")):
                    yield f"everybody sees {line.decode(errors='replace')}"

    def holders(self) -> list[str]:
        """Return the files that hold the secret."""
        secret = self.canary.encode()
        return [path.name for path in self.out.rglob("*") if path.is_file() and secret in path.read_bytes()]

    def _filled(self, text: str) -> str:
        return text.replace(CANARY, self.canary)

    def _of_zookeeper(self) -> dict[str, str]:
        folders = {f"ZK_{kind}_DIR": f"{self.out}/{kind.lower()}" for kind in ("DATA", "DATA_LOG", "LOG", "CONF")}
        return {"POD_NAME": "zk-0", "ZK_DOMAIN": "zk-svc.default.svc", "ZK_DNS_WAIT": "0", **folders}

    def _of_kafka(self, given: Path) -> dict[str, str]:
        base = given / "server.properties"
        base.write_text(_BASE.read_text() + self._filled(self.place.base))
        base.chmod(0o644)
        return {
            "POD_NAME": "kafka-1",
            "KF_DOMAIN": "kafka-svc.default.svc",
            "KF_REPLICAS": "3",
            "KF_VERSION": "4.4.0",
            "KF_HOME": str(given),
            "KF_BASE_FILE": str(base),
            "KF_CONFIG_FILE": f"{self.out}/server.properties",
            "KF_CLUSTER_ID": _CLUSTER_ID,
            "KF_STORAGE_COMMAND": shlex.join([str(_HERE / "recorder.sh")]),
            "KF_DNS_WAIT": "0",
            "KAFKA_LOG_DIRS": f"{self.out}/data",
        }


def is_right(name: str, text: str) -> bool:
    """Return whether *text* may be meant as the value of variable *name*, and so be repeated."""
    # A pod's ordinal has no leading zero; any other name may end so.
    is_label = name in NAMES - {"POD_NAME", "HOSTNAME"} and text == f"{CANARY}-01"
    return is_label or (name in NAMES and text in RIGHT_NAMES) or (name in _PATHS and text.startswith("/"))


class Campaigner:
    """Makes the starts of one campaign, each with the chance that its number gives it."""

    def __init__(self, chance: random.Random, scratch: Path) -> None:
        self._chance = chance
        self._scratch = scratch
        self._numbers = numbers()

    def start(self, place: Place) -> Start:
        """Return a start that has a folder and a secret of its own."""
        number = next(self._numbers)
        return Start(
            place=place, canary=f"Canary{self._chance.randrange(16**12):012x}", folder=self._scratch / str(number)
        )


def places(count: int, chance: random.Random, scratch: Path) -> str:
    """Start *count* times with a secret in each place; AssertionError with every leak."""
    campaigner = Campaigner(chance, scratch)
    ways = list(product((GENERATE, DRY_RUN, RUN), UMASKS))
    wanted = [
        (campaigner.start(place), command, umask)
        for place in PLACES
        for command, umask in chance.sample(ways, min(count, len(ways)))
    ]
    misled = [
        (campaigner.start(Place(name=f"{name}_FILE: {text}", tool=tool, file=f"{name}_FILE", content=text)), name)
        for tool, name in MISLED
        for text in chance.sample(SECRETS, min(count, len(SECRETS)))
        if not is_right(name, text)
    ]
    with ThreadPoolExecutor() as pool:
        faults = [fault for found in pool.map(lambda one: list(_stands(*one)), wanted) for fault in found]
        faults += [fault for found in pool.map(lambda one: list(_is_misled(*one)), misled) for fault in found]
    _raise(faults)
    return (
        f"secrets: {len(PLACES)} places x {min(count, len(ways))} starts and {len(misled)} variables whose file is the"
        f" wrong one, 0 leaks; in files of mode 0600 only, whatever the umask, at every step"
    )


def crashes(count: int, chance: random.Random, scratch: Path) -> str:
    """Let starts with a secret end badly, *count* of each kind and tool; AssertionError with every leak."""
    campaigner = Campaigner(chance, scratch)
    names = ("key store password", "keystore password, from a file", "the base file")
    victims = [place for place in PLACES if place.name in names]
    faults: list[str] = []
    steps = interrupts = disks = 0
    for place in victims:
        total = _steps(campaigner.start(place))
        for step in sorted(chance.sample(range(total), min(count, total))):
            faults += _crashes(campaigner.start(place), step)
            steps += 1
        for _ in range(count):
            faults += _is_interrupted(campaigner.start(place), chance)
            interrupts += 1
        faults += _fills_the_disk(campaigner.start(place))
        disks += 1
    _raise(faults)
    return (
        f"secrets: {steps} crashes, each at a step of its own, {interrupts} interrupts, {disks} full disks, 0 leaks,"
        " tracebacks included"
    )


def _stands(start: Start, command: tuple[str, ...], umask: int) -> Iterator[str]:
    """Yield what is wrong after one start of *command* that ends as it should."""
    process = start.begin(command, start.prepare({}), umask)
    stdout, stderr = process.communicate(timeout=_LIMIT)
    where = f"{start.place.tool} {' '.join(command)}, umask {umask:03o}, {start.place.name}"
    if process.returncode != start.place.status:
        yield f"{where}: status {process.returncode}, not {start.place.status}: {stderr.decode(errors='replace')}"
    for leak in start.leaks(stdout + stderr):
        yield f"{where}: {leak}"
    is_written = start.place.status == OK and start.place.is_written and command != DRY_RUN
    if is_written != bool(start.holders()):
        yield f"{where}: the secret is in {start.holders()}"
    if command == RUN and start.place.status == OK:
        seen = start.record.read_text(errors="replace") if start.record.exists() else ""
        if "cmdline: " not in seen or (start.canary in seen) != start.place.is_handed_on:
            yield f"{where}: the server's place was seen as {seen!r}"


def _is_misled(start: Start, name: str) -> Iterator[str]:
    """Yield what is wrong where the file of variable *name* is a secret: whatever the status, nothing may be said."""
    process = start.begin(DRY_RUN, start.prepare({name: ""}), 0o022)
    stdout, stderr = process.communicate(timeout=_LIMIT)
    if process.returncode not in (OK, 78):
        yield f"{start.place.name}: status {process.returncode}: {stderr.decode(errors='replace')}"
    for leak in start.leaks(stdout + stderr):
        yield f"{start.place.name}: {leak}"


def _steps(start: Start) -> int:
    """Return how many steps a start has that can fail: it is tried until none does."""
    low, high = 0, 128
    while low < high:
        middle = (low + high) // 2
        one = Start(place=start.place, canary=start.canary, folder=start.folder / str(middle))
        process = one.begin(GENERATE, one.prepare({"ZKB_WATCH_CRASH": str(middle)}), 0)
        process.communicate(timeout=_LIMIT)
        low, high = (middle + 1, high) if process.returncode else (low, middle)
    return low


def _crashes(start: Start, step: int) -> list[str]:
    process = start.begin(GENERATE, start.prepare({"ZKB_WATCH_CRASH": str(step)}), 0)
    stdout, stderr = process.communicate(timeout=_LIMIT)
    faults = list(start.leaks(stdout + stderr))
    if process.returncode != 1 or _CRASH.encode() not in stderr:
        faults.append(f"status {process.returncode}, not a traceback's: {stderr.decode(errors='replace')}")
    return [f"crash at step {step}, {start.place.name}: {fault}" for fault in faults]


def _is_interrupted(start: Start, chance: random.Random) -> list[str]:
    process = start.begin(GENERATE, start.prepare({}), 0)
    time.sleep(chance.uniform(0, 0.15))
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=_LIMIT)
    return [f"interrupt, {start.place.name}: {leak}" for leak in start.leaks(stdout + stderr)]


def _fills_the_disk(start: Start) -> list[str]:
    environ = start.prepare({})
    target = start.out / "conf" if start.place.tool == "zkboot" else start.out
    target.mkdir(exist_ok=True)
    if start.place.tool == "kafkaboot":
        with Path(environ["KF_BASE_FILE"]).open("a") as base:
            base.write("# padding\n" * 1000)
    mount = f'mount -t tmpfs -o size=4k tmpfs {shlex.quote(str(target))} && exec "$@"'
    process = start.begin(GENERATE, environ, 0, within=(*namespaces("mount"), "sh", "-c", mount, "sh"))
    stdout, stderr = process.communicate(timeout=_LIMIT)
    faults = list(start.leaks(stdout + stderr))
    if process.returncode != 74 or b"no space left" not in stderr:
        faults.append(f"status {process.returncode}, not 74: {stderr.decode(errors='replace')}")
    return [f"full disk, {start.place.name}: {fault}" for fault in faults]


def _raise(faults: Sequence[str]) -> None:
    if faults:
        raise AssertionError("\n".join((f"{len(faults)} faults", *faults[:20])))


CAMPAIGNS = (
    Campaign(name="secrets", short=1, long=9, run=places),
    Campaign(name="secrets-crashes", short=2, long=100, run=crashes),
)
