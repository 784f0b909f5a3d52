"""Which users a volume's metadata have, by the bytes that Kafka writes."""

from pathlib import Path

import pytest

from kafkaboot.volumes.users import user_advice

MECHANISM = "SCRAM-SHA-512"
APP = b"\xbd\x03\x00\x00\x00\xb0\x03\x01\x0b\x00\x06app.1\x02\x11\xffoO\xeb\xf1bX0\x1a\x1ff\x1e\xa5\xc6%T"
"""The head of a record, as 3.9.2 and 4.4.0 write it."""
BROKER = b"\x01\x0b\x00\rkafka-broker\x02\x11"
NEVER = (
    f"KF_SASL_DIR: {{}} cannot log in by {MECHANISM}: the cluster's metadata in {{}} have no such user, for only the"
    " format of a new cluster takes users from the folder; add each by kafka-configs.sh --alter --add-config"
    f" '{MECHANISM}=[password=…]' --entity-type users --entity-name <user>"
)


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        pytest.param({"0.log": APP + BROKER}, "", id="log"),
        pytest.param({"0.log": BROKER, "7-1.checkpoint": APP}, "", id="snapshot and log"),
        pytest.param({"0.log": bytes(1024 * 1024 - 20) + APP + BROKER}, "", id="across two parts"),
        pytest.param({"0.log": APP}, "kafka-broker", id="one"),
        pytest.param({"0.log": APP.replace(b"app.1\x02", b"app.1\x01") + BROKER}, "app.1", id="other mechanism"),
        pytest.param({"0.log": APP.replace(b"\x0b", b"\x0c") + BROKER}, "app.1", id="removed only"),
        pytest.param({"0.log": APP.replace(b"\x06a", b"\x07aa") + BROKER}, "app.1", id="longer name"),
        pytest.param({"0.log": b"\x01", "0.checkpoint.part": APP + BROKER}, "app.1, kafka-broker", id="unfinished"),
        pytest.param({"0.log": b"", "0-0.checkpoint": b"\x01"}, "", id="nothing known"),
        pytest.param({"0.log": bytes(257 * 1024 * 1024)}, "", id="too long"),
        pytest.param({}, "", id="no log"),
    ],
)
def test_users_that_the_metadata_never_had_are_told(tmp_path: Path, files: dict[str, bytes], missing: str) -> None:
    """With the command that adds them; a node that has no metadata yet says nothing of them."""
    for name, content in files.items():
        path = tmp_path / "__cluster_metadata-0" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    expected = [NEVER.format(missing, tmp_path)] if missing else []

    assert list(user_advice(str(tmp_path), MECHANISM, ["app.1", "kafka-broker"])) == expected


def test_a_name_longer_than_a_byte_counts_is_found(tmp_path: Path) -> None:
    """Its length and 1, 201, is 0x49 and 1 times 0x80."""
    name = "x" * 200
    log = tmp_path / "__cluster_metadata-0"
    log.mkdir()
    (log / "0.log").write_bytes(b"\x01\x0b\x00\xc9\x01" + name.encode() + b"\x02\x11")

    assert user_advice(str(tmp_path), MECHANISM, [name]) == ()
