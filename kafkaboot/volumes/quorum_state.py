"""What a KRaft node wrote down of its quorum, and whether its configuration still names the same one.

Facts (``QuorumStateData``, ``FileQuorumStateStore`` and ``QuorumState`` of 3.3 to 4.4, tried on 3.9 and 4.4):

- ``quorum-state`` lies beside the metadata log of every node, a broker's, too, and is written at its first start.
  ``data_version`` 0 is of a static quorum and lists its voters; 1 is of a dynamic one, whose voters are in the log.
- A broker of a dynamic quorum begins with version 0 and no voters.
- A static quorum can become dynamic from 4.1 on, while it runs; never the reverse.
- Up to 3.7 Kafka itself refuses a list of voters that is not the noted one. From 3.8 on it takes any: two lists whose
  majorities do not meet elect two leaders, and what one of them has acknowledged is lost.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from kafkaboot.config.layers import Config
from kafkaboot.config.variables import (
    CONTROLLER_REPLICAS,
    QUORUM,
)
from kafkaboot.values.voters import CONTROLLER_ROLE
from kafkaboot.volumes.meta import METADATA_LOG
from zkboot.pod.errors import BootError
from zkboot.pod.reads import read_file

QUORUM_STATE = "quorum-state"

_STATIC, _DYNAMIC = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class QuorumState:
    """What a node noted of its quorum, so far as anything follows from it."""

    is_dynamic: bool
    voters: tuple[int, ...]
    """Node ids of a static quorum's voters, in order; empty where they are not in this file."""

    @classmethod
    def parse(cls, text: str) -> "QuorumState | None":
        """Return what the *text* of the file states; None where it is not what Kafka writes."""
        import json

        try:
            state = json.loads(text)
            kind = state["data_version"]
            voters = tuple(sorted(int(voter["voterId"]) for voter in state.get("currentVoters") or ()))
        except (ValueError, TypeError, KeyError, AttributeError):
            return None
        return cls(is_dynamic=kind == _DYNAMIC, voters=voters) if kind in (_STATIC, _DYNAMIC) else None


def quorum_problems(config: Config) -> Iterable[str]:
    """Yield why the volume belongs to another quorum than *config* names.

    A broker has no vote. But it would follow whom its own list elects, and it is the first pod of a rolling update that
    would bring the list to the voters: so it is refused as they are.
    """
    state, path = _read(config)
    if state is None or state.is_dynamic or not state.voters:
        return
    if config.is_dynamic:
        if CONTROLLER_ROLE in config.roles:
            yield (
                f"{path} is of a static quorum, but {QUORUM.name} is dynamic: set it to static; from Kafka 4.1 on,"
                " upgrade the running cluster first (kafka-features.sh upgrade --feature kraft.version=1)"
            )
        return
    yield from voters_problems(config, path, state.voters)


def voters_problems(config: Config, source: str, voters: tuple[int, ...]) -> Iterable[str]:
    """Yield why the list of a static quorum's *config* is not that of its *voters*, by *source*, in order."""
    listed = tuple(sorted(voter.node_id for voter in config.voters))
    if listed != voters:
        yield (
            f"{source} says that the voters are {_joined(voters)}, but controller.quorum.voters are {_joined(listed)}:"
            " a static quorum keeps its voters, for two lists can have a leader each, and what one of them acknowledged"
            f" is lost; undo the change ({CONTROLLER_REPLICAS.name}={len(voters)} keeps {len(voters)} voters while"
            " brokers come and go); to change voters, make the quorum dynamic first, from Kafka 4.1 on"
            " (kafka-features.sh upgrade --feature kraft.version=1), then use kafka-metadata-quorum.sh add-controller"
            " and remove-controller"
        )


def quorum_advice(config: Config) -> Iterable[str]:
    """Yield warnings about a volume of a dynamic quorum under a static one, which goes on as it is."""
    state, path = _read(config)
    if state is not None and state.is_dynamic and not config.is_dynamic and CONTROLLER_ROLE in config.roles:
        yield (f"{path} is of a dynamic quorum, so controller.quorum.voters has no effect: set {QUORUM.name}=dynamic")


def _read(config: Config) -> tuple[QuorumState | None, str]:
    """Return what the volume of *config* says, None where there is nothing or Kafka must tell, and the file's path."""
    path = f"{config.metadata_dir}/{METADATA_LOG}/{QUORUM_STATE}"
    try:
        return QuorumState.parse(read_file(path) or ""), path
    except BootError:
        # Kafka itself says what is wrong with it.
        return None, path


def _joined(node_ids: Iterable[int]) -> str:
    return ", ".join(str(node_id) for node_id in node_ids)
