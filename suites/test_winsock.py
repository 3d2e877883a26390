"""Microsoft's tables of a second bind, cell by cell, and what its pages and others say of SO_EXCLUSIVEADDRUSE beyond them."""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Actor, Socket, Stack
from fixtures.language.words import (
    EACCES,
    EADDRINUSE,
    ESTABLISHED,
    EXCLUSIVE,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    MAPPED_WILDCARD,
    NOBODY,
    NONE,
    OK,
    REUSEADDR,
    SO_EXCLUSIVEADDRUSE,
    SO_REUSE_UNICASTPORT,
    SO_REUSEADDR,
    TIME_WAIT,
    WILDCARD,
    WILDCARD6,
    WR,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import (
    CHOSEN_PORTS,
    DUAL_STACK,
    ENHANCED_SAME,
    ENHANCED_SPECIFIC,
    ENHANCED_WILDCARD,
    EXCLUSIVE_USE,
    NOBODY_LISTENS,
    TIME_WAIT_REBIND,
)
from fixtures.specification.sources import (
    DOTNET_UNICASTPORT,
    G3_UNICASTPORT,
    LIBUV_WINDOWS,
    TRIO,
    WINE_TESTS,
    WINSOCK,
    WINSOCK_OPTION,
    WINSOCK_OPTIONS,
    WSK,
)

TABLES = WINSOCK.at("Enhanced Socket Security, tables 2 and 3")
ADDRESSES = {"wildcard": WILDCARD, "specific": LOOPBACK}
ANSWERS = {"Success": OK, "INUSE": EADDRINUSE, "ACCESS": EACCES}
OPTIONS = (NONE, REUSEADDR, EXCLUSIVE)
#: A column is what the second asks for, a row below what the first holds: each option set at the wildcard, then at a specific address.
COLUMNS = [(options, where) for options in OPTIONS for where in ADDRESSES]

SAME_USER = """
    INUSE    Success  ACCESS   Success  INUSE    Success
    Success  INUSE    Success  ACCESS   INUSE    INUSE
    INUSE    Success  Success  Success  INUSE    Success
    Success  INUSE    Success  Success  INUSE    INUSE
    INUSE    ACCESS   ACCESS   ACCESS   INUSE    ACCESS
    Success  INUSE    Success  ACCESS   INUSE    INUSE
"""
ANOTHER_USER = """
    INUSE    ACCESS   ACCESS   ACCESS   INUSE    ACCESS
    Success  INUSE    Success  ACCESS   INUSE    INUSE
    INUSE    ACCESS   Success  Success  INUSE    ACCESS
    Success  INUSE    Success  Success  INUSE    INUSE
    INUSE    ACCESS   ACCESS   ACCESS   INUSE    ACCESS
    Success  INUSE    Success  ACCESS   INUSE    INUSE
"""

Cell = tuple[Options, str, Options, str, Answer]


def cells(table: str, held: str, wanted: str) -> list[Cell]:
    """The cells of a table in which the first holds this kind of address and the second wants that one."""
    rows = [line.split() for line in table.strip().splitlines()]
    all_cells = [(*first, *second, ANSWERS[rows[i][j]]) for i, first in enumerate(COLUMNS) for j, second in enumerate(COLUMNS)]
    return [cell for cell in all_cells if (cell[1], cell[3]) == (held, wanted)]


def the_same(table: str) -> list[Cell]:
    """The cells in which both want the same address."""
    return cells(table, "wildcard", "wildcard") + cells(table, "specific", "specific")


def second_bind(stack: Stack, user: Stack | Actor, kind: str, cell: Cell) -> Answer:
    """Play one cell; a stack without SO_EXCLUSIVEADDRUSE says so before anything is bound."""
    first, held, second, wanted, _ = cell
    stack.socket(kind, SO_EXCLUSIVEADDRUSE).close()
    newcomer = user.socket(kind, *second)
    stack.socket(kind, *first).bind(ADDRESSES[held])
    return newcomer.bind(ADDRESSES[wanted])


def named(some: list[Cell]) -> list[tuple[Cell, str]]:
    """Each cell with its name, made of what the first holds and the second wants."""
    return [(cell, f"{cell[0]}-{cell[1]}-then-{cell[2]}-{cell[3]}") for cell in some]


KINDS = ("tcp4", "udp4")


@experiment("{kind}/winsock/same-user/{name}", rule=ENHANCED_SAME, cites=(TABLES, WSK.at("table")))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("cell", "name"), named(the_same(SAME_USER)), ids=str)
def test_one_address_one_user(stack: Stack, kind: str, cell: Cell, name: str) -> None:
    """Microsoft's table for one user, {name}: does the second {kind} bind get the answer of the table?"""
    assert second_bind(stack, stack, kind, cell) == cell[-1]


@experiment("{kind}/winsock/another-user/{name}", rule=ENHANCED_SAME, cites=(TABLES,))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("cell", "name"), named(the_same(ANOTHER_USER)), ids=str)
def test_one_address_two_users(stack: Stack, kind: str, cell: Cell, name: str) -> None:
    """Microsoft's table for two users, {name}: does the second {kind} bind get the answer of the table?"""
    assert second_bind(stack, stack.stranger, kind, cell) == cell[-1]


@experiment("{kind}/winsock/same-user/{name}", rule=ENHANCED_SPECIFIC, cites=(TABLES,))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("cell", "name"), named(cells(SAME_USER, "wildcard", "specific")), ids=str)
def test_specific_beside_own_wildcard(stack: Stack, kind: str, cell: Cell, name: str) -> None:
    """Microsoft's table for one user, {name}: does the second {kind} bind get the answer of the table?"""
    assert second_bind(stack, stack, kind, cell) == cell[-1]


@experiment("{kind}/winsock/another-user/{name}", rule=ENHANCED_SPECIFIC, cites=(TABLES,))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("cell", "name"), named(cells(ANOTHER_USER, "wildcard", "specific")), ids=str)
def test_specific_beside_another_users_wildcard(stack: Stack, kind: str, cell: Cell, name: str) -> None:
    """Microsoft's table for two users, {name}: does the second {kind} bind get the answer of the table?"""
    assert second_bind(stack, stack.stranger, kind, cell) == cell[-1]


@experiment("{kind}/winsock/same-user/{name}", rule=ENHANCED_WILDCARD, cites=(TABLES,))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("cell", "name"), named(cells(SAME_USER, "specific", "wildcard")), ids=str)
def test_wildcard_beside_own_specific(stack: Stack, kind: str, cell: Cell, name: str) -> None:
    """Microsoft's table for one user, {name}: does the second {kind} bind get the answer of the table?"""
    assert second_bind(stack, stack, kind, cell) == cell[-1]


@experiment("{kind}/winsock/another-user/{name}", rule=ENHANCED_WILDCARD, cites=(TABLES,))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("cell", "name"), named(cells(ANOTHER_USER, "specific", "wildcard")), ids=str)
def test_wildcard_beside_another_users_specific(stack: Stack, kind: str, cell: Cell, name: str) -> None:
    """Microsoft's table for two users, {name}: does the second {kind} bind get the answer of the table?"""
    assert second_bind(stack, stack.stranger, kind, cell) == cell[-1]


#: IPv4 and both stacks. 0.0.0.0 counts as an address of the dual-stack wildcard, as Wine's tests have it.
PLACES: dict[str, tuple[str, Address]] = {
    "any4": ("tcp4", WILDCARD),
    "loopback4": ("tcp4", LOOPBACK),
    "dual": ("tcp6", WILDCARD6),
    "loopback6": ("tcp6", LOOPBACK6),
    "mapped": ("tcp6", MAPPED),
    "mapped-any": ("tcp6", MAPPED_WILDCARD),
}
BOTH_STACKS = [
    ("dual",       EXCLUSIVE, "loopback4", NONE,      EACCES),
    ("loopback4",  NONE,      "dual",      EXCLUSIVE, EADDRINUSE),
    ("loopback6",  NONE,      "any4",      EXCLUSIVE, OK),
    ("loopback6",  EXCLUSIVE, "loopback4", EXCLUSIVE, OK),
    ("loopback4",  NONE,      "loopback6", EXCLUSIVE, OK),
    ("mapped",     NONE,      "any4",      EXCLUSIVE, EADDRINUSE),
    ("dual",       EXCLUSIVE, "any4",      NONE,      EACCES),
    ("dual",       NONE,      "any4",      EXCLUSIVE, OK),
    ("dual",       NONE,      "any4",      NONE,      OK),
    ("mapped-any", NONE,      "any4",      NONE,      EADDRINUSE),
    ("mapped",     NONE,      "loopback4", NONE,      EADDRINUSE),
    ("loopback4",  NONE,      "mapped",    NONE,      EADDRINUSE),
]  # fmt: skip


def placed(stack: Stack, place: str, options: Options) -> Socket:
    """A socket for the place, of both stacks where it is IPv6."""
    kind, _ = PLACES[place]
    return stack.socket(kind, *([IPV6_V6ONLY.off] if kind == "tcp6" else []), *options)


@experiment("tcp/winsock/both-stacks/{held}-{first}-then-{wanted}-{second}", rule=DUAL_STACK, cites=(WINE_TESTS.at("test_reuseaddr"),))
@pytest.mark.parametrize(("held", "first", "wanted", "second", "expected"), BOTH_STACKS, ids=str)
def test_both_stacks(stack: Stack, held: str, first: Options, wanted: str, second: Options, expected: Answer) -> None:
    """A {held} socket with {first} is bound: does the bind of a {wanted} socket with {second} get the answer that Wine's tests expect?"""
    stack.tcp4(SO_EXCLUSIVEADDRUSE).close()
    newcomer, holder = placed(stack, wanted, second), placed(stack, held, first)
    holder.bind(PLACES[held][1])
    assert newcomer.bind(PLACES[wanted][1]) == expected


# What a dead server leaves.
LEFT = [
    (EXCLUSIVE, EXCLUSIVE),
    (EXCLUSIVE, NONE),
    (NONE,      EXCLUSIVE),
]  # fmt: skip


def dead_server(stack: Stack, options: Options, state: str) -> None:
    """A server that has closed; its connection is left in this state."""
    listener = listening(stack, LOOPBACK, *options)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    listener.close()
    if state == TIME_WAIT:
        accepted.close()
        client.recv(1)
        client.close()
    stack.shows(LOOPBACK, state)


@experiment(
    "tcp/exclusive/dead-server/established/{first}-{second}", rule=EXCLUSIVE_USE, cites=(WINSOCK_OPTION.at("Remarks"), TRIO.at("all"))
)
@pytest.mark.parametrize(("first", "second"), LEFT, ids=str)
def test_an_open_connection(stack: Stack, first: Options, second: Options) -> None:
    """A server with {first} closed and its connection is still open: is one with {second} refused its address?"""
    newcomer = stack.tcp4(*second)
    dead_server(stack, first, ESTABLISHED)
    assert newcomer.bind(LOOPBACK) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/dead-server/time-wait/{first}-{second}", rule=TIME_WAIT_REBIND, cites=(LIBUV_WINDOWS.at("uv__tcp_try_bind"),))
@pytest.mark.parametrize(("first", "second"), LEFT, ids=str)
def test_a_time_wait(stack: Stack, first: Options, second: Options) -> None:
    """A server with {first} closed and its connection is in TIME_WAIT: is one with {second}, without SO_REUSEADDR, refused its address?"""
    newcomer = stack.tcp4(*second)
    dead_server(stack, first, TIME_WAIT)
    assert newcomer.bind(LOOPBACK) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/dead-server/graceful", rule=EXCLUSIVE_USE, cites=(WINSOCK.at("Using SO_EXCLUSIVEADDRUSE, graceful shutdown"),))
def test_a_client_that_closed_first(stack: Stack) -> None:
    """The client of an exclusive server closed first and the server read its end: may an exclusive server start at once?"""
    newcomer, listener = stack.tcp4(SO_EXCLUSIVEADDRUSE), stack.tcp4(SO_EXCLUSIVEADDRUSE)
    listener.bind(LOOPBACK)
    listener.listen()
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    listener.close()
    client.shutdown(WR)
    accepted.recv(1)
    accepted.close()
    assert newcomer.bind(LOOPBACK) == OK


@experiment("tcp/exclusive/late/{second}", rule=EXCLUSIVE_USE, cites=(WINSOCK_OPTION.at("Remarks"),))
@pytest.mark.parametrize("second", [NONE, REUSEADDR], ids=str)
def test_cleared_after_bind(stack: Stack, second: Options) -> None:
    """A socket holds the wildcard and cleared SO_EXCLUSIVEADDRUSE after bind: is one with {second} still refused a specific address?"""
    holder = stack.tcp4(SO_EXCLUSIVEADDRUSE)
    holder.bind(WILDCARD)
    holder.set(SO_EXCLUSIVEADDRUSE.off)
    assert stack.tcp4(*second).bind(LOOPBACK) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/after-clearing-reuseaddr", rule=EXCLUSIVE_USE, cites=(WINE_TESTS.at("test_reuseaddr"),))
def test_exclusive_after_reuseaddr_is_cleared(stack: Stack) -> None:
    """May a socket that set SO_REUSEADDR and cleared it set SO_EXCLUSIVEADDRUSE?"""
    changed = stack.tcp4(SO_REUSEADDR)
    changed.set(SO_REUSEADDR.off)
    stack.tcp4(SO_EXCLUSIVEADDRUSE).close()
    assert changed.set(SO_EXCLUSIVEADDRUSE) == OK


@experiment("tcp/exclusive/default", rule=EXCLUSIVE_USE, cites=(WINSOCK_OPTION.at("Remarks"),))
def test_the_default_is_off(stack: Stack) -> None:
    """Is SO_EXCLUSIVEADDRUSE off on a new socket?"""
    stack.tcp4(SO_EXCLUSIVEADDRUSE).close()
    assert stack.tcp4().get(SO_EXCLUSIVEADDRUSE) == Answer("0")


@experiment("tcp/winsock/bound-only/specific-beside-listening-wildcard", rule=NOBODY_LISTENS, cites=(TABLES,))
def test_a_bound_specific_beside_a_listening_wildcard(stack: Stack) -> None:
    """The wildcard listens, a specific address is only bound, no options: does the wildcard receive what goes there, if anyone does?"""
    stack.tcp4(SO_EXCLUSIVEADDRUSE).close()
    general, silent = stack.tcp4(), stack.tcp4()
    general.bind(WILDCARD)
    silent.bind(LOOPBACK)
    general.listen()
    assert stack.connections(LOOPBACK) in (general.itself, NOBODY)


UNICASTPORT = WINSOCK_OPTIONS.at("SO_REUSE_UNICASTPORT")
BY_NAME = Options(SO_REUSE_UNICASTPORT)
# None of these is SO_REUSEADDR on both, which alone would share the address.
BESIDE_UNICASTPORT = [(NONE, BY_NAME), (BY_NAME, NONE), (BY_NAME, BY_NAME), (REUSEADDR, BY_NAME), (BY_NAME, REUSEADDR)]


@experiment("tcp/unicastport/named-port/first-{first}/second-{second}", rule=CHOSEN_PORTS, cites=(UNICASTPORT, TABLES))
@pytest.mark.parametrize(("first", "second"), BESIDE_UNICASTPORT, ids=str)
def test_unicastport_and_a_named_port(stack: Stack, first: Options, second: Options) -> None:
    """A socket ({first}) holds a port: is another ({second}) that names the same port refused?"""
    stack.tcp4(SO_REUSE_UNICASTPORT).close()
    stack.tcp4(*first).bind(LOOPBACK)
    assert stack.tcp4(*second).bind(LOOPBACK) in (EADDRINUSE, EACCES)


@experiment("tcp/unicastport/outgoing", rule=CHOSEN_PORTS, cites=(UNICASTPORT, DOTNET_UNICASTPORT.at("The problem")))
def test_unicastport_on_outgoing_connections(stack: Stack) -> None:
    """Two clients with SO_REUSE_UNICASTPORT bind port 0: do both connect to one server?"""
    clients = [stack.tcp4(SO_REUSE_UNICASTPORT) for _ in range(2)]
    listening(stack, LOOPBACK)
    for client in clients:
        client.bind(LOOPBACK.at("0"))
    assert [client.connect(LOOPBACK) for client in clients] == [OK, OK]


@experiment("tcp/unicastport/chosen-port-named", rule=CHOSEN_PORTS, cites=(DOTNET_UNICASTPORT.at("The problem"),))
def test_a_port_chosen_with_unicastport(stack: Stack) -> None:
    """A client with SO_REUSE_UNICASTPORT connected from port 0: is a second socket refused the port that it got?"""
    client, listener = stack.tcp4(SO_REUSE_UNICASTPORT), stack.tcp4()
    listener.bind(LOOPBACK)
    listener.listen()
    client.bind(LOOPBACK.at("0"))
    client.connect(LOOPBACK)
    assert stack.tcp4().bind(client.address) == EADDRINUSE


@experiment("tcp/unicastport/before-connect", rule=CHOSEN_PORTS, cites=(DOTNET_UNICASTPORT.at("The problem"),))
def test_the_port_before_connect(stack: Stack) -> None:
    """A client with SO_REUSE_UNICASTPORT bound port 0 and has not connected: may a second bind the port that it shows, if it shows one?"""
    client = stack.tcp4(SO_REUSE_UNICASTPORT)
    client.bind(LOOPBACK.at("0"))
    assert stack.tcp4().bind(client.address) in (EADDRINUSE, OK)


@experiment("udp/unicastport/default", rule=CHOSEN_PORTS, cites=(G3_UNICASTPORT.at("g3-socket, BindAddr::bind_udp_for_connect"),))
def test_unicastport_for_udp(stack: Stack) -> None:
    """May a UDP socket set SO_REUSE_UNICASTPORT, as a TCP socket may?"""
    stack.tcp4(SO_REUSE_UNICASTPORT).close()
    assert stack.udp4().set(SO_REUSE_UNICASTPORT) == OK
