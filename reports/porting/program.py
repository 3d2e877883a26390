"""The program as a whole: it starts only if each of its servers does.

Sockets at different ports, or of different protocols, never meet. So nothing has to be played again:
the program is refused what any of its servers is refused, and the first refusal ends it, as it ends
most programs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from fixtures.models import Platform
from reports.porting.groups import Group
from reports.porting.judge import Conclusion, Outcome, Refusal, verdict
from reports.porting.player import Player
from reports.porting.trials import REFUSED, SHARED, TRIALS, Trial
from reports.porting.words import SAME, worst

#: What is asked of a whole program.
ASKED = tuple(trial for trial in TRIALS if trial.id in ("start", "restart-live", "restart-time-wait", "second-instance"))


@dataclass(frozen=True)
class Scattered:
    """What comes of a trial for each server that it applies to, and for the program.

    ``group`` is the server that decides, ``where`` names it if others meet something else.
    """

    parts: tuple[tuple[Group, Conclusion], ...]
    group: Group
    whole: Conclusion
    where: str = ""


def asked_of(groups: Sequence[Group]) -> Iterator[tuple[Trial, list[Group]]]:
    """The questions about the program, each with the servers that it concerns."""
    for trial in ASKED:
        concerned = [group for group in groups if trial.applies(group.shape)]
        if concerned:
            yield trial, concerned


def concluded(trial: Trial, groups: Sequence[Group], platform: Platform, player: Player) -> Scattered:
    """What comes of a trial for the program."""
    parts = tuple((group, player.play(trial, group.shape, platform)) for group in groups)
    refused = [part for part in parts if part[1].ranks and all(rank is not None and rank <= REFUSED for rank in part[1].ranks)]
    # Whatever the others do, one that is surely refused ends the program.
    (group, model), *_ = refused or [max(parts, key=lambda part: _matters(part[1]))]
    named = len(parts) > 1 or len(group.shape.distinct) > 1
    outcomes = [_placed(one, group, named=named) for one in model.outcomes] if refused else list(_met(parts, named=named))
    lacks = tuple(dict.fromkeys(option for _, found in parts for option in found.lacks))
    return Scattered(parts, group, replace(model, outcomes=tuple(dict.fromkeys(outcomes)), lacks=lacks))


def _matters(found: Conclusion) -> tuple[bool, bool, bool]:
    """Which server's reasons stand for the program: of one that may be refused, about which nobody knows, or that shares."""
    return REFUSED in found.ranks, None in found.ranks, SHARED in found.ranks


def _met(parts: Sequence[tuple[Group, Conclusion]], *, named: bool) -> Iterator[Outcome]:
    """The outcomes if no server is refused for sure: what may refuse or is unknown, and what a start gives."""
    granted: list[list[Outcome]] = []
    for group, found in parts:
        open_ = [one for one in found.outcomes if one.rank is None or one.rank <= REFUSED]
        yield from (_placed(one, group, named=named) for one in open_)
        granted.append([one for one in found.outcomes if one not in open_])
    yield from max(filter(None, granted), key=_telling, default=[])


def _telling(granted: Sequence[Outcome]) -> tuple[bool, bool, int]:
    """Which server tells what a program gets that starts: one where that is open, or that shares, which its owner may count on."""
    ranks = {one.rank or 0 for one in granted}
    return len(ranks) > 1, SHARED in ranks, max(ranks)


def _placed(one: Outcome, group: Group, *, named: bool) -> Outcome:
    """The outcome, with the socket that is refused as it was recorded, where that must be told."""
    return replace(one, refusal=placed(one.refusal, group)) if one.refusal and named else one


def placed(refusal: Refusal, group: Group) -> Refusal:
    """The refusal, with the recorded socket."""
    socket = group.members[refusal.member]
    return replace(refusal, socket=f"{socket.kind} {socket.place}")


def judged(here: Scattered, there: Scattered) -> tuple[str, Scattered]:
    """The verdict on the program, and what it meets there: what refuses it, or if it starts on both, what its worst server meets."""
    if any(rank is None or rank <= REFUSED for side in (here, there) for rank in side.whole.ranks):
        return SAME if here.whole.platform == there.whole.platform else verdict(here.whole, there.whole), there
    verdicts = [verdict(one, other) for (_, one), (_, other) in zip(here.parts, there.parts, strict=True)]
    found = worst(set(verdicts))
    if verdict(here.whole, there.whole) == found:
        return found, there
    group, whole = there.parts[verdicts.index(found)]
    return found, replace(there, group=group, whole=whole, where=group.title)
