"""The benchmark of effort gives kept advice again for the same code and calibration alone."""

import pytest

from advisor.calibration import Calibration
from benchmarks.advisor import effort

SEEN = Calibration({}, outcomes=({"set": "a", "origin": "b"},))
CLEAN = {"commit": "0123456789", "dirty": False}


@pytest.fixture
def asked(monkeypatch):
    """What was asked for, not given again."""
    calls = []

    def advice(*of):
        calls.append(of[:4])
        return {"recommendation": "gbt", "seconds": 1.0}

    monkeypatch.setattr(effort, "_advice", advice)
    return calls


def ask(monkeypatch, cache, *, facts=CLEAN, calibration=SEEN, budget=60.0, efforts=("look", "race")):
    monkeypatch.setattr(effort, "environment", lambda: facts)
    wanted = [("embedded:cells", 125, one, budget) for one in efforts]
    return [one["effort"] for one in effort.advised(cache, wanted, calibration)]


def test_an_interrupted_run_goes_on(asked, monkeypatch, tmp_path):
    cache = tmp_path / "new" / "effort.jsonl"
    assert ask(monkeypatch, cache, efforts=["look"]) == ["look"]
    assert ask(monkeypatch, cache) == ["look", "race"]
    assert [call[2] for call in asked] == ["look", "race"]
    ask(monkeypatch, cache, budget=20.0)
    assert [call[2:] for call in asked[2:]] == [("race", 20.0)]  # a look takes no budget


@pytest.mark.parametrize(
    "other",
    [
        {"facts": {**CLEAN, "commit": "9876543210"}},
        {"facts": {**CLEAN, "dirty": True}},
        {"facts": {"commit": "", "dirty": False}},
        {"calibration": Calibration({}, outcomes=({"set": "a", "origin": "c"},))},
    ],
    ids=["commit", "changed files", "no commit", "calibration"],
)
def test_advice_of_other_code_or_another_calibration_is_asked_for_anew(asked, monkeypatch, tmp_path, other):
    cache = tmp_path / "effort.jsonl"
    ask(monkeypatch, cache)
    ask(monkeypatch, cache, **other)
    assert len(asked) == 4


def test_of_files_that_differ_from_their_commit_nothing_is_given_again(asked, monkeypatch, tmp_path):
    for _ in range(2):
        ask(monkeypatch, tmp_path / "effort.jsonl", facts={**CLEAN, "dirty": True})
    assert len(asked) == 4


def test_without_outcomes_the_command_says_how_to_measure_them(tmp_path, capsys):
    with pytest.raises(SystemExit):
        effort.main(["--store", str(tmp_path / "none.parquet")])
    assert "python -m benchmarks.advisor.outcomes" in capsys.readouterr().err


def test_sets_that_are_not_at_hand_are_named_and_left_out(asked, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(effort, "at_hand", lambda name: name.startswith("embedded:"))
    cache = str(tmp_path / "effort.jsonl")
    names = ["embedded:cells", "corpus:abalone"]
    assert effort.main([*names, "--effort", "look", "--store", str(effort.PUBLISHED), "--cache", cache]) == 0
    assert [call[0] for call in asked] == ["embedded:cells"]
    assert "left out, not at hand: corpus:abalone\n" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        effort.main(["corpus:abalone", "--store", str(effort.PUBLISHED), "--cache", cache])
    assert "no set to advise on is at hand, got corpus:abalone" in capsys.readouterr().err
