"""What to expect of each family on data like these: a small model of measured differences.

For each structure, the score of a network minus that of boosted trees is a line in a few facts about the
data, fitted by ridge regression to measured outcomes in which every origin of data counts once. What the
lines leave unexplained is kept as it was found, network beside network, and tells how sure the answer is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FAMILIES = ("cnn", "lstm", "gbt")
NETWORKS = ("cnn", "lstm")  # measured against the last of the families
BASE_ROWS = 500  # training rows at which the feature "size" is 0
TIE = 0.01  # scores closer than this count as equal
FEATURES = {
    "size": f"doublings of the training rows over {BASE_ROWS}",
    "fixed": "share of the variation within rows that is one curve common to all, 0 where none is",
    "length": "doublings of the positions (pixels, steps, columns) over 64",
    "regression": "1 if a number is predicted, 0 if a class",
}
RISING = ("size",)  # more rows make up for a weaker bias, so they cannot help trees more than networks
RIDGE = (
    10_000.0  # origins that speak for a slope of zero, in the unit of the feature: see docs/calibration.md
)
FLOOR = 0.0  # R2 below it counts as it: who sees that a model is worse than the mean takes the mean
FARTHEST = 0.5  # a difference beyond this counts as this: it says that a training went wrong, not by how much


@dataclass(frozen=True)
class Expected:
    """What to expect of one family.

    Parameters
    ----------
    family : {"cnn", "lstm", "gbt"}
        Name of the architecture.
    loss : float
        Expected score (accuracy or R2) below the best of the three.
    low, high : float
        Between which 80% of such losses lie.
    probability : float
        That it is the best, or within 0.01 of it; of several so close all are.
    if_not : float
        Expected loss where it is neither; 0 if that does not happen.
    """

    family: str
    loss: float
    low: float
    high: float
    probability: float
    if_not: float


@dataclass(frozen=True)
class Outlook:
    """The lines of one structure, and what they left unexplained.

    Parameters
    ----------
    coefficients : mapping of str to mapping of str to float
        By network: ``"constant"`` and the slope of each feature; in points of the score.
    residuals : ndarray, shape (k, 2)
        Of the measured outcomes, a column for each network.
    weights : ndarray, shape (k,)
        Of the outcomes, 1 in all for each origin.
    spread : ndarray, shape (1 + features, 1 + features)
        Inverse of the weighted products of the features, a constant in front: how far the lines are open.
    low, high : ndarray, shape (features,)
        Between which each feature was measured. Beyond, a line is told as it is at that end.
    """

    coefficients: Mapping[str, Mapping[str, float]]
    residuals: NDArray[np.float64]
    weights: NDArray[np.float64]
    spread: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def lead(self, one: str, other: str, features: Mapping[str, float]) -> tuple[float, float]:
        """How much more a family is expected to score than another, and the standard error of that.

        Parameters
        ----------
        one, other : str
            Families.
        features : mapping of str to float
            As :func:`features_of` gives them.

        Returns
        -------
        (float, float)
            In points of the score.
        """
        means = dict(zip(FAMILIES, [*self.differences(features), 0.0]))
        off = dict(zip(FAMILIES, [*self.residuals.T, np.zeros(len(self.residuals))]))
        weights = self.weights / self.weights.sum()
        variance = float(weights @ (off[one] - off[other]) ** 2)
        x = np.array([1.0, *self._measured(features)])
        return means[one] - means[other], float(np.sqrt(variance * (x @ self.spread @ x)))

    def differences(self, features: Mapping[str, float]) -> NDArray[np.float64]:
        """Expected score of each network minus that of boosted trees, shape (2,)."""
        values = dict(zip(FEATURES, self._measured(features)))
        return np.array(
            [
                lines["constant"] + sum(lines[name] * value for name, value in values.items())
                for lines in (self.coefficients[network] for network in NETWORKS)
            ]
        )

    def _measured(self, features: Mapping[str, float]) -> NDArray[np.float64]:
        """The features, none further out than it was measured."""
        return np.clip([features.get(name, 0.0) for name in FEATURES], self.low, self.high)

    def expect(self, features: Mapping[str, float]) -> tuple[Expected, ...]:
        """Tell what to expect of each family, the smallest expected loss first.

        Parameters
        ----------
        features : mapping of str to float
            As :func:`features_of` gives them.

        Returns
        -------
        tuple of Expected
            One for each family.
        """
        drawn = np.column_stack([self.differences(features) + self.residuals, np.zeros(len(self.residuals))])
        losses = drawn.max(axis=1, keepdims=True) - drawn
        weights = self.weights / self.weights.sum()
        found = [
            Expected(
                family,
                float(weights @ loss),
                quantile(loss, weights, 0.1),
                quantile(loss, weights, 0.9),
                float(weights @ (loss <= TIE)),
                _mean(loss, weights * (loss > TIE)),
            )
            for family, loss in zip(FAMILIES, losses.T)
        ]
        return tuple(sorted(found, key=lambda e: (e.loss, FAMILIES.index(e.family))))


def features_of(layout: Sequence[int], n: int, kind: str | None, fixed: float | None) -> dict[str, float]:
    """Compute what an outlook rests on.

    Parameters
    ----------
    layout : sequence of int
        ``(H, W, C)``, ``(T, C)`` or ``(d,)``.
    n : int
        Training rows.
    kind : {"classification", "regression"} or None
        What is predicted.
    fixed : float or None
        Value of the probe ``profile_shape``; None where there is none.

    Returns
    -------
    dict of str to float
        The :data:`FEATURES`.

    Examples
    --------
    >>> features_of((16, 16, 1), 1000, "classification", None)
    {'size': 1.0, 'fixed': 0.0, 'length': 2.0, 'regression': 0.0}
    """
    positions = math.prod(layout[:-1]) if len(layout) > 1 else layout[0]
    return {
        "size": size_of(n),
        "fixed": float(np.clip(fixed or 0.0, 0.0, 1.0)),
        "length": math.log2(max(positions, 1) / 64),
        "regression": float(kind == "regression"),
    }


def size_of(n: int) -> float:
    """Doublings of so many training rows over :data:`BASE_ROWS`: the feature ``"size"``.

    Parameters
    ----------
    n : int
        Training rows; below 1 counts as 1.

    Returns
    -------
    float
        Negative below :data:`BASE_ROWS`.

    Examples
    --------
    >>> size_of(500), size_of(125)
    (0.0, -2.0)
    """
    return math.log2(max(n, 1) / BASE_ROWS)


def rows_of(size: float) -> int:
    """Training rows of which a feature ``"size"`` tells, the inverse of :func:`size_of`.

    Parameters
    ----------
    size : float
        Doublings over :data:`BASE_ROWS`.

    Returns
    -------
    int
        Rounded.

    Examples
    --------
    >>> rows_of(-2.0)
    125
    """
    return round(BASE_ROWS * 2**size)


def fit(outcomes: Sequence[Mapping[str, Any]]) -> Outlook:
    """Fit the lines of one structure.

    Parameters
    ----------
    outcomes : sequence of mapping
        ``origin``, ``features`` and ``scores`` of all families, each on one set with so many rows.

    Returns
    -------
    Outlook
        Slopes of :data:`RISING` features are not negative.

    References
    ----------
    Hoerl, Kennard (1970). Ridge regression: biased estimation for nonorthogonal problems. Technometrics 12.

    Examples
    --------
    >>> def outcome(i):
    ...     scores = {"cnn": 0.7 + 0.1 * i, "lstm": 0.5, "gbt": 0.8}
    ...     return {"origin": str(i), "features": {"size": i - 2.0}, "scores": scores}
    >>> outcomes = [outcome(i) for i in range(5)]
    >>> [expected.family for expected in fit(outcomes).expect({"size": 2.0})]
    ['cnn', 'gbt', 'lstm']
    """
    X = np.array([[o["features"].get(name, 0.0) for name in FEATURES] for o in outcomes], dtype=float)
    scores = np.array([[o["scores"][family] for family in FAMILIES] for o in outcomes], dtype=float)
    scores = np.maximum(scores, FLOOR)
    differences = np.clip(scores[:, :-1] - scores[:, -1:], -FARTHEST, FARTHEST)
    weights = weights_of(outcomes)
    coefficients, residuals = {}, []
    for place, network in enumerate(NETWORKS):
        y, kept = differences[:, place], list(range(len(FEATURES)))
        while True:
            slopes, constant = ridge(X[:, kept], y, weights, RIDGE)
            falling = [k for k, slope in zip(kept, slopes) if slope < 0 and list(FEATURES)[k] in RISING]
            if not falling:
                break
            kept = [k for k in kept if k not in falling]
        named = dict.fromkeys(FEATURES, 0.0) | {
            list(FEATURES)[k]: float(s) for k, s in zip(kept, slopes, strict=True)
        }
        coefficients[network] = {"constant": float(constant), **named}
        residuals.append(y - constant - X[:, kept] @ slopes)
    ones = np.column_stack([np.ones(len(X)), X])
    penalty = RIDGE * np.diag([0.0, *[1.0] * len(FEATURES)])
    spread = np.asarray(np.linalg.inv(ones.T @ (ones * weights[:, None]) + penalty), dtype=np.float64)
    return Outlook(coefficients, np.column_stack(residuals), weights, spread, X.min(axis=0), X.max(axis=0))


def weights_of(outcomes: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    """Weight of each outcome, 1 in all for each ``origin``.

    Parameters
    ----------
    outcomes : sequence of mapping
        Each with its ``origin``.

    Returns
    -------
    ndarray, shape (k,)
        Of the outcomes, in their order.

    Examples
    --------
    >>> weights_of([{"origin": "a"}, {"origin": "b"}, {"origin": "a"}]).tolist()
    [0.5, 1.0, 0.5]
    """
    _, origin, counts = np.unique([o["origin"] for o in outcomes], return_inverse=True, return_counts=True)
    return np.asarray(1.0 / counts[origin], dtype=np.float64)


def ridge(
    X: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64], penalty: float
) -> tuple[NDArray[np.float64], float]:
    """Fit a line by least squares, its slopes drawn to zero.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        Facts.
    y : ndarray, shape (n,)
        What is to be explained.
    weights : ndarray, shape (n,)
        Of the rows.
    penalty : float
        Weight that speaks for slopes of zero.

    Returns
    -------
    slopes, constant : ndarray, shape (d,), and float
        The constant is not drawn to zero.

    Examples
    --------
    >>> X, y = np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0])
    >>> slopes, constant = ridge(X, y, np.ones(3), 0.0)
    >>> slopes.round(6).tolist(), round(constant, 6)
    ([2.0], 1.0)
    >>> ridge(X, y, np.ones(3), 2.0)[0].round(6).tolist()
    [1.0]
    """
    total = weights.sum()
    center, middle = weights @ X / total, float(weights @ y / total)
    off = X - center
    gram = off.T @ (off * weights[:, None]) + penalty * np.eye(X.shape[1])
    slopes = np.linalg.solve(gram, off.T @ (weights * (y - middle)))
    return slopes, middle - float(center @ slopes)


def _mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    total = float(weights.sum())
    return float(weights @ values) / total if total > 0 else 0.0


def quantile(values: NDArray[np.float64], weights: NDArray[np.float64], q: float) -> float:
    """Least value up to which the weights reach a share ``q`` of their sum.

    Parameters
    ----------
    values : ndarray, shape (k,)
        In any order.
    weights : ndarray, shape (k,)
        Of the values.
    q : float
        Share, from 0 to 1.

    Returns
    -------
    float
        One of the values.

    Examples
    --------
    >>> quantile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 8.0]), 0.5)
    2.0
    """
    order = np.argsort(values, kind="stable")
    return float(
        values[order][np.searchsorted(np.cumsum(weights[order]), q * weights.sum()).clip(0, len(values) - 1)]
    )
