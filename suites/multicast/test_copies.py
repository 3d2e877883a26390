"""Who gets a copy of what goes to a multicast group?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EACH,
    GROUP,
    GROUP6,
    NONE,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Options,
)
from fixtures.specification.rules import MEMBERSHIP, ONE_OR_EACH
from suites.multicast.groups import COPIES, EACH_FAMILY, V6ONLY

OTHER_GROUP6 = Address("ff05::fc")


@experiment("udp4/multicast/copies/both-cleared", rule=ONE_OR_EACH, cites=(COPIES,))
def test_copies_for_two_that_have_cleared_the_option(stack: Stack) -> None:
    """Two sockets with SO_REUSEADDR share a group, and then both clear it. Does each get a copy?"""
    first, second = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    for member in (first, second):
        member.bind(GROUP)
        member.join(GROUP)
    for member in (first, second):
        member.set(SO_REUSEADDR.off)
    assert stack.connections(GROUP) == EACH


@experiment("udp4/multicast/copies/tcp-member", rule=MEMBERSHIP, cites=(COPIES,))
def test_a_tcp_socket_is_a_member(stack: Stack) -> None:
    """A TCP socket joins a group. Does a UDP socket at the group, which has not joined, get a copy?"""
    stack.tcp4().join(GROUP)
    hearer = stack.udp4()
    hearer.bind(GROUP)
    assert stack.connections(GROUP) == hearer.itself


@experiment("udp{family}/multicast/copies/group/{options}", rule=ONE_OR_EACH)
@EACH_FAMILY
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT, REUSEBOTH], ids=str)
def test_each_member_gets_a_copy(stack: Stack, family: int, always: Options, group: Address, options: Options) -> None:
    """Two sockets with {options.aloud} joined an IPv{family} group they bound. Does each get a copy?"""
    first, second = stack.socket(f"udp{family}", *always, *options), stack.socket(f"udp{family}", *always, *options)
    for member in (first, second):
        member.bind(group)
        member.join(group)
    assert stack.connections(group) == EACH


@experiment("udp{family}/multicast/copies/wildcard/{options}", rule=ONE_OR_EACH)
@pytest.mark.parametrize(
    ("family", "always", "wildcard", "group", "options"),
    [
        (4, NONE,   WILDCARD,  GROUP,  REUSEPORT),
        (4, NONE,   WILDCARD,  GROUP,  REUSEBOTH),
        (6, V6ONLY, WILDCARD6, GROUP6, REUSEPORT),
    ],
    ids=str,
)  # fmt: skip
def test_each_wildcard_gets_a_copy(stack: Stack, family: int, always: Options, wildcard: Address, group: Address, options: Options) -> None:
    """Two sockets with {options.aloud} on the IPv{family} wildcard joined a group. Does each get a copy?"""
    first, second = stack.socket(f"udp{family}", *always, *options), stack.socket(f"udp{family}", *always, *options)
    for member in (first, second):
        member.bind(wildcard)
        member.join(group)
    assert stack.connections(group) == EACH


@experiment("udp4/multicast/copies/group-and-wildcard", rule=ONE_OR_EACH)
def test_the_wildcard_gets_a_copy_too(stack: Stack) -> None:
    """One socket is bound to a group, one to the wildcard, and both joined. Does each get a copy?"""
    wildcard, member = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    wildcard.bind(WILDCARD)
    wildcard.join(GROUP)
    member.bind(GROUP)
    member.join(GROUP)
    assert stack.connections(GROUP) == EACH


@experiment("udp{family}/multicast/copies/one-joined/{bound}", rule=ONE_OR_EACH, cites=(COPIES,))
@pytest.mark.parametrize(
    ("family", "always", "bound", "address", "group"),
    [
        (4, NONE,   "group",    GROUP,     GROUP),
        (4, NONE,   "wildcard", WILDCARD,  GROUP),
        (6, V6ONLY, "group",    GROUP6,    GROUP6),
        (6, V6ONLY, "wildcard", WILDCARD6, GROUP6),
    ],
    ids=str,
)  # fmt: skip
def test_a_copy_without_joining(stack: Stack, family: int, always: Options, bound: str, address: Address, group: Address) -> None:
    """Two sockets share an IPv{family} {bound} (SO_REUSEPORT), one joined. Does the other get a copy?"""
    options = (*always, *REUSEPORT)
    member, other = stack.socket(f"udp{family}", *options), stack.socket(f"udp{family}", *options)
    for one in (member, other):
        one.bind(address)
    member.join(group)
    assert stack.connections(group) == EACH


@experiment("udp4/multicast/copies/one-joined/wildcard-reuseaddr", rule=ONE_OR_EACH, cites=(COPIES,))
def test_a_copy_without_joining_with_reuseaddr(stack: Stack) -> None:
    """Two sockets ask for the wildcard (SO_REUSEADDR), and the first joins. Does it get every datagram?"""
    member, other = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    member.bind(WILDCARD)
    other.bind(WILDCARD)
    member.join(GROUP)
    assert stack.connections(GROUP) in (EACH, member.itself)


@experiment("udp{family}/multicast/copies/last-cleared-its-option", rule=ONE_OR_EACH, cites=(COPIES,))
@EACH_FAMILY
def test_a_copy_behind_one_without_options(stack: Stack, family: int, always: Options, group: Address) -> None:
    """Two members share an IPv{family} group; the last clears SO_REUSEPORT again. Does each get a copy?"""
    first, last = (stack.socket(f"udp{family}", *always, *REUSEPORT) for _ in range(2))
    for member in (first, last):
        member.bind(group)
        member.join(group)
    last.set(SO_REUSEPORT.off)
    assert stack.connections(group) == EACH


@experiment("udp{family}/multicast/copies/joined-by-an-unbound-socket", rule=ONE_OR_EACH, cites=(COPIES,))
@EACH_FAMILY
def test_a_copy_where_an_unbound_socket_joined(stack: Stack, family: int, always: Options, group: Address) -> None:
    """A socket has an IPv{family} group that another joined, which has no port: does the first get a copy?"""
    holder = stack.socket(f"udp{family}", *always)
    holder.bind(group)
    stack.socket(f"udp{family}", *always).join(group)
    assert stack.connections(group) == holder.itself


@experiment("udp{family}/multicast/copies/joined-by-a-tcp-socket", rule=ONE_OR_EACH, cites=(COPIES,))
@EACH_FAMILY
def test_a_copy_where_a_tcp_socket_joined(stack: Stack, family: int, always: Options, group: Address) -> None:
    """A UDP socket has an IPv{family} group that a TCP socket asked to join: does it get a copy?"""
    stack.socket(f"tcp{family}", *always).join(group)
    holder = stack.socket(f"udp{family}", *always)
    holder.bind(group)
    assert stack.connections(group) == holder.itself


@experiment("udp6/multicast/copies/another-group", rule=ONE_OR_EACH, cites=(COPIES,))
def test_a_copy_for_a_member_of_another_group(stack: Stack) -> None:
    """Two wildcards share a port, each a member of another IPv6 group. Does the group reach its member?"""
    first, second = (stack.udp6(*V6ONLY, *REUSEPORT) for _ in range(2))
    for one in (first, second):
        one.bind(WILDCARD6)
    first.join(GROUP6)
    second.join(OTHER_GROUP6)
    assert stack.connections(GROUP6) in (EACH, first.itself)


@experiment("udp{family}/multicast/copies/shut-down", rule=ONE_OR_EACH, cites=(COPIES,))
@EACH_FAMILY
def test_a_copy_for_a_member_that_asked_to_shut_down(stack: Stack, family: int, always: Options, group: Address) -> None:
    """A member of an IPv{family} group without a peer asked to shut down reading: does it get a copy?"""
    member = stack.socket(f"udp{family}", *always)
    member.bind(group)
    member.join(group)
    member.shutdown("RD")
    assert stack.connections(group) == member.itself
