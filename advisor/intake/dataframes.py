"""Frames of other packages than pandas (polars, pyarrow, modin, ...), through narwhals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from advisor.architectures.base import Kind
from advisor.errors import InputError, MissingDependency
from advisor.intake import frame
from advisor.intake._common import from_package
from advisor.roles import Role
from advisor.table import Table

PACKAGES = ("polars", "pyarrow", "modin", "cudf", "dask", "duckdb", "ibis", "pyspark", "sqlframe")


def accepts(data: Any) -> bool:
    """Whether it is a frame or a column of one of these packages."""
    return from_package(data, *PACKAGES)


def read(
    data: Any, target: Any, rng: np.random.Generator, roles: Mapping[Any, Role], kind: Kind | None = None
) -> Table:
    """Read it as a pandas frame."""
    return frame.read(plain(data), target, rng, roles, kind)


def plain(data: Any) -> pd.DataFrame:
    """Make a pandas frame; lists stay lists.

    Raises
    ------
    InputError
        If it is lazy, names a column twice, or is no frame.
    """
    import narwhals as nw

    try:
        held = nw.from_native(data, pass_through=True, allow_series=True)
    except nw.exceptions.DuplicateError as error:
        raise InputError(
            "column names must be unique",
            got=" ".join(str(error).split())[:100],
            do="rename or drop the copies",
        ) from error
    if isinstance(held, nw.LazyFrame):
        raise InputError(
            "the frame must be in memory", got=f"a lazy {type(data).__name__}", do="call .collect() first"
        )
    if isinstance(held, nw.Series):
        return _column(held).to_frame(held.name or "value")
    if not isinstance(held, nw.DataFrame) and hasattr(data, "to_pandas"):
        held = nw.from_native(data.to_pandas(), pass_through=True)  # a batch of pyarrow
    if not isinstance(held, nw.DataFrame):
        raise InputError(
            "the data must be a frame", got=f"{type(data).__name__}", do="make a frame or an array of it"
        )
    names = held.columns
    columns = [_column(held[name]) for name in names]
    if not columns:
        return pd.DataFrame(index=range(len(held)))
    return pd.concat(columns, axis=1, keys=range(len(columns))).set_axis(names, axis=1)


def _column(held: Any) -> pd.Series:
    """One column; without pyarrow, which conversion may need, through numpy or Python's own objects."""
    import narwhals as nw

    nested = held.dtype in (nw.List, nw.Array, nw.Struct, nw.Object)
    try:
        if not nested:
            converted = held.to_pandas()
            if isinstance(converted, pd.Series):
                return converted.reset_index(drop=True)
    except (ImportError, ModuleNotFoundError):
        pass
    except Exception as error:  # the other package's own errors, whatever they are
        raise InputError(
            f"the column {held.name!r} must turn into a column of pandas",
            got=" ".join(str(error).split())[:100],
            do="convert the frame with .to_pandas()",
        ) from error
    try:
        if held.dtype.is_numeric() and not held.is_null().any():
            return pd.Series(held.to_numpy())
        return pd.Series(held.to_list(), dtype=object if nested else None)
    except ImportError as error:
        raise MissingDependency(
            f"the column {held.name!r} needs pyarrow", got="no such package", do="pip install pyarrow"
        ) from error
