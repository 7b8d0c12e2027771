"""Extension of griffe: what numpydoc and Sphinx read in a docstring, as mkdocstrings can show it."""

from __future__ import annotations

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:py:)?(?:\w+):`~?([^`]+)`")
MATH = re.compile(r"^( *)\.\. math:: (.+)$", re.MULTILINE)
CHOICE = re.compile(r"^( *[\w*, ]+ : )\{(.+?)\}(.*)$", re.MULTILINE)
TYPE = re.compile(r"^ *[\w*, ]+ : .*$", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Rewrites the docstring of each object.

    Roles become code, formulas stay as they were typed. ``{"a", "b"}`` in the place of a type is a choice:
    griffe would take "a" for the default. A hyphen there becomes one that Python does not know: griffe would
    take it for a minus.
    """

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            text = MATH.sub(r"\1`\2`", ROLE.sub(r"`\1`", obj.docstring.value))
            text = CHOICE.sub(lambda found: f"{found[1]}{_any(found[2])}{found[3]}", text)
            obj.docstring.value = TYPE.sub(lambda found: re.sub(r"(?<=\w)-(?=\w)", "\u2011", found[0]), text)


def _any(choices: str) -> str:
    """'"a", "b", "c"' as '"a", "b" or "c"'."""
    first, comma, last = choices.rpartition(", ")
    return f"{first} or {last}" if comma else choices
