"""``site``: the reference site, static pages that need neither a server nor JavaScript."""

from __future__ import annotations

import argparse
from pathlib import Path

from reports import cells
from reports.catalogue import all_rows
from reports.inputs import BadInput
from reports.site import inventory, libraries_page, packed, pages, pictures, platform_page, prose
from reports.site.data import Site, recorded

__all__ = ["Site", "configure", "files", "gather", "recorded", "run", "write"]

ASSETS = Path(__file__).with_name("assets")


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, default=Path("site"), help="where to write it (default: site)")


def run(args: argparse.Namespace) -> int:
    """Write the site."""
    write(args.output, files(gather()))
    return 0


def gather() -> Site:
    """What the site shows: every experiment on every platform, and the recorded runs."""
    platforms, rows = cells.columns(), all_rows()
    return Site(platforms, list(rows), cells.cells(platforms, rows), recorded(cells.RUNS))


def write(folder: Path, content: dict[str, bytes]) -> None:
    """Write the files into a folder, which is made if it is missing.

    Raises BadInput if that is not possible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in content.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise BadInput(f"--output {folder}: cannot be written: {error.strerror or error}; name a folder") from None


def files(site: Site) -> dict[str, bytes]:
    """The site: the content of each file by its name."""
    drawn = pictures.pictures(site)
    text: dict[str, str] = {
        "index.html": pages.index(site),
        "situations.html": prose.situations(site),
        "libraries.html": libraries_page.libraries(site),
        "platforms.html": platform_page.platforms(site),
        "disputed.html": prose.disputed(site),
        "legend.html": prose.legend(site),
        "sources.html": prose.sources(site),
        "pictures.html": prose.gallery(drawn),
        "site.js": _without_comments((ASSETS / "site.js").read_text(encoding="utf-8")),
        "data.js": packed.data(site),
        "site.css": (ASSETS / "site.css").read_text(encoding="utf-8") + _columns(len(site.platforms)),
    }
    text |= {f"{picture.name}.svg": picture.svg for picture in drawn}
    text |= {chapter.page: pages.chapter(site, chapter) for chapter in site.chapters}
    return {name: words.encode() for name, words in text.items()} | {"objects.inv": inventory.inventory(site), ".nojekyll": b""}


def _without_comments(script: str) -> str:
    """A script without comments and indentation."""
    lines = (line.strip() for line in script.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith(("//", "/**")))


def _columns(count: int) -> str:
    """The CSS rules that hide the column of an unticked platform."""
    return "".join(f":root:has(#c{n}:not(:checked)) .m tr>:nth-child({n}):not([colspan]){{display:none}}\n" for n in range(2, count + 2))
