"""The candidate architectures: one file each, found by its name, loaded only when asked for."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from contextlib import suppress
from functools import cache
from importlib.abc import InspectLoader
from importlib.util import find_spec
from typing import NamedTuple

from advisor.architectures._space import Rounded
from advisor.architectures.base import Architecture, Capabilities, Kind, ModelKind, Structure
from advisor.errors import MissingDependency, StudyError, did_you_mean

# packages that another extra than that of their name brings
EXTRAS = {"rtdl_num_embeddings": "tabm"}

__all__ = [
    "Architecture",
    "Capabilities",
    "Kind",
    "Label",
    "ModelKind",
    "Rounded",
    "Structure",
    "get",
    "label",
    "names",
]


class Label(NamedTuple):
    """How an architecture is shown: its title, and what kind of model it is."""

    title: str
    model_kind: ModelKind


def names(*, installed: bool = False) -> list[str]:
    """List the architectures, by default without importing any of them.

    Parameters
    ----------
    installed : bool
        Only those whose packages are installed, which loads them.

    Returns
    -------
    list of str
        Sorted file names; private files and ``base`` are not architectures.

    Examples
    --------
    >>> from advisor import architectures
    >>> {"gbt", "cnn", "lstm"} <= set(architectures.names())
    True
    """
    every = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name[0] != "_" and m.name != "base")
    return [name for name in every if _loads(name)] if installed else every


def _loads(name: str) -> bool:
    try:
        get(name)
    except MissingDependency:
        return False
    return True


def get(name: str) -> Architecture:
    """Load one architecture by name.

    Parameters
    ----------
    name : str
        One of :func:`names`.

    Returns
    -------
    Architecture
        Its declaration.

    Raises
    ------
    StudyError
        If there is no such architecture.
    MissingDependency
        If the package it is built on is not installed.

    Examples
    --------
    >>> from advisor import architectures
    >>> architectures.get("linear").name
    'linear'
    """
    _check(name)
    try:
        module = importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "advisor":
            raise
        raise MissingDependency(
            f"the architecture {name!r} needs the package {package!r}",
            got="no such package",
            do=f"pip install 'arch-advisor[{EXTRAS.get(package, package)}]'",
        ) from error
    architecture: Architecture = module.ARCHITECTURE
    return architecture


@cache
def label(name: str) -> Label:
    """Read how an architecture is shown, without loading it: torch takes seconds.

    Parameters
    ----------
    name : str
        One of :func:`names`; the package it is built on need not be installed.

    Returns
    -------
    Label
        Title and kind of model, as declared.

    Raises
    ------
    StudyError
        If there is no such architecture.

    Examples
    --------
    >>> from advisor import architectures
    >>> architectures.label("gbt")
    Label(title='Boosted trees', model_kind='trees')
    """
    _check(name)
    for statement in ast.parse(_source(name)).body:
        match statement:
            case ast.Assign(targets=[ast.Name("ARCHITECTURE")], value=ast.Call(keywords=keywords)):
                given = {keyword.arg: keyword.value for keyword in keywords}
                kind = given.get("model_kind", ast.Constant("other"))
                with suppress(KeyError, ValueError):  # no literals: only the loaded one knows
                    return Label(ast.literal_eval(given["title"]), ast.literal_eval(kind))
    architecture = get(name)
    return Label(architecture.title, architecture.model_kind)


def _source(name: str) -> str:
    spec = find_spec(f"{__name__}.{name}")
    assert spec is not None  # it is one of names()
    assert isinstance(spec.loader, InspectLoader)
    return spec.loader.get_source(spec.name) or ""


def _check(name: str) -> None:
    known = names()
    if name not in known:
        raise StudyError(
            "the candidate must be a known architecture",
            got=repr(name),
            do=f"{did_you_mean(name, known)}choose one of {', '.join(known)}",
        )
