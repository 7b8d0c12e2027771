"""Deterministic splits that do not leak: rows that belong together never stand on two sides."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from advisor.errors import InputError
from datasets.task import Task
from datasets.units import classes_of, labels_of, order_of, row_keys, units_of

_LARGE = 0.1  # share of a side that one unit may fill


@dataclass(frozen=True)
class Split:
    """Row positions of the three sides of a split: disjoint, the rows of a unit together.

    Parameters
    ----------
    train, validation, test : ndarray of int
        Positions into the rows of the task.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split(
    task: Task,
    *,
    fold: int,
    max_train: int,
    train_fraction: float = 0.7,
    validation_share: float = 0.3,
    max_eval: int = 50_000,
) -> Split:
    """Split the rows of a task into train, validation and test.

    The sizes follow [1]_: ``min(max_train, train_fraction * n)`` rows to train with, of the rest
    ``validation_share`` for validation and the others for test, each cut to ``max_eval``. Unlike there, rows
    that share a group, and rows whose inputs are equal, form one unit that stays on one side; the sizes are
    then met as nearly as whole units allow.

    Units are shuffled within their class and then interleaved, so that each side has the class shares of the
    whole (small sets would otherwise lose rare classes by chance), and the first unit of every class goes to
    train. Units bigger than the test side go to train first: no other side could hold them. Where one unit
    could fill a tenth of a side, the shares are those of all rows, and each side is then cut to its size by
    drawing rows from all of its units.

    Parameters
    ----------
    task : Task
        What to split.
    fold : int
        Which split, from 0; the only source of randomness.
    max_train : int
        Most rows to train with.
    train_fraction : float
        Share of the rows to train with, in (0, 1).
    validation_share : float
        Share of the remaining rows for validation, in (0, 1).
    max_eval : int
        Most rows in validation and in test.

    Returns
    -------
    Split
        Positions into ``task.X``. The same fold gives the same rows on every machine and in whatever order
        the rows of the task stand.

    Raises
    ------
    InputError
        If the rows form fewer than three units.

    References
    ----------
    .. [1] Grinsztajn, Oyallon, Varoquaux, "Why do tree-based models still outperform deep learning on typical
       tabular data?", NeurIPS 2022 Datasets and Benchmarks, appendix A.3. arXiv:2207.08815.

    Examples
    --------
    >>> import datasets
    >>> from datasets.splits import split
    >>> parts = split(datasets.load("embedded:digits"), fold=0, max_train=10_000)
    >>> len(parts.train), len(parts.validation), len(parts.test)
    (1258, 162, 377)
    """
    n, max_train = len(task.X), _cap(task, max_train)
    hashes = row_keys(task)
    unit = units_of(hashes, task.groups)
    sizes = np.bincount(unit)
    if len(sizes) < 3:
        raise InputError(
            "a split needs at least three groups of rows that do not share an entity or their inputs",
            got=f"{len(sizes)} in {n} rows of {task.id}",
            do="give a finer group column, or more data",
        )
    n_train = min(max_train, round(train_fraction * n))
    large = bool(sizes.max() > _LARGE * min(n_train, max_eval))
    if large:  # sides are divided before they are cut, or a few units would fill them
        n_train = round(train_fraction * n)
    n_validation = round(validation_share * (n - n_train))
    rank = order_of(task, unit, sizes, big=n - n_train - n_validation, rng=np.random.default_rng(fold))
    # rows in the order of their units; hashes settle the order within a unit, so that row order does not
    rows = np.lexsort((labels_of(task), hashes, rank[unit]))
    ends = np.cumsum(sizes[np.argsort(rank)])
    # a unit that reaches over the cap is cut, one that reaches over a share is left to the other sides
    first = _boundary(ends[:-2], n_train, enough=n_train == max_train)
    second = _boundary(ends[:-1], n_train + n_validation, after=first)
    sides = np.split(rows, [first, second])
    caps = (max_train, max_eval, max_eval)
    if large:
        sides = [s if len(s) <= cap else _mixed(s, hashes, fold) for s, cap in zip(sides, caps, strict=True)]
    train, validation, test = (side[:cap] for side, cap in zip(sides, caps, strict=True))
    return Split(train, validation, test)


def _mixed(rows: np.ndarray, hashes: np.ndarray, seed: int) -> np.ndarray:
    """Put the rows of a side in an order of which every beginning is a sample; equal rows count apart."""
    times = pd.Series(hashes[rows]).groupby(hashes[rows]).cumcount().to_numpy(np.uint64)
    keys = pd.util.hash_array(hashes[rows] ^ (times * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)))
    mixed: np.ndarray = rows[np.argsort(keys, kind="stable")]
    return mixed


def random_split(
    task: Task,
    *,
    fold: int,
    max_train: int,
    train_fraction: float = 0.7,
    validation_share: float = 0.3,
    max_eval: int = 50_000,
) -> Split:
    """Split the rows at random, row by row, as [1]_ did: only to compare with figures that were made so.

    The sizes are those of :func:`split`. Equal rows, and rows of one group, can stand on two sides: where
    there are many, as in ``wine_quality``, scores say how well a model remembers them.

    Parameters
    ----------
    task : Task
        What to split.
    fold : int
        Which split, from 0; the only source of randomness.
    max_train, train_fraction, validation_share, max_eval
        As for :func:`split`.

    Returns
    -------
    Split
        Positions into ``task.X``, the same rows in whatever order the rows of the task stand.

    References
    ----------
    .. [1] Grinsztajn, Oyallon, Varoquaux, "Why do tree-based models still outperform deep learning on typical
       tabular data?", NeurIPS 2022 Datasets and Benchmarks, appendix A.3. arXiv:2207.08815.

    Examples
    --------
    >>> import datasets
    >>> from datasets.splits import random_split
    >>> parts = random_split(datasets.load("embedded:digits"), fold=0, max_train=10_000)
    >>> len(parts.train), len(parts.validation), len(parts.test)
    (1258, 162, 377)
    """
    n = len(task.X)
    n_train = min(_cap(task, max_train), round(train_fraction * n))
    n_validation = round(validation_share * (n - n_train))
    known = np.lexsort((labels_of(task), row_keys(task)))
    rows = known[np.random.default_rng(fold).permutation(n)]
    train, validation, test = np.split(rows, [n_train, n_train + n_validation])
    return Split(train=train, validation=validation[:max_eval], test=test[:max_eval])


def given_split(
    task: Task, *, fold: int, max_train: int, validation_share: float = 0.2, max_eval: int = 50_000
) -> Split:
    """Take the training and test rows that come with the task; validation rows are held out of the former.

    Parameters
    ----------
    task : Task
        What to split: one with ``splits``.
    fold : int
        Which of them, from 0; also the seed of what is held out.
    max_train : int
        Most rows to train with; those that stay are drawn at random.
    validation_share : float
        Share of the training rows for validation, in (0, 1), to the next one in a whole number of parts. Rows
        that belong together stay together, see :func:`inner_folds`.
    max_eval : int
        Most rows in validation and in test.

    Returns
    -------
    Split
        Positions into ``task.X``.

    Raises
    ------
    InputError
        If the task comes without such a split, or its training rows form too few units.
    """
    if fold >= len(task.splits):
        raise InputError(
            "the task must come with the split that is asked for",
            got=f"fold {fold} of {task.id}, which has {len(task.splits)}",
            do="ask for fewer folds, or use another protocol",
        )
    rng = np.random.default_rng(fold)
    train, test = (rng.permutation(rows) for rows in task.splits[fold])
    held = inner_folds(task, train, k=max(2, round(1 / validation_share)), seed=fold)[0]
    return Split(
        train=train[~np.isin(train, held)][: _cap(task, max_train)],
        validation=rng.permutation(held)[:max_eval],
        test=test[:max_eval],
    )


def inner_folds(task: Task, rows: np.ndarray, *, k: int, seed: int) -> list[np.ndarray]:
    """Deal rows out to k parts, each of which one fit leaves out; what belongs together stays together.

    Parameters
    ----------
    task : Task
        Whose rows.
    rows : ndarray of int
        Positions into ``task.X``.
    k : int
        How many parts.
    seed : int
        The only source of randomness.

    Returns
    -------
    list of ndarray
        Positions into ``task.X``, with the classes of the whole in each part.

    Raises
    ------
    InputError
        If the rows form fewer than k units.

    Examples
    --------
    >>> import datasets
    >>> task = datasets.load("embedded:digits")
    >>> [len(part) for part in inner_folds(task, np.arange(1_000), k=4, seed=0)]
    [250, 250, 250, 250]
    """
    groups = None if task.groups is None else task.groups.iloc[rows]
    some = replace(task, X=task.X.iloc[rows], y=task.y.iloc[rows], groups=groups)
    unit = units_of(row_keys(task)[rows], groups)
    sizes = np.bincount(unit)
    if len(sizes) < k:
        raise InputError(
            f"{k} inner folds need as many groups of rows that do not share an entity or their inputs",
            got=f"{len(sizes)} in {len(rows)} training rows of {task.id}",
            do="ask for fewer inner folds, or more data",
        )
    noise = np.random.default_rng(seed).random(len(sizes))
    part = np.empty(len(sizes), dtype=int)
    part[np.lexsort((noise, -sizes, classes_of(some, unit, sizes)))] = np.arange(len(sizes)) % k
    return [rows[part[unit] == i] for i in range(k)]


def _cap(task: Task, max_train: int) -> int:
    """Most rows to train with: what the protocol allows, or less if the task asks for less."""
    return max_train if task.max_train is None else min(max_train, task.max_train)


def _boundary(ends: np.ndarray, target: int, *, after: int = 0, enough: bool = False) -> int:
    """Pick the unit boundary nearest to a row count, beyond `after`, and `enough` rows if there are."""
    ends = ends[ends > after]
    if enough and ends[-1] >= target:
        ends = ends[ends >= target]
    return int(ends[np.abs(ends - target).argmin()])
