"""`python -m tests.mutants [PLATFORM...]`: the mutation score of each platform's model, and the mutants that nothing noticed.

Exit status 0; 1 when a mutant was not noticed and is not listed, or an entry of the list is stale; 2 for a platform without a model.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from fixtures.models import MODELS
from tests.mutants.bench import Bench
from tests.mutants.listed import Entry, entry_of, load

SCREEN = 40


@dataclass(frozen=True)
class Score:
    """What became of a platform's mutants; ``unlisted`` and ``open`` are the lines that say which were not noticed."""

    platform: str
    mutants: int
    equivalent: int
    open: tuple[str, ...]
    unlisted: tuple[str, ...]
    entries: frozenset[Entry]

    @property
    def percent(self) -> float:
        """The part of those that can be noticed that is."""
        counted = self.mutants - self.equivalent
        return 100 * (counted - len(self.open) - len(self.unlisted)) / counted


def score(platform: str) -> Score:
    """Run every mutant of a platform."""
    bench, entries = Bench(platform), load()
    survivors = [(mutant, entry_of(platform, mutant, entries)) for mutant in bench.survivors()]
    by_kind: dict[str, list[str]] = {"equivalent": [], "open": [], "": []}
    for mutant, entry in survivors:
        by_kind[entry.kind if entry else ""].append(f"{mutant.where}:{mutant.line}: {mutant.change}")
    used = frozenset(entry for _, entry in survivors if entry)
    return Score(platform, len(bench.mutants), len(by_kind["equivalent"]), tuple(by_kind["open"]), tuple(by_kind[""]), used)


def stale(entries: list[Entry], scores: list[Score]) -> list[Entry]:
    """The entries that none of these platforms needs, of those that speak of no other."""
    return [entry for entry in entries if not any(entry in score.entries for score in scores)]


def main(arguments: list[str]) -> int:
    """Print the table and the survivors, and give the exit status."""
    platforms = arguments or list(MODELS)
    if strange := [name for name in platforms if name not in MODELS]:
        print(f"python -m tests.mutants: {strange[0]}: no such platform; known are {', '.join(MODELS)}", file=sys.stderr)
        return 2
    print(f"{'platform':<12}{'mutants':>8}{'equivalent':>12}{'unnoticed':>11}{'score':>9}")
    scores = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(score, platforms):
            unnoticed = len(found.open) + len(found.unlisted)
            print(f"{found.platform:<12}{found.mutants:>8}{found.equivalent:>12}{unnoticed:>11}{found.percent:>8.1f}%", flush=True)
            scores.append(found)
    for found in scores:
        _print_survivors(found)
    old = [] if arguments else stale(load(), scores)
    for entry in old:
        print(f"stale: {entry.where}: {', '.join(entry.changes)}: no platform of {', '.join(entry.platforms)} has such a survivor any more")
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
