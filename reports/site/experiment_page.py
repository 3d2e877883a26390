"""The page of an experiment: the question, what is tried, what each platform answers and why, the runs, and how to cite it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlencode

from fixtures import VERSION
from fixtures.language.kinds import INET_KINDS
from fixtures.language.notation import Call, parse
from fixtures.language.words import OK, SO_LINGER_0, Answer, Option
from fixtures.models import Platform
from fixtures.specification.clauses import Dispute, sides_of
from fixtures.specification.sources import Citation
from reports import incidents
from reports.cells import UNKNOWN, UNTESTABLE, Cell
from reports.claims import load as load_claims
from reports.explain import bibtex, citation_line, comment
from reports.site import paths
from reports.site.data import Family, Site
from reports.site.pictures.timeline import calls
from reports.site.template import Page
from reports.site.words import MAIN, colour, headline, listed, ordered, rule_kept, summary, title
from reports.wishes import ENTRIES

Data = dict[str, Any]

#: So many experiments of the same question are linked; the page of the chapter has the rest.
RELATED = 12
#: The states that a socket keeps after the program has closed it.
_LEFT = ("TIME_WAIT", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSING", "LAST_ACK")
OFF = "off (=0)"
ON_OFF = (OFF, "on (=1)")
_KINDS = {"bound": "bound", "LISTEN": "listen", "open": "open", "gone": "", **dict.fromkeys(_LEFT, "left")}


def experiment(site: Site, identifier: str) -> Page:
    """The page of one experiment."""
    row = site.row(identifier)
    about, (chapter, family) = row.experiment, site.families[identifier]
    across = [(platform, site.cells[identifier][str(platform)]) for platform in ordered(site.platforms)]
    said = summary(across)
    platform, steps = _steps(site, identifier)
    data = {
        "id": identifier,
        "question": about.question,
        "summary": said,
        "chapter": chapter,
        "family": family.anchor,
        "rule": about.rule,
        "switches": switches(steps),
        "cites": [{"text": str(one), "link": one.source.link} for one in dict.fromkeys(about.cites) if one != about.rule.source],
        "picture": {"platform": title(platform), **lanes(steps)},
        "answers": [answer(site, one, cell) for one, cell in across if cell.outcome != UNTESTABLE],
        "absent": listed([title(one) for one, cell in across if cell.outcome == UNTESTABLE]),
        "histories": histories(site, identifier),
        "disputes": disputes(across),
        "runs": runs(site, identifier),
        "mentions": mentions().get(identifier, []),
        **_related(family, identifier),
        "script": script(steps),
        "fragment": fragment(script(steps)),
        "run_it": f"addrinuse run -k {identifier}",
        "explain": f"addrinuse explain {identifier}",
        "citation": citation_line(identifier),
        "comment": comment(row, site.cells[identifier]),
        "bibtex": "\n".join(bibtex(identifier)),
        "permalink": f"index.html?id={identifier}&release={VERSION}",
    }
    schema = {
        "@context": "https://schema.org",
        "@type": "TechArticle",
        "headline": about.question,
        "description": said,
        "identifier": identifier,
        "version": VERSION,
        "license": "https://creativecommons.org/publicdomain/zero/1.0/",
    }
    beside = {"calls.svg": calls(row, platform, steps).svg}
    return Page(paths.experiment(identifier), "experiment.html", about.question, said, data, schema, "calls.svg", beside)


def answer(site: Site, platform: Platform, cell: Cell) -> Data:
    """What one platform answers, how that is known, and why."""
    because = cell.because
    shown = because is not None and (because.id in site.clauses or because.id in site.rules)
    return {
        "platform": str(platform),
        "title": title(platform),
        "main": platform.name in MAIN,
        "words": headline(cell, platform.name),
        "colour": colour(cell),
        "kept": rule_kept(cell),
        "surprise": cell.surprise,
        "basis": cell.basis,
        "why": cell.why or (because.statement if because else ""),
        "because": because.id if because else "",
        "because_path": site.place(because) if shown and because else "",
        "place": place(cell.source) if cell.source and cell.outcome != UNKNOWN else "",
    }


@cache
def place(source: Citation) -> str:
    """The place of a decision: the source with its version, file and function."""
    return str(source)


def histories(site: Site, identifier: str) -> list[Data]:
    """The platforms of which a release answers otherwise than another, each with its releases and their answers."""
    found = []
    for platform in ordered(site.platforms):
        periods = site.spans(platform, identifier)
        if len(periods) > 1:
            until = [period.since for period in periods[1:]]
            labels = [f"before {until[0]}", *(f"since {period.since}" for period in periods[1:])]
            told = [
                {"label": label, "words": headline(period.cell, platform.name), "colour": colour(period.cell)}
                for label, period in zip(labels, periods, strict=True)
            ]
            found.append({"title": title(platform), "spans": told})
    return found


def disputes(across: Sequence[tuple[Platform, Cell]]) -> list[Data]:
    """The disputes that decide an answer, each with its sides and the platforms concerned."""
    found: dict[Dispute, list[str]] = {}
    for platform, cell in across:
        if isinstance(cell.because, Dispute):
            found.setdefault(cell.because, []).append(title(platform))
    return [{"titles": listed(names), "statement": one.statement, "sides": sides_of(one)} for one, names in found.items()]


def runs(site: Site, identifier: str) -> list[Data]:
    """The runs that show it: the machines of each platform with the same verdict in one line."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in site.witnesses.get(identifier, []):
        found.setdefault((one.platform, one.verdict), []).append(one.machine)
    return [{"title": title(name), "verdict": word, "machines": _machines(machines)} for (name, word), machines in found.items()]


def _machines(machines: Sequence[str]) -> str:
    """Machines, each once: those that differ in the user alone are named together."""
    users: dict[str, list[str]] = {}
    for one in dict.fromkeys(machines):
        where, bracket, who = one.partition(" (")
        users.setdefault(where, []).extend([who.rstrip(")")] * bool(bracket))
    return "; ".join(f"{where} ({listed(who)})" if who else where for where, who in users.items())


def _related(family: Family, identifier: str) -> Data:
    """The nearest experiments of its family: those around it in the order of the suites."""
    names = [row.experiment.id for row in family.rows]
    at = names.index(identifier)
    start = max(0, min(at - RELATED // 2, len(names) - RELATED - 1))
    near = [name for name in names[start : start + RELATED + 1] if name != identifier]
    return {"related": near, "cut": common([*near, identifier]), "more": len(names) if len(names) > len(near) + 1 else 0}


def common(names: Sequence[str]) -> int:
    """How many characters several ids share, up to the last ``/``."""
    first, last = min(names), max(names)
    same = next((n for n, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), min(len(first), len(last)))
    return first.rfind("/", 0, same) + 1


@cache
def mentions() -> Mapping[str, list[Data]]:
    """Where experiments are cited: the situations, what happened to people, and the claims."""
    found: dict[str, list[Data]] = {}
    for entry in ENTRIES:
        for wish in entry.wishes:
            found.setdefault(wish.experiment, []).append(_mention("Situation", paths.situation(entry.anchor), entry.title))
    for incident in incidents.load():
        for name in incident.experiments:
            where = f"{paths.situation(incident.situation)}#{incident.id}"
            found.setdefault(name, []).append(_mention("It happened", where, incident.id, incident.what))
    for claim in load_claims():
        for name in claim.experiments:
            found.setdefault(name, []).append(_mention(f"Claim ({claim.verdict})", paths.claim(claim.id), claim.id, claim.claim))
    return {name: list({one["path"]: one for one in told}.values()) for name, told in found.items()}


def telling(site: Site, names: Sequence[str]) -> str:
    """The experiment that stands best for several: one that people meet, then one of IPv4, then the one with the shortest question."""
    return min(names, key=lambda name: (name not in mentions(), "6" in name, len(site.row(name).experiment.question), name))


def _mention(what: str, path: str, name: str, note: str = "") -> Data:
    return {"what": what, "path": path, "title": name, "note": note}


# The picture of the calls.


def _steps(site: Site, identifier: str) -> tuple[Platform, list[tuple[str, str]]]:
    """The calls as the first platform answers them that can, a main one if possible."""
    across = [(platform, site.cells[identifier][str(platform)]) for platform in ordered(site.platforms)]
    shown = next((p for p, cell in across if cell.outcome not in (UNTESTABLE, UNKNOWN)), across[0][0])
    return shown, site.played(shown, site.row(identifier))


def script(steps: Sequence[tuple[str, str]]) -> str:
    """The calls without their answers, as ``predict`` and the playground read them."""
    return "".join(f"{line.rpartition(' = ')[0] if ') = ' in line else line}\n" for line, _ in steps)


def fragment(text: str) -> str:
    """A script as the playground has it in the address."""
    return urlencode({"script": text})


def switches(steps: Sequence[tuple[str, str]]) -> list[Data]:
    """The options that a socket of the script has off: which socket has each on, and which off.

    Rules and clauses name an option by its name alone and mean that it is on; beside ``=0`` in a script that is not seen at once.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for call, answer in parse("\n".join(line for line, _ in steps)):
        for name, value in _options_of(call, answer):
            found.setdefault(name, {}).setdefault(call.makes or call.on or "", []).append(ON_OFF[bool(value)])
    # SO_LINGER with 0 is no option that is off: it makes close a reset.
    cleared = {name: by for name, by in found.items() if name != SO_LINGER_0.name and any(OFF in words for words in by.values())}
    return [{"option": name, "sockets": _grouped(by)} for name, by in cleared.items()]


def _options_of(call: Call, answer: Answer | None) -> Iterator[tuple[str, object]]:
    """The options that a call sets, with their values: those of a new socket, or the one of a setsockopt that is granted."""
    if call.verb in INET_KINDS:
        yield from ((one.name, one.value) for one in call.args if isinstance(one, Option))
    elif call.verb == "setsockopt" and answer == OK:
        yield str(call.args[0]), call.args[1]


def _grouped(by: Mapping[str, Sequence[str]]) -> str:
    """Sockets with the same settings together: ``on (=1) at A and C; on (=1), then off (=0) at B``."""
    together: dict[str, list[str]] = {}
    for socket, words in by.items():
        together.setdefault(", then ".join(words), []).append(socket)
    return "; ".join(f"{words} at {listed(sockets)}" for words, sockets in together.items())


def lanes(steps: Sequence[tuple[str, str]]) -> Data:
    """A lane for each socket: what it is at each call, with a word where that changes."""
    names = _sockets(steps)
    now: dict[str, str] = {}
    told = []
    for line, changes in steps:
        made, before = line.partition(" = ")[0], dict(now)
        if made in names and made not in now and ".accept" not in line:
            now[made] = "open"
        now |= dict(change.rsplit(" ", 1) for change in changes.split(", ") if change)
        refused = line.rpartition(") = ")[2].isupper() if ") = " in line else False
        told.append({"call": line.removesuffix(" = ok"), "refused": refused, "cells": [_lane(now, before, name) for name in names]})
    return {"lanes": names, "steps": told}


def _lane(now: Mapping[str, str], before: Mapping[str, str], name: str) -> Data:
    state = now.get(name, "")
    kind = _KINDS.get(state, "connected") if state else ""
    return {"state": kind, "kind": kind, "word": "" if before.get(name) == state else state}


def _sockets(steps: Sequence[tuple[str, str]]) -> list[str]:
    """The sockets in the order in which they appear."""
    changed = (change.rsplit(" ", 1)[0] for _, changes in steps for change in changes.split(", ") if change)
    made = (line.partition(" = ")[0] for line, _ in steps if " = " in line.partition("(")[0])
    return list(dict.fromkeys([*made, *changed]))
