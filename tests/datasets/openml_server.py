"""A small OpenML server of our own: documents that tests may change, and faults in the order given."""

from __future__ import annotations

import hashlib
import http.server
import re
import threading
from collections import Counter, defaultdict
from contextlib import contextmanager

from sklearn.datasets import load_digits

NAMESPACE = 'xmlns:oml="http://openml.org/openml"'
API = "/api/v1/xml"
COLUMNS = {"colour": ("red", "blue"), "size": "REAL", "empty": "REAL", "price": "REAL", "row": "INTEGER"}
SPLITS = {"type": ("TRAIN", "TEST"), "rowid": "INTEGER", "repeat": "INTEGER", "fold": "INTEGER"}
ROWS = [
    "red,1.5,?,10,0",
    "blue,?,?,20,1",
    "red,2.5,?,30,2",
    "?,3.5,?,40,3",
    "blue,4.5,?,?,4",
    "red,5.5,?,60,5",
]


def arff(columns, rows):
    kinds = [kind if isinstance(kind, str) else f"{{{','.join(kind)}}}" for kind in columns.values()]
    head = [f"@ATTRIBUTE {name} {kind}" for name, kind in zip(columns, kinds)]
    return "\n".join(["@RELATION made", *head, "@DATA", *rows])


def task_document(number, kind, target, data=7):
    type_id, type_name = {
        "classification": (1, "Supervised Classification"),
        "regression": (2, "Supervised Regression"),
        "learning curve": (3, "Learning Curve"),
        "clustering": (5, "Clustering"),
    }[kind]
    named = f"<oml:target_feature>{target}</oml:target_feature>" if target else ""
    return f"""<oml:task {NAMESPACE}>
<oml:task_id>{number}</oml:task_id><oml:task_name>Task</oml:task_name>
<oml:task_type_id>{type_id}</oml:task_type_id><oml:task_type>{type_name}</oml:task_type>
<oml:input name="source_data"><oml:data_set>
  <oml:data_set_id>{data}</oml:data_set_id>{named}
</oml:data_set></oml:input>
<oml:input name="estimation_procedure"><oml:estimation_procedure>
  <oml:type>crossvalidation</oml:type><oml:data_splits_url>http://127.0.0.1/splits</oml:data_splits_url>
  <oml:parameter name="number_repeats">1</oml:parameter><oml:parameter name="number_folds">10</oml:parameter>
</oml:estimation_procedure></oml:input>
<oml:input name="evaluation_measures"><oml:evaluation_measures>
  <oml:evaluation_measure>predictive_accuracy</oml:evaluation_measure>
</oml:evaluation_measures></oml:input>
</oml:task>"""


def suite_document(number, alias, tasks):
    listed = "".join(f"<oml:task_id>{task}</oml:task_id>" for task in tasks)
    return f"""<oml:study {NAMESPACE}>
<oml:id>{number}</oml:id><oml:alias>{alias}</oml:alias><oml:main_entity_type>task</oml:main_entity_type>
<oml:name>{alias}</oml:name><oml:description>Made.</oml:description><oml:status>active</oml:status>
<oml:creation_date>2026-01-01</oml:creation_date><oml:creator>1</oml:creator>
<oml:tasks>{listed}</oml:tasks></oml:study>"""


def feature(index, name, kind):
    words = () if isinstance(kind, str) else kind
    told = "nominal" if words else "date" if kind.startswith("DATE") else "numeric"
    values = "".join(f"<oml:nominal_value>{word}</oml:nominal_value>" for word in words)
    return f"""<oml:feature><oml:index>{index}</oml:index><oml:name>{name}</oml:name>
<oml:data_type>{told}</oml:data_type>{values}
<oml:is_target>false</oml:is_target><oml:is_ignore>false</oml:is_ignore>
<oml:is_row_identifier>{"true" if name == "row" else "false"}</oml:is_row_identifier>
<oml:number_of_missing_values>0</oml:number_of_missing_values></oml:feature>"""


class Server(http.server.ThreadingHTTPServer):
    """Answers from ``documents``; ``faults[path]`` holds what goes wrong with the next requests of a path.

    Faults are a status, "page" (HTML and nothing looks wrong), "cut" (half of what is announced), "short"
    (half, and nothing looks wrong), "damaged", "silent" (no answer for two seconds) and "trickle" (a byte now
    and then, for some seconds).
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.url = f"{self.address}{API}"
        self.stopping = threading.Event()
        self.reset()

    def reset(self):
        """Start again: four tasks on a small table, two on pictures, no faults."""
        self.faults, self.seen = defaultdict(list), Counter()
        self.documents = {
            f"{API}/task/1": task_document(1, "classification", "colour"),
            f"{API}/task/2": task_document(2, "regression", "price"),
            f"{API}/task/3": task_document(3, "clustering", ""),
            f"{API}/task/4": task_document(4, "classification", "digit", data=8),
        }
        self.documents = {
            # which a test may fill in: without, a task has no splits
            path: text.replace("http://127.0.0.1/splits", f"{self.address}/splits/{path[-1]}")
            for path, text in self.documents.items()
        } | {
            f"{API}/study/3": suite_document(3, "made-suite", [1, 2, 3]),
            f"{API}/study/made-suite": suite_document(3, "made-suite", [1, 2, 3]),
        }
        self.upload(7, COLUMNS, ROWS, "colour")

    def upload_splits(self, number, folds):
        """Give a task splits: the test rows of each fold, of six rows."""
        rows = [
            f"{'TEST' if row in fold else 'TRAIN'},{row},0,{place}"
            for place, fold in enumerate(folds)
            for row in range(6)
        ]
        self.documents[f"/splits/{number}"] = arff(SPLITS, rows)
        self.announce(number, folds=len(folds))

    def announce(self, number, *, folds, how="crossvalidation"):
        """Say how a task is split."""
        path = f"{API}/task/{number}"
        text = re.sub(r"(?<=folds\">)\d+", str(folds), self.documents[path])
        self.documents[path] = re.sub(r"(?<=<oml:type>)\w+", how, text)

    def upload_digits(self, rows=400):
        """Data set 8: pictures of 8 by 8 pixels, one a row."""
        X, y = load_digits(return_X_y=True)
        columns = {f"p{i}": "REAL" for i in range(64)} | {"digit": tuple("0123456789")}
        lines = [",".join([*map(str, row), str(label)]) for row, label in zip(X[:rows], y)]
        self.upload(8, columns, lines, "digit")

    def upload(self, number, columns, rows, target, *, form="ARFF", instances=None):
        """Make or replace a data set."""
        text, named = (
            arff(columns, rows),
            f"<oml:default_target_attribute>{target}</oml:default_target_attribute>",
        )
        self.documents |= {
            f"{API}/data/{number}": f"""<oml:data_set_description {NAMESPACE}>
<oml:id>{number}</oml:id><oml:name>made-{number}</oml:name>
<oml:version>1</oml:version><oml:description>Made.</oml:description><oml:format>{form}</oml:format>
<oml:file_id>{number}</oml:file_id><oml:url>{self.address}/data/{number}.arff</oml:url>
{named if target else ""}<oml:row_id_attribute>row</oml:row_id_attribute><oml:status>active</oml:status>
<oml:md5_checksum>{hashlib.md5(text.encode()).hexdigest()}</oml:md5_checksum></oml:data_set_description>""",
            f"{API}/data/features/{number}": f"<oml:data_features {NAMESPACE}>"
            + "".join(feature(i, name, kind) for i, (name, kind) in enumerate(columns.items()))
            + "</oml:data_features>",
            f"{API}/data/qualities/{number}": f"""<oml:data_qualities {NAMESPACE}><oml:quality>
<oml:name>NumberOfInstances</oml:name><oml:value>{instances or len(rows)}</oml:value></oml:quality>
<oml:quality><oml:name>NumberOfFeatures</oml:name><oml:value>{len(columns)}</oml:value></oml:quality>
</oml:data_qualities>""",
            f"/data/{number}.arff": text,
        }

    def upload_parquet(self, number, frame, target, *, text=None):
        """Make a data set that a store of objects holds as Parquet; alone, or with bytes called its ARFF."""
        columns = {name: "REAL" if frame[name].dtype.kind == "f" else ("a", "b") for name in frame.columns}
        self.upload(number, columns, [""] * len(frame), target)
        where = f"/datasets/{number}/dataset_{number}.pq"
        del self.documents[f"/data/{number}.arff"]
        description = self.documents[f"{API}/data/{number}"]
        head, _, tail = description.partition("<oml:md5_checksum>")
        tail = tail.partition("</oml:md5_checksum>")[2]
        link = f"<oml:parquet_url>{self.address}{where}</oml:parquet_url>"
        if text is not None:
            self.documents[f"/data/{number}.arff"] = text
            link += f"<oml:md5_checksum>{hashlib.md5(text).hexdigest()}</oml:md5_checksum>"
        self.documents |= {f"{API}/data/{number}": head + link + tail, where: frame.to_parquet()}
        return where


class Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.split("?")[0].rstrip("/")
        self.server.seen[path] += 1
        body = self.server.documents.get(path)
        if body is None:
            code = {"task": 151, "data": 111, "study": 500}.get(path.removeprefix(API).split("/")[1], 100)
            error = f"<oml:code>{code}</oml:code><oml:message>Unknown</oml:message>"
            self.answer(412, f"<oml:error {NAMESPACE}>{error}</oml:error>".encode())
            return
        faults = self.server.faults[path] if self.command == "GET" else []
        body = body.encode() if isinstance(body, str) else body
        self.answer(200, body, faults.pop(0) if faults else None)

    def answer(self, status, body, fault=None):
        etag = hashlib.md5(body).hexdigest()
        announced = len(body) if fault != "short" else len(body) // 2
        if isinstance(fault, int) or fault == "page":
            status, body = 200 if fault == "page" else fault, b"<html><body>Bad Gateway</body></html>"
            announced = len(body)
        if fault == "damaged":
            middle = len(body) // 2
            body = body[:middle] + bytes(b ^ 1 for b in body[middle : middle + 3]) + body[middle + 3 :]
        if fault == "silent":
            self.server.stopping.wait(2)
        self.send_response(status)
        self.send_header("Content-Length", str(announced))
        self.send_header("ETag", f'"{etag}"')  # as a store of objects does
        self.send_header("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
        self.end_headers()
        if self.command == "HEAD":
            return
        for i in range(60 if fault == "trickle" else 0):
            if self.server.stopping.wait(0.2):
                return
            self.wfile.write(body[i : i + 1])
            self.wfile.flush()
        self.wfile.write(body[: len(body) // 2] if fault in ("cut", "short") else body)

    def log_message(self, *arguments):
        pass


@contextmanager
def serving():
    """Run a server."""
    with Server() as server:
        server.handle_error = lambda *arguments: None  # clients that are killed go away
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopping.set()
            server.shutdown()
            thread.join()
