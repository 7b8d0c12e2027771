"""Network of gated recurrent units: reads sequences by step, images by row, tables by column."""

from __future__ import annotations

from torch import nn

from advisor.architectures._network import NetworkClassifier, NetworkRegressor
from advisor.architectures._recurrent import CAN, SPACE, RecurrentNetwork, start
from advisor.architectures.base import Architecture


class GRU(nn.GRU):
    r"""Layer of gated recurrent units.

    At each step, with reset gate :math:`r`, update gate :math:`z` and candidate :math:`g` (Cho et al. 2014,
    equations 5 to 8):

    .. math::
        (r, z) &= \sigma(W x_t + U h_{t-1} + b) \\
        g &= \tanh(W_g x_t + b_g + r \odot (U_g h_{t-1} + b'_g)) \\
        h_t &= z \odot h_{t-1} + (1 - z) \odot g

    The paper resets before the product, :math:`U_g (r \odot h_{t-1})`, and has no biases. This is the form
    that torch and cuDNN compute, which resets after it: one product for all gates.

    Shape: (B, T, C) -> (B, T, h).

    References
    ----------
    Cho, van Merrienboer, Gulcehre, Bahdanau, Bougares, Schwenk, Bengio (2014). Learning phrase
    representations using RNN encoder-decoder for statistical machine translation. EMNLP.

    Examples
    --------
    >>> import torch
    >>> states, _ = GRU(3, 8, batch_first=True)(torch.zeros(4, 50, 3))
    >>> states.shape
    torch.Size([4, 50, 8])
    """

    def reset_parameters(self) -> None:
        """Set the initial values: orthogonal recurrent weights as in the paper."""
        start(self, n_gates=3)  # reset, update, candidate


class _GRU(RecurrentNetwork):
    cell = GRU


class GRUClassifier(_GRU, NetworkClassifier):
    """GRU classifier; parameters as :class:`GRURegressor`."""


class GRURegressor(_GRU, NetworkRegressor):
    """GRU regressor, see :class:`GRU` and :class:`advisor.architectures._recurrent.Recurrent`.

    Parameters
    ----------
    {recurrent}
    """


ARCHITECTURE = Architecture(
    name="gru",
    title="GRU",
    model_kind="network",
    classifier=GRUClassifier,
    regressor=GRURegressor,
    can=CAN,
    space=SPACE,
    reference="Cho et al. (2014), EMNLP",
)
