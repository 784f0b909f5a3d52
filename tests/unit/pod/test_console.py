"""Running a command: errors become lines on stderr and an exit status; stdout is written whole or not at all."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import LIMIT, clean_environ
from zkboot.pod import console
from zkboot.pod.errors import BootError, FileError, SettingsError, StateError, UnreachableError, UsageError


def raising(error: BaseException) -> int:
    """Return the exit status of a command that raises *error*."""

    def command(_arguments: list[str]) -> None:
        raise error

    return console.run("zkTest", command, [])


def child(code: str, **streams: int) -> subprocess.CompletedProcess[bytes]:
    """Run *code*, which has ``console`` at hand, in a process of its own."""
    done: subprocess.CompletedProcess[bytes] = subprocess.run(
        [sys.executable, "-c", f"import sys\nfrom zkboot.pod import console\n{code}"],
        env=clean_environ(),
        timeout=LIMIT,
        check=False,
        **streams,  # type: ignore[call-overload]
    )
    return done


def test_a_command_that_returns_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    """It gets its arguments, and nothing is said."""
    seen: list[list[str]] = []

    assert console.run("zkTest", seen.append, ["--dry-run"]) == 0
    assert seen == [["--dry-run"]]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("error", [UsageError("x"), UnreachableError("x"), FileError("x"), StateError("x")])
def test_an_error_becomes_its_status_and_one_line(error: BootError, capsys: pytest.CaptureFixture[str]) -> None:
    """The line opens with the command's name."""
    assert raising(error) == error.exit_status
    assert capsys.readouterr() == ("", "zkTest: x\n")


def test_every_problem_gets_its_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    """All bad variables of one run are reported together."""
    assert raising(SettingsError("ZK_A is bad", "ZK_B is bad")) == 78
    assert capsys.readouterr().err == "zkTest: ZK_A is bad\nzkTest: ZK_B is bad\n"


def test_ctrl_c_exits_as_a_shell_reports_it(capsys: pytest.CaptureFixture[str]) -> None:
    """130 is 128 + SIGINT; nobody wants a traceback."""
    assert raising(KeyboardInterrupt()) == 130
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_went_away_exits_as_a_shell_reports_it() -> None:
    """141 is 128 + SIGPIPE."""
    assert raising(BrokenPipeError()) == 141


def test_a_bug_of_ours_is_not_hidden() -> None:
    """An exception that is no BootError passes through, for a traceback and status 1."""
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError())


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("plain text, ünïcode too", "plain text, ünïcode too"),
        ("two\nlines\r\n", "two\\nlines\\r\\n"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a NUL\0 and a raw byte \udcff", "a NUL\\x00 and a raw byte \\udcff"),
        (
            "right to left \u202e, next line \x85, separator \u2028",
            "right to left \\u202e, next line \\x85, separator \\u2028",
        ),
        ("it's quoted\n", "it's quoted\\n"),
        ("", ""),
    ],
)
def test_a_message_stays_on_its_line(message: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What an attacker put into a variable cannot forge a line or move the cursor."""
    console.say("zkTest", message)

    assert capsys.readouterr().err == f"zkTest: {line}\n"


def test_a_warning_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning can be told from an error by its text alone."""
    console.warn("zkTest", "purge is off")

    assert capsys.readouterr().err == "zkTest: warning: purge is off\n"


def test_the_status_survives_a_closed_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kubelet reads the status, whether or not anybody reads the words."""
    monkeypatch.setattr(sys, "stderr", None)

    assert raising(StateError("x")) == 78


def test_the_status_survives_a_full_stderr() -> None:
    """A line that cannot be printed is lost; the status is not."""
    with Path("/dev/full").open("wb") as full:
        done = child(
            "from zkboot.pod.errors import StateError\n"
            "def fail(_): raise StateError('x', 'y')\n"
            "sys.exit(console.run('zkTest', fail, []))",
            stderr=full.fileno(),
        )

    assert done.returncode == 78


def test_data_reaches_stdout_byte_for_byte() -> None:
    """Whatever the locale: replies are bytes."""
    done = child("print('text first')\nconsole.emit(bytes(range(256)))", stdout=subprocess.PIPE)

    assert done.stdout == b"text first\n" + bytes(range(256))


def test_a_full_stdout_is_a_file_error_in_one_line() -> None:
    """Status 74, and no complaint of the interpreter behind it."""
    with Path("/dev/full").open("wb") as full:
        done = child(
            "sys.exit(console.run('zkTest', lambda _: console.emit(b'data'), []))",
            stdout=full.fileno(),
            stderr=subprocess.PIPE,
        )

    assert (done.returncode, done.stderr) == (74, b"zkTest: stdout: no space left on device\n")


def test_a_closed_pipe_ends_quietly() -> None:
    """``zkMetrics | head -1`` is no error to report."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = child(
            "sys.exit(console.run('zkTest', lambda _: console.emit(b'data'), []))",
            stdout=writer,
            stderr=subprocess.PIPE,
        )
    finally:
        os.close(writer)

    assert (done.returncode, done.stderr) == (141, b"")


def test_a_missing_stdout_is_a_file_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """``>&-`` leaves Python without a stdout at all."""
    monkeypatch.setattr(sys, "stdout", None)

    with pytest.raises(FileError, match="stdout is closed"):
        console.emit(b"data")


def test_text_printed_before_stays_before_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text layer is flushed before bytes go round it."""
    below = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(below))
    print("first", end=" ")

    console.emit(b"second")

    assert below.getvalue() == b"first second"


def test_only_boot_errors_have_problems_to_print() -> None:
    """An error without an argument prints no line, but keeps its status."""
    assert raising(BootError()) == 70
