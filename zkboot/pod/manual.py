"""How a command's variables are shown to people: on its help page and in the README, from the same list."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zkboot.pod.environ import Variable

FILE_NOTE = (
    "Every variable can be read from a file: <NAME>_FILE names it (its text, less one newline at the end).\n"
    "An empty variable counts as unset."
)


def help_page(variables: "Iterable[Variable[object]]", notes: "Sequence[str]" = ()) -> str:
    """Return the part of a help page that lists *variables* with their defaults and meanings."""
    listed = list(variables)
    width = max(len(variable.name) for variable in listed)
    rows = [
        f"  {variable.name:<{width}}  {_plain(variable.meaning)} [{_plain(variable.default_text)}]"
        for variable in listed
    ]
    return "\n".join(("environment variables [default]:", *rows, "", *notes, FILE_NOTE))


def table(variables: "Iterable[Variable[object]]") -> str:
    """Return *variables* as a Markdown table."""
    rows = [
        f"| `{row.name}` | {_cell(row.default_text)} | {_cell(row.allowed)} | {_cell(row.meaning)} |"
        for row in variables
    ]
    return "\n".join(("| variable | default | allowed | meaning |", "| --- | --- | --- | --- |", *rows)) + "\n"


def _plain(text: str) -> str:
    return text.replace("`", "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
