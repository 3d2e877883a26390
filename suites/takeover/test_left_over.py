"""May another process, or another user, bind what somebody's server left?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import ended_in_time_wait, listening, served
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    FIN_WAIT_1,
    LOOPBACK,
    MORE_THAN_FITS,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    SO_REUSEPORT,
    WILDCARD,
    Answer,
    Options,
)
from fixtures.specification.rules import NO_OPTIONS, RESTART, REUSEPORT_ALL, TIME_WAIT_REBIND
from fixtures.specification.sources import LINUX
from suites.takeover.people import SELF, STRANGER, STRANGER2, USERS, Person

OWNER = LINUX.at("core/sock.c, sock_i_uid; include/net/sock.h, sk_uid")


@experiment("tcp/takeover/time-wait/{holder}-{newcomer}/{first}-{second}", rule=TIME_WAIT_REBIND)
@pytest.mark.parametrize(("holder", "newcomer"), USERS, ids=str)
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (NONE,      NONE,      EADDRINUSE),
        (REUSEADDR, NONE,      EADDRINUSE),
        (NONE,      REUSEADDR, OK),
        (REUSEADDR, REUSEADDR, OK),
        (REUSEPORT, REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_a_time_wait_of_somebody_else(
    stack: Stack, holder: Person, newcomer: Person, first: Options, second: Options, expected: Answer
) -> None:
    """May {newcomer.who} with {second.aloud} bind where {holder.whose} server with {first.aloud} left TIME_WAIT?"""
    ended_in_time_wait(stack, holder.on(stack), LOOPBACK, *first)
    assert newcomer.on(stack).tcp4(*second).bind(LOOPBACK) == expected


@experiment("tcp/takeover/closed/{holder}-{newcomer}", rule=NO_OPTIONS)
@pytest.mark.parametrize(("holder", "newcomer"), USERS, ids=str)
def test_a_closed_server_of_somebody_else(stack: Stack, holder: Person, newcomer: Person) -> None:
    """May {newcomer.who} bind where {holder.whose} server, which served nobody, has closed?"""
    server = listening(holder.on(stack), LOOPBACK)
    server.close()
    assert newcomer.on(stack).tcp4().bind(LOOPBACK) == OK


@experiment("tcp/takeover/orphan/{holder}-{newcomer}/reuseport", rule=RESTART, cites=(OWNER,))
@pytest.mark.parametrize(("holder", "newcomer"), [(STRANGER, SELF), (STRANGER, STRANGER), (STRANGER, STRANGER2)], ids=str)
def test_the_wildcard_beside_an_orphaned_connection(stack: Stack, holder: Person, newcomer: Person) -> None:
    """May {newcomer.who} bind 0.0.0.0 while {holder.whose} dead server still delivers (SO_REUSEPORT on both)?"""
    listener = listening(holder.on(stack), LOOPBACK, SO_REUSEPORT)
    _, accepted = served(stack, listener, LOOPBACK)
    listener.close()
    accepted.send(MORE_THAN_FITS)
    accepted.close()
    stack.shows(LOOPBACK, FIN_WAIT_1)
    assert newcomer.on(stack).tcp4(SO_REUSEPORT).bind(WILDCARD) == OK


@experiment("tcp/takeover/orphan/not-yet-accepted", rule=REUSEPORT_ALL, cites=(OWNER,))
def test_beside_a_connection_that_waits(stack: Stack) -> None:
    """A connection waits at a user's server with SO_REUSEPORT: may the same user start a second one?"""
    listening(stack.stranger, LOOPBACK, SO_REUSEPORT)
    stack.tcp4().connect(LOOPBACK)
    assert stack.stranger.tcp4(SO_REUSEPORT).bind(WILDCARD) == OK
