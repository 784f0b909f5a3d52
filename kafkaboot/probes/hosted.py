"""Which topics this broker has on its disks: the names of the folders in its log directories.

A partition's folder is ``<topic>-<index>``. What is deleted, moved in or left over is called otherwise, with a word
behind the last dash (``UnifiedLog.DeleteDirSuffix`` and its companions).
"""

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kafkaboot.probes.broker_properties import BrokerProperties

_OF_KRAFT = "__cluster_metadata"


class Hosted:
    """What is on the disks."""

    __slots__ = ("is_whole", "topics")

    def __init__(self) -> None:
        self.topics: set[str] = set()
        """The topics of which a partition is there."""
        self.is_whole = True
        """Whether every log directory of the broker is known, could be looked at, and has one."""


def hosted_topics(properties: "BrokerProperties") -> Hosted:
    """Return what is on the disks; nothing of a directory that the probe cannot see."""
    listed = properties.value("log.dirs") or properties.value("log.dir")
    hosted = Hosted()
    for key in ("log.dirs", "log.dir"):
        given, filed = properties.given(key), properties.filed(key)
        # The broker reads the file: a variable that says otherwise is not its own.
        hosted.is_whole &= given is None or filed is None or given.value == filed.value
    for directory in listed.split(","):
        try:
            names = posix.listdir(directory.strip())
        except (OSError, ValueError):
            # A path with a NUL is no path, and no OSError either.
            names = []
        parts = [name.rpartition("-") for name in names]
        topics = {topic for topic, _, index in parts if index.isdigit() and index.isascii()} - {_OF_KRAFT, ""}
        hosted.is_whole &= bool(topics)
        hosted.topics |= topics
    return hosted
