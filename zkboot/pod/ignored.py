"""Variables that nobody reads: Kubernetes' service links, and names that are a typing mistake away from a known one."""

from collections.abc import Callable, Iterable, Mapping

from zkboot.pod.environ import FILE_SUFFIX, is_service_link
from zkboot.pod.errors import Problems
from zkboot.pod.foreign import asks_for_nothing
from zkboot.pod.likeness import nearest
from zkboot.pod.variables import Variable

_MISTYPED = 2
"""Letters by which a mistyped name is longer or shorter."""


def service_links(environ: Mapping[str, str], prefixes: tuple[str, ...]) -> list[str]:
    """Return the names of all service links in *environ* that begin with one of *prefixes*, sorted."""
    return sorted(name for name, value in environ.items() if name.startswith(prefixes) and is_service_link(name, value))


def readable_names(variables: Iterable[Variable[object]]) -> list[str]:
    """Return the names under which *variables* can be given, those of their files among them."""
    names: list[str] = []
    for variable in variables:
        names += (variable.name, variable.name + FILE_SUFFIX) if variable.reads_file else (variable.name,)
    return names


def unknown_names(
    environ: Mapping[str, str], prefixes: tuple[str, ...], readable: Iterable[str]
) -> list[tuple[str, str | None]]:
    """Return each name in *environ* with one of *prefixes* that is not *readable*, with the nearest that is, or None.

    An empty variable counts as unset, and a service link is not the operator's.
    """
    known = sorted(readable)
    plain = [name for name in known if not name.endswith(FILE_SUFFIX)]
    found: list[tuple[str, str | None]] = []
    for name in sorted(environ):
        value = environ[name]
        if value and name.startswith(prefixes) and name not in known and not is_service_link(name, value):
            # The suffix alone makes a name like many others.
            found.append((name, nearest(name, known, 0.85) or nearest(name, plain, 0.7)))
    return found


def note_unread_guards(
    problems: Problems,
    environ: Mapping[str, str],
    knobs: str,
    readable: Iterable[str],
    ways: Mapping[str, str],
    *,
    meant: Callable[[str], str | None],
    family: str | None = None,
) -> None:
    """Note in *problems* each variable that asks for TLS or a login, and that nobody reads: the server would be open.

    *ways* has what to do instead for each word of a name that asks for it; the rest is as for ``ignored_lines``.
    """
    for name, near in unknown_names(environ, (knobs,), readable):
        words = [word for word in ways if word in name.split("_")]
        if not words or _is_free(name, family) or asks_for_nothing(environ[name]):
            continue
        # A name whose words are all right lacks some: the nearest may be about another thing.
        is_near = near is not None and words[0] in near.split("_") and not _lacks_words(name, near)
        hint = meant(name) or (near if is_near else None)
        instead = f"set {hint}" if hint else ways[words[0]]
        problems.note(
            f"{name} is no variable of this tool, so the server would run without what it asks for: {instead}, and"
            f" unset {name}",
            name,
        )


def ignored_lines(
    environ: Mapping[str, str],
    knobs: str,
    readable: Iterable[str],
    *,
    meant: Callable[[str], str | None] = lambda _: None,
    family: str | None = None,
    links: str = "",
    noted: Callable[[str], object] = lambda _: None,
) -> list[str]:
    """Return warnings about variables that are not read: one line for all service links, one for each unknown name.

    *knobs* is the prefix of the tool's own variables, *readable* are those there are, and *family* the prefix of those
    among them whose names are free. *meant* returns what a name surely stands for, where it knows one. Service links
    are looked for under *links*, another prefix, too. Nothing is said of a name that is *noted* as a problem.
    """
    lines: list[str] = []
    met = service_links(environ, (knobs, links or knobs))
    if met:
        lines.append(f"ignored, Kubernetes' service links: {', '.join(met)} (enableServiceLinks: false avoids them)")
    for name, near in unknown_names(environ, (knobs,), readable):
        if not _is_free(name, family) and not noted(name):
            hint = meant(name) or near
            lines.append(f"{name} is no variable of this tool" + (f"; did you mean {hint}?" if hint else ""))
    return lines


def mistyped_lines(environ: Mapping[str, str], known: Iterable[str], prefixes: tuple[str, ...]) -> list[str]:
    """Return warnings about each variable that is nearly one of *known*, which the server's scripts read.

    Those with one of the *prefixes* have rules of their own.
    """
    scripts = sorted(known)
    lines: list[str] = []
    for name in sorted(environ):
        if not environ[name] or name in scripts or name.startswith(prefixes) or is_service_link(name, environ[name]):
            continue
        # Whoever mistypes a name begins it right; and a pod may have hundreds of variables.
        alike = [script for script in scripts if script[0] == name[0] and abs(len(script) - len(name)) <= _MISTYPED]
        meant = nearest(name, alike, 0.85)
        if meant is not None:
            lines.append(f"{name} is no variable of this tool; did you mean {meant}?")
    return lines


def _lacks_words(name: str, whole: str) -> bool:
    return set(name.split("_")) < set(whole.split("_"))


def _is_free(name: str, family: str | None) -> bool:
    return family is not None and name.startswith(family)
