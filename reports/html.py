"""The report as one self-contained page: no script, no request, every text escaped by the template engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
from markupsafe import Markup

from benchmarks import scores
from reports import export, figures, sentences, statistics
from reports.style import structure_title, task_title, title
from reports.summary import OVERALL, Summary, environments, machines, significance

_FOLDER = Path(__file__).parent
METRIC = {"r2": "R²"}
STATUS = {
    "skipped": "skipped",
    "timeout": "time limit",
    "out_of_memory": "out of memory",
    "diverged": "diverged",
    "error": "error",
    "pending": "pending",
}


def drawings(summary: Summary) -> dict[str, Callable[[bool], str]]:
    """Which figures a report has; each takes whether it is for a narrow screen and gives the SVG.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    dict of str to callable
        ``finding``, ``per_task``, ``time_score``, and ``curves`` if there was a search.
    """
    structure, normalised = summary.tasks["structure"], summary.normalised
    verdict = summary.verdict[summary.verdict["structure"] != OVERALL]
    candidates = verdict[verdict["candidate"] != scores.ADVISOR]
    means = candidates.rename(
        columns={"mean_normalised_score": "mean", "score_low": "low", "score_high": "high"}
    )
    timed = means[(means["seconds"] > 0) & (means["candidate"] != scores.BASELINE)]
    result: dict[str, Callable[[bool], str]] = {
        "finding": lambda narrow: figures.finding(normalised, means, structure=structure, narrow=narrow),
        "per_task": lambda narrow: figures.per_task(
            normalised, structure=structure, failed=summary.imputed > 0, narrow=narrow
        ),
    }
    if len(timed):
        result["time_score"] = lambda narrow: figures.time_score(timed, structure=structure, narrow=narrow)
    if summary.trials > 1:
        result["curves"] = lambda narrow: figures.curves(summary.curves, structure=structure, narrow=narrow)
    return result


def page(summary: Summary) -> str:
    """Write the report.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        HTML.
    """
    engine = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Markup marks what is safe: drawings made here, in which texts are escaped by the XML writer
    figure = {
        name: {"wide": Markup(draw(False)), "narrow": Markup(draw(True))}
        for name, draw in drawings(summary).items()
    }
    tested = significance(summary)
    return engine.get_template("report.html.j2").render(
        style=Markup((_FOLDER / "report.css").read_text(encoding="utf-8")),
        study=summary.study,
        settings=summary.study.get("settings", {}),
        headline=sentences.headline(summary),
        certainty=sentences.certainty(summary),
        advice=sentences.advice(summary),
        unfinished=sentences.unfinished(summary),
        next_step=sentences.next_step(summary),
        protocol=sentences.protocol(summary),
        scale=sentences.scale(summary),
        counts=_counts(summary),
        figure=figure,
        verdict=_verdict(summary),
        names=[{"key": c, "title": title(c)} for c in summary.candidates],
        tasks=_tasks(summary),
        policies=_policies(summary),
        advised=_advised(summary),
        tested=tested and _tested(*tested),
        least=statistics.MIN_SOURCES,
        failures=_failures(summary),
        left_out=summary.left_out.to_dict("records"),
        environments=[_environment(e) for e in environments(summary)],
        machines=machines(summary),
        schema=export.SCHEMA,
        data=_data(summary),
    )


def _data(summary: Summary) -> dict[str, str]:
    scored = summary.tasks.join(summary.test).rename_axis("task")
    placed = summary.tasks.join(summary.normalised).rename_axis("task")
    return {
        "verdict": export.csv_uri(summary.verdict),
        "test": export.csv_uri(scored, index=True),
        "normalised": export.csv_uri(placed, index=True),
        "curves": export.csv_uri(summary.curves),
        "advice": export.csv_uri(summary.advice, index=True),
        "failures": export.csv_uri(summary.failures),
    }


def _counts(summary: Summary) -> str:
    statuses = summary.frame["status"].value_counts()
    cells = sentences.count(len(summary.frame), "cell")
    told = [f"{n:,} {STATUS.get(str(s), str(s))}" for s, n in statuses.items()]
    tasks = sentences.count(len(summary.tasks), "task")
    sources = sentences.count(int(summary.tasks["origin"].nunique()), "source")
    return f"{tasks} from {sources}, {len(summary.candidates)} candidates, {cells} ({', '.join(told)})"


def _verdict(summary: Summary) -> list[dict[str, Any]]:
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
                "score_interval": _interval(row["score_low"], row["score_high"], 3),
                "rank": f"{row['mean_rank']:.2f}",
                "rank_interval": _interval(row["rank_low"], row["rank_high"], 2),
                "wins": int(row["wins"]),
                "against": "" if leads else f"{row['win']}–{row['tie']}–{row['loss']}",
                "failed": int(row["failed"] + row["skipped"]),
                "seconds": seconds(row["seconds"]),
            }
            for row, leads in ((r, r["candidate"] == place["leader"]) for r in part.to_dict("records"))
        ]
        heading = "All tasks" if structure == OVERALL else structure_title(structure)
        counted = ", ".join(sentences.count(int(place[f"{what}s"]), what) for what in ("task", "source"))
        groups.append({"title": heading, "counted": counted, "rows": rows})
    return groups


def _tasks(summary: Summary) -> list[dict[str, Any]]:
    bad = summary.failures.groupby(["task", "candidate"])["status"].agg(lambda s: list(dict.fromkeys(s)))
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
                        "value": _number(values[name], 3),
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


def _policies(summary: Summary) -> list[dict[str, Any]]:
    return [
        {
            "title": sentences.POLICIES.get(row["policy"], row["policy"]),
            "best": f"{row['best']} of {row['tasks']}",
            "mean": f"{row['mean']:.3f}",
            "interval": _interval(row["low"], row["high"], 3),
            "worst": f"{row['worst']:.3f}",
        }
        for row in summary.policies.to_dict("records")
    ]


def _advised(summary: Summary) -> list[dict[str, Any]]:
    return [
        {
            "name": task_title(str(task)),
            "declared": row["declared"],
            "structure": row["structure"] or "no answer",
            "right": row["structure"] == row["declared"],
            "layout": row["layout"],
            "family": title(row["recommendation"]) if row["recommendation"] else "none",
            "confidence": _number(row["confidence"], 2),
            "regret": _number(row["regret"], 3),
            "metric": METRIC.get(row["metric"], row["metric"]),
            "normalised": _number(row["normalised_regret"], 3),
            "lost": bool(row["regret"] > 0),
        }
        for task, row in summary.advice.join(summary.tasks["metric"]).iterrows()
    ]


def _tested(omnibus: statistics.Friedman, pairs: pd.DataFrame) -> dict[str, Any]:
    rows = [
        {
            "pair": f"{title(row['a'])} against {title(row['b'])}",
            "difference": sentences.signed(row["difference"]),
            "p": _p(row["p"]),
            "holm": _p(row["p_holm"]),
            "found": bool(row["p_holm"] < 0.05),
        }
        for row in pairs.reset_index().to_dict("records")
    ]
    return {"statistic": f"{omnibus.statistic:.1f}", "p": _p(omnibus.p), "n": omnibus.n, "rows": rows}


def _failures(summary: Summary) -> list[dict[str, Any]]:
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


def _environment(facts: dict[str, Any]) -> list[tuple[str, str]]:
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


def _interval(low: float, high: float, digits: int) -> str:
    return "" if np.isnan(low) else f"{low:.{digits}f} to {high:.{digits}f}"


def _number(value: float, digits: int) -> str:
    return "–" if np.isnan(value) else f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
