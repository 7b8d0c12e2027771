"""A package, so that it is found before the ``tests`` that other projects leave in site-packages."""
