"""What kind of target a column is: labels to classify or a quantity to regress."""

from __future__ import annotations

import numpy as np
import pandas as pd

from advisor.architectures.base import Kind
from advisor.errors import TargetError

MOST_CODES = 20  # more distinct whole numbers than this are a count or a measurement, not codes of classes


def infer_kind(y: pd.Series) -> Kind:
    """Tell whether a target is to be classified or regressed.

    Text, categories and booleans are labels. So are numbers of at most two distinct values, and whole numbers
    of at most 20 distinct values if each occurs twice on average. All other numbers are quantities. Missing
    values do not count. Whole numbers can be meant either way (a mark from 1 to 10): who knows should say so.

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
        If no value is present, or the values are neither labels nor real numbers.

    Examples
    --------
    >>> infer_kind(pd.Series(["yes", "no", None])), infer_kind(pd.Series([1, 2, 3, 1, 2, 3]))
    ('classification', 'classification')
    >>> infer_kind(pd.Series([0.5, 1.5, 2.25])), infer_kind(pd.Series(range(100)))
    ('regression', 'regression')
    """
    present = y if isinstance(y.dtype, np.dtype) and y.dtype.kind in "iu" else y.dropna()
    if present.empty:
        raise TargetError(
            "the target must have values",
            got=f"none in {len(y)} rows",
            do="choose another column or fill it in",
        )
    if present.dtype == object:
        present = present.infer_objects()
        if pd.api.types.infer_dtype(present, skipna=True) == "decimal":
            present = present.astype(float)
    types = pd.api.types
    if isinstance(present.dtype, pd.CategoricalDtype) or types.is_bool_dtype(present):
        return "classification"
    if types.is_datetime64_any_dtype(present) or types.is_timedelta64_dtype(present):
        raise _unlearnable("times", do="turn them into a number, such as seconds since a start")
    if types.is_complex_dtype(present):
        raise _unlearnable("complex numbers", do="choose the real part, the modulus or the angle")
    if not types.is_numeric_dtype(present):
        cell = next((v for v in present if isinstance(v, list | dict | set | np.ndarray)), None)
        if cell is not None:
            raise _unlearnable(f"cells of type {type(cell).__name__}", do="give one value a row")
        return "classification"
    values = present.to_numpy()
    if values.dtype.kind not in "iu":
        values = present.to_numpy(dtype=np.float64)
    # whole numbers too large for a float are told apart no better than a model tells them
    if len(np.unique(values[: 50 * MOST_CODES].astype(np.float64))) > MOST_CODES:
        return "regression"
    distinct = np.unique(pd.unique(values).astype(np.float64))
    whole = bool(np.all(distinct == np.floor(distinct)))
    codes = whole and len(distinct) <= MOST_CODES and 2 * len(distinct) <= len(values)
    return "classification" if len(distinct) <= 2 or codes else "regression"


def _unlearnable(got: str, *, do: str) -> TargetError:
    return TargetError("the target must be labels or real numbers", got=got, do=do)
