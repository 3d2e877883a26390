"""The chapter as text and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from reports.libraries.answers import ASKED

Data = dict[str, Any]

#: Up to this many libraries are shown in full. More are shown as a table.
FEW = 4
HEADS = {"second-start": "second start", "restart": "restart over TIME_WAIT"}
_LANGUAGES = {"c": "C", "c++": "C++", "c#": "C#"}

INTRODUCTION = """\
# Servers and libraries

What do servers and libraries set on the socket that they listen on (or, over UDP, that they bind) if nobody tells them otherwise? May
one be started a second time on the same address, or restart over connections in TIME_WAIT? `addrinuse render` writes this
page from [the recorded policies](../fixtures/libraries/policies.json)
([schema](../fixtures/libraries/policies.schema.json)) and from recorded runs of `tox -e libraries`. A test keeps them in step.

- **What it sets** was read in the source that is named, or seen on its sockets (*observed*).
- **A second start, a restart**: what the model of the platform predicts from those options, in the situations `second-instance` and
  `restart-time-wait` of [the porting report](porting.md). It is *observed* if a run has seen it and agrees. A run sees whether a second
  server starts, but not who receives then. A server can do more than set options: it may try another port, or ask before it binds. That
  is only known if it was seen.
- The word behind a cell is the weakest basis that it stands on: that of the library's source or that of the platform's rules.
  `addrinuse libraries NAME --platform all` names every rule and variant with its source, and `--format json` has all of it.

`tox -e libraries` installs the Python libraries and starts each one as its users do, in a network namespace of its own. It reads the
options of the live sockets, and starts the server a second time. It also kills the server while it has a connection, so that the server
closes first, and starts it again over the TIME_WAIT. If a library sets something other than recorded, or does something other than the
model of this platform predicts, that is a *surprise* (exit status 1). A library that is not installed is *untestable*. `-- -k waitress`
checks one library, and `-- --record FILE` writes a run, which `reports/libraries` keeps. Each check has a permanent id, such as
`library/asyncio/second-start`.

The checks are in `suites/libraries`, which `pytest suites` does not collect, because the numbers of the suite would then depend on what
is installed. To add a library, write a row in `fixtures/libraries/policies.json`, how to start it in `fixtures/libraries/starters.py`,
and its lowest version in `tox.ini`.
"""


def as_text(data: Data) -> str:
    """A few libraries in full, or a table of many."""
    if len(data["libraries"]) > FEW:
        lines = [counted(data), *_machines(data), "", *_aligned(overview(data))]
    else:
        lines = [line for one in data["libraries"] for line in (*_told(one, data), "")]
    return "\n".join([*lines, "", *(f"{basis}: {sentence}" for basis, sentence in data["bases"].items())]) + "\n"


def counted(data: Data) -> str:
    """How many libraries there are, and how many were started."""
    checked = [one for one in data["libraries"] if one["checks"]]
    return f"{len(data['libraries'])} servers and libraries; {len(checked)} were started and looked at, the others are known from sources."


def _machines(data: Data) -> list[str]:
    told = []
    for run in data["seen_on"]:
        verdicts = ", ".join(f"{count} {word}" for word, count in run["verdicts"].items())
        told.append(f"Seen on {run['kernel']}, {run['python']}, as {run['privilege']}, {run['when']}: {verdicts} ({run['run']}).")
    return told


def overview(data: Data) -> list[list[str]]:
    """A row for each library: what it sets, and what follows. Platforms that differ are named."""
    rows = [["library", "sets", *HEADS.values(), "seen"]]
    for one in data["libraries"]:
        rows.append([one["name"], _by_platform(one, "sets", "text"), *(_by_platform(one, q, "brief") for q in ASKED), _seen(one)])
    return rows


def _by_platform(one: Data, cell: str, key: str) -> str:
    """What holds on which platforms. What holds on all of them is said once."""
    groups: dict[str, list[str]] = {}
    for platform, there in one["on"].items():
        said = f"{there[cell][key]} ({there[cell]['basis']})" if there[cell] and there[cell]["basis"] else "-"
        groups.setdefault(said, []).append(platform)
    if len(groups) == 1:
        return next(iter(groups))
    return "; ".join(f"{', '.join(platforms)}: {said}" for said, platforms in groups.items())


def _seen(one: Data) -> str:
    """The version that was seen, and whether everything was as recorded and predicted."""
    if not one["checks"]:
        return "-"
    versions = dict.fromkeys(check["version"] for check in one["checks"].values())
    wrong = [f"{question} {check['verdict']}" for question, check in one["checks"].items() if check["verdict"] != "conforms"]
    return f"{', '.join(versions)}: {', '.join(wrong) or ', '.join(one['checks'])} {'' if wrong else 'conform'}".strip()


def _told(one: Data, data: Data) -> list[str]:
    """One library with every platform."""
    lines = [f"{one['name']} (library/{one['id']}, {_LANGUAGES.get(one['language'], one['language'].capitalize())})", f"    {one['call']}"]
    lines += [f"    [{one['edition']}, {one['source']['at']}]", f"    {one['source']['link']}"]
    lines += _filled(f"    {one['note']}") if one["note"] else []
    lines += [f"    can be asked for: {', '.join(one['opt_in'])}"] if one["opt_in"] else []
    for question, check in one["checks"].items():
        where = f"{check['version']}, {check['kernel']}, {check['when']}"
        lines.append(f"    seen: {question}: {check['observed']} ({check['verdict']}; {where})")
    lines += _filled(f"    not checked: {one['why_not']}") if one["why_not"] else []
    for platform, there in one["on"].items():
        lines += ["", f"    {platform} sets {there['sets']['text']}{_basis(there['sets'])}"]
        lines += _filled(f"        {there['sets']['note']}") if there["sets"]["note"] else []
        for question in ASKED:
            if cell := there[question]:
                lines.append(f"        {HEADS[question]}: {cell['outcome']}{_basis(cell)}")
                lines += [f"            as {cell['explained']}"] if cell["explained"] else []
                lines += [f"            {because['id']} ({because['basis']}) [{because['source']}]" for because in cell["because"]]
    return lines


def _basis(cell: Data) -> str:
    return f" ({cell['basis']})" if cell["basis"] else ""


def _filled(line: str, start: str = "", indent: int = 0) -> list[str]:
    margin = " " * (indent or len(line) - len(line.lstrip()))
    return textwrap.wrap(line, 130, initial_indent=start, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """A paragraph for each row: cells for many platforms are too wide for columns."""
    head, *others = rows
    lines = []
    for name, *cells in others:
        lines.append(name)
        for word, cell in zip(head[1:], cells, strict=True):
            lines += _filled(cell, f"    {word}: ", 8) if cell != "-" else []
    return lines


def as_markdown(data: Data) -> str:
    """The page docs/libraries.md. For a few libraries, their part of it."""
    whole = len(data["libraries"]) > FEW
    lines = [INTRODUCTION, counted(data), *_machines(data), ""] if whole else []
    lines += [*_table(overview(data)), ""]
    if whole:
        lines += ["## What follows from the options", "", *_classes(data)]
    lines += ["## Where it is written" if whole else "## Sources", "", *(line for one in data["libraries"] for line in _entry(one)), ""]
    return "\n".join([*lines, "## Words", "", *(f"- *{basis}*: {sentence}" for basis, sentence in data["bases"].items())]) + "\n"


def _classes(data: Data) -> list[str]:
    """Servers that do the same, with the rules and variants that decide, platform by platform."""
    lines = []
    for one in data["classes"]:
        stack = " over a dual-stack socket" if one["socket"].endswith("6") else ""
        rows = [_row(platform, there) for platform, there in one["on"].items()]
        lines += [f"### {one['socket'][:3].upper()}{stack}, {one['sets']}", ""]
        lines += [*_table([["platform", "libraries", *HEADS.values(), "decided by"], *rows]), ""]
    return lines


def _row(platform: str, there: Data) -> list[str]:
    words = [there[question]["outcome"] if there[question] else "-" for question in ASKED]
    reasons = [because for question in ASKED if there[question] for because in there[question]["because"]]
    cited = dict.fromkeys(f"{one['id']} ({one['basis']}: {one['source']})" for one in reasons)
    return [platform, str(len(there["libraries"])), *words, "; ".join(cited)]


def _entry(one: Data) -> list[str]:
    source = one["source"]
    name = f"[{one['edition']}]({source['link']})"
    lines = [f"- **{one['name']}** (`{one['id']}`): `{one['call']}`. {name}, {source['at']}."]
    notes = [one["note"], *dict.fromkeys(there["sets"]["note"] for there in one["on"].values())]
    notes += [f"Can be asked for: {', '.join(one['opt_in'])}."] if one["opt_in"] else []
    notes += [f"Not checked: {one['why_not']}"] if one["why_not"] else []
    return lines + [f"  {' '.join(filter(None, notes))}"] * any(notes)


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    written = [f"| {' | '.join(word.replace('|', chr(92) + '|') for word in row)} |" for row in rows]
    return [written[0], "|" + "---|" * len(rows[0]), *written[1:]]
