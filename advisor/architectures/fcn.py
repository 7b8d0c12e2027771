"""Fully convolutional network for sequences of Wang, Yan and Oates (2017)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import scipy.stats
import torch
from torch import Tensor, nn

from advisor.architectures._convolution1d import Conv1d, mean_over_steps
from advisor.architectures._dropout import Dropout
from advisor.architectures._network import NetworkClassifier, NetworkRegressor, TensorNetwork
from advisor.architectures._steps import as_steps
from advisor.architectures.base import Architecture, Capabilities


class FCN(nn.Module):
    """Three convolutions with batch normalisation and ReLU, then the mean over all steps.

    Shape, for width w = 128: (B, T, C) -> kernel 8 (B, w, T) -> kernel 5 (B, 2w, T) -> kernel 3 (B, w, T)
    -> mean (B, w) -> (B, n_outputs). Nothing is pooled on the way, so a feature sees 1 + 7 + 4 + 2 = 14
    steps. Steps after a sequence's length have no part in anything.

    References
    ----------
    Wang, Yan, Oates (2017). Time series classification from scratch with deep neural networks: a strong
    baseline. IJCNN. Section II-B.

    Examples
    --------
    >>> FCN(3, width=128, dropout=0.0, n_outputs=2)(torch.zeros(4, 50, 3)).shape
    torch.Size([4, 2])
    """

    def __init__(self, channels: int, *, width: int, dropout: float, n_outputs: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [
                Conv1d(channels, width, kernel=8),
                Conv1d(width, 2 * width, kernel=5),
                Conv1d(2 * width, width, kernel=3),
            ]
        )
        self.head = nn.Sequential(Dropout(dropout), nn.Linear(width, n_outputs))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Outputs, shape (B, n_outputs), of sequences, shape (B, T, C), with their lengths, shape (B,)."""
        x, mask = as_steps(x, lengths)
        x = x.transpose(1, 2)  # (B, C, T)
        for layer in self.layers:
            x = torch.relu(layer(x, mask))
        output: Tensor = self.head(mean_over_steps(x, mask))
        return output


@dataclass(kw_only=True, eq=False, repr=False)
class _FCN(TensorNetwork):
    width: int = 128
    dropout: float = 0.0
    max_epochs: int = 30
    patience: int = 12
    learning_rate: float = 1e-3
    bfloat16: ClassVar[bool] = True

    def _build(self, shape: tuple[int, ...], n_outputs: int) -> nn.Module:
        return FCN(math.prod(shape[1:]), width=self.width, dropout=self.dropout, n_outputs=n_outputs)


class FCNClassifier(_FCN, NetworkClassifier):
    """Fully convolutional classifier of sequences; parameters as :class:`FCNRegressor`."""


class FCNRegressor(_FCN, NetworkRegressor):
    """Fully convolutional regressor of sequences, see :class:`FCN`.

    Parameters
    ----------
    layout : tuple of int or None
        ``(T, C)``; ``(H, W, C)`` is read as H steps of W C values, ``(d,)`` as one step per preprocessed
        column.
    width : int
        Channels of the first and the third convolution, half of those of the second.
    dropout : float
        Share of the pooled features dropped in training; the paper has none.
    {training}
    """


ARCHITECTURE = Architecture(
    name="fcn",
    title="FCN",
    model_kind="network",
    classifier=FCNClassifier,
    regressor=FCNRegressor,
    can=Capabilities(
        native=frozenset({"sequence"}),
        uses_layout=True,
        unequal_length=True,
        sample_weight=True,
        gpu=True,
        iterative=True,
    ),
    space={
        "width": [32, 64, 128],
        "dropout": scipy.stats.uniform(0.0, 0.5),
        "learning_rate": scipy.stats.loguniform(1e-4, 1e-2),
        "weight_decay": scipy.stats.loguniform(1e-4, 1e-1),
        "batch_size": [16, 32, 64, 128],
        "max_epochs": [30, 60, 120],
    },
    reference="Wang, Yan, Oates (2017), IJCNN",
)
