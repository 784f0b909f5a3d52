"""The request by which a broker reads its TLS files again. No socket, no clock.

See ``kafkaboot.probes.wire``. Facts (``IncrementalAlterConfigsRequest.json``; brokers that were tried):

- IncrementalAlterConfigs came with 2.3; version 0, which is not flexible, is answered to this day.
- A broker changes its own settings alone, so it must itself be asked; with KRaft it passes that on to the controllers.
"""

from collections.abc import Mapping

from kafkaboot.probes.wire import (
    Buffer,
    read_correlation_id,
    read_count,
    read_end,
    read_int16,
    read_int32,
    read_string,
    take,
)

VERSIONS = (0,)
"""Versions of IncrementalAlterConfigs that are spoken here."""

_BROKER_RESOURCE = b"\x04"
_SET = b"\x00"
_DO_IT = b"\x00"
"""The request is not for validation alone."""


def encode_settings(broker_id: str, settings: Mapping[str, str]) -> bytes:
    """Return the body that has the broker with that id set *settings*."""
    rows = b"".join(_string(key) + _SET + _string(text) for key, text in settings.items())
    resource = _BROKER_RESOURCE + _string(broker_id) + len(settings).to_bytes(4, "big") + rows
    return (1).to_bytes(4, "big") + resource + _DO_IT


def decode_refusal(payload: bytes, correlation_id: int, source: str) -> tuple[int, str] | None:
    """Return the code and the reason with which the settings were refused; None where they were taken.

    Raises ProtocolError.
    """
    buffer = Buffer(payload, f"{source}: answer to IncrementalAlterConfigs 0")
    read_correlation_id(buffer, correlation_id)
    read_int32(buffer)  # throttle_time_ms
    count = read_count(buffer, 7)
    if count != 1:
        raise buffer.fault(f"{count} resources, where one was asked for")
    error, reason = read_int16(buffer), read_string(buffer)
    take(buffer, 1)  # resource_type
    read_string(buffer)
    read_end(buffer)
    return (error, reason or "") if error else None


def _string(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data
