"""`make images` builds what the manifests and the compose file name."""

import re

from tests.image.images import releases
from tests.server.distributions import Product
from tests.unit.docker.manifests import DOCKER, PATHS, container, load

RELEASES = [release for product in Product for release in releases(product)]


def test_each_manifests_image_is_built_and_no_other() -> None:
    """Under that very name."""
    assert sorted(release.tag for release in RELEASES) == sorted(container(load(path))["image"] for path in PATHS)


def test_the_compose_file_names_the_same_images() -> None:
    """As its defaults."""
    text = (DOCKER / "compose.yaml").read_text(encoding="utf-8")

    assert sorted(re.findall(r"image: \$\{\w+:-(\S+)\}", text)) == sorted(release.tag for release in RELEASES)


def test_a_release_is_fetched_by_its_own_version() -> None:
    """Over TLS, from the archive that keeps every version; with a checksum of its own."""
    for release in RELEASES:
        assert release.address.startswith("https://archive.apache.org/dist/")
        assert release.address.count(release.version) >= 2
    digests = [name for release in RELEASES for name in release.arguments if name.endswith(("SHA256", "SHA512"))]
    assert len(digests) == sum(bool(release.arguments) for release in RELEASES)
