"""Nearest neighbours on standardised columns: the baseline that only knows distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from advisor.architectures._learner import Classifier, Regressor
from advisor.architectures._preprocessing import CELLS
from advisor.architectures._wrapped import Wrapped, threads
from advisor.architectures.base import Architecture, Capabilities
from advisor.errors import InputError


@dataclass(kw_only=True, eq=False, repr=False)
class _NearestNeighbours(Wrapped):
    n_neighbors: int = 5
    weights: str = "uniform"
    p: float = 2.0
    n_jobs: int | None = None

    def _training_memory(self, n: int, some: NDArray[Any], target: NDArray[Any]) -> float:
        tree = 9 * n * some.shape[1] if some.shape[1] <= 15 else 0  # which scikit-learn builds for so few
        return tree + 16 * n * self._n_outputs

    def _train(
        self, values: NDArray[Any], target: NDArray[Any], weight: NDArray[np.float64] | None, seed: int
    ) -> None:
        if self.weights not in ("uniform", "distance"):
            raise InputError(
                "weights must be 'uniform' or 'distance'", got=repr(self.weights), do="choose one of them"
            )
        self.model_ = NearestNeighbors(
            n_neighbors=min(self.n_neighbors, len(target)), p=self.p, n_jobs=threads(self.n_jobs)
        ).fit(values)
        self.target_ = (
            np.eye(len(self.classes_))[target] if self.kind == "classification" else target[:, None]
        )
        self.weight_ = np.ones(len(target)) if weight is None else weight

    def _outputs(self, values: NDArray[Any]) -> NDArray[Any]:
        """Weighted means of the neighbours' targets; those of a class are 0 or 1."""
        size = max(1, CELLS // (self.model_.n_neighbors * self.target_.shape[1]))
        parts = [self._means(values[start : start + size]) for start in range(0, len(values), size)]
        means = np.concatenate(parts) if parts else np.empty((0, self.target_.shape[1]))
        return means if self.kind == "classification" else means[:, 0]

    def _means(self, values: NDArray[Any]) -> NDArray[Any]:
        distance, neighbour = self.model_.kneighbors(values)  # (n, k)
        share = self.weight_[neighbour]
        if self.weights == "distance":
            share = share / np.maximum(distance, 1e-9)  # so rows that are there again decide alone
        means: NDArray[Any] = np.einsum("nk,nkc->nc", share, self.target_[neighbour])
        means /= share.sum(axis=1, keepdims=True)
        return means


class NearestNeighboursClassifier(Classifier, _NearestNeighbours):
    """Nearest neighbours for classes; parameters as :class:`NearestNeighboursRegressor`."""


class NearestNeighboursRegressor(Regressor, _NearestNeighbours):
    """Mean of the nearest neighbours.

    Numbers are standardised, missing ones are the median with an indicator, categories are one-hot; images
    and sequences are read as flat columns.

    Parameters
    ----------
    n_neighbors : int
        Neighbours; all rows if there are fewer.
    weights : {"uniform", "distance"}
        Whether neighbours count alike or by the inverse of their distance.
    p : float
        Power of the Minkowski distance: 2 is Euclid's, 1 the sum of the differences.
    target_transform : {"standard", "quantile", "none"}
        Scaling of a regression target, which the mean is taken of; without effect for classes.
    n_jobs : int or None
        Threads; None follows OMP_NUM_THREADS.
    random_state : int, RandomState or None
        Nothing here is random; every estimator has one.

    References
    ----------
    Cover, Hart (1967). Nearest neighbor pattern classification. IEEE Trans. Information Theory 13(1).
    Erickson et al. (2025). TabArena: a living benchmark for machine learning on tabular data. NeurIPS
    Datasets and Benchmarks. Its code (autogluon/tabarena, models/knn) has the space, which also draws how
    columns are scaled and which categories are kept; here they are as above.
    """


ARCHITECTURE = Architecture(
    name="nearest_neighbours",
    title="Nearest neighbours",
    classifier=NearestNeighboursClassifier,
    regressor=NearestNeighboursRegressor,
    can=Capabilities(native=frozenset({"tabular"}), sample_weight=True),
    space={
        "n_neighbors": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 20, 30, 40, 50, 100, 200, 300, 400, 500],
        "weights": ["uniform", "distance"],
        "p": [1.0, 1.5, 2.0],
    },
    reference="Cover, Hart (1967), IEEE Trans. Inf. Theory 13(1); space of TabArena (Erickson et al. 2025)",
)
