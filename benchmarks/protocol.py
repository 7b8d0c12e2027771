"""How a candidate is judged: which rows it learns from, which it is chosen by, which it is scored on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.cell import canonical_json

BY_TEST_SIZE = "by test size"
AS_GIVEN = "as given"
SIZES = {"small": 1_000, "medium": 10_000, "large": 50_000}  # training rows, appendix A.3 of the paper
SPLITS = {
    "holdout": "rows split at random, those that belong together on one side",
    "random": "rows split at random, one by one",
    "openml": "training and test rows as the task gives them",
}
# what a study file names, and what single keys of it may override
VARIANTS: dict[str, dict[str, Any]] = {
    "holdout": {},
    "random": {"split": "random"},
    "paper": {
        "split": "random",
        "folds": BY_TEST_SIZE,
        "spaces": "paper",
        "early_stopping": "published",
        "normalisation": "published",
    },
    "openml-splits": {"split": "openml", "folds": AS_GIVEN, "validation_share": 0.2},
    "kfold": {"inner_folds": 5},
    "quick": {"max_train": 1_000, "max_eval": 2_000, "fit_seconds": 30},
}


def accuracy(truth: Any, predicted: Any) -> float:
    """Share of labels that are equal, in [0, 1].

    Examples
    --------
    >>> accuracy(["a", "b", "b", "a"], ["a", "b", "a", "a"])
    0.75
    """
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(np.asarray(truth).astype(str), np.asarray(predicted).astype(str)))


def r2(truth: Any, predicted: Any) -> float:
    """Share of the variance explained, at most 1; the mean of the truth scores 0.

    Examples
    --------
    >>> r2([1.0, 2.0, 3.0], [2.0, 2.0, 2.0])
    0.0
    """
    from sklearn.metrics import r2_score

    return float(r2_score(np.asarray(truth, dtype=float), np.asarray(predicted, dtype=float)))


METRICS: dict[str, Callable[[Any, Any], float]] = {"accuracy": accuracy, "r2": r2}


@dataclass(frozen=True)
class Protocol:
    """Splits, caps, limits and search spaces under which every candidate of a study is judged.

    Parameters
    ----------
    name : str
        Which of :data:`VARIANTS` it began as; see :meth:`of`.
    version : int
        Raised when the meaning of a rule changes, so that old and new results never mix.
    split : {"holdout", "random", "openml"}
        Which rule: the random train / validation / test split of Grinsztajn et al. without its leaks, see
        :func:`datasets.splits.split`; theirs, see ``random_split`` there; or the training and test rows that
        come with the task, see ``given_split``.
    max_train : int
        At most so many training rows.
    train_fraction : float
        At most this share of the rows, in (0, 1).
    validation_share : float
        Share of the other rows that the configuration is chosen by, in (0, 1); the rest is the test set.
        With given splits, the share of the training rows.
    max_eval : int
        At most so many validation and so many test rows.
    fit_seconds : float or None
        Iterative candidates stop after this time with the best weights so far; None for no limit.
    inner_folds : int or None
        Choose the configuration by its mean score over so many parts of the training rows, each left out of
        one fit, in place of the validation rows. The model that is tested is fitted to all training rows as
        without, so the two ways to choose differ in nothing else.
    folds : int, "by test size" or "as given"
        How many splits. By test size: 5 up to 1,000 test rows, 3 up to 3,000, 2 up to 6,000, then 1.
    seeds : tuple of int
        Seeds of the fit; each is a cell of its own.
    spaces : {"own", "paper"}
        Where defaults and search spaces come from: the architectures, or :mod:`benchmarks.spaces.paper`.
    early_stopping : {"sensible", "published"}
        Whether XGBoost stops on rows held out, or grows all its trees as the code published with the paper
        does by a misspelt key.
    refit : bool
        Whether boosted trees that stopped early are grown anew on all training rows, as their estimators do
        by default. If not, they learn from the four fifths that networks learn from. About the architectures'
        own spaces: under those of the paper no boosted trees are.
    normalisation : {"dummy", "published", "min-max"}
        Scale of the curves over trials, see :func:`benchmarks.curves.curve`.

    References
    ----------
    Grinsztajn, Oyallon & Varoquaux, "Why do tree-based models still outperform deep learning on tabular
    data?", NeurIPS Datasets and Benchmarks 2022, appendix A.3. Inner folds: Tschalzev et al.,
    arXiv:2503.09159.
    """

    name: str = "holdout"
    version: int = 1
    split: str = "holdout"
    max_train: int = 10_000
    train_fraction: float = 0.7
    validation_share: float = 0.3
    max_eval: int = 50_000
    fit_seconds: float | None = None
    inner_folds: int | None = None
    folds: int | str = 1
    seeds: tuple[int, ...] = (0,)
    spaces: str = "own"
    early_stopping: str = "sensible"
    refit: bool = True
    normalisation: str = "dummy"

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Protocol:
        """Make the variant that a study file names, with the keys that it overrides.

        Parameters
        ----------
        table : mapping
            The checked table ``[protocol]``: fields, and ``size`` for a cap of :data:`SIZES`.

        Examples
        --------
        >>> Protocol.of({"name": "paper", "size": "small", "folds": 1}).max_train
        1000
        """
        given = dict(table)
        name, size = given.pop("name", "holdout"), given.pop("size", None)
        cap = {} if size is None else {"max_train": SIZES[size]}
        return cls(name=name, **{**VARIANTS[name], **cap, **given})

    @property
    def text(self) -> str:
        """Canonical JSON of what a cell's result depends on, and of nothing else.

        More folds or seeds repeat no finished cell; spaces show in the configurations; a key that the rule
        does not use, or that a later version brought and is not set, is left out.

        Examples
        --------
        >>> Protocol(folds=1).text == Protocol(folds=3, seeds=(0, 1)).text == Protocol(spaces="paper").text
        True
        """
        names = ["version", "max_train", "train_fraction", "validation_share", "max_eval", "fit_seconds"]
        if self.split == "openml":
            names.remove("train_fraction")
        if self.inner_folds is not None:
            names.append("inner_folds")
        return canonical_json({"name": self.split, **{name: getattr(self, name) for name in names}})

    @property
    def words(self) -> str:
        """What a reader of the results must know of the rule.

        Examples
        --------
        >>> print(Protocol().words)
        Protocol holdout: rows split at random, those that belong together on one side; at most 10,000 to
        train; configurations chosen on validation rows; spaces of the architectures; boosted trees stop early
        and are grown anew on all training rows.
        """
        chosen = "validation rows" if self.inner_folds is None else f"{self.inner_folds} inner folds"
        spaces = "the paper" if self.spaces == "paper" else "the architectures"
        anew = " and are grown anew on all training rows" if self.refit and self.spaces == "own" else ""
        stops = f"boosted trees stop early{anew}"
        if self.early_stopping == "published":
            stops = "XGBoost grows all trees, as published"
        limit = "" if self.fit_seconds is None else f"; a fit takes {self.fit_seconds:g} s at most"
        return (
            f"Protocol {self.name}: {SPLITS[self.split]}; at most {self.max_train:,} to train; "
            f"configurations chosen on {chosen}; spaces of {spaces}; {stops}{limit}."
        )

    def folds_of(self, n: int, *, given: int = 0) -> int:
        """Count the splits of a task with ``n`` rows that comes with ``given`` splits.

        Examples
        --------
        >>> [Protocol(folds="by test size").folds_of(n) for n in (1_000, 6_000, 16_000, 60_000)]
        [5, 3, 2, 1]
        """
        if self.folds == AS_GIVEN:
            return given
        if self.folds != BY_TEST_SIZE:
            return int(self.folds)
        train = min(self.max_train, int(self.train_fraction * n))
        test = min(self.max_eval, (1 - self.validation_share) * (n - train))
        return 5 if test <= 1_000 else 3 if test <= 3_000 else 2 if test <= 6_000 else 1
