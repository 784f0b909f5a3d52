"""Asks a broker or a controller, a few requests under one deadline."""

from kafkaboot.probes import wire
from kafkaboot.probes.endpoint import Endpoint
from zkboot.pod.connection import ClosedError, Deadline, connect
from zkboot.pod.errors import NotServingError, ProtocolError, UnreachableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Self

    from kafkaboot.probes.quorum_wire import Quorum
    from kafkaboot.probes.wire import Leadership, Metadata, Versions
    from zkboot.pod.connection import Connection

REPLY_LIMIT = 1 << 20
"""Bytes of a reply that are read: ApiVersions and the brokers of a large cluster need some KiB."""

TOPICS_LIMIT = 32 << 20
"""Bytes of a reply that lists topics. A partition with three replicas takes 42 of them: 700,000 partitions fit."""


class Session:
    """A conversation with one listener; everything in it is over at one deadline.

    Its methods raise UnreachableError, and ProtocolError where the peer speaks TLS or answers what no Kafka would. The
    peer may claim any size: what is over the limit is not read, and what is within is kept only as it arrives.
    """

    __slots__ = ("_connection", "_correlation_id", "_deadline", "_endpoint", "_versions")

    def __init__(self, endpoint: "Endpoint", deadline: "Deadline | None" = None) -> None:
        self._endpoint = endpoint
        self._deadline = Deadline(endpoint.timeout) if deadline is None else deadline
        self._correlation_id = 0
        self._connection: Connection | None = None
        self._versions: Versions | None = None

    @property
    def peer(self) -> str:
        """Who the peer is, for messages."""
        return str(self._endpoint) if self._connection is None else self._connection.peer

    def greet(self) -> None:
        """Return when the peer has shown that it is Kafka: it answers ApiVersions or, before 0.10, Metadata."""
        if self.ask_versions() is None:
            self.ask_metadata(0, topics=False)

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

    def ask_metadata(self, broker_id: int, *, topics: bool, hosted: "Iterable[str]" = ()) -> "Metadata":
        """Return the brokers of the cluster; with *topics* also how the partitions are that *broker_id* hosts.

        Of the topics that it has *hosted* it says which are not shown.

        A peer that has not said its versions is taken for one older than 0.10, which always tells both. Its brokers
        come first: where they are all that is wanted, what is over the limit is left unread, and no fault.
        """
        version = 0
        if self._versions is not None:
            version = wire.choose_version(self._versions, wire.METADATA, wire.METADATA_VERSIONS, self.peer)
        correlation_id = self._next_id()
        question = wire.encode_metadata(version, correlation_id, topics=topics)
        limit = TOPICS_LIMIT if topics or version == 0 else REPLY_LIMIT
        payload, left_out = self._ask_greeted(wire.METADATA, question, limit, TOPICS_LIMIT if topics else REPLY_LIMIT)
        return wire.decode_metadata(
            payload,
            version,
            correlation_id,
            broker_id,
            self.peer,
            left_out=left_out,
            topics=hosted,
            check=self.check,
        )

    def ask_leadership(self, epoch: int = 0) -> "Leadership":
        """Return what a controller, after ``ask_versions``, says of the leader of its quorum, asked in *epoch*."""
        version = wire.choose_version(self._versions or {}, wire.FETCH, wire.FETCH_VERSIONS, self.peer)
        correlation_id = self._next_id()
        question = wire.encode_leader_question(version, correlation_id, epoch)
        payload, _ = self._ask_greeted(wire.FETCH, question, REPLY_LIMIT)
        return wire.decode_leadership(payload, version, correlation_id, self.peer)

    def ask_leader(self) -> "Leadership":
        """Return what a controller, after ``ask_versions``, says of the leader of its quorum, confirmed by the leader.

        Up to 3.8 nobody says where the leader listens: there the controller's word is all there is, but there it also
        stops naming a leader that it has lost. Raises NotServingError where the leader does not answer.
        """
        named = self.ask_leadership()
        if named.leader_id == wire.NO_LEADER:
            return named
        confirmed = self.ask_leadership(named.epoch)
        if confirmed.is_own or confirmed.address is None:
            return confirmed
        host, port = confirmed.address
        try:
            with Session(Endpoint(host, port, self._endpoint.timeout), self._deadline) as leader:
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

    def _next_id(self) -> int:
        self._correlation_id += 1
        return self._correlation_id

    def _ask_greeted(self, key: int, request: bytes, limit: int, read: int = REPLY_LIMIT) -> tuple[bytes, int]:
        """Return what ``_ask`` does of the reply to *request*, of API *key*, after ``ask_versions``."""
        try:
            return self._ask(request, limit, read)
        except ClosedError as error:
            if error.received:
                raise
            if self._versions is None:
                problem = f"{error}: it is starting or stopping, or this is no plain-text port of a broker"
                raise ClosedError(problem, 0) from error
            raise ProtocolError(
                f"{error} to {wire.NAMES[key]}, as a listener with SASL does: let the probes ask one without"
            ) from error

    def _ask(self, request: bytes, limit: int, read: int = REPLY_LIMIT) -> tuple[bytes, int]:
        """Send *request* and return the payload of the reply, and how many bytes of it were left unread.

        The peer may claim *limit* bytes, of which *read* are read.
        """
        if self._connection is None:
            self._connection = connect(self._endpoint.host, self._endpoint.port, self._deadline)
        self._connection.send(request)
        size = wire.decode_size(self._connection.receive_exactly(wire.SIZE_BYTES), limit, self.peer)
        return self._connection.receive_exactly(min(size, read), wire.SIZE_BYTES), max(0, size - read)
