"""`python -m tests.image images`: build the images that the manifests name; `build NAME...`: those that the tests run.

NAME is zookeeper-3.9 or the like. Progress goes to stderr, the images' names to stdout.
"""

import argparse
import sys
import time

from tests.image.engine import EngineError, builder
from tests.image.images import build_release, image_of, releases
from tests.server.cache import FetchError
from tests.server.distributions import Product, named
from tests.server.toolchain import MissingToolError


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.image", description="Builds the images.")
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="build the images that the tests run")
    building.add_argument("names", nargs="+", metavar="NAME", help="zookeeper-3.9, kafka-3.9")
    commands.add_parser("images", help="build the images that the manifests name")
    arguments = parser.parse_args()
    started = time.monotonic()

    def show(line: str) -> None:
        print(f"[{time.monotonic() - started:4.0f} s] {line}", file=sys.stderr, flush=True)

    try:
        if arguments.command == "images":
            for release in (release for product in Product for release in releases(product)):
                print(build_release(builder(), release, show))
            return 0
        for name in arguments.names:
            for distribution in named(name):
                print(image_of(builder(), distribution, show))
    except (EngineError, FetchError, MissingToolError, LookupError) as error:
        print(f"tests.image: {error}", file=sys.stderr)
        return 69
    return 0


if __name__ == "__main__":
    sys.exit(main())
