"""`--in-sync` asks for what is on the volume, and says what the whole cluster's metadata would have it say."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafkaboot.probes.broker_properties import BrokerProperties
from kafkaboot.probes.client import Session
from kafkaboot.probes.commands import find_place
from kafkaboot.probes.endpoint import Endpoint
from kafkaboot.probes.health import in_sync, registered, shown
from kafkaboot.probes.remembered import ALL_TIME, Remembered
from tests.made_up_cluster import Cluster, Partition
from tests.patience import PATIENCE
from tests.unit.kafkaboot.probes.recorded_broker import frame, read_request, recorded, request_name, with_id
from tests.unit.scripted_server import Caller, Script, ScriptedServer
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import BootError

OWN = 1

ALL = b"\xff\xff\xff\xff\0"


def broker(cluster: Cluster, heard: list[bytes]) -> Script:
    """Return the script of a broker of *cluster*; what it is asked of the topics is added to *heard*."""

    def script(caller: Caller) -> None:
        while request := read_request(caller):
            if request_name(request) == "api-versions0":
                caller.send(with_id(recorded("4.4.0-broker.api-versions0"), request))
            else:
                heard.append(request[19:])
                caller.send(frame(cluster.reply(request)))

    return script


def properties(volume: Path, topics: set[str]) -> BrokerProperties:
    """Return those of a broker that has a partition of each of *topics* on its *volume*."""
    for topic in topics:
        (volume / f"{topic}-0").mkdir()
    return BrokerProperties(EnvReader({"KAFKA_LOG_DIRS": str(volume), "KF_CONFIG_FILE": "/nonexistent"}))


def verdict(endpoint: Endpoint, synced: BrokerProperties, remembered: Remembered | None = None) -> str:
    """Return what the probe says."""
    try:
        return find_place(endpoint, OWN, "id", synced, remembered)
    except BootError as error:
        return str(error)


def verdict_of_all(endpoint: Endpoint, topics: set[str]) -> str:
    """Return what the metadata of all topics say, where *topics* are on the volume."""
    with Session(endpoint) as session:
        session.ask_versions()
        metadata = session.ask_metadata(OWN, None, topics)
    try:
        registered(metadata, OWN, "id", str(endpoint))
        shown(metadata.unseen, str(endpoint))
        count = in_sync(metadata, OWN, str(endpoint))
    except BootError as error:
        return str(error)
    return f"broker {OWN} of {len(metadata.broker_ids)}, in sync in {count} partitions"


partitions = st.permutations([1, 2, 3, 257]).flatmap(
    lambda ids: st.tuples(st.integers(1, 4), st.integers(0, 4), st.booleans()).map(
        lambda drawn: Partition(
            replicas=tuple(ids[: drawn[0]]),
            isr=tuple(ids[: min(drawn[:2])]),
            leader=ids[0] if drawn[1] and drawn[2] else -1,
        )
    )
)

clusters = st.builds(
    Cluster,
    brokers=st.sampled_from([[1, 2, 3, 257], [2, 3]]),
    topics=st.dictionaries(st.sampled_from("abcdef"), st.lists(partitions, min_size=1, max_size=9)),
    hidden=st.frozensets(st.sampled_from("abcdef"), max_size=1),
)


@given(clusters, st.sets(st.sampled_from("xyé")))
def test_the_verdict_is_that_of_all_topics(cluster: Cluster, stray: set[str]) -> None:
    """Whatever the cluster looks like, where the broker has made what it hosts; folders of no topic count as ever."""
    with tempfile.TemporaryDirectory() as volume, ScriptedServer(broker(cluster, [])) as server:
        topics = cluster.topics_of(OWN) | stray
        endpoint = Endpoint(server.host, server.port, PATIENCE)

        assert verdict(endpoint, properties(Path(volume), topics)) == verdict_of_all(endpoint, topics)


def row(leader: int, *isr: int) -> list[Partition]:
    """Return a topic of one partition with three replicas."""
    return [Partition(replicas=(1, 2, 3), isr=isr, leader=leader)]


HELD = row(2, 1, 2, 3)
LED = row(1, 1, 2, 3)
LACKING = row(2, 2, 3)


@pytest.mark.parametrize(
    ("topics", "made", "asks_all", "is_ready"),
    [
        pytest.param({"a": HELD, "other": row(2)}, {"a"}, False, True, id="as-ever"),
        pytest.param({"a": LACKING, "b": HELD}, {"a", "b"}, False, False, id="behind"),
        pytest.param({"a": LACKING, "b": LACKING}, {"a"}, False, False, id="some-are-made"),
        pytest.param({"a": LACKING}, set(), True, False, id="an-empty-volume"),
        pytest.param({"a": LED, "b": LACKING}, {"a"}, True, False, id="those-it-leads-are-made-first"),
        pytest.param({"a": LED}, {"a"}, True, True, id="it-leads-all"),
        pytest.param({}, set(), True, True, id="a-new-cluster"),
    ],
)
def test_all_topics_are_asked_for_where_some_may_not_be_made_yet(
    tmp_path: Path, topics: Mapping[str, list[Partition]], made: set[str], *, asks_all: bool, is_ready: bool
) -> None:
    """A volume shows only what has been made."""
    heard: list[bytes] = []
    with ScriptedServer(broker(Cluster(brokers=[1, 2, 3], topics=topics), heard)) as server:
        said = verdict(Endpoint(server.host, server.port, PATIENCE), properties(tmp_path, made))

    assert said.startswith("broker 1 of 3, in sync in ") is is_ready
    assert (ALL in heard) is asks_all


def test_a_log_directory_that_cannot_be_seen_has_all_topics_asked_for(tmp_path: Path) -> None:
    """Its partitions may be those that are out of sync."""
    both = BrokerProperties(EnvReader({"KAFKA_LOG_DIRS": f"{tmp_path},/nonexistent", "KF_CONFIG_FILE": "/nonexistent"}))
    properties(tmp_path, {"a"})
    heard: list[bytes] = []
    with ScriptedServer(broker(Cluster(brokers=[1, 2], topics={"a": HELD, "b": LACKING}), heard)) as server:
        said = verdict(Endpoint(server.host, server.port, PATIENCE), both)

    assert "out of sync in 1 of its 2 partitions: b-0" in said
    assert heard == [ALL]


@pytest.mark.parametrize("healthy", [HELD, LED], ids=["some topics are enough", "it leads all"])
def test_what_was_kept_counts_only_while_nothing_has_changed(tmp_path: Path, healthy: list[Partition]) -> None:
    """Another partition, another broker, another folder: each is seen at once."""
    synced, remembered = properties(tmp_path, {"a"}), Remembered()
    said = []
    for brokers, rows in [
        ([1, 2], healthy),
        ([1, 2], healthy),
        ([1, 2, 3], healthy),
        ([1], LACKING),
        ([1, 2], healthy),
    ]:
        cluster = Cluster(brokers=brokers, topics={"a": rows})
        with ScriptedServer(broker(cluster, [])) as server:
            said.append(verdict(Endpoint(server.host, server.port, PATIENCE), synced, remembered))
    properties(tmp_path, {"gone"})
    with ScriptedServer(broker(cluster, [])) as server:
        said.append(verdict(Endpoint(server.host, server.port, PATIENCE), synced, remembered))
    in_sync_of = "broker 1 of {}, in sync in 1 partitions"

    assert said[:3] == [in_sync_of.format(count) for count in (2, 2, 3)]
    assert "broker 1 is out of sync in 1 of its 1 partitions" in said[3]
    assert said[4] == in_sync_of.format(2)
    assert "the disks hold partitions of topics that the probe is not shown, gone for one" in said[5]


class Asking:
    """Asks as `serve` does, at times that the test sets."""

    def __init__(self, volume: Path) -> None:
        self.now = 0.0
        self._synced = properties(volume, {"a"})
        self._remembered = Remembered(lambda: self.now)

    def __call__(self, topics: Mapping[str, list[Partition]]) -> tuple[bool, list[bytes]]:
        """Return whether the broker is in sync, where the cluster has these *topics*, and what was asked for that."""
        heard: list[bytes] = []
        with ScriptedServer(broker(Cluster(brokers=[1, 2, 3], topics=topics), heard)) as server:
            said = verdict(Endpoint(server.host, server.port, PATIENCE), self._synced, self._remembered)
        return said.startswith("broker 1 of 3, in sync in "), heard


def test_a_replica_that_could_not_be_made_is_seen_within_a_minute_by_who_stays(tmp_path: Path) -> None:
    """All topics are asked for at first and then once a minute; what was found then is asked for in between."""
    ask = Asking(tmp_path)
    of_one, of_both = b"\0\0\0\1\0\1a\0", b"\0\0\0\2\0\1a\0\1b\0"

    assert ask({"a": HELD}) == (True, [ALL])
    assert ask({"a": HELD, "b": LACKING}) == (True, [of_one])
    ask.now = ALL_TIME
    assert ask({"a": HELD, "b": LACKING}) == (False, [ALL])
    assert ask({"a": HELD, "b": LACKING}) == (False, [of_both])
    assert ask({"a": HELD, "b": HELD}) == (True, [of_both])
    ask.now = 2 * ALL_TIME
    assert ask({"a": HELD}) == (True, [ALL])
    assert ask({"a": HELD}) == (True, [of_one])


def test_who_stays_asks_a_broker_that_leads_all_one_question(tmp_path: Path) -> None:
    """For all topics, as it was the last time; where it follows again, for some."""
    ask = Asking(tmp_path)

    assert ask({"a": LED}) == (True, [ALL])
    assert ask({"a": LED}) == (True, [ALL])
    assert ask({"a": LED, "b": LACKING}) == (False, [ALL])
    assert ask({"a": HELD, "b": HELD})[1] != [ALL]


def test_an_answer_on_all_topics_that_does_not_come_is_waited_for_once_a_minute(tmp_path: Path) -> None:
    """A cluster may be too large for the time-out: that must not keep a broker from being ready for ever."""
    synced, remembered = properties(tmp_path, {"a"}), Remembered()
    heard: list[bytes] = []
    answers = broker(Cluster(brokers=[1, 2, 3], topics={"a": HELD}), heard)

    def hangs_up_on_all(caller: Caller) -> None:
        if request := read_request(caller):
            caller.send(with_id(recorded("4.4.0-broker.api-versions0"), request))
            read_request(caller)

    said = []
    for script in (hangs_up_on_all, answers):
        with ScriptedServer(script) as server:
            said.append(verdict(Endpoint(server.host, server.port, PATIENCE), synced, remembered))

    assert said[0].endswith("let the probes ask one without, or set KF_SASL_DIR and KF_SASL_USER")
    assert said[1] == "broker 1 of 3, in sync in 1 partitions"
    assert ALL not in heard
