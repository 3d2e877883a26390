"""The committed runs, judged by the models of today."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.record.runfile import read_run
from fixtures.record.verdicts import FAILURES
from reports.cells import RUNS
from reports.recorded import judged_again
from tests.known import KNOWN

PATHS = {path.name.partition(".jsonl")[0]: path for path in sorted(RUNS.glob("*.jsonl.gz"))}


@pytest.mark.parametrize("path", PATHS.values(), ids=list(PATHS))
def test_a_run_contradicts_its_model_only_where_that_is_known(path: Path) -> None:
    judged = judged_again(path, read_run(path))
    # What the bench could not do says nothing of the model.
    failing = {record["id"] for record in judged if record["verdict"] in FAILURES and record["verdict"] != "broken"}
    assert failing == set(KNOWN.get(path.name.partition(".jsonl")[0], {}))


def test_what_is_known_is_known_of_a_run_that_is_there() -> None:
    assert set(KNOWN) <= set(PATHS)
