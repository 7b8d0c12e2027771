"""Every public name of the advisor and the datasets says in numpydoc what goes in and what comes out."""

import importlib
import inspect
import re

import pytest
import torch
from numpydoc.validate import validate

from advisor import architectures

# what must be there; the rest of numpydoc's rules are matters of taste
REQUIRED = {
    "GL08",  # no docstring
    "SS03",  # summary does not end with a period
    "PR01",  # parameters not documented
    "PR02",  # unknown parameters documented
    "PR07",  # parameter has no description
    "RT01",  # no Returns section
    "YD01",  # no Yields section
}
# what a user of the library calls or is given; ruff asks every other public name for a summary
PUBLIC = [
    "advisor",
    "advisor.advice",
    "advisor.calibration",
    "advisor.errors",
    "advisor.findings",
    "advisor.holdout",
    "advisor.interventions",
    "advisor.race",
    "advisor.standings",
    "advisor.probes.base",
    "advisor.table",
    "advisor.target",
    "advisor.architectures",
    "advisor.architectures.base",
    *(f"advisor.architectures.{name}" for name in architectures.names(installed=True)),
    "datasets",
    "datasets.sources",
    "datasets.splits",
    "datasets.task",
]


def public_names():
    found = set()
    for name in PUBLIC:
        module = importlib.import_module(name)
        exported = set(getattr(module, "__all__", ()))
        for attribute, value in vars(module).items():
            own = attribute in exported or getattr(value, "__module__", None) == name
            if attribute.startswith("_") or not own or getattr(value, "_is_protocol", False):
                continue  # numpydoc reads the constructor that typing gives a Protocol
            if inspect.isclass(value) and issubclass(value, torch.nn.Module):
                continue  # building blocks: they say the shape at each step instead
            if inspect.isfunction(value) or inspect.isclass(value):
                found.add(f"{value.__module__}.{value.__qualname__}")
    return sorted(found)


def resolve(name):
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("name", public_names())
def test_docstring_is_complete(name):
    value = resolve(name)
    required = set(REQUIRED)
    if inspect.isclass(value) and "__init__" not in vars(value):
        required -= {"PR01"}  # the class that has the constructor documents it
    problems = [f"{code}: {text}" for code, text in validate(name)["errors"] if code in required]
    assert not problems


@pytest.mark.parametrize("name", architectures.names(installed=True))
def test_every_hyperparameter_is_documented(name):
    architecture = architectures.get(name)
    for estimator in (architecture.classifier, architecture.regressor):
        text = "".join(inspect.getdoc(c) or "" for c in (*estimator.__mro__, architecture.regressor))
        missing = [p for p in estimator().get_params() if not re.search(rf"\b{p}\b", text)]
        assert not missing
