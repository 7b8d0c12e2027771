"""Networks that differ in one respect: how maps are made smaller, or how channels go with their size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from advisor.architectures._image import ImageNetwork
from advisor.architectures._network import NetworkClassifier

Reduction = Literal["max pooling", "mean pooling", "stride"]


class Reduced(nn.Module):
    """Convolutions whose maps are halved in one of three ways until 6 positions or fewer are left.

    All three have equal weights and maps of equal size. The last layer reads each position with weights of
    its own, so that what invariance there is comes from the layers below.

    Shape: (B, H, W, C) -> (B, width, H / 2, W / 2) -> (B, 2 width, H / 4, W / 4) ... -> (B, n_outputs).

    Examples
    --------
    >>> Reduced((16, 16, 1), by="stride", width=8, n_outputs=10)(torch.zeros(2, 16, 16, 1)).shape
    torch.Size([2, 10])
    """

    def __init__(self, layout: tuple[int, ...], *, by: Reduction, width: int, n_outputs: int) -> None:
        super().__init__()
        height, across, before = layout
        layers: list[nn.Module] = []
        to = width
        while max(height, across) > 6:
            layers.append(nn.Conv2d(before, to, 3, stride=2 if by == "stride" else 1, padding=1, bias=False))
            layers += [nn.BatchNorm2d(to), nn.ReLU()]
            if by == "max pooling":
                layers.append(nn.MaxPool2d(2, ceil_mode=True))
            elif by == "mean pooling":
                layers.append(nn.AvgPool2d(2, ceil_mode=True))
            height, across, before, to = -(-height // 2), -(-across // 2), to, 2 * to
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(before * height * across, n_outputs))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor) -> Tensor:
        """Outputs, shape (B, n_outputs), of images, shape (B, H, W, C)."""
        output: Tensor = self.head(self.features(x.permute(0, 3, 1, 2)))
        return output


@dataclass(kw_only=True, eq=False, repr=False)
class ReducedClassifier(ImageNetwork, NetworkClassifier):
    """Classifier with :class:`Reduced`.

    Parameters
    ----------
    layout : tuple of int
        ``(H, W, C)``.
    by : {"max pooling", "mean pooling", "stride"}
        How maps are halved.
    width : int
        Channels of the first layer.
    {training}
    """

    by: Reduction = "max pooling"
    width: int = 16
    max_epochs: int = 30
    patience: int = 15
    learning_rate: float = 2e-3

    def _build_image(self, layout: tuple[int, ...], n_outputs: int) -> nn.Module:
        return Reduced(layout, by=self.by, width=self.width, n_outputs=n_outputs)


class Staged(nn.Module):
    """A stem, then stages of two convolutions, with or without halving between them; the mean at the end.

    Shape: (B, H, W, C) -> (B, channels[0], H, W) -> ... -> (B, channels[-1], h, w) -> (B, n_outputs).

    Examples
    --------
    >>> net = Staged((8, 8, 1), channels=(4, 8, 16), halves=True, n_outputs=10)
    >>> net(torch.zeros(2, 8, 8, 1)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self, layout: tuple[int, ...], *, channels: tuple[int, ...], halves: bool, n_outputs: int
    ) -> None:
        super().__init__()
        layers = _convolution(layout[2], channels[0])
        before = channels[0]
        for stage, to in enumerate(channels):
            if halves and stage > 0:
                layers.append(nn.MaxPool2d(2, ceil_mode=True))
            layers += [*_convolution(before, to), *_convolution(to, to)]
            before = to
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(before, n_outputs)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor) -> Tensor:
        """Outputs, shape (B, n_outputs), of images, shape (B, H, W, C)."""
        output: Tensor = self.head(self.features(x.permute(0, 3, 1, 2)).mean(dim=(2, 3)))
        return output


def _convolution(n: int, to: int) -> list[nn.Module]:
    return [nn.Conv2d(n, to, 3, padding=1, bias=False), nn.BatchNorm2d(to), nn.ReLU()]


@dataclass(kw_only=True, eq=False, repr=False)
class StagedClassifier(ImageNetwork, NetworkClassifier):
    """Classifier with :class:`Staged`.

    Parameters
    ----------
    layout : tuple of int
        ``(H, W, C)``.
    channels : tuple of int
        Of each stage.
    halves : bool
        Whether the maps are halved between stages.
    {training}
    """

    channels: tuple[int, ...] = (12, 24, 48)
    halves: bool = True
    max_epochs: int = 20
    patience: int = 10
    learning_rate: float = 4e-3

    def _build_image(self, layout: tuple[int, ...], n_outputs: int) -> nn.Module:
        return Staged(layout, channels=tuple(self.channels), halves=self.halves, n_outputs=n_outputs)
