"""Help pages and tables of variables, from one list."""

from typing import Any

import pytest

from zkboot.pod.manual import Page, table
from zkboot.pod.variables import Boolean, Choice, Number, Text, Variable

VARIABLES: tuple[Variable[Any], ...] = (
    Number("ZK_REPLICAS", 3, "servers in the ensemble; 1 is a standalone server", group="The ensemble", high=255),
    Text("ZK_DOMAIN", None, "domain of the service", group="The ensemble", default_text="`POD_NAME`'s own"),
    Choice("ZK_MODE", None, "a | b", group="Other", words=("a", "b|c")),
    Boolean("ZK_ON", default=True, meaning="switch", group="Other"),
)

PAGE = Page(
    about="Does what it does, and says so.\n\nTwice.",
    example="one\ntwo",
    variables=VARIABLES,
    notes=("A note on them.",),
    statuses={0: "it is done", 74: ""},
)


def test_a_page_begins_with_what_a_command_does_and_an_example() -> None:
    """Paragraphs are wrapped, command lines are not."""
    assert PAGE.opening(20) == "Does what it does,\nand says so.\n\nTwice.\n\nexample:\n  one\n  two"


def test_a_page_lists_variables_by_group_and_exit_statuses() -> None:
    """Aligned through all groups, without Markdown; a text goes on below where it began."""
    assert PAGE.closing(50) == (
        "environment variables, each with its default in brackets:\n"
        "\n"
        "The ensemble\n"
        "  ZK_REPLICAS  servers in the ensemble; 1 is a\n"
        "               standalone server [3]\n"
        "  ZK_DOMAIN    domain of the service [POD_NAME's\n"
        "               own]\n"
        "\n"
        "Other\n"
        "  ZK_MODE      a | b [none]\n"
        "  ZK_ON        switch [true]\n"
        "\n"
        "A note on them.\n"
        "\n"
        "An empty variable counts as unset.\n"
        "<NAME>_FILE=/path gives <NAME> the text of that\n"
        "file, less one newline at its end: for secrets.\n"
        "\n"
        "exit status:\n"
        "  0   it is done\n"
        "  74  a file or directory cannot be read or\n"
        "      written"
    )


def test_a_narrow_page_has_the_text_below_the_name() -> None:
    """Beside it there would be a word a line."""
    assert "\n  ZK_DOMAIN\n      domain of the service\n      [POD_NAME's own]\n" in PAGE.closing(30)


@pytest.mark.parametrize("width", [20, 40, 80])
def test_no_line_is_wider_than_the_page(width: int) -> None:
    """But for the heading, which nobody's terminal is narrower than."""
    lines = f"{PAGE.opening(width)}\n{PAGE.closing(width).partition(':')[2]}".splitlines()

    assert max(map(len, lines)) <= width


def test_a_command_without_variables_and_statuses_has_no_list_of_them() -> None:
    """Not even the headings."""
    assert Page(about="Does it.", example="one").closing(80) == ""


def test_a_table_is_markdown_with_a_row_for_each_group_and_variable() -> None:
    """A bar in a cell does not end it."""
    assert table(VARIABLES) == (
        "| variable | default | allowed | meaning |\n"
        "| --- | --- | --- | --- |\n"
        "| **The ensemble** | | | |\n"
        "| `ZK_REPLICAS` | 3 | an integer in 0..255 | servers in the ensemble; 1 is a standalone server |\n"
        "| `ZK_DOMAIN` | `POD_NAME`'s own | text | domain of the service |\n"
        "| **Other** | | | |\n"
        "| `ZK_MODE` | none | one of a, b\\|c | a \\| b |\n"
        "| `ZK_ON` | true | true or false | switch |\n"
    )
