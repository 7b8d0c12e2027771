"""The linear baseline: its penalty is per row, and is chosen where columns are many."""

import numpy as np

from advisor import architectures


def problem(n, d, rng):
    X = rng.normal(size=(n, d))
    return X, X[:, 0] + rng.normal(size=n)


def test_the_penalty_is_chosen_for_many_columns():
    rng = np.random.default_rng(0)
    X, y = problem(1000, 180, rng)
    chosen = architectures.get("linear").make("regression").fit(X[:200], y[:200])
    weak = architectures.get("linear").make("regression", l2=1e-3).fit(X[:200], y[:200])
    assert weak.score(X[200:], y[200:]) < 0
    assert chosen.score(X[200:], y[200:]) > 0.1


def test_the_penalty_means_the_same_for_any_number_of_rows():
    X, y = problem(100, 3, np.random.default_rng(0))
    for kind, target in (("regression", y), ("classification", y > 0)):
        once, twice = (architectures.get("linear").make(kind, l2=0.5) for _ in range(2))
        once.fit(X, target)
        twice.fit(np.vstack([X, X]), np.concatenate([target, target]))
        np.testing.assert_allclose(once.model_.coef_, twice.model_.coef_, atol=1e-4)
