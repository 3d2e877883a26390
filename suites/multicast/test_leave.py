"""What does a socket hear that has left a group, or wants no other groups than its own?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    EACH,
    EADDRNOTAVAIL,
    GROUP,
    IP_MULTICAST_ALL,
    IPV6_V6ONLY,
    LOOPBACK,
    NOBODY,
    OK,
    REUSEADDR,
    REUSEPORT,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import MEMBERSHIP_ENDS, ONE_OR_EACH, OWN_GROUPS_ALONE
from suites.multicast.groups import COPIES, EACH_FAMILY

OWN_ALONE = IP_MULTICAST_ALL.off
OTHER_GROUP = Address("224.0.0.252")
EACH_WAY = pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)


def at_group(stack: Stack, group: Address, *options: Option) -> Socket:
    """A socket that is bound to the group, which it has not joined."""
    socket = stack.socket(f"udp{group.family}", *options)
    socket.bind(group)
    return socket


def at_wildcard(stack: Stack, *options: Option) -> Socket:
    """A socket at the wildcard of IPv4."""
    socket = stack.udp4(*options)
    socket.bind(WILDCARD)
    return socket


# leave.


@experiment("udp{family}/multicast/leave/answer", rule=MEMBERSHIP_ENDS)
@EACH_FAMILY
def test_it_leaves(stack: Stack, family: int, always: Options, group: Address) -> None:
    """A socket has joined an IPv{family} group: may it leave?"""
    member = at_group(stack, group, *always)
    member.join(group)
    assert member.leave(group) == OK


@experiment("udp{family}/multicast/leave/twice", rule=MEMBERSHIP_ENDS)
@EACH_FAMILY
def test_it_leaves_twice(stack: Stack, family: int, always: Options, group: Address) -> None:
    """A socket has left an IPv{family} group: is a second leave refused?"""
    member = at_group(stack, group, *always)
    member.join(group)
    member.leave(group)
    assert member.leave(group) == EADDRNOTAVAIL


@experiment("udp4/multicast/leave/of-another", rule=MEMBERSHIP_ENDS)
def test_a_group_that_another_joined(stack: Stack) -> None:
    """A socket leaves a group that only another one has joined: is it refused?"""
    stack.udp4().join(GROUP)
    assert stack.udp4().leave(GROUP) == EADDRNOTAVAIL


@experiment("udp4/multicast/leave/beside-another-group", rule=MEMBERSHIP_ENDS)
def test_a_group_that_nobody_joined(stack: Stack) -> None:
    """A socket leaves a group that nobody has joined, while another is in another group: is it refused?"""
    stack.udp4().join(OTHER_GROUP)
    assert stack.udp4().leave(GROUP) == EADDRNOTAVAIL


@experiment("udp4/multicast/leave/one-of-two", rule=MEMBERSHIP_ENDS)
def test_one_of_two_members_leaves(stack: Stack) -> None:
    """Two sockets have joined a group: may the second leave?"""
    stack.udp4().join(GROUP)
    second = stack.udp4()
    second.join(GROUP)
    assert second.leave(GROUP) == OK


@experiment("udp4/multicast/leave/no-group", rule=MEMBERSHIP_ENDS)
def test_what_is_no_group(stack: Stack) -> None:
    """Is leave of an address that is no multicast group refused?"""
    assert stack.udp4().leave(LOOPBACK) != OK


@experiment("tcp4/multicast/leave", rule=MEMBERSHIP_ENDS)
def test_a_tcp_socket(stack: Stack) -> None:
    """Is a TCP socket that has joined no group refused leave of one?"""
    assert stack.tcp4().leave(GROUP) != OK


@experiment("tcp4/multicast/leave/joined", rule=MEMBERSHIP_ENDS)
def test_a_tcp_socket_that_asked_to_join(stack: Stack) -> None:
    """A TCP socket asks to join a group, then to leave it: are both granted, or both refused?"""
    member = stack.tcp4()
    joins = member.join(GROUP) == OK
    assert (member.leave(GROUP) == OK) == joins


@experiment("udp{family}/multicast/leave/last-member", rule=MEMBERSHIP_ENDS, cites=(COPIES,))
@EACH_FAMILY
def test_nobody_is_a_member(stack: Stack, family: int, always: Options, group: Address) -> None:
    """The only member of an IPv{family} group has left it: does anybody get a copy?"""
    member = at_group(stack, group, *always)
    member.join(group)
    member.leave(group)
    assert stack.connections(group) == NOBODY


@experiment("udp{family}/multicast/leave/joins-again", rule=MEMBERSHIP_ENDS)
@EACH_FAMILY
def test_it_joins_again(stack: Stack, family: int, always: Options, group: Address) -> None:
    """A socket has left an IPv{family} group and joined it again: does it get a copy?"""
    member = at_group(stack, group, *always)
    member.join(group)
    member.leave(group)
    member.join(group)
    assert stack.connections(group) == member.itself


@experiment("udp{family}/multicast/leave/others-stay", rule=ONE_OR_EACH, cites=(COPIES,))
@EACH_FAMILY
def test_another_stays_a_member(stack: Stack, family: int, always: Options, group: Address) -> None:
    """Two sockets joined an IPv{family} group, and the second left: does each get a copy?"""
    first, second = at_group(stack, group, *always, SO_REUSEPORT), at_group(stack, group, *always, SO_REUSEPORT)
    first.join(group)
    second.join(group)
    second.leave(group)
    assert stack.connections(group) == EACH


# IP_MULTICAST_ALL, which Linux has, and which is on from the start.


@experiment("udp4/multicast/all/default", rule=OWN_GROUPS_ALONE)
def test_it_is_on(stack: Stack) -> None:
    """Does IP_MULTICAST_ALL of a new socket read as 1 (on)?"""
    assert stack.udp4().get(IP_MULTICAST_ALL) == Answer("1")


@experiment("udp6/multicast/all/default", rule=OWN_GROUPS_ALONE)
def test_it_is_on_for_ipv6(stack: Stack) -> None:
    """Does IP_MULTICAST_ALL of a new IPv6 socket read as 1 (on)?"""
    assert stack.udp6().get(IP_MULTICAST_ALL) == Answer("1")


@experiment("udp6/multicast/all/ipv4-group", rule=ONE_OR_EACH, cites=(COPIES,))
def test_a_dual_stack_socket(stack: Stack) -> None:
    """An IPv4 socket joined an IPv4 group: does a dual-stack socket at the wildcard get a copy?"""
    stack.udp4().join(GROUP)
    dual = stack.udp6(IPV6_V6ONLY.off)
    dual.bind(WILDCARD6)
    assert stack.connections(GROUP) == dual.itself


@experiment("udp4/multicast/all/cleared/{options}", rule=OWN_GROUPS_ALONE)
@EACH_WAY
def test_only_the_other_joined(stack: Stack, options: Options) -> None:
    """One of two ({options.aloud}) joined a group, the other cleared IP_MULTICAST_ALL: is the one alone?"""
    member = at_wildcard(stack, *options)
    member.join(GROUP)
    at_wildcard(stack, *options, OWN_ALONE)
    assert stack.connections(GROUP) == member.itself


@experiment("udp4/multicast/all/cleared/member", rule=OWN_GROUPS_ALONE)
def test_its_own_group(stack: Stack) -> None:
    """Two share a port, and one that has cleared IP_MULTICAST_ALL joined a group: does each get a copy?"""
    at_wildcard(stack, SO_REUSEADDR)
    at_wildcard(stack, SO_REUSEADDR, OWN_ALONE).join(GROUP)
    assert stack.connections(GROUP) == EACH


@experiment("udp4/multicast/all/cleared/other-group", rule=OWN_GROUPS_ALONE)
def test_another_group_of_its_own(stack: Stack) -> None:
    """Two joined different groups, and the second cleared IP_MULTICAST_ALL: is the first alone?"""
    member = at_wildcard(stack, SO_REUSEADDR)
    member.join(GROUP)
    at_wildcard(stack, SO_REUSEADDR, OWN_ALONE).join(OTHER_GROUP)
    assert stack.connections(GROUP) == member.itself


@experiment("udp4/multicast/all/cleared/bound-to-the-group", rule=OWN_GROUPS_ALONE)
def test_it_is_bound_to_the_group(stack: Stack) -> None:
    """A socket at a group has cleared IP_MULTICAST_ALL, and another one joined: is that one alone?"""
    member = at_group(stack, GROUP, SO_REUSEADDR)
    member.join(GROUP)
    at_group(stack, GROUP, SO_REUSEADDR, OWN_ALONE)
    assert stack.connections(GROUP) == member.itself


@experiment("udp4/multicast/all/cleared/joined-elsewhere", rule=OWN_GROUPS_ALONE)
def test_another_process_joined(stack: Stack) -> None:
    """Another process joined a group, and a socket has cleared IP_MULTICAST_ALL: does it get no copy?"""
    stack.other.udp4().join(GROUP)
    at_wildcard(stack, OWN_ALONE)
    assert stack.connections(GROUP) == NOBODY


@experiment("udp4/multicast/all/cleared/left", rule=OWN_GROUPS_ALONE)
def test_it_has_left(stack: Stack) -> None:
    """Two joined a group, and one that has cleared IP_MULTICAST_ALL left: is the other alone?"""
    member = at_wildcard(stack, SO_REUSEADDR)
    member.join(GROUP)
    other = at_wildcard(stack, SO_REUSEADDR, OWN_ALONE)
    other.join(GROUP)
    other.leave(GROUP)
    assert stack.connections(GROUP) == member.itself


@experiment("udp4/multicast/all/set-again", rule=OWN_GROUPS_ALONE)
def test_it_is_set_again(stack: Stack) -> None:
    """A socket cleared IP_MULTICAST_ALL and set it again; another joined a group: does each hear?"""
    at_wildcard(stack, SO_REUSEADDR).join(GROUP)
    other = at_wildcard(stack, SO_REUSEADDR, OWN_ALONE)
    other.set(IP_MULTICAST_ALL)
    assert stack.connections(GROUP) == EACH
