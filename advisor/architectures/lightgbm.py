"""Boosted trees grown leaf by leaf: LightGBM with native categories and missing values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import scipy.stats
from numpy.typing import NDArray

from advisor.architectures._boosted import Boosted, Deadline, Part
from advisor.architectures._learner import Classifier, Regressor
from advisor.architectures._space import Rounded
from advisor.architectures.base import Architecture, Capabilities


@dataclass(kw_only=True, eq=False, repr=False)
class _LightGBM(Boosted):
    learning_rate: float = 0.1
    num_leaves: int = 31
    min_data_in_leaf: int = 20
    feature_fraction: float = 1.0
    bagging_fraction: float = 1.0
    extra_trees: bool = False
    lambda_l1: float = 0.0
    lambda_l2: float = 0.0
    min_data_per_group: int = 100
    cat_l2: float = 10.0
    cat_smooth: float = 10.0
    max_cat_to_onehot: int = 4
    n_jobs: int | None = None

    def _training_memory(self, n: int, some: NDArray[Any], target: NDArray[Any]) -> float:
        d = some.shape[1]
        sampled = 12 * min(n, 200_000) * d  # for the bins
        binned = 1.4 * n * d + 30 * n * self._n_outputs
        return float(super()._training_memory(n, some, target) + binned + sampled)

    def _boost(
        self, train: Part, held: Part | None, n_rounds: int, deadline: Deadline, seed: int
    ) -> tuple[Any, int]:
        parameters = {
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": self.min_data_in_leaf,
            "feature_fraction": self.feature_fraction,
            "bagging_fraction": self.bagging_fraction,
            "bagging_freq": 1 if self.bagging_fraction < 1 else 0,
            "extra_trees": self.extra_trees,
            "lambda_l1": self.lambda_l1,
            "lambda_l2": self.lambda_l2,
            "min_data_per_group": self.min_data_per_group,
            "cat_l2": self.cat_l2,
            "cat_smooth": self.cat_smooth,
            "max_cat_to_onehot": self.max_cat_to_onehot,
            "num_threads": self.n_jobs or 0,
            "seed": seed,
            "deterministic": True,  # the same with any number of threads
            "force_col_wise": True,  # else the faster way of the moment is taken
            "verbosity": -1,
            **self._objective(),
        }
        rows = self._rows(train)
        curves: dict[str, dict[str, list[float]]] = {}
        callbacks: list[Any] = [_stop(deadline)]
        valid = []
        if held is not None and self.early_stopping_rounds is not None:
            callbacks.append(lightgbm.record_evaluation(curves))
            callbacks.append(lightgbm.early_stopping(self.early_stopping_rounds, verbose=False))
            valid = [rows.create_valid(held.values, held.target, weight=held.weight)]
        model = lightgbm.train(parameters, rows, n_rounds, valid_sets=valid, callbacks=callbacks)
        n_trees = model.current_iteration()
        if curves:
            (curve,) = curves["valid_0"].values()
            n_trees = int(np.argmin(curve)) + 1
        model.best_iteration = n_trees  # what it predicts with
        return model, n_trees

    def _rows(self, part: Part) -> lightgbm.Dataset:
        return lightgbm.Dataset(
            part.values,
            part.target,
            weight=part.weight,
            categorical_feature=self.encoder_.places,
            params={"verbosity": -1},
        )

    def _objective(self) -> dict[str, Any]:
        if self.kind == "regression":
            return {"objective": "regression"}
        n_classes = len(self.classes_)
        return (
            {"objective": "binary"} if n_classes == 2 else {"objective": "multiclass", "num_class": n_classes}
        )

    def _outputs(self, values: NDArray[Any]) -> NDArray[Any]:
        outputs = np.asarray(self.model_.predict(values, num_threads=self.n_jobs or 0))
        if self.kind == "classification" and outputs.ndim == 1:
            return np.stack([1 - outputs, outputs], axis=1)
        return outputs


def _stop(deadline: Deadline) -> Any:
    """Make a callback that ends the training when the time has passed; the first tree is always grown."""

    def stop(env: Any) -> None:
        if deadline.check():
            raise lightgbm.callback.EarlyStopException(env.iteration, env.evaluation_result_list or [])

    stop.order = 100  # type: ignore[attr-defined]  # after the loss has been recorded
    return stop


class LightGBMClassifier(Classifier, _LightGBM):
    """LightGBM for classes; parameters as :class:`LightGBMRegressor`."""


class LightGBMRegressor(Regressor, _LightGBM):
    """LightGBM for numbers.

    Missing values and categories are handled by the trees. Early stopping is that of
    :mod:`advisor.architectures.gbt`, on the same rows; other defaults are the library's.

    Parameters
    ----------
    learning_rate : float
        Share of a tree that is added.
    num_leaves, min_data_in_leaf : int
        Most leaves of a tree, least rows of a leaf.
    feature_fraction, bagging_fraction : float
        Share of the columns and of the rows that a tree sees.
    extra_trees : bool
        Whether one random threshold per column is tried at a split.
    lambda_l1, lambda_l2 : float
        Penalties of the leaves.
    min_data_per_group, max_cat_to_onehot : int
        Least rows of a group of categories; up to how many categories one is split from the others.
    cat_l2, cat_smooth : float
        Penalty of the leaves and smoothing where groups of categories are split.
    n_jobs : int or None
        Threads; None follows OMP_NUM_THREADS.
    {boosting}

    References
    ----------
    Ke et al. (2017). LightGBM: a highly efficient gradient boosting decision tree. NeurIPS.
    Erickson et al. (2025). TabArena: a living benchmark for machine learning on tabular data. NeurIPS
    Datasets and Benchmarks. Its code (autogluon/tabarena, models/lightgbm) has the space.
    """


ARCHITECTURE = Architecture(
    name="lightgbm",
    title="LightGBM",
    model_kind="trees",
    classifier=LightGBMClassifier,
    regressor=LightGBMRegressor,
    can=Capabilities(native=frozenset({"tabular"}), sample_weight=True),
    space={
        "learning_rate": scipy.stats.loguniform(5e-3, 0.1),
        "feature_fraction": scipy.stats.uniform(0.4, 0.6),
        "bagging_fraction": scipy.stats.uniform(0.7, 0.3),
        "num_leaves": Rounded(scipy.stats.loguniform(2, 200), least=2),
        "min_data_in_leaf": Rounded(scipy.stats.loguniform(1, 64)),
        "extra_trees": [False, True],
        "min_data_per_group": Rounded(scipy.stats.loguniform(2, 100)),
        "cat_l2": scipy.stats.loguniform(5e-3, 2),
        "cat_smooth": scipy.stats.loguniform(1e-3, 100),
        "max_cat_to_onehot": Rounded(scipy.stats.loguniform(8, 100)),
        "lambda_l1": scipy.stats.uniform(1e-4, 1.0),
        "lambda_l2": scipy.stats.uniform(1e-4, 2.0),
    },
    reference="Ke et al. (2017), NeurIPS; space of TabArena (Erickson et al. 2025)",
)
