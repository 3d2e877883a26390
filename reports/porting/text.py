"""The report on one screen: for each server what to write instead, then what breaks or is a risk, then what stays the same, in a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from reports.porting.contents import Instead, Report, ServerReport, SituationReport
from reports.porting.details import described, filled, title
from reports.porting.trials import NOT_STARTED
from reports.porting.words import SAME, WORST

#: How many lines of the sockets of one server are printed.
_SHOWN = 4
#: The questions that the program answers if it has several servers.
_OF_PROGRAM = ("start", "restart-live", "restart-time-wait", "second-instance")


def as_text(report: Report) -> str:
    """The report in a few lines. For several targets, their outcomes."""
    lines = [title(report), *(line for note in report.calls.notes for line in filled(f"note: {note}")), ""]
    several = len(report.servers) > 1
    if several:
        lines += [*filled(f"the program: {report.program.title}"), *_findings(report.program.situations, report), ""]
    for server in report.servers:
        lines += [*_heading(server), *(_advice(server, report.to[0]) if len(report.to) == 1 else []), *_warnings(server, report.to)]
        asked = [one for one in server.situations if not (several and one.id in _OF_PROGRAM)]
        lines += [*_findings(asked, report), ""]
    lines += [*_unjudged(report.unjudged), ""] if report.unjudged else []
    more = "--details (every answer with its reason), --scripts (and the calls that were played)"
    return "\n".join([*lines, f"more: {'' if len(report.to) == 1 else '--to one platform (what to write instead), '}{more}"])


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
        some = ", ".join(server.ports[:_SHOWN])
        yield f"{len(server.ports)} servers do the same, at port {some}{' and others' * (len(server.ports) > _SHOWN)}"
    for note in server.notes:
        yield from filled(f"note: {note}")


# What to write instead.


def _advice(server: ServerReport, target: str) -> Iterator[str]:
    """Each piece of advice once. *or* begins another way to mend the same."""
    mended: set[str] = set()
    for identifier, (offer, asked) in _offers(server, target).items():
        word = "or" if asked <= mended else "write"
        mended |= asked
        names = [one.name for one in server.situations if one.id in asked]
        yield from filled(f"{word:<6} {offer.say}{_follows(offer, names)} [{identifier}]")


def _offers(server: ServerReport, target: str) -> dict[str, tuple[Instead, set[str]]]:
    """The advice for a target by id, and the situations that each mends; first what costs nothing."""
    found: dict[str, tuple[Instead, set[str]]] = {}
    for one in server.situations:
        for offer in one.to[target].instead:
            known = found.setdefault(offer.id, (offer, set()))[1]
            known |= {one.id, *offer.mends}
    return dict(sorted(found.items(), key=lambda item: len(item[1][0].costs)))


def _follows(offer: Instead, names: Sequence[str]) -> str:
    """What follows from a piece of advice that was played."""
    if offer.then is None:
        return ""
    costs: dict[str, list[str]] = {}
    for cost in offer.costs:
        costs.setdefault(cost.outcome, []).append(cost.name)
    but = "; ".join(f"{' and '.join(alike)}: {outcome}" for outcome, alike in costs.items())
    return f" Mends: {', '.join(names)}.{f' But {but}.' if but else ''}"


# What is not the same, and what is.


def _findings(situations: Sequence[SituationReport], report: Report) -> Iterator[str]:
    """What differs, the worst first, then what is the same. For several targets, those that answer alike share a line."""
    if len(report.to) == 1:
        yield from _for_one(situations, report.to[0])
        return
    for one in situations:
        yield f"{one.name}: {report.from_}: {one.from_.outcome}"
        answers = sorted((WORST.index(there.verdict), there.mark, _brief(there.answer.outcome), target) for target, there in one.to.items())
        for (_, mark, outcome), alike in groupby(answers, key=lambda found: found[:3]):
            yield from filled(f"  {_shown(mark)} {', '.join(found[3] for found in alike)}{outcome}")


def _brief(outcome: str) -> str:
    """The outcome behind the names of platforms, without why it is unknown."""
    known, unknown, _ = outcome.partition("unknown")
    return f": {known}{unknown}" if known else ""


def _for_one(situations: Sequence[SituationReport], target: str) -> Iterator[str]:
    for (verdict, said), names in _alike(situations, target).items():
        yield from filled(f"{_shown(verdict)} {', '.join(names)}: {said}")
    for mark, ending in ((SAME, ""), (f"{SAME}*", " (but see what changes: --details)")):
        names = [one.name for one in situations if one.to[target].mark == mark]
        if names:
            yield from filled(f"{_shown(mark)} {', '.join(names)}{ending}")


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


def _warnings(server: ServerReport, targets: Sequence[str]) -> Iterator[str]:
    for said, alike in _by_warning(server, targets).items():
        where = f"{', '.join(alike)}: " * (len(targets) > 1)
        yield from filled(f"{_shown(said[0])} {where}{said[1]}")


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
