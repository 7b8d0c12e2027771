"""Categories as vectors that a network learns."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn


class CategoryEmbedding(nn.Module):
    """One learned vector for each category of each column; an unseen category (code 0) is the zero vector.

    Shape: (B, q) codes -> (B, q, size).

    Parameters
    ----------
    cardinalities : tuple of int
        Codes of each column, code 0 among them.
    size : int
        Length of the vectors.

    References
    ----------
    Gorishniy, Rubachev, Khrulkov, Babenko (2021). Revisiting deep learning models for tabular data. NeurIPS.
    The initial values are theirs: uniform within one over the root of the size.

    Examples
    --------
    >>> CategoryEmbedding((3, 5), size=4)(torch.tensor([[1, 4], [0, 2]])).shape
    torch.Size([2, 2, 4])
    """

    def __init__(self, cardinalities: tuple[int, ...], size: int) -> None:
        super().__init__()
        offsets = torch.tensor([0, *itertools.accumulate(cardinalities)][:-1])
        self.offsets: Tensor
        self.register_buffer("offsets", offsets)
        self.vectors = nn.Embedding(sum(cardinalities), size)  # one table: one look-up for all columns
        nn.init.uniform_(self.vectors.weight, -1 / math.sqrt(size), 1 / math.sqrt(size))
        with torch.no_grad():
            self.vectors.weight[offsets] = 0  # no training row has code 0, so it stays

    def forward(self, codes: Tensor) -> Tensor:
        """Vectors, shape (B, q, size), of codes, shape (B, q)."""
        vectors: Tensor = self.vectors(codes + self.offsets)
        return vectors


class ColumnsAsVector(nn.Module):
    """Numbers and the embedded categories side by side, as a multilayer perceptron or a ResNet takes them.

    Shape: (B, p), (B, q) -> (B, p + q size), which is ``width``.

    Examples
    --------
    >>> columns = ColumnsAsVector(2, (3, 5), size=4)
    >>> columns.width, columns(torch.zeros(6, 2), torch.ones(6, 2, dtype=torch.int64)).shape
    (10, torch.Size([6, 10]))
    """

    def __init__(self, n_numbers: int, cardinalities: tuple[int, ...], *, size: int) -> None:
        super().__init__()
        self.embedding = CategoryEmbedding(cardinalities, size) if cardinalities else None
        self.width = n_numbers + size * len(cardinalities)

    def forward(self, numbers: Tensor, codes: Tensor | None = None) -> Tensor:
        """One vector for each row, shape (B, width)."""
        if self.embedding is None or codes is None:
            return numbers
        return torch.cat([numbers, self.embedding(codes).flatten(1)], dim=1)
