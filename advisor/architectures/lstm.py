"""Long short-term memory network: reads sequences by step, images by row, tables by column."""

from __future__ import annotations

from torch import nn

from advisor.architectures._network import NetworkClassifier, NetworkRegressor
from advisor.architectures._recurrent import CAN, SPACE, RecurrentNetwork, start
from advisor.architectures.base import Architecture


class LSTM(nn.LSTM):
    r"""Layer of long short-term memory.

    At each step, with gates :math:`i, f, o` and candidate :math:`g`, all of the size of the state:

    .. math::
        (i, f, g, o) &= (\sigma, \sigma, \tanh, \sigma)(W x_t + U h_{t-1} + b) \\
        c_t &= f \odot c_{t-1} + i \odot g \\
        h_t &= o \odot \tanh(c_t)

    The bias of the forget gate starts at 1, so that memory lasts and gradients flow (Jozefowicz et al.
    2015); the rest as :func:`advisor.architectures._recurrent.start` says.

    Shape: (B, T, C) -> (B, T, h).

    References
    ----------
    Hochreiter, Schmidhuber (1997). Long short-term memory. Neural Computation 9(8).
    Gers, Schmidhuber, Cummins (2000). Learning to forget. Neural Computation 12(10).
    Jozefowicz, Zaremba, Sutskever (2015). An empirical exploration of recurrent network architectures. ICML.

    Examples
    --------
    >>> import torch
    >>> states, _ = LSTM(3, 8, batch_first=True)(torch.zeros(4, 50, 3))
    >>> states.shape
    torch.Size([4, 50, 8])
    """

    def reset_parameters(self) -> None:
        """Set the initial values."""
        start(self, n_gates=4)  # input, forget, candidate, output
        self.get_parameter("bias_ih_l0").data.chunk(4)[1].fill_(1.0)  # torch adds a second bias


class _LSTM(RecurrentNetwork):
    cell = LSTM
    bfloat16 = True


class LSTMClassifier(_LSTM, NetworkClassifier):
    """LSTM classifier; parameters as :class:`LSTMRegressor`."""


class LSTMRegressor(_LSTM, NetworkRegressor):
    """LSTM regressor, see :class:`LSTM` and :class:`advisor.architectures._recurrent.Recurrent`.

    Parameters
    ----------
    {recurrent}
    """


ARCHITECTURE = Architecture(
    name="lstm",
    title="LSTM",
    model_kind="network",
    classifier=LSTMClassifier,
    regressor=LSTMRegressor,
    can=CAN,
    space=SPACE,
    reference="Hochreiter, Schmidhuber (1997), Neural Computation 9(8); Gers et al. (2000), ibid. 12(10)",
)
