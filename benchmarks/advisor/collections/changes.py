"""What users do to a table before they hand it over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.advisor.collections.shipped import Data, beside, some

Change = Callable[[pd.DataFrame, Any, str], Data]


def scramble(X: pd.DataFrame, y: Any, seed: str = "") -> Data:
    """Columns in random order."""
    return X.iloc[:, np.random.default_rng(int(seed or 0)).permutation(X.shape[1])], y


def numbers(X: pd.DataFrame, y: Any, _: str = "") -> Data:
    """Only the columns of numbers."""
    return X.select_dtypes("number"), y


def rows(X: pd.DataFrame, y: Any, count: str) -> Data:
    """A random part of the rows."""
    return some(X, y, int(count))


def one_hot(X: pd.DataFrame, y: Any, _: str = "") -> Data:
    """Text columns as bits."""
    return pd.get_dummies(X, columns=list(X.select_dtypes(exclude="number")), dtype=int), y


def all_hot(X: pd.DataFrame, y: Any, _: str = "") -> Data:
    """Every column as bits."""
    return pd.get_dummies(X.astype(str), dtype=int), y


def rotate(X: pd.DataFrame, y: Any, _: str = "") -> Data:
    """All principal components, strongest first."""
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit_transform(X.fillna(X.median()))
    return pd.DataFrame(PCA(svd_solver="full").fit_transform(scaled)), y


def number(X: pd.DataFrame, y: Any, _: str = "") -> Data:
    """Put a running number in front."""
    return beside(X, [np.arange(1, len(X) + 1)]), y


def sort(X: pd.DataFrame, y: Any, column: str) -> Data:
    """Sort by a column, as files often are."""
    order = np.argsort(X[column].to_numpy(), kind="stable")
    return X.iloc[order], None if y is None else y.iloc[order]


def mix_rows(X: pd.DataFrame, y: Any, _: str = "") -> Data:
    """Rows in random order."""
    return some(X, y, len(X))


def unit(X: pd.DataFrame, y: Any, _: str = "") -> Data:
    """Scale to 0..1."""
    return (X - X.min()) / (X.max() - X.min()), y


def first(X: pd.DataFrame, y: Any, columns: str) -> Data:
    """Keep the first columns."""
    return X.iloc[:, : int(columns)], y


def rank(X: pd.DataFrame, y: Any, _: str = "") -> Data:
    """Deciles 0..9 of each column: one scale for all."""
    return (X.rank(pct=True) * 9.999).fillna(0).astype(int), y


def twice(X: pd.DataFrame, y: Any, _: str = "") -> Data:
    """Each column twice, as after a careless join."""
    return beside(pd.concat([X, X], axis=1)), y


CHANGES: dict[str, Change] = {
    change.__name__: change
    for change in (
        scramble, numbers, rows, one_hot, all_hot, rotate, number, sort, mix_rows, unit, first, rank, twice
    )
}  # fmt: skip
