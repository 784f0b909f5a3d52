"""Every variable of the generator, read at once."""

from pathlib import Path

import pytest

from kafkaboot.config.settings import VARIABLES, Settings, find_mode
from kafkaboot.values.version import Version
from zkboot.pod.environ import EnvReader


def read(**environ: str) -> Settings:
    """Return the settings that *environ* holds, no problem noted."""
    env = EnvReader(environ)
    settings = Settings.from_environ(env)

    assert not env.problems
    return settings


def problems(**environ: str) -> list[str]:
    """Return the problems that *environ* has."""
    env = EnvReader(environ)
    Settings.from_environ(env)
    return [*map(str, env.problems)]


def given(settings: Settings) -> dict[str, str]:
    """Return the properties that KAFKA_* gives."""
    return {key: found.value.text for key, found in settings.given.items()}


def test_nothing_set_means_the_originals_world() -> None:
    """/opt/kafka, edited in place; zk-0 to zk-2 behind zk-svc; ordinal + 1."""
    settings = read()

    assert settings == Settings(
        home="/opt/kafka",
        stated_base_file=None,
        base_file="/opt/kafka/config/server.properties",
        config_file="/opt/kafka/config/server.properties",
        stated_version=None,
        version=None,
        tls_dir=None,
        tls_port=9094,
        tls_broker_port=9095,
        tls_clients="only",
        tls_client_auth="none",
        zk_tls=False,
        sasl_dir=None,
        sasl_mechanism="SCRAM-SHA-512",
        sasl_user=None,
        mode=None,
        client_port=9092,
        has_client_port=False,
        replicas=None,
        id_offset=1,
        ordinal_start=0,
        namespace=None,
        zk_statefulset="zk",
        zk_service="zk-svc",
        zk_replicas=3,
        zk_namespace=None,
        zk_client_port=2181,
        zk_chroot="",
        zk_wait=120,
        controller_port=9093,
        quorum=None,
        quorum_entry=None,
        quorum_wait=30,
        controller_statefulset=None,
        controller_service=None,
        controller_replicas=None,
        controller_id_offset=None,
        cluster_id=None,
        storage_command=None,
        format_options=(),
        heap=None,
        log_level=None,
        loggers=(),
        tools_log_level=None,
        dns_wait=60,
        probe_timeout=3,
        given={},
        advice=(),
    )


def test_every_variable_is_read() -> None:
    """Each by its own name."""
    settings = read(
        KF_HOME="/srv/kafka",
        KF_BASE_FILE="/base",
        KF_CONFIG_FILE="/run/kafka/server.properties",
        KF_VERSION="3.9.1",
        KF_MODE="ZooKeeper",
        KF_PORT="9094",
        KF_REPLICAS="5",
        KF_ID_OFFSET="0",
        KF_ORDINAL_START="10",
        POD_NAMESPACE="prod",
        KF_ZK_STATEFULSET="zoo",
        KF_ZK_SERVICE="zoo-headless",
        KF_ZK_REPLICAS="5",
        KF_ZK_NAMESPACE="infra",
        KF_ZK_CLIENT_PORT="2182",
        KF_ZK_CHROOT="/kafka",
        KF_ZK_WAIT="0",
        KF_DNS_WAIT="1.5",
        KF_HEAP_SIZE="75%",
        KF_LOG_LEVEL="warn",
        KF_LOGGERS="kafka.rest-utils=debug",
        KAFKA_TOOLS_LOG4J_LOGLEVEL="ERROR",
    )

    assert (settings.home, settings.base_file, settings.config_file) == (
        "/srv/kafka",
        "/base",
        "/run/kafka/server.properties",
    )
    assert (settings.version, settings.mode, settings.client_port) == (Version((3, 9, 1)), "zookeeper", 9094)
    assert (settings.replicas, settings.id_offset, settings.ordinal_start) == (5, 0, 10)
    assert (settings.namespace, settings.zk_namespace, settings.zk_chroot) == ("prod", "infra", "/kafka")
    assert (settings.zk_statefulset, settings.zk_service, settings.zk_replicas) == ("zoo", "zoo-headless", 5)
    assert (settings.zk_client_port, settings.zk_wait, settings.dns_wait) == (2182, 0, 1.5)
    assert (str(settings.heap), settings.log_level, settings.tools_log_level) == ("75%", "WARN", "ERROR")
    assert settings.loggers == (("kafka.rest-utils", "DEBUG"),)


def test_every_variable_of_kraft_is_read() -> None:
    """Each by its own name; a command line is split as a shell would."""
    settings = read(
        KF_CONTROLLER_PORT="9193",
        KF_QUORUM="Dynamic",
        KF_QUORUM_ENTRY="first",
        KF_QUORUM_WAIT="2",
        KF_CONTROLLER_STATEFULSET="kc",
        KF_CONTROLLER_SERVICE="kc-svc",
        KF_CONTROLLER_REPLICAS="5",
        KF_CONTROLLER_ID_OFFSET="0",
        CLUSTER_ID="x",
        KF_STORAGE_COMMAND="java -cp 'a b' Tool",
    )

    assert (settings.controller_port, settings.quorum, settings.quorum_entry) == (9193, "dynamic", "first")
    assert (settings.controller_statefulset, settings.controller_service) == ("kc", "kc-svc")
    assert (settings.controller_replicas, settings.controller_id_offset) == (5, 0)
    assert (settings.quorum_wait, settings.cluster_id) == (2, "x")
    assert settings.storage_command == ("java", "-cp", "a b", "Tool")


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"KF_STORAGE_COMMAND": "'"}, 'KF_STORAGE_COMMAND="\'" is not a command line: no closing quotation'),
        ({"KF_STORAGE_COMMAND": " "}, "KF_STORAGE_COMMAND=' ' is not a command line"),
        ({"KF_CLUSTER_ID": "a b"}, "KF_CLUSTER_ID='a b' is not a cluster id"),
        ({"KF_CLUSTER_ID": "a", "CLUSTER_ID": "b"}, "KF_CLUSTER_ID='a' and CLUSTER_ID='b' differ: unset one"),
        (
            {"KF_LOG_LEVEL": "WARN", "KAFKA_LOG4J_ROOT_LOGLEVEL": "INFO"},
            "KF_LOG_LEVEL='WARN' and KAFKA_LOG4J_ROOT_LOGLEVEL='INFO' differ: unset one",
        ),
        (
            {"KF_LOGGERS": "a=WARN", "KAFKA_LOG4J_LOGGERS": "a=INFO,b=INFO"},
            "KF_LOGGERS='a=WARN' and KAFKA_LOG4J_LOGGERS='a=INFO,b=INFO' differ: unset one",
        ),
        ({"KF_QUORUM": "raft"}, "KF_QUORUM='raft' is not one of static, dynamic"),
    ],
)
def test_a_wrong_variable_of_kraft_is_told(environ: dict[str, str], problem: str) -> None:
    """With what is allowed."""
    env = EnvReader(environ)
    Settings.from_environ(env)

    assert [*map(str, env.problems)] == [problem]


def test_the_root_is_no_chroot() -> None:
    """ZooKeeper's client ignores it, too."""
    assert read(KF_ZK_CHROOT="/").zk_chroot == ""


def test_kafka_home_is_read_where_kf_home_is_unset() -> None:
    """Images set it."""
    assert read(KAFKA_HOME="/usr/kafka").base_file == "/usr/kafka/config/server.properties"
    assert read(KAFKA_HOME="/usr/kafka", KF_HOME="/opt/k").home == "/opt/k"


def test_an_empty_variable_counts_as_unset() -> None:
    """For KF_* and KAFKA_*, and for their files' names."""
    assert read(KF_PORT="", KAFKA_LISTENERS="", KF_MODE="", KAFKA_SSL_KEY_PASSWORD_FILE="") == read()


def test_all_mistakes_are_told_at_once() -> None:
    """Knobs and properties alike, each with its value and what is allowed."""
    assert problems(
        KF_PORT="x",
        KF_VERSION="3.9.0.redhat-1",
        KF_MODE="raft",
        KF_ZK_SERVICE="zk_svc",
        KF_ZK_CHROOT="kafka",
        KAFKA_BROKER_ID="-1",
        KAFKA_LISTENERS="A://:1,B",
        KAFKA_ADVERTISED_LISTENERS="A://0.0.0.0:1",
        KAFKA_ZOOKEEPER_CONNECT="a:1/k,b:2/k",
        KAFKA_LOG_DIRS="data",
        KAFKA_PORT="0",
        KAFKA_X="a\nb",
    ) == [
        "KAFKA_ADVERTISED_LISTENERS='A://0.0.0.0:1' publishes 0.0.0.0, to which no client can connect: name the pod",
        "KAFKA_BROKER_ID='-1' is not an integer in 0..2147483647",
        "KAFKA_LISTENERS='A://:1,B' has the entry 'B', which is not <name>://<host>:<port>",
        "KAFKA_LOG_DIRS='data' has 'data', which is not an absolute path",
        "KAFKA_PORT='0' is not an integer in 1..65535",
        (
            "KAFKA_X contains a newline, which only the text of a file may hold: put it into a file, named by"
            " KAFKA_X_FILE"
        ),
        "KAFKA_ZOOKEEPER_CONNECT='a:1/k,b:2/k' has a chroot in its middle: it stands once, behind the last server",
        "KF_MODE='raft' is not one of zookeeper, kraft",
        "KF_PORT='x' is not an integer in 1..65535",
        "KF_ZK_SERVICE='zk_svc' is not a name in Kubernetes: letters, digits and dashes, no dash at either end",
        "KF_ZK_CHROOT='kafka' is not an absolute path of ZooKeeper, such as /kafka",
        "KF_VERSION='3.9.0.redhat-1' is not a version of Kafka, such as 3.9.1 or 0.8.2.1",
    ]


@pytest.mark.parametrize("letter", ["\n", "\r", "\0"])
def test_no_value_adds_a_line(letter: str) -> None:
    """Nor does a file's text."""
    assert problems(KAFKA_A=f"1{letter}b=2")[0].startswith("KAFKA_A contains a")
    assert problems(KF_DOMAIN_X="", KF_ZK_STATEFULSET=f"zk{letter}")[0].startswith("KF_ZK_STATEFULSET contains a")


class TestProperties:
    """KAFKA_*."""

    def test_scripts_variables_are_no_properties(self) -> None:
        """The JVM and Kafka's scripts read them."""
        settings = read(
            KAFKA_OPTS="-Dlogging.level=DEBUG",
            KAFKA_HEAP_OPTS="-Xmx512M",
            KAFKA_LOG4J_OPTS="x",
            KAFKA_JMX_PORT="9999",
            KAFKA_CLUSTER_ID="x",
            KAFKA_NUM_PARTITIONS="3",
        )

        assert given(settings) == {"num.partitions": "3"}

    def test_service_links_are_no_properties(self) -> None:
        """A service named kafka makes these for every container of its namespace."""
        settings = read(
            KAFKA_PORT="tcp://10.0.0.1:9092",
            KAFKA_SERVICE_HOST="10.0.0.1",
            KAFKA_SERVICE_PORT="9092",
            KAFKA_SERVICE_PORT_CLIENT="9092",
            KAFKA_PORT_9092_TCP="tcp://10.0.0.1:9092",
            KAFKA_PORT_9092_TCP_ADDR="10.0.0.1",
            KAFKA_SVC_SERVICE_HOST="10.0.0.2",
        )

        assert given(settings) == {}

    def test_a_numeric_port_is_a_property(self) -> None:
        """The version decides later what becomes of it."""
        assert given(read(KAFKA_PORT="9094")) == {"port": "9094"}

    def test_two_variables_for_one_property_are_refused(self) -> None:
        """Whichever won, somebody would be surprised."""
        assert problems(**{"KAFKA_NUM_PARTITIONS": "3", "KAFKA_num.partitions": "3"}) == [
            "KAFKA_NUM_PARTITIONS and KAFKA_num.partitions both make the property num.partitions: unset one"
        ]

    def test_a_name_without_a_property_is_refused(self) -> None:
        """By its own name."""
        assert problems(KAFKA_A____B="1") == [
            "KAFKA_A____B has more than three underscores in a row, which no rule covers"
        ]

    def test_a_value_may_come_from_a_file(self, tmp_path: Path) -> None:
        """It is a secret then, whatever its name."""
        (tmp_path / "value").write_text("hush\n")
        settings = read(
            KAFKA_MY_PLUGIN_FILE=f"{tmp_path}/value", KAFKA_SSL_KEY_PASSWORD="hush", KAFKA_NUM_IO_THREADS="8"
        )

        assert given(settings) == {"my.plugin": "hush", "ssl.key.password": "hush", "num.io.threads": "8"}
        assert settings.secret_keys == {"my.plugin", "ssl.key.password"}

    def test_addresses_from_a_file_are_no_secrets(self, tmp_path: Path) -> None:
        """Messages and the summary show them."""
        (tmp_path / "value").write_text("a:2181/kafka")

        assert read(KAFKA_ZOOKEEPER_CONNECT_FILE=f"{tmp_path}/value").secret_keys == set()

    def test_a_value_and_a_file_are_one_too_many(self, tmp_path: Path) -> None:
        """Nobody can know which was meant."""
        (tmp_path / "value").write_text("hush")
        found = problems(KAFKA_SSL_KEY_PASSWORD="other", KAFKA_SSL_KEY_PASSWORD_FILE=f"{tmp_path}/value")

        assert found == ["KAFKA_SSL_KEY_PASSWORD and KAFKA_SSL_KEY_PASSWORD_FILE are both set: unset one"]

    def test_a_property_that_ends_in_file_is_not_read(self) -> None:
        """Its value is a file's name, for the broker to read."""
        settings = read(KAFKA_SASL_OAUTHBEARER_ASSERTION_FILE="/var/run/assertion")

        assert given(settings) == {"sasl.oauthbearer.assertion.file": "/var/run/assertion"}

    def test_a_file_may_have_several_lines(self, tmp_path: Path) -> None:
        """A key in PEM, a login module: java.util.Properties carries the line ends, and no key is added."""
        (tmp_path / "value").write_text("-----BEGIN\nx\n")

        assert given(read(KAFKA_SSL_KEYSTORE_KEY_FILE=f"{tmp_path}/value")) == {"ssl.keystore.key": "-----BEGIN\nx"}
        assert problems(KAFKA_SSL_KEYSTORE_KEY="-----BEGIN\nx") != []
        assert problems(KAFKA_LISTENERS_FILE=f"{tmp_path}/value") != []

    def test_a_place_in_a_file_is_not_repeated(self, tmp_path: Path) -> None:
        """The file may be another than was meant."""
        (tmp_path / "value").write_text('{"password":"hush"}')
        (problem,) = problems(KAFKA_ADVERTISED_LISTENERS_FILE=f"{tmp_path}/value")

        assert problem == (
            "KAFKA_ADVERTISED_LISTENERS_FILE has a place that is none of {pod}, {ordinal} and {<number>+ordinal}"
        )

    def test_a_text_may_be_empty_where_that_means_something(self) -> None:
        """Host names are not verified, metrics are told to nobody; all other empty variables count as unset."""
        names = (
            "KAFKA_METRIC_REPORTERS",
            "KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM",
            "KAFKA_LISTENER_NAME_A_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM",
        )

        assert given(read(**dict.fromkeys((*names, "KAFKA_SSL_PROVIDER"), ""))) == {
            "metric.reporters": "",
            "ssl.endpoint.identification.algorithm": "",
            "listener.name.a.ssl.endpoint.identification.algorithm": "",
        }

    def test_a_secrets_value_is_in_no_message(self, tmp_path: Path) -> None:
        """Not even where it is wrong."""
        (tmp_path / "value").write_text("hush\rhush")
        found = problems(KAFKA_SSL_KEY_PASSWORD_FILE=f"{tmp_path}/value", KAFKA_SASL_JAAS_CONFIG="hush\n")

        assert len(found) == 2
        assert "hush" not in "".join(found)

    def test_a_file_for_a_script_is_said_to_have_no_effect(self, tmp_path: Path) -> None:
        """Scripts know no _FILE."""
        settings = read(KAFKA_HEAP_OPTS_FILE=f"{tmp_path}/x")

        assert settings.advice == (
            "KAFKA_HEAP_OPTS_FILE has no effect: Kafka's scripts read KAFKA_HEAP_OPTS themselves",
        )


@pytest.mark.parametrize(
    ("version", "environ", "mode"),
    [
        ("0.8.2.1", {}, "zookeeper"),
        ("3.9.1", {}, "zookeeper"),
        ("4.0.0", {}, "kraft"),
        ("3.9.1", {"KF_MODE": "kraft"}, "kraft"),
        ("3.9.1", {"KAFKA_PROCESS_ROLES": "broker"}, "kraft"),
        ("4.1.0", {"KF_MODE": "KRaft", "KAFKA_PROCESS_ROLES": "broker"}, "kraft"),
    ],
)
def test_roles_and_version_decide_the_mode(version: str, environ: dict[str, str], mode: str) -> None:
    """Unless KF_MODE does."""
    env = EnvReader(environ)

    assert find_mode(env.problems, Settings.from_environ(env), Version.parse(version)) == mode
    assert not env.problems


@pytest.mark.parametrize(
    ("version", "environ", "problem"),
    [
        ("4.0.0", {"KF_MODE": "zookeeper"}, "KF_MODE=zookeeper: Kafka 4.0.0 has no ZooKeeper mode"),
        (
            "3.9.1",
            {"KF_MODE": "zookeeper", "KAFKA_PROCESS_ROLES": "broker"},
            "KF_MODE=zookeeper and KAFKA_PROCESS_ROLES='broker' contradict each other",
        ),
        ("2.7.2", {"KF_MODE": "kraft"}, "KF_MODE=kraft: Kafka 2.7.2 is too old for kraft, which needs 3.3 or newer"),
        ("0.8.2.1", {"KAFKA_PROCESS_ROLES": "broker"}, "KAFKA_PROCESS_ROLES='broker': Kafka 0.8.2.1 is too old"),
    ],
)
def test_a_contradiction_is_refused(version: str, environ: dict[str, str], problem: str) -> None:
    """An image that changes the mode by itself loses the cluster's metadata."""
    env = EnvReader(environ)
    find_mode(env.problems, Settings.from_environ(env), Version.parse(version))

    assert [str(one)[: len(problem)] for one in env.problems] == [problem]


def test_every_variable_is_listed_once_and_explained() -> None:
    """Help pages and the README list what is in this tuple."""
    names = [variable.name for variable in VARIABLES]

    assert len(set(names)) == len(names)
    assert all(variable.meaning and variable.default_text for variable in VARIABLES)
