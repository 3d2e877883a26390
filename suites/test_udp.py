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
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import ONE_OR_EACH, PCB_LOOKUP, REUSEPORT_ALL, UDP_DUPLICATE, Rule
from fixtures.specification.sources import LITE2
from suites.tables import DUPLICATES, OVERLAPPING, OVERLAPS, SAME, SAME6, Places


def rule_of_a_duplicate(first: Options, second: Options) -> Rule:
    """SO_REUSEPORT has a rule of its own."""
    return REUSEPORT_ALL if SO_REUSEPORT in first + second else UDP_DUPLICATE


@experiment("udp4/duplicate/{places}/{first}-{second}", rule=rule_of_a_duplicate)
@pytest.mark.parametrize("places", SAME, ids=str)
@pytest.mark.parametrize(("first", "second", "expected"), DUPLICATES, ids=str)
def test_duplicates(stack: Stack, places: Places, first: Options, second: Options, expected: Answer) -> None:
    """A UDP socket holds {places.held.aloud} with {first.aloud}: may another bind it with {second.aloud}?"""
    stack.udp4(*first).bind(places.held)
    assert stack.udp4(*second).bind(places.wanted) == expected


@experiment("udp6/duplicate/{places}/{first}-{second}", rule=rule_of_a_duplicate)
@pytest.mark.parametrize("places", SAME6, ids=str)
@pytest.mark.parametrize(("first", "second", "expected"), DUPLICATES, ids=str)
def test_ipv6_duplicates(stack: Stack, places: Places, first: Options, second: Options, expected: Answer) -> None:
    """An IPv6 UDP socket holds {places.held.aloud} with {first.aloud}: may another bind it with {second.aloud}?"""
    stack.udp6(IPV6_V6ONLY, *first).bind(places.held)
    assert stack.udp6(IPV6_V6ONLY, *second).bind(places.wanted) == expected


@experiment("udp4/wildcard/{places}/{first}-{second}", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize("places", OVERLAPPING, ids=str)
@pytest.mark.parametrize(("first", "second", "expected"), OVERLAPS, ids=str)
def test_a_wildcard_and_a_specific_address(stack: Stack, places: Places, first: Options, second: Options, expected: Answer) -> None:
    """A UDP socket holds {places.held.aloud} with {first.aloud}: may another bind {places.wanted.aloud} with {second.aloud}?"""
    stack.udp4(*first).bind(places.held)
    assert stack.udp4(*second).bind(places.wanted) == expected


@experiment("udp4/duplicate/receives/{places}/{options}", rule=ONE_OR_EACH)
@pytest.mark.parametrize("places", SAME, ids=str)
@pytest.mark.parametrize("options", [REUSEPORT, REUSEBOTH], ids=str)
def test_a_datagram_reaches_one_duplicate(stack: Stack, places: Places, options: Options) -> None:
    """Two UDP sockets with {options.aloud} share {places.held.aloud}: does each datagram reach one of them?"""
    first, second = stack.udp4(*options), stack.udp4(*options)
    first.bind(places.held)
    second.bind(places.held)
    # "both" is a group that shares: each datagram still went to one.
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("udp4/duplicate/receives/{places}/reuseaddr", rule=UDP_DUPLICATE)
@pytest.mark.parametrize("places", SAME, ids=str)
def test_the_first_keeps_its_datagrams(stack: Stack, places: Places) -> None:
    """Two UDP sockets with SO_REUSEADDR ask for {places.held.aloud}: does the first receive?"""
    first, second = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    first.bind(places.held)
    second.bind(places.held)
    assert stack.connections(LOOPBACK) == first.itself


@experiment("udp4/closed/{places}", rule=PCB_LOOKUP)
@pytest.mark.parametrize("places", SAME + OVERLAPPING, ids=str)
def test_a_closed_socket_leaves_nothing(stack: Stack, places: Places) -> None:
    """A UDP socket at {places.held.aloud} received and closed: may one without options bind {places.wanted.aloud}?"""
    first = stack.udp4()
    first.bind(places.held)
    stack.connections(LOOPBACK)
    first.close()
    assert stack.udp4().bind(places.wanted) == OK


@experiment("udp4/wildcard/beside-eleven/{held}-then-{wanted}", rule=PCB_LOOKUP)
@pytest.mark.parametrize(
    ("held", "wanted", "expected"),
    [
        ("nothing",  "specific", OK),
        ("specific", "specific", EADDRINUSE),
        ("specific", "wildcard", EADDRINUSE),
        ("wildcard", "specific", EADDRINUSE),
    ],
)  # fmt: skip
def test_beside_eleven(stack: Stack, held: str, wanted: str, expected: Answer) -> None:
    """Eleven sockets ask for 127.0.0.2, and {held} is held (SO_REUSEADDR). May the {wanted} be bound?"""
    places = {"specific": LOOPBACK, "wildcard": WILDCARD}
    for holder in [stack.udp4(SO_REUSEADDR) for _ in range(11)]:
        holder.bind(SECOND)
    if held in places:
        stack.udp4(SO_REUSEADDR).bind(places[held])
    assert stack.udp4().bind(places[wanted]) == expected


V6ONLY = Options(IPV6_V6ONLY)


@experiment("udp6/wildcard/beside-eleven/{held}-then-{wanted}", rule=PCB_LOOKUP)
@pytest.mark.parametrize(
    ("held", "wanted", "kind", "always", "address", "expected"),
    [
        ("nothing",  "wildcard", "udp6", V6ONLY, WILDCARD6, EADDRINUSE),
        ("wildcard", "ipv4",     "udp4", NONE,   LOOPBACK,  OK),
    ],
    ids=str,
)  # fmt: skip
def test_beside_eleven_of_ipv6(
    stack: Stack, held: str, wanted: str, kind: str, always: Options, address: Address, expected: Answer
) -> None:
    """Eleven IPv6-only sockets ask for ::1, {held} is held. May {address.host} be bound without options?"""
    for holder in [stack.udp6(IPV6_V6ONLY, SO_REUSEADDR) for _ in range(11)]:
        holder.bind(LOOPBACK6)
    if held == "wildcard":
        stack.udp6(IPV6_V6ONLY, SO_REUSEADDR).bind(WILDCARD6)
    assert stack.socket(kind, *always).bind(address) == expected


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
    """A UDP socket is bound and connected: may another bind its address, both with {options.aloud}?"""
    connected = stack.udp4(*options)
    connected.bind(LOOPBACK)
    connected.connect(LOOPBACK.at("Q"))
    assert stack.udp4(*options).bind(LOOPBACK) == expected


@experiment("udp4/connected/receives/{options}", rule=ONE_OR_EACH)
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)
def test_strangers_to_a_connection_reach_the_unconnected(stack: Stack, options: Options) -> None:
    """One of two UDP sockets with {options.aloud} is connected elsewhere: does the other get the rest?"""
    connected, unconnected = stack.udp4(*options), stack.udp4(*options)
    connected.bind(LOOPBACK)
    connected.connect(LOOPBACK.at("Q"))
    unconnected.bind(LOOPBACK)
    assert stack.connections(LOOPBACK) == unconnected.itself
