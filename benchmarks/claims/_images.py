"""Which pictures the experiments on images use, and what is done to them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.claims._data import Data, Floats
from benchmarks.claims.base import Size

_EVERY = (
    "embedded:digits",
    "embedded:scripts",
    "embedded:textures",
    "embedded:mnist",
    "embedded:emoji",
)


def images(size: Size) -> tuple[str, ...]:
    """Ids of the embedded sets of pictures, each of a source of its own; "tiny" has the two smallest."""
    return _EVERY[:2] if size == "tiny" else _EVERY


def pictures(frame: pd.DataFrame, layout: tuple[int, ...] | None) -> Floats:
    """Fold flat columns.

    Parameters
    ----------
    frame : DataFrame, shape (n, H * W * C)
        One picture a row.
    layout : tuple of int
        ``(H, W, C)``.

    Returns
    -------
    ndarray, shape (n, H, W, C)
        Values as they were.

    Raises
    ------
    ValueError
        If the columns are no pictures.
    """
    if layout is None or len(layout) != 3:
        raise ValueError(f"a layout (H, W, C) is needed, got {layout}: choose a set of pictures")
    return frame.to_numpy(dtype=float).reshape(-1, *layout)


def columns(values: Floats) -> pd.DataFrame:
    """Lay pictures, shape (n, H, W, C), flat again.

    Examples
    --------
    >>> columns(np.zeros((2, 4, 4, 3))).shape
    (2, 48)
    """
    return pd.DataFrame(values.reshape(len(values), -1))


def permute_pixels(values: Floats, order: NDArray[np.intp]) -> Floats:
    """Put the pixels of every picture in the same other order; the channels of a pixel stay together.

    Parameters
    ----------
    values : ndarray, shape (n, H, W, C)
        Pictures.
    order : ndarray of int, shape (H * W,)
        Which pixel comes to each place.

    Returns
    -------
    ndarray, shape (n, H, W, C)
        The same values at other places.

    Examples
    --------
    >>> permute_pixels(np.arange(4.0).reshape(1, 2, 2, 1), np.array([3, 2, 1, 0]))[0, :, :, 0]
    array([[3., 2.],
           [1., 0.]])
    """
    n, height, width, channels = values.shape
    return values.reshape(n, -1, channels)[:, order].reshape(n, height, width, channels)


def widen(values: Floats, margin: int) -> Floats:
    """Add a margin that repeats the pixels of the border.

    Examples
    --------
    >>> widen(np.array([[1.0, 2.0]]).reshape(1, 1, 2, 1), 1)[0, :, :, 0]
    array([[1., 1., 2., 2.],
           [1., 1., 2., 2.],
           [1., 1., 2., 2.]])
    """
    return np.pad(values, ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="edge")


def shift(values: Floats, down: int, right: int) -> Floats:
    """Move pictures by whole pixels; what is left free repeats the pixels of the border.

    Parameters
    ----------
    values : ndarray, shape (n, H, W, C)
        Pictures.
    down, right : int
        Pixels; negative is up, left.

    Returns
    -------
    ndarray, shape (n, H, W, C)
        A margin that repeats the border, as :func:`widen` adds it, moves out of sight: nothing that such a
        picture shows is lost.

    Examples
    --------
    >>> shift(np.arange(4.0).reshape(1, 1, 4, 1), 0, 1)[0, 0, :, 0]
    array([0., 0., 1., 2.])
    """
    height, width = values.shape[1:3]
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    across = np.clip(np.arange(width) - right, 0, width - 1)
    return values[:, rows][:, :, across]


def change(data: Data, function: Callable[[Floats], Floats]) -> Data:
    """Apply a function of pictures, shape (n, H, W, C), to both sides; the layout follows."""
    train, test = (function(pictures(side, data.layout)) for side in (data.train, data.test))
    data.train, data.test, data.layout = columns(train), columns(test), train.shape[1:]
    return data


def first_rows(data: Data, n: int) -> Data:
    """Keep the first n training rows: classes are interleaved in them, and the test rows stay the same."""
    data.train, data.y_train = data.train.iloc[:n], data.y_train.iloc[:n]
    return data
