"""What ``serve`` remembers from one question ``--in-sync`` to the next."""

import math
import time
from typing import TYPE_CHECKING

from kafkaboot.probes.metadata_wire import Kept

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from kafkaboot.probes.partitions_wire import Metadata

ALL_TIME = 60.0
"""Seconds from one question for all topics to the next, where those on the volume are enough."""


class Remembered:
    """What the last answers said, for any number of threads; *clock* returns seconds."""

    def __init__(self, clock: "Callable[[], float]" = time.monotonic) -> None:
        self.of_some = Kept()
        """The last answer on some topics."""
        self.of_all = Kept()
        """The last answer on all topics."""
        self.unmade: AbstractSet[str] = frozenset()
        """Topics assigned to the broker that had no partition on its volume."""
        self._clock = clock
        self._until = -math.inf
        self._some_are_enough = True

    def must_ask_all(self) -> bool:
        """Return whether to ask for all topics now: some were not enough the last time, or a minute is over.

        After a minute one caller asks for all, once; the others, and the next where no answer came in time, do without.
        """
        now = self._clock()
        if now >= self._until:
            self._until = now + ALL_TIME
            return True
        return not self._some_are_enough

    def note_all(self, metadata: "Metadata") -> None:
        """Remember what all topics say."""
        self.unmade = metadata.unmade
        self._some_are_enough = metadata.tells_what_is_made
