"""The ensemble's size: scaled as the README says, and in the old way, which is refused."""

from collections.abc import Iterator

import pytest

from tests.kubernetes.addresses import HELD, seconds_refused
from tests.kubernetes.kubectl import Kubectl
from tests.kubernetes.load import writing
from tests.kubernetes.servers import ZOOKEEPER, Servers
from tests.kubernetes.shell import printed, typed
from tests.kubernetes.stands import Stand, lead_by, standing, static_list
from tests.pages import block

TRIES = 5
"""Of a `resize`, which ends where the new servers are late: on a busy machine they are."""

NOT_YET = 75


@pytest.fixture(scope="module")
def stand(cluster: str) -> Iterator[Stand]:  # noqa: ARG001
    """Three ready servers, which each test leaves."""
    with standing(ZOOKEEPER) as made:
        yield made


@pytest.mark.parametrize("leads", [pytest.param("highest", marks=pytest.mark.short), "another"])
def test_the_readmes_scale(stand: Stand, report: list[str], leads: str) -> None:
    """3 to 5 to 3, led by the highest ordinal, whose vote goes on the way down, and by another."""
    servers = stand.servers
    up, down, members = block("scale zookeeper").commands.split("\n\n")
    with writing(servers) as writer:
        first = lead_by(servers, [2] if leads == "highest" else [0, 1])
        _type(servers, up)
        servers.wait_until_ready(5)
        voters = [_voters(stand.kubectl, members)]
        report.append(f"3 to 5, led by {first}: {writer.lap()}")
        second = lead_by(servers, [4] if leads == "highest" else [0, 1, 2])
        lost = [writer.lost()]
        _type(servers, down)
        servers.wait_until_ready(3)
        voters.append(_voters(stand.kubectl, members))
        report.append(f"5 to 3, led by {second}: {writer.lap()}")
        tally = writer.finish()
    report.append(str(tally))

    assert voters == [5, 3]
    assert [*lost, tally.lost] == [0, 0]


def test_the_address_of_a_deleted_server_refuses_for_seconds(stand: Stand, report: list[str]) -> None:
    """Who asks it meanwhile is told at once to ask another: what the sidecar is there for."""
    measured = seconds_refused(stand.servers, until=lambda seconds: seconds >= HELD)
    report.append(f"seconds for which an address refused: {measured}")

    assert max(measured) >= HELD


@pytest.mark.parametrize(("before", "after"), [(3, 5), (5, 3)])
def test_the_old_way_to_scale_a_static_list_is_refused(
    namespace: Kubectl, report: list[str], before: int, after: int
) -> None:
    """Replicas and ZK_REPLICAS in one `apply`: the pods that would vote by the new list say no, and it is undone."""
    servers = Servers(namespace, ZOOKEEPER)
    namespace.apply(static_list(before))
    servers.rollout()
    with writing(servers) as writer:
        namespace.apply(static_list(after))
        # The last pod of the new size: a new one, or the first that the rolling update gets to.
        refused = f"zk-{after - 1}"
        namespace.wait_until(lambda: "ZK_RECONFIG" in namespace.words_of(refused), f"{refused} is refused")
        if after > before:
            # They have what they need: only the new ones are refused.
            writer.wait_for(100)
            assert [pod.is_ready for pod in servers.pods()[:before]] == [True] * before
        namespace.run("rollout", "undo", "statefulset", "zk")
        namespace.run("scale", "statefulset", "zk", f"--replicas={before}")
        servers.wait_until_ready(before)
        report.append(f"{before} to {after}, and undone: {writer.lap()}")
        tally = writer.finish()
    report.append(str(tally))

    assert tally.lost == 0


@pytest.mark.parametrize(("before", "after"), [(3, 5), (5, 3)])
def test_the_readmes_full_stop(namespace: Kubectl, report: list[str], before: int, after: int) -> None:
    """A static list is changed while nobody runs, up and down; what was acknowledged is there afterwards."""
    servers = Servers(namespace, ZOOKEEPER)
    shrink, stop, change, start, grow, forget = block("full stop").commands.splitlines()
    namespace.apply(static_list(before))
    servers.rollout()
    with writing(servers) as writer:
        writer.wait_for(100)
        if after < before:
            _type(servers, shrink)
            servers.wait_until_ready(after)
        _type(servers, stop)
        namespace.wait_until(lambda: not servers.pods(), "no pod is left")
        _type(servers, change.replace("ZK_REPLICAS=5", f"ZK_REPLICAS={after}"))
        _type(servers, start)
        servers.wait_until_ready(3)
        if after > before:
            _type(servers, grow)
            servers.wait_until_ready(after)
        _type(servers, forget)
        servers.rollout()
        report.append(f"{before} to {after}: {writer.lap()}")
        tally = writer.finish()
    report.append(str(tally))
    members = namespace.exec("zk-0", "zkboot", "members").output.splitlines()[1:]

    assert [line.split()[2] for line in members] == ["yes"] * after
    assert tally.lost == 0


def _type(servers: Servers, commands: str) -> None:
    """Type what the README has; where it ends with 75, the same again, as the README says."""
    for _ in range(TRIES):
        done = typed(servers.kubectl, commands)
        if done.status != NOT_YET or "exit code 75" not in done.stderr:
            break
    assert done.status == 0, done.stderr


def _voters(kubectl: Kubectl, commands: str) -> int:
    return sum(line.split()[2] == "yes" for line in printed(kubectl, commands).splitlines()[1:])
