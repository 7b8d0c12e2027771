"""``python -m benchmarks.advisor.structure``: is the structure right, and the layout?

Advises on every embedded task, on a labelled corpus where one is given, and on tables with shuffled columns.
Prints the confusion, the layouts, the false alarms and the failures. ``--collection packages`` measures on
sets that installed packages ship instead (:mod:`benchmarks.advisor.packages`). With ``--write`` the outcome
per set (never its data) becomes the "rules" part of ``advisor/data/calibration.json``.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor import AdvisorError, advise
from advisor.calibration import Belief, Calibration
from advisor.doubts import ceiling
from benchmarks.advisor.cases import CORPUS, Case, corpus_cases, embedded_cases, shuffled_cases
from benchmarks.advisor.packages import package_cases
from benchmarks.environment import commit_of, environment

CALIBRATION = Path(__file__).parents[2] / "advisor" / "data" / "calibration.json"
STRUCTURES = ("image", "sequence", "tabular")
BINS = 10  # of equal width, for the calibration error


@dataclass(frozen=True)
class Result:
    """What was advised for one case."""

    case: Case
    structure: str
    layout: tuple[int, ...] | None
    form: str
    rule: str
    clear: bool
    seconds: float
    ceiling: float = 1.0  # what the odds of a picture leave

    @property
    def right(self) -> bool:
        """Whether the structure is right."""
        return self.structure == self.case.structure

    @property
    def exact(self) -> bool | None:
        """Whether the layout is right; None if the case has none to find."""
        return None if self.case.layout is None else self.layout == self.case.layout


def run(case: Case, seed: int = 0) -> Result:
    """Advise on one case; an error counts as an answer of its own, which is wrong."""
    data, target = case.load()
    start = time.perf_counter()
    try:
        advice = advise(data, target, seed=seed)
    except AdvisorError as error:
        return Result(case, "error", None, str(error), "error", False, time.perf_counter() - start)
    seconds = time.perf_counter() - start
    most = ceiling(advice.rule, {fact.name: fact for fact in advice.evidence})
    found = advice.structure, advice.layout, advice.form, advice.rule, advice.clear
    return Result(case, *found, seconds, most)


def summary(results: list[Result]) -> list[str]:
    """Confusion, layouts, false alarms, time."""
    answers = [*STRUCTURES, "error"]
    lines = [f"{'truth':<10}" + "".join(f"{a:>10}" for a in answers)]
    for truth in STRUCTURES:
        counts = [sum(r.case.structure == truth and r.structure == a for r in results) for a in answers]
        lines.append(f"{truth:<10}" + "".join(f"{c:>10}" for c in counts))
    lines.append(_share("structure right", [r.right for r in results]))
    tables = [r for r in results if r.case.structure == "tabular"]
    lines.append(
        _share("tables called image or sequence", [r.structure in ("image", "sequence") for r in tables])
    )
    for truth in ("image", "sequence"):
        layouts = [bool(r.exact) for r in results if r.case.structure == truth and r.exact is not None]
        lines.append(_share(f"layout exact, {truth}", layouts))
    seconds = sorted(r.seconds for r in results)
    lines.append(f"seconds: median {seconds[len(seconds) // 2]:.3f}, most {seconds[-1]:.2f}")
    return lines


def _share(title: str, hits: list[bool]) -> str:
    if not hits:
        return f"{title}: no such set"
    belief = Belief.of(sum(hits), len(hits))
    share = f"{sum(hits)} of {len(hits)} = {sum(hits) / len(hits):.1%}"
    return f"{title}: {share} (95% {belief.low:.1%} to {belief.high:.1%})"


def failures(results: list[Result]) -> list[str]:
    """One line for each result that is wrong in structure or layout."""
    return [
        f"  {r.case.id}: {r.case.structure} {r.case.layout or ''} was called "
        f"{r.structure} {r.layout or ''} {r.form} by {r.rule}"
        for r in results
        if not r.right or r.exact is False
    ]


def measure_packages(seed: int) -> list[str]:
    """Measure on what installed packages ship; debatable labels are scored nowhere and listed apart."""
    cases, left_out = package_cases()
    if not cases:
        return ["no package that ships labelled sets is installed", *left_out]
    results = [(case, run(case, seed)) for case in cases]
    sure = [r for case, r in results if case.sure]
    plain = [r for r in sure if r.case.form != "scrambled"]
    mixed = [r for r in sure if r.case.form == "scrambled"]
    tables = [case for case in cases if case.sure and case.structure == "tabular"]
    controls = [run(case, seed) for case in shuffled_cases(list(tables))]
    lines: list[str] = []
    for title, part in (
        ("Package sets", plain),
        ("Pictures and series with columns in random order", mixed),
        ("Tables with shuffled columns", controls),
    ):
        if part:
            lines += [f"{title} ({len(part)})", *summary(part), ""]
    for form in sorted({r.case.form for r in sure}):
        lines.append(_share(f"right, {form}", [r.right for r in sure if r.case.form == form]))
    lines += ["", "Wrong structure or layout:", *failures([*sure, *controls])]
    lines += ["", "Debatable labels, not scored:"]
    lines += [
        f"  {case.id}: labelled {case.structure}, called {r.structure} by {r.rule} ({case.note})"
        for case, r in results
        if not case.sure
    ]
    return [*lines, "", "Left out:", *(f"  {reason}" for reason in left_out)]


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error: mean distance of confidence and share of right answers, over equal bins.

    References
    ----------
    Naeini, Cooper, Hauskrecht (2015). Obtaining well calibrated probabilities using Bayesian binning. AAAI.

    Examples
    --------
    >>> round(calibration_error(np.array([0.9, 0.9, 0.6, 0.6]), np.array([True, True, True, False])), 2)
    0.1
    """
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    error = 0.0
    for value in np.unique(place):
        inside = place == value
        error += abs(float(confidence[inside].mean()) - float(right[inside].mean())) * float(inside.mean())
    return error


def provenance(command: str, **facts: Any) -> dict[str, Any]:
    """Say where a part of the calibration comes from."""
    today = datetime.now(UTC).date().isoformat()
    return {"command": command, "commit": commit_of(environment()), "date": today, **facts}


def _row(r: Result) -> dict[str, Any]:
    return {
        "set": r.case.id,
        "origin": r.case.origin,
        "rule": r.rule,
        "clear": r.clear,
        "predicted": r.structure,
        "true": r.case.structure,
    }


def calibrate(results: list[Result], command: str) -> Calibration:
    """Put the outcome per set into the shipped calibration."""
    held = Calibration.shipped()  # what a user has added is not written with it
    rows = tuple(_row(r) for r in results if r.rule != "error")
    note = (
        "sets whose label is sure, named here; rules were written with the corpus and about half of the sets "
        "of packages in sight, so expect somewhat less on other sets"
    )
    told = dict(held.provenance) | {"rules": provenance(command, sets=len(rows), note=note)}
    return replace(held, rules=rows, provenance=told)


def trust(results: list[Result]) -> list[str]:
    """How far the confidence can be trusted: each set judged by the counts of all other origins."""
    answered = [r for r in results if r.rule != "error"]
    counts = Calibration({}, rules=tuple(_row(r) for r in answered))
    without = {origin: counts.without(origin) for origin in {r.case.origin for r in answered}}
    beliefs = [without[r.case.origin].belief(r.rule, clear=r.clear).value for r in answered]
    stated = np.array([min(b, r.ceiling) for b, r in zip(beliefs, answered)], dtype=np.float64)
    right = np.array([r.right for r in answered], dtype=np.bool_)
    lines = [
        "confidence with origins left out: expected calibration error "
        f"{calibration_error(stated, right):.3f}, Brier score {float(((stated - right) ** 2).mean()):.3f} on "
        f"{len(answered)} sets",
        f"{'stated':>12}{'mean':>8}{'right':>8}{'sets':>6}",
    ]
    edges = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
    for low, high in itertools.pairwise(edges):
        inside = (stated > low) & (stated <= high)
        if inside.any():
            lines.append(
                f"{low:>5.2f}..{high:<5.2f}{stated[inside].mean():>8.3f}{right[inside].mean():>8.3f}"
                f"{inside.sum():>6}"
            )
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--corpus", type=Path, default=CORPUS, help=f"folder with a manifest.csv (default {CORPUS})"
    )
    parser.add_argument(
        "--collection", choices=("corpus", "packages"), default="corpus", help="what to measure on"
    )
    parser.add_argument("--write", action="store_true", help="refresh the rules part of the calibration")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    if options.collection == "packages":
        sys.stdout.write("\n".join(measure_packages(options.seed)) + "\n")
        return 0
    cases, left_out = list(embedded_cases()), list[str]()
    if (options.corpus / "manifest.csv").is_file():
        found, left_out = corpus_cases(options.corpus)
        cases += found
    results = [run(case, options.seed) for case in cases]
    controls = [run(case, options.seed) for case in shuffled_cases(cases)]
    lines: list[str] = []
    for title, part in (
        ("Embedded sets", [r for r in results if r.case.id.startswith("embedded:")]),
        ("Corpus", [r for r in results if r.case.id.startswith("corpus:")]),
        ("Tables with shuffled columns", controls),
    ):
        if part:
            lines += [f"{title} ({len(part)})", *summary(part), ""]
    lines += ["Wrong structure or layout:", *failures([*results, *controls])]
    lines += ["", "Left out:", *(f"  {reason}" for reason in left_out), "", *trust(results)]
    if options.write:
        offered, missing = package_cases()
        shipped = [run(case, options.seed) for case in offered if case.sure]
        lines += ["", f"Sets of installed packages ({len(shipped)})", *(summary(shipped) if shipped else [])]
        lines += failures(shipped)
        lines += [f"  left out: {reason}" for reason in missing]
        results += shipped
        lines += ["", *trust(results)]
        calibration = calibrate(results, "python -m benchmarks.advisor.structure --write")
        CALIBRATION.write_text(calibration.to_json(), encoding="utf-8")
        lines.append(f"wrote {CALIBRATION.name}: {len(calibration.rules)} sets")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
