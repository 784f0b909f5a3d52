"""How many servers were away at one time, by what a watch has told."""

import io
import json

import pytest

from tests.kubernetes.kubectl import Json, Watch
from tests.kubernetes.servers import most_away

NAMES = ("zk-0", "zk-1", "zk-2")


def event(
    name: str,
    *,
    kind: str = "MODIFIED",
    uid: str = "old",
    ready: bool = True,
    is_lost: bool = False,
    state: str = "running",
    restarts: int = 0,
    is_leaving: bool = False,
) -> Json:
    """Return what a watch shows of a pod."""
    meta = {"name": name, "uid": uid} | ({"deletionTimestamp": "2026-11-27T00:00:00Z"} if is_leaving else {})
    is_ready = ready and not is_lost
    conditions = [
        {"type": "Ready", "status": str(is_ready)},
        {"type": "ContainersReady", "status": str(ready)},
    ]
    containers = [{"state": {state: {}}, "restartCount": restarts}]
    status = {"conditions": conditions, "containerStatuses": containers}
    return {"type": kind, "object": {"metadata": meta, "spec": {}, "status": status}}


ALL = [event(name, kind="ADDED") for name in NAMES]
CRASHED = [event(name, ready=False, state="terminated") for name in ("zk-0", "zk-1")]
AGAIN = [event(name, ready=False, restarts=1) for name in ("zk-0", "zk-1")]
BACK = [event(name, restarts=1) for name in ("zk-0", "zk-1")]
LEAVING = event("zk-2", is_leaving=True)
DELETED = event("zk-2", kind="DELETED", is_leaving=True)
ADDED = {"type": "ADDED", "object": {"metadata": {"name": "zk-2", "uid": "new"}, "spec": {}}}
STARTED = event("zk-2", uid="new", ready=False)
NEW = event("zk-2", uid="new")


@pytest.mark.parametrize(
    ("events", "away"),
    [
        pytest.param(ALL, 0, id="none"),
        pytest.param([*ALL[:1], *ALL], 0, id="only-what-comes-after-all-were-there-counts"),
        pytest.param([*ALL, LEAVING, DELETED, ADDED, STARTED, NEW], 1, id="one-replaced"),
        pytest.param([*ALL, LEAVING, DELETED, ADDED, STARTED, *CRASHED[:1]], 2, id="one-crashed-while-another-is-new"),
        pytest.param([*ALL, *CRASHED, LEAVING], 3, id="two-crashed-and-one-deleted"),
        pytest.param([*ALL, *CRASHED, *AGAIN, LEAVING], 3, id="two-started-again-and-one-deleted"),
        pytest.param([*ALL, *CRASHED, *AGAIN, *BACK, LEAVING], 2, id="two-back-again-before-one-is-deleted"),
        pytest.param([*ALL, *AGAIN, LEAVING], 3, id="whose-end-no-event-has-shown"),
        pytest.param([*ALL, event("zk-0", is_lost=True), LEAVING], 2, id="a-node-lost"),
        pytest.param([*ALL, STARTED, event("zk-1", is_leaving=True)], 2, id="whose-deletion-no-event-has-shown"),
        pytest.param(
            [*ALL, LEAVING, *(event(name, ready=False) for name in ("zk-0", "zk-1"))], 1, id="nobody-leads-meanwhile"
        ),
    ],
)
def test_how_many_were_away_at_once(events: list[Json], away: int) -> None:
    """Whatever the reason, but that nobody leads."""
    watch = Watch(io.StringIO("\n".join(json.dumps(each) for each in events)))

    assert most_away(watch, NAMES) == away
