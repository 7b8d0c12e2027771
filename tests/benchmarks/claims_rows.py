"""Results of claims on tables, made by hand: one for each of four sources."""

from __future__ import annotations

SOURCES = ("a", "b", "c", "d")
WOBBLE = (0.0, 0.01, -0.01, 0.005)  # sources differ a little


def rows(candidate, test, **columns):
    """One result for each source."""
    return [
        {
            "origin": origin,
            "task": f"embedded:{origin}",
            "structure": "tabular",
            "kind": "regression",
            "candidate": candidate,
            "fold": 0,
            "test": test + wobble,
            **columns,
        }
        for origin, wobble in zip(SOURCES, WOBBLE)
    ]


def disagree(frame, where, by):
    """Move some results of each source by so many times its wobble."""
    frame.loc[where, "test"] += by * frame["origin"].map(dict(zip(SOURCES, WOBBLE)))[where]
    return frame
