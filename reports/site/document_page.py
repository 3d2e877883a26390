"""The pages of docs/ as pages of the site, where there is a checkout that has them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from reports.catalogue import ROOT
from reports.inputs import BadInput
from reports.site import paths
from reports.site.data import Site
from reports.site.template import Page, way

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

DOCS = ROOT / "docs"
#: Pages of which the site has more under another address.
ELSEWHERE = {
    "libraries": "libraries.html",
    "disputed": "disputed.html",
    "incidents": "situations.html",
    "README": "",
}
#: The link of a page: its text, and where it leads.
_LINK = re.compile(r'(<(?:a href|img src)=")([^"]*)(")')
_ID = re.compile(r"<code>([a-z0-9]+/[a-z0-9/+.-]+)</code>")


def names() -> list[str]:
    """The pages of docs/ that the site shows."""
    found = sorted(path.stem for path in DOCS.glob("*.md")) if DOCS.is_dir() else []
    return [name for name in found if name not in ELSEWHERE]


def documents(site: Site) -> Iterator[Page]:
    """A page for each of them.

    Raises BadInput if markdown-it-py is not installed.
    """
    return (document(site, name) for name in names())


def document(site: Site, name: str) -> Page:
    """One page of docs/."""
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    html = _LINK.sub(lambda found: f"{found[1]}{_resolved(found[2])}{found[3]}", _markdown().render(text))
    html = _ID.sub(lambda found: _linked(site, found[1]), _anchored(html))
    return Page(paths.document(name), "document.html", title_of(text) or name, first_of(text)[:300], {"html": html})


def title_of(text: str) -> str:
    """The title of a page of docs/."""
    found = re.search(r"^# (.*)$", text, re.MULTILINE)
    return found[1] if found else ""


def first_of(text: str) -> str:
    """Its first paragraph, without the marks of Markdown."""
    first = next((part for part in text.split("\n\n")[1:] if part[:1].isalpha()), "")
    return re.sub(r"\[([^]]*)\]\([^)]*\)|[`*]", r"\1", " ".join(first.split()))


@cache
def _markdown() -> MarkdownIt:
    try:
        from markdown_it import MarkdownIt
    except ModuleNotFoundError:
        raise BadInput("the pages of docs/ are read by markdown-it-py, which is not installed: pip install 'addrinuse[site]'") from None
    return MarkdownIt("commonmark").enable("table")


def _resolved(link: str) -> str:
    """A link of docs/ as one of the site; what only the repository has loses its address, not its words."""
    if "://" in link or link.startswith("#"):
        return link
    place, sharp, anchor = link.partition("#")
    stem = place.removesuffix(".md")
    if stem in ELSEWHERE:
        return way(2, ELSEWHERE[stem])
    if place.endswith(".md") and stem in names():
        return way(2, f"{paths.document(stem)}{sharp}{anchor}")
    if place == "matrix.svg":
        return way(2, "overview.svg")
    return way(2, "matrix.html") if place.startswith("../reports/matrix") else ""


def _linked(site: Site, name: str) -> str:
    """An id in code, with a link if it has a page."""
    path = paths.experiment(name) if site.known(name) else paths.clause(name) if name in site.clauses else ""
    return f'<code><a href="{way(2, path)}">{name}</a></code>' if path else f"<code>{name}</code>"


def _anchored(html: str) -> str:
    """The headings with the anchors that GitHub gives them; links without an address become text, tables scroll on their own."""
    html = re.sub(r"<h([2-4])>(.*?)</h\1>", lambda found: f'<h{found[1]} id="{slug(found[2])}">{found[2]}</h{found[1]}>', html)
    html = re.sub(r'<a href="">(.*?)</a>', r"\1", html)
    number = itertools.count(1)
    html = re.sub("<table>", lambda _: f'<div class="scroll" role="region" tabindex="0" aria-label="Table {next(number)}"><table>', html)
    html = html.replace("</table>", "</table></div>")
    return html.replace("<pre>", '<pre tabindex="0">')


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    words = re.sub(r"<[^>]*>|&\w+;", "", heading).lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
