"""Data whose structure is known because it was made: nulls that a probe must not fire on, and alternatives.

Each function takes a random generator, draws a shape and a kind of value, and gives a frame or an array; the
first line of its docstring says what. They know nothing of any data set, so models may be fitted to them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.signal import lfilter

Array = NDArray[np.float64]
Rng = np.random.Generator
SHAPES = ((60, 12), (200, 40), (500, 100), (100, 700))  # rows x columns
BLOCKS = (2, 3, 4, 5, 6, 8, 10, 12)  # columns of a block
VALUES = ("normal", "integers", "skewed", "bits")


def shape_of(rng: Rng) -> tuple[int, int]:
    """Rows and columns."""
    n, d = SHAPES[rng.integers(len(SHAPES))]
    return n, d


def dressed(rng: Rng, values: Array) -> Array:
    """Turn normal values into one of the kinds that columns hold; a kind for the whole table."""
    kind = VALUES[rng.integers(len(VALUES))]
    if kind == "integers":
        return np.round(2 * values)
    if kind == "skewed":
        return np.exp(values)
    return (values > 0.3).astype(np.float64) if kind == "bits" else values


# Tables: columns without an order


def exchangeable(rng: Rng) -> Array:
    """Independent columns."""
    return dressed(rng, rng.normal(size=shape_of(rng)))


def shared_factor(rng: Rng) -> Array:
    """Exchangeable columns with one factor in common."""
    n, d = shape_of(rng)
    return dressed(rng, rng.normal(size=(n, 1)) * rng.uniform(0.3, 2) + rng.normal(size=(n, d)))


def factor_model(rng: Rng) -> Array:
    """Columns that load at random on one to six factors."""
    n, d = shape_of(rng)
    k = int(rng.integers(1, 7))
    return dressed(
        rng, rng.normal(size=(n, k)) @ rng.normal(size=(k, d)) + rng.uniform(0.2, 1) * rng.normal(size=(n, d))
    )


def own_units(rng: Rng) -> Array:
    """A factor model in which every column has a unit and a level of its own."""
    values = factor_model(rng)
    d = values.shape[1]
    return values * 10 ** rng.uniform(-1, 1, d) + rng.normal(0, 2, d)


def _block_numbers(rng: Rng, d: int) -> NDArray[np.intp]:
    """Number of the block of each column: of one size, or of mixed sizes."""
    if rng.random() < 0.5:
        return np.arange(d) // int(rng.choice(BLOCKS))
    return np.repeat(np.arange(d), rng.choice(BLOCKS, d))[:d]


def blocks(rng: Rng) -> Array:
    """Contiguous blocks of 2 to 12 exchangeable columns, each with a factor, and one for all."""
    n, d = shape_of(rng)
    block = _block_numbers(rng, d)
    factors = rng.normal(size=(n, block.max() + 1))[:, block] * rng.uniform(0.5, 3)
    return dressed(rng, factors + rng.normal(size=(n, 1)) * rng.uniform(0, 1) + rng.normal(size=(n, d)))


def nested_blocks(rng: Rng) -> Array:
    """Blocks of 2 or 3 exchangeable columns within blocks of 3 or 4 such blocks, as sub-scales stand."""
    n, d = shape_of(rng)
    inner, outer = int(rng.choice((2, 3))), int(rng.choice((3, 4)))
    small = np.arange(d) // inner
    values = rng.normal(size=(n, d)) + rng.normal(size=(n, small.max() + 1))[:, small] * rng.uniform(0.5, 2)
    large = small // outer
    return dressed(rng, values + rng.normal(size=(n, large.max() + 1))[:, large] * rng.uniform(0.5, 2))


def one_hot(rng: Rng) -> Array:
    """Categories of 2 to 12 levels as blocks of 0/1 columns; they depend on each other through one factor."""
    n, d = shape_of(rng)
    sizes = rng.integers(2, 13, d)
    kept = sizes[np.cumsum(sizes) <= d]
    common = rng.random((n, 1)) * rng.integers(0, 2)
    columns = []
    for size in kept:
        chances = np.cumsum(rng.dirichlet(np.full(size, 2.0)))
        draw = np.where(rng.random(n) < 0.3, common[:, 0], rng.random(n))
        columns.append(np.eye(size)[np.minimum(np.searchsorted(chances, draw), size - 1)])
    return np.concatenate(columns, axis=1)


def repeated_measures(rng: Rng) -> Array:
    """The same quantities measured several times (mean, error, worst), each quantity in its own unit."""
    n, d = shape_of(rng)
    times = int(rng.integers(2, 6))
    quantities = d // times
    truth = rng.normal(size=(n, 1)) * rng.uniform(0, 1) + rng.normal(size=(n, quantities))
    unit, level = 10 ** rng.uniform(-1, 1, quantities), rng.normal(0, 2, quantities)
    runs = [(truth + rng.uniform(0.2, 1) * rng.normal(size=truth.shape)) * unit + level for _ in range(times)]
    if rng.random() < 0.5:  # all quantities of the first time first
        return np.concatenate(runs, axis=1)
    return np.stack(runs, axis=2).reshape(n, -1)


def duplicated(rng: Rng) -> Array:
    """Independent columns, each followed by up to three copies with little noise."""
    n, d = shape_of(rng)
    origin = np.repeat(np.arange(d), rng.integers(1, 5, d))[:d]
    return dressed(rng, rng.normal(size=(n, d))[:, origin] + 0.1 * rng.normal(size=(n, d)))


# Series, one a row


def autoregressive(rng: Rng, n: int, d: int, memory: float) -> Array:
    """Stationary AR(1) rows."""
    noise = rng.normal(size=(n, d))
    noise[:, 1:] *= np.sqrt(1 - memory**2)
    rows: Array = lfilter([1], [1, -memory], noise, axis=1)
    return rows


def ar_series(rng: Rng) -> Array:
    """AR(1) rows with a memory of 0.6 to 0.95."""
    return dressed(rng, autoregressive(rng, *shape_of(rng), rng.uniform(0.6, 0.95)))


def walks(rng: Rng) -> Array:
    """Random walks."""
    return rng.normal(size=shape_of(rng)).cumsum(axis=1)


def seasonal(rng: Rng) -> Array:
    """Several seasons a row, aligned or not, of a smooth shape, with AR noise."""
    n, season = int(rng.choice((60, 200, 500))), int(rng.choice((7, 12, 24)))
    d = season * int(rng.integers(2, 6))
    phase = np.zeros((n, 1), np.intp) if rng.random() < 0.5 else rng.integers(season, size=(n, 1))
    shape = gaussian_filter(rng.normal(size=season), 1.5, mode="wrap")
    waves = shape[(np.arange(d) + phase) % season] / shape.std()
    noise = autoregressive(rng, n, d, rng.uniform(0.3, 0.9))
    rows: Array = waves * rng.uniform(0.5, 1.5, (n, 1)) + rng.uniform(0.2, 1) * noise
    return rows


def multivariate(rng: Rng) -> Array:
    """AR series of 2 to 6 channels, time-major or channel-major; channels have own units or mix."""
    n, channels, steps = int(rng.choice((80, 300))), int(rng.integers(2, 7)), int(rng.choice((16, 30, 50)))
    series = np.stack(
        [autoregressive(rng, n, steps, rng.uniform(0.7, 0.95)) for _ in range(channels)], axis=1
    )
    if rng.random() < 0.5:
        series = np.einsum("nct,ck->nkt", series, np.eye(channels) + 0.4 * rng.normal(size=(channels,) * 2))
    if rng.random() < 0.5:
        series *= 10 ** rng.uniform(-1, 1, (channels, 1))
        series += rng.normal(0, 2, (channels, 1)) * series.std()
    return (series.transpose(0, 2, 1) if rng.random() < 0.5 else series).reshape(n, -1)


def spectra(rng: Rng) -> Array:
    """Peaks at fixed places, of varying height, on a baseline, with smooth differences between rows."""
    n, d = int(rng.choice((30, 100, 300))), int(rng.choice((60, 150, 400)))
    place = np.linspace(0, 1, d)
    count = int(rng.integers(3, 8))
    centre, width = rng.random((count, 1)), rng.uniform(0.02, 0.1, (count, 1))
    peaks = np.exp(-(((place - centre) / width) ** 2))
    heights = rng.uniform(0.3, 2, count) * np.exp(rng.uniform(0.1, 0.4) * rng.normal(size=(n, count)))
    noise = gaussian_filter(rng.normal(size=(n, d)), (0, d / 50))
    rows: Array = heights @ peaks + rng.normal(size=(n, 1)) * rng.uniform(0, 2) + 0.1 * noise / noise.std()
    return rows


def histograms(rng: Rng) -> Array:
    """Shares per bin of draws from a hump whose place varies."""
    n, bins = int(rng.choice((60, 200))), int(rng.choice((16, 24, 48)))
    centre, width = rng.uniform(0.2, 0.8, (n, 1)) * bins, rng.uniform(0.1, 0.25, (n, 1)) * bins
    chances = np.exp(-(((np.arange(bins) - centre) / width) ** 2) / 2) + 0.01
    draws = int(rng.choice((300, 3000)))
    return np.stack([rng.multinomial(draws, p / p.sum()) for p in chances]) / draws


# Pictures, one a row


def random_fields(rng: Rng, *, colours: int | None = None) -> Array:
    """Blurred noise, shape (n, H, W, C): with dark borders, clipping and noise in some."""
    n = int(rng.choice((80, 300)))
    h, w = int(rng.integers(8, 33)), int(rng.integers(8, 33))
    if max(h, w) > 2 * min(h, w):
        w = h
    c = colours if colours is not None else int(rng.choice((1, 3)))
    blur = rng.uniform(0.8, max(1.0, min(h, w) / 6))
    own, common = rng.normal(size=(n, h, w, c)), rng.normal(size=(n, h, w, 1))
    fields = gaussian_filter(rng.uniform(0.2, 1) * own + common, (0, blur, blur, 0))
    fields /= fields.std()
    fields += rng.normal(0, rng.uniform(0, 0.7), (n, 1, 1, 1))  # brightness
    if rng.random() < 0.5:
        down, across = np.abs(np.linspace(-1, 1, h))[:, None], np.abs(np.linspace(-1, 1, w))
        fields = np.where((np.maximum(down, across) > rng.uniform(0.7, 0.95))[..., None], -1, fields)
    if rng.random() < 0.5:
        fields = np.clip(fields, *np.sort(rng.uniform((-2, 0.5), (-0.5, 2))))
    noisy: Array = fields + rng.uniform(0, 0.3) * rng.normal(size=fields.shape)
    return noisy


def grey_pictures(rng: Rng) -> Array:
    """Gaussian random fields in grey, 8 to 32 lines, as flat columns."""
    fields = random_fields(rng, colours=1)
    return fields.reshape(len(fields), -1)


def colour_pictures(rng: Rng) -> Array:
    """Gaussian random fields in three colours that share a component, colours together or plane by plane."""
    fields = random_fields(rng, colours=3)
    return (fields if rng.random() < 0.5 else np.moveaxis(fields, -1, 1)).reshape(len(fields), -1)


def _mixed(rng: Rng, values: Array) -> Array:
    return values[:, rng.permutation(values.shape[1])]


def mixed_series(rng: Rng) -> Array:
    """AR(1) rows or random walks with their columns in random order."""
    return _mixed(rng, walks(rng) if rng.random() < 0.5 else ar_series(rng))


def mixed_pictures(rng: Rng) -> Array:
    """Grey Gaussian random fields with their columns in random order."""
    return _mixed(rng, grey_pictures(rng))


def mixed_blocks(rng: Rng) -> Array:
    """Blocks of exchangeable columns, in random order."""
    return _mixed(rng, blocks(rng))


# Arrays


def stacked_series(rng: Rng) -> Array:
    """Series (n, T, C) or (n, C, T) of 8 to 16 channels that are exchangeable, so in no order."""
    n, steps, channels = int(rng.choice((60, 200))), int(rng.choice((20, 40))), int(rng.integers(8, 17))
    series = autoregressive(rng, n * channels, steps, rng.uniform(0.6, 0.95)).reshape(n, channels, steps)
    series += rng.uniform(0, 1) * autoregressive(rng, n, steps, 0.8)[:, None]
    return series if rng.random() < 0.5 else series.transpose(0, 2, 1)


def stacked_pictures(rng: Rng) -> Array:
    """Grey Gaussian random fields (n, H, W)."""
    return random_fields(rng, colours=1)[..., 0]


# Letters and words


def letter_columns(rng: Rng) -> Array:
    """Strings of a Markov chain over 3 to 6 letters, as groups of 0/1 columns; the next letter depends."""
    n, positions, size = int(rng.choice((300, 1000))), int(rng.choice((20, 40))), int(rng.integers(3, 7))
    text = rng.integers(size, size=(n, positions))
    follows = (rng.random((n, positions)) < rng.uniform(0.3, 0.7)) * int(rng.integers(1, size))
    for j in range(1, positions):
        text[:, j] = np.where(follows[:, j], (text[:, j - 1] + follows[:, j]) % size, text[:, j])
    return np.eye(size)[text].reshape(n, -1)


def category_columns(rng: Rng) -> Array:
    """Exchangeable categories of one size as groups of 0/1 columns, some of them in dependent blocks."""
    n, count, size = int(rng.choice((100, 400))), int(rng.choice((10, 20, 40))), int(rng.integers(3, 7))
    block = _block_numbers(rng, count) if rng.random() < 0.5 else np.zeros(count, np.intp)
    common = rng.integers(size, size=(n, block.max() + 1))[:, block]
    codes = np.where(
        rng.random((n, count)) < rng.uniform(0, 0.6), common, rng.integers(size, size=(n, count))
    )
    return np.eye(size)[codes].reshape(n, -1)


def category_names(rng: Rng) -> pd.DataFrame:
    """Names of categories of one to four words, beside a number."""
    n = int(rng.choice((60, 300)))
    words = np.array(
        [
            "north",
            "south",
            "east",
            "west",
            "old",
            "new",
            "upper",
            "lower",
            "red",
            "green",
            "first",
            "second",
            "main",
            "side",
        ]
    )
    frame: dict[str, Any] = {}
    for j in range(int(rng.integers(1, 5))):
        length = int(rng.integers(1, 5))
        names = [" ".join(rng.choice(words, length)) for _ in range(int(rng.integers(2, 16)))]
        frame[f"c{j}"] = rng.choice(names, n)
    return pd.DataFrame(frame | {"x": rng.normal(size=n)})


def sentences(rng: Rng) -> pd.DataFrame:
    """Running text of 4 to 30 words, and a label."""
    n = int(rng.choice((60, 300)))
    words = np.array(
        [
            f"{a}{b}"
            for a in ["ba", "de", "fi", "go", "lu", "ma", "no"]
            for b in ["r", "n", "st", "lk", "m", "t"]
        ]
    )
    lengths = rng.integers(4, 31, n)
    return pd.DataFrame(
        {"t": [" ".join(rng.choice(words, k)) for k in lengths], "k": rng.choice(list("ab"), n)}
    )
