"""Claims on sequences can come out either way, and their transformations keep what they should."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import datasets
from advisor.architectures.lstm import LSTM
from advisor.architectures.rnn import RNN
from benchmarks import claims
from benchmarks.claims import _sequences
from benchmarks.claims._data import Data, load
from benchmarks.claims.base import level
from benchmarks.run import Facts


def measured(name, *, pick):
    """Facts of the tiny cells that ``pick`` takes, by what it calls them."""
    experiment, found = claims.get(name), {}
    for cell in experiment.cells("tiny"):
        if (key := pick(cell)) is not None:
            facts = Facts()
            experiment.measure(cell, facts)
            found[key] = facts
    return found


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


# ---- long_lags ----


def lags(scores, *, longest=400):
    """Two problems, two seeds, two settings of which the first has the better validation score."""
    rows = []
    for (problem, candidate), (short, long_) in scores.items():
        for steps, fold, setting in itertools.product((25, longest), range(2), ("own 0.003", "uniform 0.01")):
            chosen = setting == "own 0.003"
            test = (short if steps == 25 else long_) if chosen else 0.99
            rows.append([f"synthetic:{problem}", candidate, steps, setting, fold, -0.1 - (not chosen), test])
    return pd.DataFrame(rows, columns=["task", "candidate", "steps", "setting", "fold", "validation", "test"])


@pytest.mark.parametrize(
    ("lstm", "rnn", "longest", "verdict"),
    [
        ((0.95, 0.95), (0.0, 0.3), 400, "holds"),
        ((0.95, 0.95), (0.0, 0.3), 100, "not decided here"),  # not hundreds of steps
        ((0.95, 0.5), (0.0, 0.3), 400, "holds with a limit"),  # one is not solved
        ((0.95, 0.95), (0.0, 0.95), 400, "holds with a limit"),  # the other solves one too
        ((0.95, 0.95), (0.95, 0.95), 400, "does not hold here"),
        ((0.6, 0.7), (0.0, 0.3), 400, "does not hold here"),  # nothing is solved
        ((0.0, 0.95), (0.95, 0.3), 400, "does not hold here"),
    ],
)
def test_verdict_on_long_lags(lstm, rnn, longest, verdict):
    problems = ("adding", "temporal_order")
    scores = {(p, "lstm"): (0.99, far) for p, far in zip(problems, lstm)}
    scores |= {(p, "rnn"): (0.99, far) for p, far in zip(problems, rnn)}
    finding = claims.get("long_lags").judge(lags(scores, longest=longest))
    assert finding.verdict == verdict
    assert [found.mean for found in finding.effects] == pytest.approx(np.subtract(lstm, rnn), abs=1e-6)
    assert [(found.unit, found.n, found.of) for found in finding.effects] == [
        ("R²", 2, "seeds"),
        ("accuracy", 2, "seeds"),
    ]
    assert ("not tried" in finding.words) == (longest < 200)


@pytest.mark.parametrize("steps", [10, 25, 400])
def test_temporal_order_has_two_marks_that_tell_the_class(steps):
    X, y = claims.get("long_lags").temporal_order(200, steps, np.random.default_rng(0))
    assert X.shape == (200, steps, 6)
    assert (X.sum(axis=2) == 1).all()
    assert set(y) == {0, 1, 2, 3}
    for row, label in zip(X, y):
        places = np.flatnonzero(row[:, :2].any(axis=1))
        assert len(places) == 2
        assert places[0] < 0.2 * steps <= 0.5 * steps - 1 <= places[1] < 0.6 * steps + 1
        first, second = (int(row[place, 1]) for place in places)
        assert label == 2 * first + second


def test_cells_of_long_lags():
    found = measured("long_lags", pick=lambda cell: (cell.task, cell.candidate))
    assert len(found) == 4
    assert all(facts.validation <= 0 and facts.test <= 1 for facts in found.values())


# ---- vanishing_gradients ----


def flows(**left):
    """What is left at lag 25, by ``candidate_start_moment``, the same for all seeds but for a little."""
    rows = []
    for candidate, start, fold in itertools.product(("rnn", "lstm"), ("uniform", "own"), range(3)):
        extra = {"r2": 0.9} | {
            moment: {"0": 1.0, "25": left[f"{candidate}_{start}_{moment}"] * (1 + 0.1 * fold)}
            for moment in ("initial", "trained")
        }
        rows.append([candidate, start, fold, extra])
    return pd.DataFrame(rows, columns=["candidate", "start", "fold", "extra"])


CONDITIONS = [f"{start}_{moment}" for start in ("uniform", "own") for moment in ("initial", "trained")]


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "holds"),
        ({"rnn_own_initial": 0.5}, "holds with a limit"),
        ({"lstm_uniform_initial": 1e-7}, "holds with a limit"),
        ({"lstm_uniform_trained": 1e-7}, "does not hold here"),
        ({"rnn_uniform_trained": 0.9}, "does not hold here"),
        ({"lstm_uniform_trained": 1e-3}, "does not hold here"),  # it keeps more, and has vanished as well
        ({"rnn_uniform_trained": 0.02}, "does not hold here"),  # it has less, and is still there
    ],
)
def test_verdict_on_vanishing_gradients(changed, verdict):
    left = {f"rnn_{c}": 1e-6 for c in CONDITIONS} | {f"lstm_{c}": 0.3 for c in CONDITIONS}
    finding = claims.get("vanishing_gradients").judge(flows(**(left | changed)))
    assert finding.verdict == verdict
    assert finding.effects[0].n == 3
    assert len(finding.charts) == 4


def test_flow_of_a_linear_recurrence_is_what_its_matrix_says():
    flow = claims.get("vanishing_gradients").flow
    layer = nn.RNN(1, 3, batch_first=True)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
        layer.weight_hh_l0.copy_(0.5 * torch.eye(3))  # tanh'(0) = 1
    norms = flow(layer, torch.zeros(2, 12, 1), [0, 1, 4, 11])
    assert norms == pytest.approx({lag: 0.5**lag for lag in (0, 1, 4, 11)})


def test_flow_of_an_lstm_sees_its_cell():
    flow = claims.get("vanishing_gradients").flow
    layer = LSTM(1, 4, batch_first=True)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
        layer.bias_ih_l0.chunk(4)[1].fill_(50.0)  # the forget gate is open, the output gate half
    norms = flow(layer, torch.zeros(2, 40, 1), [0, 1, 30])
    assert norms == pytest.approx({0: 1.0, 1: 0.5, 30: 0.5}, rel=1e-4)


def test_flow_of_orthogonal_weights_neither_grows_nor_shrinks_at_zero():
    layer = RNN(1, 5, batch_first=True)
    norms = claims.get("vanishing_gradients").flow(layer, torch.zeros(1, 30, 1), [1, 25])
    assert norms == pytest.approx({0: 1.0, 1: 1.0, 25: 1.0}, rel=1e-4)


def test_cells_of_vanishing_gradients():
    def pick(cell):
        return level(cell)["start"] if cell.candidate == "rnn" and cell.fold == 0 else None

    found = measured("vanishing_gradients", pick=pick)
    assert found["uniform"].extra["initial"]["25"] < found["own"].extra["initial"]["25"]
    for facts in found.values():
        assert facts.test == facts.extra["trained"]["25"]
        assert facts.extra["initial"]["0"] == 1.0


# ---- daily_prices ----


def prices(*, lstm, gbt, noise=0.002):
    """Two indices, three blocks; what each saves of the error of the last value, by form."""
    rows = []
    saved = {"lstm": lstm, "gbt": gbt, "linear": (0.0, 0.0)}
    for index, (name, forms), fold in itertools.product(("DAX", "SMI"), saved.items(), range(3)):
        for form, value in zip(("prices", "returns"), forms):
            extra = {
                "r2": 0.97,
                "r2_last": 0.98,
                "direction": 0.5,
                "truth": [1.0, 2.0],
                "predicted": [1.0, 1.5],
            }
            rows.append([f"file:x?target={index}", name, form, fold, value + noise * fold, extra])
    return pd.DataFrame(rows, columns=["task", "candidate", "inputs", "fold", "test", "extra"])


@pytest.mark.parametrize(
    ("lstm", "gbt", "verdict"),
    [
        ((-0.5, 0.05), (-9.0, 0.01), "holds"),
        ((0.05, -0.5), (-9.0, 0.08), "holds with a limit"),  # better than the last value, not than trees
        ((-0.5, -0.02), (-9.0, -0.5), "does not hold here"),
        ((-0.5, 0.0), (-9.0, -0.5), "does not hold here"),
    ],
)
def test_verdict_on_daily_prices(lstm, gbt, verdict):
    finding = claims.get("daily_prices").judge(prices(lstm=lstm, gbt=gbt))
    assert finding.verdict == verdict
    assert finding.effects[0].what.endswith("returns" if lstm[1] > lstm[0] else "prices")
    assert finding.effects[0].mean == pytest.approx(max(lstm) + 0.002, abs=1e-6)
    assert finding.effects[0].n == 3  # blocks of time, not indices
    assert len(finding.charts[-1].table) == 4


def test_no_model_of_prices_sees_the_block_that_it_predicts(monkeypatch):
    experiment, seen = claims.get("daily_prices"), {}

    class Spy:
        def fit(self, X, y):
            seen["train"] = (X, y)

        def predict(self, X):
            seen["test"] = X
            return X[:, -1]

    class Make:
        @staticmethod
        def make(*_, **__):
            return Spy()

    monkeypatch.setattr(experiment.candidates, "get", lambda _: Make)
    for cell in experiment.cells("tiny"):
        if cell.candidate != "gbt" or level(cell)["inputs"] != "prices":
            continue
        facts = Facts()
        experiment.measure(cell, facts)
        assert facts.test == 0.0  # the last value saves nothing of its own error
        truth = facts.extra["truth"]
        dax = datasets.load(cell.task).y.to_numpy()
        begin = len(dax) - 30 * (2 - cell.fold)
        assert truth == dax[begin : begin + 30].tolist()
        X, y = seen["train"]
        assert np.array_equal(y, dax[begin - 150 : begin])
        assert np.array_equal(X[-1], dax[begin - 21 : begin - 1])
        assert np.array_equal(seen["test"][0], dax[begin - 20 : begin])


def test_cells_of_daily_prices():
    found = measured(
        "daily_prices", pick=lambda c: (c.candidate, level(c)["inputs"]) if c.fold == 1 else None
    )
    assert len(found) == 6
    assert all(facts.test < 1 and facts.extra["n_train"] == 150 for facts in found.values())
    assert found["linear", "returns"].extra["r2"] > 0.5
