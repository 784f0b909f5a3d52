"""The users of SCRAM that a new cluster begins with, as arguments of Kafka's storage tool, to be read from a file.

Everybody on a machine can read a command line, and who has a salted password can log in by it. The tool takes a file in
its place, one argument a line, as long as it has had users (3.5; ``fromFilePrefix`` in ``StorageTool``; tried).
"""

from binascii import b2a_base64
from collections.abc import Callable, Mapping

from kafkaboot.probes.scram import ITERATIONS, SALT_BYTES, salted


def users_arguments(mechanism: str, passwords: Mapping[str, str], new_bytes: Callable[[int], bytes]) -> str:
    """Return what adds the users of *passwords*; *new_bytes* returns as many random bytes as it is asked for."""
    lines = [f"--add-scram\n{_user(mechanism, *user, new_bytes(SALT_BYTES))}\n" for user in passwords.items()]
    return "".join(lines)


def _user(mechanism: str, name: str, password: str, salt: bytes) -> str:
    salt_text, text = (
        b2a_base64(one, newline=False).decode() for one in (salt, salted(mechanism, password, salt, ITERATIONS))
    )
    return f'{mechanism}=[name={name},iterations={ITERATIONS},salt="{salt_text}",saltedpassword="{text}"]'
