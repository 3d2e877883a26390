"""When is the queue of a listener full, and what does the next client see?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import LOOPBACK, OK, SO_REUSEADDR, WAITS, WILDCARD
from fixtures.specification.rules import FULL_QUEUE_IGNORES, QUEUE_HOLDS
from fixtures.specification.sources import LINUX
from suites.backlog.queues import WHERE, crowd, holds, listening, waiting

OVERFLOWS = LINUX.at("ipv4/tcp_input.c, tcp_conn_request")
KINDS = ("tcp4", "tcp6")


@experiment("{kind}/backlog/holds/{backlog}", rule=QUEUE_HOLDS, cites=(OVERFLOWS,))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("backlog", [1, 2, 4])
def test_the_last_place_of_a_queue(stack: Stack, kind: str, backlog: int) -> None:
    """A server ({kind}) has the backlog {backlog}. May as many clients wait as in 4.4BSD?"""
    listening(stack, backlog, kind)
    crowd(stack, holds(backlog) - 1, kind)
    assert stack.socket(kind).connect(WHERE[kind]) == OK


@experiment("{kind}/backlog/zero", rule=QUEUE_HOLDS, cites=(OVERFLOWS,))
@pytest.mark.parametrize("kind", [*KINDS, "mptcp4"])
def test_a_backlog_of_nothing(stack: Stack, kind: str) -> None:
    """A server ({kind}) has the backlog 0. May one client connect?"""
    listening(stack, 0, kind)
    assert stack.socket(kind).connect(WHERE[kind]) == OK


@experiment("{kind}/backlog/full/{backlog}", rule=FULL_QUEUE_IGNORES, cites=(OVERFLOWS,))
@pytest.mark.parametrize("kind", [*KINDS, "mptcp4"])
@pytest.mark.parametrize("backlog", [0, 1, 2])
def test_one_more_than_a_queue_holds(stack: Stack, kind: str, backlog: int) -> None:
    """A server ({kind}) has the backlog {backlog}, and the queue is full. Does the next connect wait?"""
    listening(stack, backlog, kind)
    crowd(stack, holds(backlog), kind)
    assert stack.socket(kind).connect(WHERE[kind]) == WAITS


@experiment("tcp/backlog/full/wildcard-beside", rule=FULL_QUEUE_IGNORES, cites=(OVERFLOWS,))
def test_a_wildcard_beside_a_full_queue(stack: Stack) -> None:
    """A server on 127.0.0.1 has a full queue, another has the wildcard. Does the next client wait?"""
    listening(stack, 0, "tcp4", SO_REUSEADDR)
    waiting(stack)
    everywhere = stack.tcp4(SO_REUSEADDR)
    everywhere.bind(WILDCARD)
    everywhere.listen()
    assert stack.tcp4().connect(LOOPBACK) == WAITS
