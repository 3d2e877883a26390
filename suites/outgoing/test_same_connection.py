"""Is a connection that exists already refused to a second socket on the same local port?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connecting, listening
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    EADDRINUSE,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SECOND,
    SO_LINGER_0,
    SO_REUSEADDR,
    WILDCARD,
    Options,
)
from fixtures.specification.rules import SAME_CONNECTION
from fixtures.specification.sources import LITE2, POSIX, TCPV1

CLIENT, CLIENT6 = LOOPBACK.at("Q"), LOOPBACK6.at("Q")
ANY_PORT = LOOPBACK.at("0")
CONNECT = LITE2.at("in_pcbconnect")
SHARED = [REUSEADDR, REUSEPORT, REUSEBOTH]


def beside_a_connected_client(stack: Stack, options: Options) -> Socket:
    """A second client, bound to the local port of a first that is connected already; both have these options."""
    connecting(stack, LOOPBACK, *options, at=CLIENT)
    second = stack.tcp4(*options)
    second.bind(CLIENT)
    return second


@experiment("tcp/outgoing/duplicate-four-tuple/{options}", rule=SAME_CONNECTION, cites=(CONNECT, POSIX.at("connect, [EADDRINUSE]")))
@pytest.mark.parametrize("options", SHARED, ids=str)
def test_duplicate_connection(stack: Stack, options: Options) -> None:
    """Two clients with {options.aloud} share a port. Is the second refused the connection of the first?"""
    listening(stack, LOOPBACK)
    second = beside_a_connected_client(stack, options)
    assert second.connect(LOOPBACK) == EADDRINUSE


@experiment("tcp/outgoing/two-destinations/{options}", rule=SAME_CONNECTION, cites=(CONNECT, TCPV1.at("§18.6")))
@pytest.mark.parametrize("options", SHARED, ids=str)
def test_two_destinations(stack: Stack, options: Options) -> None:
    """Two clients with {options.aloud} share a port. May the second connect to another server?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    second = beside_a_connected_client(stack, options)
    assert second.connect(elsewhere.address) == OK


@experiment("tcp/outgoing/own-listening-port/{options}", rule=SAME_CONNECTION, cites=(CONNECT,))
@pytest.mark.parametrize("options", [REUSEPORT, REUSEBOTH], ids=str)
def test_from_the_port_of_the_own_listener(stack: Stack, options: Options) -> None:
    """A server with {options.aloud} listens. May it dial another from the same port, as peers do?"""
    listening(stack, LOOPBACK)
    listening(stack, CLIENT, *options)
    client = stack.tcp4(*options)
    client.bind(CLIENT)
    assert client.connect(LOOPBACK) == OK


@experiment("tcp/outgoing/own-listening-port/two-destinations/{options}", rule=SAME_CONNECTION, cites=(CONNECT,))
@pytest.mark.parametrize("options", [REUSEPORT, REUSEBOTH], ids=str)
def test_two_destinations_from_the_port_of_the_own_listener(stack: Stack, options: Options) -> None:
    """A server with {options.aloud} has dialled a peer from its port. May it dial another peer, too?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    listening(stack, CLIENT, *options)
    second = beside_a_connected_client(stack, options)
    assert second.connect(elsewhere.address) == OK


@experiment("tcp/outgoing/two-destinations/one-port", rule=SAME_CONNECTION, cites=(CONNECT,))
def test_two_destinations_of_one_port(stack: Stack) -> None:
    """Two clients (SO_REUSEADDR) ask for one address: may they reach servers at 127.0.0.1 and 127.0.0.2?"""
    listening(stack, LOOPBACK)
    listening(stack, SECOND)
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    for client in (first, second):
        client.bind(CLIENT)
    first.connect(LOOPBACK)
    assert second.connect(SECOND) == OK


@experiment("tcp/outgoing/after-refused-duplicate/{options}", rule=SAME_CONNECTION, cites=(CONNECT,))
@pytest.mark.parametrize("options", SHARED, ids=str)
def test_other_destination_after_a_refused_duplicate(stack: Stack, options: Options) -> None:
    """A client with {options.aloud} was refused an existing connection. May it connect elsewhere?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    second = beside_a_connected_client(stack, options)
    second.connect(LOOPBACK)
    assert second.connect(elsewhere.address) == OK


@experiment("tcp/outgoing/after-refused-duplicate/first-reset/then-listen", rule=SAME_CONNECTION, cites=(CONNECT,))
def test_listen_after_a_duplicate_that_is_gone(stack: Stack) -> None:
    """A client (SO_REUSEADDR) was refused an existing connection, since reset. May it listen?"""
    listening(stack, LOOPBACK)
    first, second = stack.tcp4(SO_REUSEADDR, SO_LINGER_0), stack.tcp4(SO_REUSEADDR)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    second.bind(CLIENT)
    second.connect(LOOPBACK)
    first.close()
    assert second.listen() == OK


@experiment("tcp/outgoing/after-refused-duplicate/then-listen", rule=SAME_CONNECTION, cites=(CONNECT,))
def test_listen_after_a_refused_duplicate(stack: Stack) -> None:
    """A client with SO_REUSEADDR was refused an existing connection. May it listen on its port?"""
    listening(stack, LOOPBACK)
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    second.bind(CLIENT)
    second.connect(LOOPBACK)
    assert second.listen() == OK


@experiment("tcp/outgoing/duplicate-four-tuple/first-survives", rule=SAME_CONNECTION, cites=(CONNECT,))
def test_the_first_connection_survives(stack: Stack) -> None:
    """A second client was refused the connection of a first. Does what the first sends still arrive?"""
    listener = listening(stack, LOOPBACK)
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    accepted = listener.accept()
    second.bind(CLIENT)
    second.connect(LOOPBACK)
    first.send(1)
    assert accepted.recv(1) == OK


@experiment("tcp/outgoing/same-four-tuple/reuseaddr-cleared", rule=SAME_CONNECTION)
def test_the_same_connection_after_clearing_the_option(stack: Stack) -> None:
    """A second client on the port clears SO_REUSEADDR. Is it refused the connection of the first?"""
    listening(stack, LOOPBACK)
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    second.bind(CLIENT)
    second.set(SO_REUSEADDR.off)
    assert second.connect(LOOPBACK) == EADDRINUSE


# UDP: the peer makes a difference to connect as with TCP.


@experiment("udp/outgoing/duplicate-four-tuple/reuseaddr", rule=SAME_CONNECTION, cites=(CONNECT,))
def test_duplicate_udp_connection(stack: Stack) -> None:
    """Two UDP sockets share a port (SO_REUSEADDR). Is the second refused the peer of the first?"""
    first = stack.udp4(SO_REUSEADDR)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    second = stack.udp4(SO_REUSEADDR)
    second.bind(CLIENT)
    assert second.connect(LOOPBACK) == EADDRINUSE


@experiment("udp/outgoing/duplicate-four-tuple/reuseport-then-both", rule=SAME_CONNECTION, cites=(CONNECT,))
def test_duplicate_udp_connection_of_a_group(stack: Stack) -> None:
    """Two UDP sockets (SO_REUSEPORT, both options) share a port. Is the second refused the same peer?"""
    first, second = stack.udp4(*REUSEPORT), stack.udp4(*REUSEBOTH)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    second.bind(CLIENT)
    assert second.connect(LOOPBACK) == EADDRINUSE


@experiment("udp/outgoing/same-four-tuple/wildcard/reuseport", rule=SAME_CONNECTION)
def test_wildcard_udp_to_the_same_destination(stack: Stack) -> None:
    """UDP sockets share a port (SO_REUSEPORT). Is the one on the wildcard refused the other's peer?"""
    specific, wildcard = stack.udp4(*REUSEPORT), stack.udp4(*REUSEPORT)
    specific.bind(CLIENT)
    wildcard.bind(WILDCARD.at("Q"))
    specific.connect(LOOPBACK)
    assert wildcard.connect(LOOPBACK) == EADDRINUSE


@experiment("udp/outgoing/same-four-tuple/across-families", rule=SAME_CONNECTION)
def test_udp_to_the_same_destination_across_families(stack: Stack) -> None:
    """UDP sockets of both families share a port. Is the IPv6 one refused the (mapped) peer of the other?"""
    first, second = stack.udp4(*REUSEPORT), stack.udp6(*REUSEPORT, IPV6_V6ONLY.off)
    first.bind(CLIENT)
    second.bind(MAPPED.at("Q"))
    first.connect(LOOPBACK)
    assert second.connect(MAPPED) == EADDRINUSE


@experiment("udp/outgoing/same-four-tuple/across-families/third", rule=SAME_CONNECTION)
def test_third_udp_to_the_same_destination(stack: Stack) -> None:
    """An IPv4 and an IPv6 socket on one port asked for one peer. Is a third, of IPv6, refused it?"""
    first = stack.udp4(*REUSEPORT)
    second, third = (stack.udp6(*REUSEPORT, IPV6_V6ONLY.off) for _ in range(2))
    first.bind(CLIENT)
    for other in (second, third):
        other.bind(MAPPED.at("Q"))
    first.connect(LOOPBACK)
    second.connect(MAPPED)
    assert third.connect(MAPPED) == EADDRINUSE


@experiment("tcp/outgoing/same-four-tuple/across-families/ipv6-first", rule=SAME_CONNECTION)
def test_tcp_to_the_same_destination_across_families(stack: Stack) -> None:
    """Clients of both families share a port. Is the IPv4 one refused the (mapped) peer of the other?"""
    listening(stack, LOOPBACK)
    first, second = stack.tcp6(*REUSEPORT, IPV6_V6ONLY.off), stack.tcp4(*REUSEPORT)
    first.bind(MAPPED.at("Q"))
    second.bind(CLIENT)
    first.connect(MAPPED)
    assert second.connect(LOOPBACK) != OK


@experiment("udp/outgoing/two-destinations/reuseaddr", rule=SAME_CONNECTION, cites=(CONNECT,))
def test_two_udp_destinations(stack: Stack) -> None:
    """Two UDP sockets share a port (SO_REUSEADDR). May the second connect to another address?"""
    first = stack.udp4(SO_REUSEADDR)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    second = stack.udp4(SO_REUSEADDR)
    second.bind(CLIENT)
    assert second.connect(SECOND) == OK


@experiment("{kind}/outgoing/duplicate-four-tuple/reuseaddr", rule=SAME_CONNECTION, cites=(CONNECT,))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_duplicate_connection_over_ipv6(stack: Stack, kind: str) -> None:
    """Two {kind} clients with SO_REUSEADDR share a port. Is the second refused the first's connection?"""
    if kind == "tcp6":
        listening(stack, LOOPBACK6)
    first, second = stack.socket(kind, SO_REUSEADDR), stack.socket(kind, SO_REUSEADDR)
    first.bind(CLIENT6)
    first.connect(LOOPBACK6)
    second.bind(CLIENT6)
    assert second.connect(LOOPBACK6) == EADDRINUSE
