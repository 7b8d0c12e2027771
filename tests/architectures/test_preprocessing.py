"""Columns are numbers, times or categories whatever holds them, and the same at predict as at fit."""

import importlib
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from advisor import architectures
from advisor.architectures._preprocessing import Columns, check_rows
from advisor.errors import InputError, TargetError


def read(X, **options):
    rows = check_rows(BaseEstimator(), X, reset=True, **options)
    return rows, Columns.of(rows)


def linear(X, y):
    return architectures.get("linear").make("classification").fit(X, y)


# --- categories


@pytest.mark.parametrize("name", ["linear", "hist_gradient_boosting", "random_forest", "mlp"])
@pytest.mark.parametrize("held", [int, float, str, "Int64", "category"])
def test_a_category_is_known_however_its_whole_number_is_held(name, held):
    zone = np.tile(["1", "2", "A", "2"], 30)
    X, y = pd.DataFrame({"zone": zone, "x": np.arange(120.0)}), zone == "1"
    some = X[zone != "A"]
    numbers = some.assign(zone=some["zone"].astype(int).astype(held))
    config = {"max_epochs": 2} if name == "mlp" else {}
    model = architectures.get(name).make("classification", random_state=0, **config).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(numbers), model.predict_proba(some))


def test_a_category_of_an_array_is_known_where_all_are_numbers():
    X = np.array([[zone, x] for zone in "12A2" for x in (0.5, 1.5)] * 10, dtype=object)
    model = linear(X, X[:, 0] == "1")
    for rows in (np.array([[1, 0.5], [2, 1.5]]), [[1, 0.5], [2, 1.5]], [["1", 0.5], ["2", 1.5]]):
        assert model.predict(rows).tolist() == [True, False]


def test_flags_are_known_where_none_is_missing():
    flags = pd.Series([True, False, None] * 20, dtype=object)
    model = linear(pd.DataFrame({"flag": flags}), flags.fillna(False).astype(bool))
    assert model.predict(pd.DataFrame({"flag": [True, False]})).tolist() == [True, False]
    assert model.predict(pd.DataFrame({"flag": [1, 0]})).tolist() == [False, False]  # these were never seen


# --- numbers


@pytest.mark.parametrize(
    "cells", [[1.5, None, 2.0], [1, None, 2], [Decimal("1.5"), None, Decimal(2)], [1, np.nan, 2.5]], ids=str
)
def test_numbers_held_as_objects_are_numbers(cells):
    frame = pd.DataFrame({"a": pd.Series(cells, dtype=object), "b": list("xyz")})
    rows, columns = read(frame)
    assert (columns.numeric.tolist(), columns.categorical.tolist()) == ([0], [1])
    expected = [np.nan if cell is None else float(cell) for cell in cells]
    np.testing.assert_array_equal(columns.numbers(rows)[:, 0], expected)
    alone, _ = read(frame[["a"]], layout=(1,))
    np.testing.assert_array_equal(alone[:, 0], expected)


def test_text_that_reads_as_numbers_stays_a_category():
    frame = pd.DataFrame({"a": pd.Series(["1", "2", 3], dtype=object), "b": ["1", "2", "3"]})
    assert read(frame)[1].categorical.tolist() == [0, 1]


def test_numbers_beside_text_in_a_list_are_numbers():
    rows, columns = read([[1.5, "u"], [2.0, "v"]])
    assert columns.numeric.tolist() == [0]
    assert columns.numbers(rows)[:, 0].tolist() == [1.5, 2.0]


def test_a_column_of_numbers_may_come_as_objects_or_empty_at_predict():
    x = np.linspace(-1, 1, 40)
    model = linear(pd.DataFrame({"x": x, "kind": ["u", "v"] * 20}), x > 0)
    new = pd.DataFrame({"x": pd.Series([-1.0, None, 1.0], dtype=object), "kind": "u"})
    assert model.predict(new)[[0, 2]].tolist() == [False, True]
    nothing = new.assign(x=pd.Series([None] * 3, dtype=object))
    assert len(set(model.predict(nothing))) == 1


# --- times


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_times_keep_fractions_of_a_second(unit):
    spans = pd.to_timedelta(pd.Series([1, 250, None, -900]), unit="ms").dt.as_unit(unit)
    frame = pd.DataFrame({"span": spans, "day": pd.Timestamp("2024-01-01").as_unit(unit) + spans})
    numbers = Columns.of(frame).numbers(frame)
    np.testing.assert_allclose(numbers[:, 0], [0.001, 0.25, np.nan, -0.9], rtol=1e-15)
    np.testing.assert_allclose(numbers[:, 1] - 1704067200, [0.001, 0.25, np.nan, -0.9], atol=3e-7)


# --- sizes


@pytest.mark.parametrize("name", ["nearest_neighbours", "linear", "hist_gradient_boosting", "mlp"])
def test_numbers_whose_squares_are_infinite_are_refused(name):
    x = np.linspace(-1, 1, 20)
    frame = pd.DataFrame({"small": x, "huge": 1e200 * x})
    for X, column in ((frame, "'huge'"), (frame.to_numpy(), "1"), (frame.assign(text="t"), "'huge'")):
        with pytest.raises(InputError, match=rf"within 1e\+100 of zero, got -1e\+200 in column {column}"):
            architectures.get(name).make("regression").fit(X, x)
    with pytest.raises(TargetError, match=r"within 1e\+100 of zero, got 1e\+200"):
        architectures.get(name).make("regression").fit(frame[["small"]], 1e200 * x)
    model = architectures.get("nearest_neighbours").make("regression")
    large = model.fit(1e100 * x[:, None], 1e100 * x).predict(1e100 * x[:, None])
    assert np.corrcoef(large / 1e100, x)[0, 1] > 0.9


def test_a_record_with_nothing_in_it_is_a_number_missing_in_tensors():
    empty = pd.DataFrame({"a": pd.Series([None, None], dtype=object), "b": [1.0, 2.0]})
    rows, _ = read(empty, layout=(2, 1))
    np.testing.assert_array_equal(rows, [[np.nan, 1.0], [np.nan, 2.0]])
    _, columns = read(empty)  # of a table it may be words, all of which these rows lack
    assert columns.categorical.tolist() == [0]


# --- frames of other packages


@pytest.mark.parametrize("package", ["pyarrow", "polars"])
def test_frames_of_other_packages_keep_their_names_and_dates(package):
    make = getattr(importlib.import_module(package), "table" if package == "pyarrow" else "DataFrame")
    days = pd.date_range("2024-01-01", periods=60)
    frame = pd.DataFrame({"x": np.arange(60.0) % 7, "day": days, "word": ["a", "b"] * 30})
    y = frame["x"] > 3
    held = make({name: frame[name].tolist() for name in frame})
    model, expected = linear(held, y), linear(frame, y)
    assert model.feature_names_in_.tolist() == list(frame)
    np.testing.assert_array_equal(model.predict_proba(held), expected.predict_proba(frame))
    assert model.peak_memory(held, y) == model.peak_memory(frame, y)
    with pytest.raises(ValueError, match="same order"):
        model.predict(held.select(["word", "day", "x"]))


# --- targets


def cells(*values):
    held = np.empty(len(values), dtype=object)
    held[:] = values
    return held


@pytest.mark.parametrize("labels", [(0, 1), (True, False), (1, 2.0)], ids=str)
def test_labels_held_as_objects_are_labels(labels):
    X = np.arange(40.0)[:, None]
    y = cells(*labels * 20)
    for held in (y, pd.Series(y)):
        assert linear(X, held).classes_.tolist() == sorted(labels)


@pytest.mark.parametrize(
    ("y", "why"),
    [
        (cells(*("a", 1) * 20), "labels of one kind"),
        (cells(*(Decimal(1), Decimal(2)) * 20), "labels of one kind"),
        (np.array([b"a", b"b"] * 20), "labels of one kind"),
        (np.array([0.5, 1.5] * 20), "labels of one kind"),
        (np.eye(2)[[0, 1] * 20], "one value per row"),
    ],
)
def test_what_is_no_column_of_labels_is_refused_in_a_sentence(y, why):
    with pytest.raises(TargetError, match=why):
        linear(np.arange(40.0)[:, None], y)
