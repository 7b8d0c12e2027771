"""What all interventions share: the user's rows, the splits, and scores of cheap models, each made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from advisor.architectures._encoders import TableEncoder, TensorEncoder
from advisor.calibration import TIE
from advisor.holdout import Rows, Sample, folds, row_scores
from advisor.interventions._models import (
    Array,
    local_features,
    ridge_predictions,
    smooth_kernel,
    tree_predictions,
)
from advisor.probes.base import Evidence

Scores = NDArray[np.float64]
FOLDS, REPEATS = 5, 2
REFERENCE = (
    "interval: Nadeau & Bengio (2003), Inference for the generalization error, Mach. Learn. 52, 239-281"
)


@dataclass(eq=False)
class Trial:
    """Rows on which interventions are tried.

    Parameters
    ----------
    data : Sample
        The rows with their target.
    x : ndarray, shape (n, *layout)
        Inputs as numbers, scaled, none missing.
    splits : list of (train, held out)
        The same for every model, so that scores can be compared split by split.
    seed : int
        Of the models.
    lengths : ndarray of int, shape (n,), or None
        Steps of each series before the padding.
    """

    data: Sample
    x: Array
    splits: list[tuple[Rows, Rows]]
    seed: int
    lengths: NDArray[np.int64] | None = None
    _known: dict[str, Scores] = field(default_factory=dict, init=False)

    @classmethod
    def of(cls, data: Sample, layout: tuple[int, ...], seed: int) -> Trial:
        """Scale the inputs and split the rows: twice into five parts, or forward in time."""
        rng = np.random.default_rng([seed, *b"splits"])
        repeats = 1 if data.timed else REPEATS
        splits = [s for _ in range(repeats) for s in folds(data, FOLDS, rng) if len(s[1]) and len(s[0])]
        x, lengths = _scaled(data.X, layout)
        return cls(data, x, splits, seed, lengths)

    @property
    def flat(self) -> Array:
        """Inputs as columns, shape (n, d)."""
        return self.x.reshape(len(self.x), -1)

    def local(self, name: str, change: Callable[[Array], Array] | None = None) -> Scores:
        """Score of local patterns, per split, after a change of the inputs."""

        def predict() -> list[NDArray[Any]]:
            x = self.x if change is None else change(self.x)
            features = local_features(x, np.random.default_rng([self.seed, *b"filters"]))
            return ridge_predictions(repeat(smooth_kernel(features)), self.data, self.splits)

        return self._score(f"local {name}", predict)

    def smooth(self, name: str, change: Callable[[Array], Array] | None = None) -> Scores:
        """Score of a smooth function of all columns, per split."""

        def predict() -> list[NDArray[Any]]:
            flat = self.flat if change is None else change(self.flat)
            return ridge_predictions(repeat(smooth_kernel(flat)), self.data, self.splits)

        return self._score(f"smooth {name}", predict)

    def trees(self, name: str, change: Callable[[Array], Array] | None = None) -> Scores:
        """Score of trees on columns, per split."""

        def predict() -> list[NDArray[Any]]:
            flat = self.flat if change is None else change(self.flat)
            return tree_predictions(flat, self.data, self.splits, self.seed)

        return self._score(f"trees {name}", predict)

    def smooth_on(self, name: str, columns: Sequence[NDArray[np.intp]]) -> Scores:
        """Score of a smooth function of some of the columns, chosen for each split."""
        kernels = (smooth_kernel(self.flat[:, some]) for some in columns)
        return self._score(f"smooth {name}", lambda: ridge_predictions(kernels, self.data, self.splits))

    def trees_on(self, name: str, columns: Sequence[NDArray[np.intp]]) -> Scores:
        """Score of trees on some of the columns, chosen for each split."""

        def predict() -> list[NDArray[Any]]:
            parts = zip(columns, self.splits, strict=True)
            return [
                tree_predictions(self.flat[:, some], self.data, [split], self.seed)[0]
                for some, split in parts
            ]

        return self._score(f"trees {name}", predict)

    def _score(self, key: str, predict: Callable[[], list[NDArray[Any]]]) -> Scores:
        if key not in self._known:
            self._known[key] = np.array(
                [
                    row_scores(self.data, held, predicted).mean()
                    for (_, held), predicted in zip(self.splits, predict(), strict=True)
                ]
            )
        return self._known[key]

    def cost(self, before: Scores, after: Scores) -> tuple[float, tuple[float, float]]:
        """Mean paired difference over the splits and its 95% interval.

        The variance is corrected for training parts that overlap: ``(1/J + n_held/n_train) s²``, with
        Student's t on J - 1 degrees.

        References
        ----------
        Nadeau, Bengio (2003). Inference for the generalization error. Machine Learning 52, 239-281; for
        repeated cross-validation: Bouckaert, Frank (2004). PAKDD, 3-12.
        """
        gaps = before - after
        j = len(gaps)
        if j < 2:
            return float(gaps.mean()), (-np.inf, np.inf)
        ratio = float(np.mean([len(held) / len(train) for train, held in self.splits]))
        half = float(student.ppf(0.975, j - 1)) * float(gaps.std(ddof=1)) * (1 / j + ratio) ** 0.5
        mean = float(gaps.mean())
        return mean, (mean - half, mean + half)

    def finding(
        self,
        name: str,
        before: Scores,
        after: Scores,
        *,
        words: tuple[str, str, str, str],
        null: str,
        reference: str,
        **details: Any,
    ) -> Evidence:
        """Put a difference into words: what was compared, and what a cost, none and a gain mean.

        ``words`` are (subject with "{before}" and "{after}", meaning if there is a cost, meaning if there is
        none, meaning if there is a gain).
        """
        value, (low, high) = self.cost(before, after)
        verdict = judge(low, high)
        subject, matters, nothing, hurts = words
        meaning = {
            "matters": matters,
            "does not matter": nothing,
            "hurts": hurts,
            "cannot tell": "cannot tell: more rows or effort='race' would settle it",
        }[verdict]
        numbers = subject.format(before=f"{before.mean():.3f}", after=f"{after.mean():.3f}")
        return Evidence(
            name=name,
            value=value,
            unit=f"{self.data.metric}, difference",
            interval=(low, high),
            p_value=None,
            null=null,
            rows_used=len(self.data),
            reference=f"{reference}; {REFERENCE}",
            summary=f"{numbers} {self.data.metric}, by {value:+.3f} ({low:+.3f} to {high:+.3f}): {meaning}",
            found=verdict == "matters",
            details={
                "verdict": verdict,
                "before": round(float(before.mean()), 4),
                "after": round(float(after.mean()), 4),
                **details,
            },
        )


def judge(low: float, high: float) -> str:
    """Name an interval of a difference.

    Returns
    -------
    {"does not matter", "matters", "hurts", "cannot tell"}
        Within ±0.01; above 0; below 0; none of these.

    Examples
    --------
    >>> judge(-0.004, 0.008), judge(0.002, 0.05), judge(-0.1, -0.02), judge(-0.02, 0.06)
    ('does not matter', 'matters', 'hurts', 'cannot tell')
    """
    if low >= -TIE and high <= TIE:
        return "does not matter"
    return "matters" if low > 0 else "hurts" if high < 0 else "cannot tell"


def _scaled(X: Any, layout: tuple[int, ...]) -> tuple[Array, NDArray[np.int64] | None]:
    """Numbers without gaps, and the lengths of padded series."""
    if isinstance(X, pd.DataFrame):
        numeric = all(pd.api.types.is_numeric_dtype(dtype) for dtype in X.dtypes)
        rows: Any = X.to_numpy(np.float64, na_value=np.nan) if numeric else X
    else:
        rows = np.asarray(X, np.float64).reshape(len(X), -1)
    if len(layout) == 1:
        return np.asarray(TableEncoder(scaling="quantile").fit(rows).transform(rows), np.float32), None
    return TensorEncoder(layout).fit(rows).fold(rows)
