"""Duplicate bind: the experiments of python-dev, April 2008 (E1 to E4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    EACCES,
    EADDRINUSE,
    EXCLUSIVE,
    LOOPBACK,
    LOOPBACK6,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import (
    COMPLETELY_DUPLICATE,
    EXCLUSIVE_USE,
    MOST_SPECIFIC,
    NO_OPTIONS,
    REUSEPORT_ALL,
    WILDCARD_AND_SPECIFIC,
)
from fixtures.specification.sources import PYTHON_DEV_2008, PYTHON_R62152, WINSOCK
from suites.tables import DUPLICATES, OVERLAPPING, OVERLAPS, Places

THREAD = PYTHON_DEV_2008.at("078446")
TEST = PYTHON_R62152.at("testAddressReuseSemantics")

#: What the two servers hold and want. The rules for one address are not those for a wildcard beside a specific address.
ALIKE = [
    Places("specific", LOOPBACK, LOOPBACK),
    Places("wildcard", WILDCARD, WILDCARD),
    Places("specific6", LOOPBACK6, LOOPBACK6),
    Places("wildcard6", WILDCARD6, WILDCARD6),
]
MIXED = [
    *OVERLAPPING,
    Places("wildcard6-then-specific6", WILDCARD6, LOOPBACK6),
    Places("specific6-then-wildcard6", LOOPBACK6, WILDCARD6),
]
STARTS = [(places, *pair) for places in ALIKE for pair in DUPLICATES] + [(places, *pair) for places in MIXED for pair in OVERLAPS]


@dataclass(frozen=True)
class Server:
    """A server that is about to start: its socket, and where it binds."""

    socket: Socket
    address: Address

    def bind(self) -> Answer:
        """Bind to the address."""
        return self.socket.bind(self.address)

    def listen(self) -> Answer:
        """Listen."""
        return self.socket.listen()


@dataclass(frozen=True)
class Order:
    """An order in which two servers bind and listen, the first binding first."""

    name: str
    aloud: str
    steps: Callable[[Server, Server], tuple[Callable[[], Answer], ...]]

    def __str__(self) -> str:
        return self.name


BIND_FIRST = Order(
    "bind-bind-listen-listen",
    "both bound first",
    lambda first, second: (first.bind, second.bind, first.listen, second.listen),
)
REVERSED = Order(
    "bind-bind-listen-listen-reversed",
    "listening in reverse",
    lambda first, second: (first.bind, second.bind, second.listen, first.listen),
)
IN_TURN = Order(
    "bind-listen-bind-listen",
    "started in turn",
    lambda first, second: (first.bind, first.listen, second.bind, second.listen),
)
ORDERS = (BIND_FIRST, REVERSED, IN_TURN)


def start_two(first: Server, second: Server, order: Order) -> Answer:
    """Start both, up to the first refusal: ``ok``, what the second bind answers, or a refusal elsewhere, where no rule knows one."""
    for step in order.steps(first, second):
        answer = step()
        if answer != OK:
            return answer if step == second.bind else Answer(f"{answer}, but not at the second bind")
    return OK


@experiment("tcp/duplicate/no-option", rule=NO_OPTIONS, cites=(THREAD, TEST))
def test_e1_without_options(stack: Stack) -> None:
    """E1: no options anywhere: is the second bind of the same address refused?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    second = stack.tcp4()
    assert second.bind(first.address) == EADDRINUSE


@experiment("tcp/duplicate/both-reuseaddr/unlistened", rule=COMPLETELY_DUPLICATE, cites=(THREAD, TEST))
def test_e2_both_set_reuseaddr_and_neither_listens(stack: Stack) -> None:
    """E2: both sockets set SO_REUSEADDR and neither listens: may the second bind the same address?"""
    first = stack.tcp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    second = stack.tcp4(SO_REUSEADDR)
    assert second.bind(first.address) == EADDRINUSE


@experiment(
    "tcp/duplicate/{places}/{order}/{first}-then-{second}",
    rule=lambda places: COMPLETELY_DUPLICATE if places.alike else WILDCARD_AND_SPECIFIC,
    cites=(THREAD,),
)
@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize(("places", "first", "second", "expected"), STARTS, ids=str)
def test_e3_listen_at_various_places(stack: Stack, places: Places, order: Order, first: Options, second: Options, expected: Answer) -> None:
    """E3: {first.aloud} at {places.held.aloud}, {second.aloud} at {places.wanted.aloud}, {order.aloud}: which call fails?"""
    kind = f"tcp{places.family}"
    one, two = Server(stack.socket(kind, *first), places.held), Server(stack.socket(kind, *second), places.wanted)
    assert start_two(one, two, order) == expected


@experiment("tcp/duplicate/exclusive/{order}/{first}-then-{second}", rule=EXCLUSIVE_USE, cites=(THREAD, WINSOCK.at("table 1")))
@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (EXCLUSIVE, NONE),
        (EXCLUSIVE, REUSEADDR),
        (EXCLUSIVE, EXCLUSIVE),
        (NONE,      EXCLUSIVE),
        (REUSEADDR, EXCLUSIVE),
    ],
    ids=str,
)  # fmt: skip
def test_e3_exclusive(stack: Stack, order: Order, first: Options, second: Options) -> None:
    """E3: {first.aloud}, then {second.aloud} at 127.0.0.1, {order.aloud}: does the second bind fail?"""
    one, two = Server(stack.tcp4(*first), LOOPBACK), Server(stack.tcp4(*second), LOOPBACK)
    assert start_two(one, two, order) in (EADDRINUSE, EACCES)


@experiment("tcp/duplicate/receives/{options}", rule=MOST_SPECIFIC, cites=(THREAD,))
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)
def test_e4_who_gets_the_connections(stack: Stack, options: Options) -> None:
    """E4: two servers with {options.aloud} start in turn at one address: does exactly one receive?"""
    first, second = stack.tcp4(*options), stack.tcp4(*options)
    start_two(Server(first, LOOPBACK), Server(second, LOOPBACK), IN_TURN)
    assert stack.connections(LOOPBACK) in (first.itself, second.itself)


@experiment("tcp/duplicate/receives-after-close/{gone}", rule=REUSEPORT_ALL, cites=(THREAD,))
@pytest.mark.parametrize("gone", ["first", "second"])
def test_e4_after_the_receiver_closes(stack: Stack, gone: str) -> None:
    """E4: two servers share an address through SO_REUSEPORT, the {gone} closes: does the other receive?"""
    first, second = stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
    start_two(Server(first, LOOPBACK), Server(second, LOOPBACK), BIND_FIRST)
    closes, stays = (first, second) if gone == "first" else (second, first)
    closes.close()
    assert stack.connections(LOOPBACK) == stays.itself


@experiment("tcp/duplicate/listen-again-after-close", rule=COMPLETELY_DUPLICATE, cites=(THREAD,))
def test_the_loser_takes_over(stack: Stack) -> None:
    """Both set SO_REUSEADDR: is the second server kept out until the first has closed?"""
    first = stack.tcp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    second = stack.tcp4(SO_REUSEADDR)
    refused = second.bind(LOOPBACK)
    first.listen()
    if refused == OK:
        second.listen()
    first.close()
    if refused == EADDRINUSE:
        second.bind(LOOPBACK)
    assert (refused, second.listen()) == (EADDRINUSE, OK)


@experiment("tcp/duplicate/other-address-held/{first}", rule=COMPLETELY_DUPLICATE)
@pytest.mark.parametrize(("first", "options"), [("none", NONE), ("cleared", REUSEADDR)], ids=str)
def test_a_second_address_does_not_help(stack: Stack, first: str, options: Options) -> None:
    """127.0.0.2 has SO_REUSEADDR, 127.0.0.1 does not ({first}): is one with it refused 127.0.0.1?"""
    holder = stack.tcp4(*options)
    holder.bind(LOOPBACK)
    stack.tcp4(SO_REUSEADDR).bind(SECOND)
    holder.set(SO_REUSEADDR.off)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/duplicate/beside-udp/no-options", rule=NO_OPTIONS)
def test_tcp_beside_udp(stack: Stack) -> None:
    """A UDP socket holds an address: may a TCP socket bind it, both without options?"""
    stack.udp4().bind(LOOPBACK)
    assert stack.tcp4().bind(LOOPBACK) == OK
