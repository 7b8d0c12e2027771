"""Columns that give the target away."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.ranks import midranks
from advisor.table import Table

COLUMNS = 200  # columns checked at most
ROWS = 2048  # rows checked at most
FEWEST = 20  # rows from which a relation is no accident
LARGEST = 1e150  # spread up to which squares can be held
SUMMED = 60  # columns among which exact sums are looked for
CERTAIN = 0.999  # rank correlation, or area under the curve, that no honest column reaches
SHOWN = 3  # columns named in one sentence

Floats = NDArray[np.float64]


def leaks(table: Table) -> list[str]:
    """Find what no honest column does, and say it with its number.

    Looked for: a copy or a monotone transformation of the target, values that belong to one class each, an
    area under the curve of almost one, a column that is missing for one class only, equality with the target
    in part of the rows, and sums of columns that are the target.

    Examples
    --------
    >>> from advisor.intake import read
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.integers(50, size=(2, 99))
    >>> leaks(read(pd.DataFrame({"a": a, "b": b, "sum": a + b}), "sum", rng))
    ["'a' and 'b' together are the target exactly (a linear function): would you know them when predicting?"]
    """
    if table.target is None or table.run.empty or table.form != "table":
        return []
    step = max(1, len(table.run) // ROWS)
    run, target = table.run.iloc[::step], table.target.iloc[: len(table.run) : step]
    known = target.notna().to_numpy()
    run, target = run[known], target[known]
    if len(run) < FEWEST:
        return []
    numbers: dict[str, Floats] = {}
    words: dict[str, pd.Series] = {}
    for column in table.columns[:COLUMNS]:
        if column.role not in ("numeric", "ordinal", "categorical"):
            continue
        held = run[column.label]
        if column.role != "categorical" and pd.api.types.is_numeric_dtype(held.dtype):
            numbers[column.name] = held.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            words[column.name] = held
    if table.kind == "regression":
        return _of_quantity(numbers, target.to_numpy(dtype=np.float64))
    return _of_classes(numbers, words, pd.factorize(target)[0])


def _of_quantity(numbers: dict[str, Floats], y: Floats) -> list[str]:
    found: list[tuple[str, str]] = []
    ranks = _standard(midranks(y))
    for name, values in numbers.items():
        held = ~np.isnan(values)
        if held.sum() < FEWEST or len(np.unique(values[held][:200])) < 10:
            continue
        whole = bool(held.all())
        other = ranks if whole else _standard(midranks(y[held]))
        strength = abs(float(_standard(midranks(values[held])) @ other)) / int(held.sum())
        if strength > CERTAIN:
            found.append((name, f"rank correlation {strength:.4f}"))
            continue
        same = (values == y) & (y != 0)
        if same.mean() > 0.1 and same.mean() > 10 * float((values == np.roll(y, len(y) // 2)).mean()) + 0.05:
            found.append((name, f"equal in {same.mean():.0%} of rows"))
    sentences = [_sentence(name, number) for name, number in found[:SHOWN]]
    if not found:
        summed = _sum(numbers, y)
        if summed:
            shown = ", ".join(map(repr, summed[:-1])) + f" and {summed[-1]!r}"
            sentences.append(
                f"{shown} together are the target exactly (a linear function): would you know them when "
                "predicting?"
            )
    return sentences


def _sum(numbers: dict[str, Floats], y: Floats) -> list[str]:
    """Columns whose weighted sum is the target to the last digit; the fewest that are needed."""
    names = [name for name, values in numbers.items() if not np.isnan(values).any()][:SUMMED]
    m = min(len(y), 512)
    if len(names) < 2 or m < 3 * len(names):
        return []
    columns = np.column_stack([numbers[name][:m] for name in names])
    scale = columns.std(axis=0)
    kept = (scale > 0) & (scale < LARGEST)
    standard = (columns[:, kept] - columns[:, kept].mean(axis=0)) / scale[kept]
    names = [name for name, use in zip(names, kept, strict=True) if use]
    if not names or not 0 < y[:m].std() < LARGEST:
        return []
    goal = (y[:m] - y[:m].mean()) / y[:m].std()
    weights, *_ = np.linalg.lstsq(standard, goal, rcond=None)
    rest = goal - standard @ weights
    if np.abs(rest).max() > 1e-5:
        return []
    order = np.argsort(-np.abs(weights))
    for size in range(2, min(5, len(names)) + 1):
        some = standard[:, order[:size]]
        if np.abs(goal - some @ np.linalg.lstsq(some, goal, rcond=None)[0]).max() < 1e-5:
            return [names[j] for j in sorted(order[:size])]
    return []


def _of_classes(numbers: dict[str, Floats], words: dict[str, pd.Series], y: NDArray[np.intp]) -> list[str]:
    sentences: list[str] = []
    classes = int(y.max()) + 1
    sizes = np.bincount(y)
    if classes < 2:
        return []
    for name, column in [*words.items(), *((name, pd.Series(values)) for name, values in numbers.items())]:
        if len(sentences) == SHOWN:
            break
        missing = column.isna().to_numpy()
        if 0.02 < missing.mean() < 0.98 and classes <= 20 and sizes.min() >= 10:
            shares = np.bincount(y, missing) / sizes
            apart = (shares > 0.98) | (shares < 0.02)
            if apart.all() and (shares > 0.98).any() and (shares < 0.02).any():
                sentences.append(
                    _sentence(name, f"it is missing for {(shares > 0.98).sum()} of {classes} classes only")
                )
                continue
        start = column.iloc[:300]
        if start.nunique() > max(20, 2 * classes):
            auc = _auc(column.to_numpy(dtype=np.float64), y) if name in numbers and classes == 2 else 0.5
            if auc > CERTAIN and sizes.min() >= 30 and not missing.any():
                sentences.append(_sentence(name, f"area under the curve {auc:.4f}"))
            continue
        codes = pd.factorize(column, use_na_sentinel=False)[0]
        count = int(codes.max()) + 1
        if not 2 <= count <= min(max(20, 2 * classes), len(y) // 3):
            continue
        table = np.bincount(codes * classes + y, minlength=count * classes).reshape(count, classes)
        if (table > 0).sum(axis=1).max() == 1 and (table.sum(axis=0) > 0).sum() >= 2:
            sentences.append(_sentence(name, f"each of its {count} values has one class"))
    return sentences


def _sentence(name: str, number: str) -> str:
    return f"{name!r} alone gives the target away ({number}): would you know it when predicting?"


def _standard(ranks: Floats) -> Floats:
    out: Floats = (ranks - ranks.mean()) / max(float(ranks.std()), 1e-12)
    return out


def _auc(values: Floats, y: NDArray[np.intp]) -> float:
    ranks = midranks(values)
    ones = int((y == 1).sum())
    area = (float(ranks[y == 1].sum()) - ones * (ones + 1) / 2) / max(1, ones * (len(y) - ones))
    return max(area, 1 - area)
