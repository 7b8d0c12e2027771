from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from advisor import advise
from advisor.calibration import Calibration
from advisor.policy import RULES, table_of_columns
from advisor.probes import Evidence

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


def test_what_is_predicted_is_said_in_every_form():
    X, marks = np.random.default_rng(0).normal(size=(80, 3)), np.arange(80) % 7
    for kind, words in (
        ("classification", "a class (classification)"),
        ("regression", "a number (regression)"),
    ):
        advice = advise(X, marks, kind=kind)
        shown = advice.to_markdown().replace("\\", "")
        assert all(words in text for text in (repr(advice), shown, advice._repr_html_()))
    assert "predicts" not in repr(advise(X))


def test_one_column_is_one_and_no_distance_is_minus_zero():
    advice = advise(pd.DataFrame({"a": np.random.default_rng(0).normal(size=60)}), np.arange(60) % 2)
    assert repr(advice).startswith("a table, 1 column, held as")
    first, *others = advice.ranking
    behind = replace(advice, ranking=(replace(first, low=0.0004, loss=0.0004), *others))
    assert "-0.000" not in repr(behind)
    assert "gbt 0.000 (" in repr(behind)


@pytest.mark.parametrize(
    ("clear", "words"), [(False, "none of which was as doubtful as this"), (True, "of 8 labelled sets\n")]
)
def test_counts_of_clear_cases_are_not_said_to_be_of_doubtful_ones(clear, words):
    row = {
        "set": "s",
        "origin": "o",
        "rule": "table",
        "predicted": "tabular",
        "true": "tabular",
        "clear": True,
    }
    advice = advise(
        np.random.default_rng(0).normal(size=(80, 3)), calibration=Calibration({}, rules=(row,) * 8)
    )
    belief = Calibration({}, rules=(row,) * 8).belief("table", clear=clear)
    advice = replace(advice, clear=clear, belief=belief)
    assert words in repr(advice).replace("\n             ", " ")
    assert "where it was in doubt" not in repr(advice)
    assert advice.to_dict()["confidence_counts"]["alike"] is clear


def test_what_a_finding_says_stands_in_one_place():
    fact = Evidence("smooth_model", -0.1, "", (-0.2, -0.05), None, "", 60, "", "smooth wins", False, {})
    advice = advise(np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2)
    probed = replace(advice, interventions=(fact,), against=("smooth wins; effort='race' would tell",))
    assert repr(probed).count("smooth wins") == 1
    assert repr(replace(probed, against=())).count("smooth wins") == 1
