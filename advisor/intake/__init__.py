"""Anything a user holds becomes a :class:`~advisor.table.Table`; one file per kind of input.

Each file offers ``accepts(data)``, true for the types it understands and for no other file's, and
``read(data, target, rng, roles)``. To add a kind of input, add a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import numpy as np

from advisor.errors import InputError
from advisor.table import Role, Table


def read(data: Any, target: Any, rng: np.random.Generator, roles: Mapping[Any, Role] | None = None) -> Table:
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
    for name in sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name[0] != "_"):
        module = importlib.import_module(f"{__name__}.{name}")
        if module.accepts(data):
            table: Table = module.read(data, target, rng, roles or {})
            return table
    raise InputError(
        "the data must be a pandas frame, an array of numbers or the path of a CSV or Parquet file",
        got=type(data).__name__,
        do="convert it first, for example with pandas.DataFrame(data)",
    )
