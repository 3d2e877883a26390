"""Who of a group of SO_REUSEPORT sockets receives?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import serve, start
from fixtures.language.stack import Stack
from fixtures.language.words import (
    BOTH,
    EADDRINUSE,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    NOBODY,
    REUSEBOTH,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Options,
)
from fixtures.specification.rules import MOST_SPECIFIC, REUSEPORT_ALL
from fixtures.specification.sources import LINUX

PROTOCOLS = ("tcp4", "udp4")


@experiment("{kind}/reuseport/receives/specific-beside-wildcard", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_the_specific_member_receives(stack: Stack, kind: str) -> None:
    """{kind} sockets with SO_REUSEPORT hold 127.0.0.1 and 0.0.0.0: does the specific one receive all?"""
    specific, wildcard = stack.socket(kind, SO_REUSEPORT), stack.socket(kind, SO_REUSEPORT)
    specific.bind(LOOPBACK)
    wildcard.bind(WILDCARD)
    serve(specific, wildcard)
    assert stack.connections(LOOPBACK) == specific.itself


@experiment("udp4/reuseport/receives/two-at-another-address/{beside}", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("beside", ["alone", "beside-one"])
def test_two_members_at_another_address(stack: Stack, beside: str) -> None:
    """UDP sockets share 127.0.0.2 (SO_REUSEPORT), {beside}. Do they get nothing of 127.0.0.1?"""
    pair, near = (stack.udp4(SO_REUSEPORT), stack.udp4(SO_REUSEPORT)), stack.udp4(SO_REUSEPORT)
    for socket in pair:
        socket.bind(SECOND)
    if beside == "beside-one":
        near.bind(LOOPBACK)
    assert stack.connections(LOOPBACK) == (near.itself if beside == "beside-one" else NOBODY)


@experiment("{kind}/reuseport/receives/other-specific-beside-wildcard", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_a_specific_socket_outside_the_group_receives(stack: Stack, kind: str) -> None:
    """{kind}: 0.0.0.0 has SO_REUSEPORT, 127.0.0.1 only SO_REUSEADDR: does the specific one receive?"""
    wildcard, specific = stack.socket(kind, SO_REUSEPORT), stack.socket(kind, SO_REUSEADDR)
    wildcard.bind(WILDCARD)
    serve(wildcard)
    start(specific, LOOPBACK)
    assert stack.connections(LOOPBACK) == specific.itself


@experiment("{kind}/reuseport/receives/{options}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize("kind", PROTOCOLS)
@pytest.mark.parametrize("options", [REUSEPORT, REUSEBOTH], ids=str)
def test_two_members_split_or_not(stack: Stack, kind: str, options: Options) -> None:
    """Two {kind} sockets with {options.aloud} hold one address: does somebody of the group receive?"""
    first, second = stack.socket(kind, *options), stack.socket(kind, *options)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    serve(first, second)
    # Nothing says how a group shares: the last one may take all, or a hash may spread them.
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment(
    "tcp/reuseport/receives/idle-{idle}",
    rule=REUSEPORT_ALL,
    cites=(LINUX.at("ipv4/inet_connection_sock.c, inet_csk_listen_start"), LINUX.at("core/sock_reuseport.c, reuseport_alloc")),
)
@pytest.mark.parametrize("idle", ["first", "second"])
def test_a_member_that_does_not_listen(stack: Stack, idle: str) -> None:
    """The {idle} of two SO_REUSEPORT sockets never listens: does the other get all, if anyone does?"""
    first, second = stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    listener = second if idle == "first" else first
    listener.listen()
    assert stack.connections(LOOPBACK) in (listener.itself, NOBODY)


@experiment("{kind}/reuseport/leaves/{leaver}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize("kind", PROTOCOLS)
@pytest.mark.parametrize("leaver", ["first", "second"])
def test_the_rest_receives_when_a_member_closes(stack: Stack, kind: str, leaver: str) -> None:
    """The {leaver} of two {kind} SO_REUSEPORT sockets closes: does the one that stays receive all?"""
    first, second = stack.socket(kind, SO_REUSEPORT), stack.socket(kind, SO_REUSEPORT)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    serve(first, second)
    stays, leaves = (second, first) if leaver == "first" else (first, second)
    leaves.close()
    assert stack.connections(LOOPBACK) == stays.itself


@experiment("udp/reuseport/receives/third-with-reuseaddr", rule=REUSEPORT_ALL)
def test_a_third_outside_the_group(stack: Stack) -> None:
    """Is UDP with SO_REUSEADDR alone refused beside two with both options, so that the newer gets all?"""
    first, second = stack.udp4(*REUSEBOTH), stack.udp4(*REUSEBOTH)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    third = stack.udp4(SO_REUSEADDR).bind(LOOPBACK)
    received = stack.connections(LOOPBACK)
    assert (third, received) == (EADDRINUSE, second.itself)


@experiment("udp/reuseport/receives/two-users", rule=REUSEPORT_ALL)
def test_two_users_are_no_group(stack: Stack) -> None:
    """We, then a stranger hold one UDP address with both options: does the newer socket alone receive?"""
    stack.udp4(*REUSEBOTH).bind(LOOPBACK)
    strange = stack.stranger.udp4(*REUSEBOTH)
    strange.bind(LOOPBACK)
    assert stack.connections(LOOPBACK) == strange.itself


@experiment("{kind}/reuseport/receives/mixed", rule=REUSEPORT_ALL, cites=(LINUX.at("core/sock_reuseport.c, reuseport_select_sock"),))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
def test_receivers_with_unlike_options(stack: Stack, kind: str) -> None:
    """SO_REUSEPORT and both options share a {kind} address: does at least one of them receive?"""
    first, second = stack.socket(kind, *REUSEPORT), stack.socket(kind, *REUSEBOTH)
    for one in (first, second):
        one.bind(LOOPBACK)
        serve(one)
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("udp6/reuseport/receives/wildcard", rule=REUSEPORT_ALL)
def test_two_members_at_the_ipv6_wildcard(stack: Stack) -> None:
    """Two UDP sockets hold [::] for IPv6 with SO_REUSEPORT: does somebody of the group receive?"""
    first, second = stack.udp6(IPV6_V6ONLY, SO_REUSEPORT), stack.udp6(IPV6_V6ONLY, SO_REUSEPORT)
    first.bind(WILDCARD6)
    second.bind(WILDCARD6)
    assert stack.connections(LOOPBACK6) in (first.itself, second.itself, BOTH)


@experiment("tcp6/reuseport/receives/listened-in-turn/{where}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(("where", "address"), [("wildcard", WILDCARD6), ("specific", LOOPBACK6)], ids=str)
def test_the_second_listens_first(stack: Stack, where: str, address: Address) -> None:
    """Two share an IPv6 address ({where}), and the second listens first: does either receive?"""
    first, second = (stack.tcp6(IPV6_V6ONLY, SO_REUSEPORT) for _ in range(2))
    first.bind(address)
    second.bind(address)
    serve(second, first)
    assert stack.connections(LOOPBACK6) in (first.itself, second.itself, BOTH)
