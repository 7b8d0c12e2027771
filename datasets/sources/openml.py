"""OpenML: ``openml:ID`` or ``openml:t/ID`` is a task, ``openml:d/ID`` a data set, ``openml:s/ID`` a suite."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import CorruptDataError, StudyError
from datasets import suites
from datasets.layouts import ColumnLayout, find, reconcile
from datasets.openml import client
from datasets.openml.cache import SPLIT, TEST, TRAIN, Cache
from datasets.openml.cache import root as cache_root
from datasets.task import Task, TaskInfo

scheme = "openml"
_SERVER = "https://www.openml.org/api/v1/xml"
_ID = re.compile(r"(?:(?P<kind>[td])/)?(?P<number>[1-9]\d*)|s/(?P<suite>\w[\w.-]*)", re.ASCII)


def server() -> str:
    """Return the address of the API.

    Returns
    -------
    str
        ``$ARCH_ADVISOR_OPENML_SERVER``, else what ``openml.config.server`` or the client's file says.
    """
    if told := os.environ.get("ARCH_ADVISOR_OPENML_SERVER"):
        return told
    if "openml" in sys.modules:
        address: str = sys.modules["openml"].config.server
        return address
    linux = sys.platform.startswith("linux")
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config", "openml") if linux else Path("~/.openml")
    try:  # importing the client, which reads this file, would take seconds in every worker
        text = (folder / "config").expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return _SERVER
    line = re.search(r"^\s*server\s*[=:]\s*(\S+)", text, re.MULTILINE)
    return line[1] if line else _SERVER


def environment() -> dict[str, str]:
    """Return what processes that are to use the same server and cache need in their environment.

    Returns
    -------
    dict of str to str
        The address that this process uses, wherever it was told; the folder of the cache if one is named.
    """
    place = "ARCH_ADVISOR_CACHE"
    cache = {place: str(cache_root().parent)} if os.environ.get(place) else {}
    return {"ARCH_ADVISOR_OPENML_SERVER": server(), **cache}


def members(rest: str) -> list[str]:
    """List the tasks of a suite, from the cache or the server; a task is its own list.

    Parameters
    ----------
    rest : str
        As :func:`load` takes it, or ``"s/337"``, ``"s/OpenML-CC18"``.

    Returns
    -------
    list of str
        Task ids.

    Raises
    ------
    TaskError
        If there is no such suite.
    InputError
        If it is neither cached nor to be had.
    """
    key = _key(rest)
    return [f"{scheme}:{number}" for number in _facts(key)["tasks"]] if key[0] == "s" else [_id(key)]


def describe(rest: str, /) -> TaskInfo:
    """Tell what is known of a task, from the cache if it is there; the values are read only if they must.

    Parameters
    ----------
    rest : str
        As :func:`load` takes it.

    Returns
    -------
    TaskInfo
        What is known.
    """
    key = _task_key(rest)
    facts = _facts(key)
    found, layout, structure = _settled(key, facts)
    if layout != found or (facts["n_splits"] and "splits_hash" not in facts):  # an older entry
        return _loaded(key, facts, layout, structure).info
    return TaskInfo(
        id=_id(key),
        structure=structure,
        layout=_shape(layout, structure, facts["d"]),
        kind=facts["kind"],
        metric=_METRICS[facts["kind"]],
        origin=facts["name"],
        data_hash=facts["data_hash"],
        n=facts["n"],
        d=facts["d"],
        n_splits=facts["n_splits"],
        splits_hash=facts.get("splits_hash"),
    )


def load(rest: str, /) -> Task:
    """Load a supervised task of OpenML from the cache, which is filled if it is not there.

    Rows without a target are left out, and so are row numbers, columns that OpenML marks as ignored, and
    columns without a value in tables. The splits of a task come along. Pictures and series in flat columns
    are folded as a suite declares, or as the advisor finds.

    Parameters
    ----------
    rest : str
        ``"361110"`` or ``"t/361110"``; ``"d/61"`` is a data set with its default target.

    Returns
    -------
    Task
        Its structure is None unless a suite declares it. Its origin is the name of the data set.

    Raises
    ------
    TaskError
        If there is no such task, or it is neither classification nor regression.
    InputError
        If it is not cached and the server cannot be reached or its answer cannot be read.
    MissingDependency
        If it is not cached and the client is not installed.
    """
    key = _task_key(rest)
    facts = _facts(key)
    _, layout, structure = _settled(key, facts)
    return _loaded(key, facts, layout, structure)


def cached(rest: str = "") -> dict[str, dict[str, Any]]:
    """Tell what the cache of the server holds.

    Parameters
    ----------
    rest : str
        A task or suite to look up alone; all by default.

    Returns
    -------
    dict of str to dict
        Facts as they are stored, by id.
    """
    cache = Cache.of(server())
    keys = [_key(rest)] if rest else cache.keys()
    return {_id(key): facts for key in keys if (facts := cache.facts(key)) is not None}


def without_splits(task_ids: Iterable[str]) -> dict[str, str]:
    """Tell why tasks come without the splits that a task of OpenML has.

    Parameters
    ----------
    task_ids : iterable of str
        Ids of cached tasks; those of other sources count for nothing.

    Returns
    -------
    dict of str to str
        The reason, by task.
    """
    rests = [task_id.removeprefix(f"{scheme}:") for task_id in task_ids if task_id.startswith(f"{scheme}:")]
    facts = {task_id: facts for rest in rests for task_id, facts in cached(rest).items()}
    return {task_id: of["without_splits"] for task_id, of in facts.items() if "without_splits" in of}


# ---- fetching ----


@dataclass
class _Session:
    client: client.Client
    refresh: bool
    renewed: set[str] = field(default_factory=set)


_session: _Session | None = None


@contextmanager
def session(*, refresh: bool = False, seconds: float | None = None) -> Iterator[None]:
    """Fetch with one process of the client instead of one a task; an open one is used further.

    Parameters
    ----------
    refresh : bool
        Whether what is cached is fetched again, once.
    seconds : float, optional
        Hard limit on the time for one task.

    Yields
    ------
    None
        While it is open.
    """
    global _session
    if _session is not None and not refresh and seconds is None:
        yield  # the one that is open
        return
    limits = client.LIMITS if seconds is None else client.Limits(**{**vars(client.LIMITS), "total": seconds})
    with client.Client(limits) as opened:
        before, _session = _session, _Session(opened, refresh)
        try:
            yield
        finally:
            _session = before


def _facts(key: str) -> dict[str, Any]:
    cache = Cache.of(server())
    renew = _session is not None and _session.refresh and key not in _session.renewed
    facts = None if renew else cache.facts(key)
    return _fetch(key, cache, renew=renew) if facts is None else facts


def _fetch(key: str, cache: Cache, *, renew: bool = False) -> dict[str, Any]:
    with cache.filling() as work:
        facts = None if renew else cache.facts(key)
        if facts is not None and _is_whole(key, facts, cache):
            return facts  # another process has fetched it while this one waited
        with nullcontext() if _session is not None else session():
            assert _session is not None
            facts = _session.client.fetch(key, work, server())
            facts["fetched"] = datetime.now(UTC).isoformat(timespec="seconds")
            _session.renewed.add(key)
        data = work / "data.parquet"
        if key[0] == "s":
            cache.put(key, facts)
        else:
            cache.put(key, _measured(key, facts, pd.read_parquet(data)), data)
    facts = cache.facts(key)
    assert facts is not None
    return facts


def _is_whole(key: str, facts: dict[str, Any], cache: Cache) -> bool:
    try:
        return key[0] == "s" or not cache.frame(key, facts).empty
    except CorruptDataError:
        return False


def _measured(key: str, facts: dict[str, Any], frame: pd.DataFrame) -> dict[str, Any]:
    """Add what is measured of the values as they are read back."""
    X = _inputs(frame, facts)
    found = find(X, frame[facts["target"]])
    facts |= {"width": X.shape[1], "found": found.facts()}
    info = _task(key, facts, frame, found, None).info
    names = ("n", "d", "n_splits", "splits_hash", "data_hash")
    return {**facts, **{name: getattr(info, name) for name in names}}


# ---- making tasks ----

_METRICS = {"classification": "accuracy", "regression": "r2"}


def _settled(key: str, facts: dict[str, Any]) -> tuple[ColumnLayout, ColumnLayout, Any]:
    """The layout that was found, the one to use, and the declared structure."""
    declared, where = suites.declared(_id(key))
    found = ColumnLayout.read(facts["found"])
    layout = reconcile(_id(key), declared, found, facts["width"], where=where)
    return found, layout, None if declared is None else declared.structure


def _loaded(key: str, facts: dict[str, Any], layout: ColumnLayout, structure: Any) -> Task:
    cache = Cache.of(server())
    try:
        frame = cache.frame(key, facts)
    except CorruptDataError:
        facts = _fetch(key, cache)
        frame = cache.frame(key, facts)
    return _task(key, facts, frame, layout, structure)


def _task(key: str, facts: dict[str, Any], frame: pd.DataFrame, layout: ColumnLayout, structure: Any) -> Task:
    X = _inputs(frame, facts)
    marks = [frame[name].to_numpy() for name in frame if str(name).startswith(SPLIT)]
    X = layout.fold(X) if layout.shape else X.loc[:, X.notna().any()]
    return Task(
        id=_id(key),
        X=X,
        y=frame[facts["target"]].rename("target"),
        kind=facts["kind"],
        metric=_METRICS[facts["kind"]],
        structure=structure,
        layout=_shape(layout, structure, X.shape[1]),
        origin=facts["name"],
        splits=tuple((np.flatnonzero(of == TRAIN), np.flatnonzero(of == TEST)) for of in marks),
    )


def _inputs(frame: pd.DataFrame, facts: dict[str, Any]) -> pd.DataFrame:
    return frame.drop(columns=[facts["target"], *(name for name in frame if str(name).startswith(SPLIT))])


def _shape(layout: ColumnLayout, structure: Any, d: int) -> tuple[int, ...] | None:
    """A table has a layout only if it is declared to be one."""
    return layout.shape or (None if structure is None else (d,))


# ---- names ----


def _key(rest: str) -> str:
    """Name of the entry in the cache: a letter and a number, ``"t1"``."""
    found = _ID.fullmatch(rest)
    if found is None:
        raise StudyError(
            "an OpenML task must be named by its number",
            got=f"'openml:{rest}'",
            do="write openml:361110 (the number in the address of the task's page), openml:d/61 for a data "
            "set, openml:s/337 for a suite",
        )
    return f"s{found['suite']}" if found["suite"] else (found["kind"] or "t") + found["number"]


def _task_key(rest: str) -> str:
    key = _key(rest)
    if key[0] == "s":
        raise StudyError(
            "a suite must be taken task by task",
            got=f"'openml:{rest}'",
            do="ask datasets.expand for its tasks; a study file takes it as it is",
        )
    return key


def _id(key: str) -> str:
    """The id in its shortest form."""
    return f"{scheme}:{key[1:]}" if key[0] == "t" else f"{scheme}:{key[0]}/{key[1:]}"
