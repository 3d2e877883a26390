"""What may listen and accept, and what does a listener answer to other calls?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connecting, connection, listening, tried
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    ECONNRESET,
    EINVAL,
    GROUP,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    MORE_THAN_FITS,
    NOBODY,
    OK,
    RD,
    RDWR,
    SECOND,
    SO_LINGER_0,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WR,
    Address,
    Answer,
    Option,
)
from fixtures.specification.rules import DUAL_STACK, LISTEN_IS_FREE, LISTENER_STAYS, PEER_IS_SET, RESET, SHUT_DOWN, WRONG_KIND
from fixtures.specification.sources import POSIX, RFC3493, TCPV2, UNP

ECONNABORTED = Answer("ECONNABORTED")


@experiment("udp/calls/listen", rule=WRONG_KIND, cites=(POSIX.at("listen, [EOPNOTSUPP]"),))
def test_listen_on_udp(stack: Stack) -> None:
    """Is listen on a bound UDP socket refused?"""
    first = stack.udp4()
    first.bind(LOOPBACK)
    assert first.listen() == Answer("EOPNOTSUPP")


@experiment("udp/calls/listen/holds", rule=WRONG_KIND, cites=(POSIX.at("listen, [EOPNOTSUPP]"),))
def test_a_udp_socket_that_was_refused_listen_holds_its_port(stack: Stack) -> None:
    """A bound UDP socket was refused listen. Does it still hold its port?"""
    first = stack.udp4()
    first.bind(LOOPBACK)
    first.listen()
    assert stack.udp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/calls/listen-connected/holds", rule=WRONG_KIND, cites=(POSIX.at("listen, [EINVAL]"),))
def test_a_client_that_was_refused_listen_holds_its_port(stack: Stack) -> None:
    """A connected client was refused listen. Does it still hold its port?"""
    client, _ = connection(stack)
    client.listen()
    assert stack.tcp4().bind(LOOPBACK.at(f"port({client.name})")) == EADDRINUSE


@experiment("tcp/calls/listen-connected", rule=WRONG_KIND, cites=(POSIX.at("listen, [EINVAL]"),))
def test_listen_on_a_connected_socket(stack: Stack) -> None:
    """Is listen on a connected socket refused?"""
    client, _ = connection(stack)
    assert client.listen() == EINVAL


@experiment("tcp/calls/listen-twice", rule=LISTEN_IS_FREE, cites=(TCPV2.at("solisten"),))
def test_listen_twice(stack: Stack) -> None:
    """May a listener listen again?"""
    listener = listening(stack, LOOPBACK)
    assert listener.listen() == OK


@experiment("tcp/calls/listen-twice/other-cleared", rule=LISTEN_IS_FREE, cites=(TCPV2.at("solisten"),))
def test_listen_again_asks_nobody(stack: Stack) -> None:
    """May a listener listen again although its twin has cleared SO_REUSEADDR since?"""
    listener, twin = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    listener.bind(LOOPBACK)
    twin.bind(LOOPBACK)
    listener.listen()
    twin.set(SO_REUSEADDR.off)
    assert listener.listen() == OK


@experiment("tcp6/calls/listen-unbound/{v6only}/{source}", rule=DUAL_STACK, cites=(RFC3493.at("§5.3"),))
@pytest.mark.parametrize(
    ("v6only", "option", "source", "dialled"),
    [
        ("dual",   IPV6_V6ONLY.off, "ipv4", LOOPBACK),
        ("dual",   IPV6_V6ONLY.off, "ipv6", LOOPBACK6),
        ("v6only", IPV6_V6ONLY,     "ipv6", LOOPBACK6),
    ],
    ids=str,
)  # fmt: skip
def test_listen_without_bind_over_ipv6(stack: Stack, v6only: str, option: Option, source: str, dialled: Address) -> None:
    """An IPv6 socket ({v6only}) listens without bind. Do connections over {source} reach it?"""
    listener = stack.tcp6(option)
    listener.listen()
    assert stack.connections(dialled.at(f"port({listener.name})")) == listener.itself


@experiment("tcp6/calls/listen-unbound/v6only/ipv4", rule=DUAL_STACK, cites=(RFC3493.at("§5.3"),))
def test_listen_without_bind_with_v6only(stack: Stack) -> None:
    """A socket with IPV6_V6ONLY listens without bind. Do connections over IPv4 find nobody?"""
    listener = stack.tcp6(IPV6_V6ONLY)
    listener.listen()
    assert stack.connections(LOOPBACK.at(f"port({listener.name})")) == NOBODY


@experiment("tcp4/calls/listen-unbound/ipv6", rule=DUAL_STACK, cites=(RFC3493.at("§5.3"),))
def test_listen_without_bind_over_ipv4(stack: Stack) -> None:
    """An IPv4 socket listens without bind. Do connections over IPv6 find nobody?"""
    listener = stack.tcp4()
    listener.listen()
    assert stack.connections(LOOPBACK6.at(f"port({listener.name})")) == NOBODY


@experiment("tcp/calls/connect-listener", rule=LISTENER_STAYS, cites=(POSIX.at("connect, [EOPNOTSUPP]"), TCPV2.at("soconnect")))
def test_connect_a_listener(stack: Stack) -> None:
    """Is connect of a listening socket refused as an operation that it does not have?"""
    server, listener = stack.tcp4(), stack.tcp4()
    server.bind(LOOPBACK)
    server.listen()
    listener.bind(LOOPBACK.at("Q"))
    listener.listen()
    assert listener.connect(LOOPBACK) == Answer("EOPNOTSUPP")


@experiment("tcp/calls/connect-listener/group", rule=LISTENER_STAYS, cites=(POSIX.at("connect, [EOPNOTSUPP]"),))
def test_connect_a_listener_to_a_group(stack: Stack) -> None:
    """Is a listener refused a multicast group as a listener, whatever the destination?"""
    assert listening(stack, LOOPBACK).connect(GROUP) == Answer("EOPNOTSUPP")


@experiment("tcp6/calls/connect-listener", rule=LISTENER_STAYS, cites=(POSIX.at("connect, [EOPNOTSUPP]"),))
def test_connect_an_ipv6_listener(stack: Stack) -> None:
    """Is connect of a listening IPv6 socket refused as an operation that it does not have?"""
    listener = listening(stack, LOOPBACK6)
    assert listener.connect(LOOPBACK6.at("Q")) == Answer("EOPNOTSUPP")


@experiment("tcp6/calls/connect-listener/to-a-mapped-address", rule=LISTENER_STAYS, cites=(POSIX.at("connect, [EOPNOTSUPP]"),))
def test_connect_an_ipv6_listener_to_a_mapped_address(stack: Stack) -> None:
    """Is connect of a listener with IPV6_V6ONLY to a mapped address refused because it listens?"""
    listener = listening(stack, LOOPBACK6, IPV6_V6ONLY)
    assert listener.connect(MAPPED.at("Q")) == Answer("EOPNOTSUPP")


@experiment("tcp/calls/shut-listener/{how}", rule=SHUT_DOWN, cites=(POSIX.at("shutdown"),))
@pytest.mark.parametrize("how", ["wr", "rdwr"])
def test_shutdown_of_a_listener(stack: Stack, how: str) -> None:
    """A listener was shut down ({how}). Does nobody get the connections?"""
    listener = listening(stack, LOOPBACK)
    listener.shutdown(how.upper())
    assert stack.connections(LOOPBACK) == NOBODY


@experiment("tcp/calls/shut-listener/rd/keeps-its-address", rule=SHUT_DOWN, cites=(TCPV2.at("soshutdown"),))
def test_shutdown_of_the_receiving_half_of_a_listener(stack: Stack) -> None:
    """A listener shut down its receiving half alone. Does it keep its address?"""
    listener = listening(stack, LOOPBACK)
    listener.shutdown(RD)
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/calls/shut-listener/rd/then-accept", rule=SHUT_DOWN, cites=(TCPV2.at("soshutdown"),))
def test_accept_after_shutdown_of_the_receiving_half(stack: Stack) -> None:
    """A client waits, and the listener shuts down its receiving half. Does accept still take the client?"""
    listener = listening(stack, LOOPBACK)
    stack.tcp4().connect(LOOPBACK)
    listener.shutdown(RD)
    assert tried(listener) == OK


@experiment("tcp/calls/shut-listener/wr/then-accept", rule=SHUT_DOWN, cites=(TCPV2.at("tcp_usrclosed"),))
def test_accept_after_shutdown_of_the_sending_half(stack: Stack) -> None:
    """A client waits, and the listener shuts down its sending half. Is accept refused?"""
    listener = listening(stack, LOOPBACK)
    stack.tcp4().connect(LOOPBACK)
    listener.shutdown(WR)
    assert tried(listener) != OK


@experiment("tcp/calls/accept-bound", rule=WRONG_KIND, cites=(POSIX.at("accept, [EINVAL]"),))
def test_accept_without_listen(stack: Stack) -> None:
    """Is accept on a socket that is only bound refused?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    assert first.try_accept() == EINVAL


@experiment("tcp/calls/accept-bound/reuseaddr", rule=WRONG_KIND, cites=(POSIX.at("accept, [EINVAL]"),))
def test_accept_without_listen_with_an_option(stack: Stack) -> None:
    """Is accept on a socket that has SO_REUSEADDR and is only bound refused?"""
    first = stack.tcp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    assert first.try_accept() == EINVAL


@experiment("udp/calls/accept", rule=WRONG_KIND, cites=(POSIX.at("accept, [EINVAL], [EOPNOTSUPP]"),))
def test_accept_on_udp(stack: Stack) -> None:
    """Is accept on a UDP socket refused?"""
    first = stack.udp4()
    first.bind(LOOPBACK)
    assert first.try_accept() != OK


@experiment("udp/calls/accept/error-waits", rule=WRONG_KIND, cites=(POSIX.at("accept, [EINVAL], [EOPNOTSUPP]"),))
def test_accept_on_udp_that_has_an_error_to_tell(stack: Stack) -> None:
    """A UDP socket has sent to a port that nobody has. Is accept on it refused?"""
    first = stack.udp4()
    first.connect(LOOPBACK)
    first.send(1)
    assert first.try_accept() != OK


@experiment("udp/calls/listen/after-send", rule=WRONG_KIND, cites=(POSIX.at("listen, [EOPNOTSUPP]"),))
def test_listen_on_udp_after_a_send(stack: Stack) -> None:
    """Is listen refused on a UDP socket whose only address is the one that send gave it?"""
    sender = stack.udp4()
    sender.send(1)
    assert sender.listen() == Answer("EOPNOTSUPP")


@experiment("tcp/calls/listen-connected/both-shut/{first}-first", rule=WRONG_KIND, cites=(POSIX.at("listen, [EINVAL]"),))
@pytest.mark.parametrize("first", ["client", "server"])
def test_listen_after_both_ends_shut_down(stack: Stack, first: str) -> None:
    """Is listen refused on a client after both ends shut down, the {first} first?"""
    client, accepted = connection(stack)
    for end in (client, accepted) if first == "client" else (accepted, client):
        end.shutdown(WR)
    assert client.listen() == EINVAL


@experiment("udp/calls/listen-{state}/then-connect", rule=PEER_IS_SET, cites=(POSIX.at("listen, [EOPNOTSUPP]"),))
@pytest.mark.parametrize("state", ["unconnected", "connected"])
def test_connect_after_listen_on_udp(stack: Stack, state: str) -> None:
    """A UDP socket ({state}) was refused to listen. May it connect?"""
    client = stack.udp4()
    if state == "connected":
        client.connect(LOOPBACK)
    client.listen()
    assert client.connect(LOOPBACK.at("Q")) == OK


@experiment("tcp/calls/shut-listener/rd", rule=SHUT_DOWN, cites=(TCPV2.at("soshutdown"),))
def test_a_listener_that_will_not_read(stack: Stack) -> None:
    """A listener was shut down (rd). Does it still get the connections?"""
    listener = listening(stack, LOOPBACK)
    listener.shutdown(RD)
    assert stack.connections(LOOPBACK) == listener.itself


@experiment("tcp/calls/shut-listener/rd/then-accept/nobody-waits", rule=SHUT_DOWN, cites=(TCPV2.at("soshutdown"),))
def test_accept_of_nobody_after_shutdown_of_the_receiving_half(stack: Stack) -> None:
    """A listener without clients shut down its receiving half. Is accept refused, or does it wait?"""
    listener = listening(stack, LOOPBACK)
    listener.shutdown(RD)
    assert tried(listener) != OK


@experiment("tcp/calls/shut-listener/rd/beside-another-address", rule=SHUT_DOWN, cites=(TCPV2.at("soshutdown"),))
def test_a_listener_beside_one_that_will_not_read(stack: Stack) -> None:
    """A listener at 127.0.0.2 was shut down (rd). Does one at 127.0.0.1 with its port get connections?"""
    listening(stack, SECOND).shutdown(RD)
    other = listening(stack, LOOPBACK)
    assert stack.connections(LOOPBACK) == other.itself


@experiment("tcp/calls/shut-listener/rdwr/beside-its-twin", rule=SHUT_DOWN, cites=(TCPV2.at("tcp_usrclosed"),))
def test_accept_of_one_of_a_group_that_was_shut_down(stack: Stack) -> None:
    """A client waits at one of two listeners (SO_REUSEPORT), which is shut down. Is its accept refused?"""
    twin = stack.tcp4(SO_REUSEPORT)
    twin.bind(LOOPBACK)
    listener = listening(stack, LOOPBACK, SO_REUSEPORT)
    connecting(stack, LOOPBACK)
    twin.listen()
    listener.shutdown(RDWR)
    assert tried(listener) != OK


@experiment("tcp/calls/listen-connected/then-connect", rule=WRONG_KIND, cites=(POSIX.at("connect, [EISCONN]"),))
def test_connect_after_listen_of_a_connected_socket(stack: Stack) -> None:
    """A connected socket was refused to listen. Is it refused another connect because it is connected?"""
    client, _ = connection(stack)
    client.listen()
    assert client.connect(LOOPBACK) == Answer("EISCONN")


@experiment("tcp/calls/shut-listener/rdwr/heir", rule=SHUT_DOWN, cites=(TCPV2.at("tcp_usrclosed"),))
def test_who_accepts_for_one_of_a_group_that_was_shut_down(stack: Stack) -> None:
    """A client waits at one of three listeners, which is shut down. Does the last other accept it?"""
    third, twin, listener, spare = (stack.tcp4(SO_REUSEPORT) for _ in range(4))
    for socket in (third, twin, listener, spare):
        socket.bind(LOOPBACK)
    listener.listen()
    connecting(stack, LOOPBACK)
    third.listen()
    twin.listen()
    listener.shutdown(RDWR)
    assert tried(twin) == OK


@experiment("tcp{family}/calls/accept-reset", rule=RESET, cites=(UNP.at("§5.11"), POSIX.at("accept, [ECONNABORTED]")))
@pytest.mark.parametrize(("family", "address"), [(4, LOOPBACK), (6, LOOPBACK6)], ids=str)
def test_accept_of_a_connection_that_was_reset(stack: Stack, family: int, address: Address) -> None:
    """An IPv{family} client reset its connection before it was accepted. Is accept ECONNABORTED?"""
    listener = listening(stack, address)
    connecting(stack, address, SO_LINGER_0).close()
    assert tried(listener) == ECONNABORTED


@experiment("tcp/calls/accept-reset/unsent", rule=RESET, cites=(UNP.at("§5.11"), POSIX.at("accept, [ECONNABORTED]")))
def test_accept_of_a_connection_that_was_reset_behind_data(stack: Stack) -> None:
    """A client with data still to send reset its connection before it was accepted. Is accept refused?"""
    listener = listening(stack, LOOPBACK)
    client = connecting(stack, LOOPBACK, SO_LINGER_0)
    client.send(MORE_THAN_FITS)
    client.close()
    assert tried(listener) == ECONNABORTED


@experiment("tcp/calls/accept-reset/recv", rule=RESET, cites=(UNP.at("§5.11"), POSIX.at("accept, [ECONNABORTED]")))
def test_recv_of_a_connection_that_was_reset_before_it_was_accepted(stack: Stack) -> None:
    """Two clients reset their connections before accept. If it is granted, is recv ECONNRESET?"""
    listener = listening(stack, LOOPBACK)
    for _ in range(2):
        connecting(stack, LOOPBACK, SO_LINGER_0).close()
    if tried(listener) == OK:
        assert listener.accept().recv(1) == ECONNRESET


@experiment("tcp/calls/accept-bound/after-shutdown", rule=WRONG_KIND, cites=(POSIX.at("accept, [EINVAL]"),))
def test_accept_without_listen_after_shutdown(stack: Stack) -> None:
    """Is accept refused on a socket that was bound and shut down, and never listened?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    first.shutdown(RD)
    assert first.try_accept() == EINVAL
