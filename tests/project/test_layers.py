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
# file -> private modules of other packages that it may import: measurement code takes apart what it measures
PRIVATE = {
    "benchmarks/claims/_filters.py": {"advisor.architectures._training"},
    "benchmarks/claims/_image_networks.py": {
        "advisor.architectures._image",
        "advisor.architectures._network",
    },
    "benchmarks/claims/vanishing_gradients.py": {
        "advisor.architectures._preprocessing",
        "advisor.architectures._target",
        "advisor.architectures._training",
    },
    "benchmarks/speed/_cases.py": {
        "advisor.architectures._dropout",
        "advisor.architectures._target",
        "advisor.architectures._training",
    },
    "benchmarks/speed/options.py": {"advisor.architectures._training"},
    "benchmarks/speed/stacked.py": {"advisor.architectures._recurrent", "advisor.architectures._training"},
    "benchmarks/speed/stacked_training.py": {
        "advisor.architectures._dropout",
        "advisor.architectures._training",
    },
    "benchmarks/speed/training.py": {"advisor.architectures._training"},
    "benchmarks/speed/trees.py": {"advisor.architectures._target"},
    # a folder of pictures is one data set, however it comes
    "datasets/sources/folder.py": {"advisor.intake._folder"},
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


def private(path: Path, package: str) -> set[str]:
    """What a file of a package imports of others that is private, cut off at the first underscore."""
    found = set()
    for name in imported(path):
        parts = name.split(".")
        hidden = [place for place, part in enumerate(parts) if part[0] == "_" and not part.endswith("__")]
        if parts[0] in FIRST_PARTY - {package} and hidden:
            found.add(".".join(parts[: hidden[0] + 1]))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_private_names_stay_in_their_package(path):
    place = path.relative_to(ROOT)
    assert private(path, place.parts[0]) == PRIVATE.get(place.as_posix(), set())  # nothing more is allowed


def test_what_may_import_private_names_exists():
    assert set(PRIVATE) <= {path.relative_to(ROOT).as_posix() for path in FILES}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from advisor.architectures._training import train", {"advisor.architectures._training"}),
        ("from advisor.architectures import _training", {"advisor.architectures._training"}),
        ("import advisor.architectures._training", {"advisor.architectures._training"}),
        ("from advisor.choice import _pick", {"advisor.choice._pick"}),
        ("from advisor import __version__", set()),
        ("from advisor.__main__ import main", set()),
        ("from benchmarks.speed._cases import Case", set()),
    ],
)
def test_the_check_sees_private_names_anywhere_in_a_path(tmp_path, line, found):
    sample = tmp_path / "sample.py"
    sample.write_text(line + "\n")
    assert private(sample, "benchmarks") == found


def test_the_check_sees_a_forbidden_import(tmp_path):
    sample = tmp_path / "sample.py"
    sample.write_text("def f():\n    from reports import html\n")
    assert imported(sample) == {"reports.html"}


@pytest.mark.parametrize("path", [*FILES, *TESTS], ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_stay_readable(path):
    assert len(path.read_text().splitlines()) <= 400
