"""A study on two nodes: the same scores as on this machine, and a node that dies costs only its cells."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.store import Store

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
STUDY = """name = "s"
tasks = ["embedded:concrete", "embedded:digits"]
candidates = ["gbt", "linear", "dummy"]
[protocol]
max_train = 200
max_eval = 200
seeds = [0, 1]
"""
DRIVER = """
import sys
from tests.benchmarks.engine_conformance import behave, cell
from benchmarks.engine import Limits
from benchmarks.engine.ray import RayEngine
address, *what = sys.argv[1:]
cells = [cell(one, place) for place, one in enumerate(what)]
for outcome in RayEngine(gpus=0.5, address=address).run(behave, cells, limits=Limits(seconds=100)):
    print(outcome.status, outcome.extra or outcome.reason, flush=True)
"""


@pytest.fixture(scope="module")
def environment():
    # what Ray must find before it is imported, so nothing here can run in this process
    secret = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    loopback = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    # the tests are not sent to the nodes; the packages are, and must be found before those on this path
    return {**os.environ, **secret, **loopback, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


@pytest.fixture
def nodes(environment):
    command = [sys.executable, Path(__file__).parent / "ray_nodes.py"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.stdin.close()


def start(environment, *command):
    pipe = subprocess.PIPE
    command = [sys.executable, *map(str, command)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True)


def test_a_cluster_of_two_nodes(environment, nodes, tmp_path):
    address = nodes.stdout.readline().strip()

    # the same study gives the same scores
    (tmp_path / "s.toml").write_text(STUDY)
    command = ["run", str(tmp_path / "s.toml"), "--no-mlflow", "--store"]
    on_ray = [*command, tmp_path / "ray.sqlite", "--engine", "ray", "--address", address]
    out, err = start(environment, "-m", "benchmarks", *on_ray).communicate(timeout=150)
    assert "s: 12 ok in " in out, err
    assert main([*command, str(tmp_path / "local.sqlite"), "--workers", "1"]) == 0
    frames = []
    for name in ("ray", "local"):
        with Store(tmp_path / f"{name}.sqlite") as store:
            frames.append(store.frame("s"))
    identity = ["task", "candidate", "seed", "status", "validation", "test"]
    assert frames[0][identity].equals(frames[1][identity])
    commits = [{place["commit"] for place in frame["environment"]} for frame in frames]
    assert commits[0] == commits[1]

    # a cell has the packages that were sent and a share of a GPU, and a node dies in the middle
    driver = start(environment, "-c", DRIVER, address, "package", "devices", *["nap"] * 20)
    first = [driver.stdout.readline() for _ in range(4)]
    nodes.stdin.write("kill\n")
    nodes.stdin.flush()
    out, err = driver.communicate(timeout=150)
    told = "".join([*first, out])
    assert "runtime_resources" in told, told + err
    assert "ok {'devices': '0'}" in told
    assert told.count("ok {'pid'") == 20, told + err
