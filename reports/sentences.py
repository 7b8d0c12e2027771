"""What the numbers say, in sentences: the verdict, how sure it is, and what was done to get there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import curves, scores
from benchmarks.protocol import Protocol
from reports import statistics
from reports.style import structure_title, title
from reports.summary import NO_ZERO, OVERALL, UNFINISHED, UNREAD, Summary
from reports.wording import SPOKEN, count, listed, signed, span, spoken

POLICIES = {
    "advisor": "The advisor",
    "always gbt": "Always boosted trees",
    "always cnn": "Always a CNN",
    "textbook": "Textbook rule (told the structure: image CNN, sequence LSTM, table trees)",
}

LEFT_OUT = {
    UNFINISHED: "not all cells have a result",
    NO_ZERO: "the dummy failed, so that there is no zero",
    UNREAD: "the data could not be had",
}
_AHEAD = " ahead"  # what a leader is where there are too few sources to say that it leads


def headline(summary: Summary) -> str:
    """Say in one sentence who wins where, and in a second one if too few sources allow only a direction.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        A leader is named alone only where the interval of its lead over the second excludes 0; it leads from
        12 sources on, and is only ahead below.
    """
    parts: dict[str, list[str]] = {}
    for place in by_structure(summary):
        parts.setdefault(_winner(place), []).append(structure_title(place["structure"]).lower())
    told = [f"{who} on {listed(where)}" for who, where in parts.items()]
    few = f" “Ahead” is a direction only: fewer than {statistics.MIN_SOURCES} sources."
    return _sentence("; ".join(told)) + (few if any(who.endswith(_AHEAD) for who in parts) else "")


def certainty(summary: Summary) -> list[str]:
    """Say how sure the first places are, one sentence per structure.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    list of str
        Below 12 independent sources a sentence names a direction and claims no more.
    """
    return [_certainty(place) for place in by_structure(summary)]


def advice(summary: Summary) -> str:
    """Say what following the advisor costs, beside the simple rules.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        Empty if the study has no advisor.
    """
    rows = {row["policy"]: row for row in summary.policies.to_dict("records")}
    if "advisor" not in rows:
        return ""
    mine = rows.pop("advisor")
    others = ", ".join(f"{_policy(name)} {row['mean']:.3f}" for name, row in rows.items())
    return (
        f"The advisor chose the best of CNN, LSTM and boosted trees on {mine['best']} of "
        f"{mine['tasks']} tasks; its mean normalised regret is {mine['mean']:.3f} "
        f"({others}; 0 is the best choice everywhere)."
    )


def unfinished(summary: Summary) -> str:
    """Say which part of the study is not in the averages.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        Empty if every task is judged.
    """
    if summary.left_out.empty:
        return ""
    n, judged = len(summary.left_out), len(summary.tasks)
    counts = Counter(summary.left_out["kind"])
    why = [f"{f'{k} ' if len(counts) > 1 else ''}because {LEFT_OUT[kind]}" for kind, k in counts.items()]
    start = "" if set(counts) == {NO_ZERO} else "Unfinished study: "
    return (
        f"{start}{n} of {n + judged} tasks {'is' if n == 1 else 'are'} in no average, {listed(why)}. "
        f"The report covers the other {judged}."
    )


def basis(summary: Summary) -> str:
    """On what every mean of a report rests, for captions.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        One sentence with the numbers of tasks, sources, splits and seeds.
    """
    sources = count(int(summary.tasks["origin"].nunique()), "source")
    return f"{count(len(summary.tasks), 'task')} from {sources}, {splits(summary)} each."


def splits(summary: Summary) -> str:
    """How often each task was split and fitted.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        The numbers of splits and seeds.
    """
    folds = summary.splits.groupby("task")["fold"].nunique()
    seeds = int(summary.splits.groupby("task")["seed"].nunique().max())
    low, high = int(folds.min()), int(folds.max())
    each = count(high, "split") if low == high else f"{low} to {high} splits"
    return f"{each} and {count(seeds, 'seed')}"


def both(summary: Summary) -> str:
    """Say what the study finds without the tasks that were left out, and what with them.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        Empty if nobody asked to leave tasks out.
    """
    if summary.whole is None:
        return ""
    n, now, before = len(summary.asked_out), headline(summary), headline(summary.whole)
    left = f"{count(n, 'task')} left out"
    if now == before:
        return f"With {left}, who wins where stays the same: {now}"
    return f"With {left}: {now} With {'it' if n == 1 else 'them'}: {before}"


def lead(place: Mapping[str, Any]) -> str:
    """Who leads in one structure and by how much, in a few words.

    Parameters
    ----------
    place : Mapping
        A row of ``summary.places``.

    Returns
    -------
    str
        With the interval of the lead, or a note that there is none.
    """
    counted = f"{count(int(place['tasks']), 'task')} from {count(int(place['sources']), 'source')}"
    if place["second"] is None:
        return f"{title(place['leader'])} alone ({counted})"
    if place["nothing"]:
        return f"nothing beats the dummy ({counted})"
    text = f"{title(place['leader'])} {signed(place['ahead'])} against {spoken(place['second'])}"
    limits = "no interval" if np.isnan(place["low"]) else f"{signed(place['low'])} to {signed(place['high'])}"
    return f"{text}, {limits} ({counted})"


def protocol(summary: Summary) -> str:
    """By which rule it was judged, how much was searched, and which searches and fits its limits ended early.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        Two to four sentences.
    """
    words = Protocol.of(summary.study.get("settings", {}).get("protocol", {})).words
    return f"{words} {tried(summary)} {scores.cut_short(summary.frame)}".strip()


def tried(summary: Summary) -> str:
    """Say how many configurations of each candidate were tried on a task.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        One sentence, which names the candidates only where their numbers differ.
    """
    groups = by_trials(summary.frame[summary.frame["task"].isin(summary.tasks.index)], summary.candidates)
    if len(groups) > 1:
        told = "; ".join(f"{n} of {listed(who)}" for n, who in groups.items())
        return f"Configurations tried on a task, the default first: {told}."
    n = next(iter(groups), "1")
    if n == "1":
        return "Each candidate has its default configuration."
    return f"Each candidate tried {n} configurations on a task, the default first."


def by_trials(frame: pd.DataFrame, candidates: Iterable[str]) -> dict[str, list[str]]:
    """Group candidates by how many configurations of them were tried on a task.

    Parameters
    ----------
    frame : DataFrame
        Cells.
    candidates : iterable of str
        Whom to tell of; the dummy has nothing to try and is left out.

    Returns
    -------
    dict of str to list of str
        From the number, or the fewest and the most, to the titles of candidates.
    """
    counts = scores.searched(frame).groupby("candidate")
    low, high = counts.min(), counts.max()
    groups: dict[str, list[str]] = {}
    for name in (c for c in candidates if c != scores.BASELINE):
        groups.setdefault(span(low[name], high[name]), []).append(title(name))
    return groups


def fitting(summary: Summary) -> str:
    """Of what the typical seconds are those: fits of a cell, with those that a limit ended.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        Begins in the middle of a sentence.
    """
    k = Protocol.of(summary.study.get("settings", {}).get("protocol", {})).inner_folds
    inner = f" and one for each of its {k} inner folds" if k else ""
    cells = summary.frame[summary.frame["candidate"] != scores.ADVISOR]
    late = Counter(cells.loc[cells["status"] == "timeout", "candidate"])
    whose = ", ".join(f"{title(name)} {n}" for name, n in late.items())
    text = f"wall seconds of fitting in a cell: one fit on the training rows of a split{inner}."
    if not whose:
        return text
    return (
        f"{text} Cells stopped for their time count with the limit, which is less than they needed: {whose}."
    )


def scale(summary: Summary) -> str:
    """Where 0 and 1 lie for the curves over trials.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        Half a sentence.
    """
    settings = summary.study.get("settings", {})
    return curves.SCALES[Protocol.of(settings.get("protocol", {})).normalisation]


def next_step(summary: Summary) -> str:
    """What the study itself says to run after it.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        The ``next`` of its file; empty if it has none.
    """
    return str(summary.study.get("settings", {}).get("next", ""))


def by_structure(summary: Summary) -> list[dict[str, Any]]:
    """The places of each structure without the overall one.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    list of dict
        Rows of ``summary.places``.
    """
    rows = summary.places[summary.places["structure"] != OVERALL].to_dict("records")
    return [{str(k): v for k, v in row.items()} for row in rows]


def _policy(name: str) -> str:
    text = POLICIES.get(name, name).partition(" (")[0]
    return text[0].lower() + text[1:]


def _winner(place: Mapping[str, Any]) -> str:
    leader = spoken(place["leader"])
    several = leader.endswith("trees")
    if place["second"] is None:
        return f"{leader} lead" if several else f"{leader} leads"
    if place["nothing"]:
        return "nothing beats the dummy"
    if not place["low"] > 0:
        return f"no clear winner between {leader} and {spoken(place['second'])}"
    if place["sources"] < statistics.MIN_SOURCES:
        return f"{leader} {'are' if several else 'is'}{_AHEAD}"
    return f"{leader} lead" if several else f"{leader} leads"


def _certainty(place: Mapping[str, Any]) -> str:
    counted = f"{count(int(place['tasks']), 'task')} from {count(int(place['sources']), 'source')}"
    start = f"{structure_title(place['structure'])} ({counted}): {title(place['leader'])}"
    if place["second"] is None:
        return f"{start} is the only candidate, so there is nothing to compare."
    if place["nothing"]:
        return f"{start.partition(':')[0]}: nothing beats the dummy."
    text = f"{start} {signed(place['ahead'])} against {spoken(place['second'])}"
    if np.isnan(place["low"]):
        return f"{text}; one source tells nothing of others, so there is no interval."
    text += (
        f", 95% interval {signed(place['low'])} to {signed(place['high'])}, "
        f"first in {place['lead']:.0%} of resampled task sets"
    )
    if place["sources"] < statistics.MIN_SOURCES:
        return f"{text}. A direction only: fewer than {statistics.MIN_SOURCES} sources."
    return f"{text}."


def _sentence(text: str) -> str:
    """Capital at the start unless the first word is a name spelt otherwise, full stop at the end."""
    capital = text.startswith(("no ", "nothing ", *SPOKEN.values()))
    return f"{text[0].upper() if capital else text[0]}{text[1:]}."
