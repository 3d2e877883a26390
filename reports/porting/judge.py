"""What comes of a trial on a platform, and the verdict on two platforms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fixtures.models import Platform
from fixtures.specification.clauses import Dispute, Reason
from reports.porting.rehearsal import NO_OPTION_TRIED
from reports.porting.trials import MANY_RANKS, NEVER, REFUSED, SHARED, Trial
from reports.porting.words import BREAKS, DISPUTED, RISK, SAME, UNDETERMINED, UNKNOWN


@dataclass(frozen=True)
class Refusal:
    """A refused call: its line in the script, its verb, the errno, and the system's own name for that.

    ``member`` is the number of the recorded socket that makes it, and ``socket`` names that where
    there are several.
    """

    member: int
    line: str
    call: str
    errno: str
    native: str
    socket: str = ""

    def __str__(self) -> str:
        return f"{self.call}{f' of {self.socket}' if self.socket else ''}: {self.native}"


@dataclass(frozen=True)
class Outcome:
    """What comes of a trial in one world. If nobody knows, it has no rank, and ``why`` says what is not known."""

    rank: int | None
    refusal: Refusal | None = None
    receives: str = ""
    attempt: str = ""
    why: str = ""
    reasons: tuple[Reason, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Conclusion:
    """What comes of a trial on one platform, in all worlds, with the reasons and how they are known."""

    trial: Trial
    platform: Platform
    outcomes: tuple[Outcome, ...]
    #: The names of the sockets in question.
    mine: frozenset[str]
    trace: tuple[str, ...]
    reasons: tuple[Reason, ...]
    #: Options of the recording that the platform does not have.
    lacks: tuple[str, ...] = ()

    @property
    def ranks(self) -> set[int | None]:
        """How much is given, in every world."""
        return {outcome.rank for outcome in self.outcomes}

    @property
    def words(self) -> str:
        """The outcome in words. There are several if it is not settled."""
        ranks = [rank for rank in self.ranks if rank is not None and rank > REFUSED]
        words = dict(self.trial.words)
        if len(ranks) > 1 and MANY_RANKS in words:
            words |= dict.fromkeys(ranks, words[MANY_RANKS])
        refused = [one for one in self.outcomes if one.refusal]
        granted = [_said(one, words) for one in self.outcomes if not one.refusal]
        return " or ".join(dict.fromkeys([*_refused(refused, words), *granted]))


def _refused(refused: Sequence[Outcome], words: Mapping[int, str]) -> Iterator[str]:
    """What is refused, in words: once for each that is refused, with every errno."""
    for rank in dict.fromkeys(one.rank for one in refused):
        errnos = dict.fromkeys(_errno(one) for one in refused if one.rank == rank)
        yield f"{words[rank or 0]} ({', or '.join(errnos)})"


def _errno(outcome: Outcome) -> str:
    tried = outcome.attempt and outcome.attempt != NO_OPTION_TRIED
    return f"{outcome.refusal}{f' if it sets {outcome.attempt}' if tried else ''}"


def _said(outcome: Outcome, words: Mapping[int, str]) -> str:
    if outcome.rank is None:
        return f"unknown: {outcome.why}" if outcome.why else "unknown"
    said = words[outcome.rank]
    if outcome.why:
        return f"{said}: {outcome.why}"
    return _with_attempt(said, outcome) if outcome.rank > REFUSED else said


def _with_attempt(said: str, outcome: Outcome) -> str:
    return f"{said}, if it sets {outcome.attempt}" if outcome.attempt else said


def verdict(source: Conclusion, target: Conclusion) -> str:
    """The verdict on moving from one platform to the other, for the owner of the server."""
    if None in source.ranks | target.ranks:
        return UNKNOWN
    if source.platform == target.platform:
        return SAME
    ways = {_compared(source.trial, one, two) for one in source.ranks for two in target.ranks if one is not None and two is not None}
    if len(ways) == 1:
        return ways.pop()
    reasons = (reason for side in (source, target) for one in side.outcomes for reason in one.reasons)
    return DISPUTED if any(isinstance(reason, Dispute) for reason in reasons) else UNDETERMINED


def _compared(trial: Trial, source: int, target: int) -> str:
    if source == target:
        return SAME
    if target == NEVER:
        return BREAKS  # a server that does not start is no better off because nobody takes its port
    if source == NEVER and target == REFUSED:
        return SAME if trial.more == RISK else BREAKS
    if target > source:
        return trial.more
    return BREAKS if trial.shared_on_purpose and source == SHARED else trial.less


def changes(source: Conclusion, target: Conclusion) -> list[str]:
    """What else differs: the call that is refused, its errno, who receives, options that are absent."""
    absent = [name for name in target.lacks if name not in source.lacks] if source.trial.id == "start" else []
    said = [f"{name} is absent there" for name in absent]
    before, after = _refusals(source), _refusals(target)
    if before and after and before.keys() != after.keys():
        said.append(f"refused at {_listed(after)}, not at {_listed(before)}")
    elif after and not before:
        said.append(f"refused at {_listed(after)}")
    elif before and not after and target.ranks != {None}:
        said.append(f"no longer refused at {_listed(before)}")
    took, takes = _receivers(source), _receivers(target)
    if took and takes and took != takes and source.ranks == target.ranks:
        said.append(f"received by {takes}, not by {took}")
    return said


def _refusals(found: Conclusion) -> dict[tuple[str, str], Refusal]:
    """The refusals by call and errno. A system's own name for an errno makes no difference."""
    return {(one.refusal.call, one.refusal.errno): one.refusal for one in found.outcomes if one.refusal}


def _listed(refusals: Mapping[tuple[str, str], Refusal]) -> str:
    return " or ".join(str(refusals[key]) for key in sorted(refusals))


def _receivers(found: Conclusion) -> str:
    """Who receives, in words. There are several if it is not settled."""
    names = {name for one in found.outcomes for name in one.receives.split()}
    return " or ".join(sorted({_RECEIVERS.get(name) or ("the newcomer" if name in found.mine else "the first") for name in names}))


_RECEIVERS = {"none": "nobody", "both": "both", "each": "each"}
