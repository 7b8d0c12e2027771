"""A folder of pictures of the user's own as a task."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import datasets
from advisor.errors import InputError, StudyError, TargetError


@pytest.fixture
def path(tmp_path):
    """Ten pictures a class, 20 high and 40 wide; cats are red on the left half."""
    rng = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for i in range(10):
            pixels = rng.integers(0, 100, (20, 40, 3), dtype=np.uint8)
            if label == "cat":
                pixels[:, :20, 0] = 255
            Image.fromarray(pixels).save(tmp_path / label / f"{i}.png")
    return tmp_path


def test_pixels_classes_and_layout(path):
    task = datasets.load(f"folder:{path}")
    assert (task.structure, task.layout, task.kind) == ("image", (20, 40, 3), "classification")
    assert list(task.y) == ["cat"] * 10 + ["dog"] * 10
    pixels = task.X.to_numpy().reshape(-1, 20, 40, 3)
    assert (pixels[:10, :, :20, 0] == 255).all()
    assert pixels[10:].max() < 100
    stored = np.asarray(Image.open(path / "dog" / "3.png"))
    assert np.array_equal(pixels[13], stored)
    assert datasets.describe(task.id) == task.info


def test_large_pictures_are_reduced(path):
    task = datasets.load(f"folder:{path}?side=8")
    assert task.layout == (4, 8, 3)
    assert task.X.shape == (20, 4 * 8 * 3)


def test_grey_pictures_stored_in_colour_have_one_channel(tmp_path):
    for label, shade in (("a", 10), ("b", 200)):
        (tmp_path / label).mkdir()
        Image.new("RGB", (6, 5), (shade,) * 3).save(tmp_path / label / "x.png")
    task = datasets.load(f"folder:{tmp_path}")
    assert task.layout == (5, 6, 1)
    assert task.X.iloc[1].unique().tolist() == [200]


def test_a_changed_picture_changes_the_hash(path):
    before = datasets.load(f"folder:{path}").data_hash
    Image.new("RGB", (40, 20)).save(path / "dog" / "3.png")
    assert datasets.load(f"folder:{path}").data_hash != before


@pytest.mark.parametrize(
    ("change", "name", "error", "said"),
    [
        (lambda p: (p / "cat" / "0.png").write_bytes(b"no picture"), "", InputError, "1 of 20.*0.png"),
        (lambda p: Image.new("L", (4, 4)).save(p / "loose.png"), "", TargetError, "pictures in none"),
        (lambda p: [f.unlink() for f in (p / "cat").iterdir()], "", TargetError, "only dog|dog in"),
        (lambda p: None, "/nothing", InputError, "beside it are cat, dog"),
        (lambda p: None, "?side=0", StudyError, "at least 1"),
        (lambda p: None, "?size=8", StudyError, "side"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(path, change, name, error, said):
    change(path)
    with pytest.raises(error, match=said):
        datasets.load(f"folder:{path}{name}")


def test_a_folder_given_as_a_file_is_told_where_to_go(path):
    with pytest.raises(InputError, match="write folder:"):
        datasets.load(f"file:{path}?target=x")
