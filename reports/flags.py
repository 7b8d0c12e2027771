"""Tasks that others found wanting, and tasks that the reader wants left out."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from advisor.errors import did_you_mean
from reports.style import task_title
from reports.summary import ReportError

_FILE = Path(__file__).with_suffix(".toml")


@cache
def groups() -> dict[str, dict[str, Any]]:
    """Read the flags by group.

    Returns
    -------
    dict of str to dict
        ``reason``, ``source`` and ``tasks`` (patterns) of each group.

    Examples
    --------
    >>> list(groups())
    ['leaks', 'preprocessing']
    """
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def flagged(tasks: pd.DataFrame) -> pd.DataFrame:
    """Find the flagged ones among some tasks.

    Parameters
    ----------
    tasks : DataFrame
        Columns ``task`` and ``origin``, any number of rows of each.

    Returns
    -------
    DataFrame
        ``task``, ``flag`` (its group), ``reason`` and ``source``, one row per task and group.

    Examples
    --------
    >>> tasks = pd.DataFrame({"task": ["openml:361110", "openml:3"], "origin": ["electricity", "kr"]})
    >>> found = flagged(tasks)
    >>> found[["task", "flag"]].to_numpy().tolist()
    [['openml:361110', 'leaks']]
    """
    rows = []
    for task, origin in tasks[["task", "origin"]].drop_duplicates().itertuples(index=False):
        names = task, f"{task.partition(':')[0]}:{origin}"
        for flag, group in groups().items():
            if any(fnmatchcase(name, pattern) for name in names for pattern in group["tasks"]):
                reason, source = (" ".join(group[key].split()) for key in ("reason", "source"))
                rows.append((task, flag, reason, source))
    return pd.DataFrame(rows, columns=["task", "flag", "reason", "source"])


def told(found: pd.DataFrame) -> dict[str, str]:
    """Say which tasks a group of flags holds, and why.

    Parameters
    ----------
    found : DataFrame
        As :func:`flagged` gives it.

    Returns
    -------
    dict of str to str
        A text for each group: the titles of its tasks, the reason and the source.

    Examples
    --------
    >>> tasks = pd.DataFrame({"task": ["openml:361110", "openml:361060"], "origin": "electricity"})
    >>> text = told(flagged(tasks))["leaks"]
    >>> text[:52]
    'openml:361110, openml:361060: named among the data s'
    """
    texts: dict[str, str] = {}
    for (flag, reason, source), tasks in found.groupby(["flag", "reason", "source"], sort=False)["task"]:
        texts[str(flag)] = f"{', '.join(map(task_title, tasks))}: {reason}. Source: {source}."
    return texts


def chosen(asked: str, tasks: pd.DataFrame) -> pd.DataFrame:
    """Find the tasks that a reader asks to leave out.

    Parameters
    ----------
    asked : str
        Task ids, with or without "embedded:", and groups of flags as ``@leaks``, with commas between them.
    tasks : DataFrame
        Columns ``task`` and ``origin`` of the study, any number of rows of each.

    Returns
    -------
    DataFrame
        ``task`` and ``why``; empty if the study has no task of the groups.

    Raises
    ------
    ReportError
        If there is no such task or group, or no other task is left.
    """
    found, known = flagged(tasks), list(dict.fromkeys(tasks["task"]))
    short = {task_title(task): task for task in known}
    why: dict[str, str] = {}
    for name in (part.strip() for part in asked.split(",") if part.strip()):
        if name.startswith("@"):
            if name[1:] not in groups():
                raise ReportError(
                    "a group of flags must be one of reports/flags.toml",
                    got=repr(name),
                    do=f"choose one of {', '.join(f'@{g}' for g in groups())}",
                )
            hits = found[found["flag"] == name[1:]]
            why |= {t: f"{r} ({s})" for t, r, s in hits[["task", "reason", "source"]].itertuples(index=False)}
        elif (task := short.get(name, name)) in known:
            why.setdefault(task, "asked for")
        else:
            raise ReportError(
                "a task to leave out must be one of the study",
                got=repr(name),
                do=did_you_mean(name, [*short, *known]) or f"choose among {', '.join(known[:8])}",
            )
    if len(why) == len(known):
        raise ReportError(
            "a task must be left to report on",
            got=f"all {len(known)} of the study left out",
            do="leave out fewer",
        )
    return pd.DataFrame(why.items(), columns=["task", "why"])
