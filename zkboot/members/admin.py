"""A session as ZooKeeper's user super with one server, through kazoo: reads the list, changes it, writes once."""

import logging
import secrets
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from zkboot.endpoint import Endpoint
from zkboot.lists import Members
from zkboot.members.asking import CONFIG_NODE
from zkboot.members.digest_md5 import answer_of
from zkboot.members.steps import Step
from zkboot.members.superuser import PASSWORD_NAME, USER
from zkboot.pod.errors import NotServingError, SettingsError, StateError
from zkboot.variables import RECONFIG, SASL_DIR, SUPER_PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from kazoo.client import KazooClient

REASONS = {
    "NewConfigNoQuorumError": "a majority of the new list does not follow the leader yet",
    "ReconfigInProcessError": "another change is under way",
    "ConnectionLoss": "the connection was lost",
    "SessionExpiredError": "the session has expired",
    "SessionClosedRequireSaslError": "the connection was lost, and with it the login",
    "KazooTimeoutError": "no answer in time",
}
"""Name of an exception of kazoo → what it means. By name, for kazoo is imported only where it is used."""

CALL_LIMIT = 10.0
"""Seconds for one request: a change of the list is as long as an election where the leader leaves."""

_SESSION_LIMIT = 10.0


class ChangedError(NotServingError):
    """The list is another one than the change was made for."""


class TransientError(Exception):
    """The request may or may not have been carried out; the list tells, and the request can be repeated."""


class Admin:
    """A session with the server at *endpoint*, which knows *password*; as a context manager it is closed at the end."""

    def __init__(self, endpoint: Endpoint, password: str) -> None:
        self._endpoint = endpoint
        self._password = password
        self._client: KazooClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def members(self) -> Members:
        """Return the ensemble's list, up to date.

        Raises NotServingError where the server keeps none, StateError where it cannot be understood, TransientError.
        """

        def read(client: "KazooClient") -> bytes:
            client.sync_async(CONFIG_NODE).get(timeout=CALL_LIMIT)
            data: bytes = client.get_async(CONFIG_NODE).get(timeout=CALL_LIMIT)[0]
            return data

        return _parsed(self._call(read))

    def change(self, step: Step, row: str | None, version: int) -> None:
        """Carry out *step* where the list is still that of *version*; *row* is the joiner's.

        Raises TransientError where nobody knows whether it was carried out, or it can be tried again; ChangedError
        where the list is another by now; SettingsError where the server does not take the password, or has no
        reconfiguration.
        """
        joining = f"server.{step.server_id}={row}" if step.joins else None
        leaving = None if step.joins else str(step.server_id)
        self._call(lambda client: client.reconfig_async(joining, leaving, None, version).get(timeout=CALL_LIMIT))

    def write(self) -> None:
        """Write something and remove it again: what a majority of the list acknowledges. Raises TransientError."""
        path = f"/zkboot-resize-{secrets.token_hex(8)}"

        def create(client: "KazooClient") -> None:
            # Ephemeral: where this process is killed in between, nothing stays behind.
            client.create_async(path, b"", ephemeral=True).get(timeout=CALL_LIMIT)
            client.delete_async(path).get(timeout=CALL_LIMIT)

        self._call(create)

    def close(self) -> None:
        """Close the session; the next request opens another."""
        client, self._client = self._client, None
        if client is not None:
            client.stop()
            client.close()

    def _call(self, request: "Callable[[KazooClient], Any]") -> Any:
        """Return what comes of *request*, its failures translated."""
        from kazoo import exceptions
        from kazoo.handlers.threading import KazooTimeoutError

        try:
            return request(self._connected())
        except exceptions.NoAuthError:
            raise SettingsError(
                f"{self._endpoint} does not take the password of {USER}, and nothing was changed: {SUPER_PASSWORD.name}"
                f" is wrong or was changed, or zkGenConfig made a new {PASSWORD_NAME}, since that server started; run"
                " this in another pod, or restart this one first"
            ) from None
        except (exceptions.ReconfigDisabledError, exceptions.UnimplementedError):
            raise SettingsError(
                f"{self._endpoint} or the leader has no reconfiguration: set {RECONFIG.name}=true on all servers, one"
                " rolling update, with ZooKeeper 3.5.3 or newer"
            ) from None
        except exceptions.BadVersionError:
            raise ChangedError("somebody else has changed the list of members meanwhile: run it again") from None
        except exceptions.BadArgumentsError as error:
            raise StateError(f"{self._endpoint} refuses the change: {error or 'bad arguments'}") from None
        except (exceptions.ZookeeperError, KazooTimeoutError) as error:
            self.close()
            raise TransientError(_reason(error)) from error

    def _connected(self) -> "KazooClient":
        from kazoo.client import KazooClient
        from kazoo.retry import KazooRetry

        if self._client is None:
            logger = logging.getLogger("zkboot.members.kazoo")
            logger.setLevel(logging.CRITICAL)
            client = KazooClient(
                hosts=str(self._endpoint),
                timeout=_SESSION_LIMIT,
                connection_retry=KazooRetry(max_tries=2, delay=0.1, max_delay=0.5),
                auth_data=[("digest", f"{USER}:{self._password}")],
                logger=logger,
            )
            self._client = client
            client.start(timeout=_SESSION_LIMIT)
            if self._endpoint.login is not None:
                self._log_in(client, *self._endpoint.login)
        return self._client

    def _log_in(self, client: "KazooClient", user: str, password: str) -> None:
        """Log in as *user*. Raises SettingsError where the server does not take it, and what kazoo raises."""
        from kazoo import exceptions
        from kazoo.protocol.serialization import SASL

        def exchange(token: bytes) -> bytes:
            answer = client.handler.async_result()
            # kazoo's own way takes another package, and tells a wrong password by a trace of the stack.
            client._call(SASL(token), answer)  # noqa: SLF001
            data: bytes = answer.get(timeout=CALL_LIMIT)[0]
            return data

        try:
            challenge = exchange(b"")
            exchange(answer_of(challenge, user, password, secrets.token_hex(16)))
        except (exceptions.ConnectionLoss, exceptions.SessionExpiredError):
            raise
        except (exceptions.ZookeeperError, ValueError):
            raise SettingsError(
                f"{self._endpoint} does not take the login of {user}, and nothing was changed: what is in"
                f" {SASL_DIR.name} was changed since that server started; restart it first"
            ) from None


def _parsed(data: bytes) -> Members:
    try:
        members = Members.parse(data.decode("utf-8", "backslashreplace"))
    except ValueError as error:
        raise StateError(f"{CONFIG_NODE} {error}") from None
    if not members.rows:
        raise NotServingError("the server keeps no list of members: it is a standalone server")
    return members


def _reason(error: Exception) -> str:
    """Return in words what kazoo's *error*, whose text is empty as a rule, means."""
    name = type(error).__name__
    return REASONS.get(name) or str(error) or name
