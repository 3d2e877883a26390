"""What may be bound after a refused bind or send, and beside a socket that went another way?"""

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
    MAPPED_WILDCARD,
    NONE,
    OK,
    SECOND,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import BIND_NAMES, BOUND_ONCE, CLOSE_DESTROYS, DELIVERED, DUAL_STACK, REUSEPORT_ALL
from fixtures.specification.sources import POSIX, UNP

CLIENT = LOOPBACK.at("Q")
DUAL = Options(IPV6_V6ONLY.off)


def at_the_wildcard_instead(stack: Stack) -> Socket:
    """A server that was refused an address, and then was bound to the wildcard on another port."""
    stack.tcp4().bind(LOOPBACK)
    server = stack.tcp4()
    server.bind(LOOPBACK)
    server.bind(WILDCARD.at("Q"))
    return server


@experiment("tcp/after-failure/refused-bind/then-wildcard/reached", rule=BIND_NAMES)
def test_a_server_that_was_refused_an_address_is_reached(stack: Stack) -> None:
    """A server was refused an address and listens at the wildcard instead. Is it reached elsewhere?"""
    server = at_the_wildcard_instead(stack)
    server.listen()
    assert stack.connections(SECOND.at("Q")) == server.itself


@experiment("udp/after-failure/refused-bind/then-wildcard/reached", rule=BIND_NAMES)
def test_a_udp_server_that_was_refused_an_address_is_reached(stack: Stack) -> None:
    """A UDP server was refused an address and has the wildcard instead. Is it reached elsewhere?"""
    stack.udp4().bind(LOOPBACK)
    server = stack.udp4()
    server.bind(LOOPBACK)
    server.bind(WILDCARD.at("Q"))
    assert stack.connections(SECOND.at("Q")) == server.itself


@experiment("tcp/after-failure/refused-bind/then-wildcard/closed", rule=CLOSE_DESTROYS)
def test_nothing_is_left_of_a_server_that_was_refused_an_address(stack: Stack) -> None:
    """A server was refused an address, got the wildcard instead, and closed. Is its port free?"""
    at_the_wildcard_instead(stack).close()
    assert stack.tcp4().bind(WILDCARD.at("Q")) == OK


@experiment("tcp6/after-failure/refused-bind/mapped-then-ipv6/reached", rule=BIND_NAMES)
def test_a_server_that_was_refused_a_mapped_address_is_reached(stack: Stack) -> None:
    """A server with IPV6_V6ONLY asked for a mapped address, then for ::1. Is it reached there?"""
    server = stack.tcp6(IPV6_V6ONLY)
    server.bind(MAPPED)
    server.bind(LOOPBACK6)
    server.listen()
    assert stack.connections(LOOPBACK6) == server.itself


@experiment("{protocol}/after-failure/second-bind/{port}", rule=BOUND_ONCE, cites=(POSIX.at("bind, [EINVAL]"),))
@pytest.mark.parametrize(("protocol", "port"), [("tcp", "held"), ("udp", "free")])
def test_address_of_a_socket_that_asks_for_a_second(stack: Stack, protocol: str, port: str) -> None:
    """A bound {protocol} socket asks for another port, which is {port}. Does it keep its own?"""
    if port == "held":
        stack.socket(f"{protocol}4").bind(CLIENT)
    first = stack.socket(f"{protocol}4")
    first.bind(LOOPBACK)
    first.bind(CLIENT)
    assert stack.socket(f"{protocol}4").bind(LOOPBACK) == EADDRINUSE


#: What an IPv6 socket of both families has, for what it is refused then, and what another socket is answered that wants the first.
SECOND_ADDRESSES = [
    ("specific-asks-mapped",        LOOPBACK6,       MAPPED.at("Q"),    "6", LOOPBACK6, EADDRINUSE),
    ("wildcard-asks-mapped",        WILDCARD6,       MAPPED.at("Q"),    "6", LOOPBACK6, EADDRINUSE),
    ("wildcard-asks-specific",      WILDCARD6,       LOOPBACK6.at("Q"), "4", LOOPBACK,  EADDRINUSE),
    ("mapped-asks-ipv6",            MAPPED,          LOOPBACK6.at("Q"), "4", LOOPBACK,  EADDRINUSE),
    ("mapped-wildcard-asks-ipv6",   MAPPED_WILDCARD, LOOPBACK6.at("Q"), "6", LOOPBACK6, OK),
    ("specific-asks-the-wildcard",  LOOPBACK6,       WILDCARD6.at("Q"), "4", WILDCARD,  OK),
    ("specific-asks-another-port",  LOOPBACK6,       LOOPBACK6.at("Q"), "6", LOOPBACK6, EADDRINUSE),
    ("mapped-asks-mapped",          MAPPED,          MAPPED.at("Q"),    "4", LOOPBACK,  EADDRINUSE),
    ("mapped-wildcard-asks-mapped", MAPPED_WILDCARD, MAPPED.at("Q"),    "6", LOOPBACK6, OK),
]  # fmt: skip


@experiment("{protocol}6/after-failure/second-bind/{case}", rule=BOUND_ONCE, cites=(POSIX.at("bind, [EINVAL]"),))
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(("case", "own", "asked", "family", "wanted", "expected"), SECOND_ADDRESSES, ids=str)
def test_families_of_a_socket_that_asks_for_a_second_address(
    stack: Stack, protocol: str, case: str, own: Address, asked: Address, family: str, wanted: Address, expected: Answer
) -> None:
    """A {protocol} socket at {own} is refused {asked}. Does it hold what it held?"""
    first = stack.socket(f"{protocol}6", *DUAL)
    first.bind(own)
    first.bind(asked)
    assert stack.socket(f"{protocol}{family}").bind(wanted) == expected


@experiment("{protocol}6/after-failure/second-bind/v6only", rule=BOUND_ONCE, cites=(POSIX.at("bind, [EINVAL]"),))
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_family_of_a_socket_with_v6only_that_asks_for_a_second_address(stack: Stack, protocol: str) -> None:
    """A {protocol} socket at [::] with IPV6_V6ONLY is refused another port. Is its own still free of IPv4?"""
    first = stack.socket(f"{protocol}6", IPV6_V6ONLY)
    first.bind(WILDCARD6)
    first.bind(WILDCARD6.at("Q"))
    assert stack.socket(f"{protocol}4").bind(LOOPBACK) == OK


@experiment("udp/after-failure/send-without-peer/no-options", rule=BIND_NAMES, cites=(POSIX.at("send, [EDESTADDRREQ]"),))
def test_bind_after_a_send_without_peer(stack: Stack) -> None:
    """A UDP socket without a peer was refused a send. May it bind?"""
    caller = stack.udp4()
    caller.send(1)
    assert caller.bind(LOOPBACK) == OK


@experiment("udp/after-failure/payload/no-options", rule=DELIVERED, cites=(UNP.at("§8.11"),))
def test_a_datagram_arrives(stack: Stack) -> None:
    """Does a UDP socket get what another one that is connected to it sends?"""
    server = stack.udp4()
    server.bind(LOOPBACK)
    caller = stack.udp4()
    caller.connect(LOOPBACK)
    caller.send(1)
    assert server.recv(1) == OK


@experiment("tcp/after-failure/accepted-by-another-user/reuseport", rule=REUSEPORT_ALL)
def test_beside_a_connection_that_another_user_accepted(stack: Stack) -> None:
    """Another user accepted on a copy of a listener. May a second (both SO_REUSEPORT) bind beside it?"""
    listener = listening(stack, LOOPBACK, SO_REUSEPORT)
    copy = listener.inherit("stranger")
    stack.tcp4().connect(LOOPBACK)
    copy.accept()
    restarted = stack.tcp4(SO_REUSEPORT)
    # Now the port no longer remembers the listener's user, and every holder is asked.
    stack.tcp4().bind(SECOND)
    assert restarted.bind(LOOPBACK) == OK


# An IPv6 client holds nothing of IPv4 on its port.


@experiment("tcp/after-failure/beside-ipv6-client/mapped-wildcard", rule=DUAL_STACK)
def test_mapped_wildcard_beside_an_ipv6_client(stack: Stack) -> None:
    """May an IPv6 socket bind the mapped wildcard on the port of an IPv6 client?"""
    listening(stack, LOOPBACK6)
    client = connecting(stack, LOOPBACK6)
    assert stack.tcp6(*DUAL).bind(MAPPED_WILDCARD.at(f"port({client.name})")) == OK


@experiment("tcp6/after-failure/beside-ipv6-client/{v6only}", rule=DUAL_STACK)
@pytest.mark.parametrize(("v6only", "option"), [("dual", IPV6_V6ONLY.off), ("v6only", IPV6_V6ONLY)], ids=str)
def test_ipv4_wildcard_beside_an_ipv6_client(stack: Stack, v6only: str, option: Option) -> None:
    """May an IPv4 socket bind the wildcard on the port of an IPv6 client ({v6only})?"""
    listening(stack, LOOPBACK6)
    client = connecting(stack, LOOPBACK6, option)
    assert stack.tcp4().bind(WILDCARD.at(f"port({client.name})")) == OK


@experiment("udp/after-failure/beside-ipv6-client/{wanted}", rule=DUAL_STACK)
@pytest.mark.parametrize(
    ("wanted", "kind", "options", "address"),
    [
        ("mapped-wildcard", "udp6", DUAL, MAPPED_WILDCARD),
        ("loopback4",       "udp4", NONE, LOOPBACK),
        ("any4",            "udp4", NONE, WILDCARD),
    ],
    ids=str,
)  # fmt: skip
def test_beside_an_ipv6_client_over_udp(stack: Stack, wanted: str, kind: str, options: Options, address: Address) -> None:
    """A dual-stack UDP client is connected over IPv6. May a socket bind {wanted} on its port?"""
    client = stack.udp6(*DUAL)
    client.connect(LOOPBACK6)
    assert stack.socket(kind, *options).bind(address.at(f"port({client.name})")) == OK


@experiment("udp6/after-failure/beside-mapped-client/v6only-wildcard", rule=DUAL_STACK)
def test_ipv6_wildcard_beside_a_client_of_a_mapped_address(stack: Stack) -> None:
    """A UDP client is connected to a mapped address. May [::] be bound on its port with IPV6_V6ONLY?"""
    client = stack.udp6(*DUAL)
    client.connect(MAPPED)
    assert stack.udp6(IPV6_V6ONLY).bind(WILDCARD6.at(f"port({client.name})")) == OK


@experiment("udp/after-failure/payload/two", rule=DELIVERED, cites=(UNP.at("§8.11"),))
def test_two_datagrams_arrive(stack: Stack) -> None:
    """Does a UDP socket get both of two datagrams that wait for it?"""
    server, caller = stack.udp4(), stack.udp4()
    server.bind(LOOPBACK)
    caller.connect(LOOPBACK)
    caller.send(1)
    caller.send(1)
    server.recv(1)
    assert server.recv(1) == OK


@experiment("tcp/after-failure/send-unconnected/then-bind", rule=BIND_NAMES, cites=(POSIX.at("send, [ENOTCONN]"),))
def test_bind_after_a_send_without_connection(stack: Stack) -> None:
    """A TCP socket without a connection was refused a send. May it bind?"""
    caller = stack.tcp4()
    caller.send(1)
    assert caller.bind(LOOPBACK) == OK
