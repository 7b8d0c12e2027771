"""How far pictures may be moved: max pooling against convolutions with a stride."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.cell import Cell
from benchmarks.claims._data import load
from benchmarks.claims._images import change, columns, images, pictures, shift, widen
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
    number=8,
    name="pooling_invariance",
    sentence="Max pooling gives some invariance to translation: a network with it keeps its accuracy when "
    "pictures are moved by a few pixels, one with strided convolutions in its place less so.",
    source="LeCun, Bengio & Hinton (2015), p. 439; the lesson",
    design="Two networks of equal weights and maps of equal size, halved by max pooling or by a stride of 2; "
    "a third with mean pooling is shown beside them. The last layer knows positions. They are trained on "
    "pictures in place, with a margin that repeats the border, and tested on pictures moved by 1 to 4 pixels "
    "up, down, left and right. The pixels tolerated are those at which a tenth of the accuracy is lost.",
    data="the embedded sets of pictures, each of another source",
    refuted_by="pooling that tolerates no more pixels than a stride, and loses as much at one pixel",
    matters=0.25,
)
MARGIN = 4  # pixels, and the largest shift
_KEPT = 0.9  # of the accuracy of pictures in their place
_POOLED, _STRIDED = "max pooling", "stride"
_MEAN = "mean pooling"
_WAYS = (_POOLED, _STRIDED, _MEAN)


def cells(size: Size) -> list[Cell]:
    """Each way of halving on each set."""
    folds, most, epochs = {"tiny": (1, 80, 4), "quick": (1, 400, 20), "full": (5, 2_000, 60)}[size]
    return grid(
        CLAIM,
        tasks=images(size),
        candidates=("cnn",),
        levels={"halved_by": _WAYS},
        folds=folds,
        max_train=most,
        max_test=100 if size == "tiny" else 500,
        max_epochs=epochs,
        width=16 if size == "full" else 8,
    )


def measure(cell: Cell, facts: Facts) -> None:
    """Train one network and test it on pictures moved by 0 to 4 pixels; the score is that at rest."""
    from benchmarks.claims._image_networks import ReducedClassifier

    data = change(load(cell), lambda values: widen(values, MARGIN))
    network = ReducedClassifier(
        layout=data.layout,
        by=level(cell)["halved_by"],
        max_epochs=rules(cell)["max_epochs"],
        width=rules(cell)["width"],
        random_state=cell.fold,
    )
    with timed(facts, "fit_seconds"):
        network.fit(data.train, data.y_train)
    values, truth = pictures(data.test, data.layout), data.y_test.to_numpy()

    def accuracy(down: int, right: int) -> float:
        return float(np.mean(network.predict(columns(shift(values, down, right))) == truth))

    with timed(facts, "predict_seconds"):
        moved = [
            [accuracy(down * by, right * by) for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1))]
            for by in range(1, MARGIN + 1)
        ]
        facts.test = accuracy(0, 0)
    facts.extra["moved"] = [facts.test, *(float(np.mean(some)) for some in moved)]
    facts.device = str(network.device_)


def tolerated(accuracy: Sequence[float]) -> float:
    """How many pixels a picture may move until a tenth of the accuracy is lost.

    Parameters
    ----------
    accuracy : sequence of float
        At 0, 1, 2 ... pixels.

    Returns
    -------
    float
        Straight between two pixels; the last one if it is never reached.

    Examples
    --------
    >>> tolerated([1.0, 0.95, 0.85])
    1.5
    >>> tolerated([1.0, 0.99, 0.98])
    2.0
    """
    bound = _KEPT * accuracy[0]
    for pixel, (near, far) in enumerate(itertools.pairwise(accuracy)):
        if far < bound:
            return pixel + (near - bound) / (near - far)
    return float(len(accuracy) - 1)


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare pooling and stride.

    The claim holds if pooling tolerates more pixels with 95% confidence, with a limit if it only keeps a
    larger share of its accuracy at one pixel.
    """
    rows = pd.DataFrame(
        [
            {"origin": row["origin"], "way": row["halved_by"], "pixels": pixels, "accuracy": accuracy}
            for row in frame.to_dict("records")
            for pixels, accuracy in enumerate(row["extra"]["moved"])
        ]
    )
    curves = rows.groupby(["origin", "way", "pixels"])["accuracy"].mean().unstack("pixels")
    pixels = curves.apply(lambda curve: tolerated(list(curve)), axis=1).unstack("way")
    kept = (curves[1] / curves[0]).unstack("way")
    more = effect(
        "pixels tolerated with max pooling minus with a stride",
        pixels[_POOLED] - pixels[_STRIDED],
        unit="pixels",
    )
    near = effect(
        "share of the accuracy kept at one pixel, max pooling minus stride",
        kept[_POOLED] - kept[_STRIDED],
        unit="share of the accuracy",
    )
    still = curves[0].unstack("way")
    rest = effect("accuracy at rest, max pooling minus stride", still[_POOLED] - still[_STRIDED])
    verdict = not_shown(CLAIM, more)
    if more.low > 0:
        verdict = "holds"
    elif near.low > 0:
        verdict = "holds with a limit"
    told = {_POOLED: _POOLED, _STRIDED: "a stride", _MEAN: _MEAN}
    mean = (pixels[_MEAN] - pixels[_POOLED]).mean()
    far = (curves[MARGIN] / curves[0]).unstack("way").mean()
    words = (
        "A tenth of the accuracy is lost at "
        + ", ".join(f"{pixels[way].mean():.1f} pixels with {said}" for way, said in told.items())
        + f". At one pixel {kept[_POOLED].mean():.0%} of it is kept with max pooling and "
        f"{kept[_STRIDED].mean():.0%} with a stride, at {MARGIN} pixels {far[_POOLED]:.0%} and "
        f"{far[_STRIDED]:.0%}. Mean pooling tolerates {abs(mean):.1f} pixels "
        f"{'more' if mean >= 0 else 'fewer'} than max pooling. More than {MARGIN} pixels are not tried."
    )
    kept_at = rows.merge(
        rows[rows["pixels"] == 0].groupby(["origin", "way"])["accuracy"].mean().rename("still").reset_index()
    )
    kept_at["share"] = kept_at["accuracy"] / kept_at["still"]
    lines = kept_at.groupby(["way", "pixels"])["share"].mean().reset_index()
    each = pixels.reset_index().melt("origin", var_name="way", value_name="tolerated")
    charts = (
        Chart(
            "lines",
            "Share of the accuracy kept when the test pictures are moved",
            records(lines),
            x="pixels",
            y="share",
            by="way",
            x_label="pixels moved",
            y_label="accuracy, as a share of that at rest",
        ),
        Chart(
            "bars",
            "Pixels at which a tenth of the accuracy is lost",
            records(each),
            x="origin",
            y="tolerated",
            by="way",
            y_label="pixels",
        ),
    )
    return Judgement(verdict, words, (more, near, rest), charts)
