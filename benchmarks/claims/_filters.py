"""A small AlexNet in two groups, trained as the paper's, for the sake of its first filters."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from advisor.architectures._training import seeded
from benchmarks.claims._data import Floats

KERNEL = 9
_BATCH, _RATE, _DECAY = 32, 0.02, 5e-3  # pictures of a step, its first size, and the decay of weights
_MOVED = 3  # most pixels that a batch is moved in training


class TwoGroups(nn.Module):
    """AlexNet's plan for 32 x 32: filters of 9 x 9, then convolutions that stay within one of two groups.

    Batch normalisation stands where the paper has local response normalisation: it lets the small weights
    that the paper starts from learn in few steps. The third convolution reads both groups, as there.

    Shape: (B, C, 32, 32) -> (B, n, 16, 16) -> (B, 2 n, 8, 8) -> (B, 2 n, 4, 4) -> (B, n_outputs).

    Examples
    --------
    >>> TwoGroups(3, n=8, n_outputs=5)(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 5])
    """

    def __init__(self, channels: int, *, n: int, n_outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, n, KERNEL, stride=2, padding=KERNEL // 2, bias=False)
        nn.init.normal_(self.first.weight, std=0.01)
        self.rest = nn.Sequential(
            nn.BatchNorm2d(n), nn.ReLU(),
            nn.Conv2d(n, 2 * n, 5, padding=2, groups=2, bias=False), nn.BatchNorm2d(2 * n), nn.ReLU(),
            nn.MaxPool2d(3, 2, padding=1),
            nn.Conv2d(2 * n, 2 * n, 3, padding=1, bias=False), nn.BatchNorm2d(2 * n), nn.ReLU(),
            nn.MaxPool2d(3, 2, padding=1), nn.Flatten(), nn.Dropout(0.5), nn.LazyLinear(n_outputs),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Outputs, shape (B, n_outputs)."""
        output: Tensor = self.rest(self.first(x))
        return output


def train_filters(
    values: Floats,
    labels: NDArray[Any],
    *,
    filters: int,
    epochs: int,
    order: NDArray[np.intp] | None,
    seed: int,
) -> tuple[Floats, Floats, Callable[[Floats], NDArray[Any]]]:
    """Train a :class:`TwoGroups`: momentum 0.9, the step size falling by half a cosine.

    In training each picture is flipped or not, and each batch moved by up to 3 pixels, before its pixels are
    permuted: both orders learn from the same pictures.

    Parameters
    ----------
    values : ndarray, shape (n, H, W, C)
        Pictures.
    labels : ndarray, shape (n,)
        Classes.
    filters : int
        Of the first layer, an even number.
    epochs : int
        Passes over the pictures.
    order : ndarray of int, shape (H * W,), or None
        Which pixel comes to each place.
    seed : int
        Of weights, batches and movements.

    Returns
    -------
    before, after : ndarray, shape (filters, 9, 9, C)
        The first layer's filters.
    predict : callable
        Classes of pictures, whose pixels are in the order that the network knows.
    """
    classes, codes = np.unique(labels, return_inverse=True)
    mean, scale = values.mean(axis=(0, 1, 2)), values.std()

    def tensor(some: Floats) -> Tensor:
        return torch.as_tensor((some - mean) / scale, dtype=torch.float32).permute(0, 3, 1, 2)

    x, y = tensor(values), torch.as_tensor(codes)
    places = None if order is None else torch.as_tensor(order)
    with seeded(seed, torch.device("cpu")):
        module = TwoGroups(x.shape[1], n=filters, n_outputs=len(classes))
        module(x[:2])  # the last layer learns how many inputs it has
        module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        before = module.first.weight.detach().clone()
        optimiser = torch.optim.SGD(module.parameters(), lr=_RATE, momentum=0.9, weight_decay=_DECAY)
        n_batches = max(1, len(x) // _BATCH)
        for epoch in range(epochs):
            for step, batch in enumerate(torch.randperm(len(x)).tensor_split(n_batches)):
                progress = (epoch + step / n_batches) / epochs
                optimiser.param_groups[0]["lr"] = _RATE * 0.5 * (1 + math.cos(math.pi * progress))
                pictures = _disturbed(x[batch])
                if places is not None:
                    pictures = pictures.flatten(2)[:, :, places].reshape(pictures.shape)
                optimiser.zero_grad()
                nn.functional.cross_entropy(module(pictures), y[batch]).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
        module.eval()

    def predict(some: Floats) -> NDArray[Any]:
        with torch.inference_mode():
            found = torch.cat([module(part) for part in torch.split(tensor(some), 200)]).argmax(dim=1)
        return np.asarray(classes[found.numpy()])

    after = module.first.weight.detach()
    return _channels_last(before), _channels_last(after), predict


def _disturbed(x: Tensor) -> Tensor:
    """Flip some pictures and move all of them by the same random shift."""
    flipped = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(3), x)
    down, right = torch.randint(0, 2 * _MOVED + 1, (2,)).tolist()
    padded = nn.functional.pad(flipped, (_MOVED,) * 4, mode="replicate")
    return padded[:, :, down : down + x.shape[2], right : right + x.shape[3]]


def _channels_last(weight: Tensor) -> Floats:
    return weight.permute(0, 2, 3, 1).double().numpy()
