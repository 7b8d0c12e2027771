"""What speaks for a pair of an entity and a time, and when it convinces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from advisor.clocks import Clock

CHANCE = 0.1  # share of the repeats expected by chance that may be there
EXPECTED = 10  # repeats expected by chance from which on their absence tells something
TREND, MANY = 0.45, 15  # rank correlation with time that is growth, and entities that must share it
STEADY = 0.9  # rank correlation that needs no shared calendar
IN_ORDER = 0.98  # share of rows later than the one before, of a file that is in order
REGULAR, FILLED = 0.6, 0.5  # shares of usual steps, and of all entities at all times, that make a calendar
REMEMBER, REMEMBER_ALONE = 0.2, 0.5  # share of columns that remember, on such a calendar and without one
LONG = 8  # mean rows of an entity that a dated calendar needs where nothing remembers


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
        unlike_chance = unlike(self.repeats, self.chance, self.entities * self.rows_each)
        on_grid = self.regular >= REGULAR or self.filled >= FILLED
        if self.memory >= REMEMBER and on_grid:
            return unlike_chance or self.forward >= IN_ORDER
        if self.memory >= REMEMBER_ALONE and self.forward >= IN_ORDER:
            return True
        grows = self.trend >= TREND and (on_grid or self.trend >= STEADY)
        if grows and self.forward >= IN_ORDER and self.entities >= MANY:
            return True  # growth: too short to remember, but many entities that grow the same way
        return (
            self.clock.dated
            and unlike_chance
            and self.regular >= REGULAR
            and self.filled >= FILLED
            and self.rows_each >= LONG
        )

    @property
    def rank(self) -> tuple[float, ...]:
        """The better of two that convince: more memory, dates before numbers, longer series."""
        grid = max(self.regular, self.filled) >= REGULAR
        return (
            grid,
            round(self.memory * self.strength, 1),
            self.clock.dated,
            -len(self.entity),
            self.strength,
        )


def unlike(repeats: float, chance: float, n: float) -> bool:
    """Whether an entity and a time occur together twice far less often than they would by chance."""
    return chance * n >= EXPECTED and repeats <= CHANCE * chance
