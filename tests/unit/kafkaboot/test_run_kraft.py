"""`kafkaboot run` without ZooKeeper: what is formatted, by what, and when it is not; and `random-cluster-id`."""

from pathlib import Path

import pytest

from kafkaboot.values.cluster_id import check_new
from tests.commands import UNKNOWN_PEERS, Outcome, listing, run_command
from tests.unit.kafkaboot.probes.recorded_broker import NO_VOTERS, VOTERS, answers_with, recorded
from tests.unit.scripted_server import ScriptedServer

ID = "Ut7tJ-wMRxCHyEbPpYTYKA"
GOOD = {
    "POD_NAME": "kafka-1",
    "KF_DOMAIN": "kafka-svc.prod.svc.cluster.local",
    "KF_DNS_WAIT": "0",
    "KF_VERSION": "4.4.0",
    "KF_REPLICAS": "3",
    "KF_CLUSTER_ID": ID,
    "KF_PROBE_TIMEOUT": "0.5",
}
TOOL = """\
#!/bin/sh
echo "tool $*" "$JMX_PORT" "$KF_CLUSTER_ID"
test -e "$FAIL" && exit 1
test -e "$IDLE" && exit 0
mkdir -p {data}
printf 'version=1\\nnode.id=2\\ncluster.id={id}\\n' > {data}/meta.properties
"""


class Installed:
    """Kafka in a folder: a base file, and a storage tool that says what it was told."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "data"
        self.file = home / "config" / "server.properties"
        self.file.parent.mkdir()
        self.file.write_text("process.roles=broker,controller\n")
        tool = home / "bin" / "kafka-storage.sh"
        tool.parent.mkdir()
        tool.write_text(TOOL.format(data=self.data, id=ID))
        tool.chmod(0o755)

    def run(self, *arguments: str, **environ: str) -> Outcome:
        """Run `kafkaboot run` with a broker that only says that it started."""
        here = {"KF_HOME": str(self.home), "KAFKA_LOG_DIRS": str(self.data)} | GOOD | environ
        command = ("run", *arguments, "--", "echo", "started")
        return run_command("kafkaboot.cli:main", *command, name="kafkaboot", environ=here, prelude=UNKNOWN_PEERS)


@pytest.fixture
def kafka(tmp_path: Path) -> Installed:
    """Kafka, installed."""
    return Installed(tmp_path)


def test_an_empty_volume_is_formatted_once(kafka: Installed) -> None:
    """By Kafka's own script with our file, without what would open the server's JMX port; then never again."""
    first = kafka.run(JMX_PORT="9999")
    told = f"tool format --cluster-id={ID} --config {kafka.file}"

    assert (first.status, first.stderr) == (0, "")
    assert first.stdout.endswith(f"{told}  \nstarted\n")
    again = kafka.run()
    assert (again.status, again.stderr) == (0, "")
    assert "tool" not in again.stdout
    assert again.stdout.endswith("started\n")


def test_the_tool_may_be_any_command(kafka: Installed) -> None:
    """Split as a shell would."""
    done = kafka.run(KF_STORAGE_COMMAND=f"env A='b c' {kafka.home}/bin/kafka-storage.sh")

    assert done.status == 0
    assert f"tool format --cluster-id={ID}" in done.stdout


def test_a_dry_run_shows_it_and_does_nothing(kafka: Installed) -> None:
    """The file, the format and the broker's command."""
    before = listing(kafka.home)
    done = kafka.run("--dry-run")

    assert (done.status, done.stderr) == (0, "")
    assert "node.id=2" in done.stdout
    assert done.stdout.endswith(
        f"would format: {kafka.home}/bin/kafka-storage.sh format --cluster-id={ID} --config {kafka.file}\n"
        "would run: echo started\n"
    )
    assert listing(kafka.home) == before


def test_a_dry_run_checks_what_may_be_written(kafka: Installed) -> None:
    """All of it at once, by its variables; what it shows comes first."""
    one, other = kafka.home / "one", kafka.home / "other"
    for link in (one, other):
        link.symlink_to("/nowhere")
    places = {"KAFKA_LOG_DIRS": f"{one},{kafka.data}", "KAFKA_METADATA_LOG_DIR": str(other)}
    done = kafka.run("--dry-run", **places)

    told = [f"KAFKA_LOG_DIRS: {one}: not a directory", f"KAFKA_METADATA_LOG_DIR: {other}: not a directory"]
    assert (done.status, done.complaints) == (74, [f"kafkaboot run: {line}" for line in told])
    assert "would run: echo started\n" in done.stdout
    assert (kafka.run(**places).status, kafka.file.read_text()) == (74, "process.roles=broker,controller\n")


def test_a_dry_run_shows_bytes_that_are_no_text_as_they_are(kafka: Installed) -> None:
    """In the command line, and in a folder of PATH that has the storage tool."""
    folder = kafka.home / "x\udcff"
    (kafka.home / "bin").rename(folder)
    environ = {"KF_HOME": str(kafka.home), "KAFKA_LOG_DIRS": str(kafka.data), "PATH": f"{folder}:/bin"} | GOOD
    command = ("run", "--dry-run", "--", "/bin/echo", "\udcff")
    done = run_command("kafkaboot.cli:main", *command, name="kafkaboot", environ=environ)

    assert (done.status, done.stderr) == (0, "")
    assert f"would format: '{folder}/kafka-storage.sh' format --cluster-id={ID}" in done.stdout
    assert done.stdout.endswith("would run: /bin/echo '\udcff'\n")


def test_first_voters_get_the_same_list_on_each(kafka: Installed) -> None:
    """A node that nobody else answers yet is one of the first where it is told so."""
    done = kafka.run(KF_QUORUM="dynamic", KF_QUORUM_ENTRY="first", KF_PROBE_TIMEOUT="0.2")
    _, option, voters = done.stdout.partition(" --initial-controllers ")

    assert done.status == 0
    assert option
    assert voters.count(".kafka-svc.prod.svc.cluster.local:9093:") == 3
    assert "not asked whether the quorum is new" in done.stderr
    assert "--standalone" not in done.stdout


def test_without_a_word_an_empty_volume_of_a_dynamic_quorum_starts_nothing(kafka: Installed) -> None:
    """It may be a lost disk."""
    done = kafka.run(KF_QUORUM="dynamic", KF_QUORUM_WAIT="0", KF_PROBE_TIMEOUT="0.2")

    assert done.status == 69
    assert "started" not in done.stdout
    assert "if the cluster is new, set KF_QUORUM_ENTRY=first" in done.stderr
    assert not kafka.data.exists()


def test_a_dry_run_tells_the_format_before_it_misses_the_script(kafka: Installed) -> None:
    """What is on the volume is told where Kafka is not whole, too: the complaint comes last."""
    environ = {"KF_HOME": str(kafka.home), "KAFKA_LOG_DIRS": str(kafka.data), "PATH": "/nowhere"} | GOOD
    done = run_command("kafkaboot.cli:main", "run", "--dry-run", name="kafkaboot", environ=environ)

    assert done.status == 74
    assert f"would format: {kafka.home}/bin/kafka-storage.sh format --cluster-id={ID}" in done.stdout
    assert done.stderr == (
        f"kafkaboot run: {kafka.home}/bin/kafka-server-start.sh: not found: set KF_HOME to where Kafka is, or give the"
        " command after --\n"
    )


def test_the_generator_refuses_an_id_with_which_nothing_is_formatted(kafka: Installed) -> None:
    """As the start after it would; without any id it warns with the same words, for somebody else may format."""
    before = kafka.file.read_text()
    here = GOOD | {"KF_HOME": str(kafka.home), "KAFKA_LOG_DIRS": str(kafka.data)}
    statuses, told = [], ""
    for cluster_id in ("5L6g3nShT-eMCtK--X86sw", "too-short", ""):
        environ = here | {"KF_CLUSTER_ID": cluster_id}
        done = run_command("kafkaboot.cli:gen_config", "--dry-run", name="kafkaGenConfig", environ=environ)
        statuses.append(done.status)
        told = done.stderr

    assert statuses == [78, 78, 0]
    assert told == kafka.run(KF_CLUSTER_ID="").stderr.replace("kafkaboot run: ", "kafkaGenConfig: warning: ")
    assert kafka.file.read_text() == before


def test_a_dry_run_says_what_is_open(kafka: Installed) -> None:
    """Nobody is asked."""
    done = kafka.run("--dry-run", KF_QUORUM="dynamic")

    assert done.status == 0
    assert "(as the other controllers say)" in done.stdout


def test_a_dry_run_looks_for_the_storage_tool_that_is_named(kafka: Installed) -> None:
    """As the run would."""
    done = kafka.run("--dry-run", KF_STORAGE_COMMAND="/nowhere format")

    assert (done.status, "would format" in done.stdout) == (74, False)
    assert "/nowhere: not found: KF_STORAGE_COMMAND must name a program that can be run" in done.stderr


@pytest.mark.parametrize(
    ("environ", "status", "message"),
    [
        ({"KF_CLUSTER_ID": ""}, 78, "`kafkaboot random-cluster-id` prints a new one"),
        ({"KF_CLUSTER_ID": "5L6g3nShT-eMCtK--X86sw"}, 78, "is public"),
        ({"KF_CLUSTER_ID": ID, "CLUSTER_ID": "AAAAAAAAAAAAAAAAAAAAAA"}, 78, "differ: unset one"),
        (
            {"KF_QUORUM_ENTRY": "join", "KF_QUORUM_WAIT": "0", "KF_PROBE_TIMEOUT": "0.2"},
            69,
            "it is not started while no other controller knows a leader",
        ),
        (
            {"KF_QUORUM_ENTRY": "join", "KF_REPLICAS": "", "KAFKA_CONTROLLER_QUORUM_VOTERS": "2@localhost:9093"},
            69,
            "there is no other controller: restore the volume, or unset KF_QUORUM_ENTRY",
        ),
        (
            {"KF_REPLICAS": "", "KAFKA_CONTROLLER_QUORUM_VOTERS": "2@kafka-5.kafka-svc:9093"},
            78,
            "node 2 is pod kafka-1.kafka-svc.prod.svc.cluster.local, but the voters have it at kafka-5.kafka-svc",
        ),
        ({"KF_STORAGE_COMMAND": "'"}, 78, "is not a command line"),
        ({"KF_STORAGE_COMMAND": "/nowhere"}, 74, "/nowhere: not found"),
        ({"KF_HOME": "/nowhere"}, 74, "/nowhere"),
        (
            {
                "KF_QUORUM": "dynamic",
                "KF_QUORUM_ENTRY": "first",
                "KF_REPLICAS": "",
                "KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS": "a:1",
            },
            78,
            "needs to know all of the first voters",
        ),
        ({"KF_QUORUM": "dynamic", "KF_QUORUM_ENTRY": "first", "KAFKA_NODE_ID": "9"}, 78, "is none of the first voters"),
        (
            {"KF_QUORUM": "dynamic", "KF_QUORUM_ENTRY": "first", "KAFKA_NODE_ID": "1"},
            78,
            "but the voters have it at kafka-0.kafka-svc.prod.svc.cluster.local",
        ),
    ],
)
def test_what_keeps_a_volume_from_being_formatted(
    kafka: Installed, environ: dict[str, str], status: int, message: str
) -> None:
    """Nothing is started."""
    done = kafka.run(**environ)

    assert done.status == status
    assert message in done.stderr
    assert "started" not in done.stdout
    assert not kafka.data.exists()


def test_a_volume_that_was_formatted_for_the_other_quorum_is_not_started_on(kafka: Installed) -> None:
    """It would wait for ever: it never ran, so nothing on it is of use; whoever joins knows what he does."""
    assert kafka.run().status == 0

    dynamic = {"KF_QUORUM": "dynamic", "KF_QUORUM_WAIT": "0", "KF_PROBE_TIMEOUT": "0.1"}
    alone = kafka.run(**dynamic)
    joining = kafka.run(**dynamic, KF_QUORUM_ENTRY="join")

    assert alone.status == 69
    assert f"{kafka.data} was formatted without voters" in alone.stderr
    assert "started" not in alone.stdout
    assert joining.stdout.endswith("started\n")


def test_a_static_voter_that_was_formatted_and_never_ran_waits_for_a_leader_too(kafka: Installed) -> None:
    """The start that formatted it was ended before the JVM's; only `join` asks."""
    assert kafka.run(KF_QUORUM_ENTRY="first").status == 0

    joining = {"KF_QUORUM_ENTRY": "join", "KF_QUORUM_WAIT": "0", "KF_PROBE_TIMEOUT": "0.1"}
    waiting = kafka.run(**joining)
    (kafka.data / "__cluster_metadata-0").mkdir()
    (kafka.data / "__cluster_metadata-0" / "quorum-state").touch()
    run = kafka.run(**joining)

    assert waiting.status == 69
    assert "started" not in waiting.stdout
    assert run.stdout.endswith("started\n")


@pytest.mark.parametrize("entry", ["", "first"])
@pytest.mark.parametrize(("reply", "status"), [(VOTERS, 78), (NO_VOTERS, 0)], ids=["leader", "follower"])
def test_a_new_voter_that_the_others_do_not_know_is_refused(
    kafka: Installed, reply: bytes, status: int, entry: str
) -> None:
    """A leader that is there says who votes; where none is, the cluster is new."""
    replies = {"api-versions0": recorded("4.4.0-controller.api-versions0"), "describe-quorum0": reply}
    with ScriptedServer(answers_with(replies)) as server:
        voters = f"1@{server.host}:{server.port},2@kafka-1:9093"
        environ = {
            "KF_REPLICAS": "",
            "KF_QUORUM_ENTRY": entry,
            "KF_PROBE_TIMEOUT": "60",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": voters,
        }
        new = kafka.run(**environ)
        formatted = kafka.data.exists()
        kafka.data.mkdir(exist_ok=True)
        (kafka.data / "meta.properties").write_text(f"version=1\nnode.id=2\ncluster.id={ID}\n")
        never_ran = kafka.run(**environ)

    assert (new.status, never_ran.status) == (status, status)
    assert formatted is (status == 0)
    if status:
        told = "says that the voters are 1, 2, 3, but controller.quorum.voters are 1, 2:"
        assert new.stderr.startswith(f"kafkaboot run: {server.host}:{server.port} {told}")
        assert told in never_ran.stderr


def test_a_dry_run_says_that_a_static_voter_joins(kafka: Installed) -> None:
    """Nobody is asked."""
    done = kafka.run("--dry-run", KF_QUORUM_ENTRY="join")

    assert f"--config {kafka.file} (once another controller knows a leader)\n" in done.stdout


@pytest.mark.parametrize(("quorum", "option"), [("static", ""), ("dynamic", " --no-initial-controllers")])
def test_a_further_directory_is_formatted_alone_and_told(kafka: Installed, quorum: str, option: str) -> None:
    """No cluster id is needed, and nobody is asked."""
    old = kafka.home / "old"
    (old / "__cluster_metadata-0").mkdir(parents=True)
    (old / "__cluster_metadata-0" / "quorum-state").touch()
    (old / "meta.properties").write_text(f"version=1\nnode.id=2\ncluster.id={ID}\n")
    environ = {"KAFKA_LOG_DIRS": f"{old},{kafka.data}", "KF_QUORUM": quorum, "KF_CLUSTER_ID": ""}
    shown = kafka.run("--dry-run", **environ)
    done = kafka.run(**environ)

    assert f"--config {kafka.file} --ignore-formatted{option}\nwould run" in shown.stdout
    assert done.status == 0
    assert f"tool format --cluster-id={ID} --config {kafka.file} --ignore-formatted{option}  \n" in done.stdout
    assert done.stderr == (
        f"kafkaboot run: warning: {kafka.data}: empty beside {old}, formatted alone for node 2: where it takes the"
        " place of a lost disk, the replicas of that disk come back from the other brokers, and what no other broker"
        " has is gone\n"
    )


def test_a_later_pod_is_formatted_as_a_broker(kafka: Installed) -> None:
    """It is no first voter, and nobody is asked about it, whatever is set for the first pods."""
    environ = {"POD_NAME": "kafka-3", "KF_REPLICAS": "", "KF_CONTROLLER_REPLICAS": "3"}
    kafka.home.joinpath("bin", "kafka-storage.sh").write_text(
        TOOL.format(data=kafka.data, id=ID).replace("node.id=2", "node.id=4")
    )
    done = kafka.run(**environ, KF_QUORUM="dynamic", KF_QUORUM_ENTRY="first")

    assert (done.status, done.stderr) == (0, "")
    assert f"tool format --cluster-id={ID} --config {kafka.file}  \n" in done.stdout
    assert "process.roles=broker\n" in kafka.file.read_text()


def test_settings_and_volumes_are_told_at_once(kafka: Installed) -> None:
    """The id that a format would need among them; one that nobody will format with is no mistake."""
    public = {"KF_CLUSTER_ID": "5L6g3nShT-eMCtK--X86sw"}
    assert "is public" in kafka.run(KAFKA_NODE_ID="x", **public).stderr
    assert kafka.run(KAFKA_NODE_ID="x", KF_CLUSTER_ID="a b").stderr.count("\n") == 2

    kafka.data.mkdir()
    meta = kafka.data / "meta.properties"
    meta.write_text(f"version=1\nnode.id=3\ncluster.id={public['KF_CLUSTER_ID']}\n")
    assert kafka.run(KAFKA_NODE_ID="x", **public).stderr.count("\n") == 1
    done = kafka.run(KF_REPLICAS="many", **public)
    assert done.status == 78
    assert "KF_REPLICAS='many'" in done.stderr
    assert "says node.id=3, but pod kafka-1 is node 2" in done.stderr
    assert "is public" not in done.stderr
    assert kafka.run(KAFKA_LOG_DIRS="data").stderr.count("\n") == 1


def test_a_tool_that_fails_stops_the_start(kafka: Installed) -> None:
    """With its status; and so does one that did nothing."""
    failed = kafka.run(FAIL=str(kafka.file))
    idle = kafka.run(IDLE=str(kafka.file))

    assert failed.status == 78
    assert "kafka-storage.sh ended with status 1" in failed.stderr
    assert idle.status == 78
    assert "still not formatted" in idle.stderr
    assert "started" not in failed.stdout + idle.stdout


def test_cluster_id_is_read_where_kf_cluster_id_is_unset(kafka: Installed) -> None:
    """Images set it."""
    assert f"--cluster-id={ID}" in kafka.run(KF_CLUSTER_ID="", CLUSTER_ID=ID).stdout


def test_before_4_the_base_file_is_krafts_own(kafka: Installed) -> None:
    """Where there is one."""
    own = kafka.home / "config" / "kraft" / "server.properties"
    own.parent.mkdir()
    own.write_text("process.roles=broker,controller\nnum.partitions=7\n")

    assert kafka.run(KF_VERSION="3.9.1", KF_MODE="kraft").status == 0
    assert "num.partitions=7" in kafka.file.read_text()


def test_a_random_cluster_id_is_one_line() -> None:
    """That may be formatted with."""
    done = run_command("kafkaboot.cli:main", "random-cluster-id", name="kafkaboot")

    assert (done.status, done.stderr) == (0, "")
    check_new(done.stdout.removesuffix("\n"))
