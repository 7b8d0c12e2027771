"""Tensors and map-style data sets of torch; torch itself is not imported here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor import intake
from advisor.architectures.base import Kind
from advisor.cells import as_array
from advisor.errors import InputError
from advisor.intake import array, stream
from advisor.intake._common import (
    as_labels,
    check_no_roles,
    check_rows,
    check_target,
    from_package,
    is_values,
)
from advisor.pictures import decoded, is_opened, opened
from advisor.roles import Role
from advisor.table import NUMBERS, RUN, Table

FEWEST, MOST = 128, 2048  # items of a data set that are read


def accepts(data: Any) -> bool:
    """Whether it is a tensor, or a data set with items and a length."""
    if not from_package(data, "torch", "torchvision", "torchaudio") or stream.accepts(data):
        return False
    return hasattr(data, "detach") or hasattr(data, "__getitem__")


def read(
    data: Any, target: Any, rng: np.random.Generator, roles: Mapping[Any, Role], kind: Kind | None = None
) -> Table:
    """Read a tensor whole, of a data set a sample of its items.

    Raises
    ------
    InputError
        If the items, the target or the roles cannot be used.
    """
    if hasattr(data, "detach"):
        return array.read(as_array(data), target, rng, roles, kind)
    n = _length(data)
    first, _ = _item(data, 0)
    size = min(n, int(np.clip(NUMBERS // max(1, first.size), FEWEST, MOST)))
    rows = np.arange(n) if n == size else np.sort(rng.choice(n, size, replace=False))
    held, labels = _items(data, rows)
    if target is not None and is_values(target):
        labels = None
    elif target is not None:
        raise InputError(
            "the target of a data set must be one value per item", got=repr(target)[:60], do="pass the labels"
        )
    given = as_labels(target) if target is not None else None
    if given is not None and len(given) != n:
        check_target(given, n, kind)  # says how many there must be
    known = labels if given is None else given.iloc[rows].reset_index(drop=True)
    if held.ndim < 3:
        table = intake.read(held, known, rng, roles, kind)
        if n > size and table.form == "table":
            table = replace(table, run=_run(data, table, given))
    else:
        array.check_kind(held)
        check_no_roles(roles, f"items of {held.ndim - 1} axes")
        table = array.table_of(held, known, rng, kind)
    return replace(table, n=n, sampled=None if n == size else rows)


def _run(data: Any, table: Table, given: pd.Series | None) -> pd.DataFrame:
    """The first rows in the order held, as the table holds them."""
    first, labels = _items(data, np.arange(min(RUN, len(table.values))))
    run = pd.DataFrame(first).set_axis([c.label for c in table.columns], axis=1)
    if len(table.run.columns) == len(table.columns):
        return run
    known = given if given is not None else labels
    assert known is not None
    return run.assign(**{table.run.columns[-1]: known.iloc[: len(run)].to_numpy()})


def plain(data: Any) -> Any:
    """Stack all items."""
    if hasattr(data, "detach"):
        return as_array(data)
    return _items(data, np.arange(_length(data)))[0]


def _length(data: Any) -> int:
    try:
        n = len(data)
    except (TypeError, NotImplementedError):
        raise InputError(
            "a data set must know its length", got=type(data).__name__, do="pass a list of its first items"
        ) from None
    check_rows(n, "data set")
    return n


def _items(data: Any, rows: NDArray[np.intp]) -> tuple[Any, pd.Series | None]:
    """Items as an array, or as cells where they differ in shape; and their labels."""
    items, labels = zip(*(_item(data, int(row)) for row in rows), strict=True)
    shapes = {item.shape for item in items}
    known = None if labels[0] is None else pd.Series([_scalar(label) for label in labels], name="target")
    if len(shapes) == 1:
        return np.stack(items), known
    held = np.empty(len(items), dtype=object)
    held[:] = items
    return pd.DataFrame({"item": held}), known


def _item(data: Any, row: int) -> tuple[NDArray[Any], Any]:
    """One item as an array, and its label if it comes as a pair."""
    try:
        item = data[row]
    except InputError:
        raise
    except Exception as error:  # the user's own code runs here
        raise InputError(
            "every item of the data set must be readable",
            got=f"{type(error).__name__} at item {row}",
            do="check that data_set[i] works for every i below its length",
        ) from error
    label = None
    if isinstance(item, tuple | list):
        if not 1 <= len(item) <= 2:
            raise InputError(
                "items of a data set must be x or (x, y)",
                got=f"{len(item)} parts",
                do="choose two of them, or pass arrays",
            )
        item, label = item if len(item) == 2 else (item[0], None)
    if isinstance(item, dict):
        raise InputError(
            "items of a data set must be x or (x, y)",
            got=f"a dictionary with {', '.join(map(str, item))}"[:100],
            do="pass the arrays, or a list of the dictionaries",
        )
    if is_opened(item):
        pixels = decoded(opened(item, None, fenced=False), (item.height, item.width))
        return (pixels[..., 0] if pixels.shape[2] == 1 else pixels), label
    return np.atleast_1d(as_array(item)), label


def _scalar(label: Any) -> Any:
    if hasattr(label, "detach"):
        label = as_array(label)
    return label.item() if hasattr(label, "item") and getattr(label, "size", 1) == 1 else label
