"""Recover how flat columns fold: columns that stand beside, length of a line, channels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from advisor.image_fold import SHORTEST_SIDE, LineLength, best_fold, measure_fold
from advisor.lags import Lags, nanmean
from advisor.order import SHORTEST, Order, beyond_sizes, channel_steps, unit_step

MOST_BESIDE = 8  # columns before or behind the ordered ones, such as a label, that are looked for at a time
SHORT_LINE = 4 * MOST_BESIDE  # below so many columns each way to set some aside is a chance to be fooled
ODD = 0.25  # a column beside agrees with no other a quarter as much as almost all of the others do
RISE = 0.1  # by how much lines of one channel agree more than nearer ones of others, if they alternate
SOME, LENGTHS = 96, 3  # columns that are asked for lengths of a line, and how many of the lengths are tried
CHANCE_OF_PEAK = 1 / 3  # share of columns that agree more at a distance than beside it, by chance


@dataclass(frozen=True, slots=True)
class Geometry:
    """What was found; ``layout`` is None where columns have no order.

    Parameters
    ----------
    columns : int
        All that were looked at.
    order : Order
        Along the fastest ordered axis.
    layout : tuple of int or None
        (H, W, C) for images, (T, C) for series.
    channel_axis : {"none", "last", "first", "line"}
        Whether channels stand together, follow one another, or do so within each line.
    fold : LineLength or None
        The best line length, whether or not it is that of a picture.
    image : float
        Probability that ``fold`` is right, 0..1.
    start, stop : int
        The ordered columns; those before and behind stand beside them.
    """

    columns: int
    order: Order
    layout: tuple[int, ...] | None = None
    channel_axis: str = "none"
    fold: LineLength | None = None
    image: float = 0.0
    start: int = 0
    stop: int = 0

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.layout[-1] if self.layout else 1


def recover(lags: Lags) -> Geometry:
    """Find the layout of flat columns, if they have one, and the columns that stand beside it.

    Of the ways to set columns aside the one that leaves the likeliest picture is taken; if none leaves a
    picture, all that agree with no other column are set aside.

    Parameters
    ----------
    lags : Lags
        Of the numeric columns, in the order held.

    Returns
    -------
    Geometry
        Its ``layout`` is (H, W, C) for images, (T, C) for series, None otherwise.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> recover(Lags.of(rng.normal(size=(100, 48)).cumsum(axis=1))).layout
    (48, 1)
    >>> recover(Lags.of(rng.normal(size=(100, 48)))).layout is None
    True
    """
    found = [_fold_part(lags, start, stop) for start, stop in bodies(lags)]
    whole = found[-1]
    if lags.size > 1 and not any(g.image > 0.5 for g in found):
        found += without_padding(lags)
    pictures = [g for g in found if g.image > 0.5]
    if pictures:
        return max(pictures, key=lambda g: g.image)
    series = [g for g in found if g.layout is not None]
    if lags.size < SHORT_LINE:  # the ends of a short path can look odd: not at the cost of a whole order
        return max(series, key=lambda g: (g.order.share, g.stop - g.start), default=whole)
    return series[0] if series else whole


def _fold_part(lags: Lags, start: int, stop: int) -> Geometry:
    geometry = fold_body(lags if stop - start == lags.size else lags.part(start, stop))
    return replace(geometry, columns=lags.size, start=start, stop=stop)


def bodies(lags: Lags) -> Iterator[tuple[int, int]]:
    """Ways to set columns at the ends aside: as many as seem odd first, then fewer.

    Of few columns all that seem odd or none: each way that is tried is a chance to find an order by luck.
    """
    fronts, backs = odd_ends(lags)
    if lags.size < SHORT_LINE:
        fronts, backs = fronts[-1:], backs[-1:]
    for front in reversed(fronts):
        for back in reversed(backs):
            yield front, lags.size - back
    if 0 not in fronts or 0 not in backs:
        yield 0, lags.size


def without_padding(lags: Lags) -> list[Geometry]:
    """What is left without the constant columns at the ends, as far as it may be a picture or a series.

    A constant column may be the dark corner of a picture or a series that starts at zero, or stand beside, so
    their number does not tell how many are too many. One may be; or more, if they leave whole lines of a
    length at which columns agree: fewer than a line at one end, or else at both.
    """
    live = np.flatnonzero(lags.agreement.live)
    if not len(live):
        return []
    before, behind = int(live[0]), lags.size - 1 - int(live[-1])
    found = [_fold_part(lags, 1, lags.size)] if before else []
    found += [_fold_part(lags, 0, lags.size - 1)] if behind else []
    for length in _lengths(lags) if before + behind > 1 else ():
        rest = lags.size % length
        ways = (
            ((rest, 0), (0, rest)),
            ((before % length, (rest - before) % length), ((rest - behind) % length, behind % length)),
        )
        for either in ways:
            if any(geometry.image > 0.5 for geometry in found):
                return found
            usable = {(a, lags.size - b) for a, b in either if a <= before and b <= behind and a + b > 1}
            found += [_fold_part(lags, *way) for way in sorted(usable) if _folds_at(lags.part(*way), length)]
    return found


def _folds_at(lags: Lags, length: int) -> bool:
    """Whether columns fold into lines of this length; cheaper than to try all lengths."""
    for step in (1, *channel_steps(lags)):
        line, side = lags.coarsen(step), length // step
        whole = length % step == 0 and min(side, line.size // max(side, 1)) >= SHORTEST_SIDE
        if whole and measure_fold(line, side, line.size // side).odds() > 0.5:
            return True
    return False


def _lengths(lags: Lags) -> list[int]:
    """Distances that may be the length of a line: columns agree more at them than at those beside them.

    Some columns tell, and only lengths of pictures up to four times as wide as high or the reverse are asked.
    """
    side = lags.size**0.5
    reach = np.arange(max(SHORTEST_SIDE, int(side / 2)) - 1, min(int(4 * side), lags.size // 2) + 1)
    live = np.flatnonzero(lags.agreement.live)
    some = live[np.linspace(0, len(live) - 1, min(len(live), SOME)).astype(np.intp)]
    first, second = np.repeat(some, len(reach)), (some[:, None] + reach).ravel()
    inside = second < lags.size
    pairs = np.full(len(first), np.nan, np.float32)
    pairs[inside] = lags.agreement.of_pairs(first[inside], second[inside])
    agreement = pairs.reshape(len(some), len(reach))
    at = agreement[:, 1:-1]
    known = np.isfinite(at) & np.isfinite(agreement[:, :-2]) & np.isfinite(agreement[:, 2:])
    count = np.maximum(known.sum(axis=0), 1)
    peaks = (at > agreement[:, :-2]) & (at > agreement[:, 2:]) & known
    usual = np.where(known, at, 0).sum(axis=0) / count
    likely = np.flatnonzero(peaks.sum(axis=0) / count > CHANCE_OF_PEAK)
    best = likely[np.argsort(-usual[likely], kind="stable")[:LENGTHS]]
    return [int(length) for length in reach[1:-1][best]]


def odd_ends(lags: Lags) -> tuple[list[int], list[int]]:
    """How many columns may be set aside before the others and behind them, in rising order.

    Some at a time, from outside: what is odd shows beside a majority that belongs together. Columns without
    any value belong to nothing.
    """
    held = np.flatnonzero(lags.missing < 1)
    first, last = (int(held[0]), int(held[-1])) if len(held) else (0, lags.size - 1)
    fronts, backs = sorted({0, first}), sorted({0, lags.size - 1 - last})
    more = True
    while more:
        start, stop = fronts[-1], lags.size - backs[-1]
        most = min(MOST_BESIDE, (stop - start) // 4)
        odd = lags.part(start, stop).agreement.odd(most, ODD)
        before = [start + int(i) + 1 for i in np.flatnonzero(odd[:most])]
        behind = [backs[-1] + int(i) + 1 for i in np.flatnonzero(odd[::-1][:most])]
        more = bool(before and odd[most - 1]) or bool(behind and odd[-most])
        fronts, backs = [*fronts, *before], [*backs, *behind]
    return [0, *fronts[1:][-MOST_BESIDE:]], [0, *backs[1:][-MOST_BESIDE:]]


def fold_body(lags: Lags) -> Geometry:
    """Find the layout of columns all of which belong to it."""
    order, together = unit_step(lags)
    order = beyond_sizes(lags, order) if order.found else order
    if not order.found:
        return Geometry(lags.size, order)
    best: tuple[float, int, Lags, LineLength] | None = None
    for step in sorted({1, together, *channel_steps(lags)}):
        line = lags.coarsen(step)
        fold = best_fold(line)
        odds = 0.0 if fold is None else fold.odds()
        if fold is not None and (best is None or odds > best[0]):
            best = (odds, step, line, fold)
    if best is not None and best[0] > 0.5:
        odds, step, line, fold = best
        if step > 1:
            return Geometry(lags.size, order, (fold.lines, fold.length, step), "last", fold, odds)
        rows = line.coarsen(fold.length)
        colours = alternating(rows)
        if colours > 1:
            return Geometry(
                lags.size, order, (fold.lines // colours, fold.length, colours), "line", fold, odds
            )
        channels = fold.planes if fold.planes > 1 else rows.size // (block_length(rows) or rows.size)
        axis = "first" if channels > 1 else "none"
        return Geometry(lags.size, order, (fold.lines // channels, fold.length, channels), axis, fold, odds)
    rest = (best[3], best[0]) if best is not None else (None, 0.0)
    line = lags.coarsen(together)
    if together > 1:
        return Geometry(lags.size, order, (line.size, together), "last", *rest)
    steps = block_length(line) or line.size
    channels = line.size // steps
    return Geometry(lags.size, order, (steps, channels), "first" if channels > 1 else "none", *rest)


def alternating(rows: Lags) -> int:
    """Number of channels that follow one another line by line: lines agree most with those so many below.

    Lines of one channel agree the less the farther they are apart, and so do those of whole planes.
    """
    for channels in (3, 2, 4):
        nearer, at, farther = (rows.mean(channels + shift) for shift in (-1, 0, 1))
        if rows.size % channels == 0 and at > max(nearer, farther, rows.mean(1)) + RISE:
            return channels
    return 1


def block_length(lags: Lags) -> int | None:
    """Find blocks that follow each other (planes of an image, channels of a series): shortest clean cut.

    Padding that begins anew shows them at once. Otherwise the agreement of neighbours must drop at every
    cut, below almost all other neighbours.
    """
    padded = padded_length(lags.missing)
    if padded is not None:
        return padded
    neighbours = lags.at(1)
    if len(neighbours) < SHORTEST:
        return None
    usual = float(np.nanmedian(neighbours))
    spread = float(np.nanmedian(np.abs(neighbours - usual)))
    for length in range(SHORTEST, lags.size // 2 + 1):
        if lags.size % length:
            continue
        at = np.arange(length - 1, len(neighbours), length)
        cuts, rest = neighbours[at], np.delete(neighbours, at)
        if not np.isfinite(cuts).all():
            continue
        # most of what neighbours share beyond any two columns must be lost, and at no other place as much
        background = nanmean(np.array([lags.mean(k) for k in range(2, lags.size, max(1, lags.size // 24))]))
        lost = cuts.mean() < usual - 0.6 * (usual - background)
        # a curve that dips is low on both sides of its lowest place
        beside = np.concatenate([neighbours[at - 1], neighbours[at + 1]])
        lost = lost and nanmean(beside) > (cuts.mean() + usual) / 2
        sharp = cuts.max() < min(usual - 6 * max(spread, 0.01), float(np.nanquantile(rest, 0.02)))
        if len(cuts) > 2:  # several cuts that are low together say as much as one that is lowest
            low, lowest = np.nanquantile(rest, [0.1, 0.02])
            sharp = sharp or bool(cuts.max() < low and cuts.mean() < lowest)
        if lost and sharp:
            return length
    return None


def padded_length(missing: NDArray[np.float64]) -> int | None:
    """Length of blocks that are each padded at their end, from the share of missing values per column.

    Within a block the share never falls; where the next begins it does.

    Examples
    --------
    >>> padded_length(np.array([0, 0.1, 0.6, 0, 0.1, 0.6, 0, 0.1, 0.6]))
    3
    >>> padded_length(np.array([0, 0.1, 0.6, 0.7, 0.7, 0.9])) is None
    True
    """
    falls = np.flatnonzero(np.diff(missing) < -0.01) + 1
    if not len(falls):
        return None
    length = int(falls[0])
    whole = len(missing) % length == 0 and np.array_equal(falls, np.arange(length, len(missing), length))
    return length if whole else None
