"""Datagram sockets with a peer: what if one connects elsewhere, closes, or shuts down?"""

from __future__ import annotations

from fixtures.language.experiment import experiment
from fixtures.language.paths import Path
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import OK, Answer
from fixtures.specification.rules import DELIVERED, PEER_IS_SET, SHUTS_A_CONNECTION, WOULD_WAIT, WRONG_KIND
from fixtures.specification.rules_unix import FILE_IS_REACHED, LOOKED_UP, ONE_PEER, OTHER_NAME
from suites.unix.scenes import NEW, F, G, bound, waiting

EISCONN = Answer("EISCONN")


def at_paths(stack: Stack, *paths: Path) -> list[Socket]:
    """A datagram socket at each of these paths."""
    return [bound(stack, path, "unixgram") for path in paths]


@experiment("unixgram/one-peer/each-other", rule=ONE_PEER)
def test_two_sockets_connect_to_each_other(stack: Stack) -> None:
    """A datagram socket is connected to another. May that connect to it?"""
    first, second = at_paths(stack, F, G)
    first.connect(G)
    assert second.connect(F) == OK


@experiment("unixgram/one-peer/each-other/recv", rule=DELIVERED)
def test_the_peer_is_heard(stack: Stack) -> None:
    """Two datagram sockets are connected to each other. Does one have what the other sends?"""
    first, second = at_paths(stack, F, G)
    first.connect(G)
    second.connect(F)
    second.send(1)
    assert first.recv(1) == OK


@experiment("unixgram/peer-moves/unread", rule=DELIVERED)
def test_what_the_old_peer_sent(stack: Stack) -> None:
    """A socket has not read its peer's datagram and connects to another. Is that datagram still there?"""
    first, second, _ = at_paths(stack, F, G, NEW)
    first.connect(G)
    second.connect(F)
    second.send(1)
    first.connect(NEW)
    assert first.recv(1) == OK


@experiment("unixgram/peer-moves/told", rule=WOULD_WAIT)
def test_who_is_left_is_not_told(stack: Stack) -> None:
    """A socket's peer has not read its datagram and connects elsewhere. Has its recv nothing to tell?"""
    first, second, _ = at_paths(stack, F, G, NEW)
    first.connect(G)
    second.connect(F)
    second.send(1)
    first.connect(NEW)
    assert second.recv(1) == Answer("EAGAIN")


@experiment("unixgram/peer-moves/send", rule=ONE_PEER)
def test_who_is_left_sends(stack: Stack) -> None:
    """A socket's peer has not read its datagram and connects elsewhere. Is the socket's next send refused?"""
    first, second, _ = at_paths(stack, F, G, NEW)
    first.connect(G)
    second.connect(F)
    second.send(1)
    first.connect(NEW)
    assert second.send(1) != OK


@experiment("unixgram/peer-moves/read", rule=WOULD_WAIT)
def test_who_is_left_when_all_was_read(stack: Stack) -> None:
    """A socket's peer has read everything and connects elsewhere. Has its recv nothing to tell?"""
    first, second, _ = at_paths(stack, F, G, NEW)
    first.connect(G)
    second.connect(F)
    first.connect(NEW)
    assert second.recv(1) == Answer("EAGAIN")


@experiment("unixgram/connect/same-again/unread", rule=DELIVERED)
def test_connect_to_the_same_peer_again(stack: Stack) -> None:
    """A socket has not read its peer's datagram and connects to the same peer. Is it still there?"""
    first, second = at_paths(stack, F, G)
    first.connect(G)
    second.sendto(F)
    first.connect(G)
    assert first.recv(1) == OK


@experiment("unixgram/connect/first/unread", rule=DELIVERED)
def test_connect_with_something_to_read(stack: Stack) -> None:
    """A socket without a peer has not read a datagram, and connects. Is it still there?"""
    first = bound(stack, F, "unixgram")
    bound(stack, G, "unixgram").sendto(F)
    first.connect(G)
    assert first.recv(1) == OK


@experiment("unixgram/sender-closed/recv", rule=WOULD_WAIT)
def test_a_sender_that_closed_is_no_end(stack: Stack) -> None:
    """A sender was connected to a socket, and closed. Has that socket's recv nothing to give?"""
    receiver = bound(stack, F, "unixgram")
    waiting(stack, F, "unixgram").close()
    assert receiver.recv(1) == Answer("EAGAIN")


@experiment("unixgram/sender-closed/sendto", rule=FILE_IS_REACHED)
def test_another_sender_goes_on(stack: Stack) -> None:
    """A sender was connected to a socket, and closed. May another send to it?"""
    bound(stack, F, "unixgram")
    waiting(stack, F, "unixgram").close()
    assert stack.socket("unixgram").sendto(F) == OK


@experiment("unixgram/sender-shut/recv", rule=WOULD_WAIT)
def test_a_sender_that_shut_down_is_no_end(stack: Stack) -> None:
    """A sender is connected to a socket, and shut down sending. Has that socket's recv nothing to give?"""
    receiver = bound(stack, F, "unixgram")
    waiting(stack, F, "unixgram").shutdown("WR")
    assert receiver.recv(1) == Answer("EAGAIN")


@experiment("unixgram/sender-shut/sendto", rule=FILE_IS_REACHED)
def test_another_sender_beside_one_that_shut_down(stack: Stack) -> None:
    """A sender is connected to a socket, and shut down sending. May another send to it?"""
    bound(stack, F, "unixgram")
    waiting(stack, F, "unixgram").shutdown("WR")
    assert stack.socket("unixgram").sendto(F) == OK


@experiment("unixgram/sender-shut/send", rule=DELIVERED)
def test_send_after_shutdown(stack: Stack) -> None:
    """A datagram socket has a peer and shut down sending. Is its send refused?"""
    bound(stack, F, "unixgram")
    sender = waiting(stack, F, "unixgram")
    sender.shutdown("WR")
    assert sender.send(1) != OK


@experiment("unixgram/reader-shut/send", rule=DELIVERED)
def test_send_after_shutdown_of_reading(stack: Stack) -> None:
    """A datagram socket has a peer and shut down receiving. May it send?"""
    bound(stack, F, "unixgram")
    sender = waiting(stack, F, "unixgram")
    sender.shutdown("RD")
    assert sender.send(1) == OK


@experiment("unixgram/peer-moves/not-connected", rule=WOULD_WAIT)
def test_who_was_only_the_peer_is_not_told(stack: Stack) -> None:
    """The receiver of unread data connects elsewhere. Is its sender, which has no peer, told nothing?"""
    first, second, _ = at_paths(stack, F, G, NEW)
    first.connect(G)
    second.sendto(F)
    first.connect(NEW)
    assert second.recv(1) == Answer("EAGAIN")


@experiment("unixgram/receiver-shut/sendto", rule=SHUTS_A_CONNECTION)
def test_a_receiver_that_shut_down(stack: Stack) -> None:
    """A datagram socket without a peer shut down receiving. May a datagram still be sent to it?"""
    bound(stack, F, "unixgram").shutdown("RD")
    assert stack.socket("unixgram").sendto(F) == OK


@experiment("unixgram/receiver-shut-sending/sendto", rule=FILE_IS_REACHED)
def test_a_receiver_that_shut_down_sending(stack: Stack) -> None:
    """A datagram socket without a peer shut down sending. May a datagram be sent to it?"""
    bound(stack, F, "unixgram").shutdown("WR")
    assert stack.socket("unixgram").sendto(F) == OK


@experiment("unixgram/one-peer/sendto/arrives", rule=ONE_PEER)
def test_nothing_arrives_from_a_third(stack: Stack) -> None:
    """A socket is connected to a peer, and a third one sends to it. Has it nothing to receive?"""
    bound(stack, G, "unixgram")
    receiver = bound(stack, F, "unixgram")
    receiver.connect(G)
    stack.socket("unixgram").sendto(F)
    assert receiver.recv(1) == Answer("EAGAIN")


@experiment("unixgram/one-peer/send/arrives", rule=ONE_PEER)
def test_nothing_arrives_from_an_earlier_sender(stack: Stack) -> None:
    """A sender's peer connects to another, and is then sent to. Has it nothing to receive?"""
    bound(stack, G, "unixgram")
    receiver = bound(stack, F, "unixgram")
    sender = waiting(stack, F, "unixgram")
    receiver.connect(G)
    sender.send(1)
    assert receiver.recv(1) == Answer("EAGAIN")


@experiment("unixgram/sender-shut/sendto-no-name", rule=DELIVERED)
def test_sendto_without_any_name_after_shutdown(stack: Stack) -> None:
    """A datagram socket has a peer and shut down sending. Is its sendto without any name refused?"""
    bound(stack, F, "unixgram")
    sender = waiting(stack, F, "unixgram")
    sender.shutdown("WR")
    assert sender.sendto(Path("@")) != OK


@experiment("unixgram/connected/sendto", rule=OTHER_NAME)
def test_another_name(stack: Stack) -> None:
    """A datagram socket has a peer, and sends to another name. Is that ok, or EISCONN?"""
    at_paths(stack, F, G)
    assert waiting(stack, F, "unixgram").sendto(G) in (OK, EISCONN)


@experiment("unixgram/connected/sendto/arrives", rule=OTHER_NAME)
def test_a_datagram_to_another_name_arrives(stack: Stack) -> None:
    """A datagram socket has a peer, and sends to another name. If that is granted, does it arrive?"""
    _, other = at_paths(stack, F, G)
    if waiting(stack, F, "unixgram").sendto(G) == OK:
        assert other.recv(1) == OK


@experiment("unixgram/connect/refused/send", rule=PEER_IS_SET)
def test_a_refused_connect_takes_the_peer_away(stack: Stack) -> None:
    """A datagram socket has a peer, and its connect to where nothing is was refused. Is its send, too?"""
    bound(stack, F, "unixgram")
    sender = waiting(stack, F, "unixgram")
    sender.connect(G)
    assert sender.send(1) != OK


@experiment("unixgram/peer-closed/connect-missing", rule=LOOKED_UP)
def test_connect_to_nothing_after_the_peer_is_gone(stack: Stack) -> None:
    """A datagram socket's peer was closed, and it connects to where nothing is. Is that ENOENT?"""
    peer = bound(stack, F, "unixgram")
    sender = waiting(stack, F, "unixgram")
    peer.close()
    assert sender.connect(G) == Answer("ENOENT")


@experiment("unixgram/peer-closed/connect-missing/send", rule=WRONG_KIND)
def test_send_after_a_connect_to_nothing(stack: Stack) -> None:
    """A datagram socket's peer was closed, and its connect to where nothing is was refused. Is its send?"""
    peer = bound(stack, F, "unixgram")
    sender = waiting(stack, F, "unixgram")
    peer.close()
    sender.connect(G)
    assert sender.send(1) != OK


@experiment("unixgram/reader-shut/recv", rule=SHUTS_A_CONNECTION)
def test_recv_after_shutdown_of_reading(stack: Stack) -> None:
    """A datagram socket has a peer and shut down receiving. Does its recv find the end?"""
    bound(stack, F, "unixgram")
    reader = waiting(stack, F, "unixgram")
    reader.shutdown("RD")
    assert reader.recv(1) == Answer("end")
