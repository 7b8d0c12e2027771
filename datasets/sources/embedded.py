"""The sets of the checkout: ``embedded:NAME``, described by ``datasets/embedded/catalog.toml``."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import CorruptDataError, MissingDependency
from datasets.sources import unknown
from datasets.task import Task, TaskInfo

scheme = "embedded"
FOLDER = Path(__file__).parents[1] / "embedded"
TENSOR = "x"  # images and series are one list column, so that 3,072 inputs do not cost 3,072 column headers


@cache
def catalog(folder: Path = FOLDER) -> Mapping[str, Mapping[str, Any]]:
    """Read the catalog.

    Parameters
    ----------
    folder : Path
        Where ``catalog.toml`` lies.

    Returns
    -------
    mapping of str to mapping
        One entry a set, by name; the head of ``catalog.toml`` says what the keys mean.

    Raises
    ------
    CorruptDataError
        If the file is missing or is not TOML.

    Examples
    --------
    >>> catalog()["digits"]["layout"]
    [8, 8, 1]
    """
    path = folder / "catalog.toml"
    try:
        sets: dict[str, dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise CorruptDataError(
            "the catalog of the embedded sets must be readable TOML",
            got=f"{path.name}: {error}",
            do=f"restore it with: git checkout -- {_relative(path)}",
        ) from error
    return sets


def names() -> list[str]:
    """List the embedded sets.

    Returns
    -------
    list of str
        Sorted names.
    """
    return sorted(catalog())


def describe(name: str, /, *, folder: Path = FOLDER) -> TaskInfo:
    """Read the catalog entry of a set; the data file is not touched.

    Parameters
    ----------
    name : str
        A name of the catalog.
    folder : Path
        Where the corpus lies.

    Returns
    -------
    TaskInfo
        As recorded in the catalog.

    Raises
    ------
    StudyError
        If there is no such set.
    """
    entry = _entry(name, folder)
    return TaskInfo(
        id=f"{scheme}:{name}",
        structure=entry["structure"],
        layout=tuple(entry["layout"]),
        kind=entry["kind"],
        metric=entry["metric"],
        origin=entry["origin"],
        data_hash=entry["data_hash"],
        n=entry["n"],
        d=entry["d"],
    )


def load(name: str, /, *, folder: Path = FOLDER) -> Task:
    """Load a set after checking that its file is the recorded one.

    Parameters
    ----------
    name : str
        A name of the catalog.
    folder : Path
        Where the corpus lies.

    Returns
    -------
    Task
        Pixels and steps are named ``x0``, ``x1``, ... in canonical order; tables keep their columns.

    Raises
    ------
    StudyError
        If there is no such set.
    CorruptDataError
        If the file is missing, changed or unreadable.
    MissingDependency
        If pyarrow is not installed.
    """
    return parse(name, _entry(name, folder), folder=folder)


def parse(name: str, entry: Mapping[str, Any], *, folder: Path) -> Task:
    """Make the task that a catalog entry describes; what :func:`load` does after looking the entry up.

    Parameters
    ----------
    name : str
        Name of the set and of its file.
    entry : mapping
        The catalog entry; the measured ``n``, ``d`` and ``data_hash`` are not used.
    folder : Path
        Where the file lies.

    Returns
    -------
    Task
        The set.

    Raises
    ------
    CorruptDataError
        If the file is missing, changed or unreadable.
    """
    frame = _read(folder / f"{name}.parquet", entry["sha256"])
    y = frame.pop(entry["target"]).rename("target")
    if entry["kind"] == "regression":
        y = y.astype(np.float64)
    elif isinstance(y.dtype, pd.CategoricalDtype):
        y = y.astype(y.cat.categories.dtype)  # labels are plain values: a subset must not remember the others
    groups = frame.pop(entry["group"]) if "group" in entry else None
    return Task(
        id=f"{scheme}:{name}",
        X=_unfold(frame[TENSOR]) if entry["structure"] != "tabular" else frame,
        y=y,
        kind=entry["kind"],
        metric=entry["metric"],
        structure=entry["structure"],
        layout=tuple(entry["layout"]),
        origin=entry["origin"],
        groups=groups,
    )


def _entry(name: str, folder: Path) -> Mapping[str, Any]:
    sets = catalog(folder)
    if name not in sets:
        raise unknown("an embedded set must be in the catalog", got=name, among=sorted(sets))
    return sets[name]


def _read(path: Path, sha256: str) -> pd.DataFrame:
    """Check a Parquet file against its checksum, then parse it."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise MissingDependency(
            "the embedded sets need the package 'pyarrow'",
            got="no such package",
            do="pip install 'arch-advisor[bench]'",
        ) from error
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _corrupt(path, got=error.strerror or "an unreadable file") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise _corrupt(path, got=f"sha256 {found[:12]}… where {sha256[:12]}… is recorded")
    try:
        frame: pd.DataFrame = pq.read_table(pa.BufferReader(content), use_threads=False).to_pandas()
    except (pa.ArrowException, OSError) as error:  # recorded, yet no Parquet
        raise _corrupt(path, got=" ".join(str(error).split())[:200]) from error
    return frame


def _corrupt(path: Path, *, got: str) -> CorruptDataError:
    return CorruptDataError(
        f"the embedded file {path.name} must be the recorded one",
        got=got,
        do=f"restore it with: git checkout -- {_relative(path)}",
    )


def _relative(path: Path) -> str:
    root = FOLDER.parents[1]
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _unfold(lists: pd.Series) -> pd.DataFrame:
    """Turn a column of equally long lists into one column a number."""
    values = np.stack(lists.to_list())  # (n, d)
    return pd.DataFrame(values, columns=[f"x{i}" for i in range(values.shape[1])])
