"""Which tables the experiments use, who stands for trees and for networks, how the two are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

import pandas as pd

import datasets
from benchmarks.cell import Cell
from benchmarks.claims._data import load, numbers_only
from benchmarks.claims.base import Effect, Size, by_source, effect, rules

TREES = ("gbt", "random_forest")
NETWORKS = ("mlp", "resnet")  # those of 2022 that read a table as one vector
COUNT = {"tiny": 2, "quick": 12}  # the rest only in "full"

_SAME_ROWS = {"refit": False}  # trees stop by a fifth of the rows and are not grown anew: networks are not

# Defaults, but for these. The networks of "quick" are half as wide, which takes a quarter of the time: on
# 1,000 rows of concrete, cells, letters and bike_hours "mlp" had a mean score of 0.774 (default: 0.774) and
# "resnet" one of 0.788 (0.795). They wait for a better epoch as long as the defaults do.
SETTINGS: dict[Size, dict[str, dict[str, Any]]] = {
    "tiny": {
        "gbt": {"n_estimators": 30, **_SAME_ROWS},
        "random_forest": {"n_estimators": 20},
        "mlp": {"n_layers": 2, "width": 32, "max_epochs": 5},
        "resnet": {"n_blocks": 1, "width": 32, "max_epochs": 3},
        "tabm": {"n_members": 2, "width": 16, "max_epochs": 3},
    },
    "quick": {
        "gbt": _SAME_ROWS,
        "mlp": {"n_layers": 3, "width": 128},
        "resnet": {"n_blocks": 3, "width": 128},
    },
    "full": {"gbt": _SAME_ROWS},
}
GIVEN = (  # for the design of an experiment
    "Networks and boosted trees learn from four fifths of the training rows and stop by the others; a random "
    "forest, which has nothing to stop, learns from all."
)


@cache
def tables(size: Size) -> tuple[str, ...]:
    """Ids of embedded tables with at least four numeric columns, in the order of their names.

    Returns
    -------
    tuple of str
        The smaller sizes are the beginning of the larger.
    """
    numeric = [
        task
        for task in datasets.names()
        if datasets.describe(task).structure == "tabular"
        and datasets.load(task).X.select_dtypes("number").shape[1] >= 4
    ]
    return tuple(numeric[: COUNT.get(size)])


def settings(cell: Cell) -> dict[str, Any]:
    """What the size of an experiment asks of the candidate of a cell: the rule ``settings`` of its grid."""
    return dict(rules(cell)["settings"].get(cell.candidate, {}))


@lru_cache(maxsize=8)
def _by_importance(cell: Cell) -> tuple[str, ...]:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    data = numbers_only(load(cell))
    forest = RandomForestClassifier if data.kind == "classification" else RandomForestRegressor
    gain = forest(random_state=0, n_jobs=1).fit(data.train, data.y_train).feature_importances_
    return tuple(pd.Series(gain, index=data.train.columns).sort_values(ascending=False, kind="stable").index)


def by_importance(cell: Cell) -> list[str]:
    """Numeric columns of the task, the most important to a default forest of the training rows first."""
    return list(_by_importance(replace(cell, candidate="", config="{}")))  # once for all levels


# ---- comparing ----


def scored(frame: pd.DataFrame) -> pd.DataFrame:
    """Cut R² at 0, as the paper does: how far below the mean of the target a fit falls says nothing.

    Examples
    --------
    >>> scored(pd.DataFrame({"test": [0.5, -30.0]}))["test"].tolist()
    [0.5, 0.0]
    """
    return frame.assign(test=frame["test"].clip(lower=0.0))


def lead(
    frame: pd.DataFrame,
    value: str = "test",
    *,
    of: Sequence[str] = TREES,
    over: Sequence[str] = NETWORKS,
) -> pd.Series:
    """Mean of some candidates minus the mean of others, for each source of data.

    Examples
    --------
    >>> rows = pd.DataFrame({"origin": "a", "candidate": ["gbt", "mlp", "resnet"], "test": [0.9, 0.7, 0.9]})
    >>> lead(rows).round(2).to_dict()
    {'a': 0.1}
    """
    one, other = (by_source(frame[frame["candidate"].isin(group)], value) for group in (of, over))
    return one - other


def lost(frame: pd.DataFrame, factor: str, start: Any) -> pd.DataFrame:
    """What each candidate loses on each source from one level of a factor to every level.

    Returns
    -------
    DataFrame
        Columns ``origin, candidate``, the factor, ``lost``: positive where the score falls.

    Examples
    --------
    >>> rows = pd.DataFrame({"origin": "a", "candidate": "gbt", "noise": [0, 1], "test": [0.9, 0.7]})
    >>> lost(rows, "noise", 0)["lost"].round(2).tolist()
    [0.0, 0.2]
    """
    wide = frame.pivot_table(index=["origin", "candidate"], columns=factor, values="test")
    fallen = wide.mul(-1).add(wide[start], axis=0)
    return fallen.reset_index().melt(["origin", "candidate"], var_name=factor, value_name="lost").dropna()


def means(table: pd.DataFrame, by: Sequence[str], value: str) -> pd.DataFrame:
    """Mean over the sources and its 95% limits, for a chart: columns ``by``, the value, ``low, high``.

    Examples
    --------
    >>> rows = pd.DataFrame({"origin": ["a", "b"], "candidate": "gbt", "lost": [0.1, 0.3]})
    >>> means(rows, ["candidate"], "lost").round(2).to_dict("records")
    [{'candidate': 'gbt', 'lost': 0.2, 'low': -1.07, 'high': 1.47}]
    """
    rows = []
    for names, group in table.groupby(list(by), sort=False):
        found = effect("", by_source(group, value))
        rows.append({**dict(zip(by, names)), value: found.mean, "low": found.low, "high": found.high})
    return pd.DataFrame(rows, columns=[*by, value, "low", "high"])


def decided(found: Effect) -> str:
    """Say what an interval of a difference allows to be said.

    Examples
    --------
    >>> decided(Effect("", 0.2, 0.1, 0.3, 8)), decided(Effect("", 0.2, -0.1, 0.5, 8))
    ('it is above zero on 8 sources', 'its sign is left open by 8 sources')
    """
    if found.low > 0:
        return f"it is above zero on {found.n} sources"
    if found.high < 0:
        return f"it is below zero on {found.n} sources"
    return f"its sign is left open by {found.n} sources"


def tally(differences: pd.Series) -> str:
    """Count the sources on which a difference is above zero; an interval hides one that is far off.

    Examples
    --------
    >>> tally(pd.Series([0.1, 0.4, -0.2]))
    'on 2 of 3 tables'
    """
    found = differences.dropna()
    return f"on {int((found > 0).sum())} of {len(found)} tables"
