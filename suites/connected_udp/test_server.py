"""A server with a UDP socket for each client, and one for newcomers (DTLS, QUIC): who hears whom?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import received
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import LOOPBACK, OK, REUSEADDR, REUSEBOTH, REUSEPORT, SECOND, Address, Option, Options
from fixtures.specification.rules import CONNECTED_UDP
from suites.connected_udp.peers import CLIENT, EVERY_KIND, KINDS, LOOKUP, connected

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
