"""Modules that are pure import nothing that reaches the machine; the layers are import-linter's, in pyproject.toml."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import ROOT

EDGES = {
    "_posixsubprocess",
    "_socket",
    "_ssl",
    "asyncio",
    "fcntl",
    "io",
    "multiprocessing",
    "os",
    "pathlib",
    "posix",
    "pwd",
    "select",
    "shutil",
    "signal",
    "socket",
    "ssl",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
}
"""Modules that reach files, sockets, processes, the clock or the environment."""

CALLS = {"open", "input", "print", "breakpoint", "exec", "eval"}
"""Built-in functions that do."""

READER = "zkboot/pod/environ.py"
"""Reads the files that variables name; whoever is given it reaches nothing by itself."""

DATA = "Contents"
"""A class of what was found on a volume: whoever is given one reaches nothing by itself."""

REACHING = {
    "kafkaboot/cli.py",
    "kafkaboot/probes/client.py",
    "kafkaboot/probes/commands.py",
    "kafkaboot/probes/broker_properties.py",
    "kafkaboot/probes/endpoint.py",
    "kafkaboot/probes/hosted.py",
    "kafkaboot/probes/login.py",
    "kafkaboot/probes/metrics.py",
    "kafkaboot/probes/remembered.py",
    "kafkaboot/serve.py",
    "kafkaboot/start/access.py",
    "kafkaboot/start/entry.py",
    "kafkaboot/start/formatting.py",
    "kafkaboot/start/installed.py",
    "kafkaboot/start/jvm.py",
    "kafkaboot/start/logins.py",
    "kafkaboot/start/plan.py",
    "kafkaboot/start/report.py",
    "kafkaboot/start/renewal.py",
    "kafkaboot/start/stores.py",
    "kafkaboot/volumes/kraft.py",
    "kafkaboot/volumes/meta.py",
    "kafkaboot/volumes/quorum_state.py",
    "kafkaboot/volumes/users.py",
    "zkboot/access.py",
    "zkboot/cli.py",
    "zkboot/client.py",
    "zkboot/installed.py",
    "zkboot/members/admin.py",
    "zkboot/members/asking.py",
    "zkboot/members/doors.py",
    "zkboot/members/resize.py",
    "zkboot/plan.py",
    "zkboot/pod/commands.py",
    "zkboot/pod/connection.py",
    "zkboot/pod/resolve.py",
    "zkboot/pod/tls_question.py",
    "zkboot/pod/transport.py",
    "zkboot/pod/deadline.py",
    "zkboot/pod/console.py",
    "zkboot/pod/files.py",
    "zkboot/pod/reads.py",
    "zkboot/pod/host.py",
    "zkboot/pod/launch.py",
    "zkboot/pod/login_files.py",
    "zkboot/pod/moment.py",
    "zkboot/pod/listening.py",
    "zkboot/pod/log.py",
    "zkboot/pod/memory.py",
    "zkboot/pod/own_tls.py",
    "zkboot/pod/probing.py",
    "zkboot/pod/programs.py",
    "zkboot/pod/threads.py",
    "zkboot/pod/tls/checks.py",
    "zkboot/pod/tls/handshake.py",
    "zkboot/pod/tls/keeper.py",
    "zkboot/pod/tls/reading.py",
    "zkboot/pod/tls/server.py",
    "zkboot/pod/tls_transport.py",
    "zkboot/pod/verdicts.py",
    "zkboot/pod/waiting.py",
    "zkboot/pod/web.py",
    "zkboot/probe.py",
    "zkboot/quorum.py",
    "zkboot/renewal.py",
    "zkboot/report.py",
    "zkboot/serve.py",
    "zkboot/stores.py",
    "zkboot/volume_metrics.py",
    "zkboot/volumes/checks.py",
    "zkboot/volumes/contents.py",
    "zkboot/volumes/evidence.py",
}
"""The modules that reach the machine, by themselves or by what they import. All others are pure: text in, text out."""

ENVIRON = ("zkboot/cli.py", "zkboot/pod/console.py", "zkboot/pod/probing.py", "kafkaboot/cli.py")
"""Only here may the environment of this process be looked at: everywhere else it is an argument."""

MODULES = sorted(
    str(path.relative_to(ROOT)) for name in ("zkboot", "kafkaboot") for path in (ROOT / name).rglob("*.py")
)


LONGEST = 350
"""Lines of a module at the most: one that is longer is about two things."""


def parsed(path: str) -> ast.Module:
    """Return the syntax tree of the module at *path*."""
    return ast.parse(Path(ROOT, path).read_text(), path)


def imported(tree: ast.Module) -> set[str]:
    """Return the first name of every module that *tree* imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.add(str(node.module).partition(".")[0])
    return names


def attributes(tree: ast.Module, module: str) -> set[str]:
    """Return each attribute of *module* that *tree* reads."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == module
    }


def own_imports(tree: ast.Module) -> set[str]:
    """Return the path of each module of ours that *tree* loads when it runs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    froms = [node for node in nodes if [alias.name for alias in node.names] != [DATA]]
    modules = {f"{one.module}" for one in froms} | {f"{one.module}.{name.name}" for one in froms for name in one.names}
    return {f"{module.replace('.', '/')}.py" for module in modules} & set(MODULES)


def reaches_by_itself(path: str) -> bool:
    """Return whether the module at *path* uses a file, socket, process, clock or the environment."""
    tree = parsed(path)
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return bool(imported(tree) & EDGES or called & CALLS)


def test_a_module_is_about_one_thing() -> None:
    """Who adds to a long one splits it first."""
    lines = {path: len(Path(ROOT, path).read_text().splitlines()) for path in MODULES}

    assert {path: count for path, count in lines.items() if count > LONGEST} == {}


def test_what_reaches_the_machine_is_listed() -> None:
    """Each other module is pure from its first day on: what it returns depends on its arguments alone."""
    imports = {path: own_imports(parsed(path)) for path in MODULES}
    found = {path for path in MODULES if path != READER and reaches_by_itself(path)}
    while above := {path for path in MODULES if imports[path] & found} - found:
        found |= above

    assert found == REACHING


def test_the_pure_modules_load_no_socket() -> None:
    """Not by way of another module either."""
    names = " ".join(path.removesuffix(".py").replace("/", ".") for path in MODULES if path not in REACHING)
    code = (
        "import importlib, sys; sys.path.insert(0, sys.argv[1]);"
        " [importlib.import_module(name) for name in sys.argv[2].split()]; print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-IS", "-c", code, str(ROOT), names], capture_output=True, text=True, check=True
    )

    assert {"_socket", "zkboot.pod.connection"} & set(done.stdout.split()) == set()


@pytest.mark.parametrize("path", [path for path in MODULES if path not in ENVIRON])
def test_the_environment_is_an_argument(path: str) -> None:
    """No module but the entry points looks at this process's own, or ends it."""
    tree = parsed(path)

    assert attributes(tree, "os") & {"environ", "environb", "getenv", "putenv"} == set()
    assert attributes(tree, "posix") & {"environ"} == set()
    assert attributes(tree, "sys") & {"argv", "exit"} == set()


@pytest.mark.parametrize("path", [path for path in MODULES if path not in ENVIRON])
def test_nothing_is_printed_but_by_the_console(path: str) -> None:
    """stdout is data and stderr is talk, and one module knows both."""
    called = {
        node.func.id
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }

    assert "print" not in called


@pytest.mark.parametrize("path", MODULES)
def test_only_one_place_catches_everything_that_can_go_wrong(path: str) -> None:
    """``except Exception`` hides a bug; a bare ``except`` hides even Ctrl-C.

    Who renews TLS files says what it has caught, in a process that answers for the server's readiness, too.
    """
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{path}:{node.lineno}"
            everything = isinstance(node.type, ast.Name) and node.type.id == "Exception"
            assert not everything or path == "zkboot/pod/tls/keeper.py", f"{path}:{node.lineno}"


TAKING_APART = {"partition", "rpartition", "split", "rsplit", "splitlines", "startswith", "endswith", "find", "index"}
"""What reads something out of a text."""

OF_ERRORS = ("error", "reason", "problem", "failure")
"""Words in the names of what has a message."""


def has_problems(node: ast.AST) -> bool:
    """Return whether *node* reads the problems that somebody found."""
    return any(isinstance(below, ast.Attribute) and below.attr == "problems" for below in ast.walk(node))


def is_read_back(node: ast.AST) -> bool:
    """Return whether *node* finds out something by the text, the number or the place of problems."""
    match node:
        case ast.Subscript(value=ast.Attribute(attr="problems")):
            return True
        case ast.Call(func=ast.Name(id="len"), args=[counted]):
            return has_problems(counted)
        case ast.Compare(ops=ops, comparators=texts):
            is_search = any(isinstance(one, ast.In | ast.NotIn) for one in ops)
            return is_search and any(has_problems(text) for text in texts)
        case ast.Call(func=ast.Attribute(attr=attr, value=text)) if attr in TAKING_APART:
            names = [below.id for below in ast.walk(text) if isinstance(below, ast.Name)]
            return any(word in name for word in OF_ERRORS for name in names)
    return False


@pytest.mark.parametrize(
    "code",
    [
        "del env.problems[before:]",
        "[name for name in needed if name not in ''.join(env.problems)]",
        "problem in env.problems",
        "len(env.problems) > before",
        "error.problems[1:]",
        "error.args[0].partition(': make')[0]",
        "str(reason).split('\\n')",
    ],
)
def test_reading_a_message_back_is_seen(code: str) -> None:
    """As it once was done."""
    assert any(is_read_back(node) for node in ast.walk(ast.parse(code)))


@pytest.mark.parametrize("path", MODULES)
def test_no_message_is_read_back(path: str) -> None:
    """A clearer message would change what the program does: what it must know is a value."""
    assert [node.lineno for node in ast.walk(parsed(path)) if is_read_back(node)] == []  # type: ignore[attr-defined]
