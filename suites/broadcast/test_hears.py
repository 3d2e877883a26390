"""Two programs share a UDP port: which of them hears a broadcast?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import (
    BROADCAST,
    EACH,
    IPV6_V6ONLY,
    LIMITED_BROADCAST,
    LOOPBACK,
    NOBODY,
    OK,
    SO_BROADCAST,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Option,
    Options,
)
from fixtures.specification.rules import BROADCAST_TO_EACH, CONNECTED_UDP, LOOPBACK_ALONE, MOST_SPECIFIC, ONE_OR_EACH
from fixtures.specification.sources import TCPV2
from suites.broadcast.senders import COPIES, EACH_WAY, at, at_wildcard, sender


@experiment("udp4/broadcast/hears/two/{options}", rule=BROADCAST_TO_EACH, cites=(COPIES,))
@EACH_WAY
def test_two_programs(stack: Stack, options: Options) -> None:
    """Two programs may share the wildcard ({options.aloud}): does each that did hear a broadcast?"""
    first, second = at_wildcard(stack, *options), stack.other.udp4(*options)
    shared = second.bind(WILDCARD) == OK
    assert stack.connections(LIMITED_BROADCAST) == (EACH if shared else first.itself)


@experiment("udp4/broadcast/hears/two/loopback-net", rule=LOOPBACK_ALONE)
def test_two_programs_on_loopback(stack: Stack) -> None:
    """Two sockets share the wildcard (SO_REUSEPORT): does nobody hear 127.255.255.255?"""
    at_wildcard(stack, SO_REUSEPORT)
    at_wildcard(stack, SO_REUSEPORT)
    assert stack.connections(BROADCAST) == NOBODY


@experiment("udp4/broadcast/hears/two/sent-on-loopback", rule=BROADCAST_TO_EACH)
def test_what_was_sent_on_loopback(stack: Stack) -> None:
    """Two share the wildcard (SO_REUSEPORT). If 127.255.255.255 may be sent to, does each receive it?"""
    first, second = at_wildcard(stack, SO_REUSEPORT), at_wildcard(stack, SO_REUSEPORT)
    sent = sender(stack, SO_BROADCAST).sendto(BROADCAST) == OK
    assert not sent or [first.recv(1), second.recv(1)] == [OK, OK]


@experiment("udp4/broadcast/hears/three", rule=BROADCAST_TO_EACH, cites=(COPIES,))
def test_three_programs(stack: Stack) -> None:
    """Three sockets share the wildcard (SO_REUSEPORT): does each hear 255.255.255.255?"""
    for _ in range(3):
        at_wildcard(stack, SO_REUSEPORT)
    assert stack.connections(LIMITED_BROADCAST) == EACH


@experiment("udp4/broadcast/hears/one", rule=BROADCAST_TO_EACH)
def test_one_without_the_option(stack: Stack) -> None:
    """Does a socket at the wildcard hear 255.255.255.255, though it did not set SO_BROADCAST?"""
    server = at_wildcard(stack)
    assert stack.connections(LIMITED_BROADCAST) == server.itself


@experiment("udp4/broadcast/hears/another-user", rule=BROADCAST_TO_EACH)
def test_another_user(stack: Stack) -> None:
    """Another user may share the port (SO_REUSEADDR): does each that did hear 255.255.255.255?"""
    server, stranger = at_wildcard(stack, SO_REUSEADDR), stack.stranger.udp4(SO_REUSEADDR)
    shared = stranger.bind(WILDCARD) == OK
    assert stack.connections(LIMITED_BROADCAST) == (EACH if shared else server.itself)


@experiment("udp4/broadcast/hears/the-other-closed", rule=BROADCAST_TO_EACH)
def test_the_other_has_closed(stack: Stack) -> None:
    """Two shared the wildcard (SO_REUSEPORT), and one has closed: does the other hear 255.255.255.255?"""
    first, second = at_wildcard(stack, SO_REUSEPORT), at_wildcard(stack, SO_REUSEPORT)
    first.close()
    assert stack.connections(LIMITED_BROADCAST) == second.itself


# Bound to an address.


@experiment("udp4/broadcast/hears/specific", rule=BROADCAST_TO_EACH, cites=(COPIES,))
def test_beside_a_specific_address(stack: Stack) -> None:
    """One is at the wildcard, another at 127.0.0.1: does the first alone hear 255.255.255.255?"""
    server = at_wildcard(stack, SO_REUSEADDR)
    at(stack, LOOPBACK, SO_REUSEADDR)
    assert stack.connections(LIMITED_BROADCAST) == server.itself


@experiment("udp4/broadcast/hears/specific-alone", rule=MOST_SPECIFIC)
def test_a_specific_address_alone(stack: Stack) -> None:
    """A socket is bound to 127.0.0.1, the address of an interface: does nobody hear 255.255.255.255?"""
    at(stack, LOOPBACK)
    assert stack.connections(LIMITED_BROADCAST) == NOBODY


@experiment("udp4/broadcast/hears/bound/beside-wildcard", rule=BROADCAST_TO_EACH)
def test_beside_the_wildcard(stack: Stack) -> None:
    """One is at the wildcard, another at 255.255.255.255, if it may: does each hear a broadcast there?"""
    server, other = at_wildcard(stack, SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    bound = other.bind(LIMITED_BROADCAST) == OK
    assert stack.connections(LIMITED_BROADCAST) == (EACH if bound else server.itself)


@experiment("udp4/broadcast/hears/bound/unicast", rule=MOST_SPECIFIC)
def test_unicast(stack: Stack) -> None:
    """A socket is bound to 255.255.255.255, or may not be: does nobody receive at 127.0.0.1?"""
    at(stack, LIMITED_BROADCAST)
    assert stack.connections(LOOPBACK) == NOBODY


@experiment("udp4/broadcast/hears/bound/another-broadcast", rule=MOST_SPECIFIC)
def test_another_broadcast_address(stack: Stack) -> None:
    """A socket is bound to 127.255.255.255, or may not be: does nobody hear 255.255.255.255?"""
    at(stack, BROADCAST)
    assert stack.connections(LIMITED_BROADCAST) == NOBODY


# Connected sockets, and the sender itself.


@experiment("udp4/broadcast/hears/connected", rule=CONNECTED_UDP)
def test_a_connected_socket(stack: Stack) -> None:
    """Two share the wildcard, and one is connected: does the other alone hear 255.255.255.255?"""
    at_wildcard(stack, SO_REUSEPORT).connect(LOOPBACK.at("9"))
    server = at_wildcard(stack, SO_REUSEPORT)
    assert stack.connections(LIMITED_BROADCAST) == server.itself


@experiment("udp4/broadcast/hears/connected/alone", rule=CONNECTED_UDP)
def test_the_only_socket_is_connected(stack: Stack) -> None:
    """The only socket of a port is connected from the wildcard: does nobody hear 255.255.255.255?"""
    at_wildcard(stack).connect(LOOPBACK.at("9"))
    assert stack.connections(LIMITED_BROADCAST) == NOBODY


@experiment("udp4/broadcast/hears/shut-down", rule=BROADCAST_TO_EACH)
def test_it_asked_to_shut_down(stack: Stack) -> None:
    """A socket at the wildcard without a peer was asked to shut down reading: does it hear a broadcast?"""
    server = at_wildcard(stack)
    server.shutdown("RD")
    assert stack.connections(LIMITED_BROADCAST) == server.itself


@experiment("udp4/broadcast/hears/bound/connected", rule=CONNECTED_UDP)
def test_a_connected_socket_at_the_broadcast_address(stack: Stack) -> None:
    """Two may be at 255.255.255.255, and one is connected: does the other alone hear a broadcast?"""
    first, second = stack.udp4(SO_REUSEPORT), stack.udp4(SO_REUSEPORT)
    bound = first.bind(LIMITED_BROADCAST) == OK and second.bind(LIMITED_BROADCAST) == OK
    first.connect(LOOPBACK.at("9"))
    assert stack.connections(LIMITED_BROADCAST) == (second.itself if bound else NOBODY)


@experiment("udp4/broadcast/hears/its-peer", rule=CONNECTED_UDP)
def test_the_peer_of_a_connected_socket(stack: Stack) -> None:
    """A socket at 255.255.255.255, if it may be there, is connected: does it hear its peer broadcast?"""
    peer, server = sender(stack, SO_BROADCAST), stack.udp4()
    bound = server.bind(LIMITED_BROADCAST) == OK
    server.connect(LOOPBACK.at("Q"))
    sent = peer.sendto(LIMITED_BROADCAST) == OK
    assert not (bound and sent) or server.recv(1) == OK


# Both families.


@experiment("udp/broadcast/hears/{name}", rule=BROADCAST_TO_EACH)
@pytest.mark.parametrize(("name", "option"), [("dual", IPV6_V6ONLY.off), ("v6only", IPV6_V6ONLY)], ids=str)
def test_an_ipv6_socket(stack: Stack, name: str, option: Option) -> None:
    """One is at 0.0.0.0, another at [::] ({option}), if it may: does each with IPv4 hear a broadcast?"""
    server, other = at_wildcard(stack, SO_REUSEADDR), stack.udp6(option, SO_REUSEADDR)
    both = other.bind(WILDCARD6) == OK and option.value == 0
    assert stack.connections(LIMITED_BROADCAST) == (EACH if both else server.itself)


@experiment("udp6/broadcast/hears/dual-alone", rule=BROADCAST_TO_EACH)
def test_a_dual_stack_socket_alone(stack: Stack) -> None:
    """The only socket of a port is a dual-stack one at [::]: does it hear 255.255.255.255?"""
    server = stack.udp6(IPV6_V6ONLY.off)
    server.bind(WILDCARD6)
    assert stack.connections(LIMITED_BROADCAST) == server.itself


@experiment("udp/broadcast/hears/from-ipv6", rule=BROADCAST_TO_EACH)
def test_an_ipv6_sender(stack: Stack) -> None:
    """If an IPv6 socket may send to ::ffff:127.255.255.255, does an IPv4 socket at 0.0.0.0 receive it?"""
    server = at_wildcard(stack)
    sent = stack.udp6(IPV6_V6ONLY.off, SO_BROADCAST).sendto(Address("::ffff:127.255.255.255")) == OK
    assert not sent or server.recv(1) == OK


@experiment("udp4/broadcast/hears/cleared", rule=BROADCAST_TO_EACH, cites=(TCPV2.at("udp_input"),))
def test_the_newest_clears_its_option(stack: Stack) -> None:
    """Two share the wildcard, and the newer clears SO_REUSEPORT: does each hear 255.255.255.255?"""
    at_wildcard(stack, SO_REUSEPORT)
    at_wildcard(stack, SO_REUSEPORT).set(SO_REUSEPORT.off)
    assert stack.connections(LIMITED_BROADCAST) == EACH


@experiment("udp4/broadcast/hears/unicast-beside-it", rule=ONE_OR_EACH, cites=(COPIES,))
def test_what_is_sent_to_one(stack: Stack) -> None:
    """Two may share the wildcard, where each hears broadcasts: does one alone hear 127.0.0.1?"""
    first, second = at_wildcard(stack, SO_REUSEADDR), at_wildcard(stack, SO_REUSEADDR)
    assert stack.connections(LOOPBACK) in (first.itself, second.itself)
