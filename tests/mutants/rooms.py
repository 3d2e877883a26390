"""The mutants of AF_UNIX: the functions of a platform's room, and each answer of its table."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

from fixtures.language.notation import UNIX_OPTIONS
from fixtures.language.words import UNKNOWN, Answer
from fixtures.models.state import ModelState
from fixtures.models.unix import calls_on_files, decisions
from fixtures.models.unix.room import Room
from fixtures.models.unix.sock import Sock
from fixtures.models.unix.table import REFUSED, Decision
from fixtures.specification.clauses import Own, Reason
from tests.mutants.reached import Target, targets_of_room
from tests.mutants.targets import Mutant, changed, overrides_dropped, whole

#: What is no part of the platform: how a room finds and remembers answers, what the notation means, and how the question who
#: receives is asked. The calls on files prepare the experiments, and answer as POSIX says.
ACCOUNTS = (
    *("Table.", "Said.", "Usual.", "Decision.", "Edges.", "Room.__init__", "Room.takes", "Room.answer", "Room.say", "Room.tells"),
    *("Room.who", "Room._hold", "Room.choose_name", "Room._meant", "Room.on_bind", "Room._unqueued"),
    *("Files.forget", "Files.go", "Files.mask", "Files.need_removable", "Files._above"),
)
#: Of these only the clause is read: what is answered is worked out elsewhere.
TOLD_ONLY = (decisions.RECEIVES, decisions.NOBODY)
DECISIONS = tuple(value for value in vars(decisions).values() if isinstance(value, Decision) and value not in TOLD_ONLY)
#: What was asked of a table, and the reason of the answer.
Said = tuple[Decision, Reason]


def mutants_of_room(room: type[Room]) -> list[Mutant]:
    """Every mutant of a platform's AF_UNIX that changes its code."""
    targets = [target for target in targets_of_room(room) if not _keeps_account(target)]
    return [*(mutant for target in targets for mutant in changed(target)), *overrides_dropped(room, targets), *_options_ignored(room)]


def _keeps_account(target: Target) -> bool:
    function = target.function
    return function.__module__ == calls_on_files.__name__ or function.__qualname__.startswith(ACCOUNTS)


def answers_of_room_changed(room: type[Room], said: Mapping[Said, Answer]) -> Iterator[Mutant]:
    """Each answer of the table that was given: an errno is ``ok``, ``ok`` a refusal, and a departure what the rule says."""
    for decision in DECISIONS:
        for (asked, because), answer in said.items():
            if asked is decision and answer != UNKNOWN:
                for other in _others(decision, answer.name):
                    change = f"{_name(decision, because)}: {answer.name} -> {other}"
                    yield whole(room.__module__, f"{room.__name__}.table", change, _answering(room, decision, because, other))


def _others(decision: Decision, name: str) -> list[str]:
    other = "EADDRINUSE" if name in ("ok", "none") else "ok"
    return [one for one in dict.fromkeys((other, decision.usual)) if one not in (name, REFUSED)]


def _name(decision: Decision, because: Reason) -> str:
    return because.id.partition("/unix-")[2] if isinstance(because, Own) else decision.id


Asks = Callable[[Decision, ModelState], Answer]


def _answering(room: type[Room], decision: Decision, because: Reason, other: str) -> tuple[object, str, Asks]:
    true = room.table.of

    def of(asked: Decision, at: ModelState) -> Answer:
        found = true(asked, at)
        return replace(found, name=other) if asked is decision and found.because is because else found

    return room.table, "of", of


def _options_ignored(room: type[Room]) -> Iterator[Mutant]:
    """Each option is set without any effect."""
    true = room._set  # noqa: SLF001 - a mutant of it
    for option in sorted(UNIX_OPTIONS):

        def ignoring(self: Room, sk: Sock, name: str, value: int, option: str = option) -> Answer:
            before = dict(sk.options)
            answer = true(self, sk, name, value)
            if name == option:
                sk.options = before
            return answer

        yield whole(room.__module__, room.__name__, f"{option} ignored", (room, "_set", ignoring))


@contextlib.contextmanager
def said_by(room: type[Room]) -> Iterator[dict[Said, Answer]]:
    """The answers that the table of a room gives while this lasts."""
    given: dict[Said, Answer] = {}
    true = room.table.of

    def of(asked: Decision, at: ModelState) -> Answer:
        found = true(asked, at)
        assert found.because
        return given.setdefault((asked, found.because), found)

    with whole(room.__module__, room.__name__, "", (room.table, "of", of)).applied():
        yield given


def union(some: Collection[Mapping[Said, Answer]]) -> dict[Said, Answer]:
    """What several releases said."""
    return {key: answer for one in some for key, answer in one.items()}
