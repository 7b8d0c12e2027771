"""A task whose structure is destroyed, and nothing else: ``destroyed:embedded:digits``.

One fixed change of all rows: the pixels of pictures or the steps of sequences in a random order, channels
together, or the numeric columns of a table rotated after each was brought to normal quantiles (of all rows).
Other columns stay as they are, and the rows are split as those of the task itself.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

import datasets
from advisor.errors import StudyError
from datasets.task import Task
from datasets.units import row_keys

scheme = "destroyed"
_SEED = 0


def members(rest: str, /) -> list[str]:
    """List each task that the inner name stands for, destroyed.

    Parameters
    ----------
    rest : str
        A task, pattern or suite.

    Returns
    -------
    list of str
        Task ids.
    """
    return [f"{scheme}:{task}" for task in datasets.expand(rest)]


def load(rest: str, /) -> Task:
    """Load a task and destroy its structure.

    Parameters
    ----------
    rest : str
        A task that declares its structure.

    Returns
    -------
    Task
        Of the same layout, whose places mean nothing any more, and with the same splits.

    Raises
    ------
    StudyError
        If it declares none, or is a table with fewer than two numeric columns.

    Examples
    --------
    >>> task, gone = datasets.load("embedded:digits"), load("embedded:digits")
    >>> gone.layout, bool((gone.X.sum(axis=1) == task.X.sum(axis=1)).all()), gone.X.equals(task.X)
    ((8, 8, 1), True, False)
    """
    task = datasets.load(rest)
    rng = np.random.default_rng(_SEED)
    if task.structure is None or task.layout is None:
        raise StudyError(
            "a structure that is to be destroyed must be declared",
            got=f"none of {rest}",
            do="choose another task",
        )
    X = _rotated(task, rng) if task.structure == "tabular" else _permuted(task, rng)
    return replace(task, id=f"{scheme}:{rest}", X=X, row_keys=row_keys(task))


def _permuted(task: Task, rng: np.random.Generator) -> pd.DataFrame:
    assert task.layout is not None
    channels = task.layout[-1]
    order = rng.permutation(task.X.shape[1] // channels)
    places = (order[:, None] * channels + np.arange(channels)).ravel()
    return pd.DataFrame(task.X.to_numpy()[:, places], task.X.index, task.X.columns)


def _rotated(task: Task, rng: np.random.Generator) -> pd.DataFrame:
    from scipy.stats import norm, special_ortho_group

    numbers = task.X.select_dtypes("number")
    if numbers.shape[1] < 2:
        raise StudyError(
            "a table that is to be rotated must have two numeric columns",
            got=f"{numbers.shape[1]} in {task.id}",
            do="choose another task",
        )
    filled = numbers.astype(float).fillna(numbers.median())
    normal = norm.ppf((filled.rank(method="average") - 0.5) / len(filled)).clip(-3, 3)
    rotation = special_ortho_group.rvs(numbers.shape[1], random_state=rng)
    turned = pd.DataFrame(normal @ rotation, task.X.index, numbers.columns)
    others = task.X.drop(columns=numbers.columns)
    return pd.concat([turned, others], axis=1)[list(task.X.columns)]
