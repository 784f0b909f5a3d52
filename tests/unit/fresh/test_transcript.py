"""What a page shows of a command's output is compared with what it prints."""

import subprocess

import pytest

from tests.fresh.transcript import Printed, is_as_shown, parse, script


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("", "anything\n"),
        ("leader\n", "leader\n"),
        ("quorum after … s\n", "quorum after 0.2 s\n"),
        ("first\n…\nlast\n", "first\nlast\n"),
        ("first\n…\nlast\n", "first\nsecond\nthird\nlast\n"),
        ("a.b (c)\n", "a.b (c)\n"),
    ],
)
def test_output_is_as_shown(shown: str, printed: str) -> None:
    """An ellipsis is what varies; everything else stands for itself."""
    assert is_as_shown(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("leader\n", ""),
        ("leader\n", "follower\n"),
        ("leader\n", "leader\nleader\n"),
        ("quorum after … s\n", "quorum after 0.2\ns\n"),
        ("first\n…\nlast\n", "first\nsecond\n"),
        ("a.b\n", "aXb\n"),
    ],
)
def test_output_is_not_as_shown(shown: str, printed: str) -> None:
    """One line more, one less, or another is told."""
    assert not is_as_shown(shown, printed)


def test_commands_are_typed_into_one_shell() -> None:
    """What one sets, the next has; each has its own output, both streams of it, and its own status."""
    commands = ["word=hello", "echo $word; echo error >&2", "false", "printf unfinished"]
    done = subprocess.run(["bash", "-c", script(commands)], capture_output=True, text=True, check=True)

    assert parse(done.stdout) == [
        Printed(text="", status=0),
        Printed(text="hello\nerror\n", status=0),
        Printed(text="", status=1),
        Printed(text="unfinished", status=0),
    ]


def test_a_shell_that_ends_early_is_seen() -> None:
    """The commands behind its end have printed nothing."""
    done = subprocess.run(
        ["bash", "-c", script(["true", "exit 3", "true"])], capture_output=True, text=True, check=False
    )

    assert len(parse(done.stdout)) == 1
