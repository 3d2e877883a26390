"""The other end: clients that bind before they connect, ports chosen by the system, and connections that exist already."""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    EADDRINUSE,
    ECONNREFUSED,
    EINVAL,
    GROUP,
    GROUP6,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    MAPPED_WILDCARD,
    NONE,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import (
    BOUND_ONCE,
    DROPPED,
    NO_OPTIONS,
    NOBODY_LISTENS,
    PCB_LOOKUP,
    SAME_CONNECTION,
    TO_THE_WILDCARD,
    UNBOUND_CALL,
)
from fixtures.specification.sources import FREEBSD_15, LIBUV_2155, LITE2, POSIX, TCPV1, TCPV2, UNP

CLIENT = LOOPBACK.at("Q")
CLIENT6 = LOOPBACK6.at("Q")
ANY_PORT = LOOPBACK.at("0")
CONNECT = LITE2.at("in_pcbconnect")


def got_port(client: Socket) -> Address:
    """The local address of a socket that connected without bind."""
    return LOOPBACK.at(f"port({client.name})")


@experiment("tcp/outgoing/bind-before-connect/no-options", rule=UNBOUND_CALL)
def test_bind_before_connect(stack: Stack) -> None:
    """May a client bind a local port before it connects?"""
    listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.bind(CLIENT)
    assert client.connect(LOOPBACK) == OK


# A connected socket is no exact twin: either option on the next one is enough for bind.
SECOND_CLIENTS = [
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, OK),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEADDR, REUSEADDR, OK),
    (REUSEPORT, NONE,      EADDRINUSE),
    (REUSEPORT, REUSEPORT, OK),
    (REUSEBOTH, REUSEBOTH, OK),
]  # fmt: skip


@experiment("tcp/outgoing/connected-local-port/first-{first}/second-{second}", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
@pytest.mark.parametrize(("first", "second", "expected"), SECOND_CLIENTS, ids=str)
def test_bind_the_port_of_a_connected_client(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """May a second client ({second}) bind the local port from which a first ({first}) is connected?"""
    listening(stack, LOOPBACK)
    client = stack.tcp4(*first)
    client.bind(CLIENT)
    client.connect(LOOPBACK)
    another = stack.tcp4(*second)
    assert another.bind(CLIENT) == expected


# Unconnected, the two are twins, and only SO_REUSEPORT on both permits.
TWINS = [
    (NONE,      EADDRINUSE),
    (REUSEADDR, EADDRINUSE),
    (REUSEPORT, OK),
    (REUSEBOTH, OK),
]  # fmt: skip


@experiment("tcp/outgoing/unconnected-local-port/{options}", rule=PCB_LOOKUP, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize(("options", "expected"), TWINS, ids=str)
def test_two_clients_bind_before_either_connects(stack: Stack, options: Options, expected: Answer) -> None:
    """May two clients (both {options}) bind one local port before either connects?"""
    first = stack.tcp4(*options)
    first.bind(CLIENT)
    second = stack.tcp4(*options)
    assert second.bind(CLIENT) == expected


SHARED = [REUSEADDR, REUSEPORT, REUSEBOTH]


@experiment("tcp/outgoing/duplicate-four-tuple/{options}", rule=SAME_CONNECTION, cites=(CONNECT, POSIX.at("connect, [EADDRINUSE]")))
@pytest.mark.parametrize("options", SHARED, ids=str)
def test_duplicate_connection(stack: Stack, options: Options) -> None:
    """Is a second client on the local port of the first (both {options}) refused a connection to the same server?"""
    listening(stack, LOOPBACK)
    first = stack.tcp4(*options)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    second = stack.tcp4(*options)
    second.bind(CLIENT)
    assert second.connect(LOOPBACK) == EADDRINUSE


@experiment("tcp/outgoing/two-destinations/{options}", rule=SAME_CONNECTION, cites=(CONNECT, TCPV1.at("§18.6")))
@pytest.mark.parametrize("options", SHARED, ids=str)
def test_two_destinations(stack: Stack, options: Options) -> None:
    """May a second client on the local port of the first (both {options}) connect to another server?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    first = stack.tcp4(*options)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    second = stack.tcp4(*options)
    second.bind(CLIENT)
    assert second.connect(elsewhere.address) == OK


@experiment("tcp/outgoing/after-refused-duplicate/{options}", rule=SAME_CONNECTION, cites=(CONNECT,))
@pytest.mark.parametrize("options", SHARED, ids=str)
def test_other_destination_after_a_refused_duplicate(stack: Stack, options: Options) -> None:
    """May a client ({options}) that was refused a connection that exists already connect the same socket elsewhere?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    first = stack.tcp4(*options)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    second = stack.tcp4(*options)
    second.bind(CLIENT)
    second.connect(LOOPBACK)
    assert second.connect(elsewhere.address) == OK


@experiment("tcp/outgoing/after-refused-duplicate/then-listen", rule=SAME_CONNECTION, cites=(CONNECT,))
def test_listen_after_a_refused_duplicate(stack: Stack) -> None:
    """May a client (both SO_REUSEADDR) that was refused a connection that exists already listen on its port?"""
    listening(stack, LOOPBACK)
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    second.bind(CLIENT)
    second.connect(LOOPBACK)
    assert second.listen() == OK


# A server where a client is.
SERVERS = [
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, OK),
    (REUSEADDR, REUSEADDR, OK),
    (REUSEPORT, REUSEPORT, OK),
]  # fmt: skip


@experiment("tcp/outgoing/server-on-client-port/wildcard/client-{first}/server-{second}", rule=PCB_LOOKUP, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize(("first", "second", "expected"), SERVERS, ids=str)
def test_server_on_the_port_of_a_client(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """May a server ({second}) bind the wildcard with the local port from which a client ({first}) is connected?"""
    listening(stack, LOOPBACK)
    client = stack.tcp4(*first)
    client.bind(CLIENT)
    client.connect(LOOPBACK)
    server = stack.tcp4(*second)
    assert server.bind(WILDCARD.at("Q")) == expected


@experiment("tcp/outgoing/implicit-port/{options}", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(("options", "expected"), [(NONE, EADDRINUSE), (REUSEADDR, OK), (REUSEPORT, OK)], ids=str)
def test_implicit_port_of_a_client(stack: Stack, options: Options, expected: Answer) -> None:
    """May a server ({options}) bind the port that the system chose for a client when it connected without bind?"""
    listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    server = stack.tcp4(*options)
    assert server.bind(got_port(client)) == expected


@experiment("tcp/outgoing/implicit-port/other-address", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
def test_implicit_port_on_another_address(stack: Stack) -> None:
    """Is the port that the system chose for a connected client free, without options, on another local address?"""
    listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    server = stack.tcp4()
    assert server.bind(SECOND.at(f"port({client.name})")) == OK


@experiment("tcp/outgoing/bind-after-connect/no-options", rule=BOUND_ONCE)
def test_bind_after_connect(stack: Stack) -> None:
    """Is a client that connected without bind refused a bind afterwards?"""
    listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    assert client.bind(CLIENT) == EINVAL


# Ports that the system chooses.
@experiment("tcp/outgoing/port-0-is-held/first-{first}", rule=NO_OPTIONS, cites=(POSIX.at("bind"),))
@pytest.mark.parametrize("first", [NONE, REUSEADDR, REUSEPORT], ids=str)
def test_chosen_port_is_held(stack: Stack, first: Options) -> None:
    """Is a plain bind refused the port that a socket ({first}) got by binding port 0?"""
    holder = stack.tcp4(*first)
    holder.bind(ANY_PORT)
    second = stack.tcp4()
    assert second.bind(holder.address) == EADDRINUSE


@experiment("tcp/outgoing/port-0-twice/{options}", rule=NO_OPTIONS, cites=(POSIX.at("bind"),))
@pytest.mark.parametrize("options", [NONE, REUSEADDR], ids=str)
def test_port_0_twice(stack: Stack, options: Options) -> None:
    """Do two sockets ({options}) that bind port 0 get different ports, so that closing the first frees its own?"""
    first = stack.tcp4(*options)
    first.bind(ANY_PORT)
    second = stack.tcp4(*options)
    second.bind(ANY_PORT)
    first.close()
    third = stack.tcp4()
    assert third.bind(first.address) == OK


@experiment("tcp/outgoing/listen-without-bind/no-options", rule=UNBOUND_CALL, cites=(POSIX.at("listen"),))
def test_listen_without_bind(stack: Stack) -> None:
    """May a socket listen without bind, on a port that the system chooses?"""
    listener = stack.tcp4()
    assert listener.listen() == OK


@experiment("tcp/outgoing/listen-without-bind/its-port", rule=NO_OPTIONS, cites=(POSIX.at("listen"),))
def test_port_of_a_listener_without_bind(stack: Stack) -> None:
    """Is an unbound listener's port held?"""
    listener = stack.tcp4()
    listener.listen()
    assert stack.tcp4().bind(got_port(listener)) == EADDRINUSE


@experiment("tcp/outgoing/bind-after-implicit-listen/no-options", rule=BOUND_ONCE)
def test_bind_after_listen_without_bind(stack: Stack) -> None:
    """Is a socket that listens without bind refused a bind afterwards?"""
    listener = stack.tcp4()
    listener.listen()
    assert listener.bind(LOOPBACK) == EINVAL


@experiment("tcp/outgoing/connect-to-unlistened/no-options", rule=NOBODY_LISTENS)
def test_connect_to_a_bound_socket(stack: Stack) -> None:
    """Is a connection refused by a port that is bound but on which nobody listens?"""
    bound = stack.tcp4()
    bound.bind(LOOPBACK)
    client = stack.tcp4()
    assert client.connect(LOOPBACK) == ECONNREFUSED


# Connected UDP sockets: the peer makes a difference to bind and to connect as with TCP.
CONNECTED_UDP = [
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, OK),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEADDR, REUSEADDR, OK),
    (REUSEPORT, REUSEPORT, OK),
]  # fmt: skip


@experiment("udp/outgoing/connected-local-port/first-{first}/second-{second}", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
@pytest.mark.parametrize(("first", "second", "expected"), CONNECTED_UDP, ids=str)
def test_bind_beside_a_connected_udp_socket(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """May a UDP socket ({second}) bind the address of one ({first}) that is connected?"""
    caller = stack.udp4(*first)
    caller.bind(CLIENT)
    caller.connect(LOOPBACK)
    another = stack.udp4(*second)
    assert another.bind(CLIENT) == expected


@experiment("udp/outgoing/duplicate-four-tuple/reuseaddr", rule=SAME_CONNECTION, cites=(CONNECT,))
def test_duplicate_udp_connection(stack: Stack) -> None:
    """Is a second UDP socket (both SO_REUSEADDR) refused a connect that gives it the addresses of the first?"""
    first = stack.udp4(SO_REUSEADDR)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    second = stack.udp4(SO_REUSEADDR)
    second.bind(CLIENT)
    assert second.connect(LOOPBACK) == EADDRINUSE


@experiment("udp/outgoing/duplicate-four-tuple/reuseport-then-both", rule=SAME_CONNECTION, cites=(CONNECT,))
def test_duplicate_udp_connection_of_a_group(stack: Stack) -> None:
    """Two UDP sockets share a port, the first with SO_REUSEPORT, the second with both options: is the same connection refused to it?"""
    first, second = stack.udp4(*REUSEPORT), stack.udp4(*REUSEBOTH)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    second.bind(CLIENT)
    assert second.connect(LOOPBACK) == EADDRINUSE


@experiment("udp/outgoing/two-destinations/reuseaddr", rule=SAME_CONNECTION, cites=(CONNECT,))
def test_two_udp_destinations(stack: Stack) -> None:
    """May a second UDP socket on the local port of the first (both SO_REUSEADDR) connect to another address?"""
    first = stack.udp4(SO_REUSEADDR)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    second = stack.udp4(SO_REUSEADDR)
    second.bind(CLIENT)
    assert second.connect(SECOND) == OK


@experiment("udp/outgoing/beside-connected-receives/reuseaddr", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
def test_unconnected_udp_socket_receives(stack: Stack) -> None:
    """Who gets datagrams of others on an address that a connected UDP socket and an unconnected one (both SO_REUSEADDR) share?"""
    caller = stack.udp4(SO_REUSEADDR)
    caller.bind(CLIENT)
    caller.connect(LOOPBACK)
    server = stack.udp4(SO_REUSEADDR)
    server.bind(CLIENT)
    assert stack.connections(CLIENT) == server.itself


@experiment("udp/outgoing/implicit-port/no-options", rule=PCB_LOOKUP)
def test_implicit_port_of_a_udp_socket(stack: Stack) -> None:
    """Is a plain bind refused the port that the system chose for a UDP socket when it connected without bind?"""
    caller = stack.udp4()
    caller.connect(LOOPBACK)
    second = stack.udp4()
    assert second.bind(got_port(caller)) == EADDRINUSE


@experiment("udp/outgoing/closed/no-options", rule=UNBOUND_CALL)
def test_nothing_is_left_of_a_udp_client(stack: Stack) -> None:
    """A UDP client bound to the wildcard and connected has closed: is its port free again?"""
    client = stack.udp4()
    client.bind(WILDCARD.at("Q"))
    client.connect(LOOPBACK)
    client.close()
    assert stack.udp4().bind(CLIENT) == OK


@experiment("udp/outgoing/implicit-port/other-address", rule=PCB_LOOKUP, cites=(CONNECT,))
def test_implicit_port_of_a_udp_socket_at_another_address(stack: Stack) -> None:
    """Is a UDP client's drawn port free at another address?"""
    caller = stack.udp4()
    caller.connect(LOOPBACK)
    assert stack.udp4().bind(SECOND.at(f"port({caller.name})")) == OK


@experiment("tcp/outgoing/closed/{address}/no-options", rule=UNBOUND_CALL)
@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_nothing_is_left_of_a_client_that_closed_second(stack: Stack, address: str) -> None:
    """A client bound to {address} and connected; the server closed first, then the client: is its port free again?"""
    listener = listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.bind(Address(address, "Q"))
    client.connect(LOOPBACK)
    listener.accept().close()
    client.recv(1)
    client.close()
    assert stack.tcp4().bind(Address(address, "Q")) == OK


# 4.4BSD: tcp_drop, tcp_close and in_pcbdetach leave the socket without a control block.
@experiment("tcp/outgoing/refused/then-listen/no-options", rule=DROPPED, cites=(DROPPED.source,))
def test_listen_after_a_refused_connection(stack: Stack) -> None:
    """A bound socket's connection was refused because nobody listens: may it listen now?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    client.connect(LOOPBACK)
    assert client.listen() == EINVAL


@experiment("tcp/outgoing/refused/then-bind/no-options", rule=DROPPED, cites=(DROPPED.source,))
def test_bind_beside_a_refused_connection(stack: Stack) -> None:
    """A bound socket's connection was refused because nobody listens: does it still hold its address?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    client.connect(LOOPBACK)
    assert stack.tcp4().bind(CLIENT) == OK


@experiment("udp/outgoing/same-four-tuple/wildcard/reuseport", rule=SAME_CONNECTION)
def test_wildcard_udp_to_the_same_destination(stack: Stack) -> None:
    """A UDP socket is bound to the wildcard beside a specific one that is connected (reuseport): is the same connection refused to it?"""
    specific, wildcard = stack.udp4(*REUSEPORT), stack.udp4(*REUSEPORT)
    specific.bind(CLIENT)
    wildcard.bind(WILDCARD.at("Q"))
    specific.connect(LOOPBACK)
    assert wildcard.connect(LOOPBACK) == EADDRINUSE


@experiment("tcp/outgoing/same-four-tuple/reuseaddr-cleared", rule=SAME_CONNECTION)
def test_the_same_connection_after_clearing_the_option(stack: Stack) -> None:
    """A client with SO_REUSEADDR bound the port of another's connection and cleared the option: is the same connection refused to it?"""
    listening(stack, LOOPBACK)
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    second.bind(CLIENT)
    second.set(SO_REUSEADDR.off)
    assert second.connect(LOOPBACK) == EADDRINUSE


TO_NOBODY = (TCPV2.at("in_pcbconnect"), LIBUV_2155.at("the assertion"), FREEBSD_15.at("Networking, General"))
# The wildcard as a destination: what connects, from where, to what, and where somebody listens.
TO_WILDCARD = {
    "to-wildcard":          ("tcp4", None,             WILDCARD,        WILDCARD),
    "to-loopback":          ("tcp4", None,             WILDCARD,        LOOPBACK),
    "from-wildcard":        ("tcp4", WILDCARD,         WILDCARD,        LOOPBACK),
    "ipv6":                 ("tcp6", None,             WILDCARD6,       LOOPBACK6),
    "ipv6-from-wildcard":   ("tcp6", WILDCARD6,        WILDCARD6,       LOOPBACK6),
    "mapped":               ("tcp6", None,             MAPPED_WILDCARD, LOOPBACK),
    "mapped-from-wildcard": ("tcp6", WILDCARD6,        MAPPED_WILDCARD, LOOPBACK),
    "mapped-from-mapped":   ("tcp6", MAPPED,           MAPPED_WILDCARD, LOOPBACK),
}  # fmt: skip


@experiment("tcp/outgoing/destination-wildcard/{case}", rule=TO_THE_WILDCARD, cites=TO_NOBODY)
@pytest.mark.parametrize("case", TO_WILDCARD)
def test_connect_to_the_wildcard(stack: Stack, case: str) -> None:
    """Does a client that connects to the wildcard address reach a listener of this machine ({case})?"""
    kind, bound, destination, at = TO_WILDCARD[case]
    listener = stack.socket(f"tcp{at.family}")
    listener.bind(at)
    listener.listen()
    client = stack.socket(kind, *([IPV6_V6ONLY.off] if kind == "tcp6" else []))
    if bound:
        client.bind(bound.at("Q"))
    assert client.connect(destination) == OK


@experiment("tcp/outgoing/destination-wildcard/from-{source}/own-address", rule=TO_THE_WILDCARD, cites=TO_NOBODY)
@pytest.mark.parametrize("source", ["second", "mapped"])
def test_connect_to_the_wildcard_from_an_address(stack: Stack, source: str) -> None:
    """A client is bound to a local address ({source}): does it reach only loopback at the wildcard, and no listener of its own address?"""
    listening(stack, SECOND if source == "second" else LOOPBACK)
    client = stack.tcp4() if source == "second" else stack.tcp6(IPV6_V6ONLY.off)
    client.bind(SECOND.at("Q") if source == "second" else MAPPED.at("Q"))
    assert client.connect(WILDCARD if source == "second" else WILDCARD6) == ECONNREFUSED


@experiment("tcp/outgoing/destination-wildcard/from-second/nobody", rule=NOBODY_LISTENS)
def test_connect_to_the_wildcard_where_nobody_listens(stack: Stack) -> None:
    """Is a client that is bound to a second local address refused at the wildcard where nobody listens?"""
    client = stack.tcp4()
    client.bind(SECOND.at("Q"))
    assert client.connect(WILDCARD) == ECONNREFUSED


@experiment("udp/outgoing/destination-wildcard/from-a-group", rule=TO_THE_WILDCARD, cites=TO_NOBODY)
def test_connect_to_the_wildcard_from_a_group(stack: Stack) -> None:
    """Does what a UDP socket that is bound to a group sends to the wildcard address reach a socket at loopback?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    sender.bind(GROUP.at("Q"))
    assert sender.connect(WILDCARD) == OK
    sender.send(1)
    assert receiver.recv(1) == OK


@experiment("tcp/outgoing/source-address/second", rule=PCB_LOOKUP, cites=(CONNECT,))
def test_address_of_a_client_of_the_second_address(stack: Stack) -> None:
    """A client on the wildcard is connected to a second local address: does it hold its port there?"""
    listening(stack, WILDCARD)
    client = stack.tcp4()
    client.bind(WILDCARD.at("Q"))
    client.connect(SECOND)
    assert stack.tcp4().bind(SECOND.at("Q")) == EADDRINUSE


@experiment("tcp/outgoing/duplicate-four-tuple/first-survives", rule=SAME_CONNECTION, cites=(CONNECT,))
def test_the_first_connection_survives(stack: Stack) -> None:
    """A second client was refused the connection of a first: does what the first sends still arrive?"""
    listener = listening(stack, LOOPBACK)
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    first.bind(CLIENT)
    first.connect(LOOPBACK)
    accepted = listener.accept()
    second.bind(CLIENT)
    second.connect(LOOPBACK)
    first.send(1)
    assert accepted.recv(1) == OK


@experiment("udp/outgoing/bound-to-a-group/stays", rule=PCB_LOOKUP, cites=(CONNECT,))
def test_a_connected_socket_keeps_its_group(stack: Stack) -> None:
    """A UDP socket that is bound to a group is connected to a local address: is the group still held against a bind without options?"""
    member = stack.udp4()
    member.bind(GROUP)
    member.connect(CLIENT)
    assert stack.udp4().bind(GROUP) == EADDRINUSE


@experiment("{kind}/outgoing/duplicate-four-tuple/reuseaddr", rule=SAME_CONNECTION, cites=(CONNECT,))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_duplicate_connection_over_ipv6(stack: Stack, kind: str) -> None:
    """Is a second {kind} client refused the connection that a first one on its port has (both SO_REUSEADDR)?"""
    if kind == "tcp6":
        listening(stack, LOOPBACK6)
    first, second = stack.socket(kind, SO_REUSEADDR), stack.socket(kind, SO_REUSEADDR)
    first.bind(CLIENT6)
    first.connect(LOOPBACK6)
    second.bind(CLIENT6)
    assert second.connect(LOOPBACK6) == EADDRINUSE


@experiment("{kind}/outgoing/connected-local-port/no-options", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_bind_the_ipv6_port_of_a_connected_client(stack: Stack, kind: str) -> None:
    """Is the local port of a connected {kind} client refused to another without options?"""
    if kind == "tcp6":
        listening(stack, LOOPBACK6)
    first, second = stack.socket(kind), stack.socket(kind)
    first.bind(CLIENT6)
    first.connect(LOOPBACK6)
    assert second.bind(CLIENT6) == EADDRINUSE


@experiment("udp6/outgoing/bound-to-a-group/stays", rule=PCB_LOOKUP, cites=(CONNECT,))
def test_a_connected_ipv6_socket_keeps_its_group(stack: Stack) -> None:
    """Is an IPv6 group still held against a bind without options when its UDP socket is connected?"""
    member = stack.udp6()
    member.bind(GROUP6)
    member.connect(CLIENT6)
    assert stack.udp6().bind(GROUP6) == EADDRINUSE
