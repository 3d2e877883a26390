"""The echo server of Python's documentation, run twice in a row: when does the second run need SO_REUSEADDR?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Stack
from fixtures.language.words import EADDRINUSE, LOOPBACK, NONE, OK, REUSEADDR, REUSEBOTH, REUSEPORT, Answer, Options
from fixtures.specification.rules import ACTIVE_CLOSER, NO_OPTIONS, TIME_WAIT_REBIND
from fixtures.specification.sources import PYTHON_DOCS, PYTHON_LIST_2009

EXAMPLE = PYTHON_DOCS.at("Example: 'Running an example several times with too small delay between executions'")
QUESTION = PYTHON_LIST_2009.at("address already in use")

# The documentation says: set SO_REUSEADDR. It means the run that fails, the second.
INTERRUPTED = [
    # first,    second,    the second run
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, OK),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEADDR, REUSEADDR, OK),
    (REUSEPORT, REUSEPORT, OK),
    (REUSEBOTH, REUSEBOTH, OK),
]  # fmt: skip


@experiment("tcp/echo-example/interrupted/first-{first}/second-{second}", rule=TIME_WAIT_REBIND, cites=(EXAMPLE, QUESTION))
@pytest.mark.parametrize(("first", "second", "expected"), INTERRUPTED, ids=str)
def test_interrupted_server_runs_again(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """An echo server with {first.aloud} was interrupted while it served: may one with {second.aloud} start?"""
    stack.run("echo_interrupted", LOOPBACK, *first)
    assert stack.run("echo_interrupted", LOOPBACK, *second) == expected


# The client of the example closes first, so the server leaves nothing behind and the flag changes nothing.
FINISHED = [
    (NONE,      NONE),
    (NONE,      REUSEADDR),
    (REUSEADDR, NONE),
    (REUSEADDR, REUSEADDR),
]  # fmt: skip


@experiment("tcp/echo-example/once/first-{first}/second-{second}", rule=ACTIVE_CLOSER, cites=(EXAMPLE, QUESTION))
@pytest.mark.parametrize(("first", "second"), FINISHED, ids=str)
def test_finished_server_runs_again(stack: Stack, first: Options, second: Options) -> None:
    """An echo server with {first.aloud} ended after its client: may one with {second.aloud} start?"""
    stack.run("echo_once", LOOPBACK, *first)
    assert stack.run("echo_once", LOOPBACK, *second) == OK


@experiment("tcp/echo-example/once-after-interrupted/first-{first}/second-{second}", rule=TIME_WAIT_REBIND, cites=(EXAMPLE,))
@pytest.mark.parametrize(("first", "second", "expected"), INTERRUPTED[:4], ids=str)
def test_how_the_first_run_ended_matters(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """An echo server with {first.aloud} was interrupted: may one for one client start with {second.aloud}?"""
    stack.run("echo_interrupted", LOOPBACK, *first)
    assert stack.run("echo_once", LOOPBACK, *second) == expected


@experiment("tcp/echo-example/interrupted-after-once/no-options", rule=ACTIVE_CLOSER, cites=(EXAMPLE,))
def test_how_the_second_run_ends_does_not_matter(stack: Stack) -> None:
    """An echo server ended after its client: may one start that will be interrupted?"""
    stack.run("echo_once", LOOPBACK)
    assert stack.run("echo_interrupted", LOOPBACK) == OK


@experiment("tcp/echo-example/held/no-options", rule=NO_OPTIONS, cites=(EXAMPLE,))
def test_a_server_beside_another(stack: Stack) -> None:
    """Another server listens at the address of the echo server. Is that refused, without options?"""
    listening(stack, LOOPBACK)
    assert stack.run("echo_once", LOOPBACK) == EADDRINUSE
