"""CSV and its kin: compression and encoding found out."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zipfile
from pathlib import Path
from typing import IO, Any

import pandas as pd

from advisor.errors import InputError
from advisor.files import ending
from advisor.intake._lines import too_long, written

START = 2**18  # letters looked at to find out how the file is written
LINE = 2**26  # letters that a line has at most
HEAD = 512 * 2**20  # bytes of text read of a file that is not packed
ENDINGS = (".csv", ".tsv", ".txt", ".tab", ".data", ".dat")
PACKED = ("", ".gz", ".bz2", ".xz", ".zip")


def is_text(name: str) -> bool:
    """Whether a file name ends like that of a table held as text, packed or not."""
    return ending(name) in {".zip", *(e + p for e in ENDINGS for p in PACKED)}


def load(path: Path, most: int) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read a table held as text.

    Parameters
    ----------
    path : Path
        Of the file.
    most : int
        Bytes that it may unpack to.

    Returns
    -------
    frame : DataFrame
        The table.
    notes : tuple of str
        What the user should know about how it was read.

    Raises
    ------
    InputError
        If it is no such table: the message names the line.
    """
    notes: list[str] = []
    packed = ending(path.name).count(".") > 1 or ending(path.name) == ".zip"
    size = path.stat().st_size
    if packed:
        raw = unpacked(path, most)
    else:
        with path.open("rb") as file:
            raw = file.read(HEAD)
    if size > len(raw) and not packed:
        raw = raw[: raw.rfind(b"\n") + 1]
        notes.append(f"only the first {len(raw) >> 20} of {size >> 20} MiB were read")
    if not raw.strip():
        raise InputError(f"{path.name!r} must hold rows", got="an empty file", do="check how it was written")
    text, encoding = decode(raw)
    del raw
    if encoding in ("cp1252", "latin-1"):
        notes.append(f"the file is not UTF-8; it was read as {encoding}")
    start = text[:START]
    if "\0" in start:
        raise InputError(
            f"{path.name!r} must hold text", got="binary zeros", do="check that it is what its ending says"
        )
    if len(text) > LINE and "\n" not in text[:LINE] and "\r" not in text[:LINE]:
        raise InputError(f"{path.name!r} must hold lines", got="no end of a line", do="check the file")
    if len(text) > START:
        start = start[: max(start.rfind("\n"), start.rfind("\r")) + 1] or text[:LINE].partition("\n")[0]
    way = written(path.name, start, cut=len(text) > START)
    try:
        frame = pd.read_csv(io.StringIO(text), low_memory=False, **way.options)
    except pd.errors.ParserError as error:
        raise _ragged(path.name, str(error)) from error
    if way.names is not None and len(way.names) == frame.shape[1]:
        frame.columns = pd.Index(way.names)  # pandas renames repeated names, which would hide them
    return frame, (*notes, *way.notes)


def unpacked(path: Path, most: int) -> bytes:
    """Bytes of a file, unpacked, at most so many.

    Raises
    ------
    InputError
        If an archive holds several files or needs a password, or there are more bytes.
    """
    end = ending(path.name).rpartition(".")[2]
    openers: dict[str, Any] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}
    if end == "zip":
        with zipfile.ZipFile(path) as parts:
            files = [p for p in parts.infolist() if not p.is_dir() and not p.filename.startswith("__MACOSX")]
            if len(files) != 1:
                raise InputError(
                    f"{path.name!r} must hold one file",
                    got=", ".join(p.filename for p in files[:3]) or "none",
                    do="unpack it and pass one of them",
                )
            if files[0].flag_bits & 1:
                raise InputError(f"{path.name!r} must be open", got="a password", do="unpack it yourself")
            with parts.open(files[0]) as file:
                return _bounded(file, path, most)
    with openers[end](path, "rb") if end in openers else path.open("rb") as file:
        return _bounded(file, path, most)


def _ragged(name: str, said: str) -> InputError:
    match = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", said)
    if match:
        return too_long(name, int(match[2]), int(match[3]), int(match[1]))
    return InputError(
        f"{name!r} must be readable as a table",
        got=" ".join(said.replace("Error tokenizing data. C error: ", "").split())[:100],
        do="check its quotes and that the file is whole",
    )


def _bounded(file: IO[bytes], path: Path, most: int) -> bytes:
    parts, size = [], 0
    while block := file.read(2**24):
        size += len(block)
        if size > most or (size == len(block) == 2**24 and not block.strip(b"\0")):
            raise InputError(
                f"{path.name!r} must unpack to at most {most >> 20} MiB of data",
                got=f"more from {path.stat().st_size >> 10} KiB" if size > most else "binary zeros",
                do="unpack it yourself if you trust it, and pass a part",
            )
        parts.append(block)
    return b"".join(parts)


def decode(raw: bytes) -> tuple[str, str]:
    """Text and its encoding: marked, UTF-16 by its zeros, UTF-8 if it can be, else Windows' or Latin-1.

    Examples
    --------
    >>> decode("é".encode("utf-16"))[1], decode("é".encode())[1], decode(b"caf\\xe9")
    ('utf-16', 'utf-8', ('café', 'cp1252'))
    """
    start = raw[:4096]
    guesses = ["utf-8", "cp1252", "latin-1"]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        guesses.insert(0, "utf-16")
    elif start.startswith(b"\xef\xbb\xbf"):
        guesses.insert(0, "utf-8-sig")
    elif len(start) > 3 and start[1::2].count(0) > 0.7 * len(start[1::2]) and 0 not in start[::2]:
        guesses.insert(0, "utf-16-le")
    elif len(start) > 3 and start[::2].count(0) > 0.7 * len(start[::2]) and 0 not in start[1::2]:
        guesses.insert(0, "utf-16-be")
    for encoding in guesses:
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise AssertionError("latin-1 decodes anything")
