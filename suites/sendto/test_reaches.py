"""Whom does sendto reach, and what is the sender told?"""

from __future__ import annotations

from fixtures.language.experiment import experiment
from fixtures.language.scenes import received_here
from fixtures.language.stack import Stack
from fixtures.language.words import ECONNREFUSED, IPV6_V6ONLY, LOOPBACK, LOOPBACK6, MAPPED, OK, SECOND, WILDCARD, Address, Answer, Options
from fixtures.specification.rules import CONNECTED_UDP, DELIVERED, OTHER_DESTINATION, PORT_UNREACHABLE, UNTOLD, WRONG_KIND
from fixtures.specification.sources import UNP, WINSOCK_CALLS
from suites.connected_udp.peers import EVERY_KIND, connected

EISCONN, EPIPE = Answer("EISCONN"), Answer("EPIPE")
_ASYNCHRONOUS = UNP.at("§8.9")
#: "On a UDP-datagram socket this error indicates that a previous send operation resulted in an ICMP Port Unreachable message."
_WINDOWS = WINSOCK_CALLS.at("recvfrom, WSAECONNRESET")


@experiment("{kind}/sendto/arrives", rule=DELIVERED)
@EVERY_KIND
def test_it_arrives(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket without an address sends to a server: does the datagram arrive?"""
    server = stack.socket(kind, *always)
    server.bind(specific)
    stack.socket(kind, *always).sendto(specific)
    assert server.recv(1) == OK


@experiment("{kind}/sendto/from-its-peer", rule=CONNECTED_UDP)
@EVERY_KIND
def test_it_comes_from_a_peer(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} server is connected, and its peer uses sendto: does the datagram arrive?"""
    server = connected(stack, kind, specific, specific.at("Q"), *always)
    peer = stack.socket(kind, *always)
    peer.bind(specific.at("Q"))
    peer.sendto(specific)
    assert server.recv(1) == OK


@experiment("udp4/sendto/from-its-peer/at-the-wildcard", rule=CONNECTED_UDP)
def test_its_peer_is_at_the_wildcard(stack: Stack) -> None:
    """A UDP server is connected to 127.0.0.1. Does it hear a socket at 0.0.0.0 that uses sendto?"""
    server = connected(stack, "udp4", LOOPBACK, LOOPBACK.at("Q"))
    peer = stack.udp4()
    peer.bind(WILDCARD.at("Q"))
    peer.sendto(LOOPBACK)
    assert server.recv(1) == OK


@experiment("udp4/sendto/from-its-peer/another-address", rule=CONNECTED_UDP)
def test_its_peer_has_another_address(stack: Stack) -> None:
    """A UDP server at 127.0.0.1 is connected to 127.0.0.2. If sendto from there is granted, does it hear?"""
    server = connected(stack, "udp4", LOOPBACK, SECOND.at("Q"))
    peer = stack.udp4()
    peer.bind(SECOND.at("Q"))
    if peer.sendto(LOOPBACK) == OK:
        assert received_here(server) == OK


# A port that nobody holds.


@experiment("{kind}/sendto/nobody/again", rule=UNTOLD, cites=(_ASYNCHRONOUS,))
@EVERY_KIND
def test_the_next_sendto(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket has sent where nobody holds the port: is its next sendto granted?"""
    sender = stack.socket(kind, *always)
    sender.bind(specific)
    sender.sendto(specific.at("Q"))
    assert sender.sendto(specific.at("Q")) == OK


@experiment("{kind}/sendto/nobody/recv", rule=UNTOLD, cites=(_ASYNCHRONOUS, _WINDOWS))
@EVERY_KIND
def test_the_next_recv(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} server has sent where nobody holds the port: does recv get a client's datagram?"""
    server = stack.socket(kind, *always)
    server.bind(specific)
    server.sendto(specific.at("Q"))
    stack.socket(kind, *always).sendto(specific)
    assert server.recv(1) == OK


@experiment("{kind}/sendto/port-0", rule=WRONG_KIND)
@EVERY_KIND
def test_port_0(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket that is bound uses sendto to port 0: is that refused?"""
    sender = stack.socket(kind, *always)
    sender.bind(specific)
    assert sender.sendto(specific.at("0")) != OK


@experiment("udp6/sendto/port-0/mapped", rule=WRONG_KIND)
def test_port_0_of_a_mapped_address(stack: Stack) -> None:
    """An IPv6-only socket that is bound uses sendto to port 0 of ::ffff:127.0.0.1: is that refused?"""
    sender = stack.udp6(IPV6_V6ONLY)
    sender.bind(LOOPBACK6)
    assert sender.sendto(MAPPED.at("0")) != OK


# A socket that has a peer, or was shut down.


@experiment("{kind}/sendto/connected", rule=OTHER_DESTINATION)
@EVERY_KIND
def test_another_destination(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A connected {kind} socket uses sendto to another address: is that ok, or EISCONN?"""
    client = connected(stack, kind, specific, specific.at("Q"), *always)
    assert client.sendto(specific.at("9")) in (OK, EISCONN)


@experiment("udp4/sendto/connected/arrives", rule=OTHER_DESTINATION)
def test_it_arrives_at_the_other_destination(stack: Stack) -> None:
    """A connected UDP socket uses sendto to another server. If that is granted, does it arrive?"""
    server = stack.udp4()
    server.bind(LOOPBACK.at("0"))
    client = connected(stack, "udp4", LOOPBACK, LOOPBACK.at("Q"))
    if client.sendto(server.address) == OK:
        assert server.recv(1) == OK


@experiment("udp4/sendto/connected/nothing-arrives", rule=OTHER_DESTINATION)
def test_what_is_refused_does_not_arrive(stack: Stack) -> None:
    """A connected UDP socket uses sendto to another server. If it is refused, does nothing arrive?"""
    server = connected(stack, "udp4", LOOPBACK.at("0"), LOOPBACK)
    client = connected(stack, "udp4", LOOPBACK, LOOPBACK.at("Q"))
    if client.sendto(server.address) != OK:
        client.close()
        server.send(1)
        # Had anything arrived, recv would find that.
        assert server.recv(1) == ECONNREFUSED


@experiment("udp4/sendto/connected/nobody-there", rule=UNTOLD, cites=(_ASYNCHRONOUS,))
def test_nobody_is_at_the_other_destination(stack: Stack) -> None:
    """A connected UDP socket uses sendto where nobody holds the port: does recv get its peer's datagram?"""
    client = connected(stack, "udp4", LOOPBACK, LOOPBACK.at("Q"))
    client.sendto(LOOPBACK.at("9"))
    connected(stack, "udp4", LOOPBACK.at("Q"), LOOPBACK).send(1)
    assert client.recv(1) == OK


@experiment("udp4/sendto/connected/port-unreachable", rule=PORT_UNREACHABLE, cites=(_ASYNCHRONOUS,))
def test_its_peer_is_not_there(stack: Stack) -> None:
    """A connected socket sent to a peer that is not there: is its next sendto ECONNREFUSED?"""
    client = connected(stack, "udp4", LOOPBACK, LOOPBACK.at("Q"))
    client.send(1)
    assert client.sendto(LOOPBACK.at("9")) == ECONNREFUSED


@experiment("{kind}/sendto/shut", rule=WRONG_KIND)
@EVERY_KIND
def test_it_was_shut_down(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket was shut down for sending, and lost its peer: is sendto refused?"""
    client = connected(stack, kind, specific, specific.at("Q"), *always)
    client.shutdown("WR")
    client.disconnect()
    assert client.sendto(specific.at("9")) == EPIPE


@experiment("udp4/sendto/shut/no-peer", rule=WRONG_KIND)
def test_it_was_shut_down_without_a_peer(stack: Stack) -> None:
    """A UDP socket without a peer was asked to shut down. Is its sendto granted?"""
    sender = stack.udp4()
    sender.shutdown("RDWR")
    assert sender.sendto(LOOPBACK) == OK


@experiment("udp4/sendto/shut/connected", rule=WRONG_KIND)
def test_it_was_shut_down_and_has_a_peer(stack: Stack) -> None:
    """A connected UDP socket was shut down for sending: is sendto to another address refused?"""
    client = connected(stack, "udp4", LOOPBACK, LOOPBACK.at("Q"))
    client.shutdown("WR")
    assert client.sendto(LOOPBACK.at("9")) == EPIPE
