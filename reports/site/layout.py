"""What every page has: a head, links to the other pages, and the licences."""

from __future__ import annotations

from fixtures import VERSION
from reports.site.html import Html, fill, join

PAGES = {
    "index.html": "Matrix",
    "situations.html": "My situation",
    "platforms.html": "Platforms",
    "libraries.html": "Libraries",
    "disputed.html": "What people cite",
    "pictures.html": "Pictures",
    "legend.html": "Legend",
    "sources.html": "Sources",
}
#: The licences of code and data, and the files that have them.
LICENCES = {"Code": ("MIT License", "LICENSE"), "data": ("CC0 1.0", "LICENSE-DATA")}

_PAGE = (
    "<!doctype html>\n<html lang=en data-release={release}><head><meta charset=utf-8>"
    '<meta name=viewport content="width=device-width,initial-scale=1"><title>{title} · addrinuse</title>'
    '<link rel=icon href="data:,"><link rel=stylesheet href=site.css><script src=site.js defer></script></head>\n'
    "<body><a class=skip href=#main>To the content</a><header><strong>addrinuse</strong><nav aria-label=Site>{ways}</nav></header>\n"
    "<main id=main>{body}</main>\n<footer><p>addrinuse {release}. {licences}.</p></footer>\n"
)


def page(title: str, body: Html, here: str) -> Html:
    """A whole page."""
    ways = join(_way(target, name, here) for target, name in PAGES.items())
    return fill(_PAGE, release=VERSION, title=title, ways=ways, body=body, licences=licences())


def licences() -> str:
    """The licences of code and data, in one line."""
    return "; ".join(f"{what}: {words}" for what, (words, _) in LICENCES.items())


def _way(target: str, name: str, here: str) -> Html:
    current = Html(' aria-current="page"') if target == here else Html("")
    return fill("<a href={target}{current}>{name}</a> ", target=target, current=current, name=name)
