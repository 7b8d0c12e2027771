"""Tasks of OpenML: ``openml:TASK_ID``, through the ``openml`` client and its own configuration and cache."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from advisor.architectures.base import Kind
from advisor.errors import InputError, MissingDependency, StudyError
from datasets.task import Task, TaskInfo

scheme = "openml"
_UNKNOWN_TASK = 151  # the server's code
_KINDS: dict[int, Kind] = {1: "classification", 2: "regression"}  # OpenML's numbers of task types


def names() -> list[str]:
    """List nothing: there are too many, and asking needs the network.

    Returns
    -------
    list of str
        Empty.
    """
    return []


def describe(rest: str, /) -> TaskInfo:
    """Load the task and tell what is known of it.

    Parameters
    ----------
    rest : str
        As :func:`load` takes it.

    Returns
    -------
    TaskInfo
        What is known.
    """
    return load(rest).info


def load(rest: str, /) -> Task:
    """Load a supervised task of OpenML, from the client's cache if it is there.

    The server, key and cache folder are those of the client: ``openml.config``, ``~/.config/openml/config``
    and ``OPENML_CACHE_DIR``. Rows without a target and columns without a value are left out; the splits of
    OpenML are not used.

    Parameters
    ----------
    rest : str
        ``"361110"`` or ``"t/361110"``.

    Returns
    -------
    Task
        A task whose structure nobody declared. Its origin is the name of the data set.

    Raises
    ------
    StudyError
        If there is no such task, or it is neither classification nor regression.
    InputError
        If the server cannot be reached or its answer cannot be read.
    MissingDependency
        If the client is not installed.
    """
    number = rest.removeprefix("t/")
    if not (number.isascii() and number.isdigit()):
        raise StudyError(
            "an OpenML task must be named by its number",
            got=f"'openml:{rest}'",
            do="write openml:361110 (the number in the address of the task's page)",
        )
    try:
        import openml
    except ModuleNotFoundError as error:
        raise MissingDependency(
            "OpenML tasks need the package 'openml'",
            got="no such package",
            do="pip install 'arch-advisor[bench]'",
        ) from error
    try:
        task: Any = openml.tasks.get_task(int(number))
        kind = _KINDS.get(task.task_type_id.value)
        if kind is None:
            raise StudyError(
                "an OpenML task must be supervised classification or regression",
                got=f"{task.task_type} for {number}",
                do="choose another task",
            )
        data = task.get_dataset()
        X, y, categorical, _ = data.get_data(target=task.target_name)
    except StudyError:
        raise
    except NotImplementedError as error:  # a type of task that the client does not know either
        raise StudyError(
            "an OpenML task must be supervised classification or regression",
            got=str(error),
            do="choose another task",
        ) from error
    except openml.exceptions.OpenMLServerException as error:
        if error.code == _UNKNOWN_TASK:
            raise StudyError(
                f"the OpenML task must exist on {openml.config.server}",
                got=f"unknown task {number}",
                do="check the number; a data set (d/ID) is not a task",
            ) from error
        raise _unreadable(number, error) from error
    except Exception as error:  # the client passes on whatever its parsers and its transport raise
        raise _unreadable(number, error) from error
    return _task(number, data.name, X, y, categorical, kind=kind)


def _unreadable(number: str, error: Exception) -> InputError:
    import openml

    reason = " ".join(str(error).split())[:200]
    return InputError(
        f"OpenML task {number} must be readable from {openml.config.server} or the client's cache",
        got=f"{type(error).__name__}: {reason}",
        do="check the network and try again; what is in the cache works without it",
    )


def _task(number: str, name: str, X: Any, y: Any, categorical: list[bool], *, kind: Kind) -> Task:
    """Make a task of what the client returned."""
    categories = [column for column, flag in zip(X.columns, categorical) if flag]
    X = X.astype(dict.fromkeys(categories, "category"))
    present = y.notna().to_numpy()
    X, y = X[present].reset_index(drop=True), y[present].reset_index(drop=True).rename("target")
    if kind == "regression":
        y = (
            y.astype(str).astype(np.float64)
            if isinstance(y.dtype, pd.CategoricalDtype)
            else y.astype(np.float64)
        )
    elif isinstance(y.dtype, pd.CategoricalDtype):
        y = y.astype(y.cat.categories.dtype)
    if y.nunique() < 2:
        raise InputError(
            "a task must have at least two different target values",
            got=f"{y.nunique()} in OpenML task {number}",
            do="choose another task",
        )
    return Task(
        id=f"{scheme}:{number}",
        X=X.loc[:, X.notna().any()],
        y=y,
        kind=kind,
        metric="accuracy" if kind == "classification" else "r2",
        structure=None,
        layout=None,
        origin=name,
    )
