"""What the calls around bind answer: listen, connect, accept, send and the rest on a socket of the wrong kind or in the wrong state."""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    CLOSE_WAIT,
    EADDRINUSE,
    ECONNREFUSED,
    ECONNRESET,
    EINVAL,
    END,
    ESTABLISHED,
    GROUP,
    GROUP6,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    NOBODY,
    OK,
    RD,
    SECOND,
    SO_LINGER_0,
    SO_REUSEADDR,
    WILDCARD,
    WR,
    Answer,
)
from fixtures.specification.rules import (
    ACTIVE_CLOSER,
    BROKEN_PIPE,
    DUAL_STACK,
    INVALID_REMOTE,
    LISTEN_IS_FREE,
    LISTENER_STAYS,
    NO_SUCH_OPTION,
    NOT_OPEN,
    PORT_UNREACHABLE,
    RESET,
    SAME_CONNECTION,
    SHUT_DOWN,
    UNBOUND_CALL,
    V6ONLY,
    WRONG_KIND,
)
from fixtures.specification.sources import POSIX, RFC3493, TCPV2, UNP

CLIENT = LOOPBACK.at("Q")
KINDS = ["tcp4", "udp4"]


def connected(stack: Stack) -> tuple[Socket, Socket]:
    """The two ends of a connection, the server's first."""
    listener = listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    return listener.accept(), client


@experiment("udp/calls/listen", rule=WRONG_KIND, cites=(POSIX.at("listen, [EOPNOTSUPP]"),))
def test_listen_on_udp(stack: Stack) -> None:
    """Is listen on a bound UDP socket refused?"""
    first = stack.udp4()
    first.bind(LOOPBACK)
    assert first.listen() == Answer("EOPNOTSUPP")


@experiment("tcp/calls/listen-connected", rule=WRONG_KIND, cites=(POSIX.at("listen, [EINVAL]"),))
def test_listen_on_a_connected_socket(stack: Stack) -> None:
    """Is listen on a connected socket refused?"""
    _, client = connected(stack)
    assert client.listen() == EINVAL


@experiment("tcp/calls/listen-twice", rule=LISTEN_IS_FREE, cites=(TCPV2.at("solisten"),))
def test_listen_twice(stack: Stack) -> None:
    """May a listener listen again?"""
    listener = listening(stack, LOOPBACK)
    assert listener.listen() == OK


@experiment("tcp/calls/connect-connected", rule=WRONG_KIND, cites=(POSIX.at("connect, [EISCONN]"),))
def test_connect_a_connected_socket(stack: Stack) -> None:
    """Is a second connect of a connected TCP socket refused?"""
    _, client = connected(stack)
    assert client.connect(LOOPBACK) == Answer("EISCONN")


@experiment("udp/calls/connect-again/{where}", rule=UNBOUND_CALL, cites=(POSIX.at("connect: the peer address is reset"),))
@pytest.mark.parametrize("where", ["same", "elsewhere"])
def test_connect_udp_again(stack: Stack, where: str) -> None:
    """May a connected UDP socket connect again ({where})?"""
    client = stack.udp4()
    client.bind(CLIENT)
    client.connect(LOOPBACK)
    assert client.connect(LOOPBACK if where == "same" else SECOND) == OK


@experiment("udp/calls/connect-again/reuseaddr", rule=UNBOUND_CALL, cites=(POSIX.at("connect: the peer address is reset"),))
def test_connect_udp_with_reuseaddr_again(stack: Stack) -> None:
    """May a UDP socket with SO_REUSEADDR connect to its peer again?"""
    client = stack.udp4(SO_REUSEADDR)
    client.bind(CLIENT)
    client.connect(LOOPBACK)
    assert client.connect(LOOPBACK) == OK


@experiment("tcp/calls/same-port-and-destination/another-local-address", rule=SAME_CONNECTION, cites=(TCPV2.at("in_pcbconnect"),))
def test_connect_from_another_local_address(stack: Stack) -> None:
    """May two clients use one port for one destination if their local addresses differ?"""
    listening(stack, LOOPBACK)
    first, second = stack.tcp4(), stack.tcp4()
    first.bind(CLIENT)
    second.bind(SECOND.at("Q"))
    first.connect(LOOPBACK)
    assert second.connect(LOOPBACK) == OK


@experiment("tcp/calls/connect-mapped", rule=DUAL_STACK, cites=(RFC3493.at("§3.7"),))
def test_connect_to_a_mapped_address(stack: Stack) -> None:
    """Does a dual-stack client reach an IPv4 listener at its mapped address?"""
    listening(stack, LOOPBACK)
    client = stack.tcp6(IPV6_V6ONLY.off)
    assert client.connect(MAPPED) == OK


@experiment("tcp/calls/accept-bound", rule=WRONG_KIND, cites=(POSIX.at("accept, [EINVAL]"),))
def test_accept_without_listen(stack: Stack) -> None:
    """Is accept on a socket that is only bound refused?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    assert first.try_accept() == EINVAL


@experiment("udp/calls/send/{peer}", rule=WRONG_KIND, cites=(POSIX.at("send, [EDESTADDRREQ]"),))
@pytest.mark.parametrize(
    ("peer", "expected"), [("no-peer", Answer("EDESTADDRREQ")), ("no-peer-ipv6", Answer("EDESTADDRREQ")), ("peer", OK)], ids=str
)
def test_send_over_udp(stack: Stack, peer: str, expected: Answer) -> None:
    """Is send on a UDP socket refused while it has no peer ({peer})?"""
    receiver, sender = stack.udp4(), stack.udp6() if peer == "no-peer-ipv6" else stack.udp4()
    receiver.bind(LOOPBACK)
    if peer == "peer":
        sender.connect(LOOPBACK)
    assert sender.send(1) == expected


@experiment("tcp/calls/send-unconnected", rule=WRONG_KIND, cites=(POSIX.at("send, [ENOTCONN]"), TCPV2.at("sosend")))
def test_send_without_a_connection(stack: Stack) -> None:
    """Is send on a TCP socket that is only bound refused?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    assert first.send(1) == Answer("ENOTCONN")


@experiment("tcp/calls/{call}-after-reset", rule=RESET, cites=(POSIX.at("send, recv, [ECONNRESET]"),))
@pytest.mark.parametrize("call", ["recv", "send"])
def test_after_a_reset(stack: Stack, call: str) -> None:
    """Does the end that was reset hear of it ({call})?"""
    accepted, client = connected(stack)
    client.set(SO_LINGER_0)
    client.close()
    assert (accepted.recv(1) if call == "recv" else accepted.send(1)) == ECONNRESET


@experiment("tcp/calls/recv-twice-after-reset", rule=RESET, cites=(POSIX.at("recv: an orderly end is 0; [ECONNRESET]"),))
def test_the_reset_is_told_once(stack: Stack) -> None:
    """Is a reset told once, so that the next recv finds the end?"""
    accepted, client = connected(stack)
    client.set(SO_LINGER_0)
    client.close()
    accepted.recv(1)
    assert accepted.recv(1) == END


@experiment("{kind}/calls/shutdown-unconnected", rule=WRONG_KIND, cites=(POSIX.at("shutdown, [ENOTCONN]"),))
@pytest.mark.parametrize("kind", KINDS)
def test_shutdown_without_a_connection(stack: Stack, kind: str) -> None:
    """Is shutdown of a socket ({kind}) that is only bound refused?"""
    first = stack.socket(kind)
    first.bind(LOOPBACK)
    assert first.shutdown(WR) == Answer("ENOTCONN")


@experiment("tcp/calls/shutdown-of-reading", rule=ACTIVE_CLOSER, cites=(POSIX.at("shutdown, SHUT_RD"),))
def test_shutdown_of_reading_sends_nothing(stack: Stack) -> None:
    """Is a connection that was shut down for reading alone still established?"""
    accepted, _ = connected(stack)
    accepted.shutdown(RD)
    assert stack.shows(LOOPBACK, ESTABLISHED) == OK


@experiment("tcp/calls/shutdown-again/{halves}", rule=UNBOUND_CALL, cites=(POSIX.at("shutdown"),))
@pytest.mark.parametrize("halves", ["wr", "rd-rdwr"])
def test_shutdown_of_writing_and_again(stack: Stack, halves: str) -> None:
    """After WR, is shutdown({halves}) granted?"""
    accepted, _ = connected(stack)
    accepted.shutdown(WR)
    assert [accepted.shutdown(how.upper()) for how in halves.split("-")][-1] == OK


@experiment("tcp/calls/recv-after-shutdown/rd", rule=UNBOUND_CALL, cites=(POSIX.at("shutdown, SHUT_RD"), TCPV2.at("soreceive")))
def test_recv_after_shutdown_of_reading(stack: Stack) -> None:
    """Does recv of an end that was shut down for reading find the end of the stream?"""
    accepted, _ = connected(stack)
    accepted.shutdown(RD)
    assert accepted.recv(1) == END


@experiment("udp/calls/shutdown-connected", rule=UNBOUND_CALL, cites=(POSIX.at("shutdown"),))
def test_shutdown_of_connected_udp(stack: Stack) -> None:
    """May a connected UDP socket be shut down?"""
    client = stack.udp4()
    client.connect(LOOPBACK)
    assert client.shutdown(WR) == OK


@experiment("udp4/calls/join-ipv6-group", rule=NO_SUCH_OPTION, cites=(POSIX.at("setsockopt, [ENOPROTOOPT]"),))
def test_join_a_group_of_the_other_family(stack: Stack) -> None:
    """Is an IPv4 socket refused membership in an IPv6 group?"""
    assert stack.udp4().join(GROUP6) == Answer("ENOPROTOOPT")


@experiment("tcp4/calls/join-ipv6-group", rule=NO_SUCH_OPTION, cites=(POSIX.at("setsockopt, [ENOPROTOOPT]"),))
def test_join_a_group_of_the_other_family_over_tcp(stack: Stack) -> None:
    """Is an IPv4 socket for TCP refused membership in an IPv6 group as an option that it does not have?"""
    assert stack.tcp4().join(GROUP6) == Answer("ENOPROTOOPT")


@experiment("udp4/calls/join-no-group", rule=WRONG_KIND, cites=(POSIX.at("setsockopt, [EINVAL]"),))
def test_join_what_is_no_group(stack: Stack) -> None:
    """Is joining an address that is no multicast group refused?"""
    assert stack.udp4().join(LOOPBACK) == EINVAL


@experiment("tcp/calls/closed", rule=NOT_OPEN, cites=(POSIX.at("bind, [EBADF]"),))
def test_bind_of_a_closed_socket(stack: Stack) -> None:
    """Is bind of a socket that was closed refused?"""
    first = stack.tcp4()
    first.close()
    assert first.bind(LOOPBACK) == Answer("EBADF")


@experiment("tcp/calls/shut-listener/{how}", rule=SHUT_DOWN, cites=(POSIX.at("shutdown"),))
@pytest.mark.parametrize("how", ["wr", "rdwr"])
def test_shutdown_of_a_listener(stack: Stack, how: str) -> None:
    """Does nobody get the connections after shutdown({how}) of the listener?"""
    listener = listening(stack, LOOPBACK)
    listener.shutdown(how.upper())
    assert stack.connections(LOOPBACK) == NOBODY


@experiment("tcp/calls/shut-listener/rd/keeps-its-address", rule=SHUT_DOWN, cites=(TCPV2.at("soshutdown"),))
def test_shutdown_of_the_receiving_half_of_a_listener(stack: Stack) -> None:
    """Does a listener that shut down its receiving half alone keep its address?"""
    listener = listening(stack, LOOPBACK)
    listener.shutdown(RD)
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/calls/listen-twice/other-cleared", rule=LISTEN_IS_FREE, cites=(TCPV2.at("solisten"),))
def test_listen_again_asks_nobody(stack: Stack) -> None:
    """May a listener listen again although another socket of the address cleared SO_REUSEADDR meanwhile?"""
    listener, other = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    listener.bind(LOOPBACK)
    other.bind(LOOPBACK)
    listener.listen()
    other.set(SO_REUSEADDR.off)
    assert listener.listen() == OK


@experiment("tcp6/calls/listen-unbound/{v6only}/{source}", rule=DUAL_STACK, cites=(RFC3493.at("§5.3"),))
@pytest.mark.parametrize("source", ["ipv4", "ipv6"])
@pytest.mark.parametrize("v6only", ["dual", "v6only"])
def test_listen_without_bind_over_ipv6(stack: Stack, v6only: str, source: str) -> None:
    """An IPv6 socket ({v6only}) listens without bind: do connections over {source} reach it unless IPV6_V6ONLY keeps them off?"""
    listener = stack.tcp6(IPV6_V6ONLY if v6only == "v6only" else IPV6_V6ONLY.off)
    listener.listen()
    address = LOOPBACK if source == "ipv4" else LOOPBACK6
    received = stack.connections(address.at(f"port({listener.name})"))
    assert received == (NOBODY if (v6only, source) == ("v6only", "ipv4") else listener.itself)


@experiment("tcp4/calls/listen-unbound/ipv6", rule=DUAL_STACK, cites=(RFC3493.at("§5.3"),))
def test_listen_without_bind_over_ipv4(stack: Stack) -> None:
    """An IPv4 socket listens without bind: do connections over IPv6 find nobody?"""
    listener = stack.tcp4()
    listener.listen()
    assert stack.connections(LOOPBACK6.at(f"port({listener.name})")) == NOBODY


@experiment("tcp/calls/connect-listener", rule=LISTENER_STAYS, cites=(POSIX.at("connect, [EOPNOTSUPP]"), TCPV2.at("soconnect")))
def test_connect_a_listener(stack: Stack) -> None:
    """Is connect of a listening socket refused as an operation that it does not have?"""
    server, listener = stack.tcp4(), stack.tcp4()
    server.bind(LOOPBACK)
    server.listen()
    listener.bind(CLIENT)
    listener.listen()
    assert listener.connect(LOOPBACK) == Answer("EOPNOTSUPP")


@experiment("tcp{family}/calls/connect-group", rule=INVALID_REMOTE, cites=(INVALID_REMOTE.source,))
@pytest.mark.parametrize("family", [4, 6])
def test_connect_to_a_group(stack: Stack, family: int) -> None:
    """Is a TCP connection to an IPv{family} multicast group refused?"""
    client = stack.socket(f"tcp{family}")
    assert client.connect(GROUP if family == 4 else GROUP6) != OK


@experiment("udp4/calls/join-twice", rule=WRONG_KIND, cites=(TCPV2.at("§12.11, ip_setmoptions"),))
def test_join_twice(stack: Stack) -> None:
    """Is a socket refused a group that it has joined?"""
    member = stack.udp4()
    member.join(GROUP)
    assert member.join(GROUP) == EADDRINUSE


@experiment("tcp4/calls/join", rule=UNBOUND_CALL, cites=(TCPV2.at("§12.11, ip_setmoptions"),))
def test_join_over_tcp(stack: Stack) -> None:
    """May a TCP socket join a multicast group, of which it will hear nothing?"""
    assert stack.tcp4().join(GROUP) == OK


@experiment("udp/calls/accept", rule=WRONG_KIND, cites=(POSIX.at("accept, [EINVAL], [EOPNOTSUPP]"),))
def test_accept_on_udp(stack: Stack) -> None:
    """Is accept on a UDP socket refused?"""
    first = stack.udp4()
    first.bind(LOOPBACK)
    assert first.try_accept() != OK


@experiment("tcp/calls/recv-unconnected/{state}", rule=WRONG_KIND, cites=(POSIX.at("recv, [ENOTCONN]"),))
@pytest.mark.parametrize("state", ["new", "bound", "listening"])
def test_recv_without_a_connection(stack: Stack, state: str) -> None:
    """Is recv on a TCP socket without a connection ({state}) refused?"""
    first = stack.tcp4()
    if state != "new":
        first.bind(LOOPBACK)
    if state == "listening":
        first.listen()
    assert first.recv(1) == Answer("ENOTCONN")


@experiment("tcp/calls/{call}-after-reset/close-wait", rule=RESET, cites=(RESET.source, POSIX.at("send, recv, [ECONNRESET]")))
@pytest.mark.parametrize("call", ["recv", "send"])
def test_reset_in_close_wait(stack: Stack, call: str) -> None:
    """Does the end that was reset in CLOSE_WAIT hear of it ({call})?"""
    accepted, client = connected(stack)
    client.shutdown(WR)
    stack.shows(LOOPBACK, CLOSE_WAIT)
    client.set(SO_LINGER_0)
    client.close()
    assert (accepted.recv(1) if call == "recv" else accepted.send(1)) == ECONNRESET


@experiment("tcp/calls/send-to-the-closed/{which}", rule=BROKEN_PIPE, cites=(UNP.at("§5.12, §5.13"),))
@pytest.mark.parametrize(("which", "expected"), [("first", OK), ("second", Answer("EPIPE"))], ids=str)
def test_send_to_a_closed_end(stack: Stack, which: str, expected: Answer) -> None:
    """The other end was closed: is the {which} send answered so (ok, then EPIPE)?"""
    accepted, client = connected(stack)
    client.close()
    stack.shows(LOOPBACK, CLOSE_WAIT)
    if which == "second":
        accepted.send(1)
    assert accepted.send(1) == expected


@experiment("tcp/calls/send-to-the-shut/{how}", rule=UNBOUND_CALL, cites=(POSIX.at("shutdown, SHUT_RD"), TCPV2.at("sorflush")))
@pytest.mark.parametrize("how", ["rd", "wr", "rdwr"])
def test_send_to_an_end_that_was_shut_down(stack: Stack, how: str) -> None:
    """The other end was shut down ({how}) and is open: is a second send granted, whether that end will read or not?"""
    accepted, client = connected(stack)
    client.shutdown(how.upper())
    if how != "rd":
        stack.shows(LOOPBACK, CLOSE_WAIT)
    accepted.send(1)
    assert accepted.send(1) == OK


@experiment("udp/calls/{call}-after-port-unreachable/{peer}", rule=PORT_UNREACHABLE, cites=(UNP.at("§8.9, §8.11"),))
@pytest.mark.parametrize("call", ["send", "recv"])
@pytest.mark.parametrize("peer", ["never-there", "closed"])
def test_nobody_has_the_port(stack: Stack, call: str, peer: str) -> None:
    """Does a connected UDP socket hear at {call} that nobody has the port to which it has sent (peer: {peer})?"""
    sender, receiver = stack.udp4(), stack.udp4()
    if peer == "closed":
        receiver.bind(LOOPBACK)
    sender.connect(LOOPBACK)
    receiver.close()
    sender.send(1)
    assert (sender.send(1) if call == "send" else sender.recv(1)) == ECONNREFUSED


@experiment("udp/calls/port-unreachable-is-told-once", rule=PORT_UNREACHABLE, cites=(UNP.at("§8.9, §8.11"),))
def test_port_unreachable_is_told_once(stack: Stack) -> None:
    """Is it told once that nobody has the port, so that the next send is granted?"""
    sender = stack.udp4()
    sender.connect(LOOPBACK)
    sender.send(1)
    sender.recv(1)
    assert sender.send(1) == OK


@experiment("udp/calls/port-unreachable-is-told-the-sender", rule=PORT_UNREACHABLE, cites=(UNP.at("§8.9, §8.11"),))
def test_port_unreachable_is_told_the_sender(stack: Stack) -> None:
    """A socket that is bound to a group sent to a port that nobody has: does an unconnected one at the wildcard hear nothing of it?"""
    sender, other, receiver = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR), stack.udp4()
    sender.bind(GROUP)
    sender.connect(CLIENT)
    other.bind(WILDCARD)
    sender.send(1)
    receiver.bind(LOOPBACK.at("0"))
    other.connect(receiver.address)
    assert other.send(1) == OK


@experiment("udp/calls/send-to-another-address", rule=UNBOUND_CALL, cites=(POSIX.at("send"),))
def test_send_to_another_local_address(stack: Stack) -> None:
    """May a bound UDP socket send to another address?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    sender.bind(SECOND.at("Q"))
    sender.connect(LOOPBACK)
    assert sender.send(1) == OK


@experiment("udp/calls/send-after-shutdown/{how}", rule=WRONG_KIND, cites=(POSIX.at("send, [EPIPE]"),))
@pytest.mark.parametrize(("how", "expected"), [("rd", OK), ("wr", Answer("EPIPE"))], ids=str)
def test_send_after_shutdown_of_udp(stack: Stack, how: str, expected: Answer) -> None:
    """A connected UDP socket was shut down ({how}): is send refused where that was the sending half?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    sender.connect(LOOPBACK)
    sender.shutdown(how.upper())
    assert sender.send(1) == expected


@experiment("tcp/calls/send-after-shutdown/{how}", rule=WRONG_KIND, cites=(POSIX.at("send, [EPIPE]"),))
@pytest.mark.parametrize(("how", "expected"), [("rd", OK), ("wr", Answer("EPIPE"))], ids=str)
def test_send_after_shutdown_of_a_connection(stack: Stack, how: str, expected: Answer) -> None:
    """An end of a connection was shut down ({how}): is send refused where that was the sending half?"""
    accepted, _ = connected(stack)
    accepted.shutdown(how.upper())
    assert accepted.send(1) == expected


@experiment("{kind}/calls/connect-mapped-v6only", rule=V6ONLY, cites=(RFC3493.at("§5.3"),))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_connect_to_a_mapped_address_with_v6only(stack: Stack, kind: str) -> None:
    """Is a {kind} socket with IPV6_V6ONLY refused a mapped address to connect to?"""
    stack.socket(f"{kind[:3]}4").bind(LOOPBACK)
    client = stack.socket(kind, IPV6_V6ONLY)
    assert client.connect(MAPPED) != OK


@experiment("{kind}/calls/connect-mapped-v6only/then-bind", rule=UNBOUND_CALL)
@pytest.mark.parametrize(("kind", "protocol"), [("udp6", "UDP"), ("tcp6", "TCP")])
def test_bind_after_a_connect_that_could_not_be(stack: Stack, kind: str, protocol: str) -> None:
    """May a {protocol} socket with IPV6_V6ONLY bind after it was refused a mapped address to connect to?"""
    client = stack.socket(kind, IPV6_V6ONLY)
    client.connect(MAPPED)
    assert client.bind(LOOPBACK6.at("Q")) == OK


@experiment("tcp4/calls/linger/{state}", rule=UNBOUND_CALL, cites=(POSIX.at("getsockopt; socket options, SO_LINGER"),))
@pytest.mark.parametrize(("state", "expected"), [("new", Answer("0")), ("zero-seconds", Answer("1"))], ids=str)
def test_linger_is_read(stack: Stack, state: str, expected: Answer) -> None:
    """Is SO_LINGER ({state}) read as on where it was set, if to zero seconds, and else as off?"""
    first = stack.tcp4(*([SO_LINGER_0] if state == "zero-seconds" else []))
    assert first.get(SO_LINGER_0) == expected


@experiment("tcp/calls/recv-in-parts", rule=UNBOUND_CALL, cites=(POSIX.at("recv"),))
def test_recv_in_parts(stack: Stack) -> None:
    """Are two bytes that were sent together received one by one?"""
    accepted, client = connected(stack)
    client.send(2)
    accepted.recv(1)
    assert accepted.recv(1) == OK


@experiment("tcp/calls/recv-then-end", rule=UNBOUND_CALL, cites=(POSIX.at("recv: an orderly end is 0"),))
def test_recv_then_the_end(stack: Stack) -> None:
    """Does the end come after the data that were sent before it?"""
    accepted, client = connected(stack)
    client.send(1)
    client.shutdown(WR)
    accepted.recv(1)
    assert accepted.recv(1) == END


@experiment("udp/calls/data-before-error", rule=PORT_UNREACHABLE, cites=(TCPV2.at("soreceive"),))
def test_data_before_an_error(stack: Stack) -> None:
    """Data wait for a UDP socket that was connected and has sent to a port that nobody has: does recv find the data first?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    sender.connect(LOOPBACK)
    sender.send(1)
    receiver.connect(CLIENT)
    receiver.send(1)
    assert receiver.recv(1) == OK


@experiment("udp/calls/data-before-error/again", rule=PORT_UNREACHABLE, cites=(TCPV2.at("soreceive"),))
def test_data_before_a_second_error(stack: Stack) -> None:
    """Two datagrams wait for a UDP socket that sends, twice, to a port that nobody has: does recv find the second one, too?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    sender.connect(LOOPBACK)
    sender.send(1)
    sender.send(1)
    receiver.connect(CLIENT)
    receiver.send(1)
    receiver.recv(1)
    receiver.send(1)
    assert receiver.recv(1) == OK


@experiment("udp/calls/port-unreachable/receiver-connected-elsewhere", rule=PORT_UNREACHABLE, cites=(UNP.at("§8.11"),))
def test_receiver_is_connected_elsewhere(stack: Stack) -> None:
    """The only socket of a port is connected elsewhere: does a sender hear that nobody has the port?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    receiver.connect(CLIENT)
    sender.connect(LOOPBACK)
    sender.send(1)
    assert sender.send(1) == ECONNREFUSED


@experiment("udp/calls/port-unreachable/sender-at-a-group", rule=PORT_UNREACHABLE, cites=(UNP.at("§8.11"),))
def test_sender_is_bound_to_a_group(stack: Stack) -> None:
    """A socket that is bound to a group has sent twice to a port that nobody has: is a third send granted?"""
    sender = stack.udp4()
    sender.bind(GROUP)
    sender.connect(CLIENT)
    sender.send(1)
    sender.send(1)
    assert sender.send(1) == OK


@experiment("tcp/calls/shutdown-after-reset/again", rule=WRONG_KIND, cites=(POSIX.at("shutdown, [ENOTCONN]"),))
def test_shutdown_again_after_a_reset(stack: Stack) -> None:
    """An end shut down for writing was reset: is it refused a second shutdown of that half?"""
    accepted, client = connected(stack)
    accepted.shutdown(WR)
    client.set(SO_LINGER_0)
    client.close()
    assert accepted.shutdown(WR) == Answer("ENOTCONN")


@experiment("tcp/calls/{call}-after-shutdown/both-in-turn", rule=UNBOUND_CALL, cites=(POSIX.at("shutdown"), TCPV2.at("soreceive, sosend")))
@pytest.mark.parametrize(("call", "expected"), [("recv", END), ("send", Answer("EPIPE"))], ids=str)
def test_the_first_half_stays_shut(stack: Stack, call: str, expected: Answer) -> None:
    """Does {call} tell that its half was shut down, although the other half was shut down since?"""
    accepted, _ = connected(stack)
    for half in (RD, WR) if call == "recv" else (WR, RD):
        accepted.shutdown(half)
    assert (accepted.recv(1) if call == "recv" else accepted.send(1)) == expected


@experiment("udp/calls/listen/after-send", rule=WRONG_KIND, cites=(POSIX.at("listen, [EOPNOTSUPP]"),))
def test_listen_on_udp_after_a_send(stack: Stack) -> None:
    """Is listen refused on a UDP socket that has no address but what its send got?"""
    sender = stack.udp4()
    sender.send(1)
    assert sender.listen() == Answer("EOPNOTSUPP")


@experiment("tcp/calls/listen-connected/both-shut/{first}-first", rule=WRONG_KIND, cites=(POSIX.at("listen, [EINVAL]"),))
@pytest.mark.parametrize("first", ["client", "server"])
def test_listen_after_both_ends_shut_down(stack: Stack, first: str) -> None:
    """Is listen refused on a client after both ends shut down, the {first} first?"""
    accepted, client = connected(stack)
    for end in (client, accepted) if first == "client" else (accepted, client):
        end.shutdown(WR)
    assert client.listen() == EINVAL
