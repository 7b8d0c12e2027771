"""What the image networks share: any row as an image, an image in a frame, what a position has seen."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from advisor.architectures._network import TensorNetwork
from advisor.architectures._preprocessing import Layout, Rows


class ImageNetwork(TensorNetwork):
    """Base of the networks that know images alone: the positions of any other row are folded into a square.

    Padded steps of a sequence are not masked but have the mean of their channel, as missing values have.
    """

    def _build_image(self, layout: Layout, n_outputs: int) -> nn.Module:
        """Make the module for images ``(H, W, C)``."""
        raise NotImplementedError

    def _build(self, shape: tuple[int, ...], n_outputs: int) -> nn.Module:
        if len(shape) == 3:
            return self._build_image(shape, n_outputs)
        square = Square(shape)
        return nn.Sequential(square, self._build_image(square.layout, n_outputs))

    def _inputs(self, rows: Rows, device: torch.device) -> tuple[Tensor, ...]:
        return super()._inputs(rows, device)[:1]  # without the lengths


class Square(nn.Module):
    """Positions row by row in the smallest square that holds them, zeros after the last one.

    Shape: (B, T, C) or (B, d), which is d positions of one channel -> (B, s, s, C) with s the square root
    of T, rounded up.

    Examples
    --------
    >>> Square((5,))(torch.arange(1.0, 6.0)[None])[0, :, :, 0]
    tensor([[1., 2., 3.],
            [4., 5., 0.],
            [0., 0., 0.]])
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        side = math.isqrt(shape[0] - 1) + 1
        self.layout = (side, side, math.prod(shape[1:]))

    def forward(self, x: Tensor) -> Tensor:
        """Square images."""
        side, _, channels = self.layout
        x = x[:, :, None] if x.ndim == 2 else x
        return nn.functional.pad(x, (0, 0, 0, side**2 - x.shape[1])).reshape(-1, side, side, channels)


class Frame(nn.Module):
    """Images in the middle of a square frame, zeros around them; their shape is kept.

    An image that is larger than the frame is averaged down until its longer side fits; one that fits at
    least twice has each pixel repeated as often as it fits.

    Shape: (B, C, H, W) -> (B, C, side, side).

    Examples
    --------
    >>> Frame((2, 1), side=4)(torch.tensor([[[[1.0], [2.0]]]]))[0, 0]
    tensor([[0., 1., 1., 0.],
            [0., 1., 1., 0.],
            [0., 2., 2., 0.],
            [0., 2., 2., 0.]])
    >>> Frame((4, 2), side=2)(torch.arange(8.0).reshape(1, 1, 4, 2))[0, 0]
    tensor([[1.5000, 0.0000],
            [5.5000, 0.0000]])
    """

    def __init__(self, size: tuple[int, int], *, side: int) -> None:
        super().__init__()
        ratio = side / max(size)
        ratio = math.floor(ratio) if ratio >= 1 else ratio
        for name, n in zip(("down", "across"), size):
            self.register_buffer(name, torch.as_tensor(_resampling(n, max(1, round(n * ratio)), side)))

    def forward(self, x: Tensor) -> Tensor:
        """Framed images."""
        framed: Tensor = self.down @ x @ self.across.T  # type: ignore[operator]
        return framed


def _resampling(n: int, to: int, side: int) -> NDArray[np.float32]:
    """Weights, shape (side, n), by which n pixels become ``to`` in the middle of ``side``.

    Each new pixel is the mean of the old ones, weighted by how much of it they cover.
    """
    edges, pixels = np.arange(to + 1)[:, None] * n / to, np.arange(n)
    covered = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    weights = np.zeros((side, n), dtype=np.float32)
    first = (side - to) // 2
    weights[first : first + to] = np.maximum(covered, 0) * to / n
    return weights


def receptive_fields(layers: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    r"""State how many pixels of the image, along one axis, a position of each layer depends on.

    A window of k positions that lie j pixels apart adds :math:`(k - 1) j` to what one of them has seen; a
    stride of s makes the next positions s j pixels apart.

    Parameters
    ----------
    layers : iterable of (int, int)
        Kernel and stride of each layer, the first one first.

    Returns
    -------
    list of (int, int)
        After each layer: pixels that a position depends on, pixels between neighbours.

    References
    ----------
    Araujo, Norris, Sim (2019). Computing receptive fields of convolutional neural networks. Distill.

    Examples
    --------
    >>> receptive_fields([(5, 1), (2, 2), (5, 1)])
    [(5, 1), (6, 2), (14, 2)]
    """
    seen, apart, fields = 1, 1, []
    for kernel, stride in layers:
        seen, apart = seen + (kernel - 1) * apart, apart * stride
        fields.append((seen, apart))
    return fields
