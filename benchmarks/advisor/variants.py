"""Labelled sets as users may hold them: fewer rows, cropped, noisy, standardised, beside other columns.

Each variant is a function of the items as a tensor; it gives flat columns and the layout that is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.advisor.cases import Case

Array = NDArray[np.float64]
Layout = tuple[int, ...]
MOST_ROWS = 3000


@dataclass(frozen=True)
class Items:
    """One labelled set of pictures or series.

    Parameters
    ----------
    tensor : ndarray, shape (n, H, W, C) or (n, T, C)
        Channels last.
    first : bool
        Whether flat columns hold one channel after another.
    """

    tensor: Array
    first: bool

    @property
    def layout(self) -> Layout:
        """Canonical layout of an item."""
        return self.tensor.shape[1:]

    def flat(self) -> pd.DataFrame:
        """One item a row, as a user may hold it."""
        moved = np.moveaxis(self.tensor, -1, 1) if self.first else self.tensor
        return pd.DataFrame(np.ascontiguousarray(moved).reshape(len(moved), -1))


def items_of(case: Case) -> Items | None:
    """The tensor behind a set that is held as flat columns; None if it is none, or has other columns."""
    if case.structure == "tabular" or case.layout is None:
        return None
    data, _ = case.load()
    frame = data if isinstance(data, pd.DataFrame) else pd.DataFrame(np.asarray(data).reshape(len(data), -1))
    numbers = frame.iloc[:MOST_ROWS].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    layout = case.layout
    if numbers.shape[1] != int(np.prod(layout)):
        return None
    if case.first:
        return Items(np.moveaxis(numbers.reshape(-1, layout[-1], *layout[:-1]), 1, -1), True)
    return Items(numbers.reshape(-1, *layout), False)


def variants(items: Items, rng: np.random.Generator) -> Iterator[tuple[str, pd.DataFrame, Layout]]:
    """Give every variant that makes sense for a set: name, columns, right layout.

    Parameters
    ----------
    items : Items
        The set as it is.
    rng : Generator
        Draws rows, noise and columns beside.
    """
    yield "natural", items.flat(), items.layout
    makers = (*ANY, *(PICTURE if len(items.layout) == 3 else SERIES))
    for maker in makers:
        made = maker(items, rng)
        if made is not None:
            yield maker.__name__, made.flat(), made.layout


def beside(items: Items, rng: np.random.Generator) -> Iterator[tuple[str, pd.DataFrame, Layout]]:
    """Give the set with an identifier, a label or metadata beside it."""
    n = len(items.tensor)
    for name, front, back in (
        ("identifier in front", {"id": rng.permutation(n) + 1000}, {}),
        ("label behind", {}, {"label": rng.integers(0, 10, n)}),
        ("label in front", {"label": rng.integers(0, 10, n)}, {}),
        (
            "metadata on both sides",
            {"age": rng.normal(50, 10, n), "dose": rng.gamma(2, 3, n)},
            {"sex": rng.integers(0, 2, n), "site": rng.choice(list("abcdefg"), n)},
        ),
    ):
        parts = [pd.DataFrame(front), items.flat(), pd.DataFrame(back)]
        yield name, pd.concat([part for part in parts if part.shape[1]], axis=1), items.layout


def few_rows(items: Items, rng: np.random.Generator) -> Items | None:
    """100 items."""
    return _some(items, 100, rng)


def fewer_rows(items: Items, rng: np.random.Generator) -> Items | None:
    """40 items."""
    return _some(items, 40, rng)


def _some(items: Items, n: int, rng: np.random.Generator) -> Items | None:
    if len(items.tensor) <= n:
        return None
    return Items(items.tensor[rng.choice(len(items.tensor), n, replace=False)], items.first)


def noisy(items: Items, rng: np.random.Generator) -> Items | None:
    """Noise of half the spread of all numbers."""
    noise = rng.normal(size=items.tensor.shape) * np.nanstd(items.tensor) * 0.5
    return Items(items.tensor + noise, items.first)


def standardised(items: Items, rng: np.random.Generator) -> Items | None:
    """Each column with mean 0 and spread 1."""
    spread = np.nanstd(items.tensor, axis=0) + 1e-9
    return Items((items.tensor - np.nanmean(items.tensor, axis=0)) / spread, items.first)


def other_channel_order(items: Items, rng: np.random.Generator) -> Items | None:
    """Channels last if they were first, and the reverse."""
    return Items(items.tensor, not items.first) if items.layout[-1] > 1 else None


def transposed(items: Items, rng: np.random.Generator) -> Items | None:
    """Lines and columns exchanged."""
    return Items(items.tensor.transpose(0, 2, 1, 3), items.first)


def cropped(items: Items, rng: np.random.Generator) -> Items | None:
    """A part of the picture, at least 9 x 9."""
    height, width = items.layout[:2]
    if min(height, width) <= 12:
        return None
    h, w = int(rng.integers(9, height - 1)), int(rng.integers(9, width - 1))
    top, left = int(rng.integers(0, height - h)), int(rng.integers(0, width - w))
    return Items(items.tensor[:, top : top + h, left : left + w], items.first)


def halved(items: Items, rng: np.random.Generator) -> Items | None:
    """Means of 2 x 2 pixels."""
    height, width, channels = items.layout
    if min(height, width) < 16:
        return None
    even = items.tensor[:, : height // 2 * 2, : width // 2 * 2]
    pooled = even.reshape(len(even), height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))
    return Items(pooled, items.first)


def two_levels(items: Items, rng: np.random.Generator) -> Items | None:
    """Black and white."""
    return Items((items.tensor > np.nanmedian(items.tensor)).astype(np.float64), items.first)


def reversed_in_time(items: Items, rng: np.random.Generator) -> Items | None:
    """Last step first."""
    return Items(items.tensor[:, ::-1], items.first)


def cut(items: Items, rng: np.random.Generator) -> Items | None:
    """The first third to two thirds of the steps, at least 12."""
    steps = items.layout[0]
    if steps <= 20:
        return None
    return Items(items.tensor[:, : max(12, int(steps * rng.uniform(0.3, 0.6)))], items.first)


def every_other_step(items: Items, rng: np.random.Generator) -> Items | None:
    """Half of the steps."""
    return Items(items.tensor[:, ::2], items.first) if items.layout[0] > 40 else None


def few_levels(items: Items, rng: np.random.Generator) -> Items | None:
    """Rounded to thirds of the spread."""
    scaled = (items.tensor - np.nanmean(items.tensor)) / np.nanstd(items.tensor)
    return Items(np.round(scaled * 3), items.first)


Maker = Callable[[Items, np.random.Generator], "Items | None"]
ANY: tuple[Maker, ...] = (few_rows, fewer_rows, noisy, standardised, other_channel_order)
PICTURE: tuple[Maker, ...] = (transposed, cropped, halved, two_levels)
SERIES: tuple[Maker, ...] = (reversed_in_time, cut, every_other_step, few_levels)
