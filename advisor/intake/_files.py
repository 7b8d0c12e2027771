"""One reader per ending. None unpickles; all are bounded in what they unpack."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.errors import AdvisorError, InputError, MissingDependency
from advisor.files import DO, ending, kind_of_name
from advisor.intake import _text

Loaded = tuple[pd.DataFrame | NDArray[Any], tuple[str, ...], NDArray[Any] | None]
UNPACKED = 2 * 2**30  # bytes that a packed file may unpack to
LARGE = 2 * 2**30  # bytes of a columnar file beyond which only its first rows are read
PICKLED = (".pt", ".pth", ".pkl", ".pickle", ".joblib", ".p")
INPUTS = ("X", "x", "data", "images", "X_train", "x_train", "train_images")  # names in .npz files
LABELS = ("y", "target", "targets", "label", "labels", "Y", "y_train", "Y_train", "train_labels")


def load(path: Path) -> Loaded:
    """Read a file: a frame or an array, what to say about it, and labels if it holds them apart.

    Raises
    ------
    InputError
        If it is none of the kinds that can be read, or damaged.
    """
    end = ending(path.name)
    last = "." + end.rpartition(".")[2]
    if end in PICKLED:
        raise InputError(
            f"{path.name!r} must be a file of data",
            got="a pickle, which can run any program when it is opened",
            do="open it yourself if you trust it, and pass the frame or the array",
        )
    kind = kind_of_name(path.name)
    if kind == "image":
        raise InputError(
            f"{path.name!r} must hold a data set", got="one picture", do="pass the folder of pictures"
        )
    reader = READERS.get(end) or READERS.get(last) or (_read_text if _text.is_text(path.name) else None)
    if reader is None:
        raise InputError(
            "the file must end in .csv, .tsv, .parquet, .feather, .json, .jsonl, .arff, .xlsx, .npy or .npz",
            got=f"{kind} ({path.name})" if kind else path.name[:80],
            do=DO.get(kind or "", "convert it first"),
        )
    with _explained(path):
        return reader(path)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what readers raise on damaged files into one sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except AdvisorError:
        raise
    except ImportError as error:
        package = getattr(error, "name", None) or "pyarrow"
        if ending(path.name) in (".xlsx", ".xlsm"):
            package = "openpyxl"
        raise MissingDependency(
            f"{ending(path.name)} files need {package}", got="no such package", do=f"pip install {package}"
        ) from error
    except Exception as error:  # readers of other packages raise their own types
        raise InputError(
            f"{path.name!r} must be readable as its ending says",
            got=" ".join(str(error).split())[:120] or type(error).__name__,
            do="check the separator, the encoding and that the file is whole",
        ) from error


def _read_text(path: Path) -> Loaded:
    frame, notes = _text.load(path, UNPACKED)
    return frame, notes, None


def _read_parquet(path: Path) -> Loaded:
    try:
        from pyarrow import parquet
    except ImportError:
        return pd.read_parquet(path), (), None  # another engine, or pandas' own words
    held = parquet.ParquetFile(path)
    groups = [held.metadata.row_group(i) for i in range(held.metadata.num_row_groups)]
    size = np.cumsum([group.total_byte_size for group in groups]) if groups else np.zeros(1)
    if size[-1] <= LARGE:
        return pd.read_parquet(path), (), None
    kept = max(1, int(np.searchsorted(size, LARGE)))
    if size[0] > 4 * LARGE:
        raise InputError(
            "a Parquet file must be read in parts",
            got=f"a first part of {size[0] >> 30} GiB",
            do="rewrite it",
        )
    frame = held.read_row_groups(list(range(kept))).to_pandas()
    return frame, (f"only the first {len(frame)} of {held.metadata.num_rows} rows were read",), None


def _read_feather(path: Path) -> Loaded:
    return pd.read_feather(path), (), None


def _read_json(path: Path) -> Loaded:
    if path.stat().st_size > UNPACKED:
        raise InputError(
            "a JSON file must fit in memory",
            got=f"{path.stat().st_size >> 20} MiB",
            do="convert it to Parquet",
        )
    text = _text.unpacked(path, UNPACKED).decode("utf-8-sig")
    lines = text.lstrip()[:1] == "{" and "\n" in text.strip() and not _is_json(text)
    if lines:
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    else:
        rows = json.loads(text)
    if isinstance(rows, dict):
        rows = _rows_of(rows)
    if not isinstance(rows, list | dict):
        raise InputError(
            "a JSON file must hold records", got=type(rows).__name__, do="write one record a line"
        )
    from advisor.intake import records

    held = records.plain(rows)
    return held, (), None


def _rows_of(held: dict[str, Any]) -> Any:
    """Records under one key, columns as lists, columns as pandas writes them, or one record."""
    parts = list(held.values())
    if parts and all(isinstance(part, dict) for part in parts):
        return {name: list(part.values()) for name, part in held.items()}
    lists = [part for part in parts if isinstance(part, list)]
    inner = [part for part in lists if part and all(isinstance(row, dict) for row in part)]
    if len(inner) == 1:
        return inner[0]
    return held if parts and len(lists) == len(parts) else [held]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _read_arff(path: Path) -> Loaded:
    if path.stat().st_size > UNPACKED // 4:
        raise InputError(
            "an ARFF file must be small", got=f"{path.stat().st_size >> 20} MiB", do="convert it to Parquet"
        )
    try:
        import arff  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingDependency(
            "an ARFF file needs liac-arff", got="no such package", do="pip install liac-arff"
        ) from error
    text = _text.decode(_text.unpacked(path, UNPACKED))[0]
    held = arff.loads(text)
    names = [name for name, _ in held["attributes"]]
    frame = pd.DataFrame({j: [row[j] for row in held["data"]] for j in range(len(names))}).infer_objects()
    for j, (_, kind) in enumerate(held["attributes"]):
        if isinstance(kind, list):
            frame[j] = pd.Categorical(frame[j])
    return frame.set_axis(names, axis=1), (), None


def _read_excel(path: Path) -> Loaded:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as parts:
            check_unpacked(path, sum(part.file_size for part in parts.infolist()))
    with pd.ExcelFile(path) as book:
        names = [str(name) for name in book.sheet_names]
        frame = book.parse(0)
    notes = (f"only the first of {len(names)} sheets, {names[0]!r}, was read",) if len(names) > 1 else ()
    return frame, notes, None


def _read_npy(path: Path) -> Loaded:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array = np.load(path, allow_pickle=False, mmap_mode="r")
    return np.asarray(array), (), None


def _read_npz(path: Path) -> Loaded:
    with zipfile.ZipFile(path) as parts:
        check_unpacked(path, sum(part.file_size for part in parts.infolist()))
    with np.load(path, allow_pickle=False) as held:
        names = list(held.files)
        found = [name for name in INPUTS if name in names] or names * (len(names) == 1)
        if found:
            known = [name for name in LABELS if name in names]
            others = sorted(set(names) - {found[0], *known[:1]})
            notes = (f"arrays of the file that were not read: {', '.join(others)[:200]}",) if others else ()
            labels = held[known[0]] if known else None
            column = labels is not None and labels.ndim == 2 and labels.shape[1] == 1
            return held[found[0]], notes, labels[:, 0] if labels is not None and column else labels
    raise InputError(
        "an .npz file must hold X, and y if there are labels",
        got=", ".join(names)[:100] or "nothing",
        do="pass the array itself, numpy.load(path)[name]",
    )


def check_unpacked(path: Path, size: int) -> None:
    """Refuse what would unpack to more than is bounded.

    Raises
    ------
    InputError
        If it would.
    """
    if size > UNPACKED:
        raise InputError(
            f"{path.name!r} must unpack to at most {UNPACKED >> 30} GiB",
            got=f"{size >> 20} MiB from {path.stat().st_size >> 10} KiB",
            do="unpack it yourself if you trust it, and pass a part",
        )


READERS: dict[str, Callable[[Path], Loaded]] = {
    ".parquet": _read_parquet,
    ".pq": _read_parquet,
    ".feather": _read_feather,
    ".arrow": _read_feather,
    ".jsonl": _read_json,
    ".ndjson": _read_json,
    ".json": _read_json,
    ".jsonl.gz": _read_json,
    ".json.gz": _read_json,
    ".arff": _read_arff,
    ".arff.gz": _read_arff,
    ".xlsx": _read_excel,
    ".xls": _read_excel,
    ".xlsm": _read_excel,
    ".npy": _read_npy,
    ".npz": _read_npz,
}
