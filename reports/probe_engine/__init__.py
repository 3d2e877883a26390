"""The source of ``probe.py``, for Python 2.7 and later; ``reports/probing.py`` joins its parts.

What they import from ``fixtures`` is copied: a constant by its value, a function without its annotations. Such a function has to be one
that Python 2.7 can read.

In the order of their use: ``given``, ``words``, ``options``, ``states``, ``sockets``, ``hands``, ``actors``, ``bench``, ``play``,
``record`` and ``main``.
"""
