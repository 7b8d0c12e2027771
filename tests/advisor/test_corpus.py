"""Structure and layout of every set that is shipped, and of the labelled corpus where it lies beside us."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.advisor.cases import corpus_cases, embedded_cases
from benchmarks.advisor.structure import failures, run

CORPUS = Path(__file__).parents[2] / ".." / "shared" / "corpus"


def test_every_embedded_set_is_seen_for_what_it_is():
    results = [run(case) for case in embedded_cases()]
    assert len(results) == 34  # as README.md has it
    assert not failures(results)


@pytest.mark.slow
def test_structure_and_layout_on_the_corpus():
    if not (CORPUS / "manifest.csv").is_file():
        pytest.skip("the labelled corpus is not beside this checkout")
    cases, _ = corpus_cases(CORPUS)
    results = [run(case) for case in cases]
    layouts = [r.exact for r in results if r.exact is not None]
    assert len(results) == 131  # as README.md has it
    assert not [r.case.id for r in results if not r.right]
    assert sum(layouts) / len(layouts) >= 0.9
