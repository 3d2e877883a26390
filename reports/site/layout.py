"""What stands around every page: its head, the ways to the others, and what it is licensed under."""

from __future__ import annotations

from fixtures import VERSION
from reports.catalogue import ROOT
from reports.site.html import Html, fill, join

PAGES = {
    "index.html": "Matrix",
    "situations.html": "My situation",
    "platforms.html": "Platforms",
    "disputed.html": "What people cite",
    "pictures.html": "Pictures",
    "legend.html": "Legend",
    "sources.html": "Sources",
}
LICENCES = {"code": "LICENSE", "data": "LICENSE-DATA"}

_PAGE = (
    '<!doctype html>\n<html lang="en" data-release="{release}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · addrinuse</title>'
    '<link rel=icon href="data:,"><link rel=stylesheet href=site.css><script src=site.js defer></script></head>\n'
    '<body><a class="skip" href="#main">To the content</a><header><strong>addrinuse</strong><nav aria-label="Site">{ways}</nav></header>\n'
    '<main id="main">{body}</main>\n<footer><p>addrinuse {release}. {licences}</p></footer></body></html>\n'
)


def page(title: str, body: Html, here: str) -> Html:
    """A whole page."""
    ways = join(_way(target, name, here) for target, name in PAGES.items())
    return fill(_PAGE, release=VERSION, title=title, ways=ways, body=body, licences=licences())


def licences() -> str:
    """Under which licence code and data are, as the first lines of their files say."""
    said = {what: _first_line(name) for what, name in LICENCES.items()}
    return " ".join(
        f"Licence of the {what}: {words}." if words else f"No licence of the {what} is stated yet." for what, words in said.items()
    )


def _first_line(name: str) -> str:
    path = ROOT / name
    return next((line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()), "") if path.is_file() else ""


def _way(target: str, name: str, here: str) -> Html:
    current = Html(' aria-current="page"') if target == here else Html("")
    return fill("<a href={target}{current}>{name}</a> ", target=target, current=current, name=name)
