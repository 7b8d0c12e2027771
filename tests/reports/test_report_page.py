"""docs/report.md names every figure, command and column as the code has them."""

import re
from pathlib import Path

import pytest

from reports import export, figures, flags, published
from reports.__main__ import main

PAGE = Path(__file__).parents[2] / "docs" / "report.md"


def schema():
    """The table of columns as the page has to show it."""
    rows = [
        f"| `{name}` | {unit} | {meaning} |"
        for name, (unit, meaning) in [*export.SCHEMA.items(), *export.ADDED.items()]
    ]
    return "\n".join(["| column | unit or type | meaning |", "| --- | --- | --- |", *rows])


def test_the_schema_is_that_of_the_files():
    shown = re.search(r"<!-- schema -->\n(.*?)\n<!-- /schema -->", PAGE.read_text(), flags=re.S).group(1)
    assert shown == schema()


def test_figures_flags_and_published_files_are_all_there():
    text = PAGE.read_text()
    named = set(re.findall(r"^\| `([a-z_]+)` \| .* \|$", text, flags=re.M))
    assert set(figures.every()) <= named
    assert all(f"`@{group}`" in text for group in flags.groups())
    assert all(f"`{path.name}`" in text for path in published.shipped())


@pytest.mark.parametrize(
    "line", re.findall(r"^python -m reports (.*?)(?:  |$)", PAGE.read_text(), flags=re.M)
)
def test_commands_exist(line, tmp_path, capsys):
    words = line.split("#")[0].split()
    assert main([*words, "--store", str(tmp_path / "none.sqlite")]) == 2  # understood, and no store there
    assert "a results store must exist" in capsys.readouterr().err.replace("the results", "a results")
