"""Pictures as people hold them: encoded in cells, named by paths, opened by Pillow, filed in folders.

Nothing here trusts a picture: its size is read from its header before a pixel is decoded, a path is followed
only below its root, and whatever a decoder raises means that this one picture cannot be read.
"""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.cells import as_array
from advisor.errors import InputError, MissingDependency
from advisor.files import IMAGE_ENDINGS, ending, kind_of_bytes, kind_of_name

LOOK = 256  # pictures opened to measure a set
PIXELS = 50_000_000  # of one picture, beyond which it is not decoded: 150 MB in colour
BUDGET = 60_000_000  # pixels decoded to measure a set, though at least FEWEST pictures
FEWEST = 16
BYTES = 64 * 2**20  # of one encoded picture
BYTES_IN_ALL = 2**30  # read to measure a set
LARGEST_SIDE = 256  # what networks are given at most; larger pictures are reduced
BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_\r\n")


class Unreadable(Exception):
    """One picture cannot be read; never leaves this package."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """What a sample of pictures is like.

    Parameters
    ----------
    layout : (int, int, int)
        Height, width and channels that all are brought to.
    values : ndarray of float32, shape (m, H * W * C)
        Those decoded, in the order given.
    looked, unreadable : int
        Pictures opened, and those among them that cannot be read.
    size : (int, int)
        Height and width of the typical picture as stored.
    sizes : mapping of (int, int) to int
        How many have each size.
    reason : str
        Why the first of the unreadable ones is.
    grey : bool
        Whether they are stored in colour but hold only greys.
    """

    layout: tuple[int, int, int]
    values: NDArray[np.float32]
    looked: int
    unreadable: int
    size: tuple[int, int]
    sizes: dict[tuple[int, int], int]
    reason: str
    grey: bool

    def notes(self) -> tuple[str, ...]:
        """Sentences on what a user should know before training."""
        found = []
        if self.unreadable:
            found.append(
                f"{self.unreadable} of {self.looked} pictures looked at cannot be read ({self.reason}): "
                "drop them; until then they are all missing values"
            )
        if len(self.sizes) > 1:
            (low, high) = (np.array(list(self.sizes)).min(axis=0), np.array(list(self.sizes)).max(axis=0))
            share = self.sizes.get(self.size, 0) / sum(self.sizes.values())
            found.append(
                f"pictures differ in size, {low[0]} x {low[1]} to {high[0]} x {high[1]}, {share:.0%} are "
                f"{self.size[0]} x {self.size[1]}: all are resized to {self.layout[0]} x {self.layout[1]}"
            )
        elif self.size != self.layout[:2]:
            found.append(
                f"pictures of {self.size[0]} x {self.size[1]} are reduced to {self.layout[0]} x "
                f"{self.layout[1]} for training"
            )
        if self.grey:
            found.append("pictures are stored in colour but hold only greys: one channel says as much")
        return tuple(found)


def role_of_cells(column: pd.Series) -> str | None:
    """Tell whether the cells of a column are pictures, or files of a kind that is not read.

    Parameters
    ----------
    column : Series
        All rows.

    Returns
    -------
    {"image", "sound", "video", "DICOM", "NIfTI", ...} or None
        None if the cells are neither.

    Examples
    --------
    >>> role_of_cells(pd.Series(["a.wav", "b.wav"])), role_of_cells(pd.Series(["a", "b.c"]))
    ('sound', None)
    """
    if not (column.dtype == object or pd.api.types.is_string_dtype(column.dtype)):
        return None
    step = max(1, len(column) // 64)
    cells = column.iloc[::step].dropna().iloc[:64].tolist()
    if not cells:
        cells = column.dropna().iloc[::step].iloc[:64].tolist()
    kinds = Counter(kind_of_cell(cell) for cell in cells)
    if not kinds:
        return None
    kind, count = kinds.most_common(1)[0]
    return kind if kind is not None and count > 0.5 * len(cells) else None


def kind_of_cell(cell: Any) -> str | None:
    """What one cell holds: "image", a kind of file that is not read, or None.

    Examples
    --------
    >>> kind_of_cell(b"GIF89a"), kind_of_cell({"bytes": None, "path": "a.flac"}), kind_of_cell(1.5)
    ('image', 'sound', None)
    """
    if isinstance(cell, bytes | bytearray | memoryview):
        return kind_of_bytes(bytes(cell[:400]))
    if isinstance(cell, dict) and cell and set(map(str, cell)) <= {"bytes", "path", "array", "sampling_rate"}:
        if "sampling_rate" in cell:
            return "sound"
        return next((kind for key in ("bytes", "path") if (kind := kind_of_cell(cell.get(key)))), None)
    if isinstance(cell, str):
        return _kind_of_text(cell)
    if isinstance(cell, Path):
        return kind_of_name(cell.name)
    return "image" if is_opened(cell) else None


def is_opened(cell: Any) -> bool:
    """Whether it is an image that Pillow opened."""
    return any(t.__module__ == "PIL.Image" and t.__name__ == "Image" for t in type(cell).__mro__)


def _kind_of_text(text: str) -> str | None:
    if len(text) < 4096 and "\n" not in text and (kind := kind_of_name(text)):
        return kind
    start = _encoded(text[:700], whole=False)
    return kind_of_bytes(start) if start else None


def _encoded(text: str, *, whole: bool = True) -> bytes | None:
    """Bytes held as base64, with or without ``data:image/png;base64,`` before them."""
    if text.startswith("data:"):
        head, mark, text = text.partition(";base64,")
        if not mark or len(head) > 100:
            return None
    try:
        raw = text.encode("ascii")
        if len(raw) < 24 or not BASE64.issuperset(raw[:700]):
            return None
        raw = raw.translate(bytes.maketrans(b"-_", b"+/"), b"\r\n")
        if not whole:
            raw = raw[: len(raw) // 4 * 4]
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except (UnicodeEncodeError, binascii.Error, ValueError):
        return None


def look(cells: Sequence[Any], root: Path | None, *, fenced: bool, what: str) -> Pictures:
    """Measure a sample of pictures.

    Parameters
    ----------
    cells : sequence
        Bytes, paths, base64, dictionaries of bytes and path, arrays, or images that Pillow opened.
    root : Path or None
        Folder that relative paths start from; None is the current one.
    fenced : bool
        Whether paths that leave the root are refused, as those read from a file must be.
    what : str
        For the messages: the name of the column or folder.

    Returns
    -------
    Pictures
        What they are like.

    Raises
    ------
    InputError
        If most of them cannot be read.
    """
    sizes: Counter[tuple[int, int]] = Counter()
    channels: Counter[int] = Counter()
    held: list[NDArray[np.float32]] = []
    reasons: Counter[str] = Counter()
    spent, read, grey = 0, 0, True
    for looked, cell in enumerate(cells):
        if read > BYTES_IN_ALL and len(held) >= FEWEST:
            cells = cells[:looked]
            break
        try:
            image = opened(cell, root, fenced=fenced)
            height, width = _size(image)
            read += _weight(image)
            if spent < BUDGET or len(held) < FEWEST:
                pixels = decoded(image, (LARGEST_SIDE, LARGEST_SIDE))
                spent += height * width
                channels[pixels.shape[2]] += 1
                grey = grey and pixels.shape[2] == 3 and bool((pixels[..., :1] == pixels).all())
                held.append(pixels)
            sizes[height, width] += 1
        except Unreadable as error:
            reasons[str(error)] += 1
    bad = reasons.total()
    if 2 * bad > len(cells):
        reason, count = reasons.most_common(1)[0]
        raise InputError(
            f"most pictures of {what} must be readable",
            got=f"{bad} of {len(cells)} that are not, {count} of them because: {reason}",
            do="check the paths and the files",
        )
    common, count = sizes.most_common(1)[0]
    if 2 * count <= sizes.total():  # no size is that of most: take the middle
        heights, widths = zip(*sizes.elements(), strict=True)
        common = (int(np.median(heights)), int(np.median(widths)))
    depth = 3 if channels[3] else 1
    scale = min(1.0, LARGEST_SIDE / max(common))
    layout = (max(1, round(common[0] * scale)), max(1, round(common[1] * scale)), depth)
    values = np.stack([resized(pixels, layout).ravel() for pixels in held])
    reason = reasons.most_common(1)[0][0] if reasons else ""
    return Pictures(layout, values, len(cells), bad, common, dict(sizes), reason, grey)


def stack(
    cells: Iterable[Any], layout: tuple[int, int, int], root: Path | None, *, fenced: bool
) -> NDArray[np.float32]:
    """Decode and resize pictures, shape (n, H, W, C); those that cannot be read are NaN."""
    cells = list(cells)
    out = np.full((len(cells), *layout), np.nan, np.float32)
    for row, cell in enumerate(cells):
        try:
            out[row] = resized(decoded(opened(cell, root, fenced=fenced), layout[:2]), layout)
        except Unreadable:
            continue
    return out


def opened(cell: Any, root: Path | None, *, fenced: bool) -> Any:
    """Open one picture without decoding it: an image of Pillow, or an array of pixels.

    Raises
    ------
    Unreadable
        With the reason.
    """
    if isinstance(cell, dict):
        cell = cell["bytes"] if cell.get("bytes") is not None else cell.get("path")
    if isinstance(cell, str) and kind_of_name(cell) is None and (raw := _encoded(cell)) is not None:
        cell = raw
    if is_opened(cell):
        return cell
    if isinstance(cell, str | Path):
        path = below(cell, root, fenced=fenced)
        try:
            return _open(io.BytesIO(path.read_bytes()))
        except OSError:
            raise Unreadable("a file that cannot be opened") from None
    if isinstance(cell, bytes | bytearray | memoryview):
        if len(cell) > BYTES:
            raise Unreadable(f"over {BYTES >> 20} MiB")
        return _open(io.BytesIO(bytes(cell)))
    if hasattr(cell, "__array__") or isinstance(cell, list):
        try:
            array = as_array(cell)
        except InputError as error:
            raise Unreadable(error.got) from None
        if array.ndim in (2, 3) and array.size and (array.ndim == 2 or array.shape[2] <= 4):
            return array
        raise Unreadable(f"an array of shape {array.shape}")
    raise Unreadable("missing" if cell is None or cell is pd.NA or cell != cell else type(cell).__name__)


def below(name: str | Path, root: Path | None, *, fenced: bool) -> Path:
    """Find a file, refusing what is none, what leaves a fenced root, and what is too large."""
    try:
        path = ((root or Path()) / name).resolve()
        if fenced and not path.is_relative_to((root or Path()).resolve()):
            raise Unreadable("a path that leaves its folder")
        if not path.is_file():  # pipes and devices would hang
            raise Unreadable("no such file")
        if path.stat().st_size > BYTES:
            raise Unreadable(f"over {BYTES >> 20} MiB")
    except (OSError, ValueError, RuntimeError):
        raise Unreadable("a path that cannot be followed") from None
    return path


def _open(source: Any) -> Any:
    image_module = pillow()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a picture that looks like a decompression bomb is a warning there
        try:
            image = image_module.open(source)
        except Exception as error:  # decoders raise whatever they like on damaged bytes
            bomb = "bomb" in type(error).__name__.lower()
            raise Unreadable("too many pixels" if bomb else "not a picture") from None
    if image.width * image.height > PIXELS:
        raise Unreadable("too many pixels")
    return image


def _weight(image: Any) -> int:
    """Bytes that an image was opened from."""
    source = getattr(image, "fp", None)
    return source.getbuffer().nbytes if isinstance(source, io.BytesIO) else 0


def _size(image: Any) -> tuple[int, int]:
    if isinstance(image, np.ndarray):
        return int(image.shape[0]), int(image.shape[1])
    return int(image.height), int(image.width)


def decoded(image: Any, most: tuple[int, int]) -> NDArray[np.float32]:
    """Pixels of an opened picture, shape (H, W, 1 or 3), at most of the given size if it is a photograph."""
    if isinstance(image, np.ndarray):
        array = image.astype(np.float32)
        array = array[..., None] if array.ndim == 2 else array
        return array if array.shape[2] == 3 else array[..., :3] if array.shape[2] > 3 else array[..., :1]
    if image.width * image.height > PIXELS or not image.width * image.height:
        raise Unreadable("too many pixels" if image.width else "no pixels")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image.draft(None, (most[1], most[0]))  # JPEG alone: decodes at a fraction of the size
            if image.mode not in ("L", "RGB", "I", "F") and not image.mode.startswith("I;16"):
                image = image.convert("L" if image.mode in ("1", "LA", "La") else "RGB")
            array = np.asarray(image, dtype=np.float32)
        except Exception:  # as above
            raise Unreadable("damaged or cut short") from None
    return array[..., None] if array.ndim == 2 else array


def resized(pixels: NDArray[np.float32], layout: tuple[int, int, int]) -> NDArray[np.float32]:
    """Bring pixels to a layout: mean of the channels for grey, repeated for colour, antialiased resizing."""
    if pixels.shape[2] != layout[2]:
        pixels = pixels.mean(axis=2, keepdims=True) if layout[2] == 1 else pixels[..., :1]
        pixels = np.repeat(pixels, layout[2], axis=2)
    if pixels.shape[:2] == layout[:2]:
        return pixels
    image_module = pillow()
    planes = [
        np.asarray(
            image_module.fromarray(np.ascontiguousarray(pixels[..., c])).resize(
                (layout[1], layout[0]), image_module.Resampling.BILINEAR
            )
        )
        for c in range(layout[2])
    ]
    return np.stack(planes, axis=2)


def pillow() -> Any:
    """Import Pillow, or say how to install it.

    Raises
    ------
    MissingDependency
        If it is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependency(
            "pictures need Pillow", got="no such package", do="pip install 'arch-advisor[images]'"
        ) from error
    return Image


def is_picture_name(name: str) -> bool:
    """Whether a file name ends like that of a picture.

    Examples
    --------
    >>> is_picture_name("a.PNG"), is_picture_name("a.txt")
    (True, False)
    """
    return ending(name) in IMAGE_ENDINGS
