"""Transformer encoder: reads sequences by step, images by row, tables by column."""

from __future__ import annotations

import math
from dataclasses import dataclass

import scipy.stats
import torch
from torch import Tensor, nn

from advisor.architectures._dropout import Dropout
from advisor.architectures._network import NetworkClassifier, NetworkRegressor, TensorNetwork
from advisor.architectures._steps import as_steps, mean_of_steps
from advisor.architectures.base import Architecture, Capabilities
from advisor.errors import InputError

MAX_TOKENS = 256  # the cost of attention grows with the square of the tokens


class Encoder(nn.Module):
    """Steps become tokens, blocks of attention mix them, their mean is read by a linear layer.

    Shape: (B, T, C) -> tokens of p steps (B, S, p C) -> (B, S, width) -> ... -> mean over the observed tokens
    (B, width) -> (B, n_outputs). A token is one step; beyond 256 steps it is a patch of p, as few as give
    at most 256 tokens (Nie et al. 2023), which is observed if its first step is. The order is known by the
    sinusoids alone: without them the encoder would give the same for any permutation of the steps.

    References
    ----------
    Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin (2017). Attention is all you need.
    NeurIPS.
    Xiong et al. (2020). On layer normalization in the Transformer architecture. ICML (normalised before each
    part, so that training needs little warm-up).
    Nie, Nguyen, Sinthong, Kalagnanam (2023). A time series is worth 64 words. ICLR (patches).

    Examples
    --------
    >>> settings = {"width": 32, "n_layers": 2, "n_heads": 4, "dropout": 0.0, "n_outputs": 2}
    >>> Encoder(3, n_steps=50, **settings)(torch.zeros(4, 50, 3), torch.tensor([50, 20, 1, 7])).shape
    torch.Size([4, 2])
    """

    def __init__(
        self,
        channels: int,
        *,
        n_steps: int,
        width: int,
        n_layers: int,
        n_heads: int,
        dropout: float,
        n_outputs: int,
    ) -> None:
        super().__init__()
        self.patch = -(-n_steps // MAX_TOKENS)
        self.embed = nn.Linear(self.patch * channels, width)
        self.positions: Tensor
        self.register_buffer("positions", sinusoids(-(-n_steps // self.patch), width), persistent=False)
        self.dropout = Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, n_heads=n_heads, dropout=dropout) for _ in range(n_layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, n_outputs)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Outputs, shape (B, n_outputs), of sequences, shape (B, T, C), with their lengths, shape (B,)."""
        x, mask = as_steps(x, lengths)
        if self.patch > 1:
            if mask is not None:
                x, mask = x * mask[:, :, None], mask[:, :: self.patch]
            x = nn.functional.pad(x, (0, 0, 0, -x.shape[1] % self.patch))
            x = x.reshape(len(x), -1, self.patch * x.shape[2])  # (B, S, p C)
        x = self.dropout(self.embed(x) + self.positions[: x.shape[1]])
        for block in self.blocks:
            x = block(x, mask)
        output: Tensor = self.head(mean_of_steps(self.norm(x), mask))
        return output


class Block(nn.Module):
    """Attention and a two-layer perceptron, each of its normalised inputs and added to them.

    Shape: (B, S, width), (B, S) -> (B, S, width).
    """

    def __init__(self, width: int, *, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(width, n_heads)
        self.perceptron = nn.Sequential(nn.Linear(width, 4 * width), nn.ReLU(), nn.Linear(4 * width, width))
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Block output."""
        first, second = self.norms
        x = x + self.dropout(self.attention(first(x), mask))
        output: Tensor = x + self.dropout(self.perceptron(second(x)))
        return output


class Attention(nn.Module):
    r"""Multi-head attention of the tokens to the observed ones (Vaswani et al. 2017, equation 1 and 3.2.2).

    For each head, with :math:`Q, K, V` linear in the tokens and of width d:
    :math:`\mathrm{softmax}(Q K^\top / \sqrt d) V`.

    Shape: (B, S, width), (B, S) -> (B, S, width).
    """

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Values, each the mean of those attended to."""
        qkv = self.qkv(x).reshape(*x.shape[:2], 3, self.n_heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # (B, heads, S, d)
        keys = None if mask is None else mask[:, None, None, :]
        heads = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=keys)
        output: Tensor = self.out(heads.transpose(1, 2).flatten(2))
        return output


def sinusoids(n: int, width: int) -> Tensor:
    """Make the vectors that stand for positions (Vaswani et al. 2017, section 3.5).

    Parameters
    ----------
    n, width : int
        Positions; length of a vector.

    Returns
    -------
    Tensor, shape (n, width)
        Sines and cosines by turns.

    Examples
    --------
    >>> sinusoids(2, 4)
    tensor([[0.0000, 1.0000, 0.0000, 1.0000],
            [0.8415, 0.5403, 0.0100, 0.9999]])
    """
    rate = torch.exp(-math.log(10000.0) * torch.arange(0, width, 2) / width)
    angle = torch.arange(n)[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


@dataclass(kw_only=True, eq=False, repr=False)
class _Transformer(TensorNetwork):
    width: int = 64
    n_layers: int = 2
    n_heads: int = 4
    dropout: float = 0.1
    max_epochs: int = 40
    patience: int = 15
    learning_rate: float = 1e-3
    clip: float | None = 1.0

    def _build(self, shape: tuple[int, ...], n_outputs: int) -> nn.Module:
        if self.width % 2 or self.width % self.n_heads:
            raise InputError(
                "width must be even and a multiple of n_heads",
                got=f"width {self.width}, n_heads {self.n_heads}",
                do="set width to 64 and n_heads to 4",
            )
        return Encoder(
            math.prod(shape[1:]),
            n_steps=shape[0],
            width=self.width,
            n_layers=self.n_layers,
            n_heads=self.n_heads,
            dropout=self.dropout,
            n_outputs=n_outputs,
        )


class TransformerClassifier(_Transformer, NetworkClassifier):
    """Transformer classifier; parameters as :class:`TransformerRegressor`."""


class TransformerRegressor(_Transformer, NetworkRegressor):
    """Transformer regressor, see :class:`Encoder`.

    Parameters
    ----------
    layout : tuple of int or None
        ``(T, C)``; ``(H, W, C)`` is read as H steps of W C values, ``(d,)`` as one step per preprocessed
        column.
    width, n_layers, n_heads : int
        Size of a token's vector, an even multiple of the heads; blocks; heads of attention in each.
    dropout : float
        Share of the values dropped after the embedding, attention and perceptron, in training.
    {training}
    """


ARCHITECTURE = Architecture(
    name="transformer",
    title="Transformer",
    model_kind="network",
    classifier=TransformerClassifier,
    regressor=TransformerRegressor,
    can=Capabilities(
        native=frozenset({"sequence"}),
        uses_layout=True,
        unequal_length=True,
        sample_weight=True,
        gpu=True,
        iterative=True,
    ),
    space={
        "width": [32, 64, 128],
        "n_layers": [1, 2, 3],
        "n_heads": [4, 8, 16],
        "dropout": scipy.stats.uniform(0.0, 0.3),
        "learning_rate": scipy.stats.loguniform(3e-4, 3e-3),
        "weight_decay": scipy.stats.loguniform(1e-4, 3e-2),
        "batch_size": [16, 32, 64],
        "max_epochs": [40, 80],
    },
    reference="Vaswani et al. (2017), NeurIPS",
)
