"""Which list a server starts with, and when it may not: the environment, the volume and the peers, compared."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from zkboot.lists import Members
from zkboot.member import Member, find_member
from zkboot.members.choice import Choice, choose
from zkboot.members.patience import is_undecided, is_unheard
from zkboot.members.peer import Peer
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import StateError
from zkboot.pod.identity import Host
from zkboot.settings import Settings
from zkboot.volumes.contents import Contents
from zkboot.volumes.mark import DATA, Mark

NEW = Contents(
    data="/d/version-2",
    log="/l/version-2",
    is_one=False,
    data_names=(),
    log_names=(),
    has_run=False,
    data_mark=None,
    log_mark=None,
    epochs={},
    lists={},
    newest_version=0,
    unreadable=(),
    has_first_list=False,
)


def listed(count: int, version: int = 0) -> Members:
    """Return the list of the first *count* servers."""
    return Members(
        rows={one: f"zk-{one - 1}.d:2888:3888:participant;2181" for one in range(1, count + 1)}, version=version
    )


def volume(
    count: int, *, dynamic: bool = False, marked: bool = True, lists: Mapping[str, Members] | None = None
) -> Contents:
    """Return a volume with data whose server last ran in an ensemble of *count*."""
    mark = Mark(owner="zk-1.d", folder=DATA, dynamic=dynamic, members=listed(count)) if marked else None
    return replace(
        NEW,
        data_names=("snapshot.0", "currentEpoch"),
        epochs={"currentEpoch": "1"},
        data_mark=mark,
        log_mark=mark,
        lists=lists or {},
        has_first_list=dynamic,
    )


def peers(count: int, *, serving: tuple[int, ...], version: int = 0, mode: str = "follower") -> dict[int, Peer]:
    """Return the servers *serving*, each with the list of the first *count*."""
    members = listed(count, version) if count else None
    return {one: Peer(source=f"zk-{one - 1}.d:2181", mode=mode, members=members) for one in serving}


def old_peers(*serving: int) -> dict[int, Peer]:
    """Return servers of 3.4 that somebody has written to."""
    return {one: replace(peer, has_old_data=True) for one, peer in peers(0, serving=serving).items()}


def made(ordinal: int, environ: Mapping[str, str]) -> tuple[Settings, Member]:
    """Return settings and place of a pod."""
    env = EnvReader({"ZK_DOMAIN": "d", "ZK_CONF_DIR": "/c", **environ})
    settings = Settings.from_environ(env)
    member = find_member(env, settings, Host(name=lambda: f"zk-{ordinal}", domain=lambda: ""))
    env.problems.check()
    assert member is not None
    return settings, member


def chosen(ordinal: int, contents: Contents, others: dict[int, Peer] | None = None, **environ: str) -> Choice:
    """Return the choice of a pod."""
    return choose(*made(ordinal, environ), contents, others or {})


def refusal(ordinal: int, contents: Contents, others: dict[int, Peer] | None = None, **environ: str) -> str:
    """Return the one problem of a pod."""
    with pytest.raises(StateError) as caught:
        chosen(ordinal, contents, others, **environ)
    (problem,) = caught.value.problems
    return problem


LEADS_5 = Peer(source="zk-0.d:2181", mode="leader", members=listed(5))
FOLLOWS_3 = Peer(source="zk-2.d:2181", mode="follower", members=listed(3))
OLD = {"/c/zoo.cfg.dynamic.9": listed(3, 9), "/c/zoo.cfg.dynamic.5": listed(5, 5)}
DYNAMIC = {"ZK_RECONFIG": "true"}
FIVE = {"ZK_REPLICAS": "5"}
ONE = {"ZK_REPLICAS": "1"}
NEW_LIST = {"ZK_ALLOW_NEW_LIST": "true"}
ALONE = {"ZK_ALLOW_STANDALONE_DATA": "true"}


@pytest.mark.parametrize(
    ("ordinal", "contents", "others", "environ"),
    [
        (1, NEW, {}, {}),
        (1, volume(3), {}, {}),
        (1, volume(3), peers(3, serving=(1, 3)), {"ZK_SERVER_PORT": "2999", "ZK_DOMAIN": "other"}),
        (1, volume(5, marked=False), {}, {}),
        (1, volume(3), peers(0, serving=(1, 3)), {}),
        (4, NEW, peers(5, serving=(1, 2, 3)), FIVE),
        (1, volume(3), {}, {**FIVE, **NEW_LIST}),
        (1, volume(5), {}, NEW_LIST),
        (1, volume(5), peers(3, serving=(1,)), NEW_LIST),
        (1, volume(3, dynamic=True), {}, NEW_LIST),
        (1, volume(9, dynamic=True, lists={"/c/zoo.cfg.dynamic.9": listed(5, 9)}), {}, NEW_LIST),
        (1, volume(5), {1: LEADS_5, 3: FOLLOWS_3}, NEW_LIST),
        (1, volume(3), {1: LEADS_5}, {}),
        (4, NEW, old_peers(1, 2, 3, 4), FIVE),
        (3, NEW, peers(0, serving=(1, 2, 3)), FIVE),
        (3, volume(5), old_peers(1, 2, 3), FIVE),
        (3, NEW, old_peers(1, 2, 3), {**FIVE, **NEW_LIST}),
        (0, volume(1), {}, ONE),
        (0, volume(3), {}, {**ONE, **ALONE}),
        (0, volume(1), {}, ALONE),
        (1, replace(volume(5), data_names=(), epochs={}), {}, {}),
    ],
    ids=[
        "a first start",
        "a plain restart",
        "changed names and ports",
        "a volume from before the mark",
        "peers of 3.4",
        "a lost volume among five",
        "all stopped, 3 to 5",
        "all stopped, 5 to 3",
        "all stopped, 5 to 3, the first serves already",
        "all stopped, dynamic to static",
        "all stopped, dynamic of 5 to static of 3",
        "all stopped, 5 to 3, a leader that shows the old list",
        "a leader that shows the old list",
        "3.4, a lost volume among five that serve",
        "3.4, a new ensemble of five",
        "3.4, two were restarted",
        "3.4, two lost volumes, allowed",
        "a standalone server",
        "an ensemble's, allowed alone",
        "a standalone server's, allowed among others",
        "marked, but never run",
    ],
)
def test_a_static_start_goes_on(
    ordinal: int, contents: Contents, others: dict[int, Peer], environ: Mapping[str, str]
) -> None:
    """No new variable is needed but where the list changes."""
    assert chosen(ordinal, contents, others, **environ).list_path is None


@pytest.mark.parametrize(
    ("ordinal", "contents", "others", "environ", "lines"),
    [
        (
            2,
            volume(3),
            {},
            FIVE,
            ("last ran with the servers 1, 2, 3, but now they are 1, 2, 3, 4, 5", "ZK_RECONFIG=true"),
        ),
        (2, volume(5), {}, {}, ("1, 2, 3, 4, 5, but now they are 1, 2, 3.", "ZK_ALLOW_NEW_LIST=true")),
        (
            3,
            NEW,
            peers(3, serving=(1, 2, 3)),
            FIVE,
            ("zk-0.d:2181, zk-1.d:2181, zk-2.d:2181 runs with the servers 1, 2, 3",),
        ),
        (3, NEW, peers(3, serving=(2,)), {**FIVE, **NEW_LIST}, ("zk-1.d:2181 runs with the servers 1, 2, 3",)),
        (1, volume(3, marked=False), peers(5, serving=(1,)), {}, ("runs with the servers 1, 2, 3, 4, 5",)),
        (1, NEW, {1: LEADS_5}, {}, ("zk-0.d:2181 runs with the servers 1, 2, 3, 4, 5",)),
        (1, volume(3), {}, {"ZK_REPLICAS": "7", **NEW_LIST}, ("only 3 servers are in both lists", "size in between")),
        (
            3,
            NEW,
            old_peers(1, 2, 3),
            FIVE,
            ("servers 1, 2, 3 of the list 1, 2, 3, 4, 5 serve with ZooKeeper 3.4", "4, 5 do not"),
        ),
        (1, NEW, peers(0, serving=(1,), mode="standalone"), {}, ("zk-0.d:2181 serves as a standalone server",)),
        (0, volume(3), {}, ONE, ("last ran with the servers 1, 2, 3, but now they are 1", "ZK_ALLOW_STANDALONE_DATA")),
        (
            0,
            volume(1),
            {},
            {},
            ("last ran with the servers 1, but now they are 1, 2, 3", "ZK_RECONFIG=true with ZK_REPLICAS=1"),
        ),
        (1, volume(3, dynamic=True), {}, {}, ("a dynamic ensemble's server", "set ZK_RECONFIG=true again")),
        (
            1,
            volume(3, dynamic=True, lists={"/c/zoo.cfg.dynamic.9": listed(7, 9)}),
            {},
            NEW_LIST,
            ("has the servers 1, 2, 3, 4, 5, 6, 7, and the new, static list has 1, 2, 3: too far",),
        ),
        (
            1,
            volume(3, dynamic=True, lists=OLD),
            {},
            {**DYNAMIC, "ZK_CLIENT_PORT": "2999"},
            ("participant;2181, but ZK_CLIENT_PORT=2999", "undo the change"),
        ),
        (
            1,
            NEW,
            peers(3, serving=(1,), version=9),
            {},
            ("runs a dynamic ensemble of the servers 1, 2, 3", "ZK_RECONFIG=true"),
        ),
        (1, volume(3), {}, {**FIVE, **DYNAMIC}, ("last ran with the servers 1, 2, 3, but now they are 1, 2, 3, 4, 5",)),
        (
            1,
            NEW,
            peers(3, serving=(1,)),
            {**FIVE, **DYNAMIC},
            ("runs with the servers 1, 2, 3, but here they are 1, 2, 3, 4, 5",),
        ),
        (1, replace(volume(3, dynamic=True), has_first_list=False), {}, DYNAMIC, ("/c has no zoo.cfg.dynamic",)),
        (1, volume(3, dynamic=True), {}, {**FIVE, **DYNAMIC}, ("now they are 1, 2, 3, 4, 5",)),
    ],
    ids=[
        "3 to 5, an old member",
        "5 to 3, an old member",
        "3 to 5, a joiner",
        "3 to 5, a joiner, allowed while others run",
        "no mark, the peers tell",
        "nobody but a leader tells",
        "3 to 7 is too far",
        "3.4, 3 to 5, a joiner",
        "1 to 3, a joiner",
        "3 to 1",
        "1 to 3, the old server",
        "dynamic to static",
        "dynamic of 7 to static of 3",
        "another client port than the list's",
        "static among dynamic ones",
        "static to dynamic at another size",
        "static to dynamic at another size, a joiner",
        "the folder of lists is gone",
        "other founders before there is a list",
    ],
)
def test_a_list_that_could_lose_data_is_refused(
    ordinal: int, contents: Contents, others: dict[int, Peer], environ: Mapping[str, str], lines: tuple[str, ...]
) -> None:
    """Both lists are in the message, and the way on."""
    told = refusal(ordinal, contents, others, **environ)

    assert all(line in told for line in lines), told


@pytest.mark.parametrize(
    ("ordinal", "contents", "others", "path", "rows"),
    [
        (1, NEW, {}, "/c/zoo.cfg.dynamic", "1, 2, 3"),
        (4, NEW, {}, "/c/zoo.cfg.dynamic", "1, 2, 3, 5 (observer)"),
        (1, volume(3), peers(3, serving=(1, 3)), "/c/zoo.cfg.dynamic", "1, 2, 3"),
        (1, volume(3, dynamic=True, lists=OLD), {}, "/c/zoo.cfg.dynamic.9", None),
        (1, volume(3, dynamic=True, lists=OLD), peers(5, serving=(1,), version=7), "/c/zoo.cfg.dynamic.9", None),
        (
            1,
            volume(3, dynamic=True, lists=OLD),
            peers(5, serving=(1,), version=10),
            "/c/zoo.cfg.dynamic",
            "1, 2, 3, 4, 5",
        ),
        (4, volume(3, dynamic=True, lists=OLD), {}, "/c/zoo.cfg.dynamic", "1, 2, 3, 5 (observer)"),
        (1, NEW, peers(5, serving=(1,), version=7), "/c/zoo.cfg.dynamic", "1, 2, 3, 4, 5"),
        (2, NEW, peers(2, serving=(1,), version=7), "/c/zoo.cfg.dynamic", "1, 2, 3 (observer)"),
        (3, volume(3), peers(3, serving=(1, 2)), "/c/zoo.cfg.dynamic", "1, 2, 3, 4 (observer)"),
        (1, volume(3, dynamic=True), {}, "/c/zoo.cfg.dynamic", "1, 2, 3"),
    ],
    ids=[
        "a founder",
        "one that joins",
        "static to dynamic",
        "the newest on the volume",
        "the volume's is newer than a peer's",
        "a peer's is newer",
        "one that was removed",
        "a lost volume",
        "a founder that was removed, its volume, too",
        "one that joins while others are still static",
        "a second start before there ever was a quorum",
    ],
)
def test_a_dynamic_start_takes_the_newest_list(
    ordinal: int, contents: Contents, others: dict[int, Peer], path: str, rows: str | None
) -> None:
    """Whoever is not in it starts without a vote; what the server wrote is never written by us."""
    choice = chosen(ordinal, contents, others, **DYNAMIC)

    assert choice.list_path == path
    assert (str(choice.members) if choice.members else None) == rows
    assert choice.members is None or choice.members.version == 0


def test_with_tls_a_new_list_leaves_the_plain_port_to_each_pod() -> None:
    """For a migration it is open to all; an older list keeps it open, which is told."""
    tls = {**DYNAMIC, "ZK_TLS_DIR": "/tls"}
    new, open_to_all, old = (
        chosen(1, NEW, {}, **tls),
        chosen(1, NEW, {}, **tls, ZK_TLS_CLIENTS="both"),
        chosen(1, volume(3, dynamic=True, lists=OLD), {}, **tls),
    )

    assert new.members is not None
    assert new.members.rows[2] == "zk-1.d:2888:3888:participant;127.0.0.1:2181"
    assert open_to_all.members is not None
    assert open_to_all.members.rows[2] == "zk-1.d:2888:3888:participant;2181"
    (line,) = old.advice
    assert "it takes clients in plain text on every address" in line


def test_a_list_with_another_name_for_this_server_is_told() -> None:
    """The environment cannot change it."""
    choice = chosen(1, volume(3, dynamic=True, lists=OLD), ZK_RECONFIG="true", ZK_SERVER_PORT="2999")

    (line,) = choice.advice
    assert "zk-1.d:2888:3888" in line
    assert "zk-1.d:2999:3888" in line


@pytest.mark.parametrize(
    ("ordinal", "contents", "others", "environ", "kind"),
    [
        (1, NEW, {}, {}, "first"),
        (1, NEW, {}, {"ZK_QUORUM_ENTRY": "first"}, "first"),
        (1, NEW, {}, {"ZK_QUORUM_ENTRY": "join"}, "join"),
        (1, NEW, peers(3, serving=(1,)), {}, "join"),
        (1, NEW, peers(0, serving=(1,)), {}, "join"),
        (1, NEW, {**peers(3, serving=(1,)), **peers(0, serving=(3,), mode="unproven")}, {}, "join"),
        (1, volume(3), peers(0, serving=(3,), mode="unproven"), {}, None),
        (1, NEW, peers(3, serving=(1,)), {"ZK_QUORUM_ENTRY": "first"}, "join"),
        (1, NEW, {}, NEW_LIST, "join"),
        (1, NEW, {}, {**NEW_LIST, "ZK_QUORUM_ENTRY": "first"}, "first"),
        (1, volume(3), {}, {"ZK_QUORUM_ENTRY": "join"}, None),
        (0, NEW, {}, ONE, None),
        (0, NEW, {}, {**ONE, **DYNAMIC}, "first"),
        (3, NEW, {}, DYNAMIC, None),
    ],
)
def test_what_an_empty_volume_is(
    ordinal: int, contents: Contents, others: dict[int, Peer], environ: Mapping[str, str], kind: str | None
) -> None:
    """It never votes before it has copied where it is told so, or where others serve already."""
    entry = chosen(ordinal, contents, others, **environ).entry

    assert (entry.kind if entry else None) == kind


@pytest.mark.parametrize(
    ("ordinal", "contents", "others", "environ", "is_asked_again"),
    [
        (0, NEW, peers(0, serving=(2,), mode="looking"), {**ONE, **DYNAMIC}, True),
        (0, NEW, peers(0, serving=(4,), mode="looking"), DYNAMIC, True),
        (0, NEW, peers(0, serving=(2, 3), mode="looking"), DYNAMIC, False),
        (0, NEW, {}, {**ONE, **DYNAMIC}, False),
        (0, NEW, {**peers(0, serving=(4,), mode="looking"), **peers(5, serving=(2,), version=9)}, DYNAMIC, False),
        (0, volume(3, dynamic=True), peers(0, serving=(4,), mode="looking"), DYNAMIC, False),
        (0, NEW, peers(0, serving=(4,), mode="looking"), {**DYNAMIC, "ZK_QUORUM_ENTRY": "join"}, False),
        (0, NEW, peers(0, serving=(2,), mode="looking"), {}, False),
    ],
)
def test_peers_that_elect_are_asked_again_before_a_new_ensemble_begins(
    ordinal: int, contents: Contents, others: dict[int, Peer], environ: Mapping[str, str], *, is_asked_again: bool
) -> None:
    """A pod that is no founder runs only where the ensemble has grown."""
    settings, member = made(ordinal, environ)

    assert is_undecided(settings, member, contents, others) == is_asked_again


@pytest.mark.parametrize(
    ("contents", "others", "is_asked_again"),
    [
        pytest.param(
            NEW, peers(0, serving=(2, 3), mode="silent"), True, id="closed ports: nobody lets this pod in yet"
        ),
        pytest.param(
            NEW,
            {**peers(0, serving=(2,), mode="silent"), **peers(0, serving=(3,), mode="unproven")},
            True,
            id="one proves nothing, and the other one may serve",
        ),
        pytest.param(NEW, {}, False, id="nobody has an address"),
        pytest.param(
            NEW, {**peers(0, serving=(3,), mode="silent"), **peers(0, serving=(2,))}, False, id="one has said something"
        ),
        pytest.param(volume(3), peers(0, serving=(2, 3), mode="silent"), False, id="the volume knows the list"),
    ],
)
def test_silent_peers_are_asked_again_before_an_empty_volume_is_a_new_ensembles(
    contents: Contents, others: dict[int, Peer], *, is_asked_again: bool
) -> None:
    """A network policy lets a new pod in after some seconds; what it would have heard then decides."""
    settings, _ = made(0, {})

    assert is_unheard(settings, contents, others) == is_asked_again
    joining, _ = made(0, {"ZK_RECONFIG": "true", "ZK_CONF_DIR": "/var/lib/zookeeper/conf", "ZK_QUORUM_ENTRY": "join"})
    assert not is_unheard(joining, contents, others)
