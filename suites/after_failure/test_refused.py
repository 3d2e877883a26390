"""What does a client hold, and what is it still good for, when nobody listened where it connected to?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connecting
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    ECONNREFUSED,
    EINVAL,
    GROUP,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    MAPPED_WILDCARD,
    NOBODY,
    NONE,
    OK,
    SECOND,
    SO_LINGER_0,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import DROPPED, INVALID_REMOTE, MEMBERSHIP, NOBODY_LISTENS, OPTION_BITS, PEER_IS_SET
from fixtures.specification.sources import LINUX, POSIX, TCPV2

CLIENT = LOOPBACK.at("Q")
ANY_PORT = LOOPBACK.at("0")
DUAL = Options(IPV6_V6ONLY.off)
DROP = TCPV2.at("tcp_drop, tcp_close")
REFUSED = POSIX.at("connect, [ECONNREFUSED]")
ENOTCONN = Answer("ENOTCONN")

# What it holds.


@experiment("tcp/after-failure/refused/drawn-port", rule=DROPPED, cites=(DROP, REFUSED))
def test_drawn_port_of_a_refused_client(stack: Stack) -> None:
    """A client bound to port 0 was refused and is still open. Is its port free?"""
    client = connecting(stack, LOOPBACK, at=ANY_PORT)
    assert stack.tcp4().bind(client.address) == OK


@experiment("tcp6/after-failure/refused/{address}/other-address", rule=DROPPED, cites=(DROP,))
@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("wildcard",        WILDCARD6),
        ("mapped-wildcard", MAPPED_WILDCARD),
    ],
    ids=str,
)  # fmt: skip
def test_other_address_beside_a_refused_client(stack: Stack, address: str, local: Address) -> None:
    """A client on the {address} was refused and is still open. Is its port free at another address?"""
    connecting(stack, MAPPED, *DUAL, at=local.at("Q"))
    assert stack.tcp4().bind(SECOND.at("Q")) == OK


@experiment("tcp/after-failure/refused/bound-anew/other-address", rule=DROPPED, cites=(DROP,))
def test_other_address_beside_a_client_that_was_refused_twice(stack: Stack) -> None:
    """A refused client asked for the wildcard and was refused again. Is that port free elsewhere?"""
    client = connecting(stack, LOOPBACK, at=ANY_PORT)
    client.bind(WILDCARD.at("Q"))
    client.connect(LOOPBACK)
    assert stack.tcp4().bind(SECOND.at("Q")) == OK


@experiment("tcp/after-failure/refused/option-stays", rule=OPTION_BITS, cites=(POSIX.at("getsockopt"),))
def test_option_of_a_refused_client(stack: Stack) -> None:
    """Is SO_REUSEADDR of a refused client still on?"""
    client = connecting(stack, LOOPBACK, SO_REUSEADDR)
    assert client.get(SO_REUSEADDR) == Answer("1")


@experiment("tcp/after-failure/refused/set/{option}", rule=OPTION_BITS, cites=(POSIX.at("setsockopt"),))
@pytest.mark.parametrize(("option", "value"), [("reuseaddr", SO_REUSEADDR), ("linger-0", SO_LINGER_0)], ids=str)
def test_option_set_on_a_refused_client(stack: Stack, option: str, value: Option) -> None:
    """May a client whose connection was refused set an option ({option})?"""
    client = connecting(stack, LOOPBACK)
    assert client.set(value) == OK


@experiment("tcp6/after-failure/refused/v6only-stays", rule=OPTION_BITS, cites=(POSIX.at("getsockopt"),))
def test_v6only_of_a_refused_client(stack: Stack) -> None:
    """A refused client with IPV6_V6ONLY sets it again. Is it still on?"""
    client = connecting(stack, LOOPBACK6, IPV6_V6ONLY)
    client.set(IPV6_V6ONLY)
    assert client.get(IPV6_V6ONLY) == Answer("1")


@experiment("tcp/after-failure/refused/join", rule=MEMBERSHIP)
def test_a_refused_client_joins_a_group(stack: Stack) -> None:
    """May a client that was refused join a multicast group?"""
    assert connecting(stack, LOOPBACK).join(GROUP) == OK


# Whether it may connect again.


@experiment("tcp/after-failure/refused/connect-again", rule=DROPPED, cites=(DROP, REFUSED))
def test_refused_client_connects_again(stack: Stack) -> None:
    """A client was refused; now somebody listens. Is its second connect invalid?"""
    client, listener = stack.tcp4(), stack.tcp4()
    client.connect(LOOPBACK)
    listener.bind(LOOPBACK)
    listener.listen()
    assert client.connect(LOOPBACK) == EINVAL


@experiment("tcp/after-failure/refused/connect-again/send", rule=DROPPED, cites=(POSIX.at("send, [ENOTCONN]"),))
def test_send_of_a_client_that_connects_again(stack: Stack) -> None:
    """A client was refused, and connects again now that somebody listens. Is its send ENOTCONN?"""
    client, listener = stack.tcp4(), stack.tcp4()
    client.connect(LOOPBACK)
    listener.bind(LOOPBACK)
    listener.listen()
    client.connect(LOOPBACK)
    assert client.send(1) == ENOTCONN


@experiment("tcp6/after-failure/refused/{case}", rule=DROPPED, cites=(DROP, REFUSED))
@pytest.mark.parametrize(
    ("case", "options", "to"),
    [
        ("twice",        NONE, LOOPBACK6),
        ("mapped-twice", DUAL, MAPPED),
    ],
    ids=str,
)  # fmt: skip
def test_ipv6_client_is_refused_twice(stack: Stack, case: str, options: Options, to: Address) -> None:
    """An IPv6 client was refused at {to}. Is its second connect invalid?"""
    client = connecting(stack, to, *options)
    assert client.connect(to) == EINVAL


@experiment("tcp6/after-failure/refused/wildcard-then-loopback", rule=DROPPED, cites=(DROP, REFUSED))
def test_ipv6_client_is_refused_at_the_wildcard(stack: Stack) -> None:
    """An IPv6 client was refused at [::], where nobody listens. Is its second connect, to ::1, invalid?"""
    client = connecting(stack, WILDCARD6, IPV6_V6ONLY)
    assert client.connect(LOOPBACK6) == EINVAL


@experiment("tcp6/after-failure/mapped-bound/connect-to-ipv6", rule=NOBODY_LISTENS)
def test_mapped_socket_connects_to_ipv6(stack: Stack) -> None:
    """A client bound to a mapped address connects to ::1, where nobody listens. Is it ECONNREFUSED?"""
    client = stack.tcp6(IPV6_V6ONLY.off)
    client.bind(MAPPED.at("Q"))
    assert client.connect(LOOPBACK6) == ECONNREFUSED


# Whether it may receive.


@experiment("tcp/after-failure/refused/{case}", rule=DROPPED, cites=(POSIX.at("recv, [ENOTCONN]"),))
@pytest.mark.parametrize(
    ("case", "earlier"),
    [
        ("recv",       0),
        ("recv-again", 2),
    ],
)  # fmt: skip
def test_recv_of_a_refused_client(stack: Stack, case: str, earlier: int) -> None:
    """A client was refused and has called recv {earlier} times. Is the next recv ENOTCONN?"""
    client = connecting(stack, LOOPBACK)
    for _ in range(earlier):
        client.recv(1)
    assert client.recv(1) == ENOTCONN


@experiment("tcp/after-failure/refused/send", rule=DROPPED, cites=(POSIX.at("send, [ENOTCONN]"),))
def test_send_of_a_refused_client(stack: Stack) -> None:
    """Is send of a client whose connection was refused ENOTCONN?"""
    assert connecting(stack, LOOPBACK).send(1) == ENOTCONN


@experiment("tcp/after-failure/refused/twice/recv", rule=DROPPED, cites=(POSIX.at("recv, [ENOTCONN]"),))
def test_recv_of_a_client_that_was_refused_twice(stack: Stack) -> None:
    """Is recv of a client that was refused twice ENOTCONN?"""
    client = connecting(stack, LOOPBACK)
    client.connect(LOOPBACK)
    assert client.recv(1) == ENOTCONN


# Whether it may listen, and where.


@experiment("tcp/after-failure/refused/second-listen", rule=DROPPED, cites=(DROP,))
def test_two_refused_clients_listen(stack: Stack) -> None:
    """Two refused clients with SO_REUSEADDR have one port, and one listens. Is the other refused to?"""
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    for client in (first, second):
        client.bind(CLIENT)
        client.connect(LOOPBACK)
    first.listen()
    assert second.listen() != OK


@experiment("tcp/after-failure/refused/address-stays/{address}", rule=DROPPED, cites=(DROP,))
@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("specific", ANY_PORT),
        ("wildcard", WILDCARD.at("0")),
        ("none",     None),
    ],
    ids=str,
)  # fmt: skip
def test_what_a_refused_client_listens_on(stack: Stack, address: str, local: Address | None) -> None:
    """A refused client (bound: {address}) calls listen. Does nothing reach it at another address?"""
    client = connecting(stack, LOOPBACK, at=local)
    client.listen()
    assert stack.connections(SECOND.at(f"port({client.name})")) == NOBODY


@experiment("tcp/after-failure/refused/address-goes/refused-bind", rule=DROPPED, cites=(DROP,))
def test_what_a_refused_client_listens_on_after_a_refused_bind(stack: Stack) -> None:
    """A client is refused a connection, then a bind, and listens. Does nothing reach it elsewhere?"""
    holder, client = stack.tcp4(), stack.tcp4()
    holder.bind(LOOPBACK)
    client.bind(ANY_PORT)
    client.connect(CLIENT)
    client.bind(LOOPBACK)
    client.listen()
    assert stack.connections(SECOND.at(f"port({client.name})")) == NOBODY


@experiment("tcp/after-failure/refused/twice/listen", rule=DROPPED, cites=(DROP,))
def test_client_that_was_refused_twice_listens(stack: Stack) -> None:
    """A client that was refused twice calls listen. Does nothing reach it at another address?"""
    client = connecting(stack, LOOPBACK)
    client.connect(LOOPBACK)
    client.listen()
    assert stack.connections(SECOND.at(f"port({client.name})")) == NOBODY


@experiment("tcp6/after-failure/refused/v6only-since", rule=DROPPED, cites=(DROP,))
def test_refused_client_becomes_v6only(stack: Stack) -> None:
    """A refused dual-stack client sets IPV6_V6ONLY and listens. Does no IPv4 connection reach it?"""
    client = connecting(stack, LOOPBACK6, IPV6_V6ONLY.off)
    client.set(IPV6_V6ONLY)
    client.listen()
    assert stack.connections(LOOPBACK.at(f"port({client.name})")) == NOBODY


@experiment("tcp/after-failure/refused/connect-after-listen", rule=DROPPED, cites=(DROP,))
def test_refused_client_listens_and_connects(stack: Stack) -> None:
    """A client was refused, and called listen. Is its second connect invalid?"""
    client = connecting(stack, LOOPBACK)
    client.listen()
    assert client.connect(LOOPBACK) == EINVAL


# Clients that asked for what cannot be reached.


@experiment("tcp/after-failure/refused-group/drawn-port", rule=INVALID_REMOTE, cites=(TCPV2.at("tcp_usrreq, PRU_CONNECT"),))
def test_drawn_port_of_a_client_of_a_group(stack: Stack) -> None:
    """A client bound to port 0 was refused a multicast group. Does it still hold its port?"""
    client = connecting(stack, GROUP, at=ANY_PORT)
    assert stack.tcp4().bind(client.address) == EADDRINUSE


@experiment("tcp6/after-failure/mapped-bound/drawn-port", rule=DROPPED, cites=(DROP,))
def test_drawn_port_of_a_mapped_client_of_ipv6(stack: Stack) -> None:
    """A client bound to port 0 of a mapped address was refused ::1. Is its port free?"""
    client = connecting(stack, LOOPBACK6, *DUAL, at=MAPPED.at("0"))
    assert stack.tcp6(*DUAL).bind(client.address) == OK


@experiment("udp6/after-failure/mapped-bound/connect-to-ipv6", rule=PEER_IS_SET)
def test_mapped_udp_socket_connects_to_ipv6(stack: Stack) -> None:
    """May a UDP socket that is bound to a mapped address connect to ::1?"""
    caller = stack.udp6(*DUAL)
    caller.bind(MAPPED.at("Q"))
    assert caller.connect(LOOPBACK6) == OK


@experiment("tcp6/after-failure/refused/third-connect/{destination}", rule=DROPPED, cites=(DROP, REFUSED))
@pytest.mark.parametrize(("destination", "to"), [("mapped", MAPPED), ("ipv6", LOOPBACK6)], ids=str)
def test_ipv6_client_connects_a_third_time(stack: Stack, destination: str, to: Address) -> None:
    """An IPv6 client was refused twice at {to}. Is its third connect invalid?"""
    client = connecting(stack, to, *DUAL)
    client.connect(to)
    assert client.connect(to) == EINVAL


@experiment("tcp/after-failure/refused/listens-in-a-group", rule=DROPPED, cites=(LINUX.at("core/sock_reuseport.c, reuseport_select_sock"),))
def test_a_refused_client_listens_in_a_group(stack: Stack) -> None:
    """A refused client and a server with SO_REUSEPORT listen on one port. Does the server receive all?"""
    client, server = stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
    client.bind(LOOPBACK)
    client.connect(CLIENT)
    client.listen()
    server.bind(LOOPBACK)
    server.listen()
    assert stack.connections(LOOPBACK) == server.itself


@experiment(
    "tcp/after-failure/refused/reuseport-cleared", rule=DROPPED, cites=(LINUX.at("ipv4/inet_hashtables.c, __inet_bhash2_update_saddr"),)
)
def test_a_refused_client_that_cleared_reuseport(stack: Stack) -> None:
    """A client at 0.0.0.0 cleared SO_REUSEPORT, then was refused: may one with the option bind there?"""
    client = stack.tcp4(SO_REUSEPORT)
    client.bind(WILDCARD.at("Q"))
    client.set(SO_REUSEPORT.off)
    client.connect(SECOND)
    assert stack.tcp4(SO_REUSEPORT).bind(WILDCARD.at("Q")) == OK


@experiment("udp6/after-failure/{source}-bound/connect-across-and-send", rule=PEER_IS_SET)
@pytest.mark.parametrize(("source", "own", "peer"), [("mapped", MAPPED, LOOPBACK6), ("ipv6", LOOPBACK6, MAPPED)], ids=str)
def test_udp_socket_sends_to_the_other_family(stack: Stack, source: str, own: Address, peer: Address) -> None:
    """A UDP socket at {own.aloud} asked for {peer.aloud} and sent. May it connect in its family?"""
    caller = stack.udp6(*DUAL)
    caller.bind(own.at("Q"))
    caller.connect(peer)
    caller.send(1)
    assert caller.connect(own.at("R")) == OK


@experiment("tcp6/after-failure/ipv6-bound/connect-to-mapped", rule=NOBODY_LISTENS)
def test_ipv6_socket_connects_to_a_mapped_address(stack: Stack) -> None:
    """Is a TCP socket at [::1] refused a mapped address where nobody listens?"""
    client = stack.tcp6(*DUAL)
    client.bind(LOOPBACK6.at("Q"))
    assert client.connect(MAPPED) != OK
