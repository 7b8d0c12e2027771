"""Learned features against histograms of oriented gradients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks import candidates
from benchmarks.cell import Cell
from benchmarks.claims._data import Data, fit_and_score, load
from benchmarks.claims._hog import hog
from benchmarks.claims._images import first_rows, images, pictures
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
from benchmarks.run import Facts, timed

CLAIM = Claim(
    number=11,
    name="hand_made_features",
    sentence="Features that a convolutional network learns from pixels beat features made by hand.",
    source="LeCun, Bengio & Hinton (2015), p. 436; Krizhevsky, Sutskever & Hinton (2012), section 6",
    design="A convolutional network on pixels against histograms of oriented gradients (Dalal & Triggs 2005) "
    "under a linear model and under boosted trees, all with their defaults. Of two sizes of the histograms' "
    "cells the one is taken that a linear model does better with on a fifth of the training pictures. Two "
    "numbers of training pictures, the same test pictures.",
    data="the embedded sets of pictures, each of another source, up to a few thousand pictures",
    refuted_by="with the most pictures, a network that is not better than the better of the two",
)
_LEARNED, _BY_HAND = "learned", "by hand"
_TITLES = {"cnn": "network on pixels", "linear": "HOG, linear", "gbt": "HOG, boosted trees"}


def cells(size: Size) -> list[Cell]:
    """The network on pixels, the others on histograms."""
    folds, parts = {"tiny": (1, (60,)), "quick": (1, (120, 320)), "full": (5, (250, 1_000, 2_000))}[size]
    short = {"max_epochs": 3} if size == "tiny" else {}
    features = {_LEARNED: ("cnn",), _BY_HAND: ("linear", "gbt")}
    return [
        cell
        for made, names in features.items()
        for cell in grid(
            CLAIM,
            tasks=images(size),
            candidates=names,
            levels={"features": [made], "pictures": parts},
            folds=folds,
            max_train=max(parts),
            networks=short,
        )
    ]


def measure(cell: Cell, facts: Facts) -> None:
    """Fit one candidate to one kind of features."""
    asked = level(cell)
    data = first_rows(load(cell), asked["pictures"])
    if asked["features"] == _BY_HAND:
        with timed(facts, "fit_seconds"):
            data, facts.extra["cell"] = describe(data)
    fit_and_score(cell, facts, data, **(rules(cell)["networks"] if cell.candidate == "cnn" else {}))


def describe(data: Data) -> tuple[Data, int]:
    """Put histograms in the place of pixels; the second value is the size of their cells in pixels."""
    assert data.layout is not None
    side = min(data.layout[:2])
    sizes = sorted({max(2, side // 8), max(2, side // 4)})
    train, test = (pictures(frame, data.layout) for frame in (data.train, data.test))
    made = {cell: pd.DataFrame(hog(train, cell=cell)) for cell in sizes}
    cell = max(sizes, key=lambda size: _held_out(made[size], data)) if len(sizes) > 1 else sizes[0]
    data.train, data.test, data.layout = made[cell], pd.DataFrame(hog(test, cell=cell)), None
    return data, cell


def _held_out(features: pd.DataFrame, data: Data) -> float:
    """Accuracy of a linear model on every fifth training picture, which it has not seen."""
    held = np.arange(len(features)) % 5 == 4
    model = candidates.get("linear").make(data.kind, random_state=0)
    model.fit(features[~held], data.y_train[~held])
    return float(np.mean(model.predict(features[held]) == data.y_train[held]))


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare with the most pictures.

    The claim holds if the network is above the better of the two, of each source, with 95% confidence; with a
    limit if it is so above one of the two, and not so below the other.
    """
    score = frame.pivot_table(index="origin", columns=["pictures", "candidate"], values="test")
    parts = sorted(frame["pictures"].unique())
    last = score[parts[-1]]
    best = last[["linear", "gbt"]].max(axis=1)
    over = effect("network minus the better of the two", last["cnn"] - best)
    each = [effect(f"network minus {_TITLES[name]}", last["cnn"] - last[name]) for name in ("linear", "gbt")]
    verdict = not_shown(CLAIM, over)
    if over.low > 0:
        verdict = "holds"
    elif any(e.low > 0 for e in each) and not any(e.high < 0 for e in each):
        verdict = "holds with a limit"
    by_number = [
        f"{(score[n]['cnn'] - score[n][['linear', 'gbt']].max(axis=1)).mean():+.3f} with {n}" for n in parts
    ]
    words = (
        f"The network minus the better of the two on hand-made features: {', '.join(by_number)} training "
        f"pictures; with the most it is ahead on {int((last['cnn'] > best).sum())} of {len(last)} sources. "
        f"Against the linear model alone {each[0].mean:+.3f}, boosted trees alone {each[1].mean:+.3f}. "
        "This speaks of small sets; the paper had 1.2 million pictures."
    )
    means = frame.assign(model=frame["candidate"].map(_TITLES))
    lines = means.groupby(["model", "pictures"])["test"].mean().reset_index()
    bars = means[means["pictures"] == parts[-1]].groupby(["origin", "model"])["test"].mean().reset_index()
    charts = (
        Chart(
            "bars",
            f"Accuracy with at most {parts[-1]} training pictures",
            records(bars),
            x="origin",
            y="test",
            by="model",
            y_label="accuracy",
        ),
        Chart(
            "lines",
            "Accuracy by the number of training pictures",
            records(lines),
            x="pictures",
            y="test",
            by="model",
            x_label="training pictures",
            y_label="accuracy, mean over sets of pictures",
            log_x=True,
        ),
    )
    return Judgement(verdict, words, (over, *each), charts)
