"""The benchmarks of learning: at tiny size, what they rest on and how they tell it."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from advisor import architectures
from advisor.errors import InputError
from benchmarks import pages
from benchmarks.learning import PAGE, adding, anchors, fashion
from benchmarks.learning.lines import read, results
from benchmarks.plan import Study
from benchmarks.store import COLUMNS


def test_the_uniform_start_is_that_of_torch():
    lstm = architectures.get("lstm").make("regression", hidden=16, bidirectional=False)
    own = lstm._build((5, 2), 1)
    uniform = adding.start_as_torch(lstm)._build((5, 2), 1)
    for module, drawn in ((own, False), (uniform, True)):
        (layer,) = (part for part in module.modules() if isinstance(part, torch.nn.RNNBase))
        assert all(bool(((p != 0) & (p.abs() <= 0.25)).all()) for p in layer.parameters()) == drawn


def test_adding_is_measured_once_and_told(tmp_path, capsys, monkeypatch):
    arguments = ["lstm", "nonsense", "--sequences", "60", "--steps", "8", "--test-steps", "4", "12"]
    arguments += ["--max-epochs", "1", "--rates", "0.01", "--starts", "own", "--seeds", "0", "1"]
    arguments += ["--store", str(tmp_path / "runs" / "adding.jsonl")]
    assert adding.main(arguments) == 0
    told = capsys.readouterr().out
    assert "nonsense: left out" in told
    lines = read(tmp_path / "runs" / "adding.jsonl")
    assert [line["settings"]["seed"] for line in lines] == [0, 1]
    for line in lines:
        assert set(line["measured"]["rmse"]) == {"8", "12"}  # not shorter than what it was trained on
        assert 0.1 < line["measured"]["rmse"]["8"] < 1
    monkeypatch.setattr(adding, "measure", None)
    assert adding.main(arguments) == 0
    assert capsys.readouterr().out == told


def made(candidate, rmse, *, rate=adding.RATES[0], start="own"):
    return {
        **{"candidate": candidate, "steps": 100, "learning_rate": rate, "start": start, "weights": 4673},
        **{"seed": 0, "rmse": {"100": rmse, "400": 0.3}, "cpu_seconds": 9.0},
    }


def test_the_verdict_wants_the_lstm_to_solve_what_the_plain_network_does_not():
    good = adding.verdict([made("lstm", 0.02), made("rnn", 0.41), made("rnn", 0.1, rate=0.003)])
    assert [("met" in line, "MISSED" in line) for line in good] == [(True, False)] * 2
    bad = adding.verdict([made("lstm", 0.02), made("lstm", 0.06), made("rnn", 0.2)])
    assert ["MISSED" in line for line in bad] == [True, True]
    columns, rows = adding.table([made("lstm", 0.02), made("lstm", 0.06)])
    assert rows == [
        ["lstm", "4673", "100", "0.01", "own", "0.020, 0.060", "0.300, 0.300", "0.011, 0.105", "9"]
    ]
    assert len(columns) == len(rows[0])


def test_a_line_that_was_cut_off_is_measured_again(tmp_path):
    store, calls = tmp_path / "lines.jsonl", []

    def double(x):
        calls.append(x)
        return {"y": 2 * x}

    assert [r["y"] for r in results(store, [{"x": 1}, {"x": 2}], double)] == [2, 4]
    store.write_text(store.read_text()[:-20])  # killed while it wrote the second
    assert [r["y"] for r in results(store, [{"x": 1}, {"x": 2}, {"x": 3}], double)] == [2, 4, 6]
    assert calls == [1, 2, 2, 3]
    assert [json.loads(line)["settings"]["x"] for line in store.read_text().splitlines() if line[-2:] == "}}"]
    assert [line["settings"]["x"] for line in read(store)] == [1, 2, 3]


def images(n_train=30, n_test=20):
    """Two bright rows say the class."""
    rng = np.random.default_rng(0)
    y = np.arange(n_train + n_test) % 10
    X = rng.integers(0, 50, size=(len(y), 28, 28)).astype(np.uint8)
    X[np.arange(len(y)), 2 * y + 4] = 250
    return X, y


def test_fashion_reads_a_file_and_learns_from_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(fashion, "N_TRAIN", 300)
    monkeypatch.setattr(fashion, "N_TEST", 50)
    X, y = images(300, 50)
    np.savez(tmp_path / "f.npz", x_train=X[:300], y_train=y[:300], x_test=X[300:], y_test=y[300:])
    pd.DataFrame(X.reshape(350, -1)).add_prefix("p").assign(label=y).to_parquet(tmp_path / "f.parquet")
    for one, other in zip(fashion.load(str(tmp_path / "f.npz")), fashion.load(str(tmp_path / "f.parquet"))):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])
    arguments = ["gbt", "--train-rows", "100", "--set", "n_estimators=5", "--data", str(tmp_path / "f.npz")]
    arguments += ["--store", str(tmp_path / "fashion.jsonl")]
    assert fashion.main(arguments) == 0
    (line,) = read(tmp_path / "fashion.jsonl")
    assert line["settings"] == {
        **{"candidate": "gbt", "config": {"n_estimators": 5}, "train_rows": 100, "seed": 0}
    }
    assert line["measured"]["accuracy"] > 0.8
    assert f"{line['measured']['accuracy']:.4f}" in capsys.readouterr().out
    (tmp_path / "f.npz").unlink()
    assert fashion.main(arguments) == 0  # nothing is read if all is done


def test_fashion_refuses_another_order_of_the_rows(tmp_path, capsys):
    X, y = images()
    np.savez(tmp_path / "f.npz", x_train=X[:30], y_train=y[:30], x_test=X[30:], y_test=y[30:])
    with pytest.raises(InputError, match="official order"):
        fashion.load(str(tmp_path / "f.npz"))
    store = str(tmp_path / "s.jsonl")
    assert fashion.main(["gbt", "--data", str(tmp_path / "f.npz"), "--store", store]) == 2
    assert "official order" in capsys.readouterr().err


def frame_of(scores, *, trials=2):
    """A results frame of (task, origin, metric, candidate, [test by trial]); a pending trial is None."""
    rows = []
    for task, origin, metric, candidate, tests in scores:
        for trial, test in enumerate(tests):
            row = dict.fromkeys(COLUMNS) | {"task": task, "origin": origin, "metric": metric}
            row |= {"candidate": candidate, "trial": trial, "fold": 0, "seed": 0, "kind": "any"}
            row |= {"status": "pending" if test is None else "ok", "validation": test, "test": test}
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS).astype({"validation": float, "test": float})


PUBLISHED = pd.DataFrame(
    [
        ["openml:1", "one", 0.80, 0.7, 0.75],
        ["openml:2", "two", 0.90, 0.7, 0.75],
        ["openml:3", "three", 0.50, 0.4, 0.45],
        ["openml:4", "four", 0.50, 0.4, 0.45],
    ],
    columns=["task", "name", "xgboost", "mlp", "ft_transformer"],
)


def test_tuned_trees_are_judged_by_what_they_could_be_compared_with():
    frame = frame_of(
        [
            ("openml:1", "one", "accuracy", "gbt", [0.7, 0.809]),
            ("openml:1", "one", "accuracy", "dummy", [0.5]),
            ("openml:2", "two", "r2", "gbt", [0.7, 0.879]),
            ("openml:2", "two", "r2", "dummy", [0.0]),
            ("openml:3", "another", "r2", "gbt", [0.5, 0.5]),
            ("openml:3", "another", "r2", "dummy", [0.0]),
            ("openml:4", "four", "r2", "gbt", [0.5, None]),
            ("openml:4", "four", "r2", "dummy", [0.0]),
        ]
    )
    table = anchors.trees(frame, PUBLISHED)
    assert list(table["told"]) == ["within", "OUTSIDE", "openml:3 is 'another'", "2 of 3 cells done"]
    assert table["difference"].round(6).tolist()[:2] == [0.009, -0.021]
    assert table["folds"].tolist()[:2] == [1, 1]


def test_a_network_below_the_linear_model_is_named():
    frame = frame_of(
        [
            ("openml:1", "one", "accuracy", "linear", [0.7]),
            ("openml:1", "one", "accuracy", "mlp", [0.69]),
            ("openml:1", "one", "accuracy", "gbt", [0.6]),  # no network
            ("openml:1", "one", "accuracy", "dummy", [0.5]),
            ("openml:2", "two", "r2", "linear", [0.7]),
            ("openml:2", "two", "r2", "mlp", [0.71]),
            ("openml:2", "two", "r2", "gbt", [0.8]),
            ("openml:2", "two", "r2", "dummy", [0.0]),
        ]
    )
    table = anchors.networks(frame, PUBLISHED)
    assert table[["name", "mlp", "below"]].to_numpy().tolist() == [["one", 0.69, "mlp"], ["two", 0.71, ""]]


@pytest.mark.parametrize("name", anchors.STUDIES)
def test_the_studies_are_on_the_published_data_sets_with_their_split(name):
    study = Study.read(anchors.ANCHORS.parents[1] / "studies" / f"{name}.toml")
    assert set(study.tasks) == set(anchors.anchors()["task"])
    assert study.protocol.split == "random"
    assert study.name == name


def test_the_page_has_a_place_for_each_benchmark(tmp_path):
    copy, parts = tmp_path / "learning.md", ("adding 100", "adding 400", "fashion", "anchors")
    copy.write_text(PAGE.read_text())
    for part in parts:
        pages.write(copy, part, [f"table of {part}"])
    told = copy.read_text()
    assert [f"table of {part}" in told for part in parts] == [True] * len(parts)
