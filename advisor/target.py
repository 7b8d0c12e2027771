"""What kind of target a column is: labels to classify or a quantity to regress."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.architectures.base import Kind
from advisor.dates import are_dates
from advisor.errors import TargetError
from advisor.numbers import MISSING_WORDS, are_numbers, as_numbers, whole
from advisor.roles import LOOK, is_time

MOST_CODES = 20  # more distinct whole numbers than this are a count or a measurement, not codes of classes
RARE, FEW = 0.05, 20  # a class below this share, among at most so many, is lost in the accuracy
TIMES = ("date", "datetime", "period", "time", "timedelta")  # kinds of objects, as pandas names them


def infer_kind(y: pd.Series) -> Kind:
    """Tell whether a target is to be classified or regressed.

    Text, categories and booleans are labels. So are whole numbers of at most two distinct values, and of at
    most 20 if each occurs twice on average. All other numbers are quantities, prices
    and shares written as text among them; digits written as text are labels if each occurs twice on average.
    Missing values do not count. Whole numbers can be meant either way (a mark from 1 to 10): who knows should
    say so, as ``kind`` of :func:`~advisor.advise`.

    Parameters
    ----------
    y : Series, shape (n,)
        The target.

    Returns
    -------
    {"classification", "regression"}
        The kind.

    Raises
    ------
    TargetError
        If no value is present, or the values are neither labels nor real numbers: moments, dates as text.

    Examples
    --------
    >>> infer_kind(pd.Series(["yes", "no", None])), infer_kind(pd.Series([1, 2, 3, 1, 2, 3]))
    ('classification', 'classification')
    >>> infer_kind(pd.Series([0.5, 1.5, 2.25])), infer_kind(pd.Series(range(100)))
    ('regression', 'regression')
    >>> infer_kind(pd.Series(["$1,037", "$950", "$1,204"]))
    'regression'
    """
    present = _present(y)
    types = pd.api.types
    if isinstance(present.dtype, pd.CategoricalDtype) or types.is_bool_dtype(present):
        return "classification"
    if not types.is_numeric_dtype(present):
        cells = _some(present)
        if are_dates([cell for cell in cells if cell.strip().lower() not in MISSING_WORDS]):
            raise _unlearnable(
                f"dates such as {cells[0][:40]!r}",
                do="turn them into numbers, or say kind='classification' if each date is a class",
            )
        numbers = _written(present)
        digits = all(cell.strip().isdigit() for cell in cells)
        if numbers is None or (digits and 2 * numbers.nunique() <= len(numbers)):
            return "classification"
        present = numbers.dropna()
    values = present.to_numpy()
    if values.dtype.kind not in "iu":
        values = present.to_numpy(dtype=np.float64)
    # whole numbers too large for a float are told apart no better than a model tells them
    if len(np.unique(values[: 50 * MOST_CODES].astype(np.float64))) > MOST_CODES:
        return "regression"
    distinct = np.unique(pd.unique(values).astype(np.float64))
    few = len(distinct) <= MOST_CODES and 2 * len(distinct) <= len(values)
    return "classification" if whole(distinct) and (len(distinct) <= 2 or few) else "regression"


def told_kind(y: pd.Series, kind: Kind) -> Kind:
    """Take the kind that the caller says a target is of, or say why it cannot be.

    Parameters
    ----------
    y : Series, shape (n,)
        The target.
    kind : {"classification", "regression"}
        What the caller says.

    Returns
    -------
    {"classification", "regression"}
        The same.

    Raises
    ------
    TargetError
        If classes are broken numbers, or the values are neither labels nor real numbers. Whether those of a
        regression are numbers shows as :func:`quantities` reads them.

    Examples
    --------
    >>> told_kind(pd.Series([1, 2, 3]), "classification")
    'classification'
    """
    present = _present(y)
    if kind == "classification" and pd.api.types.is_float_dtype(present.dtype):
        values = present.to_numpy(dtype=np.float64)
        if not whole(values):
            raise TargetError(
                "a target to classify must hold text or whole numbers",
                got=str(values[values != np.floor(values)][0]),
                do="turn the numbers into text if each is a class, or say kind='regression'",
            )
    return kind


def quantities(y: pd.Series) -> pd.Series:
    """Give the numbers of a target that is to be regressed; text is read as it is in inputs.

    Parameters
    ----------
    y : Series, shape (n,)
        The target.

    Returns
    -------
    Series, shape (n,)
        The target itself if it holds numbers, else float64; NaN where a value is missing.

    Raises
    ------
    TargetError
        If some value is no number.

    Examples
    --------
    >>> quantities(pd.Series(["$1,037", None])).tolist()
    [1037.0, nan]
    """
    types = pd.api.types
    if types.is_numeric_dtype(y.dtype) and not types.is_bool_dtype(y.dtype):
        return y
    present = _present(y)
    if isinstance(present.dtype, pd.CategoricalDtype):
        present = present.astype(present.cat.categories.dtype)
    numbers = present if types.is_numeric_dtype(present.dtype) else _written(present)
    if numbers is None:
        unread = present[as_numbers(present).isna().to_numpy()]
        raise TargetError(
            "a target to regress must be numbers",
            got=repr(str(unread.iloc[0] if len(unread) else present.iloc[0])[:60]),
            do="choose another column, or say kind='classification'",
        )
    values = np.full(len(y), np.nan)
    values[y.notna().to_numpy()] = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.Series(values, index=y.index, name=y.name)


def hides_a_class(shares: NDArray[np.floating]) -> bool:
    """Whether accuracy hides the rarest class: one of less than 5% of the rows, among at most 20.

    Parameters
    ----------
    shares : ndarray, shape (classes,)
        Of the rows; none is 0.

    Returns
    -------
    bool
        Whether balanced accuracy is the score to look at.

    Examples
    --------
    >>> hides_a_class(np.array([0.97, 0.03])), hides_a_class(np.array([0.9, 0.1]))
    (True, False)
    """
    return bool(shares.min() < RARE) and len(shares) <= FEW


def _present(y: pd.Series) -> pd.Series:
    """The values that are there, as numbers where the objects are; refuse what no model predicts."""
    present = y if isinstance(y.dtype, np.dtype) and y.dtype.kind in "iu" else y.dropna()
    if present.empty:
        raise TargetError(
            "the target must have values",
            got=f"none in {len(y)} rows",
            do="choose another column or fill it in",
        )
    held = ""
    if present.dtype == object:
        present = present.infer_objects()
        held = pd.api.types.infer_dtype(present, skipna=True)
        if held == "decimal":
            present = present.astype(float)
    if is_time(present.dtype) or held in TIMES:
        raise _unlearnable("times", do="turn them into a number, such as seconds since a start")
    if pd.api.types.is_complex_dtype(present):
        raise _unlearnable("complex numbers", do="choose the real part, the modulus or the angle")
    if present.dtype == object:
        cell = next((v for v in present if isinstance(v, list | dict | set | np.ndarray)), None)
        if cell is not None:
            raise _unlearnable(f"cells of type {type(cell).__name__}", do="give one value a row")
    return present


def _some(present: pd.Series) -> list[str]:
    """Cells as text, spread over all rows."""
    return [str(cell) for cell in present.iloc[:: max(1, len(present) // LOOK)].iloc[:LOOK]]


def _written(present: pd.Series) -> pd.Series | None:
    """Numbers that text stands for, NaN for words such as "n/a"; None if a cell is none of these."""
    if not are_numbers(_some(present)):
        return None
    numbers = as_numbers(present)
    unread = present[numbers.isna().to_numpy()].unique()
    return numbers if all(str(cell).strip().lower() in MISSING_WORDS for cell in unread) else None


def _unlearnable(got: str, *, do: str) -> TargetError:
    return TargetError("the target must be labels or real numbers", got=got, do=do)
