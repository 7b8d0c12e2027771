"""``python -m benchmarks.advisor.nulls``: how often does a probe see what is not there?

For every probe: false positives on simulated data in which its fact is absent, the power on data in which it
is there, and what it does on data that its null does not cover. ``--write`` puts all of it into
``docs/probes.md``, or the sections of the probes that are named.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binom

from advisor import policy, probes
from advisor.intake import read
from advisor.probes.base import Evidence, wilson
from benchmarks.advisor import short_lines
from benchmarks.advisor import simulated as s
from benchmarks.advisor import simulated_rows as r
from benchmarks.environment import commit_of, environment

PAGE = Path(__file__).parents[2] / "docs" / "probes.md"
FIT = """\
Of a line of at most 60 columns the triples of one, two and three steps are counted together. They overlap, so
a binomial is fitted to simulated blocks of 1 to 12 columns by `benchmarks/advisor/short_lines.py`."""
Generator = Callable[[np.random.Generator], Any]
TABLES = (
    s.exchangeable,
    s.shared_factor,
    s.factor_model,
    s.own_units,
    s.blocks,
    s.nested_blocks,
    s.one_hot,
    s.repeated_measures,
    s.duplicated,
)
SERIES = (s.ar_series, s.walks, s.seasonal, s.multivariate, s.spectra, s.histograms)
PICTURES = (s.grey_pictures, s.colour_pictures)
ROWS = (
    r.exchangeable_rows,
    r.sorted_rows,
    r.grouped_rows,
    r.sorted_groups,
    r.stacked_halves,
    r.entities_and_numbers,
    r.sorted_entities,
    r.row_numbers,
    r.random_dates,
)


def found(fact: Evidence) -> bool:
    """Whether the probe says that the fact is there."""
    return fact.found


@dataclass(frozen=True)
class Simulation:
    """What is measured of one probe.

    Parameters
    ----------
    probe : str
        Its file name.
    level : float
        The highest rate of false positives that it claims.
    ground : str
        What the level rests on.
    nulls, alternatives, outside : tuple of generators
        Data without the fact; with it; and without it, but outside what the null covers.
    fires : callable
        What counts as seeing the fact.
    event : str
        The same in words.
    """

    probe: str
    level: float
    ground: str
    nulls: tuple[Generator, ...]
    alternatives: tuple[Generator, ...]
    outside: tuple[Generator, ...] = ()
    fires: Callable[[Evidence], bool] = found
    event: str = "found"

    def kinds(self) -> Iterator[tuple[str, Generator]]:
        """Each generator with the part it plays."""
        for kind in ("nulls", "alternatives", "outside"):
            for make in getattr(self, kind):
                yield kind.removesuffix("s"), make


# "bound": no p-value stands behind it; the rate is held to the level by simulation alone
SIMULATIONS = (
    Simulation(
        "adjacency",
        0.01,
        "permutation test",
        (s.exchangeable, s.shared_factor, s.factor_model, s.own_units),
        (*SERIES, *PICTURES),
        (s.blocks, s.nested_blocks, s.one_hot, s.repeated_measures, s.duplicated),
    ),
    Simulation("column_order", 0.01, "binomial test of blocks", TABLES, (*SERIES, *PICTURES)),
    Simulation("line_length", 0.01, "bound", (*TABLES, s.ar_series, s.walks), PICTURES, SERIES[2:]),
    Simulation(
        "channels",
        0.01,
        "bound",
        (s.ar_series, s.walks),
        (s.multivariate, s.colour_pictures),
        (s.seasonal, s.spectra, s.histograms, s.grey_pictures),
    ),
    Simulation(
        "letter_positions", 0.01, "binomial test of blocks", (s.category_columns,), (s.letter_columns,)
    ),
    Simulation(
        "scrambled_columns",
        0.01,
        "bound",
        (*TABLES, s.mixed_blocks),
        (s.mixed_series, s.mixed_pictures),
    ),
    Simulation(
        "declared_axes",
        0.01,
        "binomial test of blocks",
        (s.stacked_series,),
        (s.stacked_pictures,),
        fires=lambda fact: fact.details["structure"] == "image",
        event="called a picture",
    ),
    Simulation(
        "profile_shape", 0.01, "bound", (s.ar_series, s.walks, s.multivariate), (s.spectra, s.histograms)
    ),
    Simulation("text_columns", 0.01, "bound", (s.category_names,), (s.sentences,)),
    Simulation("time_axis", 0.01, "bound", ROWS, (r.timed_rows,)),
    Simulation("panel", 0.01, "bound", ROWS, (r.panels,), (r.timed_rows,)),
    Simulation(
        "lag_columns", 0.01, "bound", (*ROWS, r.timed_rows, r.panels, r.ar_rows, r.walk_rows), (r.lag_rows,)
    ),
    Simulation(
        "row_order",
        0.005,
        "permutation test",
        (r.exchangeable_rows, r.row_numbers, r.random_dates),
        (r.ar_rows, r.walk_rows, r.timed_rows, r.panels),
        (r.sorted_rows, r.grouped_rows, r.sorted_groups, r.stacked_halves, r.sorted_entities),
    ),
    Simulation(
        "row_order",
        0.01,
        "bound",
        ROWS,
        (r.ar_rows, r.walk_rows, r.timed_rows),
        fires=lambda fact: fact.found and fact.value >= 0.7 and fact.details["moving"] >= 0.7,
        event="most columns move step by step, as the rule moving_rows asks",
    ),
)


@dataclass(frozen=True)
class Rate:
    """How often a probe fired on the data of one generator."""

    simulation: Simulation
    kind: str
    data: str
    fired: int
    of: int
    milliseconds: float
    example: Evidence | None

    @property
    def above(self) -> bool:
        """Whether a rate this high has a chance below 1 in 1,000 at the level claimed."""
        return self.kind == "null" and float(binom.sf(self.fired - 1, self.of, self.simulation.level)) < 0.001

    def __str__(self) -> str:
        low, high = wilson(self.fired, self.of) or (0.0, 1.0)
        return (
            f"{self.simulation.probe:18} {self.kind:12} {self.data:21} {self.fired:4} of {self.of:4}  "
            f"{low:6.1%} to {high:6.1%}  {self.milliseconds:7.1f} ms"
            f"{'  ABOVE ITS LEVEL' if self.above else ''}"
        )


def measure(
    simulations: Iterable[Simulation] = SIMULATIONS, repeats: int = 200, seed: int = 0
) -> Iterator[Rate]:
    """Simulate, and count; one table serves all probes that look at the same kind of data.

    Parameters
    ----------
    simulations : iterable of Simulation
        What to measure.
    repeats : int
        Data sets per generator.
    seed : int
        Of everything.

    Yields
    ------
    Rate
        For each simulation and generator.
    """
    users: dict[Generator, list[tuple[Simulation, str]]] = {}
    for simulation in simulations:
        for kind, make in simulation.kinds():
            users.setdefault(make, []).append((simulation, kind))
    for make, parts in users.items():
        fired, seconds = np.zeros(len(parts), np.intp), np.zeros((len(parts), repeats))
        examples: list[Evidence | None] = [None] * len(parts)
        for repeat in range(repeats):
            rng = np.random.default_rng([seed, repeat, *make.__name__.encode()])
            table = read(make(rng), None, rng)
            table.geometry  # noqa: B018 - shared by the probes of columns, so no part of the time of one
            for i, (simulation, _) in enumerate(parts):
                start = time.perf_counter()
                fact = importlib.import_module(f"advisor.probes.{simulation.probe}").measure(table, rng)
                seconds[i, repeat] = time.perf_counter() - start
                fired[i] += fact is not None and simulation.fires(fact)
                examples[i] = examples[i] or fact
        for i, (simulation, kind) in enumerate(parts):
            usual = 1000 * float(np.median(seconds[i]))
            yield Rate(simulation, kind, make.__name__, int(fired[i]), repeats, usual, examples[i])


def rules_of(probe: str) -> list[str]:
    """Rules of the policy that read a probe, from their source."""
    rules = (*policy.RULES, policy.table_of_columns)
    return [rule.__name__ for rule in rules if f'"{probe}"' in inspect.getsource(rule)]


def page(rates: list[Rate], command: str, fit: list[str]) -> str:
    """The whole of ``docs/probes.md``."""
    lines = [
        "# Probes",
        "",
        f"Written by `{command}`",
        f"{_when()}; do not edit. A section that was measured again says so.",
        "",
        "Each probe measures one fact. Its *false positives* are counted on simulated data in which the",
        "fact is absent, its *power* on data in which it is there, with 95% intervals by Wilson's method.",
        "*Outside the null* are data that do not have the fact either but that its null does not cover; the",
        "rules ask a second probe there. A level that is a *bound* rests on simulation and no p-value. Times",
        "leave out the geometry of the columns, which several probes share. What the rules make of them:",
        "[how it decides](deciding.md).",
        "",
        "![Each probe's statistic on data without the fact, with it, and on real data](figures/probes.svg)",
    ]
    for name in probes.names():
        lines += ["", *section(name, [rate for rate in rates if rate.simulation.probe == name])]
    lines += ["", "## Constants for short lines", "", FIT, "", *fit, "", *data()]
    return "\n".join(lines) + "\n"


def renewed(page: str, rates: list[Rate], command: str) -> str:
    """The page with the sections of these rates in place of its own; a new one is put in by its name."""
    names = dict.fromkeys(rate.simulation.probe for rate in rates)
    sections = [section(name, [rate for rate in rates if rate.simulation.probe == name]) for name in names]
    again = ["", f"Measured again by `{command}` {_when()}."]
    for lines in [*([*lines, *again] for lines in sections), data()]:
        heading = f"{lines[0]}\n"
        if heading in page:
            before, rest = page.split(heading, 1)
            _, mark, after = rest.partition("\n## ")
            after = mark + after
        else:
            headings = re.findall(r"^## .+\n", page, flags=re.M)  # probes in the order of names, then others
            behind = next(found for found in headings if found > heading or found[3].isupper())
            before, mark, after = page.partition(behind)
            after = f"\n{mark}{after}"
        page = before + "\n".join(lines) + "\n" + after
    return page


def data() -> list[str]:
    """What the generators make, as a table."""
    made = {make.__name__: make for simulation in SIMULATIONS for _, make in simulation.kinds()}
    lines = ["## The data", "", "| data | what they are |", "| --- | --- |"]
    return [*lines, *(f"| `{name}` | {summary(make)} |" for name, make in made.items())]


def _when() -> str:
    return f"at commit {commit_of(environment())} on {datetime.now(UTC).date()}"


def summary(thing: Any) -> str:
    """First paragraph of a docstring."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def section(name: str, rates: list[Rate]) -> list[str]:
    """What is known of one probe."""
    lines = [f"## {name}", "", summary(importlib.import_module(f"advisor.probes.{name}"))]
    examples = [rate.example for rate in rates if rate.example is not None]
    if examples:
        lines += ["", f"- unit: {examples[0].unit}", f"- null: {examples[0].null}"]
        lines += [f"- reference: {examples[0].reference}"]
    rules = ", ".join(f"`{rule}`" for rule in rules_of(name))
    lines += [f"- read by the rules: {rules or 'none'}"]
    if not rates:
        return [*lines, "- not simulated yet"]
    for simulation in dict.fromkeys(rate.simulation for rate in rates):
        lines += [
            "",
            f"Seen where {simulation.event}, level {simulation.level:g} ({simulation.ground})."
            if simulation.event != "found"
            else f"Level {simulation.level:g} ({simulation.ground}).",
            "",
            "| | data | seen | 95% | median ms |",
            "| --- | --- | --- | --- | --- |",
        ]
        words = {"null": "false positives", "alternative": "power", "outside": "outside the null"}
        own = [
            rate for kind in words for rate in rates if rate.simulation is simulation and rate.kind == kind
        ]
        for rate in own:
            low, high = wilson(rate.fired, rate.of) or (0.0, 1.0)
            lines.append(
                f"| {words[rate.kind]} | `{rate.data}` | {rate.fired} of {rate.of}"
                f"{' **above the level**' if rate.above else ''} | {low:.1%} to {high:.1%} "
                f"| {rate.milliseconds:.1f} |"
            )
    return lines


def fit_lines(draws: int) -> list[str]:
    """The constants of short lines, fitted again, as a table."""
    best, shipped = short_lines.fit_short_lines(draws)
    lines = [
        "| | chance of an ordered triple | triples that count | rejects, times the level | asks for |",
        "| --- | --- | --- | --- | --- |",
    ]
    for title, fit in (("best on the grid", best), ("shipped in `advisor/order.py`", shipped)):
        numbers = (
            f"{fit.chance:.2f} | {fit.independent:.2f} | at most {fit.excess:.2f} | {fit.asked:.1%} ordered"
        )
        lines.append(f"| {title} | {numbers} |")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("probes", nargs="*", help="probes to measure (default: all)")
    parser.add_argument("--repeats", type=int, default=200, help="data sets per generator (default 200)")
    parser.add_argument(
        "--draws", type=int, default=100_000, help="lines per fit of short lines (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}, or the sections named")
    options = parser.parse_args(arguments)
    if unknown := set(options.probes) - set(probes.names()):
        parser.error(f"no probe is called {', '.join(sorted(unknown))}")
    chosen = [
        simulation for simulation in SIMULATIONS if not options.probes or simulation.probe in options.probes
    ]
    sys.stdout.write(f"{'probe':18} {'part':12} {'data':21} {'seen':>12}  95% interval\n")
    rates = []
    for rate in measure(chosen, options.repeats, options.seed):
        rates.append(rate)
        sys.stdout.write(f"{rate}\n")
        sys.stdout.flush()
    if missing := set(probes.names()) - {simulation.probe for simulation in SIMULATIONS}:
        sys.stdout.write(f"not simulated: {', '.join(sorted(missing))}\n")
    command = " ".join(["python -m benchmarks.advisor.nulls --write", *options.probes])
    command += f" --repeats {options.repeats}"
    text = ""
    if not options.probes:
        fit = fit_lines(options.draws)
        sys.stdout.write("\n".join(["Short lines", *fit]) + "\n")
        text = page(rates, command, fit)
    if options.write:
        text = text or renewed(PAGE.read_text("utf-8"), rates, command)
        PAGE.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {PAGE.name}\n")
    return int(any(rate.above for rate in rates))


if __name__ == "__main__":
    sys.exit(main())
