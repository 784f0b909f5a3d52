"""`python -m tests.bench`: every figure of the README in one run, beside what it is compared with."""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from tests.bench.cost import Contender, race, report
from tests.server.distributions import Product, find
from tests.server.versions import fetched
from tests.server.zookeeper import make_pods, running

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Measure and print; the exit status says only whether the measuring itself worked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the README's figures.")
    parser.add_argument("--rounds", type=int, default=100, help="runs of each command [100]")
    parser.add_argument("--probes", type=int, default=2000, help="probes in the count of false negatives [2000]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="zkb-bench-") as scratch:
        folder = Path(scratch)
        scripts = _clean_install(folder / "venv")
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
        pods = make_pods(folder, 1, {"ZK_PURGE_INTERVAL": "1"})
        with running(pods, fetched(find(Product.ZOOKEEPER, "3.9"))) as ensemble:
            ensemble.wait_until_ready()
            environ = {**pods[0].environ, "PATH": f"{scripts}:{os.environ['PATH']}", "POD_NAME": "zk-0"}
            _probe_cost(environ, options.rounds)
            _false_negatives(environ, options.probes)
        _generators(folder, scripts, options.rounds)
    return 0


def _clean_install(place: Path) -> Path:
    """Return the commands of a new environment that a new pip put this distribution into, and nothing else."""
    venv.create(place, with_pip=True)
    scripts = place / "bin"
    for arguments in (["--upgrade", "pip"], [str(ROOT)]):
        subprocess.run([scripts / "python", "-m", "pip", "install", "--quiet", *arguments], check=True)
    subprocess.run([scripts / "python", "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools"], check=True)
    return scripts


def _original(word: str) -> list[str]:
    """Return the seed's shell line for *word*, as its scripts run it."""
    return ["sh", "-c", f'test "$(echo {word} | nc $ZK_PROBE_HOST $ZK_CLIENT_PORT)" = imok']


def _probe_cost(environ: dict[str, str], rounds: int) -> None:
    contenders = [
        Contender(name="`python -c pass`, same venv", command=["python", "-c", "pass"], environ=environ),
        Contender(name="`zkOk`", command=["zkOk"], environ=environ),
        Contender(name="`zkReady`", command=["zkReady"], environ=environ),
        Contender(name="`zkMetrics`", command=["zkMetrics"], environ=environ),
    ]
    if shutil.which("nc"):
        contenders.append(Contender(name="`echo ruok \\| nc`", command=_original("ruok"), environ=environ))
    race(contenders, rounds)
    print(f"Probes, {rounds} runs each in turn, ZooKeeper 3.9 (target: zkOk at most 1.4 x):\n")
    print(report(contenders), end="\n\n")


def _false_negatives(environ: dict[str, str], probes: int) -> None:
    contenders = [Contender(name="`zkOk`", command=["zkOk"], environ=environ)]
    if shutil.which("nc"):
        contenders.append(Contender(name="`echo ruok \\| nc`", command=_original("ruok"), environ=environ))
    else:
        print("nc is missing: apt-get install netcat-openbsd, to see the original's count beside ours", file=sys.stderr)
    race(contenders, probes, warm_up=0)
    counts = ", ".join(f"{one.name} {one.failures}" for one in contenders)
    print(f"False negatives on a healthy server, {probes} probes each: {counts}\n")


def _generators(folder: Path, scripts: Path, rounds: int) -> None:
    home = folder / "kafka"
    (home / "config").mkdir(parents=True)
    base = home / "config" / "server.properties"
    base.write_text("broker.id=0\nlog.dirs=/tmp/kafka-logs\nzookeeper.connect=localhost:2181\n")
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
        "KF_HOME": str(home),
        "KF_VERSION": "3.9.1",
    }
    contenders = [
        Contender(name="`python -c pass`, same venv", command=["python", "-c", "pass"], environ=zookeeper),
        Contender(name="`zkGenConfig`", command=["zkGenConfig"], environ=zookeeper),
        Contender(name="`kafkaGenConfig`", command=["kafkaGenConfig"], environ=kafka),
    ]
    race(contenders, rounds)
    print(f"Generators, {rounds} runs each in turn (target: at most 150 ms wall):\n")
    print(report(contenders))


if __name__ == "__main__":
    sys.exit(main())
