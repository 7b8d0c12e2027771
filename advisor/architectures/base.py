"""What an architecture declares: its capabilities, its search space and how to make an estimator."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from advisor.errors import InputError, did_you_mean

Kind = Literal["classification", "regression"]
Structure = Literal["image", "sequence", "tabular"]
ModelKind = Literal["trees", "network", "other"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the estimators of an architecture can take, as data that the planner and the checks read.

    Parameters
    ----------
    native : frozenset of {"image", "sequence", "tabular"}
        Structures whose order its inductive bias uses.
    kinds : frozenset of {"classification", "regression"}
        What it can predict.
    uses_layout : bool
        The estimator has a `layout` parameter.
    missing : bool
        NaN in numeric columns is handled inside.
    categories : bool
        Categorical and string columns are handled inside.
    unequal_length : bool
        Steps padded with NaN at the end are masked, not imputed.
    sample_weight : bool
        ``fit`` takes weights of the rows.
    gpu : bool
        A GPU is used where one is present.
    iterative : bool
        Trained in epochs by the shared loop: has ``max_epochs``.
    """

    native: frozenset[Structure]
    kinds: frozenset[Kind] = frozenset({"classification", "regression"})
    uses_layout: bool = False
    missing: bool = True
    categories: bool = True
    unequal_length: bool = False
    sample_weight: bool = False
    gpu: bool = False
    iterative: bool = False


@dataclass(frozen=True, slots=True)
class Architecture:
    """One candidate architecture.

    Parameters
    ----------
    name : str
        The file's name: ``"gbt"``.
    title : str
        For tables and figures: ``"Boosted trees"``.
    classifier, regressor : type
        The scikit-learn estimators.
    can : Capabilities
        What they accept.
    space : Mapping[str, Any]
        Search space, parameter name to a list of values or a frozen ``scipy.stats`` distribution, as
        :class:`sklearn.model_selection.ParameterSampler` takes it. The default configuration is ``{}``.
    reference : str
        Where the architecture and its space come from.
    model_kind : {"trees", "network", "other"}
        What it is where trees are held against networks.
    """

    name: str
    title: str
    classifier: type
    regressor: type
    can: Capabilities
    space: Mapping[str, Any] = field(default_factory=dict)
    reference: str = ""
    model_kind: ModelKind = "other"

    def make(
        self,
        kind: Kind,
        *,
        layout: tuple[int, ...] | None = None,
        random_state: int | None = None,
        time_limit: float | None = None,
        **config: Any,
    ) -> Any:
        """Make an unfitted estimator.

        Parameters
        ----------
        kind : {"classification", "regression"}
            Which of the two estimators.
        layout : tuple of int, optional
            How a row folds into a tensor: ``(H, W, C)``, ``(T, C)`` or ``(d,)``. None means ``(d,)``.
        random_state : int, optional
            Seed of everything random in the fit.
        time_limit : float, optional
            Seconds after which a fit that can end early does, with the best it has by then.
        **config
            Hyperparameters that differ from the defaults.

        Returns
        -------
        estimator
            A scikit-learn classifier or regressor.

        Raises
        ------
        InputError
            If there is no such hyperparameter.

        Examples
        --------
        >>> from advisor import architectures
        >>> architectures.get("dummy").make("classification", random_state=0)
        DummyClassifier(random_state=0)
        """
        estimator = self.classifier if kind == "classification" else self.regressor
        known = inspect.signature(estimator).parameters
        for name in config:
            if name not in known and not any(p.kind is p.VAR_KEYWORD for p in known.values()):
                raise InputError(
                    f"the hyperparameters of {self.name} must be known",
                    got=repr(name),
                    do=did_you_mean(name, known) or f"choose among {', '.join(known)}",
                )
        if self.can.uses_layout:
            config["layout"] = layout
        if time_limit is not None and "time_limit" in known:
            config["time_limit"] = time_limit
        return estimator(random_state=random_state, **config)
