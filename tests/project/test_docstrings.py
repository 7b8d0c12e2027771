"""Every public name of the advisor and the datasets says in numpydoc what goes in and what comes out."""

import importlib
import inspect
import pkgutil

import pytest
from numpydoc.validate import validate

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
PACKAGES = ["advisor", "datasets"]


def public_names():
    found = set()
    for package in PACKAGES:
        root = importlib.import_module(package)
        modules = [package] + [m.name for m in pkgutil.walk_packages(root.__path__, f"{package}.")]
        for name in modules:
            if any(part.startswith("_") for part in name.split(".")) or name.endswith((".build", ".notice")):
                continue
            module = importlib.import_module(name)
            for attribute, value in vars(module).items():
                if attribute.startswith("_") or getattr(value, "__module__", None) != name:
                    continue
                if inspect.isfunction(value) or inspect.isclass(value):
                    found.add(f"{name}.{attribute}")
    return sorted(found)


@pytest.mark.parametrize("name", public_names())
def test_docstring_is_complete(name):
    problems = [f"{code}: {text}" for code, text in validate(name)["errors"] if code in REQUIRED]
    assert not problems
