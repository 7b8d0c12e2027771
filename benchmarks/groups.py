"""Which candidates are trees and which are networks, told without loading any of them."""

from __future__ import annotations

TREES = frozenset(
    {"catboost", "gbt", "gradient_boosting", "hist_gradient_boosting", "lightgbm", "random_forest"}
)
NETWORKS = frozenset(
    {
        *("alexnet", "cnn", "fcn", "ft_transformer", "gru", "lenet", "lstm", "mlp", "resnet", "resnet1d"),
        *("rnn", "saint", "tabm", "transformer"),
    }
)
