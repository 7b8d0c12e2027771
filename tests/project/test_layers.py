"""The arrows of the architecture: advisor <- datasets <- benchmarks; reports reads results alone."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIRST_PARTY = {"advisor", "datasets", "benchmarks", "reports"}
# package -> prefixes of first-party modules it may import, besides itself
ALLOWED = {
    "advisor": (),
    "datasets": ("advisor",),
    "benchmarks": ("advisor", "datasets"),
    "reports": (
        *(f"benchmarks.{name}" for name in ("store", "cell", "scores", "curves", "protocol")),
        "advisor.errors",
        "advisor.pipes",
    ),
}
FILES = [p for package in sorted(FIRST_PARTY) for p in sorted((ROOT / package).rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Dotted names of everything a file imports, `from a import b` counted as `a.b`."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_arrows(path):
    package = path.relative_to(ROOT).parts[0]
    allowed = (package, *ALLOWED[package])
    wrong = [
        name
        for name in imported(path)
        if name.partition(".")[0] in FIRST_PARTY
        and not any(name == prefix or name.startswith(f"{prefix}.") for prefix in allowed)
    ]
    assert not wrong, f"{package} may import {ALLOWED[package]} only"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_private_names_stay_in_their_package(path):
    package = path.relative_to(ROOT).parts[0]
    crossing = [name for name in imported(path) if name.partition(".")[0] in FIRST_PARTY - {package}]
    assert not [name for name in crossing if name.rpartition(".")[2].startswith("_")]


def test_the_check_sees_a_forbidden_import(tmp_path):
    sample = tmp_path / "sample.py"
    sample.write_text("def f():\n    from reports import html\n")
    assert imported(sample) == {"reports.html"}


@pytest.mark.parametrize("path", [*FILES, *TESTS], ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_stay_readable(path):
    assert len(path.read_text().splitlines()) <= 400
