"""The report as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from reports.porting.contents import Instead, Met, Report, ServerReport, SituationReport
from reports.porting.details import MANY, counted, described
from reports.porting.text import table
from reports.porting.words import SAME_BUT

_STYLE = """
:root{color-scheme:light dark;--line:#8886;--same:#2e7d3222;--bad:#c6282833;--open:#8884}
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:1rem 0}
th,td{border:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top}
.same,.better{background:var(--same)}.breaks,.risk{background:var(--bad)}.unknown,.disputed,.undetermined{background:var(--open)}
.wide{overflow-x:auto}pre{overflow-x:auto}details{margin:.3rem 0}dt{font-weight:600}
"""


def as_html(report: Report) -> str:
    """The whole report."""
    targets = ", ".join(report.to) if len(report.to) < MANY else f"{len(report.to)} platforms"
    title = f"{report.from_} → {targets}: {report.calls.name}"
    body = [f"<h1>{escape(title)}</h1>", f"<p>{escape(_about(report))}</p>"]
    if len(report.servers) > 1:
        body += [f"<h2>The program: {escape(report.program.title)}</h2>", *_table(report.program.situations, report)]
    for number, server in enumerate(report.servers, 1):
        body += _server(server, number, report)
    body += _list("Not judged", report.unjudged)
    body += _words("Verdicts", {**report.verdicts, "same*": SAME_BUT}) + _words("How it is known", report.bases)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>\n' + "\n".join(body) + "\n</main></body></html>"


def _words(title: str, words: Mapping[str, str]) -> list[str]:
    """What words mean. *unknown* is a verdict and a basis."""
    return [f"<h2>{title}</h2><dl>", *(f"<dt>{escape(word)}</dt><dd>{escape(said)}</dd>" for word, said in words.items()), "</dl>"]


def _about(report: Report) -> str:
    return f"{report.suite}: {counted(report)}"


def _server(server: ServerReport, number: int, report: Report) -> list[str]:
    head = [f"<h2>Server {number}: {escape(server.title)}</h2>"]
    facts = [*map(described, server.sockets), *(f"Note: {note}" for note in server.notes), *server.libraries.told(report.from_)]
    facts += [f"{target}: {one.verdict}: {one.say}" for target, warned in server.warnings.items() for one in warned]
    return [*head, *_items(facts), *_table(server.situations, report)]


def _table(situations: Sequence[SituationReport], report: Report) -> list[str]:
    if len(report.to) > 1:
        return _verdict_table(table(situations, report))
    (target,) = report.to
    rows = [_row(one, target) for one in situations]
    columns = "".join(f'<th scope="col">{escape(name)}</th>' for name in ("verdict", "question", report.from_, target))
    return [f'<div class="wide"><table><thead><tr>{columns}</tr></thead><tbody>', *rows, "</tbody></table></div>"]


def _row(one: SituationReport, target: str) -> str:
    there = one.to[target]
    question = f"<b>{escape(one.id)}</b><br>{escape(one.question)}{''.join(_items(there.changes))}"
    instead = "".join(_advice(offer) for offer in there.instead)
    return (
        f'<tr><th scope="row" class="{there.verdict}">{escape(there.mark)}</th><td>{question}{instead}</td>'
        f"<td>{_answer(one.from_)}</td><td>{_answer(there.answer)}</td></tr>"
    )


def _answer(answer: Met) -> str:
    reasons = [f"{one.id} ({one.basis}): {one.statement} [{one.source}]" for one in answer.because]
    trace = escape("\n".join(answer.trace))
    return f"{escape(answer.outcome)}<details><summary>why</summary>{''.join(_items(reasons))}<pre>{trace}</pre></details>"


def _advice(offer: Instead) -> str:
    facts = [f"then: {offer.then}"] if offer.then else []
    facts += [f"but then {cost.situation} is {cost.verdict}: {cost.outcome}" for cost in offer.costs]
    facts += [f"see {', '.join([*offer.because, *offer.experiments])}", *offer.sources]
    return f"<details><summary>Instead: {escape(offer.say)}</summary>{''.join(_items(facts))}</details>"


def _verdict_table(rows: Sequence[Sequence[str]]) -> list[str]:
    head = "".join(f'<th scope="col">{escape(word)}</th>' for word in rows[0])
    body = [f'<tr><th scope="row">{escape(row[0])}</th>{"".join(map(_verdict, row[1:]))}</tr>' for row in rows[1:]]
    return [f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>', *body, "</tbody></table></div>"]


def _verdict(word: str) -> str:
    return f'<td class="{word.partition(":")[0].rstrip("*")}">{escape(word)}</td>'


def _items(lines: Iterable[str]) -> list[str]:
    items = [f"<li>{escape(line)}</li>" for line in lines]
    return ["<ul>", *items, "</ul>"] if items else []


def _list(title: str, lines: Sequence[str]) -> list[str]:
    return [f"<h2>{escape(title)}</h2>", *_items(lines)] if lines else []
