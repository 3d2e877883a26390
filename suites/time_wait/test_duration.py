"""How long does TIME_WAIT last, and does anything else end by itself?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listener_gone, server_closed_first
from fixtures.language.stack import Stack
from fixtures.language.words import EADDRINUSE, LOOPBACK, OK
from fixtures.specification.rules import ACTIVE_CLOSER
from fixtures.specification.sources import RFC9293, TCPV1, TCPV2

TWO_MSL = RFC9293.at("§3.4.2, 2MSL")


@experiment("tcp/time-wait/a-second-later/no-options", rule=ACTIVE_CLOSER, cites=(TWO_MSL,))
def test_time_wait_lasts(stack: Stack) -> None:
    """One second into TIME_WAIT, is a server without options still refused?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK).close()
    stack.elapse(1)
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/time-wait/forty-five-seconds-later/no-options", rule=ACTIVE_CLOSER, cites=(TCPV2.at("TCPTV_MSL"),))
def test_how_long_time_wait_lasts(stack: Stack) -> None:
    """45 seconds into TIME_WAIT, is a server without options still refused?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK).close()
    stack.elapse(45)
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/time-wait/natural-end/no-options", rule=ACTIVE_CLOSER, cites=(TWO_MSL, TCPV1.at("§18.6")))
def test_time_wait_ends(stack: Stack) -> None:
    """61 seconds after TIME_WAIT began, may a server restart without options?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK).close()
    stack.elapse(61)
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/time-wait/two-minutes-later/no-options", rule=ACTIVE_CLOSER, cites=(TWO_MSL,))
@pytest.mark.timeout(600)
def test_time_wait_is_over_everywhere(stack: Stack) -> None:
    """Two minutes after TIME_WAIT began, may a server restart without options?"""
    server_closed_first(stack, LOOPBACK, LOOPBACK).close()
    stack.elapse(122)
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/time-wait/established-stays/no-options", rule=ACTIVE_CLOSER, cites=(TWO_MSL,))
def test_only_time_wait_ends_by_itself(stack: Stack) -> None:
    """A dead server's connection has been idle for 61 seconds. Is a server without options refused?"""
    listener_gone(stack, LOOPBACK)
    stack.elapse(61)
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/time-wait/bound-stays/no-options", rule=ACTIVE_CLOSER, cites=(TWO_MSL,))
def test_a_bound_socket_stays(stack: Stack) -> None:
    """A socket has been only bound for 61 seconds. Is another without options refused its port?"""
    first = stack.tcp4()
    first.bind(LOOPBACK.at("0"))
    stack.elapse(61)
    assert stack.tcp4().bind(first.address) == EADDRINUSE


@experiment("tcp/time-wait/bound-stays/two-minutes", rule=ACTIVE_CLOSER, cites=(TWO_MSL,))
@pytest.mark.timeout(600)
def test_a_bound_socket_stays_for_two_minutes(stack: Stack) -> None:
    """A socket has been only bound for two minutes. Is another without options refused its port?"""
    first = stack.tcp4()
    first.bind(LOOPBACK.at("0"))
    stack.elapse(122)
    assert stack.tcp4().bind(first.address) == EADDRINUSE
