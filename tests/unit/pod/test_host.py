"""The machine's own name and domain."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from zkboot.pod import host
from zkboot.pod.host import this_host


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    """Forget the domain that another test was told."""
    host._domain.cache_clear()
    yield
    host._domain.cache_clear()


def answering(*canonical: str) -> Any:
    """Return a resolver that answers with *canonical* names."""

    def resolve(*_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, name, ("10.0.0.1", 0)) for name in canonical]

    return resolve


def test_the_name_is_the_kernel_s() -> None:
    """As ``hostname`` prints it."""
    assert this_host().name == socket.gethostname()


@pytest.mark.parametrize(
    ("canonical", "domain"),
    [
        ("zk-0.zk-svc.default.svc.cluster.local", "zk-svc.default.svc.cluster.local"),
        ("zk-0", ""),
        ("localhost", ""),
        ("", ""),
    ],
)
def test_the_domain_is_what_follows_the_first_dot(canonical: str, domain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the canonical name, as ``hostname -d`` prints it."""
    monkeypatch.setattr(socket, "getaddrinfo", answering(canonical, ""))

    assert this_host().domain == domain


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")])
def test_a_name_that_does_not_resolve_has_no_domain(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the headless service knows the pod; or where the host's name is no name."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    assert this_host().domain == ""


def test_the_domain_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A DNS question may take seconds."""
    monkeypatch.setattr(socket, "getaddrinfo", answering("zk-0.a"))
    first = this_host().domain
    monkeypatch.setattr(socket, "getaddrinfo", answering("zk-0.b"))

    assert (first, this_host().domain) == ("a", "a")
