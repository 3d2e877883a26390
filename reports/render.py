"""``render``: write everything that is generated: the matrix, the pages of docs/ and what they print."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from fixtures.models import MODELS, Platform
from reports import claims, disputed, incidents, libraries, matrix, others, port, predict, site
from reports.calls import read_calls
from reports.catalogue import ROOT, need_checkout, questions_of_files
from reports.cells import Cells, names_a_place
from reports.inputs import BadInput
from reports.porting.player import Player
from reports.porting.report import report
from reports.porting.text import as_text as porting_as_text
from reports.scripts import as_text, read_script
from reports.site.data import Site
from reports.site.pictures.overview import overview

DOCS, README = ROOT / "docs", ROOT / "README.md"
PREDICT, PORTING, OTHERS, CLAUSES, EXPERIMENTS = (
    DOCS / f"{name}.md" for name in ("predict", "porting", "others", "clauses", "experiments")
)
FENCE = "```\n"
REMEDY = "run: python -m addrinuse render"
#: The server of docs/porting.md.
EXAMPLE = "tests/data/calls/nginx-reuseport.log"


def configure(parser: argparse.ArgumentParser) -> None:
    """The verb has no arguments."""


def run(args: argparse.Namespace) -> int:
    """Write what is stale, and name it.

    Raises BadInput for a page in which there is no place for what it shows, and where there are no pages.
    """
    need_checkout("render")
    for path, text in stale(site.gather()).items():
        if text:
            path.write_text(text, encoding="utf-8", newline="\n")
        else:
            path.unlink()
        print(path.relative_to(ROOT).as_posix())
    return 0


def stale(found: Site) -> dict[Path, str]:
    """The files that are not what is rendered, with what belongs there: nothing for a page of the matrix that is gone."""
    rendered = dict(files(found))
    gone = {path: "" for path in matrix.FOLDER.iterdir() if path not in rendered}
    return gone | {path: text for path, text in rendered.items() if not path.exists() or path.read_text(encoding="utf-8") != text}


def files(found: Site) -> Iterator[tuple[Path, str]]:
    """Every file that is generated, whole or in part, and its text."""
    yield from matrix.pages(found.platforms, found.rows, found.cells, found.newest.predict).items()
    yield DOCS / "matrix.svg", overview(found.platforms, found.cells).svg
    yield DOCS / "incidents.md", incidents.as_markdown(incidents.load(), found.cells)
    yield DOCS / "disputed.md", disputed.as_markdown(claims.load())
    yield DOCS / "libraries.md", libraries.page()
    yield CLAUSES, _counted(found.cells)
    yield from _printed().items()


def _counted(found: Cells) -> str:
    """The page of the clauses, with the numbers of its first table: answers, and how many of them name a place that was read."""
    answered = {name: [across[name] for across in found.values() if across[name].answers] for name in MODELS}

    def counted(line: re.Match[str]) -> str:
        cells_of = answered[line["name"]]
        share = 100 * sum(map(names_a_place, cells_of)) / len(cells_of)
        return f"| {line['name']} | {len(cells_of):,} | {'100' if share == 100 else format(share, '.1f')} % |"

    page = re.sub(r"^\| (?P<name>\w+) \| [\d,]+ \| [\d.]+ % \|", counted, _read(CLAUSES), flags=re.MULTILINE)
    everywhere = sum(len(each) for name, each in answered.items() if name != "stevens")
    return re.sub(r"[\d,]+ answers of seventeen", f"{everywhere:,} answers of seventeen", page)


def _printed() -> dict[Path, str]:
    """The pages that were written around something printed."""
    script = _read(PREDICT).split(FENCE)[1]
    predicted = _predicted(script)
    contradicted = next(line for line in predicted.splitlines(keepends=True) if line.startswith("!"))
    return {
        PREDICT: fenced(PREDICT, _read(PREDICT), "`addrinuse predict --platform linux server.txt` prints", predicted),
        PORTING: fenced(PORTING, _read(PORTING), f"--from linux --to freebsd {EXAMPLE}` prints", _ported(EXAMPLE, "freebsd")),
        OTHERS: tabled(OTHERS, others.table()),
        EXPERIMENTS: tabled(EXPERIMENTS, _files_of_suites()),
        README: fenced(README, _read(README), "([docs/predict.md](docs/predict.md)):", contradicted),
    }


def _files_of_suites() -> str:
    rows = "".join(f"| `{file}` | {question} |\n" for file, question in questions_of_files())
    return f"| file in `suites/` | what it asks |\n|---|---|\n{rows}"


def _predicted(script: str) -> str:
    platform = Platform("linux")
    return as_text(f"platform {platform}", predict.Predictor(platform).predict(read_script(script))) + "\n"


def _ported(log: str, target: str) -> str:
    data = report(read_calls(str(ROOT / log)), log, Platform("linux"), [Platform(target)], Player(port.SOMEBODY, {}))
    return porting_as_text(data) + "\n"


def fenced(path: Path, page: str, after: str, text: str) -> str:
    """The page with this text in the first fence after these words."""
    before, words, rest = page.partition(after)
    between, opening, rest = rest.partition(FENCE)
    _, closing, rest = rest.partition(FENCE)
    if not closing:
        raise BadInput(f"{path.name}: nothing is fenced after {after!r}; put that back, or mend reports/render.py")
    return "".join((before, words, between, opening, text, closing, rest))


def tabled(path: Path, table: str) -> str:
    """The page with this table in the place of the one that has the same head."""
    head, lines = table.splitlines(keepends=True)[0], _read(path).splitlines(keepends=True)
    if head not in lines:
        raise BadInput(f"{path.name}: there is no table {head.strip()}; put its head back, or mend reports/render.py")
    start = lines.index(head)
    end = next((at for at in range(start, len(lines)) if not lines[at].startswith("|")), len(lines))
    return "".join((*lines[:start], table, *lines[end:]))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
