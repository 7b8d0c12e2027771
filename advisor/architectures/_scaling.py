"""Scales that one extreme value does not ruin."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from advisor.spread import spread

EXTREME = 1e4  # times the usual spread: a column of such a deviation has extreme values (mnist has 4,000)


class Ranked(TransformerMixin, BaseEstimator):
    """Columns whose deviation is that of a few extreme values as ranks, from 0 to 1; others as they are.

    Standardised, all other values of such a column would be the same to within a rounding.

    Parameters
    ----------
    seed : int
        Seed of the subsample that the ranks are estimated from.

    Examples
    --------
    >>> values = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 1e9]])
    >>> Ranked().fit_transform(np.repeat(values, 3, axis=0))[::3].round(2).tolist()
    [[1.0, 0.0], [2.0, 0.36], [3.0, 0.64], [4.0, 1.0]]
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, X: NDArray[np.float64], y: Any = None) -> Ranked:
        """Find these columns and learn their quantiles."""
        _, apart = spread(X)
        self.places_ = np.flatnonzero((apart > 0) & (X.std(axis=0) > EXTREME * apart))
        if len(self.places_):
            ranks = QuantileTransformer(n_quantiles=min(1000, len(X)), random_state=self.seed)
            self.ranks_ = ranks.fit(X[:, self.places_])
        return self

    def transform(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rank."""
        return self._changed(X, "transform")

    def inverse_transform(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the values that have these ranks."""
        return self._changed(X, "inverse_transform")

    def _changed(self, X: NDArray[np.float64], how: str) -> NDArray[np.float64]:
        if not len(self.places_):
            return X
        changed = X.copy()
        changed[:, self.places_] = getattr(self.ranks_, how)(X[:, self.places_])
        return changed


def normal_quantiles(n_rows: int, seed: int) -> list[Any]:
    """Steps that map each column to a normal distribution by its quantiles.

    scikit-learn takes values within 1e-7 of the smallest or the largest for equal to it, which would make two
    values of a column of tiny numbers: so each is given a common scale first.
    """
    quantiles = QuantileTransformer(
        n_quantiles=min(1000, n_rows), output_distribution="normal", random_state=seed
    )
    return [Ranked(seed), StandardScaler(), quantiles]
