"""SAINT: attention over the columns of a row and over the rows, as in Somepalli et al. (2021)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.stats
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from advisor.architectures._blocks import GLU, attend
from advisor.architectures._dropout import Dropout
from advisor.architectures._embedding import CategoryEmbedding
from advisor.architectures._network import NetworkClassifier, NetworkRegressor, TableNetwork
from advisor.architectures.base import Architecture, Capabilities


class Tokens(nn.Module):
    """Columns as tokens: a perceptron (1, 100, ReLU, size) for each number, a vector for each category.

    Shape: (B, p), (B, q) -> (B, 1 + p + q, size), [CLS] first. Section 3, "E".

    Examples
    --------
    >>> Tokens(2, (3, 5), size=4)(torch.zeros(6, 2), torch.ones(6, 2, dtype=torch.int64)).shape
    torch.Size([6, 5, 4])
    """

    def __init__(
        self, n_numbers: int, cardinalities: tuple[int, ...], *, size: int, hidden: int = 100
    ) -> None:
        super().__init__()

        def uniform(*shape: int, bound: float) -> nn.Parameter:
            return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))

        self.cls = nn.Parameter(torch.randn(size))
        self.weight0, self.bias0 = (uniform(n_numbers, 1, hidden, bound=1.0) for _ in range(2))
        bound = 1 / math.sqrt(hidden)
        self.weight1 = uniform(n_numbers, hidden, size, bound=bound)
        self.bias1 = uniform(n_numbers, 1, size, bound=bound)
        self.embedding = CategoryEmbedding(cardinalities, size) if cardinalities else None

    def forward(self, numbers: Tensor, codes: Tensor | None = None) -> Tensor:
        """Tokens, [CLS] first."""
        hidden = torch.addcmul(self.bias0, numbers.T[:, :, None], self.weight0).relu()  # (p, B, hidden)
        tokens = [
            self.cls.expand(len(numbers), 1, -1),
            torch.baddbmm(self.bias1, hidden, self.weight1).transpose(0, 1),
        ]
        if self.embedding is not None and codes is not None:
            tokens.append(self.embedding(codes))
        return torch.cat(tokens, dim=1)


class Attention(nn.Module):
    """LN(x) + Linear(MSA(LN(x))): over the columns of each row, equations 1 and 2 of the paper.

    Shape: (B, T, size) -> (B, T, size).
    """

    def __init__(self, size: int, *, n_heads: int, head_size: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.norm = nn.LayerNorm(size)
        self.to_qkv = nn.Linear(size, 3 * n_heads * head_size, bias=False)
        self.mix = nn.Linear(n_heads * head_size, size)

    def forward(self, x: Tensor) -> Tensor:
        """Tokens after attention."""
        x = self.norm(x)
        q, k, v = self.to_qkv(x).chunk(3, dim=-1)
        mixed: Tensor = self.mix(attend(q, k, v, n_heads=self.n_heads))
        return x + mixed


class Intersample(Attention):
    """LN(x) + Linear(MISA(LN(x))): over rows, each the vector of all its tokens, equation 3 and figure 2.

    Shape: (B, T size) -> (B, T size). In training all rows attend to all; else the first ``n_context`` rows
    attend to one another, and every other row to these and itself.
    """

    def forward(self, x: Tensor, n_context: int | None = None) -> Tensor:
        """Rows after attention."""
        x = self.norm(x)
        q, k, v = self.to_qkv(x).chunk(3, dim=-1)
        if n_context is None:
            mixed = attend(q[None], k[None], v[None], n_heads=self.n_heads)[0]
        else:
            known = slice(None, n_context)
            context = attend(q[None, known], k[None, known], v[None, known], n_heads=self.n_heads)[0]
            mixed = torch.cat([context, self._to_context(q, k, v, n_context)])
        step: Tensor = self.mix(mixed)
        return x + step

    def _to_context(self, q: Tensor, k: Tensor, v: Tensor, n: int) -> Tensor:
        q, k, v = (t.reshape(len(t), self.n_heads, -1).transpose(0, 1) for t in (q, k, v))  # (heads, B, d)
        q = q[:, n:] / math.sqrt(q.shape[-1])
        scores = torch.cat([q @ k[:, :n].mT, (q * k[:, n:]).sum(dim=-1, keepdim=True)], dim=-1)
        weight = scores.softmax(dim=-1)
        mixed = weight[..., :n] @ v[:, :n] + weight[..., n:] * v[:, n:]
        return mixed.transpose(0, 1).flatten(1)


class FeedForward(nn.Module):
    """LN(x) + Linear(Dropout(GEGLU(Linear(LN(x))))) with 4 hidden units for each value."""

    def __init__(self, size: int, *, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.layers = nn.Sequential(
            nn.Linear(size, 8 * size), GLU("gelu"), Dropout(dropout), nn.Linear(4 * size, size)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Values of the same shape."""
        x = self.norm(x)
        step: Tensor = self.layers(x)
        return x + step


class Stage(nn.Module):
    """Attention over columns, then over rows: equation 1 of the paper. (B, T, size) -> (B, T, size)."""

    def __init__(self, n_tokens: int, size: int, *, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.columns = nn.Sequential(
            Attention(size, n_heads=n_heads, head_size=16), FeedForward(size, dropout=dropout)
        )
        self.rows = Intersample(n_tokens * size, n_heads=n_heads, head_size=64)
        self.last = FeedForward(n_tokens * size, dropout=dropout)

    def forward(self, x: Tensor, n_context: int | None = None) -> Tensor:
        """Tokens after one stage."""
        rows = self.columns(x).flatten(1)
        tokens: Tensor = self.last(self.rows(rows, n_context)).view_as(x)
        return tokens


class Saint(nn.Module):
    """Tokens, stages and a perceptron (size, 1000, ReLU, n_outputs) on [CLS].

    Shape: (B, p), (B, q) -> (B, T, s) -> ... -> (B, T, s) -> (B, n_outputs) with T = 1 + p + q.

    In training the rows of a batch attend to one another. To predict, rows attend to those of
    :meth:`remember` and to themselves, so that no prediction depends on what else is predicted.

    Parameters: ``p (200 + 101 s) + s (1 + C) + n (f(s, 16) + f(T s, 64)) + 1000 (s + 1) + 1001 o`` with
    ``f(w, e) = 4 w + (3 h e) w + (h e + 1) w + 12 w^2 + 9 w`` for C codes, n stages of h heads, o outputs.

    Examples
    --------
    >>> net = Saint(5, (4,), depth=2, size=8, n_heads=2, dropout=0.0, n_outputs=3)
    >>> net(torch.zeros(4, 5), torch.ones(4, 1, dtype=torch.int64)).shape
    torch.Size([4, 3])
    """

    def __init__(
        self,
        n_numbers: int,
        cardinalities: tuple[int, ...],
        *,
        depth: int,
        size: int,
        n_heads: int,
        dropout: float,
        n_outputs: int,
    ) -> None:
        super().__init__()
        self.tokens = Tokens(n_numbers, cardinalities, size=size)
        n_tokens = 1 + n_numbers + len(cardinalities)
        self.row_values = n_tokens * size
        self.stages = nn.ModuleList(
            Stage(n_tokens, size, n_heads=n_heads, dropout=dropout) for _ in range(depth)
        )
        self.head = nn.Sequential(nn.Linear(size, 1000), nn.ReLU(), nn.Linear(1000, n_outputs))
        self.numbers: Tensor
        self.codes: Tensor | None

    def remember(self, numbers: Tensor, codes: Tensor | None = None) -> None:
        """Keep the rows that every prediction attends to, shapes (N, p) and (N, q)."""
        self.register_buffer("numbers", numbers)
        self.register_buffer("codes", codes)

    def forward(self, numbers: Tensor, codes: Tensor | None = None) -> Tensor:
        """Outputs, shape (B, n_outputs)."""
        n = None
        if not self.training:
            n = len(self.numbers)
            numbers = torch.cat([self.numbers, numbers])
            codes = None if codes is None or self.codes is None else torch.cat([self.codes, codes])
        x = self.tokens(numbers, codes)
        for stage in self.stages:
            x = stage(x, n)
        output: Tensor = self.head(x[n:, 0])
        return output


@dataclass(kw_only=True, eq=False, repr=False)
class _SAINT(TableNetwork):
    depth: int = 1
    n_heads: int = 4
    dim: int = 32
    dropout: float = 0.5
    max_epochs: int = 40
    batch_size: int = 64

    def _build(self, n_numbers: int, cardinalities: tuple[int, ...], n_outputs: int) -> Saint:
        wide = n_numbers + len(cardinalities) >= 50
        return Saint(
            n_numbers,
            cardinalities,
            depth=self.depth,
            size=min(self.dim, 8) if wide else self.dim,
            n_heads=self.n_heads,
            dropout=self.dropout,
            n_outputs=n_outputs,
        )

    def _module(self, inputs: tuple[Tensor, ...], rows: NDArray[np.intp]) -> nn.Module:
        module = self._build(inputs[0].shape[1], self.encoder_.cardinalities, self._n_outputs)
        some = torch.randperm(len(rows))[: self._recipe(len(rows)).batch_size].numpy()
        module.remember(*(t[rows[some]] for t in inputs))
        return module


class SAINTClassifier(_SAINT, NetworkClassifier):
    """SAINT classifier; parameters as :class:`SAINTRegressor`."""


class SAINTRegressor(_SAINT, NetworkRegressor):
    """SAINT regressor: self-attention and intersample attention, without the unsupervised pretraining.

    Inputs are quantile-normal numbers and embedded categories, see
    :class:`advisor.architectures._encoders.TableEncoder`. The layers are those of the published code,
    where the residual is the normalised input and attention has no dropout. One difference: the published
    code predicts a row from whatever rows are predicted with it. Here a row attends to itself and to
    ``batch_size`` training rows that are drawn once, so that a prediction depends on nothing else.

    Parameters
    ----------
    depth, n_heads, dim : int
        Stages, heads of an attention, values of a token; from 50 columns on a token has at most 8, as in the
        published study (which also trains such tables by batches of 64), for the weights of a stage grow with
        the square of columns times values.
    dropout : float
        Share of the hidden units dropped in training.
    {training}

    Notes
    -----
    The default has one stage of 4 heads and tokens of 32, as the authors' own training script; the study's, 3
    stages and tokens of 128, has 270 million weights on 20 numbers. Learning rates are drawn from higher up
    and batches from lower down than in the study, which has 300 epochs where this has 40: on 500 rows of
    `concrete` 1e-4 gave R2 0.851, 1e-3 gave 0.892, and 6e-3 gave 0.661. The study's own are in
    :mod:`benchmarks.spaces.paper`.

    References
    ----------
    Somepalli, Goldblum, Schwarzschild, Bruss, Goldstein (2021). SAINT: Improved neural networks for tabular
    data via row attention and contrastive pre-training. arXiv:2106.01342.
    The space is that of Grinsztajn, Oyallon, Varoquaux (2022), after Borisov et al. (2022).
    """


ARCHITECTURE = Architecture(
    name="saint",
    title="SAINT",
    model_kind="network",
    classifier=SAINTClassifier,
    regressor=SAINTRegressor,
    can=Capabilities(native=frozenset({"tabular"}), sample_weight=True, gpu=True, iterative=True),
    space={
        "depth": [1, 2, 3, 6, 12],
        "n_heads": [2, 4, 8],
        "dim": [32, 64, 128],
        "dropout": [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
        "learning_rate": scipy.stats.loguniform(2e-4, 3e-3),
        "batch_size": [32, 64, 128],
    },
    reference="Somepalli, Goldblum, Schwarzschild, Bruss, Goldstein (2021), arXiv:2106.01342",
)
