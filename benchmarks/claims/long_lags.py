"""The LSTM learns lags of hundreds of steps, a recurrent network without gates does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.architectures import Kind
from benchmarks import candidates
from benchmarks.cell import Cell
from benchmarks.claims.base import (
    SYNTHETIC,
    Chart,
    Claim,
    Judgement,
    Size,
    Verdict,
    effect,
    grid,
    level,
    records,
    rules,
)
from benchmarks.learning.adding import HIDDEN, adding_problem, start_as_torch
from benchmarks.protocol import METRICS
from benchmarks.run import Facts, timed

CLAIM = Claim(
    number=13,
    name="long_lags",
    sentence="An LSTM learns to bridge lags of hundreds of steps, a network without gates does not.",
    source="Hochreiter & Schmidhuber (1997), experiments 4 and 6; Bengio, Simard & Frasconi (1994)",
    design="Networks of about 4,700 weights that read the last state alone learn the adding problem and the "
    "temporal order of two symbols, in sequences of T steps; the first thing to remember lies T/2 to T steps "
    "before the end. All have the same sequences, epochs and settings to choose from: recurrent weights that "
    "start orthogonal (own) or as torch has them (uniform), at a learning rate of 0.003 or 0.01; the setting "
    "with the best validation loss is tested on new sequences. Solved is R² or accuracy of at least 0.9.",
    data="made by the experiment; repetitions are seeds",
    refuted_by="an LSTM that solves neither problem at the longest lag, or is not clearly ahead of the "
    "network without gates there",
    searched=("setting",),
)
_SOLVED = 0.9
_LONG = 200  # "hundreds of steps"
_CLEAR = 0.1  # of R² or accuracy, by which one has to be ahead
_KINDS: dict[str, Kind] = {"adding": "regression", "temporal_order": "classification"}
_UNITS = {"adding": "R²", "temporal order": "accuracy"}
_PAIRS = ("own 0.003", "uniform 0.01")  # the two of the four that suit either start better
Made = tuple[NDArray[np.float64], NDArray[Any]]


def cells(size: Size) -> list[Cell]:
    """Both problems at some lengths."""
    steps, folds, names, settings, sequences, limit = {
        "tiny": ([10], 1, ("rnn", "lstm"), _PAIRS[:1], 100, 2),
        "quick": ([25, 100], 1, ("rnn", "lstm"), _PAIRS, 16_000, 5),
        "full": (
            [25, 50, 100, 200, 400],
            3,
            ("rnn", "lstm", "gru"),
            (*_PAIRS, "own 0.01", "uniform 0.003"),
            32_000,
            10,
        ),
    }[size]
    return grid(
        CLAIM,
        tasks=[SYNTHETIC + problem for problem in _KINDS],
        candidates=names,
        levels={"steps": steps, "setting": settings},
        folds=folds,
        max_train=sequences,
        max_epochs=limit,
    )


def temporal_order(n: int, steps: int, rng: np.random.Generator) -> Made:
    """Make the temporal order problem: in which order did two symbols come, each X or Y?

    One of X and Y stands between a tenth and a fifth of the sequence, another between a half and six tenths;
    everything else is one of four other symbols.

    Parameters
    ----------
    n, steps : int
        Sequences and their length T, at least 10.
    rng : Generator
        Source of randomness.

    Returns
    -------
    X : ndarray, shape (n, T, 6)
        One-hot symbols: X, Y and the four others.
    y : ndarray of int, shape (n,)
        0 to 3: XX, XY, YX, YY.

    References
    ----------
    Hochreiter, Schmidhuber (1997). Long short-term memory. Neural Computation 9(8). Experiment 6a.

    Examples
    --------
    >>> X, y = temporal_order(5, 20, np.random.default_rng(0))
    >>> X.shape, X[:, :, :2].sum(axis=(1, 2)).tolist()
    ((5, 20, 6), [2.0, 2.0, 2.0, 2.0, 2.0])
    """
    symbols = rng.integers(2, 6, (n, steps))
    asked = rng.integers(0, 2, (n, 2))
    for place, (low, high) in enumerate(((0.1, 0.2), (0.5, 0.6))):
        at = rng.integers(round(low * steps), max(round(high * steps), round(low * steps) + 1), n)
        symbols[np.arange(n), at] = asked[:, place]
    return np.eye(6)[symbols], 2 * asked[:, 0] + asked[:, 1]


_MAKE: dict[str, Callable[[int, int, np.random.Generator], Made]] = {
    "adding": adding_problem,
    "temporal_order": temporal_order,
}


def measure(cell: Cell, facts: Facts) -> None:
    """Learn one problem at one length in one setting."""
    problem, asked = cell.task.removeprefix(SYNTHETIC), rules(cell)
    steps, (start, rate) = level(cell)["steps"], level(cell)["setting"].split()
    n = asked["max_train"] // (2 if problem == "temporal_order" else 1)  # it is learned sooner
    rng = np.random.default_rng([cell.fold, steps])
    X, y = _MAKE[problem](n, steps, rng)
    new, truth = _MAKE[problem](max(n // 4, 50), steps, rng)
    estimator = candidates.get(cell.candidate).make(
        _KINDS[problem],
        layout=X.shape[1:],
        random_state=cell.fold,
        hidden=HIDDEN[cell.candidate],
        bidirectional=False,
        dropout=0.0,
        readout="last",
        max_epochs=asked["max_epochs"],
        learning_rate=float(rate),
    )
    if start == "uniform":
        start_as_torch(estimator)
    with timed(facts, "fit_seconds"):
        estimator.fit(X, y)
    with timed(facts, "predict_seconds"):
        predicted = estimator.predict(new)
    facts.validation = max(estimator.validation_curve_)
    facts.test = METRICS["r2" if problem == "adding" else "accuracy"](truth, predicted)
    facts.extra["n_train"] = n
    facts.device = str(estimator.device_)


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare the networks, each in the setting that its validation rows chose, at the longest lag."""
    chosen = frame.loc[frame.groupby(["task", "candidate", "steps", "fold"])["validation"].idxmax()]
    chosen = chosen.assign(problem=chosen["task"].str.removeprefix(SYNTHETIC).str.replace("_", " "))
    longest = int(chosen["steps"].max())
    last = chosen[chosen["steps"] == longest]
    wide = last.pivot_table(index=["problem", "fold"], columns="candidate", values="test")
    ahead = wide["lstm"] - wide["rnn"]
    by_problem = ahead.groupby(level="problem").mean()
    what = f"LSTM minus network without gates at {longest} steps"
    effects = [
        effect(f"{what}, {name}", part, unit=_UNITS[str(name)], of="seeds")
        for name, part in ahead.groupby(level="problem")
    ]
    means = chosen.pivot_table(index=["problem", "candidate"], columns="steps", values="test")
    solved = means[longest].unstack() >= _SOLVED  # problems x candidates
    lstm, rnn = solved["lstm"], solved["rnn"]
    verdict: Verdict = "does not hold here"
    if lstm.any() and (by_problem >= _CLEAR).any() and (by_problem > -_CLEAR).all():
        clear = lstm.all() and not rnn.any()
        verdict = "holds" if clear else "holds with a limit"
    if longest < _LONG:  # what was solved or not there says nothing of the lags that are claimed
        verdict = "not decided here"
    told = []
    for problem, candidate in means.index.tolist():
        scores = means.loc[(problem, candidate)]
        far = scores.index[scores >= _SOLVED]
        reach = f"solved up to {far.max()}" if len(far) else "never solved"
        told.append(f"{candidate} on {problem}: {reach} ({scores[longest]:.2f} at {longest})")
    gateless = frame[(frame["candidate"] == "rnn") & (frame["steps"] == longest)]
    by_setting = gateless.groupby("setting")["test"].mean()
    settings = ", ".join(f"{score:.2f} with {name}" for name, score in by_setting.items())
    limit = "" if longest >= _LONG else f" Lags of hundreds of steps were not tried: T ends at {longest}."
    words = (
        f"R² (adding) or accuracy (order, chance 0.25) of at least {_SOLVED} is solved. {'; '.join(told)}. "
        f"The network without gates at {longest} steps by start and learning rate, mean of the problems: "
        f"{settings}.{limit}"
    )
    charts = tuple(
        Chart(
            "lines",
            f"Score by length: {problem}",
            records(table.groupby(["candidate", "steps"])["test"].mean().reset_index()),
            x="steps",
            y="test",
            by="candidate",
            x_label="T, steps",
            y_label=_UNITS[str(problem)],
            log_x=True,
        )
        for problem, table in chosen.groupby("problem")
    )
    return Judgement(verdict, words, tuple(effects), charts)
