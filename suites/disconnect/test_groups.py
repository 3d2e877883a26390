"""Who receives where one of those that share a port was connected and disconnected?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    GROUP,
    IP_MULTICAST_ALL,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Options,
)
from fixtures.specification.rules import MOST_SPECIFIC, OWN_GROUPS_ALONE, PEER_DISSOLVED, UDP_DUPLICATE
from fixtures.specification.sources import LINUX
from suites.connected_udp.peers import EVERY_KIND
from suites.multicast.groups import EACH_FAMILY

#: 6.13 gave connected sockets a table of their own, of which disconnect does not take them out.
_HASH4 = LINUX.at("ipv4/udp.c, udp_lib_hash4")
EACH_SHARED = pytest.mark.parametrize(("where", "address"), [("wildcard", WILDCARD), ("specific", LOOPBACK)], ids=str)


#: Where two share an address, and what the first had before it is disconnected.
BEFORE = [("wildcard", "a-peer"), ("specific", "a-peer"), ("wildcard", "no-peer")]


def shared(stack: Stack, address: Address) -> Socket:
    """A socket that shares the address."""
    socket = stack.udp4(SO_REUSEPORT)
    socket.bind(address)
    return socket


@experiment("udp4/disconnect/shared/{where}", rule=MOST_SPECIFIC, cites=(_HASH4,))
@EACH_SHARED
def test_the_first_was_disconnected(stack: Stack, where: str, address: Address) -> None:
    """Two share a {where} address (SO_REUSEPORT), the first lost its peer: does the second receive?"""
    first = shared(stack, address)
    second = shared(stack, address)
    first.connect(LOOPBACK.at("Q"))
    first.disconnect()
    assert stack.connections(LOOPBACK) == second.itself


@experiment("udp6/disconnect/shared/specific", rule=MOST_SPECIFIC)
def test_the_first_had_a_peer_on_that_host(stack: Stack) -> None:
    """Two share [::1] (SO_REUSEPORT), the first lost its peer on [::1]: does the second receive?"""
    first, second = (stack.udp6(SO_REUSEPORT, IPV6_V6ONLY) for _ in range(2))
    first.bind(LOOPBACK6)
    second.bind(LOOPBACK6)
    first.connect(LOOPBACK6.at("Q"))
    first.disconnect()
    assert stack.connections(LOOPBACK6) == second.itself


@experiment("udp4/disconnect/shared/{where}/third", rule=MOST_SPECIFIC, cites=(_HASH4,))
@EACH_SHARED
def test_a_third_comes(stack: Stack, where: str, address: Address) -> None:
    """Of two at a {where} address the first lost its peer, and a third binds: does that receive?"""
    first = shared(stack, address)
    shared(stack, address)
    first.connect(LOOPBACK.at("Q"))
    first.disconnect()
    third = shared(stack, address)
    assert stack.connections(LOOPBACK) == third.itself


@experiment("{kind}/disconnect/shared-by-reuseaddr/{where}/{before}", rule=UDP_DUPLICATE)
@EVERY_KIND
@pytest.mark.parametrize(("where", "before"), BEFORE)
def test_two_share_by_reuseaddr(
    stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address, where: str, before: str
) -> None:
    """Of two at a {kind} {where} (SO_REUSEADDR) the first had {before} and is disconnected: does it receive?"""
    first, second = (stack.socket(kind, SO_REUSEADDR, *always) for _ in range(2))
    for socket in (first, second):
        socket.bind(wildcard if where == "wildcard" else specific)
    if before == "a-peer":
        first.connect(specific.at("Q"))
    first.disconnect()
    assert stack.connections(specific) == first.itself


@experiment("{kind}/disconnect/shared-by-reuseaddr/wildcard/bound-between", rule=MOST_SPECIFIC)
@EVERY_KIND
def test_the_second_binds_between(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} wildcard connects, another binds (SO_REUSEADDR), the first is disconnected: who hears?"""
    first, second = (stack.socket(kind, SO_REUSEADDR, *always) for _ in range(2))
    first.bind(wildcard)
    first.connect(specific.at("Q"))
    second.bind(wildcard)
    first.disconnect()
    assert stack.connections(specific) == second.itself


@experiment("udp6/disconnect/shared-by-reuseaddr/ipv4-peer", rule=UDP_DUPLICATE)
def test_the_first_had_an_ipv4_peer(stack: Stack) -> None:
    """A dual-stack socket lost an IPv4 peer, another asks for [::] (SO_REUSEADDR): does it hear IPv4?"""
    first, second = (stack.udp6(SO_REUSEADDR, IPV6_V6ONLY.off) for _ in range(2))
    first.bind(WILDCARD6)
    first.connect(MAPPED.at("Q"))
    first.disconnect()
    second.bind(WILDCARD6)
    assert stack.connections(LOOPBACK) == first.itself


@experiment("udp{family}/disconnect/multicast/{where}", rule=PEER_DISSOLVED)
@EACH_FAMILY
@pytest.mark.parametrize("where", ["group", "wildcard"])
def test_a_member_had_a_peer(stack: Stack, family: int, always: Options, group: Address, where: str) -> None:
    """A member of an IPv{family} group ({where}) lost its peer (AF_UNSPEC): does it hear the group?"""
    member = stack.socket(f"udp{family}", *always)
    member.bind(group if where == "group" else WILDCARD if family == 4 else WILDCARD6)
    member.join(group)
    member.connect(LOOPBACK.at("Q") if family == 4 else LOOPBACK6.at("Q"))
    member.disconnect()
    assert stack.connections(group) == member.itself


@experiment("udp6/disconnect/multicast/ipv4-group", rule=OWN_GROUPS_ALONE)
def test_a_dual_stack_socket_had_a_peer(stack: Stack) -> None:
    """A dual-stack socket (IP_MULTICAST_ALL) lost its IPv6 peer: does it hear an IPv4 group of others?"""
    stack.udp4().join(GROUP)
    dual = stack.udp6(IPV6_V6ONLY.off, IP_MULTICAST_ALL)
    dual.bind(WILDCARD6)
    dual.connect(LOOPBACK6.at("Q"))
    dual.disconnect()
    assert stack.connections(GROUP) == dual.itself
