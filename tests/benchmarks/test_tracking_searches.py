"""The saved searches, asked of MLflow itself, against what the results say."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import scores, tracking
from benchmarks.speed.tracking import fill
from benchmarks.store import Store
from benchmarks.tracking import searches

# MLflow 3.17 maps a relation in a way that SQLAlchemy 2.1 is about to drop (2026-11; until MLflow stops)
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:sqlalchemy.exc.SADeprecationWarning")

CANDIDATES = ("gbt", "cnn", "lstm", "linear", "dummy")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """What a search finds in a logged study, as (task, candidate), and its frame."""
    folder = tmp_path_factory.mktemp("searches")
    fill(folder / "store.sqlite", "abcdef", n_trials=2, candidates=CANDIDATES)
    (folder / "made-up" / "figures").mkdir(parents=True)
    (folder / "made-up" / "report.html").write_text("<p>")
    (folder / "made-up" / "figures" / "finding.svg").write_text("<svg/>")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    with Store(folder / "store.sqlite") as store:
        tracking.log(store, "made-up", uri=uri)
        frame = store.frame("made-up")
    client = tracking.connect(uri)
    experiment = client.get_experiment_by_name("made-up")

    def find(query):
        runs = tracking.search(client, experiment.experiment_id, query)
        found = [(run.data.tags.get("task"), run.data.tags.get("candidate")) for run in runs]
        assert len(set(found)) == len(found)
        return set(found)

    return find, frame, client, experiment


def named(name):
    return next(search.query for search in searches.SEARCHES if search.name == name)


def best_tests(frame):
    """Test score of each candidate on each task, a row a task."""
    rows = scores.selected(frame)
    rows = rows[rows["candidate"] != scores.ADVISOR]
    return rows.pivot(index="task", columns="candidate", values="test")


def test_who_won(study):
    find, frame, _, _ = study
    tests = best_tests(frame)
    others = tests.drop(columns="gbt").max(axis=1)
    winners = {(task, tests.loc[task].idxmax()) for task in tests.index}
    lost, won = set(tests.index[tests["gbt"] < others]), set(tests.index[tests["gbt"] > others])
    assert lost  # else nothing is told apart
    assert won
    assert find(named("Tasks where trees lost")) == {w for w in winners if w[0] in lost}
    assert find(named("Tasks where trees won")) == {w for w in winners if w[0] in won}
    lead = tests[["cnn", "lstm"]].max(axis=1) - tests["gbt"]
    far = set(lead.index[lead > 0.05])
    assert far
    assert far < set(tests.index)
    found = find(named("Tasks where the best network beat trees by more than 0.05"))
    assert found == {w for w in winners if w[0] in far}


def test_what_failed(study):
    find, frame, _, _ = study
    wrong = frame[frame["status"].isin(scores.FAILED)]
    expected = set(zip(wrong["task"], wrong["candidate"]))
    assert ("embedded:e", "lstm") in expected
    assert find(named("All failures")) == expected


def test_where_the_advisor_was_wrong(study):
    find, frame, _, _ = study
    regret = scores.regret(frame)
    regret = regret[regret["policy"] == scores.ADVISOR].set_index("task")["regret"]
    wrong = {(task, "advisor") for task in regret.index[regret > 0]}
    assert 0 < len(wrong) < len(regret)
    assert find(named("Where the advisor was wrong")) == wrong
    assert find(named("Where the advisor misread the structure")) == {("embedded:d", "advisor")}


def test_a_candidate_on_a_structure_and_the_candidates(study):
    find, frame, _, _ = study
    images = set(frame.loc[frame["structure"] == "image", "task"])
    query = next(s.query for s in searches.every(["cnn"], ["image"]) if s.name == "cnn on image tasks")
    assert find(query) == {(task, "cnn") for task in images} == {("embedded:a", "cnn"), ("embedded:d", "cnn")}
    assert find(searches.of_candidate("lstm")) == {(task, "lstm") for task in frame["task"]}
    assert find(named("Candidates")) == {(None, name) for name in (*CANDIDATES, "advisor")}


def test_numbers_of_a_task(study):
    _, frame, client, experiment = study
    tests = best_tests(frame).loc["embedded:a"]
    (run,) = tracking.search(
        client, experiment.experiment_id, f"{searches.of_candidate('gbt')} and tags.task = 'embedded:a'"
    )
    assert run.data.metrics["task/gap_to_best"] == pytest.approx(tests.max() - tests["gbt"])
    assert run.data.metrics["task/network_lead"] == pytest.approx(tests[["cnn", "lstm"]].max() - tests["gbt"])
    assert run.data.tags["winner"] == tests.idxmax()
    # the curve of the search: the best by validation so far
    of = frame[(frame["task"] == "embedded:a") & (frame["candidate"] == "gbt")].sort_values("trial")
    first, second = of["test"]
    ends = second if of["validation"].iloc[1] > of["validation"].iloc[0] else first
    curve = client.get_metric_history(run.info.run_id, "curve/test_score")
    assert sorted((m.step, m.value) for m in curve) == [(1, pytest.approx(first)), (2, pytest.approx(ends))]


def test_saved_views_are_tags_in_the_form_of_the_page(study):
    _, _, _, experiment = study
    views = {k: json.loads(v) for k, v in experiment.tags.items() if k.startswith(searches.TAG)}
    assert len(views) == len(searches.SEARCHES) + 3 * (len(CANDIDATES) + 1)
    view = views[searches.TAG + "all-failures"]
    state = json.loads(view["state"])
    assert view["name"] == "All failures"
    assert state["searchFilter"] == named("All failures")
    assert "tags.`reason`" in state["selectedColumns"]
    assert len(searches.every([f"c{i}" for i in range(30)], ["a", "b"])) == searches.MOST


def test_the_report_beside_the_store_is_attached(study):
    _, _, client, experiment = study
    (run,) = tracking.search(client, experiment.experiment_id, "tags.role = 'report'")
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert files == {"report.html", "figures"}
    assert [f.path for f in client.list_artifacts(run.info.run_id, "figures")] == ["figures/finding.svg"]
    assert run.data.tags["status"] == "of these results"


def test_the_page_lists_the_searches():
    text = (Path(__file__).parents[2] / "docs" / "dashboard.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- searches -->\n(.*)<!-- /searches -->", text, re.DOTALL).group(1)
    rows = [f"| {s.name} | ``{s.query}`` |" for s in searches.every(["X"], ["image"])]
    assert shown == "\n".join(["| view | search string |", "| --- | --- |", *rows, ""])
