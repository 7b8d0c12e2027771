"""The unit of work: a cell is what is computed, an outcome is what it gave. Both are plain frozen values."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache
from typing import Any, Literal

Status = Literal["ok", "skipped", "timeout", "out_of_memory", "diverged", "error"]
STATUSES: tuple[Status, ...] = ("ok", "skipped", "timeout", "out_of_memory", "diverged", "error")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical_json(value: Any) -> str:
    """One text per value: keys sorted, no spaces, no NaN.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": (2, 3)})
    '{"a":[2,3],"b":1}'
    """
    return _ENCODER.encode(value)


_json = lru_cache(maxsize=2**14, typed=True)(canonical_json)


@dataclass(frozen=True)
class Cell:
    """One (task, candidate, configuration, fold, seed) under one protocol.

    Parameters
    ----------
    task : str
        Task id: ``"embedded:digits"``.
    data_hash : str
        Hash of the task's values, so a changed upload cannot mix into old results.
    candidate : str
        An architecture's name, or ``"advisor"``.
    config : str
        Canonical JSON of the hyperparameters that differ from the default; ``"{}"`` is the default.
    fold, seed : int
        Which split and which seed of the fit.
    protocol : str
        Canonical JSON of the protocol, with its version.
    trial : int
        Place in the search, 0 is the default configuration; not part of the identity.
    """

    task: str
    data_hash: str
    candidate: str
    config: str
    fold: int
    seed: int
    protocol: str
    trial: int = field(default=0, compare=False)

    @cached_property
    def key(self) -> str:
        """Content hash (24 hex digits): equal content, equal key, on every machine."""
        # canonical_json of all fields but the trial, written out: a study can have a million cells
        text = ",".join(f'"{name}":{_json(getattr(self, name))}' for name in _IDENTITY)
        return hashlib.sha256(f"{{{text}}}".encode()).hexdigest()[:24]


_IDENTITY = tuple(sorted(f.name for f in fields(Cell) if f.compare))


@dataclass(frozen=True)
class Outcome:
    """What a cell gave.

    Parameters
    ----------
    key : str
        The cell's key.
    status : str
        One of :data:`STATUSES`.
    reason : str
        Why it is not "ok"; empty if it is.
    validation, test : float or None
        Scores of the task's metric (higher is better); None unless ``status`` is "ok".
    fit_seconds, predict_seconds : float or None
        Wall time; of a "timeout" the limit, which it has spent, and of another cell whose process was ended
        the time until then.
    peak_mb : float or None
        Peak resident memory of the process above its level before the cell, in MiB.
    extra : dict
        Further facts as JSON values: epochs, the advice given, ...
    environment : dict
        Versions, commit, hardware and threads.
    finished : str
        UTC, ISO 8601.
    """

    key: str
    status: Status
    reason: str = ""
    validation: float | None = None
    test: float | None = None
    fit_seconds: float | None = None
    predict_seconds: float | None = None
    peak_mb: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    finished: str = ""
