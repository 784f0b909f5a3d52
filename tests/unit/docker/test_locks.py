"""What the images install from Python's package index is pinned, hashed, and what the project asks for."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.unit.docker.locks import DOCKER, PATHS, mistakes, requirements

PROJECT = tomllib.loads((DOCKER.parent / "pyproject.toml").read_text(encoding="utf-8"))
DIGEST = "0123456789abcdef" * 4


def numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers, to compare."""
    return tuple(map(int, version.split(".")))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_everything_is_pinned_and_hashed(path: Path) -> None:
    """Whatever an index or a proxy says, the same files are installed."""
    text = path.read_text(encoding="utf-8")

    assert requirements(text)
    assert mistakes(text) == []


@pytest.mark.parametrize(
    ("path", "wanted"),
    [(PATHS[0], PROJECT["project"]["dependencies"]), (PATHS[1], PROJECT["build-system"]["requires"])],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_a_lock_has_what_the_project_asks_for(path: Path, wanted: list[str]) -> None:
    """Each dependency of pyproject.toml, in a version that it allows."""
    pins = {each.name: each.version for each in requirements(path.read_text(encoding="utf-8"))}
    for dependency in wanted:
        match = re.fullmatch(r"([\w-]+)>=([\d.]+)", dependency)
        assert match is not None
        assert numbers(pins[match[1]]) >= numbers(match[2])


def test_the_tests_build_the_wheel_as_the_images_do() -> None:
    """With one build backend."""
    (pin,) = [each for each in PROJECT["dependency-groups"]["test"] if each.startswith("hatchling")]
    (locked,) = [each for each in requirements(PATHS[1].read_text(encoding="utf-8")) if each.name == "hatchling"]

    assert pin == f"hatchling=={locked.version}"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        pytest.param(f"kazoo --hash=sha256:{DIGEST}", "kazoo is not pinned", id="no version"),
        pytest.param(f"kazoo>=2.10 --hash=sha256:{DIGEST}", "kazoo is not pinned", id="a range"),
        pytest.param(f"kazoo==2.11.* --hash=sha256:{DIGEST}", "kazoo is not pinned", id="a family"),
        pytest.param("kazoo==2.11.0", "kazoo has no hash", id="no hash"),
        pytest.param(f"kazoo==2.11.0 --hash=md5:{DIGEST}", f"kazoo: md5:{DIGEST} is no SHA-256", id="a weak hash"),
        pytest.param("kazoo==2.11.0 --hash=sha256:01", "kazoo: sha256:01 is no SHA-256", id="a cut hash"),
        pytest.param("kazoo==2.11.0 \\\n    # via us\n", "kazoo has no hash", id="a comment for a hash"),
    ],
)
def test_a_mistake_is_found(text: str, mistake: str) -> None:
    """Each kind of open end."""
    assert mistakes(text) == [mistake]


def test_a_line_that_is_no_requirement_is_refused() -> None:
    """An index of one's own has no place in a lock file."""
    with pytest.raises(ValueError, match="no requirement: --extra-index-url"):
        requirements("--extra-index-url=https://example.invalid/simple\n")
