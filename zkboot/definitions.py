"""What each version of ZooKeeper knows of the keys of zoo.cfg; the file beside this module was made from its jars."""

from functools import cache

from zkboot.pod.definitions import Definitions


@cache
def definitions() -> Definitions:
    """Return the definitions of every version; the first call reads them, so the probes make none."""
    return Definitions.of_package(__package__)
