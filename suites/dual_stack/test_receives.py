"""Which of several sockets gets what comes over IPv4 or IPv6?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening, serve, start
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    BOTH,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    NOBODY,
    NONE,
    REUSEADDR,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Options,
)
from fixtures.specification.rules import DUAL_STACK, MOST_SPECIFIC, REUSEPORT_ALL, UDP_DUPLICATE, V6ONLY
from suites.places import ANY4, ANY6, DIALLED, DUAL, MAPPED4, MAPPED_ANY, ONE4, ONE6, Place, bind, bound, make


def both_bound(stack: Stack, protocol: str, older: Place, newer: Place) -> tuple[Socket, Socket]:
    """Two sockets with SO_REUSEPORT, bound one after the other, that do not serve yet."""
    first, second = make(stack, protocol, older, *REUSEPORT), make(stack, protocol, newer, *REUSEPORT)
    bind(first, older)
    bind(second, newer)
    return first, second


def one_after_the_other(stack: Stack, protocol: str, older: Place, newer: Place) -> tuple[Socket, Socket]:
    """Two servers with SO_REUSEPORT; the older serves already when the newer binds."""
    first, second = make(stack, protocol, older, *REUSEPORT), make(stack, protocol, newer, *REUSEPORT)
    for server, place in ((first, older), (second, newer)):
        bind(server, place)
        serve(server)
    return first, second


@experiment("tcp/dual-stack/receives/{place}/{source}", rule=DUAL_STACK)
@pytest.mark.parametrize(
    ("place", "source"),
    [
        (DUAL,       "ipv4"),
        (DUAL,       "ipv6"),
        (ANY6,       "ipv6"),
        (MAPPED4,    "ipv4"),
        (MAPPED_ANY, "ipv4"),
    ],
    ids=str,
)  # fmt: skip
def test_families_that_reach_a_server(stack: Stack, place: Place, source: str) -> None:
    """A server listens at {place.aloud} alone. Does it get connections over {source}?"""
    server = bound(stack, "tcp", place)
    serve(server)
    assert stack.connections(DIALLED[source]) == server.itself


@experiment("tcp/dual-stack/receives/{place}/{source}", rule=DUAL_STACK)
@pytest.mark.parametrize(
    ("place", "source"),
    [
        (ANY6,       "ipv4"),
        (MAPPED4,    "ipv6"),
        (MAPPED_ANY, "ipv6"),
        (ONE6,       "ipv4"),
    ],
    ids=str,
)  # fmt: skip
def test_families_that_reach_nobody(stack: Stack, place: Place, source: str) -> None:
    """A server listens at {place.aloud} alone. Do connections over {source} find nobody?"""
    serve(bound(stack, "tcp", place))
    assert stack.connections(DIALLED[source]) == NOBODY


@experiment("tcp/dual-stack/split/{source}", rule=V6ONLY)
@pytest.mark.parametrize("source", ["ipv4", "ipv6"])
def test_one_server_for_each_family(stack: Stack, source: str) -> None:
    """One server has 0.0.0.0, one [::] with IPV6_V6ONLY. Does {source} reach its own?"""
    plain, v6only = stack.tcp4(), stack.tcp6(IPV6_V6ONLY)
    for server, address in ((plain, WILDCARD), (v6only, WILDCARD6)):
        server.bind(address)
        server.listen()
    assert stack.connections(DIALLED[source]) == {"ipv4": plain, "ipv6": v6only}[source].itself


@experiment("tcp/dual-stack/receives/{first}-and-{second}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (DUAL,    ANY4),
        (ANY4,    DUAL),
        (MAPPED4, ONE4),
        (ONE4,    MAPPED4),
    ],
    ids=str,
)  # fmt: skip
def test_two_families_share_ipv4(stack: Stack, first: Place, second: Place) -> None:
    """Servers share {first.aloud} and {second.aloud} (SO_REUSEPORT). Does one get what comes over IPv4?"""
    older, newer = both_bound(stack, "tcp", first, second)
    serve(older, newer)
    assert stack.connections(LOOPBACK) in (older.itself, newer.itself, BOTH)


@experiment("udp/dual-stack/receives/dual-and-any4", rule=REUSEPORT_ALL)
def test_udp_families_share_ipv4(stack: Stack) -> None:
    """UDP sockets share [::] and 0.0.0.0 (SO_REUSEPORT). Does one of them get an IPv4 datagram?"""
    dual, plain = stack.udp6(IPV6_V6ONLY.off, SO_REUSEPORT), stack.udp4(SO_REUSEPORT)
    dual.bind(WILDCARD6)
    plain.bind(WILDCARD)
    assert stack.connections(LOOPBACK) in (dual.itself, plain.itself, BOTH)


@experiment("udp/dual-stack/receives/dual-and-any4/beside-another-address", rule=MOST_SPECIFIC)
def test_udp_families_beside_another_address(stack: Stack) -> None:
    """UDP sockets ask for [::], 0.0.0.0 and 127.0.0.2 (SO_REUSEADDR). Does a wildcard get 127.0.0.1?"""
    dual, plain, other = stack.udp6(IPV6_V6ONLY.off, SO_REUSEADDR), stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    dual.bind(WILDCARD6)
    plain.bind(WILDCARD)
    other.bind(SECOND)
    assert stack.connections(LOOPBACK) in (dual.itself, plain.itself, BOTH)


# Neither of two wildcards is more specific for a family that both take: the newer receives.


@experiment("{protocol}/dual-stack/receives/{older}-then-{newer}", rule=MOST_SPECIFIC)
@pytest.mark.parametrize(
    ("protocol", "older", "newer", "source"),
    [
        ("tcp", ANY6, DUAL,       "ipv6"),
        ("tcp", DUAL, ANY6,       "ipv6"),
        ("udp", ANY6, DUAL,       "ipv6"),
        ("udp", DUAL, ANY6,       "ipv6"),
        ("tcp", ANY4, MAPPED_ANY, "ipv4"),
    ],
    ids=str,
)  # fmt: skip
def test_the_newer_wildcard_receives(stack: Stack, protocol: str, older: Place, newer: Place, source: str) -> None:
    """{older.aloud} and then {newer.aloud} serve {protocol}. Does the newer receive over {source}?"""
    _, second = one_after_the_other(stack, protocol, older, newer)
    assert stack.connections(DIALLED[source]) == second.itself


@experiment("tcp/dual-stack/receives/mapped-any-twice", rule=MOST_SPECIFIC)
def test_two_mapped_wildcards(stack: Stack) -> None:
    """Two servers with SO_REUSEPORT listen at the mapped 0.0.0.0. Does the newer receive?"""
    _, second = one_after_the_other(stack, "tcp", MAPPED_ANY, MAPPED_ANY)
    assert stack.connections(LOOPBACK) == second.itself


@experiment("{protocol}/dual-stack/receives/mapped-any-before-dual/{older}-then-{newer}", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(("older", "newer", "which"), [(DUAL, MAPPED_ANY, 1), (MAPPED_ANY, DUAL, 0)], ids=str)
def test_the_mapped_wildcard_or_both_families(stack: Stack, protocol: str, older: Place, newer: Place, which: int) -> None:
    """{older.aloud}, then {newer.aloud} serve {protocol} (SO_REUSEPORT). Does the mapped one get IPv4?"""
    servers = one_after_the_other(stack, protocol, older, newer)
    assert stack.connections(LOOPBACK) == servers[which].itself


@experiment("tcp/dual-stack/receives/older-listens-last", rule=MOST_SPECIFIC)
def test_the_order_of_bind_or_of_listen(stack: Stack) -> None:
    """[::] (v6only) and then [::] bind, but listen in reverse. Does the one bound last receive?"""
    older, newer = both_bound(stack, "tcp", ANY6, DUAL)
    serve(newer, older)
    assert stack.connections(LOOPBACK6) == newer.itself


@experiment("tcp/dual-stack/receives/any4-beside-bound-dual", rule=MOST_SPECIFIC)
def test_a_bound_wildcard_of_both_families_takes_nothing(stack: Stack) -> None:
    """A server listens at 0.0.0.0; another socket asks for [::]. Does the server get IPv4 connections?"""
    plain = listening(stack, WILDCARD)
    bound(stack, "tcp", DUAL)
    assert stack.connections(LOOPBACK) == plain.itself


# The second is refused, so that the first receives alone.


@experiment("{protocol}/dual-stack/receives/dual-then-any4/{options}", rule=DUAL_STACK)
@pytest.mark.parametrize(("protocol", "options"), [("tcp", NONE), ("tcp", REUSEADDR), ("udp", NONE)], ids=str)
def test_the_ipv4_wildcard_comes_second(stack: Stack, protocol: str, options: Options) -> None:
    """[::] serves {protocol}, and then 0.0.0.0 starts, both with {options.aloud}. Does the first get IPv4?"""
    first, second = bound(stack, protocol, DUAL, *options), make(stack, protocol, ANY4, *options)
    serve(first)
    start(second, WILDCARD)
    assert stack.connections(LOOPBACK) == first.itself


@experiment("udp/dual-stack/receives/{older}-then-{newer}", rule=UDP_DUPLICATE)
@pytest.mark.parametrize(("older", "newer"), [(DUAL, MAPPED_ANY), (MAPPED_ANY, DUAL)], ids=str)
def test_both_families_and_the_mapped_wildcard(stack: Stack, older: Place, newer: Place) -> None:
    """Over UDP, {older.aloud} and then {newer.aloud} are asked for (SO_REUSEADDR). Does the first get IPv4?"""
    first, second = make(stack, "udp", older, *REUSEADDR), make(stack, "udp", newer, *REUSEADDR)
    bind(first, older)
    bind(second, newer)
    assert stack.connections(LOOPBACK) == first.itself


@experiment("udp6/dual-stack/receives/reuseaddr", rule=REUSEPORT_ALL)
def test_two_ipv6_sockets_with_reuseaddr(stack: Stack) -> None:
    """Two UDP sockets with SO_REUSEADDR ask for one IPv6 address. Does the first receive?"""
    first, second = stack.udp6(SO_REUSEADDR), stack.udp6(SO_REUSEADDR)
    first.bind(LOOPBACK6)
    second.bind(LOOPBACK6)
    assert stack.connections(LOOPBACK6) == first.itself


@experiment("{protocol}/dual-stack/most-specific/{specific}", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(
    ("specific", "dialled"),
    [
        (ONE4,    LOOPBACK),
        (ONE6,    LOOPBACK6),
        (MAPPED4, LOOPBACK),
    ],
    ids=str,
)  # fmt: skip
def test_the_specific_receives(stack: Stack, protocol: str, specific: Place, dialled: Address) -> None:
    """[::] and {specific.aloud} share a {protocol} port. Does the specific one receive?"""
    dual, narrow = both_bound(stack, protocol, DUAL, specific)
    serve(dual, narrow)
    assert stack.connections(dialled) == narrow.itself


@experiment("tcp/dual-stack/most-specific/mapped-beside-any4", rule=MOST_SPECIFIC)
def test_a_mapped_address_beside_the_ipv4_wildcard(stack: Stack) -> None:
    """0.0.0.0 and then a mapped address listen (SO_REUSEPORT). Does the more specific one receive?"""
    _, narrow = one_after_the_other(stack, "tcp", ANY4, MAPPED4)
    assert stack.connections(LOOPBACK) == narrow.itself


@experiment("udp/dual-stack/receives/loopback4-then-mapped/reuseaddr", rule=UDP_DUPLICATE)
def test_a_newer_mapped_address_receives_nothing(stack: Stack) -> None:
    """UDP sockets with SO_REUSEADDR have 127.0.0.1 and, newer, its mapped form. Does the first receive?"""
    plain, mapped = make(stack, "udp", ONE4, *REUSEADDR), make(stack, "udp", MAPPED4, *REUSEADDR)
    bind(plain, ONE4)
    bind(mapped, MAPPED4)
    assert stack.connections(LOOPBACK) == plain.itself


@experiment("udp/dual-stack/most-specific/mapped-beside-any4", rule=MOST_SPECIFIC)
def test_a_mapped_udp_socket_beside_the_ipv4_wildcard(stack: Stack) -> None:
    """UDP sockets with SO_REUSEPORT have 0.0.0.0 and a mapped address. Does the mapped one receive?"""
    _, narrow = both_bound(stack, "udp", ANY4, MAPPED4)
    assert stack.connections(LOOPBACK) == narrow.itself


@experiment("udp/dual-stack/default/receives", rule=DUAL_STACK)
def test_the_default_wildcard_receives_datagrams(stack: Stack) -> None:
    """A UDP socket has [::] and left IPV6_V6ONLY alone. Does it get IPv4 datagrams?"""
    server = stack.udp6()
    server.bind(WILDCARD6)
    assert stack.connections(LOOPBACK) == server.itself
