"""What to write instead: `advice.json`, beside this module. Advice that changes options is played, and offered only if it helps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from fixtures.language.words import Address, Option
from fixtures.specification.sources import Citation, bibliography
from reports.porting.at_path import UnixShape
from reports.porting.judge import Conclusion, verdict
from reports.porting.player import Player
from reports.porting.server_scenes import Edit
from reports.porting.shape import Shape
from reports.porting.trials import TRIALS
from reports.porting.words import OPEN, SAME

#: What no advice may cost.
START = "start"
FILE = Path(__file__).with_name("advice.json")


@dataclass(frozen=True)
class Advice:
    """A sentence for a porter: where it fits, what it changes, and what says so."""

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
    protocol: str = ""
    group: bool = False
    #: Of each of these, alternatives with ``|`` between them, a server on AF_UNIX has one.
    traits: list[str] = field(default_factory=list)
    edit: Edit | None = None

    @property
    def citations(self) -> list[Citation]:
        """Where it is said.

        Raises KeyError for a source that the bibliography does not have.
        """
        return [bibliography()[one["source"]].at(one["at"]) for one in self.sources]

    def fits(self, shape: Shape, platform: str, situation: str, word: str) -> bool:
        """Whether it fits this server in this situation."""
        set_to = {str(call.args[0]): call.args[1] for call in shape.settings}
        return (
            (not self.to or platform in self.to)
            and shape.protocol.startswith(self.protocol)
            and (not self.group or any(Address(host).is_multicast for host in shape.hosts))
            and situation in self.situations
            and word in self.verdicts
            and all(_has_one(shape, alternatives.split("|")) for alternatives in self.traits)
            and all(set_to.get(option) for option in self.has)
            and all(set_to.get(option) == 0 for option in self.has_cleared)
            and not any(option in set_to for option in self.lacks)
        )


def _has_one(shape: Shape, traits: Sequence[str]) -> bool:
    return isinstance(shape, UnixShape) and not set(traits).isdisjoint(shape.traits)


@dataclass(frozen=True)
class Cost:
    """A situation that was the same, and is not once the advice is followed: its verdict and its outcome then."""

    situation: str
    name: str
    verdict: str
    outcome: str


@dataclass(frozen=True)
class Offer:
    """Advice that fits, and what the target's model then answers. ``mends``: other situations that become the same."""

    advice: Advice
    played: Conclusion | None = None
    costs: tuple[Cost, ...] = ()
    mends: tuple[str, ...] = ()


@cache
def load() -> tuple[Advice, ...]:
    """Every piece of advice, in the order of the file."""
    return tuple(_read(entry) for entry in json.loads(FILE.read_text(encoding="utf-8"))["advice"])


def _read(entry: dict[str, object]) -> Advice:
    without, with_ = entry.pop("without", None), entry.pop("with", None)
    edit = None
    if isinstance(without, list) and isinstance(with_, dict):
        edit = Edit(tuple(without), tuple(Option(name, value) for name, value in with_.items()))
    return Advice(**entry, edit=edit)  # type: ignore[arg-type]


def offers(player: Player, shape: Shape, source: Conclusion, target: Conclusion) -> list[Offer]:
    """The advice that fits.

    Advice that changes options is offered only if the target then answers as the source does, and the server starts.
    """
    word = verdict(source, target)
    found = []
    for advice in load():
        if not advice.fits(shape, target.platform.name, source.trial.id, word):
            continue
        if advice.edit is None:
            found.append(Offer(advice))
            continue
        played = player.play(source.trial, shape, target.platform, advice.edit)
        if verdict(source, played) != SAME:
            continue
        costs, mends = _elsewhere(player, shape, source, target, advice.edit)
        if not any(cost.situation == START for cost in costs):
            found.append(Offer(advice, played, costs, mends))
    return found


def _elsewhere(
    player: Player, shape: Shape, source: Conclusion, target: Conclusion, edit: Edit
) -> tuple[tuple[Cost, ...], tuple[str, ...]]:
    """What the change does in the other situations: those that it spoils, and those that it mends."""
    costs, mends = [], []
    for trial in TRIALS:
        if trial is source.trial or not trial.applies(shape):
            continue
        before = player.play(trial, shape, source.platform)
        as_it_is = verdict(before, player.play(trial, shape, target.platform))
        changed = player.play(trial, shape, target.platform, edit)
        becomes = verdict(before, changed)
        if as_it_is == SAME and becomes != SAME:
            costs.append(Cost(trial.id, trial.name, becomes, changed.words))
        elif as_it_is not in (SAME, *OPEN) and becomes == SAME:
            mends.append(trial.id)
    return tuple(costs), tuple(mends)
