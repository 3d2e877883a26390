"""When is nothing left of a dead server, so that another needs no option?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import LEFT, connecting, leave, listener_gone, listening, served
from fixtures.language.stack import Stack
from fixtures.language.words import CLOSE_WAIT, CLOSING, ECONNRESET, LAST_ACK, LOOPBACK, MORE_THAN_FITS, OK, RD, SO_LINGER_0, WR
from fixtures.specification.rules import CLOSE_DESTROYS, RESET
from fixtures.specification.sources import RFC9293, TCPV2, UNP


@experiment("tcp/dead-server/never-connected/no-options", rule=CLOSE_DESTROYS)
def test_restart_of_a_server_without_clients(stack: Stack) -> None:
    """Nobody had connected to a server. May it restart without options?"""
    listening(stack, LOOPBACK).close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/dead-server/never-accepted/no-options", rule=RESET, cites=(TCPV2.at("soclose"),))
def test_restart_after_a_connection_that_was_never_accepted(stack: Stack) -> None:
    """A server ended with a connection that it had not accepted. May it restart without options?"""
    listener = listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    listener.close()
    client.recv(1)
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/dead-server/shut-for-reading/no-options", rule=CLOSE_DESTROYS)
def test_restart_of_a_server_that_would_not_read(stack: Stack) -> None:
    """A server shut down reading, its client sent and closed first. May the server restart?"""
    listener = listening(stack, LOOPBACK)
    client, accepted = served(stack, listener, LOOPBACK)
    accepted.shutdown(RD)
    client.send(1)
    client.close()
    accepted.recv(1)
    accepted.close()
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/dead-server/reset-by-server/no-options", rule=RESET, cites=(UNP.at("§7.5, SO_LINGER"),))
def test_restart_after_the_server_reset(stack: Stack) -> None:
    """A server closed with SO_LINGER 0, and so reset the connection. May it restart without options?"""
    client, accepted = listener_gone(stack, LOOPBACK)
    accepted.set(SO_LINGER_0)
    accepted.close()
    client.recv(1)
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/dead-server/reset-by-client/no-options", rule=RESET)
def test_restart_after_the_client_reset(stack: Stack) -> None:
    """A client reset its connection. May the server restart without options?"""
    client, accepted = listener_gone(stack, LOOPBACK)
    client.set(SO_LINGER_0)
    client.close()
    accepted.recv(1)
    accepted.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/dead-server/linger-0-on-listener/no-options", rule=RESET, cites=(UNP.at("§7.4, inherited options"),))
def test_linger_set_on_the_listener(stack: Stack) -> None:
    """A listener had SO_LINGER 0, the accepted socket closed first. May it restart without options?"""
    client, accepted = listener_gone(stack, LOOPBACK, SO_LINGER_0)
    accepted.close()
    client.recv(1)
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/dead-server/linger-0-on-listener/second-client", rule=RESET, cites=(UNP.at("§7.4, inherited options"),))
def test_linger_set_on_the_listener_of_two_clients(stack: Stack) -> None:
    """A listener has SO_LINGER 0, two clients came, and the second is closed first. Is it reset?"""
    listener = listening(stack, LOOPBACK, SO_LINGER_0)
    clients = [connecting(stack, LOOPBACK) for _ in range(2)]
    accepted = [listener.accept() for _ in range(2)]
    accepted[1].close()
    assert clients[1].recv(1) == ECONNRESET


@experiment("tcp/dead-server/reset-in/{left}", rule=RESET, cites=(UNP.at("§7.5, SO_LINGER"),))
@pytest.mark.parametrize("left", ["fin-wait-1", "fin-wait-2", "closing"])
def test_restart_after_a_reset_in_each_state(stack: Stack, left: str) -> None:
    """A client resets a connection in {left}. May a server restart without options?"""
    client, _ = leave(stack, left, LOOPBACK)
    client.set(SO_LINGER_0)
    client.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/dead-server/reset-in/close-wait", rule=RESET, cites=(UNP.at("§7.5, SO_LINGER"),))
def test_restart_after_a_reset_in_close_wait(stack: Stack) -> None:
    """A client shuts down and then resets (CLOSE_WAIT). May a server restart without options?"""
    client, _ = listener_gone(stack, LOOPBACK)
    client.shutdown(WR)
    stack.shows(LOOPBACK, CLOSE_WAIT)
    client.set(SO_LINGER_0)
    client.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/dead-server/reset-in/last-ack", rule=RESET, cites=(UNP.at("§7.5, SO_LINGER"),))
def test_restart_after_a_reset_in_last_ack(stack: Stack) -> None:
    """A client resets a connection in last-ack. May a server restart without options?"""
    client, accepted = listener_gone(stack, LOOPBACK)
    accepted.send(MORE_THAN_FITS)
    client.shutdown(WR)
    accepted.recv(1)
    accepted.close()
    stack.shows(LOOPBACK, LAST_ACK)
    client.set(SO_LINGER_0)
    client.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/dead-server/reset-in/{left}/linger-from-the-start", rule=RESET, cites=(UNP.at("§7.5, SO_LINGER"),))
@pytest.mark.parametrize(("left", "state"), [("closing", CLOSING), ("last-ack", LAST_ACK)])
def test_restart_after_a_reset_by_an_option_from_the_start(stack: Stack, left: str, state: str) -> None:
    """A client that had SO_LINGER 0 before it connected resets in {left}. May a server restart?"""
    listener = listening(stack, LOOPBACK)
    client, accepted = served(stack, listener, LOOPBACK, SO_LINGER_0)
    listener.close()
    LEFT[left][1](client, accepted)
    stack.shows(LOOPBACK, state)
    client.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/dead-server/data-after-close/{left}", rule=RESET, cites=(UNP.at("§5.13"), RFC9293.at("§3.6.1")))
@pytest.mark.parametrize("left", ["fin-wait-1", "fin-wait-2"])
def test_restart_after_data_for_the_dead(stack: Stack, left: str) -> None:
    """A dead server's connection in {left} got data, which brings a reset. Is the port free?"""
    client, _ = leave(stack, left, LOOPBACK)
    client.send(1)
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/dead-server/linger-0-in-fin-wait-2/{port}", rule=RESET, cites=(UNP.at("§7.5, SO_LINGER"),))
@pytest.mark.parametrize("port", ["server", "client"])
def test_both_ports_after_linger_0_in_fin_wait_2(stack: Stack, port: str) -> None:
    """A server closes with SO_LINGER 0 in FIN_WAIT_2. Is the {port}'s port free without options?"""
    client, accepted = leave(stack, "half-closed", LOOPBACK)
    accepted.set(SO_LINGER_0)
    accepted.close()
    ports = {"server": LOOPBACK, "client": LOOPBACK.at(f"port({client.name})")}
    assert stack.tcp4().bind(ports[port]) == OK


@experiment("tcp/dead-server/linger-0-in-closing/{port}", rule=RESET, cites=(UNP.at("§7.5, SO_LINGER"),))
@pytest.mark.parametrize("port", ["server", "client"])
def test_both_ports_after_linger_0_in_closing(stack: Stack, port: str) -> None:
    """A server closes with SO_LINGER 0 in CLOSING. Is the {port}'s port free without options?"""
    client, accepted = listener_gone(stack, LOOPBACK)
    accepted.send(MORE_THAN_FITS)
    accepted.shutdown(WR)
    client.shutdown(WR)
    stack.shows(LOOPBACK, CLOSING)
    accepted.set(SO_LINGER_0)
    accepted.close()
    ports = {"server": LOOPBACK, "client": LOOPBACK.at(f"port({client.name})")}
    assert stack.tcp4().bind(ports[port]) == OK
