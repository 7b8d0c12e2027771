"""LeNet-5, the convolutional network that read cheques (LeCun et al. 1998)."""

from __future__ import annotations

from dataclasses import dataclass

import scipy.stats
import torch
from torch import Tensor, nn

from advisor.architectures._image import Frame, ImageNetwork
from advisor.architectures._network import NetworkClassifier, NetworkRegressor
from advisor.architectures._preprocessing import Layout
from advisor.architectures.base import Architecture, Capabilities

# Table I: which of the six maps of S2 each of the sixteen maps of C3 reads
CONNECTIONS = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)


class LeNet5(nn.Module):
    r"""LeNet-5 with a linear output.

    Each layer up to F6 ends in :math:`f(a) = 1.7159 \tanh(\frac{2}{3} a)` (appendix A).

    ===== ============================================= ============ ==========
    layer of an image of 32 x 32 x 1                    maps         parameters
    ===== ============================================= ============ ==========
    C1    convolution 5 x 5                             6 x 28 x 28  156
    S2    subsampling 2 x 2                             6 x 14 x 14  12
    C3    convolution 5 x 5, partly connected (Table I) 16 x 10 x 10 1,516
    S4    subsampling 2 x 2                             16 x 5 x 5   32
    C5    convolution 5 x 5                             120 x 1 x 1  48,120
    F6    linear                                        84           10,164
    \     below the output                                           60,000
    out   linear                                        n_outputs    85 each
    ===== ============================================= ============ ==========

    Three differences from the paper. The outputs are linear and read by a softmax, where it has Euclidean
    distances to 84 fixed values per class, which are pictures of the ten digits. The coefficient of a
    subsampling starts at 1/4, so that it starts as a mean; the paper does not say. With C channels, each
    map of C1 reads all of them: 150 C + 6 parameters; nothing else changes.

    Shape: (B, H, W, C) -> (B, C, 32, 32), as :class:`advisor.architectures._image.Frame` does it -> (B,
    n_outputs).

    References
    ----------
    LeCun, Bottou, Bengio, Haffner (1998). Gradient-based learning applied to document recognition.
    Proceedings of the IEEE 86(11). Section II.B and appendix A.

    Examples
    --------
    >>> LeNet5((28, 28, 1), n_outputs=10)(torch.zeros(4, 28, 28, 1)).shape
    torch.Size([4, 10])
    """

    def __init__(self, layout: Layout, *, n_outputs: int) -> None:
        super().__init__()
        height, width, channels = layout
        self.frame = Frame((height, width), side=32)
        self.c1 = nn.Conv2d(channels, 6, 5)
        self.s2 = Subsampling(6)
        self.c3 = PartialConv2d(CONNECTIONS, kernel=5)
        self.s4 = Subsampling(16)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, n_outputs)
        for layer in (self.c1, self.c5, self.f6, self.output):  # appendix A
            nn.init.uniform_(layer.weight, -2.4 / layer.weight[0].numel(), 2.4 / layer.weight[0].numel())
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Outputs, shape (B, n_outputs), of images, shape (B, H, W, C)."""
        x = self.frame(x.permute(0, 3, 1, 2))  # (B, C, 32, 32)
        for layer in (self.c1, self.s2, self.c3, self.s4, self.c5):
            x = _squash(layer(x))
        x = _squash(self.f6(x.flatten(1)))  # (B, 84)
        output: Tensor = self.output(x)
        return output


def _squash(x: Tensor) -> Tensor:
    """Scaled hyperbolic tangent, with f(1) = 1 and f(-1) = -1."""
    return 1.7159 * torch.tanh(x * (2 / 3))


class Subsampling(nn.Module):
    """Sum of 2 x 2 neighbours, times a coefficient, plus a bias; both are learned, one of each per map.

    Shape: (B, n, H, W) -> (B, n, H / 2, W / 2).
    """

    def __init__(self, n: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.full((n, 1, 1), 0.25))
        self.bias = nn.Parameter(torch.zeros(n, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Smaller maps."""
        return self.coefficient * 4 * nn.functional.avg_pool2d(x, 2) + self.bias


class PartialConv2d(nn.Module):
    """Convolution whose maps read some of the maps below each; only weights of connections exist.

    Shape: (B, n, H, W) -> (B, len(connections), H - kernel + 1, W - kernel + 1).
    """

    def __init__(self, connections: tuple[tuple[int, ...], ...], *, kernel: int) -> None:
        super().__init__()
        pairs = [(map_, below) for map_, read in enumerate(connections) for below in read]
        self.register_buffer("pairs", torch.tensor(pairs).T)  # (2, number of connections)
        self.shape = (len(connections), 1 + max(below for _, below in pairs), kernel, kernel)
        bounds = torch.tensor([2.4 / (kernel**2 * len(connections[map_])) for map_, _ in pairs])
        uniform = 2 * torch.rand(len(pairs), kernel, kernel) - 1
        self.weight = nn.Parameter(uniform * bounds[:, None, None])
        self.bias = nn.Parameter(torch.zeros(len(connections)))

    def forward(self, x: Tensor) -> Tensor:
        """Maps."""
        weight = self.weight.new_zeros(self.shape).index_put(tuple(self.pairs), self.weight)  # type: ignore[arg-type]
        return nn.functional.conv2d(x, weight, self.bias)


@dataclass(kw_only=True, eq=False, repr=False)
class _LeNet(ImageNetwork):
    max_epochs: int = 20
    patience: int = 10
    learning_rate: float = 4e-3

    def _build_image(self, layout: Layout, n_outputs: int) -> nn.Module:
        return LeNet5(layout, n_outputs=n_outputs)


class LeNetClassifier(_LeNet, NetworkClassifier):
    """LeNet-5 classifier; parameters as :class:`LeNetRegressor`."""


class LeNetRegressor(_LeNet, NetworkRegressor):
    """LeNet-5 regressor, see :class:`LeNet5`.

    Parameters
    ----------
    layout : tuple of int or None
        ``(H, W, C)``; the steps of ``(T, C)`` and the preprocessed columns of ``(d,)`` are folded into a
        square image, row by row.
    {training}
    """


ARCHITECTURE = Architecture(
    name="lenet",
    title="LeNet",
    model_kind="network",
    classifier=LeNetClassifier,
    regressor=LeNetRegressor,
    can=Capabilities(
        native=frozenset({"image"}), uses_layout=True, sample_weight=True, gpu=True, iterative=True
    ),
    space={
        "learning_rate": scipy.stats.loguniform(1e-3, 1e-2),
        "weight_decay": scipy.stats.loguniform(1e-4, 3e-2),
        "batch_size": [16, 32, 64],
        "max_epochs": [20, 40, 80],
    },
    reference="LeCun, Bottou, Bengio, Haffner (1998), Proceedings of the IEEE 86(11)",
)
