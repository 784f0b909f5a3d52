"""What a broker in ZooKeeper mode is told, version by version, and what it would refuse."""

import pytest

from kafkaboot.config.broker import ANYBODY, find_broker
from kafkaboot.config.layers import Config
from kafkaboot.config.settings import Settings
from kafkaboot.config.zookeeper import zookeeper_config
from kafkaboot.values.version import Version
from zkboot.pod.environ import EnvReader
from zkboot.pod.identity import Host

NODE = Host(name=lambda: "node-7.example.org", domain=lambda: "")
FQDN = "kafka-1.kafka-svc.prod.svc.cluster.local"
POD = {"POD_NAME": "kafka-1", "KF_DOMAIN": "kafka-svc.prod.svc.cluster.local"}
STOCK = {"broker.id": "0", "log.dirs": "/tmp/kafka-logs", "zookeeper.connect": "localhost:2181"}
ZK = "zk-{0}.zk-svc.{1}:2181"


def drafted(
    version: str, environ: dict[str, str] | None = None, base: dict[str, str] | None = None
) -> tuple[Config, list[str]]:
    """Return the configuration that *environ* makes over *base*, and the problems."""
    env = EnvReader(POD | (environ or {}))
    settings = Settings.from_environ(env)
    broker = find_broker(env, settings, NODE)
    config = zookeeper_config(env.problems, settings, broker or ANYBODY, Version.parse(version), STOCK | (base or {}))
    return config, [*map(str, env.problems)]


def made(version: str, environ: dict[str, str] | None = None, base: dict[str, str] | None = None) -> Config:
    """Return the configuration that *environ* makes over *base*, no problem noted."""
    config, problems = drafted(version, environ, base)

    assert problems == []
    return config


def refused(version: str, environ: dict[str, str] | None = None, base: dict[str, str] | None = None) -> list[str]:
    """Return why *environ* over *base* makes no configuration."""
    _, problems = drafted(version, environ, base)

    assert problems
    return problems


def addresses(config: Config) -> dict[str, str]:
    """Return where the broker listens and what it publishes."""
    keys = ("listeners", "advertised.listeners", "port", "host.name", "advertised.host.name", "advertised.port")
    return {key: config.effective[key] for key in keys if key in config.effective}


class TestAddresses:
    """Each version has its own way to say them."""

    @pytest.mark.parametrize("version", ["0.8.2.1", "0.8.2.2"])
    def test_before_0_9_there_are_a_port_and_a_host(self, version: str) -> None:
        """No listeners; what a file of a newer version says of them is disabled."""
        config = made(version, base={"port": "9092", "listeners": "PLAINTEXT://:9092", "advertised.listeners": "x"})

        assert addresses(config) == {"port": "9092", "advertised.host.name": FQDN}
        assert config.warnings == ()

    def test_before_0_9_both_may_be_given(self) -> None:
        """Then they are the operator's."""
        config = made("0.8.2.1", {"KAFKA_ADVERTISED_HOST_NAME": "a", "KAFKA_PORT": "1"}, {"advertised.port": "2"})

        assert addresses(config) == {"port": "1", "advertised.host.name": "a", "advertised.port": "2"}

    @pytest.mark.parametrize(
        ("published", "listeners", "advertised"),
        [
            ("SSL://a:1,PLAINTEXT://a:2", "SSL://:1,PLAINTEXT://:2", "SSL://a:1,PLAINTEXT://a:2"),
            ("PLAINTEXT://a:9092", "PLAINTEXT://:9092", "PLAINTEXT://a:9092"),
            (
                "PLAINTEXT://{pod}.x-{ordinal}:{31000+ordinal}",
                "PLAINTEXT://:9092",
                "PLAINTEXT://kafka-1.x-1:31001",
            ),
        ],
    )
    def test_what_is_published_says_where_to_listen(self, published: str, listeners: str, advertised: str) -> None:
        """Unless it differs from pod to pod: a service then passes on to the port that all pods have."""
        config = made("3.9.1", {"KAFKA_ADVERTISED_LISTENERS": published})

        assert addresses(config) == {"listeners": listeners, "advertised.listeners": advertised}
        assert bool(config.warnings) == (":1" in listeners)

    def test_a_port_that_is_stated_counts(self) -> None:
        """Also where it is the default: a load balancer passes on to it."""
        config = made("3.9.1", {"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://a:31092", "KF_PORT": "9092"})

        assert addresses(config)["listeners"] == "PLAINTEXT://:9092"
        assert config.warnings == ()

    def test_a_place_that_nobody_can_fill_is_refused(self) -> None:
        """Kafka would publish it as it is."""
        (first, *_) = refused("3.9.1", {"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://{host}:1"})

        assert first.endswith("has {host}, which is none of {pod}, {ordinal} and {<number>+ordinal}")

    @pytest.mark.parametrize("version", ["0.9.0.1", "0.10.2.2", "1.1.1", "2.8.2", "3.0.0", "3.9.1"])
    def test_from_0_9_on_there_are_listeners(self, version: str) -> None:
        """What a file of an older version says is disabled: listeners would win over it without a word."""
        config = made(version, {"KF_PORT": "9094"}, {"port": "9092"})

        assert addresses(config) == {
            "listeners": "PLAINTEXT://:9094",
            "advertised.listeners": f"PLAINTEXT://{FQDN}:9094",
        }
        assert config.warnings == ()

    def test_each_listener_that_is_given_is_published(self) -> None:
        """Under the pod's name, with its own port."""
        config = made(
            "3.9.1",
            {
                "KAFKA_LISTENERS": "INTERNAL://:9092,EXTERNAL://[::]:9094",
                "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "INTERNAL:PLAINTEXT,EXTERNAL:SASL_SSL",
                "KAFKA_INTER_BROKER_LISTENER_NAME": "INTERNAL",
            },
        )

        assert addresses(config) == {
            "listeners": "INTERNAL://:9092,EXTERNAL://[::]:9094",
            "advertised.listeners": f"INTERNAL://{FQDN}:9092,EXTERNAL://{FQDN}:9094",
        }

    def test_what_is_published_may_be_given(self) -> None:
        """Nothing is generated that KAFKA_* gives."""
        config = made("3.9.1", {"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://kafka.example.org:9092"})

        assert addresses(config)["advertised.listeners"] == "PLAINTEXT://kafka.example.org:9092"
        assert "advertised.listeners" not in config.generated

    def test_a_port_that_is_given_is_not_shadowed(self) -> None:
        """From 0.9 to 2.8 it counts only where listeners says nothing."""
        config = made("2.8.2", {"KAFKA_PORT": "9095"}, {"listeners": "PLAINTEXT://:9092"})

        assert addresses(config) == {"port": "9095", "advertised.listeners": f"PLAINTEXT://{FQDN}:9095"}

    def test_a_host_that_is_given_gets_the_port(self) -> None:
        """Also where the base file says none."""
        config = made("0.9.0.1", {"KAFKA_HOST_NAME": "10.1.2.3", "KF_PORT": "9095"})

        assert addresses(config) == {
            "host.name": "10.1.2.3",
            "port": "9095",
            "advertised.listeners": f"PLAINTEXT://{FQDN}:9095",
        }

    @pytest.mark.parametrize(
        ("environ", "host"),
        [
            ({"KAFKA_ADVERTISED_PORT": "31092"}, FQDN),
            ({"KAFKA_ADVERTISED_PORT": "31092", "KAFKA_ADVERTISED_HOST_NAME": "node.example.org"}, "node.example.org"),
        ],
    )
    def test_an_advertised_port_that_is_given_is_not_shadowed(self, environ: dict[str, str], host: str) -> None:
        """Its host is the pod's name, unless it is given, too."""
        config = made("1.1.1", environ, {"advertised.listeners": "PLAINTEXT://old:9092"})

        assert addresses(config) == {
            "listeners": "PLAINTEXT://:9092",
            "advertised.host.name": host,
            "advertised.port": "31092",
        }

    @pytest.mark.parametrize("key", ["PORT", "HOST_NAME", "ADVERTISED_HOST_NAME", "ADVERTISED_PORT"])
    def test_from_3_0_on_nobody_reads_the_old_names(self, key: str) -> None:
        """They are dropped, and that is said with the names to use."""
        config = made("3.9.1", {f"KAFKA_{key}": "9095"})

        assert addresses(config) == {
            "listeners": "PLAINTEXT://:9092",
            "advertised.listeners": f"PLAINTEXT://{FQDN}:9092",
        }
        assert config.warnings == (
            (
                f"KAFKA_{key} is ignored: this Kafka has no property {key.lower().replace('_', '.')};"
                " from 3.0 on there are listeners and advertised.listeners only"
            ),
        )

    def test_before_0_9_nobody_reads_the_new_names(self) -> None:
        """The other way round."""
        config = made("0.8.2.1", {"KAFKA_LISTENERS": "PLAINTEXT://:9095"})

        assert addresses(config) == {"port": "9092", "advertised.host.name": FQDN}
        assert len(config.warnings) == 1
        assert config.warnings[0].startswith("KAFKA_LISTENERS is ignored: this Kafka has no property listeners")

    @pytest.mark.parametrize(
        ("version", "base", "warning"),
        [
            (
                "3.9.1",
                {"listeners": "SSL://:9093"},
                (
                    "listeners=SSL://:9093 in /opt/kafka/config/server.properties is replaced by PLAINTEXT://:9092:"
                    " set KAFKA_LISTENERS to keep it"
                ),
            ),
            (
                "3.9.1",
                {"advertised.listeners": "PLAINTEXT://a:1"},
                (
                    "advertised.listeners=PLAINTEXT://a:1 in /opt/kafka/config/server.properties is replaced by"
                    f" PLAINTEXT://{FQDN}:9092: set KAFKA_ADVERTISED_LISTENERS to keep it"
                ),
            ),
            (
                "2.8.2",
                {"host.name": "10.1.2.3"},
                (
                    "host.name=10.1.2.3 in /opt/kafka/config/server.properties is disabled:"
                    " listeners says it; set KAFKA_LISTENERS"
                ),
            ),
            (
                "0.8.2.1",
                {"advertised.port": "31092"},
                (
                    "advertised.port=31092 in /opt/kafka/config/server.properties is disabled:"
                    f" {FQDN} is published with the port itself"
                ),
            ),
            (
                "0.8.2.1",
                {"broker.id": "7"},
                "broker.id=7 in /opt/kafka/config/server.properties is replaced by 2: set KAFKA_BROKER_ID to keep it",
            ),
        ],
    )
    def test_what_the_base_file_meant_is_not_lost_without_a_word(
        self, version: str, base: dict[str, str], warning: str
    ) -> None:
        """One line says what was there and how to keep it."""
        assert made(version, base=base).warnings == (warning,)

    def test_a_pod_without_a_domain_publishes_its_bare_name(self) -> None:
        """That is said: few clients can resolve it."""
        config = made("3.9.1", {"KF_DOMAIN": "", "KAFKA_ZOOKEEPER_CONNECT": "zk:2181"})

        assert addresses(config)["advertised.listeners"] == "PLAINTEXT://kafka-1:9092"
        assert config.warnings == ("pod kafka-1 has no DNS domain, so its bare name is published: set KF_DOMAIN",)


class TestZooKeeper:
    """zookeeper.connect."""

    @pytest.mark.parametrize(
        ("environ", "connect"),
        [
            ({}, ",".join(ZK.format(i, "prod.svc.cluster.local") for i in range(3))),
            ({"KF_ZK_NAMESPACE": "brand"}, ",".join(ZK.format(i, "brand.svc.cluster.local") for i in range(3))),
            ({"POD_NAMESPACE": "pods"}, ",".join(ZK.format(i, "pods.svc.cluster.local") for i in range(3))),
            ({"KF_DOMAIN": "kafka-svc.brand"}, ",".join(ZK.format(i, "brand.svc") for i in range(3))),
            ({"KF_DOMAIN": "kafka-svc.brand.svc"}, ",".join(ZK.format(i, "brand.svc") for i in range(3))),
            (
                {"KF_DOMAIN": "example.org", "KF_ZK_NAMESPACE": "brand"},
                ",".join(ZK.format(i, "brand.svc") for i in range(3)),
            ),
            (
                {
                    "KF_ZK_STATEFULSET": "zoo",
                    "KF_ZK_SERVICE": "zoo-svc",
                    "KF_ZK_REPLICAS": "1",
                    "KF_ZK_CLIENT_PORT": "2182",
                    "KF_ZK_CHROOT": "/kafka/a",
                },
                "zoo-0.zoo-svc.prod.svc.cluster.local:2182/kafka/a",
            ),
            ({"KAFKA_ZOOKEEPER_CONNECT": "a:1,b:2/kafka", "KF_ZK_REPLICAS": "5"}, "a:1,b:2/kafka"),
        ],
    )
    def test_the_ensemble_is_named_pod_by_pod(self, environ: dict[str, str], connect: str) -> None:
        """Where KAFKA_* does not name it; the cluster's domain is the pod's own."""
        config = made("3.9.1", environ)

        assert config.effective["zookeeper.connect"] == connect
        assert str(config.zookeeper) == connect

    def test_an_unknown_namespace_is_a_problem(self) -> None:
        """The original knew one only."""
        assert refused("3.9.1", {"KF_DOMAIN": "kafka.example.org"}) == [
            (
                "no namespace for zookeeper.connect: set POD_NAMESPACE (downward API) or KF_ZK_NAMESPACE,"
                " or give KAFKA_ZOOKEEPER_CONNECT"
            )
        ]

    def test_a_namespace_is_a_label(self) -> None:
        """It becomes part of a name."""
        assert refused("3.9.1", {"POD_NAMESPACE": "a.b"}) == [
            "POD_NAMESPACE is no name of a namespace: set it by the downward API, or set KF_ZK_NAMESPACE"
        ]


class TestKraftKeys:
    """What is said of the other mode."""

    BASE = {  # noqa: RUF012 - never written to
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": "1@localhost:9093",
        "controller.listener.names": "CONTROLLER",
    }

    def test_they_are_disabled(self) -> None:
        """A broker in ZooKeeper mode refuses some of them; the base file is told to be the wrong one."""
        config = made("3.9.1", base=self.BASE)

        assert not self.BASE.keys() & config.effective.keys()
        assert config.warnings == (
            (
                "/opt/kafka/config/server.properties is for a broker without ZooKeeper "
                "(process.roles=broker,controller), but KF_MODE is zookeeper: its keys for KRaft are disabled"
            ),
        )

    def test_a_migrating_broker_keeps_what_it_needs(self) -> None:
        """It talks to both."""
        config = made("3.9.1", {"KAFKA_ZOOKEEPER_METADATA_MIGRATION_ENABLE": "true"}, self.BASE)

        assert config.is_migrating
        assert config.effective["controller.quorum.voters"] == "1@localhost:9093"
        assert not {"process.roles", "node.id"} & config.effective.keys()

    @pytest.mark.parametrize(
        ("version", "ways"),
        [
            ("3.4.0", "KAFKA_CONTROLLER_QUORUM_VOTERS"),
            ("3.9.1", "KAFKA_CONTROLLER_QUORUM_VOTERS or KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS"),
        ],
    )
    def test_a_migrating_broker_must_know_the_controllers(self, version: str, ways: str) -> None:
        """Kafka ends without."""
        assert refused(version, {"KAFKA_ZOOKEEPER_METADATA_MIGRATION_ENABLE": "true"}) == [
            (
                f"KAFKA_ZOOKEEPER_METADATA_MIGRATION_ENABLE='true' needs {ways}, too: the broker must find the new"
                " controllers"
            )
        ]

    def test_before_3_4_nobody_migrates(self) -> None:
        """The key is passed over, and that is said."""
        config = made("3.3.2", {"KAFKA_ZOOKEEPER_METADATA_MIGRATION_ENABLE": "true"}, self.BASE)

        assert not config.is_migrating
        assert "controller.quorum.voters" not in config.effective
        assert "only 3.4 to 3.9 can migrate" in config.warnings[0]

    def test_controller_listeners_are_refused_without_a_migration(self) -> None:
        """As Kafka would."""
        assert refused("3.9.1", {"KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER"}) == [
            (
                "KAFKA_CONTROLLER_LISTENER_NAMES='CONTROLLER': a broker in ZooKeeper mode has no controller listeners,"
                " and refuses to start with them"
            )
        ]


class TestLogDirs:
    """Where the data is."""

    @pytest.mark.parametrize(
        ("environ", "base", "directories"),
        [
            ({}, {}, ("/tmp/kafka-logs",)),
            ({"KAFKA_LOG_DIRS": "/a,/b"}, {}, ("/a", "/b")),
            ({"KAFKA_LOG_DIRS": "/a"}, {"log.dir": "/b"}, ("/a",)),
        ],
    )
    def test_log_dirs_says_it(
        self, environ: dict[str, str], base: dict[str, str], directories: tuple[str, ...]
    ) -> None:
        """The base file's, unless it is given: then what the base file says of log.dir counts no more."""
        config = made("3.9.1", environ, base)

        assert config.log_dirs == directories
        assert "log.dir" not in config.effective

    def test_log_dir_beside_log_dirs_is_refused(self) -> None:
        """Kafka would ignore it without a word, and keep the data in the container."""
        assert refused("3.9.1", {"KAFKA_LOG_DIR": "/data"}) == [
            (
                "KAFKA_LOG_DIR='/data' and log.dirs='/tmp/kafka-logs' in /opt/kafka/config/server.properties are"
                " both set, and Kafka takes log.dirs alone without a word: set KAFKA_LOG_DIRS only"
            )
        ]

    def test_a_relative_directory_of_the_base_file_is_refused(self) -> None:
        """It would be another one for each working directory."""
        assert refused("3.9.1", base={"log.dirs": "data"}) == [
            "log.dirs='data' in /opt/kafka/config/server.properties has 'data', which is not an absolute path"
        ]


class TestRules:
    """What the broker would refuse, in words that name the variable."""

    @pytest.mark.parametrize(
        ("version", "environ", "problem"),
        [
            ("3.9.1", {"KAFKA_LISTENERS": "PLAINTEXT://:1,SSL://:1"}, "gives the port 1 to PLAINTEXT and SSL"),
            ("3.9.1", {"KAFKA_LISTENERS": "A://:1"}, "names A, which listener.security.protocol.map does not"),
            (
                "3.9.1",
                {"KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://a:1,SSL://a:2", "KF_PORT": "9093"},
                "KAFKA_ADVERTISED_LISTENERS='PLAINTEXT://a:1,SSL://a:2' names SSL, which listeners does not",
            ),
            (
                "3.9.1",
                {"KAFKA_LISTENERS": "SSL://:1", "KAFKA_SECURITY_INTER_BROKER_PROTOCOL": "ssl"},
                "KAFKA_SECURITY_INTER_BROKER_PROTOCOL='ssl' is not one of PLAINTEXT, SASL_PLAINTEXT, SASL_SSL, SSL",
            ),
            (
                "3.9.1",
                {"KAFKA_AUTHORIZER_CLASS_NAME": "kafka.security.auth.SimpleAclAuthorizer"},
                "set KAFKA_AUTHORIZER_CLASS_NAME=kafka.security.authorizer.AclAuthorizer",
            ),
            ("3.9.1", {"KAFKA_LISTENERS": "SSL://:1"}, "security.inter.broker.protocol, PLAINTEXT, is none of"),
            ("0.9.0.1", {"KAFKA_ADVERTISED_HOST_NAME": "0.0.0.0"}, "publishes 0.0.0.0"),
            ("3.9.1", {"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "x"}, "has 'x', which is not <name>:<protocol>"),
            ("3.9.1", {"KF_ID_OFFSET": "1000"}, "the broker id 1001 is above reserved.broker.max.id=1000"),
            ("3.9.1", {"KAFKA_BROKER_ID": "1001"}, "the broker id 1001 is above reserved.broker.max.id=1000"),
        ],
    )
    def test_a_rule_that_is_broken_is_told(self, version: str, environ: dict[str, str], problem: str) -> None:
        """Once."""
        problems = refused(version, environ)

        assert any(problem in noted for noted in problems)
        assert len(set(problems)) == len(problems) == 1 + (problem.startswith("names A, "))

    @pytest.mark.parametrize(
        ("version", "environ"),
        [
            ("0.8.2.1", {"KAFKA_BROKER_ID": "1001"}),
            ("3.9.1", {"KAFKA_BROKER_ID": "1001", "KAFKA_BROKER_ID_GENERATION_ENABLE": "false"}),
            ("3.9.1", {"KAFKA_BROKER_ID": "1001", "KAFKA_RESERVED_BROKER_MAX_ID": "5000"}),
            ("3.9.1", {"KAFKA_LISTENERS": "SSL://:1", "KAFKA_SECURITY_INTER_BROKER_PROTOCOL": "SSL"}),
        ],
    )
    def test_a_rule_that_is_kept_is_not(self, version: str, environ: dict[str, str]) -> None:
        """The broker starts with these."""
        made(version, environ)

    def test_mistakes_of_the_base_file_are_told_with_its_name(self) -> None:
        """Its values are checked as the environment's are."""
        assert refused("3.9.1", {"KAFKA_LISTENERS": "x"}, {"listener.security.protocol.map": "y"}) == [
            "KAFKA_LISTENERS='x' has the entry 'x', which is not <name>://<host>:<port>",
            (
                "listener.security.protocol.map='y' in /opt/kafka/config/server.properties has 'y',"
                " which is not <name>:<protocol> with one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"
            ),
        ]
