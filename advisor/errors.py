"""The errors that a user can cause: each says what was required, what came and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any


class AdvisorError(Exception):
    """Root of every error this project raises on purpose.

    Parameters
    ----------
    required : str
        What was needed, as a clause: ``"the target must be a column of the data"``.
    got : str
        What came instead.
    do : str
        What the user can do about it, as an imperative.

    Examples
    --------
    >>> print(InputError("the data must have rows", got="0 rows", do="check the filter before it"))
    the data must have rows, got 0 rows: check the filter before it
    """

    def __init__(self, required: str, *, got: str, do: str) -> None:
        super().__init__(required, got, do)
        self.required, self.got, self.do = required, got, do

    def __str__(self) -> str:
        said = f"{self.required}, got {self.got}: {self.do}"
        # names and cells may hold line ends, or what no encoding can print
        return " ".join("".join(c if c.isprintable() else " " for c in said).split())

    def __reduce__(self) -> tuple[object, ...]:
        # keyword-only arguments would otherwise be lost on the way back from a worker process
        return _rebuild, (type(self), self.required, self.got, self.do)


def _rebuild(kind: type[AdvisorError], required: str, got: str, do: str) -> AdvisorError:
    return kind(required, got=got, do=do)


class InputError(AdvisorError, ValueError):
    """The data cannot be used as it is."""


class TargetError(InputError):
    """The target is missing, unknown or cannot be learned."""


class MissingDependency(AdvisorError, ImportError):
    """An optional package is needed and not installed."""


class DivergedError(AdvisorError, ArithmeticError):
    """Training produced a loss or weight that is not finite."""


class NotEnoughMemory(AdvisorError, MemoryError):
    """A fit needs more memory than is free."""


class CorruptDataError(AdvisorError):
    """A stored file differs from its recorded checksum or cannot be read."""


class StudyError(AdvisorError, ValueError):
    """A study file, task name or candidate name is wrong."""


class TaskError(StudyError):
    """A task or suite is named as it should be, and there is none or it cannot be learned; others can."""


class EngineError(AdvisorError):
    """The cluster or the processes that run cells cannot be used as they are."""


class StoreError(AdvisorError):
    """The results store or the MLflow database cannot be used as it is."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Ask whether a name that is not known was meant for one that is.

    Parameters
    ----------
    name : str
        What came.
    known : iterable of str
        What there is.

    Returns
    -------
    str
        The question, with a space behind it; empty where nothing is alike.

    Examples
    --------
    >>> did_you_mean("resnt", ["mlp", "resnet"])
    "did you mean 'resnet'? "
    >>> did_you_mean("svm", ["mlp", "resnet"])
    ''
    """
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}? " if close else ""


@contextmanager
def unusable(column: Any, error: type[AdvisorError] = InputError) -> Iterator[None]:
    """Turn what pandas raises on values that cannot be compared or converted into one sentence.

    Parameters
    ----------
    column : Series
        Of which the name is told.
    error : type
        What to raise.

    Yields
    ------
    None
        While the column is looked at.

    Raises
    ------
    AdvisorError
        Of the type ``error``.

    Examples
    --------
    >>> import pandas as pd
    >>> with unusable(pd.Series([1], name="age")):
    ...     raise TypeError("no order")
    Traceback (most recent call last):
    advisor.errors.InputError: the column 'age' must hold values of one usable kind, got ...
    """
    try:
        yield
    except AdvisorError:
        raise
    except (TypeError, ValueError, ArithmeticError, RuntimeError, AttributeError, LookupError) as cause:
        raise error(
            f"the column {str(column.name)[:80]!r} must hold values of one usable kind",
            got=f"{type(cause).__name__}, {' '.join(str(cause).split())[:80]}",
            do="turn them all into numbers, text or dates",
        ) from cause
