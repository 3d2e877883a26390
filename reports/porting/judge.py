"""What comes of a trial on a platform, and the verdict on two platforms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fixtures.models import Platform
from fixtures.specification.clauses import Reason
from reports.porting.trials import REFUSED, UNDETERMINED, Trial

SAME, STRICTER, LOOSER, OPEN = "same", "stricter", "looser", "unknown"
#: Each verdict in one sentence. Every report prints them. The sockets in question are ``Conclusion.mine``.
PORTING_VERDICTS = {
    SAME: "Both platforms refuse it, or the sockets in question get as much on both: nothing, a share, or everything.",
    STRICTER: "The target refuses it, or gives the sockets in question less.",
    LOOSER: "The target allows it, or gives the sockets in question more.",
    OPEN: "Nobody knows what one of the platforms answers, or it may answer in several ways and the verdict depends on which.",
}
#: What a star beside ``same`` means (see `changes`).
SAME_BUT = "The same, except for the call that refuses, its errno, an option that is missing, or who gets the rest."
#: The first of these is the overall verdict.
WORST = (LOOSER, STRICTER, OPEN, SAME)


@dataclass(frozen=True)
class Refusal:
    """A refused call: its line in the script, its verb, the errno, and the system's own name for that."""

    line: str
    call: str
    errno: str
    native: str

    def __str__(self) -> str:
        return f"{self.call}: {self.native}"


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
        granted = {rank for rank in self.ranks if rank is not None and rank > REFUSED}
        words = dict(self.trial.words)
        if len(granted) > 1 and UNDETERMINED in words:
            words |= dict.fromkeys(granted, words[UNDETERMINED])
        return " or ".join(dict.fromkeys(_said(outcome, words) for outcome in self.outcomes))


def _said(outcome: Outcome, words: Mapping[int, str]) -> str:
    if outcome.rank is None:
        return f"unknown: {outcome.why}" if outcome.why else "unknown"
    said = words[outcome.rank]
    if outcome.refusal:
        return f"{said} ({outcome.refusal})"
    return f"{said}, with {outcome.attempt}" if outcome.attempt and outcome.rank > REFUSED else said


def verdict(source: Conclusion, target: Conclusion) -> str:
    """The verdict on moving from one platform to the other."""
    if None in source.ranks | target.ranks:
        return OPEN
    if source.platform == target.platform:
        return SAME
    ways = {_compared(one, two) for one in source.ranks for two in target.ranks if one is not None and two is not None}
    return ways.pop() if len(ways) == 1 else OPEN


def _compared(source: int, target: int) -> str:
    return SAME if source == target else STRICTER if target < source else LOOSER


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
