"""OpenML tasks through the real client, from a server on this machine."""

from __future__ import annotations

import http.server
import importlib.util
import threading
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import datasets
from advisor.errors import InputError, StudyError

MIRROR = Path(__file__).parents[3] / "shared" / "openml_mirror" / "serve.py"
NAMESPACE = 'xmlns:oml="http://openml.org/openml"'
COLUMNS = [
    ("colour", "nominal"),
    ("size", "numeric"),
    ("empty", "numeric"),
    ("price", "numeric"),
    ("row", "numeric"),
]
VALUES = "<oml:nominal_value>red</oml:nominal_value><oml:nominal_value>blue</oml:nominal_value>"
ROWS = [
    "red,1.5,?,10,0",
    "blue,?,?,20,1",
    "red,2.5,?,30,2",
    "?,3.5,?,40,3",
    "blue,4.5,?,?,4",
    "red,5.5,?,60,5",
]
ARFF = "\n".join(
    [
        "@RELATION made",
        "@ATTRIBUTE colour {red,blue}",
        "@ATTRIBUTE size REAL",
        "@ATTRIBUTE empty REAL",
        "@ATTRIBUTE price REAL",
        "@ATTRIBUTE row INTEGER",
        "@DATA",
        *ROWS,
    ]
)


def task_document(number, kind, target):
    type_id, type_name = {
        "classification": (1, "Supervised Classification"),
        "regression": (2, "Supervised Regression"),
        "clustering": (5, "Clustering"),
    }[kind]
    return f"""<oml:task {NAMESPACE}>
<oml:task_id>{number}</oml:task_id><oml:task_name>Task</oml:task_name>
<oml:task_type_id>{type_id}</oml:task_type_id><oml:task_type>{type_name}</oml:task_type>
<oml:input name="source_data"><oml:data_set>
  <oml:data_set_id>7</oml:data_set_id>{target}
</oml:data_set></oml:input>
<oml:input name="estimation_procedure"><oml:estimation_procedure>
  <oml:type>crossvalidation</oml:type><oml:data_splits_url>http://127.0.0.1/splits</oml:data_splits_url>
  <oml:parameter name="number_repeats">1</oml:parameter><oml:parameter name="number_folds">10</oml:parameter>
</oml:estimation_procedure></oml:input>
<oml:input name="evaluation_measures"><oml:evaluation_measures>
  <oml:evaluation_measure>predictive_accuracy</oml:evaluation_measure>
</oml:evaluation_measures></oml:input>
</oml:task>"""


def documents(address):
    features = "".join(
        f"<oml:feature><oml:index>{i}</oml:index><oml:name>{name}</oml:name>"
        f"<oml:data_type>{kind}</oml:data_type>"
        f"{VALUES if kind == 'nominal' else ''}<oml:is_target>false</oml:is_target>"
        f"<oml:is_ignore>false</oml:is_ignore>"
        f"<oml:is_row_identifier>{'true' if name == 'row' else 'false'}</oml:is_row_identifier>"
        f"<oml:number_of_missing_values>0</oml:number_of_missing_values></oml:feature>"
        for i, (name, kind) in enumerate(COLUMNS)
    )

    def target(name):
        return f"<oml:target_feature>{name}</oml:target_feature>"

    return {
        "/api/v1/xml/task/1": task_document(1, "classification", target("colour")),
        "/api/v1/xml/task/2": task_document(2, "regression", target("price")),
        "/api/v1/xml/task/3": task_document(3, "clustering", ""),
        "/api/v1/xml/task/5": "<html><body>502 Bad Gateway</body></html>",
        "/api/v1/xml/data/7": f"""<oml:data_set_description {NAMESPACE}>
<oml:id>7</oml:id><oml:name>made</oml:name>
<oml:version>1</oml:version><oml:description>Made.</oml:description><oml:format>ARFF</oml:format>
<oml:file_id>7</oml:file_id><oml:url>{address}/data/7.arff</oml:url>
<oml:default_target_attribute>colour</oml:default_target_attribute>
<oml:row_id_attribute>row</oml:row_id_attribute><oml:status>active</oml:status></oml:data_set_description>""",
        "/api/v1/xml/data/features/7": f"<oml:data_features {NAMESPACE}>{features}</oml:data_features>",
        "/data/7.arff": ARFF,
    }


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.rstrip("/")
        body = self.server.documents.get(path)
        if body is None:
            error = "<oml:code>151</oml:code><oml:message>Unknown task</oml:message>"
            self.answer(412, f"<oml:error {NAMESPACE}>{error}</oml:error>")
        else:
            self.answer(200, body)

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *arguments):
        pass


@pytest.fixture
def client(tmp_path, monkeypatch):
    """The client with an empty cache and one try a request."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openml 0.15.1 at import, 2026-11; check again with the next version
        import openml
    monkeypatch.setattr(openml.config, "_root_cache_directory", tmp_path)
    monkeypatch.setattr(openml.config, "connection_n_retries", 1)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return openml


@pytest.fixture
def server(client, monkeypatch):
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{httpd.server_address[1]}"
    httpd.documents = documents(address)
    monkeypatch.setattr(client.config, "server", f"{address}/api/v1/xml/")
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def test_classification(server):
    task = datasets.load("openml:1")
    assert task.id == "openml:1"
    assert task.kind == "classification"
    assert task.metric == "accuracy"
    assert task.origin == "made"
    assert task.structure is None
    assert list(task.X) == ["size", "price"]  # not the row number, nor the empty column
    assert list(task.y) == ["red", "blue", "red", "blue", "red"]  # the row without a label is left out
    assert task.X["size"].tolist()[3] == 4.5
    assert task.X.index.equals(task.y.index)


def test_regression_keeps_categories(server):
    task = datasets.load("openml:t/2")
    assert task.id == "openml:2"
    assert task.kind == "regression"
    assert task.metric == "r2"
    assert task.y.tolist() == [10, 20, 30, 40, 60]
    assert isinstance(task.X["colour"].dtype, pd.CategoricalDtype)
    assert task.X["colour"].isna().tolist() == [False, False, False, True, False]
    assert task.X["size"].isna().tolist() == [False, True, False, False, False]
    assert datasets.describe("openml:2") == task.info


def test_the_cache_serves_without_the_server(server):
    first = datasets.load("openml:1")
    server.documents.clear()
    assert datasets.load("openml:1").data_hash == first.data_hash


@pytest.mark.parametrize(
    ("task_id", "message"),
    [
        ("openml:9", "the OpenML task must exist on http://127.0.0.1:"),
        ("openml:3", "an OpenML task must be supervised classification or regression, got Clustering"),
    ],
)
def test_what_is_no_task(server, task_id, message):
    with pytest.raises(StudyError) as caught:
        datasets.load(task_id)
    assert message in str(caught.value)


def test_an_unreadable_answer_is_named(server):
    with pytest.raises(InputError, match=r"OpenML task 5 must be readable from http://127\.0\.0\.1"):
        datasets.load("openml:5")


def test_an_outage_is_named(client, monkeypatch):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
        port = closed.server_address[1]
    monkeypatch.setattr(client.config, "server", f"http://127.0.0.1:{port}/api/v1/xml/")
    with pytest.raises(InputError, match=r"task 1 must be readable .* got ConnectionError: .* try again"):
        datasets.load("openml:1")


@pytest.mark.skipif(not MIRROR.exists(), reason="the OpenML mirror beside the checkout is not there")
def test_real_tasks_of_the_mirror(client, monkeypatch):
    spec = importlib.util.spec_from_file_location("openml_mirror_serve", MIRROR)
    serve = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(serve)
    mirror = serve.start()
    try:
        monkeypatch.setattr(client.config, "server", mirror.url)
        houses = datasets.load("openml:361098")
        loans = datasets.load("openml:361278")
    finally:
        mirror.stop()
    assert houses.X.shape == (10_679, 11)
    assert houses.X.select_dtypes("category").shape[1] == 3
    assert houses.y.dtype == np.float64
    assert loans.X.shape == (10_000, 22)
    assert loans.y.value_counts().tolist() == [5_000, 5_000]
