"""Every intended difference from the original scripts, once, with its reason: the migration list of docker/README.md.

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


ZOOKEEPER = (
    Difference(
        tool="zkGenConfig",
        name="always three servers",
        original="`ZK_REPLICAS` is overwritten with 3, whatever the manifest says",
        ours="it is read, 3 by default; 1 is a standalone server, without an ensemble on stdout",
        reason='pods beyond the third die with "My id 4 not in the peer list"',
    ),
    Difference(
        tool="zkGenConfig",
        name="misspells the purge",
        original="`autopurge.purgeInteval`",
        ours="`autopurge.purgeInterval`",
        reason="ZooKeeper takes any key and says nothing: no purge ever ran, disks filled up",
    ),
    Difference(
        tool="zkGenConfig",
        name="blank before time-outs",
        original="the default session time-outs begin with a blank: `minSessionTimeout= 4000`",
        ours="they do not",
        reason="Java trims it, other readers of zoo.cfg do not",
    ),
    Difference(
        tool="zkGenConfig",
        name="relative log directory",
        original="`ZK_LOG_DIR` is `var/log/zookeeper` by default, below whatever directory it is run in",
        ours="`/var/log/zookeeper`",
        reason="the missing slash is a slip that only the image's own variable hides",
    ),
    Difference(
        tool="zkGenConfig",
        name="replaces JVMFLAGS",
        original="java.env sets `JVMFLAGS`",
        ours="it appends to `SERVER_JVMFLAGS`",
        reason="the operator's `JVMFLAGS` were lost, and zkCli.sh got the server's heap",
    ),
    Difference(
        tool="zkGenConfig",
        name="heap of a fixed size",
        original="`ZK_HEAP_SIZE` is a size",
        ours="it may be a share of the container's memory limit, `75%`; a size that does not fit is warned of",
        reason="the kernel kills a server whose heap outgrows its container",
    ),
    Difference(
        tool="zkGenConfig",
        name="keeps old addresses",
        original="the JVM keeps an answer of the DNS for 30 s",
        ours="for 1 s: a sixth file, `java.security`",
        reason="a pod that comes back has a new address",
    ),
    Difference(
        tool="zkGenConfig",
        name="root logger without a level",
        original="the root logger has no level, and zkServer.sh sets it to INFO",
        ours="it has `ZK_LOG_LEVEL`, and `ZOO_LOG4J_PROP` says so to the scripts of 3.7 and older",
        reason="`ZK_LOG_LEVEL=DEBUG` showed nothing below INFO",
    ),
    Difference(
        tool="zkGenConfig",
        name="log4j only",
        original="log4j.properties",
        ours="logback.xml beside it",
        reason="3.8 and newer read nothing else",
    ),
    Difference(
        tool="zkGenConfig",
        name="level as typed",
        original="`ZK_LOG_LEVEL=debug` is written so",
        ours="it is written `DEBUG`",
        reason="one spelling for every reader",
    ),
    Difference(
        tool="zkGenConfig",
        name="words of 3.4.6 only",
        original="no `4lw.commands.whitelist`",
        ours="`srvr, ruok, mntr`, unless `ZK_CFG_4lw_commands_whitelist` says otherwise",
        reason="from 3.5.3 on a server answers no other word than `srvr` by itself, so every probe fails",
    ),
    Difference(
        tool="zkGenConfig",
        name="AdminServer on 8080",
        original="from 3.5 on a server listens on port 8080, too",
        ours="`admin.enableServer=false`, unless `ZK_CFG_admin_enableServer` says otherwise",
        reason="nobody asked for it, and a port that is taken ends a standalone server",
    ),
    Difference(
        tool="zkGenConfig",
        name="gives up on its own name",
        original="a server whose own name does not resolve yet stops listening for elections after three tries",
        ours="`electionPortBindRetry=0`: it tries for ever",
        reason="ZooKeeper's guide advises it for Kubernetes, where names come late",
    ),
    Difference(
        tool="zkGenConfig",
        name="slow after a restart",
        original="a peer's old address is waited for 5 s, a lost vote up to 60 s",
        ours="`cnxTimeout=1000`, `fastleader.maxNotificationInterval=1000`",
        reason="pods change their addresses",
    ),
    Difference(
        tool="zkGenConfig",
        name="slow leaders are given up",
        original="from 3.6 on a leader that is not there within half a second is given up, and waits 20 s for nobody",
        ours="`leaderConnectDelayDuringRetryMs=200`, `leader.maxTimeToWaitForEpoch=2000`",
        reason="on a busy host a first leader takes longer than that",
    ),
    Difference(
        tool="zkGenConfig",
        name="no other keys",
        original="a key without a variable cannot be set",
        ours="`ZK_CFG_<key>`",
        reason="the file need not be baked into an image",
    ),
    Difference(
        tool="zkGenConfig",
        name="one kind of server",
        original="every server is a participant of one StatefulSet",
        ours="`ZK_SERVERS` lists any, observers and IPv6 addresses among them",
        reason="ensembles span StatefulSets and clusters",
    ),
    Difference(
        tool="zkGenConfig",
        name="one numbering",
        original="ordinals begin at 0, ids at 1",
        ours="`ZK_ORDINAL_START`, `ZK_ID_OFFSET`, with these defaults",
        reason="`spec.ordinals.start` exists, and so do ensembles that were numbered otherwise",
    ),
    Difference(
        tool="zkGenConfig",
        name="host name only",
        original="ordinal and domain are the host's",
        ours="`POD_NAME`'s and `ZK_DOMAIN`, where they are set",
        reason="under `hostNetwork` the host is the node",
    ),
    Difference(
        tool="zkGenConfig",
        name="takes any name",
        original="`zk--1` is pod 1 of `zk-`",
        ours="refused, status 78",
        reason="no StatefulSet is called so",
    ),
    Difference(
        tool="zkGenConfig",
        name="octal ordinals",
        original="bash takes an ordinal with a leading zero for octal: `zk-010` is server 9, `zk-08` no number",
        ours="refused, status 78: no StatefulSet makes such a name",
        reason="server 9 exists already",
    ),
    Difference(
        tool="zkGenConfig",
        name="takes any ordinal",
        original="a pod beyond the list of servers is configured all the same",
        ours="refused, status 78",
        reason="the server refuses itself, later and less clearly",
    ),
    Difference(
        tool="zkGenConfig",
        name="an empty domain",
        original="without a domain the servers are `zk-0.:2888:3888`",
        ours="refused, status 78, where there is more than one",
        reason="they cannot find each other",
    ),
    Difference(
        tool="zkGenConfig",
        name="checks no value",
        original="any text is written as it is, also into java.env, which a shell runs",
        ours="refused, status 78, all bad variables at once, nothing written",
        reason="a server that does not start says less, and a newline adds a key",
    ),
    Difference(
        tool="zkGenConfig",
        name="takes service links",
        original="a Service called zk-client sets `ZK_CLIENT_PORT` to `tcp://…`, which is written",
        ours="Kubernetes' service links are ignored, with a warning",
        reason="nobody meant them",
    ),
    Difference(
        tool="zkGenConfig",
        name="no blanks in paths",
        original="a path with a blank breaks the script's tests: no myid, status 0",
        ours="it works, except for `ZK_CONF_DIR`, where ZooKeeper's own scripts cannot: refused",
        reason="quoting",
    ),
    Difference(
        tool="zkGenConfig",
        name="unescaped paths",
        original="backslashes and letters beyond ASCII are written as they are",
        ours="they are escaped as Java reads them",
        reason="the server used another directory",
    ),
    Difference(
        tool="zkGenConfig",
        name="keeps another's myid",
        original="a myid that is there stays, whatever it says",
        ours="one that says another id stops the start, status 78; it stays, too",
        reason="two servers with one id, after volumes were mixed up",
    ),
    Difference(
        tool="zkGenConfig",
        name="remembers nothing",
        original="nothing on the volume says which servers the ensemble had",
        ours="`zkboot.json` in both data folders does, and that the two belong together; an empty volume is reported",
        reason="a lost folder and a changed list of servers lost acknowledged writes without a word",
    ),
    Difference(
        tool="zkGenConfig",
        name="takes any list",
        original="any list of servers is taken, whatever the data's ensemble was",
        ours="another list than the volume's last one, or a serving server's, is refused, status 78",
        reason="two halves of an ensemble were both majorities: 22 to 47 % of the writes were lost",
    ),
    Difference(
        tool="zkGenConfig",
        name="outvotes old data",
        original="a standalone server's data joins an ensemble of empty servers",
        ours="refused, status 78, until `ZK_ALLOW_STANDALONE_DATA=true`",
        reason="the empty ones are a majority: all data was lost that way",
    ),
    Difference(
        tool="zkGenConfig",
        name="failed writes succeed",
        original="a file that cannot be written is reported as written, status 0",
        ours="status 74, and every file is the old one or the new one, whole",
        reason="the server started with half a configuration, or an old one",
    ),
    Difference(
        tool="zkGenConfig",
        name="errors on stdout",
        original="a name without an ordinal is printed on stdout, with status 1",
        ours="every error is printed on stderr, each with a status of its kind",
        reason="stdout is data",
    ),
    Difference(
        tool="zkGenConfig",
        name="warns of nothing",
        original="nothing is said of settings that are allowed and dangerous",
        ours="a line on stderr: no purge, a `ZK_SYNC_LIMIT` of an hour, unknown names",
        reason="the tutorial's manifest has both of the first two",
    ),
    Difference(
        tool="zkGenConfig",
        name="tells its steps",
        original="each step is announced",
        ours="`Wrote` or `Unchanged`, file by file",
        reason="what changed is what is looked for",
    ),
    Difference(
        tool="zkGenConfig",
        name="another header",
        original="`#This file was autogenerated by k8szk DO NOT EDIT` in zoo.cfg",
        ours="a line in every file that says by what, and what to set instead",
        reason="it is not k8szk",
    ),
    Difference(
        tool="zkOk",
        name="one status for all",
        original="1, in silence, whatever is wrong",
        ours="69, 75, 76 or 78, and one line that says why",
        reason="`kubectl describe` shows the line",
    ),
    Difference(
        tool="zkOk",
        name="no time-out",
        original="`nc` waits for ever",
        ours="`ZK_PROBE_TIMEOUT`, 3 s",
        reason="probes of a hung server pile up",
    ),
    Difference(
        tool="zkOk",
        name="a fifth byte",
        original="`echo` sends `ruok` and a newline",
        ours="four bytes",
        reason="the server never reads the fifth, resets the connection, and the reply is lost now and then",
    ),
    Difference(
        tool="zkMetrics",
        name="cannot start",
        original="the script's first line is broken: `opyright: command not found`, and no kernel runs it",
        ours="a command",
        reason="`kubectl exec` could not run it",
    ),
    Difference(
        tool="zkMetrics",
        name="an empty answer is one",
        original="no answer is printed as nothing, status 0",
        ours="status 69 and one line",
        reason="a scraper took it for a server without metrics",
    ),
    Difference(
        tool="zkMetrics",
        name="no time-out",
        original="`nc` waits for ever",
        ours="`ZK_PROBE_TIMEOUT`, 3 s",
        reason="scrapes of a hung server pile up",
    ),
    Difference(
        tool="zkMetrics",
        name="a fifth byte",
        original="`echo` sends `mntr` and a newline",
        ours="four bytes",
        reason="the server never reads the fifth, resets the connection, and part of the reply is lost now and then",
    ),
)
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
        original="a name without an ordinal is printed on stdout, with status 1",
        ours="every error is printed on stderr, each with a status of its kind",
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
