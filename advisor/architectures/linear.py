"""Linear baseline: logistic regression or ridge regression with an L2 penalty."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.stats
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV

from advisor.architectures._learner import Classifier, Regressor
from advisor.architectures._wrapped import Wrapped
from advisor.architectures.base import Architecture, Capabilities
from advisor.errors import InputError


@dataclass(kw_only=True, eq=False, repr=False)
class _Linear(Wrapped):
    l2: float | None = None

    def _training_memory(self, n: int, some: NDArray[Any], target: NDArray[Any]) -> float:
        d = some.shape[1]
        if self.kind == "classification":
            return float(8 * n * d + 32 * n * self._n_outputs)
        return float(16 * n * d + 32 * min(n, 2000) * d)  # centred on a copy

    def _train(
        self, values: NDArray[Any], target: NDArray[Any], weight: NDArray[np.float64] | None, seed: int
    ) -> None:
        if self.l2 is not None and not self.l2 > 0:
            raise InputError("l2 must be above 0", got=str(self.l2), do="set l2, for example 0.001")
        values, n = values.astype(np.float64), len(target)
        if self.kind == "classification":
            self.model_ = LogisticRegression(C=1 / ((self.l2 or 1e-3) * n), max_iter=300)
        else:
            self.model_ = Ridge(alpha=(self.l2 or _chosen(values, target, weight, seed)) * n)
        with warnings.catch_warnings():  # on many columns 300 steps come close enough
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model_.fit(values, target, weight)


def _chosen(
    values: NDArray[Any], target: NDArray[Any], weight: NDArray[np.float64] | None, seed: int
) -> float:
    """The penalty with which rows that are left out are predicted best."""
    some = np.random.default_rng(seed).permutation(len(target))[:2000]
    grid = RidgeCV(np.logspace(-4, 1, 11) * len(some))
    grid.fit(values[some], target[some], None if weight is None else weight[some])
    return float(grid.alpha_) / len(some)


class LinearClassifier(Classifier, _Linear):
    """Multinomial logistic regression on standardised columns; parameters as :class:`LinearRegressor`."""


class LinearRegressor(Regressor, _Linear):
    """Ridge regression on standardised columns.

    Numbers are standardised, missing ones are the median with an indicator, categories are one-hot; images
    and sequences are read as flat columns.

    Parameters
    ----------
    l2 : float or None
        Penalty: the objective is the mean loss (half the squared error of the scaled target for numbers) plus
        ``l2 / 2`` times the squared norm of the coefficients, whatever the number of rows. None is 0.001 for
        classes; for numbers it is chosen from 0.0001 to 10 by leaving one out, on at most 2,000 rows.
    target_transform : {"standard", "quantile", "none"}
        Scaling of a regression target; without effect for classes.
    random_state : int, RandomState or None
        Seed of the rows that the penalty is chosen on, where there are more than 2,000.
    """


ARCHITECTURE = Architecture(
    name="linear",
    title="Linear",
    classifier=LinearClassifier,
    regressor=LinearRegressor,
    can=Capabilities(native=frozenset({"tabular"}), sample_weight=True),
    space={"l2": scipy.stats.loguniform(1e-6, 1e1)},
    reference="Hoerl, Kennard (1970), Technometrics 12(1); scikit-learn",
)
