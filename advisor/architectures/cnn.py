"""Convolutional network: two-dimensional for images, one-dimensional for sequences and columns of a table."""

from __future__ import annotations

from dataclasses import dataclass

import scipy.stats
import torch
from torch import Tensor, nn

from advisor.architectures._network import NetworkClassifier, NetworkRegressor, TensorNetwork
from advisor.architectures.base import Architecture, Capabilities


class ImageNet(nn.Module):
    """Residual convolutional network for images: halving by pooling while channels double.

    Shape, for a 28 x 28 image and width w: (B, 28, 28, C) -> stem (B, w, 28, 28) -> (B, 2w, 14, 14) -> (B,
    4w, 7, 7) -> mean over positions (B, 4w) -> (B, n_outputs). Sizes are halved until the next half would
    be below 4, channels are doubled at most 4 times.

    References
    ----------
    He, Zhang, Ren, Sun (2016). Deep residual learning for image recognition. CVPR.

    Examples
    --------
    >>> ImageNet((8, 8, 1), width=16, dropout=0.0, n_outputs=10)(torch.zeros(2, 8, 8, 1)).shape
    torch.Size([2, 10])
    """

    def __init__(self, layout: tuple[int, ...], *, width: int, dropout: float, n_outputs: int) -> None:
        super().__init__()
        height, wide, channels = layout
        layers: list[nn.Module] = [*_conv2d(channels, width), nn.ReLU()]
        size, n = min(height, wide), width
        while size // 2 >= 4 or n == width:
            to = min(2 * n, 16 * width)
            if size >= 2:
                layers.append(nn.MaxPool2d(2, ceil_mode=True))
            layers.append(Residual2d(n, to))
            size, n = -(-size // 2), to
        self.layers = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(n, n_outputs))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor) -> Tensor:
        """Outputs, shape (B, n_outputs), of images, shape (B, H, W, C)."""
        x = x.permute(0, 3, 1, 2)  # (B, C, H, W), still channels last in memory
        x = self.layers(x).mean(dim=(2, 3))  # (B, n)
        output: Tensor = self.head(x)
        return output


class Residual2d(nn.Module):
    """``relu(x' + conv(relu(conv(x))))`` with 3 x 3 kernels; x' is x, projected where the channels change.

    Shape: (B, n, H, W) -> (B, to, H, W).
    """

    def __init__(self, n: int, to: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*_conv2d(n, to), nn.ReLU(), *_conv2d(to, to))
        self.skip = nn.Identity() if n == to else nn.Sequential(*_conv2d(n, to, kernel=1))

    def forward(self, x: Tensor) -> Tensor:
        """Block output."""
        return torch.relu(self.skip(x) + self.body(x))


def _conv2d(n: int, to: int, *, kernel: int = 3) -> list[nn.Module]:
    return [nn.Conv2d(n, to, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(to)]


class SequenceNet(nn.Module):
    """Residual convolutional network for sequences; steps after a sequence's length have no part in anything.

    Shape, for T = 150, C channels and width w: (B, 150, C) -> stem (B, w, 150) -> pool (B, w, 75)
    -> block (B, 2w, 75) -> pool (B, 2w, 38) -> block (B, 4w, 38) -> mean over the steps (B, 4w)
    -> (B, n_outputs).

    References
    ----------
    Wang, Yan, Oates (2017). Time series classification from scratch with deep neural networks: a strong
    baseline. IJCNN.

    Examples
    --------
    >>> SequenceNet(3, n_steps=50, width=16, dropout=0.0, n_outputs=2)(torch.zeros(4, 50, 3)).shape
    torch.Size([4, 2])
    """

    def __init__(self, channels: int, *, n_steps: int, width: int, dropout: float, n_outputs: int) -> None:
        super().__init__()
        self.stem = Conv1d(channels, width, kernel=7)
        blocks, n, self.n_pools = [], width, 0
        for _ in range(2 if n_steps < 256 else 3):
            blocks.append(Residual1d(n, 2 * n))
            n = 2 * n
            if n_steps >= 8:
                n_steps, self.n_pools = -(-n_steps // 2), self.n_pools + 1
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(n, n_outputs))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Outputs, shape (B, n_outputs), of sequences, shape (B, T, C), with their lengths, shape (B,)."""
        x = x.transpose(1, 2)  # (B, C, T)
        mask = None
        if lengths is not None:
            mask = torch.arange(x.shape[2], device=x.device) < lengths[:, None]  # (B, T)
        x = torch.relu(self.stem(x, mask))
        for place, block in enumerate(self.blocks):
            if place < self.n_pools:
                x = nn.functional.max_pool1d(
                    x, 2, ceil_mode=True
                )  # values are >= 0, so padded zeros never win
                mask = None if mask is None else mask[:, ::2]
            x = block(x, mask)
        pooled = x.mean(dim=2) if mask is None else x.sum(dim=2) / mask.sum(dim=1, keepdim=True)  # (B, n)
        output: Tensor = self.head(pooled)
        return output


class Conv1d(nn.Module):
    """Convolution and batch normalisation of the steps in the mask; the others are zero before and after.

    Shape: (B, n, T), (B, T) -> (B, to, T).
    """

    def __init__(self, n: int, to: int, *, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(n, to, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm1d(to)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Normalised convolution."""
        if mask is None:
            normalised: Tensor = self.norm(self.conv(x))
            return normalised
        steps = self.conv(x * mask[:, None]).transpose(1, 2)  # (B, T, to)
        out = torch.zeros_like(steps)
        out[mask] = self.norm(steps[mask])  # statistics of the observed steps alone
        return out.transpose(1, 2)


class Residual1d(nn.Module):
    """Two convolutions with kernels 5 and 3, and a skip connection.

    Shape: (B, n, T), (B, T) -> (B, to, T).
    """

    def __init__(self, n: int, to: int) -> None:
        super().__init__()
        self.first, self.second = Conv1d(n, to, kernel=5), Conv1d(to, to, kernel=3)
        self.skip = Conv1d(n, to, kernel=1)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Block output."""
        return torch.relu(self.skip(x, mask) + self.second(torch.relu(self.first(x, mask)), mask))


@dataclass(kw_only=True, eq=False, repr=False)
class _CNN(TensorNetwork):
    width: int | None = None
    dropout: float = 0.1
    max_epochs: int = 20
    patience: int = 10
    learning_rate: float = 4e-3

    def _build(self, shape: tuple[int, ...], n_outputs: int) -> nn.Module:
        if len(shape) == 3:
            small = max(shape[:2]) <= 16
            width = self.width or (32 if small else 16)
            return ImageNet(shape, width=width, dropout=self.dropout, n_outputs=n_outputs)
        steps, channels = shape if len(shape) == 2 else (shape[0], 1)
        net = SequenceNet(
            channels, n_steps=steps, width=self.width or 16, dropout=self.dropout, n_outputs=n_outputs
        )
        return net if len(shape) == 2 else nn.Sequential(nn.Unflatten(1, (steps, 1)), net)


class CNNClassifier(_CNN, NetworkClassifier):
    """Convolutional classifier; parameters as :class:`CNNRegressor`."""


class CNNRegressor(_CNN, NetworkRegressor):
    """Convolutional regressor: :class:`ImageNet` for ``(H, W, C)``, else :class:`SequenceNet`.

    Parameters
    ----------
    layout : tuple of int or None
        ``(H, W, C)``, ``(T, C)`` or ``(d,)``; the preprocessed columns of a table are a sequence with one
        channel.
    width : int or None
        Channels of the stem; None is 32 for images up to 16 x 16, else 16.
    dropout : float
        Share of the pooled features dropped in training.
    {training}
    """


ARCHITECTURE = Architecture(
    name="cnn",
    title="Convolutional network",
    classifier=CNNClassifier,
    regressor=CNNRegressor,
    can=Capabilities(
        native=frozenset({"image", "sequence"}),
        uses_layout=True,
        unequal_length=True,
        sample_weight=True,
        gpu=True,
        iterative=True,
    ),
    space={
        "width": [8, 16, 32, 64],
        "dropout": scipy.stats.uniform(0.0, 0.5),
        "learning_rate": scipy.stats.loguniform(3e-4, 2e-2),
        "weight_decay": scipy.stats.loguniform(1e-4, 1e-1),
        "batch_size": [16, 32, 64, 128],
        "max_epochs": [20, 40, 80],
    },
    reference="He et al. (2016), CVPR; Wang, Yan, Oates (2017), IJCNN",
)
