from __future__ import annotations

import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from advisor import advise
from advisor.policy import RULES, table_of_columns

EVIL = "<script>alert('x')</script> [a](b) `c` \n| d"


class Tags(HTMLParser):
    """Collects tags; unclosed ones stay open."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in {"br", "meta"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def evil():
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    frame = pd.DataFrame({EVIL: np.where(y == 1, 5, 2), "b": rng.normal(size=200)})
    return advise(frame, y)


def test_html_shows_names_as_text(evil):
    page = evil._repr_html_()
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.seen
    assert not tags.open
    assert "&lt;script&gt;" in page


def test_markdown_shows_names_as_text(evil):
    text = evil.to_markdown()
    assert "<script>" not in text
    assert "\\`c\\`" in text


def test_text_is_short_and_on_its_lines(evil):
    text = repr(evil)
    assert 5 <= len(text.splitlines()) <= 25
    assert max(map(len, text.splitlines())) <= 110


def test_text_names_numbers():
    series = np.random.default_rng(0).normal(size=(80, 40)).cumsum(axis=1)
    text = repr(advise(series, np.arange(80) % 2))
    assert "40 x 1" in text
    assert "of 108 triples" in text
    assert "rule 'flat_series' was right on" in text


def test_json_is_valid_where_nothing_could_be_measured():
    def refuse(name):
        raise AssertionError(name)

    content = json.loads(advise(pd.DataFrame({"a": [1.0, 2.0]})).to_json(), parse_constant=refuse)
    assert content["structure"] == "tabular"


def test_every_rule_explains_itself():
    for rule in (*RULES, table_of_columns):
        assert rule.__doc__.endswith(".")
