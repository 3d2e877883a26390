"""One socket, several descriptors: a socket that somebody else still has open still holds its address."""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
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
    COMPLETELY_DUPLICATE,
    MOST_SPECIFIC,
    NO_OPTIONS,
    PCB_LOOKUP,
    RESTART,
    UNBOUND_CALL,
)
from fixtures.specification.sources import POSIX, PYTHON_LIST_2009, UNP

CLOSE = POSIX.at("close: the last descriptor")
FORK = UNP.at("ch. 4, descriptor reference counts")

# Whose the second descriptor is: the same process's, or that of a process that was started meanwhile.
HOLDERS = ["dup", "inherit"]
REFUSED = [(holder, options) for holder in HOLDERS for options in (NONE, REUSEADDR)]


def second_descriptor(sock: Socket, holder: str) -> Socket:
    """A second descriptor for the socket, in this process (``dup``) or in another (``inherit``)."""
    return sock.dup() if holder == "dup" else sock.inherit()


@experiment("tcp/descriptors/closed-in-one/{holder}/second-{second}", rule=COMPLETELY_DUPLICATE, cites=(CLOSE, FORK))
@pytest.mark.parametrize(("holder", "second"), REFUSED, ids=str)
def test_listener_closed_in_one_descriptor(stack: Stack, holder: str, second: Options) -> None:
    """A listener was closed, but not its other descriptor ({holder}): is a second server ({second}) refused its address?"""
    listener = listening(stack, LOOPBACK, SO_REUSEADDR)
    second_descriptor(listener, holder)
    listener.close()
    another = stack.tcp4(*second)
    assert another.bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/descriptors/bound-closed-in-one/{holder}", rule=NO_OPTIONS, cites=(CLOSE,))
@pytest.mark.parametrize("holder", HOLDERS, ids=str)
def test_bound_socket_closed_in_one_descriptor(stack: Stack, holder: str) -> None:
    """A bound socket that never listened was closed, but not its other descriptor ({holder}): is a second refused?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    second_descriptor(first, holder)
    first.close()
    second = stack.tcp4()
    assert second.bind(LOOPBACK) == EADDRINUSE


@experiment("udp/descriptors/closed-in-one/{holder}", rule=NO_OPTIONS, cites=(CLOSE,))
@pytest.mark.parametrize("holder", HOLDERS, ids=str)
def test_udp_socket_closed_in_one_descriptor(stack: Stack, holder: str) -> None:
    """A UDP socket was closed, but not its other descriptor ({holder}): is a second refused its address?"""
    first = stack.udp4()
    first.bind(LOOPBACK)
    second_descriptor(first, holder)
    first.close()
    second = stack.udp4()
    assert second.bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/descriptors/closed-in-both/{holder}", rule=UNBOUND_CALL, cites=(CLOSE,))
@pytest.mark.parametrize("holder", HOLDERS, ids=str)
def test_listener_closed_in_both_descriptors(stack: Stack, holder: str) -> None:
    """A listener was closed, and then its other descriptor ({holder}) too: is its address free without options?"""
    listener = listening(stack, LOOPBACK)
    remaining = second_descriptor(listener, holder)
    listener.close()
    remaining.close()
    restarted = stack.tcp4()
    assert restarted.bind(LOOPBACK) == OK


@experiment("tcp/descriptors/still-receives/{holder}", rule=MOST_SPECIFIC, cites=(CLOSE, FORK))
@pytest.mark.parametrize("holder", HOLDERS, ids=str)
def test_remaining_descriptor_receives(stack: Stack, holder: str) -> None:
    """A listener was closed, but not its other descriptor ({holder}): does that one get the connections?"""
    listener = listening(stack, LOOPBACK)
    remaining = second_descriptor(listener, holder)
    listener.close()
    assert stack.connections(LOOPBACK) == remaining.itself


@experiment("tcp/descriptors/copy-closed/{holder}", rule=MOST_SPECIFIC, cites=(CLOSE,))
@pytest.mark.parametrize("holder", HOLDERS, ids=str)
def test_closing_the_copy_does_not_stop_the_listener(stack: Stack, holder: str) -> None:
    """Does a listener still get the connections after its second descriptor ({holder}) was closed?"""
    listener = listening(stack, LOOPBACK)
    copy = second_descriptor(listener, holder)
    copy.close()
    assert stack.connections(LOOPBACK) == listener.itself


@experiment("tcp/descriptors/listen-through-copy/{holder}", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("holder", HOLDERS, ids=str)
def test_listen_through_the_copy(stack: Stack, holder: str) -> None:
    """A socket was bound in one descriptor, closed there, and listens in another ({holder}): does it get the connections?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    remaining = second_descriptor(first, holder)
    first.close()
    remaining.listen()
    assert stack.connections(LOOPBACK) == remaining.itself


@experiment("tcp/descriptors/bind-through-copy/{holder}", rule=BOUND_ONCE)
@pytest.mark.parametrize("holder", HOLDERS, ids=str)
def test_second_bind_through_the_copy(stack: Stack, holder: str) -> None:
    """Is a second bind of a bound socket refused through another descriptor ({holder}) as well?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    copy = second_descriptor(first, holder)
    assert copy.bind(LOOPBACK) == EINVAL


@experiment(
    "tcp/descriptors/option-through-copy/{holder}", rule=UNBOUND_CALL, cites=(POSIX.at("setsockopt: options belong to the socket"),)
)
@pytest.mark.parametrize("holder", HOLDERS, ids=str)
def test_option_set_through_the_copy(stack: Stack, holder: str) -> None:
    """Is an option that was set through another descriptor ({holder}) set on the socket?"""
    first = stack.tcp4()
    copy = second_descriptor(first, holder)
    copy.set(SO_REUSEADDR)
    assert first.get(SO_REUSEADDR) == Answer("1")


# The child of a server, handed to a helper process, as every forking server does.
CHILDREN = [
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, OK),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEADDR, REUSEADDR, OK),
]  # fmt: skip


@experiment(
    "tcp/descriptors/inherited-child/old-{old}/new-{new}", rule=RESTART, cites=(FORK, PYTHON_LIST_2009.at("address already in use"))
)
@pytest.mark.parametrize(("old", "new", "expected"), CHILDREN, ids=str)
def test_helper_keeps_the_connection(stack: Stack, old: Options, new: Options, expected: Answer) -> None:
    """A dead server ({old}) left a connection to its helper process: may a server ({new}) restart?"""
    listener = listening(stack, LOOPBACK, *old)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    accepted.inherit()
    accepted.close()
    listener.close()
    stack.shows(LOOPBACK, ESTABLISHED)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/descriptors/time-wait-after-last-close/{holder}/new-{new}", rule=ACTIVE_CLOSER, cites=(FORK, CLOSE))
@pytest.mark.parametrize(
    ("holder", "new", "expected"),
    [
        ("dup",     NONE,      EADDRINUSE),
        ("dup",     REUSEADDR, OK),
        ("inherit", NONE,      EADDRINUSE),
        ("inherit", REUSEADDR, OK),
    ],
    ids=str,
)  # fmt: skip
def test_time_wait_begins_with_the_last_close(stack: Stack, holder: str, new: Options, expected: Answer) -> None:
    """A connection stayed open in a second descriptor ({holder}) until that closed first: may a server ({new}) restart in TIME_WAIT?"""
    listener = listening(stack, LOOPBACK, SO_REUSEADDR)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    remaining = second_descriptor(accepted, holder)
    accepted.close()
    stack.shows(LOOPBACK, ESTABLISHED)
    remaining.close()
    client.recv(1)
    client.close()
    listener.close()
    stack.shows(LOOPBACK, TIME_WAIT)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/descriptors/shutdown-through-copy/{holder}", rule=UNBOUND_CALL, cites=(FORK, POSIX.at("shutdown")))
@pytest.mark.parametrize("holder", HOLDERS, ids=str)
def test_shutdown_ends_the_connection_for_every_descriptor(stack: Stack, holder: str) -> None:
    """Does shutdown(WR) on one descriptor send the end although another ({holder}) is open?"""
    listener = listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    copy = second_descriptor(accepted, holder)
    copy.shutdown(WR)
    assert client.recv(1) == END


@experiment("tcp/descriptors/inherited-by-another-user", rule=PCB_LOOKUP, cites=(CLOSE,))
def test_listener_inherited_by_another_user(stack: Stack) -> None:
    """Does a listener that only another user's process still has open hold its address against a server with SO_REUSEADDR?"""
    listener = listening(stack, LOOPBACK, SO_REUSEADDR)
    listener.inherit("stranger")
    listener.close()
    restarted = stack.tcp4(SO_REUSEADDR)
    assert restarted.bind(LOOPBACK) == EADDRINUSE
