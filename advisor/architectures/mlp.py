"""Multilayer perceptron for tables, as in Grinsztajn et al. (2022)."""

from __future__ import annotations

import itertools
from typing import Any

import scipy.stats
from torch import Tensor, nn

from advisor.architectures._network import Network, NetworkClassifier, NetworkRegressor
from advisor.architectures._training import Schedule
from advisor.architectures.base import Architecture, Capabilities


class Perceptron(nn.Module):
    """Fully connected layers with ReLU.

    Shape: (B, d) -> (B, width) -> ... -> (B, width) -> (B, n_outputs).

    Examples
    --------
    >>> import torch
    >>> Perceptron(5, n_layers=2, width=8, dropout=0.0, n_outputs=3)(torch.zeros(4, 5)).shape
    torch.Size([4, 3])
    """

    def __init__(self, n_inputs: int, *, n_layers: int, width: int, dropout: float, n_outputs: int) -> None:
        super().__init__()
        widths = [n_inputs, *[width] * n_layers]
        layers: list[nn.Module] = []
        for a, b in itertools.pairwise(widths):
            layers += [nn.Linear(a, b), nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Outputs, shape (B, n_outputs)."""
        output: Tensor = self.layers(x)
        return output


class _MLP(Network):
    layout = None  # columns only: any tensor is read as flat columns

    def __init__(
        self,
        *,
        n_layers: int = 4,
        width: int = 256,
        dropout: float = 0.2,
        target_transform: str = "standard",
        max_epochs: int = 300,
        patience: int = 40,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-2,
        schedule: Schedule = "plateau",
        clip: float | None = None,
        validation_fraction: float = 0.2,
        time_limit: float | None = None,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.n_layers = n_layers
        self.width = width
        self.dropout = dropout
        self.target_transform = target_transform
        self.max_epochs = max_epochs
        self.patience = patience
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.clip = clip
        self.validation_fraction = validation_fraction
        self.time_limit = time_limit
        self.device = device
        self.random_state = random_state

    def _build(self, shape: tuple[int, ...], n_outputs: int) -> nn.Module:
        return Perceptron(
            shape[0], n_layers=self.n_layers, width=self.width, dropout=self.dropout, n_outputs=n_outputs
        )


class MLPClassifier(_MLP, NetworkClassifier):
    """Multilayer perceptron classifier; parameters as :class:`MLPRegressor`."""


class MLPRegressor(_MLP, NetworkRegressor):
    """Multilayer perceptron regressor.

    Inputs are quantile-normal numbers and one-hot categories (the first layer then holds an embedding of each
    category), see :class:`advisor.architectures._preprocessing.TableEncoder`.

    Parameters
    ----------
    n_layers, width : int
        Hidden layers and units in each.
    dropout : float
        Share of hidden units dropped in training.
    target_transform : {"standard", "quantile"}
        Scaling of a regression target; without effect for classes.
    max_epochs, patience, batch_size : int
        Most epochs, epochs without a better validation loss before stopping, rows per step.
    learning_rate, weight_decay, validation_fraction : float
        Peak step size and decay of AdamW; share of the rows held out to choose the best epoch.
    schedule : {"cosine", "plateau", "constant"}
        Course of the learning rate, see :class:`advisor.architectures._training.Recipe`.
    clip, time_limit : float or None
        Largest norm of the gradient; seconds of training after which it ends with the best weights.
    device : str
        "auto" or a torch device.
    random_state : int, RandomState or None
        Seed.

    References
    ----------
    Grinsztajn, Oyallon, Varoquaux (2022). Why do tree-based models still outperform deep learning on
    typical tabular data? NeurIPS Datasets and Benchmarks. Appendix A.4
    has the space. Two differences: one-hot columns, which give the first layer the same functions of a
    category as the embeddings of the published code, and batches of 128 where it has 512, for tasks of
    1,000 rows.
    """


ARCHITECTURE = Architecture(
    name="mlp",
    title="Multilayer perceptron",
    classifier=MLPClassifier,
    regressor=MLPRegressor,
    can=Capabilities(native=frozenset({"tabular"}), gpu=True, iterative=True),
    space={
        "n_layers": scipy.stats.randint(1, 9),
        "width": scipy.stats.randint(16, 1025),
        "dropout": scipy.stats.uniform(0.0, 0.5),
        "learning_rate": scipy.stats.loguniform(1e-5, 1e-2),
        "batch_size": [128, 256, 512, 1024],
        "schedule": ["plateau", "constant"],
        "target_transform": ["standard", "quantile"],
    },
    reference="Grinsztajn, Oyallon, Varoquaux (2022), NeurIPS Datasets and Benchmarks",
)
