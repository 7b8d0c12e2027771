"""The outcomes behind the calibration as one file: its tables can be made again where the sets are not."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa

from advisor.errors import StoreError
from benchmarks.advisor.outcomes import STORE, STUDY
from benchmarks.store import Store

PUBLISHED = Path("reports/published/outcomes/results.parquet")
_NESTED = ("extra", "environment")  # kept as JSON text


def write(frame: pd.DataFrame, path: Path = PUBLISHED) -> None:
    """Write the frame of a store as Parquet.

    Parameters
    ----------
    frame : DataFrame
        As :meth:`benchmarks.store.Store.frame` gives it.
    path : Path
        Where to; its folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = {name: frame[name].map(lambda held: json.dumps(held)) for name in _NESTED}
    frame.assign(**text).to_parquet(path, index=False)


def read(path: Path | None = None) -> pd.DataFrame:
    """Read outcomes of a store or of a published file.

    Parameters
    ----------
    path : Path, optional
        The store, or a file that ends in ``.parquet``; by default your own store, or else what was published.

    Returns
    -------
    DataFrame
        As :meth:`benchmarks.store.Store.frame` gives it.

    Raises
    ------
    StoreError
        If there is no such file, or it cannot be read.
    """
    path = path or (STORE if STORE.exists() else PUBLISHED)
    if path.suffix != ".parquet":
        with Store(path) as store:
            return store.frame(STUDY)
    try:
        frame = pd.read_parquet(path)
        return frame.assign(**{name: frame[name].map(json.loads) for name in _NESTED})
    except (OSError, pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise StoreError(
            "outcomes must be in a store, or in a file that was published",
            got=f"{path}: {type(error).__name__}: {error}",
            do="measure them: python -m benchmarks.advisor.outcomes",
        ) from error
