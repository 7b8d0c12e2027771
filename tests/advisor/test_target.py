"""The rule that tells labels from quantities."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from advisor import advise
from advisor.errors import InputError, TargetError
from advisor.intake import read
from advisor.target import infer_kind, quantities

X = np.random.default_rng(0).normal(size=(60, 3))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", "b", "a"], "classification"),
        (pd.Categorical([1.5, 2.5, 3.5]), "classification"),
        ([True, False, True], "classification"),
        ([True, None, False], "classification"),
        ([0.1, 0.9] * 5, "regression"),  # scikit-learn takes no broken numbers for classes
        ([7, -3] * 5, "classification"),
        ([7, -3], "classification"),  # two whole numbers are two classes, whatever they are called
        ([1.0, 2.0, 3.0, np.nan] * 3, "classification"),  # codes that became float because one is missing
        (pd.array([1, 2, 3, None] * 3, dtype="Int64"), "classification"),
        (list(range(20)) * 2, "classification"),
        (list(range(21)) * 2, "regression"),
        (list(range(20)) + list(range(19)), "regression"),  # seen less than twice on average
        ([1, 2, 3, 4, 5], "regression"),
        ([0.5, 1.5, 2.5] * 10, "regression"),
        ([Decimal("0.5"), Decimal("1.5"), Decimal("2.5")], "regression"),
        (pd.Series([1, 2.5, 3.5, 7], dtype=object), "regression"),
        ([f"${1000 + i:,}" for i in range(60)], "regression"),  # as inputs, prices are numbers
        (["1.5", "2.25", "n/a", "0.75"], "regression"),
        ([f"{i % 5}%" for i in range(60)], "classification"),  # as five whole numbers are
        ([str(i % 30) for i in range(90)], "classification"),  # digits written as text, three rows each
        ([str(i) for i in range(90)], "regression"),
        (["1.5"] * 300 + ["2.5"] * 300 + ["other"], "classification"),  # not all of them are numbers
    ],
)
def test_kind(values, kind):
    assert infer_kind(pd.Series(values)) == kind


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "the target must have values, got none in 0 rows"),
        ([None, np.nan], "got none in 2 rows"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), "got times"),
        (pd.period_range("2020", periods=3, freq="M"), "got times"),
        ([date(2020, 1, 1), date(2020, 1, 2)], "got times"),
        (["2020-01-01", "2020-01-02", "?"], "got dates such as '2020-01-01'.*kind='classification'"),
        ([1 + 2j, 3j], "got complex numbers"),
        ([[1, 2], [3, 4]], "got cells of type list"),
    ],
)
def test_what_cannot_be_learned_is_refused(values, message):
    with pytest.raises(TargetError, match=message):
        infer_kind(pd.Series(values))


def test_whole_numbers_that_no_float_tells_apart_are_one_value():
    assert infer_kind(pd.Series([2**60 + i for i in range(40)])) == "classification"


@pytest.mark.parametrize(
    "values",
    [
        ["a", "b", np.nan] * 20,
        [True, "a"] * 30,
        [1, None, 2] * 20,
        pd.Categorical(list(range(30)) * 2),
        pd.array([1, 2, None] * 20, dtype="Int64"),
        [np.int64(3), 2.5, 7] * 20,
    ],
    ids=range(6),
)
def test_values_are_read_as_a_series_of_them_is(values):
    given, series = advise(X, values), advise(X, pd.Series(values))
    assert given.kind == series.kind
    assert given.warnings == series.warnings


def test_labels_stay_what_they_are():
    table = read(X, [True, "a", np.nan] * 20, np.random.default_rng(0))
    assert table.target.iloc[:3].tolist()[:2] == [True, "a"]
    assert table.target.isna().sum() == 20


def test_classes_that_are_one_as_text_are_refused():
    with pytest.raises(TargetError, match="classes must differ as text, got 1 and '1': rename one"):
        advise(X, [1, "1"] * 30)


def test_moments_of_numpy_are_no_numbers():
    with pytest.raises(TargetError, match="got times"):
        advise(X, np.arange(60).astype("datetime64[ns]"))


def test_text_that_is_read_as_numbers_is_said_and_used():
    prices = [f"${1000 + i:,}" for i in np.random.default_rng(0).permutation(60)]
    advice = advise(pd.DataFrame(X).assign(price=prices), "price")
    assert advice.kind == "regression"
    assert any("read as numbers" in w and "convert it before fitting" in w for w in advice.warnings)
    assert quantities(pd.Series(["$1,037", None], index=[7, 7])).tolist()[0] == 1037


MARKS = np.arange(60) % 5


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (MARKS, "regression"),
        (MARKS % 2 == 0, "regression"),
        (pd.Categorical(MARKS), "regression"),
        (MARKS.astype(str), "regression"),
        (np.arange(60), "classification"),
        ([f"2020-01-{1 + i % 28:02d}" for i in range(60)], "classification"),
    ],
    ids=["marks", "booleans", "categories", "digits", "counts", "dates"],
)
def test_the_caller_knows_the_kind_better(values, kind):
    advice = advise(X, values, kind=kind)
    assert advice.kind == kind
    assert ("Regressor" if kind == "regression" else "Classifier") in type(advice.estimator()).__name__


def test_probes_and_families_take_the_kind_that_was_said(monkeypatch):
    from advisor import interventions

    seen = []
    monkeypatch.setattr(interventions, "run", lambda table, *rest: seen.append(table) or ())
    told = advise(X, MARKS, kind="regression", effort="probe")
    assert seen[0].kind == told.kind == "regression"
    assert told.features == advise(X, MARKS + 0.5, kind="regression").features


@pytest.mark.parametrize(
    ("values", "kind", "error", "words"),
    [
        (["a", "b"] * 30, "regression", TargetError, "must be numbers, got 'a': .*kind='classification'"),
        (["1", "2", "x"] * 20, "regression", TargetError, "must be numbers, got 'x'"),
        (X[:, 0], "classification", TargetError, "must hold text or whole numbers, got 0.12"),
        (pd.date_range("2020", periods=60), "classification", TargetError, "got times"),
        (MARKS, "regresion", InputError, "the kind must be known, got 'regresion': choose one of"),
        (MARKS, 1, InputError, "the kind must be known, got 1"),
        (None, "regression", TargetError, "got no target"),
    ],
)
def test_a_kind_that_cannot_be_is_refused(values, kind, error, words):
    with pytest.raises(error, match=words):
        advise(X, values, kind=kind)
