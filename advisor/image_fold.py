"""Is a line length that of a picture? Facts about one candidate, and the odds that it is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.lags import Floats, Lags, nanmean
from advisor.logistic import Logistic
from advisor.order import Order, order_at

SHORTEST_SIDE = 4  # lines, and columns of a line
FACTS = ("weakest", "uneven", "anisotropic", "breaks", "aspect")


@dataclass(frozen=True, slots=True)
class LineLength:
    """A candidate length of a line."""

    length: int  # columns per line
    lines: int
    planes: int  # channels that follow one another, found by the agreement of equal pixels
    vertical: float  # agreement with the column one line below, -1..1
    horizontal: float  # agreement with the next column
    peak: float  # share of columns that agree more with the column below than with those beside it, 0..1
    across: Order  # order from line to line
    along: float  # share of triples within lines whose outer two agree least
    breaks: float  # agreement lost where a line ends, relative to that of neighbours, beyond shorter lengths
    reach: float  # lines, over columns, within which agreement halves; 1 is isotropic

    def facts(self) -> NDArray[np.float64]:
        """The facts that enter the odds, in the order of ``FACTS``; all lie between -3 and 3."""
        across = self.across.share if self.across.triples else 1 / 3
        values = (
            min(self.peak, across, self.along),
            np.clip(abs(np.log(max(self.vertical, 1e-3) / max(self.horizontal, 1e-3))), 0, 3),
            np.clip(abs(np.log(max(self.reach, 1e-3))), 0, 3),
            np.clip(self.breaks, -1, 1),
            abs(np.log(self.length / (self.lines // self.planes))),
        )
        return np.nan_to_num(np.array(values, dtype=np.float64))

    @property
    def folds(self) -> bool:
        """Whether columns agree along and across lines beyond chance, which is 1/3 for each fact."""
        return bool(self.facts()[0] > 1 / 3)

    def odds(self) -> float:
        """Probability that this is the line length of a picture, by the fitted model."""
        if not self.folds:
            return 0.0
        return Logistic.load("image_fold").probability(self.facts())


def best_fold(line: Lags) -> LineLength | None:
    """The line length that is most likely that of a picture; None if none can be."""
    folds = list(candidate_folds(line))
    return max(folds, key=LineLength.odds, default=None)


def candidate_folds(line: Lags) -> Iterator[LineLength]:
    """Measure every divisor that leaves lines and columns enough."""
    for length in range(SHORTEST_SIDE, line.size // SHORTEST_SIDE + 1):
        lines = line.size // length
        if line.size % length == 0:
            yield measure_fold(line, length, lines)


def measure_fold(line: Lags, length: int, lines: int) -> LineLength:
    """Measure one candidate length of a line.

    The order from line to line is looked for column by column and, for pictures of few strokes, line by line.
    """
    near, below = line.at(1), line.at(length)
    far = [line.at(length + shift) for shift in (-2, -1, 1, 2) if length + shift > 0]
    inside = np.arange(line.size) % length
    best_far = np.fmax.reduce([side[: len(below) - 2] for side in far])
    rows = line.coarsen(length)
    across = min(order_at(line, length, tried=2), order_at(rows, 1, tried=2), key=lambda order: order.p_value)
    triples = line.at(2)
    along = (triples < near[:-1]) & (triples < near[1:])
    whole = np.isfinite(triples) & np.isfinite(near[:-1]) & np.isfinite(near[1:])
    return LineLength(
        length=length,
        lines=lines,
        planes=planes(line, length, lines),
        vertical=line.mean(length),
        horizontal=nanmean(near[inside[:-1] < length - 1]),
        peak=_share(below, best_far),
        across=across,
        along=nanmean(np.where(whole, along, np.nan)[inside[:-2] < length - 2].astype(np.float64)),
        breaks=_breaks(line, length),
        reach=half_length(rows, rows.size) / half_length(line, length),
    )


def planes(line: Lags, length: int, lines: int) -> int:
    """Number of channels that follow one another: a pixel agrees most with the same one of the next plane."""
    for channels in (3, 2, 4):
        height = lines // channels
        if lines % channels or height < SHORTEST_SIDE:
            continue
        apart = height * length
        same = line.at(apart)
        beside = [line.at(apart + shift) for shift in (-length, -1, 1, length)]
        highest = np.fmax.reduce([side[: len(same) - length] for side in beside])
        if _share(same, highest) > 0.5:
            return channels
    return 1


def _share(first: Floats, second: Floats) -> float:
    size = min(len(first), len(second))
    usable = np.isfinite(first[:size]) & np.isfinite(second[:size])
    return float((first[:size] > second[:size])[usable].mean()) if usable.any() else 0.0


def half_length(lags: Lags, limit: int) -> float:
    """Distance at which mean agreement falls to half of that at distance 1, interpolated."""
    first = lags.mean(1)
    previous, at = first, 1
    for k in _distances(limit):
        value = lags.mean(k)
        if not np.isfinite(value):
            break
        if value <= first / 2:
            return at + (k - at) * (previous - first / 2) / max(previous - value, 1e-9)
        previous, at = value, k
    return float(max(1, limit - 1))


def _distances(limit: int) -> Iterator[int]:
    """Each distance up to 64, then steps of a thirty-second: a half is not told more finely far away."""
    k = 2
    while k < limit:
        yield k
        k += max(1, k // 32)


def _break(lags: Lags, length: int) -> float:
    """Mean agreement of neighbours inside lines minus across their ends; NaN if no end can be seen."""
    neighbours = lags.at(1)
    ends = np.arange(len(neighbours)) % length == length - 1
    return nanmean(neighbours[~ends]) - nanmean(neighbours[ends])


def _breaks(lags: Lags, length: int) -> float:
    """Agreement lost where a line ends, over that of neighbours, beyond what shorter lengths lose.

    Rows of a seasonal series that begin at one of a few hours break every half or third of a season too.
    """
    usual = abs(lags.mean(1))
    depth = _break(lags, length)
    if not usual or not np.isfinite(depth):
        return 0.0
    parts = [_break(lags, length // part) for part in range(2, length // 2 + 1) if length % part == 0]
    return (depth - max([0.0, *(part for part in parts if np.isfinite(part))])) / usual
