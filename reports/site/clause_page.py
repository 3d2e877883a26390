"""The pages of what decides: each clause, dispute and gap of a platform, and each rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fixtures.specification.clauses import Clause, Dispute, Own, rule_of, sides_of
from fixtures.specification.rules import Rule
from fixtures.specification.sources import Citation
from reports.site import paths
from reports.site.data import Site, key_of
from reports.site.template import Page
from reports.site.words import headline, title

Data = dict[str, Any]

#: So many of the experiments that a clause decides are linked one by one.
MOST = 40


def clauses(site: Site) -> Iterator[Page]:
    """A page for each clause, dispute and gap that decides an answer, now or in an older release."""
    return (clause(site, one) for one in site.clauses.values())


def clause(site: Site, one: Own) -> Page:
    """The page of one of them."""
    owner = one.id.partition("/")[0]
    rule = rule_of(one)
    decided = site.decides(one.id)
    data = {
        "id": one.id,
        "kind": kind(one),
        "owner": owner,
        "owner_title": title(owner),
        "statement": one.statement,
        "note": one.note,
        "rule": rule,
        "versions": versions(one),
        "basis": one.basis,
        "source": cited(one.source),
        "sides": [{"claim": side.claim, "basis": side.basis, "source": cited(side.source)} for side in sides_of(one)],
        "calls": one.calls,
        "decided": [_decided(site, platform, name) for platform, name in shortest(decided)],
        "count": len(decided),
    }
    return Page(paths.clause(one.id), "clause.html", f"{title(owner)}: {one.id.partition('/')[2]}", one.statement, data)


def kind(one: Own) -> str:
    """What it is: a clause, a variant, a dispute or a gap."""
    if isinstance(one, Clause):
        return "variant" if one.departs_from else "clause"
    return "dispute" if isinstance(one, Dispute) else "gap"


def versions(one: Own) -> str:
    """The releases in which it is true, in words."""
    return ", ".join(f"{word} {version}" for word, version in (("since", one.since), ("until", one.until)) if version)


def cited(source: Citation) -> Data:
    """A place in a source, and where the source is explained and can be read."""
    key = key_of(source).partition(" ")[0]
    return {"text": str(source), "link": source.source.link, "key": key}


def shortest(decided: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of the experiments that are listed: the shortest ids first."""
    return sorted(decided, key=lambda one: (len(one[1]), one))[:MOST]


def _decided(site: Site, platform: str, identifier: str) -> Data:
    cell = site.cells[identifier][platform]
    question = site.row(identifier).experiment.question
    return {"id": identifier, "question": question, "words": headline(cell, platform), "platform": title(platform)}


def rules(site: Site) -> Iterator[Page]:
    """A page for each rule."""
    return (rule(site, one) for one in site.rules.values())


def rule(site: Site, one: Rule) -> Page:
    """The page of a rule: what it says, who departs from it and how, and the experiments that assert it."""
    asserting = [row for row in site.rows if row.experiment.rule.id == one.id]
    away = [clause for clause in site.clauses.values() if isinstance(clause, Clause) and clause.departs_from == one]
    data = {
        "rule": one,
        "source": cited(one.source),
        "asserting": sorted(asserting, key=lambda row: (len(row.experiment.id), row.experiment.id))[:MOST],
        "count": len(asserting),
        "away": [{"id": clause.id, "title": title(clause.id.partition("/")[0]), "statement": clause.statement} for clause in away],
    }
    return Page(paths.rule(one.id), "rule.html", f"Rule {one.id}", one.statement, data)
