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
FACTS = ("peak", "across", "along", "uneven", "anisotropic", "breaks", "aspect")
CHANCE_PEAK, CHANCE_ORDER = 1 / 5, 1 / 3  # of five columns one agrees most, of three pairs one least
ALIKE = 0.02  # spread of neighbours' agreement below which all places are; of pictures it is 0.03 or more


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
    places: float  # spread of the agreement of neighbours from place to place in a line, over its mean
    reach: float  # lines, over columns, within which agreement halves, up to the shorter side

    def facts(self) -> NDArray[np.float64]:
        """The facts that enter the odds, in the order of ``FACTS``; all lie between -3 and 3."""
        values = (
            self.peak,
            self.across.share if self.across.triples else CHANCE_ORDER,
            self.along,
            np.clip(abs(np.log(max(self.vertical, 1e-3) / max(self.horizontal, 1e-3))), 0, 3),
            np.clip(abs(np.log(max(self.reach, 1e-3))), 0, 3),
            np.clip(self.breaks, -1, 1),
            abs(np.log(self.length / (self.lines // self.planes))),
        )
        return np.nan_to_num(np.array(values, dtype=np.float64))

    @property
    def folds(self) -> bool:
        """Whether columns agree along and across lines beyond chance, and lines have places.

        Of a series that turns at one pace all places in a turn are alike.
        """
        peak, across, along = self.facts()[:3]
        return bool(peak > CHANCE_PEAK and min(across, along) > CHANCE_ORDER and self.places > ALIKE)

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
    rows, channels = line.coarsen(length), planes(line, length, lines)
    side = min(length, lines // channels)  # farther than this one of the two directions cannot show
    across = min(order_at(line, length, tried=2), order_at(rows, 1, tried=2), key=lambda order: order.p_value)
    triples = line.at(2)
    along = (triples < near[:-1]) & (triples < near[1:])
    whole = np.isfinite(triples) & np.isfinite(near[:-1]) & np.isfinite(near[1:])
    return LineLength(
        length=length,
        lines=lines,
        planes=channels,
        vertical=line.mean(length),
        horizontal=nanmean(near[inside[:-1] < length - 1]),
        peak=_share(below, best_far),
        across=across,
        along=nanmean(np.where(whole, along, np.nan)[inside[:-2] < length - 2].astype(np.float64)),
        breaks=_breaks(line, length),
        places=_places(near, length),
        reach=half_length(rows, lines // channels, side) / half_length(line, length, side),
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


def _places(near: Floats, length: int) -> float:
    """Spread over the places in a line of the mean agreement with the next column, over the mean of all."""
    usable = np.isfinite(near)
    place = (np.arange(len(near)) % length)[usable]
    count = np.bincount(place, minlength=length)
    means = (np.bincount(place, near[usable], length) / np.maximum(count, 1))[count > 0]
    return float(means.std() / max(abs(means.mean()), 1e-3)) if len(means) else 0.0


def half_length(lags: Lags, block: int, limit: int) -> float:
    """Distance at which mean agreement inside blocks falls to half of that at distance 1, interpolated."""
    first = _inside(lags, 1, block)
    previous, at = first, 1
    for k in _distances(limit):
        value = _inside(lags, k, block)
        if not np.isfinite(value):
            break
        if value <= first / 2:
            return at + (k - at) * (previous - first / 2) / max(previous - value, 1e-9)
        previous, at = value, k
    return float(max(1, limit - 1))


def _inside(lags: Lags, k: int, block: int) -> float:
    """Mean agreement at a distance of pairs that no end of a block divides: a line, or a plane of lines."""
    agreement = lags.at(k)
    return nanmean(agreement[np.arange(len(agreement)) % block < block - k])


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
