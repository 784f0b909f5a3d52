"""What is wrong with the TLS files of a pod, all of it at once, before anything is written."""

import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from zkboot.pod.errors import Problems
from zkboot.pod.tls.certificate import Certificate
from zkboot.pod.tls.handshake import Fault, SelfHandshake
from zkboot.pod.tls.identity import Identity
from zkboot.pod.tls.mounted import AUTHORITIES, CHAIN, KEY, Mounted

EXPIRY_WARNING = timedelta(days=7)
"""A certificate that expires so soon should have been renewed."""

_JAVA_LIMIT, _FRAMING = 32_700, 5
"""Bytes that a chain may have, a little less than ``jdk.tls.maxHandshakeMessageSize`` is, and those before each one."""

_MISMATCHES = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED")
"""Reasons of OpenSSL's for another key; the second, for one of another kind than the certificate's."""

Note = Callable[[str], None]


def check_identity(
    mounted: Mounted, names: Sequence[str], variable: str, problems: Problems, now: datetime
) -> Identity | None:
    """Return who the files in *mounted* make of a pod with *names*, where all is right at *now*; notes what is not.

    *names* are those under which peers and clients know the pod; *variable* names the folder to the operator.
    """
    identity = Identity.parse(mounted, variable, problems)
    if identity is None:
        return None
    scope = problems.scope()
    own = mounted.path(CHAIN)

    def note(text: str) -> None:
        problems.note(f"{variable}: {text}", about=variable)

    _note_dates(identity.chain[:1], own, note, now)
    size = sum(len(one.der) + _FRAMING for one in identity.chain)
    if size > _JAVA_LIMIT:
        note(f"{own} has more certificates and names than the 32 KiB that Java takes in a handshake: list fewer names")
        return None
    try:
        identity = _in_order(identity)
        handshake = SelfHandshake(identity)
        _note_uses(identity, handshake, own, names, note)
        fault, chain_fault = _faults(handshake)
    except ssl.SSLError as error:
        note(_no_pair(identity, mounted, error))
        return None
    authorities = mounted.path(AUTHORITIES)
    if chain_fault and chain_fault.lacks_issuer:
        note(
            f"{own} has no way to {authorities} ({chain_fault.text}): an intermediate is missing, or it is another CA's"
        )
    elif chain_fault:
        note(f"{own} is refused for its way to {authorities}: {chain_fault.text}")
    elif fault and not scope:
        # What is wrong with a certificate on the way. One of the chain that is not on it may have any dates.
        if fault.is_of_dates:
            _note_dates(identity.chain, own, note, now)
        if not scope:
            note(f"{own} is refused for its way to {authorities}: {fault.text}")
    return None if scope else identity


def expiry_advice(identity: Identity, mounted: Mounted, now: datetime) -> list[str]:
    """Return what to warn of where the certificate of *identity* expires soon after *now*."""
    end = identity.chain[0].not_after
    if end - now >= EXPIRY_WARNING:
        return []
    return [f"{mounted.path(CHAIN)} expires on {shown(end)}: look why it was not renewed"]


def _in_order(identity: Identity) -> Identity:
    """Return *identity* with its authorities in an order in which OpenSSL finds the one that has signed.

    Of two with one name, and without identifiers of their keys, it tries the first alone; Java tries both.
    """
    subjects = [one.subject for one in identity.authorities]
    orders = (
        replace(identity, authorities=(one, *(other for other in identity.authorities if other != one)))
        for one in identity.authorities
        if subjects.count(one.subject) > 1
    )
    return next((one for one in (identity, *orders) if _faults(SelfHandshake(one))[1] is None), identity)


def _faults(handshake: SelfHandshake) -> tuple[Fault | None, Fault | None]:
    """Return what is wrong, and what of it is wrong with the chain whatever the dates are."""
    fault = handshake.fault()
    # Of two authorities with one name OpenSSL takes the wrong one where dates do not count.
    return fault, fault and handshake.chain_fault()


def _note_uses(identity: Identity, handshake: SelfHandshake, own: str, names: Sequence[str], note: Note) -> None:
    """Note for which of *names*, and for which uses, the certificate is not."""
    missing = [name for name in names if not handshake.covers(name)]
    if missing:
        covered = ", ".join(identity.chain[0].names)
        note(f"{own} does not cover {', '.join(missing)}{covered and f', only {covered}'}")
    if not identity.chain[0].signs_handshakes:
        # OpenSSL calls that an unsuitable purpose, too.
        note(f"{own} may not sign a handshake (key usage): add `digital signature` to the usages of the Certificate")
        return
    for client, kind, usage in ((False, "server", "server auth"), (True, "client", "client auth")):
        if not handshake.may_be(client=client):
            note(
                f"{own} may not identify a {kind} (extended key usage): add `{usage}` to the usages of the Certificate"
            )


def _no_pair(identity: Identity, mounted: Mounted, error: ssl.SSLError) -> str:
    """Return why key and certificate are of no use together, as *error* says."""
    key, own = mounted.path(KEY), mounted.path(CHAIN)
    if error.reason not in _MISMATCHES:
        return f"OpenSSL refuses {own} with {key}: {_reason(error)}"
    for at, one in enumerate(identity.chain[1:], 2):
        with suppress(ssl.SSLError):
            SelfHandshake(replace(identity, chain=(one,)))
            return f"{key} belongs to certificate {at} of {own}: put that first"
    return f"{key} does not belong to {own}"


def _note_dates(chain: Sequence[Certificate], path: str, note: Note, now: datetime) -> None:
    for at, one in enumerate(chain):
        which = "" if at == 0 else f": its certificate {at + 1}"
        if one.not_after < now:
            note(f"{path}{which} expired on {shown(one.not_after)}")
        elif one.not_before > now:
            note(f"{path}{which} is not valid before {shown(one.not_before)}")


def shown(moment: datetime) -> str:
    """Return *moment* as messages tell it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).lower().replace("_", " ")
