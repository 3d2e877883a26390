"""What do the calls of a socket of Multipath TCP answer?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import END, ESTABLISHED, LOOPBACK, MORE_THAN_FITS, OK, WR, Answer
from fixtures.specification.rules import ACTIVE_CLOSER, BROKEN_PIPE, RESET, SHUTS_A_CONNECTION, WRONG_KIND
from suites.mptcp.scenes import TRANSPARENT, ends, server


@experiment("mptcp/calls/recv-unconnected/{state}", rule=WRONG_KIND, cites=(TRANSPARENT,))
@pytest.mark.parametrize("state", ["bound", "listening"])
def test_recv_without_a_connection(stack: Stack, state: str) -> None:
    """An MPTCP socket is {state}. Is its recv refused because it is not connected?"""
    socket = stack.mptcp4()
    socket.bind(LOOPBACK)
    if state == "listening":
        socket.listen()
    assert socket.recv(1) == Answer("ENOTCONN")


@experiment("mptcp/calls/recv-after-shutdown/{how}", rule=SHUTS_A_CONNECTION, cites=(TRANSPARENT,))
@pytest.mark.parametrize("how", ["rd", "rdwr"])
def test_recv_after_shutdown(stack: Stack, how: str) -> None:
    """An MPTCP client was shut down ({how}). Does its recv find the end of the stream?"""
    client, _ = ends(stack, server(stack, "mptcp"))
    client.shutdown(how.upper())
    assert client.recv(1) == END


@experiment("mptcp/calls/shutdown-of-writing/{end}", rule=ACTIVE_CLOSER, cites=(TRANSPARENT,))
@pytest.mark.parametrize("end", ["client", "accepted"])
def test_one_half_is_shut(stack: Stack, end: str) -> None:
    """An MPTCP client was shut down for writing. Is the subflow of its {end} end still ESTABLISHED?"""
    client, _ = ends(stack, server(stack, "mptcp"))
    client.shutdown(WR)
    assert stack.shows(LOOPBACK.at(f"port({client.name})") if end == "client" else LOOPBACK, ESTABLISHED) == OK


@experiment("mptcp/calls/shutdown-of-writing/data-waiting", rule=ACTIVE_CLOSER, cites=(TRANSPARENT,))
def test_one_half_is_shut_behind_data(stack: Stack) -> None:
    """An MPTCP client was shut down behind data that nobody reads. Is its subflow ESTABLISHED?"""
    client, _ = ends(stack, server(stack, "mptcp"))
    client.send(MORE_THAN_FITS)
    client.shutdown(WR)
    assert stack.shows(LOOPBACK.at(f"port({client.name})"), ESTABLISHED) == OK


@experiment("mptcp/calls/send-to-the-shut/data-waiting", rule=BROKEN_PIPE, cites=(TRANSPARENT,))
def test_send_to_an_end_that_closed_behind_data(stack: Stack) -> None:
    """An MPTCP client closed behind data that nobody reads. Is the server's second send EPIPE?"""
    client, accepted = ends(stack, server(stack, "mptcp"))
    client.send(MORE_THAN_FITS)
    client.close()
    accepted.send(1)
    assert accepted.send(1) == Answer("EPIPE")


@experiment("mptcp/calls/recv-twice-after-reset/unread", rule=RESET, cites=(TRANSPARENT,))
def test_second_recv_after_a_reset(stack: Stack) -> None:
    """A recv has told an MPTCP client of a reset (data unread). Does the next one find the end?"""
    client, accepted = ends(stack, server(stack, "mptcp"))
    client.send(1)
    accepted.close()
    client.recv(1)
    assert client.recv(1) == END


@experiment("mptcp/calls/shutdown-before-listen/{client}", rule=SHUTS_A_CONNECTION, cites=(TRANSPARENT,))
@pytest.mark.parametrize("client", ["mptcp", "tcp"])
def test_a_shutdown_that_came_too_early(stack: Stack, client: str) -> None:
    """An MPTCP server was shut down (WR) before it listened. May it send to a client of {client}?"""
    listener = stack.mptcp4()
    listener.shutdown(WR)
    listener.bind(LOOPBACK)
    listener.listen()
    _, accepted = ends(stack, listener, client)
    assert accepted.send(1) == OK
