"""What intake makes of anything a user holds: columns with roles, and a bounded view of the values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.architectures.base import Kind
from advisor.clocks import Clock, clocks
from advisor.geometry import Geometry, recover
from advisor.lags import Floats, Lags
from advisor.pictures import Pictures
from advisor.roles import Role
from advisor.seriation import Recovered, recover_order
from advisor.topology import Topology, measure_topology

Container = Literal["table", "array", "list_cells", "text", "image_cells", "image_folder"]
NUMBERS = 500_000  # numbers looked at for facts about columns, between the two limits of rows that follow
FEWEST_ROWS, MOST_ROWS = 512, 2048
LEVEL_ALONE = 0.5  # agreement of columns far apart above which the level of a row hides its shape
RUN = 8192  # consecutive rows looked at for facts about the order of rows


@dataclass(frozen=True, slots=True)
class Column:
    """One input column.

    Parameters
    ----------
    label : hashable
        As the user holds it.
    role : str
        What it is for: a quantity ("numeric"), a rank held as a whole number ("ordinal"), a name of a class
        ("categorical"), words ("text"), a moment ("time"), a name of the row ("identifier") or of the thing
        that several rows belong to ("entity"), one value ("constant"), lists or arrays in cells ("array"),
        pictures in cells ("image"), paths of files that are not read, such as sound ("file"), or nothing that
        the caller wants used ("ignore").
    """

    label: Any
    role: Role

    @property
    def name(self) -> str:
        """The label as text, for people."""
        return str(self.label)


@dataclass(frozen=True, eq=False)
class Table:
    """A data set as the probes see it.

    Parameters
    ----------
    form : str
        How it is held, as far as the container says: "table" (flat columns), "array", "list_cells", "text",
        "image_cells" (encoded pictures in cells) or "image_folder".
    n : int
        Rows.
    columns : tuple of Column
        The inputs; empty for arrays.
    values : ndarray of float32, shape (m, d)
        At most 2048 rows (512 of wide tables), drawn at random and kept in order, of the numeric inputs;
        items of arrays and cells are flattened in C order, missing values are NaN.
    item : tuple of int
        Shape of one row in its container: ``(d,)`` for flat columns, ``(28, 28)`` for a stack of pictures,
        ``(T, C)`` for cells.
    unequal : bool
        Whether the items differ in length and were padded.
    run : DataFrame, at most 8192 rows
        The first rows in the order held, target included; empty for arrays.
    target : Series or None
        The whole target.
    kind : {"classification", "regression"} or None
        What is to be predicted; None without a target.
    data : DataFrame or ndarray
        The inputs as held, not copied; of a folder of pictures their paths.
    numbers : tuple of label
        The columns that stand in ``values``, in order; empty where those are the numbers of items.
    pictures : Pictures or None
        What encoded pictures are like.
    root : str or None
        Folder that paths in cells start from, and must not leave.
    notes : tuple of str
        What reading them showed that a user should know.
    levels : tuple of label
        The columns that the user holds as levels of the index.
    inputs : int or None
        Number of inputs where not all of them are in ``columns`` or ``item``.
    foreign : bool
        Whether the user holds something else than a frame or an array, which ``data`` was made from.
    told : frozenset of str
        Names of the columns whose roles the caller gave.
    place : int or None
        Of the target in an array that holds it beside the inputs, which keep the places that they have there.
    sampled : ndarray of int, or None
        Which rows of the data set ``data`` holds, where it is too large or too slow to be read whole.
    """

    form: Container
    n: int
    columns: tuple[Column, ...]
    values: Floats
    item: tuple[int, ...]
    unequal: bool
    run: pd.DataFrame
    target: pd.Series | None
    kind: Kind | None
    data: Any
    numbers: tuple[Any, ...] = ()
    pictures: Pictures | None = None
    root: str | None = None
    notes: tuple[str, ...] = ()
    levels: tuple[Any, ...] = ()
    inputs: int | None = None
    foreign: bool = False
    told: frozenset[str] = frozenset()
    place: int | None = None
    sampled: NDArray[np.intp] | None = None

    def labels(self, *roles: Role) -> list[Any]:
        """Labels of the columns that have one of these roles, in order."""
        return [c.label for c in self.columns if c.role in roles]

    @property
    def width(self) -> int:
        """Number of inputs: columns, or numbers per item."""
        return self.inputs or (len(self.columns) if self.columns else int(np.prod(self.item)))

    @cached_property
    def lags(self) -> Lags:
        """Agreement of the numeric inputs at every distance, in the values that show an order best."""
        return self._ordered[0]

    @cached_property
    def _ordered(self) -> tuple[Lags, Geometry]:
        """The values as they are; if no order shows, and rows agree in level alone, without their level."""
        lags = Lags.of(self.values)
        geometry = recover(lags)
        d = lags.size
        if geometry.layout is not None or d < 8 or not lags.mean(d // 2) > LEVEL_ALONE:
            return lags, geometry
        held = ~np.isnan(self.values)
        total = np.where(held, self.values, 0).sum(axis=1, keepdims=True)
        level = total / np.maximum(held.sum(axis=1, keepdims=True), 1)  # a row may hold nothing
        bare = Lags.of(self.values - level)
        found = recover(bare)
        return (lags, geometry) if found.layout is None else (bare, found)

    @cached_property
    def clocks(self) -> list[Clock]:
        """What may count time in the first rows: a column that the caller calls something else does not."""
        asked = [c for c in self.columns if c.role == "time" or c.name not in self.told]
        return clocks(self.run, {c.label: c.role for c in asked if c.role != "ignore"})

    @cached_property
    def recovered(self) -> Recovered | None:
        """The order that scrambled columns once had; None where they have one, or never had."""
        if self.topology is None:
            return None
        return recover_order(self.values, np.random.default_rng(0), self.topology)

    @cached_property
    def topology(self) -> Topology | None:
        """Shape of the graph of nearest columns; None where they have an order, or too few vary."""
        if self.form != "table" or self.geometry.layout is not None:
            return None
        return measure_topology(self.values, np.random.default_rng(0))

    @cached_property
    def geometry(self) -> Geometry:
        """How the numeric inputs fold."""
        return self._ordered[1]
