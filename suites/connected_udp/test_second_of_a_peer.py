"""A second UDP socket wants the peer of another: 4.4BSD refuses it, and it is left as it was."""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import received_here
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    EADDRINUSE,
    GROUP,
    LOOPBACK,
    LOOPBACK6,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    SECOND,
    WILDCARD,
    Address,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import CONNECTED_UDP, NO_OPTIONS, ONE_OR_EACH, SAME_CONNECTION
from suites.connected_udp.peers import CLIENT, EVERY_KIND, LOOKUP, V6ONLY, connected


def second_of_a_peer(stack: Stack, place: Address = LOOPBACK) -> tuple[Socket, Socket]:
    """Two sockets at one address, of which the first is connected, and the second asks for the same peer."""
    first, second = stack.udp4(*REUSEPORT), stack.udp4(*REUSEPORT)
    for socket in (first, second):
        socket.bind(place)
    first.connect(LOOPBACK.at(CLIENT))
    second.connect(LOOPBACK.at(CLIENT))
    return first, second


@experiment("{kind}/connected/two-of-one-peer", rule=SAME_CONNECTION, cites=(LOOKUP,))
@EVERY_KIND
def test_two_sockets_of_one_peer(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """Two {kind} sockets of one address ask for one peer: is the second refused, or the one that hears?"""
    first, second = stack.socket(kind, *always, *REUSEADDR), stack.socket(kind, *always, *REUSEADDR)
    first.bind(specific)
    first.connect(specific.at(CLIENT))
    second.bind(specific)
    if second.connect(specific.at(CLIENT)) == OK:
        connected(stack, kind, specific.at(CLIENT), specific, *always).send(1)
        assert received_here(second) == OK


EACH_SHARED = pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)


def has_the_peer(stack: Stack, place: Address, *options: Option) -> Socket:
    """A socket that is connected to the client."""
    return connected(stack, "udp4", place, LOOPBACK.at(CLIENT), *options)


def client_sends(stack: Stack) -> None:
    """Their peer sends."""
    connected(stack, "udp4", LOOPBACK.at(CLIENT), LOOPBACK).send(1)


@experiment("udp4/connected/two-of-one-peer/from-another-peer/{options}", rule=SAME_CONNECTION)
@EACH_SHARED
def test_it_had_another_peer(stack: Stack, options: Options) -> None:
    """A socket that has a peer ({options.aloud}) asks for that of another: does the other hear it as before?"""
    first = has_the_peer(stack, LOOPBACK, *options)
    second = connected(stack, "udp4", LOOPBACK, LOOPBACK.at("R"), *options)
    second.connect(LOOPBACK.at(CLIENT))
    client_sends(stack)
    assert received_here(first) == OK


@experiment("udp4/connected/two-of-one-peer/disconnected/{options}", rule=SAME_CONNECTION)
@EACH_SHARED
def test_it_asks_again_after_disconnect(stack: Stack, options: Options) -> None:
    """One ({options.aloud}) asks for another's peer, disconnects, and asks again: is it refused, or hears?"""
    first = has_the_peer(stack, WILDCARD, *options)
    second = has_the_peer(stack, WILDCARD, *options)
    second.disconnect()
    hearer = second if second.connect(LOOPBACK.at(CLIENT)) == OK else first
    client_sends(stack)
    assert received_here(hearer) == OK


@experiment("udp4/connected/two-of-one-peer/from-the-wildcard/{options}", rule=SAME_CONNECTION)
@EACH_SHARED
def test_it_is_at_the_wildcard(stack: Stack, options: Options) -> None:
    """One at 0.0.0.0 ({options.aloud}) asks for the peer of 127.0.0.1: is it refused, or does it hear?"""
    first = has_the_peer(stack, LOOPBACK, *options)
    second = stack.udp4(*options)
    second.bind(WILDCARD)
    hearer = second if second.connect(LOOPBACK.at(CLIENT)) == OK else first
    client_sends(stack)
    assert received_here(hearer) == OK


@experiment("udp4/connected/refused/hears", rule=SAME_CONNECTION)
def test_a_refused_socket_hears_strangers(stack: Stack) -> None:
    """One of two with SO_REUSEPORT was refused the peer of the other: does it still hear strangers?"""
    _, second = second_of_a_peer(stack)
    assert stack.connections(LOOPBACK) == second.itself


@experiment("udp6/connected/refused/hears", rule=SAME_CONNECTION)
def test_a_refused_socket_of_ipv6_hears_strangers(stack: Stack) -> None:
    """One of two IPv6 sockets was refused the peer of the other: does it still hear strangers?"""
    first, second = (stack.udp6(*V6ONLY, *REUSEPORT) for _ in range(2))
    for socket in (first, second):
        socket.bind(LOOPBACK6)
    first.connect(LOOPBACK6.at(CLIENT))
    second.connect(LOOPBACK6.at(CLIENT))
    assert stack.connections(LOOPBACK6) == second.itself


@experiment("udp4/connected/refused/holds", rule=SAME_CONNECTION)
def test_a_refused_socket_holds_its_port(stack: Stack) -> None:
    """A UDP socket was refused the peer of another, which has closed: does it still hold its port?"""
    first, _ = second_of_a_peer(stack)
    first.close()
    assert stack.udp4().bind(LOOPBACK) == EADDRINUSE


@experiment("udp4/connected/refused/closed", rule=SAME_CONNECTION)
def test_a_refused_socket_closes(stack: Stack) -> None:
    """A UDP socket was refused the peer of another, and has closed: does that still hold the port?"""
    _, second = second_of_a_peer(stack)
    second.close()
    assert stack.udp4().bind(LOOPBACK) == EADDRINUSE


@experiment("udp4/connected/refused/closed/{beside}", rule=SAME_CONNECTION)
@pytest.mark.parametrize(("beside", "place"), [("peer", LOOPBACK.at(CLIENT)), ("wildcard", WILDCARD)], ids=str)
def test_a_refused_socket_closes_beside_a_third(stack: Stack, beside: str, place: Address) -> None:
    """A socket was refused another's peer, and closed, as did a third ({beside}): is the port held?"""
    third = stack.udp4(*REUSEPORT)
    third.bind(place)
    _, second = second_of_a_peer(stack)
    second.close()
    third.close()
    assert stack.udp4().bind(LOOPBACK) == EADDRINUSE


@experiment("udp4/connected/refused/beside/{wanted}", rule=SAME_CONNECTION)
@pytest.mark.parametrize(
    ("wanted", "options", "place", "expected"),
    [
        ("other-address", NONE,      SECOND,              OK),
        ("other-port",    NONE,      LOOPBACK.at(CLIENT), OK),
        ("reuseport",     REUSEPORT, LOOPBACK,            OK),
        ("wildcard",      NONE,      WILDCARD,            EADDRINUSE),
    ],
    ids=str,
)  # fmt: skip
def test_beside_a_refused_socket(stack: Stack, wanted: str, options: Options, place: Address, expected: Answer) -> None:
    """A UDP socket was refused the peer of another, which has closed. May a third bind ({wanted})?"""
    first, _ = second_of_a_peer(stack)
    first.close()
    assert stack.udp4(*options).bind(place) == expected


@experiment("udp4/connected/refused/group", rule=ONE_OR_EACH)
def test_a_refused_socket_hears_a_group(stack: Stack) -> None:
    """A UDP socket at the wildcard was refused the peer of another, and joined a group: does it hear it?"""
    _, second = second_of_a_peer(stack, WILDCARD)
    second.join(GROUP)
    assert stack.connections(GROUP) == second.itself


@experiment("udp4/connected/twice-to-one-peer/holds", rule=NO_OPTIONS)
def test_a_socket_that_connected_twice_holds_its_port(stack: Stack) -> None:
    """A UDP socket connected twice to the same peer: does it hold its port against another?"""
    connected(stack, "udp4", LOOPBACK, LOOPBACK.at(CLIENT)).connect(LOOPBACK.at(CLIENT))
    assert stack.udp4().bind(LOOPBACK) == EADDRINUSE


@experiment("udp/connected/same-connection/error-waits", rule=SAME_CONNECTION)
def test_same_connection_while_an_error_waits(stack: Stack) -> None:
    """A UDP socket was told of no port, and wants a peer that its twin has (SO_REUSEPORT). Is it refused?"""
    first, second = (stack.udp4(*REUSEPORT) for _ in range(2))
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    first.connect(LOOPBACK.at("Q"))
    second.connect(LOOPBACK.at("R"))
    second.send(1)
    assert second.connect(LOOPBACK.at("Q")) == EADDRINUSE


@experiment("udp/connected/same-connection/then-elsewhere", rule=CONNECTED_UDP)
def test_another_connection_after_the_same(stack: Stack) -> None:
    """A UDP socket asked for the peer of its twin (SO_REUSEPORT), which closed. May it connect elsewhere?"""
    first, second = (stack.udp4(*REUSEPORT) for _ in range(2))
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    first.connect(LOOPBACK.at("Q"))
    second.connect(LOOPBACK.at("R"))
    second.connect(LOOPBACK.at("Q"))
    first.close()
    # Somebody else asks for the address meanwhile.
    stack.udp4().bind(LOOPBACK)
    assert second.connect(LOOPBACK.at("R")) == OK
