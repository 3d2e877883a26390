"""SO_REUSEPORT_LB, FreeBSD's second SO_REUSEPORT: who joins a group, and who of it receives?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening, serve
from fixtures.language.stack import Stack
from fixtures.language.words import (
    BOTH,
    EADDRINUSE,
    GROUP,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    NOBODY,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    SO_REUSEPORT_LB,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import (
    BALANCED_GROUP,
    CONNECTED_UDP,
    CONNECTS_FROM,
    MOST_SPECIFIC,
    MULTICAST,
    NO_OPTIONS,
    OPTION_BITS,
    THEFT,
    UNUSED_ADDRESS,
)
from fixtures.specification.sources import FREEBSD

KINDS = ("tcp4", "udp4")
REUSEPORT_LB = Options(SO_REUSEPORT_LB)
FREEBSD_TEST = FREEBSD.at("tests/sys/netinet/so_reuseport_lb_test.c, connect_not_bound")
MULTIBIND = FREEBSD.at("tests/sys/netinet/socket_afinet.c, multibind")

# Only its like shares the address; it does not match SO_REUSEPORT.
SAME_ADDRESS = [
    # first,      second,       the second bind
    (REUSEPORT_LB, REUSEPORT_LB, OK),
    (REUSEPORT_LB, NONE,         EADDRINUSE),
    (NONE,         REUSEPORT_LB, EADDRINUSE),
    (REUSEPORT_LB, REUSEPORT,    EADDRINUSE),
    (REUSEPORT,    REUSEPORT_LB, EADDRINUSE),
    (REUSEPORT_LB, REUSEADDR,    EADDRINUSE),
    (REUSEADDR,    REUSEPORT_LB, EADDRINUSE),
]  # fmt: skip


@experiment("{kind}/reuseport-lb/same/{first}-{second}", rule=BALANCED_GROUP, cites=(MULTIBIND,))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("first", "second", "expected"), SAME_ADDRESS, ids=str)
def test_the_same_address(stack: Stack, kind: str, first: Options, second: Options, expected: Answer) -> None:
    """A {kind} socket with {first.aloud} is bound: may one with {second.aloud} join it?"""
    stack.socket(kind, *first).bind(LOOPBACK)
    assert stack.socket(kind, *second).bind(LOOPBACK) == expected


@experiment("{kind}/reuseport-lb/set-late-by-first", rule=BALANCED_GROUP, cites=(MULTIBIND,))
@pytest.mark.parametrize("kind", KINDS)
def test_the_first_sets_it_after_bind(stack: Stack, kind: str) -> None:
    """The first {kind} socket sets SO_REUSEPORT_LB only after its bind: may a second with it bind?"""
    first = stack.socket(kind)
    first.bind(LOOPBACK)
    first.set(SO_REUSEPORT_LB)
    assert stack.socket(kind, SO_REUSEPORT_LB).bind(LOOPBACK) == OK


@experiment("{kind}/reuseport-lb/receives/{place}", rule=BALANCED_GROUP, cites=(FREEBSD_TEST,))
@pytest.mark.parametrize(
    ("kind", "place", "held", "reached"),
    [
        ("tcp4", "specific", LOOPBACK,  LOOPBACK),
        ("tcp4", "wildcard", WILDCARD,  LOOPBACK),
        ("udp4", "specific", LOOPBACK,  LOOPBACK),
        ("tcp6", "specific", LOOPBACK6, LOOPBACK6),
    ],
)  # fmt: skip
def test_the_group_is_balanced(stack: Stack, kind: str, place: str, held: Address, reached: Address) -> None:
    """Two {kind} sockets with SO_REUSEPORT_LB hold {held.aloud}: do both receive?"""
    first, second = stack.socket(kind, SO_REUSEPORT_LB), stack.socket(kind, SO_REUSEPORT_LB)
    for member in (first, second):
        member.bind(held)
        serve(member)
    assert stack.connections(reached) == BOTH


@experiment("{kind}/reuseport-lb/connected-member", rule=CONNECTED_UDP)
@pytest.mark.parametrize(("kind", "own"), [("udp4", LOOPBACK), ("udp6", LOOPBACK6)])
def test_a_member_that_connects(stack: Stack, kind: str, own: Address) -> None:
    """One of two {kind} sockets with SO_REUSEPORT_LB connects: does the other receive all the rest?"""
    connected, other = stack.socket(kind, SO_REUSEPORT_LB), stack.socket(kind, SO_REUSEPORT_LB)
    connected.bind(own)
    other.bind(own)
    connected.connect(own.at("Q"))
    assert stack.connections(own) == other.itself


@experiment("tcp4/reuseport-lb/receives/specific-beside-group", rule=MOST_SPECIFIC)
def test_a_specific_server_beside_a_group(stack: Stack) -> None:
    """0.0.0.0 has SO_REUSEPORT_LB, 127.0.0.1 SO_REUSEADDR: does the specific server receive?"""
    group, narrow = stack.tcp4(SO_REUSEPORT_LB), stack.tcp4(SO_REUSEADDR)
    group.bind(WILDCARD)
    group.listen()
    narrow.bind(LOOPBACK)
    narrow.listen()
    assert stack.connections(LOOPBACK) == narrow.itself


@experiment("tcp4/reuseport-lb/connect/bound", rule=CONNECTS_FROM, cites=(FREEBSD_TEST,))
def test_connect_when_bound(stack: Stack) -> None:
    """May a bound TCP socket with SO_REUSEPORT_LB connect?"""
    server, client = stack.tcp4(), stack.tcp4(SO_REUSEPORT_LB)
    server.bind(LOOPBACK)
    server.listen()
    client.bind(LOOPBACK.at("Q"))
    assert client.connect(LOOPBACK) == OK


@experiment("tcp4/reuseport-lb/connect/unbound", rule=UNUSED_ADDRESS, cites=(FREEBSD_TEST,))
def test_connect_when_unbound(stack: Stack) -> None:
    """May an unbound TCP socket with SO_REUSEPORT_LB connect?"""
    server, client = stack.tcp4(), stack.tcp4(SO_REUSEPORT_LB)
    server.bind(LOOPBACK)
    server.listen()
    assert client.connect(LOOPBACK) == OK


@experiment("tcp4/reuseport-lb/without-it/second-none", rule=NO_OPTIONS)
def test_a_specific_socket_without_options(stack: Stack) -> None:
    """A server with SO_REUSEPORT_LB has 0.0.0.0: is one without options refused 127.0.0.1?"""
    listening(stack, WILDCARD, SO_REUSEPORT_LB)
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp4/reuseport-lb/other-user/{options}", rule=THEFT)
@pytest.mark.parametrize("options", [REUSEPORT, REUSEPORT_LB], ids=str)
def test_the_wildcard_of_another_user(stack: Stack, options: Options) -> None:
    """A server of one user holds the wildcard: may another user join it, each with {options.aloud}?"""
    listening(stack, WILDCARD, *options)
    assert stack.stranger.tcp4(*options).bind(WILDCARD) == OK


@experiment("tcp4/reuseport-lb/other-user/closest/{held}", rule=THEFT)
@pytest.mark.parametrize(
    ("held", "options"),
    [
        ("lb",           Options(SO_REUSEPORT_LB)),
        ("lb+reuseport", Options(SO_REUSEPORT_LB, SO_REUSEPORT)),
        ("reuseaddr",    REUSEADDR),
    ],
)  # fmt: skip
def test_a_wildcard_beside_one_of_another_user(stack: Stack, held: str, options: Options) -> None:
    """A user has 0.0.0.0 with {options.aloud}: may another bind 127.0.0.1 (SO_REUSEADDR)?"""
    stack.stranger.tcp4(*options).bind(WILDCARD)
    assert stack.stranger2.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


@experiment("tcp4/reuseport-lb/other-user/reuseport+lb-then-lb", rule=THEFT)
def test_a_wildcard_with_both_of_another_user(stack: Stack) -> None:
    """A user has 0.0.0.0 with SO_REUSEPORT and SO_REUSEPORT_LB: may another bind it with the latter?"""
    stack.stranger.tcp4(SO_REUSEPORT, SO_REUSEPORT_LB).bind(WILDCARD)
    assert stack.stranger2.tcp4(SO_REUSEPORT_LB).bind(WILDCARD) == OK


@experiment("tcp4/reuseport-lb/default", rule=OPTION_BITS)
def test_it_is_off_at_first(stack: Stack) -> None:
    """Is SO_REUSEPORT_LB off on a new socket?"""
    assert stack.tcp4().get(SO_REUSEPORT_LB) == Answer("0")


@experiment("tcp/reuseport-lb/receives/mapped-and-ipv4/{older}-first", rule=BALANCED_GROUP)
@pytest.mark.parametrize(("older", "newer"), [("mapped", "ipv4"), ("ipv4", "mapped")])
def test_a_mapped_address_and_ipv4(stack: Stack, older: str, newer: str) -> None:
    """SO_REUSEPORT_LB has 127.0.0.1 over IPv4 and in mapped form, {older} first: do both receive?"""
    plain, mapped = stack.tcp4(SO_REUSEPORT_LB), stack.tcp6(IPV6_V6ONLY.off, SO_REUSEPORT_LB)
    servers = {"ipv4": (plain, LOOPBACK), "mapped": (mapped, MAPPED)}
    for server, address in (servers[older], servers[newer]):
        server.bind(address)
        server.listen()
    assert stack.connections(LOOPBACK) == BOTH


@experiment("udp4/reuseport-lb/multicast/{first}-{second}", rule=MULTICAST)
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (REUSEPORT_LB, REUSEPORT_LB, OK),
        (REUSEPORT_LB, REUSEADDR,    OK),
        (REUSEADDR,    REUSEPORT_LB, OK),
        (REUSEPORT_LB, REUSEPORT,    EADDRINUSE),
        (REUSEPORT,    REUSEPORT_LB, EADDRINUSE),
    ],
    ids=str,
)  # fmt: skip
def test_a_group_address(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """A socket with {first.aloud} holds a multicast group: may one with {second.aloud} bind it, too?"""
    stack.udp4(*first).bind(GROUP)
    assert stack.udp4(*second).bind(GROUP) == expected


@experiment("tcp/reuseport-lb/receives/bound-only-member", rule=BALANCED_GROUP, cites=(FREEBSD_TEST,))
def test_a_member_that_does_not_listen(stack: Stack) -> None:
    """Two sockets with SO_REUSEPORT_LB are bound and one of them listens: does that one receive?"""
    stack.tcp4(SO_REUSEPORT_LB).bind(LOOPBACK)
    second = listening(stack, LOOPBACK, SO_REUSEPORT_LB)
    assert stack.connections(LOOPBACK) == second.itself


@experiment("tcp/reuseport-lb/receives/two-groups", rule=MOST_SPECIFIC)
def test_the_group_of_the_specific_address(stack: Stack) -> None:
    """SO_REUSEPORT_LB servers have 0.0.0.0 and 127.0.0.1: does the specific one alone receive?"""
    wide, narrow = stack.tcp4(SO_REUSEPORT_LB), stack.tcp4(SO_REUSEPORT_LB)
    for server, address in ((wide, WILDCARD), (narrow, LOOPBACK)):
        server.bind(address)
        server.listen()
    assert stack.connections(LOOPBACK) == narrow.itself


@experiment("tcp/reuseport-lb/receives/both-families/{older}-first", rule=MOST_SPECIFIC)
@pytest.mark.parametrize(("older", "newer"), [("any4", "dual"), ("dual", "any4")])
def test_a_group_has_one_family(stack: Stack, older: str, newer: str) -> None:
    """SO_REUSEPORT_LB has 0.0.0.0 and a dual [::], {older} first: does the former receive over IPv4?"""
    any4, dual = stack.tcp4(SO_REUSEPORT_LB), stack.tcp6(IPV6_V6ONLY.off, SO_REUSEPORT_LB)
    servers = {"any4": (any4, WILDCARD), "dual": (dual, WILDCARD6)}
    for server, address in (servers[older], servers[newer]):
        server.bind(address)
        server.listen()
    assert stack.connections(LOOPBACK) == any4.itself


@experiment("udp/reuseport-lb/connect", rule=UNUSED_ADDRESS)
def test_connect_udp(stack: Stack) -> None:
    """May a UDP socket with SO_REUSEPORT_LB connect?"""
    assert stack.udp4(SO_REUSEPORT_LB).connect(LOOPBACK) == OK


@experiment("tcp6/reuseport-lb/receives/specific-beside-group", rule=MOST_SPECIFIC)
def test_a_specific_ipv6_server_beside_a_group(stack: Stack) -> None:
    """A SO_REUSEPORT_LB server is on [::], another with SO_REUSEADDR on [::1]: does the latter receive?"""
    group, narrow = stack.tcp6(IPV6_V6ONLY, SO_REUSEPORT_LB), stack.tcp6(IPV6_V6ONLY, SO_REUSEADDR)
    for server, address in ((group, WILDCARD6), (narrow, LOOPBACK6)):
        server.bind(address)
        server.listen()
    assert stack.connections(LOOPBACK6) == narrow.itself


@experiment("tcp6/reuseport-lb/same/none-reuseport-lb", rule=BALANCED_GROUP, cites=(MULTIBIND,))
def test_the_same_ipv6_address(stack: Stack) -> None:
    """An IPv6 socket without options is bound: is one with SO_REUSEPORT_LB refused its address?"""
    newcomer = stack.tcp6(SO_REUSEPORT_LB)
    stack.tcp6().bind(LOOPBACK6)
    assert newcomer.bind(LOOPBACK6) == EADDRINUSE


@experiment("tcp/reuseport-lb/receives/bound-only-beside-listener", rule=BALANCED_GROUP, cites=(FREEBSD_TEST,))
def test_a_listener_beside_a_member_that_does_not_listen(stack: Stack) -> None:
    """A SO_REUSEPORT_LB socket is only bound, its twin with SO_REUSEPORT listens: does the twin receive?"""
    stack.tcp4(SO_REUSEPORT, SO_REUSEPORT_LB).bind(LOOPBACK)
    listener = listening(stack, LOOPBACK, SO_REUSEPORT)
    assert stack.connections(LOOPBACK) == listener.itself


@experiment("udp4/reuseport-lb/another-address", rule=NO_OPTIONS)
def test_a_group_at_another_address(stack: Stack) -> None:
    """The only socket of a port has SO_REUSEPORT_LB and 127.0.0.1. Is it deaf to what comes for 127.0.0.2?"""
    stack.udp4(SO_REUSEPORT_LB).bind(LOOPBACK)
    assert stack.connections(SECOND) == NOBODY


@experiment("tcp4/reuseport-lb/client-in-the-group", rule=MOST_SPECIFIC)
def test_a_client_in_a_group(stack: Stack) -> None:
    """The first of two with SO_REUSEPORT_LB at an address is a client. Is the other, who listens, reached?"""
    listening(stack, LOOPBACK.at("Q"))
    client, server = stack.tcp4(SO_REUSEPORT_LB), stack.tcp4(SO_REUSEPORT_LB)
    client.bind(LOOPBACK)
    server.bind(LOOPBACK)
    server.listen()
    client.connect(LOOPBACK.at("Q"))
    assert stack.tcp4().connect(LOOPBACK) == OK
