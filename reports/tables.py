"""The tables of the page: rows of texts that the template only has to place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import scores
from reports import sentences, wording
from reports.style import STATUS, structure_title, task_title, title
from reports.summary import OVERALL, Summary

METRIC = {"r2": "R²"}
_CELL = ["task", "candidate", "trial", "fold", "seed"]


def verdict(summary: Summary) -> list[dict[str, Any]]:
    """Means, ranks and counts of every candidate, grouped by structure.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    list of dict
        Groups with ``title``, ``counted``, ``basis`` (for the title of every number) and ``rows``.
    """
    groups = []
    for structure in [*summary.structures, OVERALL]:
        if structure == OVERALL and len(summary.structures) == 1:
            continue
        part = summary.verdict[summary.verdict["structure"] == structure]
        place = summary.places[summary.places["structure"] == structure].iloc[0]
        # the advisor is no candidate and closes the list
        part = part.sort_values("candidate", key=lambda c: c == scores.ADVISOR, kind="stable")
        rows = [
            {
                "title": title(row["candidate"]),
                "leads": leads,
                "advisor": row["candidate"] == scores.ADVISOR,
                "score": f"{row['mean_normalised_score']:.3f}",
                "score_interval": interval(row["score_low"], row["score_high"], 3),
                "rank": f"{row['mean_rank']:.2f}",
                "rank_interval": interval(row["rank_low"], row["rank_high"], 2),
                "wins": int(row["wins"]),
                "against": "" if leads else f"{row['win']}–{row['tie']}–{row['loss']}",
                "failed": int(row["failed"] + row["skipped"]),
                "seconds": seconds(row["seconds"]),
            }
            for row, leads in ((r, r["candidate"] == place["leader"]) for r in part.to_dict("records"))
        ]
        heading = "All tasks" if structure == OVERALL else structure_title(structure)
        counted = ", ".join(wording.count(int(place[f"{what}s"]), what) for what in ("task", "source"))
        its = summary.splits["task"].isin(_chosen(summary, structure))
        splits = int(summary.splits.loc[its, "fold"].nunique())
        groups.append(
            {
                "title": heading,
                "counted": counted,
                "basis": f"{heading}: {counted}, up to {wording.count(splits, 'split')} each",
                "rows": rows,
            }
        )
    return groups


def tasks(summary: Summary) -> list[dict[str, Any]]:
    """Test scores of every candidate on every task, grouped by structure.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    list of dict
        Groups with ``title`` and ``rows``.
    """
    spread = summary.splits.groupby(["task", "candidate"])["test"].agg(["min", "max"])
    ranges = {key: f"{low:.3f} to {high:.3f}" for key, low, high in spread.itertuples()}
    failed = summary.splits.loc[summary.splits["imputed"], _CELL].merge(summary.frame[[*_CELL, "status"]])
    bad = failed.groupby(["task", "candidate"])["status"].agg(lambda s: list(dict.fromkeys(s)))
    groups = []
    for structure in summary.structures:
        rows = []
        for task in summary.tasks.index[summary.tasks["structure"] == structure]:
            values, best = summary.test.loc[task], summary.test.loc[task].max()
            cells = []
            for name in summary.candidates:
                missed, all_of = (int(t.loc[task][name]) for t in (summary.imputed, summary.cells))
                why = ", ".join(STATUS.get(s, s) for s in bad.get((task, name), []))
                cells.append(
                    {
                        "value": number(values[name], 3),
                        "range": f"{wording.count(all_of, 'split')}: {ranges[task, name]}",
                        "best": bool(values[name] == best) and not missed,
                        "failed": why if missed == all_of else "",
                        "note": f"{missed} of {all_of} {why}" if 0 < missed < all_of else "",
                    }
                )
            facts = summary.tasks.loc[task]
            rows.append(
                {
                    "name": task_title(str(task)),
                    "metric": METRIC.get(facts["metric"], facts["metric"]),
                    "cells": cells,
                }
            )
        groups.append({"title": structure_title(structure), "rows": rows})
    return groups


def policies(summary: Summary) -> list[dict[str, Any]]:
    """What each way to choose a family costs.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    list of dict
        One row per way.
    """
    return [
        {
            "title": sentences.POLICIES.get(row["policy"], row["policy"]),
            "best": f"{row['best']} of {row['tasks']}",
            "mean": f"{row['mean']:.3f}",
            "interval": interval(row["low"], row["high"], 3),
            "worst": f"{row['worst']:.3f}",
        }
        for row in summary.policies.to_dict("records")
    ]


def advised(summary: Summary) -> list[dict[str, Any]]:
    """What the advisor saw and advised on each task.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    list of dict
        One row per task; ``lost`` and ``right``, None where nobody declared the structure, say where it was
        wrong.
    """
    return [
        {
            "name": task_title(str(task)),
            "declared": row["declared"],
            "structure": row["structure"] or "no answer",
            "right": None if row["declared"] == scores.UNKNOWN else row["structure"] == row["declared"],
            "layout": row["layout"],
            "family": title(row["recommendation"]) if row["recommendation"] else "none",
            "confidence": number(row["confidence"], 2),
            "regret": number(row["regret"], 3),
            "metric": METRIC.get(row["metric"], row["metric"]),
            "normalised": number(row["normalised_regret"], 3),
            "lost": bool(row["regret"] > 0),
            "best": title(row["best"]) if row["best"] else "unknown",
            "because": row["because"],
        }
        for task, row in summary.advice.join(summary.tasks["metric"]).iterrows()
    ]


def failures(summary: Summary) -> list[dict[str, Any]]:
    """Cells without a score, equal ones counted.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    list of dict
        One row per kind of failure.
    """
    table = summary.failures
    return [
        {
            "name": task_title(row["task"]),
            "candidate": title(row["candidate"]),
            "status": STATUS.get(row["status"], row["status"]),
            "cells": row["cells"],
            "reason": row["reason"],
        }
        for row in table.to_dict("records")
    ]


def environment(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """One environment as names and values.

    Parameters
    ----------
    facts : dict
        As :func:`reports.summary.environments` gives it.

    Returns
    -------
    list of (str, str)
        Cells and dates first, versions last.
    """
    facts = dict(facts)
    rows = [
        ("Cells", f"{facts.pop('cells'):,}"),
        ("From", str(facts.pop("first")).replace("T", " ")),
        ("To", str(facts.pop("last")).replace("T", " ")),
    ]
    versions = facts.pop("versions", {})
    for key, value in facts.items():
        if value not in ("", None):
            told = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
            rows.append(("Uncommitted changes" if key == "dirty" else key.capitalize(), str(told)))
    if versions:
        rows.append(("Versions", ", ".join(f"{name} {version}" for name, version in versions.items())))
    return rows


def seconds(value: float) -> str:
    """A duration with two figures.

    Parameters
    ----------
    value : float
        Seconds, or NaN.

    Returns
    -------
    str
        Seconds or minutes; a dash if nothing was measured.

    Examples
    --------
    >>> seconds(0.0123), seconds(3.14159), seconds(42.0), seconds(600.0), seconds(float("nan"))
    ('0.012 s', '3.1 s', '42 s', '10 min', '–')
    """
    if not np.isfinite(value):
        return "–"
    if value >= 300:
        return f"{value / 60:.0f} min"
    return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s" if value >= 1 else f"{value:.2g} s"


def interval(low: float, high: float, digits: int) -> str:
    """Two limits.

    Parameters
    ----------
    low, high : float
        Limits, NaN if there are none.
    digits : int
        Decimals.

    Returns
    -------
    str
        Empty if there are none.

    Examples
    --------
    >>> interval(-0.1, 0.25, 2), interval(float("nan"), float("nan"), 2)
    ('−0.10 to 0.25', '')
    """
    return "" if np.isnan(low) else f"{number(low, digits)} to {number(high, digits)}"


def number(value: float, digits: int) -> str:
    """A number with a true minus.

    Parameters
    ----------
    value : float
        Any number, or NaN.
    digits : int
        Decimals.

    Returns
    -------
    str
        A dash for NaN.

    Examples
    --------
    >>> number(-0.126, 2), number(float("nan"), 2), number(-0.0001, 2)
    ('−0.13', '–', '0.00')
    """
    return "–" if np.isnan(value) else f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def numbers(frame: pd.DataFrame, columns: Mapping[str, str], *, most: int = 60) -> dict[str, Any]:
    """The numbers of a figure as a table.

    Parameters
    ----------
    frame : DataFrame
        Numbers.
    columns : Mapping of str to str
        Columns to show and their meaning.
    most : int, default=60
        Rows to show; the rest is in the file.

    Returns
    -------
    dict
        ``heads`` (name, meaning, whether it is text), ``rows`` (texts) and ``left`` (rows not shown).
    """
    shown = frame.head(most)
    text = [not pd.api.types.is_numeric_dtype(frame[name]) for name in columns]
    rows = [
        [_SHOWN.get(name, _cell)(value) for name, value in zip(columns, row)]
        for row in shown[list(columns)].itertuples(index=False)
    ]
    heads = list(zip(columns, columns.values(), text))
    return {"heads": heads, "rows": rows, "left": len(frame) - len(shown)}


def _cell(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)):
        value = float(value)
        return f"{value:,.0f}" if abs(value) >= 1000 else number(value, 3)
    return str(value)


def _structure(value: Any) -> str:
    return "All tasks" if value == OVERALL else structure_title(value)


# what is shown by another name than it has in the files
_SHOWN: dict[str, Callable[[Any], str]] = {"candidate": title, "structure": _structure, "task": task_title}


def _chosen(summary: Summary, structure: str) -> pd.Index:
    index = summary.tasks.index
    return index if structure == OVERALL else index[summary.tasks["structure"] == structure]
