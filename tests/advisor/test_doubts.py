from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_digits

from advisor import advise
from advisor.calibration import Calibration
from advisor.doubts import ceiling
from advisor.probes.base import Evidence


def test_what_is_clear_says_so():
    advice = advise(load_digits().data, load_digits().target)
    assert advice.clear
    assert advice.to_dict()["confidence_counts"]["clear"] is True


def test_a_weak_order_is_named_with_its_numbers():
    rng = np.random.default_rng(3)
    rows = gaussian_filter(rng.normal(size=(300, 14)), (0, 1)) + 0.4 * rng.normal(size=(300, 14))
    advice = advise(rows, rng.integers(0, 2, 300))
    assert advice.structure == "sequence"
    assert not advice.clear
    assert any("weak or short" in sentence and "%" in sentence for sentence in advice.against)
    assert "where it was in doubt" in repr(advice)


def test_clear_and_doubtful_verdicts_are_counted_apart():
    row = {"set": "s", "origin": "o", "rule": "r", "predicted": "image", "true": "image"}
    rules = (
        *({**row, "clear": True} for _ in range(8)),
        *({**row, "true": "x", "clear": False} for _ in "ab"),
    )
    counts = Calibration({}, rules=rules)
    assert (counts.belief("r").right, counts.belief("r").sets) == (8, 8)
    assert (counts.belief("r", clear=False).right, counts.belief("r", clear=False).sets) == (0, 2)


def test_the_odds_of_a_picture_hold_the_confidence_in_a_series_down(monkeypatch):
    def fact(odds):
        details = {"probability": odds}
        return {"line_length": Evidence("line_length", 0, "", None, None, "", 0, "", "", False, details)}

    assert ceiling("flat_series", fact(0.4)) == pytest.approx(0.6)
    assert ceiling("flat_series", fact(0.05)) == ceiling("flat_image", fact(0.4)) == 1
    walks = np.random.default_rng(0).normal(size=(100, 40)).cumsum(axis=1)
    free = advise(walks)
    monkeypatch.setattr("advisor._advise.ceiling", lambda rule, facts: 0.6)
    held = advise(walks)
    assert (held.confidence, held.belief, held.to_dict()["confidence_interval"]) == (0.6, free.belief, None)
    assert "which the odds of a picture leave" in repr(held)
    assert free.confidence > 0.9
    assert "odds of a picture" not in repr(free)


def test_doubtful_verdicts_are_wrong_more_often_in_the_shipped_counts():
    rules = pd.DataFrame(Calibration.load().rules)
    wrong = (rules["predicted"] != rules["true"]).groupby(rules["clear"]).mean()
    assert wrong[False] > 2 * wrong[True]


@pytest.mark.parametrize("names", [False, True])
def test_names_of_columns_change_nothing(names):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 36)).cumsum(axis=1), columns=[f"pixel_{j}" for j in range(36)])
    frame["label"] = rng.integers(0, 10, 200)
    target = rng.integers(0, 2, 200)
    plain = frame.set_axis([f"x{j}" for j in range(37)], axis=1)
    one, other = advise(frame, target), advise(plain, target)
    assert (one.structure, one.layout, one.rule, one.confidence) == (
        other.structure, other.layout, other.rule, other.confidence,
    )  # fmt: skip
    assert one.layout == (36, 1)
    assert any("'label'" in sentence for sentence in one.against)


def test_grouped_rows_are_not_said_to_move():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"a": np.repeat([3, 0, 2, 1, 4], 80), "b": np.tile(np.repeat([1, 3, 0, 2], 20), 5)})
    frame["c"] = frame["a"] + 0.5 * frame["b"] + rng.normal(size=400)
    against = "\n".join(advise(frame).against)
    assert "rows are like the rows before them" in against
    assert "no column moves step by step" in against
    assert "which column tells it" in against
    assert "the rows move" not in against
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**6, 400), unit="s")
    dated = "\n".join(advise(frame.assign(day=day)).against)
    assert "if they are in the order of time, say structure='sequence'" in dated
    assert "which column tells it" not in dated


def test_the_caller_can_call_flat_columns_pictures():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(100, 49))
    assert advise(table, rng.integers(0, 2, 100)).structure == "tabular"
    told = advise(table, rng.integers(0, 2, 100), structure="image")
    assert (told.structure, told.layout) == ("image", (7, 7, 1))
    assert told.folder().fit_transform(table).shape == (100, 7, 7, 1)


@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_few_rows_show_no_order_and_that_is_said(n):
    advice = advise(np.random.default_rng(0).normal(size=(n, 30)))
    few = [sentence for sentence in advice.against if "nine in ten labelled pictures" in sentence]
    said = {1: ["one row shows no order"], 20: []}.get(n, [f"{n} rows may be too few to show an order"])
    assert [sentence.split(":")[0] for sentence in few] == said
    assert advice.structure == "tabular"
    assert advice.clear is (n == 20)
    counted = "which so few rows leave" in " ".join(repr(advice).split())
    assert counted is (n < 8)
    assert {1: 0.5, 2: 0.63, 5: 0.77}.get(n, 0.9) == pytest.approx(
        advice.confidence, abs=0.01 if n < 20 else 0.1
    )


def test_one_row_is_not_said_to_have_few_columns():
    walk = np.random.default_rng(0).normal(size=(1, 40)).cumsum(axis=1)
    assert "one row is too little to show an order" in advise(walk).because
    assert not any("too few to show an order" in sentence for sentence in advise(walk).because)
    pair = np.random.default_rng(0).normal(size=(2, 40)).cumsum(axis=1)
    assert not any("so blocks explain it" in sentence for sentence in advise(pair).against)
