"""Playing trials on the models of platforms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fixtures.language.kinds import UNIX_KINDS
from fixtures.language.notation import Call
from fixtures.language.stack import Broken, Inconclusive, Untestable
from fixtures.language.words import ECONNREFUSED, OK, UNKNOWN, Answer
from fixtures.models import Platform
from fixtures.models.situations import NO_OPTION
from fixtures.models.state import ADDRESSES
from fixtures.specification.clauses import Reason
from fixtures.specification.rules import Rule
from fixtures.specification.worlds import TooManyWorlds
from reports.porting.judge import Conclusion, Outcome, Refusal
from reports.porting.rehearsal import Attempt, Part, Rehearsal, Role
from reports.porting.server_scenes import AS_RECORDED, Edit
from reports.porting.shape import Shape
from reports.porting.trials import ALL, GRANTED, NEVER, REFUSED, SHARED, Trial
from reports.scripts import names_of, play

#: Calls whose answer does not depend on other sockets.
ALONE = frozenset({"socket", "setsockopt", "getsockopt", "dup", "inherit", "close"})
#: The platforms where no process is forked: Windows programs ask for a copy of a socket (WSADuplicateSocket).
WITHOUT_FORK = frozenset({"windows", "wine"})
#: Why an attempt cannot be made.
LACKS_OPTION = "the platform lacks an option"


@dataclass(frozen=True)
class _Performance:
    """A rehearsed scene on one platform: what comes of it in each world, and the trace."""

    rehearsal: Rehearsal
    outcomes: list[Outcome]
    trace: tuple[str, ...]
    lacks: tuple[str, ...] = ()


class Player:
    """Plays trials on platforms, each once."""

    def __init__(self, uid: int, settings: Mapping[str, str]) -> None:
        self.uid, self.settings = uid, settings
        self._rehearsed: dict[tuple[str, Shape, Edit], list[Rehearsal]] = {}
        self._known: dict[tuple[str, Shape, Edit, Platform], Conclusion] = {}

    def play(self, trial: Trial, shape: Shape, platform: Platform, edit: Edit = AS_RECORDED) -> Conclusion:
        """What comes of a trial."""
        key = (trial.id, shape, edit, platform)
        if key not in self._known:
            self._known[key] = self._play(trial, shape, platform, edit)
        return self._known[key]

    def _play(self, trial: Trial, shape: Shape, platform: Platform, edit: Edit) -> Conclusion:
        if trial.forks and platform.name in WITHOUT_FORK:
            return Conclusion(trial, platform, (Outcome(REFUSED, why="there is no fork"),), frozenset(), (), ())
        key = (trial.id, shape, edit)
        if key not in self._rehearsed:
            self._rehearsed[key] = trial.rehearse(shape, edit)
        chosen, outcomes = _telling([self._worlds(rehearsal, shape, platform) for rehearsal in self._rehearsed[key]])
        if not shape.options_known:
            outcomes = [Outcome(None, why="its options were set before the log begins")]
        elif why := trial.unknown(shape):
            outcomes = [Outcome(None, why=why)]
        reasons = _telling_reasons(dict.fromkeys(reason for outcome in outcomes for reason in outcome.reasons))
        mine = frozenset(chosen.rehearsal.mine)
        return Conclusion(trial, platform, tuple(dict.fromkeys(outcomes)), mine, chosen.trace, reasons, chosen.lacks)

    def _worlds(self, rehearsal: Rehearsal, shape: Shape, platform: Platform) -> _Performance:
        own = ",".join(filter(None, [self.settings.get(ADDRESSES, ""), *shape.own]))
        try:
            worlds = platform.worlds(lambda model: play(model, rehearsal.steps), self.uid, {**self.settings, ADDRESSES: own})
        except (Untestable, Inconclusive, Broken, TooManyWorlds) as error:
            return _Performance(rehearsal, [Outcome(None, why=str(error))], tuple(str(part.call) for part in rehearsal.parts))
        outcomes = [_outcome(rehearsal, answers, platform) for answers in worlds]
        return _Performance(rehearsal, outcomes, _trace(rehearsal, worlds), _lacking(rehearsal, worlds[0]))


def _telling(played: Sequence[_Performance]) -> tuple[_Performance, list[Outcome]]:
    """The best outcome of several attempts.

    If nobody knows what another attempt gives, it may be better, so it counts too.
    """
    tried = [one for one in played if not _is_unavailable(one.outcomes)]
    if len(tried) <= 1:
        only = tried[0] if tried else played[0]
        return only, only.outcomes

    if all(one.rank == REFUSED for found in tried for one in found.outcomes):
        return tried[0], _each_errno([one for found in tried for one in found.outcomes])

    def least(one: _Performance) -> int:
        return min(NEVER if outcome.rank is None else outcome.rank for outcome in one.outcomes)

    best = max(tried, key=least)
    if least(best) < ALL and (more := next((one for one in tried if _could_be_more(one.outcomes, least(best))), None)):
        return more, best.outcomes if more is best else [*best.outcomes, *more.outcomes]
    return best, best.outcomes


def _each_errno(refused: Sequence[Outcome]) -> list[Outcome]:
    """The first refusal with each errno. Which attempt it was is told only if another one is refused otherwise."""
    first = {(one.refusal.call, one.refusal.errno): one for one in reversed(refused) if one.refusal}
    kept = [one for one in refused if one in first.values()]
    return kept if len(first) > 1 else [replace(one, attempt="") for one in kept[:1]]


def _could_be_more(found: list[Outcome], than: int) -> bool:
    return any(one.rank is None or one.rank > than for one in found)


def _is_unavailable(found: list[Outcome]) -> bool:
    return bool(found) and all(one.rank is None and one.why == LACKS_OPTION for one in found)


def _outcome(rehearsal: Rehearsal, answers: Sequence[Answer], platform: Platform) -> Outcome:
    """What comes of a scene in one world: the first call with a role that is refused or unknown, or else who receives."""
    deciding: list[Reason] = []
    received = []
    for part, answer in zip(rehearsal.parts, answers, strict=True):
        if part.role is Role.PASSING:
            continue
        if answer == UNKNOWN:
            return Outcome(None, why=_why(answer), reasons=_because(answer))
        if part.role is Role.RECEIVES:
            received.append(answer.name)
        elif part.role is Role.TESTS:
            if answer != ECONNREFUSED:
                return Outcome(REFUSED, why=f"it finds that a server is there ({part.call} = {answer})", reasons=_because(answer))
        elif answer != OK:
            return _refused(part, answer, platform, rehearsal)
        if part.role in (Role.ASKED, Role.RECEIVES):
            deciding += _because(answer)
    rank = max((_share(name, rehearsal.mine) for name in received), default=GRANTED)
    return Outcome(rank, None, " ".join(received), _words(rehearsal.attempt), reasons=tuple(deciding))


def _refused(part: Part, answer: Answer, platform: Platform, rehearsal: Rehearsal) -> Outcome:
    if part.call.verb in UNIX_KINDS:
        return Outcome(NEVER if part.role is Role.SERVES else REFUSED, why=f"there are no sockets of the type {part.call.verb}")
    refusal = _refusal(part.call, answer, platform, rehearsal)
    if part.role is Role.ASKED:
        return Outcome(REFUSED, refusal, attempt=_words(rehearsal.attempt), reasons=_because(answer))
    if part.role is Role.SERVES:
        return Outcome(NEVER, refusal, reasons=_because(answer))
    if platform.model and answer.because is platform.model.edges.because(NO_OPTION):
        return Outcome(None, why=LACKS_OPTION)
    return Outcome(None, why=f"{part.call} = {answer}, so the situation does not arise in the model", reasons=_because(answer))


def _words(attempt: Attempt | None) -> str:
    return str(attempt) if attempt else ""


def _share(name: str, mine: set[str]) -> int:
    """How much of what arrives goes to the sockets in question."""
    if name in ("both", "each") or ("+" in name and not mine.isdisjoint(name.split("+"))):
        return SHARED
    return ALL if name in mine else GRANTED


def _refusal(call: Call, answer: Answer, platform: Platform, rehearsal: Rehearsal) -> Refusal:
    windows = platform.name == "windows" and answer.name.startswith("E")
    member = rehearsal.stands_for.get(call.on or "", 0)
    return Refusal(member, str(call), call.verb, answer.name, answer.native or (f"WSA{answer.name}" if windows else answer.name))


def _why(answer: Answer) -> str:
    return answer.because.statement if answer.because else "nobody knows"


def _because(answer: Answer) -> tuple[Reason, ...]:
    return (answer.because,) if answer.because else ()


def _telling_reasons(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The reasons that are about other sockets. If there are none, all reasons."""
    every = tuple(reasons)
    telling = (reason for reason in every if isinstance(reason, Rule) or not ALONE.issuperset(reason.calls))
    return tuple(telling) or every


def _trace(rehearsal: Rehearsal, worlds: Sequence[Sequence[Answer]]) -> tuple[str, ...]:
    said = (UNKNOWN.name if UNKNOWN in answers else "|".join(names_of(answers)) for answers in zip(*worlds, strict=True))
    return tuple(f"{part.call} = {names}" for part, names in zip(rehearsal.parts, said, strict=True))


def _lacking(rehearsal: Rehearsal, answers: Sequence[Answer]) -> tuple[str, ...]:
    told = zip(rehearsal.parts, answers, strict=True)
    return tuple(dict.fromkeys(str(part.call.args[0]) for part, answer in told if _is_absent(part.call.verb, answer)))


def _is_absent(verb: str, answer: Answer) -> bool:
    return verb == "setsockopt" and answer.name == "ENOPROTOOPT"
