"""The benchmarks of training compare the same work, say what is missing, and keep their tables."""

import dataclasses

import pytest
import torch
from torch import nn

from advisor import architectures
from advisor.architectures._dropout import Dropout
from benchmarks.speed import _timing, options, peers, trees
from benchmarks.speed._cases import CASES, Prepared, table, with_torch_dropout

NAMES = ("training", "options", "peers", "trees", "engines")


@pytest.fixture
def work():
    case = dataclasses.replace(CASES[0], epochs=3)
    return Prepared(case, n=400)


def test_ours_and_the_floor_take_the_same_steps(work, monkeypatch):
    steps = []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda self: steps.append(self) or step(self))
    work.ours()
    ours = len(steps)
    work.floor()
    assert ours == len(steps) - ours > 0


def test_both_learn_and_leave_the_start_as_it_was(work):
    before = [p.clone() for p in work.start.parameters()]
    held = torch.as_tensor(work.held)
    start = work.held_loss(work.module(), held)
    assert work.held_loss(work.ours(), held) < start
    assert work.held_loss(work.floor(), held) < start
    assert all(map(torch.equal, before, work.start.parameters()))


def test_skorch_gets_the_same_network_with_the_dropout_of_pytorch(work):
    kinds = [type(m) for m in with_torch_dropout(work.module()).modules()]
    assert Dropout not in kinds
    assert [nn.Dropout if type(m) is Dropout else type(m) for m in work.start.modules()] == kinds


def test_skorch_trains_it(work):
    from benchmarks.speed.training import loops

    assert work.accuracy(loops(work)["skorch"]()) > 0.4


def test_channels_last_is_switched_off():
    net = architectures.get("cnn").make("classification", layout=(8, 8, 3), max_epochs=1, device="cpu")
    X, y = table(40, columns=192)
    module = options.without_channels_last(net.fit(X, y).module_)
    seen = []
    conv = next(m for m in module.modules() if isinstance(m, nn.Conv2d))
    conv.register_forward_hook(lambda _, inputs, out: seen.extend([inputs[0], out]))
    module(torch.zeros(2, 8, 8, 3))
    assert all(t.is_contiguous() for t in seen)


def test_direct_calls_grow_the_trees_that_ours_grows():
    X, y = table(300)
    ours = architectures.get("gbt").make("classification", random_state=0, n_jobs=1, device="cpu").fit(X, y)
    assert ours.model_.get_dump() == trees.direct(X, y, 1).get_dump()


def test_peers_that_are_not_there_are_named(monkeypatch):
    def fit(contender, python, threads):
        if contender.package == "pytabkit":
            return {"failed": "ModuleNotFoundError: No module named 'pytabkit'"}
        return {"seconds": 2.0, "accuracy": 0.5, "version": "1"}

    monkeypatch.setattr(peers, "fit", fit)
    rows, absent = peers.compare(
        peers.CONTESTS[0], peers.parse("peers", "", [], turns=2, add=peers._arguments)
    )
    assert [row[0] for row in rows] == ["ours: MLP"]
    assert absent == ["pytabkit is not installed (No module named 'pytabkit')"]


def test_what_we_compare_of_ours_is_there():
    ours = {one.name for contest in peers.CONTESTS for one in contest.contenders if one.is_ours}
    assert ours <= set(architectures.names())


def test_the_page_has_a_place_for_each_and_keeps_the_rest(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    before = _timing.PAGE.read_text(encoding="utf-8")
    page.write_text(before, encoding="utf-8")
    monkeypatch.setattr(_timing, "PAGE", page)
    for name in NAMES:
        report = _timing.Report(name, _timing.parse(name, "", ["--write"], turns=1))
        report.add(_timing.Sheet(("what", "s"), [(name, "7")]))
        report.close()
    after = page.read_text(encoding="utf-8")
    assert all(f"| {name} | 7 |" in after for name in NAMES)
    assert [line for line in after.splitlines() if line.startswith("#")] == [
        line for line in before.splitlines() if line.startswith("#")
    ]
