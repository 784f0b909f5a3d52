"""Verdicts on what a broker or controller answers: it is registered, it is in sync, its quorum has a leader.

Alive, ready and in sync are three questions. A broker that recovers its logs, or waits for ZooKeeper, is alive: to kill
it would only begin the recovery anew. It is not ready: no client should be sent to it. A ready broker may still be
behind on partitions; the next pod of a rolling update must not stop before it has caught up.
"""

from zkboot.pod.errors import NotServingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from kafkaboot.probes.leader_wire import Leadership
    from kafkaboot.probes.partitions_wire import Metadata

LISTED_LIMIT = 20
"""Brokers that a message lists."""


def registered(
    metadata: "Metadata", broker_id: int, origin: str, source: str = "the broker", *, before_0_10: bool = False
) -> None:
    """Check that *broker_id*, which comes from *origin*, is among the brokers of its cluster.

    A KRaft broker lists those that are registered and not fenced, one with ZooKeeper those that the controller sent
    it. A 0.8 broker knows none, itself included, before the cluster has a topic (KAFKA-1867): there an empty
    list with no topics is as much as can be known. *source* is whom a message names. Raises NotServingError.
    """
    if broker_id in metadata.broker_ids:
        return
    if before_0_10 and not metadata.broker_ids and not metadata.topic_count:
        return
    listed = ", ".join(str(listed) for listed in sorted(metadata.broker_ids)[:LISTED_LIMIT]) or "none"
    if len(metadata.broker_ids) > LISTED_LIMIT:
        listed += ", ..."
    raise NotServingError(f"{source}: broker {broker_id} ({origin}) is not among the registered brokers: {listed}")


def in_sync(metadata: "Metadata", broker_id: int, source: str = "the broker") -> int:
    """Return how many partitions *broker_id* hosts, where it is in the ISR of them all; raises NotServingError."""
    if metadata.behind:
        names = ", ".join(metadata.named) + (", ..." if metadata.behind > len(metadata.named) else "")
        raise NotServingError(
            f"{source}: broker {broker_id} is out of sync in {metadata.behind} of its {metadata.hosted} partitions:"
            f" {names}"
        )
    return metadata.hosted


def shown(unseen: "Collection[str]", source: str = "the broker") -> None:
    """Check that no topic of those on the broker's disks is *unseen*; raises NotServingError.

    To whom an authorizer shows no topic, a broker that is out of sync looks as one without any partition.
    """
    if unseen:
        raise NotServingError(
            f"{source}: the disks hold partitions of topics that the probe is not shown, {min(unseen)} for one: allow"
            " User:ANONYMOUS to describe all topics, or set KF_PROBE_PORT to a listener that may"
        )


def led(leadership: "Leadership", source: str = "the controller") -> int:
    """Return the id of the quorum's leader; raises NotServingError where there is none.

    *leadership* is the answer of the leader, or of one that says no address: an answer with an address that is not the
    leader's own comes from one that was named the leader, and is not.
    """
    if leadership.leader_id < 0:
        raise NotServingError(f"{source}: the controller knows no leader of its quorum")
    if leadership.address is not None and not leadership.is_own:
        raise NotServingError(f"{source}: the leader of its quorum, {leadership.leader_id}, does not lead at present")
    return leadership.leader_id
