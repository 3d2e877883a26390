"""Which half of a connection does shutdown end, and what do the calls answer afterwards?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connection, listening, received, served
from fixtures.language.stack import Stack
from fixtures.language.words import CLOSE_WAIT, EADDRINUSE, ECONNRESET, END, ESTABLISHED, LOOPBACK, OK, RD, RDWR, SO_LINGER_0, WR, Answer
from fixtures.specification.rules import ACTIVE_CLOSER, DELIVERED, MOST_SPECIFIC, NO_OPTIONS, RESET, SHUTS_A_CONNECTION, WRONG_KIND
from fixtures.specification.sources import POSIX, TCPV2

AFTER_SHUTDOWN = [("rd", OK), ("wr", Answer("EPIPE")), ("rdwr", Answer("EPIPE"))]


@experiment("{kind}/calls/shutdown-unconnected", rule=WRONG_KIND, cites=(POSIX.at("shutdown, [ENOTCONN]"),))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
def test_shutdown_without_a_connection(stack: Stack, kind: str) -> None:
    """Is shutdown of a {kind} socket that is only bound refused?"""
    first = stack.socket(kind)
    first.bind(LOOPBACK)
    assert first.shutdown(WR) == Answer("ENOTCONN")


@experiment("udp/calls/shutdown-connected", rule=SHUTS_A_CONNECTION, cites=(POSIX.at("shutdown"),))
def test_shutdown_of_connected_udp(stack: Stack) -> None:
    """May a connected UDP socket be shut down?"""
    client = stack.udp4()
    client.connect(LOOPBACK)
    assert client.shutdown(WR) == OK


@experiment("tcp/calls/shutdown-of-reading", rule=ACTIVE_CLOSER, cites=(POSIX.at("shutdown, SHUT_RD"),))
def test_shutdown_of_reading_sends_nothing(stack: Stack) -> None:
    """Is a connection that was shut down for reading alone still established?"""
    _, accepted = connection(stack)
    accepted.shutdown(RD)
    assert stack.shows(LOOPBACK, ESTABLISHED) == OK


#: What is shut down, one after the other.
HALVES = {"wr": (WR, WR), "rd-rdwr": (WR, RD, RDWR), "wr-wr": (WR, WR, WR)}


@experiment("tcp/calls/shutdown-again/{halves}", rule=SHUTS_A_CONNECTION, cites=(POSIX.at("shutdown"),))
@pytest.mark.parametrize("halves", HALVES)
def test_shutdown_of_writing_and_again(stack: Stack, halves: str) -> None:
    """A connection was shut down for writing. May it be shut down again ({halves})?"""
    _, accepted = connection(stack)
    *earlier, last = HALVES[halves]
    for half in earlier:
        accepted.shutdown(half)
    assert accepted.shutdown(last) == OK


@experiment("tcp/calls/shutdown-after-fin/{how}", rule=SHUTS_A_CONNECTION, cites=(POSIX.at("shutdown"),))
@pytest.mark.parametrize("how", ["rd", "rdwr"])
def test_shutdown_after_the_other_end(stack: Stack, how: str) -> None:
    """The other end was shut down for writing. May this end be shut down ({how})?"""
    client, accepted = connection(stack)
    client.shutdown(WR)
    stack.shows(LOOPBACK, CLOSE_WAIT)
    assert accepted.shutdown(how.upper()) == OK


@experiment("tcp/calls/recv-after-shutdown/rd", rule=SHUTS_A_CONNECTION, cites=(POSIX.at("shutdown, SHUT_RD"), TCPV2.at("soreceive")))
def test_recv_after_shutdown_of_reading(stack: Stack) -> None:
    """Does recv of an end that was shut down for reading find the end of the stream?"""
    _, accepted = connection(stack)
    accepted.shutdown(RD)
    assert accepted.recv(1) == END


@experiment("tcp/calls/recv-after-shutdown/rdwr", rule=SHUTS_A_CONNECTION, cites=(POSIX.at("shutdown, SHUT_RDWR"), TCPV2.at("soreceive")))
def test_recv_after_shutdown_of_both_halves(stack: Stack) -> None:
    """Does recv of an end that was shut down for reading and writing find the end of the stream?"""
    _, accepted = connection(stack)
    accepted.shutdown(RDWR)
    assert accepted.recv(1) == END


@experiment("tcp/calls/recv-after-shutdown/rd/then-reset", rule=RESET, cites=(TCPV2.at("soreceive"),))
def test_reset_after_shutdown_of_reading(stack: Stack) -> None:
    """An end was shut down for reading, then the other reset the connection. Is recv ECONNRESET?"""
    client, accepted = served(stack, listening(stack, LOOPBACK), LOOPBACK, SO_LINGER_0)
    accepted.shutdown(RD)
    client.close()
    assert accepted.recv(1) == ECONNRESET


@experiment("tcp/calls/recv-after-shutdown/rd/data-waiting", rule=SHUTS_A_CONNECTION, cites=(TCPV2.at("sorflush"),))
def test_data_before_shutdown_of_reading(stack: Stack) -> None:
    """Data waits at an end that is shut down for reading. Does its recv find the data, or the end?"""
    client, accepted = connection(stack)
    client.send(1)
    accepted.shutdown(RD)
    assert accepted.recv(1) in (OK, END)


@experiment("tcp/calls/recv-after-shutdown/rdwr/data-waiting", rule=SHUTS_A_CONNECTION, cites=(TCPV2.at("sorflush"),))
def test_recv_behind_data_before_shutdown_of_both_halves(stack: Stack) -> None:
    """Data waits at an end that is shut down (RDWR). Does the third recv find the end of the stream?"""
    client, accepted = connection(stack)
    client.send(1)
    accepted.shutdown(RDWR)
    accepted.recv(1)
    accepted.recv(1)
    assert accepted.recv(1) == END


@experiment("tcp/calls/recv-after-shutdown/rd/data-afterwards", rule=SHUTS_A_CONNECTION, cites=(TCPV2.at("sorflush"),))
def test_data_after_shutdown_of_reading(stack: Stack) -> None:
    """Data is sent to an end that was shut down for reading. Does its recv find the data, or the end?"""
    client, accepted = connection(stack)
    accepted.shutdown(RD)
    client.send(1)
    assert accepted.recv(1) in (OK, END)


@experiment("tcp/calls/recv-after-shutdown/wr", rule=SHUTS_A_CONNECTION, cites=(POSIX.at("shutdown, SHUT_WR"),))
def test_recv_after_shutdown_of_writing(stack: Stack) -> None:
    """One end was shut down for writing, and the other sends to it. Does it receive that?"""
    client, accepted = connection(stack)
    accepted.shutdown(WR)
    client.send(1)
    assert accepted.recv(1) == OK


@experiment("tcp/calls/send-after-shutdown/{how}", rule=WRONG_KIND, cites=(POSIX.at("send, [EPIPE]"),))
@pytest.mark.parametrize(("how", "expected"), AFTER_SHUTDOWN, ids=str)
def test_send_after_shutdown_of_a_connection(stack: Stack, how: str, expected: Answer) -> None:
    """One end of a connection was shut down ({how}). Is its send {expected}?"""
    _, accepted = connection(stack)
    accepted.shutdown(how.upper())
    assert accepted.send(1) == expected


@experiment("udp/calls/send-after-shutdown/{how}", rule=WRONG_KIND, cites=(POSIX.at("send, [EPIPE]"),))
@pytest.mark.parametrize(("how", "expected"), AFTER_SHUTDOWN, ids=str)
def test_send_after_shutdown_of_udp(stack: Stack, how: str, expected: Answer) -> None:
    """A connected UDP socket was shut down ({how}). Is its send {expected}?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    sender.connect(LOOPBACK)
    sender.shutdown(how.upper())
    assert sender.send(1) == expected


@experiment("udp/calls/recv-after-shutdown/rd/data-afterwards", rule=SHUTS_A_CONNECTION, cites=(TCPV2.at("sorflush"),))
def test_datagram_after_shutdown_of_reading(stack: Stack) -> None:
    """A datagram comes for a UDP socket that was shut down for reading. Does recv find it, or the end?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    sender.bind(LOOPBACK.at("Q"))
    receiver.connect(LOOPBACK.at("Q"))
    receiver.shutdown(RD)
    sender.connect(LOOPBACK)
    sender.send(1)
    assert receiver.recv(1) in (OK, END)


@experiment("udp/calls/recv-after-shutdown/wr", rule=SHUTS_A_CONNECTION, cites=(POSIX.at("shutdown, SHUT_WR"),))
def test_datagram_after_shutdown_of_writing(stack: Stack) -> None:
    """A connected UDP socket was shut down for writing. Does it receive what its peer sends?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    sender.bind(LOOPBACK.at("Q"))
    receiver.connect(LOOPBACK.at("Q"))
    receiver.shutdown(WR)
    sender.connect(LOOPBACK)
    assert received(receiver, sender.send(1)) == OK


@experiment("udp/calls/send-after-shutdown/no-peer", rule=WRONG_KIND, cites=(POSIX.at("send, [EDESTADDRREQ]"),))
def test_send_after_shutdown_of_udp_without_a_peer(stack: Stack) -> None:
    """A UDP socket without a peer was asked to shut down. Is its send refused?"""
    sender = stack.udp4()
    sender.shutdown(RDWR)
    assert sender.send(1) != OK


@experiment("udp/calls/send-after-shutdown/error-waits", rule=WRONG_KIND, cites=(POSIX.at("send, [EPIPE]"),))
def test_send_after_shutdown_of_udp_that_has_an_error_to_tell(stack: Stack) -> None:
    """A UDP socket has sent to a port that nobody has, and was shut down. Is its send refused?"""
    sender = stack.udp4()
    sender.connect(LOOPBACK)
    sender.send(1)
    sender.shutdown(WR)
    assert sender.send(1) != OK


@experiment("tcp/calls/send-to-the-shut/rd", rule=DELIVERED, cites=(POSIX.at("shutdown, SHUT_RD"), TCPV2.at("sorflush")))
def test_send_to_an_end_that_will_not_read(stack: Stack) -> None:
    """The other end was shut down for reading and is open. Is a second send granted?"""
    client, accepted = connection(stack)
    client.shutdown(RD)
    accepted.send(1)
    assert accepted.send(1) == OK


@experiment("tcp/calls/send-to-the-shut/rd/sender-shut", rule=WRONG_KIND, cites=(POSIX.at("send, [EPIPE]"),))
def test_send_of_an_end_that_shut_sending_to_one_that_shut_reading(stack: Stack) -> None:
    """An end was shut down for sending, and the other for reading. Is send of the first EPIPE?"""
    client, accepted = connection(stack)
    client.shutdown(WR)
    accepted.shutdown(RD)
    assert client.send(1) == Answer("EPIPE")


@experiment("tcp/calls/send-to-the-shut/{how}", rule=DELIVERED, cites=(POSIX.at("shutdown, SHUT_RD"), TCPV2.at("sorflush")))
@pytest.mark.parametrize("how", ["wr", "rdwr"])
def test_send_to_an_end_that_will_not_send(stack: Stack, how: str) -> None:
    """The other end was shut down ({how}) and is open. Is a second send granted?"""
    client, accepted = connection(stack)
    client.shutdown(how.upper())
    stack.shows(LOOPBACK, CLOSE_WAIT)
    accepted.send(1)
    assert accepted.send(1) == OK


@experiment("tcp/calls/shutdown-after-reset/again", rule=WRONG_KIND, cites=(POSIX.at("shutdown, [ENOTCONN]"),))
def test_shutdown_again_after_a_reset(stack: Stack) -> None:
    """An end that was shut down for writing was reset. Is it refused the same shutdown again?"""
    client, accepted = connection(stack)
    accepted.shutdown(WR)
    client.set(SO_LINGER_0)
    client.close()
    assert accepted.shutdown(WR) == Answer("ENOTCONN")


@experiment("tcp/calls/recv-after-shutdown/both-in-turn", rule=SHUTS_A_CONNECTION, cites=(POSIX.at("shutdown"), TCPV2.at("soreceive")))
def test_the_reading_half_stays_shut(stack: Stack) -> None:
    """An end was shut down for reading, then for writing. Does recv still find the end of the stream?"""
    _, accepted = connection(stack)
    accepted.shutdown(RD)
    accepted.shutdown(WR)
    assert accepted.recv(1) == END


@experiment("tcp/calls/recv-after-shutdown/both-ends", rule=SHUTS_A_CONNECTION, cites=(POSIX.at("shutdown"), TCPV2.at("soreceive")))
def test_recv_when_both_ends_have_shut(stack: Stack) -> None:
    """A server shut down its sending half, then its client: does the client find the end of the stream?"""
    client, accepted = connection(stack)
    accepted.shutdown(WR)
    client.shutdown(WR)
    assert client.recv(1) == END


@experiment("tcp/calls/send-after-shutdown/{halves}/data-waiting", rule=WRONG_KIND, cites=(POSIX.at("send, [EPIPE]"),))
@pytest.mark.parametrize(("halves", "shut"), [("rdwr", (RDWR,)), ("both-in-turn", (RD, WR))])
def test_send_after_shutdown_with_data_waiting(stack: Stack, halves: str, shut: tuple[str, ...]) -> None:
    """Data waits at an end that was shut down ({halves}). Is its send EPIPE?"""
    client, accepted = connection(stack)
    client.send(1)
    for half in shut:
        accepted.shutdown(half)
    assert accepted.send(1) == Answer("EPIPE")


@experiment("tcp/calls/send-after-shutdown/both-in-turn", rule=SHUTS_A_CONNECTION, cites=(POSIX.at("shutdown"), TCPV2.at("sosend")))
def test_the_writing_half_stays_shut(stack: Stack) -> None:
    """An end was shut down for writing, then for reading. Is its send still refused?"""
    _, accepted = connection(stack)
    accepted.shutdown(WR)
    accepted.shutdown(RD)
    assert accepted.send(1) == Answer("EPIPE")


@experiment("udp/calls/shutdown-bound/holds", rule=NO_OPTIONS, cites=(POSIX.at("shutdown"),))
def test_a_udp_socket_that_was_shut_down_holds_its_address(stack: Stack) -> None:
    """Does a UDP socket without a peer that was shut down for sending still hold its address?"""
    first = stack.udp4()
    first.bind(LOOPBACK)
    first.shutdown(WR)
    assert stack.udp4().bind(LOOPBACK) == EADDRINUSE


@experiment("udp/calls/shutdown-bound/receives", rule=MOST_SPECIFIC, cites=(POSIX.at("shutdown"),))
def test_a_udp_socket_that_was_shut_down_receives(stack: Stack) -> None:
    """Does a UDP socket without a peer that was shut down for sending still receive?"""
    first = stack.udp4()
    first.bind(LOOPBACK)
    first.shutdown(WR)
    assert stack.connections(LOOPBACK) == first.itself
