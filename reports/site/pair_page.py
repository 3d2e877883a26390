"""The page of a pair: what changes from one platform to another, under the clause that makes the difference, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fixtures.models import Platform
from fixtures.specification.clauses import Reason, is_variant
from reports.cells import UNKNOWN, UNTESTABLE, Cell
from reports.porting.advice import load as load_advice
from reports.site import paths
from reports.site.data import Site
from reports.site.experiment_page import telling
from reports.site.template import Page
from reports.site.words import MAIN, colour, headline, ordered, title

Data = dict[str, Any]

#: So many clauses are told with an example, the others in a line.
IN_FULL = 25


def pairs(site: Site) -> Iterator[Page]:
    """A page for each pair of main platforms."""
    main = [platform for platform in ordered(site.platforms) if platform.name in MAIN]
    return (pair(site, before, after) for before in main for after in main if before != after)


def pair(site: Site, before: Platform, after: Platform) -> Page:
    """The page of one port."""
    groups = grouped(site, before, after)
    told = [_group(site, before, after, reason, names) for reason, names in groups]
    silent = sum(1 for across in site.cells.values() if _answers(across[str(before)]) and not _answers(across[str(after)]))
    count = sum(len(names) for _, names in groups)
    data = {
        "before": {"name": before.name, "title": title(before)},
        "after": {"name": after.name, "title": title(after)},
        "full": told[:IN_FULL],
        "rest": told[IN_FULL:],
        "count": count,
        "silent": silent,
        "groups": len(groups),
        "advice": [one for one in load_advice() if after.name in one.to],
    }
    text = f"{count} experiments end differently on {title(after)}, for {len(groups)} reasons, and what to write instead."
    return Page(paths.pair(before.name, after.name), "pair.html", f"From {title(before)} to {title(after)}", text, data)


def grouped(site: Site, before: Platform, after: Platform) -> list[tuple[Reason, list[str]]]:
    """The experiments that end differently, by what makes the difference; the clause of most of them first."""
    found: dict[str, list[str]] = {}
    for identifier, across in site.cells.items():
        one, two = across[str(before)], across[str(after)]
        if _answers(one) and _answers(two) and one.answers != two.answers:
            found.setdefault(_cause(one, two).id, []).append(identifier)
    known = {
        cell.because.id: cell.because
        for across in site.cells.values()
        for cell in (across[str(before)], across[str(after)])
        if cell.because
    }
    return [(known[name], names) for name, names in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))]


def _answers(cell: Cell) -> bool:
    return cell.outcome not in (UNKNOWN, UNTESTABLE)


def _cause(before: Cell, after: Cell) -> Reason:
    """What makes the difference: the variant of the target, else that of the origin, else the target's reason."""
    reason = next((cell.because for cell in (after, before) if is_variant(cell.because)), after.because or before.because)
    assert reason is not None
    return reason


def _group(site: Site, before: Platform, after: Platform, reason: Reason, names: Sequence[str]) -> Data:
    shown = telling(site, names)
    across = site.cells[shown]
    return {
        "id": reason.id,
        "path": site.place(reason),
        "statement": reason.statement,
        "basis": reason.basis,
        "count": len(names),
        "example": shown,
        "question": site.row(shown).experiment.question,
        "before": {"words": headline(across[str(before)], before.name), "colour": colour(across[str(before)])},
        "after": {"words": headline(across[str(after)], after.name), "colour": colour(across[str(after)])},
        "more": sorted(names, key=lambda name: (len(name), name))[:6],
        "advice": [
            one.say for one in load_advice() if after.name in one.to and (reason.id in one.reasons or set(one.experiments) & set(names))
        ],
    }
