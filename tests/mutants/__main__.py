"""`python -m tests.mutants [--every N] [PLATFORM...]`: the mutation score of each platform's model, and the mutants that nothing noticed.

``linux`` is the model of IP, ``linux/unix`` that of AF_UNIX.

``--every N`` tries every Nth mutant, and judges no entry.

Exit status 0; 1 when a mutant was not noticed and is not listed, or an entry of the list is stale (one that names other platforms, too,
is judged when all of them are run); 2 for a platform without a model.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from reports.progress import Progress
from tests.mutants.examiner import CLAUSE, FATES, NOTICED, REASON, SURVIVED, UNDECIDED, Examiner
from tests.mutants.families import NAMES
from tests.mutants.listed import EQUIVALENT, OPEN, Need, entry_of, load, needs, stale

SCREEN = 40


@dataclass(frozen=True)
class Score:
    """What became of a platform's mutants; ``open`` and ``unlisted`` say which were not noticed."""

    platform: str
    noticed: int
    clause: int
    undecided: int
    reason: int
    equivalent: int
    open: tuple[str, ...]
    unlisted: tuple[str, ...]
    needs: frozenset[Need]

    @property
    def unnoticed(self) -> int:
        """How many count against the suite."""
        return len(self.open) + len(self.unlisted)

    @property
    def percent(self) -> float:
        """The part of those that can be noticed that is."""
        noticed = self.noticed + self.clause
        return 100 * noticed / (noticed + self.unnoticed)


def score(platform: str, step: int = 1) -> Score:
    """Run every mutant of a platform, or every Nth."""
    examiner, entries = Examiner(platform), load()
    fates = list(examiner.fates(examiner.mutants[::step]))
    count = Counter(fate for _, fate in fates)
    survivors = [(mutant, entry_of(platform, mutant, entries)) for mutant, fate in fates if fate == SURVIVED]
    lines: dict[str, list[str]] = {EQUIVALENT: [], OPEN: [], "": []}
    for mutant, entry in survivors:
        lines[entry.kind if entry else ""].append(f"{mutant.where}:{mutant.line}: {mutant.change}")
    needed = frozenset(need for mutant, entry in survivors if entry for need in needs(entry, mutant))
    parts = (len(lines[EQUIVALENT]), tuple(lines[OPEN]), tuple(lines[""]), needed)
    return Score(platform, count[NOTICED], count[CLAUSE], count[UNDECIDED], count[REASON], *parts)


def main(arguments: list[str]) -> int:
    """Print the table and the survivors, and give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="The mutation score of each platform's model.")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try every Nth mutant, and judge no entry of the list")
    parser.add_argument(
        "platforms", nargs="*", metavar="PLATFORM", help="linux is the model of IP, linux/unix that of AF_UNIX (default: all)"
    )
    args = parser.parse_args(arguments)
    platforms = args.platforms or list(NAMES)
    if strange := [name for name in platforms if name not in NAMES]:
        print(f"python -m tests.mutants: {strange[0]}: no such platform; known are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    print(f"{'platform':<14}{'noticed':>9}{'clause':>8}{'unnoticed':>11}{'score':>9}{'undecided':>11}{'reason':>8}{'equivalent':>12}")
    scores: list[Score] = []
    with (
        ProcessPoolExecutor(os.cpu_count()) as pool,
        Progress("mutants", lambda: f"{len(scores)} of {len(platforms)} platforms") as progress,
    ):
        for found in pool.map(score, platforms, [args.every] * len(platforms)):
            counts = f"{found.undecided:>11}{found.reason:>8}{found.equivalent:>12}"
            progress.print(f"{found.platform:<14}{found.noticed:>9}{found.clause:>8}{found.unnoticed:>11}{found.percent:>8.1f}%{counts}")
            scores.append(found)
    print(
        "",
        *(f"{word}: {FATES[word]}" for word in (CLAUSE, UNDECIDED, REASON)),
        "equivalent: Listed in listed.json, with its reason.",
        sep="\n",
    )
    for found in scores:
        _print_survivors(found)
    old = [] if args.every > 1 else stale(load(), platforms, {need for found in scores for need in found.needs})
    for entry, change in old:
        print(f"stale: {entry.where}: {change}: no platform of {', '.join(entry.platforms)} has such a survivor any more")
    return 1 if old or any(found.unlisted for found in scores) else 0


def _print_survivors(found: Score) -> None:
    """At most one screen."""
    lines = [*found.unlisted, *(f"{line}  (listed as open)" for line in found.open)]
    if lines:
        print(f"\n{found.platform}: not noticed")
        print("\n".join(f"  {line[:150]}" for line in lines[:SCREEN]))
        if len(lines) > SCREEN:
            print(f"  and {len(lines) - SCREEN} more")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
