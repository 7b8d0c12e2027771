"""Search spaces: the first configuration of a candidate and what the others are drawn from.

Under the protocol's ``spaces = "own"`` they are those of the architectures; under ``"paper"`` those of
:mod:`benchmarks.spaces.paper`, as far as it has the candidate.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import numpy as np
from sklearn.model_selection import ParameterSampler

from advisor.architectures import Rounded
from benchmarks import candidates
from benchmarks.cell import canonical_json
from benchmarks.protocol import Protocol
from benchmarks.spaces.paper import SPACES

_XGBOOST = "gbt"
BOOSTED = frozenset({"gbt", "hist_gradient_boosting", "gradient_boosting", "lightgbm", "catboost"})
_SENSIBLE = {"early_stopping_rounds": 20, "refit": False}  # what the published code means to do


def default(name: str, protocol: Protocol) -> dict[str, Any]:
    """Give the configuration of the first trial: what differs from the estimator's own defaults.

    Examples
    --------
    >>> default("gbt", Protocol()), default("saint", Protocol(spaces="paper"))["depth"]
    ({}, 3)
    """
    if protocol.spaces == "paper" and name in SPACES:
        return {**SPACES[name].fixed, **SPACES[name].default}
    return _stopping(name, protocol)


def drawn(name: str, protocol: Protocol) -> dict[str, Any]:
    """Give what later configurations are drawn from, as :class:`ParameterSampler` takes it.

    Examples
    --------
    >>> drawn("gbt", Protocol.of({"name": "paper"}))["early_stopping_rounds"]
    [None]
    """
    if protocol.spaces == "paper" and name in SPACES:
        sensible = name == _XGBOOST and protocol.early_stopping == "sensible"
        settings, space = {**SPACES[name].fixed, **(_SENSIBLE if sensible else {})}, SPACES[name].drawn
    else:
        settings, space = _stopping(name, protocol), candidates.get(name).space
    return {**space, **{key: [value] for key, value in settings.items()}}


def _stopping(name: str, protocol: Protocol) -> dict[str, Any]:
    if name == _XGBOOST and protocol.early_stopping == "published":
        return {"early_stopping_rounds": None}
    anew = protocol.refit and protocol.spaces == "own"  # nothing of the paper's kind is grown anew
    return {"refit": False} if name in BOOSTED and not anew else {}


def configurations(name: str, protocol: Protocol, n_trials: int, task: str) -> list[str]:
    """List the configurations of the search of one candidate on one task as canonical JSON.

    Each task has draws of its own: were they the same on all of them, a lucky draw would help a candidate on
    every table at once, and tests over tables would take it for skill.

    Parameters
    ----------
    name : str
        The candidate.
    protocol : Protocol
        Says which spaces.
    n_trials : int
        How many; fewer if the space has no more.
    task : str
        Id of the task.

    Returns
    -------
    list of str
        The default, then distinct random ones; a longer search begins with the shorter one.

    Examples
    --------
    >>> configurations("dummy", Protocol(), 10, "embedded:letters")
    ['{}']
    """
    configs = [canonical_json(default(name, protocol))]
    if n_trials == 1:
        return configs  # without loading the architecture
    space = drawn(name, protocol)
    # what does not vary takes no part in the draw, so that studies that differ in it draw the rest alike
    settled = {k: v[0] for k, v in space.items() if isinstance(v, list) and len(v) == 1}
    space = {k: v for k, v in space.items() if k not in settled}
    seed = hashlib.sha256(f"{name} {task}".encode()).digest()[:4]
    rng = np.random.RandomState(int.from_bytes(seed, "big"))
    # one draw at a time: drawing many at once from a grid of lists would depend on how many
    for _ in range(20 * n_trials if space else 0):
        draw = next(iter(ParameterSampler(space, 1, random_state=rng)))
        plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in draw.items()}
        config = canonical_json({**settled, **plain})
        if config not in configs:
            configs.append(config)
        if len(configs) == n_trials:
            break
    return configs


def table(name: str, protocol: Protocol) -> list[tuple[str, str, str]]:
    """Describe a space: parameter, value of the first trial, what later ones are drawn from."""
    first, space = default(name, protocol), drawn(name, protocol)
    own = candidates.get(name).make("regression").get_params()
    return [
        (key, _value(first.get(key, own[key])), describe(space.get(key, [first.get(key)])))
        for key in sorted({*first, *space})
    ]


def describe(values: Any) -> str:
    """Say what is drawn from a list or a distribution.

    Examples
    --------
    >>> import scipy.stats
    >>> describe(Rounded(scipy.stats.loguniform(1, 100))), describe([None, None, None, 2])
    ('1 to 100, log-uniform, rounded', 'None 75%, 2 25%')
    """
    if isinstance(values, Rounded):
        return f"{describe(values.of)}, rounded"
    if isinstance(values, list):
        counts = Counter(map(_value, values))
        if len(set(counts.values())) > 1:
            return ", ".join(f"{value} {count / len(values):.0%}" for value, count in counts.items())
        return (
            ", ".join(counts) if len(counts) <= 16 else f"{len(counts)} values, {values[0]} to {values[-1]}"
        )
    low, high = values.support()
    if not np.isfinite(high):
        given = [*map(_value, values.args), *(f"{key} {_value(v)}" for key, v in values.kwds.items())]
        return f"{values.dist.name}: {', '.join(given)}"
    kind = {"randint": "whole numbers", "uniform": "uniform", "loguniform": "log-uniform"}
    return f"{low:g} to {high:g}, {kind.get(values.dist.name, values.dist.name)}"


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
