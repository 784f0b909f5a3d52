"""When `make images` builds what the manifests name, and when it does not."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.image import __main__ as program
from tests.image.engine import Engine
from tests.image.images import Release, compose_line, is_reached, releases
from tests.server.cache import Progress
from tests.server.distributions import Product
from tests.server.ports import LOOPBACK, free_port


@contextmanager
def answering(status: HTTPStatus) -> Iterator[str]:
    """Have a web server that answers everything with *status*; the value is an address of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with HTTPServer((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{server.server_address[1]}/archive.tar.gz"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("status", [HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE])
def test_a_server_that_answers_is_no_reason_for_a_stand_in(status: HTTPStatus) -> None:
    """Not even one that is out of order: the build fails, and says so."""
    with answering(status) as address:
        assert is_reached(address, pause=0.0)


def test_nobody_there_is_told() -> None:
    """Asked three times."""
    assert not is_reached(f"http://{LOOPBACK}:{free_port()}/archive.tar.gz", pause=0.0)


@pytest.mark.parametrize(("engine", "command"), [("docker", "docker compose"), ("podman", r"\S+/podman-compose")])
def test_the_compose_line_names_images_that_the_file_does_not(engine: str, command: str) -> None:
    """The engine's own way to compose; both wait."""
    trial = {release.tag: f"{release.product}:trial" for product in Product for release in releases(product)}
    named = {tag: tag for tag in trial}
    variables = "ZOOKEEPER_IMAGE=zookeeper:trial KAFKA_IMAGE=kafka:trial KRAFT_IMAGE=kafka:trial "
    end = rf"{command} -f \S*docker/compose.yaml up -d --wait"

    assert re.fullmatch(variables + end, compose_line(Engine(f"/usr/bin/{engine}"), trial))
    assert re.fullmatch(end, compose_line(Engine(f"/usr/bin/{engine}"), named))


@pytest.mark.parametrize(("unreachable", "status"), [((), 0), (tuple(Product), 75), ((Product.ZOOKEEPER,), 75)])
def test_an_image_of_another_name_is_told_by_the_status_and_the_last_lines(
    unreachable: tuple[Product, ...], status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what is missing, and the line that starts what there is."""

    def build_release(_engine: Engine, release: Release, _progress: Progress) -> str:
        return f"{release.product}:trial" if release.product in unreachable else release.tag

    monkeypatch.setattr(program, "build_release", build_release)
    missing = ", ".join(release.tag for product in unreachable for release in releases(product))
    lines: list[str] = []

    assert program.build_all(Engine("/usr/bin/docker"), lines.append) == status
    assert [line.partition("reached: ")[2] for line in lines if "not built" in line] == ([missing] if missing else [])
    assert lines[-1].endswith("compose.yaml up -d --wait")
    assert len(capsys.readouterr().out.splitlines()) == 3
