"""What decides the answers of a platform: every clause that its modules define, and every one that an experiment meets.

``python -m tests.clauses PLATFORM...`` says how many answered cells name a place that was read, what is only predicted, which clauses
decide nothing, and which decide a call that they do not declare. ``--sample SEED`` draws ten cells of each platform instead, for a reader
who checks them against the cited places.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache

from fixtures import models
from fixtures.language.kinds import KINDS
from fixtures.language.words import UNKNOWN
from fixtures.models import MODELS, Platform
from fixtures.record.verdicts import Observation
from fixtures.specification.clauses import Clause, Dispute, Gap, Own, Reason
from reports.catalogue import all_rows, find
from reports.cells import cells, columns, names_a_place
from tests.helpers.predicted import predicted
from tests.settings import settings_of

USERS = (0, 1000)


@cache
def defined(name: str) -> dict[str, Own]:
    """The clauses, disputes and gaps that a platform's modules and its table define, by id."""
    return {one.id: one for one in models.defined() if one.id.startswith(f"{name}/")}


@cache
def met(name: str, *, whole: bool = True) -> dict[tuple[str, str], Reason]:
    """What decides an answer of some experiment, in some release, configuration and world, by id and call.

    If not ``whole``, only of root on the newest release as it is configured when it is fresh.
    """
    found: dict[tuple[str, str], Reason] = {}
    for world in _everywhere(name) if whole else (world for worlds in predicted(name).values() for world in worlds):
        for call, answer in world.trace:
            if answer.because and call.verb != "run":
                found.setdefault((answer.because.id, verb_of(call.verb, answer.name)), answer.because)
    return found


def _everywhere(name: str) -> Iterator[Observation]:
    model = MODELS[name]
    for version in dict.fromkeys([*model.releases, ""]):
        # What a system's own defaults change is the same in each release.
        for settings in model.configurations if version else settings_of(model):
            for uid in USERS:
                for row in all_rows():
                    yield from Platform(name, version).predict(row.script, uid, settings)


def verb_of(verb: str, answer: str) -> str:
    """The call as a clause declares it; empty after an answer that nobody knows, for then any call says so."""
    return "" if answer == UNKNOWN.name else "socket" if verb in KINDS else verb


def places(reason: Reason) -> list[str]:
    """The locators of a reason."""
    return [side.source.locator for side in reason.sides] if isinstance(reason, Dispute) else [reason.source.locator]


def main(arguments: list[str]) -> None:
    """Print what is left to do, or a sample."""
    parser = argparse.ArgumentParser(description="What decides the answers of each platform.")
    parser.add_argument("platforms", nargs="*", default=[name for name in MODELS if name != "stevens"])
    parser.add_argument("--sample", metavar="SEED", help="draw ten answered cells of each platform")
    args = parser.parse_args(arguments)
    for name in args.platforms:
        if args.sample is None:
            survey(name)
        else:
            print("\n".join(sample(name, args.sample)))


def sample(name: str, seed: str) -> list[str]:
    """Ten answered cells of a platform, each with its script, the clause that decided and the place."""
    answered = [(identifier, across[name]) for identifier, across in cells(columns([name])).items() if across[name].answers]
    lines = [f"# {name}"]
    for identifier, cell in random.Random(f"{seed} {name}").sample(answered, 10):
        assert cell.because
        script = Platform(name).predict(find(identifier).script)[0].lines
        lines += [f"\n## {identifier}", *(f"    {line}" for line in script), f"{cell.because.id} ({cell.basis}): {cell.because.statement}"]
        lines.append(f"[{cell.because.source}]")
    return lines


def survey(name: str) -> None:
    """Print what is left to do."""
    answered = [across[name] for across in cells(columns([name])).values() if across[name].answers]
    unread = Counter(cell.because for cell in answered if cell.because and not names_a_place(cell))
    read = len(answered) - unread.total()
    print(f"{name}: {len(answered)} answered cells, {read} name a place that was read ({read / len(answered):.1%})")
    for because, count in unread.most_common():
        print(f"  {count:>5} {because.id} ({because.basis}): {because.statement[:90]} [{because.source.locator[:50]}]")
    print("  decides nothing:", ", ".join(sorted(defined(name).keys() - {identifier for identifier, _ in met(name)})) or "-")
    wrong = [f"{identifier} ({verb})" for (identifier, verb), reason in met(name).items() if undeclared(reason, verb)]
    print("  call not declared:", ", ".join(sorted(wrong)) or "-")
    predicted = sorted({reason.id for reason in met(name).values() if isinstance(reason, Clause) and reason.basis == "predicted"})
    print(f"  predicted, anywhere in a trace: {len(predicted)}: {', '.join(predicted)}")


def undeclared(reason: Reason, verb: str) -> bool:
    """Whether a clause decides a call that it does not declare."""
    return isinstance(reason, Own) and not isinstance(reason, Gap) and bool(verb) and verb not in reason.calls


if __name__ == "__main__":
    main(sys.argv[1:])
