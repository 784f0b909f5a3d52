"""Variables that nobody reads: Kubernetes' service links, and names that are a typing mistake away from a known one."""

import difflib
from collections.abc import Iterable, Mapping

from zkboot.pod.environ import FILE_SUFFIX, Variable, is_service_link


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
    found: list[tuple[str, str | None]] = []
    for name in sorted(environ):
        value = environ[name]
        if value and name.startswith(prefixes) and name not in known and not is_service_link(name, value):
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
            found.append((name, nearest[0] if nearest else None))
    return found


def ignored_lines(
    environ: Mapping[str, str], knobs: str, readable: Iterable[str], *, family: str | None = None, links: str = ""
) -> list[str]:
    """Return what to say of variables that are not read: one line for all service links, one for each unknown name.

    *knobs* is the prefix of the tool's own variables, *readable* are those there are, and *family* the prefix of those
    among them whose names are free. Service links are looked for under *links*, another prefix, too.
    """
    lines: list[str] = []
    met = service_links(environ, (knobs, links or knobs))
    if met:
        lines.append(f"ignored, Kubernetes' service links: {', '.join(met)} (enableServiceLinks: false avoids them)")
    for name, nearest in unknown_names(environ, (knobs,), readable):
        if family is None or not name.startswith(family):
            lines.append(f"{name} is no variable of this tool" + (f"; did you mean {nearest}?" if nearest else ""))
    return lines
