"""Distributions of search spaces that scipy does not have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Rounded:
    """Whole numbers: the draws of another distribution, rounded.

    Parameters
    ----------
    of : frozen scipy.stats distribution
        What is drawn from.
    least : int
        Smaller draws become this.

    Examples
    --------
    >>> import scipy.stats
    >>> Rounded(scipy.stats.loguniform(1.5, 50.5)).rvs(random_state=0)
    10
    """

    of: Any
    least: int = 1

    def rvs(self, *, random_state: Any = None) -> int:
        """One draw."""
        return max(self.least, int(np.rint(self.of.rvs(random_state=random_state))))
