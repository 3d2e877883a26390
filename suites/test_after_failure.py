"""What the search found: what a socket holds after a refusal, a reset or a call that came too early."""

from __future__ import annotations

from fixtures.experiment import experiment
from fixtures.rules import DROPPED, DUAL_STACK, ONE_OR_EACH, RESET, REUSEPORT_ALL, SIMULTANEOUS_OPEN, UNBOUND_CALL
from fixtures.sources import POSIX, RFC9293, TCPV2, UNP
from fixtures.stack import Stack
from fixtures.words import IPV6_V6ONLY, LOOPBACK, LOOPBACK6, MAPPED_WILDCARD, OK, SECOND, SO_LINGER_0, SO_REUSEPORT, WR

CLIENT = LOOPBACK.at("Q")
ANY_PORT = LOOPBACK.at("0")
DROP = TCPV2.at("tcp_drop, tcp_close")


@experiment("tcp/after-failure/refused/drawn-port", rule=DROPPED, cites=(DROP, POSIX.at("connect, [ECONNREFUSED]")))
def test_drawn_port_of_a_refused_client(stack: Stack) -> None:
    """Is the port that a client got by binding port 0 free when its connection was refused but it is not closed yet?"""
    client = stack.tcp4()
    client.bind(ANY_PORT)
    client.connect(LOOPBACK)
    second = stack.tcp4()
    assert second.bind(client.address) == OK


@experiment("tcp/after-failure/reset/named-port", rule=RESET, cites=(DROP,))
def test_port_of_a_client_that_was_reset(stack: Stack) -> None:
    """Is the port that a client had bound free when its server reset the connection but it is not closed yet?"""
    listener = stack.tcp4(SO_LINGER_0)
    listener.bind(LOOPBACK)
    listener.listen()
    client = stack.tcp4()
    client.bind(CLIENT)
    client.connect(LOOPBACK)
    listener.accept().close()
    client.recv(1)
    second = stack.tcp4()
    assert second.bind(CLIENT) == OK


@experiment("tcp/after-failure/reset/drawn-port", rule=RESET, cites=(DROP,))
def test_drawn_port_of_a_client_that_was_reset(stack: Stack) -> None:
    """Is the port that a client got by binding port 0 free when its server reset the connection but it is not closed yet?"""
    listener = stack.tcp4(SO_LINGER_0)
    listener.bind(LOOPBACK)
    listener.listen()
    client = stack.tcp4()
    client.bind(ANY_PORT)
    client.connect(LOOPBACK)
    listener.accept().close()
    client.recv(1)
    second = stack.tcp4()
    assert second.bind(client.address) == OK


@experiment("tcp/after-failure/connect-to-itself/no-options", rule=SIMULTANEOUS_OPEN, cites=(RFC9293.at("§3.5, figure 7"),))
def test_connection_to_itself(stack: Stack) -> None:
    """May a client connect to its own address and port, where nobody listens?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    assert client.connect(CLIENT) == OK


@experiment("tcp/after-failure/shutdown-before-listen/no-options", rule=UNBOUND_CALL, cites=(POSIX.at("shutdown, [ENOTCONN]"),))
def test_shutdown_that_came_too_early(stack: Stack) -> None:
    """Does a server serve its clients although it had, in vain, shut down its sending half before it listened?"""
    listener = stack.tcp4()
    listener.shutdown(WR)
    listener.bind(LOOPBACK)
    listener.listen()
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    assert accepted.send(1) == OK


@experiment("udp/after-failure/send-without-peer/no-options", rule=UNBOUND_CALL, cites=(POSIX.at("send, [EDESTADDRREQ]"),))
def test_bind_after_a_send_without_peer(stack: Stack) -> None:
    """May a UDP socket bind after a send that was refused because it had no peer?"""
    caller = stack.udp4()
    caller.send(1)
    assert caller.bind(LOOPBACK) == OK


@experiment("udp/after-failure/payload/no-options", rule=ONE_OR_EACH, cites=(UNP.at("§8.11"),))
def test_a_datagram_arrives(stack: Stack) -> None:
    """Does a socket get what another one that is connected to it sends?"""
    server = stack.udp4()
    server.bind(LOOPBACK)
    caller = stack.udp4()
    caller.connect(LOOPBACK)
    caller.send(1)
    assert server.recv(1) == OK


@experiment("tcp/after-failure/accepted-by-another-user/reuseport", rule=REUSEPORT_ALL)
def test_beside_a_connection_that_another_user_accepted(stack: Stack) -> None:
    """May a server restart beside its listener (both SO_REUSEPORT) when another user's process accepted a connection from a copy of it?"""
    listener = stack.tcp4(SO_REUSEPORT)
    listener.bind(LOOPBACK)
    listener.listen()
    copy = listener.inherit("stranger")
    stack.tcp4().connect(LOOPBACK)
    copy.accept()
    restarted = stack.tcp4(SO_REUSEPORT)
    # With the port's memory of the listener's user gone, every holder is asked.
    stack.tcp4().bind(SECOND)
    assert restarted.bind(LOOPBACK) == OK


@experiment("tcp/after-failure/beside-ipv6-client/mapped-wildcard", rule=DUAL_STACK)
def test_mapped_wildcard_beside_an_ipv6_client(stack: Stack) -> None:
    """May an IPv6 socket bind the mapped wildcard on the port that an IPv6 client has?"""
    listener = stack.tcp6()
    listener.bind(LOOPBACK6)
    listener.listen()
    client = stack.tcp6()
    client.connect(LOOPBACK6)
    second = stack.tcp6(IPV6_V6ONLY.off)
    assert second.bind(MAPPED_WILDCARD.at(f"port({client.name})")) == OK
