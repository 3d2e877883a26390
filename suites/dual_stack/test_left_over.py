"""What does a connection that a dual-stack server left behind hold?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import close_in_turn, listening, serve, served
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    ESTABLISHED,
    IPV6_V6ONLY,
    LOOPBACK6,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    TIME_WAIT,
    WILDCARD6,
    Answer,
    Options,
)
from fixtures.specification.rules import DUAL_STACK, TIME_WAIT_REBIND, V6ONLY
from fixtures.specification.sources import LINUX
from suites.places import ANY4, ANY6, DIALLED, DUAL, ONE4, ONE6, Place, ask_for, bound

OVERLAP = LINUX.at("ipv4/inet_connection_sock.c, inet_rcv_saddr_equal")
#: What is left of the server: a connection that its child still serves, or one that it closed first.
STATES = {"child": ESTABLISHED, "time-wait": TIME_WAIT}


def leave(stack: Stack, left: str, source: str, options: Options) -> None:
    """A dual-stack server served one client of this family and is gone; this is left of the connection."""
    server = listening(stack, WILDCARD6, IPV6_V6ONLY.off, *options)
    client, child = served(stack, server, DIALLED[source])
    if STATES[left] == TIME_WAIT:
        close_in_turn(child, client)
    server.close()
    stack.shows(DIALLED[source], STATES[left])


@experiment("tcp/dual-stack/restart/{left}/{source}/{first}-{second}", rule=TIME_WAIT_REBIND)
@pytest.mark.parametrize("source", DIALLED)
@pytest.mark.parametrize("left", STATES)
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
def test_a_dual_server_restarts(stack: Stack, left: str, source: str, first: Options, second: Options, expected: Answer) -> None:
    """A dual-stack server ({first}) left a {left} over {source}. May its successor ({second}) bind [::]?"""
    leave(stack, left, source, first)
    assert ask_for(stack, "tcp", DUAL, *second) == expected


@experiment("tcp/dual-stack/left-over/{left}/{source}/{wanted}", rule=DUAL_STACK, cites=(OVERLAP,))
@pytest.mark.parametrize("left", STATES)
@pytest.mark.parametrize(
    ("source", "wanted", "expected"),
    [
        ("ipv4", ANY4, EADDRINUSE),
        ("ipv4", ONE4, EADDRINUSE),
        ("ipv4", ANY6, OK),
        ("ipv4", ONE6, OK),
        ("ipv6", ANY4, OK),
        ("ipv6", ONE4, OK),
        ("ipv6", ANY6, EADDRINUSE),
        ("ipv6", ONE6, EADDRINUSE),
    ],
    ids=str,
)  # fmt: skip
def test_a_connection_holds_only_its_own_family(stack: Stack, left: str, source: str, wanted: Place, expected: Answer) -> None:
    """A dual-stack server left a {left} over {source}. May another bind {wanted.aloud}?"""
    leave(stack, left, source, NONE)
    assert ask_for(stack, "tcp", wanted) == expected


@experiment("tcp/dual-stack/left-over-permitted/{left}/{wanted}", rule=TIME_WAIT_REBIND)
@pytest.mark.parametrize("left", STATES)
@pytest.mark.parametrize("wanted", [ANY4, ONE4], ids=str)
def test_reuseaddr_beside_a_mapped_connection(stack: Stack, left: str, wanted: Place) -> None:
    """A dual-stack server left a {left} over IPv4. May one bind {wanted.aloud} (both SO_REUSEADDR)?"""
    leave(stack, left, "ipv4", REUSEADDR)
    assert ask_for(stack, "tcp", wanted, *REUSEADDR) == OK


@experiment("tcp/dual-stack/left-over/ipv6-child/{place}/{options}", rule=V6ONLY)
@pytest.mark.parametrize("options", [NONE, REUSEADDR], ids=str)
@pytest.mark.parametrize("place", [ANY6, DUAL], ids=str)
def test_any4_beside_an_ipv6_connection(stack: Stack, place: Place, options: Options) -> None:
    """A server at {place.aloud} ({options}) left an IPv6 connection. May another bind 0.0.0.0?"""
    server = bound(stack, "tcp", place, *options)
    serve(server)
    served(stack, server, LOOPBACK6)
    server.close()
    assert ask_for(stack, "tcp", ANY4) == OK
