"""Paths: of a file, read as its ending says, or of a folder of pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor import intake
from advisor.architectures.base import Kind
from advisor.errors import InputError, TargetError
from advisor.intake import _files, _folder, frame
from advisor.intake._common import check_no_roles, is_values
from advisor.roles import Role
from advisor.table import Table

PLACE = re.compile(r"-?\d+")


def accepts(data: Any) -> bool:
    """Whether it names a file or a folder."""
    return isinstance(data, str | Path)


def read(
    data: Any, target: Any, rng: np.random.Generator, roles: Mapping[Any, Role], kind: Kind | None = None
) -> Table:
    """Read the file as a frame or an array; measure the folder.

    Raises
    ------
    InputError
        If there is no such file or folder, or what it holds cannot be used.
    """
    path = _existing(data)
    if path.is_dir():
        check_no_roles(roles, "a folder of pictures")
        return _folder.read(path, target, rng, kind)
    held, notes, labels = _files.load(path)
    if isinstance(held, np.ndarray):
        if labels is not None and target is not None and not is_values(target):
            if str(target) not in _files.LABELS:
                raise TargetError(
                    "the target of an .npz file must be its labels or one value per row",
                    got=repr(target)[:60],
                    do="leave it out, or pass the labels",
                )
            target = labels
        elif isinstance(target, str) and PLACE.fullmatch(target):
            target = int(target)  # the columns of an array have no names
        table = intake.read(held, labels if target is None else target, rng, roles, kind)
        return replace(table, notes=(*notes, *table.notes))
    return frame.read(held, target, rng, roles, kind, root=path.parent, notes=notes)


def plain(data: Any) -> Any:
    """The frame or the array in the file, the paths of the pictures in the folder."""
    path = _existing(data)
    if path.is_dir():
        return pd.DataFrame({"path": [str(p) for p in _folder.scan(path).paths]})
    return _files.load(path)[0]


def load(path: Path) -> pd.DataFrame:
    """Read a file that holds a frame.

    Raises
    ------
    InputError
        If there is no such file, or it holds something else.
    """
    held = _files.load(_existing(path))[0]
    if not isinstance(held, pd.DataFrame):
        raise InputError("the file must hold a table", got=path.name, do="pass a CSV or Parquet file")
    return held


def _existing(data: str | Path) -> Path:
    path = Path(data)
    try:
        if str(data).strip() and (path.is_file() or path.is_dir()):
            return path
        got = "a device or pipe" if str(data).strip() and path.exists() else "nothing there"
    except (OSError, ValueError):
        got = "no possible path"
    shown = str(data)[:80]
    raise InputError(f"{shown!r} must be a file, or a folder of pictures", got=got, do="check the path")
