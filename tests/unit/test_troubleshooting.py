"""Every kind of message that the code prints has a row in the page's tables of symptoms, and no row is out of date."""

import ast
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import ROOT

PAGE = ROOT / "docker" / "TROUBLESHOOTING.md"
OWN_SECTIONS = ("## A pod does not start", "## A probe fails")
"""What stands there is said by the commands themselves; elsewhere servers and Kubernetes are quoted, too."""

MODULES = sorted(path for package in ("zkboot", "kafkaboot") for path in (ROOT / package).rglob("*.py"))

GAP = "…"
"""Stands for a value, in a message and in a row."""

WORDS = 3
"""Words of the shortest text that is a message: what has fewer is a part of one."""

LETTERS = 8
"""Letters of the shortest piece that finds a message: a shorter one is in many of them."""

QUIET_ERRORS = {"ValueError", "UsageError", "AssertionError", "LookupError", "TypeError", "fault"}
"""Whose text ends a message that is found by its beginning, or is a mistake of the caller's or our own."""

QUIET_CALLS = {
    *("add_argument", "ArgumentParser", "_parser", "Command", "Page", "of", "dispatch", "refuse"),
    *("emit", "say", "_say", "render_family"),
    *("Buffer", "ignore", "ignore_unknown", "shadow"),
}
"""What prints help, data, and how far a command is; and what takes the reason that ends a message."""

QUIET_FUNCTIONS = {"summary", "_shown_settings", "shown_format", "version", "_help", "render_answer"}
"""What prints what was decided or what there is, which is no problem; and the head of every answer."""

QUIET_MODULES = {
    "kafkaboot/probes/metrics.py",
    *("zkboot/config.py", "zkboot/volumes/mark.py", "zkboot/members/table.py"),
    *(
        "zkboot/pages.py",
        "kafkaboot/pages.py",
        "zkboot/pod/manual.py",
        "zkboot/pod/definitions.py",
        "zkboot/foreign.py",
        "kafkaboot/values/foreign.py",
    ),
}
"""What these say stands in files, in metrics, on help pages and in tables, or behind "is not"."""

PARTS = {
    "… makes the one; add the node to KAFKA_CONTROLLER_QUORUM_VOTERS, or unset that": "is among the voters",
    "… makes the one, … the others": "is among the voters",
    "unset …, for KF_CONTROLLER_REPLICAS=… says which pods are controllers": "is among the voters",
    "this pod is none of the controllers, which are the first pods": "is left out",
    "has the entry …, which …": "found by what is behind it",
    "…, or …: its value …": "is public",
    ", or … for a host that is no pod of a StatefulSet": "is not <statefulset>-<ordinal>",
    "… is not one of …": "found by the variable's name before it",
    "the default of …, …,": "is not in, is none of",
    "the default of …, …": "is not in",
    "<the id of the cluster>": "a command to run",
    "--config <the generated file>": "a command to run",
    "zk-kafka-boot directory … … …": "never printed",
    "…=… and the ordinal of …": "is not among the registered brokers",
    "versions … to … of …": "this probe speaks",
    "… rows of mntr": "a yes",
    ", none is listed before there is a topic": "a yes",
    ", in sync in … partitions": "a yes",
    "the volume is empty and other servers serve: no vote before their data is copied, with 3.6 and newer": "a summary",
    "the volume is empty and no other server serves: this server begins a new ensemble with the others; once that"
    " serves, set …, so that a lost volume never votes": "a summary",
    "the list …, version …": "it lags behind",
    "an integer in …..…": "is not",
    "of the voters …, … do not serve": "never printed",
    "to give a vote to": "how far resize is",
    "to take the vote of": "how far resize is",
    "connected to itself": "connection refused",
    "after … bytes of an answer": "closed the connection",
    "without an answer": "closed the connection",
    "; did you mean …?": "is no variable of this tool",
    "the host's domain …": "is not a DNS domain",
    " (… belongs to …:…, mode …)": "for uid",
    "…, and this start would write …": "two pods start on one volume",
    "says …, which is no server id": "write this server's id into it",
    "says …, which is no epoch": "as after a power cut",
}
"""Text without a row of its own → the message of which it is a part, or why nobody has to look for it."""


def text_of(node: ast.AST) -> str | None:
    """Return the text of a literal, with a gap for each value in it; None for any other node."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else GAP for part in values)
    return None


def name_of(node: ast.expr) -> str:
    """Return the last name in what is called, or raised."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def spoken(node: ast.AST) -> Iterator[str]:
    """Yield the texts below *node*, less docstrings, annotations, and what is no message."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.arguments():
            return
        case ast.Raise(exc=ast.Call(func=called)) if name_of(called) in QUIET_ERRORS:
            return
        case ast.Call(func=called) if name_of(called) in QUIET_CALLS:
            return
        case ast.FunctionDef(name=name) if name in QUIET_FUNCTIONS:
            return
    text = text_of(node)
    if text is not None:
        yield text
    for name, below in ast.iter_fields(node):
        if name not in ("annotation", "returns"):
            for child in below if isinstance(below, list) else [below]:
                # A text between two values has been said with them.
                if isinstance(child, ast.AST) and not (text is not None and isinstance(child, ast.Constant)):
                    yield from spoken(child)


def messages(source: str) -> list[str]:
    """Return what the functions of a module's *source* may say; the constants beside them are values and reasons."""
    nodes = ast.parse(source).body
    nodes += [member for node in nodes if isinstance(node, ast.ClassDef) for member in node.body]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    texts = (text for function in functions for text in spoken(function))
    return [text for text in texts if " " in text and len(re.findall(r"[A-Za-z']{2,}", text)) >= WORDS]


def section(page: str, *headings: str) -> str:
    """Return what stands below the *headings* of the *page*, up to the next one of their level."""
    found = ""
    for heading in headings:
        level = heading.partition(" ")[0]
        _, mark, part = page.partition(f"\n{heading}\n")
        assert mark, f"no {heading}"
        found += re.split(rf"^#{{1,{len(level)}}} ", part, maxsplit=1, flags=re.MULTILINE)[0]
    return found


def fragments(part: str) -> list[str]:
    """Return the pieces of messages in the first columns of the tables in *part* of a page."""
    rows = re.findall(r"^\| (.*?) \|", part, re.MULTILINE)
    found = [fragment for row in rows for fragment in re.findall(r"`([^`]+)`", row)]
    return [fragment for fragment in found if " " in fragment and len(re.findall("[A-Za-z]", fragment)) >= LETTERS]


def is_in(fragment: str, text: str) -> bool:
    """Return whether the parts of *fragment*, between its gaps, stand in *text* in this order."""
    at = 0
    for part in fragment.split(GAP):
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


@pytest.fixture(scope="module")
def page() -> str:
    """Return the page."""
    return PAGE.read_text("utf-8")


@pytest.fixture(scope="module")
def rows(page: str) -> list[str]:
    """Return the pieces of messages that the page can be searched for."""
    return fragments(page)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_message_has_a_row(path: Path, rows: list[str]) -> None:
    """Whoever searches the page for what a command said finds what to do."""
    said = [] if str(path.relative_to(ROOT)) in QUIET_MODULES else messages(path.read_text("utf-8"))

    assert [text for text in said if text not in PARTS and not any(is_in(row, text) for row in rows)] == []


def test_every_row_is_a_message(page: str) -> None:
    """A message that was changed takes its row along."""
    trees = [ast.parse(path.read_text("utf-8")) for path in MODULES]
    texts = {text for tree in trees for node in ast.walk(tree) if (text := text_of(node))}
    texts |= {os.strerror(number).lower() for number in errno.errorcode}

    assert [row for row in fragments(section(page, *OWN_SECTIONS)) if not any(is_in(row, text) for text in texts)] == []


def test_every_part_is_said() -> None:
    """An exception that nothing needs any more would hide the next message like it."""
    said = {text for path in MODULES for text in messages(path.read_text("utf-8"))}

    assert PARTS.keys() - said == set()
