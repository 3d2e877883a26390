"""Who may bind a multicast group, and who gets a copy?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import (
    BOTH,
    EACH,
    EADDRINUSE,
    GROUP,
    GROUP6,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    NOBODY,
    NONE,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import (
    BIND_NAMES,
    DELIVERED,
    MEMBERSHIP,
    MOST_SPECIFIC,
    MULTICAST,
    ONE_OR_EACH,
    PCB_LOOKUP,
    REUSEPORT_ALL,
    UDP_DUPLICATE,
)
from fixtures.specification.sources import LITE2, NETBSD_TESTS, OPENBSD, RFC6762, TCPV2

V6ONLY = Options(IPV6_V6ONLY)
OTHER_GROUP6 = Address("ff05::fc")
#: The family, the options that its sockets are always made with, and its group.
GROUPS = [(4, NONE, GROUP), (6, V6ONLY, GROUP6)]
EACH_FAMILY = pytest.mark.parametrize(("family", "always", "group"), GROUPS, ids=str)
COPIES = TCPV2.at("§23.7, udp_input")


@experiment("udp{family}/multicast/bind/{first}-{second}", rule=MULTICAST, cites=(LITE2.at("in_pcbbind"),))
@EACH_FAMILY
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # With SO_REUSEADDR the second may share with a first that set either option.
        (NONE,      REUSEADDR, EADDRINUSE),
        (NONE,      REUSEBOTH, EADDRINUSE),
        (REUSEADDR, REUSEADDR, OK),
        (REUSEADDR, REUSEBOTH, OK),
        (REUSEPORT, REUSEADDR, OK),
        (REUSEPORT, REUSEBOTH, OK),
        (REUSEBOTH, REUSEADDR, OK),
        (REUSEBOTH, REUSEBOTH, OK),
        # With SO_REUSEPORT alone it may share only with its like.
        (NONE,      REUSEPORT, EADDRINUSE),
        (REUSEADDR, REUSEPORT, EADDRINUSE),
        (REUSEPORT, REUSEPORT, OK),
        (REUSEBOTH, REUSEPORT, OK),
        # The second asks for nothing.
        (NONE,      NONE,      EADDRINUSE),
        (REUSEADDR, NONE,      EADDRINUSE),
        (REUSEPORT, NONE,      EADDRINUSE),
        (REUSEBOTH, NONE,      EADDRINUSE),
    ],
    ids=str,
)  # fmt: skip
def test_the_group_twice(
    stack: Stack, family: int, always: Options, group: Address, first: Options, second: Options, expected: Answer
) -> None:
    """An IPv{family} socket with {first.aloud} has a group. May one with {second.aloud} bind it, too?"""
    stack.socket(f"udp{family}", *always, *first).bind(group)
    assert stack.socket(f"udp{family}", *always, *second).bind(group) == expected


@experiment(
    "udp{family}/multicast/other-user/{options}",
    rule=MULTICAST,
    cites=(OPENBSD.at("netinet/in_pcb.c 1.247, in_pcbaddrisavail"), NETBSD_TESTS.at("inpcb_bind.c, test cases of two users")),
)
@EACH_FAMILY
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)
def test_the_group_of_another_user(stack: Stack, family: int, always: Options, group: Address, options: Options) -> None:
    """We bound an IPv{family} group. May another user bind it, too (both {options.aloud})?"""
    stack.socket(f"udp{family}", *always, *options).bind(group)
    assert stack.stranger.socket(f"udp{family}", *always, *options).bind(group) == OK


@experiment("udp4/multicast/group-beside-wildcard/{second}", rule=PCB_LOOKUP)
@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (NONE,      EADDRINUSE),
        (REUSEADDR, OK),
        (REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_the_group_beside_the_wildcard(stack: Stack, second: Options, expected: Answer) -> None:
    """A socket with SO_REUSEADDR has the wildcard. May one with {second.aloud} bind a group?"""
    stack.udp4(SO_REUSEADDR).bind(WILDCARD)
    assert stack.udp4(*second).bind(GROUP) == expected


@experiment("udp4/multicast/wildcard/{options}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (NONE,      EADDRINUSE),
        (REUSEADDR, EADDRINUSE),
        (REUSEPORT, OK),
        (REUSEBOTH, OK),
    ],
    ids=str,
)  # fmt: skip
def test_a_member_at_the_wildcard_is_no_group(stack: Stack, options: Options, expected: Answer) -> None:
    """A member of a group has the wildcard. May another bind it, each with {options.aloud}?"""
    member = stack.udp4(*options)
    member.bind(WILDCARD)
    member.join(GROUP)
    assert stack.udp4(*options).bind(WILDCARD) == expected


# Who gets a copy.


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


# Who gets none.


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


@experiment("udp4/multicast/of-another-user/alone", rule=BIND_NAMES)
def test_another_user_binds_a_group(stack: Stack) -> None:
    """May a user without privileges bind a multicast group that nobody holds?"""
    assert stack.stranger.udp4().bind(GROUP) == OK


@experiment("udp4/multicast/of-another-user/then-own/reuseaddr", rule=MULTICAST)
def test_a_group_that_another_user_holds(stack: Stack) -> None:
    """Another user holds a multicast group: may root bind it too (both SO_REUSEADDR)?"""
    stack.stranger.udp4(SO_REUSEADDR).bind(GROUP)
    assert stack.udp4(SO_REUSEADDR).bind(GROUP) == OK


@experiment("udp6/multicast/copies/nobody-joined", rule=ONE_OR_EACH)
def test_a_copy_when_nobody_joined(stack: Stack) -> None:
    """A socket is bound to an IPv6 group that nobody has joined. Does it get no copy?"""
    stack.udp6(IPV6_V6ONLY).bind(GROUP6)
    assert stack.connections(GROUP6) == NOBODY


@experiment("udp6/multicast/copies/another-group", rule=ONE_OR_EACH, cites=(COPIES,))
def test_a_copy_for_a_member_of_another_group(stack: Stack) -> None:
    """Two wildcards share a port, each a member of another IPv6 group. Does the group reach its member?"""
    first, second = (stack.udp6(*V6ONLY, *REUSEPORT) for _ in range(2))
    for one in (first, second):
        one.bind(WILDCARD6)
    first.join(GROUP6)
    second.join(OTHER_GROUP6)
    assert stack.connections(GROUP6) in (EACH, first.itself)


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
