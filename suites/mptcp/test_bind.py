"""May sockets of Multipath TCP and of TCP share a port?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import (
    BOTH,
    EADDRINUSE,
    LOOPBACK,
    LOOPBACK6,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    SECOND,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import (
    BEFORE_BIND,
    COMPLETELY_DUPLICATE,
    DIFFERENT_ADDRESSES,
    DUAL_STACK,
    NO_OPTIONS,
    REUSEPORT_ALL,
    Rule,
)
from suites.mptcp.scenes import PAIRS, TRANSPARENT, server

SHARING = [(NONE, EADDRINUSE), (REUSEADDR, EADDRINUSE), (REUSEPORT, OK)]
EVERY_PAIR = pytest.mark.parametrize(("first", "second"), PAIRS)


def rule_of(options: Options) -> Rule:
    """The rule for two sockets with the same options at the same address."""
    return {NONE: NO_OPTIONS, REUSEADDR: COMPLETELY_DUPLICATE, REUSEPORT: REUSEPORT_ALL}[options]


@experiment("mptcp/duplicate/{first}-then-{second}/{options}/{state}", rule=rule_of, cites=(TRANSPARENT,))
@EVERY_PAIR
@pytest.mark.parametrize(("options", "expected"), SHARING, ids=str)
@pytest.mark.parametrize("state", ["bound", "listening"])
def test_same_address(stack: Stack, first: str, second: str, options: Options, expected: Answer, state: str) -> None:
    """One {first} socket is {state} with {options.aloud}. May one of {second}, like it, bind the address?"""
    holder = stack.socket(f"{first}4", *options)
    holder.bind(LOOPBACK)
    if state == "listening":
        holder.listen()
    assert stack.socket(f"{second}4", *options).bind(LOOPBACK) == expected


@experiment("mptcp6/duplicate/{options}", rule=rule_of, cites=(TRANSPARENT,))
@pytest.mark.parametrize(("options", "expected"), SHARING, ids=str)
def test_same_address_of_ipv6(stack: Stack, options: Options, expected: Answer) -> None:
    """An mptcp6 server with {options.aloud} listens. May another like it bind the address?"""
    server(stack, "mptcp", *options, at=LOOPBACK6)
    assert stack.mptcp6(*options).bind(LOOPBACK6) == expected


@experiment("mptcp/dual-stack/{second}", rule=DUAL_STACK, cites=(TRANSPARENT,))
@pytest.mark.parametrize("second", ["mptcp", "tcp"])
def test_dual_stack(stack: Stack, second: str) -> None:
    """An mptcp6 server has [::]. Is an IPv4 socket of {second} refused 0.0.0.0?"""
    server(stack, "mptcp", at=WILDCARD6)
    assert stack.socket(f"{second}4").bind(WILDCARD) == EADDRINUSE


@experiment("mptcp/{first}-and-{second}/receives", rule=REUSEPORT_ALL, cites=(TRANSPARENT,))
@EVERY_PAIR
def test_group(stack: Stack, first: str, second: str) -> None:
    """Servers of {first} and {second} share an address by SO_REUSEPORT. Does either receive?"""
    older, newer = server(stack, first, SO_REUSEPORT), server(stack, second, SO_REUSEPORT)
    assert stack.connections(LOOPBACK) in (older.itself, newer.itself, BOTH)


@experiment("mptcp/two-addresses/{case}", rule=DIFFERENT_ADDRESSES, cites=(TRANSPARENT,))
@pytest.mark.parametrize(
    ("case", "protocol", "wanted", "expected"),
    [
        ("another",  "mptcp", SECOND,   OK),
        ("tcp-same", "tcp",   LOOPBACK, EADDRINUSE),
        ("wildcard", "mptcp", WILDCARD, EADDRINUSE),
    ],
)  # fmt: skip
def test_two_addresses(stack: Stack, case: str, protocol: str, wanted: Address, expected: Answer) -> None:
    """An MPTCP server has 127.0.0.1. May a socket of {protocol} bind {wanted.host}?"""
    server(stack, "mptcp")
    assert stack.socket(f"{protocol}4").bind(wanted) == expected


@experiment("mptcp/option-timing/set-after-listen", rule=BEFORE_BIND, cites=(TRANSPARENT,))
def test_option_after_listen(stack: Stack) -> None:
    """An MPTCP listener sets SO_REUSEPORT late. May one that has it bind the address?"""
    server(stack, "mptcp").set(SO_REUSEPORT)
    assert stack.mptcp4(SO_REUSEPORT).bind(LOOPBACK) == OK
