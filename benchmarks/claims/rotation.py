"""Rotating the inputs reverses the order of trees and networks."""

from __future__ import annotations

import pandas as pd
from scipy.stats import special_ortho_group

from benchmarks.cell import Cell
from benchmarks.claims._data import fit_and_score, gaussian, load, numbers_only
from benchmarks.claims._tables import NETWORKS, TREES, tables
from benchmarks.claims.base import (
    Chart,
    Claim,
    Finding,
    Size,
    Verdict,
    by_source,
    effect,
    grid,
    level,
    records,
)
from benchmarks.run import Facts

CLAIM = Claim(
    number=4,
    name="rotation",
    sentence="Trees use the orientation of a table's columns: a random rotation of the inputs takes their "
    "lead over networks, and leaves a perceptron, which is invariant to rotations, unchanged.",
    source="Grinsztajn, Oyallon & Varoquaux (2022), section 5.4 and figure 6; Ng (2004)",
    design="Numeric columns get normal quantiles for every candidate, then are multiplied by one random "
    "rotation of the fold, or not. Each candidate is trained with its defaults on both.",
    data="embedded tables with at least four numeric columns",
    refuted_by="trees that lose no more by the rotation than the networks do",
)
_AS_THEY_ARE, _ROTATED = "as they are", "rotated"
_GROUPS = {"trees": TREES, "networks": NETWORKS, "mlp": ("mlp",)}


def cells(size: Size) -> list[Cell]:
    """Both orientations of each table."""
    folds, most = {"tiny": (1, 200), "quick": (2, 1_000), "full": (5, 3_000)}[size]
    return grid(
        CLAIM,
        tasks=tables(size),
        candidates=(*TREES, *NETWORKS),
        levels={"inputs": [_AS_THEY_ARE, _ROTATED]},
        folds=folds,
        max_train=most,
    )


def measure(cell: Cell, facts: Facts) -> None:
    """Fit one candidate to one orientation."""
    data = gaussian(numbers_only(load(cell)))
    if level(cell)["inputs"] == _ROTATED:
        turn = special_ortho_group.rvs(data.train.shape[1], random_state=int(data.rng.integers(2**31)))
        data.train, data.test = data.train @ turn, data.test @ turn
    fit_and_score(cell, facts, data)


def judge(frame: pd.DataFrame) -> Finding:
    """Compare what trees and networks lose."""
    wide = frame.pivot_table(
        index=["origin", "task", "candidate"], columns="inputs", values="test"
    ).reset_index()
    wide["lost"] = wide[_AS_THEY_ARE] - wide[_ROTATED]
    of = {name: wide[wide["candidate"].isin(group)] for name, group in _GROUPS.items()}
    lost = {name: by_source(rows, "lost") for name, rows in of.items()}
    more = effect("lost by trees minus lost by networks", lost["trees"] - lost["networks"])
    perceptron = effect("lost by the perceptron", lost["mlp"])
    before, after = (
        effect(
            f"trees minus networks, {inputs}",
            by_source(of["trees"], inputs) - by_source(of["networks"], inputs),
        )
        for inputs in (_AS_THEY_ARE, _ROTATED)
    )
    reversed_ = after.mean < 0 < before.mean
    verdict: Verdict = "does not hold here"
    if more.low > 0:
        verdict = "holds" if reversed_ else "holds with a limit"
    words = (
        f"A rotation costs trees {lost['trees'].mean():.3f} and networks {lost['networks'].mean():.3f}, the "
        f"perceptron {perceptron.mean:.3f}. The lead of trees is {before.mean:+.3f} before and "
        f"{after.mean:+.3f} after: the order is {'' if reversed_ else 'not '}reversed."
    )
    means = frame.groupby(["candidate", "inputs"])["test"].mean().reset_index()
    chart = Chart(
        "bars",
        "Mean score with the columns as they are, and rotated",
        records(means),
        x="candidate",
        y="test",
        by="inputs",
        y_label="accuracy or R², mean over tables",
    )
    return Finding(verdict, words, (more, perceptron, before, after), (chart,))
