"""Study files are checked key by key; plans are always the same and grow without disturbing what is there."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from advisor import architectures
from advisor.errors import InputError, StudyError
from benchmarks.cell import Cell
from benchmarks.plan import Study, plan
from benchmarks.protocol import Protocol
from datasets import TaskInfo

STUDIES = Path(__file__).parents[2] / "benchmarks" / "studies"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "table.csv"
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"))
    frame["y"] = frame["a"] + 0.1 * frame["b"]
    frame.to_csv(path, index=False)
    return f"file:{path}?target=y"


def study(table, *, head="", protocol="", candidates='["gbt", "dummy"]'):
    return Study.parse(
        f'name = "s"\ntasks = ["{table}"]\ncandidates = {candidates}\n{head}\n[protocol]\n{protocol}\n'
    )


def test_a_plan_is_the_whole_grid_in_order(table):
    cells = plan(study(table, protocol="folds = 2\nseeds = [0, 7]"))
    assert [(c.candidate, c.fold, c.seed) for c in cells] == [
        (candidate, fold, seed) for candidate in ("gbt", "dummy") for fold in (0, 1) for seed in (0, 7)
    ]
    assert len({c.key for c in cells}) == len(cells)
    assert plan(study(table, protocol="folds = 2\nseeds = [0, 7]")) == cells


def test_the_key_is_the_same_on_every_machine():
    cell = Cell("embedded:digits", "0123456789abcdef", "gbt", '{"max_depth":3}', 1, 2, Protocol().text)
    assert cell.protocol == (
        '{"fit_seconds":null,"max_eval":50000,"max_train":10000,"name":"holdout","train_fraction":0.7,'
        '"validation_share":0.3,"version":1}'
    )
    assert cell.key == "f59f01a1bd398c25918c612f"


def test_growing_a_study_changes_no_cell_that_is_there(table):
    small = plan(study(table, head="n_trials = 3"))
    grown = plan(
        study(
            table,
            head="n_trials = 6",
            protocol="folds = 3\nseeds = [0, 1]",
            candidates='["linear", "dummy", "gbt", "mlp"]',
        )
    )
    assert {c.key for c in small} <= {c.key for c in grown}


def test_what_changes_a_result_changes_the_key(table):
    keys = {
        plan(study(table, protocol=p))[0].key
        for p in ("", "max_train = 9", "fit_seconds = 1", "max_eval = 9")
    }
    assert len(keys) == 4
    moved = TaskInfo("file:x", "tabular", (3,), "regression", "r2", "x", "0" * 16, 60, 3)
    changed = TaskInfo("file:x", "tabular", (3,), "regression", "r2", "x", "1" * 16, 60, 3)
    assert plan(study(table), [moved])[0].key != plan(study(table), [changed])[0].key


def test_the_default_configuration_comes_first_then_distinct_ones_of_the_space(table):
    cells = [c for c in plan(study(table, head="n_trials = 8")) if c.candidate == "gbt"]
    assert [c.trial for c in cells] == list(range(8))
    configs = [json.loads(c.config) for c in cells]
    assert configs[0] == {}
    space = architectures.get("gbt").space
    for config in configs[1:]:
        assert set(config) == set(space)
    assert len({c.config for c in cells}) == 8


def test_a_candidate_without_space_has_one_trial(table):
    assert [c.trial for c in plan(study(table, head="n_trials = 8")) if c.candidate == "dummy"] == [0]


def test_folds_by_test_size():
    protocol = Protocol(folds="by test size", max_train=100_000)
    # 21% of the rows are the test set as long as neither cap bites
    assert [protocol.folds_of(n) for n in (4_700, 4_800, 14_200, 14_400, 28_500, 28_600)] == [
        5,
        3,
        3,
        2,
        2,
        1,
    ]


def test_the_advisor_has_a_cell_per_fold_and_depends_on_its_calibration(table, monkeypatch):
    families = '["cnn", "lstm", "gbt", "dummy"]'
    declared = study(table, head="advisor = true", protocol="folds = 2", candidates=families)
    advisor = [c for c in plan(declared) if c.candidate == "advisor"]
    assert [(c.fold, c.trial) for c in advisor] == [(0, 0), (1, 0)]
    monkeypatch.setattr("benchmarks.plan._calibration_hash", lambda: "another")
    again = [c for c in plan(declared) if c.candidate == "advisor"]
    assert {c.key for c in advisor}.isdisjoint(c.key for c in again)


def test_a_pattern_names_every_task_that_it_matches(table):
    infos = study('embedded:*", "embedded:digits').survey().infos
    names = [info.id for info in infos]
    assert len(names) == len(set(names)) > 2
    assert all(name.startswith("embedded:") for name in names)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('nmae = "x"', r"each key must be known, got 'nmae' in F\.toml: did you mean 'name'"),
        ('name = "x"\ntasks = ["t:a"]', "must have the key 'candidates', got none in F.toml"),
        (
            'name = "x y"\ntasks = ["a"]\ncandidates = ["dummy"]',
            "'name' must be a name of letters.*'x y' in F.toml",
        ),
        ('name = "x"\ntasks = []\ncandidates = ["dummy"]', "'tasks' must be a list of distinct names"),
        ('name = "x"\ntasks = ["a", "a"]\ncandidates = ["dummy"]', "'tasks' must be a list of distinct"),
        ('name = "x"\ntasks = ["a"]\ncandidates = ["gtb", "dummy"]', "'gtb' in F.toml.*did you mean 'gbt'"),
        ('name = "x"\ntasks = ["a"]\ncandidates = ["gbt"]', "must have the candidates dummy"),
        (
            'name = "x"\ntasks = ["a"]\ncandidates = ["gbt", "dummy"]\nadvisor = true',
            "advisor = true must have the candidates dummy, cnn, lstm, gbt, got none called cnn, lstm",
        ),
        ('name = "x"\ntasks = ["a"]\ncandidates = ["dummy"]\nn_trials = true', "'n_trials' must be a whole"),
        (
            'name = "x"\ntasks = ["a"]\ncandidates = ["dummy"]\n[protocol]\nmax_tran = 3',
            r"\[protocol\].*'max_train'",
        ),
        ('name = "x"\ntasks = ["a"]\ncandidates = ["dummy"]\n[protocol]\nfolds = 0', "'folds' must be"),
        (
            'name = "x"\ntasks = ["a"]\ncandidates = ["dummy"]\n[protocol]\ntrain_fraction = 1.0',
            "between 0 and 1",
        ),
        (
            'name = "x"\ntasks = ["a"]\ncandidates = ["dummy"]\n[protocol]\nseeds = [0, -1]',
            "whole numbers from 0",
        ),
        ('name = "x"\nname = "y"', "must be TOML, got F.toml"),
        ("name =", "must be TOML, got F.toml"),
    ],
)
def test_a_mistake_names_the_file_and_the_key(text, message):
    with pytest.raises(StudyError, match=message):
        Study.parse(text, where="F.toml")


def test_a_file_that_is_missing(tmp_path):
    with pytest.raises(StudyError, match=r"No such file.*starter\.toml"):
        Study.read(tmp_path / "none.toml")


def test_an_unknown_task_and_pattern(table):
    with pytest.raises(StudyError, match="did you mean 'digits'"):
        plan(study("embedded:digit"))
    with pytest.raises(StudyError, match=r"pattern.*'embeded:\*'"):
        plan(study("embeded:*"))


def test_a_task_that_cannot_be_had_is_told_and_the_rest_is_planned(table):
    found = study(f'file:gone.csv?target=y", "{table}').survey()
    assert [info.id for info in found.infos] == [table]
    assert "the file must exist" in str(found.failed["file:gone.csv?target=y"])
    with pytest.raises(InputError, match="the file must exist"):
        plan(study(f'file:gone.csv?target=y", "{table}'))
    with pytest.raises(InputError, match="the file must exist"):
        study("file:gone.csv?target=y").survey()


@pytest.mark.parametrize("path", sorted(STUDIES.glob("*.toml")), ids=lambda p: p.stem)
def test_the_studies_of_the_project_can_be_planned(path):
    declared = Study.read(path)
    assert declared.name == path.stem
    facts = ("tabular", (3,), "regression", "r2", "x", "0" * 16, 60, 3)
    remote = [TaskInfo(task, *facts) for task in declared.tasks if task.startswith("openml:")]
    cells = plan(declared, remote or None)  # the network is not asked what they are
    advised = {"advisor"} if declared.advisor else set()
    assert {c.candidate for c in cells} == {*declared.candidates} | advised
    assert len({c.key for c in cells}) == len(cells)
