"""Checks a study as a stranger would: is the store whole, can it be had again, is anything missing?"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd

import datasets
from advisor.errors import AdvisorError, StoreError
from benchmarks.advised import ADVISOR
from benchmarks.budget import BEYOND
from benchmarks.cell import Cell
from benchmarks.driver import declared_study
from benchmarks.plan import Study, plan
from benchmarks.run import run_cell, split_of
from benchmarks.scores import FAILED, on_the_clock
from benchmarks.store import Store
from datasets.task import group_codes
from datasets.units import row_keys

Verdict = Literal["ok", "note", "failed"]
TOLERANCE = 1e-6  # of a score that is computed again on the same hardware with the same versions
_SHOWN = 5  # examples named in one finding
_SAME = ("python", "platform", "cpu", "gpu", "threads", "commit", "dirty")


@dataclass(frozen=True)
class Check:
    """What one check found.

    Parameters
    ----------
    check : str
        What was looked at.
    verdict : {"ok", "note", "failed"}
        "note" is something a reader of the results must know; "failed" is something that must not be.
    told : str
        The fact in one line.
    """

    check: str
    verdict: Verdict
    told: str


def verify(store: Store, name: str, *, again: int = 0, seed: int = 0) -> Iterator[Check]:
    """Check a study.

    Parameters
    ----------
    store : Store
        Where it is.
    name : str
        Which study.
    again : int
        So many finished cells, drawn at random, are computed again in this process and compared.
    seed : int
        Seed of that draw.

    Yields
    ------
    Check
        One per check, in a fixed order: file, tasks, keys, plan, data, splits, seeds, density, statuses,
        scores, environment, and "again" if it was asked for. If an outcome cannot be read, the second and
        last is "outcomes".

    Raises
    ------
    AdvisorError
        If there is no such study, or it cannot be read.
    """
    yield _file(store)
    study = declared_study(store, name)
    try:
        frame, cells = store.frame(name), store.cells(name)
    except StoreError as error:
        yield Check("outcomes", "failed", str(error))
        return
    yield _tasks(cells, store.study(name)["missing"])
    yield _keys(cells, frame)
    yield from _plan_and_data(study, cells)
    yield _splits(cells, frame, leaks=study.protocol.split == "holdout")
    yield _seeds(study, cells)
    yield _density(frame)
    yield _statuses(frame)
    yield _scores(frame)
    yield _environment(frame)
    if again:
        yield _again(cells, frame, again, seed)


def _file(store: Store) -> Check:
    told = store.integrity()
    return Check("file", "ok" if told == "ok" else "failed", f"SQLite's integrity check says: {told}")


def _tasks(cells: list[Cell], missing: Mapping[str, str]) -> Check:
    """Every task that is declared has cells, also one that could not be had when it was declared."""
    held = {cell.task for cell in cells}
    if lost := [f"{task} ({reason})" for task, reason in missing.items() if task not in held]:
        return Check("tasks", "failed", f"declared, and no part of the results: {_some(lost)}")
    if missing:
        told = f"not to be had when the study was last run, so as they were before: {_some(missing)}"
        return Check("tasks", "note", told)
    return Check("tasks", "ok", f"each of {len(held)} tasks that were declared has cells")


def _keys(cells: list[Cell], frame: pd.DataFrame) -> Check:
    """The key of an outcome is the hash of what was asked for: data, split, configuration, protocol.

    What ``{}`` stands for are the defaults of the code whose commit the outcome's environment names.
    """
    wrong = [key for cell, key in zip(cells, frame["key"]) if cell.key != key]
    if wrong:
        return Check("keys", "failed", f"{len(wrong)} cells were changed after they ran: {_some(wrong)}")
    return Check("keys", "ok", f"each of {len(cells)} keys is the hash of its cell")


def _plan_and_data(study: Study, cells: list[Cell]) -> Iterator[Check]:
    """What is declared gives these cells today, from data with these hashes."""
    recorded = {cell.task: cell.data_hash for cell in cells}
    changed, unreadable, infos = [], [], []
    for task_id, data_hash in recorded.items():
        try:
            info = datasets.load(task_id).info
        except AdvisorError as error:
            unreadable.append(f"{task_id} ({error})")
            continue
        infos.append(info)
        if info.data_hash != data_hash:
            changed.append(task_id)
    planned = {cell.key for cell in plan(study, infos)}
    tasks = {info.id for info in infos} - set(changed)
    held = {cell.key: cell for cell in cells if cell.task in tasks}
    missing = 0 if changed else len(planned - held.keys())
    extra = Counter(cell.candidate for key, cell in held.items() if key not in planned)
    if missing or extra:
        why = "spaces, the calibration or the protocol have another version now"
        told = f"{missing} cells would be new, {extra.total()} would not be planned any more ({why})"
        yield Check("plan", "note", told)
    else:
        yield Check("plan", "ok", f"the declared text gives the same {len(held)} cells today")
    if changed:
        yield Check("data", "failed", f"other values than those learned from: {_some(changed)}")
    elif unreadable:
        yield Check("data", "note", f"cannot be read here, so not compared: {_some(unreadable)}")
    else:
        yield Check("data", "ok", f"each of {len(recorded)} data sets has the hash that was recorded")


def _splits(cells: list[Cell], frame: pd.DataFrame, *, leaks: bool) -> Check:
    """Sides are disjoint, as large as outcomes say, and share no rows or groups if leaks are looked for."""
    sizes: dict[tuple[str, int, str], dict[str, int]] = {}
    for cell, extra in zip(cells, frame["extra"]):
        if "n_test" in extra:
            sizes[cell.task, cell.fold, cell.protocol] = extra
    wrong, checked, units = [], 0, dict[str, list[np.ndarray]]()
    for (task_id, fold, protocol), extra in sizes.items():
        try:
            split = split_of(task_id, fold, protocol)
            if leaks and task_id not in units:
                task = datasets.load(task_id)
                groups = [] if task.groups is None else [group_codes(task.groups)]
                units[task_id] = [row_keys(task), *groups]
        except AdvisorError:
            continue  # told by the check of the data
        checked += 1
        sides = {side: getattr(split, side) for side in ("train", "validation", "test")}
        rows = np.concatenate(list(sides.values()))
        if len(np.unique(rows)) < len(rows):
            wrong.append(f"{task_id} fold {fold}: a row on two sides")
        if any(extra[f"n_{side}"] != len(part) for side, part in sides.items()):
            wrong.append(f"{task_id} fold {fold}: other sizes than recorded")
        for one, other in combinations(sides, 2) if leaks else ():
            if any(np.isin(unit[sides[one]], unit[sides[other]]).any() for unit in units[task_id]):
                wrong.append(f"{task_id} fold {fold}: equal rows, or rows of one group, in {one} and {other}")
    if wrong:
        return Check("splits", "failed", _some(wrong))
    return Check("splits", "ok", f"{checked} splits made again: disjoint, of the sizes recorded")


def _seeds(study: Study, cells: list[Cell]) -> Check:
    declared, used = set(study.protocol.seeds), {cell.seed for cell in cells}
    if declared != used:
        return Check("seeds", "failed", f"declared {sorted(declared)}, used {sorted(used)}")
    return Check("seeds", "ok", f"seeds {', '.join(map(str, sorted(used)))} in every task and candidate")


def _density(frame: pd.DataFrame) -> Check:
    """Every candidate has run on every task, fold and seed."""
    pending = frame[frame["status"] == "pending"]
    if len(pending):
        counts = pending["candidate"].value_counts()
        told = ", ".join(f"{name} {n}" for name, n in counts.items())
        return Check("density", "failed", f"{len(pending)} of {len(frame)} cells have not run: {told}")
    grid = frame[frame["candidate"] != ADVISOR].groupby(["candidate", "trial"]).size().reset_index(name="n")
    short = grid[grid["n"] != grid["n"].max()]
    uneven = [f"{name} trial {trial}" for name, trial in zip(short["candidate"], short["trial"])]
    if uneven:
        return Check("density", "failed", f"fewer tasks, folds or seeds than others: {_some(uneven)}")
    return Check("density", "ok", f"all {len(frame)} cells have an outcome")


def _statuses(frame: pd.DataFrame) -> Check:
    counts = frame["status"].value_counts()
    told = ", ".join(f"{n} {status}" for status, n in counts.items())
    silent = frame[~frame["status"].isin(["ok", "pending", BEYOND]) & (frame["reason"] == "")]
    if len(silent):
        return Check("statuses", "failed", f"{told}; {len(silent)} without a reason")
    failed = frame["status"].isin(FAILED)
    if failed.any():
        by = frame.loc[failed, "candidate"].value_counts()
        whose = ", ".join(f"{name} {n}" for name, n in by.items())
        return Check("statuses", "note", f"{told}; these count with the dummy's score: {whose}")
    return Check("statuses", "ok", told)


def _scores(frame: pd.DataFrame) -> Check:
    """A finished cell has both scores, finite and at most 1, and times; no other cell has a score."""
    ok = frame["status"] == "ok"
    own = frame["candidate"] != ADVISOR
    values = frame.loc[ok, ["validation", "test"]].to_numpy(dtype=float)
    wrong = int((~np.isfinite(values) | (values > 1)).any(axis=1).sum())
    wrong += int((frame.loc[ok & own, "fit_seconds"].isna()).sum())
    wrong += int(frame.loc[~ok, ["validation", "test"]].notna().any(axis=1).sum())
    if wrong:
        return Check("scores", "failed", f"{wrong} cells have scores or times that cannot be")
    return Check("scores", "ok", "finished cells have two finite scores of at most 1, and times")


def _environment(frame: pd.DataFrame) -> Check:
    """Everything ran with the same versions on the same hardware, from a commit without changes on top."""
    values: defaultdict[str, set[str]] = defaultdict(set)
    for environment in frame.loc[frame["status"] != "pending", "environment"]:
        for key in _SAME:
            if environment.get(key, "") != "":  # a worker without torch does not know the GPU
                values[key].add(str(environment[key]))
        for package, version in environment.get("versions", {}).items():
            values[package].add(str(version))
    mixed = [f"{key}: {', '.join(sorted(v))}" for key, v in values.items() if len(v) > 1 and key != "dirty"]
    told = [f"not the same for all cells: {_some(mixed)}"] if mixed else []
    if "True" in values["dirty"]:
        told.append("the checkout had changes that no commit holds")
    if told:
        return Check("environment", "note", "; ".join(told))
    commit = next(iter(values["commit"]), "")[:10] or "outside of git"
    return Check("environment", "ok", f"one: commit {commit}, {next(iter(values['cpu']), 'unknown CPU')}")


def _again(cells: list[Cell], frame: pd.DataFrame, number: int, seed: int) -> Check:
    """Some finished cells give the same scores when they are computed again: none that a clock ended."""
    done = [
        cell
        for cell, status, extra in zip(cells, frame["status"], frame["extra"])
        if status == "ok" and cell.candidate != ADVISOR and not on_the_clock(extra)
    ]
    if not done:
        return Check("again", "failed", "no finished cell to compute again")
    drawn = np.random.default_rng(seed).choice(len(done), min(number, len(done)), replace=False)
    before = frame.set_index("key")[["validation", "test"]]
    other, largest = [], 0.0
    for cell in (done[i] for i in drawn):
        outcome = run_cell(cell)
        if outcome.status != "ok" or outcome.test is None or outcome.validation is None:
            other.append(f"{cell.candidate} on {cell.task}: {outcome.status} {outcome.reason}".strip())
            continue
        gap = np.abs(before.loc[cell.key].to_numpy(dtype=float) - [outcome.validation, outcome.test]).max()
        largest = max(largest, float(gap))
        if gap > TOLERANCE:
            other.append(f"{cell.candidate} on {cell.task} fold {cell.fold}: differs by {gap:.2g}")
    if other:
        told = f"{len(other)} of {len(drawn)} differ (as they may on other hardware): {_some(other)}"
        return Check("again", "failed", told)
    return Check("again", "ok", f"{len(drawn)} cells computed again: largest difference {largest:.1g}")


def _some(values: Iterable[Any]) -> str:
    """The first few of many."""
    values = [str(v) for v in values]
    rest = len(values) - _SHOWN
    return "; ".join(values[:_SHOWN]) + (f"; and {rest} more" if rest > 0 else "")


def as_json(findings: Iterable[Check]) -> str:
    """Findings for a machine: a list of objects with ``check``, ``verdict`` and ``told``.

    Examples
    --------
    >>> as_json([Check("seeds", "ok", "seeds 0")])
    '[{"check": "seeds", "verdict": "ok", "told": "seeds 0"}]'
    """
    return json.dumps([{"check": f.check, "verdict": f.verdict, "told": f.told} for f in findings])
