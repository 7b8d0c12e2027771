"""Do ordered columns hold series of their own, one curve common to all rows, or histograms?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.probes.base import Evidence
from advisor.table import NUMBERS, Table

COMMON = 0.5  # share of the variation within rows above which most of it is one curve
SAME_SUM = 0.01  # relative spread of the sums of histograms
CLOSED = 0.1  # variance of the sums, of that of columns that vary by themselves, up to which rows add up
FEW = 0.02  # share of the columns, and at least two, that must not make the curve: those that make most of it
FEWEST, ENOUGH = 8, 100  # rows


@dataclass(frozen=True, slots=True)
class Profile:
    """What the rows of ordered columns have in common."""

    kind: str  # "histogram", "aligned curve" or "series"
    common: float  # share of the variation within rows that is one curve, the mean correlation of two rows
    error: float  # its standard error, by the jackknife over rows
    between_columns: float  # share of all variation that lies between the means of columns
    smoothness: float  # lag-1 autocorrelation within a row, -1..1
    total: float  # usual sum of a row; NaN if rows have no common sum
    magnitudes: float  # orders of magnitude between the levels of low and high rows


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Share of the variation within rows that is one curve common to all rows.

    Two rows of spectra, of days or of aligned heartbeats are alike at equal positions; two series that begin
    at any time are not. Wavelength and time cannot be told apart from numbers: what can be said is whether a
    position means the same in every row.
    """
    geometry = table.geometry
    if table.form != "table" or geometry.layout is None or len(geometry.layout) != 2:
        return None
    steps, channels = geometry.layout
    enough = max(ENOUGH, NUMBERS // (geometry.stop - geometry.start))
    every = -(-len(table.values) // enough)
    body = table.values[::every, geometry.start : geometry.stop]
    if geometry.channel_axis == "last":
        series = body.reshape(-1, steps, channels).transpose(0, 2, 1)
    else:
        series = body.reshape(-1, channels, steps)
    profile = describe(series)
    if profile is None:
        return None
    low, high = profile.common - 1.96 * profile.error, profile.common + 1.96 * profile.error
    return Evidence(
        name="profile_shape",
        value=profile.common,
        unit="share of the variation within rows",
        interval=(max(-1.0, low), min(1.0, high)),
        p_value=None,
        null="rows have no curve in common: two of them correlate by 0 on average",
        rows_used=len(series),
        reference="Hoeffding (1948), Ann. Math. Stat. 19, 293-325 (a mean over pairs); Efron & Stein (1981)",
        summary=_sentence(profile),
        found=profile.kind != "series",
        details={
            "kind": profile.kind,
            "between_columns": round(profile.between_columns, 4),
            "smoothness": round(profile.smoothness, 4),
            "row_sum": None if np.isnan(profile.total) else float(f"{profile.total:.4g}"),
            "orders_of_magnitude": round(profile.magnitudes, 2),
        },
    )


def describe(series: NDArray[np.floating]) -> Profile | None:
    """Compare the rows with each other; None if fewer than eight vary.

    Parameters
    ----------
    series : ndarray, shape (m, channels, steps)
        NaN where missing.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> describe(rng.normal(size=(50, 1, 40)).cumsum(axis=2)).kind
    'series'
    >>> peak = np.exp(-(((np.arange(40) - 15) / 5) ** 2))
    >>> describe(peak * rng.uniform(0.5, 2, (50, 1, 1)) + rng.normal(0, 0.05, (50, 1, 40))).kind
    'aligned curve'
    """
    values = series.astype(np.float64)
    unit, steps = _unit_rows(values), values.shape[2]
    shared = _shared(unit)
    if shared is not None and shared[0] > COMMON:
        # most is one curve: is it so without the few columns that make most of it?
        strength = (unit.mean(axis=0) ** 2).mean(axis=0)
        few = np.argsort(strength, kind="stable")[steps - max(2, round(FEW * steps)) :]
        shared = _shared(_unit_rows(np.delete(values, few, axis=2)))
    if shared is None:
        return None
    common, error, smoothness = shared
    known = np.isfinite(values)
    filled = np.where(known, values, 0)
    total = _common_sum(filled, known)
    kind = "series" if common <= COMMON else "aligned curve"
    return Profile(
        kind="histogram" if np.isfinite(total) else kind,
        common=common,
        error=error,
        between_columns=_between_columns(values),
        smoothness=smoothness,
        total=total,
        magnitudes=_magnitudes(filled, known),
    )


def _unit_rows(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centre every channel of every row and bring it to unit length: neither units nor levels count."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=2, keepdims=True), 1)
    mean = np.where(known, values, 0).sum(axis=2, keepdims=True) / count
    centred = np.where(known, values - mean, 0)
    length = np.sqrt((centred**2).sum(axis=2, keepdims=True))
    # a constant row is centred to rounding errors
    varied = length > 1e-9 * np.sqrt(count) * np.maximum(np.abs(mean), 1e-9)
    unit: NDArray[np.float64] = np.divide(centred, length, out=np.zeros_like(centred), where=varied)
    return unit


def _shared(unit: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """Mean correlation of two different rows, its jackknife error, and the lag-1 autocorrelation."""
    channels = (unit != 0).any(axis=2).sum(axis=1)
    unit, channels = unit[channels > 0], channels[channels > 0]
    m = len(unit)
    if m < FEWEST:
        return None
    rows = (unit / np.sqrt(channels)[:, None, None]).reshape(m, -1)
    total = rows.sum(axis=0)
    length = float(total @ total)
    without = length - 2 * rows @ total + (rows**2).sum(axis=1)  # squared length of the sum of the others
    common = (length - m) / (m * (m - 1))
    left_out = (without - (m - 1)) / ((m - 1) * (m - 2))
    error = float(np.sqrt((m - 1) / m * ((left_out - left_out.mean()) ** 2).sum()))
    smoothness = float((unit[..., 1:] * unit[..., :-1]).sum(axis=2).mean())
    return common, error, smoothness


def _common_sum(filled: NDArray[np.float64], known: NDArray[np.bool_]) -> float:
    """Sum of a row, or of each of its channels, where all rows are non-negative and add up to the same.

    Large values that vary little add up to about the same, too: what one column of a composition gains the
    others must lose.
    """
    if not known.all() or (filled < 0).any():
        return float("nan")
    variances = filled.var(axis=0)
    for sums, apart in (
        (filled.sum(axis=2), variances.sum(axis=1)),
        (filled.sum(axis=(1, 2)), variances.sum()),
    ):
        usual = np.median(sums, axis=0)
        closed = (sums.var(axis=0) <= CLOSED * apart).all()
        if closed and (usual > 0).all() and (np.abs(sums - usual) <= SAME_SUM * usual).mean() > 0.99:
            return float(np.sum(usual))
    return float("nan")


def _between_columns(values: NDArray[np.float64]) -> float:
    """Share of all variation of a channel that lies between the means of its columns, averaged."""
    flat = values.transpose(1, 0, 2)
    shares = []
    for channel in flat:
        known = channel[:, np.isfinite(channel).any(axis=0)]
        total = float(np.nanvar(known))
        if total > 0:
            shares.append(float(np.var(np.nanmean(known, axis=0))) / total)
    return float(np.mean(shares)) if shares else 0.0


def _magnitudes(filled: NDArray[np.float64], known: NDArray[np.bool_]) -> float:
    """Decimal orders between the 5% and the 95% quantile of the mean size of the numbers of a row."""
    sizes = np.abs(filled).sum(axis=(1, 2)) / np.maximum(known.sum(axis=(1, 2)), 1)
    sizes = sizes[sizes > 0]
    low, high = np.quantile(sizes, [0.05, 0.95])
    return float(np.log10(high / low))


def _sentence(profile: Profile) -> str:
    curve = (
        f"{max(profile.common, 0):.0%} of the variation within rows ({profile.between_columns:.0%} of all) "
        "is one curve common to all rows; neighbours within a row correlate by "
        f"{profile.smoothness:.2f}"
    )
    likeness = {
        "histogram": f"like a histogram or a composition: no row is negative, all sum to {profile.total:.4g}",
        "aligned curve": "like a spectrum or another aligned curve",
        "series": "like series that begin at any time rather than spectra",
    }
    return f"{likeness[profile.kind]}; {curve}"
