"""``python -m benchmarks.advisor.fuzz --frames 20000``: is every strange frame answered or refused in words?

Each frame is made from one number, so that a failure can be repeated: ``--first N --frames 1``. Prints how
many were answered, how many refused with a typed error, and every other outcome with its number: exceptions
of any other type, warnings, frames that took longer than ``--slow`` seconds.
"""

from __future__ import annotations

import argparse
import datetime
import decimal
import io
import random
import sys
import time
import uuid
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor import AdvisorError, advise

Maker = Callable[[np.random.Generator, int], Any]
NAMES: tuple[Any, ...] = (
    *(
        "",
        " ",
        "a\nb",
        "a,b",
        "x" * 300,
        "\0",
        "naïve ☃",
        "None",
        "nan",
        "<b>",
        "index",
        "0",
        "target",
        "\ud800",
    ),
    *(0, 1, -1, 1.5, float("nan"), float("inf"), None, True, 10**30, ("a", "b"), (1, None), b"bytes"),
    *(datetime.date(2024, 1, 1), pd.Timestamp("2024-01-01"), pd.NaT),
)
STRINGS = (
    *(
        "",
        " ",
        "a",
        "NaN",
        "1",
        "1.5",
        "-",
        "1,5",
        "10-20",
        "3.1.2",
        "MAR-2",
        "20170204",
        "2024-01-31",
        "99:99",
    ),
    *(
        "0x1f",
        "1e400",
        "a.png",
        "b.wav",
        "../../x.png",
        "http://a.b/c.jpg",
        "data:image/png;base64,AAAA",
        "☃",
    ),
    *(
        "\0",
        "\ud800",
        "x" * 5000,
        "True",
        "€5",
        "12%",
        "iVBORw0KGgo" * 4,
        "so it goes and goes on",
        "ACGT" * 12,
    ),
    *("9999-12-31", "0001-01-01", "2024-02-30", "1677-01-01 00:00"),
)


class Hostile:
    """An object whose every method fails."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    __hash__ = None  # type: ignore[assignment]


def _objects(*choices: Any) -> Maker:
    def make(rng: np.random.Generator, n: int) -> pd.Series:
        held = np.empty(n, dtype=object)
        for row in range(n):
            held[row] = choices[int(rng.integers(len(choices)))]
        return pd.Series(held, dtype=object)

    return make


def _png(size: int = 4) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (size, size)).save(out, "PNG")
    return out.getvalue()


def _floats(rng: np.random.Generator, n: int) -> pd.Series:
    values = rng.normal(size=n) * 10.0 ** rng.integers(-320, 300)
    values[rng.random(n) < 0.2] = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e308, 5e-324])
    return pd.Series(values)


def _dates(rng: np.random.Generator, n: int) -> pd.Series:
    unit = str(rng.choice(["s", "ms", "us", "ns"]))
    values = pd.Series(rng.integers(-(10**9), 10**9, n).astype(f"M8[{unit}]"))
    values[rng.random(n) < 0.2] = pd.NaT
    return values.dt.tz_localize("UTC") if rng.random() < 0.3 else values


def _intervals(rng: np.random.Generator, n: int) -> pd.Series:
    return (
        pd.Series(pd.cut(rng.normal(size=n), 3))
        if rng.random() < 0.5
        else pd.Series(pd.interval_range(0, n, periods=n))
    )


def _ints(rng: np.random.Generator, n: int) -> pd.Series:
    kind = str(rng.choice(["int8", "int64", "uint64", "uint8", "Int64", "UInt8", "bool", "boolean"]))
    values: Any = pd.Series(pd.array(rng.integers(0, 2 if "bool" in kind else 100, n).tolist(), dtype=kind))
    if kind[0] in "IU" or kind == "boolean":
        values[rng.random(n) < 0.2] = pd.NA
    if kind == "uint64":
        values += np.uint64(2**63)
    return values


def _arrays(rng: np.random.Generator, n: int) -> pd.Series:
    ragged, deep = rng.random() < 0.5, int(rng.integers(1, 4))
    cells = [
        rng.normal(size=(int(rng.integers(0, 4)) if ragged else 3, *(3,) * (deep - 1))) for _ in range(n)
    ]
    how = int(rng.integers(4))
    if how == 0:
        cells = [cell.tolist() for cell in cells]
    held = np.empty(n, dtype=object)
    for row, cell in enumerate(cells):
        held[row] = None if how == 1 and row % 5 == 0 else tuple(cell) if how == 2 else cell
    return pd.Series(held)


MAKERS: tuple[Maker, ...] = (
    _floats,
    _floats,
    _ints,
    _ints,
    _dates,
    _intervals,
    _arrays,
    _arrays,
    lambda rng, n: pd.Series(rng.normal(size=n)),
    lambda rng, n: pd.Series(rng.normal(size=n).cumsum()),
    lambda rng, n: pd.Series(rng.complex64(size=n) if hasattr(rng, "complex64") else rng.normal(size=n) + 1j),
    lambda rng, n: pd.Series(rng.choice(list("abc"), n)).astype("category"),
    lambda rng, n: pd.Series(pd.Categorical(rng.integers(0, 3, n), ordered=True)),
    lambda rng, n: pd.Series(np.arange(n)),
    lambda rng, n: pd.Series(np.full(n, rng.choice([0.0, np.nan, 1.0]))),
    lambda rng, n: pd.Series(rng.integers(0, 9, n).astype("m8[h]")),
    lambda rng, n: pd.Series(pd.period_range("2020-01", periods=n, freq="M")),
    lambda rng, n: pd.Series([pd.NaT] * n),
    lambda rng, n: pd.Series([None] * n, dtype=object),
    lambda rng, n: pd.Series(rng.choice(STRINGS, n), dtype=object),
    lambda rng, n: pd.Series([str(rng.choice(STRINGS))] * n, dtype=object),
    lambda rng, n: pd.Series(pd.arrays.SparseArray(rng.integers(0, 2, n).astype(float))),
    lambda rng, n: pd.Series([f"word{i} and {i % 7} more" for i in range(n)]),
    lambda rng, n: pd.Series([f"file{i}.{rng.choice(['png', 'wav', 'csv', 'nii.gz'])}" for i in range(n)]),
    _objects(1, "a", None, 2.5, [1], {"a": 1}, b"x", 1j, float("nan"), pd.NA, pd.NaT, True),
    _objects(10**30, -(10**400), 1, 2**63, None),
    _objects(decimal.Decimal("1.5"), decimal.Decimal("NaN"), decimal.Decimal("1e500"), 3),
    _objects(datetime.date(2024, 1, 1), datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC), None),
    _objects(datetime.time(1, 2), datetime.timedelta(3), datetime.date.max, "x"),
    _objects(pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-01-01", tz="Asia/Tokyo"), "2024"),
    _objects({"a": {"b": [1]}}, {}, None, {"bytes": b"x", "path": None}, {"bytes": None, "path": "x.png"}),
    _objects(
        b"", b"\x89PNG\r\n\x1a\n", b"RIFF0000WAVE", _png(), _png(7), b"\0" * 128 + b"DICM", bytearray(b"GIF8")
    ),
    _objects(_png(), _png(), _png(9)[:40]),
    _objects([], [1, 2], [1, [2, 3]], ["x"], [None], (1, 2), np.array([]), np.zeros((2, 2)), np.array("x")),
    _objects([1.0, 2.0], [float("inf")], [10**400], [float("nan")], None),
    _objects({1, 2}, frozenset(), range(3), uuid.UUID(int=1), Path("a.png"), Path("x")),
    _objects(True, False, None),
    _objects(np.float16(1.5), np.int8(2), np.str_("x"), np.datetime64("NaT"), np.bool_(True)),
    _objects(print, int, object(), ..., NotImplemented),
    _objects(Hostile(), 1.0, "x"),
    _objects(pd.DataFrame({"a": [1]}), pd.Series([1, 2]), pd.Interval(0, 1), np.ma.masked),
    _objects(random.Random(0), io.BytesIO(b"x"), slice(1), memoryview(b"abc")),
)


TAME = (2, 3, 4, 8, 9, 11, 12, 13, 15, 16, 21, 22, 36, 37)  # makers of what is common


def frame_of(seed: int) -> tuple[Any, Any]:
    """Make one strange frame, and a target: none, a name, or values.

    Examples
    --------
    >>> frame, target = frame_of(7)
    >>> frame.equals(frame_of(7)[0]) or True
    True
    """
    rng = np.random.default_rng(seed)
    n = int(rng.choice([0, 1, 2, 3, 5, 20, 40, 64, 100, 300], p=[0.02, 0.05, 0.05, 0.05, 0.1, *[0.146] * 5]))
    width = int(rng.choice([0, 1, 2, 3, 5, 8, 30], p=[0.02, 0.2, 0.2, 0.2, 0.18, 0.15, 0.05]))
    # a few kinds beside each other, or the tame ones with at most one other: both get past the first check
    places = rng.integers(len(MAKERS), size=int(rng.integers(1, 4)))
    if rng.random() < 0.6:
        places = np.append(rng.choice(TAME, 8), places[: int(rng.integers(2))])
    columns = [MAKERS[int(rng.choice(places))](rng, n) for _ in range(width)]
    names: list[Any] = [f"c{j}" for j in range(width)]
    if rng.random() < 0.3:
        names = [NAMES[int(rng.integers(len(NAMES)))] for _ in range(width)]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(n))
    kind = rng.random()
    if kind < 0.1 and width:
        frame.columns = pd.MultiIndex.from_tuples(
            [(name if j % 2 else "u", j) for j, name in enumerate(names)]
        )
    else:
        frame.columns = pd.Index(names, tupleize_cols=False, dtype=object)
    if rng.random() < 0.2:
        frame.index = pd.Index(rng.integers(0, 5, n)) if rng.random() < 0.5 else pd.Index(rng.normal(size=n))
    choice = rng.random()
    if choice < 0.4:
        return frame, None
    if choice < 0.7 and width:
        return frame, frame.columns[int(rng.integers(width))]
    if choice < 0.8:
        return frame, NAMES[int(rng.integers(len(NAMES)))]
    if choice < 0.9:
        return frame, rng.integers(0, 3, n)
    return frame, MAKERS[int(rng.integers(len(MAKERS)))](rng, n)


def outcome(seed: int, *, trace: bool = False) -> str:
    """Advise on one frame: "answer", the name of the typed error, or "escaped: ..." for anything else."""
    try:
        frame, target = frame_of(seed)
    except Exception as error:  # pandas refuses some combinations itself
        return f"not made: {type(error).__name__}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            advice = advise(frame, target)
            repr(advice)
            advice.to_json()
            advice.to_markdown()
            advice._repr_html_()
        except AdvisorError as error:
            said = str(error)
            return (
                type(error).__name__
                if "\n" not in said and len(said) < 1500
                else f"escaped: long {said[:80]}"
            )
        except Exception as error:  # what is looked for
            if trace:
                raise
            return f"escaped: {type(error).__name__}: {' '.join(str(error).split())[:120]}"
    return "answer"


def main(arguments: list[str] | None = None) -> int:
    """Run the fuzz; 1 if anything escaped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="number of the first frame")
    parser.add_argument("--slow", type=float, default=2.0, help="seconds that are too long")
    options = parser.parse_args(arguments)
    counts: Counter[str] = Counter()
    examples: dict[str, list[int]] = {}
    slow: list[tuple[float, int]] = []
    for seed in range(options.first, options.first + options.frames):
        start = time.perf_counter()
        result = outcome(seed)
        if time.perf_counter() - start > options.slow:
            slow.append((time.perf_counter() - start, seed))
        counts[result.partition(":")[0]] += 1
        if result.startswith("escaped"):
            examples.setdefault(result, []).append(seed)
    lines = [f"{name}: {count} of {options.frames}" for name, count in counts.most_common()]
    lines += [
        f"slower than {options.slow} s: {len(slow)}",
        *(f"  {s:.1f} s: frame {seed}" for s, seed in slow),
    ]
    lines += [f"{what} (frames {', '.join(map(str, seeds[:4]))})" for what, seeds in sorted(examples.items())]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if counts["escaped"] else 0


if __name__ == "__main__":
    sys.exit(main())
