"""Random forest: scikit-learn's, on one-hot categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.stats
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier as _Classifier
from sklearn.ensemble import RandomForestRegressor as _Regressor

from advisor.architectures._boosted import Deadline
from advisor.architectures._encoders import TableEncoder
from advisor.architectures._learner import Classifier, Regressor
from advisor.architectures._space import Rounded
from advisor.architectures._wrapped import Wrapped, threads
from advisor.architectures.base import Architecture, Capabilities

_CHUNK = 10  # trees of each thread between two looks at the clock


@dataclass(kw_only=True, eq=False, repr=False)
class _RandomForest(Wrapped):
    n_estimators: int = 100
    criterion_classes: str = "gini"
    criterion_numbers: str = "squared_error"
    max_depth: int | None = None
    max_features: str | float | None = "auto"
    min_samples_split: int = 2
    min_samples_leaf: int = 1
    min_impurity_decrease: float = 0.0
    bootstrap: bool = True
    time_limit: float | None = None
    n_jobs: int | None = None

    def _train(
        self, values: NDArray[Any], target: NDArray[Any], weight: NDArray[np.float64] | None, seed: int
    ) -> None:
        deadline, n_threads = Deadline(self.time_limit), threads(self.n_jobs)
        self.model_ = self._forest(n_threads, seed)
        self.n_trees_ = 0
        while self.n_trees_ < self.n_estimators and (self.n_trees_ == 0 or not deadline.check()):
            self.n_trees_ = min(self.n_estimators, self.n_trees_ + _CHUNK * n_threads)
            self.model_.set_params(n_estimators=self.n_trees_).fit(values, target, weight)
        self.stopped_ = "time_limit" if deadline.passed else "done"

    def _encoder(self) -> Any:
        return TableEncoder(scaling="monotone")

    def _training_memory(self, n: int, some: NDArray[Any], target: NDArray[Any]) -> float:
        # nodes per row hardly depend on the number of rows, but very much on what the rows are
        few = self._forest(1, 0).set_params(n_estimators=4).fit(some, target)
        nodes = sum(tree.tree_.node_count for tree in few.estimators_) / 4 * n / len(some)
        if self.max_depth is not None:
            nodes = min(nodes, 2 ** (self.max_depth + 1))
        return float(self.n_estimators * nodes * (64 + 8 * self._n_outputs) + 40 * n)

    def _forest(self, n_threads: int, seed: int) -> Any:
        classifies = self.kind == "classification"
        max_features = self.max_features
        if max_features == "auto":
            max_features = "sqrt" if classifies else 1.0
        return (_Classifier if classifies else _Regressor)(
            n_estimators=0,
            criterion=self.criterion_classes if classifies else self.criterion_numbers,
            max_depth=self.max_depth,
            max_features=max_features,
            min_samples_split=self.min_samples_split,
            min_samples_leaf=self.min_samples_leaf,
            min_impurity_decrease=self.min_impurity_decrease,
            bootstrap=self.bootstrap,
            warm_start=True,  # the trees are those of a forest grown at once
            n_jobs=n_threads,
            random_state=seed,
        )


class RandomForestClassifier(Classifier, _RandomForest):
    """Random forest for classes; parameters as :class:`RandomForestRegressor`."""


class RandomForestRegressor(Regressor, _RandomForest):
    """Random forest for numbers.

    Missing numbers are the median with an indicator, categories are one-hot. Defaults are the library's.

    Parameters
    ----------
    n_estimators : int
        Trees.
    criterion_classes : {"gini", "entropy"}
        What a split lowers; without effect for numbers.
    criterion_numbers : {"squared_error", "absolute_error"}
        The same for numbers; without effect for classes.
    max_depth : int or None
        Most splits between root and leaf.
    max_features : {"auto", "sqrt", "log2"}, float or None
        Columns tried at a split: their number or share, None is all; "auto" is the square root of their
        number for classes, all for numbers.
    min_samples_split, min_samples_leaf : int
        Least rows of a node that is split, and of a leaf.
    min_impurity_decrease : float
        Least gain of a split, in units of the scaled target's impurity.
    bootstrap : bool
        Whether each tree sees a sample of the rows.
    target_transform : {"standard", "quantile", "none"}
        Scaling of a regression target; without effect for classes.
    time_limit : float or None
        Seconds after which no more trees are grown; None for no limit.
    n_jobs : int or None
        Threads; None follows OMP_NUM_THREADS.
    random_state : int, RandomState or None
        Seed of the samples of rows and columns.

    References
    ----------
    Breiman (2001). Random forests. Machine Learning 45(1).
    Grinsztajn, Oyallon, Varoquaux (2022). Why do tree-based models still outperform deep learning on
    typical tabular data? NeurIPS Datasets and Benchmarks. Appendix A.4 has the space;
    forests have 250 trees, and targets are standardised, where theirs are as they come by default.
    """


ARCHITECTURE = Architecture(
    name="random_forest",
    title="Random forest",
    model_kind="trees",
    classifier=RandomForestClassifier,
    regressor=RandomForestRegressor,
    can=Capabilities(native=frozenset({"tabular"}), sample_weight=True),
    space={  # a value that stands k times in a list is drawn k times as often
        "n_estimators": [250],
        "criterion_classes": ["gini", "entropy"],
        "criterion_numbers": ["squared_error", "absolute_error"],
        "max_depth": [None] * 7 + [2, 3, 4],
        "max_features": ["sqrt", "sqrt", "log2", None, *(share / 10 for share in range(1, 10))],
        "min_samples_split": [2] * 19 + [3],
        "min_samples_leaf": Rounded(scipy.stats.loguniform(1.5, 50.5)),
        "min_impurity_decrease": [0.0] * 17 + [0.01, 0.02, 0.05],
        "bootstrap": [True, False],
        "target_transform": ["standard", "quantile"],
    },
    reference="Breiman (2001), Machine Learning 45(1); space of Grinsztajn, Oyallon, Varoquaux (2022)",
)
