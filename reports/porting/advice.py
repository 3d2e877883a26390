"""What to write instead: `advice.json`, beside this module. What changes options is played, and offered only if the model grants it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from fixtures.specification.sources import Citation, bibliography
from reports.porting.groups import Shape
from reports.porting.judge import OPEN, SAME, Bench, Found, verdict
from reports.porting.situations import SITUATIONS, Edit

FILE = Path(__file__).with_name("advice.json")


@dataclass(frozen=True)
class Advice:
    """A sentence for a porter: where it is for, what it changes, and what says so."""

    id: str
    to: list[str]
    situations: list[str]
    verdicts: list[str]
    say: str
    experiments: list[str]
    reasons: list[str]
    sources: list[dict[str, str]]
    has: list[str] = field(default_factory=list)
    has_cleared: list[str] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)
    edit: Edit | None = None

    @property
    def citations(self) -> list[Citation]:
        """Where it is said.

        Raises KeyError for a source that the bibliography does not have.
        """
        return [bibliography()[one["source"]].at(one["at"]) for one in self.sources]

    def fits(self, shape: Shape, platform: str, situation: str, word: str) -> bool:
        """Whether it is for this server in this situation."""
        set_to = {str(move.args[0]): move.args[1] for move in shape.moves if move.verb == "setsockopt"}
        return (
            (not self.to or platform in self.to)
            and situation in self.situations
            and word in self.verdicts
            and all(set_to.get(option) for option in self.has)
            and all(set_to.get(option) == 0 for option in self.has_cleared)
            and not any(option in set_to for option in self.lacks)
        )


@dataclass(frozen=True)
class Offer:
    """Advice that fits, with what the model says to it; ``costs``: situations that were the same and then are not."""

    advice: Advice
    played: Found | None = None
    costs: tuple[tuple[str, str, str], ...] = ()
    mends: tuple[str, ...] = ()


@cache
def load() -> tuple[Advice, ...]:
    """Every piece of advice, in the order of the file."""
    return tuple(_read(entry) for entry in json.loads(FILE.read_text(encoding="utf-8"))["advice"])


def _read(entry: dict[str, object]) -> Advice:
    without, with_ = entry.pop("without", None), entry.pop("with", None)
    edit = None
    if isinstance(without, list) and isinstance(with_, dict):
        edit = Edit(tuple(without), tuple(with_.items()))
    return Advice(**entry, edit=edit)  # type: ignore[arg-type]


def offers(bench: Bench, shape: Shape, source: Found, target: Found) -> list[Offer]:
    """What fits; a change of options only where it makes the target answer as the source does."""
    word = verdict(source, target)
    found = []
    for advice in load():
        if not advice.fits(shape, target.platform.name, source.situation.id, word):
            continue
        if advice.edit is None:
            found.append(Offer(advice))
            continue
        played = bench.play(source.situation, shape, target.platform, advice.edit)
        if verdict(source, played) == SAME:
            found.append(Offer(advice, played, *_elsewhere(bench, shape, source, target, advice.edit)))
    return found


def _elsewhere(
    bench: Bench, shape: Shape, source: Found, target: Found, edit: Edit
) -> tuple[tuple[tuple[str, str, str], ...], tuple[str, ...]]:
    """What the change does in the other situations: those it spoils, and those it mends."""
    costs, mends = [], []
    for situation in SITUATIONS:
        if situation is source.situation or not situation.applies(shape):
            continue
        before = bench.play(situation, shape, source.platform)
        as_it_is = verdict(before, bench.play(situation, shape, target.platform))
        changed = bench.play(situation, shape, target.platform, edit)
        becomes = verdict(before, changed)
        if as_it_is == SAME and becomes != SAME:
            costs.append((situation.id, becomes, changed.words))
        elif as_it_is not in (SAME, OPEN) and becomes == SAME:
            mends.append(situation.id)
    return tuple(costs), tuple(mends)


def experiments(offered: Sequence[Offer]) -> list[str]:
    """The experiments behind some advice."""
    return list(dict.fromkeys(identifier for offer in offered for identifier in offer.advice.experiments))
