"""What other projects' own test suites expect of a platform, transcribed as data, and what our models answer.

A file of this folder is one suite: where it is, and groups. A group is a script (lines in the
notation) whose places in braces are filled from its ``rows`` (a word for each of ``columns``) and
its ``vary`` (every combination); a word that ``names`` knows stands for that. An expected answer is
a letter or a word; ``starts`` says of a socket whether its bind and its listen (UDP: its bind) both
succeed, where the suite does not tell them apart. ``held`` are expectations that a model does not
meet, each with a reason.

`addrinuse render` writes the table of docs/others.md.
"""

from __future__ import annotations

import fnmatch
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from fixtures.language.words import Answer
from fixtures.models import Platform
from reports.scripts import Step, play, read_script

FOLDER = Path(__file__).parent

#: What a letter stands for; ``refused`` is any error.
ANSWER_LETTERS = {".": "ok", "o": "ok", "x": "EADDRINUSE", "a": "EACCES", "v": "EINVAL", "n": "EADDRNOTAVAIL", "!": "refused"}


@dataclass(frozen=True)
class Case:
    """One script on one platform, with the answers that the suite expects."""

    suite: str
    function: str
    name: str
    platform: str
    script: str
    #: The expected answer of each line that has one, by its number.
    expected: dict[int, str]
    starts: dict[str, bool]
    uid: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    held: str = ""

    def __str__(self) -> str:
        return f"{self.suite}: {self.function} [{self.name}] {self.platform}"


@dataclass
class Judged:
    """What a model says to one expectation: ``agrees``, ``open`` (also another answer), ``unknown`` or ``contradicts``."""

    case: Case
    what: str
    word: str
    said: str


def suites() -> list[dict[str, Any]]:
    """The files, in the order of their names."""
    return [json.loads(path.read_text("utf-8")) | {"path": path.name} for path in sorted(FOLDER.glob("*.json"))]


def cases(suite: dict[str, Any]) -> Iterator[Case]:
    """Every script of a suite on every platform that it speaks of."""
    for group in suite["groups"]:
        names = suite.get("names", {}) | group.get("names", {})
        for label, values in _fillings(group, names):
            script, expected = _split(_filled(group["script"], values))
            starts = {socket: _filled([word], values) in ("yes", "ok") for socket, word in group.get("starts", {}).items()}
            for platform in _filled([group.get("platforms", suite.get("platforms", ""))], values).split():
                held = _held(group, label, platform)
                yield Case(
                    *(suite["suite"], group["function"], label, platform, script, expected, starts),
                    *(group.get("uid", 0), group.get("settings", {}), held),
                )


def _fillings(group: dict[str, Any], names: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    columns = group.get("columns", [])
    rows = [dict(zip(columns, row.split(), strict=True)) for row in group.get("rows", [])] or [{}]
    vary = group.get("vary", {})
    for row in rows:
        for combination in itertools.product(*vary.values()):
            words = row | dict(zip(vary, combination, strict=True))
            yield " ".join(words.values()), {key: names.get(word, word) for key, word in words.items()}


def _filled(lines: list[str], values: dict[str, Any]) -> str:
    """The lines, until nothing in braces is left in them."""
    text = "\n".join(lines)
    while "{" in text:
        text = text.format_map(values)
    return text


def _split(text: str) -> tuple[str, dict[int, str]]:
    """The script as it is played, and the answers that it expects."""
    lines, expected = [], {}
    for line in filter(None, map(str.strip, text.splitlines())):
        call, sign, answer = line.partition(") = ")
        lines.append(call + ")" if sign else line)
        if sign and answer != "?":
            expected[len(lines)] = ANSWER_LETTERS.get(answer, answer)
    return "\n".join(lines), expected


def _held(group: dict[str, Any], label: str, platform: str) -> str:
    for held in group.get("held", []):
        if any(fnmatch.fnmatch(platform, one) for one in held["platforms"].split()) and fnmatch.fnmatch(label, held.get("rows", "*")):
            return str(held["because"])
    return ""


@cache
def _platform(name: str) -> Platform:
    return Platform(*name.split("@"))


def judge(case: Case) -> list[Judged]:
    """Ask the model of the platform, in every world that it leaves open."""
    steps, system = read_script(case.script), _platform(case.platform)
    worlds = system.worlds(lambda model: play(model, steps), case.uid, case.settings)
    found = [
        _judged(case, str(step.call), {world[at].name for world in worlds}, case.expected[step.line])
        for at, step in enumerate(steps)
        if step.line in case.expected
    ]
    return found + [_start(case, socket, starts, steps, worlds) for socket, starts in case.starts.items()]


def _judged(case: Case, call: str, names: set[str], expected: str) -> Judged:
    right = [name != "unknown" and _is(name, expected) for name in names]
    what = "unknown" if "unknown" in names else "agrees" if all(right) else "open" if any(right) else "contradicts"
    return Judged(case, what, expected, f"{call} = {'|'.join(sorted(names))}, not {expected}")


def _is(name: str, expected: str) -> bool:
    return name != "ok" if expected == "refused" else name in expected.split("|")


def _start(case: Case, socket: str, starts: bool, steps: Sequence[Step], worlds: list[list[Answer]]) -> Judged:
    """Whether bind and listen are both granted."""
    calls = [at for at, step in enumerate(steps) if step.call.on == socket and step.call.verb in ("bind", "listen")]
    said = set()
    for world in worlds:
        names = {world[at].name for at in calls}
        said.add("unknown" if "unknown" in names else "ok" if names == {"ok"} else "refused")
    return _judged(case, f"{socket} starts", said, "ok" if starts else "refused")


def table() -> str:
    """The table of docs/others.md: outcomes of each suite and platform."""
    rows = ["| suite | platform | outcomes | agree | also another answer | unknown | held |", "|---|---|---|---|---|---|---|"]
    totals: Counter[str] = Counter()
    for suite in suites():
        counts: dict[str, Counter[str]] = {}
        for case in cases(suite):
            name = case.platform.partition("@")[0]
            for one in judge(case):
                counts.setdefault(name, Counter())["held" if one.what == "contradicts" else one.what] += 1
        for name, count in sorted(counts.items()):
            totals += count
            rows.append(_row(suite["suite"], name, count))
    return "\n".join([*rows, _row("all", "", totals), ""])


def _row(suite: str, platform: str, count: Counter[str]) -> str:
    numbers = [count.total(), *(count[word] for word in ("agrees", "open", "unknown", "held"))]
    return f"| {suite} | {platform} | {' | '.join(map(str, numbers))} |"
