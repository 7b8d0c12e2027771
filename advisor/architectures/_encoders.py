"""Rows of a table, images or sequences as numbers that a network or a linear model can learn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from advisor.architectures._preprocessing import CELLS, Columns, Layout, Rows, row_parts, shaped
from advisor.architectures._scaling import Ranked, normal_quantiles
from advisor.spread import MOST, some_rows, spread

FAR = 5.0  # standard deviations from which on a channel is compressed
RUINED = 1e3  # times the usual spread: beyond this deviation a channel is scaled by its spread
LEAST = 1e-6  # standard deviations below which a sequence is flat


def _blocks(positions: NDArray[np.intp], n_rows: int) -> Iterator[NDArray[np.intp]]:
    """Columns in blocks of about :data:`CELLS` values."""
    size = max(1, CELLS // n_rows)
    for start in range(0, len(positions), size):
        yield positions[start : start + size]


@dataclass(slots=True)
class _Step:
    """Some columns of a table, what encodes them, and which columns of its output are kept."""

    columns: NDArray[np.intp]
    encode: Any
    kept: NDArray[np.intp]


class TableEncoder:
    """Encode the columns of a table as numbers for a network or a linear model.

    Numbers: median for missing ones and an indicator for each column that has any, then standardised,
    or first mapped to a normal distribution by their quantiles. Quantiles put ties at the end of a column,
    such as zeros, at -5.2; they are clipped to [-3, 3] (five tasks of 1,000 rows, MLP: mean score 0.920, and
    0.914 without clipping). Categories: one-hot, at most 32 per column, rare ones share a column, unseen ones
    are all zeros; or codes for a network to embed, at most 256 per column. Constant columns are dropped; of
    nothing else, one column of zeros is left.

    Parameters
    ----------
    scaling : {"quantile", "standard", "monotone"}
        How numbers are scaled; "monotone" is "standard" for trees: where a few extreme values would leave all
        others equal, they are ranks.
    categories : {"one-hot", "codes"}
        Whether :meth:`transform` gives the categories too, or :meth:`codes` does.
    seed : int
        Seed of the subsample that the quantiles are estimated from.

    Attributes
    ----------
    cardinalities : tuple of int
        Codes of each category column, code 0 (unseen) among them; empty if one-hot.

    References
    ----------
    Grinsztajn, Oyallon, Varoquaux (2022). Why do tree-based models still outperform deep learning on
    typical tabular data? Section 3.3 (quantile-normal inputs for networks).
    """

    def __init__(
        self,
        *,
        scaling: Literal["quantile", "standard", "monotone"],
        categories: Literal["one-hot", "codes"] = "one-hot",
        seed: int = 0,
    ) -> None:
        self.scaling, self.categories, self.seed = scaling, categories, seed

    def fit(self, rows: Rows) -> TableEncoder:
        """Learn medians, quantiles and categories."""
        self.columns, n = Columns.of(rows), len(rows)
        self.numeric: list[_Step] = []  # values, then indicators of what is missing
        self.one_hot: list[_Step] = []
        self.ordinal: list[_Step] = []
        gaps: list[np.intp] = []
        for columns in _blocks(self.columns.numeric, n):
            numbers = self.columns.numbers(rows, columns)
            missing = np.isnan(numbers)
            gaps += list(columns[missing.any(axis=0)])
            medians = np.nanmedian(np.where(missing.all(axis=0), 0.0, numbers), axis=0)
            self.numeric.append(_fitted(columns, self._scaler(medians, n), numbers))
        for columns in _blocks(np.array(gaps, dtype=np.intp), n):
            indicator = make_pipeline(FunctionTransformer(np.isnan), StandardScaler())
            self.numeric.append(_fitted(columns, indicator, self.columns.numbers(rows, columns)))
        cardinalities: list[int] = []
        for columns in _blocks(self.columns.categorical, n):
            labels = self.columns.labels(rows, columns)
            if self.categories == "one-hot":
                one_hot = OneHotEncoder(
                    handle_unknown="ignore", max_categories=32, sparse_output=False, dtype=np.float32
                )
                self.one_hot.append(_fitted(columns, one_hot, labels))
                continue
            ordinal = OrdinalEncoder(
                handle_unknown="use_encoded_value", unknown_value=-1, max_categories=256, dtype=np.int64
            )
            cardinalities += [int(top) + 2 for top in ordinal.fit_transform(labels).max(axis=0)]
            self.ordinal.append(_Step(columns, ordinal, np.arange(len(columns))))
        self.cardinalities = tuple(cardinalities)
        # an encoder that gives nothing at all would leave a network without inputs
        self.blank = not self.cardinalities and self._width() == 0
        if self.blank:
            (self.numeric + self.one_hot)[0].kept = np.arange(1)
        return self

    def transform(self, rows: Rows) -> NDArray[np.float32]:
        """Encoded columns, shape (n, p)."""
        out = np.empty((len(rows), self._width()), dtype=np.float32)
        for part, some in row_parts(rows) if out.size else ():
            encoded = [
                s.encode.transform(self.columns.numbers(some, s.columns))[:, s.kept] for s in self.numeric
            ]
            encoded += [
                s.encode.transform(self.columns.labels(some, s.columns))[:, s.kept] for s in self.one_hot
            ]
            with np.errstate(over="ignore"):
                np.concatenate(encoded, axis=1, out=out[part])
            np.clip(out[part], -MOST, MOST, out=out[part])
        if self.blank:
            out[:] = 0  # what was constant has no scale to tell by how far it moved
        return out

    def codes(self, rows: Rows) -> NDArray[np.int64]:
        """Codes of the categories, shape (n, q): 0 if unseen in training, else from 1."""
        out = np.empty((len(rows), len(self.cardinalities)), dtype=np.int64)
        for part, some in row_parts(rows):
            encoded = [s.encode.transform(self.columns.labels(some, s.columns)) for s in self.ordinal]
            np.concatenate(encoded, axis=1, out=out[part])
        return out + 1

    def fold(self, rows: Rows) -> tuple[NDArray[np.float32], None]:
        """Encoded columns as a sequence, shape (n, p), without padding: see :meth:`TensorEncoder.fold`."""
        return self.transform(rows), None

    def _width(self) -> int:
        return sum(len(step.kept) for step in self.numeric + self.one_hot)

    def _scaler(self, medians: NDArray[np.float64], n_rows: int) -> Any:
        steps: list[Any] = [FunctionTransformer(_fill, kw_args={"values": medians})]
        if self.scaling == "monotone":
            steps.append(Ranked(self.seed))
        if self.scaling == "quantile":
            clip = FunctionTransformer(np.clip, kw_args={"a_min": -3.0, "a_max": 3.0})
            steps += [*normal_quantiles(n_rows, self.seed), clip]
        return make_pipeline(*steps, StandardScaler())


def _fitted(columns: NDArray[np.intp], encode: Any, values: NDArray[Any]) -> _Step:
    wide = encode.fit_transform(values)
    return _Step(columns, encode, np.flatnonzero(wide.min(axis=0) < wide.max(axis=0)))


def _fill(numbers: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isnan(numbers), values, numbers)


class TensorEncoder:
    """Fold flat columns into images or sequences and standardise each channel over all positions.

    Steps that are missing in every channel at the end of a sequence are padding: they have no part in the
    mean and are given by the lengths. Other missing values become the channel's mean. Beyond 5 standard
    deviations values grow as their logarithm, or a network would extrapolate far from one wrong reading (a
    temperature of 0 K among hours of weather: R2 of a convolutional network 0.55 to 0.84). Where extreme
    values make a channel's deviation a thousand times its usual spread, that spread and the median take the
    place of deviation and mean. A channel that is constant in training, or never observed, is 0 for ever.

    One scale for all rows hides the form of sequences that differ much in size, and a class is often a form.
    So each channel of a sequence can be given twice more: standardised over its own steps, and the logarithm
    of its own deviation, in units of a typical sequence where that is tiny beside the channel's.

    Parameters
    ----------
    layout : tuple of int
        ``(H, W, C)`` or ``(T, C)``.
    forms : bool
        Whether sequences get these channels, which makes C three times as many.
    """

    def __init__(self, layout: Layout, *, forms: bool = False) -> None:
        self.layout, self.forms = layout, forms and len(layout) == 2

    def fit(self, rows: Rows) -> TensorEncoder:
        """Learn the centre and the scale of each channel, shape (C,)."""
        counts, total, squares = (np.zeros(self.layout[-1]) for _ in range(3))
        for _, some in row_parts(rows):
            values = shaped(some, self.layout).reshape(-1, self.layout[-1])
            counts += (~np.isnan(values)).sum(axis=0)
            total += np.nansum(values, axis=0)
        counts = np.maximum(counts, 1)
        mean = total / counts
        for _, some in row_parts(rows):
            values = shaped(some, self.layout).reshape(-1, self.layout[-1])
            squares += np.nansum((values - mean) ** 2, axis=0)
        deviation = np.sqrt(squares / counts)
        self.varies = deviation > 1e-12 * np.abs(mean)
        some = shaped(rows[some_rows(len(rows), max(1, CELLS // rows.shape[1]))], self.layout)
        median, usual = spread(some.reshape(-1, self.layout[-1]))
        ruined = (usual > 0) & (deviation > RUINED * usual)
        self.mean = np.where(ruined, median, mean)
        self.scale = np.where(self.varies, np.where(ruined, usual, deviation), 1.0)
        if self.forms:
            rounding = 1e-13 * (1 + np.abs(self.mean) / self.scale)
            self.unit = _unit((some - self.mean) / self.scale, rounding)
        return self

    def fold(self, rows: Rows) -> tuple[NDArray[np.float32], NDArray[np.int64] | None]:
        """Tensor, shape (n, *layout), and the lengths, shape (n,), None where every sequence is whole."""
        n_channels = self.layout[-1] * (3 if self.forms else 1)
        out = np.empty((len(rows), *self.layout[:-1], n_channels), dtype=np.float32)
        lengths = np.empty(len(rows), dtype=np.int64)
        steps = np.arange(1, self.layout[0] + 1)
        constant = np.tile(~self.varies, n_channels // self.layout[-1])
        for part, some in row_parts(rows):
            values = shaped(some, self.layout)
            scaled = (values - self.mean) / self.scale
            if self.forms:
                scaled = np.concatenate([scaled, *_form(scaled / self.unit)], axis=-1)
            scaled[..., constant] = 0
            far = np.abs(scaled) > FAR
            scaled[far] = np.sign(scaled[far]) * (FAR + np.log1p(np.abs(scaled[far]) - FAR))
            out[part] = np.nan_to_num(scaled, copy=False, nan=0.0)
            if len(self.layout) == 2:
                observed = ~np.isnan(values).all(axis=-1)  # (n, T)
                lengths[part] = np.maximum((observed * steps).max(axis=1), 1)
        padded = len(self.layout) == 2 and (lengths < self.layout[0]).any()
        return out, lengths if padded else None


def _form(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each sequence standardised by itself, and the logarithm of its deviation; (n, T, C) each.

    Examples
    --------
    >>> small_and_large = np.array([0.0, 1.0, 2.0]) * np.array([[1.0], [1000.0]])
    >>> [part[..., 0].round(2).tolist() for part in _form(small_and_large[..., None])]
    [[[-1.22, 0.0, 1.22], [-1.22, 0.0, 1.22]], [[-0.07, -0.07, -0.07], [2.24, 2.24, 2.24]]]
    """
    off, deviation = _deviations(values)
    size = np.log(deviation + LEAST) / 3  # so that it varies about as much as the other channels
    return off / np.maximum(deviation, LEAST), np.where(np.isnan(values), np.nan, size)


def _deviations(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances from the mean of each sequence, shape (n, T, C), and its deviation, shape (n, 1, C)."""
    counts = np.maximum((~np.isnan(values)).sum(axis=1, keepdims=True), 1)
    off = values - np.nansum(values, axis=1, keepdims=True) / counts
    return off, np.sqrt(np.nansum(off**2, axis=1, keepdims=True) / counts)


def _unit(values: NDArray[np.float64], rounding: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the deviations of sequences are told in, shape (C,): 1, or the typical one where that is tiny.

    Examples
    --------
    >>> levels = np.array([[0.0], [1.0]]) + 1e-7 * np.array([-1.0, 1.0])
    >>> _unit(np.stack([levels, 1e6 * levels], axis=-1), np.full(2, 1e-13)).round(9).tolist()
    [1e-07, 1.0]
    """
    deviations = _deviations(values)[1][:, 0]  # (n, C)
    unit = np.ones(values.shape[-1])
    for channel, own in enumerate(deviations.T):
        own = own[own > rounding[channel]]
        if len(own) and (typical := float(np.median(own))) < 1e3 * LEAST:
            unit[channel] = typical
    return unit


def fold_encoder(layout: Layout | None, seed: int, *, forms: bool = False) -> TensorEncoder | TableEncoder:
    """Encoder of images and sequences, or of columns where there is no layout; both have ``fold``."""
    if layout is not None and len(layout) > 1:
        return TensorEncoder(layout, forms=forms)
    return TableEncoder(scaling="quantile", seed=seed)
