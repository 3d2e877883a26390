"""What holds of the model of every platform, in each of its releases."""

from __future__ import annotations

from functools import cache

import pytest

from fixtures.models import MODELS, Platform
from fixtures.record.verdicts import Observation
from reports.catalogue import all_rows
from tests.clauses import defined
from tests.helpers.predicted import predicted

NAMES = sorted(MODELS)


#: On a busy machine the releases and configurations of Linux take longer than a test may.
LONG = (pytest.mark.exhaustive, pytest.mark.timeout(600))
WHOLE = pytest.mark.parametrize("whole", [False, pytest.param(True, marks=LONG)], ids=["newest", "whole"])


@cache
def predictions(name: str, whole: bool) -> list[tuple[str, Observation]]:
    """What the model says of every experiment in every world, in every release and configuration, or in the newest."""
    if not whole:
        return [(identifier, seen) for identifier, worlds in predicted(name).items() for seen in worlds]
    model = MODELS[name]
    situations = [(Platform(name, version), settings) for version in model.releases or ("",) for settings in model.configurations]
    return [
        (row.experiment.id, seen)
        for release, settings in situations
        for row in all_rows()
        for seen in release.predict(row.script, settings=settings)
    ]


@pytest.mark.parametrize("name", NAMES)
@WHOLE
def test_every_departure_has_a_variant(name: str, whole: bool) -> None:
    departing = [(identifier, seen) for identifier, seen in predictions(name, whole) if not seen.held and not seen.problem]
    assert [f"{identifier}: {seen.failed_assertion}" for identifier, seen in departing if not seen.variants] == []


@pytest.mark.parametrize("name", NAMES)
@WHOLE
def test_no_script_breaks_the_model(name: str, whole: bool) -> None:
    broken = [(identifier, seen) for identifier, seen in predictions(name, whole) if seen.problem in ("broken", "inconclusive")]
    assert [f"{identifier}: {seen.why}" for identifier, seen in broken] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_clause_has_versions_that_the_platform_can_place(name: str) -> None:
    model = Platform(name).make()
    for clause in defined(name).values():
        for version in filter(None, (clause.since, clause.until)):
            model.since(version)
