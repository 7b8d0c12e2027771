"""Do the rows depend on the rows before them?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.probes.base import Evidence
from advisor.ranks import midranks
from advisor.serial_dependence import LAGS, blocks, memory, window
from advisor.table import NUMBERS, Table

COLUMNS = 64  # columns looked at, and the last one, which may be the target
ORDERS = 199  # random orders
LEVEL = 0.005  # what a rank among them can just reach
PERMUTED = 8_000_000  # numbers put in random order at most
SHORTEST = 30  # rows
TWICE, FOUR_TIMES = 1.08, 1.2  # typical difference of rows 2 and 4 apart over that of neighbours, at least
STRONG, MOVES = 0.2, 0.3  # autocorrelation of a column that may remember, and of one that may move
ERRORS = 4.0  # standard errors of an autocorrelation, 1 / √n each, that either must exceed
ENOUGH = 0.2  # share of strong columns from which on the rows are looked at more closely
BETWEEN = 0.4  # share of rows that lie between their neighbours: 1/3 in groups, 1/2 in random walks
ALPHA = 0.001  # level of the test of memory, before correction for columns
LEAST = 0.05  # mean autocorrelation that is worth telling, however certain


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Memory of the rows: rank autocorrelation of the numeric columns, and whether it fades step by step.

    Any file that is sorted or grouped has dependent rows. A series moves: the typical difference between
    rows (a robust variogram) keeps growing with their distance, whereas within groups of exchangeable rows
    it does not, nor does the middle of three rows there lie between the others more often than by chance; and
    where columns show that a file is sorted into blocks, it moves within them too.
    """
    if table.run.empty or table.n < SHORTEST:
        return None
    ranks = _ranks(table)
    if ranks is None:
        return None
    n, d = ranks.shape
    observed = _autocorrelation(ranks, 1)
    value = float(np.mean(np.abs(observed)))
    permuted = _in_random_order(ranks, rng)
    p_value = (1 + int((permuted >= value).sum())) / (1 + ORDERS)
    typical = {k: _typical_difference(ranks, k) for k in (1, 2, 4)}
    growing = (typical[2] > TWICE * typical[1]) & (typical[4] > FOUR_TIMES * typical[1])
    by_chance = ERRORS / np.sqrt(n)
    strong = observed > max(STRONG, by_chance)
    remembers = np.zeros(d, bool)
    block = np.zeros(n, np.intp)
    if strong.mean() > ENOUGH:  # else the rows do not move, and need not be looked at more closely
        block = blocks(
            table.run.iloc[:n, [place for place, c in enumerate(table.columns) if c.role != "ignore"]]
        )
        by_block = np.argsort(block, kind="stable")
        remembers[strong] = memory(ranks[:, strong], block, None, by_block, ALPHA / d, rng)[0]
    moving = (observed > max(MOVES, by_chance)) & growing & remembers
    if moving.any():
        moving &= _between(ranks) > BETWEEN
    share = float(moving.mean())
    profile = {k: float(np.mean(np.abs(_autocorrelation(ranks, k)))) for k in LAGS if k < n // 4}
    found = p_value <= LEVEL and value > LEAST
    return Evidence(
        name="row_order",
        value=value,
        unit="mean absolute rank autocorrelation at lag 1, 0..1",
        interval=None,
        p_value=p_value,
        null="rows exchangeable: every order of the rows is equally likely",
        rows_used=n,
        reference="Wald & Wolfowitz (1943), Ann. Math. Stat. 14, 378-388; Cressie & Hawkins (1980)",
        summary=(
            f"rows {'depend on' if found else 'do not depend on'} the row before: mean rank autocorrelation "
            f"{value:.2f}, {permuted.mean():.2f} in random order; {share:.0%} of {d} columns move "
            "step by step"
        ),
        found=found,
        details={
            "moving": round(share, 4),
            "columns": d,
            "remember": round(float(remembers.mean()), 4),
            "blocks": int(block.max()) + 1,
            "profile": {str(k): round(v, 4) for k, v in profile.items()},
            "window": window(profile, n // 20),
        },
    )


def _ranks(table: Table) -> NDArray[np.float64] | None:
    """Ranks of the columns that vary and are no clock: a clock only says that the file is sorted."""
    known = {c.label: c.role for c in table.columns}
    kept = []
    # enough of either axis: all rows of a few columns, the first 64 and fewer rows of many
    labels = [*table.run.columns[:COLUMNS], *table.run.columns[COLUMNS:][-1:]]
    run = table.run.iloc[: max(512, NUMBERS // len(labels))]
    for label in labels:
        column = run[label]
        if known.get(label, "numeric") not in ("numeric", "ordinal") or not pd.api.types.is_numeric_dtype(
            column.dtype
        ):
            continue
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isnan(values).all():
            continue
        values = np.where(np.isnan(values), np.nanmedian(values), values)
        steps = np.diff(values)
        if len(np.unique(values[:2000])) < 3 or (steps >= 0).mean() > 0.98 or (steps <= 0).mean() > 0.98:
            continue
        rank = midranks(values)
        kept.append((rank - rank.mean()) / max(rank.std(), 1e-9))
    return np.column_stack(kept) if kept else None


def _in_random_order(ranks: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Mean absolute autocorrelation in random orders; of large tables from some of the rows.

    What chance gives shrinks with the root of the number of pairs of rows, however columns depend on each
    other.
    """
    n, d = ranks.shape
    some = int(np.clip(PERMUTED // (ORDERS * d), SHORTEST, n))
    single = ranks.astype(np.float32)  # exact enough for what chance gives
    drawn = [_autocorrelation(single[rng.permutation(n)[:some]], 1) for _ in range(ORDERS)]
    means: NDArray[np.float64] = np.abs(drawn).mean(axis=1) * ((some - 1) / (n - 1)) ** 0.5
    return means


def _autocorrelation(ranks: NDArray[np.floating], lag: int) -> NDArray[np.floating]:
    out: NDArray[np.floating] = np.einsum("ij,ij->j", ranks[:-lag], ranks[lag:]) / (len(ranks) - lag)
    return out


def _typical_difference(ranks: NDArray[np.float64], lag: int) -> NDArray[np.float64]:
    """Median difference between rows: the rare jumps from group to group do not count."""
    out: NDArray[np.float64] = np.median(np.abs(ranks[lag:] - ranks[:-lag]), axis=0)
    return out


def _between(ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """How often the middle of three rows lies between the others, where the rows change little.

    Within a group rows are exchangeable and the share is 1/3, however tight and many the groups are, and
    whether or not a column names them; the jumps from group to group are not among the small changes. Steps
    of a random walk are as often in one direction as not, so the share is 1/2, and more where a series is
    smooth.
    """
    steps = np.diff(ranks, axis=0)
    size = np.abs(steps).mean(axis=1)
    quiet = size <= np.median(size)
    both = (quiet[1:] & quiet[:-1])[:, None]
    product = steps[1:] * steps[:-1]
    onward, back = ((product > 0) & both).sum(axis=0), ((product < 0) & both).sum(axis=0)
    share: NDArray[np.float64] = onward / np.maximum(onward + back, 1)
    return share
