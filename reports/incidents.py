"""``incidents``: what happened to people whose address was in use, or was not, and which experiments answer them."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from reports.catalogue import find
from reports.cells import UNTESTABLE, Cell, Cells, cells, platform_named
from reports.inputs import BadInput
from reports.wishes import ENTRIES

FILE = Path(__file__).with_name("incidents.json")

INTRODUCTION = """\
# Incidents

What happened to people, in our words and with public links, and the experiments that say what a platform does. This page is rendered
from `reports/incidents.json` and the matrix by `addrinuse render`; the [FAQ](faq.md) draws advice from it. After each id
come the answers of the platforms concerned to its last call, and how each is known. `addrinuse explain ID` tells the rest. On the
[site](site.md) the headings are the entry points of *My situation*."""


@dataclass(frozen=True)
class Incident:
    """What happened, where people tell it, and the experiments that answer it or the reason why none can."""

    id: str
    situation: str
    platforms: list[str]
    what: str
    links: list[str]
    experiments: list[str] = field(default_factory=list)
    why_not: str = ""
    note: str = ""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument("words", nargs="*", metavar="WORD", help="only those in which every WORD occurs: docker, windows, TIME_WAIT")
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Print the incidents.

    Raises BadInput if none has these words.
    """
    found = [one for one in load() if all(word.lower() in json.dumps(asdict(one)).lower() for word in args.words)]
    if not found:
        raise BadInput(f"{' '.join(args.words)}: no incident has these words; addrinuse incidents prints all {len(load())}")
    print({"text": as_text, "markdown": as_markdown, "json": as_json}[args.format](found), end="")
    return 0


def load() -> list[Incident]:
    """Every incident, in the order of the file."""
    return [Incident(**entry) for entry in json.loads(FILE.read_text(encoding="utf-8"))["incidents"]]


def mentions(one: Incident, word: str) -> bool:
    """Whether a word stands in what happened, or is the owner or the name of a repository where people tell it. Never inside a word."""
    told = " ".join([one.what, one.note, one.why_not, *map(place, one.links)]).lower()
    return re.search(rf"(?<![\w.]){re.escape(word.lower())}(?![\w])", told) is not None


def place(link: str) -> str:
    """A link in short: ``tornadoweb/tornado#550``."""
    owner, name, _, number = urlsplit(link).path.strip("/").split("/")
    return f"{owner}/{name}#{number}"


def as_json(incidents: Iterable[Incident]) -> str:
    """Each incident as the file has it."""
    return json.dumps([asdict(incident) for incident in incidents], indent=1, ensure_ascii=False) + "\n"


def as_text(incidents: Sequence[Incident]) -> str:
    """Three lines or more for each incident."""
    found, lines = answers(incidents), []
    for one in incidents:
        lines += [f"{one.id}: {one.what}", *(f"    {answer}" for answer in _answers(one, found)), f"    [{', '.join(one.links)}]", ""]
    return "\n".join(lines)


def as_markdown(incidents: Sequence[Incident], found: Cells | None = None) -> str:
    """The page docs/incidents.md."""
    found, lines = found or answers(incidents), [INTRODUCTION, ""]
    for entry in ENTRIES:
        lines += [f"## {entry.title}", ""]
        for one in incidents:
            if one.situation == entry.anchor:
                links = ", ".join(f"[{place(link)}]({link})" for link in one.links)
                lines += [f"**{one.id}**. {one.what} {links}", "", *(f"- {answer}" for answer in _answers(one, found, "`")), ""]
    return "\n".join(lines)


def answers(incidents: Iterable[Incident]) -> Cells:
    """The answers of the platforms concerned to the experiments."""
    everything = list(incidents)
    platforms = dict.fromkeys(name for one in everything for name in one.platforms)
    rows = [find(name) for name in dict.fromkeys(name for one in everything for name in one.experiments)]
    return cells([platform_named(name) for name in platforms], rows)


def _answers(one: Incident, found: Cells, quote: str = "") -> list[str]:
    said = [f"{quote}{name}{quote}: {_told(one.platforms, found[name])}" for name in one.experiments]
    return [*said, *filter(None, (one.why_not and f"No experiment: {one.why_not}", one.note))]


def _told(platforms: Sequence[str], across: Mapping[str, Cell]) -> str:
    """The platforms' answers. Those that lack what it needs are named only if all of them do."""
    able = [name for name in platforms if across[name].outcome != UNTESTABLE] or platforms
    return "; ".join(f"{name} {across[name].answer or across[name].outcome}{_basis(across[name])}" for name in able)


def _basis(cell: Cell) -> str:
    return f" ({cell.basis})" if cell.answer else ""
