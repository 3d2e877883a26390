from __future__ import annotations

import pytest

from fixtures.models.stevens import Stevens
from fixtures.record.verdicts import observe
from reports.catalogue import MODULES, rows_of


@pytest.mark.parametrize("module", [module for module in MODULES if module != "test_every_pair"])
def test_every_rule_holds_on_stevens(module: str) -> None:
    rows = rows_of(module)
    assert rows
    seen = [(row.experiment.id, observe(row.script, Stevens())) for row in rows]
    failing = [f"{name}: {s.problem or s.failed_assertion} {s.why}" for name, s in seen if not s.held and s.problem != "untestable"]
    assert not failing, "\n".join(failing)
