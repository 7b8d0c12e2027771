"""The advice: a verdict, what it rests on, and an estimator that is ready to fit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from advisor import architectures
from advisor.architectures.base import Kind, Structure
from advisor.calibration import Belief, Measured
from advisor.errors import InputError, TargetError
from advisor.fit_time import FitTime
from advisor.outlook import Expected
from advisor.policy import Form
from advisor.probes.base import Evidence, number
from advisor.roles import Role

if TYPE_CHECKING:
    from advisor.standings import Race


@dataclass(frozen=True, repr=False)
class Advice:
    """What :func:`~advisor.advise` found and recommends.

    Parameters
    ----------
    structure : {"image", "sequence", "tabular"}
        What the data are.
    layout : tuple of int
        How a row folds into a tensor: ``(H, W, C)``, ``(T, C)`` or ``(d,)``.
    form : str
        How they are held: "table", "array", "list_cells", "text", "wide_image", "wide_series",
        "long_series", "panel", "image_cells", "image_folder".
    recommendation : {"cnn", "lstm", "gbt"}
        The family to train first.
    ranking : tuple of Expected
        All families, the one to train first at the front, with the loss to expect and how sure that is; where
        a probe or a race changed the order, the numbers are from before it.
    confidence : float or None
        Probability that ``structure`` is right: the share of labelled sets on which the deciding rule was, by
        Jeffreys' prior, and at most what the odds of a picture leave to a series of columns, or fewer than
        20 rows to a table; None if you said it. How sure the *recommendation* is stands in ``ranking``.
    belief : Belief or None
        The counts behind it, with a 95% interval; None if you said it.
    evidence : tuple of Evidence
        Everything measured.
    because, against, warnings : tuple of str
        Sentences with numbers.
    rule : str
        The rule that decided; "told" if you said the structure.
    clear : bool
        Whether nothing came near to another verdict; ``confidence`` counts clear and doubtful ones apart.
    n, width : int
        Rows and inputs.
    kind : {"classification", "regression"} or None
        What is to be predicted; None without a target.
    seed : int
        Of the sample, and of the estimator.
    provenance : Mapping
        Where the calibration came from: study, commit, date, commands.
    column_order : tuple of label or None
        The columns in the order recovered, if they look scrambled; direction and mirror image are arbitrary.
    folding : Mapping
        How rows become tensors: options of a transformer in :mod:`advisor.folding`.
    interventions : tuple of Evidence
        What destroying structure cost cheap models; empty unless ``effort="probe"``.
    nearest : tuple of Measured
        The measured sets most like these data, with what each family scored there.
    features : Mapping of str to float
        What the ranking rests on, see :mod:`advisor.outlook`.
    fit_times : tuple of FitTime
        How long each family takes on one thread of this machine, the fastest first; empty if not measured.
    race : Race or None
        What training the families gave; None unless ``effort="race"``.
    roles : Mapping of label to role
        What each column was taken for, see :class:`~advisor.table.Column`; override with ``advise(...,
        roles=...)``. Empty for arrays of more than two dimensions. In tables, columns of the roles
        "identifier", "ignore", "text" and "file" are no inputs of the estimator.
    """

    structure: Structure
    layout: tuple[int, ...]
    form: Form
    recommendation: str
    ranking: tuple[Expected, ...]
    confidence: float | None
    belief: Belief | None
    evidence: tuple[Evidence, ...]
    because: tuple[str, ...]
    against: tuple[str, ...]
    warnings: tuple[str, ...]
    rule: str
    n: int
    width: int
    kind: Kind | None
    seed: int = 0
    clear: bool = True
    provenance: Mapping[str, Any] = field(default_factory=dict)
    folding: Mapping[str, Any] = field(default_factory=dict, compare=False)
    column_order: tuple[Any, ...] | None = None
    interventions: tuple[Evidence, ...] = ()
    nearest: tuple[Measured, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)
    fit_times: tuple[FitTime, ...] = field(default=(), compare=False)
    race: Race | None = None
    roles: Mapping[Any, Role] = field(default_factory=dict)

    @property
    def capped(self) -> bool:
        """Whether the odds of a picture, or few rows, leave less confidence than was counted."""
        return self.belief is not None and self.confidence is not None and self.confidence < self.belief.value

    @property
    def tried(self) -> Literal["probe", "race"] | None:
        """What followed the look: the order of ``ranking`` counts it, its numbers are from before it."""
        if self.race is not None:
            return "race"
        return "probe" if self.interventions else None

    def estimator(self, *, family: str | None = None, time_limit: float | None = None, **config: Any) -> Any:
        """Make the recommended architecture, set up for this layout and for the data as they are held.

        Parameters
        ----------
        family : {"cnn", "lstm", "gbt"}, optional
            Another family than the one recommended.
        time_limit : float, optional
            Seconds after which an iterative fit stops with the best weights so far.
        **config
            Hyperparameters that differ from the defaults; ``random_state`` is else the seed of the advice.

        Returns
        -------
        estimator
            A scikit-learn estimator or pipeline: ``fit(X, y, sample_weight=None, groups=None)`` takes what
            was given to ``advise``, target left out. Where rows are steps in time, those to predict look back
            on the last rows of training if a column says that they follow these; else put these in front of
            them and leave out what is predicted for them: a warning says so.

        Raises
        ------
        TargetError
            If no target was given, so that it is unknown what to predict.
        InputError
            If there is no such hyperparameter, or it is one that the advice sets: the layout or the kind.
        StudyError
            If there is no such family.
        MissingDependency
            If the package behind the architecture is not installed.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from advisor import advise
        >>> digits = load_digits(as_frame=True).frame
        >>> model = advise(digits, target="target").estimator(max_epochs=2)
        >>> model.fit(digits.drop(columns="target"), digits["target"]).predict(digits[:3].iloc[:, :-1]).shape
        (3,)
        """
        if self.kind is None:
            raise TargetError(
                "an estimator needs to know what it predicts",
                got="no target",
                do="call advise(data, target=...)",
            )
        for name in {"layout", "kind"} & set(config):
            raise InputError(
                f"the {name} of the estimator must be that of the advice",
                got=f"{name}={config[name]!r}"[:60],
                do=f"call advise(data, target, {'structure' if name == 'layout' else name}=...), or make one "
                "with advisor.architectures.get(family).make(...)",
            )
        model = architectures.get(family or self.recommendation).make(
            self.kind,
            layout=self.layout if len(self.layout) > 1 else None,
            time_limit=time_limit,
            **{"random_state": self.seed, **config},
        )
        steps = self._steps()
        if not steps:
            return model
        from advisor.folded import FoldedModel

        return FoldedModel([*steps, ("model", model)])

    def folder(self) -> Any:
        """Make what brings the data, as they are held, into a model's tensors; None if they are.

        Returns
        -------
        transformer or None
            With ``fit`` and ``transform``; part of :meth:`estimator`.
        """
        steps = self._steps()
        if len(steps) < 2:
            return steps[0][1] if steps else None
        from sklearn.pipeline import Pipeline

        return Pipeline(steps)

    def _steps(self) -> list[tuple[str, Any]]:
        from advisor import folding, reading, spelling

        options = dict(self.folding)
        steps: list[tuple[str, Any]] = []
        if "foreign" in options:
            steps.append(("read", folding.ReadHeld(target=options.pop("foreign"))))
        if "levels" in options:
            steps.append(("index", reading.ReadIndex(labels=options.pop("levels"))))
        how = options.pop("how", "none")
        if "place" in options:
            place, inputs = options.pop("place"), options.pop("inputs")
            steps.append(("array", reading.ReadArray(place, inputs, framed=how != "none")))
        classes: dict[str, Any] = {
            "columns": reading.ReadColumns,
            "axes": folding.FoldAxes,
            "cells": folding.FoldCells,
            "flat": folding.FoldFlat,
            "windows": folding.FoldWindows,
            "text": spelling.FoldText,
            "letters": spelling.FoldLetters,
            "pictures": folding.FoldPictures,
        }
        if how in classes:
            steps.append(("fold", classes[how](**options)))
        return steps

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values: NaN becomes None, tuples become lists.

        ``tried`` is "probe" or "race" where one followed the look: the order of ``ranking`` counts it, and
        its numbers are from before it.

        Returns
        -------
        dict
            What ``json.dumps`` takes with ``allow_nan=False``.
        """
        belief = self.belief
        return {
            "structure": self.structure,
            "layout": [int(size) for size in self.layout],
            "form": self.form,
            "recommendation": self.recommendation,
            "confidence": number(self.confidence),
            "confidence_interval": (
                None if belief is None or self.capped else [number(belief.low), number(belief.high)]
            ),
            "confidence_counts": {
                "rule": self.rule,
                "clear": self.clear,
                "right": 0 if belief is None else belief.right,
                "sets": 0 if belief is None else belief.sets,
                "alike": belief is None or belief.alike,
            },
            "tried": self.tried,
            "ranking": [
                {
                    "family": r.family,
                    "expected_loss": number(r.loss),
                    "low": number(r.low),
                    "high": number(r.high),
                    "probability": number(r.probability),
                    "if_not": number(r.if_not),
                }
                for r in self.ranking
            ],
            "nearest": [
                {"set": m.set, "n": m.n, "metric": m.metric, "scores": dict(m.scores)} for m in self.nearest
            ],
            "features": {name: number(value) for name, value in self.features.items()},
            "fit_times": [
                {"family": t.family, **{k: number(getattr(t, k)) for k in ("seconds", "low", "high")}}
                for t in self.fit_times
            ],
            "because": list(self.because),
            "against": list(self.against),
            "warnings": list(self.warnings),
            "evidence": [fact.to_dict() for fact in self.evidence],
            "column_order": None if self.column_order is None else [str(c) for c in self.column_order],
            "interventions": [fact.to_dict() for fact in self.interventions],
            "race": self.race.to_dict() if self.race is not None else None,
            "n": self.n,
            "width": self.width,
            "kind": self.kind,
            "roles": {str(label): role for label, role in self.roles.items()},
            "seed": self.seed,
            "provenance": dict(self.provenance),
        }

    def to_json(self) -> str:
        """Write :meth:`to_dict` as JSON.

        Returns
        -------
        str
            Valid JSON text, indented by two.
        """
        return json.dumps(self.to_dict(), indent=2, allow_nan=False, ensure_ascii=False)

    def __repr__(self) -> str:
        from advisor.render import text

        return text(self)

    def to_markdown(self) -> str:
        """Write what is printed as Markdown, for a README or an issue.

        Returns
        -------
        str
            Markdown text with a table of the families.
        """
        from advisor.render import markdown

        return markdown(self)

    def _repr_html_(self) -> str:
        from advisor.render import html

        return html(self)
