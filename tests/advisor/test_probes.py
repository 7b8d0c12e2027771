from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from advisor import advise
from advisor.intake import read
from advisor.positions import alphabet, positions_order
from advisor.probes import adjacency, measure, names, panel, row_order, time_axis
from advisor.probes.base import wilson


def table(data, target=None):
    return read(data, target, np.random.default_rng(0))


def test_the_permutation_test_keeps_its_level_on_exchangeable_columns():
    p_values = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        shared = rng.normal(size=(60, 1)) * (seed % 3)  # exchangeable, yet all correlated
        fact = adjacency.measure(table(shared + rng.normal(size=(60, 12))), rng)
        p_values.append(fact.p_value)
    for level in (0.05, 0.2):
        hits = np.sum(np.array(p_values) <= level)
        assert binom.ppf(0.0005, 200, level) <= hits <= binom.ppf(0.9995, 200, level)


def test_row_order_keeps_its_level_on_exchangeable_rows():
    found = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        found += row_order.measure(table(rng.normal(size=(80, 4))), rng).p_value <= 0.05
    assert found <= binom.ppf(0.999, 100, 0.05)


@pytest.mark.parametrize("shared", [0.0, 2.0])
def test_row_order_keeps_its_level_where_few_rows_are_put_in_random_order(monkeypatch, shared):
    monkeypatch.setattr(row_order, "PERMUTED", 199 * 8 * 40)  # 40 of 160 rows
    p_values = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        values = rng.normal(size=(160, 8)) + shared * rng.normal(size=(160, 1))
        p_values.append(row_order.measure(table(values), rng).p_value)
    for level in (0.05, 0.3):
        hits = np.sum(np.array(p_values) <= level)
        assert binom.ppf(0.0005, 100, level) <= hits <= binom.ppf(0.9995, 100, level)


def test_row_order_has_one_level_for_small_and_large_tables():
    rng = np.random.default_rng(0)
    for n, d in ((100, 4), (3000, 60)):
        fact = row_order.measure(table(rng.normal(size=(n, d)).cumsum(axis=0)), rng)
        assert (fact.found, fact.p_value) == (True, row_order.LEVEL)


def test_adjacency_has_no_interval_of_the_columns_in_random_order():
    rng = np.random.default_rng(0)
    fact = adjacency.measure(table(rng.normal(size=(60, 12)).cumsum(axis=1)), rng)
    assert fact.found
    assert fact.to_dict()["interval"] is None


def test_row_order_reports_the_autocorrelation():
    rng = np.random.default_rng(0)
    x = np.zeros(4000)
    for t in range(1, 4000):
        x[t] = 0.8 * x[t - 1] + rng.normal()
    fact = row_order.measure(table(np.column_stack([x, rng.normal(size=4000)])), rng)
    assert fact.value == pytest.approx((0.79 + 0.01) / 2, abs=0.03)
    assert fact.details["moving"] == 0.5


@pytest.mark.parametrize(("size", "positions"), [(4, 30), (3, 60), (20, 12)])
def test_letters_of_a_string_are_found_in_columns(size, positions):
    rng = np.random.default_rng(size)
    step = rng.choice([0, 1], p=[0.7, 0.3], size=(600, positions))
    text = (rng.integers(size, size=(600, 1)) + step.cumsum(axis=1)) % size
    columns = np.eye(size)[text].reshape(600, -1)
    assert alphabet(columns) == size
    assert positions_order(columns, size).found


def text_of(rng, n=400, positions=30):
    step = rng.choice([0, 1, 2, 3], p=[0.1, 0.5, 0.3, 0.1], size=(n, positions))
    return (rng.integers(4, size=(n, 1)) + step.cumsum(axis=1)) % 4


BESIDE = {
    "number": lambda rng: rng.normal(size=400),
    "category": lambda rng: rng.choice(["human", "mouse", "yeast"], 400),
    "name": lambda rng: [f"seq{i}" for i in range(400)],
    "flag": lambda rng: rng.integers(2, size=400),
}


@pytest.mark.parametrize("held", ["letters", "flags"])
@pytest.mark.parametrize("kind", BESIDE)
@pytest.mark.parametrize("place", [0, -1])
def test_letters_are_found_whatever_column_stands_beside_them(held, kind, place):
    rng = np.random.default_rng(3)
    codes = text_of(rng)
    values = np.array(list("ACGT"))[codes] if held == "letters" else np.eye(4)[codes].reshape(400, -1)
    frame = pd.DataFrame(values, columns=[f"p{j}" for j in range(values.shape[1])])
    inside = list(frame.columns)
    frame.insert(0 if place == 0 else len(inside), "beside", BESIDE[kind](rng))
    advice = advise(frame, rng.integers(0, 2, 400))
    assert (advice.rule, advice.layout) == ("letters", (30, 4))
    assert advice.folding["columns"] == inside
    if kind != "name":
        assert any("1 column beside it ('beside')" in sentence for sentence in advice.against)
    folded = advice.folder().fit_transform(frame)
    np.testing.assert_array_equal(folded, np.eye(4)[codes])


def test_columns_of_letters_that_are_few_beside_others_are_no_text():
    rng = np.random.default_rng(4)
    letters = np.array(list("ACGT"))[text_of(rng, positions=10)]
    frame = pd.DataFrame(letters).join(pd.DataFrame(rng.normal(size=(400, 12)), columns=list("abcdefghijkl")))
    assert advise(frame, rng.integers(0, 2, 400)).structure == "tabular"


def test_unrelated_categories_are_not_letters():
    found = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        level = rng.integers(4, size=(200, 1))  # shared by all, so that categories depend on each other
        codes = np.where(rng.random((200, 12)) < 0.4, level, rng.integers(4, size=(200, 12)))
        columns = np.eye(4)[codes].reshape(200, -1)
        found += positions_order(columns, 4).found
    assert found <= binom.ppf(0.997, 60, 0.01)


def test_a_row_number_is_not_time():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": np.arange(200), "x": rng.normal(size=200)})
    fact = time_axis.measure(table(frame), rng)
    assert fact is None or not fact.found


@pytest.mark.parametrize("form", ["text", "stamp", "decimal year"])
def test_regular_clocks_are_time(form):
    rng = np.random.default_rng(0)
    stamps = pd.date_range("2019-01-01", periods=240, freq="MS")
    clock = {
        "text": stamps.strftime("%d-%b-%Y"),
        "stamp": stamps,
        "decimal year": 2019 + np.arange(240) / 12,
    }[form]
    fact = time_axis.measure(table(pd.DataFrame({"x": rng.normal(size=240), "c": clock})), rng)
    assert fact.found
    assert fact.details["column"] == "c"


@pytest.mark.parametrize("text", ["10-20", "3.1.2", "MAR-2", "3/4", "12"])
def test_codes_are_not_dates(text):
    frame = pd.DataFrame({"c": [text] * 30 + ["20-30"] * 30, "x": np.arange(60.0) % 7})
    assert table(frame).columns[0].role == "categorical"


def test_a_table_sorted_by_category_and_value_is_no_panel_if_its_times_do_not_overlap():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"k": np.repeat(list("abcdef"), 20), "id": np.arange(120) * 3, "x": rng.normal(size=120)}
    )
    assert panel.measure(table(frame), rng) is None


def test_time_major_panels_are_found_too():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "t": np.repeat(np.arange(30), 8),
            "e": list("abcdefgh") * 30,
            "x": rng.normal(size=(30, 8)).cumsum(axis=0).ravel(),
        }
    )
    fact = panel.measure(table(frame), rng)
    assert (fact.details["entity"], fact.details["time"]) == ("e", "t")


def test_every_fact_states_its_null_its_reference_and_its_rows():
    rng = np.random.default_rng(0)
    data = [
        rng.normal(size=(200, 36)).cumsum(axis=1),
        rng.normal(size=(50, 9, 9)),
        pd.DataFrame({"t": [f"some words {i} here" for i in range(60)]}),
        pd.DataFrame({"d": pd.date_range("2020", periods=60), "x": rng.normal(size=60)}),
    ]
    seen = set()
    for item in data:
        for name, fact in measure(table(item)).items():
            seen.add(name)
            assert fact.name == name
            assert fact.null
            assert fact.reference
            assert fact.summary
            assert fact.rows_used > 0
            assert fact.seconds >= 0
    assert seen >= {
        "column_order",
        "adjacency",
        "declared_axes",
        "text_columns",
        "time_axis",
        "row_order",
        "channels",
    }
    assert set(names()) >= seen


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_wilson_covers(share):
    inside = [low <= share <= high for low, high in (wilson(k, 40) for k in range(41))]
    assert 0.92 <= binom.pmf(np.arange(41), 40, share)[inside].sum() <= 0.98
