"""The pages of the experiments: their chapters, and in each chapter its questions with the experiments that ask them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reports.site.data import Chapter, Family, Site
from reports.site.experiment_page import common
from reports.site.template import Page
from reports.site.words import MAIN, headline, listed, ordered, title

Data = dict[str, Any]

#: So many questions of a chapter are on the overview.
SHOWN = 10
#: A question that more experiments ask is told in parts.
MANY = 60


def chapters(site: Site) -> Iterator[Page]:
    """The overview, and a page for each chapter."""
    yield overview(site)
    for one in site.chapters:
        yield chapter(site, one)


def overview(site: Site) -> Page:
    """Every chapter with its questions."""
    told = [
        {"page": one.page, "title": one.title, "count": len(one.rows), "asked": len(one.families), "questions": _questions(one)[:SHOWN]}
        for one in site.chapters
    ]
    text = f"{len(site.rows)} experiments in {len(told)} chapters, each a short script of socket calls that ends in one question."
    return Page("matrix.html", "matrix.html", "Experiments", text, {"chapters": told, "count": len(site.rows)})


def _questions(one: Chapter) -> list[Data]:
    return [{"anchor": family.anchor, "question": plain(family.question)} for family in one.families]


def plain(question: str) -> str:
    """A question with its parameters as words: of ``{places.held.aloud}``, how *held* is said, stays *held*."""
    return re.sub(r"\{(?:\w+\.)*?(\w+)(?:\.(?:aloud|whose|who))?\}", r"[\1]", question)


def chapter(site: Site, one: Chapter) -> Page:
    """The page of a chapter: a section for each question, an anchor for each experiment."""
    told = [_family(site, family) for family in one.families]
    text = f"{one.title}: {len(one.rows)} experiments, {len(told)} questions, and on which platforms the answers differ."
    return Page(one.page, "chapter.html", one.title, text, {"chapter": one, "families": told})


def _family(site: Site, family: Family) -> Data:
    """A question, and the experiments that ask it: under what their ids begin with, those with the same answers together."""
    names = sorted(row.experiment.id for row in family.rows)
    cut = common(names) if len(names) > 1 else 0
    parts: dict[str, dict[str, list[str]]] = {}
    for name in names:
        begin = name.rpartition("/")[0][cut:] if len(names) > MANY else ""
        parts.setdefault(begin, {}).setdefault(differences(site, name), []).append(name)
    told = [
        {"begin": begin, "cut": cut + len(begin) + bool(begin), "groups": [{"names": some, "says": says} for says, some in groups.items()]}
        for begin, groups in parts.items()
    ]
    return {"anchor": family.anchor, "question": plain(family.question), "rule": family.first.experiment.rule.id, "parts": told}


def differences(site: Site, identifier: str) -> str:
    """What the main platforms answer, in a line: first what most of them do, then who does otherwise."""
    found: dict[str, list[str]] = {}
    for platform in ordered(site.platforms):
        cell = site.cells[identifier][str(platform)]
        if platform.name in MAIN and cell.answers:
            found.setdefault(headline(cell), []).append(title(platform))
    if not found:
        return _elsewhere(site, identifier)
    usual, *others = sorted(found, key=lambda words: -len(found[words]))
    if not others:
        return usual
    return "; ".join([f"{usual}", *(f"{listed(found[words])}: {words}" for words in others)])


def _elsewhere(site: Site, identifier: str) -> str:
    """What the other platforms answer, where no main one can."""
    able = [title(platform) for platform in site.platforms if site.cells[identifier][str(platform)].answers]
    return f"only on {listed(able)}" if able else "unknown everywhere"
