"""The verdict as text: Markdown for a pull request or a README, aligned columns for a terminal."""

from __future__ import annotations

import re
import textwrap

import pandas as pd

from benchmarks import scores
from reports import flags, sentences, statistics, wording
from reports.style import structure_title, title
from reports.summary import OVERALL, Summary

_TERMINAL = 100  # columns
LOSSES = 12  # of the advice that are told one by one


def markdown(summary: Summary) -> str:
    """Write the verdict as Markdown.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        Headline, certainty, verdict table and failures; names are escaped.
    """
    table = verdict_table(summary)
    rows = [table.columns, ["---", *["---:"] * (len(table.columns) - 1)], *table.to_numpy()]
    rows[2:] = [[escape(str(cell)) for cell in row] for row in rows[2:]]
    rows[0] = [escape(str(cell)) for cell in rows[0]]
    lines = [
        f"# {escape(str(summary.study.get('title') or summary.study['name']))}",
        "",
        f"**{escape(sentences.headline(summary))}**",
        "",
        *([f"> {escape(sentences.unfinished(summary))}", ""] if len(summary.left_out) else []),
        *([f"> {escape(sentences.both(summary))}", ""] if summary.whole else []),
        *(f"- {escape(sentence)}" for sentence in sentences.certainty(summary)),
        "",
        "Mean normalised score (0 is the dummy, 1 the best candidate of the task):",
        "",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]
    if text := sentences.advice(summary):
        lines += [escape(text), ""]
    wrong = summary.advice[summary.advice["regret"] > 0]
    if len(wrong):
        most = wrong.sort_values("normalised_regret", ascending=False)[:LOSSES]
        more = len(wrong) - len(most)
        heading = "Where the advice lost, with its reasons"
        lines += [f"{heading}{f' (the largest losses; {more} more are in the results)' if more else ''}:", ""]
        for task, lost in most.iterrows():
            families = f"advised {title(lost['recommendation'])}, best {title(lost['best'])}"
            cost = f"lost {lost['normalised_regret']:.3f} of the normalised score"
            lines.append("- " + escape(f"{task}: {families}, {cost}. {lost['because']}"))
        lines.append("")
    if len(summary.asked_out):
        lines += ["Left out:", ""]
        for task, why in summary.asked_out.itertuples(index=False):
            lines.append(f"- {escape(f'{task}: {why}')}")
        lines.append("")
    flagged = flags.flagged(summary.tasks.rename_axis("task").reset_index())
    if len(flagged):
        lines += ["Flagged, and in the averages:", ""]
        lines += [f"- {escape(f'@{flag}: {text}')}" for flag, text in flags.told(flagged).items()]
        lines.append("")
    if len(summary.failures):
        lines += ["Cells without a score, counted with the dummy’s:", ""]
        for row in summary.failures.to_dict("records"):
            what = f"{row['task']}, {row['candidate']}: {row['status']} ({row['cells']}×) {row['reason']}"
            lines.append(f"- {escape(what)}")
        lines.append("")
    made = f"{sentences.protocol(summary)} {sentences.basis(summary)}"
    lines += [escape(made), ""]
    if text := sentences.next_step(summary):
        lines += [escape(text), ""]
    return "\n".join(lines)


def terminal(summary: Summary) -> str:
    """Write the verdict for a terminal, at most 100 columns wide.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        Headline, aligned table, advisor, failures; no control characters.
    """
    table = verdict_table(summary)
    widths = [max(len(str(v)) for v in [name, *table[name]]) for name in table]
    rows = [list(table.columns), ["-" * w for w in widths], *table.to_numpy().tolist()]
    lines = [
        "  ".join(
            f"{cell:<{w}}" if i == 0 else f"{cell:>{w}}" for i, (cell, w) in enumerate(zip(row, widths))
        )
        for row in rows
    ]
    told = [sentences.headline(summary)]
    if len(summary.left_out):
        told.append(sentences.unfinished(summary))
    if summary.whole:
        told.append(sentences.both(summary))
    least = summary.places.loc[summary.places["structure"] != OVERALL, "sources"].min()
    note = "Mean normalised score: 0 is the dummy, 1 the best candidate of every task."
    if least < statistics.MIN_SOURCES:
        note += " Few tasks: read it as a direction."
    after = [note, sentences.protocol(summary), sentences.advice(summary)]
    if len(summary.failures):
        cells = wording.count(int(summary.failures["cells"].sum()), "cell")
        after.append(f"{cells} without a score (counted with the dummy's): see the report.")
    paragraphs = [_wrap(plain(t)) for t in told], [_wrap(plain(t)) for t in after if t]
    return "\n".join([*paragraphs[0], "", *(plain(line).rstrip() for line in lines), "", *paragraphs[1]])


def verdict_table(summary: Summary) -> pd.DataFrame:
    """The shortest table that says who wins where.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    DataFrame of str
        A row per candidate (the advisor last), a column per structure with the mean normalised score, one for
        all tasks, and the mean rank; the highest of a column ends in an asterisk.
    """
    verdict = summary.verdict.pivot(index="candidate", columns="structure", values="mean_normalised_score")
    overall = summary.verdict[summary.verdict["structure"] == OVERALL].set_index("candidate")
    order = [c for c in overall.index if c != scores.ADVISOR]
    order += [c for c in overall.index if c == scores.ADVISOR]
    table = pd.DataFrame({"candidate": [title(c) for c in order]})
    leaders = summary.places.set_index("structure")
    for structure in [*summary.structures, *([OVERALL] if len(summary.structures) > 1 else [])]:
        name = "all" if structure == OVERALL else structure_title(structure).lower()
        heading = f"{name} ({int(leaders['tasks'][structure])})"
        values = {str(c): float(v) for c, v in verdict[structure].items()}
        first = max(values[c] for c in summary.candidates)
        table[heading] = [
            f"{values[c]:.3f}{'*' if c != scores.ADVISOR and values[c] == first else ' '}" for c in order
        ]
    table["mean rank"] = [f"{overall.loc[c, 'mean_rank']:.2f}" for c in order]
    return table


def escape(text: str) -> str:
    r"""Make a text mean itself in Markdown.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        One line in which no character has a meaning.

    Examples
    --------
    >>> print(escape("a|b <script> *x* [y](z)"))
    a\|b &lt;script&gt; \*x\* \[y\](z)
    """
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~$#])", r"\\\1", text)


def plain(text: str) -> str:
    """Drop control characters, which could move the cursor or colour the terminal.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Spaces in their place.
    """
    return "".join(c if c.isprintable() else " " for c in text)


def _wrap(text: str) -> str:
    return "\n".join(textwrap.wrap(text, _TERMINAL, break_on_hyphens=False))
