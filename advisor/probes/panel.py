"""Are the rows several series, one per entity?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.clocks import Clock, in_order
from advisor.numbers import whole
from advisor.panels import IN_ORDER, Panel, unlike
from advisor.probes.base import Evidence
from advisor.ranks import midranks
from advisor.serial_dependence import LAGS, memory, window
from advisor.table import Table
from advisor.thinning import of_few_entities, of_recordings

Codes = NDArray[np.intp]

ROWS_EACH = 4  # mean rows of an entity
MOST = 100  # columns looked at as entity at most
CANDIDATES = 12  # columns tried as entity at most, and as many pairs of columns
REPEATS = 0.02  # share of rows that may repeat an entity and a time; five times that of the first LOOK
LOOK = 1000  # rows
USUAL = 0.105  # share of the usual step by which steps of one length may differ: months have 28 to 31 days
ALPHA = 0.001  # level of the test of memory, before correction for columns and pairs tried
COLUMNS = 24  # columns whose memory is measured
CLOCK = 0.99  # rank correlation with time above which a column counts time as well
FEWEST_PAIRS = 30  # pairs of rows that tell how far rows remember
BEYOND_DEALT = 0.1  # autocorrelation within entities beyond that within groups dealt at random
RISES = 0.98  # rank correlation of time and row in one series; recordings one after another have a third


@dataclass(frozen=True, slots=True)
class Pair:
    """An entity and a time of the same rows, those that lack either left out."""

    entity: tuple[Any, ...]
    clock: Clock
    usable: NDArray[np.bool_]  # which rows of the table have both
    codes: Codes  # entity of each of them
    times: NDArray[np.int64]  # its time, as a number from 0 up
    count: int  # entities
    levels: int  # times

    @classmethod
    def of(cls, entity: tuple[Any, ...], codes: Codes, clock: Clock, times: NDArray[np.int64]) -> Pair | None:
        """Leave rows out that lack either, as one may whose entity the caller named; None if all do."""
        usable = (times >= 0) & (codes >= 0)
        if not usable.any():
            return None
        if not usable.all():
            times, codes = times[usable], codes[usable]
        return cls(entity, clock, usable, codes, times, int(codes.max()) + 1, int(times.max()) + 1)

    @property
    def moments(self) -> NDArray[np.float64]:
        """Time of each row in the unit of the clock."""
        return self.clock.values[self.usable]

    def different(self, times: NDArray[np.int64]) -> int:
        """Count the combinations of entity and time, if these are the times of as many rows."""
        return len(pd.unique(self.codes[: len(times)].astype(np.int64) * self.levels + times))


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Find an entity and a time: within an entity each time occurs once, and values remember the one before.

    An entity is a column or a pair of columns, a time a date, a calendar in parts or a plain number. Order in
    the file does not matter. A table with a date and a category repeats them; in a design of crossed factors
    nothing is left to remember once the means of entities and of times are taken away; and where a quantity
    groups the rows of one series, groups dealt at random remember as much. Where the first rows
    hold but a few moments of a file in the order of time, the rows of a few entities are looked at instead;
    where they hold but one of several recordings, the first rows of each.
    """
    found = _find(table, rng)
    parts = chain(of_few_entities(table, rng), of_recordings(table))
    return found or next(filter(None, (_find(part, rng) for part in parts)), None)


def _find(table: Table, rng: np.random.Generator) -> Evidence | None:
    if table.form in ("array", "list_cells") or table.run.empty or len(table.run) < 4 * ROWS_EACH:
        return None
    roles = {c.label: c.role for c in table.columns if c.role != "ignore"}
    times = table.clocks
    if not times or _one_series(times):
        return None
    years = {label for clock in times if clock.dated for label in clock.labels}
    told = [label for label, role in roles.items() if role == "entity"]
    values = _values(table, roles)
    singles = _entities(table.run, roles)
    levels = {clock.labels: pd.factorize(clock.values)[0].astype(np.int64) for clock in times}
    found: list[Panel] = []
    tried = 0
    for entities in _candidates(table.run, singles, told):
        for entity, codes in entities:
            for clock in times:
                if set(entity) & set(clock.labels) or (not clock.dated and set(entity) & years):
                    continue
                tried += 1
                pair = Pair.of(entity, codes, clock, levels[clock.labels])
                panel = None if pair is None else _judge(pair, values, tried, bool(told), rng)
                if panel is not None and (panel.convincing or told):
                    found.append(panel)
        if found:
            break
    if not found:
        return None
    best = max(found, key=lambda panel: panel.rank)
    named = " + ".join(repr(str(label)) for label in best.entity)
    return Evidence(
        name="panel",
        value=best.strength,
        unit="autocorrelation within entities, means of entities and times taken away, -1..1",
        interval=None,
        p_value=None,
        null="entity and time unrelated: they repeat as often as dealt at random, and no value remembers",
        rows_used=len(table.run),
        reference="von Neumann (1941), Ann. Math. Stat. 12, 367-395; Cuomo et al. (2021), CEUR-WS 3163",
        summary=(
            f"{best.entities} entities in {named}; time in {best.clock.name} occurs once in each "
            f"({best.repeats:.1%} of rows repeat, {best.chance:.0%} by chance); {best.memory:.0%} of columns "
            f"remember the value before ({best.strength:.2f}); {tried} pairs of columns tried"
        ),
        found=True,
        details={
            "entity": _shown(best.entity),
            "time": _shown(best.clock.labels),
            "entity_columns": [str(label) for label in best.entity],
            "time_columns": [str(label) for label in best.clock.labels],
            "entities": best.entities,
            "memory": round(best.memory, 4),
            "sorted": best.forward >= IN_ORDER,
            "tried": tried,
            "window": _window(table.run, best, values),
        },
    )


def _window(run: pd.DataFrame, panel: Panel, values: dict[Any, NDArray[np.float64]]) -> int:
    """How far rows of one entity remember, in whatever order the file holds them."""
    columns = [rank for label, rank in values.items() if label not in (*panel.entity, *panel.clock.labels)]
    if not columns:
        return window({}, int(panel.rows_each))
    codes = pd.factorize(pd.MultiIndex.from_frame(run[list(panel.entity)]))[0]
    order = np.lexsort((panel.clock.values, codes))
    codes, held = codes[order], np.column_stack(columns)[order]
    held = (held - held.mean(axis=0)) / np.maximum(held.std(axis=0), 1e-9)
    profile = {}
    for lag in LAGS:
        inside = codes[lag:] == codes[:-lag]
        if inside.sum() < FEWEST_PAIRS:
            break
        profile[lag] = float(np.abs((held[lag:] * held[:-lag])[inside].mean(axis=0)).mean())
    return window(profile, int(panel.rows_each))


def _shown(labels: tuple[Any, ...]) -> str:
    return " + ".join(map(str, labels))


def _one_series(times: list[Clock]) -> bool:
    """Whether some clock counts every row of the file once, in order: then there is one series.

    Of recordings one after another, each with its own dates, almost all steps go forward as well; but over
    the file as a whole the time does not rise.
    """
    return any(
        clock.dated and in_order(clock.values)[0] >= IN_ORDER and _rises(clock.values) for clock in times
    )


def _rises(values: NDArray[np.float64]) -> bool:
    """Whether time goes one way over the file as a whole: its rank correlation with the row."""
    ranks = midranks(values)
    place = np.arange(len(ranks))
    return bool(abs(np.corrcoef(ranks, place)[0, 1]) >= RISES)


def _entities(run: pd.DataFrame, roles: dict[Any, Any]) -> list[tuple[tuple[Any, ...], Codes]]:
    found = []
    number = {}
    for label, column in run.items():
        role = roles.get(label)  # none for the target
        number[label] = pd.api.types.is_numeric_dtype(column.dtype)
        if role not in ("numeric", "ordinal", "categorical", "text", "entity"):
            continue
        if pd.api.types.is_float_dtype(column.dtype):
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            if not whole(values[:200]) or not whole(values):
                continue
        codes, names = pd.factorize(column)
        if len(names) < 2 or (codes < 0).any() or len(run) < 2 * len(names):
            continue
        found.append(((label,), codes))
        if len(found) == MOST:
            break

    # names before numbers, and flags last: a quantity or a flag is rarely the name of a thing
    def place(one: tuple[tuple[Any, ...], Codes]) -> tuple[bool, bool, bool]:
        label = one[0][0]
        return roles[label] != "entity", int(one[1].max()) < 2, number[label]

    return sorted(found, key=place)


def _candidates(
    run: pd.DataFrame, singles: list[tuple[tuple[Any, ...], Codes]], told: list[Any]
) -> list[list[tuple[tuple[Any, ...], Codes]]]:
    """Single columns, then pairs of columns; if the caller named entities, those together alone."""
    if told:
        codes = (
            pd.factorize(pd.MultiIndex.from_frame(run[told]))[0]
            if len(told) > 1
            else pd.factorize(run[told[0]])[0]
        )
        return [[(tuple(told), codes)]]
    pairs = []
    for (first, a), (second, b) in combinations(singles[:6], 2):
        codes, names = pd.factorize(a * (int(b.max()) + 1) + b)
        if len(names) > max(a.max(), b.max()) + 1 and len(run) >= ROWS_EACH * len(names):
            pairs.append(((*first, *second), codes))
    return [singles[:CANDIDATES], pairs[:CANDIDATES]]


def _values(table: Table, roles: dict[Any, Any]) -> dict[Any, NDArray[np.float64]]:
    """Ranks of the columns that may remember, the target among them."""
    kept = {}
    for label in [*list(table.run.columns)[:COLUMNS], *list(table.run.columns)[COLUMNS:][-1:]]:
        column = table.run[label]
        if roles.get(label, "numeric") not in ("numeric", "ordinal"):
            continue
        if not pd.api.types.is_numeric_dtype(column.dtype):
            continue
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isnan(values).mean() > 0.5:
            continue
        kept[label] = midranks(np.where(np.isnan(values), np.nanmedian(values), values))
    return kept


def _judge(
    pair: Pair, values: dict[Any, NDArray[np.float64]], tried: int, told: bool, rng: np.random.Generator
) -> Panel | None:
    """Say what speaks for a pair, the so-manieth tried; None if it cannot be an entity and its time."""
    if not _possible(pair):
        return None
    codes, n = pair.codes, len(pair.codes)
    repeats = 1 - pair.different(pair.times) / n
    if repeats > REPEATS:
        return None
    chance = 1 - pair.different(rng.permutation(pair.times)) / n
    moments = pair.moments
    forward = _forward(codes, moments)
    if not pair.clock.dated and not _shared(codes, moments):
        return None  # one entity after the other: a sorted file
    unlike_chance = unlike(repeats, chance, n)
    if not told and forward < IN_ORDER and not unlike_chance:
        return None  # whatever values remember
    order = np.lexsort((moments, codes))
    own = told or unlike_chance or _together(codes)  # groups that chance does not deal
    share, strength, trend = _memory(pair, values, order, own, tried, rng)
    return Panel(
        entity=pair.entity,
        clock=pair.clock,
        entities=pair.count,
        rows_each=n / pair.count,
        repeats=repeats,
        chance=chance,
        forward=forward,
        regular=_regular(codes[order], moments[order]),
        filled=n / (pair.count * pair.levels),
        memory=share,
        strength=strength,
        trend=trend,
    )


def _possible(pair: Pair) -> bool:
    """Whether the entities have rows enough, and no more than an entity and a time may have."""
    n, count, levels, dated = len(pair.codes), pair.count, pair.levels, pair.clock.dated
    if n / count < ROWS_EACH or levels < ROWS_EACH + (not dated) or n > (1 + REPEATS) * count * levels:
        return False
    if not dated and 2 * levels > n:
        return False  # one number a row: a sorted file
    start = pair.times[:LOOK]
    return pair.different(start) >= (1 - 5 * REPEATS) * len(start)


def _regular(codes: Codes, moments: NDArray[np.float64]) -> float:
    """Share of steps in time within entities, whose rows stand together in order, of the usual length."""
    steps = np.diff(moments)[np.diff(codes) == 0]
    positive = steps[steps > 0]
    if not len(positive):
        return 0.0
    usual = float(np.median(positive))
    return float((np.abs(positive - usual) <= USUAL * usual).mean())


def _memory(
    pair: Pair,
    values: dict[Any, NDArray[np.float64]],
    order: Codes,
    own: bool,
    tried: int,
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """Share of columns that remember within entities, their mean autocorrelation, and the highest trend.

    Only entities that chance would not deal have a trend, and memory that counts whatever groups of other
    rows remember.
    """
    used = (*pair.entity, *pair.clock.labels)
    others = [held[pair.usable] for label, held in values.items() if label not in used]
    if not others:
        return 0.0, 0.0, 0.0
    columns, codes, moments = np.column_stack(others), pair.codes, pair.moments
    trend = _trend(columns, codes, midranks(moments)) if own else 0.0
    hits, gain = memory(columns, codes, pair.times, order, ALPHA / (tried * len(others)), rng)
    if hits.any() and not own:
        hits &= gain > BEYOND_DEALT + _dealt(columns, codes, pair.times, moments, rng)
    known = ~np.isnan(gain)
    if not known.any():
        return 0.0, 0.0, trend
    return float(hits[known].mean()), float(gain[hits if hits.any() else known].mean()), trend


def _trend(columns: NDArray[np.float64], codes: Codes, clock: NDArray[np.float64]) -> float:
    """Highest rank correlation with time within entities; columns that are clocks do not count."""
    count = np.bincount(codes).astype(np.float64)

    def within(values: NDArray[np.float64]) -> NDArray[np.float64]:
        rest: NDArray[np.float64] = values - (np.bincount(codes, values) / count)[codes]
        return rest / max(float(np.sqrt(rest @ rest)), 1e-9)

    moved = within(clock)
    agreement = [abs(float(within(column) @ moved)) for column in columns.T]
    return max((value for value in agreement if value < CLOCK), default=0.0)


def _dealt(
    columns: NDArray[np.float64],
    codes: Codes,
    times: NDArray[np.int64],
    moments: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Memory within groups of the same sizes that are dealt to the rows at random, at least 0.

    Where the whole file is one series, the rows of any group remember those before them.
    """
    dealt = rng.permutation(codes)
    gain = memory(columns, dealt, times, np.lexsort((moments, dealt)), ALPHA, rng)[1]
    return np.maximum(np.nan_to_num(gain), 0.0)


def _together(codes: Codes) -> bool:
    """Whether the rows of an entity stand together in the file, as groups dealt at random do not."""
    return int(np.count_nonzero(np.diff(codes))) < 2 * (int(codes.max()) + 1)


def _forward(codes: Codes, clock: NDArray[np.float64]) -> float:
    """Share of steps within entities, in file order, that go strictly forward, or backward if more do."""
    order = np.argsort(codes, kind="stable")
    steps = np.diff(clock[order])[np.diff(codes[order]) == 0]
    return float(max((steps > 0).mean(), (steps < 0).mean())) if len(steps) >= ROWS_EACH else 0.0


def _shared(codes: Codes, clock: NDArray[np.float64]) -> bool:
    """Whether most entities live at times at which others live too, rather than one after another."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    first = np.minimum.reduceat(clock[order], starts)
    last = np.maximum.reduceat(clock[order], starts)
    overlaps = [bool(((first < last[i]) & (last > first[i])).sum() > 1) for i in range(min(len(starts), 500))]
    return float(np.mean(overlaps)) > 0.5
