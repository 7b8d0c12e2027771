"""What all architectures share as estimators, and what classifiers and regressors add to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from advisor.architectures._memory import peak_memory
from advisor.architectures._preprocessing import Layout, Rows
from advisor.architectures._target import target_scaler
from advisor.architectures.base import Kind


class Learner(BaseEstimator):
    """Base of the estimators: tells scikit-learn that missing values, text and n-D arrays are welcome."""

    kind: ClassVar[Kind]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.three_d_array = True
        tags.target_tags.required = True
        return tags

    def peak_memory(self, X: Any, y: Any) -> dict[str, int]:
        """Predict how much memory ``fit`` takes at its peak, beyond what is in use before it.

        ``fit`` asks this itself and refuses to start if less is free.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, d) or (n, *layout)
            Inputs, as for ``fit``.
        y : array-like, shape (n,)
            Labels or numbers.

        Returns
        -------
        dict
            Bytes by device: ``{"cpu": 1234567}``, and those of the accelerator if one is used. What
            libraries load when they are first used is not counted.
        """
        return peak_memory(self, X, y)

    def _layout(self) -> Layout | None:
        """How a row folds; None where columns are just columns."""
        return None

    def _memory(
        self, rows: Rows, which: NDArray[np.intp], labels: NDArray[Any], checked: int
    ) -> dict[str, int]:
        """Bytes by device, from some rows, their positions, all labels, and the bytes of all checked rows.

        Empty where it is not known: then nothing is refused.
        """
        return {}

    def _fit_target(self, y: NDArray[Any], seed: int) -> NDArray[Any]:
        """Learn how targets become class codes or scaled numbers, and give those."""
        raise NotImplementedError

    @property
    def _n_outputs(self) -> int:
        """How many numbers are predicted for a row; known once the target is."""
        raise NotImplementedError

    def _predicted(self, X: Any) -> NDArray[np.float64]:
        """Probabilities, shape (n, n_classes), or scaled numbers, shape (n,) or (n, 1)."""
        raise NotImplementedError


class Classifier(ClassifierMixin):
    """What a classifier adds to a :class:`Learner`: labels become codes and come back.

    Attributes
    ----------
    classes_ : ndarray
        Sorted labels.
    """

    kind: ClassVar[Kind] = "classification"
    _predicted: Callable[[Any], NDArray[np.float64]]

    def _fit_target(self, y: NDArray[Any], seed: int) -> NDArray[np.int64]:
        self.classes_, codes = np.unique(y, return_inverse=True)
        return codes.astype(np.int64)

    @property
    def _n_outputs(self) -> int:
        return len(self.classes_)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of the classes.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, d) or (n, *layout)
            Inputs.

        Returns
        -------
        ndarray, shape (n, n_classes)
            Rows sum to 1; columns as in ``classes_``.
        """
        return self._predicted(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """Most probable labels.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, d) or (n, *layout)
            Inputs.

        Returns
        -------
        ndarray, shape (n,)
            Labels as they were given to ``fit``.
        """
        best = self._predicted(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels


class Regressor(RegressorMixin):
    """What a regressor adds to a :class:`Learner`: the target is scaled for training, and back.

    It is standardised (``target_transform="standard"``), mapped to a normal distribution by its quantiles
    (``"quantile"``), or left as it is (``"none"``).
    """

    kind: ClassVar[Kind] = "regression"
    target_transform: str
    _predicted: Callable[[Any], NDArray[np.float64]]

    def _fit_target(self, y: NDArray[Any], seed: int) -> NDArray[np.float64]:
        self.scaler_ = target_scaler(self.target_transform, len(y), seed).fit(y[:, None])
        scaled: NDArray[np.float64] = self.scaler_.transform(y[:, None])[:, 0]
        return scaled

    @property
    def _n_outputs(self) -> int:
        return 1

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Predicted numbers, in the unit of the target.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, d) or (n, *layout)
            Inputs.

        Returns
        -------
        ndarray, shape (n,)
            Predictions.
        """
        scaled = self._predicted(X).reshape(-1, 1)
        values: NDArray[np.float64] = self.scaler_.inverse_transform(scaled)[:, 0]
        return values
