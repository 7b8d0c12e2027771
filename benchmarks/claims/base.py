"""What a claim, its grid of cells and its finding are; plain values, so that they can be stored and drawn."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import datasets
from benchmarks.cell import Cell, canonical_json
from datasets.task import TaskInfo

Size = Literal["tiny", "quick", "full"]
SIZES: tuple[Size, ...] = ("tiny", "quick", "full")
Verdict = Literal["holds", "holds with a limit", "not decided here", "does not hold here"]
SYNTHETIC = "synthetic:"  # tasks that are made in the cell, from its fold and its configuration


@dataclass(frozen=True)
class Claim:
    """What is claimed and how it is put to the test.

    Parameters
    ----------
    number : int
        Place in the list of claims.
    name : str
        That of the file.
    sentence : str
        The claim in one sentence.
    source : str
        Who claims it, where.
    design : str
        What is trained on what, and compared with what.
    data : str
        Which data sets.
    refuted_by : str
        The result that would speak against it.
    matters : float
        The least effect worth having, in the unit of the first one. Where the interval of an effect that is
        not shown reaches so far, the claim is left open and not refuted.
    searched : tuple of str
        Factors among whose values validation rows choose: a cell that failed is then one that was not chosen.
    version : int
        Raised when the code of the experiment changes in a way that changes its results.
    """

    number: int
    name: str
    sentence: str
    source: str
    design: str
    data: str
    refuted_by: str
    matters: float = 0.01
    searched: tuple[str, ...] = ()
    version: int = 1


@dataclass(frozen=True)
class Effect:
    """One measured difference with its interval.

    Parameters
    ----------
    what : str
        In words: what minus what.
    mean, low, high : float
        Mean over the units and its 95% limits; NaN limits of fewer than two units.
    n : int
        Independent units.
    unit : str
        Of the numbers.
    of : str
        What n counts, in the plural: sources of data, or seeds of a simulation.
    """

    what: str
    mean: float
    low: float
    high: float
    n: int
    unit: str = "points of the score"
    of: str = "sources"


@dataclass(frozen=True)
class Chart:
    """A figure as data, drawn by the report.

    Parameters
    ----------
    kind : {"lines", "bars", "tiles"}
        "lines" and "bars" take a long table; "tiles" a row of grey or colour pictures.
    title : str
        What is to be seen.
    table : list of dict
        Rows with the columns named below. Of tiles: ``pixels``, nested lists of shape (H, W) or (H, W, 3)
        with values from 0 to 1, and ``label``.
    x, y, by : str
        Columns: the axis, the value, and what a line or bar is of.
    low, high : str
        Columns of the limits of ``y``; empty for none.
    x_label, y_label : str
        Of the axes, with units.
    log_x : bool
        Whether x is drawn on a logarithmic scale.
    """

    kind: Literal["lines", "bars", "tiles"]
    title: str
    table: list[dict[str, Any]]
    x: str = ""
    y: str = ""
    by: str = ""
    low: str = ""
    high: str = ""
    x_label: str = ""
    y_label: str = ""
    log_x: bool = False


@dataclass(frozen=True)
class Judgement:
    """What came out.

    Parameters
    ----------
    verdict : {"holds", "holds with a limit", "not decided here", "does not hold here"}
        The decision, by a rule that is written in the code of ``judge``.
    words : str
        The result in a few sentences, with its limits.
    effects : tuple of Effect
        The first one decides, where the rule is no count or threshold.
    charts : tuple of Chart
        The first one is shown large.
    """

    verdict: Verdict
    words: str
    effects: tuple[Effect, ...]
    charts: tuple[Chart, ...] = ()


def grid(
    claim: Claim,
    *,
    tasks: Iterable[str],
    candidates: Sequence[str],
    levels: Mapping[str, Sequence[Any]],
    folds: int,
    **rules: Any,
) -> list[Cell]:
    """List the cells of an experiment: tasks x candidates x levels x folds.

    Parameters
    ----------
    claim : Claim
        Whose experiment it is.
    tasks : iterable of str
        Task ids, or names that begin with ``synthetic:``.
    candidates : sequence of str
        What is compared.
    levels : mapping of str to sequence
        Values of each factor; a cell's configuration is one of their combinations.
    folds : int
        Splits, or repetitions.
    **rules
        What else the work of a cell depends on; kept in its protocol.

    Returns
    -------
    list of Cell
        In that order.

    Examples
    --------
    >>> claim = Claim(0, "example", "", "", "", "", "")
    >>> made = grid(claim, tasks=["synthetic:noise"], candidates=["gbt"], levels={"n": [10, 20]}, folds=3)
    >>> len(made), made[0].config
    (6, '{"n":10}')
    """
    protocol = canonical_json({"claim": claim.name, "version": claim.version, **rules})
    points = [dict(zip(levels, values)) for values in product(*levels.values())]
    return [
        Cell(info.id, str(info.data_hash), candidate, canonical_json(point), fold, 0, protocol)
        for info in map(facts_of, tasks)
        for candidate in candidates
        for point in points
        for fold in range(folds)
    ]


def facts_of(task: str) -> TaskInfo:
    """Describe a task; one that is made in its cells has no values to describe."""
    if not task.startswith(SYNTHETIC):
        return datasets.describe(task)
    return TaskInfo(task, None, None, "classification", "accuracy", task, "", 0, 0)


def level(cell: Cell) -> dict[str, Any]:
    """The values of the factors of a cell."""
    values: dict[str, Any] = json.loads(cell.config)
    return values


def rules(cell: Cell) -> dict[str, Any]:
    """What else its work depends on, as it was given to :func:`grid`."""
    values: dict[str, Any] = json.loads(cell.protocol)
    return values


def with_levels(frame: pd.DataFrame) -> pd.DataFrame:
    """Add a column for each factor."""
    if frame.empty:
        return frame
    levels = pd.DataFrame([json.loads(config) for config in frame["config"]], index=frame.index)
    return frame.join(levels)


def effect(
    what: str,
    values: pd.Series | NDArray[np.float64],
    *,
    unit: str = "points of the score",
    of: str = "sources",
    level: float = 0.95,
) -> Effect:
    r"""Average independent values and give Student's interval of the mean.

    .. math:: \bar v \pm t_{n-1} \, s / \sqrt n

    Parameters
    ----------
    what : str
        In words.
    values : Series or array, shape (n,)
        One value per independent unit, such as the mean difference of each source; NaN are left out.
    unit : str
        Of the values.
    of : str
        What the units are, in the plural.
    level : float
        Coverage.

    Returns
    -------
    Effect
        NaN limits if there are fewer than two units.

    Examples
    --------
    >>> effect("a minus b", np.array([0.1, 0.3, 0.2]))
    Effect(what='a minus b', mean=0.2, low=-0.048, high=0.448, n=3, unit='points of the score', of='sources')
    """
    from scipy import stats

    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    n = len(values)
    mean = float(values.mean()) if n else math.nan
    if n < 2:
        return Effect(what, mean, math.nan, math.nan, n, unit, of)
    half = float(stats.t.ppf((1 + level) / 2, n - 1) * values.std(ddof=1) / math.sqrt(n))
    low, high = (round(float(v), 6) for v in (mean - half, mean + half))
    return Effect(what, round(mean, 6), low, high, n, unit, of)


def with_limits(found: Effect) -> str:
    """Write a difference with its interval, if it has one.

    Examples
    --------
    >>> with_limits(Effect("", 0.2, -0.1, 0.5, 8))
    '+0.200 [-0.100, +0.500]'
    >>> with_limits(Effect("", 0.2, float("nan"), float("nan"), 1))
    '+0.200'
    """
    return f"{found.mean:+.3f}" + (f" [{found.low:+.3f}, {found.high:+.3f}]" if found.n > 1 else "")


def not_shown(claim: Claim, *effects: Effect) -> Verdict:
    """Tell a claim that is refuted from one that the data leave open.

    Parameters
    ----------
    claim : Claim
        Its ``matters`` decides.
    *effects : Effect
        Those that had to be above zero and were not shown to be.

    Returns
    -------
    {"not decided here", "does not hold here"}
        The latter if one of them is smaller than what matters, with 97.5% confidence.

    Examples
    --------
    >>> claim = Claim(0, "example", "", "", "", "", "", matters=0.01)
    >>> not_shown(claim, Effect("", 0.02, -0.05, 0.09, 8)), not_shown(claim, Effect("", -0.05, -0.09, 0.0, 8))
    ('not decided here', 'does not hold here')
    """
    refuted = any(found.high < claim.matters for found in effects)
    return "does not hold here" if refuted else "not decided here"


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as a chart takes them."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def by_source(frame: pd.DataFrame, value: str = "test") -> pd.Series:
    """Average the values of each source: tasks of one origin are not independent.

    Examples
    --------
    >>> rows = pd.DataFrame({"origin": ["a", "a", "b"], "test": [0.5, 0.7, 0.9]})
    >>> by_source(rows).round(2).to_dict()
    {'a': 0.6, 'b': 0.9}
    """
    return frame.groupby("origin")[value].mean()
