"""Which of the holders of a port refuse a bind, by the platform's model, and by what the kernel answered when it was tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod

from fixtures.language.words import UNKNOWN
from fixtures.machine.holding import Holder
from fixtures.machine.holding.attempt import Attempt
from fixtures.specification.clauses import Reason
from reports.why.world import Newcomer, Outcome, Supposed, World, overlapping, supposed

YES, PERHAPS, NO = "yes", "perhaps", "no"
#: So many combinations of options that cannot be read are weighed against what was tried. With more each holder is judged alone.
_MOST = 64

Case = tuple[Supposed, ...]


@dataclass(frozen=True)
class Tried:
    """A bind that was tried on the kernel, and its answer. ``listened``: the listen was tried, too."""

    newcomer: Newcomer
    attempt: Attempt
    listened: bool = True

    def agrees(self, outcome: Outcome) -> bool:
        """Whether the model's outcome is this one. One that the model does not know agrees with all."""
        if outcome.answer == UNKNOWN.name:
            return True
        if self.attempt.granted:
            return outcome.granted or (not self.listened and outcome.call == "listen")
        return not outcome.granted and outcome.call == self.attempt.call


@dataclass
class Charge:
    """Whether a holder refuses the bind, by which call and clause, and the options with which it would, where they are not read."""

    holder: Holder
    refuses: str
    call: str = ""
    because: Reason | None = None
    with_options: list[Mapping[str, int]] = field(default_factory=list)


@dataclass
class Findings:
    """The charges, the cases that agree with all that was tried, and whether there is one."""

    charges: list[Charge]
    cases: list[Case]
    agrees: bool = True

    @property
    def accused(self) -> list[Holder]:
        """Those that refuse, or may."""
        return [one.holder for one in self.charges if one.refuses != NO]


def accuse(world: World, holders: Sequence[Holder], newcomer: Newcomer, tried: Sequence[Tried]) -> Findings:
    """Charge those without whom the bind would be granted, and each of whom would refuse it alone among the others."""
    cases, agrees = _cases(world, holders, newcomer, tried)
    mine = next((one.attempt for one in tried if one.newcomer == newcomer), None)
    if (mine and mine.granted) or not world.outcome([], newcomer).granted:
        return Findings([Charge(one, NO) for one in holders], cases, agrees)
    charges = [_charge(world, holder, {case[at] for case in cases}, newcomer) for at, holder in enumerate(holders)]
    _acquit(world, charges, cases, newcomer)
    if mine and [one.refuses for one in charges if one.refuses != NO] == [PERHAPS]:
        _only_one(charges)
    return Findings(charges, cases, agrees)


def _cases(world: World, holders: Sequence[Holder], newcomer: Newcomer, tried: Sequence[Tried]) -> tuple[list[Case], bool]:
    """The sets of options that the holders may have, as far as the kernel's answers do not rule them out."""
    model = world.platform.model
    assert model
    near = overlapping(holders, newcomer)
    choices = [supposed(one, model) if one in near else supposed(one, model)[:1] for one in holders]
    if prod(map(len, choices)) > _MOST:
        widest = max(map(len, choices))
        return [tuple(several[number % len(several)] for several in choices) for number in range(widest)], True
    every = list(product(*choices))
    kept = [case for case in every if all(_agrees(world, case, one) for one in tried)]
    return kept or every, bool(kept)


def _agrees(world: World, case: Case, tried: Tried) -> bool:
    return any(tried.agrees(outcome) for outcome in world.outcomes(case, tried.newcomer))


def _charge(world: World, holder: Holder, possible: set[Supposed], newcomer: Newcomer) -> Charge:
    alone = {one: world.outcome([one], newcomer) for one in sorted(possible, key=lambda one: one.options)}
    refusing = {one: outcome for one, outcome in alone.items() if not outcome.granted and outcome.answer != UNKNOWN.name}
    if not refusing:
        return Charge(holder, PERHAPS if any(not outcome.granted for outcome in alone.values()) else NO)
    first = next(iter(refusing.values()))
    told: list[Mapping[str, int]] = [dict(one.options) for one in refusing] if holder.options is None else []
    return Charge(holder, YES if len(refusing) == len(alone) else PERHAPS, first.call, first.because, told)


def _acquit(world: World, charges: list[Charge], cases: Sequence[Case], newcomer: Newcomer) -> None:
    """Take the charge from those with whom the bind would be granted once the other accused are gone: somebody before them lets it in."""
    while True:
        accused = [at for at, one in enumerate(charges) if one.refuses != NO]
        innocent = [at for at in accused if all(_granted_with(world, case, at, accused, newcomer) for case in cases)]
        if not innocent:
            return
        charges[innocent[0]].refuses = NO


def _granted_with(world: World, case: Case, kept: int, accused: Sequence[int], newcomer: Newcomer) -> bool:
    return world.outcome([one for at, one in enumerate(case) if at == kept or at not in accused], newcomer).granted


def _only_one(charges: list[Charge]) -> None:
    """The bind was refused, and nobody else can have done it."""
    for one in charges:
        if one.refuses == PERHAPS:
            one.refuses = YES
