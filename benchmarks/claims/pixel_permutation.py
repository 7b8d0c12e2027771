"""One fixed order of the pixels for all pictures: what it costs whom."""

from __future__ import annotations

import pandas as pd

from benchmarks.cell import Cell
from benchmarks.claims._data import fit_and_score, load
from benchmarks.claims._images import change, images, permute_pixels
from benchmarks.claims.base import (
    Chart,
    Claim,
    Effect,
    Judgement,
    Size,
    by_source,
    effect,
    grid,
    level,
    not_shown,
    records,
    rules,
)
from benchmarks.run import Facts

CLAIM = Claim(
    number=6,
    name="pixel_permutation",
    sentence="A fixed permutation of the pixels takes a convolutional network's advantage, and leaves a "
    "perceptron and trees, which do not know which pixels are neighbours, unchanged.",
    source="Krizhevsky, Sutskever & Hinton (2012), section 1; LeCun, Bengio & Hinton (2015), p. 439",
    design="One random order of the pixels for each fold, the same for training and test pictures and for "
    "all candidates; the channels of a pixel stay together. Each candidate is trained with its defaults on "
    "the pictures as they are and on the permuted ones.",
    data="the embedded sets of pictures, each of another source",
    refuted_by="a convolutional network that loses no more than the others, or others that surely change by "
    "more than 0.02; it is a limit if it is not shown that they change by less, or that less than 0.02 "
    "of the network's advantage is left, or if it had none in the mean",
)
CANDIDATES = ("cnn", "mlp", "gbt")
_IN_PLACE, _PERMUTED = "in place", "permuted"
_SAME = 0.02  # a change of the score within ± this much counts as none


def cells(size: Size) -> list[Cell]:
    """Both orders of each set."""
    folds, most = {"tiny": (1, 60), "quick": (1, 180), "full": (5, 2_000)}[size]
    short = {"max_epochs": 3} if size == "tiny" else {}
    return grid(
        CLAIM,
        tasks=images(size),
        candidates=CANDIDATES,
        levels={"pixels": [_IN_PLACE, _PERMUTED]},
        folds=folds,
        max_train=most,
        networks=short,
    )


def measure(cell: Cell, facts: Facts) -> None:
    """Fit one candidate to one order of the pixels."""
    data = load(cell)
    if level(cell)["pixels"] == _PERMUTED:
        assert data.layout is not None
        order = data.rng.permutation(data.layout[0] * data.layout[1])
        data = change(data, lambda values: permute_pixels(values, order))
    settings = rules(cell)["networks"] if cell.candidate != "gbt" else {}
    fit_and_score(cell, facts, data, **settings)


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare what each loses.

    The claim holds if the network loses more than the mean of the others, their changes are within ± 0.02
    with 95% confidence, and the network had an advantage in the mean of which less than 0.02 is left with
    95% confidence; it holds with a limit if only the first is so. It is refuted if one of the others surely
    changes by more.
    """
    wide = frame.pivot_table(index=["origin", "task", "candidate"], columns="pixels", values="test")
    wide["lost"] = wide[_IN_PLACE] - wide[_PERMUTED]
    rows = wide.reset_index()

    def of(column: str, *names: str) -> pd.Series:
        return by_source(rows[rows["candidate"].isin(names)], column)

    lost, others = {name: of("lost", name) for name in CANDIDATES}, ("mlp", "gbt")
    more = effect("lost by the CNN minus lost by the others", lost["cnn"] - of("lost", *others))
    unchanged = {name: effect(f"lost by {name}", lost[name]) for name in others}
    before, after = (
        effect(f"CNN minus the others, pixels {order}", of(order, "cnn") - of(order, *others))
        for order in (_IN_PLACE, _PERMUTED)
    )
    same = all(_is_same(change) for change in unchanged.values())
    gone = after.high < _SAME
    verdict = not_shown(CLAIM, more)
    if any(change.low > _SAME or change.high < -_SAME for change in unchanged.values()):
        verdict = "does not hold here"
    elif more.low > 0:
        verdict = "holds" if same and gone and before.mean > 0 else "holds with a limit"
    words = (
        f"The permutation costs the CNN {lost['cnn'].mean():.3f} of accuracy, the perceptron "
        f"{lost['mlp'].mean():+.3f} and boosted trees {lost['gbt'].mean():+.3f}. The CNN's advantage over "
        f"the mean of the two is {before.mean:+.3f} before and {after.mean:+.3f} after. It is "
        f"{'' if gone else 'not '}shown that less than {_SAME} of it is left, and "
        f"{'' if same else 'not '}shown that the two change by less than {_SAME}."
    )
    means = frame.groupby(["candidate", "pixels"])["test"].mean().reset_index()
    chart = Chart(
        "bars",
        "Accuracy with the pixels in place, and permuted",
        records(means),
        x="candidate",
        y="test",
        by="pixels",
        y_label="accuracy, mean over sets of pictures",
    )
    return Judgement(verdict, words, (more, *unchanged.values(), before, after), (chart,))


def _is_same(change: Effect) -> bool:
    """Whether the whole interval is within the margin: no evidence of a change is not enough."""
    return change.low > -_SAME and change.high < _SAME
