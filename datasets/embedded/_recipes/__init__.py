"""How the embedded files were made from published packages; ``python -m datasets.embedded.build`` runs it.

Each set is one function, named like the set, in ``images``, ``sequences`` or ``tables``. It takes the folder
that holds the unpacked packages and returns a :class:`~datasets.embedded._recipes.store.Drawn`. No test runs
it: it needs the package registries and the packages fonttools, pillow and rdata.
"""
