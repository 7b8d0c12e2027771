"""docs/architectures.md holds the table that the command prints."""

import sys
from pathlib import Path

from advisor import architectures
from advisor.architectures.__main__ import main

PAGE = Path(__file__).parents[2] / "docs" / "architectures.md"


def test_the_page_holds_the_table(capsys):
    assert architectures.names() == architectures.names(installed=True)
    assert main() == 0
    table = PAGE.read_text().partition("<!-- table -->\n")[2].partition("<!-- /table -->")[0]
    assert capsys.readouterr().out == table


def test_what_is_missing_says_how_to_get_it(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    monkeypatch.delitem(sys.modules, "advisor.architectures.lightgbm", raising=False)
    assert main() == 0
    assert "| lightgbm | pip install 'arch-advisor[lightgbm]' |" in capsys.readouterr().out
