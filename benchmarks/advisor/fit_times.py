"""How far the fit times that the advice tells are off, on origins that they were not learned from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from advisor.calibration import FAMILIES, group_of
from advisor.fit_time import fit_times


def errors(outcomes: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Tell times for each outcome from those of other origins, on the machine that measured them.

    Parameters
    ----------
    outcomes : sequence of mapping
        With ``seconds``, as :func:`benchmarks.advisor.regret.outcomes_of` gives them.

    Returns
    -------
    DataFrame
        Indexed by family: ``median`` and ``80%`` of the factors by which times are off, in either direction;
        ``within``, the share of times inside the 80% that were told; ``cases``.
    """
    parts: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for o in outcomes:
        parts[group_of(o["structure"], o.get("form", ""))].append(o)
    found: dict[str, list[tuple[float, bool]]] = {family: [] for family in FAMILIES}
    for some in parts.values():
        for o in some:
            others = [other for other in some if other["origin"] != o["origin"]]
            for told in fit_times(others, o["n"], o["inputs"], o["classes"]):
                took = max(1e-3, o["seconds"][told.family])
                apart = abs(float(np.log(took / told.seconds)))
                found[told.family].append((apart, told.low <= took <= told.high))
    rows = {}
    for family, pairs in found.items():
        off = np.array([pair[0] for pair in pairs])
        rows[family] = {
            "median": float(np.exp(np.median(off))) if pairs else float("nan"),
            "80%": float(np.exp(np.quantile(off, 0.8))) if pairs else float("nan"),
            "within": float(np.mean([pair[1] for pair in pairs])) if pairs else float("nan"),
            "cases": len(pairs),
        }
    return pd.DataFrame(rows).T
