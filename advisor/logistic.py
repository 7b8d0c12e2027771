"""Fitted logistic models, read from the calibration: from facts about columns to odds of a structure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic regression that a person can read.

    Parameters
    ----------
    facts : tuple of str
        Names of the inputs.
    weights : tuple of float
        Change of the log-odds per unit of each fact.
    intercept : float
        Log-odds where all facts are 0.

    Examples
    --------
    >>> Logistic(("x",), (2.0,), 0.0).probability([0.0])
    0.5
    """

    facts: tuple[str, ...]
    weights: tuple[float, ...]
    intercept: float

    def probability(self, values: ArrayLike) -> float:
        """Probability that what was measured is so.

        Parameters
        ----------
        values : array-like, shape (len(facts),)
            The facts in order.

        Returns
        -------
        float
            Strictly between 0 and 1.
        """
        score = float(np.dot(np.asarray(values, dtype=np.float64), self.weights) + self.intercept)
        return float(1 / (1 + np.exp(-np.clip(score, -30, 30))))

    @classmethod
    def load(cls, name: str) -> Logistic:
        """Read a model that is shipped with the package, by name.

        Examples
        --------
        >>> "peak" in Logistic.load("image_fold").facts
        True
        """
        return _models()[name]


@lru_cache(maxsize=1)
def _models() -> dict[str, Logistic]:
    content = json.loads(resources.files("advisor").joinpath("data/calibration.json").read_text("utf-8"))
    return {
        name: Logistic(tuple(m["weights"]), tuple(m["weights"].values()), m["intercept"])
        for name, m in content.get("models", {}).items()
    }
