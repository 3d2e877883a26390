"""What do listen, accept and the options answer on a socket of AF_UNIX?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import EINVAL, OK, SO_LINGER_0, SO_REUSEADDR, SO_REUSEPORT, Answer
from fixtures.specification.rules import DELIVERED, OPTION_BITS, SHUTS_A_CONNECTION, WOULD_WAIT, WRONG_KIND
from fixtures.specification.rules_unix import LISTEN_NAMELESS
from suites.unix.scenes import STREAMS, F, G, bound, listening, waiting

EAGAIN = Answer("EAGAIN")


@experiment("unix/listen/no-name", rule=LISTEN_NAMELESS)
def test_a_socket_without_a_name(stack: Stack) -> None:
    """A socket has no name. Is listen EDESTADDRREQ?"""
    assert stack.socket("unix").listen() == Answer("EDESTADDRREQ")


@experiment("unix/listen/bound", rule=LISTEN_NAMELESS)
def test_a_socket_that_is_bound(stack: Stack) -> None:
    """A socket is bound to a path. May it listen?"""
    assert bound(stack, F).listen() == OK


@experiment("unix/listen/again", rule=LISTEN_NAMELESS)
def test_a_second_listen(stack: Stack) -> None:
    """A server listens. May it call listen again?"""
    assert listening(stack, F).listen() == OK


@experiment("unix/listen/connected", rule=WRONG_KIND)
def test_a_client(stack: Stack) -> None:
    """A client is connected and has no name. Is listen refused?"""
    listening(stack, F)
    assert waiting(stack, F).listen() != OK


@experiment("unix/listen/accepted", rule=WRONG_KIND)
def test_an_accepted_socket(stack: Stack) -> None:
    """A server accepted a connection, which has its name. Is listen on that refused?"""
    server = listening(stack, F)
    waiting(stack, F)
    assert server.accept().listen() != OK


@experiment("unixgram/listen/bound", rule=WRONG_KIND)
def test_a_datagram_socket(stack: Stack) -> None:
    """A datagram socket is bound to a path. Is listen EOPNOTSUPP?"""
    assert bound(stack, F, "unixgram").listen() == Answer("EOPNOTSUPP")


@experiment("unix/accept/not-listening", rule=WRONG_KIND)
def test_accept_without_listen(stack: Stack) -> None:
    """A socket is bound and does not listen. Is accept EINVAL?"""
    assert bound(stack, F).try_accept() == EINVAL


@experiment("unixgram/accept", rule=WRONG_KIND)
def test_accept_of_datagrams(stack: Stack) -> None:
    """A datagram socket is bound to a path. Is accept refused?"""
    assert bound(stack, F, "unixgram").try_accept() != OK


@experiment("unix/option/reuseaddr", rule=OPTION_BITS)
def test_reuseaddr(stack: Stack) -> None:
    """May SO_REUSEADDR be set on a socket of AF_UNIX?"""
    assert stack.socket("unix").set(SO_REUSEADDR) == OK


@experiment("unix/option/reuseaddr/read", rule=OPTION_BITS)
def test_reuseaddr_reads_as_set(stack: Stack) -> None:
    """SO_REUSEADDR was set on a socket of AF_UNIX. Does it read as on?"""
    assert stack.socket("unix", SO_REUSEADDR).get(SO_REUSEADDR) == Answer("1")


@experiment("unix/option/reuseport", rule=OPTION_BITS)
def test_reuseport(stack: Stack) -> None:
    """May SO_REUSEPORT be set on a socket of AF_UNIX?"""
    assert stack.socket("unix").set(SO_REUSEPORT) == OK


@experiment("unix/option/reuseport-off", rule=OPTION_BITS)
def test_reuseport_off(stack: Stack) -> None:
    """May SO_REUSEPORT be cleared on a socket of AF_UNIX?"""
    assert stack.socket("unix").set(SO_REUSEPORT.off) == OK


@experiment("unix/data/send-unconnected", rule=WRONG_KIND)
def test_send_without_a_connection(stack: Stack) -> None:
    """A stream is not connected. Is send refused?"""
    assert stack.socket("unix").send(1) != OK


@experiment("unix/data/recv-unconnected", rule=WRONG_KIND)
def test_recv_without_a_connection(stack: Stack) -> None:
    """A stream is not connected. Is recv refused?"""
    assert stack.socket("unix").recv(1) != OK


@experiment("unixpacket/data/recv-unconnected", rule=WRONG_KIND)
def test_recv_of_packets_without_a_connection(stack: Stack) -> None:
    """A SOCK_SEQPACKET socket is not connected. Is recv refused?"""
    assert stack.socket("unixpacket").recv(1) != OK


@experiment("unix/data/both-ways", rule=DELIVERED)
def test_data_arrive(stack: Stack) -> None:
    """A client sends to a server that accepted it. Does the server receive that?"""
    server = listening(stack, F)
    client = waiting(stack, F)
    accepted = server.accept()
    client.send(1)
    assert accepted.recv(1) == OK


@experiment("unix/data/nothing", rule=DELIVERED)
def test_nothing_arrives(stack: Stack) -> None:
    """A client is accepted, and nobody sends. Has recv nothing to give?"""
    server = listening(stack, F)
    client = waiting(stack, F)
    server.accept()
    assert client.recv(1) == Answer("EAGAIN")


@experiment("unix/data/shut-end", rule=SHUTS_A_CONNECTION)
def test_shutdown_is_the_end(stack: Stack) -> None:
    """A client shut down sending. Does the server find the end of the stream?"""
    server = listening(stack, F)
    client = waiting(stack, F)
    accepted = server.accept()
    client.shutdown("WR")
    assert accepted.recv(1) == Answer("end")


@experiment("unix/data/shut-unconnected", rule=SHUTS_A_CONNECTION)
def test_shutdown_without_a_connection(stack: Stack) -> None:
    """A stream is not connected. Is shutdown refused?"""
    assert stack.socket("unix").shutdown("RDWR") != OK


@experiment("unix/data/unread", rule=DELIVERED)
def test_the_server_did_not_read(stack: Stack) -> None:
    """A server closes a connection before it has read everything. Does the client's recv give no data?"""
    server = listening(stack, F)
    client = waiting(stack, F)
    accepted = server.accept()
    client.send(1)
    accepted.close()
    assert client.recv(1) != OK


@experiment("unix/option/reuseport/read", rule=OPTION_BITS)
def test_reuseport_reads_as_set(stack: Stack) -> None:
    """SO_REUSEPORT was set on a socket of AF_UNIX. Does it read as on?"""
    holder = stack.socket("unix")
    holder.set(SO_REUSEPORT)
    assert holder.get(SO_REUSEPORT) == Answer("1")


@experiment("unix/option/linger/read", rule=OPTION_BITS)
def test_linger_reads_as_set(stack: Stack) -> None:
    """SO_LINGER was set on a socket of AF_UNIX. Does it read as on?"""
    one = stack.socket("unix")
    one.set(SO_LINGER_0)
    assert one.get(SO_LINGER_0) == Answer("1")


@experiment("unix/data/in-turn", rule=DELIVERED)
def test_two_bytes(stack: Stack) -> None:
    """A client sent two bytes, and the server has received one. Is the other there?"""
    server = listening(stack, F)
    client = waiting(stack, F)
    accepted = server.accept()
    client.send(1)
    client.send(1)
    accepted.recv(1)
    assert accepted.recv(1) == OK


@experiment("unix/data/once", rule=WOULD_WAIT)
def test_a_byte_is_received_once(stack: Stack) -> None:
    """A client sent one byte, and the server has received it. Has the next recv nothing to give?"""
    server = listening(stack, F)
    client = waiting(stack, F)
    accepted = server.accept()
    client.send(1)
    accepted.recv(1)
    assert accepted.recv(1) == Answer("EAGAIN")


@experiment("unix/data/shut-send", rule=DELIVERED)
def test_send_after_shutdown(stack: Stack) -> None:
    """A client shut down sending. Is its send refused?"""
    listening(stack, F)
    client = waiting(stack, F)
    client.shutdown("WR")
    assert client.send(1) != OK


@experiment("unix/data/half-open", rule=DELIVERED)
def test_the_other_half_stays_open(stack: Stack) -> None:
    """A client shut down sending, and the server sends. Does the client receive that?"""
    server = listening(stack, F)
    client = waiting(stack, F)
    accepted = server.accept()
    client.shutdown("WR")
    accepted.send(1)
    assert client.recv(1) == OK


@experiment("unix/data/shut-reading/peer", rule=WOULD_WAIT)
def test_shutdown_of_reading_is_no_end(stack: Stack) -> None:
    """A client shut down receiving. Has the server's recv nothing to give?"""
    server = listening(stack, F)
    client = waiting(stack, F)
    accepted = server.accept()
    client.shutdown("RD")
    assert accepted.recv(1) == Answer("EAGAIN")


@experiment("unix/data/shut-reading/send", rule=DELIVERED)
def test_shutdown_of_reading_leaves_sending(stack: Stack) -> None:
    """A client shut down receiving. May it send?"""
    listening(stack, F)
    client = waiting(stack, F)
    client.shutdown("RD")
    assert client.send(1) == OK


@experiment("unix/option/reuseaddr/cleared", rule=OPTION_BITS)
def test_reuseaddr_reads_as_cleared(stack: Stack) -> None:
    """SO_REUSEADDR was set on a socket of AF_UNIX and cleared again. Does it read as off?"""
    holder = stack.socket("unix", SO_REUSEADDR)
    holder.set(SO_REUSEADDR.off)
    assert holder.get(SO_REUSEADDR) == Answer("0")


@experiment("unix/data/shut-both/send", rule=DELIVERED)
def test_send_after_shutdown_of_both_halves(stack: Stack) -> None:
    """A client shut down sending and receiving. Is its send refused?"""
    listening(stack, F)
    client = waiting(stack, F)
    client.shutdown("RDWR")
    assert client.send(1) != OK


@experiment("unixpacket/data/both-ways", rule=DELIVERED)
def test_packets_arrive(stack: Stack) -> None:
    """A SOCK_SEQPACKET client sends to a server that accepted it. Does the server receive that?"""
    server = listening(stack, F, "unixpacket")
    client = waiting(stack, F, "unixpacket")
    accepted = server.accept()
    client.send(1)
    assert accepted.recv(1) == OK


@experiment("unix/data/shut-both/recv", rule=SHUTS_A_CONNECTION)
def test_recv_after_shutdown_of_both_halves(stack: Stack) -> None:
    """A client shut down sending and receiving. Does its recv find the end of the stream?"""
    listening(stack, F)
    client = waiting(stack, F)
    client.shutdown("RDWR")
    assert client.recv(1) == Answer("end")


@experiment("unix/listen/bound-client", rule=WRONG_KIND)
def test_a_client_with_a_name(stack: Stack) -> None:
    """A client was bound to a path, and is connected. Is listen refused?"""
    listening(stack, F)
    client = bound(stack, G)
    client.connect(F)
    assert client.listen() != OK


@experiment("{kind}/accept/nobody-waits", rule=WOULD_WAIT)
@pytest.mark.parametrize("kind", STREAMS)
def test_accept_where_nobody_waits(stack: Stack, kind: str) -> None:
    """A server ({kind}) listens, and nobody has connected. Is accept EAGAIN, if it may not wait?"""
    assert listening(stack, F, kind).try_accept() == EAGAIN


@experiment("unix/accept/nobody-waits-any-more", rule=WOULD_WAIT)
def test_accept_takes_each_client_once(stack: Stack) -> None:
    """A server accepted the only client that had connected. Is its next accept EAGAIN?"""
    server = listening(stack, F)
    waiting(stack, F)
    server.accept()
    assert server.try_accept() == EAGAIN


@experiment("unix/accept/shut-down/nobody-waits", rule=WOULD_WAIT)
def test_accept_of_a_listener_that_was_shut_down(stack: Stack) -> None:
    """A listener at which nobody waits was shut down (RDWR). Is accept EAGAIN, if it may not wait?"""
    server = listening(stack, F)
    server.shutdown("RDWR")
    assert server.try_accept() == EAGAIN
