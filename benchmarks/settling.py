"""Runs a study task by task and stops when the question of two candidates is settled: ``settle``.

The rule is fixed before the first result. Tasks come in an order drawn from the study's name. At a few looks,
after 12, 16 and then all independent sources if there are 22, the two candidates' test scores (each of
the configuration that validation chose, averaged over the tasks of a source) are compared by Wilcoxon's
signed-rank test. The run stops as soon as its p-value is at most a nominal level that is the same at all
looks, chosen so that the whole procedure errs with probability alpha at most [1]_. Where no look gets there,
or the time is over, the answer is that the question is not settled.

References
----------
.. [1] Pocock (1977). Group sequential methods in the design and analysis of clinical trials. Biometrika 64,
   191-199.
"""

from __future__ import annotations

import argparse
import json
import re
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from rich.console import Console

from advisor.errors import StudyError
from benchmarks.driver import clock, run_study
from benchmarks.engine import Engine
from benchmarks.engine.options import add_options, make_engine, positive
from benchmarks.plan import Study
from benchmarks.scores import BASELINE, selected
from benchmarks.store import Store

FEWEST, STEP = 12, 4  # sources at the first look, and until the next
_NODES = 128  # of the integral over where the sums stand: levels of 100 looks are then right to 1e-8
_BATCH = 2  # tasks between two looks at the clock


@dataclass(frozen=True)
class Look:
    """The test at one look.

    Parameters
    ----------
    sources : int
        Independent sources of data so far.
    difference : float
        Median over sources of the first candidate's test score minus the second's.
    ahead, behind : int
        Sources on which the first is ahead, and on which it is behind; it is level on the others.
    p : float
        Two-sided, of the signed-rank test.
    level : float
        The nominal level that p must not exceed.
    """

    sources: int
    difference: float
    ahead: int
    behind: int
    p: float
    level: float

    @property
    def settled(self) -> bool:
        """Whether the question is settled here."""
        return self.p <= self.level


@cache
def nominal_level(looks: tuple[int, ...], alpha: float = 0.05) -> float:
    r"""Give the level of each look at which all of them together err with probability ``alpha``.

    Under the null hypothesis the standardised statistics of the looks are about normal, with correlation
    :math:`\sqrt{n_i / n_j}` for :math:`n_i \le n_j`; the level is that of the constant c with
    :math:`P(\max_i |Z_i| > c) = \alpha`.

    Parameters
    ----------
    looks : tuple of int
        Sources at each look, rising.
    alpha : float
        Probability of a false answer of the whole procedure, in (0, 1).

    Returns
    -------
    float
        Nominal two-sided level.

    References
    ----------
    Pocock (1977), table 1: 0.0294 for two and 0.0221 for three equally spaced looks at alpha 0.05.
    Armitage, McPherson & Rowe (1969), JRSS A 132, 235-244: the density from look to look.

    Examples
    --------
    >>> round(nominal_level((10,)), 4), round(nominal_level((10, 20)), 4)
    (0.05, 0.0294)
    """
    from scipy import optimize, stats

    c = optimize.brentq(lambda c: 1 - _inside(looks, c) - alpha, 0.0, 10.0, xtol=1e-6)
    return float(2 * stats.norm.sf(c))


def _inside(looks: tuple[int, ...], c: float) -> float:
    """Probability that no statistic of the looks is beyond ±c.

    Their sums are a random walk with steps of variance 1, so that one integral a look, over where the walk
    stood at the one before, takes the place of one over all looks at once.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    stood, mass, before = np.zeros(1), np.ones(1), 0
    for n in looks:
        farthest = c * np.sqrt(n)
        apart = nodes[:, None] * farthest - stood
        moved = np.exp(-0.5 * apart**2 / (n - before)) / np.sqrt(2 * np.pi * (n - before))
        stood, mass, before = nodes * farthest, (moved @ mass) * weights * farthest, n
    return float(mass.sum())


def looks_of(sources: int) -> tuple[int, ...]:
    """After how many sources is looked.

    Examples
    --------
    >>> looks_of(22), looks_of(12), looks_of(9)
    ((12, 16, 22), (12,), (9,))
    """
    between = range(FEWEST, sources - STEP + 1, STEP)
    return (*between, sources)


def compare(frame: pd.DataFrame, a: str, b: str) -> pd.Series:
    """Test score of one candidate minus that of another, by source of the data.

    Raises
    ------
    StudyError
        If no task can be judged.
    """
    chosen = selected(frame[frame["candidate"].isin([a, b, BASELINE])])
    wide = chosen.pivot_table(index=["origin", "task"], columns="candidate", values="test")
    wide = wide.reindex(columns=[a, b])  # of no candidate are there results if no task can be judged
    difference: pd.Series = (wide[a] - wide[b]).dropna().groupby("origin").mean()
    if difference.empty:
        counts = ", ".join(f"{n} {status}" for status, n in frame["status"].value_counts().items())
        raise StudyError(
            f"a task must be left on which {a} and {b} can be compared",
            got=f"cells that are {counts}",
            do="see why with: python -m benchmarks status; a task whose dummy failed has no zero",
        )
    return difference


def tested(difference: pd.Series, level: float) -> Look:
    """Compare by the signed-rank test; sources without a difference count against one (Pratt 1959)."""
    from scipy import stats

    values = difference.to_numpy(float)
    p = float(stats.wilcoxon(values, zero_method="pratt").pvalue) if np.any(values) else 1.0
    ahead, behind = int((values > 0).sum()), int((values < 0).sum())
    return Look(len(values), float(np.median(values)), ahead, behind, p, level)


def settle(
    store: Store,
    study: Study,
    a: str,
    b: str,
    *,
    engine: Engine,
    minutes: float,
    alpha: float = 0.05,
    tell: Callable[[str], None] = print,
    **options: Any,
) -> list[Look]:
    """Run a study until the question is settled, the time is over, or all is done.

    Parameters
    ----------
    store, study, engine
        As :func:`benchmarks.driver.run_study` takes them.
    a, b : str
        The two candidates.
    minutes : float
        After which no further tasks are begun.
    alpha : float
        Probability of a false answer.
    tell : callable
        Called with a line after each look.
    **options
        Further arguments of :func:`~benchmarks.driver.run_study`.

    Returns
    -------
    list of Look
        In order; the last one decides.

    Raises
    ------
    StudyError
        If the two are one, the study lacks one of them, or the dummy that failed cells are scored by, or
        ``alpha`` is no probability.
    """
    if a == b or not 0 < alpha < 1:
        raise StudyError(
            "a question to settle takes two candidates and an alpha above 0 and below 1",
            got=f"{a}, {b}, {alpha:g}",
            do="compare for example gbt and mlp with alpha 0.05",
        )
    if missing := [name for name in (a, b, BASELINE) if name not in study.candidates]:
        raise StudyError(
            "the study must train both candidates and the dummy",
            got=f"{study.name!r} without {', '.join(missing)}",
            do="add them to its candidates",
        )
    survey = study.survey()
    for task, error in survey.failed.items():
        tell(f"left out: {task}: {error}")
    infos = survey.infos
    origins: dict[str, list[str]] = {}
    for info in infos:
        origins.setdefault(info.origin, []).append(info.id)
    order = sorted(origins, key=lambda origin: crc32(f"{study.name} {origin}".encode()))
    looks = looks_of(len(order))
    level, start, done = nominal_level(looks, alpha), time.monotonic(), 0
    tell(
        f"{len(order)} sources in a drawn order, looks after {', '.join(map(str, looks))}: settled at a "
        f"p of at most {level:.4f} (alpha {alpha:g} for all looks together)"
    )
    found: list[Look] = []
    for look in looks:
        while done < look:
            if (gone := time.monotonic() - start) > 60 * minutes:
                tell(f"the time is over after {clock(gone)} and {done} sources")
                return found
            done = min(done + _BATCH, look)
            tasks = [task for origin in order[:done] for task in origins[origin]]
            run_study(store, with_tasks(study, tasks), engine=engine, **options)
        found.append(tested(compare(store.frame(study.name), a, b), level))
        tell(words(found[-1], a, b))
        if found[-1].settled:
            break
    return found


def with_tasks(study: Study, tasks: Sequence[str]) -> Study:
    """The same study of other tasks, its text too.

    Examples
    --------
    >>> study = Study.parse('name = "s"\\ntasks = ["embedded:*"]\\ncandidates = ["dummy"]')
    >>> with_tasks(study, ["embedded:digits"]).tasks
    ('embedded:digits',)
    """
    start, end = _place_of_tasks(study)
    text = f"{study.text[:start]}tasks = {json.dumps(list(tasks), ensure_ascii=False)}{study.text[end:]}"
    where = f"the study {study.name!r} with some of its tasks"
    return Study.parse(text, where=where, files=study.files)


def _place_of_tasks(study: Study) -> tuple[int, int]:
    """Where the list of tasks stands in the text: up to the first bracket with which it is whole."""
    text = study.text
    for match in re.finditer(r"^[ \t]*tasks[ \t]*=[ \t]*\[", text, flags=re.M):
        for end in (i + 1 for i in range(match.end(), len(text)) if text[i] == "]"):
            try:
                held = tomllib.loads(text[match.start() : end])
            except tomllib.TOMLDecodeError:  # a bracket within a name or a comment
                continue
            if tuple(held["tasks"]) == study.tasks:
                return match.start(), end
            break
    raise StudyError(
        "the tasks of a study to settle must be one list, 'tasks = [...]', that begins its line",
        got=f"other text in the study {study.name!r}",
        do="write it so",
    )


def words(look: Look, a: str, b: str) -> str:
    """Say what a look shows.

    Examples
    --------
    >>> words(Look(12, 0.02, 10, 1, 0.004, 0.0221), "gbt", "mlp")
    'after 12 sources gbt is ahead of mlp on 10, by 0.020 at the median: p = 0.0040, settled'
    """
    first, second, ahead = (a, b, look.ahead) if look.difference >= 0 else (b, a, look.behind)
    return (
        f"after {look.sources} sources {first} is ahead of {second} on {ahead}, by "
        f"{abs(look.difference):.3f} at the median: p = {look.p:.4f}, "
        f"{'settled' if look.settled else 'not settled'}"
    )


# ---- the command ----


def add_command(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add ``settle`` to the commands."""
    added = command("settle", _command, "run a study until it is settled which of two candidates is better")
    added.add_argument("study", help="a study file")
    added.add_argument("first", help="a candidate")
    added.add_argument("second", help="the candidate it is compared with")
    added.add_argument("--minutes", type=positive, default=45, help="begin no task later (default: 45)")
    added.add_argument("--alpha", type=float, default=0.05, help="of all looks together (default: 0.05)")
    add_options(added)


def _command(args: argparse.Namespace) -> int:
    """Run and tell: that a question is not settled is an answer, too."""
    study, console = Study.read(args.study), Console(width=120)
    with Store(args.store, writable=True) as store:
        found = settle(
            store,
            study,
            args.first,
            args.second,
            engine=make_engine(args),
            minutes=args.minutes,
            alpha=args.alpha,
            tell=lambda line: console.print(line, highlight=False),
            console=console,
        )
    settled = bool(found) and found[-1].settled
    console.print("settled" if settled else "not settled: that takes more sources or more time")
    return 0
