"""Every intended difference from the original scripts, once, with its reason: the README's migration list.

The tests beside this file hold each of them: a difference that no case shows, and a difference that is shown and not
listed, both fail.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that a command does otherwise than the script of the same name."""

    tool: str
    """The command's name."""
    name: str
    """What the cases call it."""
    original: str
    """What the script does."""
    ours: str
    """What the command does."""
    reason: str
    """Why that is worth a difference."""


ZOOKEEPER: tuple[Difference, ...] = ()
"""zkGenConfig, zkOk and zkMetrics."""

KAFKA = (
    Difference(
        tool="kafkaGenConfig",
        name="edits once",
        original="`sed` matches the pristine `broker.id=0` and `zookeeper.connect=localhost:2181` only, so a second run"
        " changes nothing",
        ours="an edit, whenever, gives what a first edit of the pristine file would give",
        reason="a configuration on a volume kept the first pod's id for ever",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="leaves no trace",
        original="what the file said before is gone",
        ours="it is kept in comments that begin with `# kafkaGenConfig`",
        reason="the file can be edited again, and people see what was changed",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="matches anywhere",
        original="the pattern is not anchored: `reserved.broker.id=0`, `broker.id=07` and comments are changed, too;"
        " `broker.id = 0` is not",
        ours="the file is parsed as Java does; only the key itself is replaced",
        reason="the broker got ids nobody asked for, or none",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="replaces only",
        original="a key that the file does not have stays missing, with status 0",
        ours="it is added at the end",
        reason="the broker started with a default, or not at all",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="one namespace",
        original="the ensemble is in the namespace `brand`",
        ours="`KF_ZK_NAMESPACE`, else `POD_NAMESPACE`, else the namespace in the pod's own domain",
        reason="nobody else's namespace is called so",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="one ensemble",
        original="the ensemble is zk-0 to zk-2 behind zk-svc, port 2181, no chroot",
        ours="`KF_ZK_STATEFULSET`, `KF_ZK_REPLICAS`, `KF_ZK_SERVICE`, `KF_ZK_CLIENT_PORT`, `KF_ZK_CHROOT`, with these"
        " defaults; or `KAFKA_ZOOKEEPER_CONNECT`",
        reason="ensembles have five servers, too",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="short names",
        original="the servers' names end in `.svc`; the pod's DNS search list completes them",
        ours="they end as the pod's own domain does, `.svc.cluster.local` as a rule, where it is known",
        reason="no search list, no extra look-ups that fail first",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="publishes nothing",
        original="the broker publishes what Java takes for the host's canonical name",
        ours="it publishes the pod's DNS name: `advertised.listeners`, before 0.9 `advertised.host.name`",
        reason="the canonical name is the bare pod name or an address as soon as the DNS is late",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="listens by default",
        original="where the broker listens is left to Kafka's default or the file",
        ours="`listeners` is written, `PLAINTEXT://:9092` or with `KF_PORT`; `KAFKA_LISTENERS` replaces it",
        reason="the probe, the manifest and the broker agree on the port",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="reads no environment",
        original="`KAFKA_*` variables change nothing",
        ours="each is a broker property",
        reason="the file need not be baked into an image",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="ignores the replicas",
        original="`KF_REPLICAS` is in the manifest and read by nobody",
        ours="an ordinal outside it is refused, status 78",
        reason="a pod of another StatefulSet does not join",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="host name only",
        original="the ordinal is the host name's",
        ours="`POD_NAME`'s, where it is set",
        reason="under `hostNetwork` the host name is the node's, and node-7 is no broker 8",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="octal ordinals",
        original="bash takes an ordinal with a leading zero for octal: `kafka-010` is broker 9, `kafka-08` has an"
        " empty id, status 0",
        ours="refused, status 78: no StatefulSet makes such a name",
        reason="broker 9 exists already",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="errors on stdout",
        original="a name without an ordinal is told on stdout, with status 1",
        ours="every error is told on stderr, each with a status of its kind",
        reason="stdout is data",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="looks at no volume",
        original="the data on the volume is not looked at",
        ours="a `meta.properties` that says another broker id stops the start, status 78",
        reason="0.8.2 joins as somebody else without a word, newer brokers die with a stack trace",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="knows no version",
        original="every Kafka is edited alike, also one without ZooKeeper, where nothing is replaced, with status 0",
        ours="the version is read from the installed jar, or `KF_VERSION`; an unknown one is refused, status 78",
        reason="each version has its own keys for the same thing",
    ),
    Difference(
        tool="kafkaGenConfig",
        name="silent",
        original="nothing is printed",
        ours="what was decided is printed, secrets masked",
        reason="the log of a pod that does not start begins with it",
    ),
)
"""kafkaGenConfig."""

DIFFERENCES = (*ZOOKEEPER, *KAFKA)


def table() -> str:
    """Return all differences as a Markdown table."""
    rows = (
        f"| {difference.tool} | {difference.original} | {difference.ours} | {difference.reason} |"
        for difference in DIFFERENCES
    )
    return "\n".join(("| | the script | here | because |", "| --- | --- | --- | --- |", *rows)) + "\n"
