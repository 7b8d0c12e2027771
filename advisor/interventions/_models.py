"""Cheap models with a known bias: local patterns, a smooth function of all inputs, and trees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from advisor.holdout import Rows, Sample

Array = NDArray[np.float32]
FEATURES = 1000  # numbers that the local model makes of a row, about
CHUNK = 2_000_000  # numbers in memory at a time
WORK = 2e10  # multiplications for the local features of a sample, about a second
BOOSTED_WORK = 200  # classes times columns that are boosted, about a fifth of a second a fit
PENALTIES = np.logspace(-4, 1, 6)  # of ridge, times the mean of the diagonal of the kernel


def local_features(x: Array, rng: np.random.Generator) -> Array:
    """Describe what occurs in each row, and hardly where: random local filters, then pooling.

    Parameters
    ----------
    x : ndarray, shape (n, T, C) or (n, H, W, C)
        Scaled, none missing.
    rng : numpy.random.Generator
        Draws the filters.

    Returns
    -------
    ndarray, shape (n, features)
        For series the maximum of each random dilated kernel and the share of steps above a bias [1]_; for
        images the response to whitened patches of the data, summed over quadrants [2]_.

    References
    ----------
    .. [1] Dempster, Petitjean, Webb (2020). ROCKET: exceptionally fast and accurate time series
       classification using random convolutional kernels. DMKD 34, 1454-1495. The share of steps is from
       Dempster, Schmidt, Webb (2021). MiniRocket. KDD.
    .. [2] Coates, Ng (2011). The importance of encoding versus training with sparse coding and vector
       quantization. ICML.
    """
    return _series_features(x, rng) if x.ndim == 3 else _image_features(x, rng)


def _series_features(x: Array, rng: np.random.Generator) -> Array:
    n, steps, channels = x.shape
    length = int(np.clip(steps // 3, 3, 7))
    dilations = [2**k for k in range(12) if 2**k * (length - 1) < steps]
    step = max(1, steps // 512)
    work = n * steps / step * length * channels * len(dilations)
    count = int(np.clip(WORK / work, 16, FEATURES // 2 // len(dilations)))
    parts = []
    for dilation in dilations:
        span = dilation * (length - 1) + 1
        kernels = rng.normal(size=(channels, length, count)).astype(np.float32)
        kernels -= kernels.mean(axis=1, keepdims=True)
        if channels > 1:  # each kernel sees some of the channels
            seen = rng.random((channels, count)) < 2 ** rng.uniform(-np.log2(channels), 0, count)
            seen[rng.integers(channels, size=count), np.arange(count)] = True
            kernels *= seen[:, None, :]
        view = sliding_window_view(x, span, axis=1)[:, ::step, :, ::dilation]  # (n, T', C, length)
        quantile = rng.uniform(0.1, 0.9, count)
        bias: NDArray[Any] | None = None
        for rows in _chunks(n, view[0].size + len(view[0]) * count):
            out = view[rows].reshape(-1, channels * length) @ kernels.reshape(-1, count)
            out = out.reshape(-1, view.shape[1], count)
            if bias is None:
                flat = out[:32].reshape(-1, count)
                bias = np.array([np.quantile(flat[:, j], q) for j, q in enumerate(quantile)], np.float32)
            parts.append(
                (dilation, np.hstack([out.max(axis=1), (out > bias).mean(axis=1, dtype=np.float32)]))
            )
    return np.hstack([np.vstack([p for d, p in parts if d == dilation]) for dilation in dilations])


def _image_features(x: Array, rng: np.random.Generator) -> Array:
    n, height, width, channels = x.shape
    size = int(np.clip(min(height, width) // 3, 2, 6))
    step = max(1, min(height, width) // 20)
    view = sliding_window_view(x, (size, size), axis=(1, 2))[:, ::step, ::step]  # (n, H', W', C, k, k)
    places = view.shape[1:3]
    d = channels * size * size
    count = int(np.clip(WORK / (n * places[0] * places[1] * d), 32, FEATURES // 4))

    def patches(part: Array) -> Array:
        flat = part.reshape(-1, d)
        flat = flat - flat.mean(axis=1, keepdims=True)
        return np.asarray(flat / np.sqrt(flat.var(axis=1, keepdims=True) + 0.1), np.float32)

    drawn = patches(
        view[
            rng.integers(n, size=4000), rng.integers(places[0], size=4000), rng.integers(places[1], size=4000)
        ]
    )
    spread, axes = np.linalg.eigh(np.cov(drawn.T) + 0.1 * np.eye(d))
    whiten = (axes / np.sqrt(spread)).astype(np.float32)  # (d, d)
    filters = (drawn[rng.choice(len(drawn), count, replace=False)] @ whiten).T
    filters = whiten @ (filters / np.maximum(np.linalg.norm(filters, axis=0), 1e-6))  # (d, count)
    rows_half, columns_half = places[0] // 2, places[1] // 2
    parts = []
    for rows in _chunks(n, view[0].size + places[0] * places[1] * count):
        out = patches(view[rows]) @ filters
        out = np.maximum(out - 0.5, 0).reshape(-1, *places, count)
        quadrants = [
            out[:, a, b].mean(axis=(1, 2))
            for a in (slice(0, max(1, rows_half)), slice(rows_half, None))
            for b in (slice(0, max(1, columns_half)), slice(columns_half, None))
        ]
        parts.append(np.hstack(quadrants))
    return np.vstack(parts)


def _chunks(n: int, numbers_per_row: int) -> list[slice]:
    size = max(1, CHUNK // max(1, numbers_per_row))
    return [slice(start, start + size) for start in range(0, n, size)]


def smooth_kernel(values: Array) -> NDArray[np.float64]:
    """Gaussian kernel of standardised columns, shape (n, n): it sees no axes, only distances."""
    z = values - values.mean(axis=0)
    z = z / np.where(z.std(axis=0) > 1e-8, z.std(axis=0), np.inf)
    squares = (z * z).sum(axis=1)
    distance = squares[:, None] + squares - 2 * (z @ z.T)
    return np.asarray(np.exp(-np.maximum(distance, 0) / (2 * max(1, z.shape[1]))), np.float64)


def ridge_predictions(
    kernels: Iterable[NDArray[np.float64]], data: Sample, splits: list[tuple[Rows, Rows]]
) -> list[NDArray[Any]]:
    """Predict the held-out rows of each split by kernel ridge regression on the target or class indicators.

    There is a kernel of shape (n, n) for each split, often the same one. The penalty is chosen once, by
    leaving out one row at a time of the first training part.
    """
    codes = data.codes
    y = codes[:, None] if data.kind == "regression" else np.eye(int(codes.max()) + 1)[codes]
    y = np.asarray(y, np.float64)
    penalty = None
    out = []
    for kernel, (train, held) in zip(kernels, splits, strict=False):
        kernel = kernel / max(float(np.trace(kernel)) / len(kernel), 1e-12)
        mean = y[train].mean(axis=0)
        if penalty is None:
            penalty = _penalty(kernel[np.ix_(train, train)], y[train] - mean)
        weights = np.linalg.solve(
            kernel[np.ix_(train, train)] + penalty * np.eye(len(train)), y[train] - mean
        )
        predicted = kernel[np.ix_(held, train)] @ weights + mean
        if data.kind == "regression":
            out.append(predicted[:, 0])
            continue
        if data.metric == "balanced accuracy":  # as if all classes were equally frequent
            predicted = np.where(mean > 0, predicted / np.maximum(mean, 1e-12), -np.inf)
        out.append(predicted.argmax(axis=1))
    return out


def _penalty(kernel: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    spread, axes = np.linalg.eigh(kernel)
    turned = axes.T @ y
    errors = []
    for penalty in PENALTIES:
        inverse = 1 / (np.maximum(spread, 0) + penalty)
        diagonal = (axes**2) @ inverse
        errors.append(float((((axes @ (inverse[:, None] * turned)) / diagonal[:, None]) ** 2).mean()))
    return float(PENALTIES[int(np.argmin(errors))])


def tree_predictions(
    values: Array, data: Sample, splits: list[tuple[Rows, Rows]], seed: int
) -> list[NDArray[Any]]:
    """Predict the held-out rows of each split by trees on the columns as they are."""
    codes, out = data.codes, []
    for train, held in splits:
        if data.kind == "classification" and len(np.unique(codes[train])) == 1:
            out.append(np.full(len(held), codes[train][0]))
            continue
        out.append(_trees(data, values.shape[1], seed).fit(values[train], codes[train]).predict(values[held]))
    return out


def _trees(data: Sample, width: int, seed: int) -> Any:
    """Boosted trees, or a forest where boosting each of many classes on many columns would take long."""
    from sklearn import ensemble

    weight = {"class_weight": "balanced"} if data.metric == "balanced accuracy" else {}
    targets = 1 if data.kind == "regression" else max(1, int(data.codes.max()))
    if targets * width > BOOSTED_WORK:
        if data.kind == "regression":
            return ensemble.RandomForestRegressor(60, max_features="sqrt", random_state=seed)
        return ensemble.RandomForestClassifier(60, **weight, random_state=seed)
    options: dict[str, Any] = {"max_iter": 40, "max_leaf_nodes": 15, "min_samples_leaf": 10, "max_bins": 64}
    options |= {"early_stopping": False, "random_state": seed}
    if data.kind == "regression":
        return ensemble.HistGradientBoostingRegressor(**options)
    return ensemble.HistGradientBoostingClassifier(**options, **weight)
