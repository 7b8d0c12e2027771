"""Daily closing prices, the textbook's example for the LSTM, beside trees on lags and the last value."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import datasets
from benchmarks import candidates
from benchmarks.cell import Cell
from benchmarks.claims.base import (
    Chart,
    Claim,
    Judgement,
    Size,
    effect,
    grid,
    level,
    not_shown,
    records,
    rules,
)
from benchmarks.protocol import r2
from benchmarks.run import Facts, timed

CLAIM = Claim(
    number=16,
    name="daily_prices",
    sentence="Daily closing prices are a case for the LSTM: from the last days it predicts tomorrow's price "
    "better than boosted trees on lags do, and better than today's price does.",
    source="the lesson on choosing an architecture, and many textbooks; against it Fama (1970)",
    design="Walk forward: a model learns from all days before a block of days and predicts each day of the "
    "block from the 20 days before it; then the next block. LSTM, boosted trees and a linear model of the "
    "same lags, with their defaults, on prices as the textbook has them, and on daily returns. The score is "
    "the share of the squared error of the last value (tomorrow is as today) that is saved; 0 is as good as "
    "that.",
    data="closing prices of DAX, SMI, CAC and FTSE, 1991 to 1998, 1,860 trading days in order (R's "
    "EuStockMarkets)",
    refuted_by="an LSTM that does not save a share of the error of the last value that is clearly above 0, "
    "in the better of the two forms",
)
LAGS = 20  # trading days, about a month
_INDICES = ("DAX", "SMI", "CAC", "FTSE")
_FILE = "file:datasets/embedded/series/index_prices.parquet?target="
_MODELS = {"lstm": "the LSTM", "gbt": "boosted trees", "linear": "the linear model"}
_FORMS = ("prices", "returns")
_UNITS = "blocks of time"  # the indices move together
Floats = NDArray[np.float64]


def cells(size: Size) -> list[Cell]:
    """Each index, block and form."""
    indices, blocks, days, most, limit = {
        "tiny": (_INDICES[:1], 2, 30, 150, 2),
        "quick": (_INDICES[:2], 4, 250, 10_000, None),
        "full": (_INDICES, 16, 62, 10_000, None),
    }[size]
    return grid(
        CLAIM,
        tasks=[_FILE + index for index in indices],
        candidates=tuple(_MODELS),
        levels={"inputs": _FORMS},
        folds=blocks,
        blocks=blocks,
        days=days,
        max_train=most,
        max_epochs=limit,
    )


def windows(series: Floats, n: int) -> tuple[Floats, Floats]:
    """Cut a series into what is known and what comes next.

    Parameters
    ----------
    series : ndarray, shape (T,)
        Values in the order of time.
    n : int
        Values in a window, less than T.

    Returns
    -------
    X : ndarray, shape (T - n, n)
        The n values before each but the first n.
    y : ndarray, shape (T - n,)
        The value that follows.

    Examples
    --------
    >>> windows(np.array([1.0, 2, 3, 4]), 2)
    (array([[1., 2.], [2., 3.]]), array([3., 4.]))
    """
    return np.lib.stride_tricks.sliding_window_view(series, n)[:-1].copy(), series[n:]


def measure(cell: Cell, facts: Facts) -> None:
    """Learn from all days before one block, predict each of its days."""
    asked, inputs = rules(cell), level(cell)["inputs"]
    prices = datasets.load(cell.task).y.to_numpy(dtype=np.float64)
    series = prices if inputs == "prices" else np.diff(np.log(prices))
    X, y = windows(series, LAGS)
    first = len(y) - asked["days"] * (
        asked["blocks"] - cell.fold
    )  # row whose target is the first of the block
    test = slice(first, first + asked["days"])
    train = slice(max(0, first - asked["max_train"]), first)
    limit = {"max_epochs": asked["max_epochs"]} if asked["max_epochs"] and cell.candidate == "lstm" else {}
    estimator = candidates.get(cell.candidate).make(
        "regression", layout=(LAGS, 1), random_state=cell.seed, **limit
    )
    with timed(facts, "fit_seconds"):
        estimator.fit(X[train], y[train])
    with timed(facts, "predict_seconds"):
        predicted = np.asarray(estimator.predict(X[test]), dtype=np.float64)
    after = len(prices) - len(y) + np.arange(test.start, test.stop)  # days of the targets
    truth, last = prices[after], prices[after - 1]
    if inputs == "returns":
        predicted = last * np.exp(predicted)
    facts.test = saved(truth, predicted, last)
    facts.extra |= {
        "n_train": train.stop - train.start,
        "r2": r2(truth, predicted),
        "r2_last": r2(truth, last),
    }
    facts.extra["direction"] = float(np.mean(np.sign(predicted - last) == np.sign(truth - last)))
    facts.extra |= {"truth": truth.tolist(), "predicted": predicted.round(2).tolist()}
    facts.device = str(getattr(estimator, "device_", "cpu"))


def saved(truth: Floats, predicted: Floats, last: Floats) -> float:
    r"""Share of the squared error of the last value that a prediction saves, at most 1.

    .. math:: 1 - \sum (y - \hat y)^2 / \sum (y - y_{-1})^2

    References
    ----------
    Campbell, Thompson (2008). Predicting excess stock returns out of sample: can anything beat the historical
    average? Review of Financial Studies 21(4); with the last value as the benchmark.

    Examples
    --------
    >>> saved(np.array([2.0, 3.0]), np.array([1.5, 2.5]), np.array([1.0, 2.0]))
    0.75
    """
    return float(1 - np.sum((truth - predicted) ** 2) / np.sum((truth - last) ** 2))


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare with the last value and with trees; units are blocks of time."""
    by_block = frame.pivot_table(index="fold", columns=["candidate", "inputs"], values="test")
    means = by_block.mean()
    best = {name: str(means[name].idxmax()) for name in _MODELS}  # in favour of everybody
    score = {name: by_block[name][best[name]] for name in _MODELS}
    unit = "share of the squared error of the last value"
    gain = effect(f"saved by the LSTM, on {best['lstm']}", score["lstm"], unit=unit, of=_UNITS)
    lead = effect(
        f"saved by the LSTM (on {best['lstm']}) minus by boosted trees (on {best['gbt']})",
        score["lstm"] - score["gbt"],
        unit=unit,
        of=_UNITS,
    )
    others = [
        effect(f"saved by {title}, on {form}", by_block[name][form], unit=unit, of=_UNITS)
        for name, title in _MODELS.items()
        for form in _FORMS
        if (name, form) != ("lstm", best["lstm"])
    ]
    verdict = not_shown(CLAIM, gain)
    if gain.low > 0:
        verdict = "holds" if lead.low > 0 else "holds with a limit"
    told = frame.assign(
        **{key: [extra[key] for extra in frame["extra"]] for key in ("r2", "r2_last", "direction")}
    )
    textbook = told[(told["candidate"] == "lstm") & (told["inputs"] == "prices")]
    chosen = told[(told["candidate"] == "lstm") & (told["inputs"] == best["lstm"])]
    listed = "; ".join(
        f"{title} {means[name]['prices']:+.3f} on prices, {means[name]['returns']:+.3f} on returns"
        for name, title in _MODELS.items()
    )
    indices = frame["task"].str.rpartition("=")[2].unique()
    words = (
        f"Share of the squared error of the last value that is saved, mean of {gain.n} {_UNITS}: "
        f"{listed}. On prices the LSTM has an R² of {textbook['r2'].mean():.2f}, the last value one of "
        f"{textbook['r2_last'].mean():.2f}. On {best['lstm']} the LSTM hits the direction of "
        f"{chosen['direction'].mean():.0%} of the days. Trees on prices cannot predict a price above those "
        f"they have seen. {' and '.join(indices)}: one time and place, closing prices alone, no costs of "
        "trading."
    )
    charts = [
        Chart(
            "bars",
            f"Share of the squared error of the last value that is saved, on {form}, by block of time",
            records(part.groupby(["fold", "candidate"], sort=False)["test"].mean().reset_index()),
            x="fold",
            y="test",
            by="candidate",
            x_label="block",
            y_label="share; 0 is as good as the last value",
        )
        for form, part in sorted(frame.groupby("inputs"), reverse=True)
    ]
    shown = textbook[(textbook["fold"] == textbook["fold"].max()) & textbook["task"].str.endswith("DAX")]
    if len(shown):
        extra = shown["extra"].iloc[0]
        lines = {"price": extra["truth"][:60], "LSTM on prices, from the day before": extra["predicted"][:60]}
        charts.append(
            Chart(
                "lines",
                "DAX: the first 60 days of the last block",
                [
                    {"day": day, "line": name, "price": value}
                    for name, values in lines.items()
                    for day, value in enumerate(values)
                ],
                x="day",
                y="price",
                by="line",
                x_label="trading day",
                y_label="points",
            )
        )
    return Judgement(verdict, words, (gain, lead, *others), tuple(charts))
