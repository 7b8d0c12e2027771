"""The benchmark harness: studies of cells, run by an engine, kept in a store, shown in MLflow."""
