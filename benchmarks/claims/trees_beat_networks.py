"""Tuned boosted trees beat the networks of 2022 on tables, and where they do not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import candidates
from benchmarks.cell import Cell
from benchmarks.claims._data import Data, data_of, fit_and_score, rows_of
from benchmarks.claims._tables import NETWORKS, SETTINGS, decided, means, scored, tables
from benchmarks.claims._tables import settings as settings_of
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
    with_limits,
)
from benchmarks.configurations import configurations
from benchmarks.protocol import METRICS, Protocol
from benchmarks.run import Facts
from datasets.splits import inner_folds

CLAIM = Claim(
    number=1,
    name="trees_beat_networks",
    sentence="Tuned boosted trees beat tuned neural networks on tables.",
    source="Grinsztajn, Oyallon & Varoquaux (2022), section 4 and figures 1 and 2",
    design="Random search: the default and a few draws of each space, the same number for all, chosen on a "
    "fifth of the training rows, rows of one group on one side. Of the other rows boosted trees and networks "
    "learn from four fifths and stop by the rest. The rivals of 2022 are the better of perceptron and "
    "residual network, by the same choice, so networks have twice the trials. Beside it: defaults alone, "
    "TabM (2025), and tables whose columns are all of one kind. Except in the full size networks are "
    "narrower, draws of sizes are scaled to ranges that end there, and TabM has no search.",
    data="embedded tables with at least four numeric columns, their categories too; of columns of one kind: "
    "pixels and spectra as plain columns",
    refuted_by="tuned trees whose lead over the tuned networks of 2022 is not above zero; defaults, TabM or "
    "columns of one kind are a limit if the lead there is not above zero in the mean, or surely below 0.01 "
    "and not shown, and are not decided if it is only not shown",
    searched=("draw", "settings"),
    version=2,
)
_TREES, _NEWER = "gbt", "tabm"
_ONE_KIND = ("embedded:digits", "embedded:mnist", "embedded:spoken_digits")
_TRIALS: dict[Size, tuple[int, int]] = {"tiny": (2, 1), "quick": (3, 1), "full": (30, 30)}  # of 2022, newer
_PARTS = 5  # of the training rows; one of them chooses the configuration
_MOST: dict[Size, dict[str, float]] = {  # most of a setting that a draw may ask for
    "tiny": {"width": 32, "n_layers": 2, "n_blocks": 1, "n_estimators": 30, "embedding_size": 16},
    "quick": {
        **{"width": 128, "n_layers": 4, "n_blocks": 3, "hidden_factor": 2.0},
        **{"n_estimators": 600, "embedding_size": 64},
    },
    "full": {"width": 512, "n_layers": 8, "n_blocks": 8, "n_estimators": 2_000, "embedding_size": 256},
}


def cells(size: Size) -> list[Cell]:
    """Every trial of every search."""
    folds, most = {"tiny": (1, 200), "quick": (1, 600), "full": (3, 3_000)}[size]
    of_2022, newer = _TRIALS[size]
    columns_of_one_kind = _ONE_KIND[: 1 if size == "tiny" else None]
    searches = [
        (candidate, of_2022, (*tables(size), *columns_of_one_kind)) for candidate in (_TREES, *NETWORKS)
    ]
    return [
        cell
        for candidate, n_trials, tasks in (*searches, (_NEWER, newer, tables(size)))
        for task, configs in drawn(candidate, n_trials, tasks, size).items()
        for draw, config in enumerate(configs)
        for cell in grid(
            CLAIM,
            tasks=[task],
            candidates=[candidate],
            levels={"draw": [draw], "settings": [config]},
            folds=folds,
            max_train=most,
            settings=SETTINGS[size],
        )
    ]


def drawn(candidate: str, n_trials: int, tasks: Sequence[str], size: Size) -> dict[str, list[dict[str, Any]]]:
    """Give the first configurations of the search on each task, their sizes scaled to what is allowed.

    Examples
    --------
    >>> drawn("gbt", 1, ["embedded:letters"], "quick")
    {'embedded:letters': [{'refit': False}]}
    """
    space, most = candidates.get(candidate).space, _MOST[size]
    return {
        task: [
            {
                key: scaled(value, space[key], most[key]) if key in most else value
                for key, value in json.loads(config).items()
            }
            for config in configs
        ]
        for task, configs in configurations(candidate, Protocol(refit=False), n_trials, tasks).items()
    }


def scaled(value: float, values: Any, most: float) -> float:
    """Bring a draw to the same place of a range that ends at ``most``: cut off there, most would be equal.

    Parameters
    ----------
    value : int or float
        What was drawn.
    values : list or frozen scipy.stats distribution
        What it was drawn from.
    most : int or float
        The largest that is allowed.

    Returns
    -------
    int or float
        A whole number if the draw was one; the draw itself if none can be too large.

    Examples
    --------
    >>> import scipy.stats
    >>> [scaled(width, scipy.stats.randint(16, 513), 128) for width in (16, 264, 512)]
    [16, 72, 128]
    """
    low, high = (min(values), max(values)) if isinstance(values, list) else values.support()
    if high <= most:
        return value
    if low >= most:
        return most
    inside = float(low + (value - low) * (most - low) / (high - low))
    return round(inside) if isinstance(value, int) else inside


def held_out(cell: Cell) -> tuple[Data, Data]:
    """Part the training rows in those to learn from and a fifth to choose by, which is the second's test.

    Rows of one group, and rows whose inputs are equal, stand on one side: else a configuration that remembers
    rows would be chosen.

    Returns
    -------
    search, choice : Data
        Both learn from the same rows; the first is tested on the test rows.
    """
    task, rows = rows_of(cell)
    data = data_of(task, rows, fold=cell.fold)
    held = np.isin(rows.train, inner_folds(task, rows.train, k=_PARTS, seed=cell.fold)[0])
    search = replace(data, train=data.train[~held], y_train=data.y_train[~held])
    return search, replace(search, test=data.train[held], y_test=data.y_train[held])


def measure(cell: Cell, facts: Facts) -> None:
    """Fit one configuration; note its score on the rows that choose, and on the test rows."""
    search, choice = held_out(cell)
    estimator = fit_and_score(cell, facts, search, **{**settings_of(cell), **level(cell)["settings"]})
    facts.validation = METRICS[choice.metric](choice.y_test, estimator.predict(choice.test))


# ---- the judgement ----


def chosen(frame: pd.DataFrame, candidates: Sequence[str], *, trials: int | None = None) -> pd.Series:
    """Test score of the trial with the best validation score, averaged for each source.

    Parameters
    ----------
    frame : DataFrame
        Trials; of equal ones the earlier counts.
    candidates : sequence of str
        Whose trials; the best of all of them is chosen.
    trials : int, optional
        Only the first so many of each; 1 is the defaults.
    """
    rows = frame[frame["candidate"].isin(candidates)]
    if trials is not None:
        rows = rows[rows["draw"] < trials]
    ordered = rows.sort_values(["validation", "draw"], ascending=[False, True], kind="stable")
    return by_source(ordered.drop_duplicates(["task", "fold"]))


def judge(frame: pd.DataFrame) -> Judgement:
    """Compare searches on tables; defaults, TabM and columns of one kind are the limits looked at."""
    frame = scored(frame)
    are_tables = frame["structure"] == "tabular"
    rows, one_kind = frame[are_tables], frame[~are_tables]

    def compared(what: str, some: pd.DataFrame, rivals: Sequence[str], trials: int | None = None) -> Effect:
        return effect(what, chosen(some, [_TREES], trials=trials) - chosen(some, rivals, trials=trials))

    tuned = compared("tuned trees minus tuned networks of 2022", rows, NETWORKS)
    beside = {
        "with defaults": compared("the same with defaults", rows, NETWORKS, 1),
        "against TabM": compared("tuned trees minus TabM", rows, [_NEWER]),
        "on columns of one kind": compared("the same, columns of one kind", one_kind, NETWORKS),
    }
    verdict = not_shown(CLAIM, tuned)
    if tuned.low > 0:
        verdict = "holds with a limit" if any(map(_is_limit, beside.values())) else "holds"
    difference = (chosen(rows, [_TREES]) - chosen(rows, NETWORKS)).dropna()
    won, n_trials = int((difference > 0).sum()), int(rows["draw"].max()) + 1
    newer = rows[rows["candidate"] == _NEWER]["draw"].max()
    leads = "; ".join(f"{name} {with_limits(found)}, {_state(found)}" for name, found in beside.items())
    most, least = str(difference.idxmax()), str(difference.idxmin())
    words = (
        f"After {n_trials} trials each, boosted trees lead the better network of 2022 by {tuned.mean:+.3f} "
        f"and win on {won} of {len(difference)} tables: {decided(tuned)}. Their best table is {most} "
        f"({difference[most]:+.3f}), their worst {least} ({difference[least]:+.3f}). Their lead {leads}. "
        f"TabM had {int(newer) + 1} trial{'s' if newer else ''}."
    )
    return Judgement(verdict, words, (tuned, *beside.values()), (_by_table(difference), _by_trials(rows)))


def _is_limit(found: Effect) -> bool:
    """Whether results speak against a lead: that few sources do not show it is no limit of the claim."""
    return not found.low > 0 and (found.mean <= 0 or found.high < CLAIM.matters)


def _state(found: Effect) -> str:
    """What is known of a lead beside the claim."""
    state = "a limit" if _is_limit(found) else "shown" if found.low > 0 else "not decided"
    return f"{state} on n = {found.n}"


def _by_table(difference: pd.Series) -> Chart:
    table = difference.sort_values().rename("lead").rename_axis("origin").reset_index()
    return Chart(
        "bars",
        "Lead of tuned boosted trees over the tuned networks of 2022",
        records(table),
        x="origin",
        y="lead",
        x_label="source of the table",
        y_label="accuracy or R², trees minus networks",
    )


def _by_trials(rows: pd.DataFrame) -> Chart:
    """Test score of the best trial so far, in the mean over tables."""
    curves = [
        chosen(rows, [str(candidate)], trials=trials).reset_index().assign(candidate=candidate, trials=trials)
        for candidate, some in rows.groupby("candidate", sort=False)
        for trials in range(1, int(some["draw"].max()) + 2)
    ]
    return Chart(
        "lines",
        "Mean test score of the configuration that was best on validation rows so far",
        records(means(pd.concat(curves), ["candidate", "trials"], "test")),
        x="trials",
        y="test",
        by="candidate",
        x_label="trials, the default first",
        y_label="accuracy or R², mean over tables",
    )
