"""Writes what is in an image as CycloneDX 1.6, JSON, to stdout: `sbom.py SERVER VERSION`, SERVER is zookeeper or kafka.

Debian's packages as dpkg knows them, the Python packages in /opt/zk-kafka-boot, and every jar below /opt with its
SHA-256. The same image gives the same bytes: no time and no serial number. Runs in the image that it describes, while
that is built, on nothing but the standard library.
"""

import hashlib
import json
import platform
import re
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any
from urllib.parse import quote

Component = dict[str, Any]

LIBRARY = "/opt/zk-kafka-boot"
SERVERS = Path("/opt")
STATUS = Path("/var/lib/dpkg/status")
_FILE_NAME = re.compile(r"(?P<name>.+?)-(?P<version>\d.*)")
_POM = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")


def debian_packages(status: str, release: str) -> Iterator[Component]:
    """Yield the installed packages of a dpkg *status* file; *release* is Debian's number."""
    for stanza in status.split("\n\n"):
        fields = dict(re.findall(r"^([\w-]+): (.*)$", stanza, re.MULTILINE))
        if fields.get("Status") == "install ok installed":
            name, version, arch = fields["Package"], fields["Version"], fields["Architecture"]
            purl = f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={arch}&distro=debian-{release}"
            yield library(name, version, purl)


def python_packages(folder: str) -> Iterator[Component]:
    """Yield the distributions that are installed in *folder*."""
    for distribution in distributions(path=[folder]):
        name = re.sub(r"[-_.]+", "-", distribution.name).lower()
        yield library(name, distribution.version, f"pkg:pypi/{name}@{quote(distribution.version)}")


def jars(folder: Path) -> Iterator[Component]:
    """Yield every jar below *folder*, with its digest and its place."""
    for path in sorted(folder.rglob("*.jar")):
        group, name, version = coordinates(path)
        kind = f"maven/{quote(group)}" if group else "generic"
        yield {
            **library(name, version, f"pkg:{kind}/{quote(name)}@{quote(version)}"),
            # The same jar may lie in two places.
            "bom-ref": str(path),
            **({"group": group} if group else {}),
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}],
            "evidence": {"occurrences": [{"location": str(path)}]},
        }


def coordinates(path: Path) -> tuple[str, str, str]:
    """Return group, name and version of a jar: those it says itself, else its file's name, with no group."""
    with zipfile.ZipFile(path) as archive:
        for member in filter(_POM.fullmatch, archive.namelist()):
            told = dict(re.findall(r"^(\w+)=(.*?)\r?$", archive.read(member).decode(), re.MULTILINE))
            own = f"{told.get('artifactId')}-{told.get('version')}"
            # What was packed into a jar brings its own pom.properties along.
            if path.stem == own or path.stem.startswith(f"{own}-"):
                return told["groupId"], told["artifactId"], told["version"]
    match = _FILE_NAME.fullmatch(path.stem)
    return ("", match["name"], match["version"]) if match else ("", path.stem, "unknown")


def library(name: str, version: str, purl: str) -> Component:
    """Return a component of the type library."""
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def main() -> None:
    """Write the bill."""
    server, version = sys.argv[1:]
    release = platform.freedesktop_os_release()["VERSION_ID"]
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "container",
                "bom-ref": "image",
                "name": f"zk-kafka-boot/{server}",
                "version": version,
            }
        },
        "components": [
            {"type": "operating-system", "bom-ref": "debian", "name": "debian", "version": release},
            {
                "type": "application",
                "bom-ref": server,
                "name": server,
                "version": version,
                "cpe": f"cpe:2.3:a:apache:{server}:{version}:*:*:*:*:*:*:*",
            },
            *sorted(debian_packages(STATUS.read_text(encoding="utf-8"), release), key=lambda each: each["bom-ref"]),
            *sorted(python_packages(LIBRARY), key=lambda each: each["bom-ref"]),
            *jars(SERVERS),
        ],
    }
    json.dump(bill, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
