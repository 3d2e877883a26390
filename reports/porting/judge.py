"""Playing a server's situations on the models of two platforms, and comparing what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fixtures.language.notation import NotationError
from fixtures.language.stack import Broken, Inconclusive, Untestable
from fixtures.language.words import OK, UNKNOWN, Answer
from fixtures.models import Platform
from fixtures.models.situations import NO_OPTION
from fixtures.specification.clauses import Reason
from fixtures.specification.rules import Rule
from fixtures.specification.worlds import TooManyWorlds, every_world
from reports.porting.groups import Shape
from reports.porting.situations import ALL, AS_RECORDED, GRANTED, NEVER, REFUSED, SHARED, Edit, Script, Situation
from reports.scripts import play

#: Calls that meet no other socket.
ALONE = frozenset({"socket", "setsockopt", "getsockopt", "dup", "inherit", "close"})
#: Why an attempt cannot even be made.
LACKS_OPTION = "the platform lacks an option"
SAME, STRICTER, LOOSER, OPEN = "same", "stricter", "looser", "unknown"
#: Each verdict in one sentence; every report prints them.
VERDICTS = {
    SAME: "Both platforms refuse it, or both grant it and the same side receives; what else changes is said.",
    STRICTER: "The target refuses, or gives less of what arrives to, the one that is asked about.",
    LOOSER: "The target admits, or gives more of what arrives to, the one that is asked about.",
    OPEN: "Nobody knows what one of the platforms answers, or sources dispute it and the verdict depends on it.",
}
#: Of many verdicts the one that a table shows first.
WORST = (LOOSER, STRICTER, OPEN, SAME)


@dataclass(frozen=True)
class Refusal:
    """A call that is refused: its line in the script, the verb, the errno, and what the system calls that."""

    line: str
    verb: str
    errno: str
    native: str

    def __str__(self) -> str:
        return f"{self.verb}: {self.native}"


@dataclass(frozen=True)
class Outcome:
    """What comes of a situation in one world; without a rank nobody knows."""

    rank: int | None
    refusal: Refusal | None = None
    receives: str = ""
    attempt: str = ""
    why: str = ""
    reasons: tuple[Reason, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Found:
    """What comes of a situation on one platform, in all worlds, with the reasons and how they are known."""

    situation: Situation
    platform: Platform
    outcomes: tuple[Outcome, ...]
    script: Script
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
        """The outcome in words; several where it is not settled."""
        return " or ".join(dict.fromkeys(self._said(outcome) for outcome in self.outcomes))

    def _said(self, outcome: Outcome) -> str:
        if outcome.rank is None:
            return f"unknown: {outcome.why}" if outcome.why else "unknown"
        said = self.situation.words[outcome.rank]
        if outcome.refusal:
            return f"{said} ({outcome.refusal})"
        return f"{said}, with {outcome.attempt}" if outcome.attempt and outcome.rank > REFUSED else said


class Bench:
    """Plays situations on platforms, each once."""

    def __init__(self, uid: int, settings: Mapping[str, str]) -> None:
        self.uid, self.settings = uid, settings
        self._known: dict[tuple[str, Shape, Edit, str], Found] = {}

    def play(self, situation: Situation, shape: Shape, platform: Platform, edit: Edit = AS_RECORDED) -> Found:
        """What comes of a situation."""
        key = (situation.id, shape, edit, str(platform))
        if key not in self._known:
            self._known[key] = self._play(situation, shape, platform, edit)
        return self._known[key]

    def _play(self, situation: Situation, shape: Shape, platform: Platform, edit: Edit) -> Found:
        scripts = situation.write(shape, edit)
        played = [self._worlds(script, platform) for script in scripts]
        chosen, outcomes = _telling(scripts, [outcomes for outcomes, _ in played])
        trace, lacks = played[scripts.index(chosen)][1]
        if not shape.options_known:
            outcomes = [Outcome(None, why="its options were set before the log begins")]
        reasons = dict.fromkeys(reason for outcome in outcomes for reason in outcome.reasons)
        return Found(situation, platform, tuple(dict.fromkeys(outcomes)), chosen, trace, _telling_reasons(reasons), lacks)

    def _worlds(self, script: Script, platform: Platform) -> tuple[list[Outcome], tuple[tuple[str, ...], tuple[str, ...]]]:
        nothing: tuple[tuple[str, ...], tuple[str, ...]] = (tuple(script.lines), ())
        try:
            worlds = every_world(lambda choices: play(platform.make(self.uid, self.settings, choices), script.steps))
        except (Untestable, Inconclusive, Broken, TooManyWorlds, NotationError) as error:
            return [Outcome(None, why=str(error))], nothing
        outcomes = [_outcome(script, answers, platform) for answers in worlds]
        return outcomes, (_trace(script, worlds), _lacking(script, worlds[0]))


def _telling(scripts: Sequence[Script], played: Sequence[list[Outcome]]) -> tuple[Script, list[Outcome]]:
    """Of several attempts the best one for who makes them; what nobody knows could be better than what fails."""
    tried = [(script, found) for script, found in zip(scripts, played, strict=True) if not _is_unavailable(found)]
    if len(tried) <= 1:
        return tried[0] if tried else (scripts[0], list(played[0]))

    def least(found: list[Outcome]) -> int:
        return min(NEVER if one.rank is None else one.rank for one in found)

    script, best = max(tried, key=lambda pair: least(pair[1]))
    if least(best) < ALL and (open_ := [pair for pair in tried if _could_be_more(pair[1], least(best))]):
        return open_[0][0], [*best, *open_[0][1]] if best is not open_[0][1] else best
    return script, best


def _could_be_more(found: list[Outcome], than: int) -> bool:
    return any(one.rank is None or one.rank > than for one in found)


def _is_unavailable(found: list[Outcome]) -> bool:
    return bool(found) and all(one.rank is None and one.why == LACKS_OPTION for one in found)


def _outcome(script: Script, answers: Sequence[Answer], platform: Platform) -> Outcome:
    """What one world comes to."""
    for at in script.given:
        if answers[at] == UNKNOWN:
            return Outcome(None, why=_why(answers[at]), reasons=_because(answers[at]))
        if answers[at] != OK:
            return _not_staged(script, at, answers[at], platform) if at in script.staged else _never(script, at, answers[at], platform)
    deciding = [answers[at] for at in (*script.asked, *script.receives)]
    for at in script.asked:
        if answers[at] == UNKNOWN:
            return Outcome(None, why=_why(answers[at]), reasons=_because(answers[at]))
        if answers[at] != OK:
            return Outcome(REFUSED, _refusal(script, at, answers[at], platform), attempt=script.attempt, reasons=_because(answers[at]))
    if unsure := next((answers[at] for at in script.receives if answers[at] == UNKNOWN), None):
        return Outcome(None, why=_why(unsure), reasons=_because(unsure))
    received = [answers[at].name for at in script.receives]
    rank = max((_share(name, script.mine) for name in received), default=GRANTED)
    return Outcome(rank, None, " ".join(received), script.attempt, reasons=tuple(r for answer in deciding for r in _because(answer)))


def _never(script: Script, at: int, answer: Answer, platform: Platform) -> Outcome:
    return Outcome(NEVER, _refusal(script, at, answer, platform), reasons=_because(answer))


def _not_staged(script: Script, at: int, answer: Answer, platform: Platform) -> Outcome:
    if platform.model and answer.because is platform.model.edges.because(NO_OPTION):
        return Outcome(None, why=LACKS_OPTION)
    return Outcome(None, why=f"{script.lines[at]} = {answer}, so the situation does not arise in the model", reasons=_because(answer))


def _share(name: str, mine: set[str]) -> int:
    """How much of what arrives the sockets asked about get."""
    if name in ("both", "each") or ("+" in name and not mine.isdisjoint(name.split("+"))):
        return SHARED
    return ALL if name in mine else GRANTED


def _refusal(script: Script, at: int, answer: Answer, platform: Platform) -> Refusal:
    line = script.lines[at]
    verb = script.steps[at].call.verb
    windows = platform.name == "windows" and answer.name.startswith("E")
    return Refusal(line, verb, answer.name, answer.native or (f"WSA{answer.name}" if windows else answer.name))


def _why(answer: Answer) -> str:
    return answer.because.statement if answer.because else "nobody knows"


def _because(answer: Answer) -> tuple[Reason, ...]:
    return (answer.because,) if answer.because else ()


def _telling_reasons(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Without those of calls that meet no other socket, unless there are no others."""
    every = tuple(reasons)
    telling = (reason for reason in every if isinstance(reason, Rule) or not ALONE.issuperset(reason.calls))
    return tuple(telling) or every


def _trace(script: Script, worlds: Sequence[Sequence[Answer]]) -> tuple[str, ...]:
    lines = []
    for at, line in enumerate(script.lines):
        names = dict.fromkeys(world[at].name for world in worlds)
        said = UNKNOWN.name if UNKNOWN.name in names else "|".join(sorted(names, key=lambda name: (name != OK.name, name)))
        lines.append(f"{line} = {said}")
    return tuple(lines)


def _lacking(script: Script, answers: Sequence[Answer]) -> tuple[str, ...]:
    absent = [str(step.call.args[0]) for step, answer in zip(script.steps, answers, strict=True) if _is_absent(step.call.verb, answer)]
    return tuple(dict.fromkeys(absent))


def _is_absent(verb: str, answer: Answer) -> bool:
    return verb == "setsockopt" and answer.name == "ENOPROTOOPT"


def verdict(source: Found, target: Found) -> str:
    """The verdict on the way from one platform to the other."""
    if None in source.ranks | target.ranks:
        return OPEN
    if source.platform == target.platform:
        return SAME
    ways = {_compared(one, two) for one in source.ranks for two in target.ranks if one is not None and two is not None}
    return ways.pop() if len(ways) == 1 else OPEN


def _compared(source: int, target: int) -> str:
    return SAME if source == target else STRICTER if target < source else LOOSER


def changes(source: Found, target: Found) -> list[str]:
    """What else differs: the call that is refused, its errno, who receives, options that are absent."""
    absent = [name for name in target.lacks if name not in source.lacks] if source.situation.id == "start" else []
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


def _refusals(found: Found) -> dict[tuple[str, str], Refusal]:
    """The refusals by call and errno; that a system has a name of its own for an errno changes nothing."""
    return {(one.refusal.verb, one.refusal.errno): one.refusal for one in found.outcomes if one.refusal}


def _listed(refusals: Mapping[tuple[str, str], Refusal]) -> str:
    return " or ".join(str(refusals[key]) for key in sorted(refusals))


def _receivers(found: Found) -> str:
    """Who receives, in words; several where it is not settled."""
    names = {name for one in found.outcomes for name in one.receives.split()}
    return " or ".join(sorted({_RECEIVERS.get(name) or ("the newcomer" if name in found.script.mine else "the first") for name in names}))


_RECEIVERS = {"none": "nobody", "both": "both", "each": "each"}
