from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from advisor import advise
from advisor.folding import FoldWindows

ROLES = {"day": "time", "who": "entity", "x": "numeric"}


def panel(n=40, seed=0):
    """Rows of two series, day by day, in random order."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2024-01-01", periods=n)
    frame = pd.DataFrame({"day": [*days, *days], "who": ["a"] * n + ["b"] * n, "x": rng.normal(size=2 * n)})
    return frame.iloc[rng.permutation(2 * n)].reset_index(drop=True)


def fold(**options):
    return FoldWindows(**{"window": 4, "entity": ["who"], "time": ["day"], "roles": ROLES} | options)


@pytest.mark.parametrize("rows", ["all", "one by one", "without the last of b"])
def test_rows_that_follow_in_time_look_back_on_those_learned_from(rows):
    frame = panel()
    late = frame["day"] >= pd.Timestamp("2024-02-01")
    if rows == "without the last of b":
        late |= (frame["who"] == "b") & (frame["day"] >= pd.Timestamp("2024-01-20"))
    if rows == "one by one":
        late = frame["day"] == frame["day"].max()
    whole = fold().fit(frame).transform(frame)
    learned = fold().fit(frame[~late])
    new = frame[late]
    parts = [new.iloc[[i]] for i in range(len(new))] if rows == "one by one" else [new]
    np.testing.assert_array_equal(np.concatenate([learned.transform(part) for part in parts]), whole[late])


def test_rows_that_were_learned_from_look_back_as_they_did():
    frame = panel()
    learned = fold()
    once = learned.fit_transform(frame)
    np.testing.assert_array_equal(learned.transform(frame), once)
    early = frame[frame["day"] < pd.Timestamp("2024-01-20")]
    np.testing.assert_array_equal(learned.transform(early), fold().fit(early).transform(early))


def test_a_series_that_was_not_learned_from_has_no_past():
    frame = panel()
    new = frame.assign(who="c").iloc[:1]
    assert np.isnan(fold().fit(frame).transform(new)[0, 1:]).all()


def test_times_may_be_written_in_another_way_than_those_learned_from():
    frame = panel()
    late = frame["day"] == frame["day"].max()
    learned = fold().fit(frame[~late])
    text = frame[late].assign(day=frame["day"][late].dt.strftime("%Y-%m-%d"))
    np.testing.assert_array_equal(learned.transform(text), learned.transform(frame[late]))


def test_a_gap_behind_the_rows_learned_from_is_warned_of():
    frame = panel()
    learned = fold().fit(frame[frame["day"] < pd.Timestamp("2024-02-01")])
    late = frame[frame["day"] > pd.Timestamp("2024-02-04")]
    with pytest.warns(UserWarning, match=r"2 of 2 series have a step 5.0 times the longest\)"):
        learned.transform(late)
    with pytest.warns(UserWarning, match=r"\(the series has a step 5.0 times"):
        learned.transform(late[late["who"] == "a"])


def test_new_rows_without_a_clock_are_warned_of():
    rows = pd.DataFrame({"x": np.random.default_rng(0).normal(size=60)})
    learned = FoldWindows(window=4).fit(rows[:50])
    with pytest.warns(UserWarning, match=r"must come with the 3 before them .* pass the last rows"):
        learned.transform(rows[50:])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learned.transform(rows[:50])
        behind = learned.transform(rows[40:])[10:]
        FoldWindows(window=1).fit(rows[:50]).transform(rows[50:])
    np.testing.assert_array_equal(behind, FoldWindows(window=4).fit_transform(rows)[50:])


def test_a_model_of_a_dated_series_predicts_new_rows_with_their_past():
    rng = np.random.default_rng(0)
    x = rng.normal(size=300).cumsum()
    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=300), "x": x})
    y = np.roll(x, 5)
    advice = advise(frame, y)
    assert advice.folding["how"] == "windows"
    model = advice.estimator(family="gbt", n_estimators=20).fit(frame[:250], y[:250])
    with_past = model.predict(frame)[250:]
    np.testing.assert_array_equal(model.predict(frame[250:]), with_past)
    np.testing.assert_array_equal(model.predict(frame[250:251]), with_past[:1])
