"""kubectl, in one namespace: what it answers as values, and waits that end."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

Json = dict[str, Any]
"""An object of the API."""

LIMIT = 120.0
"""Seconds for one call on a busy machine; no figure."""

READY_LIMIT = 900.0
"""Seconds in which pods must be ready on a machine with a load of thirty; no figure."""

_PAUSE = 0.5


class KubectlError(Exception):
    """kubectl said no, or nothing in time; in its own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What one call has shown."""

    status: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """What a command printed, without the last newline."""
        return self.stdout.rstrip("\n")


class Kubectl:
    """kubectl for objects of one namespace, and for those that are in none."""

    def __init__(self, namespace: str = "default") -> None:
        self.namespace = namespace

    def call(self, *arguments: str | Path, stdin: str | None = None, timeout: float = LIMIT) -> Done:
        """Run it, whatever comes of it; KubectlError only where nothing comes in *timeout* seconds."""
        line = self._line(*arguments)
        try:
            done = subprocess.run(line, input=stdin, capture_output=True, text=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired as error:
            raise KubectlError(f"{' '.join(line)}: nothing in {timeout:g} s; {error.stderr!r}") from error
        return Done(status=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def run(self, *arguments: str | Path, stdin: str | None = None, timeout: float = LIMIT) -> str:
        """Return what it prints; KubectlError where it fails."""
        done = self.call(*arguments, stdin=stdin, timeout=timeout)
        if done.status != 0:
            raise KubectlError(f"{' '.join(self._line(*arguments))}: status {done.status}: {done.stderr.strip()}")
        return done.stdout

    def get(self, *what: str) -> Json:
        """Return one object, such as `pod`, `zk-0`; KubectlError where there is none."""
        found: Json = json.loads(self.run("get", *what, "--output=json"))
        return found

    def items(self, kind: str, selector: str = "") -> list[Json]:
        """Return all objects of a kind, those with the labels of *selector*."""
        items: list[Json] = self.get(kind, f"--selector={selector}")["items"]
        return items

    def apply(self, manifest: Path | str, *options: str) -> str:
        """Apply a manifest, a file or its text, as it is."""
        return self._manifest("apply", manifest, *options)

    def create(self, manifest: Path | str, *options: str) -> str:
        """Make what a manifest has, as it is: unlike `apply` this leaves no note of what was asked for."""
        return self._manifest("create", manifest, *options)

    def exec(self, pod: str, *command: str, timeout: float = LIMIT) -> Done:
        """Run a command in a pod and return what it showed, whatever its status is."""
        return self.call("exec", pod, "--", *command, timeout=timeout)

    def logs(self, pod: str, *options: str) -> str:
        """Return what the containers of a pod have printed."""
        return self.run("logs", pod, "--all-containers", *options)

    def words_of(self, pod: str) -> str:
        """Return what the containers that run and those before them have printed; nothing where there is none."""
        every = ("--all-containers", "--ignore-errors")
        return "".join(self.call("logs", pod, *every, *options).stdout for options in ([], ["--previous"]))

    def events(self) -> list[Json]:
        """Return the events of the namespace, the oldest first."""
        return sorted(self.items("events"), key=last_seen)

    def drain(self, node: str, selector: str, timeout: float = LIMIT) -> Done:
        """Drain a node of the pods with these labels: what else is on it is none of a test's business."""
        words = [
            "--ignore-daemonsets",
            "--delete-emptydir-data",
            f"--pod-selector={selector}",
            f"--timeout={timeout:g}s",
        ]
        listed = self.run("get", "pods", "--all-namespaces", f"--selector={selector}", "--output=json")
        spaces = {pod["metadata"]["namespace"] for pod in json.loads(listed)["items"]}
        if strangers := sorted(spaces - {self.namespace}):
            raise KubectlError(f"{node} is not drained: pods with {selector} of {', '.join(strangers)} would go, too")
        return self.call("drain", node, *words, timeout=timeout + LIMIT)

    def may_evict(self, pod: str) -> bool:
        """Return whether the budget lets a drain have a pod, which stays."""
        asked = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": self.namespace},
            "deleteOptions": {"dryRun": ["All"]},
        }
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod}/eviction"
        done = self.call("create", f"--raw={path}", "--filename=-", stdin=json.dumps(asked))
        if done.status != 0 and "disruption budget" not in done.stderr:
            raise KubectlError(f"eviction of {pod}: status {done.status}: {done.stderr.strip()}")
        return done.status == 0

    def wait_until(self, holds: Callable[[], object], what: str, timeout: float = READY_LIMIT) -> float:
        """Return after how many seconds *holds* does; TimeoutError where it never does.

        A question that fails is asked again: under load an API server has no time now and then.
        """
        began, failed = time.monotonic(), ""
        while True:
            try:
                if holds():
                    return time.monotonic() - began
                failed = ""
            except KubectlError as error:
                failed = str(error)
            if time.monotonic() > began + timeout:
                raise TimeoutError(f"{what}: not in {timeout:g} s; {failed}")
            time.sleep(_PAUSE)

    @contextmanager
    def watching(self, kind: str, selector: str) -> Iterator["Watch"]:
        """Note everything that happens to some objects for as long as the context lasts."""
        words = ["get", kind, f"--selector={selector}", "--watch", "--output-watch-events", "--output=json"]
        with TemporaryFile("w+") as file:
            process = subprocess.Popen(self._line(*words), stdout=file, stderr=subprocess.DEVNULL)
            try:
                yield Watch(file)
            finally:
                process.kill()
                process.wait()

    def _manifest(self, verb: str, manifest: Path | str, *options: str) -> str:
        if isinstance(manifest, Path):
            return self.run(verb, f"--filename={manifest}", *options)
        return self.run(verb, "--filename=-", *options, stdin=manifest)

    def _line(self, *arguments: str | Path) -> list[str]:
        return ["kubectl", f"--namespace={self.namespace}", *map(str, arguments)]


class Watch:
    """What has happened to some objects."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def events(self) -> list[tuple[str, Json]]:
        """Return what has happened up to now: ADDED, MODIFIED or DELETED, and the object as it was then."""
        self._file.seek(0)
        text, decoder, at = self._file.read(), json.JSONDecoder(), 0
        found: list[tuple[str, Json]] = []
        while at < len(text):
            try:
                event, at = decoder.raw_decode(text, at)
            except ValueError:
                # The last one is being written.
                break
            found.append((event["type"], event["object"]))
            at += len(text[at:]) - len(text[at:].lstrip())
        return found


def last_seen(event: Json) -> str:
    """Return when an event was last seen, as text that sorts."""
    series = event.get("series") or {}
    return str(
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"]["creationTimestamp"]
    )


def server_version() -> str:
    """Return the version of the cluster that KUBECONFIG names; KubectlError where none answers.

    Of a file that is not there kubectl itself would think nothing, and ask the cluster that it runs in, or localhost.
    """
    named = os.environ["KUBECONFIG"]
    if not any(Path(file).exists() for file in named.split(os.pathsep) if file):
        raise KubectlError(f"KUBECONFIG names no file that is there: {named}")
    try:
        return Kubectl().run("version").split()[-1]
    except KubectlError as error:
        raise KubectlError(f"the cluster that KUBECONFIG names does not answer: {error}") from error
