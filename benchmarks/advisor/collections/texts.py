"""Texts: package descriptions, quotations, tweets, names of characters, documentation."""

from __future__ import annotations

import ast
import gzip
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.advisor.collections.shipped import DEBIAN, Data, path, r, split

STATUS = Path("/var/lib/dpkg/status")


def _packages() -> Data:
    rows = []
    for block in STATUS.read_text(encoding="utf-8").split("\n\n"):
        section = re.search(r"^Section: (\S+)$", block, re.MULTILINE)
        text = re.search(r"^Description: (.*(?:\n .*)*)", block, re.MULTILINE)
        if section and text:
            rows.append((text[1].replace("\n", " "), section[1] == "libs"))
    held = pd.DataFrame(rows, columns=["text", "library"])
    return held[["text"]], held["library"]


def _fortunes() -> Data:
    rows = []
    for file in sorted((DEBIAN / "games/fortunes").glob("*.u8")):
        quotes = file.read_text(encoding="utf-8").split("\n%\n")
        rows += [(quote.strip(), file.stem) for quote in quotes[:150] if quote.strip()]
    held = pd.DataFrame(rows, columns=["quote", "collection"])
    return held[["quote"]], held["collection"]


def _tweets() -> Data:
    held = r("dslabs/trump_tweets").iloc[::5]
    return held[["text"]], held["source"].str.contains("iPhone")


def _tweets_and_counts() -> Data:
    held = r("dslabs/trump_tweets").iloc[2::5]
    return split(held[["created_at", "retweet_count", "text", "favorite_count"]], "favorite_count")


def _characters() -> Data:
    codes = [code for code in range(0x20, 0x3000) if unicodedata.name(chr(code), "")]
    names = [unicodedata.name(chr(code)) for code in codes]
    kinds = [unicodedata.category(chr(code))[0] for code in codes]
    order = np.random.default_rng(0).permutation(len(codes))[:3000]
    return pd.DataFrame({"name": names}).iloc[order], pd.Series(kinds).iloc[order]


def _docstrings() -> Data:
    rows = []
    for file in sorted(path("sklearn").glob("*/*.py"))[:150]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and (text := ast.get_docstring(node)):
                rows.append((text, isinstance(node, ast.ClassDef)))
    held = pd.DataFrame(rows, columns=["text", "is_class"])
    return held[["text"]].iloc[:2500], held["is_class"].iloc[:2500]


def _man_pages() -> Data:
    """What a page is about, in a line, and whether it is a system call, a library function or neither."""
    rows = []
    for file in sorted((DEBIAN / "man").glob("man[234578]/*.gz")):
        page = gzip.decompress(file.read_bytes()).decode("utf-8", "ignore")
        if about := re.search(r"\.SH NAME\n(.*?)\n\.SH", page, re.DOTALL):
            line = re.sub(r"\\f.|\\|\.\w+ ", "", about[1]).replace("\n", " ")
            section = file.parent.name
            rows.append((line[:160], section if section in ("man2", "man3") else "other"))
    held = pd.DataFrame(rows, columns=["about", "section"]).drop_duplicates("about")
    held = held.sample(frac=1, random_state=0)[:1000]
    return held[["about"]], held["section"]


def _surnames() -> Data:
    """Names of people, and the language they are from."""
    rows = []
    for language in ("de_DE", "es_ES", "fi_FI", "fr_FR", "hu_HU", "it_IT", "nl_NL", "sv_SE", "tr_TR"):
        code = path(f"faker/providers/person/{language}/__init__.py").read_text(encoding="utf-8")
        words = {
            constant.value
            for node in ast.walk(ast.parse(code))
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith(("first_", "last_"))
            for constant in ast.walk(node.value)
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
        }
        names = sorted(word for word in words if word.isalpha() and len(word) > 2)
        order = np.random.default_rng(0).permutation(len(names))[:300]
        rows += [(names[place], language) for place in order]
    held = pd.DataFrame(rows, columns=["name", "language"]).sample(frac=1, random_state=0)
    return held[["name"]], held["language"]


def _artworks() -> Data:
    return split(r("modeldata/tate_text"), "year")


MADE: dict[str, Callable[[], Data]] = {
    "package_descriptions": _packages,
    "fortunes": _fortunes,
    "tweets": _tweets,
    "tweets_and_counts": _tweets_and_counts,
    "character_names": _characters,
    "docstrings": _docstrings,
    "man_pages": _man_pages,
    "surnames": _surnames,
    "artworks": _artworks,
}
