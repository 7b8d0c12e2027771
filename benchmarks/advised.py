"""The advisor as a candidate: what it advised stands for the score of the family that it chose."""

from __future__ import annotations

from typing import Any

ADVISOR = "advisor"


def resolve_advice(records: list[dict[str, Any]]) -> None:
    """Give the advisor's rows the score of the family they advise."""
    own = {(r["task"], r["candidate"], r["fold"], r["seed"]): r for r in records if r["trial"] == 0}
    for record in records:
        if record["candidate"] != ADVISOR or record["status"] != "ok":
            continue
        family = record["extra"].get("recommendation", "nothing")
        cell = own.get((record["task"], family, record["fold"], record["seed"]))
        if cell is None:
            record.update(status="error", reason=f"it advised {family}, which is no candidate of this study")
            continue
        record["extra"] = {**record["extra"], "advice_seconds": record["fit_seconds"]}
        for name in ("status", "validation", "test", "predict_seconds"):
            record[name] = cell[name]
        if cell["status"] == "ok":
            record["fit_seconds"] += cell["fit_seconds"]
        elif cell["status"] != "pending":
            record["reason"] = f"it advised {family}, whose cell is {cell['status']}: {cell['reason']}"
