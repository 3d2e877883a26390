"""``matrix``: experiments x platforms, each cell with its answer and how that is known."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fixtures import VERSION
from fixtures.models import Platform
from fixtures.specification.clauses import BASES, Clause, Reason, rule_of, sides_of
from fixtures.specification.rules import Rule
from reports.catalogue import ROOT, Row, all_rows, need_checkout
from reports.cells import (
    BASIS_LETTERS,
    DEPARTS,
    EITHER,
    HOLDS,
    OUTCOMES,
    UNKNOWN,
    UNTESTABLE,
    Cell,
    Cells,
    Predict,
    cells,
    columns,
    predicted,
    recorded_before,
)
from reports.inputs import BadInput

FORMAT = "addrinuse-matrix/2"
FOLDER = ROOT / "reports" / "matrix"


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("--chapter", metavar="C", help="only this chapter (default: all)")
    parser.add_argument("--platforms", metavar="A,B,C", help="only these, each NAME or NAME@VERSION (default: all, at their newest)")
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    parser.add_argument("--write", action="store_true", help="write the pages and the JSON file that the repository keeps; so does render")


def run(args: argparse.Namespace) -> int:
    """Print the matrix, or write it."""
    if args.write:
        need_checkout("matrix --write")
        _write()
        return 0
    platforms = columns(filter(None, (args.platforms or "").split(",")))
    rows = rows_of(args.chapter)
    found = cells(platforms, rows)
    if args.format == "json":
        sys.stdout.write(as_json(platforms, rows, found))
    else:
        form = as_markdown if args.format == "markdown" else as_text
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        parts = [platforms] if args.format == "markdown" else fitting(platforms, rows, found, width)
        print("\n\n".join(form(chapter, part, mine, found) for chapter, mine in by_chapter(rows).items() for part in parts))
    return 0


def fitting(platforms: Sequence[Platform], rows: Sequence[Row], found: Cells, width: int | None) -> list[list[Platform]]:
    """The platforms in groups, each of which fits a terminal of this width beside the ids; all in one where there is no terminal."""
    groups: list[list[Platform]] = [[]]
    left = room = (width or sys.maxsize) - max((len(row.experiment.id) for row in rows), default=0)
    for platform in platforms:
        needs = 2 + max(len(str(platform)), *(len(short(found[row.experiment.id][str(platform)])) for row in rows))
        if needs > left and groups[-1]:
            groups.append([])
            left = room
        groups[-1].append(platform)
        left -= needs
    return groups


def _write() -> None:
    platforms, rows = columns(), all_rows()
    FOLDER.mkdir(exist_ok=True)
    for path, text in pages(platforms, rows, cells(platforms, rows)).items():
        path.write_text(text, encoding="utf-8", newline="\n")


def rows_of(chapter: str | None) -> Sequence[Row]:
    """The experiments of a chapter, or all.

    Raises BadInput for a chapter that there is not.
    """
    chapters = by_chapter(all_rows())
    if chapter is None:
        return all_rows()
    name = chapter.replace("_", " ").replace("-", " ")
    if name not in chapters:
        raise BadInput(f"--chapter {chapter}: no such chapter; there are {', '.join(chapters)}")
    return chapters[name]


def by_chapter(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows under their chapters, in order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.chapter, []).append(row)
    return found


def pages(platforms: Sequence[Platform], rows: Sequence[Row], found: Cells, predict: Predict = predicted) -> dict[Path, str]:
    """What the repository keeps of the whole matrix: a page a chapter, their index, and the JSON file."""
    chapters = by_chapter(rows)
    files = {FOLDER / f"{_file(chapter)}.md": as_markdown(chapter, platforms, part, found) + "\n" for chapter, part in chapters.items()}
    return files | {
        FOLDER / "README.md": _index(platforms, chapters, found, predict),
        FOLDER / "matrix.json": as_json(platforms, rows, found),
    }


def as_text(chapter: str, platforms: Sequence[Platform], rows: Sequence[Row], found: Cells) -> str:
    """A table for the terminal."""
    lines = [[chapter, *map(str, platforms)]]
    lines += [[row.experiment.id, *(short(found[row.experiment.id][str(platform)]) for platform in platforms)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = ["  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([*table, "", *legend(found, rows)])


def as_markdown(chapter: str, platforms: Sequence[Platform], rows: Sequence[Row], found: Cells) -> str:
    """A page for readers of the repository."""
    head = [f"# {chapter[0].upper()}{chapter[1:]}", "", "Rendered from the models and the recorded runs; not to be edited.", ""]
    table = [_row("experiment", "question", *map(str, platforms)), _row(*["---"] * (len(platforms) + 2))]
    for row in rows:
        words = (short(found[row.experiment.id][str(platform)]) for platform in platforms)
        table.append(_row(f"`{row.experiment.id}`", row.experiment.question, *words))
    return "\n".join([*head, *(f"{line}  " for line in legend(found, rows)), "", *table])


def short(cell: Cell) -> str:
    """A cell at a glance: ``=`` where the rule holds, else the answer; and the letter of its basis."""
    if cell.outcome in (UNKNOWN, UNTESTABLE):
        return {UNKNOWN: "?", UNTESTABLE: "-"}[cell.outcome]
    mark = "!" if cell.surprise else ""
    return f"{'=' if cell.outcome == HOLDS else cell.answer} {BASIS_LETTERS[cell.basis]}{mark}"


def legend(found: Cells, rows: Iterable[Row]) -> list[str]:
    """What the marks mean, for those that occur."""
    there = [cell for row in rows for cell in found[row.experiment.id].values()]
    used = {cell.basis for cell in there}
    lines = ["`=` the rule holds; otherwise the answer to the question is shown."]
    lines += [f"`{letter}` {basis}: {BASES[basis]}" for basis, letter in BASIS_LETTERS.items() if basis in used]
    outcomes = {cell.outcome for cell in there}
    lines += [f"`{mark}` {word}: {OUTCOMES[word]}" for word, mark in ((UNKNOWN, "?"), (UNTESTABLE, "-")) if word in outcomes]
    if any(cell.surprise for cell in there):
        lines.append("`!` surprise: A recorded run contradicts the model.")
    return lines


def as_json(platforms: Sequence[Platform], rows: Sequence[Row], found: Cells) -> str:
    """Everything; an experiment names its cells by their place in a list of those that differ (schema: reports/matrix.schema.json)."""
    across = [found[row.experiment.id] for row in rows]
    different = {cell: number for number, cell in enumerate(dict.fromkeys(cell for cells in across for cell in cells.values()))}
    reasons = {cell.because.id: cell.because for cell in different if cell.because}
    head = {
        "format": FORMAT,
        "suite": VERSION,
        "bases": BASES,
        "outcomes": OUTCOMES,
        "platforms": [_platform(platform) for platform in platforms],
        "reasons": {name: _reason(because) for name, because in sorted(reasons.items())},
    }
    experiments = [_experiment(row) | {"cells": {p: different[cell] for p, cell in found[row.experiment.id].items()}} for row in rows]
    lists = (_one_a_line("cells", map(_cell, different)), _one_a_line("experiments", experiments))
    return json.dumps(head, indent=1)[:-2] + "".join(f",\n{text}" for text in lists) + "\n}\n"


def _one_a_line(name: str, things: Iterable[dict[str, Any]]) -> str:
    lines = ",\n".join(json.dumps(thing, separators=(",", ":")) for thing in things)
    return f' "{name}": [\n{lines}\n ]'


def _experiment(row: Row) -> dict[str, Any]:
    about = row.experiment
    return {"id": about.id, "chapter": row.chapter, "question": about.question, "rule": about.rule.id}


def _cell(cell: Cell) -> dict[str, Any]:
    found: dict[str, Any] = {"outcome": cell.outcome}
    if cell.answers:
        found["answers"] = list(cell.answers)
    if cell.basis:
        found["basis"] = cell.basis
    if cell.because:
        found["because"] = cell.because.id
    if cell.outcome == UNTESTABLE:
        found["why"] = cell.why
    if cell.surprise:
        found["surprise"] = True
    return found


def _platform(platform: Platform) -> dict[str, Any]:
    return {"name": str(platform), "releases": list(platform.make().releases)}


def _reason(because: Reason) -> dict[str, Any]:
    """What a reason says, and the rule that it breaks: null where it follows the rules.

    A dispute or a gap is about a rule.
    """
    found: dict[str, Any] = {
        "kind": type(because).__name__.lower(),
        "statement": because.statement,
        "basis": because.basis,
        "source": str(because.source),
    }
    if isinstance(because, Rule):
        return found
    rule = rule_of(because)
    found["departs_from" if isinstance(because, Clause) else "about"] = rule.id if rule else None
    found |= {"calls": list(because.calls), "since": because.since, "until": because.until, "note": because.note}
    sides = [{"claim": side.claim, "basis": side.basis, "source": str(side.source)} for side in sides_of(because)]
    return found | ({"sides": sides} if sides else {})


def _index(platforms: Sequence[Platform], chapters: dict[str, list[Row]], found: Cells, predict: Predict) -> str:
    lines = ["# The matrix", "", "Rendered by `addrinuse render`; the same as data: [matrix.json](matrix.json).", ""]
    lines += ["## Chapters", "", "How many experiments of each chapter depart from their rule, of those that the platform can run.", ""]
    lines += [_row("chapter", *map(str, platforms)), _row(*["---"] * (len(platforms) + 1))]
    for chapter, rows in chapters.items():
        across = [[found[row.experiment.id][str(platform)] for row in rows] for platform in platforms]
        lines.append(_row(f"[{chapter}]({_file(chapter)}.md)", *map(_departing, across)))
    lines += ["", "## How it is known", "", _row("platform", *BASES, UNTESTABLE), _row(*["---"] * (len(BASES) + 2))]
    older = recorded_before(platforms)
    for told, part in ((platforms, found), (older, cells(older, predict=predict))):
        lines += [_known(platform, part) for platform in told]
    lines += ["", *(f"* **{basis}**: {sentence}" for basis, sentence in BASES.items())]
    return "\n".join([*lines, f"* **{UNTESTABLE}**: {OUTCOMES[UNTESTABLE]}", ""])


def _known(platform: Platform, found: Cells) -> str:
    count = Counter(across[str(platform)].basis or UNTESTABLE for across in found.values())
    return _row(str(platform), *(str(count[word] or "") for word in (*BASES, UNTESTABLE)))


def _departing(part: Sequence[Cell]) -> str:
    run = [cell for cell in part if cell.outcome != UNTESTABLE]
    departing = sum(cell.outcome in (DEPARTS, EITHER) for cell in run)
    unknown = sum(cell.outcome == UNKNOWN for cell in run)
    return f"{departing}/{len(run)}{f' ?{unknown}' if unknown else ''}" if run else "-"


def _file(chapter: str) -> str:
    return chapter.replace(" ", "-")


def _row(*words: str) -> str:
    return f"| {' | '.join(words)} |"
