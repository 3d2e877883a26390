"""The queue of a listener: when is it full, and what becomes of who waits in it?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import ECONNREFUSED, ECONNRESET, OK, RDWR, Answer
from fixtures.specification.rules import DELIVERED, SHUTS_A_CONNECTION
from fixtures.specification.rules_unix import FILE_IS_REACHED, FILE_STAYS, FULL_QUEUE, NOT_LISTENING, QUEUE_IS_RESET
from suites.unix.scenes import STREAMS, F, listening, waiting


@experiment("{kind}/queue/full", rule=FULL_QUEUE)
@pytest.mark.parametrize("kind", STREAMS)
def test_a_full_queue(stack: Stack, kind: str) -> None:
    """A server ({kind}) with the backlog 0 has a client waiting. Is the next one ECONNREFUSED?"""
    client = stack.socket(kind)
    listening(stack, F, kind, backlog=0)
    waiting(stack, F, kind)
    assert client.connect(F) == ECONNREFUSED


@experiment("unix/queue/one-fits", rule=FILE_IS_REACHED)
def test_one_more_than_the_backlog(stack: Stack) -> None:
    """A server has the backlog 1, and a client waits. May a second one connect?"""
    listening(stack, F, backlog=1)
    waiting(stack, F)
    assert stack.socket("unix").connect(F) == OK


@experiment("unix/queue/accept-makes-room", rule=FILE_IS_REACHED)
def test_accept_makes_room(stack: Stack) -> None:
    """A server's queue was full, and it accepted a client. May another one connect?"""
    server = listening(stack, F, backlog=0)
    waiting(stack, F)
    server.accept()
    assert stack.socket("unix").connect(F) == OK


@experiment("{kind}/queue/listener-closes", rule=QUEUE_IS_RESET)
@pytest.mark.parametrize("kind", STREAMS)
def test_the_listener_closes(stack: Stack, kind: str) -> None:
    """A client ({kind}) waits to be accepted, and the server closes. Is it told ECONNRESET by recv?"""
    server = listening(stack, F, kind)
    client = waiting(stack, F, kind)
    server.close()
    assert client.recv(1) == ECONNRESET


@experiment("unix/queue/listener-killed", rule=QUEUE_IS_RESET)
def test_the_server_is_killed(stack: Stack) -> None:
    """A client waits to be accepted, and the server is killed. Is it told ECONNRESET by recv?"""
    listening(stack.other, F)
    client = waiting(stack, F)
    stack.kill(stack.other)
    assert client.recv(1) == ECONNRESET


@experiment("unix/queue/listener-closes/send", rule=DELIVERED)
def test_send_after_the_listener_closed(stack: Stack) -> None:
    """A client waited to be accepted, and the server closed. Is send refused?"""
    server = listening(stack, F)
    client = waiting(stack, F)
    server.close()
    assert client.send(1) != OK


@experiment("unix/queue/child-holds", rule=FILE_IS_REACHED)
def test_a_child_has_the_listener(stack: Stack) -> None:
    """A server's child has its listener, and the server closed it. May a client connect?"""
    server = listening(stack, F)
    server.inherit()
    server.close()
    assert stack.socket("unix").connect(F) == OK


@experiment("unix/queue/child-killed", rule=NOT_LISTENING)
def test_the_last_child_is_killed(stack: Stack) -> None:
    """The last process with a listener was killed. Is connect ECONNREFUSED?"""
    server = listening(stack, F)
    server.inherit()
    server.close()
    stack.kill(stack.other)
    assert stack.socket("unix").connect(F) == ECONNREFUSED


@experiment("unix/queue/unlinked", rule=FILE_IS_REACHED)
def test_who_waits_stays_with_the_old_server(stack: Stack) -> None:
    """A client waits at a server whose path another took. May the old server accept it?"""
    first = listening(stack, F)
    waiting(stack, F)
    stack.unlink(F)
    listening(stack, F)
    assert first.try_accept() == OK


@experiment("unix/queue/inherited-accepts", rule=FILE_IS_REACHED)
def test_another_process_accepts(stack: Stack) -> None:
    """A server handed its listener to another process and closed it. May that accept who waits?"""
    server = listening(stack, F)
    waiting(stack, F)
    heir = server.inherit()
    server.close()
    assert heir.try_accept() == OK


@experiment("unix/queue/shut-listener/connect", rule=SHUTS_A_CONNECTION)
def test_connect_to_a_listener_that_was_shut_down(stack: Stack) -> None:
    """A listener without a connection was shut down (RDWR). May a client still connect?"""
    server = listening(stack, F)
    server.shutdown(RDWR)
    assert stack.socket("unix").connect(F) == OK


@experiment("unix/queue/shut-listener/accept", rule=DELIVERED)
def test_a_listener_that_was_shut_down_accepts(stack: Stack) -> None:
    """A client waits at a listener that is shut down (RDWR). May it still be accepted?"""
    server = listening(stack, F)
    waiting(stack, F)
    server.shutdown(RDWR)
    assert server.try_accept() == OK


@experiment("unix/end/peer-closed", rule=DELIVERED)
def test_the_other_end_closes(stack: Stack) -> None:
    """A server accepted a client and closed that connection. Does the client find the end of the stream?"""
    server = listening(stack, F)
    client = waiting(stack, F)
    server.accept().close()
    assert client.recv(1) == Answer("end")


@experiment("unix/queue/shut-sending/connect", rule=SHUTS_A_CONNECTION)
def test_connect_to_a_listener_that_shut_down_sending(stack: Stack) -> None:
    """A listener without a connection shut down sending. May a client still connect?"""
    server = listening(stack, F)
    server.shutdown("WR")
    assert stack.socket("unix").connect(F) == OK


@experiment("unix/queue/fifth", rule=FULL_QUEUE)
def test_a_queue_with_a_longer_backlog(stack: Stack) -> None:
    """Four clients have tried to connect to a server with the backlog 2. Is the fifth ECONNREFUSED?"""
    client = stack.socket("unix")
    listening(stack, F, backlog=2)
    for _ in range(4):
        waiting(stack, F)
    assert client.connect(F) == ECONNREFUSED


@experiment("unixpacket/queue/listener-closes/send", rule=DELIVERED)
def test_send_of_packets_after_the_listener_closed(stack: Stack) -> None:
    """A SOCK_SEQPACKET client waited to be accepted, and the server closed. Is send refused?"""
    server = listening(stack, F, "unixpacket")
    client = waiting(stack, F, "unixpacket")
    server.close()
    assert client.send(1) != OK


@experiment("unix/dup/one-closed", rule=FILE_IS_REACHED)
def test_a_copy_of_the_listener(stack: Stack) -> None:
    """A server has two descriptors of its listener, and closed one. May a client connect?"""
    server = listening(stack, F)
    server.dup()
    server.close()
    assert stack.socket("unix").connect(F) == OK


@experiment("unix/dup/both-closed", rule=NOT_LISTENING)
def test_both_descriptors_are_closed(stack: Stack) -> None:
    """A server had two descriptors of its listener, and closed both. Is connect ECONNREFUSED?"""
    server = listening(stack, F)
    server.dup().close()
    server.close()
    assert stack.socket("unix").connect(F) == ECONNREFUSED


@experiment("unix/queue/client-gone/file", rule=FILE_STAYS)
def test_a_client_that_did_not_wait(stack: Stack) -> None:
    """A client that waited to be accepted has closed, and the server closes. Does the file stay?"""
    server = listening(stack, F)
    waiting(stack, F).close()
    server.close()
    assert stack.file(F) == Answer("socket")
