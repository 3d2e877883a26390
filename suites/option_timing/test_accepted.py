"""Which options does an accepted socket have, and what if they change?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connecting, listening, served
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    ESTABLISHED,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    SO_LINGER_0,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD6,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import BEFORE_BIND, INHERITED_OPTIONS
from fixtures.specification.sources import LITE2, TCPV2

# The accepted socket: its options are its own, and a bind beside it asks only the new socket.
ACCEPTED = [
    # change,   of what,   made with, what is set,      restarted, its bind
    ("set",     REUSEADDR, NONE,      SO_REUSEADDR,     NONE,      EADDRINUSE),
    ("set",     REUSEADDR, NONE,      SO_REUSEADDR,     REUSEADDR, OK),
    ("cleared", REUSEADDR, REUSEADDR, SO_REUSEADDR.off, NONE,      EADDRINUSE),
    ("cleared", REUSEADDR, REUSEADDR, SO_REUSEADDR.off, REUSEADDR, OK),
    ("set",     REUSEPORT, NONE,      SO_REUSEPORT,     NONE,      EADDRINUSE),
    ("set",     REUSEPORT, NONE,      SO_REUSEPORT,     REUSEPORT, OK),
    ("cleared", REUSEPORT, REUSEPORT, SO_REUSEPORT.off, NONE,      EADDRINUSE),
    ("cleared", REUSEPORT, REUSEPORT, SO_REUSEPORT.off, REUSEPORT, OK),
]  # fmt: skip


@experiment("tcp/option-timing/accepted-{change}/{option}/restarted-{new}", rule=BEFORE_BIND, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(("change", "option", "old", "late", "new", "expected"), ACCEPTED, ids=str)
def test_option_changed_on_the_accepted_socket(
    stack: Stack, change: str, option: Options, old: Options, late: Option, new: Options, expected: Answer
) -> None:
    """{option.aloud} was {change} on a dead server's accepted socket: may a restart with {new.aloud} bind?"""
    listener = listening(stack, LOOPBACK, *old)
    _, accepted = served(stack, listener, LOOPBACK)
    accepted.set(late)
    listener.close()
    stack.shows(LOOPBACK, ESTABLISHED)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/option-timing/accepted-inherits/{option}", rule=INHERITED_OPTIONS, cites=(TCPV2.at("sonewconn"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_accepted_socket_has_the_option(stack: Stack, option: Options) -> None:
    """Does a socket accepted from a listener with {option.aloud} have it set?"""
    listener = listening(stack, LOOPBACK, *option)
    _, accepted = served(stack, listener, LOOPBACK)
    assert accepted.get(*option) == Answer("1")


@experiment("tcp/option-timing/accepted-inherits/second-of-two-waiting", rule=INHERITED_OPTIONS, cites=(TCPV2.at("sonewconn"),))
def test_second_of_two_that_wait_has_the_option(stack: Stack) -> None:
    """Two connections wait for a listener with SO_REUSEADDR. Does the second have it set, too?"""
    listener = listening(stack, LOOPBACK, SO_REUSEADDR)
    for _ in range(2):
        connecting(stack, LOOPBACK)
    listener.accept()
    assert listener.accept().get(SO_REUSEADDR) == Answer("1")


@experiment("tcp/option-timing/accepted-inherits-late/{option}", rule=INHERITED_OPTIONS, cites=(TCPV2.at("sonewconn"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_accepted_socket_has_an_option_set_after_listen(stack: Stack, option: Options) -> None:
    """Does an accepted socket have {option.aloud} if the listener set it after listen, before connect?"""
    listener = listening(stack, LOOPBACK)
    listener.set(*option)
    _, accepted = served(stack, listener, LOOPBACK)
    assert accepted.get(*option) == Answer("1")


@experiment("tcp/option-timing/accepted-inherits-nothing/{option}", rule=INHERITED_OPTIONS)
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT, Options(SO_LINGER_0)], ids=str)
def test_accepted_socket_without_the_option(stack: Stack, option: Options) -> None:
    """Does a socket accepted from a listener without options have {option.aloud} clear?"""
    listener = listening(stack, LOOPBACK)
    _, accepted = served(stack, listener, LOOPBACK)
    assert accepted.get(*option) == Answer("0")


@experiment("tcp6/option-timing/accepted-inherits/v6only", rule=INHERITED_OPTIONS, cites=(TCPV2.at("sonewconn"),))
def test_accepted_socket_is_v6only(stack: Stack) -> None:
    """Does a socket accepted from a listener with IPV6_V6ONLY have it set?"""
    listener = listening(stack, WILDCARD6, IPV6_V6ONLY)
    stack.tcp6().connect(LOOPBACK6)
    assert listener.accept().get(IPV6_V6ONLY) == Answer("1")


@experiment("tcp6/option-timing/accepted-inherits/v6only-cleared", rule=INHERITED_OPTIONS, cites=(TCPV2.at("sonewconn"),))
def test_accepted_socket_is_not_v6only(stack: Stack) -> None:
    """Does a socket accepted from a listener that cleared IPV6_V6ONLY have it clear?"""
    listener = listening(stack, WILDCARD6, IPV6_V6ONLY.off)
    stack.tcp6().connect(LOOPBACK6)
    assert listener.accept().get(IPV6_V6ONLY) == Answer("0")
