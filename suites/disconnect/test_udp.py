"""What is left to a UDP socket whose peer was taken away?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    EINVAL,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    OK,
    SECOND,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import (
    BOUND_ONCE,
    DELIVERED,
    DIFFERENT_ADDRESSES,
    DISSOLVED_HOLDS_PORT,
    PEER_DISSOLVED,
    PEER_IS_SET,
    WRONG_KIND,
)
from fixtures.specification.sources import UNP, YASIO_358
from suites.connected_udp.peers import EVERY_KIND, connected

EDESTADDRREQ, EAFNOSUPPORT = Answer("EDESTADDRREQ"), Answer("EAFNOSUPPORT")
_UNCONNECTED = UNP.at("§8.11")
_TABLE = YASIO_358.at("description")

# The peer.


@experiment("{kind}/disconnect/answer", rule=PEER_DISSOLVED, cites=(_TABLE,))
@EVERY_KIND
def test_it_is_no_refusal(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A connected {kind} socket connects to AF_UNSPEC: is that ok, or EAFNOSUPPORT, which means as much?"""
    client = connected(stack, kind, specific, specific.at("Q"), *always)
    assert client.disconnect() in (OK, EAFNOSUPPORT)


@experiment("{kind}/disconnect/without-a-peer", rule=PEER_DISSOLVED)
@EVERY_KIND
def test_there_is_no_peer(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket without a peer connects to AF_UNSPEC: is that ok, or EAFNOSUPPORT?"""
    bound = stack.socket(kind, *always)
    bound.bind(specific)
    assert bound.disconnect() in (OK, EAFNOSUPPORT)


@experiment("{kind}/disconnect/unbound", rule=PEER_DISSOLVED)
@EVERY_KIND
def test_it_is_not_even_bound(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A new {kind} socket connects to AF_UNSPEC: is that ok, or EAFNOSUPPORT?"""
    assert stack.socket(kind, *always).disconnect() in (OK, EAFNOSUPPORT)


@experiment("udp4/disconnect/listened-in-vain", rule=PEER_DISSOLVED)
def test_it_was_refused_to_listen(stack: Stack) -> None:
    """A UDP socket was refused to listen, and connects to AF_UNSPEC: is that ok, or EAFNOSUPPORT?"""
    bound = stack.udp4()
    bound.bind(LOOPBACK)
    bound.listen()
    assert bound.disconnect() in (OK, EAFNOSUPPORT)


@experiment("udp6/disconnect/connected-to-any", rule=PEER_DISSOLVED)
def test_its_peer_is_the_wildcard(stack: Stack) -> None:
    """A UDP socket at [::1] connected to [::], and then to AF_UNSPEC: is that ok, or EAFNOSUPPORT?"""
    client = connected(stack, "udp6", LOOPBACK6, WILDCARD6.at("Q"))
    assert client.disconnect() in (OK, EAFNOSUPPORT)


@experiment("{kind}/disconnect/send", rule=WRONG_KIND, cites=(_UNCONNECTED,))
@EVERY_KIND
def test_send_has_no_destination(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket was disconnected: is send refused because it has no destination?"""
    client = connected(stack, kind, specific, specific.at("Q"), *always)
    client.disconnect()
    assert client.send(1) == EDESTADDRREQ


@experiment("{kind}/disconnect/connects-again", rule=PEER_IS_SET)
@EVERY_KIND
def test_another_peer(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket was disconnected: may it connect to another peer?"""
    client = connected(stack, kind, specific, specific.at("Q"), *always)
    client.disconnect()
    assert client.connect(specific.at("9")) == OK


@experiment("udp4/disconnect/datagram-waiting", rule=DELIVERED)
def test_what_its_peer_has_sent(stack: Stack) -> None:
    """A datagram waits at a UDP socket that gives up its peer (AF_UNSPEC): is it received?"""
    client = connected(stack, "udp4", LOOPBACK, LOOPBACK.at("Q"))
    connected(stack, "udp4", LOOPBACK.at("Q"), LOOPBACK).send(1)
    client.disconnect()
    assert client.recv(1) == OK


# Whom it hears.


@experiment("{kind}/disconnect/hears/wildcard", rule=PEER_DISSOLVED, cites=(_UNCONNECTED,))
@EVERY_KIND
def test_the_wildcard_hears(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket at the wildcard lost its peer (AF_UNSPEC): does it hear strangers again?"""
    server = connected(stack, kind, wildcard, specific.at("Q"), *always)
    server.disconnect()
    assert stack.connections(specific) == server.itself


@experiment("{kind}/disconnect/hears/specific", rule=PEER_DISSOLVED, cites=(_UNCONNECTED,))
@EVERY_KIND
def test_a_specific_address_hears(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket at loopback lost its peer (AF_UNSPEC): does it hear strangers again?"""
    server = connected(stack, kind, specific, specific.at("Q"), *always)
    server.disconnect()
    assert stack.connections(specific) == server.itself


@experiment("{kind}/disconnect/hears/drawn", rule=PEER_DISSOLVED)
@EVERY_KIND
def test_a_drawn_port_hears(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket at a drawn port lost its peer (AF_UNSPEC): does it hear strangers there?"""
    server = connected(stack, kind, specific.at("0"), specific.at("Q"), *always)
    server.disconnect()
    assert stack.connections(server.address) == server.itself


@experiment("udp4/disconnect/hears/refused-bind", rule=PEER_DISSOLVED)
def test_it_was_refused_another_address(stack: Stack) -> None:
    """A UDP socket at 0.0.0.0 was refused another bind, and lost a peer: does it hear at 127.0.0.2?"""
    server = stack.udp4()
    server.bind(WILDCARD)
    server.bind(LOOPBACK.at("Q"))
    server.connect(LOOPBACK.at("9"))
    server.disconnect()
    assert stack.connections(SECOND) == server.itself


@experiment("udp6/disconnect/hears/after-ipv4", rule=PEER_DISSOLVED)
def test_it_was_connected_over_ipv4(stack: Stack) -> None:
    """A dual-stack UDP socket gave up an IPv4 peer (AF_UNSPEC): does it hear strangers over IPv6?"""
    server = connected(stack, "udp6", WILDCARD6, MAPPED.at("Q"), IPV6_V6ONLY.off)
    server.disconnect()
    assert stack.connections(LOOPBACK6) == server.itself


@experiment("udp6/disconnect/hears/after-ipv6", rule=PEER_DISSOLVED)
def test_it_was_connected_over_ipv6(stack: Stack) -> None:
    """A dual-stack UDP socket gave up an IPv6 peer (AF_UNSPEC): does it hear strangers over IPv4?"""
    server = connected(stack, "udp6", WILDCARD6, LOOPBACK6.at("Q"), IPV6_V6ONLY.off)
    server.disconnect()
    assert stack.connections(LOOPBACK) == server.itself


@experiment("udp6/disconnect/hears/dual-without-a-peer", rule=PEER_DISSOLVED)
def test_a_dual_stack_socket_without_a_peer(stack: Stack) -> None:
    """A dual-stack UDP socket without a peer connects to AF_UNSPEC: does it hear strangers over IPv4?"""
    server = stack.udp6(IPV6_V6ONLY.off)
    server.bind(WILDCARD6)
    server.disconnect()
    assert stack.connections(LOOPBACK) == server.itself


@experiment("udp4/disconnect/hears/another-address", rule=DISSOLVED_HOLDS_PORT)
def test_it_hears_at_another_address(stack: Stack) -> None:
    """A UDP socket at 127.0.0.1 lost its peer (AF_UNSPEC): does it hear strangers at 127.0.0.2?"""
    server = connected(stack, "udp4", LOOPBACK, LOOPBACK.at("Q"))
    server.disconnect()
    assert stack.connections(SECOND) == server.itself


# Its port and its address.

PORTS = [
    ("named", "wildcard", "P"),
    ("named", "specific", "P"),
    ("drawn", "wildcard", "0"),
    ("drawn", "specific", "0"),
]  # fmt: skip


@experiment("{kind}/disconnect/port/{given}-{where}", rule=DISSOLVED_HOLDS_PORT, cites=(_TABLE,))
@EVERY_KIND
@pytest.mark.parametrize(("given", "where", "port"), PORTS)
def test_it_keeps_the_port(
    stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address, given: str, where: str, port: str
) -> None:
    """A {kind} socket at a {given} port ({where}) lost its peer (AF_UNSPEC): is the port taken?"""
    own = wildcard if where == "wildcard" else specific
    first = connected(stack, kind, own.at(port), specific.at("Q"), *always)
    first.disconnect()
    assert stack.socket(kind, *always).bind(first.address) == EADDRINUSE


@experiment("{kind}/disconnect/port/connect-drew", rule=DISSOLVED_HOLDS_PORT)
@EVERY_KIND
def test_a_port_that_connect_drew(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket got its port from connect and lost its peer: is the port taken for others?"""
    first = stack.socket(kind, *always)
    first.connect(specific.at("Q"))
    first.disconnect()
    assert stack.socket(kind, *always).bind(wildcard.at(f"port({first.name})")) == EADDRINUSE


@experiment("udp4/disconnect/port/bound-again", rule=DISSOLVED_HOLDS_PORT)
def test_a_port_that_was_named_after_a_drawn_one(stack: Stack) -> None:
    """A UDP socket gave up its peer, was bound, and gave up another peer: is its port taken?"""
    first = stack.udp4()
    first.connect(LOOPBACK.at("Q"))
    first.disconnect()
    first.bind(LOOPBACK)
    first.connect(LOOPBACK.at("Q"))
    first.disconnect()
    assert stack.udp4().bind(LOOPBACK.at(f"port({first.name})")) == EADDRINUSE


@experiment("{kind}/disconnect/port/never-connected", rule=DISSOLVED_HOLDS_PORT)
@EVERY_KIND
def test_it_was_never_connected(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket at a drawn port without a peer connects to AF_UNSPEC: is the port taken?"""
    first = stack.socket(kind, *always)
    first.bind(specific.at("0"))
    first.disconnect()
    assert stack.socket(kind, *always).bind(first.address) == EADDRINUSE


@experiment("{kind}/disconnect/bind-again", rule=BOUND_ONCE)
@EVERY_KIND
def test_bind_again(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket at a drawn port lost its peer (AF_UNSPEC): is another bind refused?"""
    first = connected(stack, kind, specific.at("0"), specific.at("Q"), *always)
    first.disconnect()
    assert first.bind(specific) == EINVAL


@experiment("udp4/disconnect/address", rule=DISSOLVED_HOLDS_PORT)
def test_it_is_at_the_wildcard(stack: Stack) -> None:
    """A UDP socket at 127.0.0.1 was disconnected: is its port taken at another address, too?"""
    first = connected(stack, "udp4", LOOPBACK, LOOPBACK.at("Q"))
    first.disconnect()
    assert stack.udp4().bind(SECOND) == EADDRINUSE


@experiment("udp4/disconnect/without-a-peer/address", rule=DIFFERENT_ADDRESSES)
def test_it_keeps_its_address(stack: Stack) -> None:
    """A UDP socket at 127.0.0.1 without a peer was disconnected: is its port free at another address?"""
    first = stack.udp4()
    first.bind(LOOPBACK)
    first.disconnect()
    assert stack.udp4().bind(SECOND) == OK
