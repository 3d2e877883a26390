"""Duplicate bind: the experiments of python-dev, April 2008 (E1 to E4)."""

from __future__ import annotations

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
from suites.tables import DUPLICATES, OVERLAPS

THREAD = PYTHON_DEV_2008.at("078446")
TEST = PYTHON_R62152.at("testAddressReuseSemantics")

#: The orders in which two servers can bind and listen, the first binding first.
ORDERS = ("bind-bind-listen-listen", "bind-bind-listen-listen-reversed", "bind-listen-bind-listen")

SAME = {
    "specific": ("tcp4", LOOPBACK),
    "wildcard": ("tcp4", WILDCARD),
    "specific6": ("tcp6", LOOPBACK6),
    "wildcard6": ("tcp6", WILDCARD6),
}
MIXED = {
    "wildcard-then-specific": ("tcp4", WILDCARD, LOOPBACK),
    "specific-then-wildcard": ("tcp4", LOOPBACK, WILDCARD),
    "wildcard6-then-specific6": ("tcp6", WILDCARD6, LOOPBACK6),
    "specific6-then-wildcard6": ("tcp6", LOOPBACK6, WILDCARD6),
}


def start_two(first: Socket, second: Socket, order: str, here: Address, there: Address) -> str:
    """Bind and listen in this order; say at which call a refusal comes, ``ok`` if at none."""
    steps = {
        "bind-bind-listen-listen": ("first.bind", "second.bind", "first.listen", "second.listen"),
        "bind-bind-listen-listen-reversed": ("first.bind", "second.bind", "second.listen", "first.listen"),
        "bind-listen-bind-listen": ("first.bind", "first.listen", "second.bind", "second.listen"),
    }[order]
    for step in steps:
        role, call = step.split(".")
        socket, address = (first, here) if role == "first" else (second, there)
        answer = socket.bind(address) if call == "bind" else socket.listen()
        if answer != OK:
            return f"{answer} at {step}"
    return "ok"


def refusal(expected: Answer) -> str:
    """The rule knows one place for a refusal: the second bind."""
    return "ok" if expected == OK else f"{expected} at second.bind"


@experiment("tcp/duplicate/no-option", rule=NO_OPTIONS, cites=(THREAD, TEST))
def test_e1_without_options(stack: Stack) -> None:
    """E1: no options anywhere; is the second bind of the same address refused?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    second = stack.tcp4()
    assert second.bind(first.address) == EADDRINUSE


@experiment("tcp/duplicate/both-reuseaddr/unlistened", rule=COMPLETELY_DUPLICATE, cites=(THREAD, TEST))
def test_e2_both_set_reuseaddr_and_neither_listens(stack: Stack) -> None:
    """E2: both sockets set SO_REUSEADDR and neither listens; may the second bind the address of the first?"""
    first = stack.tcp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    second = stack.tcp4(SO_REUSEADDR)
    assert second.bind(first.address) == EADDRINUSE


@experiment("tcp/duplicate/{where}/{order}/{first}-then-{second}", rule=COMPLETELY_DUPLICATE, cites=(THREAD,))
@pytest.mark.parametrize("where", SAME)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("first", "second", "expected"), DUPLICATES, ids=str)
def test_e3_listen_at_various_places(stack: Stack, where: str, order: str, first: Options, second: Options, expected: Answer) -> None:
    """E3: two servers ({first}, then {second}) start on one {where} address as {order}; at which call does a refusal come?"""
    kind, address = SAME[where]
    assert start_two(stack.socket(kind, *first), stack.socket(kind, *second), order, address, address) == refusal(expected)


@experiment("tcp/duplicate/{where}/{order}/{first}-then-{second}", rule=WILDCARD_AND_SPECIFIC, cites=(THREAD,))
@pytest.mark.parametrize("where", MIXED)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("first", "second", "expected"), OVERLAPS, ids=str)
def test_e3_wildcard_and_specific(stack: Stack, where: str, order: str, first: Options, second: Options, expected: Answer) -> None:
    """E3: two servers ({first}, then {second}) start on {where} addresses as {order}; at which call does a refusal come?"""
    kind, here, there = MIXED[where]
    assert start_two(stack.socket(kind, *first), stack.socket(kind, *second), order, here, there) == refusal(expected)


@experiment("tcp/duplicate/exclusive/{order}/{first}-then-{second}", rule=EXCLUSIVE_USE, cites=(THREAD, WINSOCK.at("table 1")))
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (EXCLUSIVE, NONE),
        (EXCLUSIVE, REUSEADDR),
        (EXCLUSIVE, EXCLUSIVE),
        (NONE, EXCLUSIVE),
        (REUSEADDR, EXCLUSIVE),
    ],
    ids=str,
)
def test_e3_exclusive(stack: Stack, order: str, first: Options, second: Options) -> None:
    """E3: two servers ({first}, then {second}) start on one address as {order}; is the second bind refused?"""
    one, two = stack.tcp4(*first), stack.tcp4(*second)
    refusals = {f"{answer} at second.bind" for answer in (EADDRINUSE, EACCES)}
    assert start_two(one, two, order, LOOPBACK, LOOPBACK) in refusals


@experiment("tcp/duplicate/receives/{options}", rule=MOST_SPECIFIC, cites=(THREAD,))
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)
def test_e4_who_gets_the_connections(stack: Stack, options: Options) -> None:
    """E4: two servers are up on one address, both with {options}; does exactly one of those that are up get the connections?"""
    first, second = stack.tcp4(*options), stack.tcp4(*options)
    start_two(first, second, "bind-listen-bind-listen", LOOPBACK, LOOPBACK)
    assert stack.connections(LOOPBACK) in (first.itself, second.itself)


@experiment("tcp/duplicate/receives-after-close/{gone}", rule=REUSEPORT_ALL, cites=(THREAD,))
@pytest.mark.parametrize("gone", ["first", "second"])
def test_e4_after_the_receiver_closes(stack: Stack, gone: str) -> None:
    """E4: two servers share one address through SO_REUSEPORT and the {gone} closes; does the one that stays get the connections?"""
    first, second = stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
    start_two(first, second, "bind-bind-listen-listen", LOOPBACK, LOOPBACK)
    closes, stays = (first, second) if gone == "first" else (second, first)
    closes.close()
    assert stack.connections(LOOPBACK) == stays.itself


@experiment("tcp/duplicate/listen-again-after-close", rule=COMPLETELY_DUPLICATE, cites=(THREAD,))
def test_the_loser_takes_over(stack: Stack) -> None:
    """Both set SO_REUSEADDR; is the second server kept out until the first has closed, and then let in?"""
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
@pytest.mark.parametrize("first", ["none", "cleared"])
def test_a_second_address_does_not_help(stack: Stack, first: str) -> None:
    """The first has no SO_REUSEADDR ({first}), a socket on another address has it: is a third that has it refused the first's address?"""
    holder = stack.tcp4(SO_REUSEADDR) if first == "cleared" else stack.tcp4()
    holder.bind(LOOPBACK)
    stack.tcp4(SO_REUSEADDR).bind(SECOND)
    holder.set(SO_REUSEADDR.off)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/duplicate/beside-udp/no-options", rule=NO_OPTIONS)
def test_tcp_beside_udp(stack: Stack) -> None:
    """A UDP socket holds an address: may a TCP socket bind it, both without options?"""
    stack.udp4().bind(LOOPBACK)
    assert stack.tcp4().bind(LOOPBACK) == OK
