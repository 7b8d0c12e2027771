"""What a probe gives: one measured fact."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Evidence:
    """One measured fact.

    Parameters
    ----------
    name : str
        The probe's file name.
    value : float
        What was measured; NaN if it could not be.
    unit : str
        Of the value.
    interval : (float, float) or None
        95% interval.
    p_value : float or None
        Under ``null``; corrected for the variants tried.
    null : str
        What is assumed where the fact is absent.
    rows_used : int
        Rows read.
    reference : str
        Where the method comes from.
    summary : str
        The fact as one sentence with its numbers.
    found : bool
        Whether the fact is there, at the probe's own level.
    details : Mapping
        Further facts as JSON values, such as names of columns.
    seconds : float
        Time taken, in which equal facts may differ.
    """

    name: str
    value: float
    unit: str
    interval: tuple[float, float] | None
    p_value: float | None
    null: str
    rows_used: int
    reference: str
    summary: str
    found: bool
    details: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = field(default=0.0, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values: NaN becomes None.

        Examples
        --------
        >>> fact = Evidence("x", float("nan"), "", None, None, "", 0, "", "", False)
        >>> fact.to_dict()["value"] is None
        True
        """
        return {
            "name": self.name,
            "value": number(self.value),
            "unit": self.unit,
            "interval": [number(end) for end in self.interval] if self.interval else None,
            "p_value": number(self.p_value),
            "null": self.null,
            "rows_used": self.rows_used,
            "reference": self.reference,
            "summary": self.summary,
            "found": self.found,
            "details": dict(self.details),
            "seconds": round(self.seconds, 4),
        }


def number(value: float | None) -> float | None:
    """Keep what JSON has: a finite float, or None.

    Parameters
    ----------
    value : float or None
        Any number.

    Returns
    -------
    float or None
        None for NaN and infinities.

    Examples
    --------
    >>> number(0.5), number(float("inf"))
    (0.5, None)
    """
    return float(value) if value is not None and math.isfinite(value) else None


def wilson(successes: float, trials: float) -> tuple[float, float] | None:
    """Work out the 95% interval of a share.

    Parameters
    ----------
    successes, trials : float
        Counts; fractions are allowed where trials overlap.

    Returns
    -------
    (float, float) or None
        Within 0..1; None without trials.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22,
    209-212.

    Examples
    --------
    >>> low, high = wilson(8, 10)
    >>> round(low, 2), round(high, 2)
    (0.49, 0.94)
    """
    if trials <= 0:
        return None
    z = 1.959964
    share = successes / trials
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return max(0.0, centre - half), min(1.0, centre + half)
