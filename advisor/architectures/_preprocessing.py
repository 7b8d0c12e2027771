"""What every architecture needs before it can learn: inputs checked, and their columns sorted by kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_array, validate_data

from advisor.cells import filled
from advisor.dates import as_datetime
from advisor.errors import InputError

Layout = tuple[int, ...]
Rows = NDArray[np.float64] | pd.DataFrame
MISSING = "\0missing"  # the category of a missing value; no text file can hold it
CELLS = 2**20  # values that are encoded at a time: what the steps between hold is small, however many rows
LARGEST = 1e100  # size of a number: sums of the squares of larger ones are infinite
NUMBERS = frozenset(["integer", "floating", "mixed-integer-float", "decimal"])  # as pandas calls objects
TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # in a second


def check_layout(layout: Any) -> Layout | None:
    """Check the layout that a user gave.

    Raises
    ------
    InputError
        If it is not one to three sizes of at least 1.
    """
    if layout is None:
        return None
    sizes = tuple(int(size) for size in layout)
    if not 1 <= len(sizes) <= 3 or min(sizes) < 1:
        raise InputError(
            "the layout must be (H, W, C), (T, C) or (d,) with sizes of at least 1",
            got=str(layout),
            do="pass the sizes that a row folds into",
        )
    return sizes


def check_rows(estimator: Any, X: Any, *, layout: Layout | None = None, reset: bool) -> Rows:
    """Check the inputs of fit (``reset=True``) or predict and give them as flat columns.

    Parameters
    ----------
    estimator : estimator
        Remembers the number and names of the columns at fit, and is held to them at predict.
    X : DataFrame or array-like, shape (n, d) or (n, *layout)
        Numbers and, if there is no tensor layout, categories. NaN is missing.
    layout : tuple of int, optional
        ``(H, W, C)``, ``(T, C)`` or ``(d,)``.
    reset : bool
        Whether this is fit.

    Returns
    -------
    ndarray of float64 or DataFrame, shape (n, d)
        An array if every column is numeric.

    Raises
    ------
    InputError
        If the width contradicts the layout, a value is infinite or beyond 1e100, or nothing was observed at
        all.
    """
    if hasattr(X, "columns"):
        X = as_pandas(X)
    elif not hasattr(X, "tocsr"):  # no sparse matrix
        X = _array(X)
    if isinstance(X, np.ndarray) and X.ndim > 2:
        shape = X.shape
        if layout is not None and shape[1:] != layout and len(layout) > 1:
            raise InputError(
                f"each row must have the shape of the layout {layout}",
                got=f"rows of shape {shape[1:]}",
                do="pass the layout of the data or reshape it",
            )
        X = np.reshape(X, (shape[0], -1))
    tensor = layout is not None and len(layout) > 1
    rows = _numbers_or_frame(estimator, X, reset=reset, tensor=tensor)
    width = rows.shape[1]
    if layout is not None and width != int(np.prod(layout)):
        raise InputError(
            f"the layout {layout} needs {int(np.prod(layout))} columns",
            got=f"{width} columns",
            do="pass the layout that the columns fold into",
        )
    if isinstance(rows, np.ndarray):
        frame = isinstance(X, pd.DataFrame)
        names = list(X.columns) if frame else getattr(estimator, "feature_names_in_", range(width))
        for _, some in row_parts(rows):
            _check_size(cast("NDArray[np.float64]", some), names)
        if reset and np.isnan(rows).all():
            raise InputError(
                "the inputs must hold at least one observed value",
                got="only NaN",
                do="check how they were read",
            )
    return rows


def as_pandas(X: Any) -> Any:
    """Make a pandas frame of that of another package: an array would lose its names, dates and categories."""
    from advisor.intake import dataframes  # which needs what architectures are

    return dataframes.plain(X) if dataframes.accepts(X) else X


def _array(X: Any) -> NDArray[Any]:
    """An array, of objects where a list holds text: numpy would turn the numbers beside it into text."""
    array = np.asarray(filled(X))
    is_text = array.dtype.kind in "US" and not hasattr(X, "dtype")
    return np.asarray(X, dtype=object) if is_text else array


def _check_size(values: NDArray[np.float64], names: Sequence[Any]) -> None:
    """Refuse numbers, shape (n, d), that are infinite or too large to be squared and added up."""
    far = (values > LARGEST) | (values < -LARGEST)
    if not far.any():
        return
    row, place = np.argwhere(far)[0]
    if np.isinf(values[far]).any():
        row, place = np.argwhere(np.isinf(values))[0]
        raise InputError(
            "the inputs must be finite or missing",
            got=f"infinity in column {names[place]!r}",
            do="replace infinities by NaN or a number",
        )
    raise InputError(
        f"the inputs must lie within {LARGEST:g} of zero",
        got=f"{values[row, place]:g} in column {names[place]!r}",
        do="pass the column in a larger unit, or NaN where such a value stands for a missing one",
    )


def _numbers_or_frame(estimator: Any, X: Any, *, reset: bool, tensor: bool) -> Rows:
    """A float64 array where all columns are numeric, else a frame; feature names and width are checked.

    Where categories were learned it is a frame at predict in any case: as float64, the category 1 would be
    spelled 1.0. Objects of which none is there are numbers wherever no category can be: at predict where none
    was learned, and in tensors.
    """
    categories = not reset and _knows_categories(estimator)
    if isinstance(X, pd.DataFrame):
        X = X.infer_objects()  # drivers of databases give numbers and None as objects
        empty = tensor or not reset
        held = enumerate(X.dtypes)
        numeric = not categories and all(
            _is_numeric(t) or _are_numbers(X.iloc[:, j], or_empty=empty) for j, t in held
        )
    elif _is_table(X) and (categories or _holds_text(X)):
        X, numeric = pd.DataFrame(np.asarray(X, dtype=object)).infer_objects(), False
    else:
        return cast(
            "NDArray[np.float64]",
            validate_data(estimator, X, reset=reset, dtype=np.float64, order="C", ensure_all_finite=False),
        )
    if not reset or X.shape[1]:
        validate_data(estimator, X, reset=reset, skip_check_array=True)
    check_array(np.zeros(X.shape))  # scikit-learn words the errors for no rows or no columns
    if not numeric:
        return cast("pd.DataFrame", X)
    values = np.empty(X.shape)
    for part, some in row_parts(X):  # as a whole, pandas and scikit-learn would make a copy each
        values[part] = cast("pd.DataFrame", some).to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def _is_numeric(dtype: Any) -> bool:
    return bool(pd.api.types.is_numeric_dtype(dtype)) and not pd.api.types.is_complex_dtype(dtype)


def _are_numbers(column: pd.Series, *, or_empty: bool = False) -> bool:
    """Whether the objects of a column are numbers, such as decimals, or missing; or missing one and all."""
    kind = pd.api.types.infer_dtype(column, skipna=True) if column.dtype == object else ""
    return kind in NUMBERS or (or_empty and kind == "empty")


def _knows_categories(estimator: Any) -> bool:
    columns = getattr(getattr(estimator, "encoder_", None), "columns", None)
    return columns is not None and len(columns.categorical) > 0


def _is_table(X: Any) -> bool:
    return not hasattr(X, "tocsr") and np.ndim(X) == 2


def _holds_text(X: Any) -> bool:
    """Whether a two-dimensional array-like cannot be read as numbers."""
    array = np.asarray(X)
    if array.dtype.kind not in "OUS":
        return False
    try:
        array.astype(np.float64)
    except (TypeError, ValueError):
        return True
    return False


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns are numbers and which are categories, decided once, on the training rows.

    Parameters
    ----------
    numeric, categorical : ndarray of int
        Column positions.
    """

    numeric: NDArray[np.intp]
    categorical: NDArray[np.intp]

    @classmethod
    def of(cls, rows: Rows) -> Columns:
        """Sort the columns by their dtype, objects by what they are; dates and durations are numbers."""
        if isinstance(rows, np.ndarray):
            return cls(np.arange(rows.shape[1]), np.arange(0))
        number = np.zeros(rows.shape[1], dtype=bool)
        for place, dtype in enumerate(rows.dtypes):
            known = _is_numeric(dtype) or getattr(dtype, "kind", "") in "mM"
            number[place] = known or _are_numbers(rows.iloc[:, place])
        return cls(np.flatnonzero(number), np.flatnonzero(~number))

    def numbers(self, rows: Rows, positions: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """Numeric columns, all or these, as float64, shape (n, p), NaN where missing.

        Raises
        ------
        InputError
            If a column that was numeric at fit is not.
        """
        positions = self.numeric if positions is None else positions
        if isinstance(rows, np.ndarray):
            return rows if len(positions) == rows.shape[1] else rows[:, positions]
        values = np.empty((len(rows), len(positions)))
        for place, position in enumerate(positions):
            column = rows.iloc[:, position]
            if getattr(column.dtype, "kind", "") in "mM":
                values[:, place] = _seconds(column)
                continue
            try:
                values[:, place] = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
            except (TypeError, ValueError) as error:
                raise InputError(
                    f"column {column.name!r} must be numeric, as at fit",
                    got=f"values of type {column.dtype}",
                    do="convert the column as it was converted for fit",
                ) from error
        _check_size(values, list(rows.columns[positions]))
        return values

    def labels(self, rows: Rows, positions: NDArray[np.intp] | None = None) -> NDArray[np.object_]:
        """Categorical columns, all or these, as text, shape (n, q), :data:`MISSING` where missing."""
        positions = self.categorical if positions is None else positions
        if isinstance(rows, np.ndarray):
            return np.empty((len(rows), 0), dtype=object)
        columns = [rows.iloc[:, position] for position in positions]
        objects = [c.astype(object).where(c.notna(), MISSING) for c in columns]
        texts = [c.map(_spelled).to_numpy(dtype=object) for c in objects]
        return np.array(texts, dtype=object).reshape(len(texts), len(rows)).T


def _seconds(column: pd.Series) -> NDArray[np.float64]:
    """Dates or durations in seconds with their fractions, NaN where missing."""
    column = as_datetime(column)
    ticks = column.to_numpy(dtype=f"{column.dtype.kind}8[{column.dt.unit}]")
    whole, rest = np.divmod(ticks.astype(np.int64), TICKS[column.dt.unit])
    return np.where(np.isnat(ticks), np.nan, whole + rest / TICKS[column.dt.unit])


def _spelled(category: Any) -> str:
    """Text of a category, the same for a whole number however it is held.

    Examples
    --------
    >>> [_spelled(category) for category in (1, 1.0, np.float32(1), "1", 1.5, True)]
    ['1', '1', '1', '1', '1.5', 'True']
    """
    if isinstance(category, float | np.floating) and category.is_integer():
        return str(int(category))
    return str(category)


def row_parts(rows: Rows) -> Iterator[tuple[slice, Rows]]:
    """Rows in parts of about :data:`CELLS` values."""
    size = max(1, CELLS // max(1, rows.shape[1]))
    for start in range(0, len(rows), size):
        part = slice(start, start + size)
        yield part, rows[part] if isinstance(rows, np.ndarray) else rows.iloc[part]


def shaped(rows: Rows, layout: Layout) -> NDArray[np.float64]:
    """Fold flat columns into a tensor, shape (n, *layout); refuse categories.

    Raises
    ------
    InputError
        If a column is not numeric.
    """
    if not isinstance(rows, np.ndarray):
        raise InputError(
            "an image or a sequence must be numeric",
            got=f"columns of type {', '.join(sorted({str(t) for t in rows.dtypes}))}",
            do="encode the categories, or pass no layout to treat the data as a table",
        )
    return rows.reshape(len(rows), *layout)
