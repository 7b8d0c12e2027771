"""The frames that speed is measured on: tables, pictures, series, panels, mixed columns, at full size.

Pictures are cut from those that scikit-learn ships; the rest is drawn at random. Only numpy, pandas and
scikit-learn are needed, so that the peers' Python can make them too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

MILLION = 1_000_000


@dataclass(frozen=True)
class Frame:
    """One frame and what a look at it may take."""

    name: str
    what: str
    make: Callable[[], pd.DataFrame]
    target: object
    seconds: float  # at most
    structure: str | None  # the truth; None where nothing was promised


def table(n: int, d: int) -> pd.DataFrame:
    """Numbers with a few hidden factors, and a target of two classes: no order in rows or columns."""
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(5, d)).astype(np.float32)
    values = rng.normal(size=(n, 5)).astype(np.float32) @ factors
    values += rng.normal(size=(n, d)).astype(np.float32)
    values[:, ::3] = np.exp(values[:, ::3])
    return _with_target(values, values[:, 1] > 0)


def genes(n: int, d: int) -> pd.DataFrame:
    """Levels that differ from column to column, mostly positive and skewed."""
    rng = np.random.default_rng(0)
    values = np.exp(rng.normal(size=(1, d)) * 2 + rng.normal(size=(n, 8)) @ rng.normal(size=(8, d)) / 4)
    return _with_target((values * rng.gamma(4, size=(n, d))).astype(np.float32), values[:, 0] > values[0, 0])


def digits(n: int) -> pd.DataFrame:
    """Handwritten digits of 8 x 8 grey values, drawn 28 x 28 with a dark border: 784 columns."""
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(0)
    small, labels = load_digits(return_X_y=True)
    row, column = (grid.ravel() for grid in np.mgrid[2:26, 2:26])
    y, x = (row - 2) / 24 * 7, (column - 2) / 24 * 7
    top, left = y.astype(int), x.astype(int)
    down, right = y - top, x - left
    weights = np.zeros((64, 784), np.float32)
    place = row * 28 + column
    for dy, dx, weight in (
        (0, 0, (1 - down) * (1 - right)),
        (0, 1, (1 - down) * right),
        (1, 0, down * (1 - right)),
        (1, 1, down * right),
    ):
        weights[np.minimum(top + dy, 7) * 8 + np.minimum(left + dx, 7), place] += weight
    drawn = rng.integers(len(small), size=n)
    large = (small.astype(np.float32) @ weights)[drawn] * rng.uniform(0.7, 1, size=(n, 1)) * 16
    return _with_target(np.floor(large).astype(np.uint8), labels[drawn])


def photographs(n: int, *, scrambled: bool = False) -> pd.DataFrame:
    """Pieces of 32 x 32 pixels of two photographs, three colours a pixel: 3,072 columns."""
    from sklearn.datasets import load_sample_images

    rng = np.random.default_rng(0)
    images = load_sample_images().images
    pieces = []
    for _ in range(n):
        image = images[rng.integers(len(images))]
        y, x = (int(rng.integers(size - 96)) for size in image.shape[:2])
        pieces.append(image[y : y + 96 : 3, x : x + 96 : 3].ravel())
    values = np.stack(pieces)
    values = values[:, rng.permutation(values.shape[1])] if scrambled else values
    return _with_target(values, np.arange(n) % 2)


def series(n: int, d: int) -> pd.DataFrame:
    """One random walk a row."""
    steps = np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)
    return _with_target(steps.cumsum(axis=1), steps[:, : d // 2].sum(axis=1) > 0)


def long_series(n: int, d: int) -> pd.DataFrame:
    """Rows in time: every column a process that returns slowly to its mean, and the hour."""
    rng = np.random.default_rng(0)
    values = _slow(rng.normal(size=(n, d - 1)).astype(np.float32))
    frame = pd.DataFrame(values, columns=[f"c{j}" for j in range(d - 1)])
    frame.insert(0, "when", pd.date_range("1970-01-01", periods=n, freq="h"))
    return frame.assign(y=frame["c0"].shift(-1, fill_value=0))


def panel(n: int, d: int) -> pd.DataFrame:
    """A thousand days of each thing, one after the other."""
    rng = np.random.default_rng(0)
    values = _slow(rng.normal(size=(n, d - 2)).astype(np.float32))
    frame = pd.DataFrame(values, columns=[f"c{j}" for j in range(d - 2)])
    days = pd.date_range("2020-01-01", periods=1000, freq="D").to_numpy()
    frame.insert(0, "thing", np.repeat(np.arange(-(-n // 1000)), 1000)[:n])
    frame.insert(1, "day", np.tile(days, -(-n // 1000))[:n])
    return frame.assign(y=frame["c0"].shift(-1, fill_value=0))


def mixed(n: int, d: int) -> pd.DataFrame:
    """Strings, categories, dates as such and as text, prices, keys, flags and gaps, in turn."""
    rng = np.random.default_rng(0)
    cities = np.array(["Porto", "Graz", "Lyon", "Turku", "Gent", "Brno", "Cork"], dtype=object)
    streets = np.array([f"{a} {b} street {i}" for i, (a, b) in enumerate(PAIRS)], dtype=object)
    days = pd.date_range("2001-01-01", periods=8000, freq="D")
    written = days.strftime("%Y-%m-%d").to_numpy(dtype=object)
    prices = np.array([f"${i:,}.50" for i in range(5000)], dtype=object)
    kinds: list[Callable[[], object]] = [
        lambda: rng.normal(size=n),
        lambda: _gaps(rng.exponential(size=n), rng),
        lambda: rng.integers(0, 40, n),
        lambda: _gaps(cities[rng.integers(len(cities), size=n)], rng),
        lambda: pd.Categorical.from_codes(rng.integers(len(cities), size=n), pd.Index(cities)),
        lambda: days.to_numpy()[rng.integers(len(days), size=n)],
        lambda: written[rng.integers(len(written), size=n)],
        lambda: prices[rng.integers(len(prices), size=n)],
        lambda: streets[rng.integers(len(streets), size=n)],
        lambda: rng.random(n) < 0.2,
    ]
    columns = {f"c{j}": kinds[j % len(kinds)]() for j in range(d - 2)}
    columns["key"] = np.arange(n) + 7
    columns["code"] = np.array([f"K{i:07d}" for i in range(n)], dtype=object)
    return pd.DataFrame(columns).assign(y=rng.integers(3, size=n))


def objects(n: int, d: int, kind: str = "words") -> pd.DataFrame:
    """One column of objects under many names: nothing is copied."""
    rng = np.random.default_rng(0)
    if kind == "words":
        names = np.array([f"word {i}" for i in range(1000)], dtype=object)
        held = names[rng.integers(len(names), size=n)]
    else:
        held = np.array([f"K{i:07d}" for i in range(n)], dtype=object)
    column = pd.Series(held, dtype=object)
    return pd.concat([column] * d, axis=1, ignore_index=True)


PAIRS = [(a, b) for a in ("old", "new", "long", "north", "south") for b in ("mill", "church", "river")] * 200


def _with_target(values: np.ndarray, target: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame(values, copy=False)
    return frame.assign(y=np.asarray(target).astype(np.int64))


def _slow(noise: np.ndarray) -> np.ndarray:
    for i in range(1, len(noise)):
        noise[i] += 0.95 * noise[i - 1]
    return noise


def _gaps(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    values[rng.random(len(values)) < 0.1] = np.nan if values.dtype.kind == "f" else None
    return values


FRAMES = (
    Frame("table-30", "table, 1,000 x 30", lambda: table(1000, 30), "y", 0.1, "tabular"),
    Frame("series-30", "series, 1,000 x 30", lambda: series(1000, 30), "y", 0.1, "sequence"),
    Frame("mixed-30", "mixed columns, 1,000 x 30", lambda: mixed(1000, 30), "y", 0.1, "tabular"),
    Frame("table-1e6", "table, 1,000,000 x 50", lambda: table(MILLION, 50), "y", 1.0, "tabular"),
    Frame("mixed-1e6", "mixed columns, 1,000,000 x 50", lambda: mixed(MILLION, 50), "y", 1.0, "tabular"),
    Frame("rows-1e6", "rows in time, 1,000,000 x 50", lambda: long_series(MILLION, 50), "y", 1.0, "sequence"),
    Frame("panel-1e6", "panel, 1,000,000 x 50", lambda: panel(MILLION, 50), "y", 1.0, "sequence"),
    Frame("series-1e6", "series, 1,000,000 x 50", lambda: series(MILLION, 50), "y", 1.0, "sequence"),
    Frame("table-784", "table, 70,000 x 784", lambda: table(70_000, 784), "y", 1.0, "tabular"),
    Frame("digits-784", "pictures 28 x 28, 70,000 x 784", lambda: digits(70_000), "y", 1.0, "image"),
    Frame("table-3072", "table, 2,000 x 3,072", lambda: table(2000, 3072), "y", 1.5, "tabular"),
    Frame("photos-3072", "pictures 32 x 32 x 3, 2,000 x 3,072", lambda: photographs(2000), "y", 1.5, "image"),
    Frame(
        "scrambled-3072",
        "the same, columns in random order",
        lambda: photographs(2000, scrambled=True),
        "y",
        1.5,
        None,  # three colours a pixel: the sheet has three layers
    ),
    Frame("series-3072", "series, 2,000 x 3,072", lambda: series(2000, 3072), "y", 1.5, "sequence"),
    Frame("genes-6800", "table, 500 x 6,800", lambda: genes(500, 6800), "y", 2.0, "tabular"),
    Frame("series-6800", "series, 500 x 6,800", lambda: series(500, 6800), "y", 2.0, "sequence"),
)
LONGER = {  # ten times the rows, the same otherwise
    "table-1e5": lambda: table(100_000, 50),
    "table-1e6": lambda: table(MILLION, 50),
    "table-1e7": lambda: table(10 * MILLION, 50),
    "mixed-1e5": lambda: mixed(100_000, 50),
    "mixed-1e6": lambda: mixed(MILLION, 50),
}
OBJECTS = (
    Frame("words-5000", "objects, 1,000,000 x 5,000", lambda: objects(MILLION, 5000), None, 60, "tabular"),
    Frame(
        "keys-5000",
        "objects that differ, 1,000,000 x 5,000",
        lambda: objects(MILLION, 5000, "keys"),
        None,
        60,
        None,
    ),
)
