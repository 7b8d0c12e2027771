"""Frames that hold days, shops and the like in their index."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from advisor import advise
from advisor.errors import InputError
from advisor.holdout import sample
from advisor.index import levels_of, with_levels
from advisor.intake import read

RNG = np.random.default_rng(0)
DAYS = pd.date_range("2024-01-01", periods=240, name="day")
WALK = RNG.normal(size=(240, 2)).cumsum(axis=0)
SERIES = pd.DataFrame(WALK, columns=["a", "b"], index=DAYS).assign(y=WALK[:, 0] + RNG.normal(size=240))


def panel():
    """Twelve shops of thirty days each."""
    days = np.tile(np.arange(30), 12)
    visits = RNG.normal(size=(12, 30)).cumsum(axis=1).ravel()
    shop = np.repeat([f"shop {e}" for e in range(12)], 30)
    return pd.DataFrame({"shop": shop, "day": days, "visits": visits, "y": RNG.normal(size=360)})


PANEL = panel()
ENTITY_AND_TIME = PANEL.set_index(["shop", "day"])


def said(advice):
    """All that an advice says, but for seconds."""
    told = advice.to_dict()
    del told["fit_times"]
    for fact in told["evidence"]:
        del fact["seconds"]
    return told


def test_a_frame_says_the_same_with_its_columns_in_the_index():
    assert said(advise(ENTITY_AND_TIME, "y")) == said(advise(PANEL, "y"))
    assert advise(ENTITY_AND_TIME, "y").form == "panel"
    assert said(advise(SERIES, "y")) == said(advise(SERIES.reset_index(), "y"))
    assert advise(SERIES, "y").form == "long_series"


def test_the_target_may_have_the_index_of_the_frame():
    X, y = ENTITY_AND_TIME[["visits"]], ENTITY_AND_TIME["y"]
    assert said(advise(X, y)) == said(advise(PANEL, "y"))


@pytest.mark.parametrize(("rows", "family"), [(ENTITY_AND_TIME, "lstm"), (SERIES, "gbt"), (SERIES, "lstm")])
def test_the_estimator_takes_frames_as_they_are_held(rows, family):
    X, y = rows.drop(columns="y"), rows["y"]
    config = {"n_estimators": 5} if family == "gbt" else {"max_epochs": 1}
    model = clone(advise(rows, "y").estimator(family=family, **config)).fit(X, y)
    predicted = model.predict(X)
    np.testing.assert_array_equal(model.predict(X.reset_index()), predicted)
    plain = advise(rows.reset_index(), "y").estimator(family=family, **config).fit(X.reset_index(), y)
    np.testing.assert_array_equal(plain.predict(X.reset_index()), predicted)


def test_rows_without_what_the_index_held_are_refused():
    X, y = ENTITY_AND_TIME[["visits"]], ENTITY_AND_TIME["y"]
    fold = advise(X, y).folder().fit(X)
    with pytest.raises(InputError, match="no 'day'"):
        fold.transform(X.reset_index(drop=True))


def test_models_that_are_tried_see_the_index():
    table = read(ENTITY_AND_TIME, "y", np.random.default_rng(0))
    advice = advise(ENTITY_AND_TIME, "y")
    held = sample(table, advice.folder(), advice.folding, np.random.default_rng(0), 1000)
    assert len(np.unique(held.units)) == 12


def test_a_series_with_days_is_a_series_in_time():
    a, y = SERIES["a"], SERIES["y"]
    advice = advise(a, y)
    assert advice.roles == {"day": "time", "a": "numeric"}
    assert advice.form == "long_series"
    assert advice.estimator(family="gbt", n_estimators=2).fit(a, y).predict(a[:50]).shape == (50,)
    assert advise(a.rename(None)).roles == {"day": "time", "value": "numeric"}


def test_series_that_share_their_days_keep_them():
    data = {"a": SERIES["a"], "b": SERIES["b"]}
    advice = advise(data, SERIES["y"])
    assert advice.roles == {"day": "time", "a": "numeric", "b": "numeric"}
    assert advice.folder().fit_transform(data).shape[2] == 3
    other = data | {"b": SERIES["b"].set_axis(DAYS + pd.Timedelta(1, "D"))}
    assert advise(other, SERIES["y"]).roles == {"a": "numeric", "b": "numeric"}


def test_series_in_other_orders_are_joined_by_their_labels():
    data = {"a": SERIES["a"], "b": SERIES["b"][::-1]}
    table = read(data, None, np.random.default_rng(0))
    np.testing.assert_array_equal(table.data["b"], SERIES["b"])
    numbers = {"a": pd.Series([1.0, 2.0] * 20), "b": pd.Series([3.0] * 40, index=range(40, 80))}
    assert read(numbers, None, np.random.default_rng(0)).n == 40


def test_a_level_that_was_read_is_read_from_a_single_row():
    frame = SERIES.set_axis(DAYS.strftime("%Y%m%d"))
    advice = advise(frame, "y")
    assert advice.roles["day"] == "time"
    model = advice.estimator(family="gbt").fit(frame.drop(columns="y"), frame["y"])
    assert np.isfinite(model.predict(frame.drop(columns="y").iloc[[7]])).all()


@pytest.mark.parametrize(
    "index",
    [
        DAYS,
        DAYS.tz_localize("Europe/Berlin"),
        DAYS.to_period("D"),
        DAYS - DAYS[0],
        DAYS.strftime("%Y-%m-%d"),
        pd.Index([datetime.date(2024, 1, 1) + datetime.timedelta(days=i) for i in range(240)], name="day"),
    ],
    ids=["days", "zone", "periods", "durations", "text", "dates"],
)
def test_moments_of_every_kind_are_read(index):
    advice = advise(SERIES.set_axis(index), "y")
    assert advice.roles["day"] == "time"
    assert advice.folder().fit_transform(SERIES.set_axis(index)[["a", "b"]]).shape[::2] == (240, 3)


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(240),
        pd.Index(RNG.permutation(240)),
        pd.Index([f"row {i}" for i in range(240)]),
        pd.MultiIndex.from_arrays([np.arange(240), np.arange(240)]),
    ],
    ids=["range", "numbers", "text", "levels"],
)
def test_what_only_names_rows_is_no_column(index):
    data = SERIES.set_axis(index)
    assert with_levels(data) is data
    assert not any("is not read" in warning for warning in advise(data, "y").warnings)


def test_an_index_with_a_name_that_is_not_read_is_told():
    data = SERIES.set_axis(pd.Index(RNG.permutation(240), name="key"))
    assert (
        "the index 'key' is not read: if it tells something, pass data.reset_index()" in advise(data).warnings
    )


def test_levels_without_a_name_get_one_that_is_free():
    data = SERIES.rename_axis(None)
    assert levels_of(data) == {"index": 0}
    assert levels_of(data.assign(index=1)) == {"index_": 0}
    assert levels_of(data.set_index("a", append=True)) == {"level_0": 0, "a": 1}
    assert list(with_levels(data.assign(index=1)).columns) == ["index_", "a", "b", "y", "index"]
    assert advise(data, "y").folder().fit_transform(data[["a", "b"]]).shape[2] == 3


def test_a_level_with_the_name_of_a_column_is_that_column_or_refused():
    kept = SERIES.reset_index().set_index("day", drop=False)
    assert said(advise(kept, "y")) == said(advise(SERIES, "y"))
    text = kept.assign(day=kept["day"].dt.strftime("%Y-%m-%d"))
    assert levels_of(text) == {}
    with pytest.raises(
        InputError, match="must have different names, got 'day' twice: rename one, or drop it"
    ):
        advise(SERIES.assign(day=1), "y")


def test_a_level_can_be_given_a_role_and_be_the_target():
    assert advise(ENTITY_AND_TIME, "y", roles={"day": "ignore"}).roles["day"] == "ignore"
    advice = advise(ENTITY_AND_TIME[["visits"]], "day")
    assert list(advice.roles) == ["shop", "visits"]


def test_columns_of_several_levels_stay_as_they_are():
    columns = pd.MultiIndex.from_product([["s"], ["a", "b"]])
    data = SERIES[["a", "b"]].set_axis(columns, axis=1)
    advice = advise(data, SERIES["y"])
    assert list(advice.roles) == ["day", ("s", "a"), ("s", "b")]
    assert advice.folder().fit_transform(data).shape[2] == 3


def test_an_index_of_a_parquet_file_is_read(tmp_path):
    SERIES.to_parquet(tmp_path / "s.parquet")
    advice = advise(tmp_path / "s.parquet", "y")
    assert advice.roles["day"] == "time"
    assert advice.folder().fit_transform(tmp_path / "s.parquet").shape[2] == 3
