"""The score to beat: the prior of the classes, or the mean of the target."""

from __future__ import annotations

from typing import Any

import sklearn.dummy

from advisor.architectures.base import Architecture, Capabilities


class DummyClassifier(sklearn.dummy.DummyClassifier):
    """Predict the most frequent class, whatever the inputs.

    Parameters
    ----------
    random_state : int, RandomState or None
        Nothing here is random; every estimator has one.
    """

    def __init__(self, *, random_state: Any = None) -> None:
        super().__init__(strategy="prior", random_state=random_state)


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


ARCHITECTURE = Architecture(
    name="dummy",
    title="Prior or mean",
    classifier=DummyClassifier,
    regressor=DummyRegressor,
    can=Capabilities(native=frozenset(), sample_weight=True),
    reference="scikit-learn, sklearn.dummy",
)
