"""What is shipped, what importing it loads, and that its pins hold together."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ["torch", "xgboost", "mlflow", "openml", "matplotlib"]


def run(*command, cwd=ROOT):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_wheel_holds_the_advisor_alone(tmp_path):
    source = tmp_path / "source"  # a copy, because setuptools leaves build/ behind
    shutil.copytree(ROOT / "advisor", source / "advisor", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ["pyproject.toml", "README.md", "LICENSE", "NOTICE"]:
        shutil.copy(ROOT / name, source)
    for package in ["benchmarks", "datasets", "reports", "tests"]:  # must all stay out
        (source / package).mkdir()
        (source / package / "__init__.py").touch()
    command = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir"]
    result = run(sys.executable, *command, str(tmp_path), str(source))
    assert result.returncode == 0, result.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"advisor"}
    assert {"advisor/py.typed", "advisor/data/calibration.json"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.parametrize("module", HEAVY)
def test_importing_the_advisor_is_light(module):
    code = f"import sys, advisor, advisor.architectures; sys.exit({module!r} in sys.modules)"
    assert run(sys.executable, "-c", code).returncode == 0


def test_advising_on_a_table_is_light():
    code = (
        "import sys, pandas as pd; from advisor import advise;"
        "from sklearn.datasets import load_wine; advise(load_wine(as_frame=True).frame, target='target');"
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    result = run(sys.executable, "-c", code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"


def test_constraints_pin_every_declared_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    declared = [*project["dependencies"], *(line for extra in extras for line in extra)]
    needed = {re.split(r"[<>=!\[ ]", line)[0].lower() for line in declared} - {"arch-advisor"}
    pinned = {
        line.partition("==")[0].lower()
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
    }
    assert needed <= pinned
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text().splitlines()


def test_the_version_is_stated_once():
    import advisor

    assert advisor.__version__ == metadata.version("arch-advisor")
