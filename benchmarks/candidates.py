"""Candidates by name: the architectures, and those of the user's own, each a Python file.

A file is a candidate if it defines ``classifier``, ``regressor`` or both (scikit-learn estimators) and, if it
is to be searched, ``space``. Its columns come as numbers: standardised, missing ones the median with an
indicator, categories one-hot; with ``raw = True`` they come as the task has them. ``title`` and
``model_kind`` ("trees", "network" or "other") say how it is shown and with whom it is compared. A file that
defines ``ARCHITECTURE``, as those in ``advisor/architectures`` do, decides everything itself.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any, cast, get_args

from advisor import architectures
from advisor.architectures import Architecture, Capabilities, Kind, Label, ModelKind
from advisor.errors import StudyError

_SOURCES: dict[str, str] = {}  # text of the files that were read, by the name of the candidate


def names() -> list[str]:
    """List the candidates that are known: architectures, and files that were read."""
    return sorted([*architectures.names(), *_SOURCES])


def read(path: str) -> tuple[str, str]:
    """Read a file of the user's own, so that it is a candidate.

    Parameters
    ----------
    path : str
        A Python file. It is not run yet.

    Returns
    -------
    name, text : str
        As :func:`name_of` gives it, and what the file holds.

    Raises
    ------
    StudyError
        If it cannot be read.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(
            "a candidate that ends in .py must be a readable Python file",
            got=f"{path}: {getattr(error, 'strerror', None) or error}",
            do="give its path as seen from the folder that the command runs in",
        ) from error
    name = name_of(path, text)
    add(name, text)
    return name, text


def name_of(path: str, text: str) -> str:
    """Name the candidate of a file: after it, with a hash of its text.

    With other code it is another candidate, and old results stay what they are.

    Examples
    --------
    >>> name_of("mine/my_svm.py", "from sklearn.svm import SVC as classifier")
    'my_svm@5c3bc665'
    """
    return f"{Path(path).stem}@{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def add(name: str, text: str) -> None:
    """Make a candidate known in this process, by its name and the text of its file."""
    _SOURCES[name] = text


def get(name: str) -> Architecture:
    """Load a candidate.

    Raises
    ------
    StudyError
        If there is no such candidate, or its file does not define one.

    Examples
    --------
    >>> add("tree@0", "from sklearn.tree import DecisionTreeClassifier as classifier")
    >>> sorted(get("tree@0").can.kinds)
    ['classification']
    """
    if name in _SOURCES:
        return _load(name, _SOURCES[name])
    return architectures.get(name)


def label(name: str) -> Label:
    """Tell how a candidate is shown; an architecture is not loaded for it.

    Raises
    ------
    StudyError
        If there is no such candidate, or its file does not define one.

    Examples
    --------
    >>> add("tree@1", "from sklearn.tree import DecisionTreeClassifier as classifier; model_kind = 'trees'")
    >>> label("tree@1"), label("lstm")
    (Label(title='tree@1', model_kind='trees'), Label(title='LSTM', model_kind='network'))
    """
    if name not in _SOURCES:
        return architectures.label(name)
    architecture = get(name)
    return Label(architecture.title, architecture.model_kind)


@cache
def _load(name: str, text: str) -> Architecture:
    import cloudpickle  # comes with MLflow

    module = ModuleType(name.replace("@", "_"))
    sys.modules[module.__name__] = module  # so that what it defines can be pickled
    cloudpickle.register_pickle_by_value(module)  # a model that is logged loads where the file is not
    try:
        exec(compile(text, f"{name}.py", "exec"), module.__dict__)
    except Exception as error:
        raise StudyError(
            f"the file of the candidate {name} must run",
            got=f"{type(error).__name__}: {error}",
            do="correct it; python FILE shows where",
        ) from error
    given = module.__dict__
    if isinstance(whole := given.get("ARCHITECTURE"), Architecture):
        return replace(whole, name=name)
    kinds = {"classification": "classifier", "regression": "regressor"}
    own = {kind: given[word] for kind, word in kinds.items() if word in given}
    if not own:
        raise StudyError(
            f"the file of the candidate {name} must define classifier, regressor or both, or ARCHITECTURE",
            got=", ".join(sorted(k for k in given if not k.startswith("_"))) or "nothing",
            do="write for example: from sklearn.svm import SVC as classifier",
        )
    raw, shown = bool(given.get("raw")), _label(name, given)
    makers = {kind: partial(_make, estimator, raw=raw) for kind, estimator in own.items()}
    either = next(iter(makers.values()))
    return Architecture(
        name=name,
        title=shown.title,
        classifier=cast(type, makers.get("classification", either)),
        regressor=cast(type, makers.get("regression", either)),
        can=Capabilities(native=frozenset(), kinds=frozenset(cast(list[Kind], list(own)))),
        space=dict(given.get("space", {})),
        model_kind=shown.model_kind,
    )


def _label(name: str, given: dict[str, Any]) -> Label:
    title, kind = given.get("title", name), given.get("model_kind", "other")
    kinds = get_args(ModelKind)
    if not isinstance(title, str) or kind not in kinds:
        raise StudyError(
            f"title must be a text, model_kind one of {', '.join(kinds)} in the file of the candidate {name}",
            got=f"title = {title!r}, model_kind = {kind!r}",
            do='write for example: title = "My trees"; model_kind = "trees"',
        )
    return Label(title, kind)


def _make(estimator: Callable[..., Any], *, raw: bool, random_state: int | None = None, **config: Any) -> Any:
    """An estimator of the user's with its configuration, behind an encoder unless it takes columns raw."""
    from sklearn.pipeline import make_pipeline

    model = estimator(**config)
    seeds = [name for name in model.get_params() if name.rpartition("__")[2] == "random_state"]
    model.set_params(**dict.fromkeys(seeds, random_state))  # those of the parts of a pipeline, too
    return model if raw else make_pipeline(_encoder(), model)


def _encoder() -> Any:
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_column_selector(dtype_include=["number", "bool"])
    others = make_column_selector(dtype_exclude=["number", "bool"])
    scaled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    coded = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=100, sparse_output=False)
    return make_column_transformer((scaled, numbers), (coded, others), sparse_threshold=0)
