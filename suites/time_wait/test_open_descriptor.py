"""What if a connection is in TIME_WAIT, and the server that kept it has not closed its descriptor?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listener_gone
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    EADDRINUSE,
    EINVAL,
    LOOPBACK,
    NONE,
    OK,
    REUSEADDR,
    SO_REUSEADDR,
    TIME_WAIT,
    WR,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import BOUND_ONCE, NO_OPTIONS, TIME_WAIT_REBIND
from fixtures.specification.sources import LITE2, TCPV1, TCPV2


def in_time_wait(stack: Stack, *options: Option) -> Socket:
    """The socket that a server accepted, still open: it shut down its sending half first, then the client closed. Nobody listens."""
    client, accepted = listener_gone(stack, LOOPBACK, *options)
    accepted.shutdown(WR)
    client.recv(1)
    client.close()
    accepted.recv(1)
    stack.shows(LOOPBACK, TIME_WAIT)
    return accepted


@experiment("tcp/time-wait/descriptor-open/bind-again", rule=BOUND_ONCE, cites=(TCPV2.at("tcp_close, in_pcbdetach"),))
def test_bind_of_a_socket_in_time_wait(stack: Stack) -> None:
    """Is an open socket whose connection is in TIME_WAIT refused another port?"""
    accepted = in_time_wait(stack)
    assert accepted.bind(LOOPBACK.at("Q")) == EINVAL


@experiment("tcp/time-wait/descriptor-open/new-{new}", rule=TIME_WAIT_REBIND, cites=(TCPV1.at("§18.6"),))
@pytest.mark.parametrize(("new", "expected"), [(NONE, EADDRINUSE), (REUSEADDR, OK)], ids=str)
def test_restart_beside_an_open_descriptor_in_time_wait(stack: Stack, new: Options, expected: Answer) -> None:
    """A socket with SO_REUSEADDR is open in TIME_WAIT. May a server with {new.aloud} bind?"""
    in_time_wait(stack, SO_REUSEADDR)
    assert stack.tcp4(*new).bind(LOOPBACK) == expected


@experiment("tcp/time-wait/descriptor-open/option-{change}-since", rule=TIME_WAIT_REBIND, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(
    ("change", "old", "option"),
    [
        ("set",     NONE,      SO_REUSEADDR),
        ("cleared", REUSEADDR, SO_REUSEADDR.off),
    ],
    ids=str,
)  # fmt: skip
def test_option_changed_in_time_wait(stack: Stack, change: str, old: Options, option: Option) -> None:
    """An open socket in TIME_WAIT had SO_REUSEADDR {change} since. May a server with it bind?"""
    accepted = in_time_wait(stack, *old)
    accepted.set(option)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


@experiment("tcp/time-wait/descriptor-open/listens-and-shuts-down", rule=NO_OPTIONS)
def test_time_wait_of_a_socket_that_listens_and_shuts_down(stack: Stack) -> None:
    """An open socket in TIME_WAIT called listen, then shutdown. Is its port held against another socket?"""
    accepted = in_time_wait(stack)
    accepted.listen()
    accepted.shutdown(WR)
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE
