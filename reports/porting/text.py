"""The report as text and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from reports.porting.contents import Because, BoundSocket, Instead, Report, ServerReport, TargetReport
from reports.porting.judge import SAME, SAME_BUT

#: From this number on, targets are counted instead of named.
MANY = 5


def as_text(report: Report, *, scripts: bool = False) -> str:
    """The whole report, with the scripts that were played if asked for. For several targets, a table of verdicts."""
    lines = [_title(report), counted(report), ""]
    for number, server in enumerate(report.servers, 1):
        lines += [f"server {number}: {server.title}", *_sockets(server), *(f"    note: {note}" for note in server.notes)]
        lines += [*(part for line in server.libraries.told(report.from_) for part in _filled(f"    {line}")), ""]
        lines += _one_target(server, report, scripts=scripts) if len(report.to) == 1 else _aligned(table(server, report))
        lines.append("")
    if len(report.to) == 1:
        lines += _reasons(report)
    return "\n".join([*lines, *_unjudged(report), *_legend(report)])


def _title(report: Report) -> str:
    targets = ", ".join(report.to) if len(report.to) < MANY else f"{len(report.to)} platforms"
    return f"{report.from_} -> {targets}: {report.calls.name} ({report.suite})"


def counted(report: Report) -> str:
    """How much was read, and as which user it is simulated."""
    calls = report.calls
    numbers = [(calls.calls, "call"), (calls.sockets, "socket"), (len(report.servers), "server")]
    return ", ".join(f"{number} {what}{'s' * (number != 1)}" for number, what in numbers) + f"; simulated as user {report.uid}"


def _sockets(server: ServerReport) -> list[str]:
    return [f"    {described(one)}" for one in server.sockets]


def described(one: BoundSocket) -> str:
    """A socket in a line."""
    options = ", ".join(f"{name}={value}" for name, value in one.options.items()) or "no options"
    does = "listens" if one.listens else "bound"
    shared = f", {one.processes} processes" if one.processes > 1 else ""
    return f"line {one.line}: {one.kind} {one.address}, {options}, {does}{shared}"


def _one_target(server: ServerReport, report: Report, *, scripts: bool) -> list[str]:
    (target,) = report.to
    lines: list[str] = []
    seen: set[str] = set()
    wide = max(len(report.from_), len(target), len("instead"))
    for one in server.situations:
        there = one.to[target]
        lines += [f"{there.mark:<9} {one.id}: {one.question}"]
        if one.from_.outcome == there.answer.outcome:
            lines += _filled(f"    {'on both':<{wide}} {there.answer.outcome}")
        else:
            lines += _filled(f"    {report.from_:<{wide}} {one.from_.outcome}")
            lines += _filled(f"    {target:<{wide}} {there.answer.outcome}")
        lines += [f"    {'change':<{wide}} {change}" for change in there.changes]
        lines += [f"    {'because':<{wide}} {_because(there)}"] if there.verdict != SAME else []
        lines += [f"        {line}" for line in there.answer.trace] if scripts else []
        for offer in there.instead:
            again = offer.id in seen
            seen.add(offer.id)
            lines += _filled(f"    {'instead':<{wide}} {'as above' if again else offer.say} [{offer.id}]")
            lines += [f"    {'':<{wide}}   {line}" for line in (_offer(offer)[:1] if again else _offer(offer))]
    return lines


def _because(there: TargetReport) -> str:
    return ", ".join(f"{one.id} ({one.basis})" for one in there.answer.because) or "-"


def _offer(offer: Instead) -> list[str]:
    mends = f"; that also fixes {', '.join(offer.mends)}" if offer.mends else ""
    lines = [f"then: {offer.then}{mends}"] if offer.then else []
    lines += [f"but then {cost.situation} is {cost.verdict}: {cost.outcome}" for cost in offer.costs]
    return [*lines, f"see {', '.join([*offer.because, *offer.experiments])}", *(f"[{source}]" for source in offer.sources)]


def _filled(line: str) -> list[str]:
    return textwrap.wrap(line, 130, subsequent_indent=" " * 14, break_long_words=False, break_on_hyphens=False) or [line]


def _reasons(report: Report) -> list[str]:
    found: dict[str, Because] = {}
    for server in report.servers:
        for one in server.situations:
            there = next(iter(one.to.values()))
            sides = [one.from_, there.answer] if there.verdict != SAME else []
            found |= {reason.id: reason for side in sides for reason in side.because}
    lines = ["why"] if found else []
    for reason in found.values():
        lines += [f"{reason.id} ({reason.basis})", *_filled(f"    {reason.statement}"), f"    [{reason.source}]"]
        lines += [f"    one side: {side.claim} ({side.basis}: {side.source})" for side in reason.sides]
    return [*lines, ""] if lines else []


def table(server: ServerReport, report: Report) -> list[list[str]]:
    """The verdicts, with a row for each platform and a column for each situation."""
    head = ["", *(one.id for one in server.situations)]
    return [head, *([target, *(one.to[target].mark for one in server.situations)] for target in report.to)]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  ".join(f"{word:<{width}}" for word, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _unjudged(report: Report) -> list[str]:
    return ["not judged", *(f"    {line}" for line in report.unjudged), ""] if report.unjudged else []


def _legend(report: Report) -> list[str]:
    words = [f"{word}: {sentence}" for word, sentence in report.verdicts.items()]
    starred = [f"same*: {SAME_BUT}"] if any(there.mark == "same*" for there in report.targets) else []
    return [*words, *starred, *(f"{basis}: {sentence}" for basis, sentence in report.bases.items())]


def as_markdown(report: Report) -> str:
    """The whole report as Markdown."""
    lines = [f"# {_md(_title(report))}", "", counted(report), ""]
    for number, server in enumerate(report.servers, 1):
        lines += [f"## Server {number}: {_md(server.title)}", "", *(f"- {_md(described(one))}" for one in server.sockets)]
        lines += [
            *(f"- Note: {_md(note)}" for note in server.notes),
            *(f"- {_md(line)}" for line in server.libraries.told(report.from_)),
            "",
        ]
        lines += _markdown_table(_detailed(server, report) if len(report.to) == 1 else table(server, report))
        lines += ["", *(_markdown_advice(server, report) if len(report.to) == 1 else [])]
    if report.unjudged:
        lines += ["## Not judged", "", *(f"- {_md(line)}" for line in report.unjudged), ""]
    lines += ["## Words", "", *(f"- {_md(line)}" for line in _legend(report))]
    return "\n".join(lines)


def _detailed(server: ServerReport, report: Report) -> list[list[str]]:
    (target,) = report.to
    rows = [["verdict", "question", report.from_, target, "what changes", "because"]]
    for one in server.situations:
        there = one.to[target]
        words = [one.from_.outcome, there.answer.outcome, "; ".join(there.changes), _because(there)]
        rows.append([there.mark, f"{one.id}: {one.question}", *words])
    return rows


def _markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    written = [f"| {' | '.join(_md(word) for word in row)} |" for row in rows]
    return [written[0], "|" + "---|" * len(rows[0]), *written[1:]]


def _markdown_advice(server: ServerReport, report: Report) -> list[str]:
    lines = []
    for one in server.situations:
        for offer in one.to[report.to[0]].instead:
            lines += [f"- **{one.id}**: {_md(offer.say)} ({offer.id})", *(f"  - {_md(line)}" for line in _offer(offer))]
    return ["Instead:", "", *lines, ""] if lines else []


def _md(text: str) -> str:
    for special in "\\`*_[]<>|":
        text = text.replace(special, f"\\{special}")
    return text.replace("\n", " ")
