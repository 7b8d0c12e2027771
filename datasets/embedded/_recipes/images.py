"""The image sets: shape (n, H, W, C), bytes."""

from __future__ import annotations

import io
import json
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd

from datasets.embedded._recipes.store import Drawn


def digits(at: Path) -> Drawn:
    """Read the 1,797 digits of 8 x 8 counts (0..16) that scikit-learn ships, all of them."""
    table = np.loadtxt(at / "scikit-learn/sklearn/datasets/data/digits.csv.gz", delimiter=",")
    return Drawn(
        pd.DataFrame({"target": table[:, -1].astype(np.uint8)}),
        table[:, :-1].astype(np.uint8).reshape(-1, 8, 8, 1),
    ).sample(len(table))


def mnist(at: Path) -> Drawn:
    """Draw 3,000 of the 10,000 digits of the package; it stores grey levels divided by 255."""
    pixels, labels = [], []
    for digit in range(10):
        levels = json.loads((at / f"mnist/package/src/digits/{digit}.json").read_text())["data"]
        images = np.rint(np.asarray(levels) * 255).astype(np.uint8).reshape(-1, 28, 28, 1)
        pixels.append(images)
        labels += [digit] * len(images)
    return Drawn(pd.DataFrame({"target": labels}), np.concatenate(pixels)).sample(3000)


def emoji(at: Path) -> Drawn:
    """Average the 128 x 128 bitmaps of an emoji font to 32 x 32 on white; the target is the Unicode group.

    Only emoji of one code point: the sequences are the same pictures in other skin tones, sexes and letters.
    """
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
    from PIL import Image

    font = TTFont(at / "fonts-noto-color-emoji/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
    bitmaps, names = font["CBDT"].strikeData[0], font.getBestCmap()
    pixels, labels = [], []
    for line in (at / "unicode-data/usr/share/unicode/emoji/emoji-test.txt").read_text("utf-8").splitlines():
        if line.startswith("# group: "):
            group = line.removeprefix("# group: ")
        code, mark, _ = line.partition("; fully-qualified")
        points = code.replace("FE0F", "").split()
        if not mark or len(points) != 1 or group in ("Component", "Flags"):
            continue
        png = Image.open(io.BytesIO(bitmaps[names[int(points[0], 16)]].imageData)).convert("RGBA")
        left = (png.width - 128) // 2
        rgba = np.asarray(png, dtype=np.float64)[:128, left : left + 128]
        alpha = rgba[..., 3:] / 255
        on_white = rgba[..., :3] * alpha + 255 * (1 - alpha)
        pixels.append(np.rint(on_white.reshape(32, 4, 32, 4, 3).mean(axis=(1, 3))).astype(np.uint8))
        labels.append(group)
    return Drawn(pd.DataFrame({"target": labels}), np.stack(pixels)).sample(len(labels))


def scripts(at: Path) -> Drawn:
    """Read 16 x 16 bitmaps of characters from GNU Unifont; the target is the script, at most 250 of each."""
    wanted = ("CJK", "HANGUL", "YI", "ETHIOPIC", "CANADIAN", "VAI", "KATAKANA", "ARABIC", "LATIN", "MYANMAR")
    pixels, labels = [], []
    for line in (at / "unifont/usr/share/unifont/unifont.hex").read_text().splitlines():
        code, _, bitmap = line.partition(":")
        script = unicodedata.name(chr(int(code, 16)), "").partition(" ")[0]
        if script not in wanted or not bitmap.strip("0"):
            continue
        rows = np.frombuffer(bytes.fromhex(bitmap), dtype=np.uint8).reshape(16, -1)
        bits = np.unpackbits(rows, axis=1)  # 16 x 8 or 16 x 16
        pixels.append(np.pad(bits, ((0, 0), (0, 16 - bits.shape[1])))[..., None])
        labels.append(script.capitalize() if script != "CJK" else "Han")
    drawn = Drawn(pd.DataFrame({"target": labels}), np.stack(pixels)).sample(len(labels))
    place = drawn.table.groupby("target").cumcount()
    return drawn.take(np.flatnonzero(place < 250))


def textures(at: Path) -> Drawn:
    """Cut three photographs into patches of 24 x 24 that do not overlap; a group is 4 x 4 patches."""
    from PIL import Image

    pixels, rows = [], []
    for material in ("brick", "grass", "gravel"):
        photo = np.asarray(Image.open(at / f"scikit-image/skimage/data/{material}.png").convert("L"))
        for i in range(20):
            for j in range(20):
                pixels.append(photo[24 * i : 24 * i + 24, 24 * j : 24 * j + 24, None])
                rows.append({"target": material, "block": f"{material} {i // 4} {j // 4}"})
    return Drawn(pd.DataFrame(rows), np.stack(pixels)).sample(len(rows))
