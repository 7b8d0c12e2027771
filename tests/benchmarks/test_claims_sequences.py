"""Claims on sequences can come out either way, and their transformations keep what they should."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

import datasets
from benchmarks import claims
from benchmarks.claims import _sequences
from benchmarks.claims._data import Data, load
from benchmarks.claims.base import level
from tests.benchmarks.claims_cells import measured


def frame_of(scores, *, factors):
    """Rows as the store gives them, from scores by (task, candidate, *factors); a task is its source."""
    rows = []
    for (task, candidate, *levels), value in scores.items():
        values = value if isinstance(value, dict) else {"test": value}
        rows.append(
            {"origin": task, "task": task, "candidate": candidate, **dict(zip(factors, levels))} | values
        )
    return pd.DataFrame(rows)


# ---- orders of steps ----


def padded_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6, 9, 2))
    for row, length in enumerate((9, 4, 1, 7, 9, 4)):
        X[row, length:] = np.nan
    X[0, 3, 1] = np.nan  # one channel missing is no padding
    return X


@pytest.mark.parametrize("each", [False, True])
def test_reordering_keeps_the_steps_and_leaves_padding_at_the_end(each):
    X = padded_rows()
    order = _sequences.orders(len(X), X.shape[1], np.random.default_rng(1), each=each)
    changed = _sequences.reordered(X, order)
    assert np.array_equal(np.isnan(changed).all(axis=2), np.isnan(X).all(axis=2))
    for before, after in zip(X, changed):
        assert sorted(map(str, before)) == sorted(map(str, after))
    assert not np.array_equal(changed, X, equal_nan=True)


def test_one_order_changes_rows_of_equal_length_equally_and_own_orders_do_not():
    n, steps = 40, 12
    X = np.tile(np.arange(steps, dtype=float), (n, 1))[:, :, None]
    one, own = (
        _sequences.reordered(X, _sequences.orders(n, steps, np.random.default_rng(0), each=each))
        for each in (False, True)
    )
    assert (one == one[0]).all()
    assert len({tuple(row.ravel()) for row in own}) > n / 2


def test_training_and_test_rows_see_the_same_order():
    steps = np.tile(np.arange(8.0), (5, 1))
    frames = [pd.DataFrame(steps.copy()), pd.DataFrame(steps.copy())]
    data = Data(*frames, None, None, "regression", "r2", (8, 1), np.random.default_rng(0))
    _sequences.shuffle_steps(data, each=False)
    assert (data.train.to_numpy() == data.train.to_numpy()[0]).all()
    assert np.array_equal(data.train, data.test)
    data.layout = (8,)
    with pytest.raises(ValueError, match="alone, got"):
        _sequences.shuffle_steps(data, each=True)


def test_the_scale_leaves_out_tasks_on_which_nothing_is_learned():
    scores = {
        ("a", "dummy"): 0.5,
        ("a", "lstm"): 0.4,
        ("b", "dummy"): 0.5,
        ("b", "lstm"): 0.9,
        ("b", "gbt"): 0.1,
    }
    skill = _sequences.above_dummy(frame_of(scores, factors=[]), [])
    assert dict(zip(skill["candidate"], skill["skill"])) == {"lstm": 1.0, "gbt": 0.0}
    assert set(skill["task"]) == {"b"}


# ---- shuffled_steps ----

ORDERS = ("in order", "one order for all rows", "an order for each row")


def shuffled(one, own, *, spread=0.01):
    """Four sources on which the LSTM keeps these skills; the other two keep everything."""
    scores = {}
    for task, orders in itertools.product(range(4), ORDERS):
        kept = {ORDERS[0]: 1.0, ORDERS[1]: one, ORDERS[2]: own}[orders] + spread * task * (
            orders != ORDERS[0]
        )
        scores |= {
            (f"t{task}", "lstm", orders): 0.2 + 0.7 * kept,
            (f"t{task}", "cnn", orders): 0.9,
            (f"t{task}", "gbt", orders): 0.9,
            (f"t{task}", "dummy", orders): 0.2,
        }
    return frame_of(scores, factors=["steps"])


@pytest.mark.parametrize(
    ("one", "own", "spread", "verdict"),
    [
        (0.7, 0.2, 0.01, "holds"),
        (0.7, 0.49, 0.01, "holds with a limit"),  # less than half in the mean, and half is in the interval
        (0.8, 0.2, 0.1, "holds with a limit"),  # that neighbours matter is not sure
        (0.2, 0.3, 0.1, "holds with a limit"),  # more than half in the mean, and that is not sure
        (0.7, 0.8, 0.01, "does not hold here"),  # less than half is lost
        (1.0, 0.2, 0.01, "does not hold here"),  # neighbours do not matter
        (1.0, 1.0, 0.01, "does not hold here"),
        (0.7, 1.0, 0.01, "does not hold here"),
    ],
)
def test_verdict_on_shuffled_steps(one, own, spread, verdict):
    finding = claims.get("shuffled_steps").judge(shuffled(one, own, spread=spread))
    assert finding.verdict == verdict
    assert finding.effects[0].mean == pytest.approx(1 - own - 1.5 * spread, abs=1e-6)
    assert finding.effects[0].n == 4
    assert {row["candidate"] for row in finding.charts[0].table} == {"lstm", "cnn", "gbt"}


def test_who_has_learned_nothing_in_order_has_nothing_to_lose():
    frame = shuffled(0.7, 0.2)
    frame.loc[(frame["task"] == "t0") & (frame["candidate"] == "lstm"), "test"] = 0.21
    assert claims.get("shuffled_steps").judge(frame).effects[0].n == 3


def test_cells_of_shuffled_steps():
    def pick(cell):
        vowels = cell.task == "embedded:japanese_vowels"
        return level(cell)["steps"] if vowels and cell.candidate == "gbt" else None

    found = measured("shuffled_steps", pick=pick)
    assert set(found) == set(ORDERS)
    assert found[ORDERS[0]].test > found[ORDERS[2]].test + 0.1  # trees need to know which step is which


# ---- sequence_therefore_lstm ----


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        (
            {"lstm": [0.9, 0.9, 0.9], "cnn": [0.8, 0.7, 0.8], "transformer": [0.6] * 3, "gbt": [0.5] * 3},
            "holds",
        ),
        (
            {
                "lstm": [0.4, 0.9, 0.9],  # right on two of three, and far off on the other
                "cnn": [0.9, 0.8, 0.5],
                "transformer": [0.6] * 3,
                "gbt": [0.9, 0.85, 0.8],
            },
            "holds with a limit",
        ),
        (
            {"lstm": [0.8, 0.8, 0.9], "cnn": [0.9, 0.9, 0.85], "transformer": [0.6] * 3, "gbt": [0.5] * 3},
            "not decided here",
        ),
        (
            {"lstm": [0.4, 0.42, 0.41], "cnn": [0.9, 0.9, 0.9], "transformer": [0.6] * 3, "gbt": [0.5] * 3},
            "does not hold here",
        ),
    ],
)
def test_verdict_on_the_rule_of_thumb(scores, verdict):
    rows = {(f"t{i}", name): value for name, values in scores.items() for i, value in enumerate(values)}
    rows |= {(f"t{i}", "dummy"): 0.1 for i in range(3)}
    finding = claims.get("sequence_therefore_lstm").judge(frame_of(rows, factors=[]))
    assert finding.verdict == verdict
    assert finding.effects[0].what == "LSTM minus the 1-D CNN"
    if verdict == "does not hold here":
        assert "t0: the 1-D CNN; t1: the 1-D CNN; t2: the 1-D CNN" in finding.words


def test_a_small_lead_that_may_be_none_refutes_no_rule_of_thumb():
    """Behind on average by less than what matters, but not certainly behind."""
    lstm = {"a": 0.40, "b": 0.43, "c": 0.45, "d": 0.44, "e": 0.41}
    lead = {"a": 0.03, "b": 0.03, "c": -0.022, "d": -0.022, "e": 0.03}
    rows = {(task, "lstm"): score for task, score in lstm.items()}
    rows |= {(task, "cnn"): score + lead[task] for task, score in lstm.items()}
    rows |= {(task, name): 0.2 for task in lstm for name in ("transformer", "gbt")}
    rows |= {(task, "dummy"): 0.1 for task in lstm}
    finding = claims.get("sequence_therefore_lstm").judge(frame_of(rows, factors=[]))
    assert finding.effects[0].low < 0 < finding.effects[0].high
    assert finding.verdict == "not decided here"


def test_cells_of_the_rule_of_thumb():
    found = measured(
        "sequence_therefore_lstm",
        pick=lambda cell: (
            cell.candidate if cell.candidate in ("lstm", "dummy") and "vowels" in cell.task else None
        ),
    )
    assert 0 <= found["dummy"].test <= found["lstm"].test <= 1
    assert all(facts.extra["n_train"] == 100 for facts in found.values())


# ---- bias_must_match ----

MATCH = {"image": "cnn", "sequence": "lstm", "tabular": "gbt"}


def matrix(intact, destroyed):
    """Two sources of each structure; the matching family scores so much, the others 0.5."""
    rows = []
    for structure, candidate, state, i in itertools.product(
        MATCH, ("cnn", "lstm", "gbt", "mlp", "dummy"), ("intact", "destroyed"), range(2)
    ):
        value = 0.5 if candidate != "dummy" else 0.0
        if candidate == MATCH[structure]:
            value = {"intact": intact, "destroyed": destroyed}[state][structure] + 0.01 * i
        task = f"{structure}{i}"
        rows.append([task, task, structure, candidate, state, value])
    return pd.DataFrame(rows, columns=["origin", "task", "structure", "candidate", "structure_is", "test"])


@pytest.mark.parametrize(
    ("intact", "destroyed", "verdict"),
    [
        ([0.9, 0.8, 0.7], [0.5, 0.5, 0.45], "holds"),
        ([0.9, 0.8, 0.4], [0.5, 0.5, 0.2], "holds with a limit"),  # trees do not lead on tables
        ([0.9, 0.8, 0.7], [0.8, 0.7, 0.6], "holds with a limit"),  # some of the lead is left
        ([0.9, 0.8, 0.7], [0.9, 0.8, 0.7], "does not hold here"),
        ([0.5, 0.5, 0.5], [0.9, 0.8, 0.7], "does not hold here"),
    ],
)
def test_verdict_on_structure_and_architecture(intact, destroyed, verdict):
    frame = matrix(dict(zip(MATCH, intact)), dict(zip(MATCH, destroyed)))
    finding = claims.get("bias_must_match").judge(frame)
    assert finding.verdict == verdict
    assert finding.effects[0].n == 6
    assert [row["data"] for row in finding.charts[0].table[::4]] == [
        f"{title}, {state}"
        for title in ("pictures", "sequences", "tables")
        for state in ("intact", "destroyed")
    ]


def test_a_lead_over_families_of_which_one_is_missing_is_none():
    frame = matrix(dict.fromkeys(MATCH, 0.9), dict.fromkeys(MATCH, 0.5))
    hole = (frame["candidate"] == "mlp") & (frame["task"] == "image0")
    assert claims.get("bias_must_match").judge(frame[~hole]).effects[0].n == 5


def test_permuting_pixels_keeps_them_and_their_channels_together():
    experiment = claims.get("bias_must_match")
    X = np.arange(2 * 4 * 3.0).reshape(1, -1) + np.zeros((5, 1))
    data = Data(
        pd.DataFrame(X), pd.DataFrame(X), None, None, "regression", "r2", (2, 4, 3), np.random.default_rng(0)
    )
    experiment.permute_pixels(data)
    pixels = data.train.to_numpy()[0].reshape(8, 3)
    assert np.array_equal(pixels[:, 0] % 3, np.zeros(8))
    assert np.array_equal(np.diff(pixels, axis=1), np.ones((8, 2)))
    assert sorted(pixels[:, 0]) == list(range(0, 24, 3))
    assert not np.array_equal(data.train, X)
    assert np.array_equal(data.train, data.test)
    data.layout = (24,)
    with pytest.raises(ValueError, match="alone, got"):
        experiment.permute_pixels(data)


def test_rotating_columns_keeps_distances():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(20, 5)))
    data = Data(X, X.copy(), None, None, "regression", "r2", None, rng)
    claims.get("bias_must_match").rotate_columns(data)
    distances = [np.linalg.norm(A[:, None] - A, axis=2) for A in (X.to_numpy(), data.train.to_numpy())]
    assert np.allclose(*distances)
    assert not np.allclose(X, data.train)
    assert np.allclose(data.train, data.test)


def test_cells_of_the_matrix_cover_all_structures():
    experiment = claims.get("bias_must_match")
    tasks = {cell.task for cell in experiment.cells("quick")}
    counts = pd.Series([datasets.describe(task).structure for task in tasks]).value_counts()
    assert counts.to_dict() == {"image": 3, "sequence": 3, "tabular": 3}
    found = measured(
        "bias_must_match",
        pick=lambda cell: (cell.task, level(cell)["structure_is"]) if cell.candidate == "gbt" else None,
    )
    assert len(found) == 6
    assert all(np.isfinite(facts.test) for facts in found.values())
    first = experiment.cells("tiny")[0]
    assert np.array_equal(load(first).train, load(first).train)
