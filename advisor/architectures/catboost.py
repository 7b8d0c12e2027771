"""Boosted symmetric trees: CatBoost with native categories and missing values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import catboost
import numpy as np
import scipy.stats
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier, DummyRegressor

from advisor.architectures._boosted import Boosted, Deadline, Part
from advisor.architectures._learner import Classifier, Regressor
from advisor.architectures._space import Rounded
from advisor.architectures._wrapped import threads
from advisor.architectures.base import Architecture, Capabilities


class _Stop:
    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline

    def after_iteration(self, info: Any) -> bool:
        """Whether to go on; the first tree is always grown."""
        return not self.deadline.check()


@dataclass(kw_only=True, eq=False, repr=False)
class _CatBoost(Boosted):
    learning_rate: float | None = None
    depth: int = 6
    grow_policy: str = "SymmetricTree"
    l2_leaf_reg: float = 3.0
    subsample: float | None = None
    colsample_bylevel: float = 1.0
    leaf_estimation_iterations: int | None = None
    one_hot_max_size: int | None = None
    model_size_reg: float = 0.5
    max_ctr_complexity: int = 4
    n_jobs: int | None = None

    def _training_memory(self, n: int, some: NDArray[Any], target: NDArray[Any]) -> float:
        d = some.shape[1]
        sums = 8e5 * d  # of gradients, by leaf and bin
        copied = super()._training_memory(n, some, target)
        return float(copied + 4 * n * d + 260 * n * self._n_outputs + sums)

    def _boost(
        self, train: Part, held: Part | None, n_rounds: int, deadline: Deadline, seed: int
    ) -> tuple[Any, int]:
        if not _varies(train.values) or not _varies(train.target):  # which the library refuses
            constant = DummyClassifier() if self.kind == "classification" else DummyRegressor()
            return constant.fit(train.values, train.target, train.weight), 1
        learning_rate = self.learning_rate
        if learning_rate is None and held is None and self.early_stopping_rounds is not None:
            # the library's choice when the rounds were counted
            learning_rate = getattr(self.model_, "learning_rate_", None)
        parameters = {
            "iterations": n_rounds,
            "learning_rate": learning_rate,
            "depth": self.depth,
            "grow_policy": self.grow_policy,
            "l2_leaf_reg": self.l2_leaf_reg,
            "bootstrap_type": None if self.subsample is None else "Bernoulli",
            "subsample": self.subsample,
            "rsm": self.colsample_bylevel,
            "leaf_estimation_iterations": self.leaf_estimation_iterations,
            "one_hot_max_size": self.one_hot_max_size,
            "model_size_reg": self.model_size_reg,
            "max_ctr_complexity": self.max_ctr_complexity,
            "thread_count": threads(self.n_jobs),
            "random_seed": seed,
            "allow_writing_files": False,
            "logging_level": "Silent",
            **self._objective(),
        }
        if held is not None:
            parameters |= {"od_type": "Iter", "od_wait": self.early_stopping_rounds, "use_best_model": True}
        model = catboost.CatBoost({name: value for name, value in parameters.items() if value is not None})
        model.fit(
            self._pool(train.values, train),
            eval_set=None if held is None else self._pool(held.values, held),
            callbacks=[_Stop(deadline)],
        )
        return model, model.tree_count_

    def _pool(self, values: NDArray[np.float32], part: Part | None = None) -> catboost.Pool:
        places = self.encoder_.places
        data: Any = values
        if places:  # a missing category is one of its own, and so is every unseen one
            codes = np.nan_to_num(values[:, places], nan=-1).astype(int).astype("S").astype(object)
            numbers = np.ascontiguousarray(np.delete(values, places, axis=1))
            data = catboost.FeaturesData(numbers if numbers.shape[1] else None, codes)
        if part is None:
            return catboost.Pool(data)
        return catboost.Pool(data, part.target, weight=part.weight)

    def _objective(self) -> dict[str, Any]:
        if self.kind == "regression":
            return {"loss_function": "RMSE"}
        n_classes = len(self.classes_)
        if n_classes == 2:
            return {"loss_function": "Logloss"}
        return {"loss_function": "MultiClass", "classes_count": n_classes}

    def _outputs(self, values: NDArray[Any]) -> NDArray[Any]:
        if not isinstance(self.model_, catboost.CatBoost):
            return super()._outputs(values)
        kind = "Probability" if self.kind == "classification" else "RawFormulaVal"
        outputs = self.model_.predict(
            self._pool(values), prediction_type=kind, thread_count=threads(self.n_jobs)
        )
        return np.asarray(outputs)


def _varies(values: NDArray[Any]) -> bool:
    known = np.nan_to_num(values, nan=np.inf)
    return bool((known != known[0]).any())


class CatBoostClassifier(Classifier, _CatBoost):
    """CatBoost for classes; parameters as :class:`CatBoostRegressor`."""


class CatBoostRegressor(Regressor, _CatBoost):
    """CatBoost for numbers.

    Missing values and categories are handled by the library: categories by statistics of the target in which
    a row's own target has no part. Early stopping is that of :mod:`advisor.architectures.gbt`, on the same
    rows; other defaults are the library's.

    Parameters
    ----------
    learning_rate : float or None
        Share of a tree that is added; None is the library's choice by the number of rows and rounds.
    depth : int
        Splits between root and leaf.
    grow_policy : {"SymmetricTree", "Depthwise"}
        Whether all nodes of a level have the same split.
    l2_leaf_reg : float
        Penalty of the leaves.
    subsample : float or None
        Share of the rows that a tree sees; None is the library's choice.
    colsample_bylevel : float
        Share of the columns that a level of a tree sees.
    leaf_estimation_iterations : int or None
        Newton steps for the values of the leaves; None is the library's choice by the loss.
    one_hot_max_size : int or None
        Up to how many categories one is split from the others; None is the library's choice.
    model_size_reg : float
        Penalty of combinations of many categories.
    max_ctr_complexity : int
        Most categories that are combined.
    n_jobs : int or None
        Threads; None follows OMP_NUM_THREADS.
    {boosting}

    References
    ----------
    Prokhorenkova, Gusev, Vorobev, Dorogush, Gulin (2018). CatBoost: unbiased boosting with categorical
    features. NeurIPS.
    Erickson et al. (2025). TabArena: a living benchmark for machine learning on tabular data. NeurIPS
    Datasets and Benchmarks. Its code (autogluon/tabarena, models/catboost) has the space.
    """


ARCHITECTURE = Architecture(
    name="catboost",
    title="CatBoost",
    model_kind="trees",
    classifier=CatBoostClassifier,
    regressor=CatBoostRegressor,
    can=Capabilities(native=frozenset({"tabular"}), sample_weight=True),
    space={
        "learning_rate": scipy.stats.loguniform(5e-3, 0.1),
        "subsample": scipy.stats.uniform(0.7, 0.3),
        "grow_policy": ["SymmetricTree", "Depthwise"],
        "depth": scipy.stats.randint(4, 9),
        "colsample_bylevel": scipy.stats.uniform(0.85, 0.15),
        "l2_leaf_reg": scipy.stats.loguniform(1e-4, 5),
        "leaf_estimation_iterations": Rounded(scipy.stats.loguniform(1, 20)),
        "one_hot_max_size": Rounded(scipy.stats.loguniform(8, 100)),
        "model_size_reg": scipy.stats.loguniform(0.1, 1.5),
        "max_ctr_complexity": scipy.stats.randint(2, 6),
    },
    reference="Prokhorenkova et al. (2018), NeurIPS; space of TabArena (Erickson et al. 2025)",
)
