"""Running the state machine in chunks, and telling what became of it."""

from __future__ import annotations

import random
import time
from collections import Counter

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from fixtures.language.notation import parse
from fixtures.machine.bench import Bench
from reports.progress import Progress
from tests.helpers.scripts import who_receives
from tests.search.machine import Search
from tests.search.sides import Disagreement, confirmed, disagreement, model_of, reduced

#: Examples for each seed: hypothesis remembers them all.
CHUNK = 200
CALLS = 50


def machine(bench: Bench) -> type[Search]:
    """The state machine for a bench, with counts of its own."""
    actors = (None, "other", "stranger") if bench.privileged else (None, "other")
    own = {"bench": bench, "make": staticmethod(model_of(bench)), "actors": actors, "counts": Counter(), "verbs": Counter(), "found": []}
    return type("Search", (Search,), own)


def one_chunk(kind: type[Search], seed: int, examples: int = CHUNK) -> Disagreement | None:
    """Run some examples from a seed; a disagreement comes back as its smallest script."""

    hypothesis.seed(seed)(kind)
    chosen = settings(
        max_examples=examples,
        stateful_step_count=CALLS,
        deadline=None,
        database=None,
        print_blob=False,
        # A script is reduced call by call, which is quicker than shrinking what it was made of.
        phases=(Phase.generate,),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )
    try:
        run_state_machine_as_test(kind, settings=chosen, _min_steps=CALLS // 2)
    except (Disagreement, Flaky):
        # Hypothesis calls flaky what it cannot repeat; what was confirmed counts all the same.
        if kind.found:
            return reduced(kind.bench, kind.make, kind.found.pop())
        raise
    return None


def search(bench: Bench, seconds: float, steps: int, seed: int) -> int:
    """Run chunks until time or steps are used up, or a disagreement is found, which is printed."""
    kind, begin = machine(bench), time.monotonic()
    at = seed
    found = None
    with Progress("search", lambda: f"{kind.counts['steps']} steps") as progress:
        while not found and time.monotonic() < begin + seconds and kind.counts["steps"] < steps:
            if found := one_chunk(kind, at):
                progress.print(f"seed {at}:\n{found}")
            else:
                at += 1
    spent = time.monotonic() - begin
    print(f"{summary(kind)}; seeds {seed} to {at}; {spent:.0f} s, {kind.counts['steps'] / spent:.0f} steps a second")
    return 1 if found else 0


def search_scripts(bench: Bench, count: int, seed: int) -> int:
    """Play scripts that ask who receives, all on one bench, until one is found that the two sides answer differently."""
    make, begin, chance = model_of(bench), time.monotonic(), random.Random(seed)
    number = 0
    with Progress("search", lambda: f"{number} of {count} scripts") as progress:
        for number in range(count):
            calls = [call for call, _ in parse(who_receives(chance))]
            found = disagreement(bench, make, calls) and confirmed(bench, make, calls)
            if found:
                progress.print(f"seed {seed}, script {number}:\n{reduced(bench, make, found)}")
                return 1
    print(f"{count} scripts that ask who receives, seed {seed}; {time.monotonic() - begin:.0f} s")
    return 0


def summary(kind: type[Search]) -> str:
    """What was done, in one line."""
    counts = kind.counts
    return (
        f"{counts['steps']} steps in {counts['examples']} sequences, {counts['undetermined']} ended where chance decides, "
        f"{counts['unrested']} where only a call made too early differed"
    )
