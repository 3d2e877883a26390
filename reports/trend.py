"""``trend PLATFORM``: how the answers of one platform changed across the versions of the recorded runs.

Exit status 0 if nothing changed, 1 if something did, 2 for usage.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fixtures.models import Platform
from fixtures.record.runfile import Record
from fixtures.record.screens import number
from fixtures.specification.versions import VersionError, order
from reports import cells
from reports.compare import shown
from reports.inputs import BadInput
from reports.recorded import UNFINISHED, same_trace


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("platform", metavar="PLATFORM", help="the name of a platform that has recorded runs")
    parser.add_argument("--runs", type=Path, metavar="FOLDER", help="the folder of the runs (default: reports/runs)")


def run(args: argparse.Namespace) -> int:
    """Print what changed from each version to the next.

    Raises BadInput for a platform without runs.
    """
    versions = _versions(args.platform, args.runs or cells.RUNS)
    print(f"{args.platform}: {len(versions)} versions recorded: {', '.join(versions)}")
    known: dict[str, tuple[str, Record]] = {}
    total = 0
    for version, records in versions.items():
        changed = [(name, *known[name]) for name, record in records.items() if name in known and not same_trace(known[name][1], record)]
        by_step: dict[str, list[tuple[Record, Record]]] = {}
        for name, since, old in changed:
            by_step.setdefault(since, []).append((old, records[name]))
        for since, pairs in by_step.items():
            print(f"\n{since} -> {version}: {number(len(pairs), 'experiment')} answered differently")
            print("\n".join(shown(pairs, (since, version))))
        total += len(changed)
        known |= {name: (version, record) for name, record in records.items()}
    return 1 if total else 0


def _versions(name: str, folder: Path) -> dict[str, dict[str, Record]]:
    """What each version answered to the experiments that ran to their end there, oldest version first."""
    runs = cells.recorded_runs(folder)
    mine = [run for run in runs if run.name == name]
    if not mine:
        there = ", ".join(sorted({run.name for run in runs})) or "none"
        raise BadInput(f"{name}: no recorded run of this platform in {folder.name}/; there are runs of: {there}")
    found: dict[str, dict[str, Record]] = {}
    for run in sorted(mine, key=lambda one: _order(name, one.version)):
        answered = {record["id"]: record for record in run.traces if record["verdict"] not in UNFINISHED}
        version = f"{run.version} (its stack)" if run.userland else run.version
        found[version] = answered | found.get(version, {})
    return found


def _order(name: str, version: str) -> tuple[tuple[int, ...], str]:
    model = Platform(name).model
    try:
        return order(version, model.eras if model else (), model.aliases if model else None), version
    except VersionError:
        return (), version
