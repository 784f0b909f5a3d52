"""What `pom.xml` pins, the sets, and the cache: the harness's parts that start nothing."""

import re
from pathlib import Path

import pytest

from tests.image.images import releases
from tests.server.cache import CACHE_VARIABLE, MEGABYTES, cache_folder, class_path, fetch, home, is_fetched
from tests.server.distributions import MATRIX, POM, SETS, Product, find, named, pinned


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
