"""The description of a study's experiment in MLflow: the verdict as Markdown, and where to look further."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from benchmarks import curves, scores
from benchmarks.protocol import Protocol
from benchmarks.tracking.searches import Search, link, of_candidate, view_link

SHORT, LONG = 5_000, 20_000  # characters that a tag of an experiment may have in MLflow 2 and in 3


def note(
    settings: Mapping[str, Any],
    frame: pd.DataFrame,
    *,
    experiment: str = "",
    views: Sequence[Search] = (),
    most: int = LONG,
) -> str:
    """Write the experiment's description: the verdict in Markdown.

    Parameters
    ----------
    settings : mapping
        The study as :meth:`benchmarks.store.Store.study` gives it.
    frame : DataFrame
        Its results.
    experiment : str
        Id of the experiment: with it, candidates are links to their tasks.
    views : sequence of Search
        Saved searches to list.
    most : int
        Characters it may have: the links to tasks, the list of searches and the tables of single structures
        give way, in this order.

    Returns
    -------
    str
        Markdown; texts of the study stay text in it.
    """
    text, tables = "", (scores.verdict(frame), scores.regret(frame))
    for links, listed, parts in (
        (experiment, views, True),
        ("", views, True),
        ("", (), True),
        ("", (), False),
    ):
        text = _written(settings, frame, *tables, experiment, links, listed, parts=parts)
        if len(text) <= most:
            return text
    return f"{text[: most - 1]}…"


def _written(
    settings: Mapping[str, Any],
    frame: pd.DataFrame,
    verdict: pd.DataFrame,
    regret: pd.DataFrame,
    experiment: str,
    of_candidates: str,
    views: Sequence[Search],
    *,
    parts: bool,
) -> str:
    lines = [_headline(settings["title"], verdict), ""]
    if pending := int((frame["status"] == "pending").sum()):
        lines += [
            f"{pending} of {len(frame)} cells have no outcome yet; tasks that wait for one are left out.",
            "",
        ]
    (overall, *single) = verdict.groupby("structure", sort=False) if len(verdict) else (None,)
    lines += _table(overall[0], overall[1], of_candidates) if overall else []
    if len(regret):
        means = regret.groupby("policy", sort=False)[["regret", "normalised_regret"]].mean()
        lines += ["## Who chooses best", "", _head("policy", "mean regret", "normalised")]
        lines += [
            f"| {row.Index} | {row.regret:.4f} | {row.normalised_regret:.3f} |" for row in means.itertuples()
        ]
        lines.append("")
    if views:
        links = (f"- [{_text(view.name)}]({view_link(experiment, view)})" for view in views)
        lines += ["## Where to look", "", *links, ""]
    for structure, part in single if parts else ():
        lines += _table(structure, part, "")
    protocol = Protocol.of(settings["settings"].get("protocol", {}))
    told = (
        "0 is the dummy's score and 1 the best candidate's, task by task. A failed cell counts with the "
        "dummy's score. Regret: the best test score of CNN, LSTM and trees minus that of the one chosen.",
        protocol.words,
        f"Curves over trials: {curves.SCALES[protocol.normalisation]}.",
        scores.cut_short(frame),
    )
    lines += ["## How to read it", "", *(f"{_text(text)}\n" for text in told if text)]
    return "\n".join(lines)


def _headline(title: str, verdict: pd.DataFrame) -> str:
    """The one line that the page shows before the description is unfolded."""
    told = []
    for structure, part in verdict[verdict["candidate"] != scores.ADVISOR].groupby("structure", sort=False):
        best = part.to_dict("records")[0]  # the verdict has the best first
        n = f"{best['tasks']} task{'' if best['tasks'] == 1 else 's'}"
        told.append(f"{structure} ({n}) {best['candidate']} {best['mean_normalised_score']:.2f}")
    led = f" Highest mean normalised score: {'; '.join(told)}." if told else ""
    return f"**{_text(title)}**{_text(led) and ' ' + _text(led)}"


def _table(structure: Any, part: pd.DataFrame, experiment: str) -> list[str]:
    n = part["tasks"].max()
    return [
        f"## {_text(structure).capitalize()}: {n} task{'' if n == 1 else 's'}",
        "",
        _head("candidate", "normalised score", "mean rank", "wins", "failed cells", "fit time (s)"),
        *(
            f"| {_candidate(row.candidate, experiment)} | {row.mean_normalised_score:.3f} "
            f"| {row.mean_rank:.2f} | {row.wins} | {row.failed} | {row.fit_seconds:.1f} |"
            for row in part.itertuples()
        ),
        "",
    ]


def _head(first: str, *others: str) -> str:
    """The head of a table; the page sets columns without any space between them."""
    names = "".join(f"| {name}&emsp;" for name in (first, *others))
    return f"{names}|\n|---|{'---:|' * len(others)}"


def _candidate(name: Any, experiment: str) -> str:
    return f"[{_text(name)}]({link(experiment, of_candidate(str(name)))})" if experiment else _text(name)


def _text(value: Any) -> str:
    """Text that stays text in Markdown and in a table of it: entities are no syntax.

    Examples
    --------
    >>> _text("<b> a|b [x](y)")
    '&lt;b&gt; a&#124;b &#91;x&#93;(y)'
    """
    flat = " ".join(str(value).split())
    return re.sub(r"[\\`*|\[\]~$]", lambda found: f"&#{ord(found[0])};", html.escape(flat, quote=False))
