"""Where the probes ask and whom they look for: variables, the generated file, and which of them counts."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafkaboot.probes.broker_properties import FILE_LIMIT, PROPERTIES, BrokerProperties, parse_properties
from kafkaboot.probes.endpoint import Endpoint, find_broker_id
from kafkaboot.values.knobs import VARIABLES
from zkboot.pod import properties
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import FileError, IdentityError, SettingsError
from zkboot.pod.identity import Host

NODE = Host(lambda: "node-a-7", lambda: "")
"""A host that is not the pod."""

BASE = Path(__file__).parents[3] / "data" / "kafka" / "base"


def endpoint(environ: dict[str, str]) -> Endpoint:
    """Return where *environ* says to ask, all problems raised."""
    env = EnvReader({"KF_HOME": "/nonexistent"} | environ)
    found = Endpoint.from_environ(env, BrokerProperties(env))
    env.problems.check()
    return found


def broker_id(environ: dict[str, str]) -> tuple[int, str]:
    """Return whom *environ* says to look for and why, all problems raised."""
    env = EnvReader({"KF_HOME": "/nonexistent"} | environ)
    found = find_broker_id(env, BrokerProperties(env), NODE)
    env.problems.check()
    return found


def generated(tmp_path: Path, *lines: str) -> dict[str, str]:
    """Return an environment whose generated file has *lines*."""
    path = tmp_path / "server.properties"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="iso-8859-1")
    return {"KF_CONFIG_FILE": str(path)}


# --- host and port -----------------------------------------------------------------------------------

TLS_FIRST = "SSL://:9094,PLAINTEXT://10.0.0.7:9092"
ROLES_BOTH = {"KAFKA_PROCESS_ROLES": "broker,controller"}
CONTROLLER_ONLY = {"KAFKA_PROCESS_ROLES": "controller"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, "localhost:9092", id="defaults"),
        pytest.param({"KF_PORT": "19092"}, "localhost:19092", id="client-port"),
        pytest.param({"KF_PROBE_PORT": "9095"}, "localhost:9095", id="probe-port"),
        pytest.param({"KF_PORT": "19092", "KF_PROBE_PORT": "9095"}, "localhost:9095", id="probe-port-counts-more"),
        pytest.param({"KF_PROBE_HOST": "kafka-0.kafka-svc"}, "kafka-0.kafka-svc:9092", id="name"),
        pytest.param({"KF_PROBE_HOST": "[::1]"}, "[::1]:9092", id="ipv6-in-brackets"),
        pytest.param({"KF_PROBE_HOST": "", "KF_PROBE_PORT": "", "KF_PORT": ""}, "localhost:9092", id="empty-is-unset"),
        pytest.param({"KAFKA_LISTENERS": "PLAINTEXT://:9097"}, "localhost:9097", id="listener"),
        pytest.param({"KAFKA_LISTENERS": "PLAINTEXT://:9097", "KF_PORT": "1"}, "localhost:9097", id="not-the-knob"),
        pytest.param({"KAFKA_LISTENERS": "PLAINTEXT://0.0.0.0:9097"}, "localhost:9097", id="any-ipv4"),
        pytest.param({"KAFKA_LISTENERS": "PLAINTEXT://[::]:9097"}, "localhost:9097", id="any-ipv6"),
        pytest.param({"KAFKA_LISTENERS": "PLAINTEXT://127.0.0.1:9097"}, "127.0.0.1:9097", id="one-address"),
        pytest.param({"KAFKA_LISTENERS": "PLAINTEXT://[fd00::7]:9097"}, "[fd00::7]:9097", id="one-ipv6-address"),
        pytest.param({"KAFKA_LISTENERS": "plaintext://kafka-0:9097"}, "kafka-0:9097", id="small-letters"),
        pytest.param({"KAFKA_LISTENERS": TLS_FIRST}, "10.0.0.7:9092", id="the-first-in-plain-text"),
        pytest.param({"KAFKA_LISTENERS": TLS_FIRST, "KF_PROBE_PORT": "9094"}, "localhost:9094", id="another-listener"),
        pytest.param({"KAFKA_LISTENERS": TLS_FIRST, "KF_PROBE_PORT": "9092"}, "10.0.0.7:9092", id="its-own-address"),
        pytest.param({"KAFKA_LISTENERS": TLS_FIRST, "KF_PROBE_HOST": "::1"}, "[::1]:9092", id="another-host"),
        pytest.param({"KAFKA_LISTENERS": "SSL://:9094,SASL_SSL://:9095"}, "localhost:9094", id="none-in-plain-text"),
        pytest.param(
            {
                "KAFKA_LISTENERS": "OUT://:9094, IN://:9095",
                "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "OUT:SASL_SSL, IN:plaintext",
            },
            "localhost:9095",
            id="names-of-its-own",
        ),
        pytest.param(
            {"KAFKA_LISTENERS": "CONTROLLER://:9093,PLAINTEXT://:9092"} | ROLES_BOTH, "localhost:9092", id="combined"
        ),
        pytest.param(
            {"KAFKA_LISTENERS": "PLAINTEXT://:9093,SSL://:9092", "KAFKA_CONTROLLER_LISTENER_NAMES": "plaintext"},
            "localhost:9092",
            id="a-controllers-listener-is-not-for-clients",
        ),
        pytest.param(CONTROLLER_ONLY, "localhost:9093", id="controller"),
        pytest.param(CONTROLLER_ONLY | {"KF_CONTROLLER_PORT": "9193"}, "localhost:9193", id="controller-port"),
        pytest.param(
            CONTROLLER_ONLY | {"KAFKA_LISTENERS": "CONTROLLER://127.0.0.1:9293"}, "127.0.0.1:9293", id="its-listener"
        ),
        pytest.param(
            CONTROLLER_ONLY
            | {
                "KAFKA_LISTENERS": "TLS://:9293,PLAIN://:9294",
                "KAFKA_CONTROLLER_LISTENER_NAMES": "TLS,PLAIN",
                "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "TLS:SSL",
            },
            "localhost:9294",
            id="its-listener-in-plain-text",
        ),
        pytest.param({"KAFKA_PORT": "9098"}, "localhost:9098", id="port-of-0.8"),
        pytest.param({"KAFKA_PORT": "9098", "KAFKA_HOST_NAME": "10.0.0.7"}, "10.0.0.7:9098", id="host-of-0.8"),
        pytest.param({"KAFKA_PORT": "tcp://10.0.0.1:9092", "KF_PORT": "9099"}, "localhost:9099", id="service-link"),
    ],
)
def test_the_variables_say_where_to_ask(environ: dict[str, str], expected: str) -> None:
    """A broker that binds one address is asked there."""
    assert str(endpoint(environ)) == expected


@pytest.mark.parametrize(
    ("lines", "environ", "expected"),
    [
        pytest.param(["listeners=PLAINTEXT://:9097"], {}, "localhost:9097", id="listener"),
        pytest.param(["listeners=PLAINTEXT://:9097"], {"KF_PORT": "1"}, "localhost:9097", id="over-the-knob"),
        pytest.param(
            ["listeners=PLAINTEXT://:9097"],
            {"KAFKA_LISTENERS": "PLAINTEXT://:9098"},
            "localhost:9098",
            id="variable-wins",
        ),
        pytest.param(
            ["listeners=PLAINTEXT://:9097"], {"KF_PROBE_PORT": "9098"}, "localhost:9098", id="probe-port-wins"
        ),
        pytest.param(["#listeners=PLAINTEXT://:9097"], {"KF_PORT": "9098"}, "localhost:9098", id="comment"),
        pytest.param(["listeners=", "port=9097"], {}, "localhost:9097", id="empty-is-unset"),
        pytest.param(["port=9097", "host.name=10.0.0.7"], {}, "10.0.0.7:9097", id="0.8"),
        pytest.param(["process.roles=controller"], {}, "localhost:9093", id="controller"),
        pytest.param(
            [
                "process.roles=controller",
                "controller.listener.names=QUORUM",
                "listeners=QUORUM://:9293",
                "listener.security.protocol.map=QUORUM:PLAINTEXT",
            ],
            {},
            "localhost:9293",
            id="controllers-listener",
        ),
    ],
)
def test_the_generated_file_says_where_to_ask(
    tmp_path: Path, lines: list[str], environ: dict[str, str], expected: str
) -> None:
    """What an entrypoint exported before it generated the file is in no probe's environment."""
    assert str(endpoint(generated(tmp_path, *lines) | environ)) == expected


def test_the_file_stands_in_the_home(tmp_path: Path) -> None:
    """Where the generator edits it in place."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "server.properties").write_text("port=9097\n")

    assert str(endpoint({"KF_HOME": str(tmp_path)})) == "localhost:9097"
    assert str(endpoint({"KF_HOME": "", "KAFKA_HOME": str(tmp_path)})) == "localhost:9097"


def test_a_file_is_not_read_where_variables_say_all(tmp_path: Path) -> None:
    """A probe does no more than it must."""
    settings = {"KF_CONFIG_FILE": str(tmp_path), "KF_PROBE_HOST": "localhost", "KF_PROBE_PORT": "9095"}

    assert str(endpoint(settings)) == "localhost:9095"


@pytest.mark.parametrize("timeout", ["0.05", "3", "3600"])
def test_the_time_out_is_in_seconds(timeout: str) -> None:
    """For the whole exchange."""
    assert endpoint({"KF_PROBE_TIMEOUT": timeout}).timeout == float(timeout)


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"KF_PROBE_PORT": "0"}, "KF_PROBE_PORT='0' is not an integer in 1..65535"),
        ({"KF_PROBE_HOST": "a b"}, "KF_PROBE_HOST='a b' is not a host name or an address"),
        ({"KF_PROBE_TIMEOUT": "0"}, "KF_PROBE_TIMEOUT='0' is not seconds in 0.05..3600"),
        ({"KF_HOME": "kafka"}, "KF_HOME='kafka' is not an absolute path"),
        ({"KAFKA_PORT": "x"}, "KAFKA_PORT='x' is not an integer in 1..65535"),
        ({"KAFKA_HOST_NAME": "a b"}, "KAFKA_HOST_NAME='a b' is not a host name or an address"),
        *(
            ({"KAFKA_LISTENERS": text}, f"KAFKA_LISTENERS={text!r} is not a list of <name>://<host>:<port>")
            for text in (
                "9092",
                "PLAINTEXT://:0",
                "PLAINTEXT://:65536",
                "PLAINTEXT://h:٣",
                "://h:1",
                "A://:1,",
                "A:/h:1",
            )
        ),
    ],
)
def test_a_wrong_variable_is_told(environ: dict[str, str], problem: str) -> None:
    """With its name, its value and what is allowed."""
    with pytest.raises(SettingsError) as caught:
        endpoint(environ)

    assert caught.value.problems == (problem,)


def test_a_wrong_value_in_the_file_is_told_with_its_place(tmp_path: Path) -> None:
    """Nothing but what is meant goes to the resolver."""
    settings = generated(tmp_path, "listeners=PLAINTEXT://a\x00b:9092")

    with pytest.raises(
        SettingsError, match=r"server\.properties: listeners='PLAINTEXT://a\\x00b:9092' is not a list of"
    ):
        endpoint(settings)


def test_a_value_out_of_a_file_of_its_own_is_not_repeated(tmp_path: Path) -> None:
    """It may be a secret, put under the wrong name."""
    (tmp_path / "secret").write_text("hunter2\n")

    with pytest.raises(SettingsError) as caught:
        endpoint({"KAFKA_LISTENERS_FILE": str(tmp_path / "secret")})

    assert caught.value.problems == ("KAFKA_LISTENERS_FILE: its text is not a list of <name>://<host>:<port>",)


# --- the broker's id ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"POD_NAME": "kafka-0"}, (1, "KF_ID_OFFSET=1 and the ordinal of kafka-0")),
        (
            {"POD_NAME": "my-kafka-12.svc.ns", "KF_ID_OFFSET": "100"},
            (112, "KF_ID_OFFSET=100 and the ordinal of my-kafka-12"),
        ),
        ({"HOSTNAME": "kafka-3", "KF_ID_OFFSET": "0"}, (3, "KF_ID_OFFSET=0 and the ordinal of kafka-3")),
        ({}, (8, "KF_ID_OFFSET=1 and the ordinal of node-a-7")),
        ({"POD_NAME": "kafka-0", "KAFKA_BROKER_ID": "7"}, (7, "KAFKA_BROKER_ID")),
        ({"POD_NAME": "kafka-0", "KAFKA_NODE_ID": "0"}, (0, "KAFKA_NODE_ID")),
        ({"KAFKA_BROKER_ID": "2147483647"}, (2147483647, "KAFKA_BROKER_ID")),
    ],
)
def test_the_final_id_is_looked_for(environ: dict[str, str], expected: tuple[int, str]) -> None:
    """That of a property, else ordinal + offset."""
    assert broker_id(environ) == expected


@pytest.mark.parametrize(
    ("lines", "environ", "expected"),
    [
        pytest.param(["broker.id=5"], {}, 5, id="broker"),
        pytest.param(["node.id=6"], {}, 6, id="node"),
        pytest.param(["#broker.id=5"], {}, 1, id="comment"),
        pytest.param(["broker.id=5"], {"KAFKA_BROKER_ID": "7"}, 7, id="variable-wins"),
        pytest.param(["node.id=6"], {"KAFKA_BROKER_ID": "7"}, 7, id="by-its-other-name-too"),
        pytest.param(["reserved.broker.max.id=1000"], {}, 1, id="another-key"),
    ],
)
def test_the_generated_file_says_whom_to_look_for(
    tmp_path: Path, lines: list[str], environ: dict[str, str], expected: int
) -> None:
    """It is what the broker was started with."""
    assert broker_id(generated(tmp_path, *lines) | {"POD_NAME": "kafka-0"} | environ)[0] == expected


def test_the_file_is_named_where_the_id_comes_from_it(tmp_path: Path) -> None:
    """For the message of a broker that is not listed."""
    settings = generated(tmp_path, "broker.id=5")

    assert broker_id(settings)[1] == f"broker.id in {settings['KF_CONFIG_FILE']}"


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"KAFKA_BROKER_ID": "x", "POD_NAME": "pod"}, "KAFKA_BROKER_ID='x' is not an integer in 0..2147483647"),
        ({"KAFKA_NODE_ID": "-1", "POD_NAME": "pod"}, "KAFKA_NODE_ID='-1' is not an integer in 0..2147483647"),
        ({"KF_ID_OFFSET": "x", "POD_NAME": "kafka-0"}, "KF_ID_OFFSET='x' is not an integer in 0..2147483647"),
        (
            {"KF_ID_OFFSET": "2147483647", "POD_NAME": "kafka-1"},
            "pod kafka-1 and KF_ID_OFFSET=2147483647 make the id 2147483648: 2147483647 is the last",
        ),
    ],
)
def test_a_wrong_id_is_told(environ: dict[str, str], problem: str) -> None:
    """With its name, its value and what is allowed."""
    with pytest.raises(SettingsError) as caught:
        broker_id(environ)

    assert caught.value.problems == (problem,)


def test_an_id_that_the_broker_would_choose_itself_is_told(tmp_path: Path) -> None:
    """Nobody can be looked for."""
    with pytest.raises(SettingsError, match=r"server\.properties: broker\.id='-1' is not an integer in"):
        broker_id(generated(tmp_path, "broker.id=-1"))


def test_a_domain_is_no_part_of_an_id() -> None:
    """A wrong one is the generator's to refuse."""
    assert broker_id({"POD_NAME": "kafka-0.a_b", "KF_DOMAIN": "a b"})[0] == 1


def test_a_pod_without_an_ordinal_is_told() -> None:
    """As the generator does."""
    with pytest.raises(IdentityError, match="POD_NAME 'kafka' is not <statefulset>-<ordinal>"):
        broker_id({"POD_NAME": "kafka"})


# --- old brokers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "jar", "is_old"),
    [
        pytest.param({}, None, False, id="unknown"),
        pytest.param({"KF_VERSION": "0.8.2.1"}, None, True, id="stated-0.8"),
        pytest.param({"KF_VERSION": "0.9.0.1"}, None, True, id="stated-0.9"),
        pytest.param({"KF_VERSION": "0.9"}, None, True, id="stated-line"),
        pytest.param({"KF_VERSION": "0.10.2.2"}, None, False, id="stated-0.10"),
        pytest.param({"KF_VERSION": "4.4.0"}, "kafka_2.10-0.8.2.1.jar", False, id="stated-counts-more"),
        pytest.param({}, "kafka_2.10-0.8.2.1.jar", True, id="installed-0.8"),
        pytest.param({}, "kafka_2.11-0.9.0.1.jar", True, id="installed-0.9"),
        pytest.param({}, "kafka_2.12-0.10.2.2.jar", False, id="installed-0.10"),
        pytest.param({}, "kafka_2.13-3.9.2.jar", False, id="installed-3.9"),
        pytest.param({}, "kafka-clients-0.8.2.1.jar", False, id="another-jar"),
        pytest.param({}, "scala-library-2.10.4.jar", False, id="no-kafka"),
    ],
)
def test_a_broker_older_than_0_10_is_known_by_its_version(
    tmp_path: Path,
    environ: dict[str, str],
    jar: str | None,
    *,
    is_old: bool,
) -> None:
    """Stated or installed; where neither is known, it is found out on the wire."""
    if jar is not None:
        (tmp_path / "libs").mkdir()
        (tmp_path / "libs" / jar).touch()

    assert endpoint({"KF_HOME": str(tmp_path)} | environ).is_old == is_old


# --- the generated file ------------------------------------------------------------------------------


def of_interest(entries: Mapping[str, str]) -> dict[str, str]:
    """Return those of *entries* that a probe reads."""
    return {key: value for key, value in entries.items() if key in PROPERTIES}


@pytest.mark.parametrize("path", sorted(BASE.iterdir()), ids=lambda path: path.name)
def test_the_stock_files_are_read_as_java_reads_them(path: Path) -> None:
    """0.8 to 3.9."""
    text = path.read_text(encoding=properties.ENCODING)

    assert of_interest(parse_properties(text)) == of_interest(properties.parse(text))


keys = st.sampled_from([*PROPERTIES, "log.dirs", "broker.id.generation.enable", "listener", ""])
pieces = st.sampled_from([*"=: \t\f#!\n\r0aé", "\\", "\\\n", "\r\n", "\\u0031", "\\\\", "PLAINTEXT://:9092"])


@given(st.lists(st.builds("".join, st.lists(keys | pieces, max_size=8)), max_size=6))
def test_any_file_is_read_as_java_reads_it(lines: list[str]) -> None:
    """Comments, separators, continued lines, escapes, the last of two."""
    text = "\n".join(lines)

    assert of_interest(parse_properties(text)) == of_interest(properties.parse(text))


def test_a_file_with_a_malformed_escape_is_told(tmp_path: Path) -> None:
    """Kafka would not start from it."""
    settings = generated(tmp_path, "x=\\u12")

    with pytest.raises(FileError, match=r"server\.properties: line 1: malformed"):
        endpoint(settings)


def test_a_directory_in_its_place_is_told(tmp_path: Path) -> None:
    """With the path."""
    with pytest.raises(FileError, match=f"^{tmp_path}: is a directory$"):
        endpoint({"KF_CONFIG_FILE": str(tmp_path)})


def test_a_file_that_may_not_be_opened_is_told(tmp_path: Path) -> None:
    """Its broker would not start either."""
    path = tmp_path / "loop"
    path.symlink_to(path)

    with pytest.raises(FileError, match=f"^{path}: too many levels of symbolic links$"):
        endpoint({"KF_CONFIG_FILE": str(path)})


def test_a_pipe_in_its_place_does_not_hang(tmp_path: Path) -> None:
    """Nobody writes to it."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    with pytest.raises(FileError, match=f"^{path}: is no regular file$"):
        endpoint({"KF_CONFIG_FILE": str(path)})


def test_a_file_without_an_end_is_told(tmp_path: Path) -> None:
    """A properties file of this size is a mistake."""
    settings = generated(tmp_path, "#" * FILE_LIMIT)

    with pytest.raises(FileError, match=f"longer than {FILE_LIMIT} bytes$"):
        endpoint(settings)


def test_no_file_is_no_error(tmp_path: Path) -> None:
    """A probe may begin before the generator, or run where the file is not."""
    assert str(endpoint({"KF_CONFIG_FILE": f"{tmp_path}/none"})) == "localhost:9092"
    assert str(endpoint({"KF_CONFIG_FILE": "/dev/null/none"})) == "localhost:9092"


def test_every_variable_of_the_help_page_has_a_default_in_words() -> None:
    """The help page shows it."""
    assert all(variable.default_text and variable.meaning for variable in VARIABLES)
