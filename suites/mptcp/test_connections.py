"""What does a connection of Multipath TCP hold, and what do its calls answer?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import left_time_wait
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    EADDRNOTAVAIL,
    ECONNRESET,
    END,
    ESTABLISHED,
    FIN_WAIT_2,
    LOOPBACK,
    NONE,
    OK,
    REUSEADDR,
    SO_REUSEADDR,
    Answer,
    Options,
)
from fixtures.specification.rules import BROKEN_PIPE, DELIVERED, RESET, RESTART, SAME_CONNECTION, SHUTS_A_CONNECTION, TIME_WAIT_REBIND
from suites.mptcp.scenes import FALLS_BACK, PAIRS, TRANSPARENT, ends, server

NEW = pytest.mark.parametrize(("new", "expected"), [(NONE, EADDRINUSE), (REUSEADDR, OK)], ids=str)


@experiment("mptcp/connects/{client}-to-{listener}", rule=DELIVERED, cites=(FALLS_BACK,))
@pytest.mark.parametrize(("listener", "client"), PAIRS)
def test_who_reaches_whom(stack: Stack, listener: str, client: str) -> None:
    """A client of {client} has connected to a server of {listener}. Does what it sends arrive?"""
    caller, accepted = ends(stack, server(stack, listener), client)
    caller.send(1)
    assert accepted.recv(1) == OK


@experiment("mptcp/recv/all-and-the-end", rule=DELIVERED, cites=(TRANSPARENT,))
def test_each_byte_and_then_the_end(stack: Stack) -> None:
    """An MPTCP client sent two bytes and closed. Does recv get each, and then the end?"""
    client, accepted = ends(stack, server(stack, "mptcp"))
    client.send(2)
    client.close()
    assert [accepted.recv(1), accepted.recv(1), accepted.recv(1)] == [OK, OK, END]


@experiment("mptcp/time-wait/{restarted}/{options}", rule=TIME_WAIT_REBIND, cites=(TRANSPARENT,))
@pytest.mark.parametrize("restarted", ["mptcp", "tcp"])
@pytest.mark.parametrize(("options", "expected"), [(NONE, EADDRINUSE), (REUSEADDR, OK)], ids=str)
def test_restart_over_time_wait(stack: Stack, restarted: str, options: Options, expected: Answer) -> None:
    """A dead MPTCP server with {options.aloud} left a TIME_WAIT. May one of {restarted}, like it, bind?"""
    listener = server(stack, "mptcp", *options)
    client, accepted = ends(stack, listener)
    left_time_wait(stack, LOOPBACK, accepted, client)
    listener.close()
    assert stack.socket(f"{restarted}4", *options).bind(LOOPBACK) == expected


@experiment("mptcp/connection-remains/{client}/new-{new}", rule=RESTART, cites=(FALLS_BACK,))
@pytest.mark.parametrize("client", ["mptcp", "tcp"])
@NEW
def test_connection_remains(stack: Stack, client: str, new: Options, expected: Answer) -> None:
    """A dead MPTCP server with SO_REUSEADDR left a {client} connection. May one with {new.aloud} bind?"""
    listener = server(stack, "mptcp", SO_REUSEADDR)
    ends(stack, listener, client)
    listener.close()
    stack.shows(LOOPBACK, ESTABLISHED)
    assert stack.mptcp4(*new).bind(LOOPBACK) == expected


@experiment("mptcp/never-accepted/client", rule=RESET, cites=(TRANSPARENT,))
def test_client_that_waited(stack: Stack) -> None:
    """An MPTCP client waits to be accepted when the listener closes. Is it reset?"""
    listener = server(stack, "mptcp")
    client = stack.mptcp4()
    client.connect(LOOPBACK)
    listener.close()
    assert client.recv(1) == ECONNRESET


@experiment("mptcp/never-accepted/restart", rule=RESET, cites=(TRANSPARENT,))
def test_restart_after_a_client_that_waited(stack: Stack) -> None:
    """An MPTCP server ended with a client that it had not accepted. May it restart without options?"""
    listener = server(stack, "mptcp")
    client = stack.mptcp4()
    client.connect(LOOPBACK)
    listener.close()
    client.recv(1)
    assert stack.mptcp4().bind(LOOPBACK) == OK


@experiment("mptcp/half-closed/same-connection", rule=SAME_CONNECTION, cites=(TRANSPARENT,))
def test_connection_that_one_side_closed(stack: Stack) -> None:
    """An MPTCP client closed, its server did not. Is the connection refused to another on its port?"""
    listener = server(stack, "mptcp", SO_REUSEADDR)
    client = stack.mptcp4(SO_REUSEADDR)
    client.connect(LOOPBACK)
    accepted = listener.accept()
    again = stack.mptcp4(SO_REUSEADDR)
    again.bind(LOOPBACK.at("port(B)"))
    client.close()
    accepted.recv(1)
    assert again.connect(LOOPBACK) == EADDRNOTAVAIL


@experiment("mptcp/send-to-the-closed/second", rule=BROKEN_PIPE, cites=(TRANSPARENT,))
def test_second_send_to_a_closed_end(stack: Stack) -> None:
    """The other end of an MPTCP connection was closed. Is the second send EPIPE?"""
    client, accepted = ends(stack, server(stack, "mptcp"))
    client.close()
    accepted.recv(1)
    accepted.send(1)
    assert accepted.send(1) == Answer("EPIPE")


@experiment("mptcp/fallen-back/recv-after-reset/close-wait", rule=RESET, cites=(FALLS_BACK,))
def test_recv_after_the_end_and_a_reset(stack: Stack) -> None:
    """A TCP server closed, and reset its MPTCP client, which sent. Is recv the end or ECONNRESET?"""
    client, accepted = ends(stack, server(stack, "tcp"))
    accepted.close()
    client.send(1)
    assert client.recv(1) in (END, ECONNRESET)


@experiment("mptcp/fallen-back/recv-twice-after-reset", rule=RESET, cites=(FALLS_BACK,))
def test_second_recv_after_a_reset(stack: Stack) -> None:
    """A recv has told an MPTCP client of a TCP server's reset. Does the next one find the end?"""
    client, accepted = ends(stack, server(stack, "tcp"))
    client.send(1)
    accepted.close()
    client.recv(1)
    assert client.recv(1) == END


@experiment("mptcp/fallen-back/server-closed-first", rule=RESTART, cites=(FALLS_BACK,))
def test_server_end_that_closed_first(stack: Stack) -> None:
    """A TCP server closed a connection of an MPTCP client first, and is in FIN_WAIT_2: may it restart?"""
    listener = server(stack, "tcp", SO_REUSEADDR)
    _, accepted = ends(stack, listener)
    accepted.close()
    stack.shows(LOOPBACK, FIN_WAIT_2)
    listener.close()
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


@experiment("mptcp/to-itself/shut-down-before", rule=SHUTS_A_CONNECTION, cites=(TRANSPARENT,))
def test_it_was_shut_down_and_connects_to_itself(stack: Stack) -> None:
    """An MPTCP socket was refused shutdown, and connects to its own address: is that granted?"""
    client = stack.mptcp4()
    client.bind(LOOPBACK)
    client.shutdown("WR")
    assert client.connect(LOOPBACK) == OK
