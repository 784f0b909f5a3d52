"""Servers whose certificate is for another name: a start refuses it, so they get it after the start's checks."""

import shlex
from pathlib import Path

from tests.certificates import Authority
from tests.server.pods import Pod

ELSEWHERE = "elsewhere.test"
"""The domain that the certificate is for."""

REFUSAL = "tls.crt does not cover "
"""What a start says of it."""

_GENERATORS = {
    "ZK": ("zkGenConfig", "ZK_CONF_DIR", "."),
    "KF": ("kafkaGenConfig", "KF_CONFIG_FILE", "server.properties"),
}
"""By the prefix of the variables: who makes the stores, and which variable says where, by a folder or a file in it."""


def disguise(pod: Pod, prefix: str, secret: Path) -> str:
    """Return the shell's command that puts stores of *secret*, whose certificate is for ELSEWHERE, in place of its own.

    They are made in a folder of their own, as for a pod that is there. Its own must be of the same type: an EC key's.
    """
    generator, variable, name = _GENERATORS[prefix]
    made = pod.folder / "elsewhere"
    own = Path(pod.environ[variable], "tls") if name == "." else Path(pod.environ[variable]).parent / "tls"
    there = {variable: str(made / name), f"{prefix}_DOMAIN": ELSEWHERE, f"{prefix}_TLS_DIR": str(secret)}
    made.mkdir(parents=True)
    done = pod.run(generator, environ=there)
    assert done.returncode == 0, done.stderr
    return f"cp {shlex.quote(str(made))}/tls/* {shlex.quote(str(own))}/"


def wrong_secret(folder: Path, authority: Authority) -> Path:
    """Write a Secret that is right but for the name in it, and return its folder."""
    return authority.issue(f"*.{ELSEWHERE}").write(folder / "wrong", authority.ca_crt)
