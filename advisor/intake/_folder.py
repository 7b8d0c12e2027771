"""A folder of pictures, one folder per class: counted without opening, measured on a sample."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor import pictures
from advisor.architectures.base import Kind
from advisor.errors import InputError, TargetError
from advisor.files import DO, ending, kind_of_name
from advisor.intake._common import as_labels, check_target, is_values
from advisor.table import Table


@dataclass
class Folder:
    """What lies in a folder of class folders, in the order of the names."""

    paths: list[Path] = field(default_factory=list)
    classes: list[str | None] = field(default_factory=list)
    other: Counter[str] = field(default_factory=Counter)  # endings of what is no picture
    links: int = 0  # that lead out of the folder
    deeper: list[str] = field(default_factory=list)  # folders within class folders that hold pictures


def scan(path: Path) -> Folder:
    """List the pictures of a folder and of the folders in it.

    Raises
    ------
    InputError
        If there are none, or they lie one level deeper, as in ``train/cat/1.png``.
    """
    found = Folder()
    top = _scan(path, path, found, None)
    for folder in top:
        for inner in _scan(folder, path, found, folder.name):
            if _holds_pictures(inner):
                found.deeper.append(f"{folder.name}/{inner.name}")
    if found.paths and not found.deeper:
        return found
    shown = str(path)
    if found.deeper:
        parts = sorted({name.partition("/")[0] for name in found.deeper})
        raise InputError(
            f"the folders in {shown!r} must be the classes and hold the pictures",
            got=f"pictures one level deeper, in {', '.join(found.deeper[:3])}",
            do=f"pass one of the folders that hold the classes: {', '.join(parts[:4])}",
        )
    held = ", ".join(f"{count} {end or 'without an ending'}" for end, count in found.other.most_common(3))
    kinds = [kind for end in found.other if (kind := kind_of_name("x" + end)) in DO]
    do = "pass one of the files, or one frame made of them" if held else "check the path"
    raise InputError(
        f"the folder {shown!r} must hold pictures",
        got=held or "no file",
        do=DO[kinds[0]] if kinds and kinds[0] is not None else do,
    )


def _scan(folder: Path, root: Path, found: Folder, name: str | None) -> list[Path]:
    """Add the pictures of one folder; give the folders in it."""
    inner: list[Path] = []
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        found.other["a folder that cannot be opened"] += 1
        return inner
    for entry in entries:
        if entry.name.startswith((".", "__MACOSX")):
            continue
        path = Path(entry.path)
        try:
            if entry.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
                found.links += 1
                continue
            if entry.is_dir():
                if not entry.is_symlink():  # a link to a folder above would never end
                    inner.append(path)
            elif pictures.is_picture_name(entry.name) and entry.is_file():
                found.paths.append(path)
                found.classes.append(name)
            else:
                found.other[ending(entry.name)] += 1
        except (OSError, RuntimeError):
            found.links += 1
    return inner


def _holds_pictures(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(pictures.is_picture_name(entry.name) for entry, _ in zip(entries, range(1000)))
    except OSError:
        return False


def read(path: Path, target: Any, rng: np.random.Generator, kind: Kind | None = None) -> Table:
    """Measure a sample of the pictures; the target is the name of the folder each lies in.

    Raises
    ------
    InputError
        If the target is a name, or only some of the pictures lie in class folders.
    """
    found = scan(path)
    n = len(found.paths)
    notes: tuple[str, ...] = ()
    if found.other:
        notes += (f"{found.other.total()} files that are no pictures were skipped",)
    if found.links:
        notes += (f"{found.links} links that leave the folder were not followed",)
    labels: pd.Series | None = None
    if target is not None and not is_values(target):
        raise TargetError(
            "the target of a folder must be its class folders or one value per picture",
            got=repr(target)[:60],
            do="leave the target out",
        )
    if target is not None:
        labels = as_labels(target)
    elif len(set(found.classes)) > 1:
        if None in found.classes:
            loose = sum(name is None for name in found.classes)
            raise InputError(
                "all pictures must lie in class folders, or none",
                got=f"{loose} of {n} beside the folders",
                do="move them, or pass a frame with the paths and labels",
            )
        labels = pd.Series(pd.Categorical(found.classes), name="class")
    series, kind, told = check_target(labels, n, kind)
    rows = np.arange(n)
    if n > pictures.LOOK:
        rows = np.sort(rng.choice(n, pictures.LOOK, replace=False))
    held = pictures.look(
        [found.paths[row] for row in rows], None, fenced=False, what=f"the folder {str(path)!r}"
    )
    return Table(
        "image_folder",
        n,
        (),
        held.values,
        held.layout,
        False,
        pd.DataFrame(),
        series,
        kind,
        np.array([str(place) for place in found.paths], dtype=object),
        pictures=held,
        notes=(*held.notes(), *notes, *told),
    )


def labelled(path: Path | str) -> tuple[list[str], list[str | None]]:
    """List the pictures of a folder and the class folder of each, as ``fit(paths, classes)`` takes them."""
    found = scan(Path(path))
    return [str(p) for p in found.paths], list(found.classes)
