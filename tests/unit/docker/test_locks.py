"""What the images install from Python's package index is what the project asks for; that it is pinned, pip asks for."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.unit.docker.manifests import DOCKER

PROJECT = tomllib.loads((DOCKER.parent / "pyproject.toml").read_text(encoding="utf-8"))
PATHS = (DOCKER / "requirements.txt", DOCKER / "requirements-build.txt")


def pins(path: Path) -> dict[str, str]:
    """Return name → version of each line of a lock file, which holds nothing but requirements."""
    lines = [line.removesuffix(" \\") for line in path.read_text(encoding="utf-8").splitlines() if line[:1] not in "# "]
    return dict(line.split("==") for line in lines)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [(PATHS[0], PROJECT["project"]["dependencies"]), (PATHS[1], PROJECT["build-system"]["requires"])],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_a_lock_has_what_the_project_asks_for(path: Path, wanted: list[str]) -> None:
    """Each dependency of pyproject.toml, in a version that it allows."""
    locked = pins(path)
    for requirement in map(Requirement, wanted):
        assert locked[requirement.name] in requirement.specifier


@pytest.mark.parametrize("product", ["zookeeper", "kafka"])
def test_pip_refuses_what_is_not_pinned_and_hashed(product: str) -> None:
    """Whatever an index or a proxy says, the same files are installed: each `pip install` of an image asks for it."""
    text = (DOCKER / product / "Dockerfile").read_text(encoding="utf-8")

    assert text.count("--require-hashes") == text.count("-r requirements") == 2


def test_the_tests_build_the_wheel_as_the_images_do() -> None:
    """With one build backend."""
    (pin,) = [each for each in PROJECT["dependency-groups"]["test"] if each.startswith("hatchling")]

    assert pin == f"hatchling=={pins(PATHS[1])['hatchling']}"
