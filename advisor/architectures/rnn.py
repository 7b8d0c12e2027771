"""Recurrent network without gates: reads sequences by step, images by row, tables by column."""

from __future__ import annotations

from torch import nn

from advisor.architectures._network import NetworkClassifier, NetworkRegressor
from advisor.architectures._recurrent import CAN, SPACE, RecurrentNetwork, start
from advisor.architectures.base import Architecture


class RNN(nn.RNN):
    r"""Layer of the simple recurrent network: the state is fed back through one tanh.

    .. math::
        h_t = \tanh(W x_t + U h_{t-1} + b)

    What it can learn over many steps is bounded: the gradient through T steps vanishes or explodes with T
    (Bengio et al. 1994). U starts orthogonal and gradients are clipped (Pascanu et al. 2013), so that it
    learns what it can.

    Shape: (B, T, C) -> (B, T, h).

    References
    ----------
    Elman (1990). Finding structure in time. Cognitive Science 14(2).
    Bengio, Simard, Frasconi (1994). Learning long-term dependencies with gradient descent is difficult. IEEE
    Transactions on Neural Networks 5(2).
    Pascanu, Mikolov, Bengio (2013). On the difficulty of training recurrent neural networks. ICML.

    Examples
    --------
    >>> import torch
    >>> states, _ = RNN(3, 8, batch_first=True)(torch.zeros(4, 50, 3))
    >>> states.shape
    torch.Size([4, 50, 8])
    """

    def reset_parameters(self) -> None:
        """Set the initial values."""
        start(self, n_gates=1)


class _RNN(RecurrentNetwork):
    cell = RNN


class RNNClassifier(_RNN, NetworkClassifier):
    """Classifier of a simple recurrent network; parameters as :class:`RNNRegressor`."""


class RNNRegressor(_RNN, NetworkRegressor):
    """Regressor of a simple recurrent network, see :class:`RNN`.

    Parameters
    ----------
    {recurrent}
    """


ARCHITECTURE = Architecture(
    name="rnn",
    title="RNN",
    model_kind="network",
    classifier=RNNClassifier,
    regressor=RNNRegressor,
    can=CAN,
    space=SPACE,
    reference="Elman (1990), Cognitive Science 14(2)",
)
