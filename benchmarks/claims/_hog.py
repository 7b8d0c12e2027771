"""Histograms of oriented gradients: the features that people made by hand before networks learned them."""

from __future__ import annotations

import numpy as np

from benchmarks.claims._data import Floats


def hog(values: Floats, *, cell: int, orientations: int = 9) -> Floats:
    r"""Describe pictures by the directions of their edges, cell by cell.

    Gradients are central differences, one-sided at the border, and those of the channel where they are
    largest. A pixel votes with its magnitude for the two nearest of the directions from 0 to 180 degrees, and
    nothing else: votes are not spread over cells. Blocks of 2 x 2 cells, one cell apart, are divided by their
    norm, cut at 0.2 and divided again.

    Parameters
    ----------
    values : ndarray, shape (n, H, W, C)
        Pictures, in any unit.
    cell : int
        Pixels of a side of a cell, at most half of H and of W; pixels that fill no cell at the lower and
        right border are left out.
    orientations : int
        Directions.

    Returns
    -------
    ndarray, shape (n, (H // cell - 1) * (W // cell - 1) * 4 * orientations)
        From 0 to 1.

    References
    ----------
    Dalal, Triggs (2005). Histograms of oriented gradients for human detection. CVPR.

    Examples
    --------
    A vertical edge has all its gradient across, in the first of the directions:

    >>> picture = np.repeat([[0.0, 0, 1, 1]], 4, axis=0).reshape(1, 4, 4, 1)
    >>> hog(picture, cell=2, orientations=2)
    array([[0.5, 0. , 0.5, 0. , 0.5, 0. , 0.5, 0. ]])
    """
    down, right = np.gradient(values, axis=(1, 2))
    magnitude = np.hypot(down, right)
    strongest = magnitude.argmax(axis=3)[..., None]
    magnitude, down, right = (
        np.take_along_axis(part, strongest, axis=3)[..., 0] for part in (magnitude, down, right)
    )
    place = (np.arctan2(down, right) % np.pi) * orientations / np.pi  # 0 to orientations, which is 0 again
    lower = np.floor(place)
    n, height, width = magnitude.shape
    rows, across = height // cell, width // cell
    cells = np.empty((n, rows, across, orientations))
    for direction in range(orientations):
        vote = np.where(lower % orientations == direction, 1 - (place - lower), 0.0)
        vote += np.where((lower + 1) % orientations == direction, place - lower, 0.0)
        whole = (vote * magnitude)[:, : rows * cell, : across * cell]
        cells[..., direction] = whole.reshape(n, rows, cell, across, cell).sum(axis=(2, 4))
    corners = [cells[:, a : rows - 1 + a, b : across - 1 + b] for a in (0, 1) for b in (0, 1)]
    blocks = _unit(np.minimum(_unit(np.concatenate(corners, axis=3)), 0.2))
    return blocks.reshape(n, -1)


def _unit(blocks: Floats) -> Floats:
    """Divide by the norm; what is empty stays so."""
    unit: Floats = blocks / (np.linalg.norm(blocks, axis=3, keepdims=True) + 1e-9)
    return unit
