"""How many pictures each family needs to the same accuracy."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from benchmarks.cell import Cell
from benchmarks.claims._data import fit_and_score, load
from benchmarks.claims._images import first_rows, images
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
from benchmarks.run import Facts

CLAIM = Claim(
    number=7,
    name="fewer_examples",
    sentence="Local filters with shared weights need fewer examples: a convolutional network reaches with a "
    "fraction of the pictures what a perceptron or trees reach with all of them.",
    source="LeCun et al. (1998), section II.A; Krizhevsky, Sutskever & Hinton (2012), section 1",
    design="Learning curves: each candidate is trained with its defaults on nested parts of the training "
    "pictures and tested on the same pictures. The saving is the factor between the most pictures and those "
    "that the better one needs to reach the other's last accuracy, in doublings; negative where the rival "
    "is the better one.",
    data="the embedded sets of pictures, each of another source",
    refuted_by="a saving that is not above zero against the perceptron and against trees",
    matters=0.5,
)
CANDIDATES = ("cnn", "mlp", "gbt")
_RIVALS = {"mlp": "the perceptron", "gbt": "boosted trees"}


def cells(size: Size) -> list[Cell]:
    """Each part of each set."""
    folds, parts = {
        "tiny": (1, (30, 60)),
        "quick": (1, (25, 50, 100, 200)),
        "full": (5, (50, 100, 200, 400, 800, 1_600)),
    }[size]
    short = {"max_epochs": 3} if size == "tiny" else {}
    return grid(
        CLAIM,
        tasks=images(size),
        candidates=CANDIDATES,
        levels={"pictures": parts},
        folds=folds,
        max_train=max(parts),
        networks=short,
    )


def measure(cell: Cell, facts: Facts) -> None:
    """Fit one candidate to so many pictures."""
    data = first_rows(load(cell), level(cell)["pictures"])
    settings = rules(cell)["networks"] if cell.candidate != "gbt" else {}
    fit_and_score(cell, facts, data, **settings)


def saving(n: pd.Index, one: pd.Series, other: pd.Series) -> float:
    r"""How many fewer pictures one needs than the other, in doublings.

    If one ends at least as high, it is :math:`\log_2(n_{max} / n)` with n where its curve first reaches the
    other's last value, between two sizes straight in the logarithm of n; else it is minus that of the other.

    Parameters
    ----------
    n : Index of int, ascending
        Training pictures.
    one, other : Series, same length
        Accuracy at each; the best so far counts.

    Returns
    -------
    float
        At most the doublings between the smallest and the largest n, which then means "at least"; NaN if a
        curve has a hole.

    Examples
    --------
    >>> n = pd.Index([100, 200, 400])
    >>> saving(n, pd.Series([0.5, 0.7, 0.9]), pd.Series([0.3, 0.5, 0.7]))
    1.0
    >>> saving(n, pd.Series([0.3, 0.5, 0.7]), pd.Series([0.5, 0.7, 0.9]))
    -1.0
    """
    a, b = np.maximum.accumulate(one.to_numpy()), np.maximum.accumulate(other.to_numpy())
    if np.isnan([a[-1], b[-1]]).any():
        return math.nan
    if a[-1] < b[-1]:
        return -saving(n, other, one)
    reached, doublings = int(np.argmax(a >= b[-1])), np.log2(n.to_numpy())
    if reached == 0:
        return float(doublings[-1] - doublings[0])
    left, right = a[reached - 1], a[reached]
    place = (b[-1] - left) / (right - left)
    needed = doublings[reached - 1] + place * (doublings[reached] - doublings[reached - 1])
    return float(doublings[-1] - needed)


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare the curves of each source.

    The claim holds if the saving against both rivals is above zero with 95% confidence, with a limit if
    against one and on average not below zero against the other.
    """
    curves = frame.pivot_table(index=["origin", "candidate"], columns="pictures", values="test")
    sources = list(dict.fromkeys(frame["origin"]))
    savings = {
        rival: [
            saving(curves.columns, curves.loc[(source, "cnn")], curves.loc[(source, rival)])
            for source in sources
        ]
        for rival in _RIVALS
    }
    parts = [int(n) for n in curves.columns]
    most, least = max(parts), min(parts)
    effects = [
        effect(
            f"doublings of the pictures saved against {_RIVALS[rival]}", np.array(values), unit="doublings"
        )
        for rival, values in savings.items()
    ]
    sure = [e.low > 0 for e in effects]
    verdict = not_shown(CLAIM, *effects)
    if all(sure):
        verdict = "holds"
    elif any(sure) and all(e.mean >= 0 for e in effects):
        verdict = "holds with a limit"
    told = [
        f"Against {_RIVALS[rival]} the CNN saves {e.mean:+.1f} doublings, {most} pictures being worth "
        f"{most / 2 ** abs(e.mean):.0f} of the better one; ahead on {sum(v > 0 for v in values)} of "
        f"{len(values)} sources."
        for e, (rival, values) in zip(effects, savings.items())
    ]
    limit = math.log2(most / least)
    words = " ".join([*told, f"From {least} to {most} no more than {limit:.1f} doublings can be seen."])
    gap = curves.reset_index().melt(id_vars=["origin", "candidate"], value_name="test")
    lines = gap.groupby(["candidate", "pictures"])["test"].mean().reset_index()
    chart = Chart(
        "lines",
        "Accuracy by the number of training pictures",
        records(lines),
        x="pictures",
        y="test",
        by="candidate",
        x_label="training pictures",
        y_label="accuracy, mean over sets of pictures",
        log_x=True,
    )
    each = pd.DataFrame(
        [
            {"source": source, "saved": value, "against": _RIVALS[rival]}
            for rival, values in savings.items()
            for source, value in zip(sources, values)
        ]
    )
    bars = Chart(
        "bars",
        "Doublings of the training pictures that the CNN saves",
        records(each),
        x="source",
        y="saved",
        by="against",
        y_label="doublings",
    )
    return Judgement(verdict, words, tuple(effects), (chart, bars))
