"""When must the second socket have set its option, and may it try again?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    EINVAL,
    LOOPBACK,
    OK,
    REUSEADDR,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    Options,
)
from fixtures.specification.rules import BEFORE_BIND, BOUND_ONCE, LISTEN_IS_FREE, UNUSED_ADDRESS
from fixtures.specification.sources import LITE2, TCPV2, UNP


# The second socket: what counts is what it has set when it calls bind.
@experiment("tcp/option-timing/second-cleared-before-bind/{option}", rule=BEFORE_BIND, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_option_cleared_before_bind(stack: Stack, option: Options) -> None:
    """Is 127.0.0.1 refused beside 0.0.0.0 to a socket that cleared {option.aloud} before bind?"""
    first = stack.tcp4(*option)
    first.bind(WILDCARD)
    second = stack.tcp4(*option)
    second.set(option[0].off)
    assert second.bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/option-timing/retry-of-bind/{option}", rule=BEFORE_BIND, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_retry_of_bind_after_setting_the_option(stack: Stack, option: Options) -> None:
    """May a socket that was refused beside the wildcard set {option.aloud}, as the first has, and bind?"""
    first = stack.tcp4(*option)
    first.bind(WILDCARD)
    second = stack.tcp4()
    second.bind(LOOPBACK)
    second.set(*option)
    assert second.bind(LOOPBACK) == OK


@experiment("tcp/option-timing/retry-of-bind/unchanged", rule=BEFORE_BIND)
def test_retry_of_bind_without_the_option(stack: Stack) -> None:
    """Is a socket that was refused beside the wildcard refused again when it only tries again?"""
    first = stack.tcp4(SO_REUSEADDR)
    first.bind(WILDCARD)
    second = stack.tcp4()
    second.bind(LOOPBACK)
    assert second.bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/option-timing/retry-after-first-sets-reuseport", rule=BEFORE_BIND, cites=(LITE2.at("in_pcbbind"),))
def test_retry_of_bind_after_the_first_sets_the_option(stack: Stack) -> None:
    """May a second socket with SO_REUSEPORT, once refused, bind after the first has set SO_REUSEPORT too?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    second = stack.tcp4(SO_REUSEPORT)
    second.bind(LOOPBACK)
    first.set(SO_REUSEPORT)
    assert second.bind(LOOPBACK) == OK


@experiment("tcp/option-timing/second-bind-with-option/{option}", rule=BOUND_ONCE)
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_option_does_not_allow_a_second_bind(stack: Stack, option: Options) -> None:
    """Is a bound socket refused a second bind to its own address after it has set {option.aloud}?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    first.set(*option)
    assert first.bind(LOOPBACK) == EINVAL


@experiment("tcp/option-timing/listen-after-clearing/{option}", rule=LISTEN_IS_FREE, cites=(TCPV2.at("tcp_usrreq, PRU_LISTEN"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_listen_after_clearing_the_option(stack: Stack, option: Options) -> None:
    """May a socket that bound beside the wildcard thanks to {option.aloud} clear it and still listen?"""
    first = stack.tcp4(*option)
    first.bind(WILDCARD)
    second = stack.tcp4(*option)
    second.bind(LOOPBACK)
    second.set(option[0].off)
    assert second.listen() == OK


@experiment("tcp/option-timing/listen-after-first-cleared/{option}", rule=LISTEN_IS_FREE, cites=(TCPV2.at("tcp_usrreq, PRU_LISTEN"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_listen_after_the_other_cleared_the_option(stack: Stack, option: Options) -> None:
    """A socket bound beside the wildcard, which then cleared {option.aloud}: may the socket listen?"""
    first = stack.tcp4(*option)
    first.bind(WILDCARD)
    second = stack.tcp4(*option)
    second.bind(LOOPBACK)
    first.set(option[0].off)
    assert second.listen() == OK


@experiment("tcp/option-timing/retry-of-listen/reuseaddr", rule=LISTEN_IS_FREE)
def test_retry_of_listen(stack: Stack) -> None:
    """With SO_REUSEADDR on both, the second called listen too early: may it once the first has closed?"""
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    first.listen()
    second.listen()
    first.close()
    assert second.listen() == OK


@experiment("tcp/option-timing/refused-listen/then-connect", rule=UNUSED_ADDRESS)
def test_connect_after_a_refused_listen(stack: Stack) -> None:
    """May a server that came second at its address, or was refused it, connect to another server?"""
    listening(stack, SECOND.at("Q"))
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    # Where the bind was refused there is nothing to listen at.
    if second.bind(LOOPBACK) == OK:
        first.listen()
        second.listen()
    assert second.connect(SECOND.at("Q")) == OK
