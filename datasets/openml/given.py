"""The splits that come with a task of OpenML: read, compared with what the task says, marked on its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from datasets.openml.cache import SPLIT, TEST, TRAIN

_MANY = 1_000_000  # rows above which the file of splits, ten lines a row, is left alone
_ALL_TESTED = ("crossvalidation", "leaveoneout")  # each repeat tests every row
_ALL_USED = (*_ALL_TESTED, "holdout")  # each fold trains with the rows that it does not test

Repeats = Mapping[int, Mapping[int, tuple[NDArray[Any], NDArray[Any]]]]


class Broken(Exception):
    """What came is not what was announced; worth another try."""


def marks(task: Any, present: NDArray[Any], *, last: bool) -> tuple[pd.DataFrame, str]:
    """Mark the splits of a task on its rows.

    Parameters
    ----------
    task : OpenMLTask
        Whose splits are downloaded.
    present : ndarray of bool
        Which rows of the data set have a target.
    last : bool
        Whether this is the last try, after which a file that cannot be used counts as none.

    Returns
    -------
    marks : DataFrame
        A column a split, 1 in training rows and 2 in test rows, of the rows that have a target.
    reason : str
        Why there are none; empty if there are some.
    """
    import openml
    import requests

    none, procedure = pd.DataFrame(index=range(int(present.sum()))), task.estimation_procedure
    if procedure["type"] == "testontrainingdata":
        return none, "it tests on the training data"
    if not procedure["data_splits_url"]:
        return none, "its document names no file of them"
    if len(present) > _MANY:
        return none, f"it has more than {_MANY:,} rows"
    try:
        repeats = _repeats(task)
        _compare(repeats, procedure, present)
    except (openml.exceptions.OpenMLServerException, requests.HTTPError) as error:
        return none, f"their file is not there ({_told(error)})"  # the protocol that needs them tells
    except requests.ConnectionError:
        raise  # which has been tried often enough
    except Exception as error:  # the client passes on whatever its parser raises
        if not last:
            raise
        return none, f"their file cannot be used ({_told(error)})"
    sides = [sides for folds in repeats.values() for sides in folds.values()]
    columns = {f"{SPLIT}{place}": _mark(*each, present) for place, each in enumerate(sides)}
    return pd.DataFrame(columns, index=none.index), ""


def _repeats(task: Any) -> Repeats:
    """Training and test rows by repeat and fold; of a learning curve those of its longest part."""
    split = task.download_split().split
    return {
        repeat: {fold: samples[max(samples)] for fold, samples in folds.items()}
        for repeat, folds in split.items()
    }


def _compare(repeats: Repeats, procedure: Mapping[str, Any], present: NDArray[Any]) -> None:
    """Refuse splits that are not those of the task: a file cut at the end of a line can still be read."""
    counts = [procedure["parameters"].get(f"number_{name}") or "" for name in ("repeats", "folds")]
    announced = int(counts[0]) * int(counts[1]) if all(map(str.isdigit, counts)) else None
    found = sum(map(len, repeats.values()))
    if not found or (announced is not None and found != announced):
        raise Broken(f"{found} splits where {announced or 'some'} are announced")
    for repeat, folds in repeats.items():
        tested = np.zeros(len(present), dtype=bool)
        for fold, (train, test) in folds.items():
            where = f"in fold {fold} of repeat {repeat}"
            if max(train.max(initial=0), test.max(initial=0)) >= len(present):
                raise Broken(f"rows {where} of {len(present)} that are not there")
            if np.isin(test, train).any():
                raise Broken(f"test rows {where} that are training rows")
            if not present[train].any() or not present[test].any():
                raise Broken(f"no training or no test rows {where}")
            used = np.isin(np.flatnonzero(present), np.concatenate([train, test]))
            if procedure["type"] in _ALL_USED and not used.all():
                raise Broken(f"{used.sum()} of {len(used)} rows {where}")
            tested[test] = True
        if procedure["type"] in _ALL_TESTED and not tested[present].all():
            raise Broken(f"rows that repeat {repeat} does not test")


def _mark(train: NDArray[Any], test: NDArray[Any], present: NDArray[Any]) -> NDArray[Any]:
    each: NDArray[Any] = np.zeros(len(present), dtype=np.uint8)
    each[train], each[test] = TRAIN, TEST
    kept: NDArray[Any] = each[present]
    return kept


def _told(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
