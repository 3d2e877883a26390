"""What does a socket hold, and what is it still good for, when the other end reset its connection?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connected, connecting, connection, half_close, listening, served
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    EADDRINUSE,
    ECONNRESET,
    EINVAL,
    END,
    LOOPBACK,
    MORE_THAN_FITS,
    OK,
    RDWR,
    SECOND,
    SO_LINGER_0,
    SO_REUSEADDR,
    WR,
    Address,
    Answer,
)
from fixtures.specification.rules import BOUND_ONCE, BROKEN_PIPE, DIFFERENT_ADDRESSES, NO_OPTIONS, RESET, WRONG_KIND
from fixtures.specification.sources import POSIX, TCPV2

CLIENT = LOOPBACK.at("Q")
DROP = TCPV2.at("tcp_drop, tcp_close")
ENOTCONN = Answer("ENOTCONN")


def reset_by_its_server(stack: Stack, at: Address | None = None) -> Socket:
    """A client, still open, whose server reset the connection."""
    listener = listening(stack, LOOPBACK, SO_LINGER_0)
    client = connecting(stack, LOOPBACK, at=at)
    listener.accept().close()
    client.recv(1)
    return client


@experiment("tcp/after-failure/reset/{port}-port", rule=RESET, cites=(DROP,))
@pytest.mark.parametrize(
    ("port", "local"),
    [
        ("named", CLIENT),
        ("drawn", LOOPBACK.at("0")),
    ],
    ids=str,
)  # fmt: skip
def test_port_of_a_client_that_was_reset(stack: Stack, port: str, local: Address) -> None:
    """A server reset the connection of a client on a {port} port, still open. Is the port free?"""
    client = reset_by_its_server(stack, at=local)
    assert stack.tcp4().bind(client.address) == OK


@experiment("tcp/after-failure/reset/named-port/another-address", rule=DIFFERENT_ADDRESSES, cites=(DROP,))
def test_port_of_a_client_that_was_reset_at_another_address(stack: Stack) -> None:
    """A server reset the connection of a client, still open. Is its port free at another address?"""
    reset_by_its_server(stack, at=CLIENT)
    assert stack.tcp4().bind(SECOND.at("Q")) == OK


@experiment("tcp/after-failure/reset/listener-holds", rule=NO_OPTIONS, cites=(DROP,))
def test_address_of_a_listener_whose_connection_was_reset(stack: Stack) -> None:
    """A client reset its connection; both sockets of the server are open. Is their address held?"""
    listener = listening(stack, LOOPBACK)
    client, accepted = connected(stack, listener, LOOPBACK, SO_LINGER_0)
    client.close()
    accepted.recv(1)
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/after-failure/reset/then-closed", rule=RESET, cites=(DROP,))
def test_port_of_a_client_that_was_reset_and_closed(stack: Stack) -> None:
    """A client was reset by its server and has closed. Is its port free?"""
    reset_by_its_server(stack, at=CLIENT).close()
    assert stack.tcp4().bind(CLIENT) == OK


@experiment("tcp/after-failure/reset/same-connection", rule=RESET, cites=(DROP,))
def test_connection_of_a_client_that_was_reset(stack: Stack) -> None:
    """A client was reset and is still open. May another (both SO_REUSEADDR) open the same connection?"""
    listener = listening(stack, LOOPBACK, SO_LINGER_0)
    client, again = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    client.bind(CLIENT)
    client.connect(LOOPBACK)
    listener.accept().close()
    client.recv(1)
    again.bind(CLIENT)
    assert again.connect(LOOPBACK) == OK


@experiment("tcp/after-failure/reset/connects", rule=RESET, cites=(DROP,))
def test_connect_of_a_client_that_was_reset(stack: Stack) -> None:
    """A client was reset by its server and has not heard of it. Is it refused to connect again?"""
    client, accepted = connection(stack)
    accepted.set(SO_LINGER_0)
    accepted.close()
    assert client.connect(LOOPBACK) != OK


@experiment("tcp/after-failure/reset/connects/twice", rule=RESET, cites=(DROP,))
def test_second_connect_of_a_client_that_was_reset(stack: Stack) -> None:
    """A client was reset by its server and has asked to connect again. Is it refused a second time?"""
    client, accepted = connection(stack)
    accepted.set(SO_LINGER_0)
    accepted.close()
    client.connect(LOOPBACK)
    assert client.connect(LOOPBACK) != OK


@experiment("tcp/after-failure/reset/connects/recv", rule=RESET, cites=(DROP,))
def test_recv_after_the_connect_of_a_client_that_was_reset(stack: Stack) -> None:
    """A client was reset, and asked to connect again. Does recv tell of the reset, or find the end?"""
    client, accepted = connection(stack)
    accepted.set(SO_LINGER_0)
    accepted.close()
    client.connect(LOOPBACK)
    assert client.recv(1) in (ECONNRESET, END)


@experiment("tcp/after-failure/reset/shutdown", rule=WRONG_KIND, cites=(POSIX.at("shutdown, [ENOTCONN]"),))
def test_shutdown_of_a_client_that_was_reset(stack: Stack) -> None:
    """Is shutdown of a client whose server reset the connection refused?"""
    assert reset_by_its_server(stack).shutdown(WR) == ENOTCONN


@experiment("tcp/after-failure/reset/accepted-shuts-down", rule=WRONG_KIND, cites=(POSIX.at("shutdown, [ENOTCONN]"),))
def test_shutdown_of_a_connection_that_its_client_reset(stack: Stack) -> None:
    """Is shutdown of an accepted socket whose client reset the connection refused?"""
    listener = listening(stack, LOOPBACK)
    client, accepted = connected(stack, listener, LOOPBACK, SO_LINGER_0)
    client.close()
    accepted.recv(1)
    assert accepted.shutdown(WR) == ENOTCONN


@experiment("tcp/after-failure/reset/shutdown/data-waiting", rule=WRONG_KIND, cites=(POSIX.at("shutdown, [ENOTCONN]"),))
def test_shutdown_of_a_connection_that_was_reset_behind_data(stack: Stack) -> None:
    """A client sent data and reset its connection. Is shutdown of the accepted socket refused?"""
    client, accepted = connection(stack)
    client.send(1)
    client.set(SO_LINGER_0)
    client.close()
    assert accepted.shutdown(RDWR) == ENOTCONN


@experiment("tcp/after-failure/reset/recv/{state}", rule=RESET, cites=(RESET.source,))
@pytest.mark.parametrize("state", ["fin-wait-1", "half-closed"])
def test_recv_of_a_half_that_was_reset(stack: Stack, state: str) -> None:
    """An end that was shut down for sending ({state}) is reset by the other. Does its recv tell?"""
    client, accepted = connection(stack)
    if state == "fin-wait-1":
        accepted.send(MORE_THAN_FITS)
    accepted.shutdown(WR)
    client.set(SO_LINGER_0)
    client.close()
    assert accepted.recv(1) == ECONNRESET


@experiment("tcp/after-failure/reset/recv/last-ack", rule=RESET, cites=(RESET.source,))
def test_recv_of_an_end_that_was_reset_in_last_ack(stack: Stack) -> None:
    """An end has read the end of the stream, and sent its own, when it is reset. Does recv find the end?"""
    client, accepted = connection(stack)
    half_close(client, accepted)
    accepted.send(MORE_THAN_FITS)
    accepted.shutdown(WR)
    client.set(SO_LINGER_0)
    client.close()
    assert accepted.recv(1) == END


@experiment("tcp/after-failure/reset/accepted-connects", rule=WRONG_KIND, cites=(DROP,))
def test_accepted_socket_that_was_reset_connects(stack: Stack) -> None:
    """Is an accepted socket that was reset, and has not heard of it, refused another connection?"""
    client, accepted = connection(stack)
    client.set(SO_LINGER_0)
    client.close()
    assert accepted.connect(LOOPBACK) != OK


@experiment("tcp/after-failure/reset/last-closer-connects", rule=WRONG_KIND, cites=(DROP,))
def test_the_last_closer_connects_behind_a_reset(stack: Stack) -> None:
    """Both ends shut down, and the first to do so closes with SO_LINGER 0. May the other connect again?"""
    client, accepted = connection(stack)
    client.shutdown(WR)
    accepted.shutdown(WR)
    client.set(SO_LINGER_0)
    client.close()
    assert accepted.connect(LOOPBACK) != OK


@experiment("tcp/after-failure/reset/accepted-binds", rule=BOUND_ONCE, cites=(DROP,))
def test_accepted_socket_that_was_reset_binds(stack: Stack) -> None:
    """Is an accepted socket that was reset refused another port?"""
    listener = listening(stack, LOOPBACK)
    client, accepted = served(stack, listener, LOOPBACK, SO_LINGER_0)
    client.close()
    accepted.recv(1)
    assert accepted.bind(CLIENT) == EINVAL


@experiment("tcp/after-failure/reset/error-stays", rule=BROKEN_PIPE, cites=(BROKEN_PIPE.source,))
def test_the_error_of_a_reset_stays(stack: Stack) -> None:
    """A client was reset, asked for another port, and is called there. Is its next send still EPIPE?"""
    listener, client = stack.tcp4(), stack.tcp4()
    listener.bind(LOOPBACK)
    listener.listen()
    client.connect(LOOPBACK)
    listener.accept().close()
    client.send(1)
    # The listener becomes a client, and calls the port that the reset client has asked for.
    listener.shutdown(RDWR)
    client.bind(CLIENT)
    listener.connect(CLIENT)
    assert client.send(1) == Answer("EPIPE")
