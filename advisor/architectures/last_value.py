"""Baseline for series: what the last step alone tells, persistence where that is all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import NDArray

from advisor.architectures._learner import Classifier, Regressor
from advisor.architectures._preprocessing import Columns, Layout, Rows, check_layout, shaped
from advisor.architectures._wrapped import Wrapped
from advisor.architectures.base import Architecture, Capabilities
from advisor.architectures.linear import LinearClassifier, LinearRegressor


class _LastStep:
    """The last observed value of each channel of a sequence, or of each pixel in the rows of an image.

    Values that are missing at the end, padding among them, are passed over. Of a table, the last column.

    Examples
    --------
    >>> rows = np.array([[1.0, 10, 2, 20, np.nan, np.nan], [1, 10, 2, 20, 3, np.nan]])
    >>> _LastStep((3, 2)).fit(rows).transform(rows)
    array([[ 2., 20.],
           [ 3., 20.]])
    """

    def __init__(self, layout: Layout | None) -> None:
        self.layout = layout

    def fit(self, rows: Rows) -> _LastStep:
        """Learn what the columns are, and whether there is anything to see."""
        self.columns = Columns.of(rows)
        last = self._last(rows)
        self.blank = isinstance(last, np.ndarray) and bool(np.isnan(last).all())
        return self

    def transform(self, rows: Rows) -> Rows:
        """Last steps, shape (n, C)."""
        last = self._last(rows)
        return np.zeros(last.shape) if self.blank else last

    def _last(self, rows: Rows) -> Rows:
        if self.layout is None or len(self.layout) == 1:
            numbers = self.columns.numbers(rows)  # of all columns, which are checked with it
            labels = self.columns.labels(rows)
            is_number = numbers.shape[1] + labels.shape[1] - 1 in self.columns.numeric
            return numbers[:, -1:].copy() if is_number else pd.DataFrame(labels[:, -1:])
        steps = shaped(rows, self.layout).reshape(len(rows), self.layout[0], -1)  # (n, T, C)
        last: NDArray[np.float64] = steps[:, -1].copy()
        for step in range(self.layout[0] - 2, -1, -1):
            if not (missing := np.isnan(last)).any():
                break
            last[missing] = steps[:, step][missing]
        return last


@dataclass(kw_only=True, eq=False, repr=False)
class _LastValue(Wrapped):
    layout: Layout | None = None
    l2: float | None = None

    def _layout(self) -> Layout | None:
        return check_layout(self.layout)

    def _encoder(self) -> Any:
        return _LastStep(self._layout())

    def _training_memory(self, n: int, some: NDArray[Any], target: NDArray[Any]) -> float:
        return float(28 * n * some.shape[1] + 32 * n * self._n_outputs)  # those of the linear model

    def _train(
        self, values: NDArray[Any], target: NDArray[Any], weight: NDArray[np.float64] | None, seed: int
    ) -> None:
        make: Any = LinearClassifier if self.kind == "classification" else LinearRegressor
        self.model_ = make(l2=self.l2, random_state=seed).fit(values, target, weight)


class LastValueClassifier(Classifier, _LastValue):
    """The linear classifier on the last step alone; parameters as :class:`LastValueRegressor`."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # it sees one column of a table
        return tags


class LastValueRegressor(Regressor, _LastValue):
    """Persistence, or the linear regression on the last step, whichever the training rows ask for.

    A forecaster's baseline is persistence: the next value will be the last one. Which channel that is, and
    whether the target is in its unit at all, is not known here; and of a series that returns to its mean the
    last step tells more than persistence does. So the prediction is an affine map of the last step's
    channels, the linear model with its own penalty; but it is persistence of one channel, exactly, where the
    map has no lower Bayesian information criterion: on a random walk a fitted map would only add noise, and
    fall behind where the walk leaves the range it was fitted in.

    Parameters
    ----------
    layout : tuple of int or None
        ``(T, C)``; ``(H, W, C)`` is read as H steps of W C values, ``(d,)`` as d steps: the last column. None
        means ``(d,)``.
    l2 : float or None
        Penalty of the map, as in :class:`advisor.architectures.linear.LinearRegressor`.
    target_transform : {"standard", "quantile", "none"}
        Scaling of a regression target; without effect for classes.
    random_state : int, RandomState or None
        Seed of the rows that the penalty is chosen on, where there are more than 2,000.

    Attributes
    ----------
    channel_ : int or None
        The channel that persists; None where the map predicts.

    References
    ----------
    Hyndman, Athanasopoulos (2021). Forecasting: principles and practice. 3rd edition, section 5.2.
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # it sees one column of a table
        return tags

    def _train(
        self, values: NDArray[Any], target: NDArray[Any], weight: NDArray[np.float64] | None, seed: int
    ) -> None:
        super()._train(values, target, weight, seed)
        self.channel_: int | None = None
        if not isinstance(values, np.ndarray):
            return
        mapped = super()._outputs(values)
        n_rows, n_channels = values.shape

        def error(predicted: NDArray[np.float64]) -> float:
            return float(np.average((predicted - target) ** 2, weights=weight))

        persisting = [error(self._persist(values, channel, mapped)) for channel in range(n_channels)]
        best = int(np.argmin(persisting))
        # n log(error of the map) + (coefficients) log(n) against n log(error of persistence)
        if persisting[best] <= error(mapped) * n_rows ** ((n_channels + 1) / n_rows):
            self.channel_ = best

    def _outputs(self, values: NDArray[Any]) -> NDArray[Any]:
        mapped = super()._outputs(values)
        return mapped if self.channel_ is None else self._persist(values, self.channel_, mapped)

    def _persist(
        self, values: NDArray[np.float64], channel: int, otherwise: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The channel's values in the scale of the target; the map where none was observed."""
        last = values[:, [channel]]
        scaled: NDArray[np.float64] = self.scaler_.transform(last)[:, 0]
        return np.where(np.isnan(last[:, 0]), otherwise, scaled)


ARCHITECTURE = Architecture(
    name="last_value",
    title="Last value",
    classifier=LastValueClassifier,
    regressor=LastValueRegressor,
    can=Capabilities(
        native=frozenset({"sequence"}), uses_layout=True, unequal_length=True, sample_weight=True
    ),
    space={"l2": scipy.stats.loguniform(1e-6, 1e1)},
    reference="Hyndman, Athanasopoulos (2021), Forecasting: principles and practice, section 5.2",
)
