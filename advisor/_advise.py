"""The front door: data in, advice out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from advisor.advice import Advice
from advisor.architectures.base import Kind, Structure
from advisor.calibration import Calibration, group_of
from advisor.cautions import cautions
from advisor.choice import Choice, choose
from advisor.doubts import ceiling, doubts
from advisor.errors import InputError, TargetError
from advisor.findings import follow
from advisor.fit_time import FitTime
from advisor.intake import read
from advisor.outlook import TIE, features_of, rows_of
from advisor.policy import Verdict, decide
from advisor.probes import Evidence, measure
from advisor.roles import Role
from advisor.standings import Race
from advisor.table import Table
from advisor.told import as_told

Effort = Literal["look", "probe", "race"]
MATTERS, FASTER = 0.005, 2.0  # points of the score for which nobody waits so many times longer
BEYOND = 2.0  # times as many rows as families were measured with, or as few, from which that is said
RIVAL = 0.35  # probability of being the best from which a second family is worth a word


def advise(
    data: Any,
    target: Any = None,
    *,
    roles: Mapping[Any, Role] | None = None,
    structure: Structure | None = None,
    kind: Kind | None = None,
    effort: Effort = "look",
    budget: float = 60.0,
    progress: Callable[[str], None] | None = None,
    seed: int = 0,
    calibration: Calibration | None = None,
) -> Advice:
    """Measure the structure of a data set and advise which family of models to train first.

    By default nothing is trained: facts about columns come from at most 2048 rows drawn at random, facts
    about the order of rows from at most the first 8192. Names of columns are never looked at.

    Parameters
    ----------
    data : DataFrame, array-like, data set or path
        A frame of pandas, polars, pyarrow or another package that narwhals knows (moments in the index of
        pandas, and named levels of a MultiIndex, count as columns); an array ``(n, d)``, ``(n, T, C)``,
        ``(n, H, W)`` or ``(n, H, W, C)`` in any order of axes, rows first, or anything that turns into one; a
        sparse matrix; a data set of torch, Hugging Face or scikit-learn; lists, records or a dictionary of
        columns; the path of a file (CSV, Parquet, JSON, ARFF, Excel, npy, npz) or of a folder of pictures in
        class folders. Cells may hold numbers, text, lists, or pictures as bytes, paths or base64.
    target : label or array-like, optional
        The column to predict, or one value per row.
    roles : mapping of label to role, optional
        What you know better about single columns, such as ``{"zip": "categorical", "patient": "entity"}``;
        the roles are those of :class:`~advisor.table.Column`. Columns of an array are named by their place,
        from 0, the target counted; what has no columns takes no roles.
    structure : {"image", "sequence", "tabular"}, optional
        What the data are, if you know better: overrides the verdict. The steps of a sequence are the rows
        where a column tells their time or entity or where they move step by step, else the columns.
    kind : {"classification", "regression"}, optional
        What the target is, if you know better than :func:`~advisor.target.infer_kind`: a mark from 1 to 10
        can be a class or a number.
    effort : {"look", "probe", "race"}
        "look" trains nothing. "probe" destroys one kind of structure after another and reports what that
        cost cheap models on your target, in some seconds (:mod:`advisor.interventions`). "race" trains the
        families themselves within the budget and follows the winner (:mod:`advisor.race`).
    budget : float
        Seconds of a race, at least 1 and finite.
    progress : callable, optional
        Called with a line of text as a race goes on.
    seed : int
        Of the sample, the permutations and the models. Same data, seed and calibration, same advice, except
        where the time decides: in a race.
    calibration : Calibration, optional
        Measured outcomes to rank and to trust by; by default those shipped and those that you have added with
        ``advisor learn``. ``Calibration.shipped()`` is the same for everybody.

    Returns
    -------
    Advice
        The verdict with its evidence; ``advice.estimator()`` is ready to fit.

    Raises
    ------
    InputError
        If the data cannot be used, or an argument is none of those that are possible.
    TargetError
        If the target is unknown or cannot be learned, or is not of the kind that you say, or if there is none
        and its kind is said or more effort than a look is asked for.
    MissingDependency
        If a package that reads the data is not installed, such as Pillow for pictures.
    StoreError
        If the file of the outcomes that you have added cannot be read.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from advisor import advise
    >>> digits = load_digits(as_frame=True).frame  # 64 columns and "target"
    >>> advice = advise(digits, target="target")
    >>> advice.structure, advice.layout, advice.recommendation
    ('image', (8, 8, 1), 'cnn')
    """
    _check_known("effort", effort, get_args(Effort))
    if structure is not None:
        _check_known("structure", structure, get_args(Structure))
    if kind is not None:
        _check_known("kind", kind, get_args(Kind))
    _check_numbers(seed, budget)
    seed = int(seed)  # JSON knows no numbers of numpy
    if roles is not None and not isinstance(roles, Mapping):
        raise InputError(
            "the roles must be a mapping of columns to roles",
            got=type(roles).__name__,
            do="pass a dictionary such as {'zip': 'categorical'}",
        )
    table = read(data, target, np.random.default_rng(seed), roles, kind)
    table = replace(table, told=table.told or frozenset(map(str, roles or ())))
    _check_has_target(table, effort, kind)
    facts = measure(table, seed)
    verdict = decide(table, facts)
    if structure is not None:
        verdict = as_told(structure, table, facts, verdict)
    calibration = calibration or Calibration.load()
    near = () if structure is not None else doubts(verdict, table, facts)
    verdict = replace(verdict, against=(*verdict.against, *near))
    features = features_of(verdict.layout, table.n, table.kind, _fixed(facts))
    group = group_of(verdict.structure, verdict.form)
    choice = choose(group, verdict.rule, calibration, features, clear=not near)
    advice = _assemble(table, facts, verdict, choice, calibration, seed)
    if effort == "look":
        return advice
    from advisor import interventions as tried
    from advisor import race as racing  # both load models, which a look does without

    interventions: tuple[Evidence, ...] = ()
    race: Race | None = None
    if effort == "probe":
        interventions = tried.run(table, advice.folder(), advice.folding, advice.layout, seed)
        conclusion = follow([r.family for r in choice.ranking], interventions)
    else:
        race = racing.run(table, advice, budget=budget, progress=progress)
        conclusion = race.conclude([r.family for r in choice.ranking])
    ranked = {r.family: r for r in choice.ranking}
    choice = replace(
        choice,
        ranking=tuple(ranked[family] for family in conclusion.order),
        tried=conclusion.decided,
    )
    advice = _assemble(table, facts, verdict, choice, calibration, seed)
    return replace(
        advice,
        because=(*advice.because, *conclusion.because),
        against=(*advice.against, *conclusion.against),
        interventions=interventions,
        race=race,
    )


def _check_known(what: str, value: Any, known: Sequence[str]) -> None:
    if not isinstance(value, str) or value not in known:
        raise InputError(
            f"the {what} must be known", got=repr(value)[:60], do=f"choose one of {', '.join(known)}"
        )


def _check_numbers(seed: Any, budget: Any) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError("the seed must be a whole number from 0 up", got=repr(seed)[:60], do="set seed=0")
    number = isinstance(budget, int | float | np.integer | np.floating) and not isinstance(budget, bool)
    if not number or not 1 <= budget < math.inf:
        raise InputError(
            "the budget must be a finite number of seconds, at least 1",
            got=repr(budget)[:60],
            do="give a race some time, such as budget=60",
        )


def _check_has_target(table: Table, effort: Effort, kind: Kind | None) -> None:
    if table.target is not None:
        return
    if effort != "look":
        raise TargetError(
            f"effort {effort!r} trains models, which needs to know what they predict",
            got="no target",
            do="pass target=..., or effort='look'",
        )
    if kind is not None:
        raise TargetError(
            f"kind {kind!r} says what a target is, so there must be one",
            got="no target",
            do="pass target=..., or leave the kind out",
        )


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
    fit_times = calibration.fit_times(
        group_of(verdict.structure, verdict.form), table.n, table.width, _classes(table)
    )
    with np.errstate(over="ignore", invalid="ignore"):  # numbers near the limit of what can be held
        warnings = cautions(table, facts, verdict, family)
    return Advice(
        structure=verdict.structure,
        layout=verdict.layout,
        form=verdict.form,
        recommendation=family,
        ranking=choice.ranking,
        nearest=choice.nearest,
        features=choice.features,
        fit_times=fit_times,
        confidence=None if told else min(choice.structure_belief.value, ceiling(verdict.rule, facts)),
        belief=None if told else choice.structure_belief,
        evidence=tuple(facts.values()),
        because=tuple(because),
        against=(*verdict.against, *_doubts(choice, verdict.structure, fit_times)),
        warnings=warnings,
        rule=verdict.rule,
        clear=choice.clear,
        n=table.n,
        width=table.width,
        kind=table.kind,
        seed=seed,
        provenance=calibration.provenance,
        folding=_folding(table, verdict),
        column_order=tuple(verdict.folding["columns"]) if "scrambled_columns" in verdict.because else None,
        roles=_roles(table, verdict),
    )


def _classes(table: Table) -> int:
    """Distinct labels; 0 where a number is predicted, or nothing."""
    if table.target is None or table.kind != "classification":
        return 0
    return int(table.target.nunique())


def _fixed(facts: Mapping[str, Evidence]) -> float | None:
    """How far positions mean the same in every row, where that was measured."""
    fact = facts.get("profile_shape")
    return fact.value if fact is not None and fact.found else None


def _doubts(choice: Choice, structure: str, fit_times: Sequence[FitTime]) -> list[str]:
    """What speaks against the recommended family, from the measured scores and times."""
    first, *others = choice.ranking
    if not choice.measured:
        return [f"no family has been measured on {structure} tasks: the order is the inductive bias alone"]
    if choice.tried:  # on these data, which counts for more
        return []
    doubts = []
    seconds = {t.family: t.seconds for t in fit_times}
    as_good = [e.family for e in others if e.loss < first.loss + MATTERS and e.family in seconds]
    if as_good:
        family = min(as_good, key=seconds.__getitem__)
        faster = seconds[first.family] / seconds[family]
        if faster >= FASTER:
            as_fast = f"trains {faster:.0f} times as fast"
            doubts.append(f"it hardly matters here: {family} is expected to be as good, and {as_fast}")
    ahead = {family for family, _, _ in choice.ahead}
    for family, lead, error in choice.ahead:
        doubts.append(
            f"{family} is expected to score {lead:.3f} more (± {error:.3f}), which is not clear enough to "
            "overrule the inductive bias: try both"
        )
    for other in others:
        if other.probability >= RIVAL and other.family not in ahead:
            doubts.append(
                f"{other.family} is expected to be the best, or within {TIE} of it, with a probability of "
                f"{other.probability:.0%}: try both"
            )
    doubts += [f"from about {n:,} training rows {family} would be advised" for n, family in choice.changes]
    rows = rows_of(choice.features["size"])
    if rows > BEYOND * choice.most_rows or BEYOND * rows < choice.least_rows:
        limit = f"most {choice.most_rows:,}" if rows > choice.most_rows else f"least {choice.least_rows:,}"
        doubts.append(f"families were measured with at {limit} training rows, and these are {rows:,}")
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
        options["layout"] = verdict.layout
    elif how == "text":
        tokens, features = verdict.layout
        options |= {"columns": table.labels("text"), "tokens": tokens, "features": features}
    elif how == "windows":
        names = {c.name: c.label for c in table.columns}
        options["entity"] = [names[name] for name in options["entity"]]
        options["time"] = [names[name] for name in options["time"]]
        options["roles"] = {c.label: c.role for c in table.columns}
    elif how == "none" and table.form != "array" and isinstance(table.data, pd.DataFrame):
        options |= {"how": "columns", "roles": {c.label: c.role for c in table.columns}}
    if table.place is not None:
        options["place"] = table.place
        options["inputs"] = table.width
    if table.levels:
        options["levels"] = table.levels
    if table.foreign:
        name = None if table.target is None else table.target.name
        # values of a target may be called what an input is called
        options["foreign"] = None if name in getattr(table.data, "columns", ()) else name
    return options


def _roles(table: Table, verdict: Verdict) -> dict[Any, Role]:
    """What each column was taken for, with the entity and the time that were found."""
    roles: dict[Any, Role] = {c.label: c.role for c in table.columns}
    names = {c.name: c.label for c in table.columns}
    found: dict[str, Role] = dict.fromkeys(verdict.folding.get("entity", ()), "entity")
    found |= dict.fromkeys(verdict.folding.get("time", ()), "time")
    return roles | {names[name]: role for name, role in found.items()}
