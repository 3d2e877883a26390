"""What does a UDP socket hear that is connected?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import received, received_here
from fixtures.language.stack import Stack
from fixtures.language.words import (
    GROUP,
    GROUP6,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    NOBODY,
    OK,
    REUSEADDR,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Options,
)
from fixtures.specification.rules import CONNECTED_UDP
from fixtures.specification.rules import V6ONLY as IPV6_ALONE
from fixtures.specification.sources import TCPV2
from suites.connected_udp.peers import EVERY_KIND, LOOKUP, V6ONLY, connected

# Two sockets.


@experiment("{kind}/connected/each-other", rule=CONNECTED_UDP, cites=(LOOKUP,))
@EVERY_KIND
def test_each_hears_the_other(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """Two {kind} sockets are connected to each other: does each receive what the other sends?"""
    first = connected(stack, kind, specific, specific.at("Q"), *always)
    second = connected(stack, kind, specific.at("Q"), specific, *always)
    first.send(1)
    second.send(1)
    assert (second.recv(1), first.recv(1)) == (OK, OK)


@experiment("{kind}/connected/each-other/told-nothing", rule=CONNECTED_UDP)
@EVERY_KIND
def test_a_sender_hears_nothing(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """Two {kind} sockets are connected to each other and one sent: is its next send granted?"""
    first = connected(stack, kind, specific, specific.at("Q"), *always)
    connected(stack, kind, specific.at("Q"), specific, *always)
    first.send(1)
    assert first.send(1) == OK


@experiment("{kind}/connected/wildcards", rule=CONNECTED_UDP, cites=(LOOKUP,))
@EVERY_KIND
def test_wildcards_that_are_connected(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """Two {kind} sockets at the wildcard are connected to each other: does one hear the other?"""
    first = connected(stack, kind, wildcard, specific.at("Q"), *always)
    second = connected(stack, kind, wildcard.at("Q"), specific, *always)
    first.send(1)
    assert second.recv(1) == OK


@experiment("{kind}/connected/answer", rule=CONNECTED_UDP)
@EVERY_KIND
def test_a_server_answers(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} client that drew its port is connected to a server: does it receive the answer?"""
    client = stack.socket(kind, *always)
    client.bind(specific.at("0"))
    client.connect(specific)
    server = connected(stack, kind, specific, client.address, *always)
    server.send(1)
    assert client.recv(1) == OK


@experiment("udp6/connected/each-other/mapped", rule=CONNECTED_UDP, cites=(LOOKUP,))
def test_each_hears_the_other_at_mapped_addresses(stack: Stack) -> None:
    """Two IPv6 sockets at mapped addresses are connected to each other: does one hear the other?"""
    first = connected(stack, "udp6", MAPPED, MAPPED.at("Q"), IPV6_V6ONLY.off)
    second = connected(stack, "udp6", MAPPED.at("Q"), MAPPED, IPV6_V6ONLY.off)
    first.send(1)
    assert second.recv(1) == OK


@experiment("udp/connected/across-families", rule=CONNECTED_UDP)
def test_across_families(stack: Stack) -> None:
    """An IPv6 socket is connected to a mapped address: does it receive what its IPv4 peer sends?"""
    server = connected(stack, "udp6", MAPPED, MAPPED.at("Q"), IPV6_V6ONLY.off)
    connected(stack, "udp4", LOOPBACK.at("Q"), LOOPBACK).send(1)
    assert server.recv(1) == OK


@experiment("udp4/connected/to-the-wildcard", rule=CONNECTED_UDP, cites=(LOOKUP,))
def test_a_peer_at_the_wildcard(stack: Stack) -> None:
    """A UDP socket connects to the wildcard and a port: does it receive what comes from there?"""
    server = connected(stack, "udp4", LOOPBACK, WILDCARD.at("Q"))
    connected(stack, "udp4", LOOPBACK.at("Q"), LOOPBACK).send(1)
    assert server.recv(1) == OK


@experiment("udp/connected/other-address", rule=CONNECTED_UDP, cites=(LOOKUP,))
def test_connected_from_another_address(stack: Stack) -> None:
    """A socket at 127.0.0.2 is connected to a client that sends to 127.0.0.1: does another there hear it?"""
    server = stack.udp4()
    server.bind(LOOPBACK)
    connected(stack, "udp4", SECOND, LOOPBACK.at("Q"))
    client = connected(stack, "udp4", LOOPBACK.at("Q"), LOOPBACK)
    assert received(server, client.send(1)) == OK


@experiment("{kind}/connected/stranger", rule=CONNECTED_UDP, cites=(LOOKUP,))
@EVERY_KIND
def test_a_stranger(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """The only {kind} socket of a port is connected: is it deaf to everybody but its peer?"""
    connected(stack, kind, specific, specific.at("Q"), *always)
    assert stack.connections(specific) == NOBODY


@experiment("udp6/connected/stranger/over-ipv4", rule=IPV6_ALONE)
def test_a_stranger_over_ipv4(stack: Stack) -> None:
    """Two IPv6 sockets with IPV6_V6ONLY have a port, and one is connected: is IPv4 heard by neither?"""
    general, narrow = stack.udp6(*V6ONLY, *REUSEADDR), stack.udp6(*V6ONLY, *REUSEADDR)
    general.bind(WILDCARD6)
    narrow.bind(LOOPBACK6)
    narrow.connect(LOOPBACK6.at("Q"))
    assert stack.connections(LOOPBACK) == NOBODY


@experiment("{kind}/connected/group", rule=CONNECTED_UDP, cites=(TCPV2.at("udp_input"),))
@pytest.mark.parametrize(("kind", "group", "peer"), [("udp4", GROUP, LOOPBACK), ("udp6", GROUP6, LOOPBACK6)])
def test_a_stranger_in_a_group(stack: Stack, kind: str, group: Address, peer: Address) -> None:
    """A {kind} socket at a group joined it and is connected: is it deaf to what strangers send there?"""
    member = connected(stack, kind, group, peer.at("Q"))
    member.join(group)
    assert stack.connections(group) == NOBODY


@experiment("udp4/connected/from-a-group", rule=CONNECTED_UDP)
def test_a_sender_that_is_bound_to_a_group(stack: Stack) -> None:
    """A socket bound to a group is connected to another at loopback: does what it sends arrive?"""
    receiver = stack.udp4()
    receiver.bind(LOOPBACK)
    sender = connected(stack, "udp4", GROUP.at("Q"), LOOPBACK)
    assert received(receiver, sender.send(1)) == OK


# One socket.


@experiment("{kind}/connected/to-itself/{place}", rule=CONNECTED_UDP)
@EVERY_KIND
@pytest.mark.parametrize("place", ["specific", "wildcard"])
def test_a_socket_hears_itself(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address, place: str) -> None:
    """A {kind} socket, bound to the {place} address, is connected to itself: does it receive what it sends?"""
    itself = connected(stack, kind, specific if place == "specific" else wildcard, specific, *always)
    itself.send(1)
    assert itself.recv(1) == OK


# Two sockets, one peer.


@experiment("udp4/connected/two-addresses", rule=CONNECTED_UDP, cites=(LOOKUP,))
def test_one_peer_of_two_addresses(stack: Stack) -> None:
    """Two sockets at two addresses of a port have one peer: does it reach the one that it writes to?"""
    peer = stack.udp4()
    peer.bind(LOOPBACK.at("Q"))
    first = connected(stack, "udp4", LOOPBACK, LOOPBACK.at("Q"))
    connected(stack, "udp4", SECOND, LOOPBACK.at("Q"))
    peer.connect(LOOPBACK)
    peer.send(1)
    assert first.recv(1) == OK


@experiment("udp4/connected/beside-a-group", rule=CONNECTED_UDP, cites=(LOOKUP,))
def test_beside_a_group(stack: Stack) -> None:
    """One with a peer has SO_REUSEADDR, two others SO_REUSEPORT as well: does the peer reach it?"""
    server = connected(stack, "udp4", LOOPBACK, LOOPBACK.at("Q"), SO_REUSEADDR)
    first, second = stack.udp4(SO_REUSEADDR, SO_REUSEPORT), stack.udp4(SO_REUSEADDR, SO_REUSEPORT)
    first.bind(LOOPBACK)
    first.connect(LOOPBACK.at("R"))
    second.bind(LOOPBACK)
    connected(stack, "udp4", LOOPBACK.at("Q"), LOOPBACK).send(1)
    assert received_here(server) == OK


@experiment("udp/connected/mapped-peer/beside-ipv4", rule=CONNECTED_UDP, cites=(LOOKUP,))
def test_an_ipv6_socket_with_an_ipv4_peer_beside_ipv4(stack: Stack) -> None:
    """An IPv6 socket is connected to a mapped address, 0.0.0.0 is held, too: does its IPv4 peer reach it?"""
    server = stack.udp6(IPV6_V6ONLY.off, SO_REUSEADDR)
    server.bind(MAPPED)
    server.connect(MAPPED.at("Q"))
    stack.udp4(SO_REUSEADDR).bind(WILDCARD)
    connected(stack, "udp4", LOOPBACK.at("Q"), LOOPBACK).send(1)
    assert received_here(server) == OK
