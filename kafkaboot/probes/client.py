"""Asks a broker or a controller, a few requests under one deadline."""

import _thread

from kafkaboot.probes import wire
from zkboot.pod.connection import connect
from zkboot.pod.deadline import Deadline, Turn
from zkboot.pod.errors import NotServingError, ProtocolError, UnreachableError
from zkboot.pod.transport import ClosedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType
    from typing import Self

    from kafkaboot.probes.endpoint import Endpoint
    from kafkaboot.probes.leader_wire import Leadership
    from kafkaboot.probes.metadata_wire import Kept
    from kafkaboot.probes.partitions_wire import Metadata
    from kafkaboot.probes.quorum_wire import Quorum
    from kafkaboot.probes.wire import Versions
    from zkboot.pod.connection import Connection

REPLY_LIMIT = 1 << 20
"""Bytes of a reply that are read: ApiVersions and the brokers of a large cluster need some KiB."""

TOPICS_LIMIT = 32 << 20
"""Bytes of a reply that lists topics. A partition with three replicas takes 42 of them: 700,000 partitions fit."""

_LONG = _thread.allocate_lock()
"""Held while an answer that lists all topics is asked for and read: see ``Turn``."""


class Session:
    """A conversation with one listener; everything in it is over at one deadline.

    Where the listener asks for a login, that comes before the first request that needs it: ApiVersions does not. Its
    methods raise UnreachableError, and ProtocolError where the peer speaks TLS or answers what no Kafka would. The
    peer may claim any size: what is over the limit is not read, and what is within is kept only as it arrives.
    """

    __slots__ = ("_connection", "_correlation_id", "_deadline", "_endpoint", "_is_in", "_versions")

    def __init__(self, endpoint: "Endpoint", deadline: "Deadline | None" = None) -> None:
        self._endpoint = endpoint
        self._deadline = Deadline(endpoint.timeout) if deadline is None else deadline
        self._correlation_id = 0
        self._is_in = endpoint.login is None
        self._connection: Connection | None = None
        self._versions: Versions | None = None

    @property
    def peer(self) -> str:
        """Who the peer is, for messages."""
        return str(self._endpoint) if self._connection is None else self._connection.peer

    @property
    def versions(self) -> "Versions | None":
        """The requests that the peer answers, after ``ask_versions``; None where it is older than 0.10."""
        return self._versions

    def greet(self) -> None:
        """Check that the peer is Kafka: it answers ApiVersions or, before 0.10, Metadata."""
        if self.ask_versions() is None:
            self.ask_metadata(0)

    def ask_versions(self) -> "Versions | None":
        """Return the requests that the peer answers; None where it hangs up, as a broker older than 0.10 does."""
        if self._endpoint.is_old:
            return None
        correlation_id = self._next_id()
        try:
            payload, _ = self._ask(wire.encode_api_versions(correlation_id), REPLY_LIMIT)
        except ClosedError as error:
            if error.received:
                raise
            self.close()
            return None
        self._versions = wire.decode_api_versions(payload, correlation_id, self.peer)
        return self._versions

    def ask_metadata(
        self,
        broker_id: int,
        topics: "Collection[str] | None" = (),
        hosted: "Collection[str]" = (),
        kept: "Kept | None" = None,
    ) -> "Metadata":
        """Return the brokers of the cluster, and how those partitions of *topics* are that *broker_id* hosts.

        None asks for all topics. Of those that it has *hosted* it says which are not shown. What has not changed since
        it was *kept* is not read again.

        A peer that has not said its versions is taken for one older than 0.10, which always tells all topics; where
        a topic that is asked for would be created, all are asked for as well. The brokers come first: where they are
        all that is wanted, what is over the limit is left unread, and no fault.
        """
        from kafkaboot.probes import metadata_wire

        version = 0
        if self._versions is not None:
            version = wire.choose_version(self._versions, wire.METADATA, metadata_wire.VERSIONS, self.peer)
        if topics is not None:
            return self._ask_metadata(version, broker_id, topics, hosted, kept)
        with self.turn():
            return self._ask_metadata(version, broker_id, topics, hosted, kept)

    def ask_leadership(self, epoch: int = 0) -> "Leadership":
        """Return what a controller, after ``ask_versions``, says of the leader of its quorum, asked in *epoch*."""
        from kafkaboot.probes import leader_wire

        version = wire.choose_version(self._versions or {}, wire.FETCH, leader_wire.VERSIONS, self.peer)
        correlation_id = self._next_id()
        question = leader_wire.encode_leader_question(version, correlation_id, epoch)
        payload, _ = self._ask_greeted(wire.FETCH, question, REPLY_LIMIT)
        return leader_wire.decode_leadership(payload, version, correlation_id, self.peer)

    def ask_leader(self) -> "Leadership":
        """Return what a controller, after ``ask_versions``, says of the leader of its quorum, confirmed by the leader.

        Up to 3.8 nobody says where the leader listens: there the controller's word is all there is, but there it also
        stops naming a leader that it has lost. Raises NotServingError where the leader does not answer.
        """
        named = self.ask_leadership()
        if named.leader_id < 0:
            return named
        confirmed = self.ask_leadership(named.epoch)
        if confirmed.is_own or confirmed.address is None:
            return confirmed
        host, port = confirmed.address
        try:
            with Session(self._endpoint.beside(host, port), self._deadline) as leader:
                leader.ask_versions()
                return leader.ask_leadership(confirmed.epoch)
        except UnreachableError as error:
            raise NotServingError(
                f"{self.peer}: the leader of its quorum, {confirmed.leader_id}, does not answer: {error}"
            ) from error

    def ask_voters(self) -> tuple[int, ...] | None:
        """Return whom a controller, after ``ask_versions``, counts as voters; None where it does not lead them."""
        quorum = self.ask_quorum()
        return None if quorum is None else tuple(sorted(quorum.voters))

    def ask_quorum(self) -> "Quorum | None":
        """Return what the leader of the quorum knows of it; None where a controller was asked that does not lead.

        A broker asks the leader. After ``ask_versions``.
        """
        from kafkaboot.probes import quorum_wire

        key = wire.DESCRIBE_QUORUM
        wire.choose_version(self._versions or {}, key, (quorum_wire.VERSION,), self.peer)
        correlation_id = self._next_id()
        payload, _ = self._ask_greeted(key, quorum_wire.encode_voters_question(correlation_id), REPLY_LIMIT)
        return quorum_wire.decode_quorum(payload, correlation_id, self.peer)

    def offers(self, key: int, spoken: tuple[int, ...]) -> int | None:
        """Return the best version of the API *key* that is *spoken* by both, None where there is none."""
        low, high = (self._versions or {}).get(key, (0, -1))
        return next((version for version in spoken if low <= version <= high), None)

    def exchange(self, key: int, version: int, body: bytes, *, flexible: bool = False) -> "tuple[bytes, int]":
        """Return the payload of the reply to a request with *body*, and the correlation id that it must have."""
        correlation_id = self._next_id()
        question = wire.encode_request(key, version, correlation_id, body, flexible=flexible)
        payload, _ = self._ask_greeted(key, question, TOPICS_LIMIT, TOPICS_LIMIT)
        return payload, correlation_id

    def turn(self, lock: "_thread.LockType" = _LONG) -> Turn:
        """Return what to enter before a question whose answer may be long, and to leave when that has been read."""
        return Turn(lock, self._deadline, self.peer)

    def check(self) -> None:
        """Raise UnreachableError where the deadline is over."""
        self._deadline.check(self.peer)

    def close(self) -> None:
        """Close the connection; there may be none."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", error: "BaseException | None", trace: "TracebackType | None"
    ) -> None:
        self.close()

    def _ask_metadata(
        self,
        version: int,
        broker_id: int,
        topics: "Collection[str] | None",
        hosted: "Collection[str]",
        kept: "Kept | None",
    ) -> "Metadata":
        """Return what ``ask_metadata`` does, by that *version*."""
        from kafkaboot.probes import metadata_wire

        correlation_id = self._next_id()
        question = metadata_wire.encode_metadata(version, correlation_id, topics, kept)
        wants_topics = topics is None or bool(topics)
        limit = TOPICS_LIMIT if wants_topics or version == 0 else REPLY_LIMIT
        read = TOPICS_LIMIT if wants_topics else REPLY_LIMIT
        payload, left_out = self._ask_greeted(wire.METADATA, question, limit, read)
        return metadata_wire.decode_metadata(
            payload,
            version,
            correlation_id,
            broker_id,
            self.peer,
            left_out=left_out,
            topics=hosted,
            kept=kept,
            check=self.check,
        )

    def _next_id(self) -> int:
        self._correlation_id += 1
        return self._correlation_id

    def _ask_greeted(self, key: int, request: bytes, limit: int, read: int = REPLY_LIMIT) -> tuple[bytes, int]:
        """Return what ``_ask`` does of the reply to *request*, of API *key*, after ``ask_versions``."""
        if not self._is_in and self._versions is not None:
            self._log_in(self._versions)
        try:
            return self._ask(request, limit, read)
        except ClosedError as error:
            if error.received:
                raise
            if self._versions is None:
                problem = f"{error}: it is starting or stopping, or this is no plain-text port of a broker"
                raise ClosedError(problem, 0) from error
            raise ProtocolError(
                f"{error} to {wire.NAMES[key]}, as a listener with SASL does: let the probes ask one"
                " without, or set KF_SASL_DIR and KF_SASL_USER"
            ) from error

    def _log_in(self, versions: "Versions") -> None:
        from kafkaboot.probes import login as logins

        login = self._endpoint.login
        if login is None:
            return
        wire.choose_version(versions, wire.SASL_HANDSHAKE, (1,), self.peer)
        wire.choose_version(versions, wire.SASL_AUTHENTICATE, (0,), self.peer)
        try:
            correlation_id = self._next_id()
            payload, _ = self._ask(logins.encode_handshake(correlation_id, login.mechanism), REPLY_LIMIT)
            logins.decode_handshake(payload, correlation_id, login.mechanism, self.peer)
            conversation = logins.conversation(login)
            message = next(conversation)
            while True:
                correlation_id = self._next_id()
                payload, _ = self._ask(logins.encode_authenticate(correlation_id, message), REPLY_LIMIT)
                message = conversation.send(logins.decode_authenticate(payload, correlation_id, login, self.peer))
        except StopIteration:
            self._is_in = True
        except ValueError as reason:
            raise ProtocolError(f"{self.peer}: {reason}, in the login of {login.user} by {login.mechanism}") from None

    def _ask(self, request: bytes, limit: int, read: int = REPLY_LIMIT) -> tuple[bytes, int]:
        """Send *request* and return the payload of the reply, and how many bytes of it were left unread.

        The peer may claim *limit* bytes, of which *read* are read.
        """
        if self._connection is None:
            endpoint = self._endpoint
            self._connection = connect(endpoint.host, endpoint.port, self._deadline, endpoint.tls)
        self._connection.send(request)
        size = wire.decode_size(self._connection.receive_exactly(wire.SIZE_BYTES), limit, self.peer)
        return self._connection.receive_exactly(min(size, read), wire.SIZE_BYTES), max(0, size - read)
