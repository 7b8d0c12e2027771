"""What the system tells of the processes that run cells: their memory, what they started, who ended them."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil

__all__ = ["give_back", "kernel_kills", "kill", "resident_mb", "started_by", "unshared_mb"]


def resident_mb(pid: int) -> float:
    """Resident memory of a process, MiB; 0 if it is gone."""
    try:
        return psutil.Process(pid).memory_info().rss / 2**20
    except psutil.Error:
        return 0.0


def unshared_mb(processes: Iterable[psutil.Process]) -> float:
    """Memory that processes share with no other, MiB: what a fork shares with its parent is there once."""
    total = 0.0
    for process in processes:
        with suppress(psutil.Error):
            total += process.memory_full_info().uss / 2**20
    return total


def started_by(pids: Iterable[int]) -> dict[int, list[psutil.Process]]:
    """List what each of our processes has started, and what that has started in turn.

    It takes one look at all processes of the machine, however many are asked for.
    """
    found: dict[int, list[psutil.Process]] = {pid: [] for pid in pids}
    parents: dict[int, int] = {}
    below = psutil.Process().children(recursive=True)
    for process in below:
        with suppress(psutil.Error):
            parents[process.pid] = process.ppid()
    for process in below:
        parent = parents.get(process.pid)
        while parent is not None and parent not in found:
            parent = parents.get(parent)
        if parent is not None and process.pid not in found:
            found[parent].append(process)
    return found


def kill(process: BaseProcess, started: Iterable[psutil.Process]) -> None:
    """End a process, so that it starts nothing more, and then what it has started."""
    process.kill()
    for child in started:
        with suppress(psutil.Error):  # it may have ended by itself
            child.kill()


def kernel_kills() -> int:
    """How many processes the kernel has killed for lack of memory since it started (Linux; else 0)."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def give_back() -> None:
    """Give memory that this process has freed back to the system."""
    gc.collect()
    with suppress(AttributeError, OSError):  # glibc keeps what was freed
        ctypes.CDLL(None).malloc_trim(0)
