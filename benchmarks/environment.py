"""What the results of a process depend on: machine, versions of packages, commit of the checkout."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGES = (
    "arch-advisor",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "xgboost",
    "lightgbm",
    "catboost",
    "torch",
)
_ROOT = Path(__file__).parents[1]


@cache
def environment() -> dict[str, Any]:
    """Describe what the results of this process depend on.

    Returns
    -------
    dict
        ``python, platform, cpu, gpu, cores, threads, commit, dirty, versions``; the commit is that of the
        checkout, empty outside of git.
    """
    status = _git("status", "--porcelain", "--untracked-files=no")
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu(),
        "gpu": gpu(),
        "cores": os.cpu_count(),
        "threads": int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1),
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(status),
        "versions": {name: version for name in _PACKAGES if (version := _version(name))},
    }


def commit_of(facts: Mapping[str, Any]) -> str:
    """Name the commit of an :func:`environment` in seven digits, with a ``+`` if files differ from it.

    Examples
    --------
    >>> commit_of({"commit": "0123456789abcdef", "dirty": True})
    '0123456+'
    """
    return str(facts["commit"])[:7] + "+" * bool(facts["dirty"])


def _git(*args: str) -> str:
    try:
        done = subprocess.run(["git", *args], cwd=_ROOT, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def gpu() -> str:
    """Name the first CUDA device if this process has loaded torch anyway; else an empty text."""
    torch = sys.modules.get("torch")
    return torch.cuda.get_device_name(0) if torch is not None and torch.cuda.is_available() else ""


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
