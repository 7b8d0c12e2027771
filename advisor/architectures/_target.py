"""The target: checked, scaled, split for early stopping; and the seed of it all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, column_or_1d

from advisor.architectures._groups import Groups, hold_out_groups, share_of
from advisor.architectures._preprocessing import LARGEST
from advisor.architectures._scaling import normal_quantiles
from advisor.architectures.base import Kind
from advisor.errors import InputError, TargetError


def check_target(y: Any, kind: Kind, n_rows: int) -> NDArray[Any]:
    """Check the target of fit: one value per row, none missing, at least two classes.

    Parameters
    ----------
    y : array-like, shape (n,)
        Labels or numbers.
    kind : {"classification", "regression"}
        Which of them.
    n_rows : int
        Rows of the inputs.

    Returns
    -------
    ndarray, shape (n,)
        Labels as they are, or float64.

    Raises
    ------
    TargetError
        If the target cannot be learned.
    InputError
        If there is one row alone.
    """
    if y is None:
        raise TargetError("fit requires y to be passed, but the target y is None", got="None", do="pass y")
    try:
        values = column_or_1d(y, warn=True)
    except (TypeError, ValueError) as error:
        raise TargetError(
            "the target must be one value per row",
            got=str(error).rstrip("."),
            do="pass one column of labels or numbers",
        ) from error
    if len(values) != n_rows:
        raise TargetError(
            "there must be one target per row",
            got=f"{len(values)} targets and {n_rows} rows",
            do="align X and y",
        )
    if n_rows < 2:
        raise InputError("at least 2 rows are needed", got="1 sample", do="pass more rows")
    if kind == "regression":
        try:
            numbers = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise TargetError(
                "a regression target must be numeric",
                got=f"values of type {values.dtype}",
                do="convert it, or use a classifier",
            ) from error
        if not np.isfinite(numbers).all():
            raise TargetError(
                "the target must be finite",
                got=f"Input y contains {'NaN' if np.isnan(numbers).any() else 'infinity'}",
                do="drop those rows",
            )
        if (size := float(np.abs(numbers).max())) > LARGEST:
            raise TargetError(
                f"the target must lie within {LARGEST:g} of zero",
                got=f"{size:g}",
                do="pass it in a larger unit",
            )
        return numbers
    if values.dtype == object:  # drivers of databases give numbers and truth values as objects
        values = pd.Series(values).infer_objects().to_numpy()
    infinite = values.dtype.kind == "f" and bool(np.isinf(values).any())
    if infinite or pd.isna(values).any():
        raise TargetError(
            "the target must be neither missing nor infinite",
            got=f"Input y contains {'infinity' if infinite else 'NaN'}",
            do="drop those rows",
        )
    try:
        check_classification_targets(values)
        classes = len(np.unique(values))
    except (TypeError, ValueError) as error:
        raise TargetError(
            "a target to classify must hold labels of one kind, text, whole numbers or truth values",
            got=str(error).split(". ")[0],
            do="turn the labels into text, or use a regressor for numbers",
        ) from error
    if classes < 2:
        raise TargetError(
            "at least 2 classes are needed", got=f"{classes} class", do="check the target column"
        )
    return np.asarray(values)


def check_weight(sample_weight: Any, rows: Any) -> NDArray[np.float64] | None:
    """Check the weights of fit and scale them to a mean of 1 over the rows that count.

    Parameters
    ----------
    sample_weight : array-like, shape (n,), or None
        At least 0 and not all 0.
    rows : array-like, shape (n, d)
        The inputs they belong to.

    Returns
    -------
    ndarray of float64, shape (n,), or None
        Weights; those above 0 have a mean of 1. None if every row counts alike.

    Raises
    ------
    InputError
        If a weight is negative, missing or infinite, all are 0, or they are not one per row.
    """
    if sample_weight is None:
        return None
    try:
        weight: NDArray[np.float64] = _check_sample_weight(sample_weight, rows, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            "sample_weight must be one finite number per row",
            got=str(error).rstrip("."),
            do="pass an array of weights",
        ) from error
    if weight.min() < 0 or not weight.any():
        raise InputError(
            "sample_weight must be at least 0, and not 0 for all rows",
            got=f"weights from {weight.min():g} to {weight.max():g}",
            do="pass weights of at least 0",
        )
    return None if (weight == weight[0]).all() else weight / weight[weight > 0].mean()


def inner_split(
    target: NDArray[np.float64] | NDArray[np.int64],
    fraction: float,
    rng: np.random.Generator,
    groups: Groups | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Hold out rows for early stopping, stratified by the target.

    Rows are shuffled, sorted by target and taken at equal distances, so class shares (or the quantiles of a
    number) are kept. A class with one row stays in training. Where rows have groups, whole groups are dealt
    in the same way; if none can be spared (there is but one, or each has a class of its own), single rows
    are. Too few rows to hold one out and keep two: all rows play both parts.

    Parameters
    ----------
    target : ndarray, shape (n,)
        Class codes or numbers.
    fraction : float
        Share to hold out, above 0 and at most 0.5.
    rng : numpy.random.Generator
        Shuffles the rows.
    groups : ndarray of int, shape (n,), optional
        Rows of one stand on one side.

    Returns
    -------
    train, validation : ndarray of int
        Sorted row positions.

    Raises
    ------
    InputError
        If the share is not in that range.

    Examples
    --------
    >>> import numpy as np
    >>> train, validation = inner_split(np.array([0] * 5 + [1] * 5), 0.2, np.random.default_rng(0))
    >>> len(train), len(validation)
    (8, 2)
    """
    if not 0 < fraction <= 0.5:
        raise InputError("validation_fraction must be in (0, 0.5]", got=str(fraction), do="set it to 0.2")
    held = np.empty(0, np.intp) if groups is None else hold_out_groups(target, groups, fraction, rng)
    held = np.sort(held if len(held) else _hold_out_rows(target, fraction, rng))
    kept = np.setdiff1d(np.arange(len(target)), held)
    if len(held) == 0 or len(kept) < 2:
        return np.arange(len(target)), np.arange(len(target))
    return kept, held


def _hold_out_rows(
    target: NDArray[np.float64] | NDArray[np.int64], fraction: float, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Hold out single rows, none that is alone in its class."""
    order = rng.permutation(len(target))
    order = order[np.argsort(target[order], kind="stable")]
    held: NDArray[np.intp] = order[np.diff(share_of(np.arange(len(target) + 1), fraction)) > 0]
    if target.dtype.kind in "iu":
        held = held[np.bincount(target)[target[held]] > 1]
    return held


class _Standard(StandardScaler):
    """Takes whatever is predicted back to the mean if the target is constant, where sklearn scales by 1."""

    def inverse_transform(self, X: NDArray[Any], copy: bool | None = None) -> NDArray[np.float64]:
        constant = (self.scale_ == 1) & (self.var_ < 0.5)
        values: NDArray[np.float64] = super().inverse_transform(np.where(constant, 0, X), copy)
        return values


def target_scaler(name: str, n_rows: int, seed: int) -> Any:
    """Make the transformer of a regression target: "standard", "quantile" or "none".

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name == "none":
        return FunctionTransformer()
    if name == "standard":
        return _Standard()
    if name == "quantile":
        return make_pipeline(*normal_quantiles(n_rows, seed))
    raise InputError(
        "target_transform must be 'standard', 'quantile' or 'none'", got=repr(name), do="choose one of them"
    )


def seed_of(random_state: Any) -> int:
    """Seed from an int, a generator or None, without touching the global random state.

    Examples
    --------
    >>> seed_of(3) == seed_of(3)
    True
    """
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    return int(np.random.default_rng(random_state).integers(2**31 - 1))
