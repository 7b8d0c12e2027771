"""The projection into MLflow: nesting, numbers, that it can be repeated."""

import math
import os
import time

import pytest

from advisor.errors import StoreError
from benchmarks import scores, tracking
from benchmarks.cell import Cell, Outcome
from benchmarks.store import Store
from benchmarks.tracking import description, experiments, projection, searches

# MLflow 3.17 maps a relation in a way that SQLAlchemy 2.1 is about to drop (2026-11; until MLflow stops)
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:sqlalchemy.exc.SADeprecationWarning")

CANDIDATES = ("cnn", "lstm", "gbt", "dummy")
# (task, structure) -> test scores of the candidates
TASKS = {"embedded:a": ("image", [0.9, 0.5, 0.7, 0.1]), "embedded:b": ("tabular", [0.2, 0.1, 0.8, 0.0])}
ENVIRONMENT = {"cpu": "a CPU", "gpu": "", "threads": 1, "device": "cpu", "commit": "c" * 40, "dirty": False}


def fill(path, *, gbt=None, failed=False):
    """A finished study of two tasks and two folds, the second fold 0.1 better."""
    cells, outcomes = [], []
    for task, (_, tests) in TASKS.items():
        for fold in (0, 1):
            for candidate, score in zip(CANDIDATES, tests):
                cell = Cell(task, "hash", candidate, "{}", fold, 0, "{}")
                score = gbt if gbt is not None and candidate == "gbt" else score + 0.1 * fold
                facts = (
                    "ok",
                    "",
                    score,
                    score,
                    2.0,
                    0.5,
                    10.0,
                    {},
                    ENVIRONMENT,
                    f"2026-01-0{fold + 1}T00:00:00+00:00",
                )
                outcome = Outcome(cell.key, *facts)
                if failed and candidate == "lstm":
                    outcome = Outcome(cell.key, "timeout", "stopped after 5 s", finished=facts[-1])
                cells.append(cell)
                outcomes.append(outcome)
            cells.append(Cell(task, "hash", "advisor", "{}", fold, 0, "{}"))
            told = {
                "recommendation": "gbt",
                "structure": "tabular",
                "layout": [3],
                "form": "f",
                "confidence": 0.75,
            }
            outcomes.append(
                Outcome(
                    cells[-1].key,
                    "ok",
                    fit_seconds=0.5,
                    extra=told,
                    environment=ENVIRONMENT,
                    finished=facts[-1],
                )
            )
    known = {
        "data_hash": "hash",
        "kind": "classification",
        "metric": "accuracy",
        "layout": [3],
        "n": 100,
        "d": 3,
    }
    tasks = [{"id": t, "origin": t, "structure": structure, **known} for t, (structure, _) in TASKS.items()]
    with Store(path, writable=True) as store:
        store.declare("s", title="A <study>", declared='name = "s"', tasks=tasks, cells=cells)
        for outcome in outcomes:
            store.record(outcome, replace=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A store, logged once; making the database takes seconds."""
    folder = tmp_path_factory.mktemp("runs")
    fill(folder / "store.sqlite")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    with Store(folder / "store.sqlite") as store:
        link = tracking.log(store, "s", uri=uri)
    return folder, uri, link


def shown(uri):
    """Each active run and its metrics as (step, value), by the name of its parent and its own."""
    client = tracking.connect(uri)
    experiment = client.get_experiment_by_name("s")
    runs = client.search_runs([experiment.experiment_id], max_results=1_000)
    names = {run.info.run_id: run.info.run_name for run in runs}
    result = {}
    for run in runs:
        parent = names.get(run.data.tags.get("mlflow.parentRunId"))
        history = {
            name: [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, name)]
            for name in run.data.metrics
        }
        result[parent, run.info.run_name] = (run, history)
    assert len(result) == len(runs)  # nothing twice
    return experiment, result


def test_candidates_are_at_the_top_and_tasks_below(place):
    _, uri, link = place
    experiment, runs = shown(uri)
    top = [name for parent, name in runs if parent is None]
    assert sorted(top) == sorted([*CANDIDATES, "advisor"])
    assert {name for parent, name in runs if parent == "gbt"} == {"a", "b"}
    assert len(runs) == 5 + 5 * 2
    assert link.startswith(f"#/experiments/{experiment.experiment_id}/runs?compareRunsMode=CHART")


def test_newest_first_is_the_order_of_the_verdict(place):
    _, uri, _ = place
    experiment, _ = shown(uri)
    runs = tracking.connect(uri).search_runs([experiment.experiment_id])  # as the runs page asks
    assert [run.info.run_name for run in runs[:5]] == ["gbt", "advisor", "cnn", "lstm", "dummy"]


def test_candidates_show_the_verdict_and_curves(place):
    folder, uri, _ = place
    _, runs = shown(uri)
    run, history = runs[None, "gbt"]
    # task a: (0.75 - 0.15) / (0.95 - 0.15) = 0.75; task b: 1
    assert run.data.metrics["score/overall"] == pytest.approx(0.875)
    assert run.data.metrics["score/image"] == pytest.approx(0.75)
    assert run.data.metrics["rank/overall"] == 1.5
    assert run.data.metrics["wins/overall"] == 1
    assert (run.data.metrics["status/ok"], run.data.metrics["status/failed"]) == (4, 0)
    assert run.data.metrics["seconds/fit"] == 8
    assert history["curve/normalised_score"] == [(1, pytest.approx(0.875))]
    assert history["curve/score_within_seconds"] == [
        (1, 0),
        (2, pytest.approx(0.875)),
        (5, pytest.approx(0.875)),
    ]
    with Store(folder / "store.sqlite") as store:
        regret = scores.regret(store.frame("s")).groupby("policy")["regret"].mean()
    advisor = runs[None, "advisor"][0].data.metrics
    assert advisor["regret/advisor"] == pytest.approx(0.1) == pytest.approx(regret["advisor"])
    assert advisor["regret/always_cnn"] == pytest.approx(0.3)


def test_tasks_show_folds_parameters_data_and_hardware(place):
    _, uri, _ = place
    _, runs = shown(uri)
    run, history = runs["gbt", "a"]
    assert sorted(history["task/test_by_fold"]) == [(0, pytest.approx(0.7)), (1, pytest.approx(0.8))]
    assert run.data.metrics["task/test"] == pytest.approx(0.75)
    assert run.data.metrics["task/fit_seconds"] == 4
    assert run.data.params == {"task": "embedded:a", "candidate": "gbt", "trial": "0"}
    assert run.data.tags["status"] == "ok"
    assert run.data.tags["cpu"] == "a CPU"
    assert run.data.tags["structure"] == "image"
    (data,) = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("embedded:a", "hash")
    run, _ = runs["advisor", "a"]
    assert run.data.params["advised_recommendation"] == "gbt"
    assert run.data.metrics["task/confidence"] == 0.75
    assert run.data.metrics["task/regret"] == pytest.approx(0.2)
    assert run.data.metrics["task/test"] == pytest.approx(0.75)


def test_the_description_is_the_verdict(place):
    _, uri, _ = place
    experiment, _ = shown(uri)
    text = experiment.tags["mlflow.note.content"]
    assert "Protocol holdout: " in text
    assert "Curves over trials: 0 the dummy, 1 the best candidate after its whole search" in text
    assert text.startswith("**A &lt;study&gt;** Highest mean normalised score: overall (2 tasks) gbt 0.88; ")
    gbt = searches.link(experiment.experiment_id, "tags.role = 'task' and tags.candidate = 'gbt'")
    assert f"| [gbt]({gbt}) | 0.875 | 1.50 | 1 | 0 | 8.0 |" in text
    assert "| always cnn | 0.3000 |" in text


@pytest.fixture
def copy(place, tmp_path):
    """A copy of the place for tests that change it."""
    for name in ("store.sqlite", "mlflow.db"):
        (tmp_path / name).write_bytes((place[0] / name).read_bytes())
    return tmp_path, f"sqlite:///{tmp_path / 'mlflow.db'}", place[2]


def test_logging_again_changes_nothing_and_new_results_replace_old_ones(copy):
    folder, uri, link = copy
    _, before = shown(uri)
    with Store(folder / "store.sqlite") as store:
        assert tracking.log(store, "s", uri=uri) == link
    _, same = shown(uri)
    assert {key: run.info.run_id for key, (run, _) in same.items()} == {
        key: run.info.run_id for key, (run, _) in before.items()
    }
    fill(folder / "store.sqlite", gbt=0.85)
    with Store(folder / "store.sqlite") as store:
        tracking.log(store, "s", uri=uri)
    _, after = shown(uri)
    assert set(after) == set(before)
    assert after["gbt", "b"][0].data.metrics["task/test"] == pytest.approx(0.85)


def test_files_are_attached_to_one_run(copy, tmp_path):
    folder, uri, _ = copy
    (tmp_path / "report.html").write_text("<p>")
    with Store(folder / "store.sqlite") as store:
        for _ in range(2):
            tracking.log(store, "s", uri=uri, attach=[tmp_path / "report.html"])
        with pytest.raises(StoreError, match="attachment must be a file"):
            tracking.log(store, "s", uri=uri, attach=[tmp_path / "none.html"])
    client = tracking.connect(uri)
    experiment, _ = shown(uri)
    (run,) = client.search_runs([experiment.experiment_id], "tags.role = 'report'")
    assert [artifact.path for artifact in client.list_artifacts(run.info.run_id)] == ["report.html"]


def test_an_experiment_that_was_deleted_comes_back(copy):
    folder, uri, _ = copy
    client = tracking.connect(uri)
    client.delete_experiment(client.get_experiment_by_name("s").experiment_id)
    with Store(folder / "store.sqlite") as store:
        tracking.log(store, "s", uri=uri)
    experiment, runs = shown(uri)
    assert experiment.lifecycle_stage == "active"
    assert len(runs) == 15


def test_a_study_of_the_same_name_in_another_store_is_left_alone(copy, tmp_path):
    _, uri, _ = copy
    _, before = shown(uri)
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "store.sqlite"
    fill(other, gbt=0.85)
    with Store(other) as store:
        with pytest.raises(
            StoreError, match=r"experiment 's' at sqlite.* must be of this store, got that of .*:/"
        ):
            tracking.log(store, "s", uri=uri)
        assert {run.info.run_id for run, _ in shown(uri)[1].values()} == {
            run.info.run_id for run, _ in before.values()
        }
        client = tracking.connect(uri)
        client.delete_experiment(client.get_experiment_by_name("s").experiment_id)
        tracking.log(store, "s", uri=uri)  # nobody's any more
    assert shown(uri)[1]["gbt", "b"][0].data.metrics["task/test"] == pytest.approx(0.85)


def test_an_experiment_without_an_owner_and_one_of_a_store_that_was_made_anew_are_taken_over(copy):
    folder, uri, link = copy
    client = tracking.connect(uri)
    experiment = client.get_experiment_by_name("s").experiment_id
    for tag in (experiments._STORE, experiments._PLACE):
        client.delete_experiment_tag(experiment, tag)
    for _ in range(2):
        (folder / "store.sqlite").unlink()
        fill(folder / "store.sqlite", gbt=0.85)
        with Store(folder / "store.sqlite") as store:
            assert tracking.log(store, "s", uri=uri) == link


def test_tasks_whose_candidate_was_deleted_go_with_it(copy):
    folder, uri, _ = copy
    client = tracking.connect(uri)
    client.delete_run(shown(uri)[1][None, "gbt"][0].info.run_id)
    with Store(folder / "store.sqlite") as store:
        tracking.log(store, "s", uri=uri)
    _, runs = shown(uri)
    assert len(runs) == 15
    assert ("gbt", "a") in runs


def test_a_page_that_is_older_than_the_results_is_told_whatever_else_is_attached(copy, tmp_path):
    folder, uri, _ = copy
    (folder / "s").mkdir()
    page, newer = folder / "s" / "report.html", tmp_path / "notes.txt"
    for path, written in ((page, 1_000_000_000), (newer, time.time())):
        path.write_text("x")
        os.utime(path, (written, written))
    with Store(folder / "store.sqlite") as store:
        tracking.log(store, "s", uri=uri, attach=[newer])
    assert shown(uri)[1][None, "report"][0].data.tags["status"] == "older than the results"


def test_the_description_fits_where_it_must(place):
    folder, _, _ = place
    with Store(folder / "store.sqlite") as store:
        settings, frame = store.study("s"), store.frame("s")
    texts, most = [], description.LONG
    for _ in range(5):
        texts.append(description.note(settings, frame, experiment="1", views=searches.SEARCHES, most=most))
        assert len(texts[-1]) <= most
        most = len(texts[-1]) - 1
    held = [
        ["[gbt](" in text, "## Where to look" in text, "## Image" in text, text.endswith("…")]
        for text in texts
    ]
    assert held == [
        [True, True, True, False],
        [False, True, True, False],
        [False, False, True, False],
        [False, False, False, False],
        [False, False, False, True],
    ]


def test_a_server_of_mlflow_2_gets_a_shorter_description():
    from mlflow.exceptions import MlflowException

    class Client:
        def set_experiment_tag(self, experiment, name, value):
            if len(value) > 5_000:
                raise MlflowException("too long")
            self.told = value

    client = Client()
    experiments._describe(client, "1", {}, lambda most=20_000: "x" * most)
    assert len(client.told) == 5_000


def test_failures_are_tags_and_never_numbers(tmp_path):
    fill(tmp_path / "store.sqlite", failed=True)
    with Store(tmp_path / "store.sqlite") as store:
        frame = store.frame("s")
        tasks = {task["id"]: task for task in store.tasks("s")}
    runs = projection.candidates(frame, tasks, {})
    top = runs["lstm"].top
    assert top.failed
    assert ("status/failed", 4.0, 0) in top.metrics
    (run, _) = runs["lstm"].tasks
    assert run.failed
    assert run.tags["status"] == "timeout"
    assert run.tags["reason"] == "2 of 2 cells; the first: stopped after 5 s"
    assert "task/test" not in {name for name, _, _ in run.metrics}
    every = [run for candidate in runs.values() for run in (candidate.top, *candidate.tasks)]
    assert all(math.isfinite(value) for run in every for _, value, _ in run.metrics)


def test_trees_are_what_declares_to_be(tmp_path):
    fill(tmp_path / "store.sqlite")
    with Store(tmp_path / "store.sqlite") as store:
        frame = store.frame("s").replace({"candidate": {"lstm": "more_trees"}})
        tasks = {task["id"]: task for task in store.tasks("s")}
    frame.loc[frame["candidate"] == "more_trees", ["validation", "test"]] = 0.99  # better than gbt and cnn

    def trees(labels):
        runs = projection.candidates(frame, tasks, {}, labels)
        return {run.tags["trees"] for run in runs["gbt"].tasks}

    assert trees({"more_trees": ("More trees", "trees")}) == {"won"}
    assert trees({"more_trees": ("More", "other")}) == trees({}) == {"lost"}


def test_a_study_without_outcomes_can_be_shown(tmp_path):
    cell = Cell("embedded:a", "hash", "dummy", "{}", 0, 0, "{}")
    facts = {
        "kind": "regression",
        "metric": "r2",
        "structure": None,
        "layout": None,
        "origin": "a",
        "n": 1,
        "d": 1,
    }
    task = {"id": cell.task, "data_hash": "hash", **facts}
    with Store(tmp_path / "store.sqlite", writable=True) as store:
        store.declare("s", title="S", declared='name = "s"', tasks=[task], cells=[cell])
        runs = projection.candidates(store.frame("s"), {cell.task: task}, {})
        assert "1 of 1 cells have no outcome yet" in description.note(store.study("s"), store.frame("s"))
    assert runs["dummy"].top.tags["status"] == "1 pending"
