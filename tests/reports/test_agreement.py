"""Agreement with published numbers, on a small file whose answers are known."""

import numpy as np
import pandas as pd
import pytest

from reports import agreement, beside, document, published
from reports.summary import ReportError, summarise

HEAD = "# title: By hand\n# source: this test\n# split: random\n# n_trials: 400\n"


def write(path, head, rows):
    path.write_text(head + "\n".join(",".join(map(str, row)) for row in rows) + "\n")
    return path


def tables(summary, *files):
    result = agreement.told(summary, files)
    return result, document.files(result)


@pytest.mark.parametrize("path", published.shipped(), ids=lambda p: p.stem)
def test_what_is_shipped_can_be_read_and_names_its_source(path):
    found = published.read(path)
    assert found.facts["source"]
    assert found.facts["title"]
    assert found.table["score"].between(-1, 1).all()
    keys = [c for c in ("task", "kind", "candidate", "trials") if c in found.table]
    assert not found.table.duplicated(keys).any()


def test_the_published_curves_are_those_of_the_paper():
    table = published.read(published.shipped()[0]).table.pivot(
        index="trials", columns="candidate", values="score"
    )
    assert table.loc[1].idxmax() == "gradient_boosting"  # by default
    assert table.loc[401, "gbt"] == 0.9137
    trees, networks = (
        ["gbt", "random_forest", "gradient_boosting"],
        ["ft_transformer", "saint", "resnet", "mlp"],
    )
    assert (table.loc[3:, trees].min(axis=1) > table.loc[3:, networks].max(axis=1)).all()


def test_scores_that_are_ours_agree_in_everything(searched, tmp_path):
    rows = [("task", "candidate", "score")]
    rows += [(t, c, searched.test.loc[t, c]) for t in searched.tasks.index for c in ("gbt", "cnn", "mlp")]
    result, found = tables(searched, write(tmp_path / "own.csv", HEAD, rows))
    assert (found["own-tasks"]["spearman"] == 1).all()
    assert (found["own-tasks"]["signs"] == "3 of 3").all()
    assert found["own-candidates"]["pearson"].tolist() == pytest.approx([1, 1, 1])
    assert found["own-scores"]["difference"].abs().max() < 1e-9
    assert "By hand: on 17 tasks 100% (95% 100% to 100%) of the pairs" in result.headline
    assert "Spearman 1.00 and Kendall 1.00" in result.headline
    rules = found["own-protocol"].set_index("rule")
    assert rules.loc["split"].tolist() == ["random", "holdout"]
    assert rules.loc["n_trials"].tolist() == ["400", "3"]
    assert rules.loc["tasks"].tolist() == ["not told", "17"]
    assert rules.loc["max_eval"].tolist() == ["not told", "50000"]
    assert "Source: this test." in result.sections[1].text


def test_disagreement_is_counted_by_hand(searched, tmp_path):
    # digits, here: cnn > mlp > gbt; bike, here: gbt > mlp > cnn
    rows = [
        ("task", "candidate", "score"),
        *[("embedded:digits", c, s) for c, s in (("cnn", 0.9), ("gbt", 0.8), ("mlp", 0.7))],
        *[("embedded:bike", c, s) for c, s in (("cnn", 0.9), ("mlp", 0.8), ("gbt", 0.7))],
        ("embedded:nowhere", "cnn", 0.5),
    ]
    result, found = tables(searched, write(tmp_path / "own.csv", HEAD, rows))
    by_task = found["own-tasks"].set_index("task")
    assert by_task.loc["embedded:digits", "signs"] == "2 of 3"
    assert by_task.loc["embedded:digits", ["spearman", "kendall"]].tolist() == pytest.approx([0.5, 1 / 3])
    assert by_task.loc["embedded:bike", "signs"] == "0 of 3"
    assert by_task.loc["embedded:bike", "spearman"] == -1
    assert "on 2 tasks 33%" in result.headline
    assert "A direction only" in result.headline


def test_a_task_is_found_by_the_name_of_its_data_and_its_kind(searched, tmp_path):
    rows = [
        ("task", "kind", "candidate", "score"),
        *[("embedded:vinho_verde", "classification", c, s) for c, s in (("cnn", 0.5), ("gbt", 0.7))],
        *[("embedded:vinho_verde", "regression", c, s) for c, s in (("cnn", 0.2), ("gbt", 0.1))],
    ]
    _, found = tables(searched, write(tmp_path / "own.csv", HEAD, rows))
    scores = found["own-scores"].set_index("candidate")
    assert set(scores["task"]) == {"embedded:wine_quality"}
    assert scores["published"].to_dict() == {"gbt": 0.7, "cnn": 0.5}


def test_scores_with_categories_are_not_those_of_the_version_without():
    path = next(path for path in published.shipped() if path.stem == "tabr2024_scores")
    tasks = set(published.read(path).table["task"])
    assert {"openml:361096", "openml:361099", "openml:361110"} <= tasks  # these have categories
    # the paper has these without categories, too, under the same name
    both = "diamonds", "Brazilian_houses", "Bike_Sharing_Demand", "house_sales", "electricity", "covertype"
    assert tasks.isdisjoint({f"openml:{name}" for name in (*both, "nyc-taxi-green-dec-2016", "yprop_4_1")})


def test_curves_are_compared_at_the_trials_that_both_have(searched, tmp_path):
    order = {"cnn": 0.9, "gbt": 0.8, "lstm": 0.3, "mlp": 0.4}
    rows = [("candidate", "trials", "score"), *[(c, t, s) for c, s in order.items() for t in (1, 3, 50)]]
    head = HEAD + "# structure: image\n"
    result, found = tables(searched, write(tmp_path / "own.csv", head, rows))
    budgets = found["own-order"]
    assert budgets["trials"].tolist() == [1, 3]
    means = searched.curves.query("structure == 'image' and trials == 3").set_index("candidate")["mean"]
    ours, theirs = means[list(order)], pd.Series(order)
    assert budgets["signs"].iloc[-1] == f"{agreement.signs(ours, theirs)[0]} of 6"
    # the pool is another, so values differ from those of the whole study; the order does not
    curves = found["own-curves"].query("trials == 3").set_index("candidate")["ours"]
    assert curves.rank().to_dict() == ours.rank().to_dict()
    assert "of the 4 candidates are in the same order, Spearman" in result.headline
    assert (budgets["carried"] == "none").all()
    assert not found["own-curves"]["carried"].any()
    assert "at 3 trials, the most that both have, " in result.headline
    # what is compared are the pictures, not the whole study
    rules = found["own-protocol"].set_index("rule")["here"]
    assert rules[["tasks", "kind"]].tolist() == ["4", "classification"]


def test_the_headline_stands_where_every_candidate_still_searches(make, tmp_path):
    frame = make(trials=4)
    frame = frame[~(frame["candidate"].isin(["cnn", "lstm"]) & (frame["trial"] >= 2))]
    study = {"name": "uneven", "settings": {"n_trials": 4, "protocol": {"fit_seconds": 60}}}
    summary = summarise(frame, study, rng=np.random.default_rng(0))
    order = {"cnn": 0.9, "gbt": 0.8, "lstm": 0.7, "mlp": 0.6}
    rows = [("candidate", "trials", "score"), *[(c, t, s) for c, s in order.items() for t in (1, 2, 4)]]
    head = HEAD + "# structure: image\n# kind: classification\n# features: numerical\n"
    result, found = tables(summary, write(tmp_path / "own.csv", head, rows))
    budgets = found["own-order"].set_index("trials")
    assert budgets["carried"].to_dict() == {1: "none", 2: "none", 4: "CNN, LSTM"}
    curves = found["own-curves"]
    late = curves["candidate"].isin(["cnn", "lstm"]) & (curves["trials"] == 4)
    assert curves["carried"].tolist() == late.tolist()
    most = "at 2 trials, the most of the published numbers that every candidate here reached"
    assert f"{most}, {budgets.loc[2, 'signs']} pairs of the 4" in result.headline
    late = write(tmp_path / "late.csv", head, [row for row in rows if row[1] in ("trials", 4)])
    told = "at 4 trials, the fewest that both have, where some searches here had ended, "
    assert told in tables(summary, late)[0].headline
    counts = sorted(budgets["signs"], key=lambda text: int(text.split()[0]))
    assert f"from {counts[0]} to {counts[-1]} over the 3 numbers of trials from 1 to 4." in result.headline
    rules = found["own-protocol"].set_index("rule")
    assert rules.loc["n_trials", "here"] == "4 (Boosted trees, MLP); 2 (CNN, LSTM)"
    assert rules.loc["fit_seconds"].tolist() == ["not told", "60"]
    assert rules.loc["features"].tolist() == ["numerical", "not told"]
    assert "kind" not in rules.index  # the pictures are classified, in both


def test_the_curves_of_either_side_fill_its_panel(searched, monkeypatch):
    drawn = []
    monkeypatch.setattr(beside.drawing, "svg", lambda figure, *_: drawn.extend(figure.axes) or "")
    rows = [
        (c, t, low + t / 100, 0.9 + t / 100, t > 2)
        for c, low in (("cnn", 0.5), ("gbt", 0.8))
        for t in (1, 2, 4)
    ]
    beside.curves(pd.DataFrame(rows, columns=["candidate", "trials", "published", "ours", "carried"]))
    for ax, low, high in zip(drawn, (0.51, 0.91), (0.84, 0.94)):
        bottom, top = ax.get_ylim()
        assert bottom < low
        assert high < top
        assert (high - low) / (top - bottom) > 0.6
    published, ours = (
        [line.get_linestyle() for line in ax.lines if len(line.get_xdata()) == 2] for ax in drawn
    )
    assert published == []
    assert ours == ["-", "--"] * 2  # up to the last trial that was run, and carried on


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "need the columns task, candidate, score"),
        ("task,candidate,score\nx,cnn,high\n", "numbers in score"),
        ("", "must be a CSV file"),
        ("task,candidate,score\nembedded:elsewhere,cnn,0.5\n", "must share two candidates"),
    ],
)
def test_files_that_cannot_be_compared_are_refused(searched, tmp_path, text, words):
    (tmp_path / "own.csv").write_text(text)
    with pytest.raises(ReportError, match=words):
        agreement.told(searched, [tmp_path / "own.csv"])


def test_names_in_a_published_file_stay_text(searched, tmp_path):
    evil = "<script>alert(1)</script>"
    rows = [("task", "candidate", "score"), ("embedded:digits", "cnn", 0.9), ("embedded:digits", "gbt", 0.8)]
    head = f"# title: {evil}\n# source: {evil}\n# {evil}: =1+1\n"
    result, _ = tables(searched, write(tmp_path / "own.csv", head, rows))
    for text in (document.to_html(result), document.to_markdown(result)):
        assert "<script" not in text
        assert "script" in text
