from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from advisor import advise


def walks(rng, entities=12, steps=40, columns=3):
    return rng.normal(size=(entities, steps, columns)).cumsum(axis=1)


def panel(rng, entities=12, steps=40):
    """Twelve shops over forty months, shop by shop."""
    frame = pd.DataFrame(walks(rng, entities, steps).reshape(-1, 3), columns=["a", "b", "y"])
    frame.insert(0, "who", np.repeat([f"s{j}" for j in range(entities)], steps))
    frame.insert(1, "t", np.tile(np.arange(steps), entities))
    return frame


PANELS = {
    "by entity": lambda frame, rng: frame,
    "by time": lambda frame, rng: frame.sort_values(["t", "who"]),
    "shuffled": lambda frame, rng: frame.sample(frac=1, random_state=0),
    "backwards": lambda frame, rng: frame[::-1],
    "dates": lambda frame, rng: frame.assign(t=pd.Timestamp("2001") + pd.to_timedelta(frame["t"], unit="D")),
    "years": lambda frame, rng: frame.assign(t=frame["t"] + 1950),
    "numbered": lambda frame, rng: frame.assign(who=frame["who"].str[1:].astype(int) * 13 % 17),
    "two names": lambda frame, rng: frame.assign(
        who=frame["who"].str[1:].astype(int) % 4, u=frame["who"].str[1:].astype(int) // 4
    ),
    "year and month": lambda frame, rng: frame.assign(t=frame["t"] // 12 + 1990, m=frame["t"] % 12 + 1),
}


@pytest.mark.parametrize("form", PANELS)
def test_panels_are_found_whatever_their_order_and_keys(form):
    rng = np.random.default_rng(3)
    frame = PANELS[form](panel(rng), rng).reset_index(drop=True)
    frame = frame.rename(columns={c: f"x{j}" for j, c in enumerate(frame.columns) if c != "y"})
    advice = advise(frame, "y")
    assert advice.form == "panel"
    entities = [label for label, role in advice.roles.items() if role == "entity"]
    assert entities == (["x0", "x5"] if form == "two names" else ["x0"])
    times = [label for label, role in advice.roles.items() if role == "time"]
    assert times == (["x1", "x5"] if form == "year and month" else ["x1"])
    assert any("belong together" in warning for warning in advice.warnings)


@pytest.mark.parametrize("form", ["shuffled", "two names", "year and month"])
def test_windows_of_a_panel_are_in_time_whatever_the_order_of_rows(form):
    rng = np.random.default_rng(4)
    frame = PANELS[form](panel(rng), rng).sample(frac=1, random_state=1).reset_index(drop=True)
    advice = advise(frame, "y")
    X = frame.drop(columns="y")
    fold = advice.folder().fit(X)
    out = fold.transform(X)
    place = list(fold.roles_).index("a")
    keys = ["who", "u"] if form == "two names" else ["who"]
    time = ["t", "m"] if form == "year and month" else ["t"]
    for row in range(0, len(frame), 37):
        same = (frame[keys] == frame.loc[row, keys]).all(axis=1)
        past = frame[same].sort_values(time)
        end = past.index.get_loc(row) + 1
        wanted = past["a"].to_numpy()[max(0, end - fold.window) : end]
        np.testing.assert_allclose(out[row, : len(wanted), place], wanted, rtol=1e-5)
    model = advice.estimator(max_epochs=1).fit(X, frame["y"])
    assert len(model.predict(X[:9])) == 9


def made_tables():
    """Tables with something like an entity and something like a time."""

    def bookings(rng, n=600):
        days = pd.Timestamp("2020") + pd.to_timedelta(np.sort(rng.integers(0, 90, n)), unit="D")
        return pd.DataFrame(rng.normal(size=(n, 3))).assign(day=days, kind=rng.choice(list("abc"), n))

    def payments(rng, n=600):
        who = rng.integers(0, 30, n)
        seconds = pd.Timestamp("2020") + pd.to_timedelta(rng.integers(0, 10**7, n), unit="s")
        paid = rng.normal(size=30)[who] + rng.normal(size=n)
        return pd.DataFrame({"who": who, "when": seconds, "paid": paid}).sort_values(["who", "when"])

    def design(rng):
        a, b = np.indices((8, 9)).reshape(2, -1)
        y = rng.normal(size=8)[a] + 0.4 * b + rng.normal(size=72)
        return pd.DataFrame({"plot": a, "dose": 5.0 * b, "y": y, "z": rng.normal(size=72)})

    def ratings(rng):
        user, item = np.nonzero(rng.random((50, 200)) < 0.15)
        mark = rng.normal(size=50)[user] + rng.normal(size=200)[item] + rng.normal(size=len(user))
        return pd.DataFrame({"user": user, "item": item, "mark": np.clip(np.round(mark), -2, 2).astype(int)})

    def survey(rng):
        return pd.DataFrame(rng.integers(1, 6, (500, 6))).assign(region=rng.choice(list("nsew"), 500))

    def grouped(rng, spread=2.0):
        group = np.repeat(np.arange(150), rng.integers(2, 12, 150))
        return pd.DataFrame(spread * rng.normal(size=(150, 5))[group] + rng.normal(size=(len(group), 5)))

    def tight(rng):
        return grouped(rng, 6.0)

    def ordered(rng):
        shared = np.sort(rng.normal(size=400))[:, None]
        return pd.DataFrame(2 * shared * rng.normal(size=5) + rng.normal(size=(400, 5))).assign(
            key=shared[:, 0]
        )

    def halves(rng):
        return pd.DataFrame(rng.normal(size=(400, 5)) + 4 * (np.arange(400) > 200)[:, None])

    def sensor(rng, n=500):
        when = pd.Timestamp("2021") + pd.to_timedelta(np.sort(rng.integers(0, 10**6, n)), unit="s")
        return pd.DataFrame(rng.normal(size=(n, 5))).assign(when=when)

    return [bookings, payments, design, ratings, survey, grouped, tight, ordered, halves, sensor]


@pytest.mark.parametrize("make", made_tables(), ids=lambda make: make.__name__)
def test_tables_stay_tables(make):
    wrong = 0
    for seed in range(8):
        frame = make(np.random.default_rng(seed)).reset_index(drop=True)
        frame.columns = [f"x{j}" for j in range(frame.shape[1])]
        wrong += advise(frame).structure != "tabular"
    assert wrong <= binom.ppf(0.999, 8, 0.05)


SERIES = {
    "text": lambda n: {"t": pd.date_range("2019", periods=n, freq="h").strftime("%Y-%m-%d %H:%M")},
    "backwards": lambda n: {"t": pd.date_range("2019", periods=n)[::-1]},
    "weekdays": lambda n: {"t": pd.bdate_range("2019", periods=n)},
    "date and hour": lambda n: {"d": pd.date_range("2019", periods=n, freq="h").date, "h": np.arange(n) % 24},
    "year, month, day": lambda n: {
        "y": (days := pd.date_range("2019", periods=n)).year,
        "m": days.month,
        "d": days.day,
    },
    "epoch": lambda n: {"t": 1_500_000_000 + 3600 * np.arange(n)},
    "decimal year": lambda n: {"t": 1900 + np.arange(n) / 12},
    "years": lambda n: {"t": 1700 + np.arange(n)},
    "packed": lambda n: {"t": pd.date_range("2019", periods=n).strftime("%Y%m%d").astype(int)},
    "uneven": lambda n: {"t": pd.Timestamp("2019") + pd.to_timedelta(np.arange(n) ** 2, unit="min")},
}


@pytest.mark.parametrize("form", SERIES)
def test_one_long_series_is_found_however_its_time_is_written(form):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(SERIES[form](300)).assign(
        v=rng.normal(size=300).cumsum(), w=rng.normal(size=300), target=rng.normal(size=300).cumsum()
    )
    advice = advise(frame, "target")
    assert (advice.form, advice.rule) == ("long_series", "timed_rows")
    if form == "backwards":
        X = frame.drop(columns="target")
        out = advice.folder().fit_transform(X)
        assert np.isnan(out[-1, 1:]).all()  # the oldest row, held last, has no past


def test_a_series_in_random_order_is_put_in_order():
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"t": pd.date_range("2019", periods=200), "v": rng.normal(size=200).cumsum()})
    advice = advise(frame.sample(frac=1, random_state=0).assign(y=rng.normal(size=200)), "y")
    assert advice.rule == "timed_rows"
    assert advice.folding["time"] == ["t"]


def test_the_caller_decides_who_and_when():
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {"a": rng.integers(0, 9, 300), "b": rng.permutation(300) / 7, "x": rng.normal(size=300), "y": 0.0}
    ).assign(y=rng.normal(size=300))
    assert advise(frame, "y").form == "table"
    advice = advise(frame, "y", roles={"a": "entity", "b": "time"})
    assert advice.form == "panel"
    assert advice.folding["entity"] == ["a"]
    assert advice.folding["time"] == ["b"]
    alone = advise(frame, "y", roles={"a": "entity", "b": "ignore"})
    assert any("'a' belong together" in warning for warning in alone.warnings)


def test_lags_of_a_series_are_named():
    rng = np.random.default_rng(8)
    series = rng.normal(size=500).cumsum()
    frame = pd.DataFrame({f"x{k}": series[10 - k : 490 - k] for k in (1, 2, 3, 4)})
    frame = frame.assign(noise=rng.normal(size=480), y=series[10:490])
    advice = advise(frame, "y")
    assert (advice.rule, advice.structure) == ("lag_table", "tabular")
    assert any("the target, 'x1', 'x2', 'x3', 'x4'" in warning for warning in advice.warnings)
    shuffled = advise(frame.sample(frac=1, random_state=0), "y")
    assert shuffled.rule == "table"


@pytest.mark.parametrize("lags", [7, 16])
def test_lags_alone_are_a_table_though_they_stand_in_order(lags):
    rng = np.random.default_rng(8)
    series = rng.normal(size=400).cumsum()
    frame = pd.DataFrame({f"x{k}": series[lags - k : 380 - k] for k in range(1, lags + 1)})
    advice = advise(frame, series[lags:380])
    assert (advice.rule, advice.structure, advice.layout) == ("lag_table", "tabular", (lags,))
    one_more = frame.iloc[1:].assign(last=series[: 379 - lags])
    assert (advise(one_more, series[lags + 1 : 380]).rule == "lag_table") == (lags < 16)


@pytest.mark.parametrize(("entities", "steps"), [(60, 30), (6, 400)])
def test_recordings_one_after_another_with_dates_of_their_own_are_no_single_series(entities, steps):
    rng = np.random.default_rng(9)
    frame = panel(rng, entities, steps)
    days = np.repeat(rng.permutation(300)[:entities], steps)
    frame["t"] = (
        pd.Timestamp("2024")
        + pd.to_timedelta(days, unit="D")
        + pd.to_timedelta(60 * frame["t"].to_numpy(), unit="s")
    )
    advice = advise(frame, "y")
    assert advice.rule == "panel"
    assert (advice.folding["entity"], advice.folding["time"]) == (["who"], ["t"])


def ticks(rng, n=2000, drift=0.0):
    """Prices at seconds that repeat; the size of an order has nothing to do with the one before."""
    seconds = rng.exponential(1.3, n).cumsum().round()
    price = 100 + (0.01 * rng.integers(-1, 2, n) + drift).cumsum()
    frame = pd.DataFrame({"t": pd.Timestamp("2024-05-02 09:30") + pd.to_timedelta(seconds, unit="s")})
    return frame.assign(price=price, bid=price - 0.01, size=rng.geometric(0.02, n) * 10)


@pytest.mark.parametrize("drift", [0.0, 0.01])
def test_a_quantity_that_groups_the_rows_of_one_series_at_random_is_no_entity(drift):
    rng = np.random.default_rng(11)
    advice = advise(ticks(rng, drift=drift), rng.integers(0, 2, 2000))
    assert "entity" not in advice.roles.values()


def test_seconds_that_repeat_count_the_time_of_a_series_that_remembers():
    rng = np.random.default_rng(12)
    frame, target = ticks(rng), rng.integers(0, 2, 2000)
    repeat = 1 - frame["t"].nunique() / len(frame)
    assert repeat > 0.3  # fewer do not count
    advice = advise(frame, target)
    assert (advice.rule, advice.folding["time"], advice.clear) == ("timed_rows", ["t"], False)
    assert any(f"{repeat:.0%} of rows repeat a time" in sentence for sentence in advice.against)
    noise = frame.assign(price=rng.normal(size=2000), bid=rng.normal(size=2000))
    assert advise(noise, target).structure == "tabular"


def test_entities_that_take_turns_in_times_of_their_own_remember_beyond_groups_dealt_at_random():
    rng = np.random.default_rng(11)
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "who": f"p{k}",
                    "visit": np.arange(40) // 4,
                    "t": pd.Timestamp("2024") + pd.to_timedelta(rng.integers(1, 9000, 40).cumsum(), unit="s"),
                    "v": rng.normal(size=40).cumsum(),
                    "w": rng.normal(size=40).cumsum(),
                }
            )
            for k in range(25)
        ]
    ).sort_values(["visit", "who", "t"], ignore_index=True)
    advice = advise(frame.drop(columns="visit"), rng.integers(0, 2, 1000))
    assert (advice.rule, advice.folding["entity"]) == ("panel", ["who"])
