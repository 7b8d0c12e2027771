"""The labelled corpus, where it lies beside the checkout: a floor under the measured figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.advisor.cases import corpus_cases
from benchmarks.advisor.structure import run

CORPUS = Path(__file__).parents[2] / ".." / "shared" / "corpus"


@pytest.mark.slow
def test_structure_and_layout_on_the_corpus():
    if not (CORPUS / "manifest.csv").is_file():
        pytest.skip("the labelled corpus is not beside this checkout")
    cases, _ = corpus_cases(CORPUS)
    results = [run(case) for case in cases]
    tables = [r for r in results if r.case.structure == "tabular"]
    layouts = [r.exact for r in results if r.exact is not None]
    assert sum(r.right for r in results) / len(results) >= 0.95
    assert sum(not r.right for r in tables) / len(tables) <= 0.02
    assert sum(layouts) / len(layouts) >= 0.9
