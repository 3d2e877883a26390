"""Who may bind a multicast group?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    GROUP,
    NONE,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SO_REUSEADDR,
    WILDCARD,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import BIND_NAMES, MULTICAST, PCB_LOOKUP, REUSEPORT_ALL
from fixtures.specification.sources import LITE2, NETBSD_TESTS, OPENBSD, RFC6762
from suites.multicast.groups import EACH_FAMILY


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


@experiment("udp4/multicast/of-another-user/alone", rule=BIND_NAMES)
def test_another_user_binds_a_group(stack: Stack) -> None:
    """May a user without privileges bind a multicast group that nobody holds?"""
    assert stack.stranger.udp4().bind(GROUP) == OK


@experiment("udp4/multicast/of-another-user/then-own/reuseaddr", rule=MULTICAST)
def test_a_group_that_another_user_holds(stack: Stack) -> None:
    """Another user holds a multicast group: may root bind it too (both SO_REUSEADDR)?"""
    stack.stranger.udp4(SO_REUSEADDR).bind(GROUP)
    assert stack.udp4(SO_REUSEADDR).bind(GROUP) == OK


@experiment("udp6/multicast/bind/link-local-group", rule=BIND_NAMES, cites=(RFC6762.at("§3"),))
def test_a_group_of_one_link(stack: Stack) -> None:
    """May a UDP socket bind ff02::fb, a group of one link, without saying of which link?"""
    assert stack.udp6().bind(Address("ff02::fb")) == OK
