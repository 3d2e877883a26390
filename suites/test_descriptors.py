"""One socket, several descriptors: does a socket that somebody else still has open hold its address?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connection, listening, served
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    EADDRINUSE,
    EINVAL,
    END,
    ESTABLISHED,
    LOOPBACK,
    NONE,
    OK,
    REUSEADDR,
    SO_REUSEADDR,
    TIME_WAIT,
    WR,
    Answer,
    Options,
)
from fixtures.specification.rules import (
    ACTIVE_CLOSER,
    BOUND_ONCE,
    CLOSE_DESTROYS,
    COMPLETELY_DUPLICATE,
    MOST_SPECIFIC,
    NO_OPTIONS,
    OPTION_BITS,
    PCB_LOOKUP,
    RESTART,
    SHUTS_A_CONNECTION,
)
from fixtures.specification.sources import POSIX, PYTHON_LIST_2009, UNP

CLOSE = POSIX.at("close: the last descriptor")
FORK = UNP.at("ch. 4, descriptor reference counts")

#: How a second descriptor comes about, in the same process or in one that was started meanwhile.
COPIES: dict[str, Callable[[Socket], Socket]] = {"dup": Socket.dup, "inherit": Socket.inherit}
EACH_COPY = pytest.mark.parametrize("holder", COPIES)

# A server's connection was handed to a helper, as every forking server does, or stayed open in a copy.
NEW = [(NONE, EADDRINUSE), (REUSEADDR, OK)]


# The address is held as long as one descriptor is open.


@experiment("tcp/descriptors/closed-in-one/{holder}/second-{second}", rule=COMPLETELY_DUPLICATE, cites=(CLOSE, FORK))
@EACH_COPY
@pytest.mark.parametrize("second", [NONE, REUSEADDR], ids=str)
def test_listener_closed_in_one_descriptor(stack: Stack, holder: str, second: Options) -> None:
    """A listener was closed, its copy ({holder}) was not. Is a server with {second.aloud} refused?"""
    listener = listening(stack, LOOPBACK, SO_REUSEADDR)
    COPIES[holder](listener)
    listener.close()
    assert stack.tcp4(*second).bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/descriptors/bound-closed-in-one/{holder}", rule=NO_OPTIONS, cites=(CLOSE,))
@EACH_COPY
def test_bound_socket_closed_in_one_descriptor(stack: Stack, holder: str) -> None:
    """A socket that was only bound was closed, its copy ({holder}) was not. Is a second refused?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    COPIES[holder](first)
    first.close()
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE


@experiment("udp/descriptors/closed-in-one/{holder}", rule=NO_OPTIONS, cites=(CLOSE,))
@EACH_COPY
def test_udp_socket_closed_in_one_descriptor(stack: Stack, holder: str) -> None:
    """A UDP socket was closed, its copy ({holder}) was not. Is a second refused its address?"""
    first = stack.udp4()
    first.bind(LOOPBACK)
    COPIES[holder](first)
    first.close()
    assert stack.udp4().bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/descriptors/inherited-by-another-user", rule=PCB_LOOKUP, cites=(CLOSE,))
def test_listener_inherited_by_another_user(stack: Stack) -> None:
    """Only another user's process has a listener open. Is our server refused (both SO_REUSEADDR)?"""
    listener = listening(stack, LOOPBACK, SO_REUSEADDR)
    listener.inherit("stranger")
    listener.close()
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/descriptors/closed-in-both/{holder}", rule=CLOSE_DESTROYS, cites=(CLOSE,))
@EACH_COPY
def test_listener_closed_in_both_descriptors(stack: Stack, holder: str) -> None:
    """A listener was closed, and its copy ({holder}), too. Is its address free without options?"""
    listener = listening(stack, LOOPBACK)
    copy = COPIES[holder](listener)
    listener.close()
    copy.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


# Each descriptor is the socket.


@experiment("tcp/descriptors/still-receives/{holder}", rule=MOST_SPECIFIC, cites=(CLOSE, FORK))
@EACH_COPY
def test_remaining_descriptor_receives(stack: Stack, holder: str) -> None:
    """A listener was closed, its copy ({holder}) was not. Does the copy get the connections?"""
    listener = listening(stack, LOOPBACK)
    copy = COPIES[holder](listener)
    listener.close()
    assert stack.connections(LOOPBACK) == copy.itself


@experiment("tcp/descriptors/copy-closed/{holder}", rule=MOST_SPECIFIC, cites=(CLOSE,))
@EACH_COPY
def test_closing_the_copy_does_not_stop_the_listener(stack: Stack, holder: str) -> None:
    """The copy ({holder}) of a listener was closed. Does the listener still get the connections?"""
    listener = listening(stack, LOOPBACK)
    COPIES[holder](listener).close()
    assert stack.connections(LOOPBACK) == listener.itself


@experiment("tcp/descriptors/listen-through-copy/{holder}", rule=MOST_SPECIFIC)
@EACH_COPY
def test_listen_through_the_copy(stack: Stack, holder: str) -> None:
    """A bound socket was closed, and its copy ({holder}) listens. Does it get the connections?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    copy = COPIES[holder](first)
    first.close()
    copy.listen()
    assert stack.connections(LOOPBACK) == copy.itself


@experiment("tcp/descriptors/bind-through-copy/{holder}", rule=BOUND_ONCE)
@EACH_COPY
def test_second_bind_through_the_copy(stack: Stack, holder: str) -> None:
    """Is a bound socket refused a second bind through its copy ({holder})?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    copy = COPIES[holder](first)
    assert copy.bind(LOOPBACK) == EINVAL


@experiment("tcp/descriptors/option-through-copy/{holder}", rule=OPTION_BITS, cites=(POSIX.at("setsockopt: options belong to the socket"),))
@EACH_COPY
def test_option_set_through_the_copy(stack: Stack, holder: str) -> None:
    """An option was set through a copy ({holder}). Is it set on the socket?"""
    first = stack.tcp4()
    copy = COPIES[holder](first)
    copy.set(SO_REUSEADDR)
    assert first.get(SO_REUSEADDR) == Answer("1")


@experiment("tcp/descriptors/shutdown-through-copy/{holder}", rule=SHUTS_A_CONNECTION, cites=(FORK, POSIX.at("shutdown")))
@EACH_COPY
def test_shutdown_ends_the_connection_for_every_descriptor(stack: Stack, holder: str) -> None:
    """A copy ({holder}) is shut down, the other descriptor is open. Does the client see the end?"""
    client, accepted = connection(stack)
    COPIES[holder](accepted).shutdown(WR)
    assert client.recv(1) == END


# A connection outlives its server in another descriptor.


@experiment(
    "tcp/descriptors/inherited-child/old-{old}/new-{new}", rule=RESTART, cites=(FORK, PYTHON_LIST_2009.at("address already in use"))
)
@pytest.mark.parametrize("old", [NONE, REUSEADDR], ids=str)
@pytest.mark.parametrize(("new", "expected"), NEW, ids=str)
def test_helper_keeps_the_connection(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """A dead server ({old}) left a connection to its helper process. May a server ({new}) bind?"""
    listener = listening(stack, LOOPBACK, *old)
    _, accepted = served(stack, listener, LOOPBACK)
    accepted.inherit()
    accepted.close()
    listener.close()
    stack.shows(LOOPBACK, ESTABLISHED)
    assert stack.tcp4(*new).bind(LOOPBACK) == expected


@experiment("tcp/descriptors/time-wait-after-last-close/{holder}/new-{new}", rule=ACTIVE_CLOSER, cites=(FORK, CLOSE))
@EACH_COPY
@pytest.mark.parametrize(("new", "expected"), NEW, ids=str)
def test_time_wait_begins_with_the_last_close(stack: Stack, holder: str, new: Options, expected: Answer) -> None:
    """TIME_WAIT began when the last copy ({holder}) closed. May a server with {new.aloud} bind?"""
    listener = listening(stack, LOOPBACK, SO_REUSEADDR)
    client, accepted = served(stack, listener, LOOPBACK)
    copy = COPIES[holder](accepted)
    accepted.close()
    stack.shows(LOOPBACK, ESTABLISHED)
    copy.close()
    client.recv(1)
    client.close()
    listener.close()
    stack.shows(LOOPBACK, TIME_WAIT)
    assert stack.tcp4(*new).bind(LOOPBACK) == expected
