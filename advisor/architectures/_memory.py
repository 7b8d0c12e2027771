"""How much memory a fit takes and how much is free: a fit that cannot fit is refused before it starts."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from advisor.architectures._preprocessing import CELLS, as_pandas, check_rows
from advisor.architectures._target import check_target
from advisor.errors import AdvisorError, NotEnoughMemory

SAMPLE = 2**14  # values of the rows that a prediction looks at
FEW, PLENTY = 2**16, 4 * 10**9  # no architecture takes so many bytes for so few values


def peak_memory(estimator: Any, X: Any, y: Any) -> dict[str, int]:
    """Predict what the fit of an estimator takes at its peak, from a sample of the rows.

    Parameters
    ----------
    estimator : Learner
        Unfitted or fitted; it is left as it is, and so is its random state.
    X, y : array-like
        As for ``fit``.

    Returns
    -------
    dict
        Bytes by device, see :meth:`advisor.architectures._learner.Learner.peak_memory`.
    """
    other = clone(estimator).set_params(random_state=0)
    X = as_pandas(X) if hasattr(X, "columns") or hasattr(X, "tocsr") else np.asarray(X)
    n, d = X.shape[0], int(np.prod(X.shape[1:]))
    size = max(64, min(256, SAMPLE // max(1, d)))
    which = np.linspace(0, n - 1, min(n, size)).astype(np.intp)
    some = X.iloc[which] if hasattr(X, "iloc") else X[which]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fit says it itself
        labels = check_target(y, other.kind, n)
        rows = check_rows(other, some, layout=other._layout(), reset=True)
        copied = isinstance(rows, np.ndarray) and not (
            isinstance(X, np.ndarray) and X.dtype == np.float64 and X.flags.c_contiguous
        )
        checked = n * d * 8 if copied else 0
        needed: dict[str, int] = other._memory(rows, which, labels, checked)
    return needed


def check_memory(estimator: Any, X: Any, y: Any) -> None:
    """Refuse a fit for which there is not enough memory.

    Parameters
    ----------
    estimator : Learner
        About to be fitted.
    X, y : array-like
        As they came: what is wrong with them is told by the checks that follow this one.

    Raises
    ------
    NotEnoughMemory
        If more is needed than is free; where the system does not tell what is free, never.
    """
    free = free_memory()
    try:
        X = X if hasattr(X, "shape") else np.asarray(X)
        if np.prod(X.shape) <= FEW and (free is None or free > PLENTY):
            return  # the look itself would take longer than some of these fits
        needed = peak_memory(estimator, X, y)
    except (AdvisorError, ValueError, TypeError):
        return
    for device, size in needed.items():
        free = free_memory(device)
        if free is not None and size > free:
            raise NotEnoughMemory(
                f"to fit {X.shape[0]:,} rows, about {_told(size)} of memory must be free",
                got=f"{_told(free)} on the device {device!r}",
                do="pass fewer rows" + (" or lower batch_size" if hasattr(estimator, "batch_size") else ""),
            )


def encoding(n: int, d: int) -> int:
    """Bytes that the steps of an encoder hold while it works on a part of the rows."""
    return 3 * 8 * min(n * d, CELLS)


def _told(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def free_memory(device: str = "cpu") -> int | None:
    """Bytes that this process can still take; None where the system does not tell.

    Examples
    --------
    >>> free_memory("a device nobody knows")
    """
    if device == "cpu":
        return min(_limits(), default=None)
    if device.startswith("cuda"):
        import torch

        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0] + unused)
    return None


def _limits() -> Iterator[int]:
    """What the machine, the control groups (containers, batch systems) and the shell's limit leave."""
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemAvailable"):
            yield int(line.split()[1]) * 1024
    for line in _lines("/proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2
            yield from _group("/sys/fs/cgroup", path, "memory.max", "memory.current", "")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
            yield from _group("/sys/fs/cgroup/memory", path, *names)
    if sys.platform != "win32":
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            pages = int(_lines("/proc/self/statm")[0].split()[0])
            yield limit - pages * resource.getpagesize()


def _group(root: str, path: str, limit: str, usage: str, prefix: str) -> Iterator[int]:
    """What a control group and those that it is in leave; files in the cache give way."""
    cached = {f"{prefix}inactive_file", f"{prefix}active_file"}
    place = Path(root + path)
    for folder in (place, *place.parents):
        told, used = _lines(folder / limit), _lines(folder / usage)
        if told and told[0].isdigit() and used:
            counts = [line.split() for line in _lines(folder / "memory.stat")]
            yield int(told[0]) - int(used[0]) + sum(int(count) for name, count in counts if name in cached)
        if str(folder) == root:
            break


def _lines(path: str | Path) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
