"""What the caller says the data are, followed where the data can be folded that way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isqrt, prod

from advisor.architectures.base import Structure
from advisor.doubts import rows_move
from advisor.errors import InputError
from advisor.policy import Facts, Form, Verdict, beside, panel, timed_rows, windows
from advisor.table import Table


def as_told(structure: Structure, table: Table, facts: Facts, verdict: Verdict) -> Verdict:
    """Fold the data as the caller says that they are.

    Parameters
    ----------
    structure : {"image", "sequence", "tabular"}
        What they are.
    table : Table
        What intake made of them.
    facts : Mapping of str to Evidence
        By name of the probe.
    verdict : Verdict
        What the rules concluded, which is kept where it is the same.

    Returns
    -------
    Verdict
        Of the rule "told".

    Raises
    ------
    InputError
        If there is no such layout.

    Examples
    --------
    >>> import numpy as np
    >>> from advisor.intake import read
    >>> from advisor.policy import decide
    >>> rng = np.random.default_rng(0)
    >>> table = read(rng.normal(size=(80, 49)), None, rng)
    >>> as_told("image", table, {}, decide(table, {})).layout
    (7, 7, 1)
    """
    if structure == verdict.structure:
        return replace(verdict, rule="told")
    found = FOLDS[structure](table, facts)
    if found is None:
        axes = "(n, H, W)" if structure == "image" else "(n, T, C)"
        columns = f"of {table.width} column{'' if table.width == 1 else 's'}"
        items = f"with items of {'x'.join(map(str, table.item))}"
        raise InputError(
            f"the data must fold into {structure}s if you say that they are",
            got=f"{table.form} {items if table.form in ('array', 'list_cells') else columns}",
            do=f"pass an array of shape {axes}",
        )
    against = (f"the rule {verdict.rule!r} says {verdict.structure}", *found.against)
    return replace(found, rule="told", because=(), against=against)


def _tabular(table: Table, facts: Facts) -> Verdict:
    if table.form in ("image_cells", "image_folder"):
        raise InputError(
            "pictures must be read as images to be learned from",
            got="structure='tabular'",
            do="leave the structure out, or pass what was measured in the pictures, a column each",
        )
    if table.form == "list_cells":  # embeddings, for example
        found = _axes("tabular", table, (prod(table.item),))
        return replace(found, folding={**found.folding, "held": table.item})
    return Verdict("told", "tabular", (table.width,), "table", {"how": "none"})


def _sequence(table: Table, facts: Facts) -> Verdict | None:
    """Axes as they stand; else columns in order, rows in order, or columns."""
    if table.form in ("array", "list_cells"):
        layout = (*table.item, 1) if len(table.item) == 1 else table.item
        return _axes("sequence", table, layout) if len(layout) == 2 else None
    if table.form != "table":
        return None
    rows, columns = _rows_as_steps(table, facts), _columns_as_steps(table)
    ordered = table.geometry.layout is not None
    return columns or rows if ordered else rows or columns


def _rows_as_steps(table: Table, facts: Facts) -> Verdict | None:
    found = panel(table, facts) or timed_rows(table, facts)
    if found is not None:
        return found
    clock = facts.get("time_axis")
    times = [c.name for c in table.columns if c.role == "time"]
    times = [name for name in times if name in table.told] or times[:1]
    if clock is not None and clock.details["time_columns"]:
        times = clock.details["time_columns"]
    entity = [c.name for c in table.columns if c.role == "entity"]
    if not entity and not times and not rows_move(facts):
        return None
    found = windows("panel" if entity else "long_series", table, facts, because=(), entity=entity, time=times)
    aside = "the rows are taken as steps: if each is a series of its own, pass an array of shape (n, T, 1)"
    return replace(found, against=(*found.against, aside))


def _columns_as_steps(table: Table) -> Verdict | None:
    width = len(table.numbers)
    return _flat("sequence", table, (width, 1)) if width >= 2 else None


def _image(table: Table, facts: Facts) -> Verdict | None:
    """Two axes as they stand; else lines of the likeliest length if columns have an order, else a square."""
    if table.form in ("array", "list_cells"):
        return _axes("image", table, (*table.item, 1)) if len(table.item) == 2 else None
    if table.form != "table":
        return None
    fold, width = table.geometry.fold, len(table.numbers)
    if fold is not None and fold.lines * fold.length == width:
        return _flat("image", table, (fold.lines, fold.length, 1))
    side = isqrt(width)
    return _flat("image", table, (side, side, 1)) if side >= 4 and side * side == width else None


def _axes(structure: Structure, table: Table, layout: tuple[int, ...]) -> Verdict:
    folding = {"how": "axes", "order": tuple(range(len(table.item))), "unequal": table.unequal}
    return Verdict(
        "told", structure, layout, table.form, folding, against=beside(table, table.labels("array"))
    )


def _flat(structure: Structure, table: Table, layout: tuple[int, ...]) -> Verdict:
    form: Form = "wide_image" if structure == "image" else "wide_series"
    folding = {"how": "flat", "channel_axis": "none", "columns": list(table.numbers)}
    return Verdict("told", structure, layout, form, folding, against=beside(table, table.numbers))


FOLDS: dict[Structure, Callable[[Table, Facts], Verdict | None]] = {
    "image": _image,
    "sequence": _sequence,
    "tabular": _tabular,
}
