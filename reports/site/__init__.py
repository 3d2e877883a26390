"""``site``: the reference site, static pages that need neither a server nor JavaScript: a page for whatever has a name."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reports import cells
from reports.catalogue import all_rows
from reports.inputs import BadInput, tell
from reports.site import (
    chapter_page,
    claim_page,
    clause_page,
    document_page,
    experiment_page,
    feed,
    first_page,
    inventory,
    library_page,
    npm,
    pair_page,
    pictures,
    platform_page,
    playground,
    reference_page,
    search,
)
from reports.site.data import Site, recorded, witnesses
from reports.site.history import Newest
from reports.site.pictures.overview import overview
from reports.site.pictures.picture import Picture
from reports.site.template import Page, rendered

__all__ = ["Parts", "Site", "configure", "files", "gather", "pages", "parts", "recorded", "run", "write"]

ASSETS = Path(__file__).with_name("assets")
#: The assets of which only the playground has a use.
OF_PLAYGROUND = ("playground.js", "worker.js")


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, default=Path("site"), help="where to write it (default: site)")
    parser.add_argument("--address", metavar="URL", default="", help="where it will be published: for the sitemap, the feed and previews")
    parser.add_argument(
        "--only", metavar="PREFIX", default="", help="of the experiments' pages only those whose ids begin so; to try a change"
    )


def run(args: argparse.Namespace) -> int:
    """Write the site.

    Raises BadInput if it cannot be written, or if Jinja2 is not installed.
    """
    write(args.output, files(gather(), args.address, args.only, parts()))
    return 0


def gather(newest: Newest | None = None) -> Site:
    """What the site shows: every experiment on every platform, and the recorded runs."""
    platforms, rows, newest = cells.columns(), all_rows(), newest or Newest()
    every = cells.cells(platforms, rows, predict=newest.predict)
    return Site(platforms, list(rows), every, recorded(cells.RUNS), witnesses(cells.RUNS), newest)


def write(folder: Path, content: dict[str, bytes]) -> None:
    """Write the files into a folder, which is made if it is missing.

    Raises BadInput if that is not possible.
    """
    try:
        for place in sorted({(folder / name).parent for name in content}):
            place.mkdir(parents=True, exist_ok=True)
        for name, data in content.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise BadInput(f"--output {folder}: cannot be written: {error.strerror or error}; name a folder") from None


def files(site: Site, address: str = "", only: str = "", parts: Parts | None = None) -> dict[str, bytes]:
    """The site: the content of each file by its name.

    Raises BadInput if Jinja2 is not installed.
    """
    drawn = [*pictures.pictures(site), overview(site.platforms, site.cells)]
    parts = parts or Parts()
    base = address and f"{address.rstrip('/')}/"
    shared = {"address": base, "has_playground": bool(parts.engine), "has_search": bool(parts.search)}
    made = list(pages(site, drawn, only))
    if parts.engine:
        made.append(playground.page(site))
    found = {page.file: rendered(page, shared).encode() for page in made}
    found |= {f"{page.path}{name}": text.encode() for page in made for name, text in page.beside.items()}
    found |= {f"{picture.name}.svg": picture.svg.encode() for picture in drawn}
    found |= {path.name: path.read_bytes() for path in sorted(ASSETS.iterdir()) if parts.engine or path.name not in OF_PLAYGROUND}
    found |= parts.engine | parts.search
    found["site.css"] += _columns(site).encode()
    found |= {"search.js": search.script(site).encode()} if parts.search else {}
    found |= {"sitemap.xml": feed.sitemap(base, (page.path for page in made)).encode()} if base else {}
    return found | {"claims.xml": feed.feed(base).encode(), "objects.inv": inventory.inventory(site), ".nojekyll": b""}


@dataclass(frozen=True)
class Parts:
    """What npm gives: the files of the search and of the playground; empty where there is no npm."""

    search: dict[str, bytes] = field(default_factory=dict)
    engine: dict[str, bytes] = field(default_factory=dict)


def parts() -> Parts:
    """What npm gives. What it does not give is told, and left out."""
    index, no_index = npm.files_of("minisearch")
    engine, no_engine = playground.files()
    tell([f"the site has no search: {no_index}"] * bool(no_index) + [f"the site has no playground: {no_engine}"] * bool(no_engine))
    return Parts(index, engine)


def pages(site: Site, drawn: list[Picture], only: str = "") -> Iterator[Page]:
    """Every page. ``only`` is what the ids of the experiments begin with that get one."""
    yield first_page.first(site, document_page.names())
    yield from first_page.situations(site)
    yield from chapter_page.chapters(site)
    yield from platform_page.platforms(site)
    yield from pair_page.pairs(site)
    yield from library_page.libraries()
    yield from claim_page.claims(site)
    yield from reference_page.references(site, drawn)
    yield from document_page.documents(site)
    yield from clause_page.rules(site)
    yield from clause_page.clauses(site)
    yield from (experiment_page.experiment(site, row.experiment.id) for row in site.rows if row.experiment.id.startswith(only))


def _columns(site: Site) -> str:
    """The CSS rules that hide the column of an unticked platform."""
    hidden = (f":root:has(#show-{p.name}:not(:checked)) .p-{p.name}" for p in site.platforms)
    return f"{','.join(hidden)}{{display:none!important}}\n"
