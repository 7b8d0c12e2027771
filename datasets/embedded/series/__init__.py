"""Single long series, rows in the order of time: no tasks of the corpus, but files that experiments read.

``catalog.toml`` describes them with the keys of the corpus; ``python -m datasets.embedded.series.build``
makes them again.
"""
