"""How much of a filter is a Gabor function: an edge detector of one place, direction and width."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from benchmarks.claims._data import Floats

_LOW = np.array([-1.0, -1.0, -np.pi, 0.0, 0.2, 0.2])
_HIGH = np.array([1.0, 1.0, 2 * np.pi, 1.5, 2.0, 2.0])
_REFINED = 2  # points of the grid that are refined


def gabor_share(maps: Floats) -> Floats:
    r"""Fit a Gabor function to each map and tell the share of the sum of squares that it explains.

    .. math:: g = e^{-u^2 / 2 \sigma_u^2 - v^2 / 2 \sigma_v^2} (a \cos 2 \pi f u + b \sin 2 \pi f u)

    with u and v turned by an angle around a centre. Centre, angle, frequency and widths are searched on a
    grid, the best points refined by least squares; a and b follow from them exactly.

    Parameters
    ----------
    maps : ndarray, shape (n, k, k)
        Maps of k x k pixels; the unit of length is half of a side.

    Returns
    -------
    ndarray, shape (n,)
        From 0 to 1. Eight free numbers explain something of any map, also of noise: compare with that.

    References
    ----------
    Daugman (1985). Uncertainty relation for resolution in space, spatial frequency, and orientation optimized
    by two-dimensional visual cortical filters. JOSA A 2(7).

    Examples
    --------
    >>> across = np.linspace(-1, 1, 9)
    >>> edge = np.exp(-across[:, None]**2 / 0.3 - across**2 / 0.3) * np.sin(3 * across)
    >>> gabor_share(np.stack([edge, np.random.default_rng(0).normal(size=(9, 9))])).round(1)
    array([1. , 0.2])
    """
    n, k, _ = maps.shape
    flat = maps.reshape(n, -1) / np.maximum(np.linalg.norm(maps.reshape(n, -1), axis=1, keepdims=True), 1e-12)
    down, across = (axis.ravel() for axis in np.meshgrid(*[np.linspace(-1, 1, k)] * 2, indexing="ij"))
    starts = np.array(
        list(
            product(
                (-0.4, 0.0, 0.4),
                (-0.4, 0.0, 0.4),
                np.arange(8) * np.pi / 8,
                (0.05, 0.3, 0.6, 0.9, 1.2),
                (0.3, 0.7),
                (0.3, 0.7),
            )
        )
    )
    grid = np.array([_residual(point, flat, down, across)[1] for point in starts])  # (points, n)
    shares = grid.max(axis=0)
    for i in range(n):
        for start in np.argsort(-grid[:, i])[:_REFINED]:
            found = least_squares(
                lambda point, one=flat[i : i + 1]: _residual(point, one, down, across)[0][0],
                starts[start],
                bounds=(_LOW, _HIGH),
                max_nfev=40,
            )
            shares[i] = max(shares[i], 1 - 2 * found.cost)
    clipped: Floats = np.clip(shares, 0, 1)
    return clipped


def _residual(
    point: Floats, flat: Floats, down: Floats, across: Floats
) -> tuple[Floats, NDArray[np.float64]]:
    """What is left of unit maps, shape (n, k * k), after the best amplitudes, and the share explained."""
    y, x, angle, frequency, wide, long = point
    u = (across - x) * np.cos(angle) + (down - y) * np.sin(angle)
    v = (down - y) * np.cos(angle) - (across - x) * np.sin(angle)
    envelope = np.exp(-0.5 * ((u / wide) ** 2 + (v / long) ** 2))
    even = envelope * np.cos(2 * np.pi * frequency * u)
    odd = envelope * np.sin(2 * np.pi * frequency * u)
    even /= np.linalg.norm(even) + 1e-12
    odd -= (odd @ even) * even  # without this, amplitudes of a low frequency would be ill-posed
    odd /= np.linalg.norm(odd) + 1e-12
    projections = flat @ even, flat @ odd
    left = flat - np.outer(projections[0], even) - np.outer(projections[1], odd)
    return left, projections[0] ** 2 + projections[1] ** 2


def separate(filters: Floats) -> tuple[Floats, Floats]:
    """Split filters into a map in space and a colour.

    Parameters
    ----------
    filters : ndarray, shape (n, k, k, 3)
        Filters of colour pictures.

    Returns
    -------
    maps : ndarray, shape (n, k, k)
        The map of the product of a map and a colour that comes nearest to each filter, of unit norm.
    colours : ndarray, shape (n,)
        Share of the filter's sum of squares that is colour: what is left without the mean of the channels.
        Of noise it is 2 / 3.

    Examples
    --------
    >>> grey = np.ones((1, 5, 5, 3))
    >>> separate(grey)[1], separate(grey * [1, 0, -1])[1]
    (array([0.]), array([1.]))
    """
    n, k = filters.shape[:2]
    flat = filters.reshape(n, k * k, 3)
    left, _, _ = np.linalg.svd(flat, full_matrices=False)
    colour = flat - flat.mean(axis=2, keepdims=True)
    total = np.maximum((flat**2).sum(axis=(1, 2)), 1e-24)
    return left[:, :, 0].reshape(n, k, k), (colour**2).sum(axis=(1, 2)) / total


def mean_frequency(maps: Floats) -> Floats:
    """Mean spatial frequency of maps by their power, in cycles a pixel, from 0 to 0.7.

    Examples
    --------
    >>> mean_frequency(np.ones((1, 8, 8)) * [1, -1, 1, -1, 1, -1, 1, -1])
    array([0.5])
    """
    k = maps.shape[1]
    power = np.abs(np.fft.fft2(maps)) ** 2
    radius = np.hypot(np.fft.fftfreq(k)[:, None], np.fft.fftfreq(k))
    mean: Floats = (power * radius).sum(axis=(1, 2)) / power.sum(axis=(1, 2))
    return mean
