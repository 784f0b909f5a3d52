"""kafkaGenConfig and kafkaboot as people and manifests call them."""

import os
import stat
import sys
from pathlib import Path

import pytest

from kafkaboot import cli
from kafkaboot.config.settings import VARIABLES
from kafkaboot.start.edit import restore
from tests.commands import NOBODY, listing, needs_root, run_command
from zkboot import __version__
from zkboot.pod.properties import parse
from zkboot.pod.secret import MASK

BASE = """\
# A base file.
broker.id=0
#ssl.key.password=in-a-comment
ssl.keystore.password=in-the-base
log.dirs=/tmp/kafka-logs
zookeeper.connect=localhost:2181
"""
GOOD = {"POD_NAME": "kafka-1", "KF_DOMAIN": "kafka-svc.prod.svc.cluster.local", "KF_VERSION": "3.9.1"}


class Pod:
    """A pod with Kafka installed in *folder*; its commands run in this process."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        self.home = folder / "kafka"
        self.file = self.home / "config" / "server.properties"
        self.data = folder / "data"
        self._monkeypatch = monkeypatch
        self._capture = capfdbinary
        self.file.parent.mkdir(parents=True)
        self.file.write_text(BASE)
        self.stdout = self.stderr = ""

    def __call__(self, *arguments: str, name: str = "kafkaGenConfig", **environ: str) -> int:
        """Run *name* with these *arguments* and return its exit status; keep what it printed."""
        here = {"KF_HOME": str(self.home), "KAFKA_LOG_DIRS": str(self.data)} | GOOD | environ
        self._monkeypatch.setattr(os, "environ", {name: value for name, value in here.items() if value != "-"})
        self._monkeypatch.setattr(sys, "argv", [f"/usr/bin/{name}", *arguments])
        try:
            status = cli.main() if name == "kafkaboot" else cli.gen_config()
        except SystemExit as ended:
            status = int(str(ended.code))
        out, err = self._capture.readouterr()
        self.stdout, self.stderr = out.decode("iso-8859-1"), err.decode()
        return status

    @property
    def entries(self) -> dict[str, str]:
        """What the broker would read."""
        return parse(self.file.read_text("iso-8859-1"))

    @property
    def mode(self) -> int:
        """The file's permission bits."""
        return stat.S_IMODE(self.file.stat().st_mode)


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Pod:
    """Return a pod with Kafka installed."""
    return Pod(tmp_path, monkeypatch, capfdbinary)


class TestWriting:
    """The file itself."""

    def test_the_file_is_edited_in_place(self, pod: Pod) -> None:
        """As the original does; the summary says what was decided, less the secrets."""
        assert pod(KAFKA_SSL_KEY_PASSWORD="hush") == 0

        fqdn = "kafka-1.kafka-svc.prod.svc.cluster.local"
        zookeeper = ",".join(f"zk-{i}.zk-svc.prod.svc.cluster.local:2181" for i in range(3))
        assert pod.entries == {
            "broker.id": "2",
            "ssl.keystore.password": "in-the-base",
            "log.dirs": str(pod.data),
            "zookeeper.connect": zookeeper,
            "listeners": "PLAINTEXT://:9092",
            "advertised.listeners": f"PLAINTEXT://{fqdn}:9092",
            "ssl.key.password": "hush",
        }
        assert pod.stdout.splitlines() == [
            "POD_NAME=kafka-1",
            "KF_VERSION=3.9.1",
            "KF_MODE=zookeeper",
            "broker.id=2",
            f"zookeeper.connect={zookeeper}",
            "listeners=PLAINTEXT://:9092",
            f"advertised.listeners=PLAINTEXT://{fqdn}:9092",
            f"log.dirs={pod.data}",
            f"ssl.key.password={MASK}",
            f"Wrote {pod.file}",
        ]
        assert pod.stderr == ""

    @pytest.mark.parametrize("name", ["kafkaGenConfig", "kafkaGenConfig.sh"])
    def test_both_names_do_the_same(self, pod: Pod, name: str) -> None:
        """The original manifest calls the second."""
        assert pod(name=name) == 0
        assert pod.entries["broker.id"] == "2"

    def test_kafkaboot_gen_config_is_the_same_command(self, pod: Pod) -> None:
        """Under the third name."""
        assert pod("gen-config", name="kafkaboot") == 0
        assert pod.entries["broker.id"] == "2"

    def test_a_second_edit_changes_nothing(self, pod: Pod) -> None:
        """Not even the time of the file."""
        pod()
        before = listing(pod.home)

        assert pod() == 0
        assert listing(pod.home) == before
        assert pod.stdout.splitlines()[-1] == f"Unchanged {pod.file}"

    @pytest.mark.parametrize(
        "second",
        [
            {"POD_NAME": "kafka-2"},
            {"KF_VERSION": "0.8.2.1"},
            {"KAFKA_NUM_PARTITIONS": "-"},
            {"KAFKA_LISTENERS": "-", "KF_PORT": "9095"},
            {"KAFKA_LOG_DIRS": "/somewhere/else"},
        ],
        ids=str,
    )
    def test_a_changed_environment_gives_what_a_first_edit_would_give(self, pod: Pod, second: dict[str, str]) -> None:
        """The original's sed works once."""
        first = {"KAFKA_NUM_PARTITIONS": "3", "KAFKA_LISTENERS": "PLAINTEXT://:9094"}
        pod(**(first | second))
        expected = pod.file.read_bytes()
        pod.file.write_text(BASE)

        assert pod(**first) == 0
        assert pod(**(first | second)) == 0
        assert pod.file.read_bytes() == expected
        assert restore(expected.decode()) == BASE

    def test_a_base_file_of_its_own_stays_as_it_is(self, pod: Pod, tmp_path: Path) -> None:
        """The other file's directory is made where it is missing."""
        written = tmp_path / "run" / "kafka" / "server.properties"

        assert pod(KF_CONFIG_FILE=str(written)) == 0
        assert pod.file.read_text() == BASE
        assert parse(written.read_text())["broker.id"] == "2"

    def test_an_edited_file_may_be_the_base_of_another(self, pod: Pod, tmp_path: Path) -> None:
        """What it was before its edit counts."""
        pod(POD_NAME="kafka-7", KAFKA_NUM_PARTITIONS="9")
        written = tmp_path / "server.properties"
        pod(KF_CONFIG_FILE=str(written))

        assert "num.partitions" not in parse(written.read_text())
        assert restore(written.read_text()) == BASE

    def test_bytes_that_are_no_ascii_stay(self, pod: Pod) -> None:
        """Java reads ISO-8859-1, whatever the person meant who wrote them."""
        pod.file.write_bytes(b"# \xc3\xa9 \xff\r\nbroker.id=0\r\nlog.dirs=/x")

        assert pod(KAFKA_MY_NAME="\u00fc\u20ac") == 0
        written = pod.file.read_bytes()
        assert written.startswith(b"# \xc3\xa9 \xff\r\n# kafkaGenConfig replaced: broker.id=0\r\nbroker.id=2\r\n")
        assert b"my.name=\\u00fc\\u20ac\r\n" in written

    def test_the_version_is_that_of_the_installed_jar(self, pod: Pod) -> None:
        """Where KF_VERSION does not say it."""
        (pod.home / "libs").mkdir()
        (pod.home / "libs" / "kafka_2.10-0.8.2.1.jar").touch()

        assert pod(KF_VERSION="-") == 0
        assert pod.entries["advertised.host.name"] == "kafka-1.kafka-svc.prod.svc.cluster.local"
        assert "listeners" not in pod.entries

    def test_confluent_platform_is_taken_for_its_kafka(self, pod: Pod) -> None:
        """By the jar or by KF_VERSION, and that is said; the two do not contradict each other."""
        libs = pod.home / "libs"
        libs.mkdir()
        (libs / "kafka_2.13-7.5.0-ccs.jar").touch()
        of = "is Confluent Platform 7.5.0, taken for what it is made of, Kafka 3.5\n"

        for stated, told in (("-", f"{libs} {of}"), ("7.5.0", f"KF_VERSION=7.5.0 {of}"), ("3.5.1", "")):
            assert pod(KF_VERSION=stated) == 0
            assert pod.stderr == (told and f"kafkaGenConfig: warning: {told}")
        assert pod(KF_VERSION="3.9.1") == 0
        assert "the former counts" in pod.stderr

    def test_a_class_that_only_confluents_kafka_has_is_told(self, pod: Pod) -> None:
        """A compose file of Confluent's names one; their own installation holds it."""
        libs = pod.home / "libs"
        libs.mkdir()
        (libs / "kafka_2.13-3.9.1.jar").touch()
        reporter = {"KAFKA_METRIC_REPORTERS": "io.confluent.metrics.reporter.ConfluentMetricsReporter"}

        assert pod(**reporter) == 0
        assert "warning: KAFKA_METRIC_REPORTERS: classes of Confluent Platform" in pod.stderr
        (libs / "confluent-metrics-7.9.1-ce.jar").touch()
        assert pod(**reporter) == 0
        assert pod.stderr == ""

    def test_data_in_the_container_is_warned_of(self, pod: Pod) -> None:
        """The distribution's own default is no volume."""
        assert pod(KAFKA_LOG_DIRS="-") == 0
        assert pod.stderr == (
            "kafkaGenConfig: warning: log.dirs=/tmp/kafka-logs: no volume is there, so the data goes with the"
            " container: set KAFKA_LOG_DIRS\n"
        )
        pod.file.write_text("log.dirs=/var/lib/kafka\n")
        assert pod(KAFKA_LOG_DIRS="-") == 0
        assert pod.stderr == ""


class TestModes:
    """Who may read the file."""

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o664, 0o600, 0o400])
    def test_an_existing_files_mode_stays(self, pod: Pod, mode: int) -> None:
        """Whatever the image has."""
        pod.file.write_text("broker.id=0\n")
        pod.file.chmod(mode)
        pod()

        assert pod.mode == mode

    @pytest.mark.parametrize(
        ("base", "environ"),
        [
            (BASE, {}),
            ("broker.id=0\n# ssl.key.password=hush\n", {}),
            ("broker.id=0\n! ssl.keystore.passphrase : hush\n", {}),
            ("broker.id=0\n# ssl.key.pasword hush\n", {}),
            ("broker.id=0\n#sasl.jaas.config=Module \\\n user=a \\\n password=hush;\n", {}),
            ("broker.id=0\nssl.key.password=hush\nssl.key.password=\n", {}),
            ("broker.id=0\n", {"KAFKA_SSL_KEY_PASSWORD": "hush"}),
            ("broker.id=0\n", {"KAFKA_SASL_JAAS_CONFIG": "hush"}),
            ("broker.id=0\n", {"KAFKA_MY_PLUGIN_FILE": "$HUSH"}),
        ],
    )
    def test_a_file_with_a_secret_is_private(
        self, pod: Pod, tmp_path: Path, base: str, environ: dict[str, str]
    ) -> None:
        """The base file's, in a comment, too, or ours, by its name or out of a file."""
        (tmp_path / "hush").write_text("hush\n")
        pod.file.write_text(base)
        pod.file.chmod(0o644)

        assert pod(**{name: value.replace("$HUSH", f"{tmp_path}/hush") for name, value in environ.items()}) == 0
        assert pod.mode == 0o600

    def test_a_comment_that_only_names_a_secret_hides_nothing(self, pod: Pod) -> None:
        """As the examples in a stock file do."""
        prose = "# the password is: \n# password of a key\n# secret words are none\n"
        pod.file.write_text(f"broker.id=0\n# ssl.key.password=\n{prose}")
        pod.file.chmod(0o644)
        pod()

        assert pod.mode == 0o644

    def test_a_new_file_is_as_readable_as_its_base(self, pod: Pod, tmp_path: Path) -> None:
        """What was hidden stays hidden."""
        pod.file.write_text("broker.id=0\n")
        pod.file.chmod(0o640)
        written = tmp_path / "server.properties"
        pod(KF_CONFIG_FILE=str(written))

        assert stat.S_IMODE(written.stat().st_mode) == 0o640

    @pytest.mark.skipif(bool(needs_root()), reason=needs_root())
    def test_root_leaves_the_file_to_its_owner(self, pod: Pod) -> None:
        """The server that reads it may run as that account."""
        os.chown(pod.file, NOBODY, NOBODY)
        pod()

        assert (pod.file.stat().st_uid, pod.file.stat().st_gid) == (NOBODY, NOBODY)


class TestDryRun:
    """--dry-run."""

    def test_it_writes_nothing(self, pod: Pod, tmp_path: Path) -> None:
        """Nowhere."""
        before = listing(tmp_path)

        assert pod("--dry-run") == 0
        assert listing(tmp_path) == before

    def test_it_prints_what_would_be_written(self, pod: Pod) -> None:
        """The path and the mode above it."""
        pod.file.write_text("# \xe9\nbroker.id=0\n", "iso-8859-1")
        pod("--dry-run", KAFKA_SSL_KEY_LOCATION="/x")
        head, _, text = pod.stdout.partition("\n")
        pod(KAFKA_SSL_KEY_LOCATION="/x")

        assert head == f"==> {pod.file} (mode 0644)"
        assert text == pod.file.read_text("iso-8859-1")

    def test_it_shows_no_secret(self, pod: Pod, tmp_path: Path) -> None:
        """Of the base file, of a comment, of the environment, of a file, before and after an edit."""
        (tmp_path / "value").write_text("from-a-file")
        pod.file.write_text(f'{BASE}sasl.jaas.config=hidden \\\n  password=\\\n"hidden";\n')
        environ = {
            "KAFKA_SSL_KEYSTORE_PASSWORD": "from-the-environment",
            "KAFKA_MY_PLUGIN_FILE": f"{tmp_path}/value",
            "KAFKA_LISTENER_NAME_A_SASL_JAAS_CONFIG": "hidden",
        }
        for _ in range(2):
            assert pod("--dry-run", **environ) == 0
            for secret in ("in-the-base", "in-a-comment", "from-the-environment", "from-a-file", "hidden"):
                assert secret not in pod.stdout + pod.stderr
            assert f"\nssl.keystore.password={MASK}\n" in pod.stdout
            assert f"\nmy.plugin={MASK}\n" in pod.stdout
            assert f"# kafkaGenConfig replaced: ssl.keystore.password={MASK} (base)\n" in pod.stdout
            assert f"\n#ssl.key.password={MASK}\n" in pod.stdout
            assert f"\nsasl.jaas.config={MASK} (base)\n" in pod.stdout
            pod(**environ)
        assert "hidden" in pod.file.read_text()


class TestRefusals:
    """A clear line on stderr, the right status, nothing written."""

    @pytest.mark.parametrize(
        ("environ", "status", "problem"),
        [
            ({"POD_NAME": "kafka"}, 78, "POD_NAME 'kafka' is not <statefulset>-<ordinal>"),
            ({"POD_NAME": "kafka-٣"}, 78, "is not <statefulset>-<ordinal>"),
            ({"POD_NAME": "\udcff-0"}, 78, "POD_NAME is not valid UTF-8"),
            ({"KF_REPLICAS": "1"}, 78, "has the ordinal 1, outside 0..0"),
            ({"KF_REPLICAS": "3", "KF_DOMAIN": "", "POD_NAMESPACE": "x"}, 78, "has no DNS domain"),
            ({"KF_PORT": "65536"}, 78, "KF_PORT='65536' is not an integer in 1..65535"),
            ({"KAFKA_LOG_DIR": "/x", "KAFKA_LOG_DIRS": "-"}, 78, "are both set"),
            ({"KAFKA_A": "1\nb=2"}, 78, "KAFKA_A contains a newline"),
            ({"KF_MODE": "kraft"}, 78, "nothing says how many controllers vote: set KF_REPLICAS"),
            ({"KF_VERSION": "4.0.0"}, 78, "nothing says how many controllers vote: set KF_REPLICAS"),
            ({"KAFKA_PROCESS_ROLES": "broker"}, 78, "nothing says who the controllers are"),
            ({"KF_MODE": "zookeeper", "KF_VERSION": "4.0.0"}, 78, "Kafka 4.0.0 has no ZooKeeper mode"),
            ({"KF_VERSION": "-"}, 78, "the version of Kafka is unknown, "),
            ({"KF_VERSION": "3.9.0.redhat-1"}, 78, "KF_VERSION='3.9.0.redhat-1' is not a version of Kafka"),
            (
                {"KF_BASE_FILE": "/nowhere"},
                74,
                "KF_BASE_FILE: /nowhere: no such file: set KF_BASE_FILE, or KF_HOME",
            ),
            ({"KF_CONFIG_FILE": "/proc/server.properties"}, 74, "/proc"),
        ],
        ids=lambda value: str(value)[:60].encode("ascii", "replace").decode(),
    )
    def test_bad_input(self, pod: Pod, tmp_path: Path, environ: dict[str, str], status: int, problem: str) -> None:
        """One line, and the file as it was."""
        before = listing(tmp_path)

        assert pod(**environ) == status
        assert listing(tmp_path) == before
        assert pod.stdout == ""
        complaints = [line for line in pod.stderr.splitlines() if "warning" not in line]
        assert len(complaints) == 1
        assert complaints[0].startswith("kafkaGenConfig: ")
        assert problem in complaints[0]

    def test_everything_is_told_at_once(self, pod: Pod) -> None:
        """The pod's name, knobs, properties, and what they make together with the base file."""
        pod.file.write_text("listeners=x\nlog.dirs=y\nlistener.security.protocol.map=z\n")
        status = pod(POD_NAME="kafka", KF_PORT="x", KAFKA_PORT="y", KAFKA_LOG_DIRS="-", KAFKA_ZOOKEEPER_CONNECT="/")

        assert status == 78
        assert [line.partition(": ")[2].partition("=")[0] for line in pod.stderr.splitlines()] == [
            "KAFKA_PORT",
            "KAFKA_ZOOKEEPER_CONNECT",
            "KF_PORT",
            (
                "POD_NAME 'kafka' is not <statefulset>-<ordinal>, such as kafka-0: set POD_NAME, or KAFKA_BROKER_ID,"
                " KAFKA_ADVERTISED_LISTENERS for a host that is no pod of a StatefulSet"
            ),
            "listener.security.protocol.map",
            "log.dirs",
        ]

    def test_a_missing_base_file_is_told_with_the_rest(self, pod: Pod) -> None:
        """One run names everything that must be mended."""
        pod.file.unlink()

        assert pod(KF_PORT="x") == 78
        assert len(pod.stderr.splitlines()) == 2

    def test_a_base_file_that_java_could_not_read(self, pod: Pod) -> None:
        """Its line is told."""
        pod.file.write_text("a=1\nb=\\u12\n")

        assert pod() == 74
        assert pod.stderr == (
            f"kafkaGenConfig: KF_BASE_FILE: {pod.file}: line 2: malformed \\uXXXX, which Kafka could not read\n"
        )

    @pytest.mark.parametrize("words", [(), ("--dry-run",)])
    def test_all_that_cannot_be_read_is_told_at_once(self, pod: Pod, tmp_path: Path, words: tuple[str, ...]) -> None:
        """Each by its variable; beside a mistake in the environment the status is that of mistakes."""
        for name in ("a", "b", "users"):
            (tmp_path / name).touch()
        environ = {
            "KF_BASE_FILE": f"{tmp_path}/base",
            "KF_TLS_DIR": f"{tmp_path}/tls",
            "KF_SASL_DIR": f"{tmp_path}/users",
            "KAFKA_LOG_DIRS": f"{tmp_path}/a,{tmp_path}/b",
        }
        places = [
            ["KF_BASE_FILE", f"{tmp_path}/base"],
            ["KF_TLS_DIR", f"{tmp_path}/tls/tls.crt"],
            ["KF_SASL_DIR", f"{tmp_path}/users"],
            ["KAFKA_LOG_DIRS", f"{tmp_path}/a"],
            ["KAFKA_LOG_DIRS", f"{tmp_path}/b"],
        ]

        assert pod(*words, **environ) == 74
        assert [line.split(": ")[1:3] for line in pod.stderr.splitlines()] == places
        assert pod(*words, **environ, KF_PORT="x") == 78
        assert [line.split(": ")[1:3] for line in pod.stderr.splitlines()][1:] == places
        assert pod(*words, KAFKA_LOG_DIRS=environ["KAFKA_LOG_DIRS"]) == 74
        assert [line.split(": ")[1:3] for line in pod.stderr.splitlines()] == places[3:]

    def test_the_wrong_file_is_not_repeated(self, pod: Pod, tmp_path: Path) -> None:
        """It may hold anything; the variable, which entries and what they are for are enough."""
        (tmp_path / "hush").write_text("A://a:1,hush!\n")

        assert pod(KAFKA_METADATA_LOG_DIR_FILE=f"{tmp_path}/hush", KAFKA_LISTENERS_FILE=f"{tmp_path}/hush") == 78
        assert pod.stderr == (
            "kafkaGenConfig: KAFKA_LISTENERS_FILE holds no value of listeners, which is <name>://<host>:<port>,…: of"
            " its 2 entries, 2 cannot be read\n"
            "kafkaGenConfig: KAFKA_METADATA_LOG_DIR_FILE holds no value of metadata.log.dir, which is absolute paths:"
            " of its 2 entries, 1, 2 cannot be read\n"
        )

    def test_a_directory_where_the_file_should_be(self, pod: Pod, tmp_path: Path) -> None:
        """Nothing is removed."""
        (tmp_path / "x").mkdir()

        assert pod(KF_CONFIG_FILE=f"{tmp_path}/x") == 74
        assert "is a directory" in pod.stderr

    def test_another_brokers_volume_stops_the_command(self, pod: Pod) -> None:
        """With both ids, and with what else there is to change; neither the volume nor the file changes."""
        pod.data.mkdir()
        (pod.data / "meta.properties").write_text("version=0\nbroker.id=7\n")
        before = listing(pod.home.parent)

        assert pod(KF_REPLICA="3") == 78
        assert listing(pod.home.parent) == before
        advice, _, problem = pod.stderr.partition("\n")
        assert advice.startswith("kafkaGenConfig: warning: KF_REPLICA")
        assert problem.startswith(
            f"kafkaGenConfig: {pod.data}/meta.properties says broker.id=7, but pod kafka-1 is broker 2: another"
            " broker's volume"
        )

    @pytest.mark.parametrize("environ", [{"KAFKA_BROKER_ID": "7"}, {"KF_ID_OFFSET": "6"}])
    def test_the_final_id_is_the_one_that_counts(self, pod: Pod, environ: dict[str, str]) -> None:
        """Whoever says it."""
        pod.data.mkdir()
        (pod.data / "meta.properties").write_text("version=0\nbroker.id=7\n")

        assert pod(**environ) == 0
        assert pod.entries["broker.id"] == "7"


class TestWarnings:
    """What does not stop the command."""

    def test_service_links_are_ignored_in_one_line(self, pod: Pod) -> None:
        """A service named kafka makes them."""
        assert pod(KAFKA_PORT="tcp://10.0.0.1:9092", KAFKA_SERVICE_HOST="10.0.0.1", KF_PORT="tcp://10.0.0.2:1") == 0
        assert pod.stderr == (
            "kafkaGenConfig: warning: ignored, Kubernetes' service links: KAFKA_PORT, KAFKA_SERVICE_HOST, KF_PORT"
            " (enableServiceLinks: false avoids them)\n"
        )
        assert pod.entries["listeners"] == "PLAINTEXT://:9092"

    def test_a_refusal_comes_with_all_else_that_is_to_change(self, pod: Pod) -> None:
        """One reading is enough."""
        assert pod(KF_REPLICA="3", KAFKA_CREATE_TOPICS="a:1:1", KAFKA_NUM_IO_THREAD="8", KAFKA_BROKER_ID="x") == 78
        told = [line.split()[1:3] for line in pod.stderr.splitlines()]

        assert [name.rstrip(":") for kind, name in told if kind == "warning:"] == [
            *("KF_REPLICA", "KAFKA_CREATE_TOPICS", "KAFKA_NUM_IO_THREAD"),
        ]
        assert told[-1][0] == "KAFKA_BROKER_ID='x'"

    def test_a_name_that_asks_for_security_and_is_not_read_is_refused(self, pod: Pod) -> None:
        """Once, and not as a warning, too."""
        assert pod(KF_SASL_FOLDER="/x", KF_SSL_KEYSTORE_LOCATION="/x") == 78
        assert [line.split(":")[1].split()[0] for line in pod.stderr.splitlines()] == [
            *("KF_SASL_FOLDER", "KF_SSL_KEYSTORE_LOCATION"),
        ]
        assert "set KAFKA_SSL_KEYSTORE_LOCATION, and unset" in pod.stderr

    def test_a_property_with_a_knobs_prefix_is_known(self, pod: Pod) -> None:
        """Whatever knob is near it in letters."""
        assert pod(KF_NODE_ID="3") == 0
        assert pod.stderr == (
            "kafkaGenConfig: warning: KF_NODE_ID is no variable of this tool; did you mean KAFKA_NODE_ID?\n"
        )

    def test_an_unknown_knob_is_named_with_the_nearest(self, pod: Pod) -> None:
        """KAFKA_* is the broker's: every name there may be a property, or a plugin's."""
        assert pod(KF_REPLICA="3", KF_ZZZ="1", KF_QUORUM="static", KAFKA_REPLICA="1") == 0
        assert pod.stderr.splitlines() == [
            "kafkaGenConfig: warning: KF_REPLICA is no variable of this tool; did you mean KF_REPLICAS?",
            "kafkaGenConfig: warning: KF_ZZZ is no variable of this tool",
            ("kafkaGenConfig: warning: KAFKA_REPLICA: Kafka 3.9.1 has no property replica; did you mean KF_REPLICAS?"),
        ]

    def test_a_file_name_with_no_room_for_a_temporary_one_is_told_before_anything_is_made(self, pod: Pod) -> None:
        """Its folder neither."""
        folder = pod.data.parent / "new"

        assert pod(KF_CONFIG_FILE=f"{folder}/{'n' * 240}") == 74
        assert "file name too long: the temporary file beside it needs a longer one" in pod.stderr
        assert not folder.exists()


class TestCommandLine:
    """Arguments, help, other commands."""

    @pytest.mark.parametrize("arguments", [("x",), ("--dry",), ("--dry-run", "x")])
    def test_usage(self, pod: Pod, arguments: tuple[str, ...]) -> None:
        """An option is typed whole."""
        assert pod(*arguments) == 2
        assert pod.entries["broker.id"] == "0"

    @pytest.mark.parametrize("arguments", [(), ("x",), ("--x",)])
    def test_kafkaboot_needs_a_command(self, pod: Pod, arguments: tuple[str, ...]) -> None:
        """And says so."""
        assert pod(*arguments, name="kafkaboot") == 2
        assert "COMMAND" in pod.stdout + pod.stderr

    @pytest.mark.parametrize(
        ("command", "unread"),
        [
            ("gen-config", ("KF_PROBE_", "KF_HTTP_", "KF_DNS_", "KF_ZK_WAIT", "KF_QUORUM_WAIT", "KF_STORAGE_")),
            ("run", ("KF_PROBE_HOST", "KF_PROBE_PORT", "KF_HTTP_PORT")),
        ],
    )
    def test_help_names_every_variable_that_is_read_with_its_default(
        self, pod: Pod, command: str, unread: tuple[str, ...]
    ) -> None:
        """From the same list as the documentation's table."""
        assert pod(command, "--help", name="kafkaboot", COLUMNS="1000") == 0
        page = " ".join(pod.stdout.split())
        for variable in VARIABLES:
            told = f" {variable.name} {variable.meaning} [{variable.default_text}]".replace("`", "")
            assert (told in page) != variable.name.startswith(unread)
        assert "KAFKA_<PROPERTY>" in page

    @pytest.mark.parametrize("command", ["", "gen-config", "ok", "ready", "run", "random-cluster-id"])
    def test_every_command_has_a_version(self, pod: Pod, command: str) -> None:
        """That of the package, and no file is touched."""
        assert pod(*command.split(), "--version", name="kafkaboot") == 0
        assert (pod.stdout, pod.stderr) == (f"zk-kafka-boot {__version__}\n", "")

    @pytest.mark.parametrize("command", ["ok", "ready"])
    def test_the_probes_answer_here_too(self, pod: Pod, command: str) -> None:
        """Nobody listens on port 1."""
        assert pod(command, name="kafkaboot", KF_PROBE_PORT="1", KF_PROBE_HOST="127.0.0.1", KF_PROBE_TIMEOUT="1") == 69
        assert pod.stderr.startswith(f"kafkaboot {command}: ")


def run_kafkaboot(tmp_path: Path, *command: str, environ: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Run ``kafkaboot run`` in a process of its own, which becomes *command*."""
    (tmp_path / "server.properties").write_text("broker.id=0\n")
    here = {
        "KF_HOME": str(tmp_path),
        "KF_BASE_FILE": f"{tmp_path}/server.properties",
        "KF_CONFIG_FILE": f"{tmp_path}/server.properties",
        "KAFKA_LOG_DIRS": f"{tmp_path}/data",
        "KF_ZK_WAIT": "0",
        "KF_DNS_WAIT": "0",
    }
    done = run_command("kafkaboot.cli:main", "run", *command, name="kafkaboot", environ=GOOD | here | (environ or {}))
    return done.status, done.stdout, done.stderr


class TestRun:
    """kafkaboot run."""

    def test_it_becomes_the_command(self, tmp_path: Path) -> None:
        """The file is written before; the command's status is its own."""
        status, stdout, stderr = run_kafkaboot(
            tmp_path, "--", "sh", "-c", "cat $0; exit 3", f"{tmp_path}/server.properties"
        )

        assert (status, stderr) == (3, "")
        assert "\nbroker.id=2\n" in stdout

    def test_by_default_the_command_is_kafkas_own(self, tmp_path: Path) -> None:
        """With the file it wrote."""
        script = tmp_path / "bin" / "kafka-server-start.sh"
        script.parent.mkdir()
        script.write_text("#!/bin/sh\necho started with $*\n")
        script.chmod(0o755)

        assert run_kafkaboot(tmp_path)[1].endswith(f"started with {tmp_path}/server.properties\n")

    def test_the_broker_gets_no_variable_of_ours(self, tmp_path: Path) -> None:
        """Secrets came through them; what the scripts and the JVM read stays."""
        _, stdout, _ = run_kafkaboot(
            tmp_path,
            "--",
            "env",
            environ={"KAFKA_SSL_KEY_PASSWORD": "hush", "KAFKA_HEAP_OPTS": "-Xmx1G", "LOG_DIR": "/x", "KF_PORT": "1"},
        )

        assert "hush" not in stdout
        assert "KF_" not in stdout.partition(f"Wrote {tmp_path}")[2]
        assert "KAFKA_HEAP_OPTS=-Xmx1G\n" in stdout
        assert "LOG_DIR=/x\n" in stdout

    def test_a_command_that_is_missing_stops_before_anything_is_written(self, tmp_path: Path) -> None:
        """Kafka is not installed there."""
        status, _, stderr = run_kafkaboot(tmp_path)

        assert status == 74
        assert stderr.startswith(f"kafkaboot run: {tmp_path}/bin/kafka-server-start.sh: not found: set KF_HOME")
        assert (tmp_path / "server.properties").read_text() == "broker.id=0\n"

    def test_a_log_directory_that_cannot_be_written_stops_the_start(self, tmp_path: Path) -> None:
        """The JVM would say it of the first, with a stack trace."""
        paths = ("/proc/self/comm/a", "/proc/self/comm/b")
        status, _, stderr = run_kafkaboot(tmp_path, "--", "true", environ={"KAFKA_LOG_DIRS": ",".join(paths)})

        assert status == 74
        assert [line.split(": ")[1:3] for line in stderr.splitlines()] == [["KAFKA_LOG_DIRS", path] for path in paths]

    def test_an_ensemble_that_does_not_answer_stops_the_start(self, tmp_path: Path) -> None:
        """After the time that was given, with the server's name and what it said."""
        status, stdout, stderr = run_kafkaboot(
            tmp_path, "--", "echo", "started", environ={"KAFKA_ZOOKEEPER_CONNECT": "127.0.0.1:1", "KF_ZK_WAIT": "0.5"}
        )

        assert status == 69
        assert "started" not in stdout
        assert "127.0.0.1:1" in stderr

    def test_an_ensemble_behind_tls_is_left_to_kafka(self, tmp_path: Path) -> None:
        """It has the certificates."""
        status, stdout, stderr = run_kafkaboot(
            tmp_path,
            "--",
            "echo",
            "started",
            environ={
                "KAFKA_ZOOKEEPER_CONNECT": "127.0.0.1:1",
                "KAFKA_ZOOKEEPER_SSL_CLIENT_ENABLE": "true",
                "KF_ZK_WAIT": "60",
            },
        )

        assert status == 0
        assert stdout.endswith("started\n")
        assert "not waiting for ZooKeeper" in stderr

    def test_a_name_that_does_not_resolve_is_warned_of(self, tmp_path: Path) -> None:
        """And the broker starts all the same: without publishNotReadyAddresses the name comes with readiness."""
        status, stdout, stderr = run_kafkaboot(
            tmp_path, "--", "echo", "started", environ={"KF_DNS_WAIT": "0.2", "KF_DOMAIN": "a.b.svc.invalid"}
        )

        assert status == 0
        assert stdout.endswith("started\n")
        assert "kafka-1.a.b.svc.invalid did not resolve within KF_DNS_WAIT=0.2 s" in stderr
