"""Every public name of the advisor and the datasets says in numpydoc what goes in and what comes out."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest
import torch
from numpydoc.validate import validate

import advisor.errors
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
    "advisor.choice",
    "advisor.errors",
    "advisor.findings",
    "advisor.fit_time",
    "advisor.holdout",
    "advisor.intake",
    "advisor.interventions",
    "advisor.outlook",
    "advisor.race",
    "advisor.reader",
    "advisor.reading",
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


# whose functions all have an example: those that need no trained model and no folder
EXAMPLES = [
    *("advisor.architectures", "advisor.choice", "advisor.errors", "advisor.findings", "advisor.intake"),
    *("advisor.outlook", "advisor.probes.base", "advisor.reader", "advisor.reading", "advisor.target"),
    *("datasets", "datasets.suites", "datasets.task"),
]
PACKAGE = Path(advisor.__file__).parent
ERRORS = {name: error for name, error in vars(advisor.errors).items() if inspect.isclass(error)}


def public_names(modules=PUBLIC):
    found = set()
    for name in modules:
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


@pytest.mark.parametrize("name", [n for n in public_names(EXAMPLES) if inspect.isfunction(resolve(n))])
def test_functions_have_examples(name):
    assert "\n>>> " in inspect.getdoc(resolve(name))


def functions(body, prefix=""):
    """The public functions and methods of a module, by name."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            name = f"{prefix}{node.name}"
            if isinstance(node, ast.FunctionDef):
                yield name, node
            else:
                yield from functions(node.body, f"{name}.")


def raised(node):
    calls = [part.exc for part in ast.walk(node) if isinstance(part, ast.Raise)]
    names = {call.func.id for call in calls if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)}
    return [ERRORS[name] for name in names if name in ERRORS]


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: f"{path.relative_to(PACKAGE)}"
)
def test_a_public_function_says_which_errors_it_raises(path):
    for name, node in functions(ast.parse(path.read_text()).body):
        _, _, section = (ast.get_docstring(node) or "").partition("Raises\n------\n")
        told = tuple(ERRORS[word] for word in re.findall(r"^\w+$", section, re.M) if word in ERRORS)
        silent = [error.__name__ for error in raised(node) if not issubclass(error, told)]
        assert not silent, f"{name} raises {silent}"


@pytest.mark.parametrize("name", architectures.names(installed=True))
def test_every_hyperparameter_is_documented(name):
    architecture = architectures.get(name)
    for estimator in (architecture.classifier, architecture.regressor):
        text = "".join(inspect.getdoc(c) or "" for c in (*estimator.__mro__, architecture.regressor))
        missing = [p for p in estimator().get_params() if not re.search(rf"\b{p}\b", text)]
        assert not missing
