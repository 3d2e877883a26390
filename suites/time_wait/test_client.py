"""What if the client closed first, or comes again, or another client comes?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import came_and_reset, close_in_turn, listening, served, server_closed_first
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    EADDRINUSE,
    LOOPBACK,
    LOOPBACK6,
    NONE,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    TIME_WAIT,
    WILDCARD,
    Address,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import ACTIVE_CLOSER, SAME_CONNECTION, TIME_WAIT_REBIND
from fixtures.specification.sources import LITE2, PYTHON_LIST_2009, RFC9293, TCPV1, TCPV2, UNP
from suites.tables import RESTARTS

CLIENT = LOOPBACK.at("Q")


def client_closed_first(stack: Stack, server: Address, *options: Option, old: Options = NONE) -> Socket:
    """A listener, still open, whose only client (on port Q, with these options) closed the connection first."""
    client_address = server.at("Q")
    listener = listening(stack, server, *old)
    close_in_turn(*served(stack, listener, server, *options, at=client_address))
    stack.shows(client_address, TIME_WAIT)
    return listener


# The client keeps the TIME_WAIT, at its own port: nothing is left on the server's.


@experiment(
    "tcp/time-wait/client-closes-first/old-{old}/new-{new}",
    rule=ACTIVE_CLOSER,
    cites=(TCPV1.at("§18.6"), PYTHON_LIST_2009.at("which side closes first")),
)
@pytest.mark.parametrize(("old", "new"), [(old, new) for old, new, _ in RESTARTS], ids=str)
def test_restart_after_the_client_closed_first(stack: Stack, old: Options, new: Options) -> None:
    """A client of a server with {old.aloud} closed first. May a server with {new.aloud} restart?"""
    client_closed_first(stack, LOOPBACK, SO_REUSEADDR, old=old).close()
    assert stack.tcp4(*new).bind(LOOPBACK) == OK


@experiment("tcp6/time-wait/client-closes-first/no-options", rule=ACTIVE_CLOSER)
def test_restart_on_ipv6_after_the_client_closed_first(stack: Stack) -> None:
    """A client of a server on ::1 closed first. May the server restart without options?"""
    client_closed_first(stack, LOOPBACK6).close()
    assert stack.tcp6().bind(LOOPBACK6) == OK


# The side that keeps TIME_WAIT is hindered, even if it is a client that wants its own port again.


@experiment("tcp/time-wait/client-closes-first/own-port/new-{new}", rule=TIME_WAIT_REBIND, cites=(TCPV1.at("§18.6"),))
@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (NONE,      EADDRINUSE),
        (REUSEADDR, OK),
        (REUSEPORT, OK),
        (REUSEBOTH, OK),
    ],
    ids=str,
)  # fmt: skip
def test_client_binds_its_port_again(stack: Stack, new: Options, expected: Answer) -> None:
    """A client with SO_REUSEADDR closed first. May a client with {new.aloud} bind its port?"""
    client_closed_first(stack, LOOPBACK, SO_REUSEADDR)
    assert stack.tcp4(*new).bind(CLIENT) == expected


# The port can be had again, the connection cannot.


@experiment(
    "tcp/time-wait/same-four-tuple/{options}",
    rule=SAME_CONNECTION,
    cites=(LITE2.at("in_pcbconnect"), RFC9293.at("§3.6.1, MAY-2")),
)
@pytest.mark.parametrize("options", [REUSEADDR, REUSEBOTH], ids=str)
def test_reconnect_out_of_time_wait(stack: Stack, options: Options) -> None:
    """A client with {options.aloud} has the port of a TIME_WAIT. Is it refused the same connection?"""
    client_closed_first(stack, LOOPBACK, SO_REUSEADDR)
    again = stack.tcp4(*options)
    again.bind(CLIENT)
    assert again.connect(LOOPBACK) == EADDRINUSE


@experiment("tcp/time-wait/same-port-other-destination/reuseaddr", rule=SAME_CONNECTION, cites=(TCPV1.at("§18.6"),))
def test_connect_elsewhere_out_of_time_wait(stack: Stack) -> None:
    """A client with SO_REUSEADDR has the port of a TIME_WAIT. May it connect to another server?"""
    client_closed_first(stack, LOOPBACK, SO_REUSEADDR)
    another = listening(stack, LOOPBACK.at("0"))
    again = stack.tcp4(SO_REUSEADDR)
    again.bind(CLIENT)
    assert again.connect(another.address) == OK


@experiment("tcp/time-wait/server-calls-back/reuseport", rule=TIME_WAIT_REBIND, cites=(UNP.at("§7.5"),))
def test_client_role_on_a_server_port(stack: Stack) -> None:
    """A server's port is in TIME_WAIT. May a client bind it (both SO_REUSEPORT) and connect elsewhere?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK, *REUSEPORT).close()
    another = listening(stack, LOOPBACK.at("0"))
    caller = stack.tcp4(SO_REUSEPORT)
    caller.bind(LOOPBACK)
    assert caller.connect(another.address) == OK


# The server keeps the TIME_WAIT, and its client comes again: RFC 9293 lets a new connection take its place.


@experiment("tcp/time-wait/passive-side-reconnects/no-options", rule=ACTIVE_CLOSER, cites=(RFC9293.at("§3.6.1, MAY-2"),))
def test_reconnect_into_time_wait(stack: Stack) -> None:
    """A server's end is in TIME_WAIT. May its client, from the same port, reconnect?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK, at=CLIENT)
    again = stack.tcp4()
    again.bind(CLIENT)
    assert again.connect(LOOPBACK) == OK


@experiment("tcp/time-wait/passive-side-reconnects/then-reset", rule=ACTIVE_CLOSER, cites=(RFC9293.at("§3.6.1, MAY-2"),))
def test_nothing_is_left_of_a_reused_time_wait(stack: Stack) -> None:
    """A client reconnected into the server's TIME_WAIT and reset. May a server restart without options?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK, at=CLIENT)
    came_and_reset(stack, listener, LOOPBACK, CLIENT)
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


# Any other client leaves the TIME_WAIT alone.


@experiment("tcp/time-wait/another-client-connects/no-options", rule=ACTIVE_CLOSER, cites=(TCPV1.at("§18.6"),))
def test_another_connection_leaves_time_wait_alone(stack: Stack) -> None:
    """After a server's TIME_WAIT another client came and reset. Is a restart without options refused?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK)
    came_and_reset(stack, listener, LOOPBACK, CLIENT)
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/time-wait/same-port-of-another-client/no-options", rule=ACTIVE_CLOSER, cites=(TCPV1.at("§18.6"),))
def test_the_same_port_of_another_address_leaves_time_wait_alone(stack: Stack) -> None:
    """After TIME_WAIT a client with its port on another address came and reset. Is a restart refused?"""
    listener = server_closed_first(stack, LOOPBACK, LOOPBACK, at=CLIENT)
    came_and_reset(stack, listener, LOOPBACK, SECOND.at("Q"))
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/time-wait/same-client-elsewhere/no-options", rule=ACTIVE_CLOSER, cites=(RFC9293.at("§3.6.1, MAY-2"),))
def test_the_same_client_elsewhere_leaves_time_wait_alone(stack: Stack) -> None:
    """The client of a TIME_WAIT came to another address and reset. Is a restart at the first refused?"""
    listener = server_closed_first(stack, WILDCARD, LOOPBACK, at=CLIENT)
    came_and_reset(stack, listener, SECOND, CLIENT)
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/time-wait/seventy-seconds-later/client", rule=ACTIVE_CLOSER, cites=(TCPV2.at("TCPTV_MSL"),))
def test_the_port_of_a_client_after_time_wait(stack: Stack) -> None:
    """A client named its port and closed first. Is the port free without options 70 seconds later?"""
    client_closed_first(stack, LOOPBACK, SO_REUSEADDR)
    stack.elapse(70)
    assert stack.tcp4().bind(CLIENT) == OK
