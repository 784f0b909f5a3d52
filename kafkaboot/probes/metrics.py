"""Asks a broker or a controller for its metrics, without JMX: by Kafka's protocol, and from the volume.

What older versions cannot say is left out: log directories before 1.0, min.insync.replicas before 0.11, the quorum
before 3.3. What is refused, by ACLs for one, is left out as well, and counted.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import TYPE_CHECKING

from kafkaboot.probes import features_wire, metadata_wire, metrics_wire, wire
from kafkaboot.probes.broker_properties import BrokerProperties
from kafkaboot.probes.client import Session
from kafkaboot.probes.endpoint import Endpoint
from kafkaboot.probes.health import led
from kafkaboot.probes.hosted import hosted_topics
from kafkaboot.probes.leader_wire import NO_LEADER
from kafkaboot.probes.metrics_wire import LogDir, Partitions
from zkboot.pod.errors import BootError, NotServingError
from zkboot.pod.prometheus import Labels, render_family
from zkboot.pod.reads import find_space

if TYPE_CHECKING:
    from kafkaboot.probes.wire import Versions

MIN_ISR_TIME = 60.0
"""Seconds for which the topics' min.insync.replicas are kept: a broker reads each of them anew for a question."""

Ask = Callable[[], str | None]
"""Returns one part of the metrics, None where the server refuses it; or raises BootError."""


class Collector:
    """Asks one server again and again; what is read with it is kept between two scrapes."""

    def __init__(self) -> None:
        self._min_isr: dict[str, int] = {}
        self._min_isr_until = 0.0
        self._scraped = Lock()
        """One scrape at a time asks for all partitions, so that only one waits for its turn among the probes."""

    def collect(self, endpoint: Endpoint, broker_id: int, properties: BrokerProperties, parts: list[str]) -> None:
        """Add to *parts* the metrics of the server at *endpoint*, which has that id, in Prometheus' text format.

        *properties* say where its disks are. Raises BootError where it does not answer, or not what its partitions
        are; what else it says has been added.
        """
        with Session(endpoint) as session:
            versions = session.ask_versions()
            if versions is not None and wire.METADATA not in versions:
                parts.append(self._controller(session, broker_id))
            else:
                self._broker(session, broker_id, properties, parts)

    def _broker(self, session: Session, broker_id: int, properties: BrokerProperties, parts: list[str]) -> None:
        """Add what a broker says, the answer to Metadata first."""
        versions = session.versions
        parts.append(_info(broker_id, "broker"))
        asked: list[tuple[str, int, Ask]] = [
            ("log_dirs", wire.DESCRIBE_LOG_DIRS, lambda: _log_dirs(session)),
            # With ZooKeeper there are none.
            ("features", wire.DESCRIBE_QUORUM, lambda: _ask_features(session)),
            # Last, for without a leader it takes all the time that is left.
            ("quorum", wire.DESCRIBE_QUORUM, lambda: _ask_quorum(session, broker_id)),
        ]
        failed: dict[str, bool] = {}
        failure: BootError | None = None
        try:
            with session.turn(self._scraped), session.turn():
                partitions = _ask_partitions(session, broker_id, properties)
        except BootError as error:
            failed["partitions"] = True
            failure = error
            session.close()
        else:
            parts.append(_render_brokers(partitions, broker_id, versions))
            _try(session, "partitions", lambda: _render_partitions(partitions, versions), parts, failed)
            asked.insert(0, ("min_isr", wire.DESCRIBE_CONFIGS, lambda: self._under_min_isr(session, partitions)))
        for name, key, ask in asked:
            if key in (versions or {}):
                _try(session, name, ask, parts, failed)
        parts.append(_render_failed(failed))
        if failure is not None:
            raise failure

    def _controller(self, session: Session, node_id: int) -> str:
        """Return what a controller says, of whom the leader alone knows the others."""
        parts = [_info(node_id, "controller")]
        failed: dict[str, bool] = {}
        # First, for a leader that hangs takes all the time that is left.
        _try(session, "features", lambda: _ask_features(session), parts, failed)
        try:
            leadership = session.ask_leader()
            leader_id = led(leadership, session.peer)
        except NotServingError:
            parts.append(_leader_id(NO_LEADER))
        else:
            if leader_id == node_id:
                _try(session, "quorum", lambda: _ask_quorum(session, node_id), parts, failed)
            else:
                parts += [_leader_id(leader_id), _epoch(leadership.epoch)]
        return "".join((*parts, _render_failed(failed)))

    def _under_min_isr(self, session: Session, partitions: Partitions) -> str | None:
        if partitions.unseen:
            return None
        version = session.offers(wire.DESCRIBE_CONFIGS, metrics_wire.CONFIGS_VERSIONS)
        now = time.monotonic()
        topics = partitions.isr_sizes.keys()
        if version is not None and (now > self._min_isr_until or not topics <= self._min_isr.keys()):
            body = metrics_wire.min_isr_question(version, topics)
            payload, correlation_id = session.exchange(wire.DESCRIBE_CONFIGS, version, body)
            found = metrics_wire.decode_min_isr(payload, version, correlation_id, session.peer)
            self._min_isr = dict.fromkeys(topics, 0) | found
            self._min_isr_until = now + MIN_ISR_TIME
        return _gauge(
            "partitions_under_min_isr",
            "Partitions that it leads with fewer replicas in sync than min.insync.replicas.",
            partitions.under(self._min_isr),
        )


def _try(session: Session, name: str, ask: Ask, parts: list[str], failed: dict[str, bool]) -> None:
    """Add to *parts* what *ask* returns; where it is refused, note that in *failed*."""
    try:
        part = ask()
    except BootError:
        part = None
        # What may still come of the reply would be taken for the next one.
        session.close()
    failed[name] = part is None
    parts.append(part or "")


def _ask_partitions(session: Session, broker_id: int, properties: BrokerProperties) -> Partitions:
    """Return what the broker says of its partitions, and which topics on its disks it does not show."""
    version = session.offers(wire.METADATA, metadata_wire.VERSIONS) or 0
    body = metadata_wire.metadata_body(version, None)
    hosted = hosted_topics(properties).topics
    payload, correlation_id = session.exchange(wire.METADATA, version, body)
    found = metrics_wire.decode_partitions(
        payload, version, correlation_id, broker_id, session.peer, topics=hosted, check=session.check
    )
    if found.unseen:
        # What is gone by now was deleted in between.
        found.unseen &= hosted_topics(properties).topics
    return found


def _log_dirs(session: Session) -> str | None:
    """Return what the broker says of its log directories; None for none, which is how versions 0 to 2 refuse."""
    version = session.offers(wire.DESCRIBE_LOG_DIRS, metrics_wire.LOG_DIRS_VERSIONS)
    if version is None:
        return ""
    body, flexible = metrics_wire.log_dirs_question(version)
    payload, correlation_id = session.exchange(wire.DESCRIBE_LOG_DIRS, version, body, flexible=flexible)
    found = metrics_wire.decode_log_dirs(payload, version, correlation_id, session.peer)
    if not found:
        return None
    for log_dir in found:
        # Where the volume is mounted here, too.
        if log_dir.free < 0 and (space := find_space(log_dir.path)) is not None:
            log_dir.total, log_dir.free = space
    sizes = [("", _of(log_dir), log_dir.size) for log_dir in found]
    totals = [("", _of(log_dir), log_dir.total) for log_dir in found if log_dir.total >= 0]
    free = [("", _of(log_dir), log_dir.free) for log_dir in found if log_dir.free >= 0]
    broken = [("", _of(log_dir), int(log_dir.error != 0)) for log_dir in found]
    return "".join(
        (
            _family("log_dir_used_bytes", "Bytes of the logs in the directory.", sizes),
            _family("log_dir_volume_bytes", "Bytes of the volume that the directory is on.", totals),
            _family("log_dir_free_bytes", "Bytes that are free there.", free),
            _family("log_dir_offline", "Whether the broker has given the directory up (1).", broken),
        )
    )


def _render_brokers(partitions: Partitions, broker_id: int, versions: "Versions | None") -> str:
    """Return what Metadata says of the brokers.

    A 0.8 broker, which has no *versions*, lists none before there is a topic (KAFKA-1867): that is no fault of its own.
    """
    parts = [_gauge("brokers", "Brokers that it lists.", len(partitions.broker_ids))]
    if versions is not None or partitions.broker_ids or partitions.topic_count:
        registered = _gauge(
            "broker_registered",
            "Whether the broker lists itself: registered and, in KRaft, not fenced (1).",
            int(broker_id in partitions.broker_ids),
        )
        parts.insert(0, registered)
    if wire.DESCRIBE_QUORUM not in (versions or {}) and partitions.controller_id >= 0:
        parts.append(_gauge("controller_id", "Id of the broker that is the controller.", partitions.controller_id))
    return "".join(parts)


def _render_partitions(partitions: Partitions, versions: "Versions | None") -> str | None:
    """Return what Metadata says of the partitions; None where topics that are on the disks are not shown.

    Before 0.10, which has no *versions*, it does not follow the ISR (KAFKA-1367).
    """
    if partitions.unseen:
        return None
    parts = [
        _gauge("partitions", "Partitions that it hosts.", partitions.hosted),
        _gauge("partitions_leader", "Partitions that it leads.", partitions.led),
        _gauge("partitions_leaderless", "Partitions that it hosts and nobody leads.", partitions.leaderless),
        _gauge(
            "cluster_partitions_leaderless",
            "Partitions of the whole cluster that nobody leads.",
            partitions.all_leaderless,
        ),
    ]
    if versions is not None:
        parts += [
            _gauge(
                "partitions_out_of_sync", "Partitions that it hosts and whose ISR it is not in.", partitions.out_of_sync
            ),
            _gauge(
                "partitions_under_replicated", "Partitions that it leads whose ISR lacks a replica.", partitions.short
            ),
        ]
    return "".join(parts)


def _ask_quorum(session: Session, node_id: int) -> str | None:
    """Return what the quorum's leader says of it; None where whom it was asked of does not lead."""
    quorum = session.ask_quorum()
    if quorum is None:
        return None
    end = quorum.voters.get(quorum.leader_id, -1)
    followers = {**quorum.observers, **quorum.voters}
    own = followers.get(node_id, -1)
    parts = [
        _leader_id(quorum.leader_id),
        _epoch(quorum.epoch),
        _gauge("quorum_high_watermark", "Records that a majority of the voters has.", quorum.high_watermark),
        _gauge("quorum_voters", "Nodes that vote.", len(quorum.voters)),
        _gauge("quorum_observers", "Nodes that follow without a vote.", len(quorum.observers)),
    ]
    if end >= 0 and own >= 0:
        parts.append(_gauge("quorum_lag_records", "Records of the leader's log that it lacks.", max(0, end - own)))
    return "".join(parts)


def _ask_features(session: Session) -> str | None:
    """Return which levels of its features the cluster has finalized."""
    version = session.offers(wire.API_VERSIONS, (features_wire.VERSION,))
    if version is None:
        return ""
    payload, correlation_id = session.exchange(wire.API_VERSIONS, version, features_wire.features_body(), flexible=True)
    found = features_wire.decode_features(payload, correlation_id, session.peer)
    return "".join(
        (
            _family("feature_finalized_level", "Level that the cluster has finalized.", _levels(found.finalized)),
            _family("feature_supported_level", "Highest level of the server's software.", _levels(found.supported)),
        )
    )


def _levels(levels: Mapping[str, int]) -> list[tuple[str, Labels, object]]:
    return [("", (("feature", name),), level) for name, level in levels.items()]


def _leader_id(leader_id: int) -> str:
    return _gauge("quorum_leader_id", "Node id of the quorum's leader; -1 where none leads.", leader_id)


def _epoch(epoch: int) -> str:
    return _gauge("quorum_epoch", "Epoch of the quorum's leader.", epoch)


def _render_failed(failed: dict[str, bool]) -> str:
    rows = [("", (("part", name),), int(is_failed)) for name, is_failed in failed.items()]
    return _family("part_refused", "Whether the server refused this part of the metrics (1).", rows)


def _info(node_id: int, role: str) -> str:
    return _family("server_info", "Who the server is; always 1.", [("", (("id", str(node_id)), ("role", role)), 1)])


def _of(log_dir: LogDir) -> Labels:
    return (("log_dir", log_dir.path),)


def _gauge(name: str, meaning: str, value: int) -> str:
    return _family(name, meaning, [("", (), value)])


def _family(name: str, meaning: str, samples: Iterable[tuple[str, Labels, object]]) -> str:
    return render_family(f"kafkaboot_{name}", "gauge", meaning, samples)
