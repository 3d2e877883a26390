"""The whole report as text, with every answer, reason and source: `port --details`."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from reports.porting.contents import Because, BoundSocket, Instead, Met, Report, ServerReport, SituationReport, TargetReport, Warned
from reports.porting.words import SAME, SAME_BUT

#: From this number on, targets are counted instead of named.
MANY = 5


def as_details(report: Report, *, scripts: bool = False) -> str:
    """The whole report, with the scripts that were played if asked for. Several targets follow one another."""
    lines = [title(report), counted(report), *(f"note: {note}" for note in report.calls.notes), ""]
    for target in report.to:
        lines += [f"{report.from_} -> {target}", ""] if len(report.to) > 1 else []
        if len(report.servers) > 1:
            lines += [f"the program: {report.program.title}", ""]
            lines += [*_situations(report.program.situations, report.from_, target, scripts=scripts), ""]
        for number, server in enumerate(report.servers, 1):
            lines += _server(server, number, report.from_, target, scripts=scripts)
        lines += _reasons(report, target)
    return "\n".join([*lines, *_unjudged(report), *legend(report)])


def title(report: Report) -> str:
    """What the report is about, in a line."""
    targets = ", ".join(report.to) if len(report.to) < MANY else f"{len(report.to)} platforms"
    return f"{report.from_} -> {targets}: {report.calls.name} ({report.suite})"


def _server(server: ServerReport, number: int, source: str, target: str, *, scripts: bool) -> list[str]:
    lines = [f"server {number}: {server.title}", *_sockets(server), *(f"    note: {note}" for note in server.notes)]
    lines += [*(part for line in server.libraries.told(source) for part in filled(f"    {line}")), ""]
    lines += [part for one in server.warnings[target] for part in _warned(one)]
    return [*lines, *_situations(server.situations, source, target, scripts=scripts), ""]


def _warned(one: Warned) -> list[str]:
    return [*filled(f"{one.verdict:<9} {one.say}"), *(f"{'':<10}[{source}]" for source in one.sources)]


def counted(report: Report) -> str:
    """How much was read, and as which user it is simulated."""
    calls = report.calls
    numbers = [(calls.calls, "call"), (calls.sockets, "socket"), (len(report.servers), "server")]
    return ", ".join(f"{number} {what}{'s' * (number != 1)}" for number, what in numbers) + f"; simulated as user {report.uid}"


def _sockets(server: ServerReport) -> list[str]:
    return [f"    {described(one)}" for one in server.sockets]


def described(one: BoundSocket) -> str:
    """A socket in a line."""
    number = f"{one.count} x " if one.count > 1 else ""
    joined = [f"joins {', '.join(one.joins)}"] if one.joins else []
    shared = [f"{one.processes} processes"] if one.processes > 1 else []
    return ", ".join([f"{number}{one.kind} {one.address}", *_options(one), *_does(one), *joined, *shared])


def _options(one: BoundSocket) -> list[str]:
    if not one.known:
        return ["older than the log: options unknown"]
    before = [_set(name, value) for name, value in one.options.items()]
    after = [_set(name, value) for name, value in one.options_after.items()]
    said = [f"{', '.join(before)} before bind"] if before else []
    said += [f"{', '.join(after)} after bind"] if after else []
    return said or ["no options"]


def _set(name: str, value: int) -> str:
    return name if value == 1 else f"{name}={value}"


def _does(one: BoundSocket) -> list[str]:
    if one.kind.startswith("udp") or one.kind == "unixgram":
        return []
    return ["listens"] if one.listens else ["accepts"] if one.accepted else ["bound, does not listen"]


def _situations(situations: Sequence[SituationReport], source: str, target: str, *, scripts: bool) -> list[str]:
    lines: list[str] = []
    seen: set[str] = set()
    wide = max(len(source), len(target), len("instead"))
    for one in situations:
        there = one.to[target]
        lines += [f"{there.mark:<9} {one.id}: {one.question}", *_answers(one.from_, there, source, target, wide)]
        lines += [f"        {line}" for line in there.answer.trace] if scripts else []
        for offer in there.instead:
            again = offer.id in seen
            seen.add(offer.id)
            lines += filled(f"    {'instead':<{wide}} {'as above' if again else offer.say} [{offer.id}]")
            lines += [f"    {'':<{wide}}   {line}" for line in (offered(offer)[:1] if again else offered(offer))]
    return lines


def _answers(here: Met, there: TargetReport, source: str, target: str, wide: int) -> list[str]:
    """What is answered on both, and why."""
    if here.outcome == there.answer.outcome:
        lines = filled(f"    {'on both':<{wide}} {there.answer.outcome}")
    else:
        lines = [*filled(f"    {source:<{wide}} {here.outcome}"), *filled(f"    {target:<{wide}} {there.answer.outcome}")]
    lines += [f"    {'change':<{wide}} {change}" for change in there.changes]
    return lines + ([f"    {'because':<{wide}} {because(there)}"] if there.verdict != SAME else [])


def because(there: TargetReport) -> str:
    """What decides on the target, each with how it is known."""
    return ", ".join(f"{one.id} ({one.basis})" for one in there.answer.because) or "-"


def offered(offer: Instead) -> list[str]:
    """What follows from advice, and what says so."""
    mends = f"; that also fixes {', '.join(offer.mends)}" if offer.mends else ""
    lines = [f"then: {offer.then}{mends}"] if offer.then else []
    lines += [f"but then {cost.situation} is {cost.verdict}: {cost.outcome}" for cost in offer.costs]
    return [*lines, f"see {', '.join([*offer.because, *offer.experiments])}", *(f"[{source}]" for source in offer.sources)]


def filled(line: str, indent: int = 7) -> list[str]:
    """The line, in pieces that fit a wide terminal."""
    return textwrap.wrap(line, 130, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False) or [line]


def _reasons(report: Report, target: str) -> list[str]:
    found: dict[str, Because] = {}
    for server in report.servers:
        for one in server.situations:
            there = one.to[target]
            sides = [one.from_, there.answer] if there.verdict != SAME else []
            found |= {reason.id: reason for side in sides for reason in side.because}
    lines = ["why"] if found else []
    for reason in found.values():
        lines += [f"{reason.id} ({reason.basis})", *filled(f"    {reason.statement}"), f"    [{reason.source}]"]
        lines += [f"    one side: {side.claim} ({side.basis}: {side.source})" for side in reason.sides]
    return [*lines, ""] if lines else []


def _unjudged(report: Report) -> list[str]:
    return ["not judged", *(f"    {line}" for line in report.unjudged), ""] if report.unjudged else []


def legend(report: Report) -> list[str]:
    """What the words mean."""
    words = [f"{word}: {sentence}" for word, sentence in report.verdicts.items()]
    starred = [f"same*: {SAME_BUT}"] if any(there.mark == "same*" for there in report.targets) else []
    return [*words, *starred, *(f"{basis}: {sentence}" for basis, sentence in report.bases.items())]
