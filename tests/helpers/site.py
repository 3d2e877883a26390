"""The site, built once for all tests, and a reader of its pages."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser

from reports import site
from reports.site.data import Site

#: Elements that have no end.
VOID = {"meta", "link", "input", "img", "br"}


@cache
def built() -> dict[str, bytes]:
    return site.files(gathered())


@cache
def gathered() -> Site:
    return site.gather()


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
    def links(self) -> list[str]:
        return [attributes["href"] for tag, attributes in self.elements if tag == "a"]

    @property
    def resources(self) -> list[str]:
        """What a browser loads by itself."""
        loaded = [attributes.get("src", "") for tag, attributes in self.elements if tag in ("script", "img", "iframe")]
        return [*filter(None, loaded), *[attributes["href"] for tag, attributes in self.elements if tag == "link"]]


@cache
def pages() -> dict[str, Page]:
    return {name: Page(content.decode()) for name, content in built().items() if name.endswith(".html")}
