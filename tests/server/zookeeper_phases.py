"""A running ensemble on its way from plain text to TLS, or to logins, under a client that counts."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from kazoo.client import KazooClient

from tests.server.distributions import Distribution
from tests.server.pods import Pod, roles
from tests.server.zookeeper import START_LIMIT, running, start_server
from tests.server.zookeeper_load import Writer

Session = Callable[[Sequence[Pod]], AbstractContextManager[KazooClient]]
"""Opens one with the servers of some pods, secured as it shall be in the end."""


def lose_nothing_on_the_way(
    pods: Sequence[Pod],
    distribution: Distribution,
    kind: str,
    names: Sequence[str],
    session: Session,
) -> None:
    """Start *pods* without the variables *names*, secure them by four rolling updates; check that nothing is lost.

    *kind* is TLS or SASL, as the variables of the phases have it.

    Each leader is killed in its turn; every server serves after each step. In the end the writer is secured itself.
    """
    secured = [{name: pod.environ.pop(name) for name in names} for pod in pods]
    with running(list(pods), distribution) as started:

        def roll(**more: str) -> None:
            for at, pod in enumerate(pods):
                server = started.servers[at]
                # The leader loses its power; the others end in order.
                (server.kill if roles([pod]) == ["leader"] else server.terminate)()
                pod.environ |= {**secured[at], **more}
                started.servers[at] = start_server(pod, distribution)
                started.wait_until_ready()

        started.wait_until_ready()
        plain = KazooClient(hosts=started.connect_string)
        plain.start(timeout=START_LIMIT)
        writer = Writer(plain)
        with writer.writing():
            for phase in ("accept", "prefer", "only"):
                roll(**{f"ZK_{kind}_CLIENTS": "both", f"ZK_{kind}_QUORUM": phase})
        first = writer.tally([session([pod]) for pod in pods])
        plain.stop()
        plain.close()
        with session(pods) as client:
            writer = Writer(client)
            with writer.writing():
                roll(**{f"ZK_{kind}_CLIENTS": "only"})
            second = writer.tally([session([pod]) for pod in pods])

    for tally in (first, second):
        assert (tally.lost, tally.acknowledged > 0) == (0, True), str(tally)
