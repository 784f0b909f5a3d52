"""The figures of ZooKeeper's probes, against a real server."""

import os
import shutil
import sys
from pathlib import Path

from tests.bench.cost import Contender, bare_python, race, report
from tests.certificates import Authority
from tests.server.distributions import Product, find
from tests.server.versions import fetched
from tests.server.zookeeper import make_pods, running
from tests.server.zookeeper_tls import NAMES, make_tls_pods


def measure(folder: Path, scripts: Path, rounds: int, probes: int) -> None:
    """Print what the probes cost, and how often they are wrong, beside the shell line that they replace."""
    pods = make_pods(folder, 1, {"ZK_PURGE_INTERVAL": "1"})
    with running(pods, fetched(find(Product.ZOOKEEPER, "3.9"))) as ensemble:
        ensemble.wait_until_ready()
        environ = {**pods[0].environ, "PATH": f"{scripts}:{os.environ['PATH']}", "POD_NAME": "zk-0"}
        _cost(environ, rounds)
        _false_negatives(environ, probes)
    _cost_of_tls(folder / "tls", scripts, rounds)


def _original(word: str) -> list[str]:
    """Return the seed's shell line for *word*, as its scripts run it."""
    return ["sh", "-c", f'test "$(echo {word} | nc $ZK_PROBE_HOST $ZK_CLIENT_PORT)" = imok']


def _cost(environ: dict[str, str], rounds: int) -> None:
    contenders = [
        bare_python(environ),
        Contender(name="`zkOk`", command=["zkOk"], environ=environ),
        Contender(name="`zkReady`", command=["zkReady"], environ=environ),
        Contender(name="`zkMetrics`", command=["zkMetrics"], environ=environ),
    ]
    if shutil.which("nc"):
        contenders.append(Contender(name="`echo ruok \\| nc`", command=_original("ruok"), environ=environ))
    race(contenders, rounds)
    print(f"Probes, {rounds} runs each in turn, ZooKeeper 3.9 (target: zkOk at most 1.4 x):\n")
    print(report(contenders), end="\n\n")


def _cost_of_tls(folder: Path, scripts: Path, rounds: int) -> None:
    authority = Authority()
    secret = authority.issue(*NAMES, kind="rsa").write(folder / "secret", authority.ca_crt)
    pods = make_tls_pods(folder, [secret], replicas=1)
    with running(pods, fetched(find(Product.ZOOKEEPER, "3.9"))) as ensemble:
        ensemble.wait_until_ready()
        environ = {**pods[0].environ, "PATH": f"{scripts}:{os.environ['PATH']}", "POD_NAME": "zk-0"}
        secure = {**environ, "ZK_PROBE_PORT": environ["ZK_TLS_PORT"]}
        contenders = [
            bare_python(environ),
            Contender(name="`zkOk` over TLS", command=["zkOk"], environ=secure),
            Contender(name="`zkReady` over TLS", command=["zkReady"], environ=environ),
        ]
        race(contenders, rounds)
    print(f"Probes over TLS, {rounds} runs each in turn, ZooKeeper 3.9, an RSA key (target: at most 2.0 x):\n")
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
