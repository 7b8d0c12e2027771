"""Do neighbouring columns agree more than columns in random order?"""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr

from advisor.lags import nanmean
from advisor.probes.base import Evidence
from advisor.table import Table

ORDERS = 199  # random orders; the smallest p-value is 1 / 200
PAIRS = 60_000  # pairs of columns read at most
ENOUGH = 99  # orders from which a rank among them can reach the level
LEVEL = 0.01


def measure(table: Table, rng: np.random.Generator) -> Evidence | None:
    """Mean agreement of neighbours against random orders of the columns.

    The permutation destroys blocks as well as order, so this test alone fires on one-hot columns and repeated
    measurements. It tells how strong the agreement is; ``column_order`` tells whether it is an order.
    """
    d = table.values.shape[1]
    if table.form != "table" or d < 6:
        return None
    geometry = table.geometry
    lags, step = table.lags.part(geometry.start, geometry.stop), geometry.order.step
    d = lags.size
    observed = lags.mean(step)
    if not np.isfinite(observed):
        return None
    orders = max(19, min(ORDERS, PAIRS // d))
    live = np.flatnonzero(lags.agreement.live)
    orders_at_random = (rng.permutation(live) for _ in range(orders))
    permuted = np.array([nanmean(lags.agreement.of_pairs(o[:-1], o[1:])) for o in orders_at_random])
    usual = float(permuted.mean())
    if orders >= ENOUGH:
        p_value, least = (1 + int((permuted >= observed).sum())) / (1 + orders), 1 / (1 + orders)
    else:  # a mean over hundreds of pairs is normal, so a few orders tell what is usual
        spread = float(permuted.std(ddof=1)) * (1 + 1 / orders) ** 0.5
        p_value, least = float(stdtr(orders - 1, (usual - observed) / max(spread, 1e-12))), 0.001
    return Evidence(
        name="adjacency",
        value=observed - usual,
        unit="Lin's concordance, -1..1",
        interval=None,
        p_value=p_value,
        null="columns exchangeable: every order of the columns is equally likely",
        rows_used=len(table.values),
        reference="Tatti (2019), arXiv:1902.02921; Lin (1989), Biometrics 45, 255-268",
        summary=(
            f"neighbouring columns agree by {observed:.2f}, columns in random order by {usual:.2f} "
            f"(p {'<' if p_value <= least else '='} {max(p_value, least):.3f})"
        ),
        found=p_value <= LEVEL,
        details={
            "neighbours": round(observed, 4),
            "random_order": round(usual, 4),
            "orders": orders,
            "step": step,
        },
    )
