"""The embedded corpus: Parquet files, ``catalog.toml`` that describes them, and the code that made them."""
