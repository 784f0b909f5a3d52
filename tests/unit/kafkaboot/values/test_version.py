"""Which Kafka it is: by what is stated, by what is installed."""

import pytest

from kafkaboot.values.version import Version, find_version


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3.9.1", (3, 9, 1)),
        ("0.8.2.1", (0, 8, 2, 1)),
        ("0.10.2.2", (0, 10, 2, 2)),
        ("4.1", (4, 1)),
        ("10.0.0", (10, 0, 0)),
    ],
)
def test_a_version_is_its_numbers(text: str, numbers: tuple[int, ...]) -> None:
    """Two to four of them, and it prints as it was typed."""
    assert Version.parse(text).numbers == numbers
    assert str(Version.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not a version of Kafka"),
        ("3", "is not a version of Kafka"),
        ("3.9.1-ccs", "is not a version of Kafka"),
        ("7.-ccs", "is not a version of Kafka"),
        ("3.9.1.2.3", "is not a version of Kafka"),
        ("v3.9.1", "is not a version of Kafka"),
        ("3.9.", "is not a version of Kafka"),
        ("3.٩.1", "is not a version of Kafka"),
        ("3.9.1\n", "is not a version of Kafka"),
        ("3.99999.1", "is not a version of Kafka"),
        ("0.8.1.1", "is older than 0.8.2"),
        ("0.7", "is older than 0.8.2"),
    ],
)
def test_anything_else_is_no_version(text: str, reason: str) -> None:
    """A vendor's own count, or a Kafka that nobody runs, is refused with the reason."""
    with pytest.raises(ValueError, match=reason):
        Version.parse(text)


@pytest.mark.parametrize(
    ("text", "numbers", "platform"),
    [
        ("7.5.0", (3, 5), "7.5.0"),
        ("7.9", (3, 9), "7.9"),
        ("8.1.2", (4, 1), "8.1.2"),
        ("6.2.10", (2, 8), "6.2.10"),
        ("5.5.1-ce", (2, 5), "5.5.1"),
        ("7.6.0-ccs", (3, 6), "7.6.0"),
        ("5.5.1", (2, 5), "5.5.1"),
        ("2.0.0-cp1", (2, 0, 0), ""),
        ("9.0.0", (9, 0, 0), ""),
    ],
)
def test_a_version_of_confluent_platform_is_its_kafkas_line(text: str, numbers: tuple[int, ...], platform: str) -> None:
    """By its suffix, or by a first number that no Kafka has."""
    version = Version.parse(text)

    assert (version.numbers, version.platform) == (numbers, platform)


def test_versions_compare_by_number() -> None:
    """0.10 is newer than 0.9, and a release line begins before its first release."""
    texts = ["0.8.2.1", "0.9", "0.9.0.1", "0.10.2", "0.10.2.1", "1.1.1", "2.8.2", "3.9", "3.9.1", "3.10.0"]

    assert sorted(texts, key=Version.parse) == texts


@pytest.mark.parametrize(
    ("jars", "version"),
    [
        (["kafka_2.13-3.9.1.jar"], "3.9.1"),
        (["kafka_2.10-0.8.2.1.jar"], "0.8.2.1"),
        (["kafka_2.8.0-0.8.2.2.jar"], "0.8.2.2"),
        (["kafka-clients-3.9.0.jar", "kafka_2.13-3.9.1.jar", "scala-library-2.13.jar"], "3.9.1"),
        (["kafka_2.13-3.9.1.jar", "kafka_2.13-3.9.1.jar.asc"], "3.9.1"),
        (["kafka_2.13-7.6.0-ccs.jar"], "3.6"),
        (["kafka_2.11-2.0.0-cp1.jar"], "2.0.0"),
        (
            [f"kafka_2.10-0.8.2.1{kind}.jar" for kind in ("", "-sources", "-javadoc", "-scaladoc", "-test")],
            "0.8.2.1",
        ),
    ],
)
def test_the_brokers_jar_states_the_version(jars: list[str], version: str) -> None:
    """Scala's version is no part of it, and neither are the jars that lie beside it."""
    assert str(find_version(jars)) == version


@pytest.mark.parametrize(
    ("jars", "reason"),
    [
        ([], "holds no kafka_<scala>-<version>.jar"),
        (["kafka-clients-3.9.1.jar"], "holds no kafka_<scala>-<version>.jar"),
        (["kafka_2.13-3.9.0.redhat-1.jar"], "holds Kafka 3.9.0.redhat-1, which does not say"),
        (["kafka_2.13-9.0.0-ccs.jar"], "holds Kafka 9.0.0-ccs, which does not say"),
        (["kafka_2.13-3.9.1-rc0.jar"], "holds Kafka 3.9.1-rc0, which does not say"),
        (["kafka_2.13-3.9.1.jar", "kafka_2.13-3.9.2.jar"], "holds several versions of Kafka: 3.9.1, 3.9.2"),
    ],
)
def test_a_guess_is_never_made(jars: list[str], reason: str) -> None:
    """A vendor's jar counts another way, and two jars are one too many."""
    with pytest.raises(ValueError, match=reason):
        find_version(jars)
