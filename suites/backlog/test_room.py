"""What makes room in the queue of a listener, and what does not?"""

from __future__ import annotations

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connection
from fixtures.language.stack import Stack
from fixtures.language.words import LOOPBACK, NOBODY, OK, SO_LINGER_0, WAITS
from fixtures.specification.rules import FULL_QUEUE_IGNORES, QUEUE_HOLDS, WRONG_KIND
from suites.backlog.queues import crowd, listening, waiting
from suites.backlog.test_full import OVERFLOWS


@experiment("tcp/backlog/room/accept", rule=QUEUE_HOLDS, cites=(OVERFLOWS,))
def test_accept_makes_room(stack: Stack) -> None:
    """A server's queue was full, and it accepted a client. May another one connect?"""
    server = listening(stack, 0)
    waiting(stack)
    server.accept()
    assert stack.tcp4().connect(LOOPBACK) == OK


@experiment("tcp/backlog/room/accept/after-a-refusal", rule=QUEUE_HOLDS, cites=(OVERFLOWS,))
def test_accept_makes_room_for_who_comes_later(stack: Stack) -> None:
    """A client found a queue full, gave up, and the server accepted. May another client connect?"""
    server = listening(stack, 0)
    waiting(stack)
    late = stack.tcp4()
    late.connect(LOOPBACK)
    late.close()
    server.accept()
    assert stack.tcp4().connect(LOOPBACK) == OK


@experiment("tcp/backlog/room/accept/after-82", rule=QUEUE_HOLDS, cites=(OVERFLOWS,))
def test_accept_makes_room_in_a_long_queue(stack: Stack) -> None:
    """The backlog is 81, 83 clients come, the last one gives up, one is accepted: may another connect?"""
    server = listening(stack, 81)
    crowd(stack, 82)
    late = stack.tcp4()
    late.connect(LOOPBACK)
    late.close()
    server.accept()
    assert stack.tcp4().connect(LOOPBACK) == OK


@experiment("tcp/backlog/room/accepted-closes", rule=QUEUE_HOLDS, cites=(OVERFLOWS,))
def test_an_accepted_connection_takes_no_place(stack: Stack) -> None:
    """A server accepted a client, and another fills the queue. The first closes; does a third wait?"""
    server = listening(stack, 0)
    waiting(stack)
    accepted = server.accept()
    waiting(stack)
    accepted.close()
    assert stack.tcp4().connect(LOOPBACK) == WAITS


@experiment("tcp/backlog/room/client-closed", rule=FULL_QUEUE_IGNORES, cites=(OVERFLOWS,))
def test_a_client_that_has_gone(stack: Stack) -> None:
    """The client that fills a queue closes before it is accepted. Does the next client wait?"""
    listening(stack, 0)
    waiting(stack).close()
    assert stack.tcp4().connect(LOOPBACK) == WAITS


@experiment("tcp/backlog/room/client-reset", rule=QUEUE_HOLDS, cites=(OVERFLOWS,))
def test_a_client_that_was_reset(stack: Stack) -> None:
    """The client that fills a queue resets before it is accepted. May the next one connect?"""
    listening(stack, 0)
    client = waiting(stack)
    client.set(SO_LINGER_0)
    client.close()
    assert stack.tcp4().connect(LOOPBACK) == OK


@experiment("tcp/backlog/room/listen-again/larger", rule=QUEUE_HOLDS, cites=(OVERFLOWS,))
def test_a_larger_backlog(stack: Stack) -> None:
    """A server's queue is full, and it listens again with a larger backlog. May another client connect?"""
    server = listening(stack, 0)
    waiting(stack)
    server.listen(4)
    assert stack.tcp4().connect(LOOPBACK) == OK


@experiment("tcp/backlog/room/listen-again/smaller", rule=QUEUE_HOLDS, cites=(OVERFLOWS,))
def test_a_smaller_backlog(stack: Stack) -> None:
    """A client waits, and the server listens again with the backlog 0, not 4. Does the next client wait?"""
    server = listening(stack, 4)
    waiting(stack)
    server.listen(0)
    assert stack.tcp4().connect(LOOPBACK) == WAITS


@experiment("tcp/backlog/room/listen-again/kept", rule=QUEUE_HOLDS, cites=(OVERFLOWS,))
def test_who_waited_before_a_smaller_backlog(stack: Stack) -> None:
    """Three clients wait, and the server listens again with the backlog 0. Is the third accepted?"""
    server = listening(stack, 4)
    clients = [waiting(stack) for _ in range(3)]
    server.listen(0)
    server.accept()
    server.accept()
    server.accept().send(1)
    assert clients[-1].recv(1) == OK


@experiment("tcp/backlog/room/refused-listen", rule=WRONG_KIND, cites=(OVERFLOWS,))
def test_a_client_that_was_refused_to_listen(stack: Stack) -> None:
    """A client that has a connection asks to listen with the backlog 0: does it get no connections?"""
    client, _ = connection(stack)
    client.listen(0)
    assert stack.connections(LOOPBACK.at(f"port({client.name})")) == NOBODY
