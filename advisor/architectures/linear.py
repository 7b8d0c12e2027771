"""Linear baseline: logistic regression or ridge regression with an L2 penalty."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
import scipy.stats
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.utils.validation import check_is_fitted

from advisor.architectures._preprocessing import Learner, TableEncoder, check_rows
from advisor.architectures._target import check_target, seed_of
from advisor.architectures.base import Architecture, Capabilities
from advisor.errors import InputError


class _Linear(Learner):
    def __init__(self, *, l2: float | None = None, random_state: Any = None) -> None:
        self.l2 = l2
        self.random_state = random_state

    def _encode(self, X: Any) -> NDArray[np.float64]:
        if self.l2 is not None and not self.l2 > 0:
            raise InputError("l2 must be above 0", got=str(self.l2), do="set l2, for example 0.001")
        rows = check_rows(self, X, reset=True)
        self.encoder_ = TableEncoder(scaling="standard").fit(rows)
        return self.encoder_.transform(rows).astype(np.float64)

    def _encoded(self, X: Any) -> NDArray[np.float64]:
        check_is_fitted(self)
        return self.encoder_.transform(check_rows(self, X, reset=False)).astype(np.float64)


class LinearClassifier(ClassifierMixin, _Linear):
    """Multinomial logistic regression on standardised columns; parameters as :class:`LinearRegressor`."""

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the coefficients.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, d)
            Inputs; NaN is missing.
        y : array-like, shape (n,)
            Labels.
        sample_weight : array-like, shape (n,), optional
            Weight of each row in the loss.

        Returns
        -------
        self
            The fitted estimator.
        """
        encoded = self._encode(X)
        y = check_target(y, "classification", len(encoded))
        self.model_ = LogisticRegression(C=1 / ((self.l2 or 1e-3) * len(y)), max_iter=300)
        with warnings.catch_warnings():  # on many columns 300 steps come close enough
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model_.fit(encoded, y, sample_weight)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Most probable labels, shape (n,)."""
        encoded = self._encoded(X)
        labels: NDArray[Any] = self.model_.predict(encoded)
        return labels

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of the classes, shape (n, n_classes)."""
        encoded = self._encoded(X)
        probabilities: NDArray[np.float64] = self.model_.predict_proba(encoded)
        return probabilities


class LinearRegressor(RegressorMixin, _Linear):
    """Ridge regression on standardised columns.

    Numbers are standardised, missing ones are the median with an indicator, categories are one-hot; images
    and sequences are read as flat columns.

    Parameters
    ----------
    l2 : float or None
        Penalty: the objective is the mean loss (half the squared error for numbers) plus ``l2 / 2`` times the
        squared norm of the coefficients, whatever the number of rows. None is 0.001 for classes; for
        numbers it is chosen from 0.0001 to 10 by leaving one out, on at most 2,000 rows.
    random_state : int, RandomState or None
        Seed of the rows that the penalty is chosen on, where there are more than 2,000.
    """

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the coefficients.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, d)
            Inputs; NaN is missing.
        y : array-like, shape (n,)
            Numbers.
        sample_weight : array-like, shape (n,), optional
            Weight of each row in the loss.

        Returns
        -------
        self
            The fitted estimator.
        """
        encoded = self._encode(X)
        y = check_target(y, "regression", len(encoded))
        l2 = self.l2
        if l2 is None:
            some = np.random.default_rng(seed_of(self.random_state)).permutation(len(y))[:2000]
            weight = None if sample_weight is None else np.asarray(sample_weight)[some]
            grid = RidgeCV(np.logspace(-4, 1, 11) * len(some)).fit(encoded[some], y[some], weight)
            l2 = grid.alpha_ / len(some)
        self.model_ = Ridge(alpha=l2 * len(y)).fit(encoded, y, sample_weight)
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Predicted numbers, shape (n,)."""
        encoded = self._encoded(X)
        values: NDArray[np.float64] = self.model_.predict(encoded)
        return values


ARCHITECTURE = Architecture(
    name="linear",
    title="Linear model (L2)",
    classifier=LinearClassifier,
    regressor=LinearRegressor,
    can=Capabilities(native=frozenset({"tabular"}), sample_weight=True),
    space={"l2": scipy.stats.loguniform(1e-6, 1e1)},
    reference="Hoerl, Kennard (1970), Technometrics 12(1); scikit-learn",
)
