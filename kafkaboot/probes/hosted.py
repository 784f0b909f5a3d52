"""Which topics this broker has on its disks: the names of the folders in its log directories.

A partition's folder is ``<topic>-<index>``. What is deleted, moved in or left over is called otherwise, with a word
behind the last dash (``UnifiedLog.DeleteDirSuffix`` and its companions).
"""

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kafkaboot.probes.endpoint import BrokerProperties

_OF_KRAFT = "__cluster_metadata"


def hosted_topics(properties: "BrokerProperties") -> set[str]:
    """Return the topics of which a partition is on the disks; nothing of a directory that the probe cannot see."""
    listed = properties.value("log.dirs") or properties.value("log.dir")
    topics: set[str] = set()
    for directory in listed.split(","):
        try:
            names = posix.listdir(directory.strip())
        except (OSError, ValueError):
            # A path with a NUL is no path, and no OSError either.
            continue
        for name in names:
            topic, dash, index = name.rpartition("-")
            if dash and topic and index.isdigit():
                topics.add(topic)
    return topics - {_OF_KRAFT}
