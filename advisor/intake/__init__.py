"""Anything a user holds becomes a :class:`~advisor.table.Table`; one file per kind of input.

Each file offers ``accepts(data)``, true for the types it understands and for no other file's, and
``read(data, target, rng, roles, kind)``. ``plain(data)`` makes a frame or an array of it, for estimators;
frames and arrays need none. To add a kind of input, add a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from advisor.architectures.base import Kind
from advisor.errors import InputError
from advisor.roles import Role
from advisor.table import Table


def kinds() -> list[ModuleType]:
    """Import the files of this folder, one per kind of input.

    Returns
    -------
    list of module
        In the order in which they are asked.

    Examples
    --------
    >>> [kind.__name__ for kind in kinds() if kind.accepts(np.zeros((2, 2)))]
    ['advisor.intake.array']
    """
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name[0] != "_")
    return [importlib.import_module(f"{__name__}.{name}") for name in names]


def read(
    data: Any,
    target: Any,
    rng: np.random.Generator,
    roles: Mapping[Any, Role] | None = None,
    kind: Kind | None = None,
) -> Table:
    """Make a table of whatever was given.

    Parameters
    ----------
    data : object
        A frame, an array, a path, ...
    target : object
        Name of a column, or one value per row.
    rng : Generator
        Draws the sample.
    roles : mapping of label to role, optional
        What the caller knows better about single columns.
    kind : {"classification", "regression"}, optional
        What the target is, if the caller knows better than :func:`advisor.target.infer_kind`.

    Returns
    -------
    Table
        With a bounded view of the values.

    Raises
    ------
    InputError
        If no file here understands the type, or the values cannot be used.

    Examples
    --------
    >>> read(np.zeros((5, 4, 4)), None, np.random.default_rng(0)).item
    (4, 4)
    """
    reader = _reader(data)
    table: Table = reader.read(data, target, rng, roles or {}, kind)
    held = hasattr(reader, "plain") and not isinstance(data, pd.DataFrame | np.ndarray)
    return replace(table, foreign=True) if held else table


def plain(data: Any) -> Any:
    """Make a frame or an array of whatever was given to ``advise``, target included if it holds one.

    Parameters
    ----------
    data : object
        As for :func:`read`.

    Returns
    -------
    DataFrame, ndarray or object
        What the estimators take; a path to a folder of pictures as it is.

    Raises
    ------
    InputError
        If no file here understands the type, or the values cannot be used.

    Examples
    --------
    >>> plain({"a": [1, 2]}).shape
    (2, 1)
    """
    reader = _reader(data)
    return reader.plain(data) if hasattr(reader, "plain") else data


def _reader(data: Any) -> ModuleType:
    for kind in kinds():
        if kind.accepts(data):
            return kind
    raise InputError(
        "the data must be a frame, an array, a data set of torch or Hugging Face, or the path of a file or "
        "of a folder of pictures",
        got=type(data).__name__,
        do="convert it first, for example with pandas.DataFrame(data)",
    )
