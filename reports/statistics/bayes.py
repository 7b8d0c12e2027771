"""How probable is it that one candidate is better, or that the two are as good as equal?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from reports.statistics.table import dense

SAMPLES = 20_000  # the Monte Carlo error of a probability is then at most 0.0035
BLOCK = 1000  # samples at a time, which bounds the memory
DUST = 1e-12  # 0.81 - 0.80 is a little more than 0.01 in binary, and still lies within a rope of 0.01


class SignedRank(NamedTuple):
    """Result of :func:`bayesian_signed_rank`: three probabilities that sum to 1."""

    left: float  # a is mostly better by more than the rope
    rope: float  # they are mostly as good as equal
    right: float  # b is mostly better by more than the rope
    n: int  # independent sources


def bayesian_signed_rank(
    a: pd.Series,
    b: pd.Series,
    rope: float = 0.01,
    *,
    rng: np.random.Generator,
    prior: float = 0.5,
    samples: int = SAMPLES,
) -> SignedRank:
    r"""Bayesian signed-rank test with a region of practical equivalence.

    With the differences :math:`z_i = b_i - a_i`, a pseudo-observation :math:`z_0 = 0` and weights
    :math:`w \sim \text{Dirichlet}(s, 1, \dots, 1)`, one sample gives the three shares

    .. math:: \theta_l = \sum_{ij} w_i w_j [z_i + z_j < -2r], \quad
              \theta_r = \sum_{ij} w_i w_j [z_i + z_j > 2r], \quad
              \theta_e = 1 - \theta_l - \theta_r

    and the answer is how often each is the greatest of the three: a posterior about the sources that the
    measured ones stand for, not the chance to be better on one more of them. For :math:`r = 0` half of
    :math:`\theta_e` goes to either side, and no sample falls into the rope.

    Few sources are allowed: the answer then stays near the prior, and n tells that they are few.

    Parameters
    ----------
    a, b : Series, shape (n,)
        Scores of two candidates, one value per independent source (:func:`by_origin`), same index.
    rope : float, default=0.01
        :math:`r`: differences up to this are of no practical weight, in units of the score, at least 0.
    rng : numpy.random.Generator
        Source of randomness.
    prior : float, default=0.5
        :math:`s > 0`, how many observations the prior is worth; it lies at 0, in the rope.
    samples : int, default=20_000
        Dirichlet samples.

    Returns
    -------
    SignedRank
        ``left`` (a is mostly better), ``rope``, ``right`` (b is mostly better) and ``n``.

    Raises
    ------
    ValueError
        If a value is missing, or ``rope`` or ``prior`` is out of range.

    References
    ----------
    Benavoli, A., Corani, G., Demšar, J. & Zaffalon, M. (2017). Time for a change: a tutorial for comparing
    multiple classifiers through Bayesian analysis. JMLR 18, 1-36.
    Benavoli, A., Mangili, F., Corani, G., Zaffalon, M. & Ruggeri, F. (2014). A Bayesian Wilcoxon signed-rank
    test based on the Dirichlet process. ICML, 1026-1034.

    Examples
    --------
    One source with a difference above twice the rope: all pairs but the prior's with itself speak for b, so
    that b leads where :math:`w_0^2 < 1/2`, which has probability :math:`2^{-1/4} = 0.841`.

    >>> a, b = pd.Series({"wine": 0.80}), pd.Series({"wine": 0.90})
    >>> result = bayesian_signed_rank(a, b, rope=0.01, rng=np.random.default_rng(0))
    >>> round(result.left, 2), round(result.rope, 2), round(result.right, 2), result.n
    (0.0, 0.16, 0.84, 1)
    """
    if rope < 0 or prior <= 0:
        raise ValueError(
            f"the rope must be at least 0 and the prior above 0, got rope={rope} and prior={prior}: "
            "0.01 and 0.5 are usual"
        )
    table = dense(pd.DataFrame({"a": a, "b": b}))  # a source that only one of them has leaves a hole
    n = len(table)
    z = np.concatenate([[0.0], (table["b"] - table["a"]).to_numpy(float)])
    sums = z[:, None] + z
    edge = 2 * rope + DUST
    less, more = (sums < -edge).astype(float), (sums > edge).astype(float)
    wins = np.zeros(3)
    for start in range(0, samples, BLOCK):
        weights = rng.dirichlet([prior, *np.ones(n)], size=min(BLOCK, samples - start))  # (block, n + 1)
        left, right = (np.sum(weights @ region * weights, axis=1) for region in (less, more))
        middle = 1 - left - right if rope else np.full(len(left), -1.0)  # without a rope it cannot lead
        greatest = np.stack([left, middle, right])
        first = np.isclose(greatest, greatest.max(axis=0), rtol=0, atol=1e-12)
        wins += (first / first.sum(axis=0)).sum(axis=1)
    left_wins, middle_wins, right_wins = (wins / samples).tolist()
    return SignedRank(left_wins, middle_wins, right_wins, n)
