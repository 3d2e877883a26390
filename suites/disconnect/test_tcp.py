"""May a TCP socket be disconnected?"""

from __future__ import annotations

from fixtures.language.experiment import experiment
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import EADDRINUSE, LOOPBACK, OK, SO_REUSEADDR, Address, Answer
from fixtures.specification.rules import BIND_NAMES, DELIVERED, LISTENER_STAYS, NO_OPTIONS, WRONG_KIND

EISCONN, EOPNOTSUPP = Answer("EISCONN"), Answer("EOPNOTSUPP")


def listening(stack: Stack, address: Address = LOOPBACK) -> Socket:
    """A listener."""
    server = stack.tcp4()
    server.bind(address)
    server.listen()
    return server


def client_of(stack: Stack, server: Socket) -> Socket:
    """A client whose connection waits to be accepted."""
    client = stack.tcp4()
    client.connect(server.address)
    return client


# A connection.


@experiment("tcp4/disconnect/connection", rule=WRONG_KIND)
def test_a_connection(stack: Stack) -> None:
    """A TCP client connects to AF_UNSPEC: is it refused because it is connected?"""
    client = client_of(stack, listening(stack))
    assert client.disconnect() == EISCONN


@experiment("tcp4/disconnect/close-wait", rule=WRONG_KIND)
def test_a_connection_that_the_other_end_closed(stack: Stack) -> None:
    """A TCP client whose server has closed connects to AF_UNSPEC: is it refused as connected?"""
    server = listening(stack)
    client = client_of(stack, server)
    server.accept().close()
    client.recv(1)
    assert client.disconnect() == EISCONN


@experiment("tcp4/disconnect/connection/goes-on", rule=DELIVERED)
def test_the_connection_goes_on(stack: Stack) -> None:
    """A TCP client connected to AF_UNSPEC: does its peer's data reach it?"""
    server = listening(stack)
    client = client_of(stack, server)
    accepted = server.accept()
    client.disconnect()
    accepted.send(1)
    assert client.recv(1) == OK


@experiment("tcp4/disconnect/connection/connects-again", rule=WRONG_KIND)
def test_another_connection(stack: Stack) -> None:
    """A TCP client connected to AF_UNSPEC: is another connect refused because it is connected?"""
    server = listening(stack)
    client = client_of(stack, server)
    client.disconnect()
    assert client.connect(server.address) == EISCONN


@experiment("tcp4/disconnect/connection/second-listen", rule=WRONG_KIND)
def test_it_listens_beside_another(stack: Stack) -> None:
    """A client connected to AF_UNSPEC, and another listens at its address: is listen of it refused?"""
    server = listening(stack, LOOPBACK.at("Q"))
    client, other = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    client.bind(LOOPBACK)
    other.bind(LOOPBACK)
    client.connect(server.address)
    client.disconnect()
    other.listen()
    assert client.listen() != OK


@experiment("tcp4/disconnect/unconnected", rule=WRONG_KIND)
def test_no_connection(stack: Stack) -> None:
    """A TCP socket that was never connected connects to AF_UNSPEC: is it refused?"""
    assert stack.tcp4().disconnect() != OK


@experiment("tcp4/disconnect/unbound/binds", rule=BIND_NAMES)
def test_bind_afterwards(stack: Stack) -> None:
    """A new TCP socket connected to AF_UNSPEC: may it be bound to an address?"""
    socket = stack.tcp4()
    socket.disconnect()
    assert socket.bind(LOOPBACK) == OK


@experiment("tcp4/disconnect/bound/holds", rule=NO_OPTIONS)
def test_it_is_bound(stack: Stack) -> None:
    """A TCP socket that is only bound connects to AF_UNSPEC: is its address taken for others?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    first.disconnect()
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp6/disconnect/unconnected", rule=WRONG_KIND)
def test_no_connection_over_ipv6(stack: Stack) -> None:
    """An IPv6 socket of TCP that was never connected connects to AF_UNSPEC: is it refused?"""
    assert stack.tcp6().disconnect() != OK


@experiment("tcp4/disconnect/refused", rule=WRONG_KIND)
def test_a_client_that_was_refused(stack: Stack) -> None:
    """A TCP client was refused, and connects to AF_UNSPEC: is it refused again?"""
    client = stack.tcp4()
    client.connect(LOOPBACK)
    assert client.disconnect() != OK


# A listener.


@experiment("tcp4/disconnect/listener", rule=LISTENER_STAYS)
def test_a_listener(stack: Stack) -> None:
    """A listener connects to AF_UNSPEC: is it refused because it listens?"""
    assert listening(stack).disconnect() == EOPNOTSUPP


@experiment("tcp4/disconnect/listener/receives", rule=LISTENER_STAYS)
def test_it_goes_on_listening(stack: Stack) -> None:
    """A listener connected to AF_UNSPEC: does it receive connections?"""
    server = listening(stack)
    server.disconnect()
    assert stack.connections(LOOPBACK) == server.itself


@experiment("tcp4/disconnect/listener/waiting", rule=LISTENER_STAYS)
def test_who_waits(stack: Stack) -> None:
    """A listener connected to AF_UNSPEC while a client waits: may the client send?"""
    server = listening(stack)
    client = client_of(stack, server)
    server.disconnect()
    assert client.send(1) == OK


@experiment("tcp4/disconnect/listener/port/named", rule=LISTENER_STAYS)
def test_the_port_that_was_named(stack: Stack) -> None:
    """A listener at a named port connected to AF_UNSPEC: is the port taken for others?"""
    server = listening(stack)
    server.disconnect()
    assert stack.tcp4().bind(server.address) == EADDRINUSE


@experiment("tcp4/disconnect/listener/port/drawn", rule=LISTENER_STAYS)
def test_the_port_that_was_drawn(stack: Stack) -> None:
    """A listener at a drawn port connected to AF_UNSPEC: is the port taken for others?"""
    server = listening(stack, LOOPBACK.at("0"))
    server.disconnect()
    assert stack.tcp4().bind(server.address) == EADDRINUSE
