"""May another process, or another user, bind closer to the clients than a server, or around it?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Stack
from fixtures.language.words import (
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    OK,
    REUSEADDR,
    REUSEPORT,
    SO_REUSEADDR,
    WILDCARD,
    WILDCARD6,
    Answer,
    Options,
)
from fixtures.specification.rules import MOST_SPECIFIC, THEFT
from fixtures.specification.sources import WINSOCK
from suites.takeover.people import MORE_SPECIFIC, PEOPLE, USERS, Person


@experiment("tcp/takeover/theft/bind/{holder}-{newcomer}/{options}", rule=THEFT, cites=(WINSOCK.at("table 1"),))
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
@pytest.mark.parametrize(("options", "expected"), MORE_SPECIFIC, ids=str)
def test_a_more_specific_address(stack: Stack, holder: Person, newcomer: Person, options: Options, expected: Answer) -> None:
    """May {newcomer.who} bind 127.0.0.1 beside {holder.whose} server at 0.0.0.0, each with {options.aloud}?"""
    listening(holder.on(stack), WILDCARD, *options)
    assert newcomer.on(stack).tcp4(*options).bind(LOOPBACK) == expected


@experiment("tcp/takeover/theft/bind-alone/{holder}-{newcomer}/{second}", rule=THEFT)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
@pytest.mark.parametrize("second", [REUSEADDR, REUSEPORT], ids=str)
def test_a_victim_without_options(stack: Stack, holder: Person, newcomer: Person, second: Options) -> None:
    """May {newcomer.who} bind 127.0.0.1 with {second.aloud} beside {holder.whose} plain server at 0.0.0.0?"""
    listening(holder.on(stack), WILDCARD)
    assert newcomer.on(stack).tcp4(*second).bind(LOOPBACK) == OK


@experiment("tcp6/takeover/theft/{holder}-{newcomer}/{options}", rule=THEFT)
@pytest.mark.parametrize(("holder", "newcomer"), USERS, ids=str)
@pytest.mark.parametrize(("options", "expected"), MORE_SPECIFIC, ids=str)
def test_a_more_specific_ipv6_address(stack: Stack, holder: Person, newcomer: Person, options: Options, expected: Answer) -> None:
    """May {newcomer.who} bind [::1] beside {holder.whose} server at [::], each with {options.aloud}?"""
    listening(holder.on(stack), WILDCARD6, IPV6_V6ONLY, *options)
    assert newcomer.on(stack).tcp6(IPV6_V6ONLY, *options).bind(LOOPBACK6) == expected


@experiment("tcp/takeover/theft/receives/{holder}-{newcomer}", rule=MOST_SPECIFIC)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
def test_the_thief_receives(stack: Stack, holder: Person, newcomer: Person) -> None:
    """Does {newcomer.whose} server at 127.0.0.1 receive, and not {holder.whose} one at 0.0.0.0?"""
    victim, thief = holder.on(stack).tcp4(SO_REUSEADDR), newcomer.on(stack).tcp4(SO_REUSEADDR)
    victim.bind(WILDCARD)
    victim.listen()
    thief.bind(LOOPBACK)
    thief.listen()
    assert stack.connections(LOOPBACK) == thief.itself


@experiment("tcp/takeover/widens/{holder}-{newcomer}/{options}", rule=THEFT)
@pytest.mark.parametrize(("holder", "newcomer"), USERS, ids=str)
@pytest.mark.parametrize(("options", "expected"), MORE_SPECIFIC, ids=str)
def test_the_wildcard_around_a_specific_server(stack: Stack, holder: Person, newcomer: Person, options: Options, expected: Answer) -> None:
    """May {newcomer.who} bind 0.0.0.0 beside {holder.whose} server at 127.0.0.1, each with {options.aloud}?"""
    listening(holder.on(stack), LOOPBACK, *options)
    assert newcomer.on(stack).tcp4(*options).bind(WILDCARD) == expected
