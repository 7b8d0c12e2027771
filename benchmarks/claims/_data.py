"""The rows of a cell as arrays, and the fit that most experiments end with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.architectures import Kind
from benchmarks import candidates
from benchmarks.cell import Cell
from benchmarks.claims.base import rules
from benchmarks.protocol import METRICS
from benchmarks.run import Facts, task_of, timed
from datasets.splits import Split, split
from datasets.task import Task

Floats = NDArray[np.float64]


@dataclass
class Data:
    """Training and test rows of a cell; an experiment changes them before it fits.

    Parameters
    ----------
    train, test : DataFrame
        Inputs, as the task has them.
    y_train, y_test : Series
        Targets.
    kind, metric : str
        Of the task.
    layout : tuple of int or None
        How the columns fold.
    rng : numpy.random.Generator
        Depends on the fold alone: the candidates of a cell's fold see the same change.
    """

    train: pd.DataFrame
    test: pd.DataFrame
    y_train: pd.Series
    y_test: pd.Series
    kind: Kind
    metric: str
    layout: tuple[int, ...] | None
    rng: np.random.Generator


def load(cell: Cell) -> Data:
    """Split the task of a cell by its fold, see :func:`rows_of`."""
    return data_of(*rows_of(cell), fold=cell.fold)


def rows_of(cell: Cell) -> tuple[Task, Split]:
    """Split the task of a cell by its fold; ``max_train`` and ``max_test`` of its rules cap the rows.

    Raises
    ------
    StudyError
        If its data are others than the cell was planned with.
    """
    asked, task = rules(cell), task_of(cell)
    most, most_test = asked.get("max_train", 1_000), asked.get("max_test", 2_000)
    return task, split(task, fold=cell.fold, max_train=most, max_eval=most_test)


def data_of(task: Task, rows: Split, *, fold: int) -> Data:
    """Take the training and test rows of a split from its task, in their order."""
    train, test = rows.train, rows.test
    return Data(
        task.X.iloc[train].reset_index(drop=True),
        task.X.iloc[test].reset_index(drop=True),
        task.y.iloc[train].reset_index(drop=True),
        task.y.iloc[test].reset_index(drop=True),
        task.kind,
        task.metric,
        task.layout,
        np.random.default_rng([fold, len(train)]),
    )


def numbers_only(data: Data) -> Data:
    """Keep the columns that are numbers, missing values the median of the training rows."""
    kept = data.train.select_dtypes(["number", "bool"]).columns
    median = data.train[kept].astype(float).median().fillna(0.0)
    data.train = data.train[kept].astype(float).fillna(median)
    data.test = data.test[kept].astype(float).fillna(median)
    return data


def gaussian(data: Data) -> Data:
    """Give every column the quantiles of a normal distribution, learned on the training rows."""
    from sklearn.preprocessing import QuantileTransformer

    change = QuantileTransformer(
        output_distribution="normal", n_quantiles=min(1_000, len(data.train)), random_state=0
    ).fit(data.train)
    for side in ("train", "test"):
        frame = getattr(data, side)
        setattr(data, side, pd.DataFrame(change.transform(frame), columns=frame.columns))
    return data


def fit_and_score(cell: Cell, facts: Facts, data: Data, **config: Any) -> Any:
    """Fit the candidate with these settings on top of its defaults; note score and times.

    Returns
    -------
    estimator
        Fitted.
    """
    estimator = candidates.get(cell.candidate).make(
        data.kind, layout=data.layout, random_state=cell.seed, **config
    )
    return score(estimator, facts, data)


def score(estimator: Any, facts: Facts, data: Data) -> Any:
    """Fit an estimator; note score and times."""
    with timed(facts, "fit_seconds"):
        estimator.fit(data.train, data.y_train)
    with timed(facts, "predict_seconds"):
        predicted = estimator.predict(data.test)
    facts.test = METRICS[data.metric](data.y_test, predicted)
    facts.extra["n_train"] = len(data.train)
    facts.device = str(getattr(estimator, "device_", "cpu"))
    return estimator
