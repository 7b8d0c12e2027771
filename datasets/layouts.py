"""How flat columns fold into a picture or a series: as declared, or as the advisor finds."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
import pandas as pd

from advisor.architectures.base import Structure
from advisor.errors import AdvisorError, StudyError

Channels = Literal["first", "last"]


@dataclass(frozen=True)
class ColumnLayout:
    """What the columns of a task are, and in which order.

    Parameters
    ----------
    structure : {"image", "sequence", "tabular"}
        What they are.
    shape : tuple of int
        ``(H, W, C)``, ``(T, C)``, or empty for a table.
    order : tuple of int or None
        Positions of the columns in canonical order; None if that is how they are held.
    """

    structure: Structure
    shape: tuple[int, ...] = ()
    order: tuple[int, ...] | None = None

    @classmethod
    def of(cls, structure: Structure, shape: tuple[int, ...], channels: Channels = "last") -> ColumnLayout:
        """Make a layout whose channels are held together ("last") or one after the other ("first").

        Examples
        --------
        >>> ColumnLayout.of("sequence", (3, 2), "first").order
        (0, 3, 1, 4, 2, 5)
        """
        if channels == "last" or shape[-1] == 1:
            return cls(structure, shape)
        planes = np.arange(prod(shape)).reshape(shape[-1], *shape[:-1])
        return cls(structure, shape, tuple(np.moveaxis(planes, 0, -1).ravel().tolist()))

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> ColumnLayout:
        """Make a layout of what :meth:`facts` gave."""
        order = facts["order"]
        return cls(facts["structure"], tuple(facts["shape"]), None if order is None else tuple(order))

    def facts(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        order = None if self.order is None else list(self.order)
        return {"structure": self.structure, "shape": list(self.shape), "order": order}

    def fold(self, X: pd.DataFrame) -> pd.DataFrame:
        """Bring columns into canonical order, each named by its place.

        The names make another layout another data hash: results of two layouts are never mixed.

        Examples
        --------
        >>> ColumnLayout.of("sequence", (2, 2), "first").fold(pd.DataFrame([[1, 2, 8, 9]])).to_dict("list")
        {'x_0_0': [1], 'x_0_1': [8], 'x_1_0': [2], 'x_1_1': [9]}
        """
        if not self.shape:
            return X
        places = ("_".join(map(str, place)) for place in np.ndindex(self.shape))
        held = X if self.order is None else X.iloc[:, list(self.order)]
        return held.set_axis([f"x_{place}" for place in places], axis=1)

    def __str__(self) -> str:
        order = ", reordered" if self.order is not None else ""
        return f"{self.structure} {self.shape}{order}" if self.shape else self.structure


def find(X: pd.DataFrame, y: pd.Series) -> ColumnLayout:
    """Ask the advisor what the columns are; a look, always the same for the same values.

    Parameters
    ----------
    X : DataFrame
        Inputs as they are held.
    y : Series
        Target.

    Returns
    -------
    ColumnLayout
        A table where the columns do not all have a place in one picture or series.
    """
    from advisor import advise

    try:
        advice = advise(X.set_axis(range(X.shape[1]), axis=1), y.to_numpy())
    except AdvisorError:  # too few rows, for instance: nothing is found
        return ColumnLayout("tabular")
    folding = advice.folding
    columns = list(folding.get("columns") or ())
    if folding.get("how") != "flat" or sorted(columns) != list(range(X.shape[1])):
        return ColumnLayout("tabular")
    held = ColumnLayout.of(
        advice.structure, advice.layout, "first" if folding["channel_axis"] == "first" else "last"
    )
    order = columns if held.order is None else [columns[i] for i in held.order]
    return ColumnLayout(held.structure, held.shape, None if order == sorted(order) else tuple(order))


def reconcile(
    task_id: str, declared: ColumnLayout | None, found: ColumnLayout, width: int, *, where: str = ""
) -> ColumnLayout:
    """Decide between what is declared and what was found: the declaration wins, a difference is told.

    Parameters
    ----------
    task_id : str
        For the messages.
    declared : ColumnLayout or None
        What a suite says, if it says something.
    found : ColumnLayout
        What the advisor says.
    width : int
        Number of columns.
    where : str
        Where it is declared.

    Returns
    -------
    ColumnLayout
        The one to use.

    Raises
    ------
    StudyError
        If the declared one does not fit the number of columns.
    """
    if declared is None:
        return found
    if declared.shape and prod(declared.shape) != width:
        raise StudyError(
            f"the layout of {task_id} declared in {where} must fit its {width} columns",
            got=f"{declared.shape}, which is {prod(declared.shape)}",
            do="correct it there",
        )
    if declared != found:
        warnings.warn(
            f"{task_id} is declared as {declared} in {where}, and the advisor finds {found}: "
            "the declaration is used",
            stacklevel=2,
        )
    return declared
