"""Which tests go to one worker of xdist together.

Not by the marks of ``--dist loadgroup``: xdist 3.8 adds the group of an item to its ``_nodeid``, where pytest 9.2 no
longer looks. Nothing says so; what the marks were to have made once was made by each worker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out the tests of one group as a whole, in the order of the collection."""

    def __init__(self, config: Any, log: Any, group: Callable[[str], str]) -> None:
        super().__init__(config, log)
        # Otherwise the groups of most tests come first, and those are not what takes longest.
        config.option.loadscopereorder = False
        self._group = group

    def _split_scope(self, nodeid: str) -> str:
        return self._group(nodeid)

    def remove_node(self, node: Any) -> str | None:
        """Hand out what a worker has left that died, and no group of which nothing is left: for that another would wait for ever."""
        unfinished = {name: tests for name, tests in self.assigned_work[node].items() if not all(tests.values())}
        self.assigned_work[node] = unfinished
        crashed: str | None = super().remove_node(node)
        return crashed


#: The files that take longest, longest first: a worker that began one of them last would keep the other waiting.
#: What is on one line shares something that takes seconds to make.
LONGEST = (
    # What every platform answers; and the site.
    (
        *("reports/test_render", "reports/test_site", "reports/test_site_parts", "reports/test_site_words", "models/test_platforms"),
        *("specification/test_clauses", "reports/test_matrix", "command/test_trials", "command/test_screen", "record/test_runs"),
        "stacks/test_kernels",
    ),
    *(("reports/test_probe",), ("suites/test_conformance",), ("pairs/test_pairs",), ("record/test_recorder",), ("record/test_ci",)),
    *(("models/test_mutants",), ("machine/test_environment",), ("command/test_installed",), ("standin/test_founding",)),
    *(("standin/test_processes",), ("why/test_scenes",), ("machine/test_adapter",), ("reports/test_recorded",)),
)
_PLACES = {f"tests/{name}.py": place for place, names in enumerate(LONGEST) for name in names}


def place_of(nodeid: str) -> int:
    """When a test has its turn."""
    return _PLACES.get(file_of(nodeid), len(LONGEST))


def group_of(nodeid: str) -> str:
    """With what a test goes to one worker: with its file, and with the files that share something with that."""
    file = file_of(nodeid)
    return " ".join(LONGEST[_PLACES[file]]) if file in _PLACES else file


def file_of(nodeid: str) -> str:
    """The file of a test."""
    return nodeid.partition("::")[0]
