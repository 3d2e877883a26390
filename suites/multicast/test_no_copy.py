"""Who gets no copy, and who gets what goes to one address of a group's port?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import (
    BOTH,
    EACH,
    GROUP,
    GROUP6,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    NOBODY,
    OK,
    REUSEBOTH,
    REUSEPORT,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Options,
)
from fixtures.specification.rules import DELIVERED, MOST_SPECIFIC, MULTICAST, ONE_OR_EACH, UDP_DUPLICATE
from fixtures.specification.sources import RFC6762
from suites.multicast.groups import COPIES, V6ONLY


@experiment("udp4/multicast/copies/refused", rule=MULTICAST)
def test_the_only_member_gets_all(stack: Stack) -> None:
    """A second socket without options asks for the group of the first. Does the first alone receive?"""
    first, second = stack.udp4(), stack.udp4()
    first.bind(GROUP)
    first.join(GROUP)
    second.bind(GROUP)
    assert stack.connections(GROUP) == first.itself


@experiment("udp4/multicast/copies/first-shares-nothing/{place}", rule=MULTICAST)
@pytest.mark.parametrize(("place", "address"), [("group", GROUP), ("wildcard", WILDCARD)], ids=str)
def test_a_member_with_the_option_beside_one_without(stack: Stack, place: str, address: Address) -> None:
    """A member at the {place} has no option, a second (SO_REUSEADDR) asks for the group: who receives?"""
    first, second = stack.udp4(), stack.udp4(SO_REUSEADDR)
    first.bind(address)
    first.join(GROUP)
    if second.bind(GROUP) == OK:
        second.join(GROUP)
    assert stack.connections(GROUP) in ((first.itself,) if place == "group" else (first.itself, EACH))


@experiment("udp4/multicast/copies/wildcard/reuseaddr", rule=UDP_DUPLICATE, cites=(RFC6762.at("§15.1"),))
def test_the_first_wildcard_gets_all(stack: Stack) -> None:
    """Two sockets with SO_REUSEADDR ask for the wildcard to join a group. Does the first alone receive?"""
    first, second = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    first.bind(WILDCARD)
    first.join(GROUP)
    if second.bind(WILDCARD) == OK:
        second.join(GROUP)
    assert stack.connections(GROUP) == first.itself


@experiment("udp4/multicast/copies/one-joined/elsewhere", rule=ONE_OR_EACH, cites=(COPIES,))
def test_no_copy_for_a_member_that_is_bound_elsewhere(stack: Stack) -> None:
    """Of two members, one is bound to the group, one to a local address. Does the first alone receive?"""
    member, elsewhere = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    member.bind(GROUP)
    elsewhere.bind(LOOPBACK)
    for one in (member, elsewhere):
        one.join(GROUP)
    assert stack.connections(GROUP) == member.itself


@experiment("udp4/multicast/copies/nobody-joined", rule=ONE_OR_EACH, cites=(COPIES,))
def test_nobody_joined(stack: Stack) -> None:
    """A socket is bound to a group that nobody joined. Does nobody get what goes there?"""
    stack.udp4().bind(GROUP)
    assert stack.connections(GROUP) == NOBODY


@experiment("udp6/multicast/copies/joined-by-an-ipv4-socket", rule=ONE_OR_EACH, cites=(COPIES,))
def test_copies_of_a_group_that_an_ipv4_socket_joins(stack: Stack) -> None:
    """A socket has an IPv6 group, which an IPv4 socket alone asks to join. Does nobody get a copy?"""
    stack.udp6().bind(GROUP6)
    stack.udp4().join(GROUP6)
    assert stack.connections(GROUP6) == NOBODY


@experiment("udp4/multicast/copies/port-that-nobody-holds", rule=ONE_OR_EACH, cites=(COPIES,))
def test_copies_at_a_port_that_nobody_holds(stack: Stack) -> None:
    """A socket joined a group at another port. Does nobody get what goes to a port that nobody holds?"""
    member = stack.udp4()
    member.bind(WILDCARD.at("Q"))
    member.join(GROUP)
    assert stack.connections(GROUP) == NOBODY


@experiment("udp4/multicast/unicast-reaches-one/{options}", rule=ONE_OR_EACH)
@pytest.mark.parametrize("options", [REUSEPORT, REUSEBOTH], ids=str)
def test_a_unicast_datagram_reaches_one(stack: Stack, options: Options) -> None:
    """Two members with {options.aloud} have the wildcard. Does a unicast datagram reach only one?"""
    first, second = stack.udp4(*options), stack.udp4(*options)
    for member in (first, second):
        member.bind(WILDCARD)
        member.join(GROUP)
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("udp6/multicast/unicast-misses-the-group", rule=MOST_SPECIFIC)
def test_a_datagram_to_an_address_beside_the_group(stack: Stack) -> None:
    """The only socket of a port is bound to an IPv6 group. Does a datagram to ::1 miss it?"""
    stack.udp6().bind(GROUP6)
    assert stack.connections(LOOPBACK6) == NOBODY


@experiment("udp6/multicast/copies/nobody-joined", rule=ONE_OR_EACH)
def test_a_copy_when_nobody_joined(stack: Stack) -> None:
    """A socket is bound to an IPv6 group that nobody has joined. Does it get no copy?"""
    stack.udp6(IPV6_V6ONLY).bind(GROUP6)
    assert stack.connections(GROUP6) == NOBODY


@experiment("udp6/multicast/copies/beside-ipv4", rule=ONE_OR_EACH)
def test_a_copy_of_ipv6_beside_ipv4(stack: Stack) -> None:
    """IPv4 and IPv6 wildcards share a port, and the IPv6 one joined a group. Does it alone get a copy?"""
    stack.udp4(*REUSEPORT).bind(WILDCARD)
    member = stack.udp6(*V6ONLY, *REUSEPORT)
    member.bind(WILDCARD6)
    member.join(GROUP6)
    assert stack.connections(GROUP6) == member.itself


@experiment("udp4/multicast/copies/last-is-connected", rule=ONE_OR_EACH, cites=(COPIES,))
def test_a_copy_behind_a_connected_one_without_options(stack: Stack) -> None:
    """Two members share a group; the last connects and clears SO_REUSEPORT. Does the first get a copy?"""
    first, last = (stack.udp4(*REUSEPORT) for _ in range(2))
    for member in (first, last):
        member.bind(GROUP)
        member.join(GROUP)
    last.connect(LOOPBACK.at("Q"))
    last.set(SO_REUSEPORT.off)
    assert stack.connections(GROUP) == first.itself


@experiment("udp4/multicast/sent-in-vain/then-another", rule=DELIVERED)
def test_a_datagram_after_one_from_a_group(stack: Stack) -> None:
    """A socket bound to a group sends to a receiver, and so does another. Does the receiver get one?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    at_a_group = stack.udp4()
    at_a_group.bind(GROUP.at("Q"))
    at_a_group.connect(LOOPBACK)
    at_a_group.send(1)
    sender.connect(LOOPBACK)
    sender.send(1)
    assert receiver.recv(1) == OK
