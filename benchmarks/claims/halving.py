"""Smaller maps with more channels: what a layer costs, and what it is worth at equal compute."""

from __future__ import annotations

import itertools

import pandas as pd

from benchmarks.cell import Cell
from benchmarks.claims._data import load
from benchmarks.claims._images import images
from benchmarks.claims.base import (
    Chart,
    Claim,
    Judgement,
    Size,
    Verdict,
    effect,
    grid,
    level,
    not_shown,
    records,
    rules,
)
from benchmarks.protocol import METRICS
from benchmarks.run import Facts, timed

CLAIM = Claim(
    number=9,
    name="halving",
    sentence="Halving the maps while the channels double (224, 112, 56, 28) keeps the cost of a layer equal, "
    "and is a better use of the same compute than channels that stay constant.",
    source="the lesson; Krizhevsky, Sutskever & Hinton (2012), figure 2; Simonyan & Zisserman (2015)",
    design="Three stages of two 3 x 3 convolutions: maps halved with channels that double, maps halved with "
    "constant channels, maps of full size with constant channels. The latter two have the fewest channels "
    "with which they cost no less than the first. Multiply-adds of the convolutions are counted; each is "
    "trained alike.",
    data="the embedded sets of pictures, each of another source",
    refuted_by="constant channels that are as accurate at equal compute",
)
_DOUBLING, _CONSTANT, _FULL = "halved, channels double", "halved, channels constant", "full size"
_WAYS = (_DOUBLING, _CONSTANT, _FULL)
_STAGES = 3


def cells(size: Size) -> list[Cell]:
    """Each way on each set."""
    folds, most, epochs = {"tiny": (1, 60, 3), "quick": (1, 320, 16), "full": (5, 2_000, 40)}[size]
    return grid(
        CLAIM,
        tasks=images(size),
        candidates=("cnn",),
        levels={"maps": _WAYS},
        folds=folds,
        max_train=most,
        max_epochs=epochs,
        width=6 if size == "tiny" else 12,
    )


def measure(cell: Cell, facts: Facts) -> None:
    """Train one network."""
    from benchmarks.claims._image_networks import StagedClassifier

    data, way, asked = load(cell), level(cell)["maps"], rules(cell)
    assert data.layout is not None
    channels = plan(data.layout, way, asked["width"])
    network = StagedClassifier(
        layout=data.layout,
        channels=channels,
        halves=way != _FULL,
        max_epochs=asked["max_epochs"],
        random_state=cell.fold,
    )
    with timed(facts, "fit_seconds"):
        network.fit(data.train, data.y_train)
    with timed(facts, "predict_seconds"):
        predicted = network.predict(data.test)
    facts.test = METRICS[data.metric](data.y_test, predicted)
    facts.extra["channels"] = list(channels)
    facts.extra["multiply_adds"] = multiply_adds(data.layout, channels, halves=way != _FULL)
    facts.device = str(network.device_)


def multiply_adds(layout: tuple[int, ...], channels: tuple[int, ...], *, halves: bool) -> list[int]:
    """Count what the convolutions of a picture cost.

    Parameters
    ----------
    layout : tuple of int
        ``(H, W, C)``.
    channels : tuple of int
        Of each stage.
    halves : bool
        Whether the maps are halved between stages.

    Returns
    -------
    list of int
        Multiply-adds of the stem, then of the two convolutions of each stage.

    Examples
    --------
    >>> multiply_adds((224, 224, 3), (64, 128, 256), halves=True)[2::2]
    [1849688064, 1849688064, 1849688064]
    """
    height, width, before = layout
    costs = [9 * height * width * before * channels[0]]
    before = channels[0]
    for stage, to in enumerate(channels):
        if halves and stage > 0:
            height, width = -(-height // 2), -(-width // 2)
        costs += [9 * height * width * before * to, 9 * height * width * to * to]
        before = to
    return costs


def plan(layout: tuple[int, ...], way: str, width: int) -> tuple[int, ...]:
    """Channels of the stages: doubled from the width, or the fewest constant ones that cost no less.

    Examples
    --------
    >>> [plan((28, 28, 1), way, 12) for way in ("halved, channels double", "full size")]
    [(12, 24, 48), (11, 11, 11)]
    """
    doubled = tuple(width * 2**stage for stage in range(_STAGES))
    if way == _DOUBLING:
        return doubled
    budget = sum(multiply_adds(layout, doubled, halves=True))
    constant = ((n,) * _STAGES for n in itertools.count(1))
    return next(c for c in constant if sum(multiply_adds(layout, c, halves=way != _FULL)) >= budget)


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare the three.

    The claim holds if the second convolutions of the stages cost the same within a tenth, and doubling is
    more accurate than both others with 95% confidence; with a limit if it is so against one of them, and not
    less accurate than the other with the same confidence.
    """
    score = frame.pivot_table(index="origin", columns="maps", values="test")
    costs = pd.DataFrame(list(frame["extra"].map(lambda extra: extra["multiply_adds"])), index=frame.index)
    seconds = costs.iloc[:, 2::2]  # the first of a stage costs half: it still reads the channels of the last
    uneven = (seconds.max(axis=1) / seconds.min(axis=1)).groupby(frame["maps"]).mean()
    over = [effect(f"accuracy, doubling minus {way}", score[_DOUBLING] - score[way]) for way in _WAYS[1:]]
    equal = bool(uneven[_DOUBLING] <= 1.1)
    verdict: Verdict = not_shown(CLAIM, *over) if equal else "does not hold here"
    if equal and all(e.low > 0 for e in over):
        verdict = "holds"
    elif equal and any(e.low > 0 for e in over) and not any(e.high < 0 for e in over):
        verdict = "holds with a limit"
    compute = costs.sum(axis=1).groupby([frame["origin"], frame["maps"]]).mean().unstack("maps")
    more = {way: (compute[way] / compute[_DOUBLING]).mean() - 1 for way in _WAYS[1:]}
    took = frame.groupby("maps")["fit_seconds"].median()
    shown = [f"that to {to}" for e, to in zip(over, ("constant channels", "full size")) if e.low > 0]
    words = (
        f"With doubling, the dearest stage costs {uneven[_DOUBLING]:.2f} times the cheapest, with constant "
        f"channels {uneven[_CONSTANT]:.0f} times. At equal compute (the others {more[_CONSTANT]:.0%} and "
        f"{more[_FULL]:.0%} more) doubling is {over[0].mean:+.3f} to constant channels and "
        f"{over[1].mean:+.3f} to maps of full size, in {took[_DOUBLING]:.1f} s of training against "
        f"{took[_CONSTANT]:.1f} and {took[_FULL]:.1f}. Above zero with 95% confidence "
        f"is {' and '.join(shown) or 'neither difference'}. The pictures have 8 to 32 pixels a side, not 224."
    )
    accuracy = frame.groupby(["origin", "maps"])["test"].mean().reset_index()
    layers = ["stem"] + [f"{stage}.{i}" for stage in range(1, _STAGES + 1) for i in (1, 2)]
    largest = frame["origin"] == compute[_DOUBLING].idxmax()
    cost = costs[largest].groupby(frame["maps"][largest]).mean().set_axis(layers, axis=1)
    bars = (cost / 1e6).rename_axis("maps").reset_index().melt("maps", var_name="layer", value_name="cost")
    charts = (
        Chart(
            "bars",
            "Accuracy at equal compute",
            records(accuracy),
            x="origin",
            y="test",
            by="maps",
            y_label="accuracy",
        ),
        Chart(
            "bars",
            f"Cost of each convolution, {compute[_DOUBLING].idxmax()}",
            records(bars),
            x="layer",
            y="cost",
            by="maps",
            x_label="stage and convolution",
            y_label="million multiply-adds a picture",
        ),
    )
    return Judgement(verdict, words, tuple(over), charts)
