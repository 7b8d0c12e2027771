"""The front door: data in, advice out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from advisor.advice import Advice
from advisor.architectures.base import Structure
from advisor.calibration import Calibration
from advisor.cautions import cautions
from advisor.errors import InputError
from advisor.intake import read
from advisor.policy import Choice, Verdict, choose, decide
from advisor.probes import Evidence, measure
from advisor.table import Role, Table


def advise(
    data: Any,
    target: Any = None,
    *,
    roles: Mapping[Any, Role] | None = None,
    structure: Structure | None = None,
    seed: int = 0,
    calibration: Calibration | None = None,
) -> Advice:
    """Measure the structure of a data set and advise which family of models to train first.

    Nothing is trained: facts about columns come from at most 2048 rows drawn at random, facts about the
    order of rows from at most the first 8192. Names of columns are never looked at.

    Parameters
    ----------
    data : DataFrame, array-like, data set or path
        A frame of pandas, polars, pyarrow or another package that narwhals knows; an array ``(n, d)``,
        ``(n, T, C)``, ``(n, H, W)`` or ``(n, H, W, C)`` in any order of axes, rows first, or anything that
        turns into one; a sparse matrix; a data set of torch, Hugging Face or scikit-learn; lists, records or
        a dictionary of columns; the path of a file (CSV, Parquet, JSON, ARFF, Excel, npy, npz) or of a folder
        of pictures in class folders. Cells may hold numbers, text, lists, or pictures as bytes, paths or
        base64.
    target : label or array-like, optional
        The column to predict, or one value per row.
    roles : mapping of label to role, optional
        What you know better about single columns, such as ``{"zip": "categorical", "patient": "entity"}``;
        the roles are those of :class:`~advisor.table.Column`.
    structure : {"image", "sequence", "tabular"}, optional
        What the data are, if you know better: overrides the verdict.
    seed : int
        Of the sample and the permutations. Same data and seed, same advice.
    calibration : Calibration, optional
        Measured outcomes to rank and to trust by; by default those shipped.

    Returns
    -------
    Advice
        The verdict with its evidence; ``advice.estimator()`` is ready to fit.

    Raises
    ------
    InputError
        If the data cannot be used.
    TargetError
        If the target is unknown or cannot be learned.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from advisor import advise
    >>> digits = load_digits(as_frame=True).frame  # 64 columns and "target"
    >>> advice = advise(digits, target="target")
    >>> advice.structure, advice.layout, advice.recommendation
    ('image', (8, 8, 1), 'cnn')
    """
    table = read(data, target, np.random.default_rng(seed), roles)
    facts = measure(table, seed)
    verdict = decide(table, facts)
    if structure is not None and structure != verdict.structure:
        verdict = _override(table, verdict, structure)
    calibration = calibration or Calibration.load()
    choice = choose(verdict.structure, verdict.rule, calibration)
    return _assemble(table, facts, verdict, choice, calibration, seed)


def _assemble(
    table: Table,
    facts: dict[str, Evidence],
    verdict: Verdict,
    choice: Choice,
    calibration: Calibration,
    seed: int,
) -> Advice:
    family = choice.ranking[0].family
    told = verdict.rule == "told"
    because = ["you said so"] if told else []
    because += [facts[name].summary for name in verdict.because if name in facts]
    return Advice(
        structure=verdict.structure,
        layout=verdict.layout,
        form=verdict.form,
        recommendation=family,
        ranking=choice.ranking,
        confidence=1.0 if told else choice.structure_belief.value,
        belief=choice.structure_belief,
        evidence=tuple(facts.values()),
        because=tuple(because),
        against=(*verdict.against, *_doubts(choice, verdict.structure)),
        warnings=cautions(table, facts, verdict, family),
        rule=verdict.rule,
        n=table.n,
        width=table.width,
        kind=table.kind,
        seed=seed,
        provenance=calibration.provenance,
        folding=_folding(table, verdict),
    )


def _doubts(choice: Choice, structure: str) -> list[str]:
    """What speaks against the recommended family, from the measured scores."""
    first = choice.ranking[0]
    if not first.tasks:
        return [f"no family has been measured on {structure} tasks: the order is the inductive bias alone"]
    doubts = []
    if first.wins < first.tasks:
        lost = first.tasks - first.wins
        doubts.append(f"{first.family} lost by more than 0.01 on {lost} of {first.tasks} measured tasks")
    for family, gap, error in choice.rivals:
        doubts.append(
            f"{family} cannot be told from {first.family}: it scored {abs(gap):.3f} "
            f"{'more' if gap > 0 else 'less'} on average (± {error:.3f}), so try both"
        )
    return doubts


def _folding(table: Table, verdict: Verdict) -> Mapping[str, Any]:
    """Complete the instructions for :mod:`advisor.folding` with this table's columns."""
    options = dict(verdict.folding)
    how = options["how"]
    if how == "axes":
        del options["unequal"]
        options["layout"] = verdict.layout
        if table.form == "list_cells":
            options |= {"how": "cells", "columns": table.labels("array")}
    elif how == "pictures":
        column = next(iter(table.labels("image")), None)
        options |= {"column": column, "layout": verdict.layout, "root": table.root}
    elif how == "flat":
        numeric = table.labels("numeric", "constant") if table.columns else None
        options |= {"layout": verdict.layout, "columns": numeric}
    elif how == "text":
        options["columns"] = table.labels("text")
    elif how == "windows" and options["entity"] is not None:
        options["entity"] = next(c.label for c in table.columns if c.name == options["entity"])
    elif how == "none" and len({isinstance(c.label, str) for c in table.columns}) > 1:
        options["how"] = "names"  # scikit-learn refuses labels of which some are text
    if how == "none" and (drop := table.labels("file", "ignore")):
        options |= {"how": "names", "drop": drop}
    if table.foreign:
        options["foreign"] = None if table.target is None else table.target.name
    return options


def _override(table: Table, verdict: Verdict, structure: Structure) -> Verdict:
    """Follow the user where the data can be folded that way."""
    against = (f"the rule {verdict.rule!r} says {verdict.structure}",)
    base = replace(verdict, rule="told", structure=structure, because=(), against=against)
    if structure == "tabular":
        return replace(base, layout=(table.width,), form="table", folding={"how": "none"})
    if structure == "sequence" and table.form == "table" and table.values.shape[1] >= 2:
        folding = {"how": "flat", "channel_axis": "none"}
        return replace(base, layout=(table.values.shape[1], 1), form="wide_series", folding=folding)
    raise InputError(
        f"the data must fold into a {structure} if you say that they are one",
        got=f"{table.form} with {table.width} inputs and no {structure} layout",
        do=f"pass an array of shape {'(n, H, W)' if structure == 'image' else '(n, T, C)'}",
    )
