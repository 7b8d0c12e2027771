"""A study that is disturbed in every way ends with the results of one that is not."""

import pandas as pd
import pytest

from benchmarks import robustness

WHOLE = pd.DataFrame(
    {"status": "ok", "reason": "", "validation": [0.5, 0.75], "test": [0.25, 0.5]}, index=["a", "b"]
)


@pytest.mark.slow
@pytest.mark.timeout(900)  # eight drivers with their workers: a busy machine takes minutes
def test_nothing_is_lost_or_doubled(capsys):
    times = len(robustness.DISTURBANCES)  # each of them once
    assert robustness.main(["--times", str(times), "--cells", "30", "--latest", "0.5"]) == 0
    told = capsys.readouterr().out
    assert all(how.name in told for how in robustness.DISTURBANCES)
    assert "30 cells: 0 lost, 0 doubled, results equal to an undisturbed run" in " ".join(told.split())


def test_an_undisturbed_run_that_fails_says_why(tmp_path):
    with pytest.raises(RuntimeError, match=r"the undisturbed run failed: error: .*study\.toml"):
        robustness.undisturbed(tmp_path / "study.toml", tmp_path / "store.sqlite")


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (WHOLE, "2 cells: 0 lost, 0 doubled, results equal"),
        (WHOLE.drop("b"), "2 cells: 1 lost, 0 doubled, results NOT equal"),
        (WHOLE.assign(status=["ok", "pending"]), "2 cells: 1 lost, 0 doubled, results NOT equal"),
        (WHOLE.loc[["a", "b", "b"]], "2 cells: 0 lost, 1 doubled, results NOT equal"),
        (WHOLE.assign(test=[0.25, 0.625]), "2 cells: 0 lost, 0 doubled, results NOT equal"),
    ],
)
def test_what_is_lost_doubled_or_changed_is_told(monkeypatch, capsys, got, said):
    monkeypatch.setattr(robustness, "undisturbed", lambda *_: None)
    monkeypatch.setattr(robustness, "results", lambda store: WHOLE if "quiet" in store.name else got)
    assert robustness.main(["--times", "0"]) == (got is not WHOLE)
    assert said in " ".join(capsys.readouterr().out.split())
