"""Everything that goes into a fit, checked in one place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.architectures._groups import Groups, check_groups
from advisor.architectures._memory import check_memory
from advisor.architectures._preprocessing import Layout, Rows, check_rows
from advisor.architectures._target import check_target, check_weight
from advisor.architectures.base import Kind
from advisor.errors import InputError


def check_fit(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    groups: Any = None,
    *,
    kind: Kind,
    layout: Layout | None = None,
) -> tuple[Rows, NDArray[Any], NDArray[np.float64] | None, Groups | None]:
    """Check everything that goes into fit; rows of weight 0 are dropped before anything is learned from them.

    Parameters
    ----------
    estimator : estimator
        Remembers the number and names of the columns.
    X : DataFrame or array-like, shape (n, d) or (n, *layout)
        Inputs.
    y : array-like, shape (n,)
        Labels or numbers.
    sample_weight : array-like, shape (n,), or None
        Weights of the rows.
    groups : array-like, shape (n,), or None
        What belongs together.
    kind : {"classification", "regression"}
        What is predicted.
    layout : tuple of int, optional
        How a row folds.

    Returns
    -------
    rows, labels, weight, groups
        As :func:`~advisor.architectures._preprocessing.check_rows`,
        :func:`~advisor.architectures._target.check_target`,
        :func:`~advisor.architectures._target.check_weight` and
        :func:`~advisor.architectures._groups.check_groups` give them.

    Raises
    ------
    InputError
        If something cannot be used.
    NotEnoughMemory
        If the fit needs more memory than is free.
    """
    check_memory(estimator, X, y)
    rows = check_rows(estimator, X, layout=layout, reset=True)
    labels = check_target(y, kind, len(rows))
    weight = check_weight(sample_weight, rows)
    together = check_groups(groups, len(rows))
    if weight is not None and not weight.all():
        counts = weight > 0
        rows, weight = rows[counts], weight[counts]
        labels = check_target(labels[counts], kind, len(rows))
        weight = None if (weight == weight[0]).all() else weight
        together = None if together is None else together[counts]
    return rows, labels, weight, together


def check_at_least_zero(name: str, value: float | None, *, do: str) -> None:
    """Refuse a setting below 0.

    Parameters
    ----------
    name : str
        The parameter of the estimator.
    value : float or None
        Its value; None is none.
    do : str
        What to do about it.

    Raises
    ------
    InputError
        Naming the setting.
    """
    if value is not None and not value >= 0:
        raise InputError(f"{name} must be at least 0", got=str(value), do=do)
