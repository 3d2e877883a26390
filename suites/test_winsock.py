"""Microsoft's tables of a second bind, cell by cell, and what its pages and others say of SO_EXCLUSIVEADDRUSE beyond them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import close_in_turn, half_close, leave, listener_gone, listening
from fixtures.language.stack import Actor, Stack
from fixtures.language.words import (
    EACCES,
    EADDRINUSE,
    EXCLUSIVE,
    LOOPBACK,
    NOBODY,
    NONE,
    OK,
    REUSEADDR,
    SO_EXCLUSIVEADDRUSE,
    SO_REUSE_UNICASTPORT,
    SO_REUSEADDR,
    TIME_WAIT,
    WILDCARD,
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
    Rule,
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
from suites.places import ANY4, DUAL, MAPPED4, MAPPED_ANY, ONE4, ONE6, Place, make

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


@dataclass(frozen=True)
class Cell:
    """A cell of a table: options and address of the first, options and address of the second, and the answer to its bind."""

    first: Options
    held: str
    second: Options
    wanted: str
    expected: Answer

    @property
    def here(self) -> Address:
        """The address that the first holds."""
        return ADDRESSES[self.held]

    @property
    def there(self) -> Address:
        """The address that the second wants."""
        return ADDRESSES[self.wanted]

    @property
    def rule(self) -> Rule:
        """Microsoft's sentence about these two addresses."""
        if self.held == self.wanted:
            return ENHANCED_SAME
        return ENHANCED_SPECIFIC if self.wanted == "specific" else ENHANCED_WILDCARD

    def __str__(self) -> str:
        return f"{self.first}-{self.held}-then-{self.second}-{self.wanted}"


def cells(table: str) -> list[Cell]:
    """The cells of a table."""
    rows = [line.split() for line in table.strip().splitlines()]
    return [Cell(*first, *second, ANSWERS[rows[i][j]]) for i, first in enumerate(COLUMNS) for j, second in enumerate(COLUMNS)]


def second_bind(stack: Stack, user: Stack | Actor, kind: str, cell: Cell) -> Answer:
    """Play one cell; a stack without SO_EXCLUSIVEADDRUSE says so before anything is bound."""
    stack.socket(kind, SO_EXCLUSIVEADDRUSE).close()
    newcomer = user.socket(kind, *cell.second)
    stack.socket(kind, *cell.first).bind(cell.here)
    return newcomer.bind(cell.there)


KINDS = ("tcp4", "udp4")


# The table for drivers says the same; where it says that access is checked, one user has access to what is its own.
@experiment("{kind}/winsock/same-user/{cell}", rule=lambda cell: cell.rule, cites=(TABLES, WSK.at("table")))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cell", cells(SAME_USER), ids=str)
def test_one_user(stack: Stack, kind: str, cell: Cell) -> None:
    """A {kind} socket with {cell.first.aloud} holds {cell.here.aloud}: may one with {cell.second.aloud} bind {cell.there.aloud}?"""
    assert second_bind(stack, stack, kind, cell) == cell.expected


@experiment("{kind}/winsock/another-user/{cell}", rule=lambda cell: cell.rule, cites=(TABLES,))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cell", cells(ANOTHER_USER), ids=str)
def test_two_users(stack: Stack, kind: str, cell: Cell) -> None:
    """A user holds {cell.here.aloud} with {cell.first.aloud}: may another bind {cell.there.aloud} with {cell.second.aloud} ({kind})?"""
    assert second_bind(stack, stack.stranger, kind, cell) == cell.expected


# 0.0.0.0 counts as an address of the dual-stack wildcard, as Wine's tests have it.
BOTH_STACKS = [
    # held,           first,     wanted,          second,    the second bind
    (DUAL,            EXCLUSIVE, ONE4,       NONE,      EACCES),
    (ONE4,       NONE,      DUAL,            EXCLUSIVE, EADDRINUSE),
    (ONE6,   NONE,      ANY4,            EXCLUSIVE, OK),
    (ONE6,   EXCLUSIVE, ONE4,       EXCLUSIVE, OK),
    (ONE4,       NONE,      ONE6,   EXCLUSIVE, OK),
    (MAPPED4, NONE,      ANY4,            EXCLUSIVE, EADDRINUSE),
    (DUAL,            EXCLUSIVE, ANY4,            NONE,      EACCES),
    (DUAL,            NONE,      ANY4,            EXCLUSIVE, OK),
    (DUAL,            NONE,      ANY4,            NONE,      OK),
    (MAPPED_ANY,      NONE,      ANY4,            NONE,      EADDRINUSE),
    (MAPPED4, NONE,      ONE4,       NONE,      EADDRINUSE),
    (ONE4,       NONE,      MAPPED4, NONE,      EADDRINUSE),
]  # fmt: skip


@experiment("tcp/winsock/both-stacks/{held}-{first}-then-{wanted}-{second}", rule=DUAL_STACK, cites=(WINE_TESTS.at("test_reuseaddr"),))
@pytest.mark.parametrize(("held", "first", "wanted", "second", "expected"), BOTH_STACKS, ids=str)
def test_both_stacks(stack: Stack, held: Place, first: Options, wanted: Place, second: Options, expected: Answer) -> None:
    """One socket holds {held.address.aloud} with {first.aloud}: may another bind {wanted.address.aloud} with {second.aloud}?"""
    stack.tcp4(SO_EXCLUSIVEADDRUSE).close()
    newcomer, holder = make(stack, "tcp", wanted, *second), make(stack, "tcp", held, *first)
    holder.bind(held.address)
    assert newcomer.bind(wanted.address) == expected


# The options of a server that is gone and of its successor.
SUCCESSORS = [
    (EXCLUSIVE, EXCLUSIVE),
    (EXCLUSIVE, NONE),
    (NONE,      EXCLUSIVE),
]  # fmt: skip


@experiment(
    "tcp/exclusive/dead-server/established/{first}-{second}", rule=EXCLUSIVE_USE, cites=(WINSOCK_OPTION.at("Remarks"), TRIO.at("all"))
)
@pytest.mark.parametrize(("first", "second"), SUCCESSORS, ids=str)
def test_an_open_connection(stack: Stack, first: Options, second: Options) -> None:
    """A dead server with {first.aloud} left an open connection: is one with {second.aloud} refused there?"""
    newcomer = stack.tcp4(*second)
    leave(stack, "established", LOOPBACK, *first)
    assert newcomer.bind(LOOPBACK) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/dead-server/time-wait/{first}-{second}", rule=TIME_WAIT_REBIND, cites=(LIBUV_WINDOWS.at("uv__tcp_try_bind"),))
@pytest.mark.parametrize(("first", "second"), SUCCESSORS, ids=str)
def test_a_time_wait(stack: Stack, first: Options, second: Options) -> None:
    """A dead server with {first.aloud} left TIME_WAIT: is one with {second.aloud} refused its address?"""
    newcomer = stack.tcp4(*second)
    client, accepted = listener_gone(stack, LOOPBACK, *first)
    close_in_turn(accepted, client)
    stack.shows(LOOPBACK, TIME_WAIT)
    assert newcomer.bind(LOOPBACK) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/dead-server/graceful", rule=EXCLUSIVE_USE, cites=(WINSOCK.at("Using SO_EXCLUSIVEADDRUSE, graceful shutdown"),))
def test_a_client_that_closed_first(stack: Stack) -> None:
    """The client of an exclusive server closed first, then the server: may an exclusive one start at once?"""
    newcomer = stack.tcp4(SO_EXCLUSIVEADDRUSE)
    client, accepted = listener_gone(stack, LOOPBACK, SO_EXCLUSIVEADDRUSE)
    half_close(client, accepted)
    accepted.close()
    assert newcomer.bind(LOOPBACK) == OK


@experiment("tcp/exclusive/late/{second}", rule=EXCLUSIVE_USE, cites=(WINSOCK_OPTION.at("Remarks"),))
@pytest.mark.parametrize("second", [NONE, REUSEADDR], ids=str)
def test_cleared_after_bind(stack: Stack, second: Options) -> None:
    """0.0.0.0 cleared SO_EXCLUSIVEADDRUSE after bind: is one with {second.aloud} still refused 127.0.0.1?"""
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
    """0.0.0.0 listens, 127.0.0.1 is only bound: does the wildcard receive what goes there, if anyone?"""
    stack.tcp4(SO_EXCLUSIVEADDRUSE).close()
    general, silent = stack.tcp4(), stack.tcp4()
    general.bind(WILDCARD)
    silent.bind(LOOPBACK)
    general.listen()
    assert stack.connections(LOOPBACK) in (general.itself, NOBODY)


UNICASTPORT = WINSOCK_OPTIONS.at("SO_REUSE_UNICASTPORT")
BY_NAME = Options(SO_REUSE_UNICASTPORT)
# The options of the first and of the second. None of these is SO_REUSEADDR on both, which alone would share the address.
BESIDE_UNICASTPORT = [(NONE, BY_NAME), (BY_NAME, NONE), (BY_NAME, BY_NAME), (REUSEADDR, BY_NAME), (BY_NAME, REUSEADDR)]


@experiment("tcp/unicastport/named-port/first-{first}/second-{second}", rule=CHOSEN_PORTS, cites=(UNICASTPORT, TABLES))
@pytest.mark.parametrize(("first", "second"), BESIDE_UNICASTPORT, ids=str)
def test_unicastport_and_a_named_port(stack: Stack, first: Options, second: Options) -> None:
    """A socket holds a port with {first.aloud}: is another with {second.aloud} refused it?"""
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
    """A client with SO_REUSE_UNICASTPORT connected from port 0: is another refused the port that it got?"""
    client = stack.tcp4(SO_REUSE_UNICASTPORT)
    listening(stack, LOOPBACK)
    client.bind(LOOPBACK.at("0"))
    client.connect(LOOPBACK)
    assert stack.tcp4().bind(client.address) == EADDRINUSE


@experiment("tcp/unicastport/before-connect", rule=CHOSEN_PORTS, cites=(DOTNET_UNICASTPORT.at("The problem"),))
def test_the_port_before_connect(stack: Stack) -> None:
    """A client with SO_REUSE_UNICASTPORT bound port 0: is another refused the port it shows, if any?"""
    client = stack.tcp4(SO_REUSE_UNICASTPORT)
    client.bind(LOOPBACK.at("0"))
    assert stack.tcp4().bind(client.address) in (EADDRINUSE, OK)


@experiment("udp/unicastport/default", rule=CHOSEN_PORTS, cites=(G3_UNICASTPORT.at("g3-socket, BindAddr::bind_udp_for_connect"),))
def test_unicastport_for_udp(stack: Stack) -> None:
    """May a UDP socket set SO_REUSE_UNICASTPORT, as a TCP socket may?"""
    stack.tcp4(SO_REUSE_UNICASTPORT).close()
    assert stack.udp4().set(SO_REUSE_UNICASTPORT) == OK
