"""Datagrams over AF_UNIX: whom do they reach, and what is a sender told?"""

from __future__ import annotations

from fixtures.language.experiment import experiment
from fixtures.language.paths import Path
from fixtures.language.stack import Stack
from fixtures.language.words import ECONNREFUSED, OK, Answer
from fixtures.specification.rules import DELIVERED, PEER_IS_SET, WOULD_WAIT, WRONG_KIND
from fixtures.specification.rules_unix import FILE_IS_REACHED, LOOKED_UP, NOT_LISTENING, ONE_PEER, PEER_GONE, SAME_TYPE
from suites.unix.scenes import F, G, bound, listening, stale, waiting


@experiment("unixgram/sendto/live", rule=FILE_IS_REACHED)
def test_a_live_receiver(stack: Stack) -> None:
    """A datagram socket is at a path. May a datagram be sent there?"""
    bound(stack, F, "unixgram")
    assert stack.socket("unixgram").sendto(F) == OK


@experiment("unixgram/sendto/live/arrives", rule=DELIVERED)
def test_a_datagram_arrives(stack: Stack) -> None:
    """A datagram was sent to a path. Does the socket there have it?"""
    receiver = bound(stack, F, "unixgram")
    stack.socket("unixgram").sendto(F)
    assert receiver.recv(1) == OK


@experiment("unixgram/sendto/stale", rule=NOT_LISTENING)
def test_a_stale_file(stack: Stack) -> None:
    """A datagram socket was closed; its file is there. Is sendto ECONNREFUSED?"""
    stale(stack, F, "unixgram")
    assert stack.socket("unixgram").sendto(F) == ECONNREFUSED


@experiment("unixgram/sendto/missing", rule=LOOKED_UP)
def test_nothing_is_there(stack: Stack) -> None:
    """Nothing stands at the path. Is sendto ENOENT?"""
    assert stack.socket("unixgram").sendto(F) == Answer("ENOENT")


@experiment("unixgram/sendto/other-type", rule=SAME_TYPE)
def test_a_stream(stack: Stack) -> None:
    """A listener is at the path. Is sendto of a datagram socket EPROTOTYPE?"""
    listening(stack, F)
    assert stack.socket("unixgram").sendto(F) == Answer("EPROTOTYPE")


@experiment("unixgram/send/peer-closed", rule=PEER_GONE)
def test_the_peer_has_closed(stack: Stack) -> None:
    """A sender is connected to a socket that was closed. Is its next send an error?"""
    receiver = bound(stack, F, "unixgram")
    sender = waiting(stack, F, "unixgram")
    receiver.close()
    assert sender.send(1) != OK


@experiment("unixgram/send/peer-replaced", rule=PEER_GONE)
def test_the_peer_was_replaced(stack: Stack) -> None:
    """A sender's peer was closed, and another socket took the path. Is the sender's next send an error?"""
    receiver = bound(stack, F, "unixgram")
    sender = waiting(stack, F, "unixgram")
    receiver.close()
    stack.unlink(F)
    bound(stack, F, "unixgram")
    assert sender.send(1) != OK


@experiment("unixgram/send/told-once", rule=WRONG_KIND)
def test_the_peer_is_gone_for_good(stack: Stack) -> None:
    """A sender was told that its peer is gone. Is the send after that refused, too?"""
    receiver = bound(stack, F, "unixgram")
    sender = waiting(stack, F, "unixgram")
    receiver.close()
    sender.send(1)
    assert sender.send(1) != OK


@experiment("unixgram/send/reconnected", rule=PEER_IS_SET)
def test_connect_again(stack: Stack) -> None:
    """A sender's peer was replaced, and it connects again. May it send?"""
    receiver = bound(stack, F, "unixgram")
    sender = waiting(stack, F, "unixgram")
    receiver.close()
    stack.unlink(F)
    bound(stack, F, "unixgram")
    sender.connect(F)
    assert sender.send(1) == OK


@experiment("unixgram/send/peer-unlinked", rule=FILE_IS_REACHED)
def test_the_peer_was_unlinked(stack: Stack) -> None:
    """A sender is connected, its peer's file was unlinked and taken. Does the old peer have what it sends?"""
    first = bound(stack, F, "unixgram")
    sender = waiting(stack, F, "unixgram")
    stack.unlink(F)
    bound(stack, F, "unixgram")
    sender.send(1)
    assert first.recv(1) == OK


@experiment("unixgram/one-peer/sendto", rule=ONE_PEER)
def test_a_socket_with_a_peer_takes_nothing_from_others(stack: Stack) -> None:
    """A socket is connected to a peer. Is a datagram from another socket refused?"""
    bound(stack, G, "unixgram")
    receiver = bound(stack, F, "unixgram")
    receiver.connect(G)
    assert stack.socket("unixgram").sendto(F) != OK


@experiment("unixgram/one-peer/connect", rule=ONE_PEER)
def test_a_socket_with_a_peer_is_no_peer_of_others(stack: Stack) -> None:
    """A socket is connected to a peer. Is connect of another socket to it refused?"""
    bound(stack, G, "unixgram")
    receiver = bound(stack, F, "unixgram")
    receiver.connect(G)
    assert stack.socket("unixgram").connect(F) != OK


@experiment("unixgram/send/unconnected", rule=WRONG_KIND)
def test_send_without_a_peer(stack: Stack) -> None:
    """A datagram socket has no peer. Is send refused?"""
    assert stack.socket("unixgram").send(1) != OK


@experiment("unixgram/full", rule=DELIVERED)
def test_a_full_queue(stack: Stack) -> None:
    """A datagram socket does not read. Is the twelfth datagram EAGAIN?"""
    bound(stack, F, "unixgram")
    sender = stack.socket("unixgram")
    for _ in range(11):
        sender.sendto(F)
    assert sender.sendto(F) == Answer("EAGAIN")


@experiment("unixgram/recv/first-of-two", rule=DELIVERED)
def test_two_datagrams(stack: Stack) -> None:
    """Two datagrams were sent to a socket, and it has received one. Is the other there?"""
    receiver = bound(stack, F, "unixgram")
    sender = stack.socket("unixgram")
    sender.sendto(F)
    sender.sendto(F)
    receiver.recv(1)
    assert receiver.recv(1) == OK


@experiment("unixgram/recv/once", rule=WOULD_WAIT)
def test_a_datagram_is_received_once(stack: Stack) -> None:
    """One datagram was sent to a socket, and it has received it. Has the next recv nothing to give?"""
    receiver = bound(stack, F, "unixgram")
    stack.socket("unixgram").sendto(F)
    receiver.recv(1)
    assert receiver.recv(1) == Answer("EAGAIN")


@experiment("unixgram/sendto/no-name", rule=NOT_LISTENING)
def test_sendto_without_any_name(stack: Stack) -> None:
    """Is a sendto without any name refused?"""
    assert stack.socket("unixgram").sendto(Path("@")) != OK


@experiment("unixgram/full/itself", rule=DELIVERED)
def test_a_full_queue_of_its_own(stack: Stack) -> None:
    """A datagram socket sends to its own name, and does not read. Is the twelfth datagram EAGAIN?"""
    itself = bound(stack, F, "unixgram")
    for _ in range(11):
        itself.sendto(F)
    assert itself.sendto(F) == Answer("EAGAIN")


@experiment("unixgram/full/each-other", rule=DELIVERED)
def test_a_full_queue_of_a_peer(stack: Stack) -> None:
    """Two datagram sockets are connected to each other, and one does not read. Is the twelfth EAGAIN?"""
    reader, sender = bound(stack, F, "unixgram"), bound(stack, G, "unixgram")
    reader.connect(G)
    sender.connect(F)
    for _ in range(11):
        sender.send(1)
    assert sender.send(1) == Answer("EAGAIN")
