"""Who receives: of several sockets that match, the one that matches best."""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    BOTH,
    EADDRINUSE,
    ECONNREFUSED,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    NOBODY,
    OK,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Option,
)
from fixtures.specification.rules import COMPLETELY_DUPLICATE, MOST_SPECIFIC, NO_OPTIONS, NOBODY_LISTENS, ONE_OR_EACH, REUSEPORT_ALL
from fixtures.specification.sources import LINUX

#: For each kind of socket: the wildcard, a specific address, and the options that it is always made with.
KINDS: dict[str, tuple[Address, Address, tuple[Option, ...]]] = {
    "tcp4": (WILDCARD, LOOPBACK, ()),
    "tcp6": (WILDCARD6, LOOPBACK6, (IPV6_V6ONLY,)),
    "udp4": (WILDCARD, LOOPBACK, ()),
    "udp6": (WILDCARD6, LOOPBACK6, (IPV6_V6ONLY,)),
}


def serve(*servers: Socket, kind: str) -> None:
    """Let TCP servers listen; UDP sockets receive as they are."""
    if kind.startswith("tcp"):
        for server in servers:
            server.listen()


@experiment("{kind}/receives/wildcard-alone", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("kind", KINDS)
def test_the_wildcard_alone(stack: Stack, kind: str) -> None:
    """A {kind} socket is bound to the wildcard and nobody else to the port: does it receive what goes to a specific address?"""
    wildcard, specific, always = KINDS[kind]
    server = stack.socket(kind, *always)
    server.bind(wildcard)
    serve(server, kind=kind)
    assert stack.connections(specific) == server.itself


@experiment("{kind}/receives/specific-beside-wildcard/{older}-first", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("older", ["wildcard", "specific"])
def test_the_most_specific(stack: Stack, kind: str, older: str) -> None:
    """A wildcard and a specific {kind} socket share a port, the {older} one bound first: does the specific one receive?"""
    wildcard, specific, always = KINDS[kind]
    general, narrow = stack.socket(kind, SO_REUSEPORT, *always), stack.socket(kind, SO_REUSEPORT, *always)
    places = [(general, wildcard), (narrow, specific)]
    for server, place in places if older == "wildcard" else reversed(places):
        server.bind(place)
    serve(general, narrow, kind=kind)
    assert stack.connections(specific) == narrow.itself


@experiment("{kind}/receives/other-address/specific-beside-wildcard", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
def test_the_wildcard_gets_the_rest(stack: Stack, kind: str) -> None:
    """A wildcard and a specific {kind} socket share a port: does the wildcard receive what goes to a second address?"""
    general, narrow = stack.socket(kind, SO_REUSEPORT), stack.socket(kind, SO_REUSEPORT)
    general.bind(WILDCARD)
    narrow.bind(LOOPBACK)
    serve(general, narrow, kind=kind)
    assert stack.connections(SECOND) == general.itself


@experiment("{kind}/receives/duplicates", rule=ONE_OR_EACH, cites=(LINUX.at("core/sock_reuseport.c, reuseport_select_sock"),))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_duplicates(stack: Stack, kind: str) -> None:
    """Two {kind} sockets with SO_REUSEPORT hold one specific address: does each message reach one of them?"""
    _, specific, always = KINDS[kind]
    first, second = stack.socket(kind, SO_REUSEPORT, *always), stack.socket(kind, SO_REUSEPORT, *always)
    first.bind(specific)
    second.bind(specific)
    serve(first, second, kind=kind)
    assert stack.connections(specific) in (first.itself, second.itself, BOTH)


@experiment("tcp4/receives/two-listeners/refused", rule=NO_OPTIONS)
def test_the_refused_server_receives_nothing(stack: Stack) -> None:
    """A second server without options was refused the address of the first: does the first receive all?"""
    first, second = stack.tcp4(), stack.tcp4()
    first.bind(LOOPBACK)
    first.listen()
    second.bind(LOOPBACK)
    assert stack.connections(LOOPBACK) == first.itself


@experiment("{kind}/receives/after-close/specific", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("kind", KINDS)
def test_after_the_specific_closes(stack: Stack, kind: str) -> None:
    """A specific {kind} socket closes that had taken all from the wildcard: does the wildcard receive now?"""
    wildcard, specific, always = KINDS[kind]
    general, narrow = stack.socket(kind, SO_REUSEPORT, *always), stack.socket(kind, SO_REUSEPORT, *always)
    general.bind(wildcard)
    narrow.bind(specific)
    serve(general, narrow, kind=kind)
    stack.connections(specific)
    narrow.close()
    assert stack.connections(specific) == general.itself


@experiment("{kind}/receives/after-close/all", rule=NOBODY_LISTENS)
@pytest.mark.parametrize("kind", KINDS)
def test_after_everybody_closes(stack: Stack, kind: str) -> None:
    """The only {kind} socket on a port closes: does nobody receive?"""
    wildcard, specific, always = KINDS[kind]
    server = stack.socket(kind, *always)
    server.bind(wildcard)
    serve(server, kind=kind)
    server.close()
    assert stack.connections(specific) == NOBODY


@experiment("tcp4/receives/bound-only/alone", rule=NOBODY_LISTENS)
def test_a_bound_socket_accepts_nothing(stack: Stack) -> None:
    """A socket is bound and does not listen: is a connection to it refused?"""
    stack.tcp4().bind(LOOPBACK)
    assert stack.tcp4().connect(LOOPBACK) == ECONNREFUSED


@experiment("tcp4/receives/bound-only/specific-beside-listening-wildcard", rule=NOBODY_LISTENS)
def test_a_bound_specific_beside_a_listening_wildcard(stack: Stack) -> None:
    """The wildcard listens, a specific address is only bound: does the wildcard receive what goes to that address, if anyone does?"""
    general, silent = stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
    general.bind(WILDCARD)
    silent.bind(LOOPBACK)
    general.listen()
    assert stack.connections(LOOPBACK) in (general.itself, NOBODY)


@experiment("tcp4/receives/bound-only/wildcard-beside-listening-specific", rule=NOBODY_LISTENS)
def test_a_bound_wildcard_beside_a_listening_specific(stack: Stack) -> None:
    """A specific address listens, the wildcard is only bound: does nobody receive what goes to a second address?"""
    silent, narrow = stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
    silent.bind(WILDCARD)
    narrow.bind(LOOPBACK)
    narrow.listen()
    assert stack.connections(SECOND) == NOBODY


@experiment("tcp4/receives/bound-only/twin-of-a-listener", rule=COMPLETELY_DUPLICATE)
def test_a_bound_twin_beside_a_listener(stack: Stack) -> None:
    """A server listens; one that binds the same address with SO_REUSEADDR, if it may, does not: does the first receive?"""
    listener, silent = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    listener.bind(LOOPBACK)
    silent.bind(LOOPBACK)
    listener.listen()
    assert stack.connections(LOOPBACK) == listener.itself


@experiment("{kind}/receives/bound-only/connect", rule=NOBODY_LISTENS)
@pytest.mark.parametrize(("kind", "expected"), [("tcp4", (ECONNREFUSED, OK)), ("udp4", (OK,))], ids=["tcp4", "udp4"])
def test_connect_to_a_bound_specific_beside_a_listening_wildcard(stack: Stack, kind: str, expected: tuple[Answer, ...]) -> None:
    """The wildcard listens, a specific address is only bound (TCP): does connect ({kind}) reach the wildcard or nobody?"""
    general, silent = stack.tcp4(), stack.tcp4(SO_REUSEADDR)
    general.bind(WILDCARD)
    silent.bind(LOOPBACK)
    general.listen()
    assert stack.socket(kind).connect(LOOPBACK) in expected


@experiment("tcp4/receives/beside-own-connection", rule=MOST_SPECIFIC)
def test_a_wildcard_beside_its_connection(stack: Stack) -> None:
    """A server on the wildcard has a connection at a specific address: does it still receive what goes to that address?"""
    listener = listening(stack, WILDCARD)
    stack.tcp4().connect(LOOPBACK)
    listener.accept()
    assert stack.connections(LOOPBACK) == listener.itself


@experiment("tcp4/receives/late-listener/newer", rule=REUSEPORT_ALL)
def test_a_later_listener(stack: Stack) -> None:
    """A server has received connections alone when a second joins with SO_REUSEPORT: does one of the two receive the next?"""
    first, second = stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
    first.bind(LOOPBACK)
    first.listen()
    stack.connections(LOOPBACK)
    second.bind(LOOPBACK)
    second.listen()
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("{kind}/receives/duplicate-reuseaddr", rule=NO_OPTIONS)
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_no_ipv6_duplicate_without_reuseport(stack: Stack, kind: str) -> None:
    """A {kind} socket with SO_REUSEADDR receives at an address: is a second one without options refused it?"""
    _, specific, always = KINDS[kind]
    first = stack.socket(kind, SO_REUSEADDR, *always)
    first.bind(specific)
    serve(first, kind=kind)
    assert stack.socket(kind, *always).bind(specific) == EADDRINUSE
