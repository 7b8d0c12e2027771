"""Boosting, whichever library grows the trees: stop on rows held out, then grow that many on all rows."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.architectures._checks import check_at_least_zero
from advisor.architectures._codes import CodeEncoder
from advisor.architectures._groups import Groups
from advisor.architectures._target import inner_split
from advisor.architectures._wrapped import Wrapped

BOOSTING = """n_estimators : int
        Most boosting rounds.
    early_stopping_rounds : int or None
        Rounds without a better validation loss after which boosting stops; None grows all rounds on all rows.
    validation_fraction : float
        Share of the rows held out for early stopping.
    refit : bool
        Whether the trees are grown anew on all rows once their number is known.
    target_transform : {"standard", "quantile", "none"}
        Scaling of a regression target; without effect for classes.
    time_limit : float or None
        Seconds after which no more trees are grown; None for no limit.
    random_state : int, RandomState or None
        Seed of the held-out rows and of subsampling."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows to learn from or to stop by.

    Parameters
    ----------
    values : ndarray, shape (n, d)
        Encoded columns.
    target : ndarray, shape (n,)
        Class codes or scaled numbers.
    weight : ndarray of float64, shape (n,), or None
        Weights of the rows.
    """

    values: NDArray[Any]
    target: NDArray[Any]
    weight: NDArray[np.float64] | None

    def rows(self, which: NDArray[np.intp]) -> Part:
        """Those rows alone."""
        weight = None if self.weight is None else self.weight[which]
        return Part(self.values[which], self.target[which], weight)


class Deadline:
    """Whether a share of a time limit has passed; no limit, never."""

    def __init__(self, limit: float | None, *, share: float = 1.0) -> None:
        check_at_least_zero("time_limit", limit, do="set seconds, or None for no limit")
        self.end = math.inf if limit is None else time.monotonic() + share * limit
        self.passed = False

    @property
    def left(self) -> float:
        """Seconds until it passes."""
        return self.end - time.monotonic()

    def check(self) -> bool:
        """Look at the clock; the answer is remembered as ``passed``."""
        self.passed = time.monotonic() > self.end
        return self.passed


@dataclass(kw_only=True, eq=False, repr=False)
class Boosted(Wrapped):
    """Base of the boosted trees: a subclass adds its parameters and grows the trees in ``_boost``.

    ``{boosting}`` in a subclass's docstring stands for the text on the parameters that all of them share.

    Parameters
    ----------
    {boosting}

    Attributes
    ----------
    n_trees_ : int
        Boosting rounds of the fitted model.
    stopped_ : {"done", "time_limit"}
        Why no more trees were grown.
    """

    n_estimators: int = 1000
    early_stopping_rounds: int | None = 20
    validation_fraction: float = 0.2
    refit: bool = True
    time_limit: float | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__doc__:
            cls.__doc__ = cls.__doc__.replace("{boosting}", BOOSTING)

    def _encoder(self) -> Any:
        return CodeEncoder()

    def _train_grouped(
        self,
        values: NDArray[Any],
        target: NDArray[Any],
        weight: NDArray[np.float64] | None,
        groups: Groups | None,
        seed: int,
    ) -> None:
        # growing the trees anew takes about as long as finding their number, and a bit for the rows held out
        whole = Deadline(self.time_limit)
        search = Deadline(self.time_limit, share=0.4 if self.refit else 1.0)
        every = Part(values, target, weight)
        if self.early_stopping_rounds is None:
            self.model_, self.n_trees_ = self._boost(every, None, self.n_estimators, whole, seed)
        else:
            rng = np.random.default_rng(seed)
            kept, held = inner_split(target, self.validation_fraction, rng, groups)
            train, validation = every.rows(kept), every.rows(held)
            self.model_, self.n_trees_ = self._boost(train, validation, self.n_estimators, search, seed)
            del train, validation  # copies
            if self.refit and len(held) < len(target):
                self.model_, self.n_trees_ = self._boost(every, None, self.n_trees_, whole, seed)
        self.stopped_ = "time_limit" if whole.passed or search.passed else "done"

    def _training_memory(self, n: int, some: NDArray[Any], target: NDArray[Any]) -> float:
        copied = self.early_stopping_rounds is not None  # the rows kept and those held out
        return n * some.shape[1] * some.itemsize if copied else 0

    def _boost(
        self, train: Part, held: Part | None, n_rounds: int, deadline: Deadline, seed: int
    ) -> tuple[Any, int]:
        """Grow at most so many rounds, always one, until the deadline; the model, and its rounds.

        With held-out rows, the number is that of the round after which their loss was least.
        """
        raise NotImplementedError
