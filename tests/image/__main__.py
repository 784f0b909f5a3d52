"""`python -m tests.image images`: build the images that the manifests name; `build NAME...`: those that the tests run.

NAME is zookeeper-3.9 or the like. Progress goes to stderr, the images' names to stdout. Exit status 75
where images of a trial stand in for those that the manifests name.
"""

import argparse
import sys
import time

from tests.image.engine import Engine, EngineError, builder
from tests.image.images import build_release, compose_line, image_of, releases
from tests.server.cache import FetchError, Progress
from tests.server.distributions import Product, named
from tests.server.toolchain import MissingToolError

ONLY_A_TRIAL = 75
"""EX_TEMPFAIL of sysexits: another time, where Apache's archives can be reached, it may be done."""

_STATUSES = f"""\
exit status:
  0   every image was built under the name that the manifests have for it
  2   the command line is wrong
  69  an image could not be built: the engine, Java, Maven or an archive is missing
  {ONLY_A_TRIAL}  an archive could not be reached, so an image was made under another name, which ends in -trial:
      it is for a trial on one machine, not for a cluster"""


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.image",
        description="Builds the images, with podman or docker.",
        epilog=_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="build the images that the tests run")
    building.add_argument("names", nargs="+", metavar="NAME", help="zookeeper-3.9, kafka-3.9")
    commands.add_parser(
        "images",
        help="build the images that the manifests name",
        description="Builds the images that the manifests name, and says how to start the compose file with them.",
        epilog=_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    arguments = parser.parse_args()
    started = time.monotonic()

    def show(line: str) -> None:
        print(f"[{time.monotonic() - started:4.0f} s] {line}", file=sys.stderr, flush=True)

    try:
        if arguments.command == "images":
            return build_all(builder(), show)
        for name in arguments.names:
            for distribution in named(name):
                print(image_of(builder(), distribution, show))
    except (EngineError, FetchError, MissingToolError, LookupError) as error:
        print(f"tests.image: {error}", file=sys.stderr)
        return 69
    return 0


def build_all(engine: Engine, progress: Progress) -> int:
    """Build every image that the manifests name, print its name, and return the exit status.

    The last lines that *progress* gets say what is missing, if anything, and how to start what was built.
    """
    made = {}
    for release in (release for product in Product for release in releases(product)):
        made[release.tag] = build_release(engine, release, progress)
        print(made[release.tag], flush=True)
    missing = [tag for tag, image in made.items() if image != tag]
    if missing:
        progress(f"!! not built, because Apache's archive cannot be reached: {', '.join(missing)}")
        progress("!! the -trial images made instead are for this machine only: push none, apply no manifest")
    progress(f"to start three ZooKeeper servers and three brokers: {compose_line(engine, made)}")
    return ONLY_A_TRIAL if missing else 0


if __name__ == "__main__":
    sys.exit(main())
