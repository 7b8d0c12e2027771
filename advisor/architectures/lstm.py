"""Long short-term memory network: reads sequences by step, images by row, tables by column."""

from __future__ import annotations

import math
from dataclasses import dataclass

import scipy.stats
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from advisor.architectures._network import NetworkClassifier, NetworkRegressor, TensorNetwork
from advisor.architectures.base import Architecture, Capabilities


class Recurrent(nn.Module):
    r"""LSTM whose last state and mean output are read by a linear layer.

    At each step, with gates :math:`i, f, o` and candidate :math:`g`, all of the size of the state:

    .. math::
        (i, f, g, o) &= (\sigma, \sigma, \tanh, \sigma)(W x_t + U h_{t-1} + b) \\
        c_t &= f \odot c_{t-1} + i \odot g \\
        h_t &= o \odot \tanh(c_t)

    The bias of the forget gate starts at 1, so that memory lasts and gradients flow (Jozefowicz et al.
    2015); each gate's U starts orthogonal, each gate's W uniform as Glorot and Bengio (2010).

    Shape: (B, T, C), lengths (B,) -> states (B, T, k h) -> [last state, mean of states] (B, 2 k h) -> (B,
    n_outputs), where k is 2 if bidirectional, else 1.

    References
    ----------
    Hochreiter, Schmidhuber (1997). Long short-term memory. Neural Computation 9(8).
    Gers, Schmidhuber, Cummins (2000). Learning to forget. Neural Computation 12(10).
    Jozefowicz, Zaremba, Sutskever (2015). An empirical exploration of recurrent network architectures. ICML.

    Examples
    --------
    >>> net = Recurrent(3, hidden=8, n_layers=1, bidirectional=True, dropout=0.0, n_outputs=2)
    >>> net(torch.zeros(4, 50, 3), torch.tensor([50, 20, 1, 7])).shape
    torch.Size([4, 2])
    """

    def __init__(
        self,
        channels: int,
        *,
        hidden: int,
        n_layers: int,
        bidirectional: bool,
        dropout: float,
        n_outputs: int,
    ) -> None:
        super().__init__()
        self.lstm = nn.LSTM(
            channels,
            hidden,
            n_layers,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if n_layers > 1 else 0.0,
        )
        directions = 2 if bidirectional else 1
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * directions * hidden, n_outputs))
        for name, parameter in self.lstm.named_parameters():
            gates = parameter.data.chunk(4)  # input, forget, candidate, output
            if name.startswith("bias"):
                parameter.data.zero_()
                if name.startswith("bias_ih"):  # torch adds a second bias, which stays 0 at the start
                    gates[1].fill_(1.0)
            for gate in gates:
                if name.startswith("weight_ih"):
                    nn.init.xavier_uniform_(gate)
                elif name.startswith("weight_hh"):
                    nn.init.orthogonal_(gate)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Outputs, shape (B, n_outputs), of sequences, shape (B, T, C), with their lengths, shape (B,)."""
        if lengths is None:
            states, (last, _) = self.lstm(x)  # (B, T, k h), (layers k, B, h)
            mean = states.mean(dim=1)
        else:  # packed: steps after the length are never computed
            packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
            states, (last, _) = self.lstm(packed)
            padded, _ = pad_packed_sequence(states, batch_first=True)  # zeros after the length
            mean = padded.sum(dim=1) / lengths[:, None]
        directions = 2 if self.lstm.bidirectional else 1
        final = last[-directions:].transpose(0, 1).flatten(1)  # (B, k h), of the top layer
        output: Tensor = self.head(torch.cat([final, mean], dim=1))
        return output


@dataclass(kw_only=True, eq=False, repr=False)
class _LSTM(TensorNetwork):
    hidden: int = 64
    n_layers: int = 1
    bidirectional: bool = True
    dropout: float = 0.1
    max_epochs: int = 30
    patience: int = 12
    learning_rate: float = 5e-3
    clip: float | None = 1.0

    def _build(self, shape: tuple[int, ...], n_outputs: int) -> nn.Module:
        steps, channels = shape[0], math.prod(shape[1:])  # rows of an image, columns of a table are steps
        net = Recurrent(
            channels,
            hidden=self.hidden,
            n_layers=self.n_layers,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
            n_outputs=n_outputs,
        )
        return (
            net if len(shape) == 2 else nn.Sequential(nn.Flatten(), nn.Unflatten(1, (steps, channels)), net)
        )


class LSTMClassifier(_LSTM, NetworkClassifier):
    """LSTM classifier; parameters as :class:`LSTMRegressor`."""


class LSTMRegressor(_LSTM, NetworkRegressor):
    """LSTM regressor, see :class:`Recurrent`.

    Parameters
    ----------
    layout : tuple of int or None
        ``(T, C)``; ``(H, W, C)`` is read as H steps of W C values, ``(d,)`` as one step per preprocessed
        column.
    hidden, n_layers : int
        Size of the state, number of stacked layers.
    bidirectional : bool
        Whether a second LSTM reads the sequence from its end.
    dropout : float
        Share of the values dropped between layers and before the output, in training.
    {training}
    """


ARCHITECTURE = Architecture(
    name="lstm",
    title="LSTM",
    classifier=LSTMClassifier,
    regressor=LSTMRegressor,
    can=Capabilities(
        native=frozenset({"sequence"}),
        uses_layout=True,
        unequal_length=True,
        sample_weight=True,
        gpu=True,
        iterative=True,
    ),
    space={
        "hidden": [32, 64, 128, 256],
        "n_layers": [1, 2, 3],
        "bidirectional": [False, True],
        "dropout": scipy.stats.uniform(0.0, 0.5),
        "learning_rate": scipy.stats.loguniform(3e-4, 2e-2),
        "weight_decay": scipy.stats.loguniform(1e-4, 1e-1),
        "batch_size": [16, 32, 64, 128],
        "max_epochs": [15, 30, 60],
    },
    reference="Hochreiter, Schmidhuber (1997), Neural Computation 9(8); Gers et al. (2000), ibid. 12(10)",
)
