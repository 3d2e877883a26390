"""``add RUN``: check a contributed run, show what it changes in the matrix, and add it with ``--write``.

Exit status 0; 1 if it has a surprise or a stale variant; 2 for usage or a file that is not a whole run.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fixtures.models import Platform
from fixtures.record.runfile import Record, Run, read_run, write_run
from fixtures.record.verdicts import Observation
from reports import cells as matrix_cells
from reports.catalogue import Row, all_rows, need_checkout
from reports.cells import Cell, cells
from reports.inputs import BadInput
from reports.recorded import counted, file_name, judged_again, platform_of, suite_of, title


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("run", type=Path, metavar="RUN", help="a file written by --record or by probe.py, packed or not")
    parser.add_argument("--write", action="store_true", help="add it to reports/runs/ (default: only show)")
    parser.add_argument("--runs", type=Path, metavar="FOLDER", help="the folder of the runs (default: reports/runs)")


def run(args: argparse.Namespace) -> int:
    """Check it, show it, write it.

    Raises RunError or BadInput for a run that cannot be added.
    """
    if args.write and not args.runs:
        need_checkout("add --write")
    folder: Path = args.runs or matrix_cells.RUNS
    found = read_run(args.run)
    suite = suite_of(args.run, found)
    if found.header["stack"] != "kernel":
        raise BadInput(
            f"{args.run}: line 1: recorded on {found.header['stack']}, which observes nothing; record it on a kernel that is itself"
        )
    traces = judged_again(args.run, found)
    print(f"{title(found)}, suite {suite}: {counted(traces)}")
    if strange := len(found.traces) - len(traces):
        print(f"{strange} experiments that this suite does not have are left out")
    failing = [record for record in traces if record["verdict"] in ("surprise", "stale")]
    print("\n".join(line for record in failing for line in _failure(record)), end="\n" if failing else "")
    print("\n".join(_changes(found, traces, folder)))
    print(_kept(found, traces, folder, write=args.write))
    return 1 if failing else 0


def _failure(record: Record) -> list[str]:
    return [f"{record['verdict']}: {record['id']}: {record['why']}", *(f"    {line}" for line in record["trace"])]


def _changes(found: Run, traces: Sequence[Record], folder: Path) -> list[str]:
    """What this run changes in the matrix."""
    here = platform_of(found)
    if not here.model:
        return [f"{found.header['platform']} has no model, and no column in the matrix: the run is kept, and nothing is judged"]
    column, known = _column(here), _Known()
    rows = _concerned(found, folder)
    before = _cells(column, rows, folder, known)
    with tempfile.TemporaryDirectory() as name:
        beside = Path(name)
        for path in folder.glob("*.jsonl*"):
            shutil.copy(path, beside)
        _write(beside / file_name(found), found, traces)
        after = _cells(column, rows, beside, known)
    changed = [(name, before[name], after[name]) for name in before if _says(before[name]) != _says(after[name])]
    now = sum(one.basis == found.basis for one in after.values()) - sum(one.basis == found.basis for one in before.values())
    lines = [f"column {column} of the matrix: {now:+d} cells {found.basis}, {len(changed)} that say something else"]
    return lines + [f"  {name}: {_word(old)} -> {_word(new)}" for name, old, new in changed]


def _concerned(found: Run, folder: Path) -> list[Row]:
    """The experiments of this run, and of the one that it replaces: no other cell can change."""
    replaced = folder / file_name(found)
    traces = [*found.traces, *(read_run(replaced).traces if replaced.exists() else ())]
    names = {record["id"] for record in traces}
    return [row for row in all_rows() if row.experiment.id in names]


def _column(here: Platform) -> Platform:
    """The column that a run belongs to: that of the newest release if it can, else its own."""
    newest = Platform(here.name)
    return newest if matrix_cells.same_release(newest, here.version) else here


class _Known(dict[str, list[Observation]]):
    """What the model says of each experiment, asked once: no run changes that."""

    def predict(self, platform: Platform, row: Row) -> list[Observation]:
        """What it says of one of them."""
        if row.experiment.id not in self:
            self[row.experiment.id] = platform.predict(row.script)
        return self[row.experiment.id]


def _cells(column: Platform, rows: Sequence[Row], folder: Path, known: _Known) -> dict[str, Cell]:
    return {name: across[str(column)] for name, across in cells([column], rows, folder, known.predict).items()}


def _says(cell: Cell) -> tuple[object, ...]:
    return cell.outcome, cell.answers, cell.surprise


def _word(cell: Cell) -> str:
    return f"{cell.answer or cell.outcome}{' (surprise)' if cell.surprise else ''}"


def _kept(found: Run, traces: Sequence[Record], folder: Path, *, write: bool) -> str:
    kept = folder / file_name(found)
    does = "replaces the run of this name" if kept.exists() else "is new"
    if not write:
        return f"{kept.name} {does}; --write adds it"
    folder.mkdir(exist_ok=True)
    _write(kept, found, traces)
    return f"{kept.name} {does}: added; now run: python -m addrinuse render"


def _write(path: Path, found: Run, traces: Sequence[Record]) -> None:
    write_run(path, {word: value for word, value in found.header.items() if word != "format"}, list(traces))
