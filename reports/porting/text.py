"""The report as text and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from reports.porting.recognised import told

Data = dict[str, Any]

#: So many targets are counted instead of named.
MANY = 5
CHANGED = "* the same side wins, but the call, the errno or the receiver is another"


def as_text(data: Data, *, scripts: bool = False) -> str:
    """The whole report, with the scripts that were played if wished; of several targets a table of verdicts."""
    lines = [_title(data), counted(data), ""]
    for number, server in enumerate(data["servers"], 1):
        lines += [f"server {number}: {server['title']}", *_sockets(server), *(f"    note: {note}" for note in server["notes"])]
        lines += [*(part for line in told(server, data) for part in _filled(f"    {line}")), ""]
        lines += _one_target(server, data, scripts=scripts) if len(data["to"]) == 1 else _aligned(table(server, data))
        lines.append("")
    if len(data["to"]) == 1:
        lines += _reasons(data)
    return "\n".join([*lines, *_unjudged(data), *_legend(data)])


def _title(data: Data) -> str:
    targets = ", ".join(data["to"]) if len(data["to"]) < MANY else f"{len(data['to'])} platforms"
    return f"{data['from']} -> {targets}: {data['calls']['name']} ({data['suite']})"


def counted(data: Data) -> str:
    """How much was read, and who plays."""
    calls = data["calls"]
    numbers = [(calls["calls"], "call"), (calls["sockets"], "socket"), (len(data["servers"]), "server")]
    return ", ".join(f"{number} {what}{'s' * (number != 1)}" for number, what in numbers) + f"; played as user {data['uid']}"


def _sockets(server: Data) -> list[str]:
    return [f"    {described(one)}" for one in server["sockets"]]


def described(one: Data) -> str:
    """A socket in a line."""
    options = ", ".join(f"{name}={value}" for name, value in one["options"].items()) or "no options"
    does = "listens" if one["listens"] else "bound"
    shared = f", {one['processes']} processes" if one["processes"] > 1 else ""
    return f"line {one['line']}: {one['kind']} {one['address']}, {options}, {does}{shared}"


def _one_target(server: Data, data: Data, *, scripts: bool) -> list[str]:
    (target,) = data["to"]
    lines: list[str] = []
    seen: set[str] = set()
    wide = max(len(data["from"]), len(target), len("instead"))
    for one in server["situations"]:
        there = one["to"][target]
        lines += [f"{mark(there):<9} {one['id']}: {one['question']}"]
        if one["from"]["outcome"] == there["answer"]["outcome"]:
            lines += _filled(f"    {'both':<{wide}} {there['answer']['outcome']}")
        else:
            lines += _filled(f"    {data['from']:<{wide}} {one['from']['outcome']}")
            lines += _filled(f"    {target:<{wide}} {there['answer']['outcome']}")
        lines += [f"    {'change':<{wide}} {change}" for change in there["changes"]]
        lines += [f"    {'because':<{wide}} {_because(there)}"] if there["verdict"] != "same" else []
        lines += [f"        {line}" for line in there["answer"]["trace"]] if scripts else []
        for offer in there["instead"]:
            again = offer["id"] in seen
            seen.add(offer["id"])
            lines += _filled(f"    {'instead':<{wide}} {'as above' if again else offer['say']} [{offer['id']}]")
            lines += [f"    {'':<{wide}}   {line}" for line in (_offer(offer)[:1] if again else _offer(offer))]
    return lines


def mark(there: Data) -> str:
    """The verdict, with a star where something changes all the same."""
    return f"{there['verdict']}{'*' if there['verdict'] == 'same' and there['changes'] else ''}"


def _because(there: Data) -> str:
    return ", ".join(f"{one['id']} ({one['basis']})" for one in there["answer"]["because"]) or "-"


def _offer(offer: Data) -> list[str]:
    mends = f"; also the same again: {', '.join(offer['mends'])}" if offer["mends"] else ""
    lines = [f"then: {offer['then']}{mends}"] if offer["then"] else []
    lines += [f"but then {cost['situation']} is {cost['verdict']}: {cost['outcome']}" for cost in offer["costs"]]
    return [*lines, f"see {', '.join([*offer['because'], *offer['experiments']])}", *(f"[{source}]" for source in offer["sources"])]


def _filled(line: str) -> list[str]:
    return textwrap.wrap(line, 130, subsequent_indent=" " * 14, break_long_words=False, break_on_hyphens=False) or [line]


def _reasons(data: Data) -> list[str]:
    found: dict[str, Data] = {}
    for server in data["servers"]:
        for one in server["situations"]:
            there = next(iter(one["to"].values()))
            sides = [one["from"], there["answer"]] if there["verdict"] != "same" else []
            found |= {reason["id"]: reason for side in sides for reason in side["because"]}
    lines = ["why"] if found else []
    for reason in found.values():
        lines += [f"{reason['id']} ({reason['basis']})", *_filled(f"    {reason['statement']}"), f"    [{reason['source']}]"]
        lines += [f"    one side: {side['claim']} ({side['basis']}: {side['source']})" for side in reason["sides"]]
    return [*lines, ""] if lines else []


def table(server: Data, data: Data) -> list[list[str]]:
    """Verdicts: a platform a row, a situation a column."""
    head = ["", *(one["id"] for one in server["situations"])]
    return [head, *([target, *(mark(one["to"][target]) for one in server["situations"])] for target in data["to"])]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  ".join(f"{word:<{width}}" for word, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _unjudged(data: Data) -> list[str]:
    return ["not judged", *(f"    {line}" for line in data["unjudged"]), ""] if data["unjudged"] else []


def _legend(data: Data) -> list[str]:
    words = [f"{word}: {sentence}" for word, sentence in data["verdicts"].items()]
    starred = [CHANGED] if any(mark(there) == "same*" for there in _every(data)) else []
    return [*words, *starred, *(f"{basis}: {sentence}" for basis, sentence in data["bases"].items())]


def _every(data: Data) -> Iterable[Data]:
    return (there for server in data["servers"] for one in server["situations"] for there in one["to"].values())


def as_markdown(data: Data) -> str:
    """The whole report as Markdown."""
    lines = [f"# {_md(_title(data))}", "", counted(data), ""]
    for number, server in enumerate(data["servers"], 1):
        lines += [f"## Server {number}: {_md(server['title'])}", "", *(f"- {_md(described(one))}" for one in server["sockets"])]
        lines += [*(f"- Note: {_md(note)}" for note in server["notes"]), *(f"- {_md(line)}" for line in told(server, data)), ""]
        lines += _markdown_table(_detailed(server, data) if len(data["to"]) == 1 else table(server, data))
        lines += ["", *(_markdown_advice(server, data) if len(data["to"]) == 1 else [])]
    if data["unjudged"]:
        lines += ["## Not judged", "", *(f"- {_md(line)}" for line in data["unjudged"]), ""]
    lines += ["## Words", "", *(f"- {_md(line)}" for line in _legend(data))]
    return "\n".join(lines)


def _detailed(server: Data, data: Data) -> list[list[str]]:
    (target,) = data["to"]
    rows = [["verdict", "question", data["from"], target, "what changes", "because"]]
    for one in server["situations"]:
        there = one["to"][target]
        words = [one["from"]["outcome"], there["answer"]["outcome"], "; ".join(there["changes"]), _because(there)]
        rows.append([mark(there), f"{one['id']}: {one['question']}", *words])
    return rows


def _markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    written = [f"| {' | '.join(_md(word) for word in row)} |" for row in rows]
    return [written[0], "|" + "---|" * len(rows[0]), *written[1:]]


def _markdown_advice(server: Data, data: Data) -> list[str]:
    lines = []
    for one in server["situations"]:
        for offer in one["to"][data["to"][0]]["instead"]:
            lines += [f"- **{one['id']}**: {_md(offer['say'])} ({offer['id']})", *(f"  - {_md(line)}" for line in _offer(offer))]
    return ["Instead:", "", *lines, ""] if lines else []


def _md(text: str) -> str:
    for special in "\\`*_[]<>|":
        text = text.replace(special, f"\\{special}")
    return text.replace("\n", " ")
