"""Where this machine gets packages from, and whom it trusts: what a fresh machine beside it needs to reach the same."""

import os
import re
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n.+?-----END CERTIFICATE-----\n", re.DOTALL)
_DEBIANS = Path("/usr/share/ca-certificates")
_PIP_OPTION = re.compile(r"^(?:global|:env:)\.(index-url|extra-index-url|trusted-host)='(.*)'$", re.MULTILINE)
_APT_PROXY = re.compile(r"^Acquire::\w+::Proxy(?:::\S+)? .*;$", re.MULTILINE)


def own_certificates() -> list[str]:
    """Return the certificates, as PEM, that this machine trusts beyond those that Debian ships."""
    bundle = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    if not bundle or not Path(bundle).is_file():
        return []
    known = {each for path in _DEBIANS.rglob("*.crt") for each in _certificates(path)}
    return [each for each in _certificates(Path(bundle)) if each not in known]


def pip_environ() -> dict[str, str]:
    """Return the variables that name pip's index; nothing where it is the usual one."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {f"PIP_{name.upper().replace('-', '_')}": value for name, value in _PIP_OPTION.findall(told)}


def apt_proxies() -> str:
    """Return apt's settings of proxies, as a file for `/etc/apt/apt.conf.d`; empty where there are none."""
    if shutil.which("apt-config") is None:
        return ""
    told = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    return "".join(f"{row}\n" for row in _APT_PROXY.findall(told))


def maven_settings() -> Path | None:
    """Return the user's settings for Maven, where there are any."""
    path = Path.home() / ".m2" / "settings.xml"
    return path if path.is_file() else None


def _certificates(path: Path) -> list[str]:
    return _CERTIFICATE.findall(path.read_text(encoding="utf-8"))
