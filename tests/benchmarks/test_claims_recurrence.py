"""Claims on recurrent networks can come out either way: long lags, vanishing gradients, daily prices."""

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
from benchmarks.claims.base import level
from benchmarks.run import Facts
from tests.benchmarks.claims_cells import measured

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
        ((0.95, 0.95), (0.95, 0.95), 100, "not decided here"),
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


def test_that_a_gradient_has_vanished_is_shown_by_its_interval():
    frame = flows(**{f"rnn_{c}": 1e-6 for c in CONDITIONS}, **{f"lstm_{c}": 0.3 for c in CONDITIONS})
    for _, row in frame[(frame["candidate"] == "rnn") & (frame["start"] == "uniform")].iterrows():
        row["extra"]["trained"]["25"] = 10 ** (-2.0 - 0.3 * row["fold"])
    finding = claims.get("vanishing_gradients").judge(frame)
    left = finding.effects[-2]
    assert finding.effects[0].low > 0
    assert left.mean < -2 < left.high
    assert finding.verdict == "holds with a limit"
    assert "is not shown that the former has vanished, and shown that the latter has not;" in finding.words


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
