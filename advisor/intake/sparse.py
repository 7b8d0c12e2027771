"""Sparse matrices of scipy: a bounded number of rows and columns is read, never the whole made dense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from advisor.architectures.base import Kind
from advisor.errors import InputError, TargetError
from advisor.intake import array
from advisor.intake._common import (
    as_labels,
    check_finite,
    check_no_roles,
    check_rows,
    check_target,
    is_values,
    sample_rows,
)
from advisor.roles import Role
from advisor.table import FEWEST_ROWS, RUN, Table

COLUMNS = 8192  # read in the order held; of more than these, FEW are drawn
FEW = 2048
RUN_NUMBERS = 2_000_000  # consecutive rows, times columns


def accepts(data: Any) -> bool:
    """Whether it is a sparse matrix or array."""
    return hasattr(data, "tocsr") and hasattr(data, "nnz") and hasattr(data, "shape")


def read(
    data: Any, target: Any, rng: np.random.Generator, roles: Mapping[Any, Role], kind: Kind | None = None
) -> Table:
    """Read a sample of it as an array.

    Raises
    ------
    InputError
        If the matrix or the target cannot be used, or roles were given.
    """
    if len(data.shape) != 2 or 0 in data.shape[1:]:
        raise InputError(
            "a sparse matrix must have rows and columns",
            got=f"shape {data.shape}",
            do="check how it was built",
        )
    n, width = (int(size) for size in data.shape)
    check_rows(n, "matrix")
    check_no_roles(roles, "a sparse matrix")
    if data.dtype.kind not in "buif":
        raise InputError("a matrix must hold real numbers", got=f"dtype {data.dtype}", do="convert it")
    rows_first = data if data.format in ("csr", "lil") else data.tocsr()
    check_finite(rows_first.data if rows_first.format == "csr" else np.empty(0), "the matrix")
    labels = place = None
    if isinstance(target, int | np.integer) and -width <= target < width:
        place = int(target) % width
        labels = pd.Series(rows_first[:, [place]].toarray().ravel(), name=place)
    elif is_values(target):
        labels = as_labels(target)
    elif target is not None:
        raise TargetError(
            "the target of a matrix must be one value per row",
            got=repr(target)[:60],
            do="pass an array of labels",
        )
    kept = np.arange(width)
    if place is not None:
        kept = np.delete(kept, place)
        if not len(kept):
            raise InputError("there must be inputs beside the target", got="none", do="add columns")
    notes: tuple[str, ...] = ()
    inputs = len(kept)
    if inputs > COLUMNS:
        kept = rng.permutation(kept)[:FEW]
        notes = (
            f"of {inputs} sparse columns {FEW} drawn at random were read, so an order among all of them was "
            "not looked for: pass a dense array if they are pixels or steps",
        )
    rows = sample_rows(n, len(kept), rng)
    # rows first: they are few, and cutting columns of the whole would copy it
    sample = rows_first[rows][:, kept].toarray()
    run = rows_first[: min(RUN, max(FEWEST_ROWS, RUN_NUMBERS // len(kept)))][:, kept].toarray()
    series, kind, told = check_target(labels, n, kind)
    table = array.table_of(sample, None, rng, kept=kept.tolist(), n=n, notes=notes + told)
    return replace(
        table,
        run=pd.DataFrame(run, columns=kept),
        target=series,
        kind=kind,
        inputs=inputs,
        sampled=rows,
        place=place if len(kept) == inputs else None,
    )


def plain(data: Any) -> Any:
    """Make it dense, where it is small enough.

    Raises
    ------
    InputError
        If it is too large.
    """
    n, width = data.shape
    if n * width > 200_000_000:
        raise InputError(
            "a sparse matrix must be small enough to be made dense for the model",
            got=f"{n} x {width}",
            do="reduce it first, for example with sklearn.decomposition.TruncatedSVD",
        )
    return data.toarray()
