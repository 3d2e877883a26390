"""The report on one screen: for each server what to write instead, then what breaks or is a risk, then what stays the same, in a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, repeat
from typing import NamedTuple

from fixtures.language.kinds import UNIX_KINDS
from reports.porting.contents import Instead, Report, ServerReport, SituationReport
from reports.porting.details import described, filled, title
from reports.porting.trials import NOT_STARTED
from reports.porting.words import BREAKS, OPEN, SAME, WORST

#: How many lines of the sockets of one server are printed.
_SHOWN = 4
#: The questions that the program answers if it has several servers.
_OF_PROGRAM = ("start", "restart-live", "restart-time-wait", "second-instance")


def as_text(report: Report) -> str:
    """The report in a few lines. For several targets, their outcomes."""
    lines = [title(report), *(line for note in report.calls.notes for line in filled(f"note: {note}")), ""]
    several = len(report.servers) > 1
    if several:
        lines += [*filled(f"the program: {report.program.title}"), *chain(*_findings(report.program.situations, report)), ""]
    parts = [_part(server, report, several=several) for server in report.servers]
    common = Part([], [], []) if not several else _common(parts)
    if any(common):
        lines += ["each of them", *_written(common), ""]
    for server, part in zip(report.servers, parts, strict=True):
        lines += [*_heading(server), *_written(_less(part, common)), ""]
    lines += [*_unjudged(report.unjudged), ""] if report.unjudged else []
    more = "--details (every answer, why, and how that is known), --scripts (and the calls that were played)"
    return "\n".join([*lines, f"more: {'' if len(report.to) == 1 else '--to one platform (what to write instead), '}{more}"])


#: Lines that belong together: a piece of advice with the other ways, a verdict with its outcome.
Lines = list[str]


class Part(NamedTuple):
    """What is said of one server: what to write, what no model plays, and what it meets as it is."""

    advice: list[Lines]
    warnings: list[Lines]
    findings: list[Lines]


def _part(server: ServerReport, report: Report, *, several: bool) -> Part:
    advice = list(_advice(server, report.to[0])) if len(report.to) == 1 else []
    asked = [one for one in server.situations if not (several and one.id in _OF_PROGRAM)]
    return Part(advice, list(_warnings(server, report.to)), list(_findings(asked, report)))


def _common(parts: Sequence[Part]) -> Part:
    """What is said of every server."""
    return Part(*([said for said in first if all(said in one for one in rest)] for first, *rest in zip(*parts, strict=True)))


def _less(part: Part, common: Part) -> Part:
    return Part(*([one for one in said if one not in known] for said, known in zip(part, common, strict=True)))


def _written(part: Part) -> Iterator[str]:
    for said in part.advice:
        yield from said
    if part.advice and (part.warnings or part.findings):
        yield "As it is:"
    for said in (*part.warnings, *part.findings):
        yield from said


def _unjudged(said: Sequence[str]) -> Iterator[str]:
    yield from (line for one in said[:_SHOWN] for line in filled(f"not judged: {one}"))
    if len(said) > _SHOWN:
        yield f"not judged: {len(said) - _SHOWN} more; see --details"


def _heading(server: ServerReport) -> Iterator[str]:
    """The sockets of a server, and what must be known of them."""
    for one in server.sockets[:_SHOWN]:
        yield described(one)
    if len(server.sockets) > _SHOWN:
        yield f"and {len(server.sockets) - _SHOWN} more sockets"
    if server.ports[1:]:
        where, some = "" if server.sockets[0].kind in UNIX_KINDS else "port ", ", ".join(server.ports[:_SHOWN])
        yield f"{len(server.ports)} servers do the same, at {where}{some}{' and others' * (len(server.ports) > _SHOWN)}"
    for note in server.notes:
        yield from filled(f"note: {note}")


# What to write instead.


@dataclass
class _Offered:
    """A piece of advice, and the situations that it mends."""

    instead: Instead
    mends: set[str]


def _advice(server: ServerReport, target: str) -> Iterator[Lines]:
    """Each piece of advice once, first what mends something that breaks. *or* begins another way to mend the same."""
    verdicts = {one.id: one.to[target].verdict for one in server.situations}
    ways = sorted(_ways(server, target), key=lambda way: not _is_must(way, verdicts))
    for way in ways:
        wanted = set().union(*(one.mends for one in way))
        first = "must" if _is_must(way, verdicts) else "may"
        lines: Lines = []
        for word, one in zip(chain([first], repeat("or")), way, strict=False):
            mends = [situation.name for situation in server.situations if situation.id in one.mends]
            leaves = [situation.name for situation in server.situations if situation.id in wanted - one.mends]
            lines += filled(f"{word:<6} {one.instead.say}{_follows(one.instead, mends, leaves)} [{one.instead.id}]")
        yield lines


def _is_must(way: Sequence[_Offered], verdicts: Mapping[str, str]) -> bool:
    return any(verdicts[situation] == BREAKS for one in way for situation in one.mends)


def _ways(server: ServerReport, target: str) -> list[list[_Offered]]:
    """The advice for a target. What mends the same is together, first what costs nothing."""
    found: dict[str, _Offered] = {}
    for one in server.situations:
        for offer in one.to[target].instead:
            found.setdefault(offer.id, _Offered(offer, set())).mends.update((one.id, *offer.mends))
    ways: list[list[_Offered]] = []
    for offered in sorted(found.values(), key=lambda one: len(one.instead.costs)):
        way = next((way for way in ways if any(offered.mends & one.mends for one in way)), None)
        if way is None:
            ways.append(way := [])
        way.append(offered)
    return ways


def _follows(offer: Instead, mends: Sequence[str], leaves: Sequence[str]) -> str:
    """What follows from a piece of advice: what it mends, what it leaves to another way, what it costs."""
    said = f" Mends: {', '.join(mends)}{'' if offer.then else ' (not played)'}."
    said += f" Leaves: {', '.join(leaves)}." if leaves else ""
    costs: dict[str, list[str]] = {}
    for cost in offer.costs:
        costs.setdefault(f"{cost.outcome}{f' ({cost.verdict})' if cost.verdict in OPEN else ''}", []).append(cost.name)
    but = "; ".join(f"{' and '.join(alike)}: {outcome}" for outcome, alike in costs.items())
    return f"{said}{f' Costs: {but}.' if but else ''}"


# What is not the same, and what is.


def _findings(situations: Sequence[SituationReport], report: Report) -> Iterator[Lines]:
    """What differs, the worst first, then what is the same. For several targets, those that answer alike share a line."""
    if len(report.to) == 1:
        yield from _for_one(situations, report.to[0])
        return
    for one in situations:
        lines = [f"{one.name}: {report.from_}: {one.from_.outcome}"]
        answers = sorted((WORST.index(there.verdict), there.mark, _brief(there.answer.outcome), target) for target, there in one.to.items())
        for (_, mark, outcome), alike in groupby(answers, key=lambda found: found[:3]):
            lines += filled(f"  {_shown(mark)} {', '.join(found[3] for found in alike)}{outcome}")
        yield lines


def _brief(outcome: str) -> str:
    """The outcome behind the names of platforms, without why it is unknown."""
    known, unknown, _ = outcome.partition("unknown")
    return f": {known}{unknown}" if known else ""


def _for_one(situations: Sequence[SituationReport], target: str) -> Iterator[Lines]:
    for (verdict, said), names in _alike(situations, target).items():
        yield filled(f"{_shown(verdict)} {', '.join(names)}: {said}")
    for mark, ending in ((SAME, ""), (f"{SAME}*", " (but see what changes: --details)")):
        if said := _same(situations, target, mark):
            yield filled(f"{_shown(mark)} {said}{ending}")


def _same(situations: Sequence[SituationReport], target: str, mark: str) -> str:
    """What is the same, with what comes of it."""
    found: dict[str, list[str]] = {}
    for one in situations:
        if one.to[target].mark == mark:
            found.setdefault(one.to[target].answer.outcome.partition(" (")[0], []).append(one.name)
    return "; ".join(f"{', '.join(names)}: {outcome}" for outcome, names in found.items())


def _alike(situations: Sequence[SituationReport], target: str) -> dict[tuple[str, str], list[str]]:
    """What differs, the worst first, with the situations in which it is the same."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in sorted(situations, key=lambda one: WORST.index(one.to[target].verdict)):
        there = one.to[target]
        before, after = one.from_.outcome, there.answer.outcome
        if there.verdict != SAME:
            said = after if before == after or after.startswith(NOT_STARTED) else f"{before} -> {after}"
            found.setdefault((there.verdict, said), []).append(one.name)
    return found


def _shown(word: str) -> str:
    """The verdict as it begins a line. What asks for action stands out."""
    return f"{word.upper() if word in ('breaks', 'risk') else word:<6}"


def _warnings(server: ServerReport, targets: Sequence[str]) -> Iterator[Lines]:
    for said, alike in _by_warning(server, targets).items():
        where = f"{', '.join(alike)}: " * (len(targets) > 1)
        yield filled(f"{_shown(said[0])} {where}{said[1]}")


def _by_warning(server: ServerReport, targets: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for target in targets:
        for one in server.warnings[target]:
            found.setdefault((one.verdict, one.say), []).append(target)
    return found


def table(situations: Sequence[SituationReport], report: Report) -> list[list[str]]:
    """The verdicts with the outcomes, with a row for each platform and a column for each situation."""
    head = ["", *(one.name for one in situations)]
    here = [report.from_, *(one.from_.outcome for one in situations)]
    rows = [[target, *(f"{one.to[target].mark}: {one.to[target].answer.outcome}" for one in situations)] for target in report.to]
    return [head, here, *rows]
