"""No part of a manifest is there unchecked: each is left out, and each value changed, and one of the checks notices."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.image.fields import UnsupportedError
from tests.unit.docker.crosschecks import checks_of
from tests.unit.docker.leaves import named, others, places, replaced, without
from tests.unit.docker.manifests import PATHS, Documents, load, pod_spec
from tests.unit.docker.restricted import CONTROLS
from tests.unit.docker.schemas import ERRORS, validate_all
from zkboot.pod.errors import BootError

OF_NO_CONSEQUENCE: Mapping[str, str] = {
    r"Service \S+\.spec\.ports\[\w+\]\.targetPort left out": "it is the port itself then, which is the container's",
    r"NetworkPolicy \S+\.spec\.ingress\[\d\]\.ports\[\d\]\.protocol left out": "it is TCP then",
    r"PodDisruptionBudget \S+\.metadata\.name=.*": "nothing refers to it",
    r"NetworkPolicy \S+\.metadata\.name=.*": "nothing refers to it",
    r".*\.containers\[\w+\]\.name=.*": "nothing refers to it",
    r".*\.env\[ZK_(CLIENT|SERVER|ELECTION)_PORT\](\.value)? left out": "our default is the same port, by contract",
    r".*\.env\[KF_CONFIG_FILE\]\.value=.*": "any file of that directory will do: kafkaboot passes its name on",
}
"""What nobody needs to notice, by a pattern, with the reason."""

STUMBLES = (KeyError, ValueError, TypeError, AssertionError, BootError, UnsupportedError)
"""What a check, and so its test, fails with where a manifest is not even of the right shape."""


def _mutants(documents: Documents) -> Iterator[tuple[str, Documents]]:
    for place, part in places(documents):
        if len(place) > 1:
            words = named(documents, place)
            yield f"{words} left out", without(documents, place)
            for other in others(part):
                yield f"{words}={other!r}", replaced(documents, place, other)


def _is_noticed(path: Path, documents: Documents) -> bool:
    try:
        if any(any(check(documents)) for check in checks_of(path)):
            return True
        if any(any(control(pod_spec(documents))) for control in CONTROLS):
            return True
        validate_all(documents)
    except (*STUMBLES, *ERRORS):
        return True
    return False


def _is_meant(words: str) -> bool:
    return any(re.fullmatch(pattern, words) for pattern in OF_NO_CONSEQUENCE)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_every_part_is_checked(path: Path) -> None:
    """Or stands on the list, with the reason; what is noticed does not."""
    documents = load(path)
    mutants = dict(_mutants(documents))
    unnoticed = [words for words, mutant in mutants.items() if not _is_noticed(path, mutant)]

    assert documents == load(path)
    assert unnoticed == [words for words in mutants if _is_meant(words)]


def test_the_list_has_nothing_that_is_gone() -> None:
    """Whoever takes a part out of the manifests takes it off."""
    words = [words for path in PATHS for words, _ in _mutants(load(path))]

    assert [one for one in OF_NO_CONSEQUENCE if not any(re.fullmatch(one, found) for found in words)] == []
