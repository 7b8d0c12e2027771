"""Residual convolutional network for sequences of Wang, Yan and Oates (2017)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import scipy.stats
import torch
from torch import Tensor, nn

from advisor.architectures._convolution1d import Conv1d, Norm1d, mean_over_steps
from advisor.architectures._dropout import Dropout
from advisor.architectures._network import NetworkClassifier, NetworkRegressor, TensorNetwork
from advisor.architectures._steps import as_steps
from advisor.architectures.base import Architecture, Capabilities


class Block(nn.Module):
    """``relu(x' + h)``: h is three convolutions of x, with kernels 8, 5 and 3, and x' is x, normalised.

    Where the channels change, x' goes through a convolution with kernel 1 first, as in the authors' code.

    Shape: (B, n, T), (B, T) -> (B, to, T).
    """

    def __init__(self, n: int, to: int) -> None:
        super().__init__()
        self.first, self.second = Conv1d(n, to, kernel=8), Conv1d(to, to, kernel=5)
        self.third = Conv1d(to, to, kernel=3)
        self.skip = Norm1d(n) if n == to else Conv1d(n, to, kernel=1)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Block output."""
        h = torch.relu(self.first(x, mask))
        h = torch.relu(self.second(h, mask))
        return torch.relu(self.skip(x, mask) + self.third(h, mask))


class ResNet1d(nn.Module):
    """Three residual blocks of three convolutions each, then the mean over all steps.

    Shape, for width w = 64: (B, T, C) -> (B, w, T) -> (B, 2w, T) -> (B, 2w, T) -> mean (B, 2w)
    -> (B, n_outputs). Nothing is pooled on the way: a feature sees 1 + 3 (7 + 4 + 2) = 40 steps. Steps after
    a sequence's length have no part in anything.

    References
    ----------
    Wang, Yan, Oates (2017). Time series classification from scratch with deep neural networks: a strong
    baseline. IJCNN. Section II-C.

    Examples
    --------
    >>> ResNet1d(3, width=64, dropout=0.0, n_outputs=2)(torch.zeros(4, 50, 3)).shape
    torch.Size([4, 2])
    """

    def __init__(self, channels: int, *, width: int, dropout: float, n_outputs: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            [Block(channels, width), Block(width, 2 * width), Block(2 * width, 2 * width)]
        )
        self.head = nn.Sequential(Dropout(dropout), nn.Linear(2 * width, n_outputs))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Outputs, shape (B, n_outputs), of sequences, shape (B, T, C), with their lengths, shape (B,)."""
        x, mask = as_steps(x, lengths)
        x = x.transpose(1, 2)  # (B, C, T)
        for block in self.blocks:
            x = block(x, mask)
        output: Tensor = self.head(mean_over_steps(x, mask))
        return output


@dataclass(kw_only=True, eq=False, repr=False)
class _ResNet1d(TensorNetwork):
    width: int = 64
    dropout: float = 0.0
    max_epochs: int = 30
    patience: int = 12
    learning_rate: float = 1e-3
    bfloat16: ClassVar[bool] = True

    def _build(self, shape: tuple[int, ...], n_outputs: int) -> nn.Module:
        return ResNet1d(math.prod(shape[1:]), width=self.width, dropout=self.dropout, n_outputs=n_outputs)


class ResNet1dClassifier(_ResNet1d, NetworkClassifier):
    """Residual convolutional classifier of sequences; parameters as :class:`ResNet1dRegressor`."""


class ResNet1dRegressor(_ResNet1d, NetworkRegressor):
    """Residual convolutional regressor of sequences, see :class:`ResNet1d`.

    Parameters
    ----------
    layout : tuple of int or None
        ``(T, C)``; ``(H, W, C)`` is read as H steps of W C values, ``(d,)`` as one step per preprocessed
        column.
    width : int
        Channels of the first block, half of those of the others.
    dropout : float
        Share of the pooled features dropped in training; the paper has none.
    {training}
    """


ARCHITECTURE = Architecture(
    name="resnet1d",
    title="ResNet-1D",
    model_kind="network",
    classifier=ResNet1dClassifier,
    regressor=ResNet1dRegressor,
    can=Capabilities(
        native=frozenset({"sequence"}),
        uses_layout=True,
        unequal_length=True,
        sample_weight=True,
        gpu=True,
        iterative=True,
    ),
    space={
        "width": [16, 32, 64],
        "dropout": scipy.stats.uniform(0.0, 0.5),
        "learning_rate": scipy.stats.loguniform(1e-4, 1e-2),
        "weight_decay": scipy.stats.loguniform(1e-4, 1e-1),
        "batch_size": [16, 32, 64, 128],
        "max_epochs": [30, 60, 120],
    },
    reference="Wang, Yan, Oates (2017), IJCNN",
)
