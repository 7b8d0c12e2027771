"""Rotating the inputs reverses the order of trees and networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import special_ortho_group

from benchmarks import candidates
from benchmarks.cell import Cell
from benchmarks.claims._data import gaussian, load, numbers_only, score
from benchmarks.claims._tables import (
    GIVEN,
    NETWORKS,
    SETTINGS,
    TREES,
    decided,
    lead,
    lost,
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
    Verdict,
    by_source,
    effect,
    grid,
    level,
    not_shown,
    records,
)
from benchmarks.run import Facts

CLAIM = Claim(
    number=4,
    name="rotation",
    sentence="Trees use the orientation of a table's columns: a random rotation of the inputs takes their "
    "lead over networks, and leaves a perceptron, which is invariant to rotations, unchanged.",
    source="Grinsztajn, Oyallon & Varoquaux (2022), section 5.4 and figure 6; Ng (2004)",
    design="Numeric columns get normal quantiles, cut at 3 standard deviations, for every candidate, then "
    "are multiplied by one random rotation of the fold, or not. Networks take them as they are: their usual "
    f"encoding works column by column, and so is no more invariant than trees are. {GIVEN} Settings are the "
    "defaults; except in the full size networks are narrower.",
    data="embedded tables with at least four numeric columns; what is not a number is left out",
    refuted_by="trees that lose no more by the rotation than the networks do, or a perceptron that surely "
    "loses more than 0.01; it is a limit if it is not shown that the lead of trees is reversed, or that the "
    "perceptron loses less than 0.01",
    version=3,
)
_AS_THEY_ARE, _ROTATED = "as they are", "rotated"
_FAR = 3.0  # as the networks' own encoding cuts: ties at the end of a column would stand at -5.2
_UNCHANGED = 0.01  # of the score


def cells(size: Size) -> list[Cell]:
    """Both orientations of each table."""
    folds, most = {"tiny": (1, 200), "quick": (1, 700), "full": (5, 3_000)}[size]
    return grid(
        CLAIM,
        tasks=tables(size),
        candidates=(*TREES, *NETWORKS),
        levels={"inputs": [_AS_THEY_ARE, _ROTATED]},
        folds=folds,
        max_train=most,
        settings=SETTINGS[size],
    )


def rotated(values: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Multiply rows by a random rotation, which keeps the distances between them.

    Parameters
    ----------
    values : DataFrame, shape (n, d)
        Numbers, d at least 2.
    seed : int
        Decides on the rotation, for a given d.

    Examples
    --------
    >>> turned = rotated(pd.DataFrame([[3.0, 4.0], [0.0, 0.0]]), seed=0)
    >>> round(float(np.hypot(*turned.iloc[0])), 6)
    5.0
    """
    turned: pd.DataFrame = values @ special_ortho_group.rvs(values.shape[1], random_state=seed)
    return turned


class _AsTheyAre:
    """The encoder of a network that takes numbers as they come."""

    cardinalities: tuple[int, ...] = ()

    def transform(self, rows: Any) -> NDArray[np.float32]:
        """The same numbers, shape (n, d)."""
        return np.asarray(rows, dtype=np.float32)


def bare(network: Any) -> Any:
    """Let a network take its inputs as they are."""

    def keep(rows: Any, seed: int) -> None:
        network.encoder_ = _AsTheyAre()

    network._fit_encoder = keep
    return network


def measure(cell: Cell, facts: Facts) -> None:
    """Fit one candidate to one orientation."""
    data = gaussian(numbers_only(load(cell)))
    data.train, data.test = data.train.clip(-_FAR, _FAR), data.test.clip(-_FAR, _FAR)
    if level(cell)["inputs"] == _ROTATED:
        seed = int(data.rng.integers(2**31))
        data.train, data.test = rotated(data.train, seed), rotated(data.test, seed)
    estimator = candidates.get(cell.candidate).make(
        data.kind, layout=None, random_state=cell.seed, **settings_of(cell)
    )
    score(bare(estimator) if cell.candidate in NETWORKS else estimator, facts, data)


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare what trees and networks lose."""
    frame = scored(frame)
    fallen = lost(frame, "inputs", _AS_THEY_ARE)
    fallen = fallen[fallen["inputs"] == _ROTATED]
    each = lead(fallen, "lost")
    more = effect("lost by trees minus lost by networks", each)
    alone = fallen[fallen["candidate"] == "mlp"]
    perceptron = effect("lost by the perceptron", by_source(alone, "lost"))
    before, after = (
        effect(f"trees minus networks, {inputs}", lead(frame[frame["inputs"] == inputs]))
        for inputs in (_AS_THEY_ARE, _ROTATED)
    )
    reversed_ = after.high < 0 < before.mean
    unchanged, changed = perceptron.high < _UNCHANGED, perceptron.low > _UNCHANGED
    verdict: Verdict = "does not hold here" if changed else not_shown(CLAIM, more)
    if more.low > 0 and not changed:
        verdict = "holds" if reversed_ and unchanged else "holds with a limit"
    losses = fallen.groupby("candidate")["lost"].mean()
    words = (
        f"A rotation costs boosted trees {losses['gbt']:.3f}, a random forest {losses['random_forest']:.3f}, "
        f"the perceptron {losses['mlp']:.3f} and the residual network {losses['resnet']:.3f}. Trees lose "
        f"{more.mean:+.3f} more than networks, and more {tally(each)}: {decided(more)}. Their lead is "
        f"{before.mean:+.3f} before and {after.mean:+.3f} after; it is "
        f"{'' if reversed_ else 'not '}shown that the order is reversed, and "
        f"{'' if unchanged else 'not '}shown that the perceptron loses less than {_UNCHANGED}"
        f"{': it surely loses more' if changed else ''}."
    )
    chart = Chart(
        "bars",
        "Score lost by a random rotation of the inputs, mean over tables with its 95% interval",
        records(means(fallen, ["candidate"], "lost")),
        x="candidate",
        y="lost",
        low="low",
        high="high",
        x_label="candidate",
        y_label="accuracy or R² lost",
    )
    order = Chart(
        "bars",
        "Mean score with the columns as they are, and rotated",
        records(means(frame, ["candidate", "inputs"], "test")),
        x="candidate",
        y="test",
        by="inputs",
        x_label="candidate",
        y_label="accuracy or R², mean over tables",
    )
    return Judgement(verdict, words, (more, perceptron, before, after), (chart, order))
