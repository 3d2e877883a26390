"""The pages of servers and libraries: what each sets on its socket, and what follows from that on each platform."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from fixtures.libraries import policies
from reports.cells import UNKNOWN
from reports.libraries.answers import ASKED, chapter, everywhere
from reports.libraries.text import HEADS, counted
from reports.site import paths
from reports.site.template import Page
from reports.site.words import MAIN, listed, ordered, title

Data = dict[str, Any]

#: The answers that surprise nobody.
USUAL = {"second-start": "refused", "restart": "starts"}
#: What each of the questions asks, in words.
QUESTIONS = {"second-start": "Does a second start fail?", "restart": "May it restart over TIME_WAIT?"}


def libraries() -> Iterator[Page]:
    """The overview, and a page for each server and library."""
    data = told()
    lines = [_line(one) for one in data["libraries"]]
    text = f"What {len(lines)} servers and libraries set on the socket on which they listen, and what follows on each platform."
    shown = {"lines": lines, "counted": counted(data), "heads": HEADS, "questions": QUESTIONS}
    yield Page("libraries.html", "libraries.html", "Servers and libraries", text, shown)
    for one in data["libraries"]:
        yield library(one)


def _line(one: Data) -> Data:
    follows = {question: in_words(one, question) for question in ASKED}
    return {**one, "path": paths.library(one["id"]), "sets": sets_in_words(one), "follows": follows}


@cache
def told() -> Data:
    """Everything that is said about the libraries."""
    return chapter(policies.load(), [str(platform) for platform in ordered(everywhere())])


def library(one: Data) -> Page:
    """The page of one server or library."""
    lines = [{"platform": platform, "title": title(platform), **there} for platform, there in one["on"].items()]
    kept = {
        "one": one,
        "lines": lines,
        "follows": {question: in_words(one, question) for question in ASKED},
        "asked": list(ASKED),
        "questions": QUESTIONS,
        "usual": USUAL,
        "notes": list(dict.fromkeys(there["sets"]["note"] for there in one["on"].values() if there["sets"]["note"])),
    }
    text = f"What {one['name']} sets ({sets_in_words(one)}), whether a second start fails, and whether it may restart over TIME_WAIT."
    return Page(paths.library(one["id"]), "library.html", one["name"], text, kept)


def sets_in_words(one: Data) -> str:
    """What a library sets: what it sets on most platforms, then those that differ."""
    return _by_platform({platform: there["sets"]["text"] for platform, there in one["on"].items() if platform in MAIN})


def in_words(one: Data, question: str) -> str:
    """What follows on the main platforms."""
    there = {platform: on[question]["brief"] for platform, on in one["on"].items() if platform in MAIN and on[question]}
    return _by_platform({platform: words for platform, words in there.items() if words != UNKNOWN} or there)


def _by_platform(said: dict[str, str]) -> str:
    """What is said of most platforms, then those of which something else is said."""
    where: dict[str, list[str]] = {}
    for platform, words in said.items():
        where.setdefault({"-": "does not run"}.get(words, words), []).append(title(platform))
    if not where:
        return "not asked"
    usual, *others = sorted(where, key=lambda words: -len(where[words]))
    return "; ".join([usual, *(f"{listed(where[words])}: {words}" for words in others)])
