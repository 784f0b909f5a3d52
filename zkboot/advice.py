"""What should be read of the settings though it stops no start."""

from collections.abc import Iterable

from zkboot.key_rules import advice_on_keys
from zkboot.settings import OWNED_KEYS, SERVER_HEAP, Settings
from zkboot.variables import REPLICAS, SERVERS

_MOST_VOTERS = 7
"""With more of them a write is slower and no safer: two may fail while a third is replaced."""

_SYNC_WARNING_MS = 60_000
"""No operator wants a follower that may lag longer than this; the tutorial's manifest said 2000 ticks."""


def advice_on_settings(settings: Settings) -> Iterable[str]:
    """Yield warnings about *settings*, one line each."""
    if settings.heap is not None and settings.has_server_heap:
        yield f"ZK_HEAP_SIZE={settings.heap} wins over {SERVER_HEAP}, which is set, too: unset one"
    if settings.purge_interval_hours == 0:
        yield "ZK_PURGE_INTERVAL=0: snapshots and logs are never purged, the volume fills up; 1 is one hour"
    yield from _advice_on_size(settings)
    lag_ms = settings.sync_limit * settings.tick_time_ms
    if lag_ms > _SYNC_WARNING_MS:
        yield (
            f"ZK_SYNC_LIMIT={settings.sync_limit} ticks of ZK_TICK_TIME={settings.tick_time_ms} ms:"
            f" a dead follower is dropped only after {lag_ms / 1000:g} s"
        )
    if settings.snap_retain_count < 3:
        yield f"ZK_SNAP_RETAIN_COUNT={settings.snap_retain_count}: the server keeps 3 all the same"
    yield from advice_on_keys(settings.extra, OWNED_KEYS)


def _advice_on_size(settings: Settings) -> Iterable[str]:
    servers = settings.servers
    voters = settings.replicas if servers is None else sum(not server.observer for server in servers)
    name = REPLICAS.name if servers is None else SERVERS.name
    if voters % 2 == 0:
        away = voters // 2 - 1
        yield f"{name}: {voters} voters serve with {away} of them away, as {voters - 1} do: add or take one"
    elif voters > _MOST_VOTERS:
        yield f"{name}: each write waits for {voters // 2 + 1} of {voters} voters: let some be observers"
