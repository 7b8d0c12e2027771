"""A table of the user's own: ``file:PATH?target=COLUMN``, with ``&kind=`` and ``&group=`` if wanted."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import numpy as np
import pandas as pd

from advisor.architectures.base import Kind
from advisor.errors import AdvisorError, InputError, MissingDependency, StudyError, TargetError
from advisor.target import infer_kind, quantities, told_kind
from datasets.sources import unknown
from datasets.task import Task, is_nested

scheme = "file"
_OPTIONS = ("target", "kind", "group")
_KINDS = ("classification", "regression")
_MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "<NA>", "#N/A"]  # where classes are named
_SEPARATOR = re.compile(r"[;\t|]")  # in a header without commas


def load(rest: str, /) -> Task:
    """Load a CSV or Parquet file as a table to learn.

    Rows whose target is missing are left out. Text with other separators or in another encoding is read as
    the advisor reads it.

    Parameters
    ----------
    rest : str
        ``PATH?target=COLUMN``, optionally followed by ``&kind=classification`` or ``&kind=regression`` (else
        :func:`advisor.target.infer_kind` decides) and ``&group=COLUMN`` (rows of one group stay on one side
        of a split). Names with ``&`` or ``%`` are percent-encoded.

    Returns
    -------
    Task
        A task whose structure nobody declared.

    Raises
    ------
    StudyError
        If an option is missing, unknown or wrong.
    InputError
        If the file or its inputs cannot be used.
    TargetError
        If the target is unknown or cannot be learned, or is not of the kind that was said.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "houses.csv")
    ...     _ = path.write_text("rooms,town,price\\n3,A,120.5\\n5,B,220.0\\n4,A,160.25\\n")
    ...     task = load(f"{path}?target=price")
    >>> task.kind, list(task.X.columns)
    ('regression', ['rooms', 'town'])
    """
    path, options = _parse(rest)
    target, group = options["target"], options.get("group")
    frame = _read(path, target)
    for option, column, error in (("target", target, TargetError), ("group", group, InputError)):
        if column is not None and column not in frame.columns:
            hint = unknown("", got=column, among=list(frame.columns[:20])).do
            raise error(f"the {option} must be a column of {path.name}", got=repr(column), do=hint)
    if group == target:
        raise InputError(
            "the group must be another column than the target",
            got=f"{target!r} for both",
            do="name the column whose rows belong together",
        )
    frame = _with_target(frame, target, path)
    told = cast("Kind | None", options.get("kind"))
    kind = infer_kind(frame[target]) if told is None else told_kind(frame[target], told)
    if kind == "regression":  # text may stand for numbers, and for none: "?" or "-"
        frame[target] = quantities(frame[target]).astype(np.float64)
        frame = _with_target(frame, target, path)
    y = frame.pop(target)
    groups = frame.pop(group) if group is not None else None
    _check_inputs(frame, path)
    _check_target(y, kind, path)
    return Task(
        id=f"{scheme}:{rest}",
        X=frame,
        y=y.rename("target"),
        kind=kind,
        metric="accuracy" if kind == "classification" else "r2",
        structure=None,
        layout=None,
        origin=str(path),
        groups=groups,
    )


def _parse(rest: str) -> tuple[Path, dict[str, str]]:
    location, mark, query = rest.rpartition("?")
    if not mark:
        location, query = rest, ""
    options = {}
    for part in filter(None, query.split("&")):
        key, _, value = part.partition("=")
        if key not in _OPTIONS:
            raise unknown("an option of a file must be known", got=key, among=_OPTIONS)
        options[key] = unquote(value)
    if not options.get("target"):
        raise StudyError(
            "a file must come with its target",
            got=f"'file:{rest}'",
            do=f"write file:{location}?target=COLUMN",
        )
    if options.get("kind", _KINDS[0]) not in _KINDS:
        raise unknown("the kind of a file must be known", got=options["kind"], among=_KINDS)
    return Path(location).expanduser(), options


def _with_target(frame: pd.DataFrame, target: str, path: Path) -> pd.DataFrame:
    frame = frame.dropna(subset=[target]).reset_index(drop=True)
    if frame.empty:
        raise TargetError(
            "the target must have values",
            got=f"none in column {target!r} of {path.name}",
            do="choose another column or fill it in",
        )
    return frame


def _read(path: Path, target: str) -> pd.DataFrame:
    if path.is_dir():
        raise InputError(
            "the file must be a file",
            got=f"{str(path)!r}, a folder",
            do=f"write folder:{path} if it holds pictures in class folders, or name a file in it",
        )
    if not path.is_file():
        beside = sorted(p.name for p in path.parent.glob("*") if p.suffix in (".csv", ".parquet"))[:10]
        raise InputError(
            "the file must exist",
            got=f"no file {str(path)!r}",
            do=f"check the path; beside it are {', '.join(beside)}" if beside else "check the path",
        )
    try:
        header, frame = _READERS[path.suffix.lower()](path, target)
    except KeyError:
        raise InputError(
            "the file must be CSV or Parquet",
            got=f"{path.suffix!r}",
            do=f"save it as one of {', '.join(_READERS)}",
        ) from None
    except ImportError as error:
        raise MissingDependency(
            "Parquet files need the package 'pyarrow'",
            got="no such package",
            do="pip install 'arch-advisor[bench]'",
        ) from error
    except AdvisorError:
        raise
    except (ValueError, OSError, csv.Error) as error:  # parser, encoding and Arrow errors are ValueErrors
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path.name} must be readable", got=reason, do="check or save it again") from error
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise InputError(
            "column names must be different",
            got=f"{', '.join(map(repr, twice[:5]))} more than once in {path.name}",
            do="rename or drop the repeated columns",
        )
    if frame.empty:
        raise InputError("the file must have rows", got=f"none in {path.name}", do="check how it was written")
    return frame


def _read_csv(path: Path, target: str) -> tuple[list[str], pd.DataFrame]:
    options: dict[str, Any] = {"encoding": "utf-8-sig"}
    options["low_memory"] = False  # at once: in parts, a column that turns to text late would be half numbers
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = csv.reader(file)
            header, first = next(lines, []), next(lines, [])  # pandas renames repeated columns
        if len(header) == 1 and _SEPARATOR.search(header[0]):
            return _read_text(path, target)
        if len(first) == len(header) + 1 and not first[-1]:  # every line ends in a comma, but for the header
            options["index_col"] = False
        frame = pd.read_csv(path, **options)
        if target in frame and not pd.api.types.is_numeric_dtype(frame[target].dtype):
            # None is the name of many a class, and no missing value there
            classes: dict[str, Any] = {"usecols": [target], "keep_default_na": False, "na_values": _MISSING}
            frame[target] = pd.read_csv(path, **options, **classes)[target]
    except UnicodeDecodeError:
        return _read_text(path, target)
    return header, frame


def _read_text(path: Path, target: str) -> tuple[list[str], pd.DataFrame]:
    """Read as the advisor does, which finds out how the file is written."""
    from advisor.intake import path as intake

    frame = intake.load(path)
    frame.columns = frame.columns.map(str)
    return list(frame.columns), frame


def _read_parquet(path: Path, target: str) -> tuple[list[str], pd.DataFrame]:
    import pyarrow.parquet as pq

    header = pq.read_schema(path).names
    frame = pq.read_table(path).to_pandas() if len(set(header)) == len(header) else pd.DataFrame()
    return header, frame


_READERS = {
    **{".csv": _read_csv, ".tsv": _read_text},
    **{".parquet": _read_parquet, ".pq": _read_parquet},
}


def _check_inputs(X: pd.DataFrame, path: Path) -> None:
    if X.shape[1] == 0:
        raise InputError(
            "the file must have inputs",
            got=f"only the target in {path.name}",
            do="add the columns to learn from",
        )
    nested = pd.Series({name: is_nested(X[name]) for name in X}, dtype=bool)
    for fault, wrong, do in (
        ("one value a cell", nested, "give each part a column of its own"),
        ("values", X.isna().all(), "drop the columns that are empty"),
        (
            "finite values",
            X.select_dtypes("number").apply(
                lambda column: np.isinf(column.to_numpy(float, na_value=0)).any()
            ),
            "replace infinities by a number or leave the cell empty",
        ),
    ):
        columns = list(wrong[wrong].index) if len(wrong) else []
        if columns:
            more = f" and {len(columns) - 5} more" if len(columns) > 5 else ""
            raise InputError(
                f"every input column must have {fault}",
                got=f"{', '.join(map(repr, columns[:5]))}{more} without in {path.name}",
                do=do,
            )


def _check_target(y: pd.Series, kind: Kind, path: Path) -> None:
    if kind == "regression" and not np.isfinite(y).all():
        raise TargetError(
            "the target must be finite",
            got=f"infinite values in column {str(y.name)!r} of {path.name}",
            do="replace or drop those rows",
        )
    if y.nunique() < 2:
        required = "classes" if kind == "classification" else "different values"
        raise TargetError(
            f"the target must have at least two {required}",
            got=f"only {y.iloc[0]!r} in {path.name}",
            do="choose another target, or more rows",
        )
