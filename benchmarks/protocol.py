"""How a candidate is judged: which rows it learns from, which it is chosen by, which it is scored on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, r2_score

from benchmarks.cell import canonical_json

BY_TEST_SIZE = "by test size"


def accuracy(truth: Any, predicted: Any) -> float:
    """Share of labels that are equal, in [0, 1].

    Examples
    --------
    >>> accuracy(["a", "b", "b", "a"], ["a", "b", "a", "a"])
    0.75
    """
    return float(accuracy_score(np.asarray(truth).astype(str), np.asarray(predicted).astype(str)))


def r2(truth: Any, predicted: Any) -> float:
    """Share of the variance explained, at most 1; the mean of the truth scores 0.

    Examples
    --------
    >>> r2([1.0, 2.0, 3.0], [2.0, 2.0, 2.0])
    0.0
    """
    return float(r2_score(np.asarray(truth, dtype=float), np.asarray(predicted, dtype=float)))


METRICS: dict[str, Callable[[Any, Any], float]] = {"accuracy": accuracy, "r2": r2}


@dataclass(frozen=True)
class Protocol:
    """Splits, caps and limits under which every candidate of a study is judged.

    Parameters
    ----------
    name : str
        Which rule: ``"holdout"`` is the random train / validation / test split of Grinsztajn et al. without
        its leaks, see :func:`datasets.splits.split`; ``"random"`` is theirs, see ``random_split`` there.
    version : int
        Raised when the meaning of the rule changes, so that old and new results never mix.
    max_train : int
        At most so many training rows.
    train_fraction : float
        At most this share of the rows, in (0, 1).
    validation_share : float
        Share of the other rows that the configuration is chosen by, in (0, 1); the rest is the test set.
    max_eval : int
        At most so many validation and so many test rows.
    fit_seconds : float or None
        Iterative candidates stop after this time with the best weights so far; None for no limit.
    folds : int or "by test size"
        How many splits. By test size: 5 up to 1,000 test rows, 3 up to 3,000, 2 up to 6,000, then 1.
    seeds : tuple of int
        Seeds of the fit; each is a cell of its own.

    References
    ----------
    Grinsztajn, Oyallon & Varoquaux, "Why do tree-based models still outperform deep learning on tabular
    data?", NeurIPS Datasets and Benchmarks 2022, appendix A.3.
    """

    name: str = "holdout"
    version: int = 1
    max_train: int = 10_000
    train_fraction: float = 0.7
    validation_share: float = 0.3
    max_eval: int = 50_000
    fit_seconds: float | None = None
    folds: int | str = 1
    seeds: tuple[int, ...] = (0,)

    @property
    def text(self) -> str:
        """Canonical JSON of what a cell's result depends on; more folds or seeds repeat no finished cell.

        Examples
        --------
        >>> Protocol(folds=1).text == Protocol(folds=3, seeds=(0, 1)).text
        True
        """
        content = asdict(self)
        del content["folds"], content["seeds"]
        return canonical_json(content)

    def folds_of(self, n: int) -> int:
        """Count the splits of a task with ``n`` rows.

        Examples
        --------
        >>> [Protocol(folds="by test size").folds_of(n) for n in (1_000, 6_000, 16_000, 60_000)]
        [5, 3, 2, 1]
        """
        if self.folds != BY_TEST_SIZE:
            return int(self.folds)
        train = min(self.max_train, int(self.train_fraction * n))
        test = min(self.max_eval, (1 - self.validation_share) * (n - train))
        return 5 if test <= 1_000 else 3 if test <= 3_000 else 2 if test <= 6_000 else 1
