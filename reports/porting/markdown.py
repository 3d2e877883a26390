"""The report as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from reports.porting.contents import Report, ServerReport, SituationReport
from reports.porting.details import because, counted, described, legend, offered, title
from reports.porting.text import table


def as_markdown(report: Report) -> str:
    """The whole report as Markdown."""
    lines = [f"# {_md(title(report))}", "", counted(report), ""]
    if len(report.servers) > 1:
        lines += [f"## The program: {_md(report.program.title)}", "", *_markdown_table(_rows(report.program.situations, report)), ""]
    for number, server in enumerate(report.servers, 1):
        lines += [f"## Server {number}: {_md(server.title)}", "", *(f"- {_md(described(one))}" for one in server.sockets)]
        lines += [
            *(f"- Note: {_md(note)}" for note in server.notes),
            *(f"- {_md(line)}" for line in server.libraries.told(report.from_)),
            "",
        ]
        lines += [f"- **{target}: {one.verdict}**: {_md(one.say)}" for target, warned in server.warnings.items() for one in warned]
        lines += ["", *_markdown_table(_rows(server.situations, report))]
        lines += ["", *(_markdown_advice(server, report) if len(report.to) == 1 else [])]
    if report.unjudged:
        lines += ["## Not judged", "", *(f"- {_md(line)}" for line in report.unjudged), ""]
    lines += ["## Words", "", *(f"- {_md(line)}" for line in legend(report))]
    return "\n".join(lines)


def _rows(situations: Sequence[SituationReport], report: Report) -> list[list[str]]:
    return _detailed(situations, report, report.to[0]) if len(report.to) == 1 else table(situations, report)


def _detailed(situations: Sequence[SituationReport], report: Report, target: str) -> list[list[str]]:
    rows = [["verdict", "question", report.from_, target, "what changes", "because"]]
    for one in situations:
        there = one.to[target]
        words = [one.from_.outcome, there.answer.outcome, "; ".join(there.changes), because(there)]
        rows.append([there.mark, f"{one.id}: {one.question}", *words])
    return rows


def _markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    written = [f"| {' | '.join(_md(word) for word in row)} |" for row in rows]
    return [written[0], "|" + "---|" * len(rows[0]), *written[1:]]


def _markdown_advice(server: ServerReport, report: Report) -> list[str]:
    lines = []
    for one in server.situations:
        for offer in one.to[report.to[0]].instead:
            lines += [f"- **{one.id}**: {_md(offer.say)} ({offer.id})", *(f"  - {_md(line)}" for line in offered(offer))]
    return ["Instead:", "", *lines, ""] if lines else []


def _md(text: str) -> str:
    for special in "\\`*_[]<>|":
        text = text.replace(special, f"\\{special}")
    return text.replace("\n", " ")
