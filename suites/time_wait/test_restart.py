"""May a server bind when a connection of its predecessor is in TIME_WAIT?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import close_in_turn, listening, served, server_closed_first
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    LOOPBACK,
    LOOPBACK6,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    TIME_WAIT,
    WILDCARD,
    WILDCARD6,
    WR,
    Address,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import (
    ACTIVE_CLOSER,
    COMPLETELY_DUPLICATE,
    DIFFERENT_ADDRESSES,
    REUSEPORT_ALL,
    TIME_WAIT_REBIND,
)
from fixtures.specification.sources import HPUX_GETSOCKOPT, LITE2, MECKI, PYTHON_LIST_2009, UNP
from suites.tables import DUPLICATES, RESTARTS

#: The answer to a new server: only its own option is asked.
NEW = [(NONE, EADDRINUSE), (REUSEADDR, OK)]


@experiment(
    "tcp/time-wait/server-closes-first/old-{old}/new-{new}",
    rule=TIME_WAIT_REBIND,
    cites=(
        PYTHON_LIST_2009.at("setting SO_REUSEADDR before bind, and HP-UX's SO_REUSEPORT"),
        HPUX_GETSOCKOPT.at("getsockopt(2), SO_REUSEPORT"),
        MECKI.at("SO_REUSEADDR and TIME_WAIT"),
    ),
)
@pytest.mark.parametrize(("old", "new", "expected"), RESTARTS, ids=str)
def test_restart_in_time_wait(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """A server with {old.aloud} left a TIME_WAIT. May one with {new.aloud} bind?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK, *old).close()
    assert stack.tcp4(*new).bind(LOOPBACK) == expected


# While the predecessor still listens, its listener is what clashes: only SO_REUSEPORT on both permits.


@experiment(
    "tcp/time-wait/server-still-listens/old-{old}/new-{new}",
    rule=REUSEPORT_ALL,
    cites=(UNP.at("§7.5"), HPUX_GETSOCKOPT.at("getsockopt(2), SO_REUSEPORT")),
)
@pytest.mark.parametrize(("old", "new", "expected"), DUPLICATES, ids=str)
def test_start_beside_a_listener_in_time_wait(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """A server with {old.aloud} has a TIME_WAIT and still listens. May one with {new.aloud} bind?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK, *old)
    assert stack.tcp4(*new).bind(LOOPBACK) == expected


@experiment("tcp/time-wait/{case}/old-{old}/new-{new}", rule=TIME_WAIT_REBIND, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize(
    ("case", "held", "wanted"),
    [
        ("wildcard-restart",       WILDCARD, WILDCARD),
        ("wildcard-then-specific", WILDCARD, LOOPBACK),
        ("specific-then-wildcard", LOOPBACK, WILDCARD),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (NONE,      NONE,      EADDRINUSE),
        (NONE,      REUSEADDR, OK),
        (REUSEADDR, NONE,      EADDRINUSE),
        (REUSEADDR, REUSEADDR, OK),
        (NONE,      REUSEPORT, OK),
        (REUSEPORT, REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_restart_with_the_wildcard(
    stack: Stack, case: str, held: Address, wanted: Address, old: Options, new: Options, expected: Answer
) -> None:
    """A server on {held.aloud} ({old}) left a TIME_WAIT. May one bind {wanted.aloud} ({new})?"""
    server_closed_first(stack, held, LOOPBACK, *old).close()
    assert stack.tcp4(*new).bind(wanted) == expected


@experiment("tcp/time-wait/wildcard-then-other-address/no-options", rule=DIFFERENT_ADDRESSES, cites=(LITE2.at("in_pcblookup"),))
def test_time_wait_belongs_to_one_address(stack: Stack) -> None:
    """A server on the wildcard left a TIME_WAIT on one address. Is another address free?"""
    server_closed_first(stack, WILDCARD, LOOPBACK).close()
    assert stack.tcp4().bind(SECOND) == OK


@experiment("tcp6/time-wait/{case}/old-{old}/new-{new}", rule=TIME_WAIT_REBIND)
@pytest.mark.parametrize(
    ("case", "address"),
    [
        ("server-closes-first", LOOPBACK6),
        ("wildcard-restart",    WILDCARD6),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (NONE,      NONE,      EADDRINUSE),
        (NONE,      REUSEADDR, OK),
        (REUSEADDR, NONE,      EADDRINUSE),
        (REUSEADDR, REUSEADDR, OK),
        (REUSEPORT, REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_restart_on_ipv6(stack: Stack, case: str, address: Address, old: Options, new: Options, expected: Answer) -> None:
    """A server on {address.aloud} ({old}) left a TIME_WAIT. May another one ({new}) bind it?"""
    server_closed_first(stack, address, LOOPBACK6, *old).close()
    assert stack.tcp6(*new).bind(address) == expected


@experiment("tcp/time-wait/another-user/old-{old}/new-{new}", rule=TIME_WAIT_REBIND, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (NONE,      NONE,      EADDRINUSE),
        (REUSEADDR, REUSEADDR, OK),
        (REUSEPORT, REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_another_user_binds_in_time_wait(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """Our server with {old.aloud} left a TIME_WAIT. May another user's with {new.aloud} bind?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK, *old).close()
    assert stack.stranger.tcp4(*new).bind(LOOPBACK) == expected


# What the predecessor's sockets had set later, or how they ended, is not asked.


@experiment("tcp/time-wait/accepted-reuseaddr-{change}/new-{new}", rule=TIME_WAIT_REBIND, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(
    ("change", "old", "option"),
    [
        ("cleared", REUSEADDR, SO_REUSEADDR.off),
        ("set",     NONE,      SO_REUSEADDR),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize(("new", "expected"), NEW, ids=str)
def test_option_changed_on_the_accepted_socket(
    stack: Stack, change: str, old: Options, option: Option, new: Options, expected: Answer
) -> None:
    """An accepted socket had SO_REUSEADDR {change} before TIME_WAIT. May a server ({new}) bind?"""
    listener = listening(stack, LOOPBACK, *old)
    client, accepted = served(stack, listener, LOOPBACK)
    accepted.set(option)
    close_in_turn(accepted, client)
    listener.close()
    stack.shows(LOOPBACK, TIME_WAIT)
    assert stack.tcp4(*new).bind(LOOPBACK) == expected


@experiment("tcp/time-wait/listener-reuseaddr-after-accept/new-{new}", rule=TIME_WAIT_REBIND)
@pytest.mark.parametrize(("new", "expected"), NEW, ids=str)
def test_option_set_on_the_listener_after_accept(stack: Stack, new: Options, expected: Answer) -> None:
    """A listener set SO_REUSEADDR only after it accepted. May a server with {new.aloud} bind?"""
    listener = listening(stack, LOOPBACK)
    client, accepted = served(stack, listener, LOOPBACK)
    listener.set(SO_REUSEADDR)
    close_in_turn(accepted, client)
    listener.close()
    stack.shows(LOOPBACK, TIME_WAIT)
    assert stack.tcp4(*new).bind(LOOPBACK) == expected


@experiment("tcp/time-wait/shutdown-before-close/new-{new}", rule=TIME_WAIT_REBIND, cites=(ACTIVE_CLOSER.source,))
@pytest.mark.parametrize(("new", "expected"), NEW, ids=str)
def test_shutdown_does_not_avoid_time_wait(stack: Stack, new: Options, expected: Answer) -> None:
    """A server shut down first and closed after its client. May one with {new.aloud} bind?"""
    listener = listening(stack, LOOPBACK)
    client, accepted = served(stack, listener, LOOPBACK)
    accepted.shutdown(WR)
    client.recv(1)
    close_in_turn(client, accepted)
    listener.close()
    stack.shows(LOOPBACK, TIME_WAIT)
    assert stack.tcp4(*new).bind(LOOPBACK) == expected


# After a restart.


@experiment("tcp/time-wait/restarted-server-receives/reuseaddr", rule=TIME_WAIT_REBIND, cites=(UNP.at("§7.5"),))
def test_restarted_server_receives(stack: Stack) -> None:
    """Does a server that restarted in TIME_WAIT (SO_REUSEADDR) get the new connections?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK, *REUSEADDR).close()
    restarted = listening(stack, LOOPBACK, SO_REUSEADDR)
    assert stack.connections(LOOPBACK) == restarted.itself


@experiment("tcp/time-wait/third-start/old-{old}/new-{new}", rule=TIME_WAIT_REBIND, cites=(MECKI.at("SO_REUSEADDR and TIME_WAIT"),))
@pytest.mark.parametrize("old", [NONE, REUSEADDR], ids=str)
@pytest.mark.parametrize(("new", "expected"), NEW, ids=str)
def test_option_of_the_second_start_is_not_remembered(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """TIME_WAIT ({old}) stays; one with SO_REUSEADDR came and went. May a third ({new}) bind?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK, *old).close()
    restarted = stack.tcp4(SO_REUSEADDR)
    restarted.bind(LOOPBACK)
    restarted.close()
    assert stack.tcp4(*new).bind(LOOPBACK) == expected


@experiment("tcp/time-wait/second-restart-twin/{options}", rule=COMPLETELY_DUPLICATE)
@pytest.mark.parametrize("options", [NONE, REUSEADDR], ids=str)
def test_time_wait_does_not_admit_two(stack: Stack, options: Options) -> None:
    """A server restarted in TIME_WAIT and listens. Is a second with {options.aloud} refused?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK, *REUSEADDR).close()
    listening(stack, LOOPBACK, SO_REUSEADDR)
    assert stack.tcp4(*options).bind(LOOPBACK) == EADDRINUSE


@experiment(
    "tcp/time-wait/retry-of-the-same-socket", rule=TIME_WAIT_REBIND, cites=(PYTHON_LIST_2009.at("setting SO_REUSEADDR before bind"),)
)
def test_retry_with_the_option(stack: Stack) -> None:
    """A server was refused because of TIME_WAIT. May it set SO_REUSEADDR and bind the same socket?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK, *REUSEADDR).close()
    restarted = stack.tcp4()
    restarted.bind(LOOPBACK)
    restarted.set(SO_REUSEADDR)
    assert restarted.bind(LOOPBACK) == OK
