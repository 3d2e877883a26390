"""May a client bind before it connects, and may another socket bind the port of a client?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import close_in_turn, connecting, listening, served
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    EINVAL,
    GROUP,
    GROUP6,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    NONE,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import ACTIVE_CLOSER, BOUND_ONCE, CLOSE_DESTROYS, DROPPED, PCB_LOOKUP, UNUSED_ADDRESS
from fixtures.specification.sources import LITE2, UNP

CLIENT, CLIENT6 = LOOPBACK.at("Q"), LOOPBACK6.at("Q")
CONNECT, LOOKUP = LITE2.at("in_pcbconnect"), LITE2.at("in_pcblookup")


@experiment("tcp/outgoing/bind-before-connect/no-options", rule=UNUSED_ADDRESS)
def test_bind_before_connect(stack: Stack) -> None:
    """May a client bind a local port before it connects?"""
    listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.bind(CLIENT)
    assert client.connect(LOOPBACK) == OK


@experiment("tcp/outgoing/bind-after-connect/no-options", rule=BOUND_ONCE)
def test_bind_after_connect(stack: Stack) -> None:
    """Is a client that connected without bind refused a bind afterwards?"""
    listening(stack, LOOPBACK)
    client = connecting(stack, LOOPBACK)
    assert client.bind(CLIENT) == EINVAL


# A connected socket is no exact twin: either option on the next one is enough for bind.


@experiment("tcp/outgoing/connected-local-port/first-{first}/second-{second}", rule=PCB_LOOKUP, cites=(LOOKUP,))
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (NONE,      NONE,      EADDRINUSE),
        (NONE,      REUSEADDR, OK),
        (REUSEADDR, NONE,      EADDRINUSE),
        (REUSEADDR, REUSEADDR, OK),
        (REUSEPORT, NONE,      EADDRINUSE),
        (REUSEPORT, REUSEPORT, OK),
        (REUSEBOTH, REUSEBOTH, OK),
    ],
    ids=str,
)  # fmt: skip
def test_bind_the_port_of_a_connected_client(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """A client with {first.aloud} is connected. May one with {second.aloud} bind its port?"""
    listening(stack, LOOPBACK)
    connecting(stack, LOOPBACK, *first, at=CLIENT)
    assert stack.tcp4(*second).bind(CLIENT) == expected


@experiment("tcp/outgoing/server-on-client-port/wildcard/client-{first}/server-{second}", rule=PCB_LOOKUP, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (NONE,      NONE,      EADDRINUSE),
        (NONE,      REUSEADDR, OK),
        (REUSEADDR, REUSEADDR, OK),
        (REUSEPORT, REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_server_on_the_port_of_a_client(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """A client ({first}) is connected. May a server ({second}) bind the wildcard with its port?"""
    listening(stack, LOOPBACK)
    connecting(stack, LOOPBACK, *first, at=CLIENT)
    assert stack.tcp4(*second).bind(WILDCARD.at("Q")) == expected


@experiment("udp/outgoing/connected-local-port/first-{first}/second-{second}", rule=PCB_LOOKUP, cites=(LOOKUP,))
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (NONE,      NONE,      EADDRINUSE),
        (NONE,      REUSEADDR, OK),
        (REUSEADDR, NONE,      EADDRINUSE),
        (REUSEADDR, REUSEADDR, OK),
        (REUSEPORT, REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_bind_beside_a_connected_udp_socket(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """A UDP socket with {first.aloud} is connected. May one with {second.aloud} bind its address?"""
    caller = stack.udp4(*first)
    caller.bind(CLIENT)
    caller.connect(LOOPBACK)
    assert stack.udp4(*second).bind(CLIENT) == expected


# Unconnected, the two are twins, and only SO_REUSEPORT on both permits.


@experiment("tcp/outgoing/unconnected-local-port/{options}", rule=PCB_LOOKUP, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (NONE,      EADDRINUSE),
        (REUSEADDR, EADDRINUSE),
        (REUSEPORT, OK),
        (REUSEBOTH, OK),
    ],
    ids=str,
)  # fmt: skip
def test_two_clients_bind_before_either_connects(stack: Stack, options: Options, expected: Answer) -> None:
    """May two clients, each with {options.aloud}, bind one local port before either connects?"""
    stack.tcp4(*options).bind(CLIENT)
    assert stack.tcp4(*options).bind(CLIENT) == expected


# A connection has the address from which it was made, and the group to which its socket was bound.


@experiment("tcp/outgoing/source-address/second", rule=PCB_LOOKUP, cites=(CONNECT,))
def test_address_of_a_client_of_the_second_address(stack: Stack) -> None:
    """A client on the wildcard is connected to a second local address. Does it hold its port there?"""
    listening(stack, WILDCARD)
    connecting(stack, SECOND, at=WILDCARD.at("Q"))
    assert stack.tcp4().bind(SECOND.at("Q")) == EADDRINUSE


@experiment("udp/outgoing/bound-to-a-group/stays", rule=PCB_LOOKUP, cites=(CONNECT,))
def test_a_connected_socket_keeps_its_group(stack: Stack) -> None:
    """A UDP socket bound to a group is connected to a local address. Does it still hold the group?"""
    member = stack.udp4()
    member.bind(GROUP)
    member.connect(CLIENT)
    assert stack.udp4().bind(GROUP) == EADDRINUSE


@experiment("udp/outgoing/beside-connected-receives/reuseaddr", rule=PCB_LOOKUP, cites=(LOOKUP,))
def test_unconnected_udp_socket_receives(stack: Stack) -> None:
    """A connected and an unconnected UDP socket share an address. Does the latter hear others?"""
    caller = stack.udp4(SO_REUSEADDR)
    caller.bind(CLIENT)
    caller.connect(LOOPBACK)
    server = stack.udp4(SO_REUSEADDR)
    server.bind(CLIENT)
    assert stack.connections(CLIENT) == server.itself


# Of a client that was refused, or has closed second, nothing is left.


@experiment("tcp/outgoing/refused/then-listen/no-options", rule=DROPPED, cites=(DROPPED.source,))
def test_listen_after_a_refused_connection(stack: Stack) -> None:
    """A bound client was refused, as nobody listens. Is its listen invalid?"""
    client = connecting(stack, LOOPBACK, at=CLIENT)
    assert client.listen() == EINVAL


@experiment("tcp/outgoing/refused/then-bind/no-options", rule=DROPPED, cites=(DROPPED.source,))
def test_bind_beside_a_refused_connection(stack: Stack) -> None:
    """A bound client was refused, as nobody listens, and is still open. Is its port free?"""
    connecting(stack, LOOPBACK, at=CLIENT)
    assert stack.tcp4().bind(CLIENT) == OK


@experiment("tcp/outgoing/closed/{address}/no-options", rule=ACTIVE_CLOSER)
@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_nothing_is_left_of_a_client_that_closed_second(stack: Stack, address: str) -> None:
    """A server closed first, then its client, which was bound to {address}. Is the client's port free?"""
    local = Address(address, "Q")
    listener = listening(stack, LOOPBACK)
    client, accepted = served(stack, listener, LOOPBACK, at=local)
    close_in_turn(accepted, client)
    assert stack.tcp4().bind(local) == OK


@experiment("udp/outgoing/closed/no-options", rule=CLOSE_DESTROYS)
def test_nothing_is_left_of_a_udp_client(stack: Stack) -> None:
    """A connected UDP socket on the wildcard has closed. Is its port free again?"""
    client = stack.udp4()
    client.bind(WILDCARD.at("Q"))
    client.connect(LOOPBACK)
    client.close()
    assert stack.udp4().bind(CLIENT) == OK


@experiment("{kind}/outgoing/connected-local-port/no-options", rule=PCB_LOOKUP, cites=(LOOKUP,))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_bind_the_ipv6_port_of_a_connected_client(stack: Stack, kind: str) -> None:
    """Is the local port of a connected {kind} client refused to another without options?"""
    if kind == "tcp6":
        listening(stack, LOOPBACK6)
    first, second = stack.socket(kind), stack.socket(kind)
    first.bind(CLIENT6)
    first.connect(LOOPBACK6)
    assert second.bind(CLIENT6) == EADDRINUSE


@experiment("udp6/outgoing/bound-to-a-group/stays", rule=PCB_LOOKUP, cites=(CONNECT,))
def test_a_connected_ipv6_socket_keeps_its_group(stack: Stack) -> None:
    """A UDP socket has an IPv6 group and is connected. Is the group refused to one without options?"""
    member = stack.udp6()
    member.bind(GROUP6)
    member.connect(CLIENT6)
    assert stack.udp6().bind(GROUP6) == EADDRINUSE


@experiment("tcp/outgoing/dual-stack-client/{end}", rule=PCB_LOOKUP, cites=(CONNECT,))
@pytest.mark.parametrize("end", ["open", "closed"])
def test_ipv4_beside_a_dual_stack_client(stack: Stack, end: str) -> None:
    """A TCP client that was bound to dual-stack [::] connected over IPv6 ({end}): is 127.0.0.1 free?"""
    listening(stack, LOOPBACK6)
    client = stack.tcp6(IPV6_V6ONLY.off)
    client.bind(WILDCARD6.at("Q"))
    client.connect(LOOPBACK6)
    if end == "closed":
        client.close()
    assert stack.tcp4().bind(CLIENT) == OK


@experiment("tcp/outgoing/dual-stack-client/ipv6", rule=PCB_LOOKUP, cites=(CONNECT,))
def test_ipv6_beside_a_dual_stack_client(stack: Stack) -> None:
    """A TCP client that was bound to dual-stack [::] is connected over IPv6: is [::1] refused another?"""
    listening(stack, LOOPBACK6)
    client = stack.tcp6(IPV6_V6ONLY.off)
    client.bind(WILDCARD6.at("Q"))
    client.connect(LOOPBACK6)
    assert stack.tcp6(IPV6_V6ONLY).bind(CLIENT6) == EADDRINUSE
