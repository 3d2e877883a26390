"""Children that run the suite or a verb, as a user would."""

from __future__ import annotations

import os


def inherited(*foreign: str, **changed: str) -> dict[str, str]:
    """The environment of a child: without what the pytest above has set, and without variables that begin with one of these words.

    A user of the suite has no hypothesis, whose plugin takes a third of a short run.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", *foreign))}
    return own | {"PYTEST_ADDOPTS": "-p no:hypothesispytest"} | changed
