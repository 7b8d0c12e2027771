"""A task with fewer training rows: ``rows:300:embedded:digits``; ``rows:100,300:...`` is one task for each.

Test rows are drawn from all that is left, so that learning curves are measured on large test sets.
"""

from __future__ import annotations

from dataclasses import replace

import datasets
from advisor.errors import StudyError
from datasets.task import Task, TaskInfo

scheme = "rows"


def members(rest: str, /) -> list[str]:
    """List a task for each number and each task that the inner name stands for.

    Parameters
    ----------
    rest : str
        ``N[,N...]:TASK``.

    Returns
    -------
    list of str
        Task ids.

    Examples
    --------
    >>> members("100,300:embedded:digits")
    ['rows:100:embedded:digits', 'rows:300:embedded:digits']
    """
    numbers, inner = _parse(rest)
    return [f"{scheme}:{n}:{task}" for task in datasets.expand(inner) for n in numbers]


def describe(rest: str, /) -> TaskInfo:
    """Tell what is known of the inner task, with the number of rows to train with.

    Parameters
    ----------
    rest : str
        As :func:`load` takes it.

    Returns
    -------
    TaskInfo
        What is known.
    """
    n, inner = _one(rest)
    return replace(datasets.describe(inner), id=f"{scheme}:{rest}", max_train=n)


def load(rest: str, /) -> Task:
    """Load the inner task, with a limit on the rows to train with.

    Parameters
    ----------
    rest : str
        ``N:TASK``, N at least 1.

    Returns
    -------
    Task
        The same values and the same hash.

    Raises
    ------
    StudyError
        If there is no number, or not one.

    Examples
    --------
    >>> from datasets.splits import split
    >>> parts = split(load("100:embedded:digits"), fold=0, max_train=10_000)
    >>> len(parts.train), len(parts.test)
    (100, 1188)
    """
    n, inner = _one(rest)
    return replace(datasets.load(inner), id=f"{scheme}:{rest}", max_train=n)


def _one(rest: str) -> tuple[int, str]:
    numbers, inner = _parse(rest)
    if len(numbers) > 1:
        raise StudyError(
            "a task has one number of rows", got=f"{scheme}:{rest}", do="list such a name in a study file"
        )
    return numbers[0], inner


def _parse(rest: str) -> tuple[list[int], str]:
    listed, _, inner = rest.partition(":")
    numbers = listed.split(",")
    if not inner or not all(n.isdecimal() and int(n) > 0 for n in numbers):
        raise StudyError(
            "a task with fewer rows must be named rows:N:TASK",
            got=f"{scheme}:{rest}",
            do="write, say, rows:300:embedded:digits",
        )
    return [int(n) for n in numbers], inner
