"""Paths of CSV and Parquet files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import InputError, MissingDependency
from advisor.intake import frame
from advisor.table import Role, Table


def accepts(data: Any) -> bool:
    """Whether it names a file."""
    return isinstance(data, str | Path)


def read(data: Any, target: Any, rng: np.random.Generator, roles: Mapping[Any, Role]) -> Table:
    """Read the file as a frame."""
    return frame.read(load(Path(data)), target, rng, roles)


def load(path: Path) -> pd.DataFrame:
    """Read a CSV or Parquet file."""
    if not path.is_file():
        got = "a folder" if path.is_dir() else "nothing there"
        raise InputError(f"{str(path)!r} must be a CSV or Parquet file", got=got, do="check the path")
    suffixes = "".join(path.suffixes).lower()
    try:
        if suffixes.endswith((".parquet", ".pq")):
            return pd.read_parquet(path)
        if any(part in suffixes for part in (".csv", ".tsv", ".txt")):
            return _load_csv(path, sep="\t" if ".tsv" in suffixes else ",")
    except ImportError as error:
        raise MissingDependency(
            "a Parquet file needs pyarrow", got="no such package", do="pip install pyarrow"
        ) from error
    except (ValueError, OSError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise InputError(
            f"{path.name!r} must be readable as its ending says",
            got=" ".join(str(error).split())[:120] or type(error).__name__,
            do="check the separator, the encoding and that the file is whole",
        ) from error
    raise InputError("the file must end in .csv, .tsv or .parquet", got=path.name, do="convert it first")


def _load_csv(path: Path, *, sep: str) -> pd.DataFrame:
    data = pd.read_csv(path, sep=sep, low_memory=False)
    written = pd.read_csv(path, sep=sep, header=None, nrows=1, dtype=str).iloc[0].dropna()
    if written.duplicated().any() and len(written) == data.shape[1]:
        data.columns = pd.Index(written)  # pandas renames repeated names, which would hide them
    return data
