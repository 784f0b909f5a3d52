"""How kafkaReady logs in where every listener asks for it, and that nothing else does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kafkaboot.probes.broker_properties import BrokerProperties
from kafkaboot.probes.client import Session
from kafkaboot.probes.endpoint import Endpoint
from kafkaboot.probes.login import Login
from tests.patience import PATIENCE
from tests.unit.kafkaboot.probes.recorded_broker import frame, read_request, recorded, with_id
from tests.unit.kafkaboot.probes.test_scram import FINAL, FIRST
from tests.unit.scripted_server import Caller, Script, ScriptedServer
from zkboot.pod.environ import EnvReader
from zkboot.pod.errors import ProtocolError, SettingsError

VERSIONS, METADATA = recorded("4.4.0-broker.api-versions0"), recorded("4.4.0-in-sync.metadata4")
PLAIN = Login("PLAIN", "broker", "hush")
HANDSHAKE = b"\0\0\0\1" + b"\0\0" + b"\0\0\0\1\0\5PLAIN"
NO_MECHANISM = b"\0\0\0\1" + b"\0\x21" + b"\0\0\0\1\0\5OTHER"


def reply(message: bytes = b"", error: int = 0, reason: bytes = b"") -> bytes:
    """Return the payload of an answer to SaslAuthenticate."""
    text = len(reason).to_bytes(2, "big") + reason if reason else b"\xff\xff"
    return b"\0\0\0\1" + error.to_bytes(2, "big") + text + len(message).to_bytes(4, "big") + message


def server(heard: list[bytes], handshake: bytes = HANDSHAKE, *answers: bytes) -> Script:
    """Return the script of a broker that answers a login so, and Metadata after it; it adds what it has *heard*."""

    def script(caller: Caller) -> None:
        left = list(answers)
        while request := read_request(caller):
            key = int.from_bytes(request[:2], "big")
            heard.append(request)
            if key == 18:
                answer = VERSIONS
            elif key == 17:
                answer = frame(handshake)
            elif key == 36 and left:
                answer = frame(left.pop(0))
            elif key == 3 and not left:
                answer = METADATA
            else:
                return
            caller.send(with_id(answer, request))

    return script


def ask(script: Script, login: Login | None, question: Callable[[Session], object]) -> None:
    """Ask a peer that follows *script* the *question*, as *login*."""
    with (
        ScriptedServer(script) as peer,
        Session(Endpoint(peer.host, peer.port, PATIENCE, login=login)) as session,
    ):
        question(session)


def metadata(session: Session) -> None:
    """Ask what kafkaReady asks, twice over one connection."""
    session.ask_versions()
    for _ in range(2):
        assert session.ask_metadata(1).broker_ids


def keys(heard: list[bytes]) -> list[int]:
    """Return which requests were *heard*."""
    return [int.from_bytes(request[:2], "big") for request in heard]


def test_a_login_comes_once_and_before_what_needs_it() -> None:
    """By PLAIN in one message; ApiVersions goes without."""
    heard: list[bytes] = []
    ask(server(heard, HANDSHAKE, reply()), PLAIN, metadata)

    assert keys(heard) == [18, 17, 36, 3, 3]
    assert heard[2].endswith(b"\0broker\0hush")


def test_liveness_never_logs_in() -> None:
    """Whatever the endpoint says."""
    heard: list[bytes] = []
    ask(server(heard), PLAIN, lambda session: session.greet())

    assert keys(heard) == [18]


SCRAM = Login("SCRAM-SHA-256", "user", "pencil")


@pytest.mark.parametrize(
    ("login", "handshake", "answers", "reason"),
    [
        (PLAIN, NO_MECHANISM, (), "lets nobody log in by PLAIN, error 33 .UNSUPPORTED_SASL_MECHANISM.: 'OTHER'"),
        (
            PLAIN,
            HANDSHAKE,
            (reply(error=58, reason=b"Authentication failed"),),
            "refuses the login of broker by PLAIN, error 58 .SASL_AUTHENTICATION_FAILED.: 'Authentication failed'",
        ),
        (
            SCRAM,
            HANDSHAKE,
            (reply(FIRST), reply(FINAL)),
            "answers another login's nonce, in the login of user by SCRAM",
        ),
        (SCRAM, HANDSHAKE, (reply(b"r="),), "answers another login's nonce, in the login of user"),
        (PLAIN, HANDSHAKE, (reply()[:-1],), "4 bytes expected, 3 left"),
        (PLAIN, HANDSHAKE[:-1], (), "5 bytes expected, 4 left"),
        (PLAIN, HANDSHAKE, (reply() + b"x",), "1 bytes more than the reply has"),
    ],
)
def test_what_fails_is_told_without_the_password(
    login: Login, handshake: bytes, answers: tuple[bytes, ...], reason: str
) -> None:
    """A refusal, and answers that no Kafka gives."""
    with pytest.raises(ProtocolError, match=reason) as raised:
        ask(server([], handshake, *answers), login, metadata)

    assert login.password not in str(raised.value)
    assert login.password not in repr(login)


MAP = "IN:SASL_PLAINTEXT,OPEN:PLAINTEXT,CONTROLLER:SASL_PLAINTEXT"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"KAFKA_LISTENERS": "IN://:1,OPEN://:2"}, (2, None)),
        ({"KAFKA_LISTENERS": "IN://:1,CONTROLLER://:3"}, (1, "SCRAM-SHA-256")),
        ({"KAFKA_LISTENERS": "IN://:1,OPEN://:2", "KF_PROBE_PORT": "1", "KF_PROBE_HOST": "x"}, (1, "SCRAM-SHA-256")),
        ({"KAFKA_LISTENERS": "CONTROLLER://:3"}, (3, "PLAIN")),
        ({"KAFKA_LISTENERS": "IN://:1", "KF_SASL_DIR": ""}, (1, None)),
    ],
)
def test_a_listener_without_a_login_is_asked_first(
    tmp_path: Path, environ: dict[str, str], expected: tuple[int, str | None]
) -> None:
    """At a controller's by PLAIN. Without KF_SASL_DIR there is nobody to log in as."""
    (tmp_path / "broker").write_text("hush\n")
    env = EnvReader(
        {
            "KF_HOME": "/nonexistent",
            "KF_SASL_DIR": str(tmp_path),
            "KF_SASL_USER": "broker",
            "KF_SASL_MECHANISM": "SCRAM-SHA-256",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": MAP,
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            **environ,
        }
    )
    found = Endpoint.from_environ(env, BrokerProperties(env))
    env.problems.check()

    assert (found.port, found.login and found.login.mechanism) == expected
    assert found.login is None or found.login.password == "hush"


@pytest.mark.parametrize(
    ("user", "problem"),
    [
        ("", "KF_SASL_USER must say as which user of KF_SASL_DIR="),
        ("../broker", "KF_SASL_USER must say as which user of KF_SASL_DIR="),
        ("nobody", "/nobody: no such file or directory"),
    ],
)
def test_who_cannot_log_in_is_told_and_is_alive(tmp_path: Path, user: str, problem: str) -> None:
    """Readiness has no answer without a login; liveness does not look for one."""
    environ = {"KF_HOME": "/x", "KF_SASL_DIR": str(tmp_path), "KAFKA_LISTENERS": "SASL_PLAINTEXT://:1"}
    env = EnvReader({**environ, "KF_SASL_USER": user})
    Endpoint.from_environ(env, BrokerProperties(env), verifies=False)
    env.problems.check()
    Endpoint.from_environ(env, BrokerProperties(env))

    with pytest.raises(SettingsError, match=problem):
        env.problems.check()
