"""The report as one self-contained page: no script, no request, every text escaped by the template engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from reports import export, figures, flags, sentences, significance_told, statistics, tables, wording
from reports.significance import ROPE, significance
from reports.style import STATUS, structure_title, title
from reports.summary import OVERALL, Summary, environments

_FOLDER = Path(__file__).parent


def page(summary: Summary) -> str:
    """Write the report of a study.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    str
        HTML.
    """
    tested = significance(summary)
    drawn = figures.of(summary)
    flagged = flags.flagged(summary.tasks.rename_axis("task").reset_index())
    return render(
        "report.html.j2",
        study=summary.study,
        headline=sentences.headline(summary),
        certainty=sentences.certainty(summary),
        advice=sentences.advice(summary),
        unfinished=sentences.unfinished(summary),
        fitting=sentences.fitting(summary),
        both=_both(summary),
        flagged=flagged["task"].nunique(),
        flags=flags.told(flagged),
        next_step=sentences.next_step(summary),
        protocol=sentences.protocol(summary),
        tried=sentences.tried(summary),
        basis=sentences.basis(summary),
        counts=_counts(summary),
        figures={name: drawing(name, *found, summary) for name, found in drawn.items()},
        sections={name: figure.section for name, (figure, _) in drawn.items()},
        verdict=tables.verdict(summary),
        names=[{"key": c, "title": title(c)} for c in summary.candidates],
        tasks=tables.tasks(summary),
        policies=tables.policies(summary),
        advised=tables.advised(summary),
        tested=tested and significance_told.tested(tested),
        least=statistics.MIN_SOURCES,
        rope=ROPE,
        failures=tables.failures(summary),
        left_out=summary.left_out.to_dict("records"),
        environments=[tables.environment(e) for e in environments(summary)],
        schema=export.SCHEMA,
        data=_data(summary),
    )


def render(template: str, **values: Any) -> str:
    """Fill a template of this folder; every text is escaped.

    Parameters
    ----------
    template : str
        File name.
    **values : Any
        What it needs.

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
    style = Markup((_FOLDER / "report.css").read_text(encoding="utf-8"))
    return engine.get_template(template).render(style=style, **values)


def drawing(name: str, figure: figures.Figure, table: pd.DataFrame, summary: Summary) -> dict[str, Any]:
    """Everything that the page shows of one figure.

    Parameters
    ----------
    name : str
        The figure's name.
    figure : Figure
        How it is drawn.
    table : DataFrame
        Its numbers.
    summary : Summary
        The findings.

    Returns
    -------
    dict
        Both drawings, the caption, the numbers as a table and as a CSV file.
    """
    # Markup marks what is safe: drawings made here, in which texts are escaped by the XML writer
    return {
        "name": name,
        "title": figure.title,
        "wide": Markup(figure.draw(summary, False)),
        "narrow": Markup(figure.draw(summary, True)),
        "caption": figure.caption(summary),
        "numbers": tables.numbers(table, figure.columns),
        "csv": export.csv_uri(table),
    }


def _data(summary: Summary) -> dict[str, str]:
    scored = summary.tasks.join(summary.test).rename_axis("task")
    return {
        "verdict": export.csv_uri(summary.verdict),
        "test": export.csv_uri(scored, index=True),
        "advice": export.csv_uri(summary.advice, index=True),
        "failures": export.csv_uri(summary.failures),
    }


def _counts(summary: Summary) -> str:
    statuses = summary.frame["status"].value_counts()
    cells = wording.count(len(summary.frame), "cell")
    told = [f"{n:,} {STATUS.get(str(s), str(s))}" for s, n in statuses.items()]
    tasks = wording.count(len(summary.tasks), "task")
    sources = wording.count(int(summary.tasks["origin"].nunique()), "source")
    return f"{tasks} from {sources}, {len(summary.candidates)} candidates, {cells} ({', '.join(told)})"


def _both(summary: Summary) -> dict[str, Any] | None:
    """The verdict without the tasks that were asked out, beside that with them."""
    if summary.whole is None:
        return None
    rows = []
    for structure in [*summary.whole.structures, OVERALL]:
        row: dict[str, Any] = {
            "title": "All tasks" if structure == OVERALL else structure_title(structure),
        }
        for key, one in (("now", summary), ("before", summary.whole)):
            found = one.places[one.places["structure"] == structure]
            row[key] = (
                sentences.lead({str(k): v for k, v in found.iloc[0].items()})
                if len(found)
                else "no task left"
            )
        rows.append(row)
    return {
        "sentence": sentences.both(summary),
        "rows": rows,
        "tasks": summary.asked_out.to_dict("records"),
    }
