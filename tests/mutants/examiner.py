"""Runs the named experiments against mutants, as if each were the kernel, until one notices."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from types import FrameType
from typing import Any

from fixtures.record.verdicts import FAILURES, Observation, judge, predict
from reports.catalogue import all_rows
from reports.cells import decisive
from tests.mutants.families import Family, Place, family
from tests.mutants.reached import PACKAGE
from tests.mutants.targets import Mutant
from tests.mutants.watched import Asked, Settings, World, watched

#: Seconds of processor time after which a mutant counts as hanging. A play takes milliseconds.
PATIENCE = 10
Seen = tuple[tuple[str, ...], bool, str]
#: A module and a line of it.
Line = tuple[str, int]
#: The lines of which nothing is known: a change that has none is tried on every experiment.
ANYWHERE = range(0)


#: What can become of a mutant, from the worst on.
NOTICED, CLAUSE, UNDECIDED, REASON, SURVIVED = "noticed", "clause", "undecided", "reason", "survived"
FATES = {
    NOTICED: "A named experiment gives another verdict than the true model can give.",
    CLAUSE: "No answer is another, but an answer of the committed matrix names another clause.",
    UNDECIDED: "Experiments see the change, but the sources dispute the answer, or nobody knows it, so that such a kernel is allowed.",
    REASON: "It alters only a reason that the matrix does not show, which no kernel tells and no test asserts.",
    SURVIVED: "No experiment sees anything of it.",
}


def _reasons(worlds: Sequence[Observation]) -> list[list[str]]:
    """Which reasons were given, by their ids: what was not read is made anew each time."""
    return [[answer.because.id if answer.because else "" for _, answer in world.trace] for world in worlds]


def _decided(worlds: Sequence[Observation]) -> str:
    """What the matrix would name; nothing where a mutant gives no reason."""
    given = all(answer.because for world in worlds for _, answer in world.trace)
    return decisive(worlds).id if given else ""


class Hangs(Exception):
    """A mutant that does not come to an end."""


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """Raise Hangs after a while, on systems that can."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise Hangs

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _seen(observation: Observation) -> Seen:
    return tuple(answer.name for _, answer in observation.trace), observation.held, observation.problem


class Context:
    """A model in one release and configuration, and for one user: what it allows for each experiment, and the lines that each runs.

    What an earlier context was asked with the same answers comes out as there, and is not played again. Of an experiment that comes out
    as in an earlier context, for the same reasons, only the lines of the platform's own modules count.
    """

    def __init__(self, of: Family, place: Place, earlier: Sequence[Context]) -> None:
        self.version, self.settings, self.uid = place
        self.world, self._watched = World(of.model, self.version, self.settings), watched(of.model)
        #: Whether the matrix shows this release and configuration.
        self.is_shown = not (self.version or self.settings or self.uid)
        self.predicted: dict[int, list[Observation]] = {}
        #: What the model asked of its release and settings, and the lines that it ran, by experiment.
        self.asked: dict[int, Asked] = {}
        self.lines: dict[int, frozenset[Line]] = {}
        self.runs: dict[Line, set[int]] = {}
        self.reasons: dict[int, tuple[list[Seen], list[list[str]]]] = {}
        self.same: set[int] = set()
        #: The last place that was asked for, and its experiments: the changes of a line come one after the other.
        self._touching: tuple[tuple[str, range] | None, list[int]] = (None, [])
        #: The first context in which an experiment gets these answers.
        self.first: dict[int, Context] = {}
        own = of.own_modules()
        with of.heard() as self.heard:
            for number in of.numbers:
                self._learn(number, earlier)
                if any(self.reasons[number] == context.reasons[number] for context in earlier):
                    self.same.add(number)
                for line in self.lines[number]:
                    if number not in self.same or line[0] in own:
                        self.runs.setdefault(line, set()).add(number)
        self.allowed = {number: {_seen(world) for world in worlds} for number, worlds in self.predicted.items()}
        self.words = {number: {judge(world, worlds).verdict for world in worlds} for number, worlds in self.predicted.items()}

    def _learn(self, number: int, earlier: Sequence[Context]) -> None:
        twin = next((context for context in earlier if context.uid == self.uid and self.world.answers_alike(context.asked[number])), None)
        self.first[number] = twin.first[number] if twin else self
        if twin:
            self.predicted[number], self.reasons[number] = twin.predicted[number], twin.reasons[number]
            self.asked[number], self.lines[number] = twin.asked[number], twin.lines[number]
        else:
            worlds, self.asked[number] = self.play(number)
            self.reasons[number] = ([_seen(world) for world in worlds], _reasons(worlds))
            self.predicted[number], self.lines[number] = self._recorded(number)

    def play(self, number: int) -> tuple[list[Observation], Asked]:
        """What the model does, and what it asked of its release and settings."""
        asked: Asked = {}
        settings = Settings(self.settings, asked)
        script = all_rows()[number].script
        return predict(script, lambda choices: self._watched(self.uid, settings, self.version, choices)), asked

    def _recorded(self, number: int) -> tuple[list[Observation], frozenset[Line]]:
        lines: set[Line] = set()

        def local(frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
            lines.add((frame.f_globals["__name__"], frame.f_lineno))
            return local

        def trace(frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
            return local if frame.f_globals.get("__name__", "").startswith(PACKAGE) else None

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            return self.play(number)[0], frozenset(lines)
        finally:
            sys.settrace(before)

    @cached_property
    def cost(self) -> dict[int, int]:
        """How long each experiment is."""
        return {number: sum(len(world.trace) for world in worlds) for number, worlds in self.predicted.items()}

    def touching(self, mutant: Mutant) -> list[int]:
        """The experiments that run a changed line, the cheap ones first."""
        place = (mutant.module, mutant.lines)
        if place != self._touching[0]:
            found = {number for line in mutant.lines for number in self.runs.get((mutant.module, line), ())}
            if mutant.lines == ANYWHERE:
                found = self.cost.keys() - self.same
            self._touching = (place, sorted(found, key=lambda number: (self.cost[number], number)))
        return self._touching[1]

    def _is_news(self, number: int, verdict: str) -> bool:
        """Whether the true model cannot give this verdict; another trace that fails is news, too."""
        return verdict in FAILURES or verdict not in self.words[number]

    def fate(self, number: int) -> tuple[str, Asked]:
        """What an experiment says when it is run on the mutant that the model is now, and what the mutant asked."""
        try:
            with _patience():
                worlds, asked = self.play(number)
            seen = [_seen(world) for world in worlds]
        except Exception:  # a kernel that crashes, hangs, or gives no answer, is noticed
            return NOTICED, {}
        if any(
            one not in self.allowed[number] and self._is_news(number, judge(world, self.predicted[number]).verdict)
            for one, world in zip(seen, worlds, strict=True)
        ):
            return NOTICED, asked
        if set(seen) != self.allowed[number]:
            return UNDECIDED, asked
        if (seen, _reasons(worlds)) == self.reasons[number]:
            return SURVIVED, asked
        return CLAUSE if self.is_shown and _decided(worlds) != _decided(self.predicted[number]) else REASON, asked


class Examiner:
    """Everything about one family of one platform (``linux``, ``linux/unix``): its contexts and its mutants."""

    def __init__(self, name: str) -> None:
        self._family = family(name)
        self._places = self._family.places
        self._made: list[Context] = []
        self._killers: dict[str, list[int]] = {}

    @property
    def contexts(self) -> Iterator[Context]:
        """Each made when it is needed first."""
        for number, place in enumerate(self._places):
            if number == len(self._made):
                self._made.append(Context(self._family, place, self._made))
            yield self._made[number]

    @cached_property
    def mutants(self) -> list[Mutant]:
        """All of them."""
        met = {name for context in self.contexts for _, worlds in context.reasons.values() for names in worlds for name in names}
        return list(self._family.mutants([context.heard for context in self.contexts], met))

    def fate(self, mutant: Mutant) -> str:
        """What becomes of a mutant: experiments are run until one notices it.

        What the matrix notices by its clause counts as noticed, so no older release is asked whether it answers otherwise.
        """
        fates = {SURVIVED}
        #: What the mutant asked in an experiment: where true model and mutant get the same answers, both do the same again.
        asked: dict[tuple[int, Context], list[Asked]] = {}
        for context in self.contexts:
            with mutant.applied():
                for number in self._order(context, mutant):
                    before = asked.setdefault((number, context.first[number]), [])
                    if any(map(context.world.answers_alike, before)):
                        continue
                    fate, was = context.fate(number)
                    before.append(was)
                    fates.add(fate)
                    if NOTICED in fates:
                        self._remember(mutant, number)
                        return NOTICED
            if CLAUSE in fates:
                return CLAUSE
        return next(fate for fate in FATES if fate in fates)

    def _order(self, context: Context, mutant: Mutant) -> Iterator[int]:
        """What noticed other mutants of the same function comes first."""
        touching, killers = context.touching(mutant), self._killers.get(mutant.where, [])
        known = set(killers).intersection(touching) if killers else set()
        yield from (number for number in killers if number in known)
        yield from (number for number in touching if number not in known)

    def _remember(self, mutant: Mutant, number: int) -> None:
        killers = self._killers.setdefault(mutant.where, [])
        if number in killers:
            killers.remove(number)
        killers.insert(0, number)
        del killers[8:]

    def fates(self, mutants: Sequence[Mutant] | None = None) -> Iterator[tuple[Mutant, str]]:
        """What becomes of each mutant."""
        for mutant in self.mutants if mutants is None else mutants:
            yield mutant, self.fate(mutant)
