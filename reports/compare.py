"""``compare RUN RUN``: what changed between two recorded runs: two kernels, two dates, two machines.

Exit status 0 if nothing changed, 1 if something did, 2 for usage or a file that is not a whole run.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from fixtures.record.runfile import Record, Run
from reports.recorded import UNFINISHED, differing, one_suite, read_runs, same_trace, title


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("a", type=Path, metavar="A", help="a recorded run")
    parser.add_argument("b", type=Path, metavar="B", help="another")


def run(args: argparse.Namespace) -> int:
    """Print what changed.

    Raises RunError or BadInput for runs that cannot be compared.
    """
    a, b = read_runs([args.a, args.b])
    one_suite([args.a, args.b], [a, b])
    print(f"A: {title(a)}\nB: {title(b)}")
    print("\n".join(_machines(a, b)))
    before, after = ({record["id"]: record for record in one.traces} for one in (a, b))
    both = [(before[name], after[name]) for name in before if name in after]
    changed = [pair for pair in both if not same_trace(*pair)]
    alone = [(name, side) for side, mine, others in (("A", before, after), ("B", after, before)) for name in mine if name not in others]
    print(f"{len(changed)} of {len(both)} experiments ended differently")
    print("\n".join([*shown(changed, ("A", "B")), *(f"{name}: only in {side}" for name, side in alone)]))
    return 1 if changed or alone else 0


def shown(changed: Sequence[tuple[Record, Record]], names: tuple[str, str]) -> list[str]:
    """Each changed experiment with its question and the first calls that differ."""
    lines = []
    width = max(map(len, names))
    for pair in changed:
        lines += [pair[0]["id"], f"    {pair[0]['question']}"]
        lines += [f"    {name:<{width}}  {word}" for name, word in zip(names, _words(*pair), strict=True)]
    return lines


def _words(before: Record, after: Record) -> tuple[str, ...]:
    calls = differing(before["trace"], after["trace"])
    pair = zip((before, after), calls, strict=True)
    return tuple(f"{one['verdict']}: {one['why']}" if one["verdict"] in UNFINISHED else call for one, call in pair)


def _machines(a: Run, b: Run) -> list[str]:
    """The entries of the fingerprints that differ."""
    one, other = (_flat(run) for run in (a, b))
    return [f"  {word}: {one.get(word, '-')} -> {other.get(word, '-')}" for word in one | other if one.get(word) != other.get(word)]


def _flat(run: Run) -> dict[str, str]:
    machine: dict[str, str] = {name: value for name, value in run.header["fingerprint"].items() if name != "settings"}
    settings: dict[str, str] = run.header["fingerprint"].get("settings", {})
    return machine | settings
