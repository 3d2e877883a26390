"""The porting report: what a recorded server meets on another platform.

``report`` makes it: ``groups`` finds the servers of a recording, ``trials`` has the situations,
``player`` plays them on a model, and ``judge`` compares. ``contents`` is what a report carries.
``text`` prints it, also as Markdown, and ``html`` as a page; ``table`` in ``text`` is the one for
several targets.
"""
