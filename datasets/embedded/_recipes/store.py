"""What the function of a set returns, and how it becomes a Parquet file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from datasets.sources.embedded import TENSOR


@dataclass(frozen=True)
class Drawn:
    """Rows of a set.

    Parameters
    ----------
    table : DataFrame, shape (n, columns)
        Target and group; for a table also the inputs. Strings are categories.
    tensor : ndarray of shape (n, *layout), optional
        Pixels or steps, in the dtype to store; unequal lengths are padded with NaN at the end.
    """

    table: pd.DataFrame
    tensor: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Drawn:
        """Keep some rows, in the order given."""
        table = self.table.iloc[rows].reset_index(drop=True)
        return Drawn(table, None if self.tensor is None else self.tensor[rows])

    def sample(self, n: int) -> Drawn:
        """Draw at most `n` rows without replacement and shuffle them."""
        order = np.random.default_rng(0).permutation(len(self.table))
        return self.take(order[:n])


def write(drawn: Drawn, path: Path) -> None:
    """Write a set as Parquet: the tensor as one column of lists, strings as dictionaries, narrow numbers.

    Parameters
    ----------
    drawn : Drawn
        The set.
    path : Path
        The file to write.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {}
    if drawn.tensor is not None:
        flat = np.ascontiguousarray(drawn.tensor).reshape(len(drawn.tensor), -1)
        columns[TENSOR] = pa.FixedSizeListArray.from_arrays(pa.array(flat.ravel()), flat.shape[1])
    for name in drawn.table:
        columns[str(name)] = pa.array(narrow(drawn.table[name]), from_pandas=True)
    # no pandas metadata: it names the version that wrote it
    pq.write_table(pa.table(columns), path, compression="zstd", compression_level=19)


def narrow(column: pd.Series) -> pd.Series:
    """Give a column the smallest dtype that holds its values exactly; text becomes a category.

    Examples
    --------
    >>> narrow(pd.Series([0, 255])).dtype, narrow(pd.Series([0.5, None])).dtype
    (dtype('uint8'), dtype('float32'))
    """
    if pd.api.types.is_bool_dtype(column) and not column.isna().any():
        return column.astype(np.uint8)
    if not pd.api.types.is_numeric_dtype(column):
        return column.astype(object).astype("category").cat.remove_unused_categories()
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    for dtype in (np.uint8, np.int8, np.int16, np.int32, np.float32):
        with np.errstate(invalid="ignore", over="ignore"):
            small = values.astype(dtype)
        if np.array_equal(small.astype(np.float64), values, equal_nan=True):
            return pd.Series(small, index=column.index)
    return column.astype(np.float64)
