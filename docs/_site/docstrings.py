"""Extension of griffe: what numpydoc and Sphinx read in a docstring, as mkdocstrings can show it."""

from __future__ import annotations

import re
from typing import Any

import griffe
from latex2mathml.converter import convert

FORMULA = re.compile(r"^( *)\.\. math::((?: .*)?(?:\n\1 +\S.*)*)", re.MULTILINE)
INLINE = re.compile(r":math:`([^`]+)`")
ROLE = re.compile(r":(?:py:)?\w+:`~?([^`]+)`")
CHOICE = re.compile(r"^( *[\w*, ]+ : )\{(.+?)\}(.*)$", re.MULTILINE)
TYPE = re.compile(r"^ *[\w*, ]+ : .*$", re.MULTILINE)
NO_CODE = "\u2060"  # takes no room


class Docstrings(griffe.Extension):
    """Rewrites the docstring of each object.

    Formulas become MathML, which browsers draw by themselves; other roles become code. ``{"a", "b"}`` in the
    place of a type is a choice: griffe would take "a" for the default. Other types are words: griffe would
    take ``array-like`` for a difference and ``array, shape (n, d)`` for a tuple, if it could read them.
    """

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is None:
            return
        text = FORMULA.sub(lambda found: f"{found[1]}{_drawn(found[2])}", obj.docstring.value)
        text = INLINE.sub(lambda found: f"<span>{convert(found[1])}</span>", text)
        text = ROLE.sub(r"`\1`", text)
        text = CHOICE.sub(lambda found: f"{found[1]}{_any(found[2])}{found[3]}", text)
        text = TYPE.sub(lambda found: re.sub(r"(?<=\w)-(?=\w)", f"{NO_CODE}-", found[0]), text)
        obj.docstring.value = re.sub(r", shape \(", f",{NO_CODE} shape (", text)


def _drawn(formula: str) -> str:
    """A formula on lines of its own."""
    formula = " ".join(formula.split())
    if "&" in formula or r"\\" in formula:
        formula = rf"\begin{{aligned}}{formula}\end{{aligned}}"
    return convert(formula, display="block")


def _any(choices: str) -> str:
    """'"a", "b", "c"' as '"a", "b" or "c"'."""
    first, comma, last = choices.rpartition(", ")
    return f"{first} or {last}" if comma else choices
