"""How an empty volume enters a quorum: as one of a new cluster's first voters, or joining one that exists.

The volume does not tell: a new one and one whose disk was lost look alike. To take the second for the first is
how clusters are lost: a voter that has forgotten its votes helps to elect a leader without the newest metadata, and
``format --standalone``, which this tool never runs, even makes a second cluster at once. So, in a dynamic quorum:

- ``KF_QUORUM_ENTRY=first`` says it: the first voters are known by ids that every one of them derives alike, and they
  need a majority of each other to become a cluster. A volume that one of them loses later still counts as "first"
  where the variable stays set: so the others are asked, and where their log has outgrown a start, the volume joins.
- Unset, the others decide: where one knows a leader, the volume joins, else nothing is started.
- ``KF_QUORUM_ENTRY=join`` asks nobody.

In a static quorum an empty volume becomes the voter that the list names, and it may vote at once. With
``KF_QUORUM_ENTRY=join`` it is formatted only while another controller knows a leader, whom it then follows. Unset, or
``first``, it waits for nobody. But a leader that is there says who votes, and where these are others than this node's
list says, it is not started: Kafka would let it vote and be voted for, beside the quorum that it does not belong to.

Where none of the others answers they are asked again for some seconds: a network policy may not know this pod yet.
They are asked with the certificate and the login of this pod, where KF_TLS_DIR and KF_SASL_DIR make their listener.

What is left: the others cannot be asked where they do not answer, or answer only TLS or SASL of the operator's own.
With "first" they count as not there yet: with a static quorum it would be no different. And a quorum of one has nobody
to ask. Whoever unsets the variable after the first start is safe from both.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kafkaboot.config.variables import (
    FIRST,
    JOIN,
    QUORUM_ENTRY,
)
from kafkaboot.probes.client import Session
from kafkaboot.probes.endpoint import Endpoint
from kafkaboot.probes.health import led
from kafkaboot.values.knobs import SASL_DIR, TLS_DIR
from kafkaboot.values.version import AUTO_JOIN, Version
from zkboot.pod.deadline import LET_IN_LIMIT, Deadline
from zkboot.pod.errors import BootError, NoAddressError, NotServingError, ProtocolError, UnreachableError
from zkboot.pod.threads import answers_of

Answer = TypeVar("Answer")

LONG_LOG = 5000
"""Records in a log that is none of a cluster's first minutes: a leader that idles writes two a second."""

_PAUSE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How a volume enters."""

    kind: str
    """FIRST or JOIN."""
    advice: tuple[str, ...] = ()
    """What should be read."""


def find_entry(
    stated: str | None,
    others: Sequence[Endpoint],
    version: Version,
    *,
    patience: float,
    formatted: str | None = None,
) -> Entry:
    """Return how an empty volume enters the quorum of the *others*.

    *stated* is KF_QUORUM_ENTRY. Where it is unset, they are asked again for *patience* seconds: their leader may be
    the one whose volume was lost. *formatted* is the directory of the metadata where the volume is not empty, but
    formatted without voters. Raises NotServingError or UnreachableError, one line for the whole and one for each that
    was asked, where nobody knows a leader by then.
    """
    if stated == JOIN:
        return Entry(kind=JOIN, advice=_advice_on_joining(version))
    if stated == FIRST:
        ends, errors = _sorted_out(_until(_is_somebody_heard, LET_IN_LIMIT, lambda: _answers(others)))
        if not ends or max(ends) < LONG_LOG:
            return Entry(kind=FIRST, advice=_advice_on_first(others, errors))
        subject = (
            f"{QUORUM_ENTRY.name}={FIRST}, but the quorum has written {max(ends)} records already: this volume is new"
            f" to it, and joins; unset {QUORUM_ENTRY.name}"
        )
        return Entry(kind=JOIN, advice=(subject, *_advice_on_joining(version)))
    ends, errors = _sorted_out(_until(_is_leader_known, patience, lambda: _answers(others)))
    if ends:
        return Entry(kind=JOIN, advice=_advice_on_joining(version))
    raise _leaderless(_advice_on_no_leader(formatted), errors)


def await_leader(others: Sequence[Endpoint], *, patience: float) -> None:
    """Return once one of the *others*, of a static quorum that an empty volume shall join, knows a leader.

    They are asked for *patience* seconds. Raises NotServingError or UnreachableError as ``find_entry`` does.
    """
    ends, errors = _sorted_out(_until(_is_leader_known, patience, lambda: _answers(others)))
    if ends:
        return
    subject = (
        f"{QUORUM_ENTRY.name}={JOIN}, and this controller's volume is empty, or new: it may have forgotten votes, so"
    )
    if not others:
        raise _leaderless(
            f"{subject} it is not started by itself, and there is no other controller: restore the volume, or unset"
            f" {QUORUM_ENTRY.name}, and the node begins a new, empty cluster",
            errors,
        )
    unheard = (
        f"; they answer only TLS or SASL, and cannot be asked in it without {TLS_DIR.name} or {SASL_DIR.name}: unset it"
        " to start such a volume, while a leader is there"
        if any(isinstance(error, ProtocolError) for error in errors) and not any(one.tls or one.login for one in others)
        else ""
    )
    raise _leaderless(
        f"{subject} it is not started while no other controller knows a leader: start the others; if the cluster is"
        f" new, unset it, or set {FIRST}, on all controllers for their first start{unheard}",
        errors,
    )


def served_voters(others: Sequence[Endpoint]) -> tuple[str, tuple[int, ...]] | None:
    """Return the leader among the *others*, and the node ids of its voters.

    None where none of them leads, or none that does can be asked.
    """
    answers = _until(_is_somebody_heard, LET_IN_LIMIT, lambda: answers_of(_voters, others))
    return next((answer for answer in answers if isinstance(answer, tuple)), None)


def _until(
    is_enough: Callable[[Sequence[Answer]], bool], patience: float, ask: Callable[[], list[Answer]]
) -> list[Answer]:
    """Return what the others answer, asked again for *patience* seconds where it is not enough."""
    deadline = Deadline(patience)
    answers = ask()
    while answers and not is_enough(answers) and deadline.remaining():
        time.sleep(min(_PAUSE, deadline.remaining()))
        answers = ask()
    return answers


def _is_leader_known(answers: Sequence[int | BootError]) -> bool:
    return any(isinstance(answer, int) for answer in answers)


def _is_somebody_heard(answers: Sequence[object]) -> bool:
    """Return whether anybody answers, or nobody can: a new pod may not be let in yet to those with an address."""
    silent = [answer for answer in answers if isinstance(answer, UnreachableError)]
    return len(silent) < len(answers) or all(isinstance(answer, NoAddressError) for answer in silent)


def _sorted_out(answers: Sequence[int | BootError]) -> tuple[list[int], list[BootError]]:
    """Return the lengths of the logs of the leaders that are known, and why some know none."""
    ends = [answer for answer in answers if isinstance(answer, int)]
    return ends, [answer for answer in answers if isinstance(answer, BootError)]


def _leaderless(problem: str, errors: Sequence[BootError]) -> BootError:
    kind = NotServingError if any(not isinstance(error, UnreachableError) for error in errors) else UnreachableError
    return kind(problem, *(str(error) for error in errors))


def _advice_on_no_leader(formatted: str | None) -> str:
    if formatted is None:
        return (
            f"this controller's volume is empty, and no other controller knows a leader: if the cluster is new, set"
            f" {QUORUM_ENTRY.name}={FIRST} on all of its controllers for their first start; if it is not, start the"
            f" others, or set {QUORUM_ENTRY.name}={JOIN}"
        )
    return (
        f"{formatted} was formatted without voters, for a static quorum or to join one, and never ran, and no other"
        f" controller knows a leader: if the cluster is new, empty that directory and set {QUORUM_ENTRY.name}={FIRST}"
        " on all of its controllers for their first start; if it is not, start the others, or set"
        f" {QUORUM_ENTRY.name}={JOIN}"
    )


def _advice_on_first(others: Sequence[Endpoint], errors: Sequence[BootError]) -> tuple[str, ...]:
    if others:
        return tuple(f"not asked whether the quorum is new: {error}" for error in errors)
    line = (
        "this controller is the only one, so nobody can tell a new cluster from one whose disk was lost: it becomes a"
        f" new, empty one; unset {QUORUM_ENTRY.name} now, or a lost disk will do so again, and brokers drop what an"
        " empty cluster does not know"
    )
    return (line,)


def _advice_on_joining(version: Version) -> tuple[str, ...]:
    if version >= AUTO_JOIN:
        return ()
    line = (
        f"before Kafka {AUTO_JOIN} a controller that joins has no vote until it is given one: on this pod run"
        " kafka-metadata-quorum.sh --command-config <its file> --bootstrap-controller <leader> add-controller, after"
        " remove-controller for the voter whose volume this one replaces"
    )
    return (line,)


def _answers(others: Sequence[Endpoint]) -> list[int | BootError]:
    return answers_of(_answer, others)


def _voters(controller: Endpoint) -> tuple[str, tuple[int, ...]] | BootError | None:
    """Return the *controller* and its voters, None where it does not lead, or why it is not known."""
    try:
        with Session(controller) as session:
            session.ask_versions()
            voters = session.ask_voters()
            return None if voters is None else (session.peer, voters)
    except BootError as error:
        return error


def _answer(controller: Endpoint) -> int | BootError:
    """Return how many records the leader that the *controller* knows has written, or why it is unknown."""
    try:
        with Session(controller) as session:
            session.ask_versions()
            leadership = session.ask_leader()
            led(leadership, session.peer)
    except BootError as error:
        return error
    return leadership.end
