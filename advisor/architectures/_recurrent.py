"""What the recurrent networks share: layers of cells, both directions, a head, parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import scipy.stats
import torch
from torch import Tensor, nn

from advisor.architectures._dropout import Dropout
from advisor.architectures._network import TensorNetwork
from advisor.architectures._steps import as_steps, mean_of_steps
from advisor.architectures.base import Capabilities
from advisor.errors import InputError


class Recurrent(nn.Module):
    """Stacked recurrent layers whose last state, and mean state unless told not to, a linear layer reads.

    Shape: (B, T, C), lengths (B,) -> states (B, T, k h) of each layer -> [last state, mean of states] of the
    top one (B, 2 k h), or the last state alone (B, k h) -> (B, n_outputs), where k is 2 if bidirectional,
    else 1.

    Steps after the length change nothing, because a recurrence looks only back, and the second direction
    reads each sequence from its own end. Packing them would do the same at 2 to 3 times the cost, as torch
    has no fast kernel for packed sequences on a CPU.

    Parameters
    ----------
    cell : type
        ``cell(channels, hidden, batch_first=True)`` is a layer: (B, T, channels) -> (B, T, hidden).
    channels, hidden, n_layers, n_outputs : int
        Values per step, size of the state, layers, outputs.
    bidirectional : bool
        Whether a second cell in each layer reads the sequence from its end.
    dropout : float
        Share of the values dropped between layers and before the output, in training.
    readout : {"last+mean", "last"}
        What of the states is read.

    Examples
    --------
    >>> net = Recurrent(nn.RNN, 3, hidden=8, n_layers=1, bidirectional=True, dropout=0.0, n_outputs=2)
    >>> net(torch.zeros(4, 50, 3), torch.tensor([50, 20, 1, 7])).shape
    torch.Size([4, 2])
    """

    def __init__(
        self,
        cell: Callable[..., nn.Module],
        channels: int,
        *,
        hidden: int,
        n_layers: int,
        bidirectional: bool,
        dropout: float,
        n_outputs: int,
        readout: str = "last+mean",
    ) -> None:
        super().__init__()
        k = 2 if bidirectional else 1
        self.hidden = hidden
        self.layers = nn.ModuleList(
            nn.ModuleList(cell(width, hidden, batch_first=True) for _ in range(k))
            for width in [channels, *[k * hidden] * (n_layers - 1)]
        )
        self.dropout = Dropout(dropout)
        self.reads_mean = readout == "last+mean"
        self.head = nn.Linear((2 if self.reads_mean else 1) * k * hidden, n_outputs)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Outputs, shape (B, n_outputs), of sequences, shape (B, T, C), with their lengths, shape (B,)."""
        x, mask = as_steps(x, lengths)
        for place, layer in enumerate(self.layers):
            if place > 0:
                x = self.dropout(x)
            states = [layer[0](x)[0]]  # type: ignore[index]
            for cell in layer[1:]:  # type: ignore[index]
                states.append(reverse(cell(reverse(x, lengths))[0], lengths))
            x = torch.cat(states, dim=2)  # (B, T, k h)
        end = x[:, -1] if lengths is None else x[torch.arange(len(x), device=x.device), lengths - 1]
        read = [end[:, : self.hidden], x[:, 0, self.hidden :]]  # each direction where it ends
        if self.reads_mean:
            read.append(mean_of_steps(x, mask))
        output: Tensor = self.head(self.dropout(torch.cat(read, dim=1)))
        return output


def reverse(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Steps in reverse order; those after the length stay where they are.

    Shape: (B, T, n), (B,) -> (B, T, n).

    Examples
    --------
    >>> reverse(torch.tensor([[[1], [2], [3]], [[4], [5], [6]]]), torch.tensor([2, 3])).squeeze(2)
    tensor([[2, 1, 3],
            [6, 5, 4]])
    """
    if lengths is None:
        return x.flip(1)
    step = torch.arange(x.shape[1], device=x.device)
    mirrored = lengths[:, None] - 1 - step
    return x[torch.arange(len(x), device=x.device)[:, None], torch.where(mirrored >= 0, mirrored, step)]


def start(cell: nn.RNNBase, n_gates: int) -> None:
    """Set the initial values of a cell.

    Biases are 0, each gate's input weights uniform as Glorot and Bengio (2010), each gate's recurrent weights
    orthogonal (Saxe et al. 2014), so that a gradient neither grows nor shrinks at first.
    """
    for name, parameter in cell.named_parameters():
        if name.startswith("bias"):
            nn.init.zeros_(parameter)
            continue
        for gate in parameter.data.chunk(n_gates):
            if name.startswith("weight_hh"):
                nn.init.orthogonal_(gate)
            else:
                nn.init.xavier_uniform_(gate)


@dataclass(kw_only=True, eq=False, repr=False)
class RecurrentNetwork(TensorNetwork):
    """Base of the recurrent estimators; ``{recurrent}`` in the docstring of a regressor is its text."""

    hidden: int = 64
    n_layers: int = 1
    bidirectional: bool = True
    dropout: float = 0.1
    readout: str = "last+mean"
    max_epochs: int = 30
    patience: int = 12
    learning_rate: float = 5e-3
    clip: float | None = 1.0

    cell: ClassVar[Callable[..., nn.Module]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if cls.__doc__:
            cls.__doc__ = cls.__doc__.replace("{recurrent}", PARAMETERS)
        super().__init_subclass__(**kwargs)

    def _build(self, shape: tuple[int, ...], n_outputs: int) -> nn.Module:
        if self.readout not in ("last+mean", "last"):
            raise InputError(
                "readout must be 'last+mean' or 'last'", got=repr(self.readout), do="choose one of them"
            )
        return Recurrent(
            type(self).cell,
            math.prod(shape[1:]),
            hidden=self.hidden,
            n_layers=self.n_layers,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
            n_outputs=n_outputs,
            readout=self.readout,
        )


PARAMETERS = """layout : tuple of int or None
        ``(T, C)``; ``(H, W, C)`` is read as H steps of W C values, ``(d,)`` as one step per preprocessed
        column.
    hidden, n_layers : int
        Size of the state, number of stacked layers.
    bidirectional : bool
        Whether a second cell in each layer reads the sequence from its end.
    dropout : float
        Share of the values dropped between layers and before the output, in training.
    readout : {"last+mean", "last"}
        What of the states the output is made from: with the mean, no step is far from it; without, all has
        to be remembered to the end.
    {training}"""

CAN = Capabilities(
    native=frozenset({"sequence"}),
    uses_layout=True,
    unequal_length=True,
    sample_weight=True,
    gpu=True,
    iterative=True,
)

SPACE = {
    "hidden": [32, 64, 128],
    "n_layers": [1, 2],
    "bidirectional": [False, True],
    "dropout": scipy.stats.uniform(0.0, 0.3),
    "learning_rate": scipy.stats.loguniform(2e-3, 2e-2),
    "weight_decay": scipy.stats.loguniform(1e-4, 1e-2),
    "batch_size": [16, 32, 64],
    "max_epochs": [30, 60],
}
