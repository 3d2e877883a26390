"""The address of a connection: found by trying every pair of sockets (`test_every_pair`), each find an experiment of its own."""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connecting, listener_gone, listening
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    FIN_WAIT_2,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    MAPPED_WILDCARD,
    OK,
    SECOND,
    SO_LINGER_0,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    WR,
    Address,
)
from fixtures.specification.rules import BEFORE_BIND, DIFFERENT_ADDRESSES, DROPPED, DUAL_STACK, SAME_CONNECTION
from fixtures.specification.sources import LITE2

CONNECT = LITE2.at("in_pcbconnect")
SERVER, SERVER6 = LOOPBACK.at("Q"), LOOPBACK6.at("Q")

# A connected client holds the address of its connection, and no longer the wildcard.


@experiment("tcp/connected/wildcard-client/other-address", rule=DIFFERENT_ADDRESSES, cites=(CONNECT,))
def test_a_connected_client_leaves_the_other_addresses(stack: Stack) -> None:
    """A client on the wildcard is connected. Is another address free on its port?"""
    listening(stack, SERVER)
    connecting(stack, SERVER, at=WILDCARD)
    assert stack.tcp4().bind(SECOND) == OK


@experiment("tcp/connected/wildcard-client/other-family", rule=DIFFERENT_ADDRESSES)
def test_a_connected_client_leaves_the_other_family(stack: Stack) -> None:
    """A dual-stack client on the wildcard is connected over IPv6. Is 127.0.0.1 free on its port?"""
    listening(stack, SERVER6)
    connecting(stack, SERVER6, IPV6_V6ONLY.off, at=WILDCARD6)
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("udp/connected/wildcard-client/other-address", rule=DIFFERENT_ADDRESSES, cites=(CONNECT,))
def test_a_connected_udp_socket_leaves_the_other_addresses(stack: Stack) -> None:
    """A UDP socket on the wildcard is connected. Is another address free on its port?"""
    client = stack.udp4()
    client.bind(WILDCARD)
    client.connect(SERVER)
    assert stack.udp4().bind(SECOND) == OK


# The same connection, asked for by another socket (both SO_REUSEADDR).


@experiment("tcp/connected/wildcard-client/same-connection", rule=SAME_CONNECTION, cites=(CONNECT,))
def test_the_same_connection_from_a_specific_address(stack: Stack) -> None:
    """A client on the wildcard is connected. Is one on a specific address refused that connection?"""
    listening(stack, SERVER)
    connecting(stack, SERVER, SO_REUSEADDR, at=WILDCARD)
    again = stack.tcp4(SO_REUSEADDR)
    again.bind(LOOPBACK)
    assert again.connect(SERVER) == EADDRINUSE


@experiment("tcp/connected/mapped/same-connection", rule=SAME_CONNECTION)
def test_the_same_connection_from_a_mapped_address(stack: Stack) -> None:
    """An IPv4 client is connected. Is a socket at its mapped address refused the same connection?"""
    listening(stack, SERVER)
    connecting(stack, SERVER, SO_REUSEADDR, at=LOOPBACK)
    again = stack.tcp6(IPV6_V6ONLY.off, SO_REUSEADDR)
    again.bind(MAPPED)
    assert again.connect(MAPPED.at("Q")) == EADDRINUSE


@experiment("tcp/connected/fin-wait-2-orphan/same-connection", rule=SAME_CONNECTION)
def test_a_connection_in_fin_wait_2_without_an_owner(stack: Stack) -> None:
    """A client has closed, its server has not (FIN_WAIT_2). Is another refused the same connection?"""
    server = listening(stack, SERVER)
    client = connecting(stack, SERVER, SO_REUSEADDR, at=LOOPBACK)
    server.accept()
    client.close()
    stack.shows(LOOPBACK, FIN_WAIT_2)
    again = stack.tcp4(SO_REUSEADDR)
    again.bind(LOOPBACK)
    assert again.connect(SERVER) == EADDRINUSE


@experiment("tcp/connected/fin-wait-2-owned/same-connection", rule=SAME_CONNECTION)
def test_a_connection_in_fin_wait_2_with_an_owner(stack: Stack) -> None:
    """A client shut down, and is open in FIN_WAIT_2. Is another refused the same connection?"""
    server = listening(stack, SERVER)
    client = connecting(stack, SERVER, SO_REUSEADDR, at=LOOPBACK)
    server.accept()
    client.shutdown(WR)
    stack.shows(LOOPBACK, FIN_WAIT_2)
    again = stack.tcp4(SO_REUSEADDR)
    again.bind(LOOPBACK)
    assert again.connect(SERVER) == EADDRINUSE


@experiment("tcp/connected/fin-wait-2-orphan/old-end", rule=SAME_CONNECTION)
def test_the_other_end_of_a_connection_in_fin_wait_2(stack: Stack) -> None:
    """Another socket asked for a connection in FIN_WAIT_2. May the server still send on the old one?"""
    server = listening(stack, SERVER)
    client = connecting(stack, SERVER, SO_REUSEADDR, at=LOOPBACK)
    accepted = server.accept()
    client.close()
    stack.shows(LOOPBACK, FIN_WAIT_2)
    again = stack.tcp4(SO_REUSEADDR)
    again.bind(LOOPBACK)
    again.connect(SERVER)
    assert accepted.send(1) == OK


# A reset connection holds nothing.


@experiment("tcp/connected/reset/{address}", rule=DROPPED)
@pytest.mark.parametrize(("address", "local"), [("specific", LOOPBACK), ("wildcard", WILDCARD)], ids=str)
def test_a_client_whose_connection_was_reset(stack: Stack, address: str, local: Address) -> None:
    """A client on a {address} address was reset by its server and is still open. Is its port free?"""
    server = listening(stack, SERVER)
    connecting(stack, SERVER, at=local)
    accepted = server.accept()
    accepted.set(SO_LINGER_0)
    accepted.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/connected/reset/accepted", rule=DROPPED)
def test_an_accepted_connection_that_was_reset(stack: Stack) -> None:
    """A client reset a connection that is still open at its dead server. Is the server's port free?"""
    client, _ = listener_gone(stack, LOOPBACK)
    client.set(SO_LINGER_0)
    client.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


# The mapped wildcard.


@experiment("tcp/connected/dual-stack-server/mapped-wildcard", rule=DUAL_STACK)
def test_an_ipv6_connection_beside_the_mapped_wildcard(stack: Stack) -> None:
    """A dead dual-stack server left an IPv6 connection. May a socket bind the mapped wildcard?"""
    listener_gone(stack, WILDCARD6, IPV6_V6ONLY.off, to=LOOPBACK6)
    assert stack.tcp6(IPV6_V6ONLY.off).bind(MAPPED_WILDCARD) == OK


@experiment("tcp/reuseport/cleared/mapped-wildcard-then-dual", rule=BEFORE_BIND)
def test_a_port_that_remembers_a_mapped_wildcard(stack: Stack) -> None:
    """The mapped wildcard cleared SO_REUSEPORT. Is a dual-stack wildcard that has it refused?"""
    first = stack.tcp6(IPV6_V6ONLY.off, SO_REUSEPORT)
    first.bind(MAPPED_WILDCARD)
    first.set(SO_REUSEPORT.off)
    assert stack.tcp6(IPV6_V6ONLY.off, SO_REUSEPORT).bind(WILDCARD6) == EADDRINUSE
