"""The page of claims: every finding in a folder, with its verdict, its numbers and its figures."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from reports import charts, wording
from reports.document import Document, Section, Table
from reports.summary import ReportError

VERDICTS = ("holds", "holds with a limit", "not decided here", "does not hold here")
_OVERVIEW = {
    "number": "place in the list of claims",
    "claim": "its name: python -m benchmarks claims NAME",
    "verdict": "holds, holds with a limit, not decided here, does not hold here: by a rule in the code",
    "effect": "the first effect of the experiment: it decides, where the rule is no count or threshold",
    "mean": "its mean over independent units, in its unit",
    "low": "lower 95% limit (Student's interval of the mean)",
    "high": "upper 95% limit",
    "n": "independent units",
    "of": "what the units are: sources of data, seeds of a simulation, runs, or blocks of time",
    "unit": "of mean and limits",
    "minutes": "computing time of all fits",
}
_EFFECTS = {name: _OVERVIEW[name] for name in ("effect", "mean", "low", "high", "n", "of", "unit")}


def read(folder: Path) -> list[dict[str, Any]]:
    """Read the findings of a folder.

    Parameters
    ----------
    folder : Path
        Where ``python -m benchmarks claims`` wrote them.

    Returns
    -------
    list of dict
        In the order of the claims' numbers.

    Raises
    ------
    ReportError
        If there is none, or a file is not one.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            _overview([told])
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise ReportError(
                f"{path.name} must be the finding of a claim",
                got=f"{type(error).__name__}: {error}",
                do="remove it, or run the claim again: python -m benchmarks claims NAME",
            ) from error
        found.append(told)
    if not found:
        raise ReportError(
            "the folder must hold findings of claims",
            got=f"none in {folder}",
            do="run them first: python -m benchmarks claims",
        )
    return sorted(found, key=lambda told: int(told["claim"]["number"]))


def told(findings: Sequence[Mapping[str, Any]]) -> Document:
    """Write the page.

    Parameters
    ----------
    findings : sequence of mapping
        As :func:`read` gives them.

    Returns
    -------
    Document
        An overview, then a section for each claim.
    """
    counts = Counter(f["finding"]["verdict"] for f in findings)
    said = ", ".join(
        f"{counts[verdict]} {_plural(verdict, counts[verdict])}" for verdict in VERDICTS if counts[verdict]
    )
    sizes = ", ".join(dict.fromkeys(str(f["size"]) for f in findings))
    return Document(
        title="Claims put to the test",
        headline=f"Of {wording.count(len(findings), 'claim')}, {said}.",
        sections=[
            Section(
                "All claims",
                [
                    f"Size of the experiments: {sizes}. A verdict is about the data and the sizes used here. "
                    "Each is decided by a rule that stands in the code of the experiment and can come out "
                    "against the claim.",
                ],
                [Table("claims", "The first effect of each claim.", _overview(findings), _OVERVIEW)],
            ),
            *map(_section, findings),
        ],
    )


def _section(told: Mapping[str, Any]) -> Section:
    claim, finding = told["claim"], told["finding"]
    failed = sum(n for status, n in told["statuses"].items() if status != "ok")
    title = f"{claim['number']} {claim['name'].replace('_', ' ')}: {finding['verdict']}"
    text = [
        claim["sentence"],
        finding["words"],
        f"Source: {claim['source']}.",
        f"Design: {claim['design']} Data: {claim['data']}.",
        f"It would be refuted by {claim['refuted_by']}.",
        f"{sum(told['statuses'].values())} cells{f', {failed} failed' if failed else ''}; "
        f"{told['cpu']}; commit {str(told['commit'])[:10]}; finished {told['finished']}; {told['made_by']}.",
    ]
    table = Table(
        f"claim-{claim['name']}", "Mean and 95% interval over independent units.", _effects(told), _EFFECTS
    )
    drawn: list[tuple[Callable[[bool], str], str]] = [
        (partial(charts.draw, chart, f"claim-{claim['name']}-{i}"), chart["title"])
        for i, chart in enumerate(finding["charts"])
    ]
    first: tuple[Any, str] = drawn[0] if drawn else (None, "")
    return Section(title, text, [table], *first, more=drawn[1:])


def _overview(findings: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    rows = []
    for told in findings:
        first = told["finding"]["effects"][0]
        rows.append(
            {
                "number": int(told["claim"]["number"]),
                "claim": told["claim"]["name"],
                "verdict": told["finding"]["verdict"],
                **_effect(first),
                "minutes": round(float(told["seconds"]) / 60, 1),
            }
        )
    return pd.DataFrame(rows, columns=list(_OVERVIEW))


def _effects(told: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([_effect(effect) for effect in told["finding"]["effects"]], columns=list(_EFFECTS))


def _effect(effect: Mapping[str, Any]) -> dict[str, Any]:
    limits = {
        name: math.nan if effect[name] is None else float(effect[name]) for name in ("mean", "low", "high")
    }
    counted = {"n": int(effect["n"]), "of": effect["of"]}
    return {"effect": effect["what"], **limits, **counted, "unit": effect["unit"]}


def _plural(verdict: str, n: int) -> str:
    """The verdict as a verb.

    Examples
    --------
    >>> _plural("not decided here", 1), _plural("holds with a limit", 2), _plural("does not hold here", 3)
    ('is not decided here', 'hold with a limit', 'do not hold here')
    """
    if n == 1:
        return verdict.replace("not decided", "is not decided")
    first, rest = verdict.split(" ", 1) if " " in verdict else (verdict, "")
    return " ".join([{"holds": "hold", "does": "do", "not": "are not"}[first], rest]).strip()
