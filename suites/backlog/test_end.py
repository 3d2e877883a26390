"""A listener closes, and clients wait in its queue: what becomes of them, and of the address?"""

from __future__ import annotations

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import ECONNRESET, LOOPBACK, OK
from fixtures.specification.rules import DROPPED, NO_OPTIONS, RESET
from fixtures.specification.sources import LINUX
from suites.backlog.queues import listening, waiting

STOPS = LINUX.at("ipv4/inet_connection_sock.c, inet_csk_listen_stop")


@experiment("tcp/backlog/end/all-are-reset", rule=RESET, cites=(STOPS,))
def test_everybody_in_the_queue(stack: Stack) -> None:
    """Two clients wait in a queue, and the server closes. Is the second reset, too?"""
    server = listening(stack, 2)
    waiting(stack)
    second = waiting(stack)
    server.close()
    assert second.recv(1) == ECONNRESET


@experiment("tcp/backlog/end/copy-keeps", rule=RESET, cites=(STOPS,))
def test_a_copy_keeps_the_queue(stack: Stack) -> None:
    """A client waits, and one of a listener's two descriptors is closed. Can it be served by the other?"""
    server = listening(stack, 0)
    copy = server.dup()
    client = waiting(stack)
    server.close()
    copy.accept().send(1)
    assert client.recv(1) == OK


@experiment("tcp/backlog/end/bind", rule=DROPPED, cites=(STOPS,))
def test_bind_after_a_queue_was_reset(stack: Stack) -> None:
    """Two clients waited in a queue, and the server closed. May a server without options bind at once?"""
    server = listening(stack, 2)
    waiting(stack)
    waiting(stack)
    server.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/backlog/end/bind-beside-accepted", rule=NO_OPTIONS, cites=(STOPS,))
def test_bind_beside_the_accepted(stack: Stack) -> None:
    """A server accepted one client, another waited, and it closed. May a server without options bind?"""
    server = listening(stack, 0)
    waiting(stack)
    server.accept()
    waiting(stack)
    server.close()
    assert stack.tcp4().bind(LOOPBACK) != OK
