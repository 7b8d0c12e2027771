"""A budget of fit time for each search: which trials of a (task, candidate) still belong to it.

A trial belongs if the trials before it have not spent the budget; so the default always does, and the trial
that crosses the line is finished. The rule is a study's, not a cell's: nothing is written about the trials
beyond. They are told apart when results are read, so that another study may run them, and a larger budget
goes on from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

BEYOND = "beyond budget"  # the status, in a results frame, of cells that a search did not get to
_LOST = ("validation", "test", "fit_seconds", "predict_seconds", "peak_mb")


class Budget:
    """What searches have spent of their time.

    Parameters
    ----------
    seconds : float
        Fit time of all folds and seeds that a candidate may spend on a task.
    cell_seconds : float
        What a cell that was stopped for its time has spent.

    Examples
    --------
    >>> budget = Budget(10, cell_seconds=60)
    >>> budget.spend("t", "mlp", 0, "ok", 7.0)
    >>> budget.spend("t", "mlp", 1, "ok", 7.0)
    >>> [budget.allows("t", "mlp", trial) for trial in (0, 1, 2)]
    [True, True, False]
    """

    def __init__(self, seconds: float, *, cell_seconds: float) -> None:
        self.seconds, self.cell_seconds = seconds, cell_seconds
        self._spent: defaultdict[tuple[str, str], defaultdict[int, float]]
        self._spent = defaultdict(lambda: defaultdict(float))

    def spend(self, task: str, candidate: str, trial: int, status: str, seconds: float | None) -> None:
        """Take in what a finished cell took."""
        if seconds is None or seconds != seconds:  # NaN: a frame has no None
            seconds = self.cell_seconds if status == "timeout" else 0.0
        self._spent[task, candidate][trial] += seconds

    def allows(self, task: str, candidate: str, trial: int) -> bool:
        """Whether the trials before this one have left something, as far as they are known."""
        spent = self._spent[task, candidate]
        return trial == 0 or sum(s for before, s in spent.items() if before < trial) < self.seconds


def mark_beyond(records: Iterable[dict[str, Any]], settings: Mapping[str, Any]) -> None:
    """Give the cells beyond the budget of a study their status, whether they have been run or not.

    Parameters
    ----------
    records : iterable of dict
        Rows of a results frame; changed in place.
    settings : mapping
        The study file: ``search_seconds`` and ``cell_seconds``.
    """
    seconds = settings.get("search_seconds")
    if seconds is None:
        return
    records = list(records)
    budget = Budget(seconds, cell_seconds=settings.get("cell_seconds", 3_600.0))
    for r in records:
        budget.spend(r["task"], r["candidate"], r["trial"], r["status"], r["fit_seconds"])
    for r in records:
        if not budget.allows(r["task"], r["candidate"], r["trial"]):
            r.update(dict.fromkeys(_LOST), status=BEYOND, extra={}, environment={}, finished="")
            r["reason"] = f"earlier trials have spent the {seconds:g} s of search_seconds"
