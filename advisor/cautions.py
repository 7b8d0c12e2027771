"""Warnings that are cheap and save a project."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from advisor.dates import ORDERED, day_first
from advisor.leaks import leaks
from advisor.policy import Verdict
from advisor.probes.base import Evidence
from advisor.ranks import midranks
from advisor.roles import LEFT_OUT
from advisor.table import FEWEST_ROWS, RUN, Table
from advisor.target import hides_a_class

FEW_ROWS = {"cnn": 500, "lstm": 500, "gbt": 100}  # below this, folds differ more than families do
REPEATED = 0.02  # share of repeated rows that is worth a word
SHOWN = 3  # columns named in one sentence
FIRST_COMPARED = 32  # columns in which rows are compared first
DEPENDENT = 0.2  # dependence on the row before that is worth a word
GROUPS = 12  # columns tried as groups at most
SKEWED = 5.0  # skewness of a target from which its logarithm is the better target
FAR = 30.0  # distances between quartiles that a target may lie off its median


def cautions(table: Table, facts: Mapping[str, Evidence], verdict: Verdict, family: str) -> tuple[str, ...]:
    """Collect the warnings: inputs are judged on 8192 rows at most, the target on all where that is cheap.

    Examples
    --------
    >>> from advisor import advise
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> [w.split(":")[0] for w in advise(X, np.arange(60) % 2).warnings]
    ['60 rows are few for gbt']
    """
    return tuple(sentence for _, sentence in named(table, facts, verdict, family))


def named(
    table: Table, facts: Mapping[str, Evidence], verdict: Verdict, family: str
) -> list[tuple[str, str]]:
    """Collect the warnings, each with what it is about: "duplicates", "leak", "identifier", ...

    Examples
    --------
    >>> from advisor.intake import read
    >>> from advisor.policy import decide
    >>> from advisor.probes import measure
    >>> rng = np.random.default_rng(0)
    >>> table = read(rng.normal(size=(60, 4)), np.arange(60) % 2, rng)
    >>> facts = measure(table)
    >>> [about for about, _ in named(table, facts, decide(table, facts), "gbt")]
    ['few rows']
    """
    sorted_by_target = _sorted_target(table, verdict)
    found = [
        *(("note", note) for note in table.notes),
        ("dependent rows", _dependent_rows(table, facts, verdict, sorted_by_target is not None)),
        ("sorted rows", sorted_by_target),
        ("groups", _groups(table, verdict)),
        ("duplicates", _duplicates(table)),
        ("few rows", _few_rows(table, family)),
        ("missing target", _missing_target(table)),
        *(("classes", sentence) for sentence in _classes(table)),
        ("far target", _far_target(table)),
        *(("leak", sentence) for sentence in leaks(table)),
        ("nothing", _nothing(table, verdict)),
        ("identifier", _names(table)),
        ("text", _text(table, verdict)),
        ("two readings", _two_readings(table)),
    ]
    return [(about, sentence) for about, sentence in found if sentence]


def _dependent_rows(
    table: Table, facts: Mapping[str, Evidence], verdict: Verdict, explained: bool
) -> str | None:
    if verdict.form == "panel":
        entity = " + ".join(verdict.folding["entity"])
        return f"rows of one {entity!r} belong together: split by it, or by time, never at random"
    if verdict.form == "long_series":
        rows = facts.get("row_order")
        depend = rows is None or rows.found
        return (
            f"{'rows depend on the rows before them' if depend else 'rows are steps in time'}: split by time "
            "(first rows to train, last to test), never at random"
        )
    told = [c.name for c in table.columns if c.role == "entity"]
    if told:
        return f"rows of one {' + '.join(told)!r} belong together: split by it, never at random"
    lags = facts.get("lag_columns")
    if lags is not None and lags.found:
        return f"{lags.summary}; split by time, or rows in test hold what rows in training were to predict"
    rows = facts.get("row_order")
    if explained or rows is None or not rows.found:
        return None
    if table.target is None:
        kept, what = rows.value, "rows depend"
    else:
        kept, what = _kept_by_target(table), "the target depends"
    if kept <= DEPENDENT:
        return None
    return (
        f"{what} on the row before (by {kept:.2f}; 0 is chance): sorted, grouped or in time? split by what "
        "rows share"
    )


def _kept_by_target(table: Table) -> float:
    """How far the target repeats that of the row before: rank autocorrelation, or agreement beyond chance."""
    assert table.target is not None
    y = table.target.iloc[:RUN].dropna()
    if len(y) < 30:
        return 0.0
    if table.kind == "regression":
        ranks = midranks(y.to_numpy(dtype=np.float64))
        before, after = ranks[:-1], ranks[1:]
        varies = np.ptp(before) > 0 and np.ptp(after) > 0
        return float(np.corrcoef(before, after)[0, 1]) if varies else 0.0
    codes = pd.factorize(y)[0]
    chance = float(((np.bincount(codes) / len(codes)) ** 2).sum())
    return (float((codes[1:] == codes[:-1]).mean()) - chance) / max(1e-9, 1 - chance)


def _sorted_target(table: Table, verdict: Verdict) -> str | None:
    if table.target is None or verdict.form in ("panel", "long_series") or table.n < 30:
        return None
    classes = table.kind == "classification"
    for part in (table.target.iloc[:RUN], table.target):  # what is in no order at first is in none
        codes = pd.factorize(part, sort=not classes)[0]
        distinct, steps = int(codes.max()) + 1, np.diff(codes)
        if classes and int((steps != 0).sum()) + 1 > distinct:
            return None
        if not classes and not ((steps >= 0).all() or (steps <= 0).all()):
            return None
    if classes and table.n >= 5 * distinct:
        return (
            f"rows are sorted by the target, {distinct} classes one after another: shuffle before splitting"
        )
    if classes or distinct < 10:
        return None
    return f"rows are sorted by the target ({distinct} values in order): shuffle before splitting"


def _groups(table: Table, verdict: Verdict) -> str | None:
    """A column whose repeated values come with all but the same row each time."""
    if verdict.form in ("panel", "long_series") or table.form != "table" or table.n < 50:
        return None
    columns: dict[str, np.ndarray] = {}
    candidates: dict[str, np.ndarray] = {}
    for column in table.columns[:64]:
        if column.role not in ("numeric", "categorical", "ordinal", "entity"):
            continue
        held = table.run[column.label]
        if pd.api.types.is_float_dtype(held.dtype):
            values = held.to_numpy(dtype=np.float64, na_value=np.nan)
            missing = np.isnan(values)
            if not missing.all():  # a column may hold nothing in the first rows
                columns[column.name] = np.where(missing, np.nanmedian(values), values)
            continue
        codes, names = pd.factorize(held)
        if len(names) >= 10 and codes.min() >= 0 and 2 * len(names) <= len(codes) <= 50 * len(names):
            candidates[column.name] = codes
        elif len(names) >= 10 and pd.api.types.is_numeric_dtype(held.dtype):
            columns[column.name] = held.to_numpy(dtype=np.float64, na_value=0)
    best: tuple[float, str, int, int] | None = None
    if len(columns) < 2:
        return None
    for name, codes in list(candidates.items())[:GROUPS]:
        sizes = np.bincount(codes)
        same = 0
        for values in list(columns.values())[:32]:
            spread = float(values.var())
            rest = values - (np.bincount(codes, values) / sizes)[codes]
            same += spread > 0 and float(rest @ rest) / len(rest) < 0.01 * spread
        share = same / min(32, len(columns))
        if share >= 0.5 and same >= 2 and (best is None or share > best[0]):
            best = (share, name, same, len(sizes))
    if best is None:
        return None
    _, name, same, count = best
    return (
        f"rows of one {name!r} ({count} of them) agree in {same} of {min(32, len(columns))} columns: "
        "keep them on one side of a split"
    )


def _duplicates(table: Table) -> str | None:
    if table.values.shape[1] < 2 or table.n < 20:
        return None
    if table.run.empty:
        # of pictures the data are paths, or objects in cells
        held = table.values if table.pictures is not None else table.data
        size = min(len(held), FEWEST_ROWS)
        rows = np.ascontiguousarray(held[:size]).reshape(size, -1)
        share = 1 - len({row.tobytes() for row in rows}) / size
    else:
        if any(c.role in ("array", "text", "image", "file") for c in table.columns):
            return None
        # a row number would hide the copies; the target is not looked at, since copies may contradict
        kept = [place for place, c in enumerate(table.columns) if c.role not in ("identifier", "ignore")]
        inputs = table.run.iloc[:, : len(table.columns)]
        inputs = inputs if len(kept) == inputs.shape[1] else inputs.iloc[:, kept]
        if inputs.shape[1] < 2:
            return None
        # rows that differ in some columns need no look at the others
        some = np.linspace(0, inputs.shape[1] - 1, min(inputs.shape[1], FIRST_COMPARED)).astype(np.intp)
        sums = _sums(inputs.iloc[:, some])
        _, which, count = np.unique(sums, return_inverse=True, return_counts=True)
        alike = count[which] > 1
        distinct = int((count == 1).sum())
        if alike.any():
            distinct += len(np.unique(_sums(inputs[alike]) if len(some) < inputs.shape[1] else sums[alike]))
        share = 1 - distinct / len(sums)
    if share < REPEATED or _few_combinations(table):
        return None
    return f"{share:.0%} of rows repeat an earlier one: keep copies on one side of a split"


def _sums(inputs: pd.DataFrame) -> np.ndarray:
    """Fingerprints of the rows of a frame."""
    if all(pd.api.types.is_numeric_dtype(dtype) for dtype in inputs.dtypes):
        return _fingerprints(inputs.to_numpy(dtype=np.float64, na_value=np.nan))
    codes = [pd.factorize(inputs.iloc[:, j])[0] for j in range(inputs.shape[1])]
    return _fingerprints(np.column_stack(codes).astype(np.float64))


def _fingerprints(rows: np.ndarray) -> np.ndarray:
    """One number a row, the same for equal rows and, but for an accident, for no others."""
    weights = np.random.default_rng(0).normal(size=rows.shape[1])
    values = rows.astype(np.float64)
    empty = np.isnan(values)
    if empty.any():
        values = np.where(empty, -1.2345e3, values)
    scale = np.abs(values).max(axis=0)
    return np.asarray(np.round((values / np.where(scale > 0, scale, 1)) @ weights, 12))


def _few_combinations(table: Table) -> bool:
    """Whether columns take so few values that rows must repeat."""
    if table.run.empty:
        return False
    combinations = 1.0
    for column in table.columns:
        combinations *= max(1, table.run[column.label].nunique()) if column.role != "identifier" else 1
        if combinations > 10 * len(table.run):
            return False
    return True


def _few_rows(table: Table, family: str) -> str | None:
    if table.n >= FEW_ROWS[family]:
        return None
    rows = "1 row is little" if table.n == 1 else f"{table.n} rows are few"
    return f"{rows} for {family}: compare with a linear model, over repeated splits"


def _missing_target(table: Table) -> str | None:
    missing = int(table.target.isna().sum()) if table.target is not None else 0
    if not missing:
        return None
    rows, have, them = ("row", "has", "it") if missing == 1 else ("rows", "have", "them")
    return f"{missing} {rows} ({missing / table.n:.1%}) {have} no target: drop {them} before fitting"


def _classes(table: Table) -> list[str | None]:
    if table.kind != "classification" or table.target is None:
        return []
    counts = table.target.value_counts()
    counts = counts[counts > 0]
    single = int((counts == 1).sum())
    if single:
        shown = ", ".join(repr(str(name)) for name in counts.index[counts == 1][:SHOWN])
        have, them, they = ("has", "it", "it") if single == 1 else ("have", "them", "they")
        return [
            f"{single} of {len(counts)} classes {have} one row ({shown}): merge or drop {them}, {they} "
            "cannot be both trained and tested"
        ]
    shares = (counts / counts.sum()).to_numpy()
    if not hides_a_class(shares):
        return []
    return [
        f"class {str(counts.index[-1])!r} has {shares[-1]:.1%} of rows: accuracy will hide it, stratify "
        "the splits and look at balanced accuracy"
    ]


def _far_target(table: Table) -> str | None:
    if table.kind != "regression" or table.run.empty or table.target is None or table.n < 50:
        return None
    y = table.target.iloc[: len(table.run)].dropna().to_numpy(dtype=np.float64)
    if len(y) < 50:
        return None
    low, middle, high = np.quantile(y, [0.25, 0.5, 0.75])
    farthest = float(np.abs(y - middle).max() / (high - low)) if high > low else 0.0
    off = y - y.mean()
    off = off / max(float(np.abs(off).max()), 1e-300)  # cubes of large numbers are too large
    lopsided = float((off**3).mean() / max(float((off**2).mean()), 1e-300) ** 1.5)
    if y.min() >= 0 and middle > 0 and lopsided > SKEWED:
        return (
            f"the target is skewed ({lopsided:.0f}; its largest value is {y.max() / middle:.0f} times the "
            "median): predict its logarithm, or few rows decide the score"
        )
    if farthest > FAR:
        return (
            f"a target lies {farthest:.0f} times the distance between quartiles off the median: an error of "
            "measurement? few rows will decide the score"
        )
    return None


def _nothing(table: Table, verdict: Verdict) -> str | None:
    """Columns that hold nothing, or one value: of no use, except at the border of pictures."""
    if verdict.structure != "tabular" and verdict.form not in ("panel", "long_series"):
        return None
    constant = [c for c in table.columns if c.role == "constant" and c.label in table.run.columns]
    if not constant:
        return None
    empty = [c.name for c in constant if table.run[c.label].isna().all()]
    full = [c.name for c in constant if c.name not in set(empty)]
    parts = []
    if empty:
        parts.append(f"{_listed(empty)} hold{'s' if len(empty) == 1 else ''} nothing")
    if full:
        parts.append(f"{_listed(full)} hold{'s' if len(full) == 1 else ''} one value")
    return f"{' and '.join(parts)}: drop what cannot help"


def _names(table: Table) -> str | None:
    names = [c.name for c in table.columns if c.role == "identifier"]
    if not names:
        return None
    return (
        f"{_listed(names)} differ{'s' if len(names) == 1 else ''} in every row, as names do: left out of the "
        "inputs, since nothing can be learned from a name"
    )


def _text(table: Table, verdict: Verdict) -> str | None:
    """Text that no tree can split on."""
    names = [c.name for c in table.columns if c.role == "text"]
    if verdict.structure != "tabular" or not names or {c.role for c in table.columns} <= {"text", *LEFT_OUT}:
        return None
    holds, them = ("holds", "it") if len(names) == 1 else ("hold", "them")
    return (
        f"{_listed(names)} {holds} text, which trees cannot split on: left out of the inputs; turn {them} "
        f"into numbers, such as embeddings, or train a second model on {them}"
    )


def _two_readings(table: Table) -> str | None:
    """Dates that could be read with the day or the month first."""
    for column in table.columns:
        if column.role != "time" or column.label not in table.run.columns:
            continue
        cells = [cell for cell in table.run[column.label].dropna().iloc[:2000] if isinstance(cell, str)]
        if cells and ORDERED.match(cells[0].strip()) and day_first(cells) is None:
            return (
                f"dates in {column.name!r} such as {cells[0].strip()!r} are read month first, and nothing in "
                f"{len(cells)} of them shows that this is right: write them year first"
            )
    return None


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(repr(name) for name in names[:SHOWN]) + more
