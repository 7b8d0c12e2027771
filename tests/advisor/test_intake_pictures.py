from __future__ import annotations

import base64
import io
import os
import struct
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from advisor import advise
from advisor.errors import InputError, MissingDependency
from advisor.folding import FoldPictures
from advisor.intake._folder import labelled

RNG = np.random.default_rng(0)
LABELS = np.arange(40) % 2


def picture(height: int = 20, width: int = 16, channels: int = 3) -> np.ndarray:
    pixels = RNG.integers(0, 255, (height, width, channels), dtype=np.uint8)
    return pixels if channels > 1 else pixels[..., 0]


def encoded(pixels: np.ndarray, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form)
    return out.getvalue()


def cells(make, n: int = 40) -> pd.DataFrame:
    return pd.DataFrame({"p": pd.Series([make(picture()) for _ in range(n)], dtype=object)})


def huge() -> bytes:
    """A PNG that says it is 100,000 x 100,000 pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


HELD = {
    "png": encoded,
    "jpeg": lambda pixels: encoded(pixels, "JPEG"),
    "bmp": lambda pixels: bytearray(encoded(pixels, "BMP")),
    "base64": lambda pixels: base64.b64encode(encoded(pixels)).decode(),
    "data": lambda pixels: "data:image/png;base64," + base64.b64encode(encoded(pixels)).decode(),
    "pillow": Image.fromarray,
    "dictionary": lambda pixels: {"bytes": encoded(pixels), "path": None},
}


@pytest.mark.parametrize("held", HELD)
def test_pictures_in_cells_are_images_and_can_be_fitted(held):
    frame = cells(HELD[held])
    advice = advise(frame, LABELS)
    assert (advice.structure, advice.layout, advice.form) == ("image", (20, 16, 3), "image_cells")
    fold = advice.estimator().named_steps["fold"]
    tensor = fold.fit_transform(frame)
    assert tensor.shape == (40, 20, 16, 3)
    assert tensor.dtype == np.float32
    assert not np.isnan(tensor).any()


def test_pixels_come_back_as_they_were():
    pixels = [picture() for _ in range(5)]
    frame = pd.DataFrame({"p": [encoded(p) for p in pixels]})
    np.testing.assert_array_equal(FoldPictures("p", (20, 16, 3)).fit_transform(frame), np.stack(pixels))


def test_an_estimator_learns_from_bytes():
    bright = [np.full((8, 8), 200 * label + 20, np.uint8) for label in LABELS]
    frame = pd.DataFrame({"p": [encoded(pixels) for pixels in bright]})
    advice = advise(frame, LABELS)
    assert advice.layout == (8, 8, 1)
    model = advice.estimator(time_limit=5)
    assert (model.fit(frame, LABELS).predict(frame) == LABELS).mean() > 0.9


def test_sizes_that_differ_are_said_and_resized():
    frame = pd.DataFrame({"p": [encoded(picture(20 if i % 4 else 30, 16)) for i in range(40)]})
    advice = advise(frame)
    assert advice.layout == (20, 16, 3)
    assert any("75% are 20 x 16" in warning for warning in advice.warnings)
    assert FoldPictures("p", (20, 16, 3)).fit_transform(frame).shape == (40, 20, 16, 3)


def test_arrays_of_different_sizes_are_pictures():
    held = pd.Series([picture(20 + i % 3, 16 + i % 4) for i in range(40)], dtype=object)
    advice = advise(pd.DataFrame({"p": held}), LABELS)
    assert advice.structure == "image"
    assert advice.layout[2] == 3


def test_a_few_that_cannot_be_read_are_counted_and_many_are_an_error():
    good, cut = [encoded(picture()) for _ in range(36)], encoded(picture())[:80]
    advice = advise(pd.DataFrame({"p": [*good, cut, cut, huge(), b"\x89PNG\r\n\x1a\n"]}), LABELS)
    assert any(warning.startswith("4 of 40 pictures looked at cannot be read") for warning in advice.warnings)
    with pytest.raises(InputError, match="30 of 40 that are not"):
        advise(pd.DataFrame({"p": [*good[:10], *[cut] * 30]}))
    with pytest.raises(InputError, match="too many pixels"):
        advise(pd.DataFrame({"p": [huge()] * 20}))


def test_a_column_of_pictures_holds_some():
    frame = pd.DataFrame({"p": pd.Series([None] * 40, dtype=object), "age": range(40)})
    with pytest.raises(InputError, match="the column 'p' must hold pictures, got nothing: give it no role"):
        advise(frame, LABELS, roles={"p": "image"})


@pytest.mark.parametrize("make", [encoded, np.copy], ids=["png", "array"])
def test_copies_of_pictures_are_said(make):
    pixels = [picture() for _ in range(40)]
    held = pd.Series([make(each) for each in (*pixels[:30], *pixels[:10])], dtype=object)
    warnings = advise(pd.DataFrame({"p": held}), LABELS, roles={"p": "image"}).warnings
    assert any(warning.startswith("25% of rows repeat an earlier one") for warning in warnings)


def test_other_columns_are_said_to_be_unused():
    advice = advise(cells(encoded).assign(age=range(40), t=LABELS), "t")
    assert any("('age') would not be used" in sentence for sentence in advice.against)


@pytest.fixture
def folder(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "set" / name).mkdir(parents=True)
        for i in range(20):
            (tmp_path / "set" / name / f"{i:02}.png").write_bytes(encoded(picture()))
    return tmp_path / "set"


def test_a_folder_of_class_folders(folder):
    (folder / "cat" / ".hidden.png").write_bytes(b"x")
    (folder / "cat" / "notes.txt").write_text("x")
    advice = advise(folder)
    assert (advice.structure, advice.layout, advice.form) == ("image", (20, 16, 3), "image_folder")
    assert (advice.n, advice.kind) == (40, "classification")
    assert any(warning.startswith("1 files that are no pictures") for warning in advice.warnings)
    paths, classes = labelled(folder)
    assert classes == ["cat"] * 20 + ["dog"] * 20
    tensor = advice.estimator().named_steps["fold"].fit_transform(pd.DataFrame({"path": paths}))
    assert tensor.shape == (40, 20, 16, 3)
    model = advice.estimator(time_limit=1).fit(folder, classes)
    assert model.predict(paths).shape == (40,)


def test_the_pictures_of_a_folder_are_raced_and_their_copies_seen(tmp_path):
    for label, name in enumerate(("dark", "light")):
        (tmp_path / name).mkdir()
        for i in range(30):
            pixels = RNG.integers(0, 100, (8, 8), dtype=np.uint8) + np.uint8(120 * label)
            (tmp_path / name / f"{i:02}.png").write_bytes(encoded(pixels))
    assert not any("repeat an earlier" in warning for warning in advise(tmp_path).warnings)
    advice = advise(tmp_path, effort="race", budget=10)
    assert advice.race.entrants[0].score > 0.9
    (tmp_path / "light" / "copy.png").write_bytes((tmp_path / "light" / "00.png").read_bytes())
    (tmp_path / "dark" / "copy.png").write_bytes((tmp_path / "dark" / "00.png").read_bytes())
    assert any("repeat an earlier" in warning for warning in advise(tmp_path).warnings)


def test_links_out_of_a_folder_are_not_followed(folder, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "x.png").write_bytes(encoded(picture()))
    os.symlink(secret, folder / "stolen")
    os.symlink(secret / "x.png", folder / "cat" / "stolen.png")
    os.symlink(folder, folder / "dog" / "round")
    advice = advise(folder)
    assert advice.n == 40
    assert any(warning.startswith("2 links that leave the folder") for warning in advice.warnings)


def test_folders_that_hold_something_else(folder, tmp_path):
    two = tmp_path / "two"
    (two / "train").mkdir(parents=True)
    folder.rename(two / "train" / "set")
    with pytest.raises(InputError, match="one level deeper"):
        advise(two / "train")
    tables = tmp_path / "tables"
    tables.mkdir()
    (tables / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match=r"got 1 \.csv: pass one of the files"):
        advise(tables)
    (tables / "a.csv").rename(tables / "a.wav")
    with pytest.raises(InputError, match="spectrogram"):
        advise(tables)
    with pytest.raises(InputError, match="no file"):
        advise(two)


def test_paths_start_at_their_file_and_must_not_leave_its_folder(folder, tmp_path):
    paths, classes = labelled(folder)
    table = pd.DataFrame({"file": [os.path.relpath(p, tmp_path) for p in paths], "y": classes})
    table.to_csv(tmp_path / "labels.csv", index=False)
    advice = advise(tmp_path / "labels.csv", "y")
    assert (advice.form, advice.layout) == ("image_cells", (20, 16, 3))
    fold = advice.estimator().named_steps["fold"]
    assert not np.isnan(fold.fit_transform(table[["file"]])).any()

    inner = tmp_path / "inner"
    inner.mkdir()
    table.assign(file="../" + table["file"]).to_csv(inner / "labels.csv", index=False)
    with pytest.raises(InputError, match="leaves its folder"):
        advise(inner / "labels.csv", "y")
    table.assign(file=paths).to_csv(inner / "labels.csv", index=False)
    with pytest.raises(InputError, match="leaves its folder"):
        advise(inner / "labels.csv", "y")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("a/b.wav", "sound files: turn each into a spectrogram"),
        ("scan.dcm", "DICOM files: read the pixels"),
        ("brain.nii.gz", "NIfTI files"),
        ("film.mp4", "video files"),
        (b"RIFF0000WAVEfmt ", "sound"),
        (b"fLaC0000", "sound"),
        (b"ID3\x04", "sound"),
        (b"\0" * 128 + b"DICM", "DICOM"),
        ({"path": "a.wav", "array": [0.0], "sampling_rate": 8000}, "sound"),
        ("http://a.b/c.png", "links are not fetched"),
    ],
)
def test_files_that_are_not_read_are_named(cell, words):
    with pytest.raises(InputError, match=words):
        advise(pd.DataFrame({"f": pd.Series([cell] * 20)}))


def test_files_beside_numbers_are_left_out():
    frame = pd.DataFrame({"f": [f"{i}.wav" for i in range(40)], "x": RNG.normal(size=40)})
    advice = advise(frame, LABELS)
    assert advice.structure == "tabular"
    assert any("sound files, which are not read" in warning for warning in advice.warnings)
    assert advice.estimator().named_steps["fold"].fit_transform(frame).columns.tolist() == ["x"]


def test_without_pillow_it_says_what_to_install(monkeypatch):
    frame = cells(encoded)
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(MissingDependency, match=r"arch-advisor\[images\]"):
        advise(frame)
