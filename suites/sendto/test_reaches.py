"""Whom does sendto reach, and what is the sender told?"""

from __future__ import annotations

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import OK, Address, Answer, Options
from fixtures.specification.rules import CONNECTED_UDP, DELIVERED, OTHER_DESTINATION, UNTOLD, WRONG_KIND
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


# A socket that has a peer, or was shut down.


@experiment("{kind}/sendto/connected", rule=OTHER_DESTINATION)
@EVERY_KIND
def test_another_destination(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A connected {kind} socket uses sendto to another address: is that ok, or EISCONN?"""
    client = connected(stack, kind, specific, specific.at("Q"), *always)
    assert client.sendto(specific.at("9")) in (OK, EISCONN)


@experiment("{kind}/sendto/shut", rule=WRONG_KIND)
@EVERY_KIND
def test_it_was_shut_down(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} socket was shut down for sending, and lost its peer: is sendto refused?"""
    client = connected(stack, kind, specific, specific.at("Q"), *always)
    client.shutdown("WR")
    client.disconnect()
    assert client.sendto(specific.at("9")) == EPIPE
