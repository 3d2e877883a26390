"""Does a shutdown that came before there was a connection, and was refused, leave anything behind?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import accepted_after_shutdown, close_in_turn, connecting, serve
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import EADDRNOTAVAIL, ECONNRESET, IPV6_V6ONLY, LOOPBACK, MAPPED, OK, RD, RDWR, SO_LINGER_0, WR, Address, Answer
from fixtures.specification.rules import ACTIVE_CLOSER, OWN_ADDRESS, RESET, SHUTS_A_CONNECTION, V6ONLY, WRONG_KIND
from fixtures.specification.sources import POSIX

TOO_EARLY = POSIX.at("shutdown, [ENOTCONN]")


def shut_too_early(stack: Stack, *halves: str) -> Socket:
    """A listener that was shut down, in vain, before it was bound."""
    listener = stack.tcp4()
    for half in halves:
        listener.shutdown(half)
    listener.bind(LOOPBACK)
    listener.listen()
    return listener


@experiment("tcp/after-failure/shutdown-before-listen/no-options", rule=SHUTS_A_CONNECTION, cites=(TOO_EARLY,))
def test_shutdown_that_came_too_early(stack: Stack) -> None:
    """A server was shut down (WR) before it listened. May it send to its clients?"""
    listener = shut_too_early(stack, WR)
    connecting(stack, LOOPBACK)
    assert accepted_after_shutdown(listener).send(1) == OK


@experiment("tcp/after-failure/shutdown-before-listen/both/shut-again", rule=RESET, cites=(POSIX.at("send, [ECONNRESET]"),))
def test_a_listener_that_was_shut_down_twice(stack: Stack) -> None:
    """A server was shut down before it listened, and again after. Does its client hear of a reset?"""
    listener = shut_too_early(stack, WR, RD)
    client = connecting(stack, LOOPBACK)
    client.send(1)
    listener.shutdown(RDWR)
    assert client.send(1) == ECONNRESET


@experiment("tcp/after-failure/shutdown-before-listen/{how}/who-keeps-time-wait", rule=ACTIVE_CLOSER, cites=(ACTIVE_CLOSER.source,))
@pytest.mark.parametrize("how", ["rd", "wr"])
def test_who_keeps_time_wait_after_an_early_shutdown(stack: Stack, how: str) -> None:
    """A server was shut down ({how}) before it listened; its client closed first. May it restart?"""
    listener = shut_too_early(stack, how.upper())
    client = connecting(stack, LOOPBACK)
    close_in_turn(client, accepted_after_shutdown(listener))
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/after-failure/shutdown-before-listen/two-clients", rule=ACTIVE_CLOSER, cites=(ACTIVE_CLOSER.source,))
def test_each_connection_of_a_server_that_was_shut_down_early(stack: Stack) -> None:
    """A server was shut down before it listened. One client reset, one closed first. May it restart?"""
    listener = shut_too_early(stack, WR)
    resetting, closing = stack.tcp4(SO_LINGER_0), stack.tcp4()
    resetting.connect(LOOPBACK)
    closing.connect(LOOPBACK)
    first, second = accepted_after_shutdown(listener), accepted_after_shutdown(listener)
    resetting.close()
    first.close()
    close_in_turn(closing, second)
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("{protocol}/after-failure/shutdown-before-connect/{how}", rule=SHUTS_A_CONNECTION, cites=(TOO_EARLY,))
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("how", ["rd", "wr", "rdwr"])
def test_shutdown_before_connect(stack: Stack, protocol: str, how: str) -> None:
    """A {protocol} client was shut down ({how}) before it connected. May it send?"""
    server, client = stack.socket(f"{protocol}4"), stack.socket(f"{protocol}4")
    server.bind(LOOPBACK)
    serve(server)
    client.shutdown(how.upper())
    client.connect(LOOPBACK)
    assert client.send(1) == OK


@experiment("udp/after-failure/shutdown-before-connect/bound/{how}", rule=SHUTS_A_CONNECTION, cites=(TOO_EARLY,))
@pytest.mark.parametrize("how", ["rd", "wr", "rdwr"])
def test_shutdown_of_a_bound_socket_before_connect(stack: Stack, how: str) -> None:
    """A UDP socket was bound, and shut down ({how}) before it connected. May it send?"""
    server, client = stack.udp4(), stack.udp4()
    server.bind(LOOPBACK)
    client.bind(LOOPBACK.at("Q"))
    client.shutdown(how.upper())
    client.connect(LOOPBACK)
    assert client.send(1) == OK


@experiment("tcp/after-failure/recv-after-early-shutdown/{how}", rule=WRONG_KIND, cites=(POSIX.at("recv, [ENOTCONN]"),))
@pytest.mark.parametrize("how", ["rd", "wr", "rdwr"])
def test_recv_after_an_early_shutdown(stack: Stack, how: str) -> None:
    """A socket without a connection was shut down ({how}). Is recv ENOTCONN?"""
    first = stack.tcp4()
    first.shutdown(how.upper())
    assert first.recv(1) == Answer("ENOTCONN")


@experiment("tcp/after-failure/shutdown-before-bind/foreign-address", rule=OWN_ADDRESS)
def test_foreign_address_after_an_early_shutdown(stack: Stack) -> None:
    """A socket was shut down, and wants an address that no interface has. Is it refused for the address?"""
    first = stack.tcp4()
    first.shutdown(WR)
    assert first.bind(Address("192.0.2.1")) == EADDRNOTAVAIL


@experiment("tcp6/after-failure/shutdown-before-bind/mapped-address", rule=V6ONLY)
def test_mapped_address_after_an_early_shutdown(stack: Stack) -> None:
    """A socket with IPV6_V6ONLY was shut down, and wants a mapped address. Is it refused?"""
    first = stack.tcp6(IPV6_V6ONLY)
    first.shutdown(WR)
    assert first.bind(MAPPED) != OK
