"""Results as files for further work: Parquet and CSV with a documented schema, safe in a spreadsheet."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import scores
from benchmarks.cell import canonical_json
from reports.flags import flagged
from reports.summary import Summary

# column: (unit or type, meaning); the order is that of the files
SCHEMA: dict[str, tuple[str, str]] = {
    "key": ("24 hex digits", "hash of the cell's content: equal content, equal key"),
    "task": ("text", "task id, source:name"),
    "origin": ("text", "original collection; tasks of one origin are not independent"),
    "structure": (
        "text",
        'declared structure: image, sequence, tabular, unknown; " destroyed" added where it is gone',
    ),
    "kind": ("text", "classification or regression"),
    "metric": ("text", "accuracy or r2, higher is better"),
    "candidate": ("text", "architecture, or advisor"),
    "config": ("JSON", "hyperparameters that differ from the default"),
    "trial": ("count from 0", "place in the search; 0 is the default configuration"),
    "fold": ("count from 0", "which split"),
    "seed": ("integer", "seed of the fit"),
    "status": ("text", "ok, skipped, timeout, out_of_memory, diverged, error, pending, beyond budget"),
    "reason": ("text", "why the status is not ok"),
    "validation": ("metric", "score that chooses the configuration; missing unless ok"),
    "test": ("metric", "score that is reported; missing unless ok"),
    "fit_seconds": ("seconds", "wall time of the fit; for the advisor that of the advice and the fit"),
    "predict_seconds": ("seconds", "wall time of the predictions"),
    "peak_mb": ("MiB", "peak resident memory above the level before the cell"),
    "extra": ("JSON", "further facts: epochs, the advice given"),
    "environment": ("JSON", "versions, commit, hardware, threads"),
    "finished": ("UTC, ISO 8601", "when the cell was done; empty while pending"),
}
# what the report adds to the columns of the store
ADDED: dict[str, tuple[str, str]] = {
    "normalised": (
        "0 dummy, 1 best",
        "test score on the scale of the task, not cut, a failed cell the dummy's; missing where it is not "
        "judged",
    ),
    "chosen": ("true or false", "whether this is the configuration that validation chose"),
    "imputed": ("true or false", "whether the cell counts with the dummy's score because it failed"),
    "flags": ("text", "groups of reports/flags.toml that name the task, with commas between them"),
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def results(summary: Summary) -> pd.DataFrame:
    """Every cell of a study with plain columns only: :data:`SCHEMA`, then :data:`ADDED`.

    Parameters
    ----------
    summary : Summary
        The findings.

    Returns
    -------
    DataFrame
        Dictionaries are JSON texts.
    """
    plain = summary.frame[list(SCHEMA)].copy()
    for name in ("extra", "environment"):
        plain[name] = _texts(plain[name])
    keys = ["task", "candidate", "trial"]
    chosen = summary.splits[keys].drop_duplicates().assign(chosen=True)
    plain["chosen"] = plain[keys].merge(chosen, how="left", on=keys)["chosen"].eq(True).to_numpy()
    judged = plain["task"].isin(summary.tasks.index)
    plain["imputed"] = judged & ~plain["status"].isin(["ok", "pending", scores.BEYOND])
    plain["normalised"] = _on_scale(plain, summary)
    flags: dict[str, str] = {}
    for task, flag in flagged(plain)[["task", "flag"]].itertuples(index=False):
        flags[task] = f"{flags[task]},{flag}" if task in flags else flag
    plain["flags"] = [flags.get(task, "") for task in plain["task"]]
    return plain[[*SCHEMA, *ADDED]]


def _on_scale(plain: pd.DataFrame, summary: Summary) -> pd.Series:
    """Test scores on the scales of their tasks, 0 the dummy and 1 the best candidate."""
    zero, best = summary.test[scores.BASELINE], summary.test.max(axis=1)
    split = ["task", "fold", "seed"]
    baseline = plain[(plain["candidate"] == scores.BASELINE) & (plain["trial"] == 0)].set_index(split)["test"]
    dummy = plain[split].join(baseline.rename("dummy"), on=split)["dummy"]
    test = plain["test"].where(~plain["imputed"], dummy)
    low, span = plain["task"].map(zero), plain["task"].map((best - zero).where(best > zero))
    scaled = (test - low) / span
    return scaled.where(span.notna() | test.isna() | low.isna(), 0.0)


def _texts(values: pd.Series) -> list[str]:
    return [canonical_json(value) if isinstance(value, Mapping) else "{}" for value in values]


def csv(frame: pd.DataFrame, *, index: bool = False) -> str:
    """A table as CSV in which no text is a formula.

    Parameters
    ----------
    frame : DataFrame
        Any table.
    index : bool, default=False
        Whether the index is a column too.

    Returns
    -------
    str
        A text that a spreadsheet would compute begins with an apostrophe, as OWASP advises.

    References
    ----------
    OWASP, CSV injection, https://owasp.org/www-community/attacks/CSV_Injection

    Examples
    --------
    >>> print(csv(pd.DataFrame({"task": ["=1+1", "wine"], "gain": [-0.5, 2.0]})), end="")
    task,gain
    '=1+1,-0.5
    wine,2.0
    """
    table = frame.reset_index() if index else frame.copy()
    table.columns = pd.Index([_harmless(str(name)) for name in table.columns])
    for i, dtype in enumerate(table.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype):
            table.isetitem(i, np.array([_harmless(v) for v in table.iloc[:, i]], dtype=object))
    return table.to_csv(index=False, lineterminator="\n")


def csv_uri(frame: pd.DataFrame, *, index: bool = False) -> str:
    """A table as a ``data:`` address that a page can offer for download.

    Parameters
    ----------
    frame : DataFrame
        Any table.
    index : bool, default=False
        Whether the index is a column too.

    Returns
    -------
    str
        Base64 of :func:`csv`.

    Examples
    --------
    >>> csv_uri(pd.DataFrame({"a": [1]}))
    'data:text/csv;charset=utf-8;base64,YQoxCg=='
    """
    text = csv(frame, index=index)
    return f"data:text/csv;charset=utf-8;base64,{base64.b64encode(text.encode()).decode()}"


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
