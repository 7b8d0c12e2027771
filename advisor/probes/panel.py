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
from advisor.probes.base import Evidence
from advisor.ranks import midranks
from advisor.serial_dependence import LAGS, memory, window
from advisor.table import Table
from advisor.thinning import of_few_entities, of_recordings

Codes = NDArray[np.intp]

ROWS_EACH = 4  # mean rows of an entity
MOST = 100  # columns looked at as entity at most
CANDIDATES = 12  # columns tried as entity at most, and as many pairs of columns
REPEATS = 0.02  # share of rows that may repeat an entity and a time
CHANCE = 0.1  # share of the repeats expected by chance that may be there
ALPHA = 0.001  # level of the test of memory, before correction for columns and pairs tried
COLUMNS = 24  # columns whose memory is measured
CLOCK = 0.99  # rank correlation with time above which a column counts time as well
TREND, MANY = 0.45, 15  # rank correlation with time that is growth, and entities that must share it
STEADY = 0.9  # rank correlation that needs no shared calendar
FEWEST_PAIRS = 30  # pairs of rows that tell how far rows remember
IN_ORDER = 0.98  # share of rows later than the one before, of a file that is in order
BEYOND_DEALT = 0.1  # autocorrelation within entities beyond that within groups dealt at random
RISES = 0.98  # rank correlation of time and row in one series; recordings one after another have a third


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of an entity and a time, with what speaks for it."""

    entity: tuple[Any, ...]
    clock: Clock
    entities: int
    rows_each: float
    repeats: float  # share of rows whose entity and time occurred before
    chance: float  # the same if times were dealt to the rows at random
    forward: float  # share of rows later than the row of the same entity before, in file order
    regular: float  # share of steps in time within entities that have the usual length
    filled: float  # share of all combinations of entity and time that are there
    memory: float  # share of columns with memory within entities
    strength: float  # mean autocorrelation of those
    trend: float  # highest rank correlation of a column with time, within entities

    @property
    def convincing(self) -> bool:
        """A pair in which time occurs once within each entity, beyond chance, and by more than a design.

        Combinations of factors also occur once each. What a panel has beyond them is a calendar that is
        shared and regular, or values that remember the value before.
        """
        unlike_chance = _unlike(self.repeats, self.chance, self.entities * self.rows_each)
        on_grid = self.regular >= 0.6 or self.filled >= 0.5
        if self.memory >= 0.2 and on_grid:
            return unlike_chance or self.forward >= IN_ORDER
        if self.memory >= 0.5 and self.forward >= IN_ORDER:
            return True
        grows = self.trend >= TREND and (on_grid or self.trend >= STEADY)
        if grows and self.forward >= IN_ORDER and self.entities >= MANY:
            return True  # growth: too short to remember, but many entities that grow the same way
        return (
            self.clock.dated
            and unlike_chance
            and self.regular >= 0.6
            and self.filled >= 0.5
            and self.rows_each >= 8
        )

    @property
    def rank(self) -> tuple[float, ...]:
        """The better of two that convince: more memory, dates before numbers, longer series."""
        grid = max(self.regular, self.filled) >= 0.6
        return (
            grid,
            round(self.memory * self.strength, 1),
            self.clock.dated,
            -len(self.entity),
            self.strength,
        )


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
                panel = _judge(entity, codes, clock, levels[clock.labels], values, tried, bool(told), rng)
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
    entity: tuple[Any, ...],
    codes: Codes,
    clock: Clock,
    times: NDArray[np.int64],
    values: dict[Any, NDArray[np.float64]],
    tried: int,
    told: bool,
    rng: np.random.Generator,
) -> Panel | None:
    usable = (times >= 0) & (codes >= 0)  # an entity that the caller named may be missing
    every = bool(usable.all())
    if not usable.any():
        return None
    if not every:
        times, codes = times[usable], codes[usable]
    n, count, levels = len(codes), int(codes.max()) + 1, int(times.max()) + 1
    if n / count < ROWS_EACH or levels < ROWS_EACH + (not clock.dated) or n > (1 + REPEATS) * count * levels:
        return None
    if not clock.dated and 2 * levels > n:
        return None  # one number a row: a sorted file
    cells = codes.astype(np.int64) * levels + times
    start = cells[:1000]
    if len(pd.unique(start)) < (1 - 5 * REPEATS) * len(start):
        return None
    repeats = 1 - len(pd.unique(cells)) / n
    if repeats > REPEATS:
        return None
    dealt = codes.astype(np.int64) * levels + rng.permutation(times)
    chance = 1 - len(pd.unique(dealt)) / n
    moments = clock.values[usable]
    forward = _forward(codes, moments)
    if not clock.dated and not _shared(codes, moments):
        return None  # one entity after the other: a sorted file
    if not told and forward < IN_ORDER and not _unlike(repeats, chance, n):
        return None  # whatever values remember
    order = np.lexsort((moments, codes))
    inside = np.diff(codes[order]) == 0
    steps = np.diff(moments[order])[inside]
    positive = steps[steps > 0]
    usual = float(np.median(positive)) if len(positive) else 1.0
    regular = float((np.abs(positive - usual) <= 0.105 * usual).mean()) if len(positive) else 0.0
    others = [
        v if every else v[usable] for label, v in values.items() if label not in (*entity, *clock.labels)
    ]
    own = told or _unlike(repeats, chance, n) or _together(codes)  # groups that chance does not deal
    share, strength, trend = 0.0, 0.0, 0.0
    if others:
        columns = np.column_stack(others)
        trend = _trend(columns, codes, midranks(moments)) if own else 0.0
        hits, gain = memory(columns, codes, times, order, ALPHA / (tried * len(others)), rng)
        if hits.any() and not own:
            hits &= gain > BEYOND_DEALT + _dealt(columns, codes, times, moments, rng)
        known = ~np.isnan(gain)
        share = float(hits[known].mean()) if known.any() else 0.0
        strength = float(gain[hits if hits.any() else known].mean()) if known.any() else 0.0
    return Panel(
        entity,
        clock,
        count,
        n / count,
        repeats,
        chance,
        forward,
        regular,
        n / (count * levels),
        share,
        strength,
        trend,
    )


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


def _unlike(repeats: float, chance: float, n: float) -> bool:
    """Whether an entity and a time occur together twice far less often than they would by chance."""
    return chance * n >= 10 and repeats <= CHANCE * chance


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
