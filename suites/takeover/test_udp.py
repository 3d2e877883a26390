"""May another process, or another user, take the address of a UDP socket?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import EACCES, EADDRINUSE, LOOPBACK, OK, REUSEADDR, REUSEPORT, SECOND, SO_REUSEADDR, WILDCARD, Answer, Options
from fixtures.specification.rules import MOST_SPECIFIC, PCB_LOOKUP, THEFT, UDP_DUPLICATE
from fixtures.specification.sources import LINUX
from suites.takeover.people import MORE_SPECIFIC, PEOPLE, SAME_ADDRESS, Person


@experiment("udp/takeover/same/{holder}-{newcomer}/{options}", rule=UDP_DUPLICATE, cites=(LINUX.at("ipv4/udp.c, udp_lib_lport_inuse"),))
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
@pytest.mark.parametrize(("options", "expected"), SAME_ADDRESS, ids=str)
def test_a_udp_address(stack: Stack, holder: Person, newcomer: Person, options: Options, expected: Answer) -> None:
    """May {newcomer.who} bind the address of {holder.whose} UDP socket, each with {options.aloud}?"""
    holder.on(stack).udp4(*options).bind(LOOPBACK)
    assert newcomer.on(stack).udp4(*options).bind(LOOPBACK) == expected


@experiment("udp/takeover/same-receives/{holder}-{newcomer}", rule=UDP_DUPLICATE)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
def test_the_holder_keeps_its_datagrams(stack: Stack, holder: Person, newcomer: Person) -> None:
    """Does {holder.whose} UDP socket receive after {newcomer.who} asked for its address, too?"""
    first, second = holder.on(stack).udp4(SO_REUSEADDR), newcomer.on(stack).udp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    assert stack.connections(LOOPBACK) == first.itself


@experiment("udp/takeover/theft/{holder}-{newcomer}/{options}", rule=THEFT)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
@pytest.mark.parametrize(("options", "expected"), MORE_SPECIFIC, ids=str)
def test_a_more_specific_udp_address(stack: Stack, holder: Person, newcomer: Person, options: Options, expected: Answer) -> None:
    """May {newcomer.who} bind 127.0.0.1 beside {holder.whose} UDP socket at 0.0.0.0, each with {options.aloud}?"""
    holder.on(stack).udp4(*options).bind(WILDCARD)
    assert newcomer.on(stack).udp4(*options).bind(LOOPBACK) == expected


@experiment("udp/takeover/theft/stranger-self/reuseaddr-none", rule=THEFT)
def test_a_more_specific_udp_address_without_options(stack: Stack) -> None:
    """May we bind 127.0.0.1 without options beside another user's SO_REUSEADDR UDP socket at 0.0.0.0?"""
    stack.stranger.udp4(SO_REUSEADDR).bind(WILDCARD)
    assert stack.udp4().bind(LOOPBACK) in (EADDRINUSE, EACCES)


@experiment("udp/takeover/theft-receives/{holder}-{newcomer}", rule=MOST_SPECIFIC)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
def test_the_udp_thief_receives(stack: Stack, holder: Person, newcomer: Person) -> None:
    """Does {newcomer.whose} UDP socket at 127.0.0.1 receive, and not {holder.whose} one at 0.0.0.0?"""
    victim, thief = holder.on(stack).udp4(SO_REUSEADDR), newcomer.on(stack).udp4(SO_REUSEADDR)
    victim.bind(WILDCARD)
    thief.bind(LOOPBACK)
    assert stack.connections(LOOPBACK) == thief.itself


@experiment("udp/takeover/connected/{options}", rule=PCB_LOOKUP)
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)
def test_a_connected_udp_socket_of_another_user(stack: Stack, options: Options) -> None:
    """May a user bind the address of another user's connected UDP socket, each with {options.aloud}?"""
    held = stack.stranger.udp4(*options)
    held.bind(LOOPBACK)
    held.connect(SECOND)
    assert stack.stranger2.udp4(*options).bind(LOOPBACK) == OK
