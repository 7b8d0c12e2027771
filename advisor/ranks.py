"""Ranks of the values of a column."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def midranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """Ranks from 1, equal values sharing the middle of theirs; what ``scipy.stats.rankdata`` gives.

    Importing ``scipy.stats`` takes longer than most looks.

    Examples
    --------
    >>> midranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    order = np.argsort(values, kind="stable")
    held = values[order]
    starts = np.flatnonzero(np.append(True, held[1:] != held[:-1])[: len(held)])
    ends = np.append(starts[1:], len(held))
    out = np.empty(len(held))
    out[order] = np.repeat((starts + ends + 1) / 2, ends - starts)
    return out
