"""SCRAM: the messages of RFC 7677's own example, and servers that are none."""

import pytest

from kafkaboot.probes.scram import ScramClient
from kafkaboot.start.scram_users import users_arguments

NONCE = "rOprNGfwEbeRWgbNEkqO"
FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
"""What the server of RFC 7677, section 3, says to the user `user` with the password `pencil`."""

SALTED = "sXGE2Y4OR7IivX6zLdpCVj94yCe3yHKfSmhH2kIloH4="
"""The same password, as hashlib salts it with 16 zeros."""


def client() -> ScramClient:
    """Return the client of that example."""
    return ScramClient("SCRAM-SHA-256", "user", "pencil", NONCE)


def test_the_rfcs_example() -> None:
    """Both sides prove that they know the password."""
    one = client()

    assert one.first() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert one.final(FIRST) == (
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    one.check(FINAL)


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (b"", "nonce"),
        (b"\xff", "no SCRAM"),
        (FIRST.replace(b"r=rO", b"r=aa"), "nonce"),
        (b"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "nonce"),
        *((FIRST.replace(b"4096", count), "iterations") for count in (b"4095", b"-1", b"", b"x", b"16385", b"9" * 30)),
        (FIRST.replace(b"s=W", b"s="), "base64"),
    ],
)
def test_a_server_that_is_none(first: bytes, reason: str) -> None:
    """What no server says is refused before a hash is computed for it."""
    with pytest.raises(ValueError, match=reason):
        client().final(first)


@pytest.mark.parametrize("final", [b"", b"v=", b"v=AAAA", FINAL.replace(b"6", b"7"), b"e=other-error", b"v=A"])
def test_a_server_that_does_not_know_the_user(final: bytes) -> None:
    """It may be whoever."""
    one = client()
    one.final(FIRST)

    with pytest.raises(ValueError, match=r"does not prove|no base64"):
        one.check(final)


def test_a_user_is_added_without_the_password() -> None:
    """In the form that the storage tool takes from 3.5 on, one argument a line."""
    assert users_arguments("SCRAM-SHA-256", {"user": "pencil"}, bytes) == (
        "--add-scram\n"
        f'SCRAM-SHA-256=[name=user,iterations=4096,salt="AAAAAAAAAAAAAAAAAAAAAA==",saltedpassword="{SALTED}"]\n'
    )
