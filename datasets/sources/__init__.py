"""Where tasks come from: one file a source, found by scanning this folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from advisor.errors import StudyError, did_you_mean
from datasets.task import Task, TaskInfo

__all__ = ["Source", "describe", "load", "members", "names", "unknown"]


@dataclass(frozen=True)
class Source:
    """What a source owes. A module is a source: put a file with ``scheme`` and ``load`` into this folder.

    Importing it must be cheap: what it needs beyond the standard library, numpy and pandas is imported inside
    its functions. Everything that a user can get wrong is an :class:`~advisor.errors.AdvisorError`.

    Parameters
    ----------
    scheme : str
        What stands before the colon of a task id. Unique, lower case.
    load : callable
        Loads a task by what stands after the colon. Two calls give equal values, in equal order, and
        ``Task.id`` is the id in its shortest form.
    names : callable
        Lists what can be loaded, without the scheme: no data is read, no request sent. A module without it
        lists nothing.
    members : callable
        Lists the ids of the tasks that a name stands for: of a suite, or the task itself, which is all that a
        module without it has.
    describe : callable
        Tells what is known of a task; reads the values only if there is no other way, as for a module without
        it.
    """

    scheme: str
    load: Callable[[str], Task]
    names: Callable[[], list[str]]
    members: Callable[[str], list[str]]
    describe: Callable[[str], TaskInfo]

    @classmethod
    def of(cls, module: ModuleType) -> Source:
        """Complete a module."""
        scheme, load, known = module.scheme, module.load, vars(module)
        return cls(
            scheme,
            load,
            names=known.get("names", list),
            members=known.get("members", lambda rest: [f"{scheme}:{rest}"]),
            describe=known.get("describe", lambda rest: load(rest).info),
        )


@cache
def _sources() -> dict[str, Source]:
    modules = (importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__))
    return {source.scheme: source for source in map(Source.of, modules)}


def _find(task_id: str) -> tuple[Source, str]:
    scheme, colon, rest = task_id.partition(":")
    if not colon or not rest:
        raise StudyError(
            "a task must be named SOURCE:NAME",
            got=repr(task_id),
            do=f"put one of {', '.join(f'{s}:' for s in sorted(_sources()))} before the name",
        )
    if scheme not in _sources():
        raise unknown("the source of a task must be known", got=scheme, among=sorted(_sources()))
    return _sources()[scheme], rest


def unknown(required: str, *, got: str, among: Sequence[str]) -> StudyError:
    """Make the error for a name that does not exist, with the closest one that does.

    Parameters
    ----------
    required : str
        What was needed.
    got : str
        The name that came.
    among : sequence of str
        The names that exist.

    Returns
    -------
    StudyError
        To be raised.

    Examples
    --------
    >>> print(unknown("the set must be known", got="digit", among=["digits", "emoji"]))
    the set must be known, got 'digit': did you mean 'digits'? choose one of digits, emoji
    """
    return StudyError(
        required, got=repr(got), do=f"{did_you_mean(got, among)}choose one of {', '.join(among)}"
    )


def load(task_id: str) -> Task:
    """Load a task.

    Parameters
    ----------
    task_id : str
        ``"embedded:NAME"``, ``"openml:TASK_ID"``, ``"openml:d/DATA_ID"``, ``"file:PATH?target=COLUMN"``,
        ``"folder:PATH"``, or one of these with something changed: ``"rows:N:TASK"``, ``"destroyed:TASK"``.

    Returns
    -------
    Task
        Inputs, target and what is declared of them.

    Raises
    ------
    StudyError
        If there is no such source or task.
    CorruptDataError
        If a stored file is not what it was.
    InputError
        If the data cannot be learned from.

    Examples
    --------
    >>> import datasets
    >>> task = datasets.load("embedded:digits")
    >>> task.X.shape, task.layout, task.kind
    ((1797, 64), (8, 8, 1), 'classification')
    """
    source, rest = _find(task_id)
    return source.load(rest)


def members(name: str) -> list[str]:
    """List the tasks that a name stands for: those of a suite of its source, or the one task.

    Parameters
    ----------
    name : str
        As :func:`load` takes it, or a suite such as ``"openml:s/337"``.

    Returns
    -------
    list of str
        Task ids.

    Examples
    --------
    >>> members("embedded:digits")
    ['embedded:digits']
    """
    source, rest = _find(name)
    return source.members(rest)


def describe(task_id: str) -> TaskInfo:
    """Tell what is known of a task, without its values where the source can.

    Parameters
    ----------
    task_id : str
        As :func:`load` takes it.

    Returns
    -------
    TaskInfo
        Structure, layout, kind, metric, origin, hash and size.

    Raises
    ------
    StudyError
        If there is no such source or task.

    Examples
    --------
    >>> import datasets
    >>> datasets.describe("embedded:digits").structure
    'image'
    """
    source, rest = _find(task_id)
    return source.describe(rest)


def names() -> list[str]:
    """List the ids of all tasks that can be listed: those of the embedded corpus.

    Returns
    -------
    list of str
        Sorted task ids.

    Examples
    --------
    >>> import datasets
    >>> "embedded:digits" in datasets.names()
    True
    """
    return sorted(f"{scheme}:{name}" for scheme, source in _sources().items() for name in source.names())
