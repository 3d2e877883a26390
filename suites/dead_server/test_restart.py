"""May a server restart while a connection of its predecessor is in some state besides TIME_WAIT?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import leave, listener_gone, listening, served
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    ESTABLISHED,
    IPV6_V6ONLY,
    LOOPBACK,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    SECOND,
    SO_LINGER_0,
    SO_REUSEADDR,
    WILDCARD,
    WILDCARD6,
    Answer,
    Options,
)
from fixtures.specification.rules import ACTIVE_CLOSER, DELIVERED, PCB_LOOKUP, RESTART, REUSEPORT_ALL
from fixtures.specification.sources import LITE2, PYTHON_LIST_2009, RFC9293, TCPV1, TCPV2, UNP
from suites.tables import RESTARTS

SERVERS = UNP.at("§7.5, the four reasons for SO_REUSEADDR")
LIFE_CYCLE = (SERVERS, PYTHON_LIST_2009.at("address already in use"), TCPV1.at("§18.6"), TCPV1.at("ch. 18, simultaneous close"))

# Where SO_REUSEPORT makes the outcome a matter of chance on some system, SO_REUSEADDR alone is asked about.
REUSEADDR_RESTARTS = [
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, OK),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEADDR, REUSEADDR, OK),
]  # fmt: skip


@experiment("tcp/dead-server/{left}/old-{old}/new-{new}", rule=RESTART, cites=LIFE_CYCLE)
@pytest.mark.parametrize("left", ["established", "close-wait", "fin-wait-1", "last-ack"])
@pytest.mark.parametrize(("old", "new", "expected"), RESTARTS, ids=str)
def test_restart(stack: Stack, left: str, old: Options, new: Options, expected: Answer) -> None:
    """A server with {old.aloud} left a connection ({left}). May one with {new.aloud} bind?"""
    leave(stack, left, LOOPBACK, *old)
    assert stack.tcp4(*new).bind(LOOPBACK) == expected


@experiment("tcp/dead-server/{left}/old-{old}/new-{new}", rule=RESTART, cites=LIFE_CYCLE)
@pytest.mark.parametrize("left", ["fin-wait-2", "half-closed", "closing"])
@pytest.mark.parametrize(("old", "new", "expected"), REUSEADDR_RESTARTS, ids=str)
def test_restart_with_reuseaddr(stack: Stack, left: str, old: Options, new: Options, expected: Answer) -> None:
    """A server with {old.aloud} left a connection ({left}). May one with {new.aloud} bind?"""
    leave(stack, left, LOOPBACK, *old)
    assert stack.tcp4(*new).bind(LOOPBACK) == expected


@experiment("tcp/dead-server/established/other-process/old-{old}/new-{new}", rule=RESTART, cites=(SERVERS,))
@pytest.mark.parametrize(("old", "new", "expected"), REUSEADDR_RESTARTS, ids=str)
def test_restart_beside_a_child_of_another_process(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """Another process serves a connection of a dead server ({old}). May a server ({new}) bind?"""
    listener = listening(stack.other, LOOPBACK, *old)
    served(stack, listener, LOOPBACK)
    listener.close()
    stack.shows(LOOPBACK, ESTABLISHED)
    assert stack.tcp4(*new).bind(LOOPBACK) == expected


@experiment("tcp/dead-server/established/wildcard/old-{old}/new-{new}", rule=RESTART, cites=(SERVERS,))
@pytest.mark.parametrize(("old", "new", "expected"), REUSEADDR_RESTARTS, ids=str)
def test_restart_on_the_wildcard_beside_a_child(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """A dead server ({old}) left a connection on 127.0.0.1. May one ({new}) bind the wildcard?"""
    leave(stack, "established", LOOPBACK, *old)
    assert stack.tcp4(*new).bind(WILDCARD) == expected


@experiment("tcp/dead-server/established/other-address/no-options", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
def test_other_address_beside_a_child(stack: Stack) -> None:
    """A dead server left an open connection on one address. Is another address free without options?"""
    leave(stack, "established", LOOPBACK)
    assert stack.tcp4().bind(SECOND) == OK


@experiment("tcp/dead-server/two-connections/no-options", rule=RESTART, cites=(SERVERS,))
def test_restart_beside_two_connections(stack: Stack) -> None:
    """A dead server left two connections. Is a server without options refused?"""
    listener = listening(stack, LOOPBACK)
    clients = stack.tcp4(), stack.tcp4()
    for client in clients:
        client.connect(LOOPBACK)
    for _ in clients:
        listener.accept()
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/dead-server/two-connections/dual-stack", rule=RESTART, cites=(SERVERS,))
def test_the_second_of_two_connections_that_waited(stack: Stack) -> None:
    """A dual server left two IPv4 connections, one of them reset. Does the other still hold 127.0.0.1?"""
    listener = listening(stack, WILDCARD6, IPV6_V6ONLY.off)
    resetting, staying = stack.tcp4(SO_LINGER_0), stack.tcp4()
    resetting.connect(LOOPBACK)
    staying.connect(LOOPBACK)
    first, _ = listener.accept(), listener.accept()
    resetting.close()
    first.recv(1)
    first.close()
    listener.close()
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/dead-server/unread-data/no-options", rule=ACTIVE_CLOSER, cites=(RFC9293.at("§3.6.1, SHLD-3"), TCPV2.at("tcp_disconnect")))
def test_restart_after_a_close_with_unread_data(stack: Stack) -> None:
    """A server closed first and had not read all. Is a restart without options refused?"""
    client, accepted = listener_gone(stack, LOOPBACK)
    client.send(1)
    accepted.close()
    client.close()
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


# Another user.


@experiment("tcp/dead-server/another-user/established/{options}", rule=RESTART, cites=(SERVERS,))
@pytest.mark.parametrize(("options", "expected"), [(NONE, EADDRINUSE), (REUSEADDR, OK)], ids=str)
def test_another_user_beside_an_established_child(stack: Stack, options: Options, expected: Answer) -> None:
    """Our dead server left a connection. May another user's bind, each with {options.aloud}?"""
    listener_gone(stack, LOOPBACK, *options)
    assert stack.stranger.tcp4(*options).bind(LOOPBACK) == expected


@experiment("tcp/dead-server/another-user/fin-wait-2/{ended}", rule=REUSEPORT_ALL, cites=(SERVERS,))
@pytest.mark.parametrize(("ended", "left"), [("close", "fin-wait-2"), ("shutdown", "half-closed")])
def test_another_user_beside_fin_wait_2(stack: Stack, ended: str, left: str) -> None:
    """Our connection is in FIN_WAIT_2 after {ended}. May another user bind (both SO_REUSEPORT)?"""
    leave(stack, left, LOOPBACK, *REUSEPORT)
    assert stack.stranger.tcp4(*REUSEPORT).bind(LOOPBACK) == OK


# After the restart.


@experiment("tcp/dead-server/established/restarted-receives/reuseaddr", rule=RESTART, cites=(SERVERS,))
def test_restarted_server_receives_beside_a_child(stack: Stack) -> None:
    """A server restarted beside an old connection (SO_REUSEADDR). Does it get the new connections?"""
    leave(stack, "established", LOOPBACK, *REUSEADDR)
    restarted = listening(stack, LOOPBACK, SO_REUSEADDR)
    assert stack.connections(LOOPBACK) == restarted.itself


@experiment("tcp/dead-server/established/old-connection-survives/reuseaddr", rule=DELIVERED, cites=(SERVERS,))
def test_the_old_connection_survives_a_restart(stack: Stack) -> None:
    """A server restarted beside an old connection. Does what the old client sends still arrive there?"""
    client, accepted = listener_gone(stack, LOOPBACK, *REUSEADDR)
    listening(stack, LOOPBACK, SO_REUSEADDR)
    client.send(1)
    assert accepted.recv(1) == OK
