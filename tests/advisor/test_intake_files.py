from __future__ import annotations

import gzip
import io
import json
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest

from advisor import advise
from advisor.errors import InputError, MissingDependency
from advisor.intake import plain
from advisor.intake._files import UNPACKED, check_unpacked

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {"a": RNG.normal(size=120), "b": RNG.choice(list("uvw"), 120), "t": RNG.integers(0, 2, 120)}
)


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_separators_and_decimal_signs_are_found(tmp_path, sep, decimal):
    if sep == decimal:
        pytest.skip("cannot be told apart by anyone")
    path = tmp_path / "x.csv"
    FRAME.to_csv(path, sep=sep, decimal=decimal, index=False)
    pd.testing.assert_frame_equal(plain(path), FRAME, check_dtype=False)
    assert advise(path, "t").width == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_encodings_are_told_apart(tmp_path, encoding):
    path = tmp_path / "x.csv"
    frame = FRAME.rename(columns={"a": "é"}).assign(b="naïve")
    path.write_bytes(frame.to_csv(index=False).encode(encoding))
    held = plain(path)
    assert held.columns.tolist() == ["é", "b", "t"]
    assert set(held["b"]) == {"naïve"}


@pytest.mark.parametrize("end", ["gz", "bz2", "xz", "zip"])
def test_packed_files(tmp_path, end):
    path = tmp_path / f"x.csv.{end}"
    FRAME.to_csv(path, index=False)
    assert len(plain(path)) == 120


def test_text_that_holds_other_separators(tmp_path):
    path = tmp_path / "x.csv"
    lines = [f"{i};hello, world, {i}" for i in range(40)]
    path.write_text("id;words\n" + "\n".join(lines))
    assert plain(path).columns.tolist() == ["id", "words"]


def test_names_of_rows_and_lines_without_names(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\nx,1,2\ny,3,4\n")
    assert plain(path)["b"].tolist() == [2, 4]
    pd.DataFrame(RNG.normal(size=(30, 4))).to_csv(path, index=False, header=False)
    assert plain(path).shape == (30, 4)
    pd.DataFrame(RNG.normal(size=(30, 4))).to_csv(path, index=False)
    assert plain(path).shape == (30, 4)


@pytest.mark.parametrize("early", [1, 200_000])
def test_ragged_lines_are_named(tmp_path, early):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n" + "1,2\n" * early + "1,2,3\n" + "1,2\n")
    with pytest.raises(InputError, match=f"3 in line {early + 2} instead of 2"):
        advise(path)


def test_short_lines_are_said(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b,c\n1,2,3\n4\n5,6,7\n" * 1)
    assert any(w.startswith("line 3 has 1 of 3 fields") for w in advise(path).warnings)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.csv", b"", "an empty file"),
        ("x.csv", b"a,b\n", "0 rows"),
        ("x.csv", b"\0" * 1000, "binary zeros"),
        ("x.csv", b'a,b\n1,"2\n3,4\n', "quotes"),
        ("x.csv.gz", b"no gzip", "readable as its ending says"),
        ("x.csv.gz", gzip.compress(b"\0" * 2**26), "binary zeros"),
        ("x.csv.zip", b"no zip", "readable as its ending says"),
        ("x.json", b'{"a":', "readable as its ending says"),
        ("x.json", b"3", "records"),
        ("x.parquet", b"PAR1 no", "readable as its ending says"),
        ("x.npy", b"no", "readable as its ending says"),
        ("x.npz", b"no", "readable as its ending says"),
        ("x.xlsx", b"no", "readable as its ending says"),
        ("x.arff", b"@relation\nno", "readable as its ending says"),
        ("x.pt", b"x", "a pickle, which can run any program"),
        ("x.pkl", b"x", "a pickle"),
        ("x.png", b"x", "one picture"),
        ("x.wav", b"x", "sound"),
        ("x.dcm", b"x", "DICOM"),
        ("x.xyz", b"x", "must end in"),
        ("x", b"x", "must end in"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        advise(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["", "a\0b", "x" * 5000 + ".csv", "/dev/zero", "a,b\n1,2"])
def test_paths_that_are_none(path):
    with pytest.raises(InputError, match="must be a file, or a folder of pictures"):
        advise(path)


def test_json_in_every_orientation(tmp_path):
    for orient, lines in (("records", True), ("records", False), ("columns", False), ("list", False)):
        path = tmp_path / "x.json"
        if orient == "list":
            path.write_text(json.dumps(FRAME.to_dict("list")))
        else:
            FRAME.to_json(path, orient=orient, lines=lines)
        pd.testing.assert_frame_equal(plain(path), FRAME, check_dtype=False)


def test_feather_and_arff(tmp_path):
    FRAME.to_feather(tmp_path / "x.feather")
    assert advise(tmp_path / "x.feather", "t").width == 2
    lines = [f'{a},"s {i}",{b}' for i, (a, b) in enumerate(zip(FRAME["a"], FRAME["b"]))]
    head = "@relation r\n@attribute a numeric\n@attribute s string\n@attribute c {u,v,w}\n@data\n"
    (tmp_path / "x.arff").write_text(head + "\n".join(lines))
    held = plain(tmp_path / "x.arff")
    assert held.shape == (120, 3)
    assert isinstance(held["c"].dtype, pd.CategoricalDtype)
    assert advise(tmp_path / "x.arff", "c").kind == "classification"


def test_excel(tmp_path):
    frame = FRAME.assign(day=pd.date_range("2024-01-01", periods=120), word=["ä", "b, c", "d"] * 40)
    frame.to_excel(tmp_path / "x.xlsx", index=False)
    pd.testing.assert_frame_equal(plain(tmp_path / "x.xlsx"), frame, check_dtype=False)
    assert advise(tmp_path / "x.xlsx", "t").warnings == advise(frame, "t").warnings
    with pd.ExcelWriter(tmp_path / "two.xlsx") as book:
        frame.to_excel(book, sheet_name="first", index=False)
        FRAME.to_excel(book, sheet_name="second", index=False)
    advice = advise(tmp_path / "two.xlsx", "t")
    assert advice.width == 4
    assert "only the first of 2 sheets, 'first', was read" in advice.warnings


@pytest.mark.parametrize(("package", "name"), [("arff", "x.arff"), ("openpyxl", "x.xlsx")])
def test_packages_that_are_missing_are_named(tmp_path, monkeypatch, package, name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as parts:
        parts.writestr("xl/workbook.xml", "<workbook/>")
    (tmp_path / name).write_bytes(b"@relation r\n" if name.endswith("arff") else out.getvalue())
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependency, match="pip install"):
        advise(tmp_path / name)


def test_arrays_in_files(tmp_path):
    images = RNG.normal(size=(60, 12, 12)).cumsum(axis=1).cumsum(axis=2)
    np.save(tmp_path / "x.npy", images)
    assert advise(tmp_path / "x.npy").layout == (12, 12, 1)
    np.savez(tmp_path / "x.npz", X=images, y=np.arange(60) % 2)
    advice = advise(tmp_path / "x.npz")
    assert (advice.layout, advice.kind) == ((12, 12, 1), "classification")
    np.savez(tmp_path / "k.npz", this=images, that=images)
    with pytest.raises(InputError, match="got this, that"):
        advise(tmp_path / "k.npz")


def test_nothing_is_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was opened",))

    np.save(tmp_path / "x.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "x.npz", X=np.array([Trap()], dtype=object))
    for name in ("x.npy", "x.npz"):
        with pytest.raises(InputError, match="readable as its ending says"):
            advise(tmp_path / name)


def test_what_unpacks_to_too_much_is_refused(tmp_path):
    path = tmp_path / "x.npz"
    path.write_bytes(b"x")
    with pytest.raises(InputError, match="must unpack to at most"):
        check_unpacked(path, UNPACKED + 1)


def test_labels_of_npz_files(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, 4)), rng.integers(0, 3, 90)
    np.savez(tmp_path / "hot.npz", X=X, y=np.eye(3)[y])
    with pytest.raises(InputError, match=r"one value per row, got an array of shape \(90, 3\)"):
        advise(tmp_path / "hot.npz")
    np.savez(tmp_path / "target.npz", X=X, target=y[:, None])
    assert (
        advise(tmp_path / "target.npz").kind
        == advise(tmp_path / "target.npz", "target").kind
        == "classification"
    )
    np.savez(tmp_path / "parts.npz", x_train=X, y_train=y, x_test=X, y_test=y)
    advice = advise(tmp_path / "parts.npz")
    assert "arrays of the file that were not read: x_test, y_test" in advice.warnings
