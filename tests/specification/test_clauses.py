"""Each platform gives its own reasons: a clause of its own, with one place, that decides what it says it decides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fixtures.models import MODELS, Platform
from fixtures.specification.clauses import Clause
from reports.catalogue import all_rows
from reports.cells import cells
from tests.clauses import defined, met, places, undeclared

PLATFORMS = sorted(MODELS.keys() - {"stevens"})
WHOLE = pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.exhaustive)], ids=["newest", "whole"])
#: One file of a source tree and one function in it, with the revision of the file where the tree has none.
IN_A_TREE = re.compile(r"[\w./-]+\.(c|h|cc|cpp|go|rst)( [\w.() ]+)?, [^;,]+")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PLATFORMS)
@WHOLE
def test_every_reason_is_the_platforms_own(name: str, whole: bool) -> None:
    assert sorted({identifier for identifier, _ in met(name, whole=whole) if not identifier.startswith(f"{name}/")}) == []


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PLATFORMS)
def test_every_clause_decides_an_answer_in_some_experiment(name: str) -> None:
    assert sorted(defined(name).keys() - {identifier for identifier, _ in met(name)}) == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PLATFORMS)
@WHOLE
def test_a_clause_decides_the_calls_that_it_declares(name: str, whole: bool) -> None:
    decided = met(name, whole=whole).items()
    assert sorted(f"{identifier} ({verb})" for (identifier, verb), reason in decided if undeclared(reason, verb)) == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PLATFORMS)
@WHOLE
def test_a_clause_has_one_place(name: str, whole: bool) -> None:
    reasons = [*defined(name).values(), *met(name, whole=whole).values()]
    assert sorted({f"{one.id}: {place}" for one in reasons for place in places(one) if ";" in place or not place.strip()}) == []
    trees = [one for one in reasons if isinstance(one, Clause) and one.source.source.is_tree]
    assert sorted({f"{one.id}: {one.source.locator}" for one in trees if not IN_A_TREE.fullmatch(one.source.locator)}) == []


def test_what_was_observed_was_read_too() -> None:
    """A cell that no run has recorded rests on the source then."""
    observed = [one for name in PLATFORMS for one in defined(name).values() if isinstance(one, Clause) and one.basis == "observed"]
    assert observed
    assert [one.id for one in observed if not one.source.source.is_tree] == []


def test_no_answer_looks_observed_that_no_run_has(tmp_path: Path) -> None:
    found = cells([Platform("linux")], all_rows()[::50], tmp_path)
    assert {across["linux"].basis for across in found.values()}.isdisjoint({"observed", "observed on its stack"})
