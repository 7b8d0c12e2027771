"""From evidence to a verdict: ordered rules that a person can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from advisor.architectures.base import Structure
from advisor.order import CLEAR_SHARE, FAR_SHARE, FEW_ROWS, SHORT
from advisor.probes.base import Evidence
from advisor.roles import INPUTS
from advisor.serial_dependence import SHORTEST
from advisor.table import Table

Facts = Mapping[str, Evidence]
Form = Literal[
    "table",
    "array",
    "list_cells",
    "text",
    "wide_image",
    "wide_series",
    "long_series",
    "panel",
    "image_cells",
    "image_folder",
]


@dataclass(frozen=True)
class Verdict:
    """What the rules concluded.

    Parameters
    ----------
    rule : str
        Which rule decided.
    structure, layout, form
        As in :class:`~advisor.advice.Advice`.
    folding : Mapping
        How rows become tensors, for :mod:`advisor.folding`.
    because, against : tuple of str
        Names of the evidence for it; sentences against it.
    """

    rule: str
    structure: Structure
    layout: tuple[int, ...]
    form: Form
    folding: Mapping[str, Any] = field(default_factory=dict)
    because: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


def decide(table: Table, facts: Facts) -> Verdict:
    """Apply the rules in order; the first that speaks decides.

    Examples
    --------
    >>> import numpy as np
    >>> from advisor.intake import read
    >>> from advisor.probes import measure
    >>> rng = np.random.default_rng(0)
    >>> table = read(rng.normal(size=(80, 40)).cumsum(axis=1), None, rng)
    >>> decide(table, measure(table)).rule
    'flat_series'
    """
    for rule in RULES:
        verdict = rule(table, facts)
        if verdict is not None:
            return verdict
    return table_of_columns(table, facts)


def declared(table: Table, facts: Facts) -> Verdict | None:
    """An array, or arrays in cells: the container says that there is an order, the values say where."""
    axes = facts.get("declared_axes")
    if axes is None:
        return None
    details = axes.details
    if table.pictures is not None:
        return Verdict(
            "encoded_pictures",
            "image",
            table.pictures.layout,
            table.form,
            {"how": "pictures"},
            because=("declared_axes",),
            against=beside(table, table.labels("image")[:1]),
        )
    against: tuple[str, ...] = ()
    cells = "array_cells"
    if details["structure"] == "tabular":
        cells = "vector_cells"
        against = ("no order shows in the numbers of a cell: if they are steps, say structure='sequence'",)
    elif not details["measured"]:
        against = ("the axes were told apart by their sizes alone; if they mean others, transpose them",)
    return Verdict(
        "declared_array" if table.form == "array" else cells,
        details["structure"],
        tuple(details["layout"]),
        table.form,
        {"how": "axes", "order": tuple(details["order"]), "unequal": table.unequal},
        because=("declared_axes",),
        against=(*against, *beside(table, table.labels("array"))),
    )


def running_text(table: Table, facts: Facts) -> Verdict | None:
    """At least half of the inputs are text: words follow one another."""
    fact = facts.get("text_columns")
    if fact is None or not fact.found:
        return None
    pretrained = ("a language model trained on other text may beat all three families; none is trained here",)
    return Verdict(
        "running_text",
        "sequence",
        (TOKENS, TOKEN_FEATURES),
        "text",
        {"how": "text"},
        because=("text_columns",),
        against=(*(pretrained if fact.details["words"] else ()), *beside(table, table.labels("text"))),
    )


TOKENS, TOKEN_FEATURES = 64, 32  # tokens of a text that are read; numbers that stand for one of them


def flat_image(table: Table, facts: Facts) -> Verdict | None:
    """Columns ordered along two axes: the pixels of a picture, one row each."""
    fact = facts.get("line_length")
    if fact is None or not fact.found:
        return None
    geometry = table.geometry
    assert geometry.layout is not None
    return Verdict(
        "flat_image",
        "image",
        geometry.layout,
        "wide_image",
        _flat(table),
        because=("line_length", "column_order", "channels", "adjacency"),
        against=beside(table, _flat(table)["columns"]),
    )


def _flat(table: Table) -> dict[str, Any]:
    geometry = table.geometry
    columns = table.numbers[geometry.start : geometry.stop]
    return {"how": "flat", "channel_axis": geometry.channel_axis, "columns": list(columns)}


def beside(table: Table, inside: Sequence[Any]) -> tuple[str, ...]:
    """Name the inputs that have no place in the tensor, as a reason against it."""
    held = {*inside, *table.labels("ignore", "constant")}  # which tell nothing
    names = [c.name for c in table.columns if c.label not in held]
    if not names:
        return ()
    shown = ", ".join(repr(name) for name in names[:4]) + (" ..." if len(names) > 4 else "")
    one = len(names) == 1
    return (
        f"{len(names)} column{'' if one else 's'} beside it ({shown}) would not be used: if "
        f"{'it tells' if one else 'they tell'} much, let a second model have {'it' if one else 'them'}",
    )


def flat_series(table: Table, facts: Facts) -> Verdict | None:
    """Columns ordered along one axis: the steps of a series, one row each."""
    order, near = facts.get("column_order"), facts.get("adjacency")
    geometry = table.geometry if table.form == "table" else None
    if geometry is None or geometry.layout is None or order is None or not order.found:
        return None
    if order.details["step"] == 1 and order.value < (CLEAR_SHARE if geometry.columns > SHORT else FAR_SHARE):
        return None  # families of columns are ordered among neighbours; a series is over longer distances too
    if near is None or not near.found or 2 * (geometry.stop - geometry.start) < len(table.columns):
        return None
    return Verdict(
        "flat_series",
        "sequence",
        geometry.layout,
        "wide_series",
        _flat(table),
        because=("column_order", "adjacency", "channels", "profile_shape"),
        against=(*_aligned(facts), *beside(table, _flat(table)["columns"])),
    )


LEVELS = 1.0  # orders of magnitude between low and high rows that a network should not have to bridge


def _aligned(facts: Facts) -> tuple[str, ...]:
    """What the shape common to all rows, and their levels, say against a network on the values as held."""
    fact = facts.get("profile_shape")
    if fact is None:
        return ()
    sentences = []
    if fact.found:
        sentences.append(
            f"a position means the same in every row ({max(fact.value, 0):.0%} of the variation within rows "
            "is one curve): boosted trees, or a linear model, can use the columns as they are"
        )
    magnitudes = fact.details["orders_of_magnitude"]
    if magnitudes >= LEVELS:
        sentences.append(
            f"rows differ in level by {magnitudes:.1f} orders of magnitude: unless the level is what tells, "
            "divide each row by its mean size, or take logarithms"
        )
    return tuple(sentences)


def letters(table: Table, facts: Facts) -> Verdict | None:
    """Columns of letters, or groups of 0/1 columns, in order: a string, one column or group per position."""
    fact = facts.get("letter_positions")
    if fact is None or not fact.found:
        return None
    names = set(fact.details["columns"])
    columns = [c.label for c in table.columns if c.name in names]
    folding: dict[str, Any] = {"how": "flat", "channel_axis": "last", "columns": columns}
    if fact.details["alphabet"]:
        folding = {"how": "letters", "columns": columns, "letters": fact.details["alphabet"]}
    return Verdict(
        "letters",
        "sequence",
        (fact.details["positions"], fact.details["letters"]),
        "wide_series",
        folding,
        because=("letter_positions",),
        against=(
            "letters stand at fixed positions: trees can use them as they are",
            *beside(table, columns),
        ),
    )


def panel(table: Table, facts: Facts) -> Verdict | None:
    """Several entities, each with rows over time."""
    fact = facts.get("panel")
    if fact is None or not fact.found:
        return None
    details = fact.details
    return windows(
        "panel",
        table,
        facts,
        entity=details["entity_columns"],
        time=details["time_columns"],
        because=("panel", "row_order"),
    )


def lag_table(table: Table, facts: Facts) -> Verdict | None:
    """Rows in order that hold the last few values of a series: a table of lag features."""
    fact = facts.get("lag_columns")
    if fact is None or not fact.found or fact.details["lags"] > LONGEST_LAGS:
        return None
    if 3 * len(fact.details["columns"]) < fact.details["of"]:
        return None
    against = ("the series itself, one row a time step, would let a network choose how far to look back",)
    return Verdict(
        "lag_table",
        "tabular",
        (table.width,),
        "table",
        {"how": "none"},
        ("lag_columns", "row_order"),
        against,
    )


LONGEST_LAGS = 16  # lag columns that trees take as they are; more are a series a row


def timed_rows(table: Table, facts: Facts) -> Verdict | None:
    """One row a time step, and a column that says so."""
    fact = facts.get("time_axis")
    if fact is None or not (fact.found or (fact.details["in_order"] and _one_series(fact, facts))):
        return None
    return windows(
        "long_series",
        table,
        facts,
        time=fact.details["time_columns"],
        because=("time_axis", "row_order"),
        rule="timed_rows",
    )


def _one_series(fact: Evidence, facts: Facts) -> bool:
    """Rows in the order of uneven dates: a series if you say so, or if they remember."""
    rows = facts.get("row_order")
    if fact.details["told"]:
        return True
    least = REMEMBER_SHARED if fact.details["repeats"] else REMEMBER
    return rows is not None and rows.found and rows.details["remember"] >= least


REMEMBER, REMEMBER_SHARED = 0.3, 0.5  # share of columns that must, and where rows share a time
ALIKE, MOVING = 0.7, 0.7  # autocorrelation of rows, share of columns that move: where no column tells time
WEAK = 0.2  # autocorrelation below which rows hardly remember


def moving_rows(table: Table, facts: Facts) -> Verdict | None:
    """No column counts time, but most columns move step by step down the rows."""
    fact = facts.get("row_order")
    if fact is None or not fact.found or fact.value < ALIKE or fact.details["moving"] < MOVING:
        return None  # files sorted by size within batches move in part of their columns
    if fact.details["blocks"] > 2:
        return None  # sorted by a column that is no time; two blocks are also a time before and after
    return windows("long_series", table, facts, because=("row_order",), rule="moving_rows")


def scrambled(table: Table, facts: Facts) -> Verdict | None:
    """Columns in random order whose neighbours can still be told."""
    fact = facts.get("scrambled_columns")
    if fact is None or not fact.found or 2 * table.values.shape[1] < len(table.columns):
        return None
    recovered = table.recovered
    assert recovered is not None
    columns = [table.numbers[j] for j in recovered.columns]
    picture = recovered.structure == "image"
    channels = recovered.layout[-1]
    return Verdict(
        "scrambled_image" if picture else "scrambled_series",
        "image" if picture else "sequence",
        recovered.layout,
        "wide_image" if picture else "wide_series",
        {
            "how": "flat",
            "channel_axis": "first" if channels > 1 else "none",
            "columns": columns,
        },
        because=("scrambled_columns",),
        against=(
            "the order is a guess from agreement alone: if you have the true one, use that",
            *beside(table, columns),
        ),
    )


def table_of_columns(table: Table, facts: Facts) -> Verdict:
    """Nothing is ordered: each column means something by itself."""
    against, because = [], []
    near = facts.get("adjacency")
    if near is not None and near.found:
        why = "blocks explain it" if table.n >= FEW_ROWS else "there may be too few rows to show one"
        against.append(f"{near.summary}; but an order within blocks was not found, so {why}")
    for name in ("column_order", "row_order", "time_axis"):
        if name in facts and facts[name].found:
            against.append(facts[name].summary)
        elif name in facts:
            because.append(name)
    return Verdict(
        "table", "tabular", (table.width,), "table", {"how": "none"}, tuple(because), tuple(against)
    )


def windows(
    form: Literal["long_series", "panel"],
    table: Table,
    facts: Facts,
    *,
    because: tuple[str, ...],
    entity: Sequence[str] = (),
    time: Sequence[str] = (),
    rule: str = "",
) -> Verdict:
    """Give each row the rows before it: those of its entity, found or named by the caller, or all."""
    entity = entity or [str(label) for label in table.labels("entity")]  # that the caller names
    form = "panel" if entity else form
    rows = facts.get("row_order")
    remembers = facts.get("panel", rows) if form == "panel" else rows
    window = int(remembers.details["window"]) if remembers is not None else SHORTEST
    inputs = sum(c.role in INPUTS and c.name not in entity for c in table.columns)
    folding = {"how": "windows", "window": window, "entity": tuple(entity), "time": tuple(time)}
    memory = facts.get("panel") if form == "panel" else rows
    value, against = float("nan") if memory is None else memory.value, []
    if not value >= WEAK:
        shown = "not measured" if value != value else f"{value:.2f}"
        against.append(
            f"the rows hardly remember the rows before them (autocorrelation {shown}): order may not help"
        )
    if rows is not None and not rows.found:
        because = tuple(name for name in because if name != "row_order")
    against += beside(table, [c.label for c in table.columns if c.role in INPUTS or c.name in entity])
    return Verdict(rule or form, "sequence", (window, max(1, inputs)), form, folding, because, tuple(against))


RULES: tuple[Callable[[Table, Facts], Verdict | None], ...] = (
    declared,
    running_text,
    lag_table,
    flat_image,
    flat_series,
    letters,
    panel,
    timed_rows,
    scrambled,
    moving_rows,
)
