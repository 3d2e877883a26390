"""``diff A B``: what changes from one platform to another, grouped by cause."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from fixtures.language.stack import Trace, format_trace
from fixtures.models import Platform
from fixtures.record.verdicts import Observation
from fixtures.specification.clauses import is_variant
from reports.catalogue import Row
from reports.cells import UNKNOWN, UNTESTABLE, Cell, cells, platform_named, statement
from reports.matrix import rows_of


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("a", metavar="A", help="a platform: NAME or NAME@VERSION")
    parser.add_argument("b", metavar="B", help="another")
    parser.add_argument("--chapter", metavar="C", help="only this chapter (default: all)")
    parser.add_argument("--ids", action="store_true", help="list the id of every experiment, not only the shortest")


@dataclass(frozen=True)
class Change:
    """An experiment that ends differently on the two platforms."""

    row: Row
    before: Cell
    after: Cell
    trace: Trace

    @property
    def cause(self) -> str:
        """What makes the difference: the variant of B, else that of A, or that one of the two gives no answer."""
        for side, cell in (("B", self.after), ("A", self.before)):
            if cell.outcome == UNTESTABLE:
                return f"untestable on {side}: {cell.why}"
            if cell.outcome == UNKNOWN:
                return f"unknown on {side}: {cell.why}"
        for cell in (self.after, self.before):
            if is_variant(cell.because):
                return f"{statement(cell.because)}\n    [{cell.basis}: {cell.source}]"
        assert self.after.because
        return statement(self.after.because)


def run(args: argparse.Namespace) -> int:
    """Print what changes. Returns 1 if something does."""
    before, after = platform_named(args.a), platform_named(args.b)
    changes = changes_between(before, after, rows_of(args.chapter))
    print(f"{before} -> {after}: {_counted(changes, len(rows_of(args.chapter)))}")
    for cause, group in grouped(changes).items():
        print(f"\n{len(group)} x {cause}")
        shortest = min(group, key=lambda change: (len(change.trace), change.row.experiment.id))
        print("\n".join(f"    {line}" for line in _shown(shortest, before, after)))
        if args.ids:
            print("\n".join(f"      {change.row.experiment.id}" for change in group))
    return 1 if changes else 0


def _counted(changes: Sequence[Change], of: int) -> str:
    """How many end differently, and in how many more only one of the two gives an answer."""
    one_sided = sum(bool({UNTESTABLE, UNKNOWN} & {change.before.outcome, change.after.outcome}) for change in changes)
    lacks = f"; to {one_sided} more only one of the two gives an answer: it lacks an option, or nobody knows" if one_sided else ""
    return f"{len(changes) - one_sided} of {of} experiments end differently{lacks}"


def changes_between(before: Platform, after: Platform, rows: Sequence[Row]) -> list[Change]:
    """The experiments whose answers differ."""
    found = cells([before, after], rows)
    across = ((row, found[row.experiment.id][str(before)], found[row.experiment.id][str(after)]) for row in rows)
    return [Change(row, a, b, _played(row, after)) for row, a, b in across if (a.outcome, a.answers) != (b.outcome, b.answers)]


def grouped(changes: Sequence[Change]) -> dict[str, list[Change]]:
    """The changes by their cause, the most frequent first."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.cause, []).append(change)
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def _played(row: Row, on: Platform) -> Trace:
    worlds: list[Observation] = on.predict(row.script)
    return worlds[0].trace


def _shown(change: Change, before: Platform, after: Platform) -> list[str]:
    about = change.row.experiment
    lines = [about.id, about.question, *(f"  {line}" for line in format_trace(change.trace))]
    words = [(platform, cell.answer or cell.outcome) for platform, cell in ((before, change.before), (after, change.after))]
    return [*lines, *(f"{name}: {word}" for name, word in words)]
