"""Structure x architecture: the bias must match the structure, or it is wasted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import special_ortho_group

import datasets
from advisor.outlook import FAMILIES
from benchmarks.cell import Cell
from benchmarks.claims._data import Data, fit_and_score, gaussian, load, numbers_only
from benchmarks.claims._sequences import DUMMY, above_dummy, epochs, series, shuffle_steps
from benchmarks.claims._tables import tables
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
from benchmarks.scores import TEXTBOOK

CLAIM = Claim(
    number=17,
    name="bias_must_match",
    sentence="The architecture whose bias matches the structure of the data leads on it, and where the "
    "structure is destroyed the lead is gone: the bias was wasted.",
    source="the lesson on choosing an architecture; Wolpert (1996) on why no bias is best on everything",
    design="CNN, LSTM, boosted trees and a perceptron, with their defaults, on pictures, sequences and "
    "tables. The structure is destroyed by one fixed change of all rows that keeps all information: the "
    "pixels permuted, the steps permuted, the columns rotated. Scores count from the dummy (0) to the best "
    "of a task (1); the lead of the matching family is its score minus the mean of the other three.",
    data="embedded pictures, sequences and tables (numeric columns, normal quantiles for every candidate)",
    refuted_by="a lead of the matching family that does not shrink when the structure is destroyed; it is a "
    "limit if it is not shown that there is one while it is intact, or that less than 0.05 is left of it, or "
    "if on one of the structures there is none in the mean, or one that does not shrink",
    matters=0.05,
)
_CANDIDATES = (*FAMILIES, "mlp")
_INTACT, _DESTROYED = "intact", "destroyed"
_TITLES = {"image": "pictures", "sequence": "sequences", "tabular": "tables"}


def _tasks(size: Size) -> tuple[str, ...]:
    """Some of each structure, the first by name; the pictures of 3,072 values only in "full"."""
    found = [task for task in datasets.names() if datasets.describe(task).structure == "image"]
    small = [task for task in found if datasets.describe(task).d <= 600]
    most = {"tiny": 1, "quick": 3}.get(size)
    pictures = found if most is None else small[:most]
    return (*pictures, *series("full")[:most], *tables("full")[:most])


def cells(size: Size) -> list[Cell]:
    """Each task, intact and destroyed."""
    folds, most, limit = {"tiny": (1, 80, 1), "quick": (1, 200, None), "full": (3, 3_000, None)}[size]
    return grid(
        CLAIM,
        tasks=_tasks(size),
        candidates=(*_CANDIDATES, DUMMY),
        levels={"structure_is": [_INTACT, _DESTROYED]},
        folds=folds,
        max_train=most,
        max_test=100 if size == "tiny" else 1_000,
        max_epochs=limit,
    )


def permute_pixels(data: Data) -> Data:
    """Put the pixels of all pictures into one random order; the channels of a pixel stay together."""
    layout = data.layout
    if layout is None or len(layout) != 3:
        raise ValueError(f"pixels can be permuted in a layout (H, W, C) alone, got {layout}")
    order = data.rng.permutation(layout[0] * layout[1])
    places = np.arange(int(np.prod(layout))).reshape(-1, layout[2])[order].ravel()
    for side in ("train", "test"):
        frame: pd.DataFrame = getattr(data, side)
        setattr(data, side, pd.DataFrame(frame.to_numpy()[:, places], columns=frame.columns))
    return data


def rotate_columns(data: Data) -> Data:
    """Multiply the columns of all rows by one random rotation."""
    turn = special_ortho_group.rvs(data.train.shape[1], random_state=int(data.rng.integers(2**31)))
    data.train, data.test = data.train @ turn, data.test @ turn
    return data


def measure(cell: Cell, facts: Facts) -> None:
    """Fit one family to one task, intact or destroyed."""
    data = load(cell)
    n_axes = 1 if data.layout is None else len(data.layout)
    if n_axes == 1:
        data = gaussian(numbers_only(data))
        data.layout = None  # some columns may be gone
    if level(cell)["structure_is"] == _DESTROYED:
        change = {1: rotate_columns, 2: lambda d: shuffle_steps(d, each=False), 3: permute_pixels}[n_axes]
        data = change(data)
    fit_and_score(cell, facts, data, **epochs(cell))


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare the lead of the matching family before and after."""
    skill = above_dummy(frame, ["structure", "structure_is"])
    wide = skill.pivot_table(
        index=["structure", "origin", "task", "structure_is"], columns="candidate", values="skill"
    ).reset_index()
    matching = wide["structure"].map(TEXTBOOK)
    own = np.array([row[name] for (_, row), name in zip(wide.iterrows(), matching)])
    wide["lead"] = own - (wide[list(_CANDIDATES)].sum(axis=1, skipna=False) - own) / (len(_CANDIDATES) - 1)
    leads = wide.pivot_table(index=["structure", "origin"], columns="structure_is", values="lead")
    unit = "share of the best skill"
    wasted = effect("lead intact minus lead destroyed", leads[_INTACT] - leads[_DESTROYED], unit=unit)
    intact = effect("lead of the matching family, intact", leads[_INTACT], unit=unit)
    after = effect("lead of the matching family, destroyed", leads[_DESTROYED], unit=unit)
    each = {name: leads.loc[[name]] for name in TEXTBOOK if name in leads.index}
    parts = [
        effect(f"lead on {_TITLES[name]}, {state}", rows[state], unit=unit)
        for name, rows in each.items()
        for state in (_INTACT, _DESTROYED)
    ]
    everywhere = all(
        rows[_INTACT].mean() > 0 and rows[_INTACT].mean() > rows[_DESTROYED].mean() for rows in each.values()
    )
    there, gone = intact.low > 0, after.high < CLAIM.matters
    verdict = not_shown(CLAIM, wasted)
    if wasted.low > 0:
        verdict = "holds" if everywhere and there and gone else "holds with a limit"
    told = "; ".join(
        f"on {_TITLES[name]} ({TEXTBOOK[name]}) from {rows[_INTACT].mean():+.2f} to "
        f"{rows[_DESTROYED].mean():+.2f}"
        for name, rows in each.items()
    )
    means = skill.groupby(["structure", "structure_is", "candidate"])["skill"].mean()
    best = means.unstack().idxmax(axis=1)  # by structure and state
    leaders = ", ".join(f"{best.loc[(name, _INTACT)]} on {_TITLES[name]}" for name in each)
    words = (
        f"The lead of the matching family over the mean of the other three goes from {intact.mean:+.2f} to "
        f"{after.mean:+.2f} when the structure is destroyed: {told}. It is "
        f"{'' if there else 'not '}shown that there is one while it is intact, and "
        f"{'' if gone else 'not '}shown that less than {CLAIM.matters:g} is left of it. Best in the mean "
        f"while it is intact: {leaders}. A perceptron, which assumes none of these structures, is the "
        f"control: it goes from {wide.loc[wide['structure_is'] == _INTACT, 'mlp'].mean():.2f} to "
        f"{wide.loc[wide['structure_is'] == _DESTROYED, 'mlp'].mean():.2f}. {wasted.n} sources, few rows, "
        "default configurations."
    )
    shown = means.reset_index()
    shown["data"] = shown["structure"].map(_TITLES) + ", " + shown["structure_is"]
    order = [f"{_TITLES[name]}, {state}" for name in each for state in (_INTACT, _DESTROYED)]
    shown = shown.set_index("data").loc[order].reset_index()[["data", "candidate", "skill"]]
    chart = Chart(
        "bars",
        "Skill of each family on each structure, intact and destroyed",
        records(shown),
        x="data",
        y="skill",
        by="candidate",
        y_label="0 dummy, 1 best of the task",
    )
    return Judgement(verdict, words, (wasted, intact, after, *parts), (chart,))
