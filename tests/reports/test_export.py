"""Files for further work: documented columns, JSON where it was a dictionary, no formula in any cell."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from benchmarks.store import COLUMNS
from reports import export
from reports.summary import summarise


def test_the_schema_documents_every_column_of_the_store():
    assert tuple(export.SCHEMA) == tuple(COLUMNS)
    assert all(unit and meaning for unit, meaning in export.SCHEMA.values())


def test_results_survive_parquet(summary, tmp_path):
    frame, table = summary.frame, export.results(summary)
    table.to_parquet(tmp_path / "results.parquet", index=False)
    again = pd.read_parquet(tmp_path / "results.parquet")
    assert list(again.columns) == [*export.SCHEMA, *export.ADDED]
    assert again["test"].tolist() == frame["test"].tolist()
    assert json.loads(again["environment"].iloc[0]) == frame["environment"].iloc[0]
    advice = json.loads(again.loc[again["candidate"] == "advisor", "extra"].iloc[0])
    assert advice["recommendation"] == "cnn"


def test_added_columns_give_the_means_of_the_report(searched):
    table = export.results(searched)
    assert table.loc[table["candidate"] != "advisor", "chosen"].sum() == len(searched.splits)
    means = table[table["chosen"]].groupby(["task", "candidate"])["normalised"].mean().clip(0, 1)
    for task in searched.tasks.index:
        for name in searched.candidates:
            assert means[task, name] == pytest.approx(searched.normalised.loc[task, name], abs=1e-9)
    assert table["imputed"].sum() == (~table["status"].isin(["ok"])).sum() > 0


def test_a_task_that_is_not_judged_has_no_scale(frame):
    frame = frame.copy()
    frame.loc[(frame["task"] == "embedded:bike") & (frame["candidate"] == "lstm"), "status"] = "pending"
    table = export.results(summarise(frame, {"name": "s", "settings": {}}, rng=np.random.default_rng(0)))
    bike = table[table["task"] == "embedded:bike"]
    assert bike["normalised"].isna().all()
    assert not bike["chosen"].any()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_formulas_are_neutralised_in_cells_and_headings(start):
    text = export.csv(pd.DataFrame({f"{start}name": [f"{start}HYPERLINK(1)", "fine"], "score": [-0.25, 1.0]}))
    table = pd.read_csv(io.StringIO(text), lineterminator="\n")
    assert table.columns[0] == f"'{start}name"
    assert table.iloc[:, 0].tolist() == [f"'{start}HYPERLINK(1)", "fine"]
    assert table["score"].tolist() == [-0.25, 1.0]  # numbers stay numbers


def test_csv_does_not_change_the_table():
    table = pd.DataFrame({"task": ["=1"]})
    export.csv(table)
    assert table["task"].tolist() == ["=1"]
