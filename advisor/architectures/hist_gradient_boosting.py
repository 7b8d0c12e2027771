"""Gradient boosting on binned columns: scikit-learn's, with native categories and missing values."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.stats
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier as _Classifier
from sklearn.ensemble import HistGradientBoostingRegressor as _Regressor

from advisor.architectures._boosted import Boosted, Deadline, Part
from advisor.architectures._codes import CodeEncoder
from advisor.architectures._learner import Classifier, Regressor
from advisor.architectures._space import Rounded
from advisor.architectures.base import Architecture, Capabilities

_CHUNK = 100  # rounds between two looks at the clock; the library bins the rows anew for each


@dataclass(kw_only=True, eq=False, repr=False)
class _HistGradientBoosting(Boosted):
    learning_rate: float = 0.1
    loss_numbers: str = "squared_error"
    max_leaf_nodes: int | None = 31
    max_depth: int | None = None
    min_samples_leaf: int = 20
    l2_regularization: float = 0.0

    def _encoder(self) -> Any:
        return CodeEncoder(most=255)  # as many as the library has bins

    def _training_memory(self, n: int, some: NDArray[Any], target: NDArray[Any]) -> float:
        copied = super()._training_memory(n, some, target)
        return float(copied + 13 * n * some.shape[1] + 40 * n * self._n_outputs)  # binned by way of float64

    def _boost(
        self, train: Part, held: Part | None, n_rounds: int, deadline: Deadline, seed: int
    ) -> tuple[Any, int]:
        classifies = self.kind == "classification"
        make: Any = _Classifier if classifies else _Regressor
        model = make(
            loss="log_loss" if classifies else self.loss_numbers,
            learning_rate=self.learning_rate,
            max_iter=0,
            max_leaf_nodes=self.max_leaf_nodes,
            max_depth=self.max_depth,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=self.l2_regularization,
            categorical_features=self.encoder_.places or None,
            early_stopping=held is not None,
            n_iter_no_change=self.early_stopping_rounds or 10,
            warm_start=True,  # the trees are those of a model grown at once
            random_state=seed,
        )
        validation = {}
        if held is not None:
            validation = {"X_val": held.values, "y_val": held.target, "sample_weight_val": held.weight}
        # the library cannot bin a column that was never observed; as a constant it is as useless
        values = np.where(np.isnan(train.values).all(axis=0), 0, train.values)
        grown, start = 0, time.monotonic()
        while grown == model.max_iter < n_rounds and (grown == 0 or not deadline.check()):
            chunk = _CHUNK
            if (
                deadline.left < math.inf
            ):  # the library looks at no clock: rounds tell how many there is time for
                a_round = (time.monotonic() - start) / grown if grown else math.inf
                chunk = int(np.clip(0.5 * deadline.left / a_round, 1, _CHUNK))
            model.set_params(max_iter=min(n_rounds, grown + chunk))
            model.fit(values, train.target, train.weight, **validation)
            grown = model.n_iter_
        if held is None or not self.refit:
            return model, grown
        return model, max(1, int(np.argmax(model.validation_score_)))  # the first score is that of no round


class HistGradientBoostingClassifier(Classifier, _HistGradientBoosting):
    """Gradient boosting on binned columns for classes; see :class:`HistGradientBoostingRegressor`."""


class HistGradientBoostingRegressor(Regressor, _HistGradientBoosting):
    """Gradient boosting on binned columns for numbers.

    Missing values and categories are handled by the trees; a column's rarest categories share the last of 255
    codes. Early stopping is that of :mod:`advisor.architectures.gbt`, on the same rows; without ``refit`` the
    rounds after the best are kept, as in the library. Other defaults are the library's. Threads follow
    OMP_NUM_THREADS.

    Parameters
    ----------
    learning_rate : float
        Share of a tree that is added.
    loss_numbers : {"squared_error", "absolute_error"}
        Loss of numbers; without effect for classes.
    max_leaf_nodes, max_depth : int or None
        Most leaves, most splits between root and leaf.
    min_samples_leaf : int
        Least rows of a leaf.
    l2_regularization : float
        Penalty of the leaves.
    {boosting}

    References
    ----------
    Ke et al. (2017). LightGBM: a highly efficient gradient boosting decision tree. NeurIPS.
    Grinsztajn, Oyallon, Varoquaux (2022). Why do tree-based models still outperform deep learning on
    typical tabular data? NeurIPS Datasets and Benchmarks. Its code has the space.
    """


ARCHITECTURE = Architecture(
    name="hist_gradient_boosting",
    title="Histogram boosting",
    model_kind="trees",
    classifier=HistGradientBoostingClassifier,
    regressor=HistGradientBoostingRegressor,
    can=Capabilities(native=frozenset({"tabular"}), sample_weight=True),
    space={  # a value that stands k times in a list is drawn k times as often
        "learning_rate": scipy.stats.lognorm(s=math.log(10), scale=0.01),
        "loss_numbers": ["squared_error", "absolute_error"],
        "max_leaf_nodes": Rounded(scipy.stats.norm(31, 5), least=2),
        "max_depth": [None, 2] + [3] * 7 + [4],
        "min_samples_leaf": Rounded(scipy.stats.norm(20, 2)),
        "target_transform": ["standard", "quantile"],
    },
    reference="scikit-learn; Ke et al. (2017), NeurIPS; space of Grinsztajn, Oyallon, Varoquaux (2022)",
)
