"""Which tables the experiments on tables use, and which candidates stand for trees and for networks."""

from __future__ import annotations

from functools import cache

import datasets
from benchmarks.claims.base import Size

TREES = ("gbt", "random_forest")
NETWORKS = ("mlp", "resnet")
_COUNT = {"tiny": 2, "quick": 8}  # the rest only in "full"


@cache
def tables(size: Size) -> tuple[str, ...]:
    """Ids of embedded tables with at least four numeric columns, one of each source first.

    Returns
    -------
    tuple of str
        The smaller sizes are the beginning of the larger.
    """
    numeric = [
        task
        for task in datasets.names()
        if datasets.describe(task).structure == "tabular"
        and datasets.load(task).X.select_dtypes("number").shape[1] >= 4
    ]
    return tuple(numeric[: _COUNT.get(size)])
