"""The site, built once for all tests, and a reader of its pages."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser

from reports import site
from reports.site.data import Site
from tests.helpers.predicted import NEWEST

#: Elements that have no end.
VOID = {"meta", "link", "input", "img", "br"}
#: Of the experiments' pages the tests build those whose ids begin so. The exhaustive tests build all.
FEW = "tcp/duplicate/both-reuseaddr"
#: Of the clauses' pages, which are all of a kind, the tests read those of one platform.
ONE = "clause/wine/"


@cache
def built() -> dict[str, bytes]:
    """The site with a few of its experiments' pages, and without what npm gives."""
    return site.files(gathered(), only=FEW)


@cache
def gathered() -> Site:
    return site.gather(NEWEST)


class Page(HTMLParser):
    """What a page consists of: its elements with their attributes, its ids, and what it refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())

    @property
    def links(self) -> list[str]:
        return [attributes["href"] for tag, attributes in self.elements if tag == "a"]

    @property
    def resources(self) -> list[str]:
        """What a browser loads by itself."""
        loaded = [attributes.get("src", "") for tag, attributes in self.elements if tag in ("script", "img", "iframe")]
        links = (attributes for tag, attributes in self.elements if tag == "link")
        return [*filter(None, loaded), *[one["href"] for one in links if one["rel"] in ("stylesheet", "icon")]]


@cache
def pages() -> dict[str, Page]:
    """The pages, each read: of the clauses' those of one platform."""
    wanted = (name for name in built() if name.endswith(".html") and (not name.startswith("clause/") or name.startswith(ONE)))
    return {name: page(name) for name in wanted}


@cache
def page(name: str) -> Page:
    return Page(built()[name].decode())


def anchors(name: str) -> frozenset[str]:
    """The anchors of a page, without reading all of it."""
    return anchors_of(built()[name])


@cache
def anchors_of(content: bytes) -> frozenset[str]:
    """The anchors in the text of a page."""
    return frozenset(re.findall(r'\sid="([^"]*)"', content.decode()))
