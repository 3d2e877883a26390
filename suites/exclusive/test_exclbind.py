"""SO_EXCLBIND of Solaris: is what it holds held alone?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    EXCLBIND,
    IPV6_V6ONLY,
    LOOPBACK,
    NONE,
    OK,
    REUSEADDR,
    SECOND,
    SO_EXCLBIND,
    SO_REUSEADDR,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import EXCLUSIVE_BINDING, V6ONLY
from fixtures.specification.sources import ILLUMOS_MAN
from suites.tables import OVERLAPPING, SAME, Places

#: What the manual says of both options.
TCP_MAN = ILLUMOS_MAN.at("tcp(4P), Listening and Connecting")
PLACES = SAME + OVERLAPPING
EXCLBIND_PAIRS = [
    (EXCLBIND,  NONE),
    (EXCLBIND,  REUSEADDR),
    (EXCLBIND,  EXCLBIND),
    (NONE,      EXCLBIND),
    (REUSEADDR, EXCLBIND),
]  # fmt: skip


@experiment("tcp/exclusive/{places}/{first}-{second}", rule=EXCLUSIVE_BINDING, cites=(TCP_MAN,))
@pytest.mark.parametrize("places", PLACES, ids=str)
@pytest.mark.parametrize(("first", "second"), EXCLBIND_PAIRS, ids=str)
def test_a_listener_of_solaris_is_alone(stack: Stack, places: Places, first: Options, second: Options) -> None:
    """A server with {first.aloud} listens at {places.held.aloud}: is one with {second.aloud} refused {places.wanted.aloud}?"""
    newcomer = stack.tcp4(*second)
    listening(stack, places.held, *first)
    assert newcomer.bind(places.wanted) == EADDRINUSE


# With SO_REUSEADDR alone a newcomer of Solaris takes the port; SO_EXCLBIND is what was made against that.
@experiment("udp/exclusive/{places}/{first}-{second}", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize("places", PLACES, ids=str)
@pytest.mark.parametrize(("first", "second"), [(EXCLBIND, REUSEADDR), (REUSEADDR, EXCLBIND)], ids=str)
def test_a_udp_socket_of_solaris_is_alone(stack: Stack, places: Places, first: Options, second: Options) -> None:
    """A UDP socket holds {places.held.aloud} with {first.aloud}: is one with {second.aloud} refused {places.wanted.aloud}?"""
    newcomer = stack.udp4(*second)
    stack.udp4(*first).bind(places.held)
    assert newcomer.bind(places.wanted) == EADDRINUSE


@experiment("udp/exclusive/beside-another/{newest}-newest", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize("newest", ["exclbind", "plain"])
def test_exclbind_beside_a_plain_holder(stack: Stack, newest: str) -> None:
    """Two addresses are held, one with SO_EXCLBIND, {newest} last: is 0.0.0.0 with SO_REUSEADDR refused?"""
    exclusive, plain = stack.udp4(SO_EXCLBIND), stack.udp4()
    if newest == "exclbind":
        plain.bind(LOOPBACK)
    exclusive.bind(SECOND)
    if newest == "plain":
        plain.bind(LOOPBACK)
    assert stack.udp4(SO_REUSEADDR).bind(WILDCARD) == EADDRINUSE


@experiment("tcp/exclusive/both-options/exclbind-overrides/{places}", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize("places", PLACES, ids=str)
def test_exclbind_overrides_reuseaddr(stack: Stack, places: Places) -> None:
    """SO_EXCLBIND and SO_REUSEADDR hold {places.held.aloud}: is one with both refused {places.wanted.aloud}?"""
    stack.tcp4(SO_EXCLBIND, SO_REUSEADDR).bind(places.held)
    assert stack.tcp4(SO_EXCLBIND, SO_REUSEADDR).bind(places.wanted) == EADDRINUSE


@experiment("tcp/exclusive/late/{when}", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize(
    ("when", "options", "late", "expected"),
    [
        ("set",     NONE,     SO_EXCLBIND,     EADDRINUSE),
        ("cleared", EXCLBIND, SO_EXCLBIND.off, OK),
    ],
    ids=str,
)  # fmt: skip
def test_exclbind_after_bind(stack: Stack, when: str, options: Options, late: Option, expected: Answer) -> None:
    """SO_EXCLBIND is {when} after bind to 0.0.0.0: may one with SO_REUSEADDR bind 127.0.0.1?"""
    holder = stack.tcp4(*options)
    newcomer = stack.tcp4(SO_REUSEADDR)
    holder.bind(WILDCARD)
    holder.set(late)
    assert newcomer.bind(LOOPBACK) == expected


@experiment("{protocol}/exclusive/families/{first}-{second}", rule=V6ONLY)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(("first", "second"), [(EXCLBIND, NONE), (NONE, EXCLBIND)], ids=str)
def test_exclbind_and_the_other_family(stack: Stack, protocol: str, first: Options, second: Options) -> None:
    """An IPv6-only {protocol} socket has [::] with {first.aloud}: may another bind 0.0.0.0 with {second.aloud}?"""
    newcomer = stack.socket(f"{protocol}4", *second)
    stack.socket(f"{protocol}6", IPV6_V6ONLY, *first).bind(WILDCARD6)
    assert newcomer.bind(WILDCARD) == OK


# What tells whether every holder of a UDP port is asked, and which is asked first.
@experiment("udp/exclusive/newer-elsewhere", rule=EXCLUSIVE_BINDING)
def test_exclbind_behind_a_newer_socket(stack: Stack) -> None:
    """SO_EXCLBIND holds 127.0.0.1, a newer socket 127.0.0.2: is SO_REUSEADDR refused at 127.0.0.1?"""
    stack.udp4(SO_EXCLBIND).bind(LOOPBACK)
    stack.udp4().bind(SECOND)
    assert stack.udp4(SO_REUSEADDR).bind(LOOPBACK) == EADDRINUSE


@experiment("udp/exclusive/newcomer-with-both", rule=EXCLUSIVE_BINDING)
def test_exclbind_of_a_newcomer_over_udp(stack: Stack) -> None:
    """A socket without options holds 127.0.0.1: is one with SO_REUSEADDR and SO_EXCLBIND refused it?"""
    stack.udp4().bind(LOOPBACK)
    assert stack.udp4(SO_REUSEADDR, SO_EXCLBIND).bind(LOOPBACK) == EADDRINUSE


@experiment("udp/exclusive/late/{place}-beside-wildcards", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize(("place", "held"), [("loopback", LOOPBACK), ("wildcard", WILDCARD)], ids=str)
def test_exclbind_beside_wildcards(stack: Stack, place: str, held: Address) -> None:
    """SO_EXCLBIND is set at {held.aloud} after two took 0.0.0.0: is a fourth refused {held.aloud}?"""
    oldest = stack.udp4(SO_REUSEADDR)
    oldest.bind(held)
    stack.udp4(SO_REUSEADDR).bind(WILDCARD)
    stack.udp4(SO_REUSEADDR).bind(WILDCARD)
    oldest.set(SO_EXCLBIND)
    assert stack.udp4(SO_REUSEADDR).bind(held) == EADDRINUSE
