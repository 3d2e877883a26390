"""Who holds an address and who wants it, and what 4.4BSD answers them."""

from __future__ import annotations

from dataclasses import dataclass

from fixtures.language.stack import Actor, Stack
from fixtures.language.words import EADDRINUSE, NONE, OK, REUSEADDR, REUSEBOTH, REUSEPORT


@dataclass(frozen=True)
class Person:
    """Whoever makes a socket, under the name that they have in ids."""

    name: str
    who: str
    whose: str

    def on(self, stack: Stack) -> Stack | Actor:
        """The one who makes sockets on a stack."""
        return stack if self == SELF else Actor(stack, self.name)

    def __str__(self) -> str:
        return self.name


#: Who runs the experiment: root, where that may start processes of other users.
SELF = Person("self", "we", "our")
OTHER = Person("other", "another process", "another process's")
STRANGER = Person("stranger", "user A", "user A's")
STRANGER2 = Person("stranger2", "user B", "user B's")

# holder, newcomer
PEOPLE = [
    (SELF,     OTHER),
    (SELF,     STRANGER),
    (STRANGER, SELF),
    (STRANGER, STRANGER2),
]  # fmt: skip
USERS = PEOPLE[1:]

# 4.4BSD asks nobody's name. The options of both decide what the second bind answers, to the same address or to one beside it.
SAME_ADDRESS = [
    (NONE,      EADDRINUSE),
    (REUSEADDR, EADDRINUSE),
    (REUSEPORT, OK),
    (REUSEBOTH, OK),
]  # fmt: skip
MORE_SPECIFIC = [
    (NONE,      EADDRINUSE),
    (REUSEADDR, OK),
    (REUSEPORT, OK),
    (REUSEBOTH, OK),
]  # fmt: skip
