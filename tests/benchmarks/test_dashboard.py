"""The dashboard as its users meet it: a guarded server that dies half way, and the pages in a browser."""

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from advisor.errors import StoreError
from benchmarks import scores, tracking
from benchmarks.speed.tracking import fill
from benchmarks.store import Store
from benchmarks.tracking import searches
from tests.benchmarks.browser import Browser, find

# MLflow 3.17 maps a relation in a way that SQLAlchemy 2.1 is about to drop (2026-11; until MLflow stops)
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:sqlalchemy.exc.SADeprecationWarning")

EVIL = "<script>alert(1)</script>"
CANDIDATES = ("gbt", "cnn", "lstm", "linear", "dummy")
TASKS = (EVIL, "spoken", "prices", "pixels", "steps")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Address of an MLflow server, the link into a study logged to its database before, and the store."""
    folder = tmp_path_factory.mktemp("server")
    fill(folder / "store.sqlite", TASKS, n_trials=4, candidates=CANDIDATES, title=f"{EVIL} | [x](y)")
    report = folder / "made-up"
    report.mkdir()
    (report / "report.html").write_text("<p>The report.</p>")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    with Store(folder / "store.sqlite") as store:
        link = tracking.log(store, "made-up", uri=uri)
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", uri, "--artifacts-destination", str(folder / "kept"), "--workers", "1"]
    with (folder / "log").open("w") as told:
        environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # as the command does
        process = subprocess.Popen(
            command, stdout=told, stderr=told, cwd=folder, env=environment, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 120
        while not _answers(f"{address}/health"):
            assert process.poll() is None, (folder / "log").read_text()[-2_000:]
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.3)
        yield address, link, folder / "store.sqlite"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=20)


def _answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


# ---- a server behind a password, which may die ----


class Guard(ThreadingHTTPServer):
    """Lets requests with the right name and password through, and after so many no more."""

    daemon_threads = True

    def __init__(self, behind):
        super().__init__(("127.0.0.1", 0), Gate)
        self.behind, self.left, self.seen = behind, None, 0
        self.address = f"http://127.0.0.1:{self.server_port}"


class Gate(BaseHTTPRequestHandler):
    def answer(self):
        guard, length = self.server, int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length) if length else None
        guard.seen += 1
        if guard.left is not None and guard.seen > guard.left:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        expected = f"Basic {base64.b64encode(b'ann:secret').decode()}"
        if self.headers.get("Authorization") != expected:
            self.send_error(401)
            return
        kept = {k: v for k, v in self.headers.items() if k in ("Content-Type", "Accept")}
        asked = urllib.request.Request(guard.behind + self.path, sent, kept, method=self.command)
        try:
            with urllib.request.urlopen(asked, timeout=60) as got:
                status, body, kind = got.status, got.read(), got.headers.get("Content-Type", "")
        except urllib.error.HTTPError as error:
            status, body, kind = error.code, error.read(), error.headers.get("Content-Type", "")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def guard(server):
    guard = Guard(server[0])
    thread = threading.Thread(target=guard.serve_forever, daemon=True)
    thread.start()
    yield guard
    guard.shutdown()
    guard.server_close()
    thread.join(timeout=10)


@pytest.fixture
def small(tmp_path):
    """A store with two tasks and a file to attach."""
    fill(tmp_path / "store.sqlite", ("one", "two"), n_trials=2, candidates=("gbt", "cnn", "lstm", "dummy"))
    with Store(tmp_path / "store.sqlite", writable=True) as store:  # another name than the study of the pages
        store._db.execute("PRAGMA foreign_keys = OFF")
        store._db.execute("UPDATE studies SET name = 'guarded'")
        store._db.execute("UPDATE study_cells SET study = 'guarded'")
        store._db.commit()
    (tmp_path / "page.html").write_text("<p>")
    with Store(tmp_path / "store.sqlite") as store:
        yield store


def test_a_server_wants_a_password_and_dies_half_way_and_the_next_log_repairs_it(guard, small, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")  # else it waits for the dead server
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.delenv(name, raising=False)

    def log():
        page = small.path.parent / "page.html"
        return tracking.log(small, "guarded", uri=guard.address, attach=[page])

    with pytest.raises(StoreError, match="set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"):
        log()
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ann")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    # after the tags of the experiment, in the midst of the runs
    guard.left = guard.seen + len(searches.every(["gbt", "cnn", "lstm", "dummy", "advisor"], ["a", "b"])) + 25
    with pytest.raises(StoreError, match=f"MLflow must be able to use {guard.address}"):
        log()
    guard.left = None
    client = tracking.connect(guard.address)
    experiment = client.get_experiment_by_name("guarded").experiment_id
    assert 1 <= len(tracking.search(client, experiment, "")) < 16
    link = log()
    runs = tracking.search(client, experiment, "")
    names = {run.info.run_id: run.info.run_name for run in runs}
    shown = sorted((names.get(r.data.tags.get("mlflow.parentRunId"), ""), r.info.run_name) for r in runs)
    candidates = ("advisor", "cnn", "dummy", "gbt", "lstm")
    tops = [("", name) for name in sorted((*candidates, "report"))]
    assert shown == [*tops, *((name, task) for name in candidates for task in ("one", "two"))]
    assert {run.info.status for run in runs} == {"FINISHED"}
    (report,) = (run for run in runs if run.info.run_name == "report")
    assert [file.path for file in client.list_artifacts(report.info.run_id)] == ["page.html"]
    assert log() == link
    assert {run.info.run_id for run in tracking.search(client, experiment, "")} == set(names)  # all kept


# ---- the pages ----


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if find() is None:
        pytest.skip("there is no Chromium to look at the pages with")
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Where the pictures of the pages go: ``ARCH_ADVISOR_SCREENSHOTS``, or a folder of the tests."""
    given = os.environ.get("ARCH_ADVISOR_SCREENSHOTS")
    folder = Path(given) if given else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run_id(address, query):
    client = tracking.connect(address)
    experiment = client.get_experiment_by_name("made-up").experiment_id
    (run,) = tracking.search(client, experiment, query)
    return f"{address}/#/experiments/{experiment}/runs/{run.info.run_id}?workflowType=machine_learning"


def test_the_link_leads_to_candidates_curves_and_the_verdict(server, browser, pictures):
    address, link, _ = server
    browser.open(f"{address}/{link}", *CANDIDATES[:-1], "curve/normalised_score")
    browser.until("document.querySelectorAll('.js-plotly-plot .scatterlayer .trace').length >= 4")
    browser.save(pictures / "chart.png")
    shown = browser.value("[...document.querySelectorAll('h2, td')].map(e => e.innerText).join('\\n')")
    assert "Overall: 5 tasks" in shown
    assert {"gbt", "always gbt", "textbook"} <= set(shown.splitlines())
    # what is text in the study is text in the page
    assert f"{EVIL} | [x](y) Highest mean normalised score: overall (5 tasks)" in browser.text
    assert "alert(1)" not in browser.value("[...document.scripts].map(s => s.textContent).join()")


def test_the_table_lists_candidates_in_the_order_of_the_verdict(server, browser, pictures):
    address, link, store = server
    browser.open(f"{address}/{link.partition('?')[0]}?workflowType=machine_learning", *CANDIDATES, "report")
    browser.save(pictures / "table.png")
    with Store(store) as opened:
        verdict = scores.verdict(opened.frame("made-up"))
    overall = verdict.loc[verdict["structure"] == "overall", "candidate"]
    rows = [line for line in browser.text.splitlines() if line in {*overall, "report"}]
    assert rows == [*overall, "report"]


def test_a_candidate_and_a_task(server, browser, pictures):
    address, _, _ = server
    browser.open(run_id(address, "tags.role = 'candidate' and tags.candidate = 'cnn'"), "score/overall", EVIL)
    browser.save(pictures / "candidate.png")
    query = f"tags.role = 'task' and tags.candidate = 'cnn' and tags.task = 'embedded:{EVIL}'"
    browser.open(
        run_id(address, query),
        EVIL,
        "task/gap_to_best",
        f"embedded:{EVIL} (0000000000000000)",
        "Parent run",
        "lost",
    )
    browser.save(pictures / "task.png")
    assert "alert(1)" not in browser.value("[...document.scripts].map(s => s.textContent).join()")


def test_saved_views_are_on_the_page(server, browser, pictures):
    address, link, _ = server
    place = f"{address}/{link.partition('?')[0]}?workflowType=machine_learning&viewStateShareKey="
    browser.open(
        f"{place}where-the-advisor-was-wrong", "Where the advisor was wrong", "advised_recom", "pixels"
    )
    browser.save(pictures / "saved_view.png")
    assert "tags.advice = 'wrong'" in browser.value(
        "[...document.querySelectorAll('input')].map(i => i.value).join()"
    )
    assert "2 matching runs" in browser.text
    assert not {"spoken", "prices"} & set(browser.text.splitlines())
