"""The price of exclusive use: may a server restart beside what its predecessor left?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import close_in_turn, half_close, leave, listener_gone
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    CLOSE_WAIT,
    EACCES,
    EADDRINUSE,
    ESTABLISHED,
    EXCLUSIVE,
    FIN_WAIT_2,
    LOOPBACK,
    NONE,
    OK,
    SO_EXCLBIND,
    SO_REUSEADDR,
    TIME_WAIT,
    Option,
    Options,
)
from fixtures.specification.rules import EXCLUSIVE_USE, RESTART
from fixtures.specification.sources import ILLUMOS, WINSOCK

CLOSURE = WINSOCK.at("reuse of an exclusive socket's port after its closure")
# The price of exclusive use, on which Microsoft, libuv, PostgreSQL, trio and Twisted do not agree.
# The options of a server that has ended and of its successor.
SUCCESSORS = [
    (EXCLUSIVE, EXCLUSIVE),
    (EXCLUSIVE, NONE),
    (NONE,      EXCLUSIVE),
]  # fmt: skip


def server_gone(stack: Stack, *options: Option) -> tuple[Socket, Socket]:
    """The ends of a connection whose listener has closed, the client's first. Unlike in `listener_gone`, the client is made before bind."""
    listener, client = stack.tcp4(*options), stack.tcp4()
    listener.bind(LOOPBACK)
    listener.listen()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    listener.close()
    return client, accepted


@experiment("tcp/exclusive/restart/established/{first}-{second}", rule=EXCLUSIVE_USE, cites=(CLOSURE,))
@pytest.mark.parametrize(("first", "second"), SUCCESSORS, ids=str)
def test_an_open_connection_goes_on_excluding(stack: Stack, first: Options, second: Options) -> None:
    """A dead server with {first.aloud} left an open connection: is one with {second.aloud} refused there?"""
    restarted = stack.tcp4(*second)
    server_gone(stack, *first)
    stack.shows(LOOPBACK, ESTABLISHED)
    assert restarted.bind(LOOPBACK) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/restart/time-wait/{first}-{second}", rule=EXCLUSIVE_USE, cites=(CLOSURE,))
@pytest.mark.parametrize(("first", "second"), SUCCESSORS, ids=str)
def test_time_wait_goes_on_excluding(stack: Stack, first: Options, second: Options) -> None:
    """A dead server with {first.aloud} left TIME_WAIT: is one with {second.aloud} refused its address?"""
    restarted = stack.tcp4(*second)
    client, accepted = server_gone(stack, *first)
    close_in_turn(accepted, client)
    stack.shows(LOOPBACK, TIME_WAIT)
    assert restarted.bind(LOOPBACK) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/restart/client-closed-first/{first}-{second}", rule=EXCLUSIVE_USE, cites=(CLOSURE,))
@pytest.mark.parametrize(("first", "second"), SUCCESSORS, ids=str)
def test_restart_after_the_client_closed_first(stack: Stack, first: Options, second: Options) -> None:
    """A server with {first.aloud} ended after its client had closed: may one with {second.aloud} start?"""
    restarted = stack.tcp4(*second)
    client, accepted = server_gone(stack, *first)
    close_in_turn(client, accepted)
    assert restarted.bind(LOOPBACK) == OK


ONCE_BOUND = ILLUMOS.at("inet/tcp/tcp_bind.c, tcp_bindi")


# The connections that a server leaves; but for the open one they no longer count in the source.
@experiment("tcp/exclusive/restart/established", rule=RESTART, cites=(ONCE_BOUND,))
def test_restart_beside_an_open_connection(stack: Stack) -> None:
    """A server with SO_EXCLBIND left an open connection: may its successor bind with SO_REUSEADDR?"""
    leave(stack, "established", LOOPBACK, SO_EXCLBIND)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


@experiment("tcp/exclusive/restart/close-wait", rule=RESTART, cites=(ONCE_BOUND,))
def test_restart_beside_close_wait(stack: Stack) -> None:
    """A server with SO_EXCLBIND left CLOSE_WAIT: may its successor bind with SO_REUSEADDR?"""
    client, accepted = listener_gone(stack, LOOPBACK, SO_EXCLBIND)
    half_close(client, accepted)
    stack.shows(LOOPBACK, CLOSE_WAIT)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


@experiment("tcp/exclusive/restart/fin-wait-2", rule=RESTART, cites=(ONCE_BOUND,))
def test_restart_beside_fin_wait_2(stack: Stack) -> None:
    """A server with SO_EXCLBIND left FIN_WAIT_2: may its successor bind with SO_REUSEADDR?"""
    client, accepted = listener_gone(stack, LOOPBACK, SO_EXCLBIND)
    half_close(accepted, client)
    stack.shows(LOOPBACK, FIN_WAIT_2)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


@experiment("tcp/exclusive/restart/time-wait", rule=RESTART, cites=(ONCE_BOUND,))
def test_restart_beside_time_wait(stack: Stack) -> None:
    """A server with SO_EXCLBIND left TIME_WAIT: may its successor bind with SO_REUSEADDR?"""
    client, accepted = listener_gone(stack, LOOPBACK, SO_EXCLBIND)
    half_close(accepted, client)
    accepted.close()
    client.close()
    stack.shows(LOOPBACK, TIME_WAIT)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK
