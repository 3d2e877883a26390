"""Which UDP sockets may share a port, and which of them receives?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import (
    BOTH,
    EADDRINUSE,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    NONE,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SO_REUSEADDR,
    WILDCARD,
    WILDCARD6,
    Answer,
    Options,
)
from fixtures.specification.rules import ONE_OR_EACH, PCB_LOOKUP, REUSEPORT_ALL, UDP_DUPLICATE
from fixtures.specification.sources import LITE2

SAME = {"same-specific": LOOPBACK, "same-wildcard": WILDCARD}
SAME6 = {"same-specific": LOOPBACK6, "same-wildcard": WILDCARD6}
OVERLAPPING = {"wildcard-then-specific": (WILDCARD, LOOPBACK), "specific-then-wildcard": (LOOPBACK, WILDCARD)}

# first, second, and the second bind: to the same address; to a wildcard beside a specific one, or the reverse.
WITHOUT_REUSEPORT = [
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, EADDRINUSE),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEADDR, REUSEADDR, EADDRINUSE),
]  # fmt: skip
WITH_REUSEPORT = [
    # one of them
    (NONE,      REUSEPORT, EADDRINUSE),
    (NONE,      REUSEBOTH, EADDRINUSE),
    (REUSEADDR, REUSEPORT, EADDRINUSE),
    (REUSEADDR, REUSEBOTH, EADDRINUSE),
    (REUSEPORT, NONE,      EADDRINUSE),
    (REUSEPORT, REUSEADDR, EADDRINUSE),
    (REUSEBOTH, NONE,      EADDRINUSE),
    (REUSEBOTH, REUSEADDR, EADDRINUSE),
    # both of them
    (REUSEPORT, REUSEPORT, OK),
    (REUSEPORT, REUSEBOTH, OK),
    (REUSEBOTH, REUSEPORT, OK),
    (REUSEBOTH, REUSEBOTH, OK),
]  # fmt: skip
# A wildcard and a specific address: what the second has set decides alone.
SECOND_DECIDES = [
    (first, second, EADDRINUSE if second is NONE else OK)
    for first in (NONE, REUSEADDR, REUSEPORT, REUSEBOTH)
    for second in (NONE, REUSEADDR, REUSEPORT, REUSEBOTH)
]


@experiment("udp4/duplicate/{relation}/{first}-{second}", rule=UDP_DUPLICATE)
@pytest.mark.parametrize("relation", SAME)
@pytest.mark.parametrize(("first", "second", "expected"), WITHOUT_REUSEPORT, ids=str)
def test_duplicates_without_reuseport(stack: Stack, relation: str, first: Options, second: Options, expected: Answer) -> None:
    """Nobody has SO_REUSEPORT ({first}, {second}): may the second UDP socket bind, {relation}?"""
    stack.udp4(*first).bind(SAME[relation])
    assert stack.udp4(*second).bind(SAME[relation]) == expected


@experiment("udp4/duplicate/{relation}/{first}-{second}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize("relation", SAME)
@pytest.mark.parametrize(("first", "second", "expected"), WITH_REUSEPORT, ids=str)
def test_duplicates_with_reuseport(stack: Stack, relation: str, first: Options, second: Options, expected: Answer) -> None:
    """Somebody has SO_REUSEPORT ({first}, {second}): may the second UDP socket bind, {relation}?"""
    stack.udp4(*first).bind(SAME[relation])
    assert stack.udp4(*second).bind(SAME[relation]) == expected


@experiment("udp4/wildcard/{relation}/{first}-{second}", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize("relation", OVERLAPPING)
@pytest.mark.parametrize(("first", "second", "expected"), SECOND_DECIDES, ids=str)
def test_a_wildcard_and_a_specific_address(stack: Stack, relation: str, first: Options, second: Options, expected: Answer) -> None:
    """A UDP socket with {first} is bound: may one with {second} bind, {relation}?"""
    held, wanted = OVERLAPPING[relation]
    stack.udp4(*first).bind(held)
    assert stack.udp4(*second).bind(wanted) == expected


@experiment("udp6/duplicate/{relation}/{first}-{second}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize("relation", SAME6)
@pytest.mark.parametrize(("first", "second", "expected"), WITHOUT_REUSEPORT + WITH_REUSEPORT, ids=str)
def test_ipv6_duplicates(stack: Stack, relation: str, first: Options, second: Options, expected: Answer) -> None:
    """An IPv6 UDP socket with {first} is bound: may one with {second} bind, {relation}?"""
    stack.udp6(IPV6_V6ONLY, *first).bind(SAME6[relation])
    assert stack.udp6(IPV6_V6ONLY, *second).bind(SAME6[relation]) == expected


@experiment("udp4/duplicate/receives/{relation}/{options}", rule=ONE_OR_EACH)
@pytest.mark.parametrize("relation", SAME)
@pytest.mark.parametrize("options", [REUSEPORT, REUSEBOTH], ids=str)
def test_a_datagram_reaches_one_duplicate(stack: Stack, relation: str, options: Options) -> None:
    """Two UDP sockets with {options} are bound, {relation}: does each unicast datagram reach one of them?"""
    first, second = stack.udp4(*options), stack.udp4(*options)
    first.bind(SAME[relation])
    second.bind(SAME[relation])
    # "both" is a group that shares: each datagram still went to one.
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("udp4/duplicate/receives/{relation}/reuseaddr", rule=UDP_DUPLICATE)
@pytest.mark.parametrize("relation", SAME)
def test_the_first_keeps_its_datagrams(stack: Stack, relation: str) -> None:
    """Two UDP sockets with SO_REUSEADDR ask for one address, {relation}: does the first receive?"""
    first, second = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    first.bind(SAME[relation])
    second.bind(SAME[relation])
    assert stack.connections(LOOPBACK) == first.itself


@experiment("udp4/closed/{relation}", rule=PCB_LOOKUP)
@pytest.mark.parametrize("relation", [*SAME, *OVERLAPPING])
def test_a_closed_socket_leaves_nothing(stack: Stack, relation: str) -> None:
    """A UDP socket received datagrams and closed: may another without options bind, {relation}?"""
    held, wanted = OVERLAPPING[relation] if relation in OVERLAPPING else (SAME[relation], SAME[relation])
    first = stack.udp4()
    first.bind(held)
    stack.connections(LOOPBACK)
    first.close()
    assert stack.udp4().bind(wanted) == OK


@experiment("udp4/connected/{options}", rule=PCB_LOOKUP)
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (NONE,      EADDRINUSE),
        (REUSEADDR, OK),
        (REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_beside_a_connected_socket(stack: Stack, options: Options, expected: Answer) -> None:
    """A UDP socket is bound and connected: may another bind its address ({options} on both)?"""
    connected = stack.udp4(*options)
    connected.bind(LOOPBACK)
    connected.connect(LOOPBACK.at("Q"))
    assert stack.udp4(*options).bind(LOOPBACK) == expected


@experiment("udp4/connected/receives/{options}", rule=ONE_OR_EACH)
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)
def test_strangers_to_a_connection_reach_the_unconnected(stack: Stack, options: Options) -> None:
    """One of two UDP sockets ({options}) at an address is connected elsewhere: does the other get the datagrams of everybody else?"""
    connected, unconnected = stack.udp4(*options), stack.udp4(*options)
    connected.bind(LOOPBACK)
    connected.connect(LOOPBACK.at("Q"))
    unconnected.bind(LOOPBACK)
    assert stack.connections(LOOPBACK) == unconnected.itself
