"""The tests over all tasks as texts that the template only has to place."""

from __future__ import annotations

from typing import Any

from reports import wording
from reports.significance import ALPHA, EFFECT, Comparisons, Power
from reports.style import title


def tested(tests: Comparisons) -> dict[str, Any]:
    """Results of the tests over all tasks.

    Parameters
    ----------
    tests : Comparisons
        As :func:`reports.significance.significance` gives them.

    Returns
    -------
    dict
        Whether there are only ``two`` candidates, a sentence on the ``omnibus`` test of more and on the
        number of sources, the ``rows`` of pairs, whether some of them tried ``unequal`` numbers of
        configurations, the ``ratings``, and a sentence on ``power``.
    """
    rows = [
        {
            "pair": f"{title(row['a'])} against {title(row['b'])}",
            "difference": wording.signed(row["difference"]),
            "p": _p(row["p"]),
            "holm": _p(row["p_holm"]),
            "found": bool(row["p_holm"] <= ALPHA),
            "k": wording.span(row["k_low"], row["k_high"]),
            "difference_k": wording.signed(row["difference_k"]),
            "p_k": _p(row["p_k"]),
            "holm_k": _p(row["p_k_holm"]),
            "odds": [f"{row[side]:.0%}" for side in ("left", "rope", "right")],
        }
        for row in tests.pairs.reset_index().to_dict("records")
    ]
    ratings = [
        {
            "title": title(row["index"]),
            "rating": f"{row['rating']:.0f}",
            "interval": f"{row['low']:.0f} to {row['high']:.0f}",
        }
        for row in tests.ratings.reset_index(names="index").to_dict("records")
    ]
    return {
        "two": tests.omnibus is None,
        "omnibus": _omnibus(tests),
        "rows": rows,
        "unequal": tests.unequal,
        "ratings": ratings,
        "power": _power(tests),
    }


def _omnibus(tests: Comparisons) -> str:
    sources = f"{tests.n} independent sources."
    if tests.omnibus is None:
        return sources
    p = _p(tests.omnibus.p)
    return (
        "Friedman test that the candidates (without the dummy) do not differ: χ² = "
        f"{tests.omnibus.statistic:.1f}, p {'' if p.startswith('<') else '= '}{p}, {sources}"
    )


def _power(tests: Comparisons) -> str:
    first, second = (title(name) for name in tests.leaders)
    strict, alone = tests.power, tests.alone
    start = (
        f"With {tests.n} sources that scatter as these do, a difference of {EFFECT:g} between "
        f"{first} and {second} is found"
    )
    if len(tests.pairs) == 1:
        return (
            f"{start} {alone.found:.0%} of the time (level {alone.level:g}). To find it four times out of "
            f"five would take {_sources(alone)}."
        )
    pairs = wording.count(len(tests.pairs), "pair")
    return (
        f"{start} {strict.found:.0%} of the time at the first step of Holm’s correction for {pairs} "
        f"(level {strict.level:.2g}), and {alone.found:.0%} if no other pair were tested (level "
        f"{alone.level:g}). To find it four times out of five would take {_sources(strict)}, or "
        f"{_sources(alone)} for this pair alone."
    )


def _sources(power: Power) -> str:
    return "more than 1,000 sources" if power.needed is None else wording.count(power.needed, "source")


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
