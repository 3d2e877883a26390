"""May another process, or another user, take an address that somebody holds?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening, start
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
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import COMPLETELY_DUPLICATE, REUSEPORT_ALL, THEFT
from fixtures.specification.sources import LINUX, OPENBSD, WINSOCK
from suites.tables import OVERLAPPING, SAME, Places
from suites.takeover.people import PEOPLE, SAME_ADDRESS, Person

CONFLICT = LINUX.at("ipv4/inet_connection_sock.c, inet_csk_bind_conflict")
LISTEN_START = LINUX.at("ipv4/inet_connection_sock.c, inet_csk_listen_start")


@experiment("tcp/takeover/bound/{holder}-{newcomer}/{options}", rule=REUSEPORT_ALL, cites=(CONFLICT,))
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
@pytest.mark.parametrize(("options", "expected"), SAME_ADDRESS, ids=str)
def test_a_bound_address(stack: Stack, holder: Person, newcomer: Person, options: Options, expected: Answer) -> None:
    """May {newcomer.who} bind the address of {holder.whose} bound socket, each with {options.aloud}?"""
    holder.on(stack).tcp4(*options).bind(LOOPBACK)
    assert newcomer.on(stack).tcp4(*options).bind(LOOPBACK) == expected


@experiment("tcp/takeover/listening/{holder}-{newcomer}/{options}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
@pytest.mark.parametrize(("options", "expected"), SAME_ADDRESS, ids=str)
def test_a_listening_address(stack: Stack, holder: Person, newcomer: Person, options: Options, expected: Answer) -> None:
    """May {newcomer.who} bind the address of {holder.whose} listening server, each with {options.aloud}?"""
    listening(holder.on(stack), LOOPBACK, *options)
    assert newcomer.on(stack).tcp4(*options).bind(LOOPBACK) == expected


@experiment(
    "{kind}/takeover/ipv6/{holder}-{newcomer}", rule=REUSEPORT_ALL, cites=(OPENBSD.at("netinet6/in6_pcb.c 1.152, in6_pcbaddrisavail_lock"),)
)
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
def test_an_ipv6_address(stack: Stack, kind: str, holder: Person, newcomer: Person) -> None:
    """May {newcomer.who} bind [::1] beside {holder.whose} {kind} socket there, each with SO_REUSEPORT?"""
    holder.on(stack).socket(kind, SO_REUSEPORT).bind(LOOPBACK6)
    assert newcomer.on(stack).socket(kind, SO_REUSEPORT).bind(LOOPBACK6) == OK


@experiment("tcp/takeover/listens-first/{holder}-{newcomer}", rule=COMPLETELY_DUPLICATE, cites=(LISTEN_START,))
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
def test_a_newcomer_cannot_overtake(stack: Stack, holder: Person, newcomer: Person) -> None:
    """Does {holder.whose} SO_REUSEADDR server receive though {newcomer.who} came between bind and listen?"""
    victim = holder.on(stack).tcp4(SO_REUSEADDR)
    victim.bind(LOOPBACK)
    thief = newcomer.on(stack).tcp4(SO_REUSEADDR)
    # A server whose bind was refused gives up; where it was granted, listening first takes the port.
    start(thief, LOOPBACK)
    victim.listen()
    assert stack.connections(LOOPBACK) == victim.itself


@experiment("tcp/takeover/receives/{holder}-{newcomer}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
def test_a_group_over_processes(stack: Stack, holder: Person, newcomer: Person) -> None:
    """Does one receive when {holder.who} and {newcomer.who} start servers with SO_REUSEPORT at one address?"""
    first, second = holder.on(stack).tcp4(SO_REUSEPORT), newcomer.on(stack).tcp4(SO_REUSEPORT)
    first.bind(LOOPBACK)
    first.listen()
    start(second, LOOPBACK)
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


# Microsoft's table for different users, whole but for SO_EXCLUSIVEADDRUSE (suites/exclusive): it is about bind alone.
USER_TABLE = WINSOCK.at("enhanced socket security, the table for different users")
UNLISTENED = [
    # first,    second,    the second bind beside an overlapping address; the same one is always refused
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, OK),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEADDR, REUSEADDR, OK),
]  # fmt: skip
BOUND = [(places, first, second, EADDRINUSE) for places in SAME for first, second, _ in UNLISTENED]
BOUND += [(places, *pair) for places in OVERLAPPING for pair in UNLISTENED]


@experiment(
    "tcp/takeover/unlistened/{places}/{first}-{second}",
    rule=lambda places: COMPLETELY_DUPLICATE if places.alike else THEFT,
    cites=(USER_TABLE,),
)
@pytest.mark.parametrize(("places", "first", "second", "expected"), BOUND, ids=str)
def test_a_bound_address_of_another_user(stack: Stack, places: Places, first: Options, second: Options, expected: Answer) -> None:
    """A user holds {places.held.aloud} with {first.aloud}: may another bind {places.wanted.aloud} with {second.aloud}?"""
    stack.tcp4(*first).bind(places.held)
    assert stack.stranger.tcp4(*second).bind(places.wanted) == expected


@experiment("tcp/takeover/closest/{nearer}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(("nearer", "ours"), [("own-is-specific", WILDCARD), ("own-is-older", LOOPBACK)], ids=str)
def test_the_closest_holder_decides(stack: Stack, nearer: str, ours: Address) -> None:
    """A user holds 127.0.0.1, then we hold {ours.aloud} (SO_REUSEPORT): may the user bind 127.0.0.1 again?"""
    stack.stranger.tcp4(SO_REUSEPORT).bind(LOOPBACK)
    stack.tcp4(SO_REUSEPORT).bind(ours)
    again = stack.stranger.tcp4(SO_REUSEPORT)
    assert again.bind(LOOPBACK) == OK


@experiment("tcp/takeover/closest/own-is-ipv4", rule=REUSEPORT_ALL)
def test_the_closest_holder_is_of_one_family(stack: Stack) -> None:
    """A user holds 0.0.0.0, then we hold [::] (SO_REUSEPORT on all): may the user bind 0.0.0.0 again?"""
    stack.stranger.tcp4(SO_REUSEPORT).bind(WILDCARD)
    stack.tcp6(IPV6_V6ONLY.off, SO_REUSEPORT).bind(WILDCARD6)
    assert stack.stranger.tcp4(SO_REUSEPORT).bind(WILDCARD) == OK


@experiment("tcp/takeover/closest/own-is-v6only", rule=REUSEPORT_ALL)
def test_the_newest_holder_of_two_wildcards(stack: Stack) -> None:
    """A user holds [::] for IPv6, then we for both families: may the user bind it for IPv6 again?"""
    stack.stranger.tcp6(IPV6_V6ONLY, SO_REUSEPORT).bind(WILDCARD6)
    stack.tcp6(IPV6_V6ONLY.off, SO_REUSEPORT).bind(WILDCARD6)
    assert stack.stranger.tcp6(IPV6_V6ONLY, SO_REUSEPORT).bind(WILDCARD6) == OK
