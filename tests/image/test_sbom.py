"""The bill of materials in each image, beside what is really in it."""

import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.image.engine import Engine, own_name
from tests.image.images import ROOT, image_of
from tests.server.distributions import Product, find

PLACE = "/usr/share/zk-kafka-boot/sbom.cdx.json"


class Bill:
    """The bill of one image, and the image itself."""

    def __init__(self, engine: Engine, image: str) -> None:
        """Read the bill."""
        self._engine, self._image = engine, image
        self.text = self.run("cat", PLACE)

    def run(self, *command: str) -> str:
        """Return what *command* prints in a container of the image."""
        options = ("--rm", f"--name={own_name('bill')}", "--network=none", "--user=0", f"--entrypoint={command[0]}")
        return self._engine.ask("run", *options, self._image, *command[1:])

    @cached_property
    def components(self) -> list[dict[str, Any]]:
        """What the bill lists."""
        found: list[dict[str, Any]] = json.loads(self.text)["components"]
        return found

    def of_type(self, start: str) -> list[dict[str, Any]]:
        """Return the components whose package URL begins so."""
        return [component for component in self.components if component.get("purl", "").startswith(start)]

    @property
    def jars(self) -> dict[str, str]:
        """Path → SHA-256 of each jar in the bill."""
        return {
            component["evidence"]["occurrences"][0]["location"]: component["hashes"][0]["content"]
            for component in self.components
            if "evidence" in component
        }


@pytest.fixture(scope="module", params=Product, ids=str)
def bill(request: pytest.FixtureRequest, engine: Engine) -> Bill:
    """The bill of the newest version of each server."""
    return Bill(engine, image_of(engine, find(request.param, "3.9")))


def test_it_is_what_the_schema_says(bill: Bill) -> None:
    """CycloneDX 1.6, by the strict schema."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill.text) is None


def test_it_lists_debians_packages(bill: Bill) -> None:
    """Each package that dpkg has installed, in its version, and no other."""
    rows = bill.run("dpkg-query", "--show", "--showformat=${db:Status-Status} ${Package} ${Version}\\n").splitlines()
    installed = {tuple(row.split()[1:]) for row in rows if row.startswith("installed ")}

    assert {(each["name"], each["version"]) for each in bill.of_type("pkg:deb/")} == installed


def test_it_lists_python_packages_and_each_is_pinned(bill: Bill) -> None:
    """What pip installed: ours, and what the lock file pins."""
    names = bill.run("sh", "-c", "find / -xdev -name '*.dist-info' -printf '%f\\n'").replace(".dist-info", "")
    rows = (name.rpartition("-") for name in names.splitlines())
    installed = {name.replace("_", "-"): version for name, _, version in rows}
    pins = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "docker/requirements.txt").read_text(), re.MULTILINE))
    listed = {each["name"]: each["version"] for each in bill.of_type("pkg:pypi/")}

    assert listed == installed
    assert listed.pop("zk-kafka-boot")
    assert listed == pins


def test_it_lists_every_jar_with_its_digest(bill: Bill, report: list[str]) -> None:
    """Each jar of the server and no other; Debian's own are in Debian's packages."""
    line = (
        "find / -xdev -type f -name '*.jar' | while read -r jar; do"
        ' dpkg-query --search "$jar" >/dev/null 2>&1 || sha256sum "$jar"; done'
    )
    rows = (row.split(maxsplit=1) for row in bill.run("sh", "-c", line).splitlines())
    there = {path: digest for digest, path in rows}
    kinds = {kind: len(bill.of_type(f"pkg:{kind}/")) for kind in ("deb", "pypi", "maven", "generic")}
    report.append(f"{len(bill.components)} components: {', '.join(f'{n} {kind}' for kind, n in kinds.items())}")

    assert there
    assert bill.jars == there
    assert "unknown" not in {component["version"] for component in bill.components}


def test_it_names_the_server(bill: Bill) -> None:
    """With the name under which vulnerabilities are filed."""
    (server,) = [component for component in bill.components if component["type"] == "application"]

    assert server["cpe"] == f"cpe:2.3:a:apache:{server['name']}:{server['version']}:*:*:*:*:*:*:*"
    assert [Path(path).name for path in bill.jars if f"-{server['version']}.jar" in path]
