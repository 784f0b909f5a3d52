"""Typed reads of an environment: every form with good and bad values, files, service links, all problems at once."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zkboot.pod.address import Host, Port
from zkboot.pod.environ import FILE_LIMIT, EnvReader, fault_of, is_service_link
from zkboot.pod.errors import SettingsError
from zkboot.pod.variables import Boolean, Choice, Number, Seconds, Text, Variable
from zkboot.pod.variables import Path as PathVariable

NUMBER = Number("ZK_NUMBER", 7, "", low=2, high=2**31 - 1)
PORT = Port("ZK_PORT_VALUE", 2181, "")
SECONDS = Seconds("ZK_SECONDS", 3.0, "", low=0.05, high=3600)
BOOLEAN = Boolean("ZK_BOOLEAN", default=False, meaning="")
CHOICE = Choice("ZK_CHOICE", "INFO", "", words=("DEBUG", "INFO"))
PATH = PathVariable("ZK_PATH", "/var", "")
HOST = Host("ZK_HOST", "localhost", "")
TEXT = Text("ZK_TEXT", None, "")
SECRET = Text("ZK_SECRET", None, "", secret=True)
NO_FILE = Text("ZK_BASE", None, "", reads_file=False)

GOOD: list[tuple[Variable[Any], str, object]] = [
    *[
        (NUMBER, text, value)
        for text, value in [("2", 2), ("2147483647", 2147483647), ("007", 7), (" 42\t", 42), ("0000000002", 2)]
    ],
    *[(PORT, text, value) for text, value in [("1", 1), ("65535", 65535), ("02181", 2181)]],
    *[(SECONDS, text, value) for text, value in [("3", 3.0), ("0.05", 0.05), (".5", 0.5), ("1.", 1.0), (" 2.5 ", 2.5)]],
    *[(BOOLEAN, text, value) for text, value in [("true", True), ("FALSE", False), ("True", True)]],
    *[(CHOICE, text, value) for text, value in [("DEBUG", "DEBUG"), ("info", "INFO"), ("Debug", "DEBUG")]],
    *[
        (PATH, text, value)
        for text, value in [
            ("/a/", "/a"),
            ("/a//", "/a"),
            ("/with blank/in it", "/with blank/in it"),
            ("/data/ünï", "/data/ünï"),
        ]
    ],
    *[
        (HOST, text, value)
        for text, value in [
            ("zk-0.zk-svc", "zk-0.zk-svc"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            ("a_b", "a_b"),
        ]
    ],
    (TEXT, "any = text # at all", "any = text # at all"),
]

BAD: list[tuple[Variable[Any], str]] = [
    *[
        (NUMBER, text)
        for text in [
            "1",
            "2147483648",
            "-3",
            "+3",
            "3.0",
            "1e3",
            "0x10",
            "1_000",
            "\u0663",
            "\uff13",
            "²",
            "two",
            "1 2",
            " ",
            "9" * 5000,
            "12345678901",
            "\u00a07",
        ]
    ],
    *[(PORT, text) for text in ["0", "65536", "-1", "2181/tcp", "http", "2181,2182"]],
    *[
        (SECONDS, text)
        for text in [
            "0",
            "0.04",
            "3600.1",
            "-1",
            "nan",
            "inf",
            "1e3",
            ".",
            "1.2.3",
            "3s",
            "\u0663",
            "1" * 17,
            "1_0",
            "+1",
            "",
        ]
    ],
    *[(BOOLEAN, text) for text in ["yes", "1", "on", "treu", " true", "\uff54rue"]],
    *[(CHOICE, text) for text in ["VERBOSE", "INFO ", "INFO,DEBUG", "\u0131nfo"]],
    *[(PATH, text) for text in ["data", "./data", "~/data", " /data", "/data ", "/data\t", "file:///data"]],
    *[(HOST, text) for text in ["a b", "[]", "zk-0:2181/", "höst", "a,b", "[::1", "http://a", "$(id)"]],
]


def named(value: object) -> str:
    """Return a readable id for a test of *value*."""
    return value.name if isinstance(value, Variable) else ascii(value)[:24]


def reader_of(variable: Variable[Any], text: str) -> EnvReader:
    """Return a reader of an environment where *variable* has the value *text*."""
    return EnvReader({variable.name: text})


@pytest.mark.parametrize(("variable", "text", "value"), GOOD, ids=named)
def test_a_good_value_is_read(variable: Variable[Any], text: str, value: object) -> None:
    """And no problem is noted."""
    env = reader_of(variable, text)

    assert env.get(variable) == value
    assert not env.problems


@pytest.mark.parametrize(("variable", "text"), BAD, ids=named)
def test_a_bad_value_is_one_problem_and_the_default(variable: Variable[Any], text: str) -> None:
    """The line names the variable as it was typed, what it holds and what is allowed."""
    if text == "":
        with pytest.raises(ValueError, match="is not"):
            variable.parse(text)
        return
    env = reader_of(variable, text)

    assert env.get(variable) == variable.default
    (problem,) = map(str, env.problems)
    assert problem.startswith(f"{variable.name}={text!r} is not ") or problem.endswith("would cut off")


@pytest.mark.parametrize("variable", [NUMBER, PORT, SECONDS, BOOLEAN, CHOICE, PATH, HOST])
def test_a_default_is_shown_as_an_operator_would_type_it(variable: Variable[Any]) -> None:
    """What the table of variables shows may be pasted into a manifest."""
    assert variable.parse(variable.default_text) == variable.default


def test_a_variable_without_a_default_shows_none() -> None:
    """Its meaning may say more."""
    assert (TEXT.default_text, BOOLEAN.show(None), SECONDS.show(None)) == ("none", "none", "none")
    assert Port("ZK_P", None, "", default_text="`ZK_CLIENT_PORT`").default_text == "`ZK_CLIENT_PORT`"


def test_a_variable_has_to_know_its_form() -> None:
    """The base class parses nothing."""
    with pytest.raises(NotImplementedError):
        Variable("ZK_X", None, "").parse("x")


@pytest.mark.parametrize("environ", [{}, {"ZK_NUMBER": ""}, {"ZK_NUMBER_FILE": ""}], ids=["unset", "empty", "no file"])
def test_an_empty_variable_counts_as_unset(environ: dict[str, str]) -> None:
    """As in the original script."""
    env = EnvReader(environ)

    assert (env.read(NUMBER), env.is_set(NUMBER), bool(env.problems)) == (7, False, False)


def test_reading_what_has_no_default_is_a_bug_that_is_told() -> None:
    """Such a variable is for ``get``."""
    with pytest.raises(TypeError, match="ZK_TEXT has no default"):
        EnvReader({}).read(TEXT)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\nclientPort=1", "ZK_TEXT contains a newline, which no value may hold"),
        ("a\rb", "ZK_TEXT contains a carriage return, which no value may hold"),
        ("a\0b", "ZK_TEXT contains a NUL, which no value may hold"),
        (os.fsdecode(b"a\xffb"), "ZK_TEXT is not valid UTF-8"),
    ],
)
def test_a_value_that_could_break_a_file_is_a_problem(text: str, told: str) -> None:
    """The value is not repeated: it may be long, secret or hostile."""
    env = EnvReader({"ZK_TEXT": text})

    assert env.get(TEXT) is None
    assert [*map(str, env.problems)] == [told]


def test_a_harmless_value_has_no_fault() -> None:
    """Every character that stays on its line may pass."""
    assert fault_of("\x1b \u2028 \x85 ünï 😀") is None


def test_all_problems_are_raised_at_once_and_each_once() -> None:
    """One run names everything that is to be mended."""
    env = EnvReader({"ZK_NUMBER": "x", "ZK_BOOLEAN": "maybe"})
    env.get(NUMBER)
    env.get(BOOLEAN)
    env.get(NUMBER)
    env.problems.note("and one more")

    with pytest.raises(SettingsError) as caught:
        env.problems.check()
    assert caught.value.problems == (
        "ZK_NUMBER='x' is not an integer in 2..2147483647",
        "ZK_BOOLEAN='maybe' is not true or false",
        "and one more",
    )


def test_a_form_with_several_faults_gets_a_line_for_each() -> None:
    """Several reasons would otherwise be squeezed into one."""

    class Two(Text):
        __slots__ = ()

        def parse(self, text: str) -> str:
            raise ValueError(*(f"lists {letter} twice" for letter in text))

    env = EnvReader({"ZK_TWO": "ab"})
    variable: Variable[Any] = Two("ZK_TWO", None, "")
    env.get(variable)

    assert [*map(str, env.problems)] == ["ZK_TWO='ab' lists a twice", "ZK_TWO='ab' lists b twice"]


# <NAME>_FILE


def write(content: bytes) -> Callable[[Path], Path]:
    """Return what makes a file with *content* in a folder."""

    def make(folder: Path) -> Path:
        path = folder / "value"
        path.write_bytes(content)
        return path

    return make


def make_fifo(folder: Path) -> Path:
    """Make a FIFO, whose reader would wait for ever."""
    os.mkfifo(folder / "fifo")
    return folder / "fifo"


def make_link(folder: Path) -> Path:
    """Make a file behind two symbolic links, as the kubelet mounts a secret."""
    (folder / "..data").mkdir()
    (folder / "..data" / "value").write_text("s3cret\n")
    (folder / "value").symlink_to("..data/value")
    return folder / "value"


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (write(b"s3cret\n"), "s3cret"),
        (write(b"s3cret"), "s3cret"),
        (write("sécret\n".encode()), "sécret"),
        (write(b" s3cret \n"), " s3cret "),
        (write(b"x" * (FILE_LIMIT - 1) + b"\n"), "x" * (FILE_LIMIT - 1)),
        (make_link, "s3cret"),
        (write(b""), None),
        (write(b"\n"), None),
    ],
    ids=["newline", "no newline", "UTF-8", "blanks", "longest", "link", "empty", "empty line"],
)
def test_a_file_stands_for_a_variable(make: Callable[[Path], Path], value: str | None, tmp_path: Path) -> None:
    """Its text less one newline at its end; nothing in it counts as unset."""
    env = EnvReader({"ZK_TEXT_FILE": str(make(tmp_path))})

    assert env.get(TEXT) == value
    assert not env.problems
    assert "ZK_TEXT" in env.from_file


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (write(b"s3cret\n\n"), "ZK_TEXT_FILE contains a newline, which no value may hold"),
        (write(b"s3cret\r\n"), "ZK_TEXT_FILE contains a carriage return, which no value may hold"),
        (write(b"s3\0cret\n"), "ZK_TEXT_FILE contains a NUL, which no value may hold"),
        (write(b"\xffs3cret\n"), "ZK_TEXT_FILE='{path}': not valid UTF-8"),
        (write(b"x" * (FILE_LIMIT + 1)), "ZK_TEXT_FILE='{path}': is longer than 65536 bytes"),
        (lambda folder: folder / "nowhere", "ZK_TEXT_FILE='{path}': no such file or directory"),
        (lambda folder: folder, "ZK_TEXT_FILE='{path}': is a directory"),
        (make_fifo, "ZK_TEXT_FILE='{path}': is no regular file"),
        (lambda _: Path("/dev/zero"), "ZK_TEXT_FILE='{path}': is no regular file"),
        (lambda folder: write(b"x")(folder) / "below", "ZK_TEXT_FILE='{path}': not a directory"),
        (lambda folder: folder / ("x" * 300), "ZK_TEXT_FILE='{path}': file name too long"),
        (lambda _: Path("/proc/self/mem"), "ZK_TEXT_FILE='{path}': input/output error"),
    ],
    ids=[
        "two newlines",
        "carriage return",
        "NUL",
        "no UTF-8",
        "too long",
        "missing",
        "directory",
        "FIFO",
        "device",
        "file as directory",
        "long name",
        "unreadable",
    ],
)
def test_a_file_that_cannot_stand_for_a_variable_is_a_problem(
    make: Callable[[Path], Path], told: str, tmp_path: Path
) -> None:
    """The path is said, the text of the file never."""
    path = make(tmp_path)
    env = EnvReader({"ZK_TEXT_FILE": str(path)})

    assert env.get(TEXT) is None
    assert [*map(str, env.problems)] == [told.format(path=path)]


def test_a_variable_and_its_file_exclude_each_other(tmp_path: Path) -> None:
    """Which of the two was meant, nobody can know; neither value is told."""
    path = write(b"s3cret\n")(tmp_path)
    env = EnvReader({"ZK_TEXT": "canary", "ZK_TEXT_FILE": str(path)})

    assert env.get(TEXT) is None
    assert [*map(str, env.problems)] == ["ZK_TEXT and ZK_TEXT_FILE are both set: unset one"]


def test_a_path_that_could_break_a_line_is_a_problem() -> None:
    """The variable's own value is checked as any other."""
    env = EnvReader({"ZK_TEXT_FILE": "/run/secrets\n/value"})

    assert env.get(TEXT) is None
    assert [*map(str, env.problems)] == ["ZK_TEXT_FILE contains a newline, which no value may hold"]


def test_a_bad_value_from_a_file_stays_unsaid(tmp_path: Path) -> None:
    """A password in the wrong file must not end up in a log."""
    env = EnvReader({"ZK_NUMBER_FILE": str(write(b"canary\n")(tmp_path))})

    assert env.get(NUMBER) == 7
    assert [*map(str, env.problems)] == ["ZK_NUMBER_FILE: its text is not an integer in 2..2147483647"]


def test_a_bad_secret_stays_unsaid() -> None:
    """A variable that is secret by its nature is never repeated, wherever it came from."""
    assert EnvReader({}).shown("ZK_SECRET", "canary", secret=SECRET.secret) == "ZK_SECRET: its value"


def test_a_variable_may_refuse_to_be_read_from_a_file(tmp_path: Path) -> None:
    """``KF_BASE_FILE`` names a file itself: ``KF_BASE_FILE_FILE`` is nothing."""
    env = EnvReader({"ZK_BASE_FILE": str(write(b"text")(tmp_path))})

    assert env.get(NO_FILE) is None
    assert not env.is_set(NO_FILE)


def test_is_set_tells_what_the_operator_gave(tmp_path: Path) -> None:
    """Right or wrong, by value or by file; a service link is nobody's gift."""
    assert EnvReader({"ZK_NUMBER": "x"}).is_set(NUMBER)
    assert EnvReader({"ZK_NUMBER_FILE": str(tmp_path)}).is_set(NUMBER)
    assert not EnvReader({"ZK_CLIENT_PORT": "tcp://10.0.0.1:2181"}).is_set(Port("ZK_CLIENT_PORT", 2181, ""))


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_file_sets_nothing(tmp_path: Path, content: str) -> None:
    """As an empty variable: what hangs on the variable's being set must not follow from it."""
    (tmp_path / "empty").write_text(content)
    env = EnvReader({"ZK_NUMBER_FILE": str(tmp_path / "empty")})

    assert (env.is_set(NUMBER), env.read(NUMBER), bool(env.problems)) == (False, 7, False)


# Kubernetes' service links


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZK_CLIENT_PORT", "tcp://10.0.0.1:2181"),
        ("ZK_CLIENT_PORT", "udp://10.0.0.1:2181"),
        ("ZK_CLIENT_PORT", "TCP://[fd00::1]:2181"),
        ("ZK_CLIENT_SERVICE_HOST", "10.0.0.1"),
        ("ZK_CLIENT_SERVICE_PORT", "2181"),
        ("ZK_CLIENT_SERVICE_PORT_CLIENT", "2181"),
        ("ZK_CLIENT_PORT_2181_TCP", "tcp://10.0.0.1:2181"),
        ("ZK_CLIENT_PORT_2181_TCP_ADDR", "10.0.0.1"),
        ("ZK_CLIENT_PORT_2181_TCP_PORT", "2181"),
        ("ZK_CLIENT_PORT_2181_TCP_PROTO", "tcp"),
        ("KAFKA_PORT_9092_UDP", "udp://10.0.0.1:9092"),
        ("KAFKA_PORT_FORWARD_PORT_9092_TCP", "tcp://10.0.0.1:9092"),
        ("KAFKA_PORT_PORT_9092_TCP_ADDR", "10.0.0.1"),
    ],
)
def test_a_service_link_is_ignored(name: str, value: str) -> None:
    """Kubernetes makes them of any Service whose name begins as our variables do."""
    assert is_service_link(name, value)

    env = EnvReader({name: value})
    assert (env.text(name), env.text(name)) == (None, None)
    assert ([*env.problems], env.service_links, env.names("ZK_"), env.names("KAFKA_")) == ([], [name], [], [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZK_CLIENT_PORT", "2181"),
        ("ZK_CLIENT_PORT", "tcp:2181"),
        ("ZK_CLIENT_PORT", "http://10.0.0.1"),
        ("KAFKA_CONTROL_PLANE_LISTENER_NAME", "tcp://10.0.0.1"),
        ("KAFKA_ADVERTISED_PORT_RANGE", "1"),
        ("KAFKA_PORT_9092", "x"),
        ("ZK_SERVICE", "x"),
        ("PORT_9092_TCP", "tcp://10.0.0.1:9092"),
    ],
)
def test_what_an_operator_set_is_no_service_link(name: str, value: str) -> None:
    """A value may look odd and still be meant."""
    assert not is_service_link(name, value)


def test_a_file_is_read_where_the_variable_itself_is_a_service_link(tmp_path: Path) -> None:
    """The link is nobody's value, so there are no two."""
    path = write(b"2182\n")(tmp_path)
    env = EnvReader({"ZK_CLIENT_PORT": "tcp://10.0.0.1:2181", "ZK_CLIENT_PORT_FILE": str(path)})

    assert env.read(Port("ZK_CLIENT_PORT", 2181, "")) == 2182
    assert not env.problems


def test_names_lists_what_has_a_value() -> None:
    """Sorted, so that files do not change from start to start."""
    env = EnvReader({"ZK_CFG_b": "1", "ZK_CFG_a": "2", "ZK_CFG_c": "", "ZK_X_SERVICE_HOST": "10.0.0.1", "OTHER": "x"})

    assert env.names("ZK_") == ["ZK_CFG_a", "ZK_CFG_b"]


@pytest.mark.parametrize(
    "environ",
    [
        {"ZK_NUMBER": "x"},
        {"ZK_NUMBER": "a\nb"},
        {"ZK_NUMBER": "3", "ZK_NUMBER_FILE": "/etc/passwd"},
        {"ZK_NUMBER_FILE": "/nonexistent"},
        {"ZK_NUMBER_FILE": "/a\rb"},
    ],
    ids=["value", "newline", "both", "no-file", "path"],
)
def test_a_problem_is_about_its_variable(environ: dict[str, str]) -> None:
    """Also where its file is what is wrong."""
    env = EnvReader({**environ, "ZK_BOOLEAN": "x"})
    env.get(NUMBER)
    env.get(BOOLEAN)

    assert [problem.about for problem in env.problems] == ["ZK_NUMBER", "ZK_BOOLEAN"]
