"""Who receives? Of several sockets that match, the one that matches best."""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening, serve, served, serving
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    BOTH,
    EADDRINUSE,
    ECONNREFUSED,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    NOBODY,
    NONE,
    OK,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Options,
)
from fixtures.specification.rules import COMPLETELY_DUPLICATE, MOST_SPECIFIC, NO_OPTIONS, NOBODY_LISTENS, ONE_OR_EACH, REUSEPORT_ALL
from fixtures.specification.sources import LINUX

V6ONLY = Options(IPV6_V6ONLY)
#: Kinds of socket, the options that each is always made with, the wildcard, and a specific address.
KINDS = [
    ("tcp4", NONE,   WILDCARD,  LOOPBACK),
    ("tcp6", V6ONLY, WILDCARD6, LOOPBACK6),
    ("udp4", NONE,   WILDCARD,  LOOPBACK),
    ("udp6", V6ONLY, WILDCARD6, LOOPBACK6),
]  # fmt: skip
EVERY_KIND = pytest.mark.parametrize(("kind", "always", "wildcard", "specific"), KINDS, ids=str)


def two(stack: Stack, kind: str, always: Options = NONE) -> tuple[Socket, Socket]:
    """Two sockets with SO_REUSEPORT."""
    return stack.socket(kind, SO_REUSEPORT, *always), stack.socket(kind, SO_REUSEPORT, *always)


@experiment("{kind}/receives/wildcard-alone", rule=MOST_SPECIFIC)
@EVERY_KIND
def test_the_wildcard_alone(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} server is alone, on the wildcard. Does it receive what goes to a specific address?"""
    server = serving(stack, kind, wildcard, *always)
    assert stack.connections(specific) == server.itself


@experiment("{kind}/receives/specific-beside-wildcard/{older}-first", rule=MOST_SPECIFIC)
@EVERY_KIND
@pytest.mark.parametrize(("older", "newer"), [("wildcard", "specific"), ("specific", "wildcard")])
def test_the_most_specific(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address, older: str, newer: str) -> None:
    """{kind} servers share a port; the {older} one bound first. Does the specific one receive?"""
    general, narrow = two(stack, kind, always)
    places = {"wildcard": (general, wildcard), "specific": (narrow, specific)}
    for place in (older, newer):
        server, address = places[place]
        server.bind(address)
    serve(general, narrow)
    assert stack.connections(specific) == narrow.itself


@experiment("{kind}/receives/other-address/specific-beside-wildcard", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
def test_the_wildcard_gets_the_rest(stack: Stack, kind: str) -> None:
    """A wildcard and a specific {kind} server share a port. Does the wildcard get a second address?"""
    general, narrow = two(stack, kind)
    general.bind(WILDCARD)
    narrow.bind(LOOPBACK)
    serve(general, narrow)
    assert stack.connections(SECOND) == general.itself


@experiment("{kind}/receives/after-close/specific", rule=MOST_SPECIFIC)
@EVERY_KIND
def test_after_the_specific_closes(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A specific {kind} server had taken all, and closes. Does the one on the wildcard receive now?"""
    general, narrow = two(stack, kind, always)
    general.bind(wildcard)
    narrow.bind(specific)
    serve(general, narrow)
    stack.connections(specific)
    narrow.close()
    assert stack.connections(specific) == general.itself


@experiment("{kind}/receives/after-close/all", rule=NOBODY_LISTENS)
@EVERY_KIND
def test_after_everybody_closes(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """The only {kind} server on a port closes. Does nobody receive?"""
    serving(stack, kind, wildcard, *always).close()
    assert stack.connections(specific) == NOBODY


# Twins.


@experiment("{kind}/receives/duplicates", rule=ONE_OR_EACH, cites=(LINUX.at("core/sock_reuseport.c, reuseport_select_sock"),))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_duplicates(stack: Stack, kind: str) -> None:
    """Two {kind} servers share one specific address (SO_REUSEPORT). Does one get each message?"""
    first, second = two(stack, kind, V6ONLY)
    first.bind(LOOPBACK6)
    second.bind(LOOPBACK6)
    serve(first, second)
    assert stack.connections(LOOPBACK6) in (first.itself, second.itself, BOTH)


@experiment("tcp4/receives/late-listener/newer", rule=REUSEPORT_ALL)
def test_a_later_listener(stack: Stack) -> None:
    """A listener served alone, then a second joined (SO_REUSEPORT). Does one of them get the next?"""
    first, second = two(stack, "tcp4")
    first.bind(LOOPBACK)
    first.listen()
    stack.connections(LOOPBACK)
    second.bind(LOOPBACK)
    second.listen()
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("tcp4/receives/two-listeners/refused", rule=NO_OPTIONS)
def test_the_refused_server_receives_nothing(stack: Stack) -> None:
    """A second server without options was refused the address of the first. Does the first get all?"""
    first, second = stack.tcp4(), stack.tcp4()
    first.bind(LOOPBACK)
    first.listen()
    second.bind(LOOPBACK)
    assert stack.connections(LOOPBACK) == first.itself


@experiment("{kind}/receives/duplicate-reuseaddr", rule=NO_OPTIONS)
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_no_ipv6_duplicate_without_reuseport(stack: Stack, kind: str) -> None:
    """A {kind} server with SO_REUSEADDR has an address. Is a second without options refused it?"""
    serving(stack, kind, LOOPBACK6, SO_REUSEADDR, *V6ONLY)
    assert stack.socket(kind, *V6ONLY).bind(LOOPBACK6) == EADDRINUSE


@experiment("tcp4/receives/beside-own-connection", rule=MOST_SPECIFIC)
def test_a_wildcard_beside_its_connection(stack: Stack) -> None:
    """A server on the wildcard has a connection at one address. Does it still get new ones there?"""
    listener = listening(stack, WILDCARD)
    served(stack, listener, LOOPBACK)
    assert stack.connections(LOOPBACK) == listener.itself


# A socket that is bound and does not listen.


@experiment("tcp4/receives/bound-only/alone", rule=NOBODY_LISTENS)
def test_a_bound_socket_accepts_nothing(stack: Stack) -> None:
    """A socket is bound and does not listen. Is a connection to it refused?"""
    stack.tcp4().bind(LOOPBACK)
    assert stack.tcp4().connect(LOOPBACK) == ECONNREFUSED


@experiment("tcp4/receives/bound-only/specific-beside-listening-wildcard", rule=NOBODY_LISTENS)
def test_a_bound_specific_beside_a_listening_wildcard(stack: Stack) -> None:
    """The wildcard listens, 127.0.0.1 is only bound. Do the wildcard or nobody get what goes there?"""
    general, silent = two(stack, "tcp4")
    general.bind(WILDCARD)
    silent.bind(LOOPBACK)
    general.listen()
    assert stack.connections(LOOPBACK) in (general.itself, NOBODY)


@experiment("tcp4/receives/bound-only/wildcard-beside-listening-specific", rule=NOBODY_LISTENS)
def test_a_bound_wildcard_beside_a_listening_specific(stack: Stack) -> None:
    """127.0.0.1 listens, the wildcard is only bound. Does nobody get what goes to a second address?"""
    silent, narrow = two(stack, "tcp4")
    silent.bind(WILDCARD)
    narrow.bind(LOOPBACK)
    narrow.listen()
    assert stack.connections(SECOND) == NOBODY


@experiment("tcp4/receives/bound-only/twin-of-a-listener", rule=COMPLETELY_DUPLICATE)
def test_a_bound_twin_beside_a_listener(stack: Stack) -> None:
    """A server listens; another asks for its address (SO_REUSEADDR) and does not. Does the first receive?"""
    listener, silent = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    listener.bind(LOOPBACK)
    silent.bind(LOOPBACK)
    listener.listen()
    assert stack.connections(LOOPBACK) == listener.itself


def bound_beside_a_listening_wildcard(stack: Stack) -> None:
    """A TCP server listens at the wildcard; a specific address of it is only bound, if it may be."""
    general, silent = stack.tcp4(), stack.tcp4(SO_REUSEADDR)
    general.bind(WILDCARD)
    silent.bind(LOOPBACK)
    general.listen()


@experiment("tcp4/receives/bound-only/connect", rule=NOBODY_LISTENS)
def test_connect_to_a_bound_specific_beside_a_listening_wildcard(stack: Stack) -> None:
    """The wildcard listens, 127.0.0.1 is only bound. Does a connect there reach the wildcard or nobody?"""
    bound_beside_a_listening_wildcard(stack)
    assert stack.tcp4().connect(LOOPBACK) in (ECONNREFUSED, OK)


@experiment("tcp4/receives/bound-only/wildcard", rule=MOST_SPECIFIC)
def test_a_listener_beside_a_wildcard_that_is_only_bound(stack: Stack) -> None:
    """127.0.0.1 listens, the wildcard is only bound, both with SO_REUSEADDR. Does the listener receive?"""
    silent, server = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    silent.bind(WILDCARD)
    server.bind(LOOPBACK)
    server.listen()
    assert stack.connections(LOOPBACK) == server.itself


@experiment("udp4/receives/bound-only/reuseaddr/connect", rule=NOBODY_LISTENS)
def test_connect_over_udp_beside_a_listening_wildcard_that_lets_others_in(stack: Stack) -> None:
    """Two TCP sockets with SO_REUSEADDR have a port. May a UDP socket connect to it all the same?"""
    general, silent = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    general.bind(WILDCARD)
    silent.bind(LOOPBACK)
    general.listen()
    assert stack.udp4().connect(LOOPBACK) == OK


@experiment("tcp4/receives/beside-connected-udp", rule=MOST_SPECIFIC)
def test_connect_beside_a_connected_udp_socket(stack: Stack) -> None:
    """A connected UDP socket has the address of a TCP listener. Does a TCP client reach the listener?"""
    beside = stack.udp4()
    beside.bind(LOOPBACK)
    beside.connect(LOOPBACK.at("Q"))
    listening(stack, LOOPBACK)
    assert stack.tcp4().connect(LOOPBACK) == OK


@experiment("udp4/receives/bound-only/connect", rule=NOBODY_LISTENS)
def test_connect_over_udp_beside_a_listening_wildcard(stack: Stack) -> None:
    """TCP sockets have a port. May a UDP socket connect to it all the same?"""
    bound_beside_a_listening_wildcard(stack)
    assert stack.udp4().connect(LOOPBACK) == OK
