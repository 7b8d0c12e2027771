"""Tell the axes of an array apart: height, width, time, channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.architectures.base import Structure
from advisor.errors import InputError
from advisor.lags import Floats, Lags, nanmean, pooled_ranks
from advisor.numbers import whole
from advisor.order import CHANCE, Order, order_of, unit_step

FEW = 4  # no more than this many colours; a picture has more lines
SMALLEST_IMAGE = 8  # lines and columns that a picture has at least
UNLIKE = 0.1  # what neighbours agree more, or less, than places further apart along an axis of steps
LONG = 32  # numbers along a single axis that show an order if there is one

NUMBERS = 2_000_000  # looked at, though at least FEWEST_ITEMS items
FEWEST_ITEMS = 32
CROP = (4096, 512, 64)  # of longer axes the middle is looked at; by the number of axes


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes of one item mean."""

    structure: Structure
    layout: tuple[int, ...]  # canonical: (H, W, C), (T, C) or (d,)
    order: tuple[int, ...]  # np.transpose(item, order) brings it into canonical order, channels last
    orders: tuple[Order, ...]  # evidence, one per axis of the item
    ground: str  # what decided: "order", "likeness" of neighbours, "levels" or "sizes" alone


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike the places along one axis are."""

    near: float  # agreement of neighbours, -1..1; NaN for a single place
    far: float  # agreement of places further apart
    levels: float  # share of the variance that lies between the means of the places

    @property
    def fades(self) -> bool:
        """Whether neighbours agree more than others do, as along space and time."""
        return self.near > 0.15 and self.near - self.far > 0.15 * self.near


def resolve(values: NDArray[np.floating], item: tuple[int, ...], *, unequal: bool = False) -> Axes:
    """Decide what the axes of an item are.

    A picture is ordered along two axes, a series along one. Where too few places lie along an axis to show
    an order, neighbours tell: steps of time agree with the next far more than channels do, and the two axes
    of a picture agree about equally. Where neighbours have nothing in common, as in letters coded as zeros
    and ones, channels differ in level and steps do not.

    Parameters
    ----------
    values : ndarray, shape (m, prod(item))
        Sampled items, flattened in C order.
    item : tuple of int
        Shape of one item, one to three axes.
    unequal : bool
        Whether the items differ in length, which makes the first axis time.

    Returns
    -------
    Axes
        The axes, and what told them apart.

    Raises
    ------
    InputError
        If the items have three axes of which none can be that of the channels.

    Examples
    --------
    >>> walks = np.random.default_rng(0).normal(size=(60, 3, 40)).cumsum(axis=2)
    >>> axes = resolve(walks.reshape(60, -1), (3, 40))
    >>> axes.structure, axes.layout, axes.order, axes.ground
    ('sequence', (40, 3), (1, 0), 'order')
    """
    looked, size = _middle(values, item)
    ranks = pooled_ranks(looked)
    axes = [_along(ranks, size, axis) for axis in range(len(item))]
    orders = tuple(map(axis_order, axes, size))
    if len(item) == 3:
        channel = 2 if item[2] <= FEW and (item[0] > FEW or item[2] <= item[0]) else int(np.argmin(item))
        if channel == 1 or item[channel] > max(FEW, min(item) if min(item) <= 16 else 0):
            raise InputError(
                "an array of 4 dimensions must be a stack of pictures, (n, H, W, C) or (n, C, H, W)",
                got=f"items of shape {item}",
                do="videos and volumes are not supported; reshape to pictures",
            )
        spatial = tuple(a for a in range(3) if a != channel)
        order = (*spatial, channel)
        return Axes("image", tuple(item[a] for a in order), order, orders, "sizes")
    if len(item) == 1:
        shows = not unequal and len(looked) >= FEWEST_ITEMS and not whole(looked)
        if shows and size[0] >= LONG and not _follows(axes[0], size[0]):
            return Axes("tabular", item, (0,), orders, "order")
        return Axes("sequence", (item[0], 1), (0,), orders, "order" if orders[0].found else "sizes")
    if unequal:
        return Axes("sequence", (item[0], item[1]), (0, 1), orders, "sizes")
    found = [order.found for order in orders]
    alike = list(map(likeness, axes, size))
    large = min(item) >= SMALLEST_IMAGE
    if large and all(found):
        return Axes("image", (*item, 1), (0, 1), orders, "order")
    less, more = sorted(side.near for side in alike)
    if large and alike[0].fades and alike[1].fades and less > 0.6 * more:
        return Axes("image", (*item, 1), (0, 1), orders, "likeness")
    time, ground = _time_axis(item, found, alike)
    return Axes("sequence", (item[time], item[1 - time]), (time, 1 - time), orders, ground)


def _follows(lags: Lags, size: int) -> bool:
    """Whether the places along an axis are in any order, or neighbours at least agree unlike others."""
    order, _ = unit_step(lags)
    alike = likeness(lags, size)
    return order.found or order.share > CHANCE or alike.fades or abs(alike.near - alike.far) > UNLIKE


def _time_axis(item: tuple[int, ...], found: list[bool], alike: list[Likeness]) -> tuple[int, str]:
    """Which of two axes is time, and what says so."""
    if found[0] != found[1]:
        return (0 if found[0] else 1), "order"
    longer = 0 if item[0] >= item[1] else 1
    if 1 in item:
        return longer, "sizes"
    if abs(alike[0].near - alike[1].near) > 0.2:
        return (0 if alike[0].near > alike[1].near else 1), "likeness"
    less, more = sorted(side.levels for side in alike)
    if more > 0.01 and more > 4 * less:
        return (0 if alike[0].levels < alike[1].levels else 1), "levels"
    return longer, "sizes"


def likeness(lags: Lags, size: int) -> Likeness:
    """Measure how alike the places along one axis are, averaged over the others."""
    others = lags.size // size
    places = lags.coarsen(others)
    means = lags.means.reshape(size, others).mean(axis=1)
    spread = float(lags.variances.mean() + lags.means.var())
    far = nanmean(np.array([places.mean(k) for k in range(2, min(size, 16))]))
    return Likeness(places.mean(1), far, float(means.var()) / spread if spread > 0 else 0.0)


def _middle(
    values: NDArray[np.floating], item: tuple[int, ...]
) -> tuple[NDArray[np.floating], tuple[int, ...]]:
    """A bounded part of the values: the middle of large items, fewer items if they are many."""
    crop = tuple(min(size, CROP[len(item) - 1]) for size in item)
    if crop != item:
        cut = tuple(slice((size - part) // 2, (size - part) // 2 + part) for size, part in zip(item, crop))
        values = values.reshape(len(values), *item)[(slice(None), *cut)].reshape(len(values), -1)
    rows = max(FEWEST_ITEMS, NUMBERS // max(1, values.shape[1]))
    if rows < len(values):
        values = values[:: len(values) // rows][:rows]
    return values, crop


def _along(ranks: Floats, item: tuple[int, ...], axis: int) -> Lags:
    """Lags of items whose given axis comes first."""
    array = ranks.reshape(len(ranks), *item)
    return Lags.of_ranks(np.moveaxis(array, axis + 1, 1).reshape(len(ranks), -1))


def axis_order(lags: Lags, size: int) -> Order:
    """Measure the order along the first axis, of ``size`` places, averaged over the others.

    Averaging first makes the triples of an axis few but independent of each other: an axis of six channels
    cannot pass by an accident that repeats in every step. An axis that is long enough for a picture, and
    looks ordered on average, is judged line by line if that is clearer.
    """
    others = lags.size // size
    places = lags.coarsen(others)
    averaged = order_of(places.at(1), places.at(2), step=1)
    if size < SMALLEST_IMAGE or not averaged.triples or averaged.share <= 0.6:
        return averaged
    lines = order_of(lags.at(others), lags.at(2 * others), step=others)
    return min(averaged, lines, key=lambda order: order.p_value)
