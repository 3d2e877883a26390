"""A scene is rehearsed once, on a stack that grants everything. That gives its calls with their roles, to be played on every platform."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

from fixtures.language.granting import Granting
from fixtures.language.notation import Call
from fixtures.language.words import Address, Answer, Option
from reports.scripts import Step

#: What an attempt without options is called.
NO_OPTION_TRIED = "no option"


class Role(Enum):
    """What the answer to a call says about the server."""

    #: Nothing: a program goes on after it, whatever the answer is.
    PASSING = auto()
    #: The server starts. If this is refused there is no server.
    SERVES = auto()
    #: What happens to the server. If this is refused the situation does not arise.
    STAGES = auto()
    #: Whether this is granted is the question.
    ASKED = auto()
    #: A connect that asks whether a server is there. Unless it is refused with ECONNREFUSED, whoever asks does not start.
    TESTS = auto()
    #: The answer names who receives.
    RECEIVES = auto()


@dataclass(frozen=True)
class Part:
    """A call of a scene, and its role in it."""

    call: Call
    role: Role


@dataclass(frozen=True)
class Attempt:
    """What another user tries: the member of the server whose port it wants, at which address, and with which options."""

    member: int
    address: Address
    options: tuple[Option, ...]

    def __str__(self) -> str:
        return " and ".join(option.name for option in self.options) or NO_OPTION_TRIED


class Rehearsal(Granting):
    """The stack on which a scene is rehearsed; it writes the parts down."""

    def __init__(self, attempt: Attempt | None = None) -> None:
        super().__init__()
        #: What is tried, if that is the question.
        self.attempt = attempt
        self.parts: list[Part] = []
        #: The names of the sockets in question. There are none if the question is whether several sockets receive.
        self.mine: set[str] = set()
        #: The number of the server's socket for which each socket stands.
        self.stands_for: dict[str, int] = {}
        self._role = Role.PASSING
        self._deciding: tuple[str, ...] = ()

    def perform(self, call: Call) -> Answer:
        """Write the call down, and grant it."""
        decides = not self._deciding or call.verb in self._deciding
        self.parts.append(Part(call, self._role if decides else Role.PASSING))
        return super().perform(call)

    @contextmanager
    def role(self, role: Role, *verbs: str) -> Iterator[None]:
        """Give this role to every call that is made meanwhile, or to those with these verbs."""
        before = self._role, self._deciding
        self._role, self._deciding = role, verbs
        try:
            yield
        finally:
            self._role, self._deciding = before

    @contextmanager
    def as_part(self) -> Iterator[None]:
        """Give no role to the calls that are made meanwhile: the program goes on after them."""
        before, self._role = self._role, Role.PASSING
        try:
            yield
        finally:
            self._role = before

    def call_the_next(self, *names: str) -> None:
        """Name the sockets that are made next.

        A reader knows a role by its letter: B is the newcomer in every scene.
        """
        self._names = iter(names)

    @cached_property
    def steps(self) -> list[Step]:
        """The calls as a script, to be played on a platform."""
        return [Step(line, part.call, None) for line, part in enumerate(self.parts, 1)]
