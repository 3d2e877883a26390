"""What does a UDP socket receive that is connected, and what one beside it that is not?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import received, received_here
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    EADDRINUSE,
    GROUP,
    GROUP6,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    NOBODY,
    NONE,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SECOND,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import CONNECTED_UDP, NO_OPTIONS, ONE_OR_EACH, SAME_CONNECTION
from fixtures.specification.rules import V6ONLY as IPV6_ALONE
from fixtures.specification.sources import TCPV2

LOOKUP = TCPV2.at("in_pcblookup")
V6ONLY = Options(IPV6_V6ONLY)
#: Kinds of socket, the options that each is always made with, the wildcard, and a specific address.
KINDS = [
    ("udp4", NONE,   WILDCARD,  LOOPBACK),
    ("udp6", V6ONLY, WILDCARD6, LOOPBACK6),
]  # fmt: skip
EVERY_KIND = pytest.mark.parametrize(("kind", "always", "wildcard", "specific"), KINDS, ids=str)


def connected(stack: Stack, kind: str, own: Address, peer: Address, *options: Option) -> Socket:
    """A socket that is bound and connected."""
    socket = stack.socket(kind, *options)
    socket.bind(own)
    socket.connect(peer)
    return socket


# Two sockets.


@experiment("{kind}/connected/each-other", rule=CONNECTED_UDP, cites=(LOOKUP,))
@EVERY_KIND
def test_each_hears_the_other(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """Two {kind} sockets are connected to each other: does each receive what the other sends?"""
    first = connected(stack, kind, specific, specific.at("Q"), *always)
    second = connected(stack, kind, specific.at("Q"), specific, *always)
    first.send(1)
    second.send(1)
    assert (second.recv(1), first.recv(1)) == (OK, OK)


@experiment("{kind}/connected/each-other/told-nothing", rule=CONNECTED_UDP)
@EVERY_KIND
def test_a_sender_hears_nothing(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """Two {kind} sockets are connected to each other and one sent: is its next send granted?"""
    first = connected(stack, kind, specific, specific.at("Q"), *always)
    connected(stack, kind, specific.at("Q"), specific, *always)
    first.send(1)
    assert first.send(1) == OK


@experiment("{kind}/connected/wildcards", rule=CONNECTED_UDP, cites=(LOOKUP,))
@EVERY_KIND
def test_wildcards_that_are_connected(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """Two {kind} sockets at the wildcard are connected to each other: does one hear the other?"""
    first = connected(stack, kind, wildcard, specific.at("Q"), *always)
    second = connected(stack, kind, wildcard.at("Q"), specific, *always)
    first.send(1)
    assert second.recv(1) == OK


@experiment("{kind}/connected/answer", rule=CONNECTED_UDP)
@EVERY_KIND
def test_a_server_answers(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """A {kind} client that drew its port is connected to a server: does it receive the answer?"""
    client = stack.socket(kind, *always)
    client.bind(specific.at("0"))
    client.connect(specific)
    server = connected(stack, kind, specific, client.address, *always)
    server.send(1)
    assert client.recv(1) == OK


@experiment("udp6/connected/each-other/mapped", rule=CONNECTED_UDP, cites=(LOOKUP,))
def test_each_hears_the_other_at_mapped_addresses(stack: Stack) -> None:
    """Two IPv6 sockets at mapped addresses are connected to each other: does one hear the other?"""
    first = connected(stack, "udp6", MAPPED, MAPPED.at("Q"), IPV6_V6ONLY.off)
    second = connected(stack, "udp6", MAPPED.at("Q"), MAPPED, IPV6_V6ONLY.off)
    first.send(1)
    assert second.recv(1) == OK


@experiment("udp/connected/across-families", rule=CONNECTED_UDP)
def test_across_families(stack: Stack) -> None:
    """An IPv6 socket is connected to a mapped address: does it receive what its IPv4 peer sends?"""
    server = connected(stack, "udp6", MAPPED, MAPPED.at("Q"), IPV6_V6ONLY.off)
    connected(stack, "udp4", LOOPBACK.at("Q"), LOOPBACK).send(1)
    assert server.recv(1) == OK


@experiment("udp4/connected/to-the-wildcard", rule=CONNECTED_UDP, cites=(LOOKUP,))
def test_a_peer_at_the_wildcard(stack: Stack) -> None:
    """A UDP socket connects to the wildcard and a port: does it receive what comes from there?"""
    server = connected(stack, "udp4", LOOPBACK, WILDCARD.at("Q"))
    connected(stack, "udp4", LOOPBACK.at("Q"), LOOPBACK).send(1)
    assert server.recv(1) == OK


@experiment("udp/connected/other-address", rule=CONNECTED_UDP, cites=(LOOKUP,))
def test_connected_from_another_address(stack: Stack) -> None:
    """A socket at 127.0.0.2 is connected to a client that sends to 127.0.0.1: does another there hear it?"""
    server = stack.udp4()
    server.bind(LOOPBACK)
    connected(stack, "udp4", SECOND, LOOPBACK.at("Q"))
    client = connected(stack, "udp4", LOOPBACK.at("Q"), LOOPBACK)
    assert received(server, client.send(1)) == OK


@experiment("{kind}/connected/stranger", rule=CONNECTED_UDP, cites=(LOOKUP,))
@EVERY_KIND
def test_a_stranger(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """The only {kind} socket of a port is connected: is it deaf to everybody but its peer?"""
    connected(stack, kind, specific, specific.at("Q"), *always)
    assert stack.connections(specific) == NOBODY


@experiment("udp6/connected/stranger/over-ipv4", rule=IPV6_ALONE)
def test_a_stranger_over_ipv4(stack: Stack) -> None:
    """Two IPv6 sockets with IPV6_V6ONLY have a port, and one is connected: is IPv4 heard by neither?"""
    general, narrow = stack.udp6(*V6ONLY, *REUSEADDR), stack.udp6(*V6ONLY, *REUSEADDR)
    general.bind(WILDCARD6)
    narrow.bind(LOOPBACK6)
    narrow.connect(LOOPBACK6.at("Q"))
    assert stack.connections(LOOPBACK) == NOBODY


@experiment("{kind}/connected/group", rule=CONNECTED_UDP, cites=(TCPV2.at("udp_input"),))
@pytest.mark.parametrize(("kind", "group", "peer"), [("udp4", GROUP, LOOPBACK), ("udp6", GROUP6, LOOPBACK6)])
def test_a_stranger_in_a_group(stack: Stack, kind: str, group: Address, peer: Address) -> None:
    """A {kind} socket at a group joined it and is connected: is it deaf to what strangers send there?"""
    member = connected(stack, kind, group, peer.at("Q"))
    member.join(group)
    assert stack.connections(group) == NOBODY


@experiment("udp4/connected/from-a-group", rule=CONNECTED_UDP)
def test_a_sender_that_is_bound_to_a_group(stack: Stack) -> None:
    """A socket bound to a group is connected to another at loopback: does what it sends arrive?"""
    receiver = stack.udp4()
    receiver.bind(LOOPBACK)
    sender = connected(stack, "udp4", GROUP.at("Q"), LOOPBACK)
    assert received(receiver, sender.send(1)) == OK


# One socket.


@experiment("{kind}/connected/to-itself/{place}", rule=CONNECTED_UDP)
@EVERY_KIND
@pytest.mark.parametrize("place", ["specific", "wildcard"])
def test_a_socket_hears_itself(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address, place: str) -> None:
    """A {kind} socket, bound to the {place} address, is connected to itself: does it receive what it sends?"""
    itself = connected(stack, kind, specific if place == "specific" else wildcard, specific, *always)
    itself.send(1)
    assert itself.recv(1) == OK


# A server with a socket for each client, and one for newcomers: DTLS, QUIC.

CLIENT = "Q"
#: Which of the two was bound first, and the options of both. 4.4BSD lets nobody in beside a socket of the same address that has no peer,
#: unless both have SO_REUSEPORT.
SERVERS = [
    ("connection", REUSEADDR),
    ("connection", REUSEPORT),
    ("connection", REUSEBOTH),
    ("newcomers",  REUSEPORT),
    ("newcomers",  REUSEBOTH),
]  # fmt: skip
EVERY_SERVER = pytest.mark.parametrize(("older", "options"), SERVERS, ids=str)
#: A newcomer reaches the socket for newcomers also where the client's cannot be bound beside it. udp4/connected/receives asks the rest.
NEWCOMERS = [
    (*kind, older, options)
    for kind in KINDS
    for older, options in [*SERVERS, ("newcomers", REUSEADDR)]
    if (kind[0], older) != ("udp4", "connection") or options == REUSEBOTH
]


def server(stack: Stack, kind: str, older: str, newcomers: Address, own: Address, *options: Option) -> tuple[Socket, Socket]:
    """The socket of a client, and the one for newcomers."""
    connection, rest = stack.socket(kind, *options), stack.socket(kind, *options)
    if older == "newcomers":
        rest.bind(newcomers)
    connection.bind(own)
    connection.connect(own.at(CLIENT))
    if older == "connection":
        rest.bind(newcomers)
    return connection, rest


@experiment("{kind}/connected/server/{older}-first/{options}/client", rule=CONNECTED_UDP, cites=(LOOKUP,))
@EVERY_KIND
@EVERY_SERVER
def test_the_client_of_a_server(
    stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address, older: str, options: Options
) -> None:
    """A {kind} server ({options.aloud}, its {older} first): does the client reach its own socket?"""
    connection, _ = server(stack, kind, older, specific, specific, *always, *options)
    connected(stack, kind, specific.at(CLIENT), specific, *always).send(1)
    assert connection.recv(1) == OK


@experiment("{kind}/connected/server/{older}-first/{options}/newcomer", rule=CONNECTED_UDP, cites=(LOOKUP,))
@pytest.mark.parametrize(("kind", "always", "wildcard", "specific", "older", "options"), NEWCOMERS, ids=str)
def test_a_newcomer_to_a_server(
    stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address, older: str, options: Options
) -> None:
    """A {kind} server ({options.aloud}, its {older} first): does a newcomer reach the other socket?"""
    _, rest = server(stack, kind, older, specific, specific, *always, *options)
    assert stack.connections(specific) == rest.itself


@experiment("{kind}/connected/server/wildcard/{older}-first/client", rule=CONNECTED_UDP, cites=(LOOKUP,))
@EVERY_KIND
@pytest.mark.parametrize("older", ["connection", "newcomers"])
def test_the_client_of_a_server_at_the_wildcard(
    stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address, older: str
) -> None:
    """A {kind} server's newcomers are at the wildcard ({older} first): does a client reach its socket?"""
    connection, _ = server(stack, kind, older, wildcard, specific, *always, *REUSEADDR)
    connected(stack, kind, specific.at(CLIENT), specific, *always).send(1)
    assert connection.recv(1) == OK


@experiment("{kind}/connected/server/wildcard/{older}-first/newcomer", rule=CONNECTED_UDP, cites=(LOOKUP,))
@EVERY_KIND
@pytest.mark.parametrize("older", ["connection", "newcomers"])
def test_a_newcomer_to_a_server_at_the_wildcard(
    stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address, older: str
) -> None:
    """A {kind} server has a wildcard for newcomers ({older} first): does a newcomer reach it?"""
    _, rest = server(stack, kind, older, wildcard, specific, *always, *REUSEADDR)
    assert stack.connections(specific) == rest.itself


def server_at_the_wildcard(
    stack: Stack, kind: str, older: str, wildcard: Address, specific: Address, *always: Option
) -> tuple[Socket, Socket]:
    """The socket of a client, which was bound to the wildcard, and the one for newcomers, which has the address."""
    connection, rest = stack.socket(kind, *always, *REUSEADDR), stack.socket(kind, *always, *REUSEADDR)
    if older == "newcomers":
        rest.bind(specific)
    connection.bind(wildcard)
    connection.connect(specific.at(CLIENT))
    if older == "connection":
        rest.bind(specific)
    return connection, rest


@experiment("{kind}/connected/server/client-at-the-wildcard/{older}-first", rule=CONNECTED_UDP, cites=(LOOKUP,))
@EVERY_KIND
@pytest.mark.parametrize("older", ["connection", "newcomers"])
def test_the_client_of_a_socket_at_the_wildcard(
    stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address, older: str
) -> None:
    """A {kind} server bound a client's socket to the wildcard ({older} first): does the client reach it?"""
    connection, _ = server_at_the_wildcard(stack, kind, older, wildcard, specific, *always)
    connected(stack, kind, specific.at(CLIENT), specific, *always).send(1)
    assert connection.recv(1) == OK


@experiment("{kind}/connected/server/client-at-the-wildcard/{older}-first/newcomer", rule=CONNECTED_UDP, cites=(LOOKUP,))
@EVERY_KIND
@pytest.mark.parametrize("older", ["connection", "newcomers"])
def test_a_newcomer_beside_a_socket_at_the_wildcard(
    stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address, older: str
) -> None:
    """A {kind} server bound a client's socket to the wildcard ({older} first): do others reach the rest?"""
    _, rest = server_at_the_wildcard(stack, kind, older, wildcard, specific, *always)
    newcomer = connected(stack, kind, specific.at("0"), specific, *always)
    newcomer.send(1)
    assert (rest.recv(1), stack.connections(specific)) == (OK, rest.itself)


@experiment("{kind}/connected/server/two-clients/{options}", rule=CONNECTED_UDP, cites=(LOOKUP,))
@EVERY_KIND
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)
def test_two_clients(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address, options: Options) -> None:
    """A {kind} server has a connected socket for each of two clients: does the second reach its own?"""
    connected(stack, kind, specific, specific.at(CLIENT), *always, *options)
    second_client = stack.socket(kind, *always)
    second_client.bind(specific.at("0"))
    second_client.connect(specific)
    second = connected(stack, kind, specific, second_client.address, *always, *options)
    second_client.send(1)
    assert second.recv(1) == OK


@experiment("udp4/connected/server/two-addresses", rule=CONNECTED_UDP, cites=(LOOKUP,))
def test_one_client_of_two_addresses(stack: Stack) -> None:
    """A UDP server has a socket for one client at each of its addresses: does that of the second hear?"""
    first, second = stack.udp4(), stack.udp4()
    first.bind(LOOPBACK)
    assert second.bind(SECOND) == OK
    for socket in (first, second):
        socket.connect(LOOPBACK.at(CLIENT))
    assert received(second, connected(stack, "udp4", LOOPBACK.at(CLIENT), SECOND).send(1)) == OK


@experiment("{kind}/connected/server/connection-closed/{options}", rule=CONNECTED_UDP)
@EVERY_KIND
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)
def test_a_client_without_a_connection(
    stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address, options: Options
) -> None:
    """A {kind} server has closed a client's socket: does the client reach the one for newcomers?"""
    connection, rest = server(stack, kind, "connection", specific, specific, *always, *options)
    client = connected(stack, kind, specific.at(CLIENT), specific, *always)
    connection.close()
    client.send(1)
    assert rest.recv(1) == OK


# A second socket that wants the peer of another: 4.4BSD refuses it, and it is left as it was.


def second_of_a_peer(stack: Stack, place: Address = LOOPBACK) -> tuple[Socket, Socket]:
    """Two sockets at one address, of which the first is connected, and the second asks for the same peer."""
    first, second = stack.udp4(*REUSEPORT), stack.udp4(*REUSEPORT)
    for socket in (first, second):
        socket.bind(place)
    first.connect(LOOPBACK.at(CLIENT))
    second.connect(LOOPBACK.at(CLIENT))
    return first, second


@experiment("{kind}/connected/two-of-one-peer", rule=SAME_CONNECTION, cites=(LOOKUP,))
@EVERY_KIND
def test_two_sockets_of_one_peer(stack: Stack, kind: str, always: Options, wildcard: Address, specific: Address) -> None:
    """Two {kind} sockets of one address ask for one peer: is the second refused, or the one that hears?"""
    first, second = stack.socket(kind, *always, *REUSEADDR), stack.socket(kind, *always, *REUSEADDR)
    first.bind(specific)
    first.connect(specific.at(CLIENT))
    second.bind(specific)
    if second.connect(specific.at(CLIENT)) == OK:
        connected(stack, kind, specific.at(CLIENT), specific, *always).send(1)
        assert received_here(second) == OK


@experiment("udp4/connected/refused/hears", rule=SAME_CONNECTION)
def test_a_refused_socket_hears_strangers(stack: Stack) -> None:
    """One of two with SO_REUSEPORT was refused the peer of the other: does it still hear strangers?"""
    _, second = second_of_a_peer(stack)
    assert stack.connections(LOOPBACK) == second.itself


@experiment("udp4/connected/refused/holds", rule=SAME_CONNECTION)
def test_a_refused_socket_holds_its_port(stack: Stack) -> None:
    """A UDP socket was refused the peer of another, which has closed: does it still hold its port?"""
    first, _ = second_of_a_peer(stack)
    first.close()
    assert stack.udp4().bind(LOOPBACK) == EADDRINUSE


@experiment("udp4/connected/refused/closed", rule=SAME_CONNECTION)
def test_a_refused_socket_closes(stack: Stack) -> None:
    """A UDP socket was refused the peer of another, and has closed: does that still hold the port?"""
    _, second = second_of_a_peer(stack)
    second.close()
    assert stack.udp4().bind(LOOPBACK) == EADDRINUSE


@experiment("udp4/connected/refused/closed/{beside}", rule=SAME_CONNECTION)
@pytest.mark.parametrize(("beside", "place"), [("peer", LOOPBACK.at(CLIENT)), ("wildcard", WILDCARD)], ids=str)
def test_a_refused_socket_closes_beside_a_third(stack: Stack, beside: str, place: Address) -> None:
    """A socket was refused another's peer, and closed, as did a third ({beside}): is the port held?"""
    third = stack.udp4(*REUSEPORT)
    third.bind(place)
    _, second = second_of_a_peer(stack)
    second.close()
    third.close()
    assert stack.udp4().bind(LOOPBACK) == EADDRINUSE


@experiment("udp4/connected/refused/beside/{wanted}", rule=SAME_CONNECTION)
@pytest.mark.parametrize(
    ("wanted", "options", "place", "expected"),
    [
        ("other-address", NONE,      SECOND,              OK),
        ("other-port",    NONE,      LOOPBACK.at(CLIENT), OK),
        ("reuseport",     REUSEPORT, LOOPBACK,            OK),
        ("wildcard",      NONE,      WILDCARD,            EADDRINUSE),
    ],
    ids=str,
)  # fmt: skip
def test_beside_a_refused_socket(stack: Stack, wanted: str, options: Options, place: Address, expected: Answer) -> None:
    """A UDP socket was refused the peer of another, which has closed. May a third bind ({wanted})?"""
    first, _ = second_of_a_peer(stack)
    first.close()
    assert stack.udp4(*options).bind(place) == expected


@experiment("udp4/connected/refused/group", rule=ONE_OR_EACH)
def test_a_refused_socket_hears_a_group(stack: Stack) -> None:
    """A UDP socket at the wildcard was refused the peer of another, and joined a group: does it hear it?"""
    _, second = second_of_a_peer(stack, WILDCARD)
    second.join(GROUP)
    assert stack.connections(GROUP) == second.itself


@experiment("udp4/connected/twice-to-one-peer/holds", rule=NO_OPTIONS)
def test_a_socket_that_connected_twice_holds_its_port(stack: Stack) -> None:
    """A UDP socket connected twice to the same peer: does it hold its port against another?"""
    connected(stack, "udp4", LOOPBACK, LOOPBACK.at(CLIENT)).connect(LOOPBACK.at(CLIENT))
    assert stack.udp4().bind(LOOPBACK) == EADDRINUSE


# A second connect.


@experiment("udp4/connected/two-addresses", rule=CONNECTED_UDP, cites=(LOOKUP,))
def test_one_peer_of_two_addresses(stack: Stack) -> None:
    """Two sockets at two addresses of a port have one peer: does it reach the one that it writes to?"""
    peer = stack.udp4()
    peer.bind(LOOPBACK.at("Q"))
    first = connected(stack, "udp4", LOOPBACK, LOOPBACK.at("Q"))
    connected(stack, "udp4", SECOND, LOOPBACK.at("Q"))
    peer.connect(LOOPBACK)
    peer.send(1)
    assert first.recv(1) == OK


@experiment("udp/connected/same-connection/error-waits", rule=SAME_CONNECTION)
def test_same_connection_while_an_error_waits(stack: Stack) -> None:
    """A UDP socket was told of no port, and wants a peer that its twin has (SO_REUSEPORT). Is it refused?"""
    first, second = (stack.udp4(*REUSEPORT) for _ in range(2))
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    first.connect(LOOPBACK.at("Q"))
    second.connect(LOOPBACK.at("R"))
    second.send(1)
    assert second.connect(LOOPBACK.at("Q")) == EADDRINUSE


@experiment("udp/connected/same-connection/then-elsewhere", rule=CONNECTED_UDP)
def test_another_connection_after_the_same(stack: Stack) -> None:
    """A UDP socket asked for the peer of its twin (SO_REUSEPORT), which closed. May it connect elsewhere?"""
    first, second = (stack.udp4(*REUSEPORT) for _ in range(2))
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    first.connect(LOOPBACK.at("Q"))
    second.connect(LOOPBACK.at("R"))
    second.connect(LOOPBACK.at("Q"))
    first.close()
    # Somebody else asks for the address meanwhile.
    stack.udp4().bind(LOOPBACK)
    assert second.connect(LOOPBACK.at("R")) == OK
