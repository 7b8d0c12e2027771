"""Numbers and names in the middle of a sentence."""

from __future__ import annotations

from reports.style import title

SPOKEN = {
    "gbt": "boosted trees",
    "linear": "the linear model",
    "dummy": "the dummy",
    "random_forest": "the random forest",
    "gradient_boosting": "gradient boosting",
    "hist_gradient_boosting": "histogram boosting",
    "nearest_neighbours": "nearest neighbours",
    "last_value": "the last value",
}


def spoken(name: str) -> str:
    """A candidate's name in the middle of a sentence.

    Parameters
    ----------
    name : str
        Candidate.

    Returns
    -------
    str
        With its article and in lower case where it is a common noun.

    Examples
    --------
    >>> spoken("gbt"), spoken("linear"), spoken("cnn"), spoken("MyNet")
    ('boosted trees', 'the linear model', 'CNN', 'MyNet')
    """
    return SPOKEN.get(name, title(name))


def count(n: int, what: str) -> str:
    """A number with its noun.

    Parameters
    ----------
    n : int
        How many.
    what : str
        The noun in the singular.

    Returns
    -------
    str
        With a plural "s" where it belongs.

    Examples
    --------
    >>> count(1, "task"), count(0, "task")
    ('1 task', '0 tasks')
    """
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def span(low: int, high: int) -> str:
    """Two whole numbers, or the one that they are.

    Parameters
    ----------
    low, high : int
        The smallest and the largest.

    Returns
    -------
    str
        Digits.

    Examples
    --------
    >>> span(5, 5), span(3, 15)
    ('5', '3 to 15')
    """
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def listed(items: list[str]) -> str:
    """Words in a row.

    Parameters
    ----------
    items : list of str
        At least one.

    Returns
    -------
    str
        With commas, and an "and" before the last.

    Examples
    --------
    >>> listed(["images"]), listed(["images", "sequences", "tables"])
    ('images', 'images, sequences and tables')
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def signed(value: float) -> str:
    """A difference with its sign, to three decimals.

    Parameters
    ----------
    value : float
        Any difference.

    Returns
    -------
    str
        With a true minus; zero has no sign.

    Examples
    --------
    >>> signed(-0.0213), signed(0.5), signed(0.0001)
    ('−0.021', '+0.500', '0.000')
    """
    text = f"{value:+.3f}"
    return "0.000" if text[1:] == "0.000" else text.replace("-", "−")
