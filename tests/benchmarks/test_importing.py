"""A study goes on from the results file of its report: equal content, equal key."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.__main__ import main
from benchmarks.cell import Outcome
from benchmarks.driver import run_study
from benchmarks.importing import import_outcomes
from benchmarks.plan import Study
from benchmarks.store import Store
from reports.__main__ import main as reports

TEXT = """name = "published"
tasks = ["file:{data}?target=y&kind=regression"]
candidates = ["linear", "dummy"]
[protocol]
seeds = [0, 1]
"""


class Inline:
    """An engine that gives an outcome to each cell right here."""

    workers = 1

    def run(self, function, cells, *, limits):
        for cell in cells:
            score = 0.5 + cell.seed / 10
            facts = {"extra": {"epochs": 3}, "environment": {"python": "3.11"}, "finished": "2026-11-29"}
            if cell.candidate == "linear" and cell.seed == 1:
                yield Outcome(cell.key, "timeout", "too long", **facts)
            else:
                yield Outcome(cell.key, "ok", "", score, score, 1.0, 0.1, **facts)


@pytest.fixture
def study(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"))
    frame.assign(y=frame["a"]).to_csv(tmp_path / "t.csv", index=False)
    return Study.parse(TEXT.format(data=tmp_path / "t.csv"))


@pytest.fixture
def published(study, tmp_path):
    """The report of a run in another place."""
    with Store(tmp_path / "theirs.sqlite", writable=True) as store:
        run_study(store, study, engine=Inline())
        frame = store.frame(study.name)
    out = tmp_path / "out"
    assert reports(["build", "published", "--store", str(tmp_path / "theirs.sqlite"), "--out", str(out)]) == 0
    return out / "results.parquet", frame


def test_what_is_imported_is_what_was_published_and_only_the_rest_runs(study, published, tmp_path):
    path, theirs = published
    more = Study.parse(study.text.replace("[0, 1]", "[0, 1, 2]"))
    with Store(tmp_path / "ours.sqlite", writable=True) as store:
        assert import_outcomes(store, more, path) == {"imported": 4}
        ours = store.frame("published")
        done = ours[ours["status"] != "pending"].reset_index(drop=True)
        pd.testing.assert_frame_equal(done, theirs)
        assert run_study(store, more, engine=Inline()).statuses.total() == 2
        assert import_outcomes(store, more, path) == {"there already": 4}


def test_rows_of_the_advisor_bear_the_scores_of_another_cell(study, published, tmp_path):
    rows = pd.read_parquet(published[0])
    rows.loc[rows["candidate"] == "linear", "candidate"] = "advisor"
    rows.to_parquet(tmp_path / "advised.parquet")
    with Store(tmp_path / "ours.sqlite", writable=True) as store:
        assert import_outcomes(store, study, tmp_path / "advised.parquet") == {"imported": 2}


def test_outcomes_of_other_data_are_left_out(study, published, tmp_path):
    frame = pd.read_csv(tmp_path / "t.csv")
    frame.loc[0, "a"] += 1
    frame.to_csv(tmp_path / "t.csv", index=False)
    with Store(tmp_path / "ours.sqlite", writable=True) as store:
        assert import_outcomes(store, study, published[0]) == {"of no cell of this study": 4}
        assert set(store.frame("published")["status"]) == {"pending"}


def test_what_is_recorded_already_is_kept(study, published, tmp_path):
    with Store(tmp_path / "theirs.sqlite", writable=True) as store:
        changed = pd.read_parquet(published[0]).assign(test=0.0)
        changed.to_parquet(tmp_path / "changed.parquet")
        assert import_outcomes(store, study, tmp_path / "changed.parquet") == {"there already": 4}
        pd.testing.assert_frame_equal(store.frame("published"), published[1])


@pytest.mark.parametrize("content", ["nothing", "text", "other columns", "another status"])
def test_what_is_no_results_file_is_refused_in_one_sentence(content, published, tmp_path, capsys):
    path, study = tmp_path / "wrong.parquet", tmp_path / "s.toml"
    study.write_text(TEXT.format(data=tmp_path / "t.csv"))
    if content == "text":
        path.write_text("no parquet")
    elif content == "other columns":
        pd.DataFrame({"a": [1]}).to_parquet(path)
    elif content == "another status":
        pd.read_parquet(published[0]).assign(status="fine").to_parquet(path)
    assert main(["import", str(study), str(path), "--store", str(tmp_path / "new.sqlite")]) == 2
    assert "must be the results file of a report, got " in capsys.readouterr().err


def test_the_command_tells_what_it_took(study, published, tmp_path, capsys):
    path, store = tmp_path / "s.toml", str(tmp_path / "new.sqlite")
    path.write_text(study.text)
    assert main(["import", str(path), str(published[0]), "--store", store]) == 0
    assert capsys.readouterr().out == "published: 4 imported\n"
    assert main(["verify", "published", "--store", store]) == 0
