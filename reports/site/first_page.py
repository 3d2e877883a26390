"""The first page and those of the situations: what people want, whether a platform grants it, and to whom it happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reports import incidents
from reports.site import paths
from reports.site.data import Site
from reports.site.pictures.overview import HEADLINES
from reports.site.template import Page
from reports.site.words import ABOUT, MAIN, headline, listed, ordered, title
from reports.wishes import ENTRIES, Entry, Wish

Data = dict[str, Any]

QUESTION = "Who may bind an address that is already in use?"
TOLD = (
    "May a second server start on a port that is taken, when, with which options, and who then gets the connections? "
    "What Linux, macOS, Windows, the BSDs and others answer, with sources."
)
#: The ways in: a verb, the page of docs/ that tells it, and what it does. One whose page is missing is left out.
WAYS_IN = (
    ("why", "why", "You just got EADDRINUSE: it says who holds the address, and what lets you in."),
    ("port", "porting", "You move a server: it reads the calls of an strace and says what changes on the other system."),
    ("as", "as", "You test on Linux what another system would answer: it runs your program as if it were there."),
)
#: How the words of a wish are told, and the class that colours them.
GRANTED = {
    "yes": ("yes", "granted"),
    "no": ("no", "refused"),
    "maybe": ("sources differ", "either"),
    "?": ("unknown", "unknown"),
    "-": ("not there", "untestable"),
}


def first(site: Site, documents: Sequence[str]) -> Page:
    """The first page. ``documents`` are the pages of docs/ that there are."""
    data = {
        "platforms": columns(site),
        "questions": [_line(site, _wish(experiment), words) for words, experiment in HEADLINES.items()],
        "situations": [{"path": paths.situation(one.anchor), "title": one.title, "about": one.about} for one in ENTRIES],
        "ways_in": [{"verb": verb, "path": paths.document(page), "text": text} for verb, page, text in WAYS_IN if page in documents],
        "documents": set(documents),
        "count": len(site.rows),
        "question": QUESTION,
    }
    schema = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": "addrinuse",
        "description": TOLD,
        "license": "https://creativecommons.org/publicdomain/zero/1.0/",
        "keywords": ["EADDRINUSE", "SO_REUSEADDR", "SO_REUSEPORT", "TIME_WAIT", "bind"],
    }
    return Page("", "first.html", QUESTION, TOLD, data, schema, "overview.svg")


def columns(site: Site) -> list[Data]:
    """The columns of a table of wishes: the main platforms, which are shown at first, then the rest."""
    return [
        {"name": one.name, "title": title(one), "main": one.name in MAIN, "about": ABOUT.get(one.name, "")}
        for one in ordered(site.platforms)
    ]


def _wish(experiment: str) -> Wish:
    return next(wish for entry in ENTRIES for wish in entry.wishes if wish.experiment == experiment)


def _line(site: Site, wish: Wish, words: str) -> Data:
    """A line of a table: what is wished, and for each platform whether it is granted."""
    cells = []
    for platform in ordered(site.platforms):
        cell = site.cells[wish.experiment][str(platform)]
        word, colour = GRANTED[wish.granted(cell)]
        told = f"{headline(cell, platform.name)}{f' ({cell.basis})' if cell.basis else ''}"
        cells.append({"name": platform.name, "title": title(platform), "word": word, "colour": colour, "told": told})
    return {"words": words, "path": paths.experiment(wish.experiment), "cells": cells, "differs": differs(cells)}


def differs(cells: Sequence[Data]) -> str:
    """What differs between the main platforms, in words."""
    found: dict[str, list[str]] = {}
    for cell in cells:
        if cell["name"] in MAIN and cell["word"] not in ("not there",):
            found.setdefault(cell["word"], []).append(cell["title"])
    if len(found) < 2:
        return f"{next(iter(found))} on all that have it" if found else ""
    usual = max(found, key=lambda word: len(found[word]))
    return "; ".join(f"{word} on {listed(names)}" for word, names in found.items() if word != usual)


def situations(site: Site) -> Iterator[Page]:
    """The overview, and a page for each situation."""
    told = [_situation(site, one) for one in ENTRIES]
    text = "Ten things that people want of a port that is in use, whether each platform grants them, and to whom it happened."
    yield Page("situations.html", "situations.html", "Situations", text, {"situations": told})
    for one, data in zip(ENTRIES, told, strict=True):
        yield Page(paths.situation(one.anchor), "situation.html", one.title, one.about, {**data, "platforms": columns(site)})


def _situation(site: Site, one: Entry) -> Data:
    return {
        "anchor": one.anchor,
        "path": paths.situation(one.anchor),
        "title_": one.title,
        "about_": one.about,
        "lines": [_line(site, wish, wish.words) for wish in one.wishes],
        "incidents": [_incident(incident) for incident in incidents.load() if incident.situation == one.anchor],
    }


def _incident(one: incidents.Incident) -> Data:
    return {
        "id": one.id,
        "what": one.what,
        "links": [{"link": link, "place": incidents.place(link)} for link in one.links],
        "platforms": [title(name) for name in one.platforms],
        "experiments": one.experiments,
        "why_not": one.why_not,
        "note": one.note,
    }
