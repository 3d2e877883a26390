"""The first socket sets an option late, or clears it: may a second bind?"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EACCES,
    EADDRINUSE,
    LOOPBACK,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    Address,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import BEFORE_BIND, COMPLETELY_DUPLICATE, UDP_DUPLICATE, WILDCARD_AND_SPECIFIC
from fixtures.specification.sources import LINUX_MAN, LITE2, MECKI


@dataclass(frozen=True)
class Change:
    """What the first socket does with an option, under the name that it has in ids."""

    name: str
    #: Whether it is made with the option, listens, and sets or clears the option then.
    made_with: bool = False
    listens: bool = False
    sets: bool = False
    clears: bool = False

    @property
    def aloud(self) -> str:
        """The change as a question says it."""
        return self.name.replace("-", " ")

    def play(self, stack: Stack, address: Address, option: Option) -> None:
        """Make the first socket and bind it to the address."""
        first = stack.tcp4(option) if self.made_with else stack.tcp4()
        first.bind(address)
        if self.listens:
            first.listen()
        if self.sets:
            first.set(option)
        if self.clears:
            first.set(option.off)

    def __str__(self) -> str:
        return self.name


KEPT_AFTER_BIND = Change("kept-after-bind", made_with=True)
KEPT_AFTER_LISTEN = Change("kept-after-listen", made_with=True, listens=True)
SET_AFTER_BIND = Change("set-after-bind", sets=True)
SET_AFTER_LISTEN = Change("set-after-listen", listens=True, sets=True)
CLEARED_AFTER_BIND = Change("cleared-after-bind", made_with=True, clears=True)
CLEARED_AFTER_LISTEN = Change("cleared-after-listen", made_with=True, listens=True, clears=True)

# bind reads SO_REUSEPORT of the first socket as it is when the second binds, whenever it was set.
REUSEPORT_OF_THE_FIRST = [
    # the first,           the second, its bind
    (KEPT_AFTER_BIND,      NONE,       EADDRINUSE),
    (KEPT_AFTER_BIND,      REUSEPORT,  OK),
    (KEPT_AFTER_LISTEN,    NONE,       EADDRINUSE),
    (KEPT_AFTER_LISTEN,    REUSEPORT,  OK),
    (SET_AFTER_BIND,       NONE,       EADDRINUSE),
    (SET_AFTER_BIND,       REUSEPORT,  OK),
    (SET_AFTER_LISTEN,     NONE,       EADDRINUSE),
    (SET_AFTER_LISTEN,     REUSEPORT,  OK),
    (CLEARED_AFTER_BIND,   NONE,       EADDRINUSE),
    (CLEARED_AFTER_BIND,   REUSEPORT,  EADDRINUSE),
    (CLEARED_AFTER_LISTEN, NONE,       EADDRINUSE),
    (CLEARED_AFTER_LISTEN, REUSEPORT,  EADDRINUSE),
]  # fmt: skip


@experiment(
    "tcp/option-timing/first-reuseport-{change}/second-{second}",
    rule=BEFORE_BIND,
    cites=(LITE2.at("in_pcbbind"), LINUX_MAN.at("socket(7)")),
)
@pytest.mark.parametrize(("change", "second", "expected"), REUSEPORT_OF_THE_FIRST, ids=str)
def test_reuseport_changed_on_the_first(stack: Stack, change: Change, second: Options, expected: Answer) -> None:
    """SO_REUSEPORT of the first was {change.aloud}: may one with {second.aloud} bind the same address?"""
    change.play(stack, LOOPBACK, SO_REUSEPORT)
    another = stack.tcp4(*second)
    assert another.bind(LOOPBACK) == expected


# SO_REUSEADDR of the first socket never counts; a specific address beside the wildcard needs the second's.
REUSEADDR_OF_THE_FIRST = [
    # the first,           the second, its bind
    (KEPT_AFTER_BIND,      NONE,       EADDRINUSE),
    (KEPT_AFTER_BIND,      REUSEADDR,  OK),
    (KEPT_AFTER_LISTEN,    NONE,       EADDRINUSE),
    (KEPT_AFTER_LISTEN,    REUSEADDR,  OK),
    (SET_AFTER_BIND,       NONE,       EADDRINUSE),
    (SET_AFTER_BIND,       REUSEADDR,  OK),
    (SET_AFTER_LISTEN,     NONE,       EADDRINUSE),
    (SET_AFTER_LISTEN,     REUSEADDR,  OK),
    (CLEARED_AFTER_BIND,   NONE,       EADDRINUSE),
    (CLEARED_AFTER_BIND,   REUSEADDR,  OK),
    (CLEARED_AFTER_LISTEN, NONE,       EADDRINUSE),
    (CLEARED_AFTER_LISTEN, REUSEADDR,  OK),
]  # fmt: skip


@experiment("tcp/option-timing/wildcard-reuseaddr-{change}/specific-{second}", rule=WILDCARD_AND_SPECIFIC, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(("change", "second", "expected"), REUSEADDR_OF_THE_FIRST, ids=str)
def test_reuseaddr_changed_on_the_wildcard(stack: Stack, change: Change, second: Options, expected: Answer) -> None:
    """SO_REUSEADDR of 0.0.0.0 was {change.aloud}: may one with {second.aloud} bind 127.0.0.1?"""
    change.play(stack, WILDCARD, SO_REUSEADDR)
    another = stack.tcp4(*second)
    assert another.bind(LOOPBACK) == expected


@experiment("tcp/option-timing/duplicate-reuseaddr-{change}/second-reuseaddr", rule=COMPLETELY_DUPLICATE, cites=(MECKI.at("SO_REUSEADDR"),))
@pytest.mark.parametrize("change", [SET_AFTER_BIND, SET_AFTER_LISTEN, CLEARED_AFTER_BIND, CLEARED_AFTER_LISTEN], ids=str)
def test_reuseaddr_changed_on_a_duplicate(stack: Stack, change: Change) -> None:
    """SO_REUSEADDR of the first was {change.aloud}: is one with it refused the same address?"""
    change.play(stack, LOOPBACK, SO_REUSEADDR)
    second = stack.tcp4(SO_REUSEADDR)
    assert second.bind(LOOPBACK) == EADDRINUSE


@experiment("udp/option-timing/cleared-after-bind/reuseaddr", rule=UDP_DUPLICATE)
def test_reuseaddr_cleared_after_bind_over_udp(stack: Stack) -> None:
    """A UDP socket cleared SO_REUSEADDR after bind: is a second with SO_REUSEADDR refused its address?"""
    first, second = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    first.set(SO_REUSEADDR.off)
    assert second.bind(LOOPBACK) in (EADDRINUSE, EACCES)
