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
    Answer,
    Options,
)
from fixtures.specification.rules import MULTICAST, ONE_OR_EACH, PCB_LOOKUP, REUSEPORT_ALL, UDP_DUPLICATE, UNBOUND_CALL
from fixtures.specification.sources import LITE2, NETBSD_TESTS, OPENBSD, RFC6762, TCPV2

# With SO_REUSEADDR the second may share with a first that set either option; with SO_REUSEPORT alone only with its like.
PAIRS = [
    # first,     second,    the second bind
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, EADDRINUSE),
    (NONE,      REUSEPORT, EADDRINUSE),
    (NONE,      REUSEBOTH, EADDRINUSE),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEADDR, REUSEADDR, OK),
    (REUSEADDR, REUSEPORT, EADDRINUSE),
    (REUSEADDR, REUSEBOTH, OK),
    (REUSEPORT, NONE,      EADDRINUSE),
    (REUSEPORT, REUSEADDR, OK),
    (REUSEPORT, REUSEPORT, OK),
    (REUSEPORT, REUSEBOTH, OK),
    (REUSEBOTH, NONE,      EADDRINUSE),
    (REUSEBOTH, REUSEADDR, OK),
    (REUSEBOTH, REUSEPORT, OK),
    (REUSEBOTH, REUSEBOTH, OK),
]  # fmt: skip
PERMITTED = [REUSEADDR, REUSEPORT, REUSEBOTH]


@experiment("udp4/multicast/bind/{first}-{second}", rule=MULTICAST, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(("first", "second", "expected"), PAIRS, ids=str)
def test_the_group_twice(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """A socket with {first} is bound to a multicast group: may one with {second} bind it too?"""
    stack.udp4(*first).bind(GROUP)
    assert stack.udp4(*second).bind(GROUP) == expected


@experiment("udp6/multicast/bind/{first}-{second}", rule=MULTICAST)
@pytest.mark.parametrize(("first", "second", "expected"), PAIRS, ids=str)
def test_the_ipv6_group_twice(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """A socket with {first} is bound to an IPv6 multicast group: may one with {second} bind it too?"""
    stack.udp6(IPV6_V6ONLY, *first).bind(GROUP6)
    assert stack.udp6(IPV6_V6ONLY, *second).bind(GROUP6) == expected


@experiment(
    "udp{family}/multicast/other-user/{options}",
    rule=MULTICAST,
    cites=(OPENBSD.at("netinet/in_pcb.c 1.247, in_pcbaddrisavail"), NETBSD_TESTS.at("inpcb_bind.c, test cases of two users")),
)
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)
def test_the_group_of_another_user(stack: Stack, family: int, options: Options) -> None:
    """A socket is bound to an IPv{family} multicast group: may another user bind the group too ({options} on both)?"""
    group, v6only = (GROUP6, (IPV6_V6ONLY,)) if family == 6 else (GROUP, ())
    stack.socket(f"udp{family}", *v6only, *options).bind(group)
    assert stack.stranger.socket(f"udp{family}", *v6only, *options).bind(group) == OK


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
    """A socket with SO_REUSEADDR is bound to the wildcard: may one with {second} bind a multicast group?"""
    stack.udp4(SO_REUSEADDR).bind(WILDCARD)
    assert stack.udp4(*second).bind(GROUP) == expected


@experiment("udp4/multicast/copies/group/{options}", rule=ONE_OR_EACH)
@pytest.mark.parametrize("options", PERMITTED, ids=str)
def test_each_member_gets_a_copy(stack: Stack, options: Options) -> None:
    """Two sockets with {options} are bound to a group and joined it: does each get every datagram?"""
    first, second = stack.udp4(*options), stack.udp4(*options)
    for member in (first, second):
        member.bind(GROUP)
        member.join(GROUP)
    assert stack.connections(GROUP) == EACH


@experiment("udp6/multicast/copies/group/{options}", rule=ONE_OR_EACH)
@pytest.mark.parametrize("options", PERMITTED, ids=str)
def test_each_ipv6_member_gets_a_copy(stack: Stack, options: Options) -> None:
    """Two sockets with {options} are bound to an IPv6 group and joined it: does each get every datagram?"""
    first, second = stack.udp6(IPV6_V6ONLY, *options), stack.udp6(IPV6_V6ONLY, *options)
    for member in (first, second):
        member.bind(GROUP6)
        member.join(GROUP6)
    assert stack.connections(GROUP6) == EACH


@experiment("udp4/multicast/copies/refused", rule=MULTICAST)
def test_the_only_member_gets_all(stack: Stack) -> None:
    """A second socket without options asks for the group of the first: does the first alone receive?"""
    first, second = stack.udp4(), stack.udp4()
    first.bind(GROUP)
    first.join(GROUP)
    second.bind(GROUP)
    assert stack.connections(GROUP) == first.itself


@experiment("udp4/multicast/copies/wildcard/{options}", rule=ONE_OR_EACH)
@pytest.mark.parametrize("options", [REUSEPORT, REUSEBOTH], ids=str)
def test_each_wildcard_gets_a_copy(stack: Stack, options: Options) -> None:
    """Two sockets with {options} are bound to the wildcard and joined a group: does each get every datagram to it?"""
    first, second = stack.udp4(*options), stack.udp4(*options)
    for member in (first, second):
        member.bind(WILDCARD)
        member.join(GROUP)
    assert stack.connections(GROUP) == EACH


@experiment("udp6/multicast/copies/wildcard/reuseport", rule=ONE_OR_EACH)
def test_each_ipv6_wildcard_gets_a_copy(stack: Stack) -> None:
    """Two sockets with SO_REUSEPORT are bound to [::] and joined an IPv6 group: does each get every datagram to it?"""
    first, second = stack.udp6(IPV6_V6ONLY, SO_REUSEPORT), stack.udp6(IPV6_V6ONLY, SO_REUSEPORT)
    for member in (first, second):
        member.bind(WILDCARD6)
        member.join(GROUP6)
    assert stack.connections(GROUP6) == EACH


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
    """A socket joined a group but is bound to the wildcard: may another bind the wildcard ({options} on both)?"""
    member = stack.udp4(*options)
    member.bind(WILDCARD)
    member.join(GROUP)
    assert stack.udp4(*options).bind(WILDCARD) == expected


@experiment("udp4/multicast/copies/group-and-wildcard", rule=ONE_OR_EACH)
def test_the_wildcard_gets_a_copy_too(stack: Stack) -> None:
    """One socket is bound to a group, one to the wildcard, and both joined: does each get every datagram?"""
    wildcard, member = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    wildcard.bind(WILDCARD)
    wildcard.join(GROUP)
    member.bind(GROUP)
    member.join(GROUP)
    assert stack.connections(GROUP) == EACH


@experiment("udp4/multicast/unicast-reaches-one/{options}", rule=ONE_OR_EACH)
@pytest.mark.parametrize("options", [REUSEPORT, REUSEBOTH], ids=str)
def test_a_unicast_datagram_reaches_one(stack: Stack, options: Options) -> None:
    """Two sockets with {options} at the wildcard joined a group: does a unicast datagram reach only one of them?"""
    first, second = stack.udp4(*options), stack.udp4(*options)
    for member in (first, second):
        member.bind(WILDCARD)
        member.join(GROUP)
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("udp4/multicast/copies/wildcard/reuseaddr", rule=UDP_DUPLICATE, cites=(RFC6762.at("§15.1"),))
def test_the_first_wildcard_gets_all(stack: Stack) -> None:
    """Two sockets with SO_REUSEADDR ask for the wildcard to join a group there: does the first alone receive what goes to it?"""
    first, second = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    first.bind(WILDCARD)
    first.join(GROUP)
    if second.bind(WILDCARD) == OK:
        second.join(GROUP)
    assert stack.connections(GROUP) == first.itself


@experiment("udp{family}/multicast/copies/one-joined/{bound}", rule=ONE_OR_EACH, cites=(TCPV2.at("§23.7, udp_input"),))
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("bound", ["group", "wildcard"])
def test_who_did_not_join_gets_a_copy_too(stack: Stack, family: int, bound: str) -> None:
    """Two sockets with SO_REUSEPORT are bound to an IPv{family} {bound}, and one joined: does the other get every datagram, too?"""
    group, wildcard = (GROUP6, WILDCARD6) if family == 6 else (GROUP, WILDCARD)
    options = (IPV6_V6ONLY, SO_REUSEPORT) if family == 6 else (SO_REUSEPORT,)
    member, other = stack.socket(f"udp{family}", *options), stack.socket(f"udp{family}", *options)
    for one in (member, other):
        one.bind(group if bound == "group" else wildcard)
    member.join(group)
    assert stack.connections(group) == EACH


@experiment("udp4/multicast/copies/one-joined/wildcard-reuseaddr", rule=ONE_OR_EACH, cites=(TCPV2.at("§23.7, udp_input"),))
def test_who_did_not_join_with_reuseaddr(stack: Stack) -> None:
    """Two sockets ask for the wildcard with SO_REUSEADDR, and the first joins a group: does it get every datagram, alone or not?"""
    member, other = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    member.bind(WILDCARD)
    other.bind(WILDCARD)
    member.join(GROUP)
    assert stack.connections(GROUP) in (EACH, member.itself)


@experiment("udp4/multicast/copies/one-joined/elsewhere", rule=ONE_OR_EACH, cites=(TCPV2.at("§23.7, udp_input"),))
def test_who_is_bound_elsewhere_gets_no_copy(stack: Stack) -> None:
    """Two sockets joined a group, one bound to it, one to a local address: does the former alone get what goes to the group?"""
    member, elsewhere = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    member.bind(GROUP)
    elsewhere.bind(LOOPBACK)
    for one in (member, elsewhere):
        one.join(GROUP)
    assert stack.connections(GROUP) == member.itself


@experiment("udp4/multicast/copies/nobody-joined", rule=ONE_OR_EACH, cites=(TCPV2.at("§23.7, udp_input"),))
def test_nobody_joined(stack: Stack) -> None:
    """A socket is bound to a group that nobody joined: does nobody get what goes there?"""
    stack.udp4().bind(GROUP)
    assert stack.connections(GROUP) == NOBODY


@experiment("udp4/multicast/of-another-user/alone", rule=UNBOUND_CALL)
def test_another_user_binds_a_group(stack: Stack) -> None:
    """May a user without privileges bind a multicast group that nobody holds?"""
    assert stack.stranger.udp4().bind(GROUP) == OK


@experiment("udp4/multicast/of-another-user/then-own/reuseaddr", rule=MULTICAST)
def test_a_group_that_another_user_holds(stack: Stack) -> None:
    """Another user holds a multicast group: may root bind it too (both SO_REUSEADDR)?"""
    stack.stranger.udp4(SO_REUSEADDR).bind(GROUP)
    assert stack.udp4(SO_REUSEADDR).bind(GROUP) == OK
