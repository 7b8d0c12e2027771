"""How the lines of a text table are written: separator, decimal sign, names of columns, ragged lines."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from advisor.errors import InputError

Lines = list[tuple[int, list[str]]]  # numbers of lines, and their fields

SEPARATORS = "\t;|,"
BLANKS = r"\s+"  # the separator of columns that are aligned by blanks
LOOK = 200  # lines in which values of the first are looked for
NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$")
COMMA_NUMBER = re.compile(r"\s*[-+]?\d+,\d+([eE][-+]?\d+)?\s*$")
THOUSANDS = re.compile(r"\s*[-+]?[1-9]\d{0,2}(,\d{3})+\s*$")
SEP_LINE = re.compile(r"sep=(.)\s*$", re.IGNORECASE)  # what Excel writes before the names


@dataclass(frozen=True)
class Written:
    """How a text table is written.

    Parameters
    ----------
    options : dict
        For :func:`pandas.read_csv`.
    names : list of str or None
        The names of the columns, where they repeat.
    notes : tuple of str
        What the user should know.
    """

    options: dict[str, Any]
    names: list[str] | None = None
    notes: tuple[str, ...] = ()


def written(name: str, start: str, *, cut: bool) -> Written:
    """Find out how a table is written.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    start : str
        Its first lines.
    cut : bool
        Whether there are more, so that the last of these may be a part.

    Returns
    -------
    Written
        The way.

    Raises
    ------
    InputError
        If lines are longer than the first; the message names one.

    Examples
    --------
    >>> written("a.csv", "a;b\\n1,5;2\\n", cut=False).options
    {'sep': ';', 'decimal': ','}
    """
    notes: list[str] = []
    options: dict[str, Any] = {}
    skip, told = _before(start)
    some = "".join(start.splitlines(keepends=True)[skip:])
    sep, lines = _separator(some, told)
    if not lines:
        raise InputError(f"{name!r} must hold rows", got="lines that cannot be cut", do="check its quotes")
    title = _title([row for _, row in lines])
    if title:  # cut again: a title may have hidden the separator
        skip += lines[0][0]
        some = "".join(start.splitlines(keepends=True)[skip:])
        sep, lines = _separator(some, told)
    if skip:
        options["skiprows"] = skip
        notes.append(f"lines before the table that were left out: {skip}")
    rows = [row for _, row in lines]
    if cut and len(lines) > 2:
        lines = lines[:-1]  # cut within quotes, a row looks short
    options["sep"] = sep
    if _ends_with_separator(rows):
        options["index_col"] = False
    elif ragged := _check_lines(name, lines, skip):
        notes.append(ragged)
    if sep not in (",", BLANKS) and _decimal_comma(rows, sep):
        options["decimal"] = ","
    headless = _headless(rows)
    if headless:
        options["header"] = None
        names = _commented(start.splitlines()[skip - 1], sep) if skip else []
        if len(names) == len(rows[0]) > 1:
            options["names"] = names
            notes = []
    if headless == "mixed":
        notes.append("the first line was read as values, since it holds what the others hold")
    repeated = not headless and len(set(rows[0])) < len(rows[0])
    return Written(options, rows[0] if repeated else None, tuple(notes))


def _before(start: str) -> tuple[int, str | None]:
    """Count comments and blank lines before the table, and read the separator that Excel may name there."""
    told: str | None = None
    lines = start.splitlines()
    for count, line in enumerate(lines):
        if match := SEP_LINE.match(line.strip().strip('"')):
            told = match[1]
        elif line.strip() and not line.startswith("#"):
            return count, told
    return 0, told


def _commented(line: str, sep: str) -> list[str]:
    """The names in a comment before the values, as numpy writes them."""
    if not line.startswith("#"):
        return []
    text = line.lstrip("# ")
    return [
        cell.strip() for _, row in (_cut_blanks(text) if sep == BLANKS else _cut(text, sep)) for cell in row
    ]


def _title(rows: list[list[str]]) -> bool:
    """Whether the first line is a title: one field over lines of three or more, all alike."""
    widths = {len(row) for row in rows[1:LOOK]}
    return len(rows) > 2 and len(rows[0]) == 1 and len(widths) == 1 and widths.pop() > 2


def _separator(start: str, told: str | None) -> tuple[str, Lines]:
    """The separator that cuts the lines into the same number of fields, and the lines cut by it."""
    if told is not None:
        return told, _cut(start, told)
    best, chosen = 0.5, ""
    some = "".join(line for line, _ in zip(io.StringIO(start), range(100)))
    for sep in SEPARATORS:
        widths = [len(row) for _, row in _cut(some, sep)]
        if len(widths) > 2 and widths[0] == 1 < widths[1]:
            widths = widths[1:]  # a title
        if not widths or widths[0] < 2:
            continue
        # the first line is the plainest; R leaves out the name of the column of row names
        share = sum(width in (widths[0], widths[0] + 1) for width in widths) / len(widths)
        if share > best:
            best, chosen = share + 0.05, sep
    if not chosen:
        blank = _cut_blanks(start)
        fields = [cell for _, row in blank[:LOOK] for cell in row]
        even = len({len(row) for _, row in blank}) == 1 and len(blank) > 1 and len(blank[0][1]) > 1
        if even and 2 * sum(bool(NUMBER.match(cell)) for cell in fields) > len(fields):
            return BLANKS, blank
    chosen = chosen or ","
    return chosen, _cut(start, chosen)


def _cut(text: str, sep: str) -> Lines:
    limit = csv.field_size_limit(2**27)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sep)
    try:
        return [(reader.line_num, row) for row in reader if row]
    except csv.Error:
        return []
    finally:
        csv.field_size_limit(limit)


def _cut_blanks(text: str) -> Lines:
    return [(number, line.split()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _ends_with_separator(rows: list[list[str]]) -> bool:
    """Whether all lines but the first hold one field more, and nothing in it."""
    width = len(rows[0])
    return len(rows) > 1 and all(len(row) == width + 1 and not row[-1].strip() for row in rows[1:])


def _check_lines(name: str, lines: Lines, skipped: int) -> str:
    """Refuse lines longer than the first; say where they are shorter. One more in all is a row's name."""
    width = len(lines[0][1])
    if len(lines) > 1 and all(len(row) == width + 1 for _, row in lines[1:]) and _are_names(lines[1:]):
        return ""
    for line, row in lines:
        if len(row) > width and any(cell.strip() for cell in row[width:]):
            raise too_long(name, line + skipped, len(row), width)
    short = [(line + skipped, len(row)) for line, row in lines if len(row) < width]
    if not short:
        return ""
    return (
        f"line {short[0][0]} has {short[0][1]} of {width} fields, and {len(short) - 1} more lines are short: "
        "the rest was read as missing"
    )


def _are_names(lines: Lines) -> bool:
    """Whether the first fields name rows: text, or each number once."""
    first = [row[0] for _, row in lines]
    return not all(NUMBER.match(cell) for cell in first) or len(set(first)) == len(first)


def too_long(name: str, line: int, fields: int, width: int) -> InputError:
    """Say which line has too many fields.

    Examples
    --------
    >>> raise too_long("a.csv", 7, 4, 3)
    Traceback (most recent call last):
    advisor.errors.InputError: every line of 'a.csv' must have the same number of fields, got 4 in line 7 ...
    """
    return InputError(
        f"every line of {name!r} must have the same number of fields",
        got=f"{fields} in line {line} instead of {width}",
        do="quote texts that hold the separator, or mend the line",
    )


def _decimal_comma(rows: list[list[str]], sep: str) -> bool:
    """Whether numbers such as 1,5 have decimals behind the comma.

    A number such as 1,234 may be a thousand: between tabs others must prove the decimals; semicolons stand
    where the comma is taken.
    """
    cells = [cell for row in rows[1:LOOK] for cell in row]
    marked = [cell for cell in cells if COMMA_NUMBER.match(cell)]
    with_point = sum("." in cell and bool(NUMBER.match(cell)) for cell in cells)
    if len(marked) <= 4 * with_point:
        return False
    if sep == ";":
        return bool(marked) and not any(THOUSANDS.match(cell) and cell.count(",") > 1 for cell in cells)
    return any(not THOUSANDS.match(cell) for cell in marked)


def _headless(rows: list[list[str]]) -> str:
    """Say what values the first line holds: "numbers", or "mixed" with text; "" if it holds names."""
    first, others = rows[0], rows[1:LOOK]
    numbers = [bool(NUMBER.match(cell.replace(",", "."))) for cell in first]
    if not others:
        return ""
    if all(numbers):
        return "" if _counts(first) else "numbers"
    if first in others:  # names that are repeated, as where files were joined
        return ""
    for place, (cell, number) in enumerate(zip(first, numbers)):
        column = [row[place] for row in others if len(row) > place]
        seen = (
            all(NUMBER.match(c.replace(",", ".")) or not c.strip() for c in column)
            if number
            else cell in column
        )
        if not seen or not cell.strip():
            return ""
    return "mixed"


def _counts(first: list[str]) -> bool:
    """Whether numbers are names: places, wavelengths or years in equal steps."""
    steps = np.diff([float(cell.replace(",", ".")) for cell in first])
    if len(steps) < 3:
        return bool(len(steps)) and bool((steps == 1).all()) and all(cell.strip().isdigit() for cell in first)
    return bool(steps[0] != 0 and np.allclose(steps, steps[0], rtol=1e-3, atol=0))
