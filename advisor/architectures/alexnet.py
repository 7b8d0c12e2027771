"""AlexNet (Krizhevsky et al. 2012): the published layers for images of 224 x 224, scaled ones below."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import scipy.stats
import torch
from torch import Tensor, nn

from advisor.architectures._dropout import Dropout
from advisor.architectures._image import Frame, ImageNetwork
from advisor.architectures._network import NetworkClassifier, NetworkRegressor
from advisor.architectures._preprocessing import Layout
from advisor.architectures.base import Architecture, Capabilities

PUBLISHED_FROM = 224  # pixels of the shorter side


class AlexNet(nn.Module):
    """AlexNet: five convolutions, three of them pooled, and three linear layers.

    With both sides of 224 pixels or more the layers are the published ones, at ``width`` 1. The image is
    set in a frame of 227 x 227, see :class:`advisor.architectures._image.Frame`: the paper says 224, but its
    55 x 55 positions need 227.

    ===== =================================== ============ ============
    layer of an image of 227 x 227 x 3        maps         parameters
    ===== =================================== ============ ============
    conv1 11 x 11, stride 4; LRN              96 x 55 x 55 34,944
    pool1 3 x 3, stride 2                     96 x 27 x 27
    conv2 5 x 5, two groups; LRN              256 x 27 x 27 307,456
    pool2 3 x 3, stride 2                     256 x 13 x 13
    conv3 3 x 3                               384 x 13 x 13 885,120
    conv4 3 x 3, two groups                   384 x 13 x 13 663,936
    conv5 3 x 3, two groups                   256 x 13 x 13 442,624
    pool5 3 x 3, stride 2                     256 x 6 x 6
    fc6   linear, dropout                     4096         37,752,832
    fc7   linear, dropout                     4096         16,781,312
    fc8   linear, 1000 outputs                1000         4,097,000
    ===== =================================== ============ ============

    Smaller images, 8 x 8 for one, take a scaled form, without a frame. An axis of n pixels gets in conv1
    the stride s = n / 56, rounded up, and a kernel of 2 s + 3, so that at most 56 positions are left, as 55
    are in the paper; the first layer pads, since borders are a large part of small images. A pooling is left
    out along an axis where fewer than three positions would remain: 28 -> 13 -> 6 -> 6, 8 -> 3 -> 3 -> 3.
    ``width`` multiplies all kernels and hidden units.

    Three differences from the paper in both forms: weights start as He et al. (2015), which suits any width;
    all biases start at 0, in the paper those of conv2, conv4, conv5, fc6 and fc7 at 1 (section 5); and
    training is that of all networks here, without the enlargement of the data by crops and colours.

    Shape: (B, H, W, C) -> (B, n5, h, w), h and w from 3 to 6 unless the image is smaller -> (B, n_outputs).

    References
    ----------
    Krizhevsky, Sutskever, Hinton (2012). ImageNet classification with deep convolutional neural networks.
    NeurIPS.

    Examples
    --------
    >>> AlexNet((28, 28, 1), width=0.25, dropout=0.5, n_outputs=10)(torch.zeros(4, 28, 28, 1)).shape
    torch.Size([4, 10])
    >>> with torch.device("meta"):  # shapes and counts without the numbers
    ...     net = AlexNet((224, 224, 3), width=1.0, dropout=0.5, n_outputs=1000)
    >>> sum(p.numel() for p in net.parameters())
    60965224
    """

    def __init__(self, layout: Layout, *, width: float, dropout: float, n_outputs: int) -> None:
        super().__init__()
        size, channels = (layout[0], layout[1]), layout[2]
        published = min(size) >= PUBLISHED_FROM
        self.frame = Frame(size, side=227) if published else nn.Identity()
        stride = (4, 4) if published else _pair(-(-n // 56) for n in size)
        kernel = _pair(2 * s + 3 for s in stride)
        padding = (0, 0) if published else _pair(k // 2 for k in kernel)
        self.size = (55, 55) if published else _pair(-(-n // s) for n, s in zip(size, stride))
        n1, n2, n3, n4, n5, hidden = (
            max(2, 2 * round(width * n / 2)) for n in (96, 256, 384, 384, 256, 4096)
        )
        self.features = nn.Sequential(
            nn.Conv2d(channels, n1, kernel, stride, padding), nn.ReLU(), ResponseNorm(n1), self._pool(),
            nn.Conv2d(n1, n2, 5, padding=2, groups=2), nn.ReLU(), ResponseNorm(n2), self._pool(),
            nn.Conv2d(n2, n3, 3, padding=1), nn.ReLU(),
            nn.Conv2d(n3, n4, 3, padding=1, groups=2), nn.ReLU(),
            nn.Conv2d(n4, n5, 3, padding=1, groups=2), nn.ReLU(), self._pool(),
        )  # fmt: skip
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(n5 * self.size[0] * self.size[1], hidden), nn.ReLU(), Dropout(dropout),
            nn.Linear(hidden, hidden), nn.ReLU(), Dropout(dropout),
            nn.Linear(hidden, n_outputs),
        )  # fmt: skip
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def _pool(self) -> nn.MaxPool2d:
        """Overlapping pooling of the axes that keep three positions or more."""
        pooled = [n >= 7 for n in self.size]
        self.size = _pair((n - 3) // 2 + 1 if p else n for n, p in zip(self.size, pooled))
        return nn.MaxPool2d(_pair(3 if p else 1 for p in pooled), _pair(2 if p else 1 for p in pooled))

    def forward(self, x: Tensor) -> Tensor:
        """Outputs, shape (B, n_outputs), of images, shape (B, H, W, C)."""
        x = self.frame(x.permute(0, 3, 1, 2))  # (B, C, H, W)
        output: Tensor = self.head(self.features(x))
        return output


class ResponseNorm(nn.Module):
    r"""Local response normalisation over n = 5 neighbouring maps (section 3.3).

    .. math::
        b_i = a_i / \left(k + \alpha \sum_{j = i - n/2}^{i + n/2} a_j^2\right)^\beta, \qquad
        k = 2, \alpha = 10^{-4}, \beta = 0.75

    Shape: (B, n, H, W) -> (B, n, H, W).
    """

    def __init__(self, n: int) -> None:
        super().__init__()
        maps = torch.arange(n)
        near = (maps[:, None] - maps).abs() <= 2  # (n, n)
        self.register_buffer("near", near.float()[:, :, None, None])

    def forward(self, x: Tensor) -> Tensor:
        """Normalised maps."""
        # the sum over neighbours is a convolution, 1.7 times as fast in a step as torch's own normalisation
        sums = nn.functional.conv2d(x.square(), self.near)  # type: ignore[arg-type]
        root = (2 + 1e-4 * sums).rsqrt()
        return x * root * root.sqrt()  # -3/4 = -1/2 - 1/4


def _pair(values: Iterable[int]) -> tuple[int, int]:
    first, second = values
    return first, second


@dataclass(kw_only=True, eq=False, repr=False)
class _AlexNet(ImageNetwork):
    width_factor: float | None = None
    dropout: float = 0.5
    max_epochs: int = 20
    patience: int = 10
    learning_rate: float = 5e-4
    bfloat16: ClassVar[bool] = True

    def _build_image(self, layout: Layout, n_outputs: int) -> nn.Module:
        width = self.width_factor or (1.0 if min(layout[:2]) >= PUBLISHED_FROM else 0.25)
        return AlexNet(layout, width=width, dropout=self.dropout, n_outputs=n_outputs)


class AlexNetClassifier(_AlexNet, NetworkClassifier):
    """AlexNet classifier; parameters as :class:`AlexNetRegressor`."""


class AlexNetRegressor(_AlexNet, NetworkRegressor):
    """AlexNet regressor, see :class:`AlexNet`.

    Parameters
    ----------
    layout : tuple of int or None
        ``(H, W, C)``; the steps of ``(T, C)`` and the preprocessed columns of ``(d,)`` are folded into a
        square image, row by row.
    width_factor : float or None
        Kernels and hidden units as a multiple of the published ones; None is 1 for images with both sides of
        224 or more, else 0.25.
    dropout : float
        Share of the hidden units dropped in training.
    {training}
    """


ARCHITECTURE = Architecture(
    name="alexnet",
    title="AlexNet",
    model_kind="network",
    classifier=AlexNetClassifier,
    regressor=AlexNetRegressor,
    can=Capabilities(
        native=frozenset({"image"}), uses_layout=True, sample_weight=True, gpu=True, iterative=True
    ),
    space={
        "width_factor": [0.125, 0.25, 0.5],
        "dropout": scipy.stats.uniform(0.0, 0.6),
        "learning_rate": scipy.stats.loguniform(2e-4, 2e-3),
        "weight_decay": scipy.stats.loguniform(1e-4, 3e-2),
        "batch_size": [16, 32, 64],
        "max_epochs": [20, 40, 80],
    },
    reference="Krizhevsky, Sutskever, Hinton (2012), NeurIPS",
)
