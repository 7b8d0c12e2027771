"""The score to beat: the prior of the classes, or the mean of the target."""

from __future__ import annotations

from typing import Any

import numpy as np
import sklearn.dummy

from advisor.architectures._target import check_weight
from advisor.architectures.base import Architecture, Capabilities


def _counting(X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    """The rows that count: one of weight 0 has no part in anything."""
    weight = check_weight(sample_weight, X)
    if weight is None or weight.all():
        return X, y, weight
    rows = np.flatnonzero(weight)
    inputs = X.iloc[rows] if hasattr(X, "iloc") else np.asarray(X)[rows]
    return inputs, np.asarray(y)[rows], weight[rows]


class DummyClassifier(sklearn.dummy.DummyClassifier):
    """Predict the most frequent class, whatever the inputs.

    Parameters
    ----------
    random_state : int, RandomState or None
        Nothing here is random; every estimator has one.
    """

    def __init__(self, *, random_state: Any = None) -> None:
        super().__init__(strategy="prior", random_state=random_state)

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> DummyClassifier:
        """Count the classes; groups tell nothing here."""
        super().fit(*_counting(X, y, sample_weight))
        return self


class DummyRegressor(sklearn.dummy.DummyRegressor):
    """Predict the mean of the target, whatever the inputs.

    Parameters
    ----------
    random_state : int, RandomState or None
        Nothing here is random; every estimator has one.
    """

    def __init__(self, *, random_state: Any = None) -> None:
        super().__init__(strategy="mean")
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> DummyRegressor:
        """Take the mean; groups tell nothing here."""
        super().fit(*_counting(X, y, sample_weight))
        return self


ARCHITECTURE = Architecture(
    name="dummy",
    title="Dummy",
    classifier=DummyClassifier,
    regressor=DummyRegressor,
    can=Capabilities(native=frozenset(), sample_weight=True),
    reference="scikit-learn, sklearn.dummy",
)
