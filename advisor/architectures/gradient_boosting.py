"""Gradient boosting with exact splits: scikit-learn's, on one-hot categories."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.stats
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier as _Classifier
from sklearn.ensemble import GradientBoostingRegressor as _Regressor

from advisor.architectures._boosted import Boosted, Deadline, Part
from advisor.architectures._encoders import TableEncoder
from advisor.architectures._learner import Classifier, Regressor
from advisor.architectures._space import Rounded
from advisor.architectures.base import Architecture, Capabilities


class _Monitor:
    """Called after each round: says stop if the held-out rows gain nothing any more, or time has passed."""

    def __init__(self, held: Part | None, patience: int | None, deadline: Deadline) -> None:
        self.held, self.patience, self.deadline = held, patience, deadline
        self.best_round, self.best_loss = 0, math.inf

    def __call__(self, place: int, model: Any, local: Any) -> bool:
        out_of_time = self.deadline.check()
        if self.held is None or self.patience is None:
            return out_of_time
        if place == 0:  # a generator: each tree predicts once, when it has been grown
            classifies = hasattr(model, "staged_predict_proba")
            self.stages = (model.staged_predict_proba if classifies else model.staged_predict)(
                self.held.values
            )
        if (loss := _loss(next(self.stages), self.held)) < self.best_loss:
            self.best_round, self.best_loss = place + 1, loss
        return out_of_time or place + 1 - self.best_round >= self.patience


def _loss(predicted: NDArray[np.float64], held: Part) -> float:
    """Mean logarithmic loss of probabilities, shape (n, n_classes), or squared error, shape (n,)."""
    if predicted.ndim == 1:
        losses = (held.target - predicted) ** 2
    else:
        losses = -np.log(np.maximum(predicted[np.arange(len(predicted)), held.target], 1e-15))
    return float(np.average(losses, weights=held.weight))


@dataclass(kw_only=True, eq=False, repr=False)
class _GradientBoosting(Boosted):
    learning_rate: float = 0.1
    loss_classes: str = "log_loss"
    loss_numbers: str = "squared_error"
    subsample: float = 1.0
    max_depth: int | None = 3
    max_leaf_nodes: int | None = None
    min_samples_split: int = 2
    min_samples_leaf: int = 1
    min_impurity_decrease: float = 0.0

    def _encoder(self) -> Any:
        return TableEncoder(scaling="monotone")

    def _training_memory(self, n: int, some: NDArray[Any], target: NDArray[Any]) -> float:
        return super()._training_memory(n, some, target) + 40 * n * self._n_outputs

    def _boost(
        self, train: Part, held: Part | None, n_rounds: int, deadline: Deadline, seed: int
    ) -> tuple[Any, int]:
        classifies = self.kind == "classification"
        loss = self.loss_numbers
        if classifies:
            loss = self.loss_classes if len(self.classes_) == 2 else "log_loss"
        model = (_Classifier if classifies else _Regressor)(
            n_estimators=n_rounds,
            learning_rate=self.learning_rate,
            loss=loss,
            subsample=self.subsample,
            max_depth=self.max_depth,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_split=self.min_samples_split,
            min_samples_leaf=self.min_samples_leaf,
            min_impurity_decrease=self.min_impurity_decrease,
            random_state=seed,
        )
        monitor = _Monitor(held, self.early_stopping_rounds, deadline)
        model.fit(train.values, train.target, train.weight, monitor=monitor)
        if held is not None:
            model.estimators_ = model.estimators_[: monitor.best_round]
        return model, len(model.estimators_)


class GradientBoostingClassifier(Classifier, _GradientBoosting):
    """Gradient boosting for classes; parameters as :class:`GradientBoostingRegressor`."""


class GradientBoostingRegressor(Regressor, _GradientBoosting):
    """Gradient boosting for numbers.

    Missing numbers are the median with an indicator, categories are one-hot; splits are searched among all
    values. Early stopping is that of :mod:`advisor.architectures.gbt`, on the same rows, by the logarithmic
    loss or the squared error; other defaults are the library's. The library's ``criterion``, part of the
    space of Grinsztajn et al., has no effect any more and is left out.

    Parameters
    ----------
    learning_rate : float
        Share of a tree that is added.
    loss_classes : {"log_loss", "exponential"}
        Loss of two classes; of more it is the first. Without effect for numbers.
    loss_numbers : {"squared_error", "absolute_error", "huber"}
        Loss of numbers; without effect for classes.
    subsample : float
        Share of the rows that a tree sees.
    max_depth, max_leaf_nodes : int or None
        Most splits between root and leaf, most leaves.
    min_samples_split, min_samples_leaf : int
        Least rows of a node that is split, and of a leaf.
    min_impurity_decrease : float
        Least gain of a split, in units of the scaled target's impurity.
    {boosting}

    References
    ----------
    Friedman (2001). Greedy function approximation: a gradient boosting machine. Annals of Statistics 29(5).
    Grinsztajn, Oyallon, Varoquaux (2022). Why do tree-based models still outperform deep learning on
    typical tabular data? NeurIPS Datasets and Benchmarks. Appendix A.4 has the space;
    targets are standardised, where theirs are as they come by default.
    """


ARCHITECTURE = Architecture(
    name="gradient_boosting",
    title="Gradient boosting",
    model_kind="trees",
    classifier=GradientBoostingClassifier,
    regressor=GradientBoostingRegressor,
    can=Capabilities(native=frozenset({"tabular"}), sample_weight=True),
    space={  # a value that stands k times in a list is drawn k times as often
        "learning_rate": scipy.stats.lognorm(s=math.log(10), scale=0.01),
        "loss_classes": ["log_loss", "exponential"],
        "loss_numbers": ["squared_error", "absolute_error", "huber"],
        "subsample": scipy.stats.uniform(0.5, 0.5),
        "max_depth": [None, 2] + [3] * 6 + [4, 5],
        "max_leaf_nodes": [None] * 17 + [5, 10, 15],
        "min_samples_split": [2] * 19 + [3],
        "min_samples_leaf": Rounded(scipy.stats.loguniform(1.5, 50.5)),
        "min_impurity_decrease": [0.0] * 17 + [0.01, 0.02, 0.05],
        "target_transform": ["standard", "quantile"],
    },
    reference="Friedman (2001), Annals of Statistics 29(5); space of Grinsztajn, Oyallon, Varoquaux (2022)",
)
