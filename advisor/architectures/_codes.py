"""Columns for trees that take categories and missing values as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.architectures._preprocessing import CELLS, MISSING, Columns, Rows, row_parts
from advisor.spread import MOST, coarse, spread

SMALL = 1e-30  # spread below which float32 loses digits, with room for what a library multiplies


class CodeEncoder:
    """Numbers as they are, then a code for each category; NaN if missing, or a category unseen in training.

    Of numbers that float32 would not tell apart, such as seconds since 1970 or codes of nine digits, the
    distance from the median is given; of huge or tiny ones, that distance in units of the usual spread.

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
        """Learn the categories, and which numbers must be moved to fit into float32."""
        self.columns = Columns.of(rows)
        self.offsets, self.scales = self._moves(rows)
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
            out[part, :n_numbers] = self._moved(self.columns.numbers(some))
            for place, known, labels in zip(self.places, self.known, self.columns.labels(some).T):
                code = known.get_indexer(labels)
                if self.most is not None:
                    code = np.minimum(code, self.most - 1)
                out[part, place] = np.where(code < 0, np.nan, code)
        return out

    def _moves(self, rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What is taken from each column, and what the rest is divided by: 0 and 1 where all is well."""
        positions = self.columns.numeric
        offsets, scales = np.zeros(len(positions)), np.ones(len(positions))
        size = max(1, CELLS // len(rows))
        for start in range(0, len(positions), size):
            numbers = self.columns.numbers(rows, positions[start : start + size])
            if len(places := np.flatnonzero(coarse(numbers))):
                some = numbers[:, places]
                middle, apart = spread(some)
                largest = np.fmax.reduce(np.abs(some - middle), axis=0)
                apart = np.where(apart > 0, apart, largest)
                offsets[start + places] = middle
                scales[start + places] = np.where((apart > SMALL) & (largest < MOST), 1.0, apart)
        return offsets, scales

    def _moved(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.offsets.any() or (self.scales != 1).any():
            numbers = (numbers - self.offsets) / self.scales
        return np.clip(numbers, -MOST, MOST)

    def _categories(self, labels: NDArray[np.object_]) -> Any:
        values, counts = np.unique(labels[labels != MISSING], return_counts=True)
        if self.most is not None:
            values = values[np.argsort(-counts, kind="stable")]
        return pd.Index(values)
