"""Named lists of tasks: ``suite:NAME``, one TOML file a suite.

A suite of your own is a file in this folder::

    title = "Clothes and digits"
    tasks = ["openml:146825", "openml:s/337", "embedded:digits"]

    [layouts."openml:146825"]   # optional: what the columns of a task are
    structure = "image"         # image, sequence or tabular
    shape = [28, 28, 1]         # (H, W, C) or (T, C); left out for a table
    channels = "last"           # "first": all of the first channel, then all of the next

What is declared of a task holds wherever the task is used.
"""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from advisor.errors import StudyError
from datasets import sources
from datasets.layouts import ColumnLayout

__all__ = ["FOLDER", "Suite", "declared", "expand", "suites"]

FOLDER = Path(__file__).parent
_PREFIX = "suite:"
_AXES = {"image": 3, "sequence": 2, "tabular": 0}


@dataclass(frozen=True)
class Suite:
    """A named list of tasks.

    Parameters
    ----------
    title : str
        For people.
    tasks : tuple of str
        Task ids, patterns and suites.
    layouts : mapping of str to ColumnLayout
        What is declared of single tasks, by id.
    """

    title: str
    tasks: tuple[str, ...]
    layouts: Mapping[str, ColumnLayout]


@cache
def suites(folder: Path | None = None) -> Mapping[str, Suite]:
    """Read the suites.

    Parameters
    ----------
    folder : Path, optional
        Where they lie; ``datasets/suites`` by default.

    Returns
    -------
    mapping of str to Suite
        By name, sorted.

    Raises
    ------
    StudyError
        If a file is wrong, or two declare different layouts of one task.

    Examples
    --------
    >>> suites()["grinsztajn-num-clf"].tasks
    ('openml:s/337',)
    """
    found = {path.stem: _read(path) for path in sorted((folder or FOLDER).glob("*.toml"))}
    said: dict[str, tuple[str, ColumnLayout]] = {}
    for name, suite in found.items():
        for task_id, layout in suite.layouts.items():
            before, other = said.setdefault(task_id, (name, layout))
            if layout != other:
                raise StudyError(
                    f"the layout of {task_id} must be the same in all suites",
                    got=f"{other} in {before}.toml and {layout} in {name}.toml",
                    do="correct one of them",
                )
    return found


def declared(task_id: str) -> tuple[ColumnLayout | None, str]:
    """Return what a suite declares of a task, and the name of its file.

    Parameters
    ----------
    task_id : str
        In its shortest form.

    Returns
    -------
    layout : ColumnLayout or None
        None if no suite does.
    where : str
        Empty if no suite does.

    Examples
    --------
    >>> layout, where = declared("openml:146825")
    >>> print(layout, "by", where)
    image (28, 28, 1) by cc18.toml
    """
    for name, suite in suites(FOLDER).items():
        if task_id in suite.layouts:
            return suite.layouts[task_id], f"{name}.toml"
    return None, ""


def expand(entry: str) -> list[str]:
    """List the tasks that an entry of a study stands for.

    Parameters
    ----------
    entry : str
        A task id; a pattern such as ``"embedded:*"``; ``"suite:NAME"``; or ``"openml:s/337"``, which asks the
        cache or the server.

    Returns
    -------
    list of str
        Task ids, in the order of the suite or sorted; one that exists twice is listed once.

    Raises
    ------
    StudyError
        If there is no such suite, or no task matches the pattern.
    InputError
        If the tasks of a suite of OpenML are neither cached nor to be had.

    Examples
    --------
    >>> expand("embedded:spok*")
    ['embedded:spoken_digits']
    """
    if "*" in entry:
        found = fnmatch.filter(sources.names(), entry)
        if not found:
            raise sources.unknown(
                "a task pattern must match a task that can be listed", got=entry, among=["embedded:*"]
            )
        return found
    if entry.startswith(_PREFIX):
        name, known = entry.removeprefix(_PREFIX), suites(FOLDER)
        if name not in known:
            raise sources.unknown("a suite must be a file of datasets/suites", got=name, among=sorted(known))
        return list(dict.fromkeys(task for part in known[name].tasks for task in expand(part)))
    return sources.members(entry)


def _read(path: Path) -> Suite:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        layouts = {task: _layout(**entry) for task, entry in table.pop("layouts", {}).items()}
        suite = Suite(table.pop("title"), tuple(table.pop("tasks")), layouts)
        if table:
            raise ValueError(f"unknown key {next(iter(table))!r}")
        if any(task.startswith(_PREFIX) for task in suite.tasks):
            raise ValueError("a suite in a suite")  # which could be itself
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StudyError(
            "a suite must be TOML with title, tasks and, if wanted, layouts of structure, shape and channels",
            got=f"{path.name}: {error}",
            do="correct it there; datasets/suites/__init__.py shows one",
        ) from error
    return suite


def _layout(structure: Any, shape: Any = (), channels: Any = "last") -> ColumnLayout:
    if structure not in _AXES or len(shape) != _AXES[structure]:
        raise ValueError(f"{structure!r} with a shape of {len(shape)} axes")
    if channels not in ("first", "last") or any(type(size) is not int or size < 1 for size in shape):
        raise ValueError(f"shape {shape} with channels {channels!r}")
    return ColumnLayout.of(structure, tuple(shape), channels)
