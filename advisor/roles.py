"""What each column of a frame is for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from advisor.cells import is_nested
from advisor.dates import FIRST_MONTH, are_dates, packed, parse_times
from advisor.errors import InputError, unusable
from advisor.numbers import MISSING_WORDS, are_numbers, as_numbers, whole

Role = Literal[
    "numeric",
    "ordinal",
    "categorical",
    "text",
    "time",
    "identifier",
    "entity",
    "constant",
    "array",
    "image",
    "file",
    "ignore",
]
ROLES: tuple[Role, ...] = get_args(Role)

WORDS_OF_TEXT = 3  # mean words per cell; AutoGluon draws the line at the same place
LETTERS_OF_TEXT = 30  # mean letters per cell of strings without spaces, such as DNA
LOOK = 200  # cells of a column that are read to tell what it is
SAMPLE = 2048  # numbers of a column that are read to tell what it is
GLANCE = 64  # numbers of a column that show of most that they are quantities
ALL = 100_000  # values that must all differ where a column is unique
STRINGS = 50_000_000  # strings of all columns together that are read to count those that differ
FEWEST_STRINGS = 10_000  # strings of a column that may always be read
DIGITS = 15  # of a whole number that a float holds exactly
FEWEST = 20  # rows from which on differing values name the rows
LEVELS = 12  # ranks of an ordinal code at most
YEARS = (1800, 2100)  # whole numbers in between may be years
HASH = re.compile(r"^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=.*\d)[0-9a-f]{16,})$", re.IGNORECASE)
CODE = re.compile(r"^(?=.*\d)[\w.:#/-]+$")  # letters and digits without a space, a digit at least


def roles_of(frame: pd.DataFrame, given: Mapping[Any, Role] | None = None) -> dict[Any, Role]:
    """Tell the roles of all input columns.

    Parameters
    ----------
    frame : DataFrame
        The inputs.
    given : mapping of label to role, optional
        Those that the caller knows better.

    Returns
    -------
    dict of label to role
        In the order of the columns. Where nothing else would be left to learn from, columns of strings most
        of which differ are text rather than identifiers or categories.

    Raises
    ------
    InputError
        If a column cannot be used, or cannot be read in the role that was given.

    Examples
    --------
    >>> roles_of(pd.DataFrame({"a": [1.5, 2.5], "b": [None, None]}), {"a": "ordinal"})
    {'a': 'ordinal', 'b': 'constant'}
    """
    given = given or {}
    for label in given:
        with unusable(frame[label]):
            _check(frame[label], given[label])
    roles: dict[Any, Role] = {}
    quantities = _quantities(frame)
    most = max(FEWEST_STRINGS, STRINGS // max(1, frame.shape[1]))
    for place, (label, column) in enumerate(frame.items()):
        if place in quantities:
            roles[label] = given.get(label) or "numeric"
            continue
        with unusable(column):
            roles[label] = given.get(label) or role_of(column, most)
    silent = ("identifier", "constant", "ignore")
    left = [label for label, role in roles.items() if role not in silent]
    if all(
        roles[label] == "categorical" and label not in given and _mostly_differ(frame[label])
        for label in left
    ):
        names = [label for label, role in roles.items() if role == "identifier" and label not in given]
        words = [label for label in names if not is_number(frame[label].dtype)]
        roles |= dict.fromkeys([*words, *left], "text")
    return roles


def _mostly_differ(column: pd.Series) -> bool:
    """Whether strings mark few rows each, such as names of people: what no category tells, letters may."""
    held = int(column.notna().sum())
    return not is_number(column.dtype) and held >= FEWEST and 2 * column.nunique() > held


def role_of(column: pd.Series, most: int = STRINGS) -> Role:
    """Tell the role of one input column from its values alone, never from its name.

    Parameters
    ----------
    column : Series
        All rows.
    most : int
        Strings that are read at most to count those that differ; few are read where few show it.

    Returns
    -------
    {"numeric", "ordinal", "categorical", "text", "time", "identifier", "constant", "array"}
        The role; "constant" where nothing is held at all. Entities are found later, together with the time
        they go with.

    Raises
    ------
    InputError
        If the values cannot be used: complex numbers, dictionaries, bytes.

    Examples
    --------
    >>> role_of(pd.Series([0.5, 0.25])), role_of(pd.Series(["2024-01-01", "2024-01-02"]))
    ('numeric', 'time')
    >>> role_of(pd.Series(["a", "b", "a"])), role_of(pd.Series([[1, 2], [3, 4]]))
    ('categorical', 'array')
    >>> role_of(pd.Series(["$1,200", "n/a", "$80"])), role_of(pd.Series([1, 2, 3, 3] * 10))
    ('numeric', 'ordinal')
    """
    dtype = column.dtype
    if pd.api.types.is_complex_dtype(dtype):
        raise _unusable(column, "complex numbers", "split them into real and imaginary parts")
    if is_number(column.dtype):
        return _numeric_role(column)
    cells = column.iloc[:: max(1, len(column) // LOOK)].dropna().iloc[:LOOK].tolist()
    if not cells:
        cells = column.dropna().iloc[:LOOK].tolist()
        if not cells:
            return "constant"
    if is_time(dtype):
        return "time"
    if isinstance(dtype, pd.CategoricalDtype):
        return "categorical"
    if any(is_nested(cell) for cell in cells):
        if not all(is_nested(cell) for cell in cells):
            raise _unusable(column, "lists and other values mixed", "give every row a list")
        return "array"
    for kind, name in ((dict, "dictionaries"), ((bytes, bytearray), "bytes"), (complex, "complex numbers")):
        if any(isinstance(cell, kind) for cell in cells):
            raise _unusable(column, name, "turn each into numbers, text or an array")
    if all(isinstance(cell, int | float | np.number | np.bool_) for cell in cells):
        role = _read_role(column, lambda part: pd.to_numeric(part, errors="coerce"))
        if role == "constant" and column.nunique() > 1:  # numbers that no float tells apart are names
            return "identifier" if len(column) >= FEWEST and column.is_unique else "categorical"
        return role
    return _string_role(column, [str(cell) for cell in cells], most)


def _check(column: pd.Series, role: Role) -> None:
    """Refuse a role that was given where no value can be read that way."""
    held = column.dropna().iloc[:LOOK]
    if role == "array" and not any(map(is_nested, held)):
        got, do = (
            f"{str(held.iloc[0])!r}" if len(held) else "nothing",
            "give it no role, or put lists in its cells",
        )
    elif held.empty or is_number(column.dtype):
        return
    elif role in ("numeric", "ordinal") and as_numbers(held).isna().all():
        got, do = f"{str(held.iloc[0])!r}", "call it categorical, or convert it"
    elif role == "time" and not is_time(column.dtype) and parse_times(held).isna().all():
        got, do = f"{str(held.iloc[0])!r}", "convert it with pandas.to_datetime first"
    else:
        return
    raise InputError(
        f"the column {str(column.name)!r} must be readable as {role}, as you said", got=got, do=do
    )


def numbers_of(column: pd.Series, role: Role) -> NDArray[np.float64] | None:
    """Give the numbers that a column stands for, strings read; None if it does not stand for any.

    Examples
    --------
    >>> numbers_of(pd.Series(["12%", "?"]), "numeric").tolist()
    [12.0, nan]
    >>> numbers_of(pd.Series(["a"]), "categorical") is None
    True
    """
    if role not in ("numeric", "ordinal", "constant"):
        return None
    values = as_numbers(column)
    if role == "constant" and not is_number(column.dtype) and values.isna().all() and column.notna().any():
        return None
    held: NDArray[np.float64] = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return held


LEFT_OUT = frozenset(["identifier", "ignore", "file"])
# what is read as one number or category a row
INPUTS: tuple[Role, ...] = ("numeric", "ordinal", "categorical", "time", "constant")


def left_out(roles: Mapping[Any, Role]) -> bool:
    """Whether a column is no input while others remain.

    Examples
    --------
    >>> left_out({"a": "numeric", "b": "identifier"}), left_out({"b": "identifier"})
    (True, False)
    """
    return bool(LEFT_OUT & set(roles.values())) and not set(roles.values()) <= LEFT_OUT


def _quantities(frame: pd.DataFrame) -> set[int]:
    """Places of the columns of which a glance shows what all of :func:`_numeric_role` would: quantities.

    They vary, and are not whole, or are whole but no code, no key and no date packed into a number.
    """
    n = len(frame)
    places = [
        j for j, dtype in enumerate(frame.dtypes) if isinstance(dtype, np.dtype) and dtype.kind in "iuf"
    ]
    if len(places) < 2 or n < 2:
        return set()
    step = max(1, n // SAMPLE)
    rows = np.arange(0, n, step)
    rows = rows[:: max(1, len(rows) // GLANCE)]
    some = frame.iloc[rows]
    if len(places) < frame.shape[1]:
        some = some.iloc[:, places]
    whole_type = np.array([dtype.kind != "f" for dtype in some.dtypes])
    values = np.sort(some.to_numpy(dtype=np.float64).T, axis=1)  # NaN last
    held = np.isfinite(values)
    usable = held | np.isnan(values)
    low, high = values[:, 0], np.where(held, values, -np.inf).max(axis=1)
    with np.errstate(invalid="ignore"):
        varied = usable.all(axis=1) & (low < high) & (np.maximum(abs(low), abs(high)) < 2**53)
        broken = ((values != np.floor(values)) & held).any(axis=1)
        repeated = (values[:, 1:] == values[:, :-1]).any(axis=1)
    no_code = (low < FIRST_MONTH) & ((low < 0) | (high > 2 * LEVELS)) & (repeated | ~whole_type)
    return {place for place, sure in zip(places, varied & (broken | no_code), strict=True) if sure}


def is_number(dtype: Any) -> bool:
    """Whether a type holds numbers, truth values among them."""
    if isinstance(dtype, np.dtype):
        return dtype.kind in "iufcb"
    return pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)


def is_time(dtype: Any) -> bool:
    """Whether a type holds moments, durations or periods."""
    types = pd.api.types
    return bool(types.is_datetime64_any_dtype(dtype) or types.is_timedelta64_dtype(dtype)) or isinstance(
        dtype, pd.PeriodDtype
    )


def _read_role(column: pd.Series, read: Callable[[pd.Series], pd.Series]) -> Role:
    """Role of the numbers that a column is read as, most of them only where the answer depends on it."""
    step = max(1, len(column) // SAMPLE)
    part = read(column.iloc[::step])
    role = _numeric_role(part)
    if step > 1 and (role in ("constant", "identifier") or part.isna().all()):
        return _numeric_role(read(column))
    return role


def _numeric_role(column: pd.Series) -> Role:
    n = len(column)
    values = column.to_numpy()
    part = values[:: max(1, n // SAMPLE)] if values.dtype.kind in "iufb" else None
    if part is None:
        part = column.iloc[:: max(1, n // SAMPLE)].to_numpy(dtype=np.float64, na_value=np.nan)
    held = part[~np.isnan(part)] if part.dtype.kind == "f" else part
    if n > 1 and (not len(held) or (held == held[0]).all()):  # most columns show here that they vary
        rest = column.dropna()
        if rest.empty or (len(rest) == n and rest.nunique() == 1):
            return "constant"
    if part.dtype.kind == "b" or not len(held):
        return "numeric" if len(held) or column.notna().any() else "constant"
    if part.dtype.kind == "f" and not (np.isfinite(held).all() and whole(held[:50]) and whole(held)):
        return "numeric"
    distinct = np.unique(held)
    counts = pd.api.types.is_integer_dtype(column.dtype)  # what is written with decimals is a quantity
    if counts and n >= FEWEST and len(distinct) == len(held) == len(part) and _names_rows(column):
        return "identifier"
    if held.min() >= FIRST_MONTH and packed(part.astype(np.float64)) is not None:
        return "time"
    few = 3 <= len(distinct) <= LEVELS and distinct[0] >= 0 and distinct[-1] <= 2 * LEVELS
    return "ordinal" if few and len(held) >= 10 * len(distinct) else "numeric"


def _names_rows(column: pd.Series) -> bool:
    """Whether whole numbers, all different, are names: a range, equal steps, or drawn from one range evenly.

    Years are no names, and a quantity is not spread evenly: it has a middle or a long tail.
    """
    part = column.iloc[:: max(1, len(column) // ALL)]
    if part.isna().any() or not part.is_unique:
        return False
    values = part.to_numpy(dtype=np.float64)
    low, high = values.min(), values.max()
    if (YEARS[0] <= low and high <= YEARS[1]) or packed(values) is not None:
        return False
    if high - low == len(column) - 1:
        return True  # each number of a range once
    steps = np.diff(values)
    if len(set(steps.tolist())) == 1:
        return True
    ordered = (steps > 0).all() or (steps < 0).all()
    ranks = (np.sort(values) - low) / (high - low)
    uneven = float(np.abs(ranks - np.linspace(0, 1, len(ranks))).max())
    even = uneven < 0.02 + 1.36 / np.sqrt(len(ranks))
    if ordered:  # keys in the order given out, with gaps; a quantity that a file is sorted by is uneven
        return bool(even and np.median(np.abs(steps)) < 100 and len(values) >= 50)
    # codes of six digits or more: quantities of that size come with fewer digits, too
    digits = np.floor(np.log10(max(low, 1))), np.floor(np.log10(max(high, 1)))
    return bool(even and len(values) >= 200 and low >= 100_000 and digits[0] == digits[1])


def _string_role(column: pd.Series, cells: list[str], most_read: int) -> Role:
    if are_dates(cells):
        return "time"
    counts = all(cell.strip().isdigit() for cell in cells)
    if are_numbers(cells) and not (counts and max(map(len, cells)) > DIGITS):
        return _read_role(
            column, lambda part: as_numbers(part).astype("Int64") if counts else as_numbers(part)
        )
    named = [cell for cell in cells if cell.strip().lower() not in MISSING_WORDS]
    if not named:
        return "constant"
    if len(named) < len(cells) and are_dates(named):
        return "time"
    words = float(np.mean([len(cell.split()) for cell in cells]))
    letters = float(np.mean([len(cell) for cell in cells]))
    wordy = words >= WORDS_OF_TEXT or letters >= LETTERS_OF_TEXT
    read, distinct, held = _distinct(column, 0.25 if wordy else 0.9, most_read)
    if distinct <= 1:
        return "constant" if column.notna().all() else "categorical"
    most = held >= FEWEST and 2 * held >= read  # else few names that mark few rows
    if most and distinct >= 0.98 * held:
        codes = np.mean([bool(CODE.match(cell)) and len(cell) <= 64 for cell in cells])
        hashes = np.mean([bool(HASH.match(cell)) for cell in cells])
        if codes > 0.95 or hashes > 0.95:
            return "identifier"
    if distinct > 0.3 * held and wordy:
        return "text"
    if most and distinct == held:
        return "identifier"  # names such as those of countries, one a row
    return "categorical"


def _distinct(column: pd.Series, share: float, most: int) -> tuple[int, int, int]:
    """Count rows read, values that differ, and values held, in as few rows as show it.

    A part shows a higher share of differing values than the whole, so one that is below ``share`` in a part
    of the rows, drawn at random, needs no more of them.
    """
    n, size = len(column), 2 * SAMPLE
    while size < min(n, most) / 2:
        rows = np.sort(np.random.default_rng(0).integers(n, size=size))
        part = column.iloc[rows]
        distinct, held = part.nunique(dropna=True), int(part.notna().sum())
        if distinct > 1 and distinct < share * held:
            return size, distinct, held
        size *= 8
    part = column if n <= most else column.iloc[:: -(-n // most)]
    distinct = part.nunique(dropna=True)
    if distinct <= 1 and len(part) < n:
        part, distinct = column, column.nunique(dropna=True)
    return len(part), int(distinct), int(part.notna().sum())


def _unusable(column: pd.Series, got: str, do: str) -> InputError:
    return InputError(f"the column {str(column.name)!r} must hold usable values", got=got, do=do)
