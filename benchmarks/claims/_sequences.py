"""Which series the experiments on sequences use, how steps are shuffled, and the scale of scores."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import datasets
from benchmarks.cell import Cell
from benchmarks.claims._data import Data
from benchmarks.claims.base import Size, rules

DUMMY = "dummy"
_NETWORKS = ("cnn", "gru", "lstm", "mlp", "rnn", "transformer")


@cache
def series(size: Size) -> tuple[str, ...]:
    """Ids of the embedded sequence tasks, each from a source of its own; two for "tiny"."""
    found = [task for task in datasets.names() if datasets.describe(task).structure == "sequence"]
    return tuple(found[: {"tiny": 2}.get(size)])


def epochs(cell: Cell) -> dict[str, Any]:
    """The setting that cuts the training of a network, if the rules of the experiment ask for it."""
    asked = rules(cell).get("max_epochs")
    return {"max_epochs": asked} if asked and cell.candidate in _NETWORKS else {}


def orders(n: int, steps: int, rng: np.random.Generator, *, each: bool) -> NDArray[np.intp]:
    """Draw a random order of the steps for all rows, or one for each.

    Returns
    -------
    ndarray of int, shape (n, T)
        Which step comes at each place.

    Examples
    --------
    >>> drawn = orders(3, 4, np.random.default_rng(0), each=False)
    >>> bool((drawn == drawn[0]).all()), sorted(drawn[0].tolist())
    (True, [0, 1, 2, 3])
    """
    if each:
        return rng.permuted(np.tile(np.arange(steps), (n, 1)), axis=1)
    return np.tile(rng.permutation(steps), (n, 1))


def reordered(X: NDArray[np.float64], order: NDArray[np.intp]) -> NDArray[np.float64]:
    """Put the steps of each row into another order; padding stays at the end.

    Parameters
    ----------
    X : ndarray, shape (n, T, C)
        Steps that are NaN in all channels up to the end are padding.
    order : ndarray of int, shape (n, T)
        Which step comes at each place. Steps of the padding are passed over, so that rows of equal length
        are changed equally by equal orders.

    Returns
    -------
    ndarray, shape (n, T, C)
        The same steps.

    Examples
    --------
    >>> X = np.array([[1.0, 2, 3], [4, 5, np.nan]])[:, :, None]
    >>> reordered(X, np.array([[2, 0, 1], [2, 1, 0]]))[:, :, 0]
    array([[ 3.,  1.,  2.],
           [ 5.,  4., nan]])
    """
    there: NDArray[np.bool_] = np.any(~np.isnan(X), axis=2)
    length = X.shape[1] - np.argmax(there[:, ::-1], axis=1)  # up to the last observed step
    padded = order >= length[:, None]
    kept = np.take_along_axis(order, np.argsort(padded, axis=1, kind="stable"), axis=1)
    return np.take_along_axis(X, kept[:, :, None], axis=1)


def shuffle_steps(data: Data, *, each: bool) -> Data:
    """Put the steps of all rows into one random order, or those of each row into its own."""
    layout = data.layout
    if layout is None or len(layout) != 2:
        raise ValueError(f"steps can be shuffled in a layout (T, C) alone, got {layout}")
    order = orders(len(data.train) + len(data.test), layout[0], data.rng, each=each)
    for side, part in (("train", order[: len(data.train)]), ("test", order[len(data.train) :])):
        frame: pd.DataFrame = getattr(data, side)
        X = reordered(frame.to_numpy(dtype=np.float64).reshape(len(frame), *layout), part)
        setattr(data, side, pd.DataFrame(X.reshape(len(frame), -1), columns=frame.columns))
    return data


def above_dummy(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Scores on the scale where 0 is the dummy of a task and 1 the best of its cells, at least 0.

    Parameters
    ----------
    frame : DataFrame
        One row per cell, those of the dummy among them.
    by : list of str
        Factors beside origin, task and candidate; scores are averaged over all else.

    Returns
    -------
    DataFrame
        Columns ``origin``, ``task``, ``candidate``, ``by`` and ``skill``, without the dummy. A task on which
        nothing is better than the dummy is left out: there is nothing to lose.

    Examples
    --------
    >>> rows = pd.DataFrame({"origin": "o", "task": "t", "candidate": ["dummy", "a", "b"],
    ...                      "test": [0.5, 0.9, 0.7]})
    >>> above_dummy(rows, [])["skill"].round(2).tolist()
    [1.0, 0.5]
    """
    keys = ["origin", "task", "candidate", *by]
    means = frame.groupby(keys, sort=False)["test"].mean().reset_index()
    lowest = means[means["candidate"] == DUMMY].groupby("task")["test"].mean()
    means = means[means["candidate"] != DUMMY]
    above = means["test"] - means["task"].map(lowest)
    best = above.groupby(means["task"]).transform("max")
    means["skill"] = (above / best.where(best > 0)).clip(lower=0)
    return means.dropna(subset="skill")
