"""The page of claims: what was found, escaped, in order; nothing is made of broken files."""

import json

import pytest

from reports import __main__ as command
from reports import claims, document
from reports.summary import ReportError

EVIL = "<script>alert(1)</script>"


def finding(number, verdict, **changes):
    """One finding, as ``python -m benchmarks claims`` writes it."""
    effect = {"what": f"a minus b {number}", "mean": 0.25, "low": 0.1, "high": 0.4, "n": 7}
    effect |= {"unit": "points", "of": "seeds"}
    shared = {
        "x": "who",
        "y": "score",
        "by": "",
        "low": "",
        "high": "",
        "x_label": "",
        "y_label": "",
        "log_x": False,
    }
    charts = [
        {"kind": "bars", "title": "Bars", "table": [{"who": EVIL, "score": 0.5}], **shared},
        {
            "kind": "lines",
            "title": "Lines",
            "table": [{"who": n, "score": n / 9} for n in (1, 2, 3)],
            **shared,
        },
        {"kind": "tiles", "title": "Tiles", "table": [{"pixels": [[0, 1], [1, 0]], "label": "f"}], **shared},
    ]
    told = {
        "claim": {
            **{
                "number": number,
                "name": f"claim_{number}",
                "sentence": f"Sentence {EVIL}.",
                "source": "A (1990)",
            },
            **{"design": "It is tried.", "data": "some", "refuted_by": "the opposite", "version": 1},
        },
        "size": "quick",
        "finding": {"verdict": verdict, "words": "So it is.", "effects": [effect], "charts": charts},
        "statuses": {"ok": 9, "timeout": 1},
        **{
            "seconds": 120.0,
            "tasks": ["t"],
            "candidates": ["gbt"],
            "cpu": "a CPU",
            "threads": "1",
            "commit": "c" * 40,
        },
        **{"finished": "2026-01-01T00:00:00+00:00", "made_by": f"python -m benchmarks claims claim_{number}"},
    }
    return {**told, **changes}


@pytest.fixture
def folder(tmp_path):
    for number, verdict in ((12, "does not hold here"), (3, "holds"), (5, "holds")):
        (tmp_path / f"claim_{number}.json").write_text(json.dumps(finding(number, verdict)))
    return tmp_path


def test_all_claims_in_order_with_their_numbers(folder, capsys):
    assert command.main(["claims", str(folder)]) == 0
    assert "Of 3 claims, 2 hold, 1 does not hold here." in capsys.readouterr().out
    table = document.files(claims.told(claims.read(folder)))["claims"]
    assert list(table["number"]) == [3, 5, 12]
    assert table.iloc[0][["mean", "low", "high", "n", "of", "minutes"]].tolist() == [
        *[0.25, 0.1, 0.4, 7, "seeds", 2.0],
    ]
    page = (folder / "claims.html").read_text()
    assert page.index("3 claim 3: holds") < page.index("12 claim 12: does not hold here")
    assert "10 cells, 1 failed;" in page
    assert page.count("<svg") == 3 * 3 * 2  # wide and narrow


def test_what_is_shown_is_escaped(folder):
    page = document.to_html(claims.told(claims.read(folder)))
    assert EVIL not in page
    assert "&lt;script&gt;alert(1)" in page
    assert EVIL not in document.to_markdown(claims.told(claims.read(folder)))


def test_pictures_keep_their_pixels(folder):
    page = document.to_html(claims.told(claims.read(folder)))
    assert 'href="data:image/png;base64' in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "claim_9.json must be the finding"),
        ("{}", "claim_9.json must be the finding"),
        (json.dumps(finding(9, "holds", finding={"effects": []})), "claim_9.json must be the finding"),
    ],
)
def test_a_broken_file_is_named(folder, text, said):
    (folder / "claim_9.json").write_text(text)
    with pytest.raises(ReportError, match=said):
        claims.read(folder)


def test_an_empty_folder_says_what_to_run(tmp_path, capsys):
    assert command.main(["claims", str(tmp_path)]) == 2
    assert "python -m benchmarks claims" in capsys.readouterr().err
