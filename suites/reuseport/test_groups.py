"""Who belongs to a group of SO_REUSEPORT sockets when members change?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connecting, serve
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    BOTH,
    EADDRINUSE,
    ECONNRESET,
    LOOPBACK,
    NONE,
    OK,
    REUSEBOTH,
    REUSEPORT,
    SECOND,
    SO_REUSEPORT,
    WILDCARD,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import NO_OPTIONS, ONE_OR_EACH, PCB_LOOKUP, RESET, REUSEPORT_ALL
from fixtures.specification.sources import LINUX

JOIN = LINUX.at("ipv4/udp.c, udp_reuseport_add_sock")
LEAVE = LINUX.at("ipv4/udp.c, udp_lib_hash4")
PROTOCOLS = ("tcp4", "udp4")
#: At which address the members are.
PLACES = {"specific": LOOPBACK, "wildcard": WILDCARD}


def members(stack: Stack, kind: str, count: int, place: str = "specific") -> list[Socket]:
    """Sockets with SO_REUSEPORT that were bound one after the other."""
    group = [stack.socket(kind, SO_REUSEPORT) for _ in range(count)]
    for member in group:
        member.bind(PLACES[place])
    return group


@experiment("{kind}/reuseport/groups/cleared-by-the-older", rule=REUSEPORT_ALL, cites=(JOIN,))
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_the_older_clears_the_option_before_the_newer_binds(stack: Stack, kind: str) -> None:
    """{kind}: the older server cleared SO_REUSEPORT, then the newer binds: does one get all?"""
    older, newer = stack.socket(kind, *REUSEBOTH), stack.socket(kind, *REUSEBOTH)
    older.bind(LOOPBACK)
    serve(older)
    older.set(SO_REUSEPORT.off)
    newer.bind(LOOPBACK)
    serve(newer)
    assert stack.connections(LOOPBACK) in (older.itself, newer.itself)


@experiment("{kind}/reuseport/groups/cleared-by-both", rule=REUSEPORT_ALL, cites=(JOIN,))
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_both_clear_the_option(stack: Stack, kind: str) -> None:
    """Two {kind} servers shared an address, then both cleared SO_REUSEPORT: does one get all?"""
    older, newer = members(stack, kind, 2)
    serve(older, newer)
    older.set(SO_REUSEPORT.off)
    newer.set(SO_REUSEPORT.off)
    assert stack.connections(LOOPBACK) in (older.itself, newer.itself)


@experiment("{kind}/reuseport/groups/set-by-the-older", rule=REUSEPORT_ALL, cites=(JOIN,))
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_the_older_sets_the_option_before_the_newer_binds(stack: Stack, kind: str) -> None:
    """{kind}: the older server set SO_REUSEPORT late, then the newer bound with it: do they receive?"""
    older, newer = stack.socket(kind), stack.socket(kind, SO_REUSEPORT)
    older.bind(LOOPBACK)
    serve(older)
    older.set(SO_REUSEPORT)
    newer.bind(LOOPBACK)
    serve(newer)
    assert stack.connections(LOOPBACK) in (older.itself, newer.itself, BOTH)


@experiment("udp4/reuseport/groups/beside-connected/{place}", rule=ONE_OR_EACH, cites=(LEAVE,))
@pytest.mark.parametrize("place", PLACES)
def test_a_member_connects(stack: Stack, place: str) -> None:
    """The last of three in a UDP group ({place}) connected: do the others alone hear strangers?"""
    first, second, connected = members(stack, "udp4", 3, place)
    connected.connect(LOOPBACK.at("Q"))
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("udp4/reuseport/groups/oldest-connected/{place}", rule=ONE_OR_EACH, cites=(LEAVE,))
@pytest.mark.parametrize("place", PLACES)
def test_the_oldest_member_connects(stack: Stack, place: str) -> None:
    """The first of three in a UDP group ({place}) connected: do the others alone hear strangers?"""
    connected, second, third = members(stack, "udp4", 3, place)
    connected.connect(LOOPBACK.at("Q"))
    assert stack.connections(LOOPBACK) in (second.itself, third.itself, BOTH)


@experiment("udp4/reuseport/groups/late-beside-connected/{place}", rule=ONE_OR_EACH, cites=(JOIN, LEAVE))
@pytest.mark.parametrize("place", PLACES)
def test_a_late_member_beside_one_that_connected(stack: Stack, place: str) -> None:
    """One of a UDP group ({place}) connected, then a late one bound: does that alone receive?"""
    _, _, connected = members(stack, "udp4", 3, place)
    connected.connect(LOOPBACK.at("Q"))
    (late,) = members(stack, "udp4", 1, place)
    assert stack.connections(LOOPBACK) == late.itself


@experiment("udp4/reuseport/groups/late-after-connected-closed/{place}", rule=ONE_OR_EACH, cites=(JOIN, LEAVE))
@pytest.mark.parametrize("place", PLACES)
def test_a_late_member_when_the_connected_one_has_closed(stack: Stack, place: str) -> None:
    """A late one joined a UDP group ({place}) of which one connected, and closed: does it get all?"""
    _, _, connected = members(stack, "udp4", 3, place)
    connected.connect(LOOPBACK.at("Q"))
    (late,) = members(stack, "udp4", 1, place)
    connected.close()
    assert stack.connections(LOOPBACK) == late.itself


@experiment("{kind}/reuseport/groups/wildcard-after-specific", rule=ONE_OR_EACH, cites=(LINUX.at("ipv4/udp.c, __udp4_lib_lookup"),))
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_two_at_the_wildcard_after_a_specific_one(stack: Stack, kind: str) -> None:
    """{kind} with SO_REUSEPORT: 127.0.0.1, then 0.0.0.0 twice: does the specific one alone receive?"""
    (specific,) = members(stack, kind, 1)
    serve(specific, *members(stack, kind, 2, "wildcard"))
    assert stack.connections(LOOPBACK) == specific.itself


@experiment("tcp4/reuseport/groups/waiting-connection", rule=RESET, cites=(LINUX.at("ipv4/inet_connection_sock.c, inet_csk_listen_stop"),))
def test_a_listener_closes_beside_its_successor(stack: Stack) -> None:
    """A listener closes beside its SO_REUSEPORT successor: is the connection that it left waiting reset?"""
    (older,) = members(stack, "tcp4", 1)
    older.listen()
    client = connecting(stack, LOOPBACK)
    (newer,) = members(stack, "tcp4", 1)
    newer.listen()
    older.close()
    assert client.recv(1) == ECONNRESET


@experiment("udp4/reuseport/groups/wildcard-beside-{count}", rule=NO_OPTIONS, cites=(LINUX.at("ipv4/udp.c, udp_lib_get_port"),))
@pytest.mark.parametrize("count", [10, 11])
def test_the_wildcard_beside_many(stack: Stack, count: int) -> None:
    """{count} UDP sockets with SO_REUSEPORT have 127.0.0.1. Is one without an option refused 0.0.0.0?"""
    members(stack, "udp4", count)
    assert stack.udp4().bind(WILDCARD) == EADDRINUSE


#: Where eleven members are, and what another socket is answered.
BESIDE_ELEVEN = [
    ("same-address",         "specific", NONE,      LOOPBACK, EADDRINUSE),
    ("same-address-shared",  "specific", REUSEPORT, LOOPBACK, OK),
    ("other-address",        "specific", NONE,      SECOND,   OK),
    ("below-the-wildcard",   "wildcard", NONE,      LOOPBACK, EADDRINUSE),
]  # fmt: skip


@experiment("udp4/reuseport/groups/beside-11/{case}", rule=PCB_LOOKUP, cites=(LINUX.at("ipv4/udp.c, udp_lib_lport_inuse2"),))
@pytest.mark.parametrize(("case", "place", "options", "wanted", "expected"), BESIDE_ELEVEN, ids=str)
def test_an_address_beside_many(stack: Stack, case: str, place: str, options: Options, wanted: Address, expected: Answer) -> None:
    """Eleven SO_REUSEPORT sockets have the {place} address. May another bind ({case})?"""
    members(stack, "udp4", 11, place)
    assert stack.udp4(*options).bind(wanted) == expected
