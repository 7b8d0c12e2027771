"""The keys of a study file and what each may be; a misspelt key is refused before anything runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any

from advisor.errors import StudyError, did_you_mean
from benchmarks.protocol import AS_GIVEN, BY_TEST_SIZE, SIZES, SPLITS, VARIANTS

Check = tuple[str, Callable[[Any], bool]]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_counts(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_count, value.values()))


def _is_names(value: Any) -> bool:
    return _is_distinct(value) and all(isinstance(v, str) and v for v in value)


def _is_distinct(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and len(set(map(str, value))) == len(value)


_TEXT: Check = ("a text", lambda v: isinstance(v, str))
_COUNT: Check = ("a whole number of at least 1", _is_count)
_SHARE: Check = ("a number between 0 and 1", lambda v: _is_number(v) and 0 < v < 1)
_SECONDS: Check = ("a positive, finite number of seconds", lambda v: _is_number(v) and 0 < v < inf)
_NAMES: Check = ("a list of distinct names", _is_names)


def _one_of(names: Iterable[str]) -> Check:
    return f"one of {', '.join(map(repr, names))}", lambda v: isinstance(v, str) and v in names


STUDY_KEYS: dict[str, Check] = {
    "name": (
        "a name of letters, digits, '-', '_' and '.'",
        lambda v: isinstance(v, str) and re.fullmatch(r"\w[\w.-]*", v, re.ASCII) is not None,
    ),
    "title": _TEXT,
    "next": _TEXT,
    "tasks": _NAMES,
    "candidates": _NAMES,
    "advisor": ("true or false", lambda v: isinstance(v, bool)),
    "n_trials": _COUNT,
    "trials": ("a table of whole numbers of at least 1", _is_counts),
    "search_seconds": _SECONDS,
    "cell_seconds": _SECONDS,
    "memory_mb": _COUNT,
    "protocol": ("a table", lambda v: isinstance(v, dict)),
}
PROTOCOL_KEYS: dict[str, Check] = {
    "name": _one_of(VARIANTS),
    "size": _one_of(SIZES),
    "split": _one_of(SPLITS),
    "max_train": _COUNT,
    "train_fraction": _SHARE,
    "validation_share": _SHARE,
    "max_eval": _COUNT,
    "fit_seconds": _SECONDS,
    "inner_folds": ("a whole number of at least 2", lambda v: _is_count(v) and v >= 2),
    "folds": (
        f"a whole number of at least 1, '{BY_TEST_SIZE}' or '{AS_GIVEN}'",
        lambda v: v in (BY_TEST_SIZE, AS_GIVEN) or _is_count(v),
    ),
    "seeds": (
        "a list of distinct whole numbers from 0 to 4294967295",
        lambda v: _is_distinct(v) and all(s == 0 or (_is_count(s) and s < 2**32) for s in v),
    ),
    "spaces": _one_of(("own", "paper")),
    "early_stopping": _one_of(("sensible", "published")),
    "refit": ("true or false", lambda v: isinstance(v, bool)),
    "normalisation": _one_of(("dummy", "published", "min-max")),
}


def checked(
    table: Mapping[str, Any], keys: Mapping[str, Check], *, where: str, required: Iterable[str] = ()
) -> dict[str, Any]:
    """Give the table with lists as tuples, after every key and value has been checked.

    Raises
    ------
    StudyError
        If a key is unknown or missing, or a value is none of those that are possible.
    """
    for key, value in table.items():
        if key not in keys:
            raise unknown("key", key, keys, where=where)
        wanted, fits = keys[key]
        if not fits(value):
            raise StudyError(f"{key!r} must be {wanted}", got=f"{value!r} in {where}", do="correct it there")
    for key in required:
        if key not in table:
            raise StudyError(f"a study file must have the key {key!r}", got=f"none in {where}", do="add it")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def unknown(what: str, name: str, known: Iterable[str], *, where: str, also: str = "") -> StudyError:
    """The error of a name that is none of those known, with the nearest of them."""
    known = sorted(known)
    return StudyError(
        f"each {what} must be known",
        got=f"{name!r} in {where}",
        do=f"{did_you_mean(name, known)}known: {', '.join(known)}{also}",
    )
