"""docs/protocol.md holds the table of the variants and names every scale."""

from pathlib import Path

from benchmarks.curves import SCALES
from benchmarks.protocol import SIZES, VARIANTS, Protocol

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()


def row(p):
    chosen = "validation rows" if p.inner_folds is None else f"{p.inner_folds} inner folds"
    rows = [p.split, f"{p.max_train:,}", f"{p.max_eval:,}", chosen, p.folds, p.spaces, p.early_stopping]
    return f"| `{p.name}` | {' | '.join(map(str, rows))} | {p.normalisation} |"


def test_the_page_holds_the_variants():
    table = PAGE.partition("<!-- variants -->\n")[2].partition("<!-- /variants -->")[0]
    assert table.splitlines()[2:] == [row(Protocol.of({"name": name})) for name in VARIANTS]


def test_the_page_names_sizes_and_scales():
    assert f"{', '.join(SIZES)}: {', '.join(f'{n:,}' for n in SIZES.values())} training rows" in PAGE
    assert all(f"| `{name}` |" in PAGE.partition("## Curves")[2] for name in SCALES)
