"""Settings, defaults and search spaces of Grinsztajn, Oyallon & Varoquaux (2022), as data.

They are those of the final code, which differ from the tables of the first version of the paper: trees
grow at most 1,000 rounds (a forest 250 trees) and the perceptron has no dropout. A value that stands k times
in a list is drawn k times as often.

Left out because our architectures do not have it: the compression of keys and values of the FT-Transformer,
and the ``criterion`` of gradient boosting, which has no effect in scikit-learn any more. Thresholds are 256
bins, where the XGBoost of 2022 tried every value up to some millions of rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scipy.stats import lognorm, loguniform, norm, randint, uniform

from advisor.architectures import Rounded


@dataclass(frozen=True)
class Space:
    """What the paper says of one architecture; names are those of our estimators.

    Parameters
    ----------
    fixed : mapping
        The same in every configuration.
    default : mapping
        The first configuration: a value for each name that is drawn.
    drawn : mapping
        What the others are drawn from.
    """

    fixed: Mapping[str, Any]
    default: Mapping[str, Any]
    drawn: Mapping[str, Any]


_TREE_TARGET = ["none", "quantile"]
_NETWORK = {"max_epochs": 300, "patience": 40, "validation_fraction": 0.2}
_NETWORK_DEFAULT = {"batch_size": 512, "target_transform": "quantile"}
_NETWORK_DRAWN = {
    "batch_size": [256, 512, 1024],
    "schedule": ["plateau", "constant"],
    "target_transform": ["none", "quantile"],
}

SPACES: dict[str, Space] = {
    "gbt": Space(
        fixed={"categories": "one-hot", "max_bin": 256},
        default={
            "n_estimators": 100,
            "early_stopping_rounds": None,
            "max_depth": 6,
            "learning_rate": 0.3,
            "gamma": 0.0,
            "min_child_weight": 1,
            "subsample": 1.0,
            "colsample_bytree": 1.0,
            "colsample_bylevel": 1.0,
            "reg_alpha": 0.0,
            "reg_lambda": 1.0,
            "target_transform": "none",
        },
        drawn={
            "n_estimators": [1_000],
            "early_stopping_rounds": [None],  # as published; see benchmarks.spaces for the sensible one
            "max_depth": randint(1, 12),
            "learning_rate": loguniform(1e-5, 0.7),
            "gamma": loguniform(1e-8, 7),
            "min_child_weight": Rounded(loguniform(1, 100)),
            "subsample": uniform(0.5, 0.5),
            "colsample_bytree": uniform(0.5, 0.5),
            "colsample_bylevel": uniform(0.5, 0.5),
            "reg_alpha": loguniform(1e-8, 100),
            "reg_lambda": loguniform(1, 4),
            "target_transform": _TREE_TARGET,
        },
    ),
    "random_forest": Space(
        fixed={},
        default={
            "n_estimators": 100,
            "criterion_classes": "gini",
            "criterion_numbers": "squared_error",
            "max_depth": None,
            "max_features": "auto",
            "min_samples_split": 2,
            "min_samples_leaf": 1,
            "min_impurity_decrease": 0.0,
            "bootstrap": True,
            "target_transform": "none",
        },
        drawn={
            "n_estimators": [250],
            "criterion_classes": ["gini", "entropy"],
            "criterion_numbers": ["squared_error", "absolute_error"],
            "max_depth": [None] * 7 + [2, 3, 4],
            "max_features": ["sqrt", "sqrt", "log2", None, *(share / 10 for share in range(1, 10))],
            "min_samples_split": [2] * 19 + [3],
            "min_samples_leaf": Rounded(loguniform(1.5, 50.5)),
            "min_impurity_decrease": [0.0] * 17 + [0.01, 0.02, 0.05],
            "bootstrap": [True, False],
            "target_transform": _TREE_TARGET,
        },
    ),
    "gradient_boosting": Space(
        fixed={"refit": False, "validation_fraction": 0.2},
        default={
            "n_estimators": 100,
            "early_stopping_rounds": None,
            "learning_rate": 0.1,
            "loss_classes": "log_loss",
            "loss_numbers": "squared_error",
            "subsample": 1.0,
            "max_depth": 3,
            "max_leaf_nodes": None,
            "min_samples_split": 2,
            "min_samples_leaf": 1,
            "min_impurity_decrease": 0.0,
            "target_transform": "none",
        },
        drawn={
            "n_estimators": [1_000],
            "early_stopping_rounds": [20],
            "learning_rate": lognorm(s=math.log(10), scale=0.01),
            "loss_classes": ["log_loss", "exponential"],
            "loss_numbers": ["squared_error", "absolute_error", "huber"],
            "subsample": uniform(0.5, 0.5),
            "max_depth": [None, 2] + [3] * 6 + [4, 5],
            "max_leaf_nodes": [None] * 17 + [5, 10, 15],
            "min_samples_split": [2] * 19 + [3],
            "min_samples_leaf": Rounded(loguniform(1.5, 50.5)),
            "min_impurity_decrease": [0.0] * 17 + [0.01, 0.02, 0.05],
            "target_transform": _TREE_TARGET,
        },
    ),
    "hist_gradient_boosting": Space(
        fixed={"refit": False, "validation_fraction": 0.2, "l2_regularization": 0.0},
        default={
            "n_estimators": 100,
            "early_stopping_rounds": None,
            "learning_rate": 0.1,
            "loss_numbers": "squared_error",
            "max_leaf_nodes": 31,
            "max_depth": None,
            "min_samples_leaf": 20,
            "target_transform": "none",
        },
        drawn={
            "n_estimators": [1_000],
            "early_stopping_rounds": [20],
            "learning_rate": lognorm(s=math.log(10), scale=0.01),
            "loss_numbers": ["squared_error", "absolute_error"],
            "max_leaf_nodes": Rounded(norm(31, 5), least=2),
            "max_depth": [None, 2] + [3] * 7 + [4],
            "min_samples_leaf": Rounded(norm(20, 2)),
            "target_transform": _TREE_TARGET,
        },
    ),
    "mlp": Space(
        fixed={**_NETWORK, "dropout": 0.0, "weight_decay": 0.01},  # AdamW's own decay
        default={
            **_NETWORK_DEFAULT,
            "n_layers": 4,
            "width": 256,
            "embedding_size": 128,
            "learning_rate": 1e-3,
            "schedule": "plateau",
        },
        drawn={
            **_NETWORK_DRAWN,
            "n_layers": randint(1, 9),
            "width": randint(16, 1025),
            "embedding_size": randint(64, 513),
            "learning_rate": loguniform(1e-5, 1e-2),
        },
    ),
    "resnet": Space(
        fixed={**_NETWORK, "activation": "reglu"},
        default={
            **_NETWORK_DEFAULT,
            "n_blocks": 8,
            "width": 256,
            "hidden_factor": 2.0,
            "hidden_dropout": 0.2,
            "residual_dropout": 0.2,
            "norm": "batch",
            "embedding_size": 128,
            "learning_rate": 1e-3,
            "weight_decay": 1e-7,
            "schedule": "plateau",
        },
        drawn={
            **_NETWORK_DRAWN,
            "n_blocks": randint(1, 17),
            "width": randint(64, 1025),
            "hidden_factor": uniform(1.0, 3.0),
            "hidden_dropout": uniform(0.0, 0.5),
            "residual_dropout": uniform(0.0, 0.5),
            "norm": ["batch", "layer"],
            "embedding_size": randint(64, 513),
            "learning_rate": loguniform(1e-5, 1e-2),
            "weight_decay": loguniform(1e-8, 1e-3),
        },
    ),
    "ft_transformer": Space(
        fixed={**_NETWORK, "n_heads": 8},
        default={
            **_NETWORK_DEFAULT,
            "n_blocks": 3,
            "token_size": 192,
            "ffn_factor": 4 / 3,
            "attention_dropout": 0.2,
            "ffn_dropout": 0.1,
            "residual_dropout": 0.0,
            "learning_rate": 1e-4,
            "weight_decay": 1e-5,
            "schedule": "constant",
        },
        drawn={
            **_NETWORK_DRAWN,
            "n_blocks": randint(1, 7),
            "token_size": list(range(64, 513, 8)),
            "ffn_factor": uniform(2 / 3, 2.0),
            "attention_dropout": uniform(0.0, 0.5),
            "ffn_dropout": uniform(0.0, 0.5),
            "residual_dropout": uniform(0.0, 0.5),
            "learning_rate": loguniform(1e-5, 1e-3),
            "weight_decay": loguniform(1e-6, 1e-3),
        },
    ),
    "saint": Space(
        fixed={
            **_NETWORK,
            "patience": 10,
            "schedule": "constant",
            "weight_decay": 0.01,
            "target_transform": "none",
        },
        default={
            "depth": 3,
            "n_heads": 4,
            "dim": 128,
            "dropout": 0.1,
            "learning_rate": 3e-5,
            "batch_size": 128,
        },
        drawn={
            "depth": [1, 2, 3, 6, 12],
            "n_heads": [2, 4, 8],
            "dim": [32, 64, 128],
            "dropout": [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
            "learning_rate": loguniform(1e-5, 1e-3),
            "batch_size": [128, 256],
        },
    ),
}
