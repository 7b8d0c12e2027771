"""Study files are checked key by key; plans are always the same and grow without disturbing what is there."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from advisor import architectures
from advisor.errors import InputError, StudyError
from benchmarks.cell import Cell
from benchmarks.plan import Study, plan
from benchmarks.protocol import VARIANTS, Protocol
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


@pytest.mark.parametrize(
    ("protocol", "key"),
    [
        ("", "f59f01a1bd398c25918c612f"),
        ('name = "random"\nmax_train = 2_000\nfit_seconds = 150', "235e967f7b68cb7ab8816299"),
    ],
)
def test_results_from_before_there_were_variants_stay_valid(table, protocol, key):
    task = "embedded:digits" if not protocol else "openml:1"
    text = study(table, protocol=protocol).protocol.text
    assert Cell(task, "0123456789abcdef", "gbt", '{"max_depth":3}', 1, 2, text).key == key


def test_a_variant_is_a_preset_that_single_keys_override(table):
    def protocol(text):
        return study(table, protocol=text).protocol

    assert [protocol(f'name = "paper"\nsize = "{s}"').max_train for s in ("small", "medium", "large")] == [
        1_000,
        10_000,
        50_000,
    ]
    paper = protocol('name = "paper"')
    assert (paper.split, paper.folds, paper.spaces) == ("random", "by test size", "paper")
    assert (paper.early_stopping, paper.normalisation, paper.max_train) == ("published", "published", 10_000)
    changed = protocol(
        'name = "paper"\nearly_stopping = "sensible"\nfolds = 2\nsize = "small"\nmax_train = 7'
    )
    assert (changed.early_stopping, changed.folds, changed.max_train) == ("sensible", 2, 7)
    assert protocol('name = "kfold"').inner_folds == 5
    assert protocol('name = "quick"').max_train < protocol("").max_train


def test_the_text_of_a_protocol_holds_what_a_result_depends_on_and_nothing_else():
    text = {name: Protocol.of({"name": name}).text for name in VARIANTS}
    assert text["paper"] == text["random"]  # the spaces show in the configurations
    assert json.loads(text["kfold"]) == {**json.loads(text["holdout"]), "inner_folds": 5}
    given = json.loads(text["openml-splits"])
    assert given["name"] == "openml"
    assert "train_fraction" not in given
    assert text["quick"] == Protocol(max_train=1_000, max_eval=2_000, fit_seconds=30).text
    assert Protocol.of({"normalisation": "published"}).text == text["holdout"]


def test_the_splits_that_come_with_a_task_are_its_folds(table):
    facts = ("tabular", (3,), "regression", "r2", "x", "0" * 16, 60, 3)
    given = TaskInfo("openml:1", *facts, n_splits=3)
    declared = study("openml:1", protocol='name = "openml-splits"')
    assert [c.fold for c in plan(declared, [given]) if c.candidate == "dummy"] == [0, 1, 2]
    fewer = study("openml:1", protocol='name = "openml-splits"\nfolds = 2')
    assert [c.fold for c in plan(fewer, [given]) if c.candidate == "dummy"] == [0, 1]
    with pytest.raises(StudyError, match="tasks that come with at least 1 splits, got 0 of openml:1"):
        plan(declared, [TaskInfo("openml:1", *facts)])
    with pytest.raises(StudyError, match="at least 2 splits, got 1 of openml:1"):
        plan(fewer, [TaskInfo("openml:1", *facts, n_splits=1)])
    with pytest.raises(StudyError, match="needs tasks that come with"):
        plan(study("openml:1", protocol='folds = "as given"'), [TaskInfo("openml:1", *facts)])


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


def test_single_candidates_may_have_other_numbers_of_trials(table):
    names = '["gbt", "random_forest", "dummy"]'

    def asked(text):
        return study(table, head=f"n_trials = 6\n[trials]\n{text}", candidates=names)

    counts = Counter(c.candidate for c in plan(asked("random_forest = 2")) if c.fold == 0 and c.seed == 0)
    assert counts == {"gbt": 6, "random_forest": 2, "dummy": 1}
    with pytest.raises(StudyError, match=r"'random_tree'.*table 'trials'.*did you mean 'random_forest'"):
        asked("random_tree = 2")
    with pytest.raises(StudyError, match="'trials' must be a table"):
        asked("gbt = 0")


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
            'name = "x"\ntasks = ["a"]\ncandidates = ["dummy"]\ncell_seconds = inf',
            "must be a positive, finite",
        ),
        ('name = "x"\ntasks = ["a"]\ncandidates = ["dummy"]\n[protocol]\nseeds = [4294967296]', "from 0 to"),
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
        (
            'name = "x"\ntasks = ["a"]\ncandidates = ["dummy"]\n[protocol]\nname = "papr"',
            "'name' must be one of 'holdout', 'random', 'paper', .* got 'papr' in F.toml",
        ),
        (
            'name = "x"\ntasks = ["a"]\ncandidates = ["dummy"]\n[protocol]\ninner_folds = 1',
            "'inner_folds' must be a whole number of at least 2",
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
    remote = [TaskInfo(task, *facts) for task in declared.tasks if task.startswith(("openml:", "suite:"))]
    cells = plan(declared, remote or None)  # the network is not asked what they are
    advised = {"advisor"} if declared.advisor else set()
    assert {c.candidate for c in cells} == {*declared.candidates} | advised
    assert len({c.key for c in cells}) == len(cells)
