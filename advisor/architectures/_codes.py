"""Columns for trees that take categories and missing values as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.architectures._preprocessing import MISSING, Columns, Rows, row_parts


class CodeEncoder:
    """Numbers as they are, then a code for each category; NaN if missing, or a category unseen in training.

    Parameters
    ----------
    most : int or None
        Most codes of a column: the last one is shared by the rarest categories. None is no limit.

    Attributes
    ----------
    columns : Columns
        Which columns are numbers and which are categories.
    places : list of int
        Where the encoded categories stand.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"kind": ["b", "a", None], "size": [1.5, None, 2.0]})
    >>> encoder = CodeEncoder().fit(rows)
    >>> encoder.transform(rows)
    array([[1.5, 1. ],
           [nan, 0. ],
           [2. , nan]], dtype=float32)
    >>> encoder.places
    [1]
    """

    def __init__(self, *, most: int | None = None) -> None:
        self.most = most

    def fit(self, rows: Rows) -> CodeEncoder:
        """Learn the categories."""
        self.columns = Columns.of(rows)
        places = self.columns.categorical
        self.known = [self._categories(self.columns.labels(rows, place)) for place in places[:, None]]
        n_numbers = len(self.columns.numeric)
        self.places = list(range(n_numbers, n_numbers + len(self.known)))
        return self

    def transform(self, rows: Rows) -> NDArray[np.float32]:
        """Encoded columns, shape (n, d): the numbers, then the categories."""
        n_numbers = len(self.columns.numeric)
        out = np.empty((len(rows), n_numbers + len(self.known)), dtype=np.float32)
        for part, some in row_parts(rows):
            out[part, :n_numbers] = self.columns.numbers(some)
            for place, known, labels in zip(self.places, self.known, self.columns.labels(some).T):
                code = known.get_indexer(labels)
                if self.most is not None:
                    code = np.minimum(code, self.most - 1)
                out[part, place] = np.where(code < 0, np.nan, code)
        return out

    def _categories(self, labels: NDArray[np.object_]) -> Any:
        values, counts = np.unique(labels[labels != MISSING], return_counts=True)
        if self.most is not None:
            values = values[np.argsort(-counts, kind="stable")]
        return pd.Index(values)
