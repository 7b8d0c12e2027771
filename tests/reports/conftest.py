"""A results frame as the store gives it, shaped like a real study: 17 tasks, 6 candidates, an advisor."""

import numpy as np
import pandas as pd
import pytest

from reports import figures
from reports.summary import summarise

# task: (origin, structure, kind, scores of gbt, cnn, lstm, mlp, linear, dummy)
TASKS = {
    "digits": ("optdigits", "image", "classification", [0.962, 0.983, 0.971, 0.975, 0.955, 0.101]),
    "opencv_digits": ("opencv", "image", "classification", [0.915, 0.978, 0.947, 0.941, 0.902, 0.100]),
    "textures": ("skimage_textures", "image", "classification", [0.871, 0.962, 0.803, 0.828, 0.611, 0.252]),
    "photo_rgb": ("skimage_photos", "image", "classification", [0.858, 0.886, 0.792, 0.847, 0.741, 0.171]),
    "italy_power": ("italy_power", "sequence", "classification", [0.955, 0.964, 0.958, 0.967, 0.961, 0.501]),
    "vowels": ("japanese_vowels", "sequence", "classification", [0.936, 0.982, 0.974, 0.969, 0.951, 0.133]),
    "plaid": ("plaid", "sequence", "classification", [0.781, 0.742, 0.551, 0.512, 0.389, 0.162]),
    "watch": ("seglearn", "sequence", "classification", [0.922, 0.948, 0.881, 0.871, 0.732, 0.148]),
    "beijing": ("beijing", "sequence", "regression", [0.712, 0.694, 0.741, 0.651, 0.622, -0.004]),
    "bike": ("bike", "tabular", "regression", [0.942, 0.801, 0.783, 0.902, 0.391, -0.002]),
    "california": ("california", "tabular", "regression", [0.832, 0.741, 0.752, 0.781, 0.602, -0.001]),
    "diamonds": ("diamonds", "tabular", "regression", [0.981, 0.962, 0.958, 0.975, 0.921, -0.001]),
    "adult": ("census", "tabular", "classification", [0.871, 0.842, 0.839, 0.852, 0.846, 0.759]),
    "adult_small": ("census", "tabular", "classification", [0.861, 0.840, 0.835, 0.848, 0.843, 0.761]),
    "credit": ("credit", "tabular", "classification", [0.782, 0.731, 0.722, 0.754, 0.768, 0.700]),
    "wine_quality": ("vinho_verde", "tabular", "classification", [0.671, 0.561, 0.552, 0.592, 0.541, 0.436]),
    "letters": ("letter", "tabular", "classification", [0.962, 0.913, 0.921, 0.951, 0.771, 0.040]),
}
CANDIDATES = ["gbt", "cnn", "lstm", "mlp", "linear", "dummy"]
SECONDS = {"gbt": 2.1, "cnn": 6.4, "lstm": 9.8, "mlp": 3.2, "linear": 0.2, "dummy": 0.002}
ADVICE = {"image": "cnn", "sequence": "cnn", "tabular": "gbt"}
ENVIRONMENT = {
    "python": "3.11.2",
    "platform": "Linux x86_64",
    "cpu": "a CPU, 2 cores",
    "gpu": "",
    "threads": 1,
    "commit": "0123abcd",
    "dirty": False,
    "versions": {"torch": "2.13.0", "xgboost": "3.1.0"},
}
COLUMNS = [
    *["key", "task", "origin", "structure", "kind", "metric", "candidate", "config", "trial", "fold", "seed"],
    *["status", "reason", "validation", "test", "fit_seconds", "predict_seconds", "peak_mb", "extra"],
    *["environment", "finished"],
]


def make_frame(*, folds=2, trials=1, advisor=True, tasks=None, rename=None):
    """One row per cell. Scores scatter around the table above; later trials are better on the whole."""
    rng = np.random.default_rng(7)
    rows = []
    for name, (origin, structure, kind, scores) in (tasks or TASKS).items():
        spread = 0.006 * (max(scores) - min(scores))
        for fold in range(folds):
            test = {}
            for candidate, score in zip(CANDIDATES, scores):
                for trial in range(1 if candidate == "dummy" else trials):
                    worse = 0.0 if trial == trials - 1 else 0.08 * rng.random() * abs(score)
                    value = score - worse + (0 if candidate == "dummy" else spread * rng.standard_normal())
                    test.setdefault(candidate, value)
                    rows.append(
                        {
                            "task": f"embedded:{name}",
                            "origin": origin,
                            "structure": structure,
                            "kind": kind,
                            "metric": "r2" if kind == "regression" else "accuracy",
                            "candidate": candidate,
                            "config": "{}" if trial == 0 else f'{{"x":{trial}}}',
                            "trial": trial,
                            "fold": fold,
                            "status": "ok",
                            "validation": value + 0.002 * rng.standard_normal(),
                            "test": value,
                            "fit_seconds": SECONDS[candidate] * float(np.exp(0.6 * rng.standard_normal())),
                            "predict_seconds": 0.02,
                            "peak_mb": 120.0,
                            "extra": {},
                        }
                    )
            if advisor:
                advised = "lstm" if name == "plaid" else ADVICE[structure]
                rows.append(
                    {
                        **rows[-1],
                        "candidate": "advisor",
                        "config": "{}",
                        "trial": 0,
                        "validation": None,
                        "test": test[advised],
                        "fit_seconds": 0.08,
                        "predict_seconds": None,
                        "extra": {
                            "structure": structure,
                            "layout": [8, 8, 1],
                            "form": "flat columns",
                            "recommendation": advised,
                            "confidence": 0.61 if name == "plaid" else 0.9,
                            "ranking": [[advised, 0.7], ["gbt", 0.2], ["lstm", 0.1]],
                            "because": ["the columns are one channel", "neighbouring columns agree by 0.21"],
                        },
                    }
                )
    frame = pd.DataFrame(rows).assign(
        seed=0, reason="", environment=[ENVIRONMENT] * len(rows), finished="2026-01-05T12:00:00+00:00"
    )
    frame["key"] = [f"{i:024x}" for i in range(len(frame))]
    return frame[COLUMNS]


def large_frame(n_tasks, n_candidates, n_trials):
    """A searched study as large as the paper's, one split, without an advisor."""
    rng = np.random.default_rng(3)
    names = [*CANDIDATES[:-1], *(f"candidate_{i}" for i in range(n_candidates - len(CANDIDATES))), "dummy"]
    lengths = [n_trials] * (n_candidates - 1) + [1]
    candidate = np.tile(np.repeat(names, lengths), n_tasks)
    trial = np.tile(np.concatenate([np.arange(n) for n in lengths]), n_tasks)
    task = np.repeat(np.arange(n_tasks), sum(lengths))
    skill = np.tile(np.repeat([*np.linspace(0.9, 0.6, n_candidates - 1), 0.1], lengths), n_tasks)
    test = skill - 0.2 * rng.random(len(task)) * (candidate != "dummy") + 0.05 * np.sin(task)
    frame = pd.DataFrame(
        {
            "task": [f"openml:{i}" for i in task],
            "origin": [f"origin {i}" for i in task],
            "structure": np.array(["image", "sequence", "tabular"])[task % 3],
            "kind": "classification",
            "metric": "accuracy",
            "candidate": candidate,
            "config": [f'{{"x":{i}}}' if i else "{}" for i in trial],
            "trial": trial,
            "fold": 0,
            "seed": 0,
            "status": "ok",
            "reason": "",
            "validation": test + 0.01 * rng.standard_normal(len(task)),
            "test": test,
            "fit_seconds": rng.random(len(task)) + 0.01,
            "predict_seconds": 0.01,
            "peak_mb": 100.0,
            "finished": "2026-01-05T12:00:00+00:00",
        }
    )
    frame["extra"], frame["environment"] = [{}] * len(frame), [ENVIRONMENT] * len(frame)
    frame["key"] = [f"{i:024x}" for i in range(len(frame))]
    return frame[COLUMNS]


def fail(frame, task, candidate, status="timeout", reason="took more than 60 s"):
    """The same frame with every cell of one (task, candidate) failed."""
    frame = frame.copy()
    hit = (frame["task"] == f"embedded:{task}") & (frame["candidate"] == candidate)
    assert hit.any()
    frame.loc[hit, ["validation", "test", "fit_seconds", "predict_seconds", "peak_mb"]] = np.nan
    frame.loc[hit, "status"], frame.loc[hit, "reason"] = status, reason
    return frame


@pytest.fixture(scope="session")
def summary():
    """The findings of the whole frame, computed once: they are frozen."""
    study = {"name": "starter", "title": "Starter", "settings": {"next": "Run the full study."}}
    return summarise(make_frame(), study, rng=np.random.default_rng(0))


@pytest.fixture(scope="session")
def searched():
    """The same with three trials each and one candidate that failed on one task."""
    study = {"name": "searched", "title": "Searched", "settings": {}}
    return summarise(fail(make_frame(trials=3), "plaid", "lstm"), study, rng=np.random.default_rng(0))


@pytest.fixture(scope="session")
def drawn(searched):
    """Every figure of it, by name and whether it is narrow."""
    found = figures.of(searched)
    return {(n, small): f.draw(searched, small) for n, (f, _) in found.items() for small in (False, True)}


@pytest.fixture
def frame():
    return make_frame()


@pytest.fixture
def make():
    return make_frame


@pytest.fixture
def failing():
    return fail


@pytest.fixture
def large():
    return large_frame
