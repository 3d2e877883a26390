"""The pages of the platforms: what surprises on each, how it is known, and its clauses in the order of its functions."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from fixtures.models import Platform
from fixtures.specification.clauses import BASES, Own, is_variant
from reports.cells import OUTCOMES, UNKNOWN, UNTESTABLE
from reports.site import paths
from reports.site.clause_page import kind, versions
from reports.site.data import Site
from reports.site.experiment_page import telling
from reports.site.template import Page
from reports.site.words import ABOUT, MAIN, headline, listed, ordered, title

Data = dict[str, Any]

#: So many surprises are told on the page of a platform.
SURPRISES = 20


def platforms(site: Site) -> Iterator[Page]:
    """The overview, and for each platform its page and that of its clauses."""
    yield overview(site)
    for one in site.platforms:
        yield platform(site, one)
        yield clauses_of(site, one)


def overview(site: Site) -> Page:
    """Every platform in a line: how it is known, and which releases differ."""
    lines = []
    for one in ordered(site.platforms):
        able = len(site.rows) - site.bases(one)[UNTESTABLE]
        lines.append({"name": one.name, "title": title(one), "about": ABOUT.get(one.name, ""), "able": able, "shares": shares(site, one)})
    pairs = [{"before": a, "after": b, "path": paths.pair(a, b)} for a in MAIN for b in MAIN if a != b]
    data = {"lines": lines, "pairs": pairs, "mains": MAIN}
    told = f"{len(lines)} platforms: how each is known, what surprises on it, and what changes from one to another."
    return Page("platforms.html", "platforms.html", "Platforms", told, data)


def shares(site: Site, one: Platform) -> list[Data]:
    """How many of its answers stand on each basis, and the bar that shows it, 100 long."""
    bases, start = site.bases(one), 0.0
    able, found = len(site.rows) - bases[UNTESTABLE], list[Data]()
    for number, basis in enumerate(BASES, 1):
        if bases[basis]:
            share = 100 * bases[basis] / able
            found.append({"basis": basis, "number": number, "count": bases[basis], "start": f"{start:.2f}", "share": f"{share:.2f}"})
            start += share
    return found


def platform(site: Site, one: Platform) -> Page:
    """The page of a platform."""
    model, bases = one.make(), site.bases(one)
    outcomes = Counter(cell.outcome for cell in site.column(one).values())
    told = surprises(site, one)
    data = {
        "name": one.name,
        "title": title(one),
        "about": ABOUT.get(one.name, ""),
        "surprises": told,
        "outcomes": [{"word": word, "count": outcomes[word], "meaning": OUTCOMES[word]} for word in OUTCOMES if outcomes[word]],
        "known": [{"basis": basis, "count": bases[basis]} for basis in BASES if bases[basis]],
        "releases": ", ".join(model.releases),
        "options": sorted(model.options),
        "runs": site.runs.get(one.name, []),
        "clauses": len(site.own(one)),
        "from_here": [{"path": paths.pair(one.name, b), "title": title(b)} for b in MAIN if b != one.name] if one.name in MAIN else [],
        "to_here": [{"path": paths.pair(a, one.name), "title": title(a)} for a in MAIN if a != one.name] if one.name in MAIN else [],
    }
    first = f" First: {told[0]['statement']}" if told else ""
    text = f"What to know about addresses in use when porting to {title(one)}.{first}"
    return Page(paths.platform(one.name), "platform.html", title(one), text, data)


def surprises(site: Site, one: Platform) -> list[Data]:
    """The variants that decide answers here, the most surprising first: those of many experiments to which others answer otherwise."""
    scored = sorted(((_surprise(site, one, names), clause, names) for clause, names in _departing(site, one)), key=lambda item: -item[0])
    return [_surprising(site, one, clause, names) for _, clause, names in scored[:SURPRISES]]


def _departing(site: Site, one: Platform) -> Iterator[tuple[Own, list[str]]]:
    for clause in site.deciding[str(one)]:
        if is_variant(clause) and clause.basis != UNKNOWN:
            yield clause, site.decided[str(one)][clause.id]


def _surprise(site: Site, one: Platform, names: Sequence[str]) -> float:
    """How many of these answers the other platforms do not share; an experiment counts less, the more of them ask the same."""
    alone = 0.0
    for name in names:
        here = site.cells[name][str(one)].answers
        others = [cell.answers for platform, cell in site.cells[name].items() if platform != str(one) and cell.answers]
        alone += sum(1 for answers in others if answers != here) / len(others) if others else 0
    return alone / math.sqrt(len(names))


def _surprising(site: Site, one: Platform, clause: Own, names: Sequence[str]) -> Data:
    shown = telling(site, names)
    others: dict[str, list[str]] = {}
    for platform in ordered(site.platforms):
        cell = site.cells[shown][str(platform)]
        if platform.name in MAIN and platform != one and cell.answers:
            others.setdefault(headline(cell, platform.name), []).append(title(platform))
    return {
        "id": clause.id,
        "statement": clause.statement,
        "basis": clause.basis,
        "count": len(names),
        "example": shown,
        "question": site.row(shown).experiment.question,
        "here": headline(site.cells[shown][str(one)], one.name),
        "others": "; ".join(f"{listed(platforms)}: {words}" for words, platforms in others.items()),
    }


# The clauses.

_FUNCTION = re.compile(r"^(?P<file>[\w./+-]+\.[ch]\w*|[\w./+-]+/[\w.+-]+)(?:\s[\d.]+)?,\s*(?P<function>.+)$")


def clauses_of(site: Site, one: Platform) -> Page:
    """All clauses of a platform under the places that they were read in: the files of its kernel, and in these its functions."""
    groups: dict[str, list[Own]] = {}
    for clause in sorted(site.own(one), key=lambda clause: (_place(clause), clause.id)):
        groups.setdefault(_place(clause)[0], []).append(clause)
    told = [{"place": place, "clauses": [_line(site, clause) for clause in some]} for place, some in groups.items()]
    data = {"name": one.name, "title": title(one), "groups": told, "count": len(site.own(one))}
    path = f"{paths.platform(one.name)}clauses/"
    about = f"The {len(site.own(one))} clauses that decide what {title(one)} answers, by the file and function of its source."
    return Page(path, "clauses.html", f"{title(one)}: clauses", about, data)


def _place(clause: Own) -> tuple[str, str]:
    """The file and the function of a clause, or else its source and the place there."""
    found = _FUNCTION.match(clause.source.locator)
    if found:
        return found["file"], found["function"]
    source = clause.source.source
    return f"{source.author}, {source.title}", clause.source.locator


def _line(site: Site, clause: Own) -> Data:
    return {
        "id": clause.id,
        "name": clause.id.partition("/")[2],
        "kind": kind(clause),
        "function": _place(clause)[1],
        "statement": clause.statement,
        "versions": versions(clause),
        "basis": clause.basis,
    }
