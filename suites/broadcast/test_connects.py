"""May a socket connect to a broadcast address?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connection, listening
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    BROADCAST,
    EACCES,
    ECONNREFUSED,
    IPV6_V6ONLY,
    LIMITED_BROADCAST,
    LOOPBACK,
    MAPPED,
    NOBODY,
    OK,
    SO_BROADCAST,
    Address,
    Answer,
    Option,
)
from fixtures.specification.rules import BIND_NAMES, CONNECTED_UDP, INVALID_REMOTE, MAY_BROADCAST, PEER_IS_SET, WRONG_KIND
from fixtures.specification.sources import POSIX
from suites.broadcast.senders import FLAG, at_wildcard, sender

MAPPED_BROADCAST = Address("::ffff:127.255.255.255")

BOTH = pytest.mark.parametrize(("name", "everybody"), [("limited", LIMITED_BROADCAST), ("loopback-net", BROADCAST)], ids=str)


def connected(stack: Stack, *options: Option) -> Socket:
    """A socket at 127.0.0.1 that is connected to 255.255.255.255."""
    socket = sender(stack, *options)
    socket.connect(LIMITED_BROADCAST)
    return socket


@experiment("udp4/broadcast/connect/unset/{name}", rule=PEER_IS_SET, cites=(FLAG,))
@BOTH
def test_without_the_option(stack: Stack, name: str, everybody: Address) -> None:
    """May a UDP socket without SO_BROADCAST connect to {everybody.aloud}?"""
    assert sender(stack).connect(everybody) == OK


@experiment("udp4/broadcast/connect/set/{name}", rule=PEER_IS_SET, cites=(FLAG,))
@BOTH
def test_with_the_option(stack: Stack, name: str, everybody: Address) -> None:
    """May a UDP socket with SO_BROADCAST connect to {everybody.aloud}?"""
    assert sender(stack, SO_BROADCAST).connect(everybody) == OK


@experiment("udp4/broadcast/connect/from-another-peer", rule=PEER_IS_SET, cites=(FLAG,))
def test_it_had_another_peer(stack: Stack) -> None:
    """A UDP socket with SO_BROADCAST has a peer: may it connect to 255.255.255.255?"""
    socket = sender(stack, SO_BROADCAST)
    socket.connect(LOOPBACK.at("9"))
    assert socket.connect(LIMITED_BROADCAST) == OK


@experiment("udp4/broadcast/connect/unbound/{name}", rule=PEER_IS_SET, cites=(FLAG,))
@pytest.mark.parametrize(("name", "option"), [("without", SO_BROADCAST.off), ("with", SO_BROADCAST)], ids=str)
def test_it_is_not_bound(stack: Stack, name: str, option: Option) -> None:
    """May an unbound UDP socket {name} SO_BROADCAST connect to 255.255.255.255?"""
    assert stack.udp4(option).connect(LIMITED_BROADCAST) == OK


@experiment("udp4/broadcast/connect/at-the-wildcard", rule=PEER_IS_SET, cites=(FLAG,))
def test_it_is_at_the_wildcard(stack: Stack) -> None:
    """May a UDP socket at 0.0.0.0 with SO_BROADCAST connect to 255.255.255.255?"""
    assert at_wildcard(stack, SO_BROADCAST).connect(LIMITED_BROADCAST) == OK


@experiment("udp4/broadcast/connect/refused-binds", rule=BIND_NAMES)
def test_what_a_refusal_leaves(stack: Stack) -> None:
    """An unbound socket connects to 127.255.255.255: if that is refused, may it still bind?"""
    socket = stack.udp4()
    refused = socket.connect(BROADCAST) != OK
    assert not refused or socket.bind(LOOPBACK) == OK


@experiment("{kind}/broadcast/connect/refused-beside-a-peer", rule=PEER_IS_SET)
@pytest.mark.parametrize(
    ("kind", "peer", "everybody"), [("udp4", LOOPBACK, BROADCAST), ("udp6", MAPPED, Address("::ffff:127.255.255.255"))], ids=str
)
def test_what_a_refusal_leaves_of_the_peer(stack: Stack, kind: str, peer: Address, everybody: Address) -> None:
    """A client's connect to {everybody.aloud} is refused. Does what it sends still reach its peer?"""
    server, client = stack.udp4(), stack.socket(kind, *[IPV6_V6ONLY.off] * (kind == "udp6"))
    server.bind(LOOPBACK)
    client.connect(peer)
    refused = client.connect(everybody) != OK
    client.send(1)
    server.close()
    client.send(1)
    # Its port is closed: what reaches it brings an error back.
    assert not refused or client.send(1) == ECONNREFUSED


@experiment("udp4/broadcast/connect/cleared", rule=MAY_BROADCAST)
def test_the_option_is_cleared(stack: Stack) -> None:
    """A socket has connected to 255.255.255.255 and cleared SO_BROADCAST: is send EACCES?"""
    socket = connected(stack, SO_BROADCAST)
    socket.set(SO_BROADCAST.off)
    assert socket.send(1) == EACCES


@experiment("udp4/broadcast/connect/cleared-and-refused", rule=MAY_BROADCAST)
def test_the_option_is_cleared_and_connect_refused(stack: Stack) -> None:
    """A connected socket clears SO_BROADCAST and connects to 255.255.255.255 again: is send EACCES?"""
    socket = connected(stack, SO_BROADCAST)
    socket.set(SO_BROADCAST.off)
    socket.connect(LIMITED_BROADCAST)
    assert socket.send(1) == EACCES


@experiment("udp6/broadcast/connect/cleared", rule=MAY_BROADCAST)
def test_the_option_is_cleared_over_ipv6(stack: Stack) -> None:
    """A socket has connected to ::ffff:127.255.255.255, and clears SO_BROADCAST: is send refused?"""
    socket = stack.udp6(IPV6_V6ONLY.off, SO_BROADCAST)
    socket.connect(MAPPED_BROADCAST)
    socket.set(SO_BROADCAST.off)
    assert socket.send(1) != OK


@experiment("udp4/broadcast/connect/reply", rule=CONNECTED_UDP)
def test_a_reply(stack: Stack) -> None:
    """A client is connected to 255.255.255.255: does nothing from a host's own address reach it?"""
    connected(stack, SO_BROADCAST)
    assert stack.connections(LOOPBACK.at("Q")) == NOBODY


# TCP.


@experiment("tcp4/broadcast/connect/{name}", rule=INVALID_REMOTE)
@BOTH
def test_tcp(stack: Stack, name: str, everybody: Address) -> None:
    """Is a TCP socket refused connect to {everybody.aloud}?"""
    assert stack.tcp4().connect(everybody) != OK


@experiment("tcp4/broadcast/connect/connected", rule=WRONG_KIND, cites=(POSIX.at("connect, [EISCONN]"),))
def test_a_connected_tcp_socket(stack: Stack) -> None:
    """A TCP socket has a connection. Is connect to 127.255.255.255 refused for that?"""
    client, _ = connection(stack)
    assert client.connect(BROADCAST) == Answer("EISCONN")


@experiment("tcp4/broadcast/connect/listening", rule=WRONG_KIND, cites=(POSIX.at("connect, [EOPNOTSUPP]"),))
def test_a_listening_tcp_socket(stack: Stack) -> None:
    """A TCP socket listens. Is connect to 127.255.255.255 refused for that?"""
    assert listening(stack, LOOPBACK).connect(BROADCAST) == Answer("EOPNOTSUPP")


@experiment("tcp4/broadcast/connect/listener", rule=INVALID_REMOTE)
def test_a_listener(stack: Stack) -> None:
    """A TCP socket binds 127.255.255.255 and listens: does it get no connection there?"""
    listener = stack.tcp4()
    listener.bind(BROADCAST)
    listener.listen()
    assert stack.connections(BROADCAST) == NOBODY
