"""The page of servers and libraries. Those that behave the same share a section, with what follows on each platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fixtures.libraries import policies
from fixtures.models import Platform
from fixtures.specification.clauses import strongest, weakest
from reports.cells import BASIS_LETTERS, UNKNOWN, UNTESTABLE
from reports.libraries.answers import ASKED, Data, chapter, everywhere, explaining
from reports.libraries.text import HEADS, counted
from reports.site.data import Site
from reports.site.html import Html, attribute, code, fill, join, link
from reports.site.layout import page
from reports.site.tables import SIGNS, heads, legend_line, table

#: The answers that surprise nobody.
_USUAL = {"second-start": "refused", "restart": "starts"}


@dataclass
class Alike:
    """Libraries that set the same on every platform, with the same consequences."""

    socket: str
    sets: dict[str, str]
    libraries: list[Data]


def libraries(site: Site) -> Html:
    """The page."""
    platforms = everywhere()
    told = chapter(policies.load(), [str(platform) for platform in platforms])
    groups = alike(told["libraries"])
    intro = fill(
        "<h1>Servers and libraries</h1><p>What they set on the socket on which they listen (UDP: which they bind) unless told otherwise, "
        "and what follows from it: is a second start refused, and may one start over TIME_WAIT? {counted} The letter behind a name says "
        "how we know what it sets; “seen”: we looked at this version, started it twice and restarted it on Linux, and it did what is said. "
        "{explain} tells one in full, {run} looks again.</p>",
        counted=counted(told),
        explain=code("addrinuse explain NAME"),
        run=code("tox -e libraries"),
    )
    caption = f"{len(told['libraries'])} servers and libraries on {len(platforms)} platforms"
    body = join(_section(site, n, group, platforms) for n, group in enumerate(groups, 1))
    return page("Libraries", join([intro, legend_line(), table(caption, heads(platforms, "Question"), body)]), "libraries.html")


def alike(told: Sequence[Data]) -> list[Alike]:
    """The libraries in groups, the largest first."""
    groups: dict[tuple[object, ...], Alike] = {}
    for one in told:
        sets = {platform: there["sets"]["text"] for platform, there in one["on"].items()}
        follows = tuple(there[question] and there[question]["brief"] for there in one["on"].values() for question in ASKED)
        groups.setdefault((one["socket"], *sets.values(), *follows), Alike(one["socket"], sets, [])).libraries.append(one)
    return sorted(groups.values(), key=lambda group: -len(group.libraries))


def _section(site: Site, number: int, group: Alike, platforms: Sequence[Platform]) -> Html:
    return fill(
        "<tbody><tr><td colspan={span}><h2 id=f{n}>{title}</h2>\n{lines}<tr><td colspan={span}><ul>{libraries}</ul>\n",
        span=len(platforms) + 1,
        n=number,
        title=f"{group.socket[:3].upper()}{' over IPv6' * group.socket.endswith('6')}: {_by_platform(group.sets)}",
        libraries=join(map(_library, group.libraries)),
        lines=join(_line(site, question, group, platforms) for question in ASKED if any(_there(group, question, p) for p in platforms)),
    )


def _by_platform(sets: dict[str, str]) -> str:
    """What is set, and the platforms where that differs."""
    where: dict[str, list[str]] = {}
    for platform, text in sets.items():
        where.setdefault(text, []).append(platform)
    usual, *others = sorted(where, key=lambda text: -len(where[text]))
    return "; ".join([usual, *(f"{', '.join(where[text])}: {'does not run' if text == '-' else text}" for text in others)])


def _library(one: Data) -> Html:
    version = one["version"] if one["source"]["author"] == one["name"] else one["edition"]
    seen = ", ".join(dict.fromkeys(check["version"] for check in one["checks"].values()))
    return fill(
        "<li id={id}>{name} {letter}: {version}, {at}{seen}\n",
        id=attribute(f"library/{one['id']}"),
        name=link(one["source"]["link"], one["name"]),
        letter=BASIS_LETTERS[weakest(filter(None, (there["sets"]["basis"] for there in one["on"].values())))],
        version=version,
        at=one["source"]["at"],
        seen="" if not seen else Html("; <b>seen</b>") if seen == one["version"] else fill("; <b>seen: {seen}</b>", seen=seen),
    )


def _line(site: Site, question: str, group: Alike, platforms: Sequence[Platform]) -> Html:
    asked = {text: explaining(question, group.socket, text) for text in group.sets.values()}
    words = join((link(site.near(identifier), text) for text, identifier in asked.items() if identifier), ", ")
    return fill(
        "<tr><th>{question}{explained}{cells}\n",
        question=HEADS[question],
        explained=fill(" ({words})", words=words) if words else "",
        cells=join(fill("<td>{mark}", mark=_mark(question, group, platform)) for platform in platforms),
    )


def _there(group: Alike, question: str, platform: Platform) -> list[Data]:
    return [there for one in group.libraries if (there := one["on"][str(platform)][question])]


def _mark(question: str, group: Alike, platform: Platform) -> Html:
    there = _there(group, question, platform)
    if not there:
        return Html(SIGNS[UNTESTABLE] if group.sets[str(platform)] == "-" else SIGNS[UNKNOWN])
    brief, basis = there[0]["brief"], strongest(one["basis"] for one in there)
    if brief == UNKNOWN:
        return Html(SIGNS[UNKNOWN])
    return fill("{words} {letter}" if brief == _USUAL[question] else "<p>{words} {letter}", words=brief, letter=BASIS_LETTERS[basis])
