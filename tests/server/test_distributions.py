"""What `pom.xml` pins, the sets, free ports and host files: the harness's parts that start nothing."""

import re
import socket
from pathlib import Path

import pytest

from tests.image.images import releases
from tests.server.cache import CACHE_VARIABLE, MEGABYTES, cache_folder, class_path, fetch, home, is_fetched
from tests.server.distributions import MATRIX, POM, SETS, Product, find, named, pinned
from tests.server.hosts import pod_names, resolving, write_hosts_file
from tests.server.ports import ENSEMBLE_ADDRESSES, LOOPBACK, free_ports


def test_each_profile_holds_the_server_of_its_name() -> None:
    """A version is bumped in two places of one file; both or none."""
    for distribution in pinned():
        server = r"kafka_2\.1\d" if distribution.product is Product.KAFKA else "zookeeper"
        assert re.search(
            rf"artifactId>{server}</\S+\s*<\S*version>{re.escape(distribution.version)}</", distribution.recipe
        )


def test_the_promised_versions_are_in_the_matrix() -> None:
    """Issue 2's list, by release line."""
    lines = {
        (str(entry.product), ".".join(map(str, entry.release[: 3 if entry.release[0] == 0 else 2]))) for entry in MATRIX
    }

    assert {line for product, line in lines if product == "zookeeper"} == {"3.4", "3.5", "3.6", "3.7", "3.8", "3.9"}
    assert {line for product, line in lines if product == "kafka"} == {"0.8.2", "0.10.2", "1.1", "2.8", "3.9"}


def test_what_the_images_pin_is_in_the_matrix() -> None:
    """The very versions, not only others of their lines."""
    for release in (release for product in Product for release in releases(product)):
        assert find(release.product, release.version) in SETS["matrix"]


def test_a_line_is_found_by_whole_numbers() -> None:
    """`3.4.1` is not `3.4.14`, and of a line it is the newest, not the last by its letters."""
    assert find("zookeeper", "3.4.14").version == find("zookeeper", "3.4").version == "3.4.14"
    assert find("kafka", "3.9").name == f"kafka-{find(Product.KAFKA, '3.9').version}"
    for line in ("3.4.1", "9.9", ""):
        with pytest.raises(LookupError):
            find("zookeeper", line)


def test_names_of_the_command_line_are_sets_lines_and_versions() -> None:
    """What `python -m tests.server fetch` takes."""
    assert named("demo") == SETS["demo"]
    assert named("kafka-3.9") == named(named("kafka-3.9")[0].name)
    with pytest.raises(LookupError):
        named("redis-7")


def test_the_pom_names_no_place() -> None:
    """No repository, no machine: Maven's own settings say where things come from."""
    assert set(re.findall(r"\w+://[^\s\"<]*", POM.read_text(encoding="utf-8"))) == {"http://maven.apache.org/POM/4.0.0"}


def test_the_cache_moves_by_its_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And what is in another cache is not fetched."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    kafka = find("kafka", "3.9")

    assert cache_folder() == tmp_path
    assert not is_fetched(kafka)
    assert class_path(kafka, tmp_path / "conf") == f"{tmp_path}/conf:{tmp_path}/{kafka}/libs/*"


def test_no_server_is_larger_than_people_are_told() -> None:
    """Of those that are in the cache, the demo's for certain."""
    fetch(SETS["demo"])
    for distribution in filter(is_fetched, pinned()):
        jars = Path(home(distribution), distribution.jar_folder).iterdir()
        assert sum(jar.stat().st_size for jar in jars) <= MEGABYTES[distribution.product] * 1e6, distribution


def test_free_ports_are_free_on_every_address() -> None:
    """Different ones, and never given twice."""
    with socket.create_server((ENSEMBLE_ADDRESSES[2], 0)):
        ports = [*free_ports(20, ENSEMBLE_ADDRESSES), *free_ports(20, ENSEMBLE_ADDRESSES)]

    assert len(set(ports)) == 40
    for port in ports:
        for address in ENSEMBLE_ADDRESSES:
            socket.create_server((address, port)).close()


def test_pod_names_resolve_in_this_process_while_asked_to() -> None:
    """For Python's Kafka client; a JVM reads the hosts file."""
    names = pod_names("zk", "zk-svc", ENSEMBLE_ADDRESSES)

    with resolving(names):
        found = socket.getaddrinfo("zk-2.zk-svc.default.svc.cluster.local", 2181, socket.AF_INET, socket.SOCK_STREAM)
        assert socket.getaddrinfo(LOOPBACK, 1)
    assert found[0][4] == ("127.0.0.3", 2181)
    with pytest.raises(OSError):  # noqa: PT011 - the resolver's own error, whichever it is here
        socket.getaddrinfo("zk-2.zk-svc.default.svc.cluster.local", 2181)


def test_a_hosts_file_keeps_localhost(tmp_path: Path) -> None:
    """Java asks nobody else once it has one."""
    flag = write_hosts_file(tmp_path / "hosts", {"zk-0.zk-svc": "127.0.0.1"})

    assert flag == f"-Djdk.net.hosts.file={tmp_path}/hosts"
    rows = (tmp_path / "hosts").read_text(encoding="ascii").splitlines()
    assert {"127.0.0.1 localhost", "127.0.0.1 zk-0.zk-svc"} <= set(rows)
