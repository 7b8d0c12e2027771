"""Multilayer perceptron for tables, as in Grinsztajn et al. (2022)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import scipy.stats
from torch import Tensor, nn

from advisor.architectures._dropout import Dropout
from advisor.architectures._embedding import ColumnsAsVector
from advisor.architectures._network import NetworkClassifier, NetworkRegressor, TableNetwork
from advisor.architectures._training import Schedule
from advisor.architectures.base import Architecture, Capabilities


class Perceptron(nn.Module):
    """Fully connected layers with ReLU.

    Shape: (B, p), (B, q) -> (B, d) -> (B, width) -> ... -> (B, width) -> (B, n_outputs), where d is p and q
    embeddings.

    Examples
    --------
    >>> import torch
    >>> net = Perceptron(5, (), embedding_size=8, n_layers=2, width=8, dropout=0.0, n_outputs=3)
    >>> net(torch.zeros(4, 5)).shape
    torch.Size([4, 3])
    """

    def __init__(
        self,
        n_numbers: int,
        cardinalities: tuple[int, ...],
        *,
        embedding_size: int,
        n_layers: int,
        width: int,
        dropout: float,
        n_outputs: int,
    ) -> None:
        super().__init__()
        self.columns = ColumnsAsVector(n_numbers, cardinalities, size=embedding_size)
        widths = [self.columns.width, *[width] * n_layers]
        layers: list[nn.Module] = []
        for a, b in itertools.pairwise(widths):
            layers += [nn.Linear(a, b), nn.ReLU(), Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], n_outputs))

    def forward(self, numbers: Tensor, codes: Tensor | None = None) -> Tensor:
        """Outputs, shape (B, n_outputs)."""
        output: Tensor = self.layers(self.columns(numbers, codes))
        return output


@dataclass(kw_only=True, eq=False, repr=False)
class _MLP(TableNetwork):
    n_layers: int = 4
    width: int = 256
    dropout: float = 0.2
    embedding_size: int = 32
    max_epochs: int = 300
    patience: int = 40
    learning_rate: float = 1e-3
    batch_size: int | None = 128
    schedule: Schedule = "plateau"

    def _build(self, n_numbers: int, cardinalities: tuple[int, ...], n_outputs: int) -> nn.Module:
        return Perceptron(
            n_numbers,
            cardinalities,
            embedding_size=self.embedding_size,
            n_layers=self.n_layers,
            width=self.width,
            dropout=self.dropout,
            n_outputs=n_outputs,
        )


class MLPClassifier(_MLP, NetworkClassifier):
    """Multilayer perceptron classifier; parameters as :class:`MLPRegressor`."""


class MLPRegressor(_MLP, NetworkRegressor):
    """Multilayer perceptron regressor.

    Inputs are quantile-normal numbers and embedded categories, see
    :class:`advisor.architectures._encoders.TableEncoder`.

    Parameters
    ----------
    n_layers, width : int
        Hidden layers and units in each.
    dropout : float
        Share of hidden units dropped in training.
    embedding_size : int
        Length of the vector that stands for a category.
    {training}

    References
    ----------
    Grinsztajn, Oyallon, Varoquaux (2022). Why do tree-based models still outperform deep learning on
    typical tabular data? NeurIPS Datasets and Benchmarks. Appendix A.4. Two differences of the default:
    embeddings of 32 where it has 128, batches of 128 where it has 512, for tasks of 1,000 rows. The
    space is that part of theirs which a processor trains in a minute on some thousand rows; all of it is in
    :mod:`benchmarks.spaces.paper`.
    """


ARCHITECTURE = Architecture(
    name="mlp",
    title="MLP",
    model_kind="network",
    classifier=MLPClassifier,
    regressor=MLPRegressor,
    can=Capabilities(native=frozenset({"tabular"}), sample_weight=True, gpu=True, iterative=True),
    space={
        "n_layers": scipy.stats.randint(1, 7),
        "width": scipy.stats.randint(16, 513),
        "dropout": scipy.stats.uniform(0.0, 0.5),
        "embedding_size": scipy.stats.randint(16, 129),
        "learning_rate": scipy.stats.loguniform(1e-4, 1e-2),
        "batch_size": [64, 128, 256, 512],
        "schedule": ["plateau", "constant"],
        "target_transform": ["standard", "quantile"],
    },
    reference="Grinsztajn, Oyallon, Varoquaux (2022), NeurIPS Datasets and Benchmarks",
)
