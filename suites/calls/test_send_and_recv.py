"""What do send and recv answer without a peer, after a reset and when the other end was closed?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connection, listening, served
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import CLOSE_WAIT, ECONNRESET, END, LOOPBACK, MORE_THAN_FITS, OK, SECOND, SO_LINGER_0, WR, Answer
from fixtures.specification.rules import BROKEN_PIPE, DELIVERED, RESET, WRONG_KIND
from fixtures.specification.sources import POSIX, TCPV2, UNP

ENOTCONN, EPIPE = Answer("ENOTCONN"), Answer("EPIPE")
CALLS = {"recv": Socket.recv, "send": Socket.send}


def bound(stack: Stack) -> Socket:
    """A socket that is only bound."""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    return first


# Without a peer.


@experiment("udp/calls/send/{peer}", rule=WRONG_KIND, cites=(POSIX.at("send, [EDESTADDRREQ]"),))
@pytest.mark.parametrize(("peer", "kind"), [("no-peer", "udp4"), ("no-peer-ipv6", "udp6")])
def test_send_over_udp_without_a_peer(stack: Stack, peer: str, kind: str) -> None:
    """Is send on a {kind} socket refused while it has no peer?"""
    receiver, sender = stack.udp4(), stack.socket(kind)
    receiver.bind(LOOPBACK)
    assert sender.send(1) == Answer("EDESTADDRREQ")


@experiment("udp/calls/send/peer", rule=WRONG_KIND, cites=(POSIX.at("send, [EDESTADDRREQ]"),))
def test_send_over_udp(stack: Stack) -> None:
    """May a UDP socket that has a peer send?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    sender.connect(LOOPBACK)
    assert sender.send(1) == OK


@experiment("udp/calls/send-to-another-address", rule=DELIVERED, cites=(POSIX.at("send"),))
def test_send_to_another_local_address(stack: Stack) -> None:
    """May a UDP socket that is bound to one local address send to another?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    sender.bind(SECOND.at("Q"))
    sender.connect(LOOPBACK)
    assert sender.send(1) == OK


@experiment("tcp/calls/send-unconnected", rule=WRONG_KIND, cites=(POSIX.at("send, [ENOTCONN]"), TCPV2.at("sosend")))
def test_send_without_a_connection(stack: Stack) -> None:
    """Is send on a TCP socket that is only bound refused?"""
    assert bound(stack).send(1) == ENOTCONN


@experiment("tcp/calls/send-unconnected/listener", rule=WRONG_KIND, cites=(POSIX.at("send, [ENOTCONN]"), TCPV2.at("sosend")))
def test_send_on_a_listener(stack: Stack) -> None:
    """Is send on a listener refused?"""
    assert listening(stack, LOOPBACK).send(1) == ENOTCONN


#: TCP sockets without a connection.
UNCONNECTED: dict[str, Callable[[Stack], Socket]] = {
    "new": Stack.tcp4,
    "bound": bound,
    "listening": lambda stack: listening(stack, LOOPBACK),
}


@experiment("tcp/calls/recv-unconnected/{state}", rule=WRONG_KIND, cites=(POSIX.at("recv, [ENOTCONN]"),))
@pytest.mark.parametrize("state", UNCONNECTED)
def test_recv_without_a_connection(stack: Stack, state: str) -> None:
    """Is recv on a TCP socket without a connection ({state}) refused?"""
    assert UNCONNECTED[state](stack).recv(1) == ENOTCONN


# What arrives.


@experiment("tcp/calls/recv-in-parts", rule=DELIVERED, cites=(POSIX.at("recv"),))
def test_recv_in_parts(stack: Stack) -> None:
    """Are two bytes that were sent together received one by one?"""
    client, accepted = connection(stack)
    client.send(2)
    accepted.recv(1)
    assert accepted.recv(1) == OK


@experiment("tcp/calls/recv-then-end", rule=DELIVERED, cites=(POSIX.at("recv: an orderly end is 0"),))
def test_recv_then_the_end(stack: Stack) -> None:
    """Does the end come after the data that were sent before it?"""
    client, accepted = connection(stack)
    client.send(1)
    client.shutdown(WR)
    accepted.recv(1)
    assert accepted.recv(1) == END


# After a reset.


@experiment("tcp/calls/{call}-after-reset", rule=RESET, cites=(POSIX.at("send, recv, [ECONNRESET]"),))
@pytest.mark.parametrize("call", CALLS)
def test_after_a_reset(stack: Stack, call: str) -> None:
    """A connection was reset. Is {call} at the other end ECONNRESET?"""
    client, accepted = connection(stack)
    client.set(SO_LINGER_0)
    client.close()
    assert CALLS[call](accepted, 1) == ECONNRESET


@experiment("tcp/calls/{call}-after-reset/close-wait", rule=RESET, cites=(RESET.source, POSIX.at("send, recv, [ECONNRESET]")))
@pytest.mark.parametrize("call", CALLS)
def test_reset_in_close_wait(stack: Stack, call: str) -> None:
    """A connection in CLOSE_WAIT was reset. Is {call} at that end ECONNRESET?"""
    client, accepted = connection(stack)
    client.shutdown(WR)
    stack.shows(LOOPBACK, CLOSE_WAIT)
    client.set(SO_LINGER_0)
    client.close()
    assert CALLS[call](accepted, 1) == ECONNRESET


@experiment("tcp/calls/recv-after-reset/close-wait/linger-from-the-start", rule=RESET, cites=(RESET.source, POSIX.at("recv, [ECONNRESET]")))
def test_reset_in_close_wait_by_an_option_from_the_start(stack: Stack) -> None:
    """A client that had SO_LINGER 0 before it connected shut down, then closed. Is recv ECONNRESET?"""
    client, accepted = served(stack, listening(stack, LOOPBACK), LOOPBACK, SO_LINGER_0)
    client.shutdown(WR)
    stack.shows(LOOPBACK, CLOSE_WAIT)
    client.close()
    assert accepted.recv(1) == ECONNRESET


@experiment("tcp/calls/recv-after-reset/{state}", rule=RESET, cites=(RESET.source, POSIX.at("recv, [ECONNRESET]")))
@pytest.mark.parametrize(("state", "sends"), [("fin-wait-2", False), ("fin-wait-1", True)])
def test_reset_when_sending_is_over(stack: Stack, state: str, sends: bool) -> None:
    """An end that has shut down sending ({state}) is reset. Is its recv ECONNRESET?"""
    client, accepted = connection(stack)
    if sends:
        # The end of the stream waits behind data that nobody reads.
        client.send(MORE_THAN_FITS)
    client.shutdown(WR)
    accepted.set(SO_LINGER_0)
    accepted.close()
    assert client.recv(1) == ECONNRESET


@experiment("tcp/calls/recv-after-reset/data-waiting", rule=DELIVERED, cites=(TCPV2.at("soreceive"),))
def test_data_before_a_reset(stack: Stack) -> None:
    """A byte arrived, and then a reset. Is the byte received all the same?"""
    client, accepted = connection(stack)
    accepted.send(1)
    accepted.set(SO_LINGER_0)
    accepted.close()
    assert client.recv(1) == OK


@experiment("tcp/calls/send-after-reset/told", rule=BROKEN_PIPE, cites=(TCPV2.at("sosend"),))
def test_send_after_a_reset_that_was_told(stack: Stack) -> None:
    """A recv has told of a reset. Is the next send EPIPE?"""
    client, accepted = connection(stack)
    client.set(SO_LINGER_0)
    client.close()
    accepted.recv(1)
    assert accepted.send(1) == EPIPE


@experiment("tcp/calls/recv-twice-after-reset", rule=RESET, cites=(POSIX.at("recv: an orderly end is 0; [ECONNRESET]"),))
def test_the_reset_is_told_once(stack: Stack) -> None:
    """A recv has told of a reset. Does the next recv find the end of the stream?"""
    client, accepted = connection(stack)
    client.set(SO_LINGER_0)
    client.close()
    accepted.recv(1)
    assert accepted.recv(1) == END


@experiment("tcp/calls/send-twice-after-reset", rule=BROKEN_PIPE, cites=(POSIX.at("send, [EPIPE]"),))
def test_send_after_one_that_told_of_the_reset(stack: Stack) -> None:
    """A send was refused after a reset. Is the next send refused, too?"""
    client, accepted = served(stack, listening(stack, LOOPBACK), LOOPBACK, SO_LINGER_0)
    client.close()
    accepted.send(1)
    assert accepted.send(1) != OK


@experiment("tcp/calls/send-after-recv-after-reset", rule=BROKEN_PIPE, cites=(POSIX.at("send, [EPIPE]"),))
def test_send_after_a_recv_that_told_of_the_reset(stack: Stack) -> None:
    """A recv has told of a reset. Is send refused, too?"""
    client, accepted = served(stack, listening(stack, LOOPBACK), LOOPBACK, SO_LINGER_0)
    client.close()
    accepted.recv(1)
    assert accepted.send(1) != OK


@experiment("tcp/calls/recv-after-send-after-reset", rule=RESET, cites=(POSIX.at("recv: an orderly end is 0; [ECONNRESET]"),))
def test_recv_after_a_send_that_found_a_reset(stack: Stack) -> None:
    """A send was refused after a reset. Does recv find the end of the stream, or the reset, too?"""
    client, accepted = served(stack, listening(stack, LOOPBACK), LOOPBACK, SO_LINGER_0)
    client.close()
    accepted.send(1)
    assert accepted.recv(1) in (END, ECONNRESET)


# When the other end was closed: the first send brings a reset, the next one hears of it.


@experiment("tcp/calls/send-to-the-closed/first", rule=BROKEN_PIPE, cites=(UNP.at("§5.12, §5.13"),))
def test_first_send_to_a_closed_end(stack: Stack) -> None:
    """The other end was closed. Is the first send granted?"""
    client, accepted = connection(stack)
    client.close()
    stack.shows(LOOPBACK, CLOSE_WAIT)
    assert accepted.send(1) == OK


@experiment("tcp/calls/send-to-the-closed/second", rule=BROKEN_PIPE, cites=(UNP.at("§5.12, §5.13"),))
def test_second_send_to_a_closed_end(stack: Stack) -> None:
    """The other end was closed. Is the second send EPIPE?"""
    client, accepted = connection(stack)
    client.close()
    stack.shows(LOOPBACK, CLOSE_WAIT)
    accepted.send(1)
    assert accepted.send(1) == EPIPE


@experiment("tcp/calls/send-to-the-closed/then-recv", rule=RESET, cites=(RESET.source, UNP.at("§5.12, §5.13")))
def test_recv_after_a_send_to_a_closed_end(stack: Stack) -> None:
    """The other end was closed, and a send brought a reset. Does recv tell of it, not of the end?"""
    client, accepted = connection(stack)
    client.close()
    stack.shows(LOOPBACK, CLOSE_WAIT)
    accepted.send(1)
    assert accepted.recv(1) == ECONNRESET
