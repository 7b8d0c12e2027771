"""Advice as text, Markdown and HTML."""

from __future__ import annotations

import math
import textwrap
from html import escape
from typing import TYPE_CHECKING

from advisor.outlook import FAMILIES

if TYPE_CHECKING:
    from advisor.advice import Advice

TITLES = {"cnn": "convolutional network (cnn)", "lstm": "LSTM (lstm)", "gbt": "gradient-boosted trees (gbt)"}
FORMS = {
    "table": "columns of a table",
    "array": "an array",
    "list_cells": "arrays in cells",
    "text": "text",
    "wide_image": "one flattened picture a row",
    "wide_series": "one series a row",
    "long_series": "one time step a row",
    "panel": "one time step of one entity a row",
    "image_cells": "encoded pictures in cells",
    "image_folder": "a folder of picture files",
}


def headline(advice: Advice) -> str:
    """The verdict in one sentence."""
    shape = " x ".join(map(str, advice.layout))
    noun = {"image": "images", "sequence": "sequences", "tabular": "a table"}[advice.structure]
    size = f"{shape} column{'' if shape == '1' else 's'}" if advice.structure == "tabular" else shape
    return f"{noun}, {size}, held as {FORMS[advice.form]}: train {TITLES[advice.recommendation]} first"


def trust(advice: Advice) -> str:
    """What the confidence is and where it comes from."""
    belief = advice.belief
    if belief is None:
        return "as you said"
    if not belief.sets:
        return f"structure not measured for the rule {advice.rule!r}: treat it as a guess"
    counted = f"the rule {advice.rule!r} was right on {belief.right} of {belief.sets} labelled sets"
    if not belief.alike:
        counted += f", none of which was as {'clear' if advice.clear else 'doubtful'} as this"
    elif not advice.clear:
        counted += " where it was in doubt"
    if advice.capped:
        what = "so few rows" if advice.structure == "tabular" else "the odds of a picture"
        left = f"{advice.confidence:.2f} that the structure is right, which {what} leave"
        return f"{left}; {counted}"
    return (
        f"{advice.confidence:.2f} (95% {belief.low:.2f} to {belief.high:.2f}) that the structure is right: "
        f"{counted}"
    )


def families(advice: Advice) -> str:
    """The ranking in one line."""
    if not math.isfinite(advice.ranking[0].loss):
        order = ", ".join(r.family for r in advice.ranking)
        return f"{order} (by inductive bias; not measured on {advice.structure} tasks)"
    parts = [
        f"{e.family} {_behind(e.loss)} ({_behind(e.high)} to {_behind(e.low)}; best {e.probability:.0%})"
        for e in advice.ranking
    ]
    what = "expected distance to the best of the three, 80% of cases, how often the best or within 0.01 of it"
    return f"{', '.join(parts)}: {f'before the {advice.tried}, ' if advice.tried else ''}{what}"


def _behind(loss: float) -> str:
    """A loss as a distance to the best, never -0.000."""
    return f"{0 - round(loss, 3):.3f}"


def odds(advice: Advice) -> tuple[str, ...]:
    """The two numbers that decide, and where they were measured; nothing if nothing was."""
    first = advice.ranking[0]
    if not math.isfinite(first.loss):
        return ()
    before = f"before the {advice.tried}: " if advice.tried else ""
    told = [
        f"{before}{first.family} is the best, or within 0.01 of it, with a probability of "
        f"{first.probability:.0%}; where it is not, it is {first.if_not:.3f} behind on average"
    ]
    for one in advice.nearest:
        scores = ", ".join(f"{family} {one.scores[family]:.3f}" for family in FAMILIES)
        told.append(f"{one.set}, {one.n} rows: {scores} ({one.metric})")
    if advice.nearest:
        told.append(f"the runs behind the first of these: advisor measured {advice.nearest[0].set}")
    return tuple(told)


def times(advice: Advice) -> tuple[str, ...]:
    """How long the families take to fit; nothing if that is not known."""
    if not advice.fit_times:
        return ()
    told = [
        f"{t.family} {_seconds(t.seconds)} ({_seconds(t.low)} to {_seconds(t.high)})"
        for t in advice.fit_times
    ]
    return (", ".join(told) + ": a fit of all rows, expected on one thread of this machine, 80% of cases",)


def _seconds(value: float) -> str:
    """Two digits, in the unit that needs no more.

    Examples
    --------
    >>> _seconds(0.0312), _seconds(4.26), _seconds(75.0), _seconds(5400.0)
    ('0.03 s', '4.3 s', '75 s', '90 min')
    """
    if value < 1:
        return f"{value:.2f} s"
    for unit, size in (("s", 1), ("min", 60), ("h", 3_600)):
        if value < 100 * size or unit == "h":
            break
    shown = value / size
    return f"{shown:.1f} {unit}" if shown < 10 else f"{shown:,.0f} {unit}"


def text(advice: Advice) -> str:
    """About a dozen lines of plain text."""
    lines = [headline(advice)]
    lines += _wrapped("confidence", [trust(advice)])
    lines += _wrapped("families", [families(advice)])
    for title, sentences in _sections(advice):
        lines += _wrapped(title, sentences)
    return "\n".join(lines)


def markdown(advice: Advice) -> str:
    """Headings and lists."""
    parts = [f"**{_plain(headline(advice))}**", "", f"Confidence: {_plain(trust(advice))}.", ""]
    parts += [f"Families: {_plain(families(advice))}.", ""]
    for title, sentences in _sections(advice):
        parts += [f"### {title.capitalize()}", "", *(f"- {_plain(s)}" for s in sentences), ""]
    return "\n".join(parts)


def html(advice: Advice) -> str:
    """A small card that follows the notebook's own colours, so it reads on light and dark."""
    rows = [("Confidence", [trust(advice)]), ("Families", [families(advice)])]
    rows += [(title.capitalize(), list(sentences)) for title, sentences in _sections(advice)]
    body = "".join(
        f'<tr><th style="text-align:left;vertical-align:top;padding:2px 12px 2px 0;font-weight:600;'
        f'background:transparent">{escape(title)}</th>'
        f'<td style="text-align:left;padding:2px 0;background:transparent;max-width:46em">'
        + "<br>".join(escape(sentence) for sentence in sentences)
        + "</td></tr>"
        for title, sentences in rows
    )
    measured = (*advice.evidence, *advice.interventions)
    facts = "".join(
        f"<li>{escape(fact.name)}: {escape(fact.summary)}; null: {escape(fact.null)}; {fact.rows_used} rows, "
        f"{fact.seconds * 1000:.0f} ms</li>"
        for fact in measured
    )
    return (
        '<div style="font-family:system-ui,sans-serif;font-size:13px;line-height:1.45;color:inherit;'
        "border:1px solid rgba(128,128,128,.4);border-left:4px solid #3b82c4;border-radius:4px;"
        'padding:8px 14px;max-width:60em">'
        f'<div style="font-size:15px;font-weight:600;margin-bottom:6px">{escape(headline(advice))}</div>'
        '<table style="border-collapse:collapse;border:0;background:transparent;color:inherit">'
        f"{body}</table>"
        f'<details style="margin-top:6px"><summary>All evidence ({len(measured)})</summary>'
        f"<ul>{facts}</ul></details></div>"
    )


def roles(advice: Advice) -> tuple[str, ...]:
    """The roles worth a line: who and when, and what was left out; nothing if there are none."""
    worth = ("entity", "time", "identifier", "ignore")
    parts = []
    for role in worth:
        names = [repr(str(label)) for label, held in advice.roles.items() if held == role]
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            parts.append(f"{role} {', '.join(names[:3])}{more}")
    return ("; ".join(parts),) if parts else ()


def _sections(advice: Advice) -> list[tuple[str, tuple[str, ...]]]:
    told = (*advice.because, *advice.against)  # which may go on behind what a finding says
    summaries = (fact.summary for fact in advice.interventions)
    probed = tuple(said for said in summaries if not any(reason.startswith(said) for reason in told))
    raced = advice.race.lines if advice.race is not None else ()
    kinds = {
        "classification": ("a class (classification)",),
        "regression": ("a number (regression)",),
        None: (),
    }
    sections = [
        ("predicts", kinds[advice.kind]),
        ("measured", odds(advice)),
        ("time", times(advice)),
        ("roles", roles(advice)),
        ("because", advice.because),
        ("against", advice.against),
        ("probed", probed),
        ("race", raced),
        ("warnings", advice.warnings),
    ]
    return [(title, sentences) for title, sentences in sections if sentences]


def _wrapped(title: str, sentences: list[str] | tuple[str, ...]) -> list[str]:
    lines: list[str] = []
    for place, sentence in enumerate(sentences):
        head = f"{title:<11}" if place == 0 else " " * 11
        lines += textwrap.wrap(
            _one_line(sentence), 110, initial_indent=head, subsequent_indent=" " * 13, break_on_hyphens=False
        )
    return lines


def _one_line(sentence: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in sentence).split())


def _plain(sentence: str) -> str:
    """Escape what Markdown would act upon."""
    sentence = _one_line(sentence)
    for character in "\\`*_<>[]|#":
        sentence = sentence.replace(character, "\\" + character if character != "<" else "&lt;")
    return sentence
