"""Bring texts and columns of letters into the tensors that an architecture takes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from advisor.folding import Fold, Tensor
from advisor.positions import one_hot
from advisor.reading import as_frame, column_of


class FoldLetters(Fold):
    """Turn columns of letters, one per position, into ``(n, positions, letters)`` of 0 and 1.

    Parameters
    ----------
    columns : list of label
        In the order of the positions.
    letters : list of str
        The alphabet; whatever else a cell holds is all 0.

    Examples
    --------
    >>> words = pd.DataFrame([list("ac"), list("ga")])
    >>> FoldLetters(columns=[0, 1], letters=["a", "c", "g"]).fit_transform(words)[0].tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """

    def __init__(self, columns: Sequence[Any], letters: Sequence[str]) -> None:
        self.columns, self.letters = columns, letters

    def transform(self, X: Any) -> Tensor:
        """Spell out."""
        frame = as_frame(X)
        groups = one_hot([column_of(frame, label) for label in self.columns], self.letters)
        return groups.reshape(len(frame), len(self.columns), len(self.letters))


class FoldText(Fold):
    """Turn texts into sequences of hashed words, or of letters where there are no spaces.

    Each word becomes ``features`` signs drawn from its hash, which are nearly orthogonal between words;
    nothing is learned, so unseen words need no care.

    Parameters
    ----------
    columns : list of label
        Text columns; they are read one after another.
    tokens : int
        Words read, the first ones.
    features : int
        Numbers per word.

    References
    ----------
    Weinberger et al. (2009). Feature hashing for large scale multitask learning. ICML.

    Examples
    --------
    >>> texts = pd.DataFrame({"t": ["so it goes", "and so on"]})
    >>> FoldText(columns=["t"], tokens=8, features=32).fit_transform(texts).shape
    (2, 8, 32)
    """

    def __init__(self, columns: Sequence[Any], tokens: int, features: int) -> None:
        self.columns, self.tokens, self.features = columns, tokens, features

    def transform(self, X: Any) -> Tensor:
        """Read, cut, hash."""
        frame = as_frame(X)
        out = np.full((len(frame), self.tokens, self.features), np.nan, np.float32)
        texts = [_texts(column_of(frame, label)) for label in self.columns]
        known: dict[str, Tensor] = {}
        for row, parts in enumerate(zip(*texts, strict=True)):
            words = " ".join(parts).lower().split()
            if len(words) < 3:
                words = list("".join(parts))
            words = words[: self.tokens] or [""]
            for place, word in enumerate(words):
                if word not in known:
                    known[word] = self._signs(word)
                out[row, place] = known[word]
        return out

    def _signs(self, word: str) -> Tensor:
        rng = np.random.default_rng(zlib.crc32(word.encode()))
        return rng.choice(np.array([-1, 1], np.float32), self.features)


def _texts(column: pd.Series) -> pd.Series:
    """Cells as text, empty where missing, which a column of categories takes only as an object."""
    return column.astype(object).where(column.notna(), "").astype(str)
