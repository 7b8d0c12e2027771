"""Uninformative columns hurt networks that read a row as one vector more than trees."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.cell import Cell
from benchmarks.claims._data import Data, fit_and_score, load, numbers_only
from benchmarks.claims._tables import (
    GIVEN,
    NETWORKS,
    SETTINGS,
    TREES,
    by_importance,
    decided,
    lead,
    means,
    scored,
    tables,
    tally,
)
from benchmarks.claims._tables import settings as settings_of
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
)
from benchmarks.run import Facts

CLAIM = Claim(
    number=3,
    name="uninformative",
    sentence="Uninformative columns hurt networks that read a row as one vector more than trees, and without "
    "a table's least informative columns the lead of trees shrinks.",
    source="Grinsztajn, Oyallon & Varoquaux (2022), section 5.3 and figures 4 and 5",
    design="Columns of Gaussian noise are added, each with the mean and spread of a random column of the "
    "table, up to as many as the table has; or the columns that matter least to a default random forest "
    f"of the training rows are removed; or boosted trees get those alone. {GIVEN} Settings are the defaults; "
    "except in the full size networks are narrower.",
    data="embedded tables with at least four numeric columns; what is not a number is left out",
    refuted_by="networks that lose no more by as many columns of noise as the table has than trees do; it is "
    "a limit if it is not shown that the lead of trees shrinks without half of the columns",
    version=2,
)
_NONE, _ADDED, _REMOVED, _LEAST = "none", "added", "removed", "least alone"
_HALF = 0.5
_SHARES: dict[Size, tuple[tuple[float, ...], tuple[float, ...]]] = {  # added, removed
    "tiny": ((1.0,), (0.5,)),
    "quick": ((1.0,), (0.5,)),
    "full": ((0.25, 0.5, 0.75, 1.0), (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)),
}
_SPREAD = 1.349  # interquartile range of a normal distribution in standard deviations


def cells(size: Size) -> list[Cell]:
    """Every change of each table, and the least informative columns alone for boosted trees."""
    folds, most = {"tiny": (1, 200), "quick": (1, 400), "full": (5, 3_000)}[size]
    added, removed = _SHARES[size]
    all_of_them = (*TREES, *NETWORKS)
    plan = [
        (_NONE, (0.0,), all_of_them),
        (_ADDED, added, all_of_them),
        (_REMOVED, removed, all_of_them),
        (_LEAST, removed, TREES[:1]),
    ]
    return [
        cell
        for change, shares, who in plan
        for cell in grid(
            CLAIM,
            tasks=tables(size),
            candidates=who,
            levels={"change": [change], "share": shares},
            folds=folds,
            max_train=most,
            settings=SETTINGS[size],
        )
    ]


def noise(train: pd.DataFrame, n_rows: int, n_columns: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw columns that say nothing, each with the moments of a random column of the table.

    Parameters
    ----------
    train : DataFrame, shape (n, d)
        The table.
    n_rows, n_columns : int
        What is drawn.
    rng : numpy.random.Generator
        Draws.

    Returns
    -------
    DataFrame, shape (n_rows, n_columns)
        Normal values with the mean of a column and its interquartile range, or where that is 0 its standard
        deviation.

    Examples
    --------
    >>> table = pd.DataFrame({"a": np.linspace(99.0, 101.0, 500)})
    >>> drawn = noise(table, 1_000, 2, np.random.default_rng(0))
    >>> drawn.columns.tolist(), drawn.mean().round().tolist()
    (['noise 0', 'noise 1'], [100.0, 100.0])
    """
    values = train.to_numpy()
    low, high = np.quantile(values, [0.25, 0.75], axis=0)
    spread = np.where(high > low, (high - low) / _SPREAD, values.std(axis=0))
    like = rng.integers(train.shape[1], size=n_columns)
    drawn = rng.normal(values.mean(axis=0)[like], spread[like], size=(n_rows, n_columns))
    return pd.DataFrame(drawn, columns=[f"noise {i}" for i in range(n_columns)])


def changed(data: Data, change: str, share: float, order: list[str]) -> Data:
    """Add noise to a table or take columns from it.

    Parameters
    ----------
    data : Data
        Of numbers; it is changed.
    change : {"none", "added", "removed", "least alone"}
        What becomes of the columns.
    share : float
        How many, as a share of the columns of the table: from 0, and below 1 if columns are removed.
    order : list of str
        The columns, the most important one first.

    Returns
    -------
    Data
        At least one column of the table is in it. What is added for a share begins what is added for a
        larger one.
    """
    d = len(order)
    data.layout = None
    if change == _ADDED:
        rows = len(data.train)
        drawn = noise(data.train, rows + len(data.test), d, data.rng).iloc[:, : round(share * d)]
        data.train = data.train.join(drawn.iloc[:rows])
        data.test = data.test.join(drawn.iloc[rows:].reset_index(drop=True))
    elif change in (_REMOVED, _LEAST):
        fewer = min(max(1, int(share * d)), d - 1)
        kept = order[: d - fewer] if change == _REMOVED else order[d - fewer :]
        data.train, data.test = data.train[kept], data.test[kept]
    return data


def measure(cell: Cell, facts: Facts) -> None:
    """Fit one candidate to one change of the columns."""
    asked = level(cell)
    data = changed(numbers_only(load(cell)), asked["change"], asked["share"], by_importance(cell))
    facts.extra["columns"] = data.train.shape[1]
    fit_and_score(cell, facts, data, **settings_of(cell))


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare what noise costs, and the lead of trees with and without half of the columns."""
    frame = scored(frame)
    fallen = _fallen(frame)
    of_noise = fallen[(fallen["change"] == _ADDED) & (fallen["share"] == 1.0)]
    apart = -lead(of_noise, "lost")
    more = effect("lost to noise by networks minus by trees", apart)
    each = [
        effect(f"lost to noise by {name} minus by trees", -lead(of_noise, "lost", over=(name,)))
        for name in NETWORKS
    ]
    halved = frame[(frame["change"] == _REMOVED) & (frame["share"] == _HALF)]
    before, after = lead(frame[frame["change"] == _NONE]), lead(halved)
    shrinks = effect("lead of trees, minus that without half of the columns", before - after)
    verdict = not_shown(CLAIM, more)
    if more.low > 0:
        verdict = "holds" if shrinks.low > 0 else "holds with a limit"
    losses = of_noise.groupby("candidate")["lost"].mean()
    boosted = frame[frame["candidate"] == TREES[0]].groupby(["change", "share"])["test"].mean()
    words = (
        f"As many columns of noise as the table has cost boosted trees {losses['gbt']:.3f}, a random forest "
        f"{losses['random_forest']:.3f}, the perceptron {losses['mlp']:.3f}, the residual network "
        f"{losses['resnet']:.3f}; networks lose {more.mean:+.3f} more than trees, and more {tally(apart)}: "
        f"{decided(more)}. Without the less important half of the columns the lead of trees is "
        f"{after.mean():+.3f}, with all {before.mean():+.3f}, a difference of {shrinks.mean:+.3f}: it is "
        f"{'' if shrinks.low > 0 else 'not '}shown on {shrinks.n} sources that the lead shrinks. Boosted "
        f"trees score {boosted[_NONE, 0.0]:.3f} on all columns, {boosted[_REMOVED, _HALF]:.3f} on the better "
        f"half, {boosted[_LEAST, _HALF]:.3f} on the other alone."
    )
    added = fallen[fallen["change"].isin([_NONE, _ADDED])]
    charts = (
        Chart(
            "lines",
            "Score lost to columns of noise, mean over tables with its 95% interval",
            records(means(added, ["candidate", "share"], "lost")),
            x="share",
            y="lost",
            by="candidate",
            low="low",
            high="high",
            x_label="columns of noise added, as a share of the table's own",
            y_label="accuracy or R² lost",
        ),
        Chart(
            "lines",
            "Mean score without the least important columns",
            records(_removed(frame)),
            x="share",
            y="test",
            by="candidate",
            x_label="share of the columns removed",
            y_label="accuracy or R², mean over tables",
        ),
    )
    return Judgement(verdict, words, (more, *each, shrinks), charts)


def _fallen(frame: pd.DataFrame) -> pd.DataFrame:
    """Score lost from the table as it is, of each source, candidate and change."""
    one = ["origin", "candidate"]
    kept = frame.groupby([*one, "change", "share"])["test"].mean().reset_index()
    start = kept[kept["change"] == _NONE].set_index(one)["test"].rename("start")
    joined = kept.join(start, on=one)
    return joined.assign(lost=joined["start"] - joined["test"])


def _removed(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean scores by the share that was removed; boosted trees on that share alone as a line of its own."""
    rows = frame[frame["change"].isin([_NONE, _REMOVED, _LEAST])]
    alone = rows["candidate"].where(rows["change"] != _LEAST, f"{TREES[0]} on the removed ones alone")
    found = rows.assign(candidate=alone).groupby(["candidate", "share"])["test"].mean()
    return found.reset_index()
