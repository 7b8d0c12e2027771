"""Whether the probabilities that the advice tells come true: a table and ``docs/figures/reliability.svg``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor.calibration import TIE, Belief

FIGURE = Path("docs/figures/reliability.svg")
EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
COLOUR = "#0067a5"


def reliability(table: pd.DataFrame, regret: pd.Series) -> pd.DataFrame:
    """How often the advised family was the best or within 0.01, by the probability that was told.

    Parameters
    ----------
    table : DataFrame
        Cases with ``origin``, ``probability`` and ``expected_loss``.
    regret : Series
        Of the advice, in the same order.

    Returns
    -------
    DataFrame
        A row for each range of told probabilities: means of ``told`` and ``right`` (shares), of ``expected``
        and ``regret`` (scores), ``cases`` and ``origins``, and 95% limits of the share as if each origin were
        one case.
    """
    told = pd.DataFrame(
        {
            "told": table["probability"].to_numpy(),
            "right": (regret <= TIE).to_numpy(),
            "expected": table["expected_loss"].to_numpy(),
            "regret": regret.to_numpy(),
            "origin": table["origin"].to_numpy(),
        }
    )
    bins = pd.cut(told["told"], EDGES, include_lowest=True)
    grouped = told.groupby(bins, observed=True)
    found = grouped[["told", "right", "expected", "regret"]].mean()
    found["cases"], found["origins"] = grouped.size(), grouped["origin"].nunique()
    limits = [
        Belief.of(round(right * n), int(n)) for right, n in zip(found["right"], found["origins"], strict=True)
    ]
    return found.assign(low=[b.low for b in limits], high=[b.high for b in limits])


def brier(table: pd.DataFrame, regret: pd.Series) -> tuple[float, float]:
    """Mean squared error of the told probabilities, and of telling how often it came true on other origins.

    References
    ----------
    Brier (1950). Verification of forecasts expressed in terms of probability. Monthly Weather Review 78.
    """
    right = (regret <= TIE).to_numpy(float)
    origin = table["origin"].to_numpy()
    shares = np.array([right[origin != own].mean() for own in origin])
    return float(np.mean((table["probability"].to_numpy() - right) ** 2)), float(
        np.mean((shares - right) ** 2)
    )


def draw(found: pd.DataFrame, path: Path = FIGURE) -> None:
    """Draw observed frequencies against stated probabilities, beside the line on which both are equal."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    plain: Any = {"svg.hashsalt": "reliability", "svg.fonttype": "none", "font.size": 9}
    plain |= {"axes.spines.top": False, "axes.spines.right": False}
    with mpl.rc_context(plain):
        figure, panel = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
        panel.plot([0, 1], [0, 1], color="#9aa0a6", lw=1)
        panel.text(0.08, 0.1, "stated = observed", color="#6a6f78", rotation=45, rotation_mode="anchor")
        off = np.abs(np.array([found["right"] - found["low"], found["high"] - found["right"]]))
        panel.errorbar(found["told"], found["right"], off, fmt="o", color=COLOUR, ms=6, lw=1.2, clip_on=False)
        for told, high, cases in zip(found["told"], found["high"], found["cases"], strict=True):
            panel.annotate(
                f"{cases}", (told, high), xytext=(0, 6), textcoords="offset points", ha="center", color=COLOUR
            )
        panel.set(xlim=(0, 1), ylim=(0, 1.1), aspect="equal")
        panel.set_xlabel("stated probability that the advised family is best, or within 0.01")
        panel.set_ylabel("observed frequency")
        figure.savefig(path, metadata={"Date": None}, facecolor="white")
        plt.close(figure)
