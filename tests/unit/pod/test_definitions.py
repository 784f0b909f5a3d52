"""What versions define of a key: which rows hold in a version, and what a value may be."""

import time

import pytest

from zkboot.pod.definitions import Definition, Definitions, Numbers

TEXT = """\
0.8.2.1\t1.1.1\t2.8.2\t3.9.1\t3.9.2\t4.0.2
gone\tint\t\t\t0.8.2.1\t2.8.2
narrowed\tint\t14..\t\t1.1.1\t3.9.2
\tint\t1024..\t\t4.0.2\t4.0.2
"""

DEFINITIONS = Definitions(TEXT)

LOADING = 0.015
"""Seconds of CPU that the definitions may cost a generator."""


@pytest.mark.parametrize(
    ("name", "version", "checks"),
    [
        ("narrowed", (4, 0, 2), ["1024.."]),
        ("narrowed", (4, 0, 0), ["1024.."]),
        ("narrowed", (3, 9, 0), ["14.."]),
        ("narrowed", (4, 5, 0), ["1024.."]),
        ("narrowed", (1, 0), ["14.."]),
        ("narrowed", (0, 8, 2, 2), []),
        ("gone", (3, 3, 1), [""]),
        ("gone", (3, 9, 1), []),
        ("unknown", (3, 9, 1), []),
    ],
)
def test_a_version_is_like_its_release_line_or_its_neighbours(name: str, version: Numbers, checks: list[str]) -> None:
    """One between two that were read may be like either."""
    assert [row.check for row in DEFINITIONS.at(name, version)] == checks


@pytest.mark.parametrize(
    ("version", "is_between"),
    [((0, 8, 2), False), ((0, 8, 2, 1), True), ((3, 5), True), ((4, 0, 9), True), ((4, 1), False)],
)
def test_a_version_beyond_the_newest_is_told_from_the_others(version: Numbers, is_between: bool) -> None:  # noqa: FBT001
    """What a newer one takes, nobody knows yet."""
    assert DEFINITIONS.is_between(version) is is_between


@pytest.mark.parametrize(
    ("kind", "check", "allowed", "taken", "refused"),
    [
        ("boolean", "", "true or false", ["true", "FALSE", " true "], ["yes", "1", ""]),
        (
            "int",
            "",
            "an integer in -2147483648..2147483647",
            ["2147483647", "+5", "\t-1 "],
            ["2147483648", "5.0", "1_0", "٣", "", "0x1"],
        ),
        ("long", "0..", "an integer in 0..9223372036854775807", ["9223372036854775807"], ["-1", "9223372036854775808"]),
        ("short", "1..7", "an integer in 1..7", ["1", "7"], ["0", "8"]),
        ("int", "-1..-1,1..9", "-1 or an integer in 1..9", ["-1", "1", "9"], ["0", "-2", "10"]),
        ("double", "0..1", "a number in 0..1", ["0", "1e-3", ".5f", "NaN"], ["1.1", "-0.1", "half", ""]),
        ("double", "0..", "a number of at least 0", ["1e9"], ["-1"]),
        ("double", "", "a number", ["-Infinity"], ["0,5"]),
        ("string", "{none,required}", "one of none, required", ["none"], ["NONE", ""]),
        ("string", "{i:ES256,RS256}", "one of ES256, RS256", ["es256"], ["HS256"]),
        ("list", "{compact,delete}", "a list of compact, delete", ["compact , delete", ""], ["compact,remove"]),
        ("string", "+", "a text of at least one letter", ["x"], [" "]),
        ("list", "", "", ["", "a,b"], []),
        ("password", "", "", ["", "x"], []),
    ],
)
def test_a_value_is_taken_as_the_servers_take_it(
    kind: str, check: str, allowed: str, taken: list[str], refused: list[str]
) -> None:
    """Each type, each kind of check, and the words for it."""
    row = Definition("key", kind, check, "", (1,), (1,))

    assert row.allowed == allowed
    assert {value: row.takes(value) for value in taken + refused} == {
        **dict.fromkeys(taken, True),
        **dict.fromkeys(refused, False),
    }


@pytest.mark.parametrize("package", ["zkboot", "kafkaboot.values"])
def test_the_definitions_are_read_in_time(package: str) -> None:
    """They are a generator's only: what a probe loads is held by its own tests."""
    costs = []
    for _ in range(5):
        started = time.process_time()
        found = Definitions.of_package(package)
        costs.append(time.process_time() - started)

        assert len(found.names) > 200
    assert min(costs) < LOADING
