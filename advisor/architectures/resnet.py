"""Residual network for tables, as in Gorishniy et al. (2021)."""

from __future__ import annotations

from dataclasses import dataclass

import scipy.stats
from torch import Tensor, nn

from advisor.architectures._blocks import GLU
from advisor.architectures._dropout import Dropout
from advisor.architectures._embedding import ColumnsAsVector
from advisor.architectures._network import NetworkClassifier, NetworkRegressor, TableNetwork
from advisor.architectures.base import Architecture, Capabilities
from advisor.errors import InputError

NORMS: dict[str, type[nn.Module]] = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}
ACTIVATIONS = ("reglu", "relu")


class Residual(nn.Module):
    """One block: x + Dropout(Linear(Dropout(act(Linear(Norm(x)))))).

    Shape: (B, width) -> (B, hidden), with ReGLU twice as many before it -> (B, width).
    """

    def __init__(
        self,
        width: int,
        hidden: int,
        *,
        activation: str,
        norm: str,
        hidden_dropout: float,
        residual_dropout: float,
    ) -> None:
        super().__init__()
        gated = activation == "reglu"
        self.layers = nn.Sequential(
            NORMS[norm](width),
            nn.Linear(width, 2 * hidden if gated else hidden),
            GLU("relu") if gated else nn.ReLU(),
            Dropout(hidden_dropout),
            nn.Linear(hidden, width),
            Dropout(residual_dropout),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Rows, shape (B, width)."""
        step: Tensor = self.layers(x)
        return x + step


class ResNet(nn.Module):
    """A linear layer, residual blocks and Linear(ReLU(Norm(x))): section 3.2 of the paper.

    Shape: (B, p), (B, q) -> (B, d) -> (B, width) -> ... -> (B, width) -> (B, n_outputs), where d is p and q
    embeddings.

    Parameters: ``e C + (d + 1) w + n (2 w + g h (w + 1) + (h + 1) w) + 2 w + (w + 1) o`` for embeddings of
    size e of C codes, w the width, n blocks of h hidden units, g = 2 for ReGLU and 1 for ReLU, o outputs.

    Examples
    --------
    >>> import torch
    >>> net = ResNet(5, (4,), embedding_size=8, n_blocks=2, width=8, hidden=16, activation="relu",
    ...              norm="batch", hidden_dropout=0.0, residual_dropout=0.0, n_outputs=3)
    >>> net(torch.zeros(4, 5), torch.ones(4, 1, dtype=torch.int64)).shape
    torch.Size([4, 3])
    """

    def __init__(
        self,
        n_numbers: int,
        cardinalities: tuple[int, ...],
        *,
        embedding_size: int,
        n_blocks: int,
        width: int,
        hidden: int,
        activation: str,
        norm: str,
        hidden_dropout: float,
        residual_dropout: float,
        n_outputs: int,
    ) -> None:
        super().__init__()
        self.columns = ColumnsAsVector(n_numbers, cardinalities, size=embedding_size)
        blocks = [
            Residual(
                width,
                hidden,
                activation=activation,
                norm=norm,
                hidden_dropout=hidden_dropout,
                residual_dropout=residual_dropout,
            )
            for _ in range(n_blocks)
        ]
        self.layers = nn.Sequential(nn.Linear(self.columns.width, width), *blocks)
        self.head = nn.Sequential(NORMS[norm](width), nn.ReLU(), nn.Linear(width, n_outputs))

    def forward(self, numbers: Tensor, codes: Tensor | None = None) -> Tensor:
        """Outputs, shape (B, n_outputs)."""
        output: Tensor = self.head(self.layers(self.columns(numbers, codes)))
        return output


@dataclass(kw_only=True, eq=False, repr=False)
class _ResNet(TableNetwork):
    n_blocks: int = 8
    width: int = 256
    hidden_factor: float = 2.0
    hidden_dropout: float = 0.2
    residual_dropout: float = 0.2
    activation: str = "relu"
    norm: str = "batch"
    embedding_size: int = 32
    max_epochs: int = 40
    weight_decay: float = 1e-7

    def _build(self, n_numbers: int, cardinalities: tuple[int, ...], n_outputs: int) -> nn.Module:
        for name, known in (("norm", tuple(NORMS)), ("activation", ACTIVATIONS)):
            if getattr(self, name) not in known:
                raise InputError(
                    f"{name} must be {known[0]!r} or {known[1]!r}",
                    got=repr(getattr(self, name)),
                    do="choose one of them",
                )
        return ResNet(
            n_numbers,
            cardinalities,
            embedding_size=self.embedding_size,
            n_blocks=self.n_blocks,
            width=self.width,
            hidden=int(self.width * self.hidden_factor),
            activation=self.activation,
            norm=self.norm,
            hidden_dropout=self.hidden_dropout,
            residual_dropout=self.residual_dropout,
            n_outputs=n_outputs,
        )


class ResNetClassifier(_ResNet, NetworkClassifier):
    """Residual network classifier; parameters as :class:`ResNetRegressor`."""


class ResNetRegressor(_ResNet, NetworkRegressor):
    """Residual network regressor.

    Inputs are quantile-normal numbers and embedded categories, see
    :class:`advisor.architectures._encoders.TableEncoder`.

    Parameters
    ----------
    n_blocks, width : int
        Residual blocks and values between them.
    hidden_factor : float
        Hidden units of a block as a multiple of the width.
    hidden_dropout, residual_dropout : float
        Share dropped in training of the hidden units and of what a block adds.
    activation : {"reglu", "relu"}
        Of the hidden units.
    norm : {"batch", "layer"}
        Normalisation at the start of a block.
    embedding_size : int
        Length of the vector that stands for a category.
    {training}

    Notes
    -----
    The activation is the paper's ReLU, where Grinsztajn et al. (2022) have ReGLU. ReGLU multiplies two
    linear maps, so a row unlike the others grows with its square from block to block, and what batch
    normalisation learned from ordinary rows does not hold it: on 1,000 rows of ``bike_hours`` some rows reach
    250 times the median norm after four blocks (ReLU: 6), and the validation loss jumps to 50.

    References
    ----------
    Gorishniy, Rubachev, Khrulkov, Babenko (2021). Revisiting deep learning models for tabular data. NeurIPS.
    The default has batches of 64 and 40 epochs of a cosine, for tasks of 1,000 rows. The space is that part
    of Grinsztajn, Oyallon, Varoquaux (2022), appendix A.4, which these epochs train, and ReLU. With their
    batches of 256 to 1,024 and rates from 1e-5 most drawn configurations end far from their best; all of it
    is in :mod:`benchmarks.spaces.paper`.
    """


ARCHITECTURE = Architecture(
    name="resnet",
    title="ResNet",
    model_kind="network",
    classifier=ResNetClassifier,
    regressor=ResNetRegressor,
    can=Capabilities(native=frozenset({"tabular"}), sample_weight=True, gpu=True, iterative=True),
    space={
        "n_blocks": scipy.stats.randint(1, 9),
        "width": scipy.stats.randint(64, 385),
        "hidden_factor": scipy.stats.uniform(1.0, 3.0),
        "hidden_dropout": scipy.stats.uniform(0.0, 0.5),
        "residual_dropout": scipy.stats.uniform(0.0, 0.5),
        "activation": ["reglu", "relu"],
        "norm": ["batch", "layer"],
        "embedding_size": scipy.stats.randint(16, 129),
        "learning_rate": scipy.stats.loguniform(1e-4, 1e-2),
        "weight_decay": scipy.stats.loguniform(1e-8, 1e-3),
        "batch_size": [32, 64, 128, 256],
        "target_transform": ["standard", "quantile"],
    },
    reference="Gorishniy, Rubachev, Khrulkov, Babenko (2021), NeurIPS",
)
