"""Published numbers, a CSV file each: adding a file adds what a study is compared with.

After comment lines ``# key: value`` comes a table. With the columns ``candidate, trials, score`` it holds
curves over trials; with ``task, candidate, score`` test scores by task, where a task is an id or a source
with the name of its data set (``openml:electricity``); a column ``kind`` keeps classification and regression
of one name apart. Candidates bear our names; keys are its rules, ``title``, ``source``, ``note``.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from reports.summary import ReportError


class Published(NamedTuple):
    """Published numbers and how they were made."""

    name: str
    facts: dict[str, str]
    table: pd.DataFrame


def shipped() -> list[Path]:
    """List the published numbers that come with the project.

    Returns
    -------
    list of Path
        CSV files.

    Examples
    --------
    >>> [path.stem for path in shipped()]
    ['grinsztajn2022_figure1', 'tabr2024_scores']
    """
    return sorted(Path(__file__).parent.glob("*.csv"))


def read(path: Path) -> Published:
    """Read a published file.

    Parameters
    ----------
    path : Path
        A CSV as the head of this module describes it.

    Returns
    -------
    Published
        Facts (several lines of one key joined) and numbers.

    Raises
    ------
    ReportError
        If it cannot be read or lacks columns.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(
            "published numbers must be a CSV file", got=str(error), do="give another"
        ) from error
    facts: dict[str, str] = {}
    n = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    for line in lines[:n]:
        key, _, value = line.lstrip("# ").partition(":")
        key, value = key.strip(), value.strip()
        between = "; " if key == "note" else " "  # a note is a line, a source may go over several
        facts[key] = f"{facts[key]}{between}{value}" if key in facts else value
    try:
        table = pd.read_csv(path, skiprows=n, dtype={"task": str, "candidate": str})
    except ValueError as error:
        raise ReportError(
            "published numbers must be a CSV file", got=str(error), do="give another"
        ) from error
    per_task = {"task", "candidate", "score"} <= set(table)
    numeric = [name for name in ("score", "trials") if name in table]
    if not (per_task or {"candidate", "trials", "score"} <= set(table)) or not all(
        pd.api.types.is_numeric_dtype(table[name]) for name in numeric
    ):
        raise ReportError(
            "published numbers need the columns task, candidate, score, or candidate, trials, score",
            got=", ".join(map(str, table)),
            do="rename them, with numbers in score and trials",
        )
    return Published(path.stem, facts, table)
