"""Brokers without ZooKeeper come and go, and the voters stay: the README's scale."""

from collections.abc import Iterator

import pytest

from tests.kubernetes.load import writing
from tests.kubernetes.servers import KRAFT, Servers
from tests.kubernetes.shell import printed
from tests.kubernetes.stands import Stand, lead_by, standing
from tests.pages import block

MOVE_LIMIT = 900.0

AGAIN = """
while shown=$({asking}); do
  case $shown in *"in progress"*) sleep 1 ;; *) printf '%s\\n' "$shown"; exit 0 ;; esac
done
printf '%s\\n' "$shown"
exit 1
"""
"""Asks until nothing is under way, and shows the last answer; a question that fails is the end of it."""

PARTITION = ("Reassignment of partition ", "There is no active reassignment of partition ")
"""How `--verify` begins what it says of each: the second, with status 0, of one that is not where it should be."""


@pytest.fixture(scope="module")
def stand(cluster: str) -> Iterator[Stand]:  # noqa: ARG001
    """Three ready nodes, which each test leaves."""
    with standing(KRAFT) as made:
        yield made


@pytest.mark.parametrize("leads", ["highest", "another"])
def test_the_readmes_scale(stand: Stand, report: list[str], leads: str) -> None:
    """3 to 5 to 3, while the highest ordinal of the voters is the active controller, and while another is."""
    servers = stand.servers
    up = block("add brokers").commands
    *moving, verify, _exit, scale = block("remove brokers").commands.splitlines()
    with writing(servers) as writer:
        leader = lead_by(servers, [2] if leads == "highest" else [0, 1])
        printed(stand.kubectl, up)
        servers.wait_until_ready(5)
        report.append(f"3 to 5, led by {leader}: {writer.lap()}")

        # The new brokers get something that is to be moved off them again.
        _move(servers, [line.replace("--broker-list 1,2,3", "--broker-list 1,2,3,4,5") for line in moving], verify)
        report.append(f"spread over five: {writer.lap()}")
        leader = lead_by(servers, [2] if leads == "highest" else [0, 1])
        _move(servers, moving, verify)
        report.append(f"moved off two, led by {leader}: {writer.lap()}")
        printed(stand.kubectl, scale)
        servers.wait_until_ready(3)
        report.append(f"5 to 3: {writer.lap()}")
        tally = writer.finish()
    report.append(str(tally))

    assert tally.lost == 0


def _move(servers: Servers, lines: list[str], verify: str) -> None:
    """Type what the README has into the shell that its first line opens, the last line until nothing is under way."""
    opening, *rest = lines
    asking = verify.partition("#")[0].strip()
    script = "\n".join(["set -e", *rest, AGAIN.format(asking=asking)])
    command = opening.partition(" -- ")[2].split()
    done = servers.kubectl.call("exec", "-i", "kafka-0", "--", *command, stdin=script, timeout=MOVE_LIMIT)
    assert done.status == 0, done.stdout + done.stderr
    told = [line for line in done.stdout.splitlines() if line.startswith(PARTITION)]
    assert told, done.stdout
    assert [line for line in told if not line.endswith(" is completed.")] == []
