"""Rows of several entities, where the first rows of a file hold but a few moments, or but one entity.

The sales of 5,000 shops, day by day: the first rows of such a file hold one day and show no series. Of long
recordings, one after another, they hold a part of the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.numbers import whole
from advisor.reader import Reader, read_numbers
from advisor.table import RUN, Column, Table

WINDOW = 1_000_000  # first rows in which those of an entity are looked for
MOMENTS = 8  # moments in the first rows above which these show the series by themselves
LOOKS = 512  # rows, evenly over the file, that must be in the order of time
TRIED = 3  # columns tried as the name of an entity at most
NAMES = ("numeric", "ordinal", "categorical", "text", "entity")  # roles of columns that may name entities
FEWEST_EACH, FEWEST = 4, 4  # mean rows of an entity, and entities taken, at least


def of_few_entities(table: Table, rng: np.random.Generator) -> Iterator[Table]:
    """Yield the same table with other first rows: those of a few entities, by each column that may name them.

    Nothing is yielded unless the whole file is sorted by a time of which its first rows hold a few moments.

    Examples
    --------
    >>> from advisor.intake import read
    >>> days, shops = np.divmod(np.arange(30_000), 3_000)
    >>> frame = pd.DataFrame({"year": 2001 + days, "shop": shops * 7, "sales": np.sin(shops + days)})
    >>> rng = np.random.default_rng(0)
    >>> thin = next(of_few_entities(read(frame, None, rng), rng))
    >>> len(thin.run), thin.run["year"].nunique(), thin.run["shop"].nunique()
    (8190, 10, 819)
    """
    if table.form != "table" or not isinstance(table.data, pd.DataFrame) or len(table.data) <= len(table.run):
        return
    if not any(_goes_on(table, column) for column in table.columns):
        return
    window = table.data.iloc[:WINDOW]
    for label in _names(table)[:TRIED]:
        cells = window[label]
        entities = pd.unique(cells.dropna())
        if len(window) < FEWEST_EACH * len(entities):
            continue
        count = max(FEWEST, RUN * len(entities) // len(window))
        some = rng.choice(len(entities), min(count, len(entities)), replace=False)
        rows = np.flatnonzero(cells.isin(entities[some]).to_numpy())[:RUN]
        columns = tuple(
            replace(column, role="categorical") if column.label == label and column.role == "text" else column
            for column in table.columns
        )
        yield replace(table, run=_run(table, rows), columns=columns)


def of_recordings(table: Table) -> Iterator[Table]:
    """Yield the same table with other first rows: those of each entity, by each column that may name them.

    Nothing is yielded unless a time that goes one way in the first rows of the file begins anew in the rest.

    Examples
    --------
    >>> from advisor.intake import read
    >>> subject, second = np.divmod(np.arange(30_000), 10_000)
    >>> frame = pd.DataFrame({"subject": subject * 7, "second": second / 2, "value": np.sin(second)})
    >>> part = next(of_recordings(read(frame, None, np.random.default_rng(0))))
    >>> part.run["subject"].value_counts().to_dict()
    {0: 2730, 7: 2730, 14: 2730}
    """
    if table.form != "table" or not isinstance(table.data, pd.DataFrame) or len(table.data) <= len(table.run):
        return
    if not any(_begins_anew(table, column) for column in table.columns):
        return
    window = table.data.iloc[:WINDOW]
    rows = np.linspace(0, len(table.data) - 1, LOOKS).astype(np.intp)
    for column in table.columns:
        cells = table.data[column.label].iloc[rows]
        if column.role not in NAMES or not _stands_together(cells):
            continue
        codes = pd.factorize(window[column.label])[0]
        each = RUN // max(1, int(codes.max()) + 1)
        place = pd.Series(codes).groupby(codes).cumcount().to_numpy()
        yield replace(table, run=_run(table, np.flatnonzero((codes >= 0) & (place < each))[:RUN]))


def _begins_anew(table: Table, column: Column) -> bool:
    """Whether a column counts time in the first rows, but not over the whole of the file."""
    if column.role not in ("time", "numeric", "ordinal", "identifier"):
        return False
    steps = np.diff(_looks(table, column, len(table.run)))
    further = np.diff(_looks(table, column, len(table.data)))
    counts = (steps > 0).all() or (steps < 0).all()
    return bool(counts and (further > 0).any() and (further < 0).any())


def covered_again(table: Table, labels: Sequence[Any]) -> bool:
    """Whether a single column counts time in the first rows, and the rest of the file covers that time again.

    Rows put in the order of such a time would mix several recordings. Parts of a file that are only held in
    another order, such as years of a series, are put right by it.
    """
    if len(labels) > 1 or not isinstance(table.data, pd.DataFrame) or len(table.data) <= len(table.run):
        return False
    column = next(column for column in table.columns if column.label == labels[0])
    if not _begins_anew(table, column):
        return False
    moments = _looks(table, column, len(table.data))
    steps = np.diff(moments)
    back = steps < 0 if (steps > 0).mean() > 0.5 else steps > 0
    part = np.append(0, back.cumsum())
    changes = int(np.count_nonzero(np.diff(part[np.argsort(moments, kind="stable")])))
    return changes > 2 * (int(part[-1]) + 1)  # parts that follow one another change as often as they are many


def _stands_together(cells: pd.Series) -> bool:
    """Whether each of two or more values, looked at over the whole of the file, stands in one block."""
    codes, names = pd.factorize(cells)
    blocks = 1 + int(np.count_nonzero(np.diff(codes)))
    return 2 <= len(names) == blocks <= LOOKS // FEWEST_EACH and bool((codes >= 0).all())


def _looks(table: Table, column: Column, rows: int) -> NDArray[np.float64]:
    """Moments of rows, evenly over the first so many."""
    cells = table.data[column.label].iloc[np.linspace(0, rows - 1, LOOKS).astype(np.intp)]
    moments: NDArray[np.float64] = Reader.of(cells, column.role)(cells).to_numpy(
        dtype=np.float64, na_value=np.nan
    )
    return moments


def _goes_on(table: Table, column: Column) -> bool:
    """Whether a column counts time for all of the file, and has hardly begun in the first rows."""
    if column.role not in ("time", "numeric", "ordinal"):
        return False
    head = table.run[column.label]
    if not 1 <= head.nunique() <= MOMENTS:
        return False
    moments = _looks(table, column, len(table.data))
    steps = np.diff(moments)
    in_order = (steps >= 0).all() or (steps <= 0).all()  # never, where one is missing
    return bool(in_order and len(set(moments)) > max(head.nunique(), FEWEST))


def _names(table: Table) -> list[Any]:
    """Columns that may name entities, those with most names in the first rows before others."""
    found = []
    for column in table.columns:
        cells = table.run[column.label]
        if column.role not in NAMES or cells.isna().any():
            continue
        if pd.api.types.is_float_dtype(cells.dtype) and not whole(cells.to_numpy(dtype=np.float64)):
            continue
        found.append((column.role == "entity", cells.nunique(), column.label))
    return [label for *_, label in sorted(found, key=lambda one: one[:2], reverse=True)]


def _run(table: Table, rows: Any) -> pd.DataFrame:
    """These rows, read as the first rows were: the numbers among them, and the target behind them."""
    run = read_numbers(table.data.iloc[rows], [column.role for column in table.columns])
    if table.target is None or len(table.run.columns) == len(table.columns):
        return run
    return run.assign(**{table.run.columns[-1]: table.target.iloc[rows].to_numpy()})
