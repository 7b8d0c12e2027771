"""Pictures of the user's own in class folders: ``folder:PATH``, with ``?side=PIXELS`` if wanted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from advisor.errors import InputError, StudyError, TargetError
from datasets.sources import unknown
from datasets.task import Task

scheme = "folder"
_SIDE = 64  # pixels of the longer side at most; a study trains many networks, and their cost grows with it
_MEASURED = 500  # pictures that tell the usual size


def load(rest: str, /) -> Task:
    """Load a folder whose folders are the classes and hold the pictures.

    Pictures become numbers of 0 to 255, all of the size that is usual among them, reduced if it is large;
    grey ones have one channel, others three.

    Parameters
    ----------
    rest : str
        ``PATH``, optionally followed by ``?side=PIXELS``: the most that the longer side may have, 64 if
        nothing is said.

    Returns
    -------
    Task
        A task whose structure is declared: pictures.

    Raises
    ------
    StudyError
        If an option is unknown or wrong.
    InputError
        If there is no such folder, or pictures of it cannot be read.
    TargetError
        If there are fewer than two class folders.
    MissingDependency
        If Pillow is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as name:
    ...     for place, label in enumerate(["cat", "cat", "dog"]):
    ...         Path(name, label).mkdir(exist_ok=True)
    ...         Image.new("RGB", (40, 20), (place, 0, 9)).save(Path(name, label, f"{place}.png"))
    ...     task = load(f"{name}?side=8")
    >>> task.layout, list(task.y)
    ((4, 8, 3), ['cat', 'cat', 'dog'])
    """
    from advisor import pictures
    from advisor.intake._folder import labelled

    path, side = _parse(rest)
    if not path.is_dir():
        beside = sorted(p.name for p in path.parent.glob("*") if p.is_dir())[:10]
        raise InputError(
            "the folder must exist",
            got=f"no folder {str(path)!r}",
            do=f"check the path; beside it are {', '.join(beside)}" if beside else "check the path",
        )
    paths, classes = labelled(path)
    if None in classes or len(set(classes)) < 2:
        got = sorted({name or "pictures in none" for name in classes})
        raise TargetError(
            "the pictures must lie in at least two class folders",
            got=f"{', '.join(got[:5])} in {path.name}",
            do="move each picture into the folder of its class",
        )
    some = np.random.default_rng(0).permutation(len(paths))[:_MEASURED]
    looked = pictures.look([paths[i] for i in some], None, fenced=False, what=f"the folder {path.name}")
    height, width, channels = looked.layout
    scale = min(1.0, side / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    held = pictures.stack(paths, (*size, channels), None, fenced=False)
    bad = [Path(paths[i]).name for i in np.flatnonzero(np.isnan(held).any(axis=(1, 2, 3)))]
    if bad:
        raise InputError(
            "every picture must be readable",
            got=f"{len(bad)} of {len(paths)} in {path.name} that are not: {', '.join(bad[:5])}",
            do="remove them or save them again",
        )
    if channels == 3 and (held[..., :1] == held).all():  # grey, stored in colour
        held = held[..., :1]
    flat = held.reshape(len(held), -1)
    return Task(
        id=f"{scheme}:{rest}",
        X=pd.DataFrame(flat, columns=[f"p{i}" for i in range(flat.shape[1])]),
        y=pd.Series(classes, name="target", dtype=str),
        kind="classification",
        metric="accuracy",
        structure="image",
        layout=(*size, held.shape[3]),
        origin=str(path),
    )


def _parse(rest: str) -> tuple[Path, int]:
    location, _, query = rest.partition("?")
    key, _, value = query.partition("=")
    if query and key != "side":
        raise unknown("an option of a folder must be known", got=key, among=("side",))
    if query and not (value.isdecimal() and int(value) >= 1):
        raise StudyError(
            "side must be a number of pixels of at least 1", got=repr(value), do=f"leave it out for {_SIDE}"
        )
    return Path(location).expanduser(), int(value) if query else _SIDE
