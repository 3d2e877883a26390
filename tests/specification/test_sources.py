"""The bibliography: every citation leads to a source that can be found, and no source is idle."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from types import ModuleType

import fixtures
import fixtures.models
from fixtures.models import defined
from fixtures.specification.clauses import Reason, sides_of
from fixtures.specification.rules import Rule
from fixtures.specification.sources import Citation, Source, bibliography
from reports.catalogue import all_rows
from reports.claims import load
from reports.porting import advice, warnings

#: A file, perhaps with its revision, and what in it; or several such.
ONE_PLACE = r"[\w./-]+\.(c|h|cc|go|rst)( [\w.() ]+)?(, [^;,]+)+"
PLACE = re.compile(rf"{ONE_PLACE}(; {ONE_PLACE}|; ended by [^;]+)*")
VERSION = re.compile(r"\d")


def modules() -> Iterator[ModuleType]:
    for package in (fixtures, fixtures.models):
        for module in pkgutil.iter_modules(package.__path__):
            yield importlib.import_module(f"{package.__name__}.{module.name}")


def reasons() -> list[Reason]:
    rules = {id(value): value for module in modules() for value in vars(module).values() if isinstance(value, Rule)}
    return [*rules.values(), *defined()]


def of_reason(reason: Reason) -> list[Citation]:
    return [reason.source, *(side.source for side in sides_of(reason))]


@cache
def citations() -> dict[Citation, str]:
    """Every citation of a rule, a clause, an experiment, a claim or a piece of advice, with one place that makes it."""
    found = {citation: row.experiment.id for row in all_rows() for citation in row.experiment.cites}
    found |= {claim.citation: claim.id for claim in load()}
    found |= {citation: one.id for one in advice.load() for citation in one.citations}
    found |= dict.fromkeys(warnings.citations(), "a warning of the porting report")
    return found | {citation: reason.id for reason in reasons() for citation in of_reason(reason)}


def test_every_citation_is_of_a_source_in_the_bibliography() -> None:
    known = set(bibliography().values())
    assert [f"{user}: {citation}" for citation, user in citations().items() if citation.source not in known] == []


def test_every_citation_has_a_place() -> None:
    assert [user for citation, user in citations().items() if not citation.locator.strip()] == []


def test_every_source_is_cited() -> None:
    cited = {citation.source for citation in citations()}
    assert [key for key, source in bibliography().items() if source not in cited] == []


def test_every_source_has_author_title_and_date() -> None:
    assert [key for key, source in bibliography().items() if not all((source.author, source.title, source.date))] == []


def test_every_source_has_a_link_or_a_reason() -> None:
    linked = re.compile(r"https?://[\w.-]+/\S*")
    wrong = [key for key, source in bibliography().items() if bool(linked.fullmatch(source.link)) == bool(source.unlinked)]
    assert wrong == []


def test_no_two_sources_are_one() -> None:
    entries: list[Source] = list(bibliography().values())
    assert len(set(entries)) == len(entries)


def test_trees_are_cited_by_file_function_and_version() -> None:
    of_trees = {citation: user for citation, user in citations().items() if citation.source.is_tree}
    assert len(of_trees) > 15
    assert [f"{user}: {citation.locator}" for citation, user in of_trees.items() if not PLACE.fullmatch(citation.locator)] == []
    assert [str(citation) for citation in of_trees if not VERSION.search(citation.source.date)] == []


def test_what_is_cited_by_file_is_a_tree() -> None:
    named = {citation: user for citation, user in citations().items() if re.match(r"[\w./-]+\.[ch], ", citation.locator)}
    assert [f"{user}: {citation}" for citation, user in named.items() if not citation.source.is_tree] == []


def test_no_two_rules_or_clauses_have_one_id() -> None:
    times = Counter(reason.id for reason in reasons())
    assert [name for name, count in times.items() if count > 1] == []
