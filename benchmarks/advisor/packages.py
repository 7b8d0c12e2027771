"""Labelled sets that public packages ship: an independent check of the advice.

The rules were written with the corpus in sight; these sets were chosen and labelled from their documentation,
before anything was advised on them, and most come from other origins. No data is held here: a set whose package
is not installed is left out, and said so. See CONTRIBUTING.md for the packages.
"""

from __future__ import annotations

from collections import Counter

from benchmarks.advisor.collections import courses, images, series, tables, texts
from benchmarks.advisor.collections.shipped import Shipped, missing

KINDS = (images, series, courses, tables, texts)


def package_cases() -> tuple[list[Shipped], list[str]]:
    """Sets whose package is installed; the second list names those left out, and why."""
    cases: list[Shipped] = []
    absent: Counter[str] = Counter()
    for kind in KINDS:
        for case in kind.cases():
            if missing(case.needs):
                absent[case.needs] += 1
            else:
                cases.append(case)
    return cases, [f"{count} sets: {needs} is not installed" for needs, count in sorted(absent.items())]
