"""Similarity of columns at a distance: what every test of hidden order is built on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.ranks import midranks

Floats = NDArray[np.float32]
GRAM = 20  # how many times faster a pair is when all are worked out at once
MOST_GRAM = 2048  # columns up to which they are
PADDED, LEVELS = 0.1, 24  # share of its usual value from which a body is padded, and levels that it must have
ALIKE = 0.35  # distance of two distributions up to which they are those of words of one text


class Lags:
    """Agreement between columns ``j`` and ``j + k``, worked out one distance at a time.

    The measure is Lin's concordance on pooled ranks: ``2 cov / (var_i + var_j + (mean_i - mean_j)^2)``.
    Ranks are taken over the whole table at once, so units are kept: two columns agree only if they vary
    together *and* on one scale, as neighbouring pixels and time steps do. A diameter and an area are
    correlated; they do not agree.

    Parameters
    ----------
    values : ndarray of float32, shape (m, d)
        Rows by columns, NaN where missing.

    References
    ----------
    Lin, L. (1989). A concordance correlation coefficient to evaluate reproducibility. Biometrics 45(1),
    255-268.

    Examples
    --------
    >>> steps = np.random.default_rng(0).normal(size=(200, 30)).cumsum(axis=1)
    >>> lags = Lags.of(steps)
    >>> bool(lags.mean(1) > lags.mean(5) > lags.mean(20))
    True
    """

    def __init__(
        self,
        at: Callable[[int], Floats],
        agreement: Agreement,
        means: Floats,
        variances: Floats,
        missing: NDArray[np.float64],
    ) -> None:
        self._compute, self.agreement = at, agreement
        self.means, self.variances, self.missing = means, variances, missing  # one per position
        self.size = len(variances)
        self._known: dict[int, Floats] = {}

    @classmethod
    def of(cls, values: NDArray[np.floating]) -> Lags:
        """Prepare the lags of a table."""
        return cls.of_ranks(pooled_ranks(values))

    @classmethod
    def of_ranks(cls, ranks: Floats) -> Lags:
        """Prepare the lags of a table whose values are ranked already."""
        agreement = Agreement.of(ranks)
        missing = np.isnan(ranks).mean(axis=0)
        return cls(agreement.at, agreement, agreement.means, agreement.variances, missing)

    def at(self, k: int) -> Floats:
        """Agreement of columns ``j`` and ``j + k``, shape (size - k,); NaN if either is constant."""
        if k not in self._known:
            self._known[k] = self._compute(k) if 0 < k < self.size else np.empty(0, np.float32)
        return self._known[k]

    def mean(self, k: int) -> float:
        """Mean agreement at distance ``k``; NaN if no pair has one."""
        return nanmean(self.at(k))

    def part(self, start: int, stop: int) -> Lags:
        """Look at the columns from ``start`` up to ``stop`` only; ranks stay those of the whole table."""
        agreement = self.agreement.part(start, stop)
        return Lags(
            lambda k: self.at(k)[start : stop - k],
            agreement,
            self.means[start:stop],
            self.variances[start:stop],
            self.missing[start:stop],
        )

    def of_own_ranks(self) -> Lags:
        """Look at the ranks within each column: how large its numbers are, and how far they vary, is gone."""
        ranks = np.stack([midranks(column) for column in self.agreement.centred])
        ranks -= ranks.mean(axis=1, keepdims=True)
        ranks /= np.maximum(ranks.std(axis=1, keepdims=True), 1e-9)
        agreement = Agreement(np.zeros_like(self.agreement.means), ranks.astype(np.float32))
        return Lags(agreement.at, agreement, agreement.means, agreement.variances, self.missing)

    def coarsen(self, step: int) -> Lags:
        """Look at every ``step``-th column only, averaged over the ``step`` starting points.

        The result has ``size // step`` positions: the pixels of an image whose ``step`` channels stand
        together, or the rows of an image that is ``step`` wide.
        """
        size = self.size // step

        def at(k: int) -> Floats:
            pairs = self.at(k * step)[: (size - k) * step].reshape(size - k, step)
            known = np.isfinite(pairs)
            total = np.where(known, pairs, 0).sum(axis=1)
            count = known.sum(axis=1)
            return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)

        def averaged(facts: NDArray[Any]) -> NDArray[Any]:
            out: NDArray[Any] = facts[: size * step].reshape(size, step).mean(axis=1)
            return out

        return Lags(
            at, self.agreement, averaged(self.means), averaged(self.variances), averaged(self.missing)
        )


class Agreement:
    """Concordance of any pairs of columns of one table of ranks."""

    def __init__(self, means: Floats, centred: Floats) -> None:
        self.means, self.centred = means, centred
        self.rows = centred.shape[1]

    @classmethod
    def of(cls, ranks: Floats) -> Agreement:
        """Prepare a table of ranks, NaN where missing."""
        known = np.isfinite(ranks)
        if known.all():
            means = ranks.mean(axis=0, dtype=np.float64).astype(np.float32)
            return cls(means, np.subtract(ranks.T, means[:, None], order="C"))
        count = np.maximum(known.sum(axis=0), 1)
        means = (np.where(known, ranks, 0).sum(axis=0) / count).astype(np.float32)
        # one row per column, so that slices and random columns are contiguous reads
        return cls(means, np.ascontiguousarray(np.where(known, ranks - means, 0).T))

    def part(self, start: int, stop: int) -> Agreement:
        """The columns from ``start`` up to ``stop``; nothing is copied."""
        return Agreement(self.means[start:stop], self.centred[start:stop])

    def only(self, columns: NDArray[np.intp]) -> Agreement:
        """The given columns."""
        return Agreement(self.means[columns], self.centred[columns])

    def odd(self, most: int, share: float) -> NDArray[np.bool_]:
        """Columns among the first and last ``most`` that belong to no other as the columns between do.

        A column belongs if it agrees with one further inside, or with one that belongs, by ``share`` of what
        nine in ten of the inner columns reach. Columns that hardly vary or are mostly missing are not odd:
        pictures have dark borders, and series end early. Nor are those that hold what padded columns hold:
        words of a text agree in nothing but their padding.
        """
        d = len(self.means)
        odd = np.zeros(d, np.bool_)
        inner = np.flatnonzero(self.live[most : d - most]) + most
        if not most or len(inner) < 2 * most:
            return odd
        some = inner[np.linspace(0, len(inner) - 1, min(len(inner), 48)).astype(np.intp)]
        enough = share * float(np.quantile(self._best(some, inner), 0.1))
        belong = inner
        ends = np.flatnonzero((np.arange(d) < most) | (np.arange(d) >= d - most))
        varied = [j for j in ends if self.live[j] and _usual_share(self.centred[j]) < 0.9]
        ends = np.array(varied, dtype=np.intp)
        while len(ends):
            joins = self._best(ends, belong) >= enough
            if not joins.any():
                break
            belong, ends = ends[joins], ends[~joins]
        odd[ends] = True
        odd[ends[self._alike(ends, some)]] = False
        return odd

    def _alike(self, columns: NDArray[np.intp], body: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which columns have the distribution of a padded body, the usual value of that left out.

        By the distance of Kolmogorov and Smirnov; of a body of few levels every column of flags has it.
        """
        alike = np.zeros(len(columns), np.bool_)
        if not len(columns):
            return alike
        levels, counts = np.unique(self._ranks(body), return_counts=True)
        usual = int(counts.argmax())
        if counts[usual] < PADDED * counts.sum() or len(levels) < LEVELS:
            return alike
        share = np.cumsum(np.delete(counts, usual)) / (counts.sum() - counts[usual])
        rest = np.delete(levels, usual)
        for i, ranks in enumerate(self._ranks(columns)):
            held = np.sort(ranks[ranks != levels[usual]])
            apart = np.abs(np.searchsorted(held, rest, side="right") / max(len(held), 1) - share)
            alike[i] = len(held) and apart.max() < ALIKE
        return alike

    def _ranks(self, columns: NDArray[np.intp]) -> Floats:
        """Ranks as they were, but for rounding."""
        ranks: Floats = (self.centred[columns] + self.means[columns, None]).round(4)
        return ranks

    def _best(self, columns: NDArray[np.intp], others: NDArray[np.intp]) -> Floats:
        agreement = self.pairs(columns, others)
        agreement[columns[:, None] == others] = -1
        best: Floats = agreement.max(axis=1)
        return best

    def pairs(self, i: NDArray[np.intp], j: NDArray[np.intp]) -> Floats:
        """Agreement of every column of one list with every one of another, shape (len(i), len(j))."""
        covariance = self.centred[i] @ self.centred[j].T / self.rows
        spread = (
            self.variances[i][:, None] + self.variances[j] + (self.means[i][:, None] - self.means[j]) ** 2
        )
        agreement: Floats = 2 * covariance / np.maximum(spread, 1e-12)
        return agreement

    def nearest(self, k: int) -> tuple[NDArray[np.intp], Floats]:
        """The ``k`` other columns that agree most with each, and by how much, best first: both (d, k)."""
        d = len(self.means)
        nearest, agreement = np.empty((d, k), np.intp), np.empty((d, k), np.float32)
        everything = np.arange(d)
        for start in range(0, d, 512):
            some = everything[start : start + 512]
            pairs = self.pairs(some, everything)
            pairs[some - start, some] = -2
            best = np.argpartition(-pairs, k, axis=1)[:, :k]
            values = np.take_along_axis(pairs, best, axis=1)
            order = np.argsort(-values, axis=1, kind="stable")
            nearest[some] = np.take_along_axis(best, order, axis=1)
            agreement[some] = np.take_along_axis(values, order, axis=1)
        return nearest, agreement

    @cached_property
    def _gram(self) -> Floats:
        """Covariance of all columns."""
        covariance: Floats = self.centred @ self.centred.T / self.rows
        return covariance

    @cached_property
    def variances(self) -> Floats:
        """Of the ranks of each column."""
        variances: Floats = np.einsum("ij,ij->i", self.centred, self.centred) / self.rows
        return variances

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """Whether a column varies at all."""
        live: NDArray[np.bool_] = self.variances > 1e-9
        return live

    def _concordance(
        self, covariance: Floats, i: slice | NDArray[np.intp], j: slice | NDArray[np.intp]
    ) -> Floats:
        spread = self.variances[i] + self.variances[j] + (self.means[i] - self.means[j]) ** 2
        agreement = 2 * covariance / np.maximum(spread, 1e-12)
        return np.where(self.live[i] & self.live[j], agreement, np.nan).astype(np.float32)

    def at(self, k: int) -> Floats:
        """All pairs at distance ``k``."""
        near, far = slice(None, -k), slice(k, None)
        covariance = np.einsum("ij,ij->i", self.centred[near], self.centred[far]) / self.rows
        return self._concordance(covariance, near, far)

    def of_pairs(self, i: NDArray[np.intp], j: NDArray[np.intp]) -> Floats:
        """The given pairs, in blocks so that memory stays bounded."""
        d = len(self.means)
        if GRAM * len(i) > d * d and d <= MOST_GRAM:  # reading pairs costs more than working out all
            return self._concordance(self._gram[i, j], i, j)
        parts = []
        block = max(1, 4_000_000 // self.rows)
        for start in range(0, len(i), block):
            a, b = i[start : start + block], j[start : start + block]
            covariance = np.einsum("ij,ij->i", self.centred[a], self.centred[b]) / self.rows
            parts.append(self._concordance(covariance, a, b))
        return np.concatenate(parts) if parts else np.empty(0, np.float32)


def _usual_share(column: Floats) -> float:
    """Share of rows that hold the most frequent value."""
    _, counts = np.unique(column, return_counts=True)
    return float(counts.max()) / len(column)


def pooled_ranks(values: NDArray[np.floating]) -> Floats:
    """Mid-ranks of all values of a table at once, scaled to 0..1; missing values stay NaN.

    Examples
    --------
    >>> pooled_ranks(np.array([[1.0, 50.0], [np.nan, 2.0], [3.0, 4.0]])).round(1)
    array([[0.1, 0.9], [nan, 0.3], [0.5, 0.7]], dtype=float32)
    """
    known = np.isfinite(values)
    every = bool(known.all())
    held = values.ravel() if every else values[known]
    middle = _levels(held) if values.dtype == np.float32 else None
    if middle is None:
        _, place, count = np.unique(held, return_inverse=True, return_counts=True)
        middle = ((np.cumsum(count) - count / 2) / max(len(place), 1)).astype(np.float32)[place]
    if every:
        return middle.reshape(values.shape)
    ranks = np.full(values.shape, np.nan, np.float32)
    ranks[known] = middle
    return ranks


def _levels(held: Floats) -> Floats | None:
    """Mid-ranks by counting, of whole numbers in a range of 16 bits, or else by sorting keys of 64 bits.

    A key is a number's bits, turned so that they sort as it does, and its place; sorting keys is three times
    faster than sorting places by what stands there.
    """
    n = len(held)
    if not n or n >= 2**32:
        return None
    low, high = float(held.min()), float(held.max())
    if high - low < 2**16 and abs(low) < 2**24 and abs(high) < 2**24 and (held == np.floor(held)).all():
        codes = (held - np.float32(low)).astype(np.intp)
        count = np.bincount(codes)
        return ((np.cumsum(count) - count / 2) / n).astype(np.float32)[codes]
    bits = (held + np.float32(0)).view(np.uint32)  # adding 0 makes -0 and 0 one number
    bits = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    keys = (bits.astype(np.uint64) << np.uint64(32)) | np.arange(n, dtype=np.uint64)
    keys.sort()
    bits, place = (keys >> np.uint64(32)).astype(np.uint32), keys.astype(np.uint32)
    del keys
    starts = np.flatnonzero(np.append(True, bits[1:] != bits[:-1]))
    count = np.diff(np.append(starts, n))
    out = np.empty(n, np.float32)
    out[place] = np.repeat(((starts + count / 2) / n).astype(np.float32), count)
    return out


def nanmean(values: NDArray[np.floating]) -> float:
    """Mean of the finite values, NaN (and no warning) if there are none."""
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")
