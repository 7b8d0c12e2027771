"""What every statistic asks of its table, and the step from tasks to independent sources."""

from __future__ import annotations

import numpy as np
import pandas as pd

MIN_SOURCES = 12  # below this many independent origins only the direction of a difference is stated


def by_origin(table: pd.DataFrame, clusters: pd.Series) -> pd.DataFrame:
    """Average the tasks of one origin, which leaves one independent row per origin.

    Parameters
    ----------
    table : DataFrame, shape (tasks, candidates)
        Values to average.
    clusters : Series, shape (tasks,)
        The origin of each task, same index.

    Returns
    -------
    DataFrame, shape (origins, candidates)
        Means, sorted by origin.

    Raises
    ------
    ValueError
        If the table has no rows or columns, or a missing cell.

    Examples
    --------
    >>> table = pd.DataFrame({"cnn": [0.8, 1.0, 0.5]}, index=list("abc"))
    >>> by_origin(table, pd.Series(["mnist", "mnist", "wine"], index=list("abc")))["cnn"].to_dict()
    {'mnist': 0.9, 'wine': 0.5}
    """
    return dense(table).groupby(labels(table, clusters), sort=True).mean()


def dense(table: pd.DataFrame) -> pd.DataFrame:
    """Give the table back, or refuse one without rows or with a hole."""
    if table.empty:
        raise ValueError("the table must have rows and columns, got none: choose a study with outcomes")
    holes = table.isna()
    if holes.to_numpy().any():
        task, candidate = next(iter(holes.stack()[lambda s: s].index))
        raise ValueError(
            f"the table must be dense, got {int(holes.to_numpy().sum())} missing cells, the first at "
            f"{task!r} x {candidate!r}: finish the study, or impute by the stated rule first"
        )
    return table


def labels(table: pd.DataFrame, clusters: pd.Series) -> np.ndarray:
    """The cluster of each row; a task of unknown origin stands for itself."""
    own = pd.Series(table.index.astype(str), index=table.index)
    return clusters.reindex(table.index).fillna(own).to_numpy()


def enough(n: int) -> None:
    """Refuse fewer than :data:`MIN_SOURCES` sources."""
    if n < MIN_SOURCES:
        raise ValueError(
            f"a test needs at least {MIN_SOURCES} independent sources, got {n}: give the direction"
        )
