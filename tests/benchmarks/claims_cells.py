"""Runs the cells of a claim at its smallest size."""

from __future__ import annotations

from benchmarks import claims
from benchmarks.run import Facts


def measured(name, *, pick):
    """Facts of the tiny cells that ``pick`` takes, by what it calls them."""
    experiment, found = claims.get(name), {}
    for cell in experiment.cells("tiny"):
        if (key := pick(cell)) is not None:
            facts = Facts()
            experiment.measure(cell, facts)
            found[key] = facts
    return found
