"""The rows of series in their order in time, and what a fold of windows remembers of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.clocks import Seconds, ranked

Places = NDArray[np.intp]
EVEN = 1.5  # of the longest step between rows, above which rows are missing


@dataclass(frozen=True, eq=False)
class Steps:
    """Rows of one series or of several, as far as their order is concerned.

    Parameters
    ----------
    n : int
        Rows.
    entity : sequence of Series
        Names of the series that a row belongs to, together; none if all rows are one series.
    clock : sequence of ndarray
        The time as numbers, coarse to fine; none if rows are held in order.

    Examples
    --------
    >>> steps = Steps(3, [pd.Series(list("aba"))], [np.array([2.0, 1.0, 1.0])])
    >>> steps.order.tolist(), steps.last(1).tolist()
    ([2, 0, 1], [0, 1])
    """

    n: int
    entity: Sequence[pd.Series] = ()
    clock: Sequence[Seconds] = ()

    def __len__(self) -> int:
        return self.n

    @cached_property
    def codes(self) -> Places:
        """Number of the series that each row belongs to."""
        codes = np.zeros(self.n, np.intp)
        for column in self.entity:
            names = pd.factorize(column)[0] + 1
            codes = pd.factorize(codes.astype(np.int64) * (int(names.max(initial=0)) + 1) + names)[0]
        return codes

    @cached_property
    def moments(self) -> Seconds:
        """Ranks of the rows in time; all the same without a clock."""
        return ranked(self.clock) if self.clock else np.zeros(self.n)

    @cached_property
    def order(self) -> Places:
        """Rows of a series together, in time or as held."""
        return np.lexsort((self.moments, self.codes))

    def take(self, rows: Places) -> Steps:
        """Some of the rows."""
        return Steps(
            len(rows), [column.iloc[rows] for column in self.entity], [times[rows] for times in self.clock]
        )

    def before(self, other: Steps) -> Steps:
        """These rows, then the others."""
        return Steps(
            len(self) + len(other),
            [pd.concat(pair, ignore_index=True) for pair in zip(self.entity, other.entity, strict=True)],
            [np.concatenate(pair) for pair in zip(self.clock, other.clock, strict=True)],
        )

    def last(self, count: int) -> Places:
        """Places of the last rows of each series, of those whose time is known."""
        codes = self.codes[self.order]
        ends = np.append(np.flatnonzero(np.diff(codes)) + 1, len(codes))  # of each series
        left = np.repeat(ends, np.diff(ends, prepend=0)) - np.arange(len(codes))
        rows = self.order[left <= count]
        return np.sort(rows[~np.isnan([times[rows] for times in self.clock]).any(axis=0)])

    @property
    def longest(self) -> float:
        """The longest step between two rows of a series; NaN where the clock is not one column."""
        if len(self.clock) != 1:
            return float("nan")
        steps = np.diff(self.clock[0][self.order])[np.diff(self.codes[self.order]) == 0]
        return float(np.nanmax(steps)) if (~np.isnan(steps)).any() else float("nan")

    def earlier(self, past: Steps, longest: float) -> tuple[Steps, Places]:
        """Put the remembered rows that come before these in front of them.

        Parameters
        ----------
        past : Steps
            Rows that are remembered; of each series those count that are earlier than its first row here.
        longest : float
            The longest step between rows when they were learned.

        Returns
        -------
        Steps
            Of both; and the places of the remembered rows that count, in ``past``.
        """
        both = past.before(self)
        k = len(past)
        first = np.full(both.codes.max(initial=0) + 1, -np.inf)  # of a series that has no rows here
        first[both.codes[k:]] = np.inf
        np.minimum.at(first, both.codes[k:], both.moments[k:])
        kept = np.flatnonzero(both.moments[:k] < first[both.codes[:k]])
        both = both.take(np.append(kept, np.arange(k, len(both))))
        self._check_step(both, len(kept), longest)
        return both, kept

    @staticmethod
    def _check_step(both: Steps, k: int, longest: float) -> None:
        if len(both.clock) != 1 or not k:
            return
        order = both.order
        joins = (np.diff(both.codes[order]) == 0) & (order[:-1] < k) & (order[1:] >= k)
        steps = np.diff(both.clock[0][order])[joins]
        far = int((steps > EVEN * longest).sum())
        if far:
            count = "the series has" if len(steps) == 1 else f"{far} of {len(steps)} series have"
            warnings.warn(
                f"rows must follow the last ones that were learned from, got a gap before them ({count} "
                f"a step {float(np.nanmax(steps)) / longest:.1f} times the longest): their windows skip what "
                "is missing, so pass the rows between as well",
                UserWarning,
                stacklevel=4,
            )


def check_known(first: Any, seen: Any, window: int) -> None:
    """Warn where rows without a clock do not begin with a row that was learned from.

    Parameters
    ----------
    first : ndarray
        Fingerprint of the first row.
    seen : ndarray
        Fingerprints of those that were learned from.
    window : int
        Rows looked back.
    """
    if window > 1 and len(first) and not np.isin(first, seen).any():
        warnings.warn(
            f"rows must come with the {window - 1} before them where no column tells the time, got rows that "
            "begin with a new one: what is predicted for the first of them knows no past, so pass the last "
            "rows that were learned from in front of them",
            UserWarning,
            stacklevel=3,
        )


def fingerprints(inputs: NDArray[np.float64]) -> NDArray[np.uint64]:
    """One number a row, the same for equal rows."""
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(inputs), index=False), dtype=np.uint64)
