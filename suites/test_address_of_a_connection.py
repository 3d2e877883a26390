"""The address of a connection: found by trying every pair of sockets (`test_every_pair`), each find an experiment of its own."""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Socket, Stack
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
    Option,
)
from fixtures.specification.rules import BEFORE_BIND, DIFFERENT_ADDRESSES, DROPPED, DUAL_STACK, SAME_CONNECTION
from fixtures.specification.sources import LITE2

CONNECT = LITE2.at("in_pcbconnect")
SERVER, SERVER6 = LOOPBACK.at("Q"), LOOPBACK6.at("Q")


def server_at(stack: Stack, address: Address) -> Socket:
    """A listener."""
    listener = stack.socket(f"tcp{address.family}")
    listener.bind(address)
    listener.listen()
    return listener


def client_of(stack: Stack, server: Address, local: Address, *options: Option) -> Socket:
    """A client that was bound before it connected."""
    client = stack.socket(f"tcp{local.family}", *options)
    client.bind(local)
    client.connect(server)
    return client


@experiment("tcp/connected/wildcard-client/other-address", rule=DIFFERENT_ADDRESSES, cites=(CONNECT,))
def test_a_connected_client_leaves_the_other_addresses(stack: Stack) -> None:
    """A client bound to the wildcard is connected from 127.0.0.1; may a socket without options bind another address of its port?"""
    server_at(stack, SERVER)
    client_of(stack, SERVER, WILDCARD)
    assert stack.tcp4().bind(SECOND) == OK


@experiment("tcp/connected/wildcard-client/other-family", rule=DIFFERENT_ADDRESSES)
def test_a_connected_client_leaves_the_other_family(stack: Stack) -> None:
    """A dual-stack client bound to the wildcard is connected over IPv6; may an IPv4 socket without options bind 127.0.0.1 and its port?"""
    server_at(stack, SERVER6)
    client_of(stack, SERVER6, WILDCARD6, IPV6_V6ONLY.off)
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("udp/connected/wildcard-client/other-address", rule=DIFFERENT_ADDRESSES, cites=(CONNECT,))
def test_a_connected_udp_socket_leaves_the_other_addresses(stack: Stack) -> None:
    """A UDP socket bound to the wildcard is connected from 127.0.0.1; may a socket without options bind another address of its port?"""
    client = stack.udp4()
    client.bind(WILDCARD)
    client.connect(SERVER)
    assert stack.udp4().bind(SECOND) == OK


@experiment("tcp/connected/wildcard-client/same-connection", rule=SAME_CONNECTION, cites=(CONNECT,))
def test_the_same_connection_from_a_specific_address(stack: Stack) -> None:
    """A client bound to the wildcard is connected; is one that is bound to the address of that connection refused the same one?"""
    server_at(stack, SERVER)
    client_of(stack, SERVER, WILDCARD, SO_REUSEADDR)
    again = stack.tcp4(SO_REUSEADDR)
    again.bind(LOOPBACK)
    assert again.connect(SERVER) == EADDRINUSE


@experiment("tcp/connected/mapped/same-connection", rule=SAME_CONNECTION)
def test_the_same_connection_from_a_mapped_address(stack: Stack) -> None:
    """An IPv4 client is connected; is an IPv6 socket at the mapped form of its address refused the same connection?"""
    server_at(stack, SERVER)
    client_of(stack, SERVER, LOOPBACK, SO_REUSEADDR)
    again = stack.tcp6(IPV6_V6ONLY.off, SO_REUSEADDR)
    again.bind(MAPPED)
    assert again.connect(MAPPED.at("Q")) == EADDRINUSE


@experiment("tcp/connected/fin-wait-2-orphan/same-connection", rule=SAME_CONNECTION)
def test_a_connection_in_fin_wait_2_without_an_owner(stack: Stack) -> None:
    """A client has closed, its server not: it is in FIN_WAIT_2 without an owner. Is the same connection refused to another socket?"""
    server = server_at(stack, SERVER)
    client = client_of(stack, SERVER, LOOPBACK, SO_REUSEADDR)
    server.accept()
    client.close()
    stack.shows(LOOPBACK, FIN_WAIT_2)
    again = stack.tcp4(SO_REUSEADDR)
    again.bind(LOOPBACK)
    assert again.connect(SERVER) == EADDRINUSE


@experiment("tcp/connected/fin-wait-2-owned/same-connection", rule=SAME_CONNECTION)
def test_a_connection_in_fin_wait_2_with_an_owner(stack: Stack) -> None:
    """A client shut down its sending half, its server not: it is in FIN_WAIT_2 with an owner. Is the same connection refused to another?"""
    server = server_at(stack, SERVER)
    client = client_of(stack, SERVER, LOOPBACK, SO_REUSEADDR)
    server.accept()
    client.shutdown(WR)
    stack.shows(LOOPBACK, FIN_WAIT_2)
    again = stack.tcp4(SO_REUSEADDR)
    again.bind(LOOPBACK)
    assert again.connect(SERVER) == EADDRINUSE


@experiment("tcp/connected/fin-wait-2-orphan/old-end", rule=SAME_CONNECTION)
def test_the_other_end_of_a_connection_in_fin_wait_2(stack: Stack) -> None:
    """A client has closed, its server not, and another socket asks for the same connection: may the server still send on the old one?"""
    server = server_at(stack, SERVER)
    client = client_of(stack, SERVER, LOOPBACK, SO_REUSEADDR)
    accepted = server.accept()
    client.close()
    stack.shows(LOOPBACK, FIN_WAIT_2)
    again = stack.tcp4(SO_REUSEADDR)
    again.bind(LOOPBACK)
    again.connect(SERVER)
    assert accepted.send(1) == OK


@experiment("tcp/connected/reset/{address}", rule=DROPPED)
@pytest.mark.parametrize("address", ["specific", "wildcard"])
def test_a_client_whose_connection_was_reset(stack: Stack, address: str) -> None:
    """A client bound to a {address} address was reset by its server and is not closed; may a socket without options bind its port?"""
    server = server_at(stack, SERVER)
    client_of(stack, SERVER, LOOPBACK if address == "specific" else WILDCARD)
    accepted = server.accept()
    accepted.set(SO_LINGER_0)
    accepted.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/connected/reset/accepted", rule=DROPPED)
def test_an_accepted_connection_that_was_reset(stack: Stack) -> None:
    """An accepted connection was reset by its client, the listener is gone; may a socket without options bind its port?"""
    listener = server_at(stack, LOOPBACK)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    listener.accept()
    listener.close()
    client.set(SO_LINGER_0)
    client.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/connected/dual-stack-server/mapped-wildcard", rule=DUAL_STACK)
def test_an_ipv6_connection_beside_the_mapped_wildcard(stack: Stack) -> None:
    """A dual-stack server's IPv6 connection is open, its listener gone; may an IPv6 socket bind the mapped wildcard and its port?"""
    listener = listening(stack, WILDCARD6, IPV6_V6ONLY.off)
    client = stack.tcp6()
    client.connect(LOOPBACK6)
    listener.accept()
    listener.close()
    assert stack.tcp6(IPV6_V6ONLY.off).bind(MAPPED_WILDCARD) == OK


@experiment("tcp/reuseport/cleared/mapped-wildcard-then-dual", rule=BEFORE_BIND)
def test_a_port_that_remembers_a_mapped_wildcard(stack: Stack) -> None:
    """SO_REUSEPORT was cleared after a bind to the mapped wildcard; is a dual-stack wildcard with SO_REUSEPORT refused?"""
    first = stack.tcp6(IPV6_V6ONLY.off, SO_REUSEPORT)
    first.bind(MAPPED_WILDCARD)
    first.set(SO_REUSEPORT.off)
    assert stack.tcp6(IPV6_V6ONLY.off, SO_REUSEPORT).bind(WILDCARD6) == EADDRINUSE
