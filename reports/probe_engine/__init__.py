"""The source of ``probe.py``, for Python 2.7 and later; ``reports/probing.py`` joins its parts.

In the order of their use: ``given``, ``words``, ``options``, ``states``, ``sockets``, ``hands``, ``actors``, ``bench``, ``play``,
``record`` and ``main``.
"""
