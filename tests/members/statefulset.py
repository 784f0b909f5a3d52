"""The StatefulSet `zk` with `Parallel` and `RollingUpdate`: what its controller and the kubelet do with pods.

The controller's order (kubernetes, stateful_set_control.go): missing pods are created and condemned ones deleted, all
at once; then, from the highest ordinal down, one pod of another revision at a time is deleted and made anew, as long as
every pod above it is ready. A pod that does not get ready stops the roll there, for as long as it takes. Pods below are
not asked.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from time import monotonic, sleep
from types import TracebackType
from typing import Self

from tests.members.network import Network
from tests.members.pods import Pod
from tests.server.distributions import Distribution

PATIENCE = 40.0
"""Seconds after which a pod counts as one that will not get ready, and a roll as stopped."""

PACE = 1.5
"""Seconds from a pod that is ready to the next one that is replaced: until a probe has seen it, and the controller."""

_TENDING = 0.1
_ASKING = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """What came of a change of the template or the size."""

    replaced: tuple[int, ...]
    """The ordinals whose pods were deleted and made anew, in order."""
    stopped_at: int | None
    """The pod that did not get ready; None where the roll went through."""
    told: str
    """What our command told about that pod."""

    @property
    def is_refused(self) -> bool:
        """Whether a pod that did not get ready stopped it."""
        return self.stopped_at is not None

    def __str__(self) -> str:
        """Return it in a few words."""
        done = ", ".join(f"zk-{ordinal}" for ordinal in self.replaced) or "no pod"
        return f"replaced {done}; " + (
            f"stopped at zk-{self.stopped_at}: {shorten(self.told, 100)}" if self.is_refused else "whole"
        )


class StatefulSet:
    """Its pods, created and not yet created, on one network; as a context manager all end with it."""

    def __init__(self, network: Network, folder: Path, distribution: Distribution) -> None:
        """Have one pod for each sandbox of *network*, with volumes in the empty *folder*."""
        self.network = network
        self.pods = [
            Pod(ordinal, sandbox, folder / sandbox.name, distribution)
            for ordinal, sandbox in enumerate(network.sandboxes)
        ]
        self.distribution = distribution
        self._ended = threading.Event()
        self._kubelet = threading.Thread(target=self._tend, name="kubelet", daemon=True)

    def __enter__(self) -> Self:
        """Let the kubelet begin, and return itself."""
        self.network.heal()
        self.network.know()
        self._kubelet.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End every container."""
        self._ended.set()
        self._kubelet.join()
        for pod in self.pods:
            pod.delete(kill=True)
        self.network.heal()

    @property
    def created(self) -> list[Pod]:
        """The pods that exist."""
        return [pod for pod in self.pods if pod.is_created]

    def create(self, ordinals: Iterable[int], spec: Mapping[str, str]) -> None:
        """Create these pods at once."""
        for ordinal in ordinals:
            self.pods[ordinal].create(spec)

    def delete(self, ordinals: Iterable[int], *, kill: bool = False) -> None:
        """Delete these pods at once and return when they are gone."""
        pods = [self.pods[ordinal] for ordinal in ordinals]
        with ThreadPoolExecutor(max(1, len(pods))) as pool:
            for gone in [pool.submit(pod.delete, kill=kill) for pod in pods]:
                gone.result()

    def begin(self, order: Sequence[int], spec: Mapping[str, str]) -> None:
        """Create the first pods of an ensemble so that the first of *order* leads; TimeoutError where it does not.

        With empty volumes the highest id among the first majority is elected: whoever shall not lead comes later.
        """
        majority = len(order) // 2 + 1
        self.create(order[:majority], spec)
        self.await_ready(order[:majority])
        self.create(order[majority:], spec)
        self.await_ready(order)
        if self.leader() != order[0]:
            raise TimeoutError(f"zk-{self.leader()} leads, not zk-{order[0]}")

    def leader(self) -> int | None:
        """Return who says that it leads."""
        return next((pod.ordinal for pod in self.created if pod.role() in ("leader", "standalone")), None)

    def serving(self) -> list[Pod]:
        """Return the pods that are ready."""
        return [pod for pod in self.created if pod.role()]

    def is_ready(self, ordinal: int, patience: float = PATIENCE) -> bool:
        """Tell whether a pod gets ready; False as soon as its start was refused twice, or when *patience* ends."""
        pod, deadline = self.pods[ordinal], monotonic() + patience
        while not pod.role():
            if pod.is_refused or monotonic() > deadline:
                return False
            sleep(_ASKING)
        return True

    def await_ready(self, ordinals: Iterable[int], patience: float = PATIENCE) -> None:
        """Return once all of these pods are ready; TimeoutError, with their last words, where one does not get so."""
        for ordinal in ordinals:
            if not self.is_ready(ordinal, patience):
                pod = self.pods[ordinal]
                last = pod.log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:]
                raise TimeoutError(f"{pod.name} does not get ready; ended with {pod.ends}:\n" + "\n".join(last))

    def apply(
        self, replicas: int, spec: Mapping[str, str], between: Mapping[int, Callable[[], None]] | None = None
    ) -> Roll:
        """Change the size and the template, as `kubectl apply` does, and return what came of it.

        *between* holds what happens once the pod of that ordinal is back, or where the roll stops before that.
        """
        waiting = dict(between or {})
        condemned = [pod.ordinal for pod in self.created if pod.ordinal >= replicas]
        missing = [ordinal for ordinal in range(replicas) if not self.pods[ordinal].is_created]
        replaced: list[int] = []
        with ThreadPoolExecutor(1) as background:
            going = background.submit(self.delete, condemned)
            self.create(missing, spec)
            stopped_at = self._roll(replicas, spec, waiting, replaced)
            going.result()
        if waiting:
            for ordinal in list(waiting):
                waiting.pop(ordinal)()
            # The controller has not gone away: a pod that got ready meanwhile lets the roll go on.
            stopped_at = self._roll(replicas, spec, waiting, replaced)
        told = "" if stopped_at is None else self.pods[stopped_at].told()
        return Roll(replaced=tuple(replaced), stopped_at=stopped_at, told=told)

    def _roll(
        self,
        replicas: int,
        spec: Mapping[str, str],
        waiting: dict[int, Callable[[], None]],
        replaced: list[int],
    ) -> int | None:
        for ordinal in reversed(range(replicas)):
            pod = self.pods[ordinal]
            if pod.spec != spec:
                pod.delete()
                pod.create(spec)
                replaced.append(ordinal)
            if not self.is_ready(ordinal):
                return ordinal
            sleep(PACE)
            if happen := waiting.pop(ordinal, None):
                happen()
        return None

    def _tend(self) -> None:
        while not self._ended.wait(_TENDING):
            for pod in self.pods:
                with suppress(OSError):
                    pod.tend()
