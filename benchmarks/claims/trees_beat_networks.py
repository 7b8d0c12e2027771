"""Tuned boosted trees beat the networks of 2022 on tables, and where they do not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.cell import Cell
from benchmarks.claims._data import Data, fit_and_score, load
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

CLAIM = Claim(
    number=1,
    name="trees_beat_networks",
    sentence="Tuned boosted trees beat tuned neural networks on tables.",
    source="Grinsztajn, Oyallon & Varoquaux (2022), section 4 and figures 1 and 2",
    design="Random search: the default and a few draws of each space, the same number for all, chosen on a "
    "fifth of the training rows; the rivals of 2022 are the better of perceptron and residual network, by "
    "that choice too, so networks have twice the trials. Beside it: defaults alone, TabM (2025), and tables "
    "whose columns are all of one kind. Except in the full size networks are narrower, draws are cut to that "
    "as well, and TabM has no search.",
    data="embedded tables with at least four numeric columns, their categories too; of columns of one kind: "
    "pixels and spectra as plain columns",
    refuted_by="tuned trees whose lead over the tuned networks of 2022 is not above zero; a limit of the "
    "claim are defaults, TabM or columns of one kind where the lead is not",
    searched=("draw", "settings"),
)
_TREES, _NEWER = "gbt", "tabm"
_ONE_KIND = ("embedded:digits", "embedded:mnist", "embedded:spoken_digits")
_TRIALS: dict[Size, tuple[int, int]] = {"tiny": (2, 1), "quick": (3, 1), "full": (30, 30)}  # of 2022, newer
_HELD = 5  # one row of so many chooses the configuration
_CUTS: dict[Size, dict[str, float]] = {  # most of a setting that a draw may ask for
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
    """Give the first configurations of the search on each task, their sizes cut.

    Examples
    --------
    >>> drawn("gbt", 1, ["embedded:letters"], "quick")
    {'embedded:letters': [{}]}
    """
    cuts = _CUTS[size]
    return {
        task: [
            {
                key: min(value, cuts[key]) if key in cuts else value
                for key, value in json.loads(config).items()
            }
            for config in configs
        ]
        for task, configs in configurations(candidate, Protocol(), n_trials, tasks).items()
    }


def held_out(data: Data) -> tuple[Data, Data]:
    """Part the training rows in those to learn from and a fifth to choose by, which is the second's test.

    Returns
    -------
    search, choice : Data
        Both learn from the same rows; the first is tested on the test rows.
    """
    places = data.rng.permutation(len(data.train))
    held, kept = np.sort(places[::_HELD]), np.sort(np.delete(places, np.s_[::_HELD]))
    search = replace(data, train=data.train.iloc[kept], y_train=data.y_train.iloc[kept])
    return search, replace(search, test=data.train.iloc[held], y_test=data.y_train.iloc[held])


def measure(cell: Cell, facts: Facts) -> None:
    """Fit one configuration; note its score on the rows that choose, and on the test rows."""
    search, choice = held_out(load(cell))
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
    limits = {
        "with defaults": compared("the same with defaults", rows, NETWORKS, 1),
        "against TabM": compared("tuned trees minus TabM", rows, [_NEWER]),
        "on columns of one kind": compared("the same, columns of one kind", one_kind, NETWORKS),
    }
    missing = [name for name, found in limits.items() if not found.low > 0]
    verdict = not_shown(CLAIM, tuned)
    if tuned.low > 0:
        verdict = "holds with a limit" if missing else "holds"
    difference = (chosen(rows, [_TREES]) - chosen(rows, NETWORKS)).dropna()
    won, n_trials = int((difference > 0).sum()), int(rows["draw"].max()) + 1
    newer = rows[rows["candidate"] == _NEWER]["draw"].max()
    leads = "; ".join(f"{name} {with_limits(found)}, n = {found.n}" for name, found in limits.items())
    most, least = str(difference.idxmax()), str(difference.idxmin())
    words = (
        f"After {n_trials} trials each, boosted trees lead the better network of 2022 by {tuned.mean:+.3f} "
        f"and win on {won} of {len(difference)} tables: {decided(tuned)}. Their best table is {most} "
        f"({difference[most]:+.3f}), their worst {least} ({difference[least]:+.3f}). Their lead {leads}. "
        f"TabM had {int(newer) + 1} trial{'s' if newer else ''}."
    )
    return Judgement(verdict, words, (tuned, *limits.values()), (_by_table(difference), _by_trials(rows)))


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
