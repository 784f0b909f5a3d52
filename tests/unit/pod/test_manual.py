"""Help pages and tables of variables, from one list."""

from typing import Any

from zkboot.pod.environ import Boolean, Choice, Number, Text, Variable
from zkboot.pod.manual import help_page, table

VARIABLES: tuple[Variable[Any], ...] = (
    Number("ZK_REPLICAS", 3, "servers in the ensemble", low=1, high=255),
    Text("ZK_DOMAIN", None, "domain of the service", default_text="`POD_NAME`'s own"),
    Choice("ZK_MODE", None, "a | b", words=("a", "b|c")),
    Boolean("ZK_ON", default=True, meaning="switch"),
)


def test_a_help_page_lists_every_variable_with_its_default() -> None:
    """Aligned, without Markdown, notes behind the list."""
    assert help_page(VARIABLES, ["a note"]) == (
        "environment variables [default]:\n"
        "  ZK_REPLICAS  servers in the ensemble [3]\n"
        "  ZK_DOMAIN    domain of the service [POD_NAME's own]\n"
        "  ZK_MODE      a | b [none]\n"
        "  ZK_ON        switch [true]\n"
        "\n"
        "a note\n"
        "Every variable can be read from a file: <NAME>_FILE names it (its text, less one newline at the end).\n"
        "An empty variable counts as unset."
    )


def test_a_table_is_markdown_with_a_row_for_each_variable() -> None:
    """A bar in a cell does not end it."""
    assert table(VARIABLES) == (
        "| variable | default | allowed | meaning |\n"
        "| --- | --- | --- | --- |\n"
        "| `ZK_REPLICAS` | 3 | an integer in 1..255 | servers in the ensemble |\n"
        "| `ZK_DOMAIN` | `POD_NAME`'s own | text | domain of the service |\n"
        "| `ZK_MODE` | none | one of a, b\\|c | a \\| b |\n"
        "| `ZK_ON` | true | true or false | switch |\n"
    )
