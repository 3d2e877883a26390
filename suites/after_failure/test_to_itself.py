"""May a client connect to its own address and port, and what is such a connection?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    ECONNREFUSED,
    ESTABLISHED,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    OK,
    SECOND,
    SO_LINGER_0,
    TIME_WAIT,
    WILDCARD,
)
from fixtures.specification.rules import NO_OPTIONS, NOBODY_LISTENS, RESET, SIMULTANEOUS_OPEN
from fixtures.specification.sources import BUN_41455, POSIX, RFC9293, UNP

CLIENT = LOOPBACK.at("Q")
OPEN = RFC9293.at("§3.5, figure 7")


@experiment("tcp/after-failure/connect-to-itself/no-options", rule=SIMULTANEOUS_OPEN, cites=(OPEN,))
def test_connection_to_itself(stack: Stack) -> None:
    """May a client connect to its own address and port, where nobody listens?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    assert client.connect(CLIENT) == OK


@experiment("tcp6/after-failure/connect-to-itself/no-options", rule=SIMULTANEOUS_OPEN, cites=(OPEN, BUN_41455.at("Problem")))
def test_connection_to_itself_over_ipv6(stack: Stack) -> None:
    """May an IPv6 client connect to its own address and port, where nobody listens?"""
    client = stack.tcp6()
    client.bind(LOOPBACK6.at("Q"))
    assert client.connect(LOOPBACK6.at("Q")) == OK


@experiment("tcp6/after-failure/connect-to-itself/mapped", rule=SIMULTANEOUS_OPEN, cites=(OPEN,))
def test_connection_to_itself_at_a_mapped_address(stack: Stack) -> None:
    """May an IPv6 client connect to its own mapped address and port, where nobody listens?"""
    client = stack.tcp6(IPV6_V6ONLY.off)
    client.bind(MAPPED.at("Q"))
    assert client.connect(MAPPED.at("Q")) == OK


@experiment("tcp/after-failure/connect-to-itself/established", rule=SIMULTANEOUS_OPEN, cites=(OPEN,))
def test_connection_to_itself_is_one(stack: Stack) -> None:
    """Is the connection of a client to its own address and port established?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    assert client.connect(CLIENT) == OK
    assert stack.shows(CLIENT, ESTABLISHED) == OK


@experiment("tcp/after-failure/connect-to-itself/closed", rule=SIMULTANEOUS_OPEN, cites=(RFC9293.at("§3.6, figure 13"),))
def test_connection_to_itself_leaves_time_wait(stack: Stack) -> None:
    """Does the connection of a client to itself leave TIME_WAIT when it is closed?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    assert client.connect(CLIENT) == OK
    client.close()
    stack.shows(CLIENT, TIME_WAIT)
    assert stack.tcp4().bind(CLIENT) == EADDRINUSE


@experiment("tcp/after-failure/connect-to-itself/reset", rule=RESET, cites=(UNP.at("§7.5, SO_LINGER"),))
def test_connection_to_itself_that_is_reset(stack: Stack) -> None:
    """A client connected to itself, or was refused, and closes with SO_LINGER 0. Is its port free at once?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    client.connect(CLIENT)
    client.set(SO_LINGER_0)
    client.close()
    assert stack.tcp4().bind(CLIENT) == OK


@experiment("tcp6/after-failure/connect-to-itself/closed", rule=SIMULTANEOUS_OPEN, cites=(RFC9293.at("§3.6, figure 13"),))
def test_connection_to_itself_over_ipv6_leaves_time_wait(stack: Stack) -> None:
    """Does the connection of an IPv6 client to itself leave TIME_WAIT when it is closed?"""
    client = stack.tcp6()
    client.bind(LOOPBACK6.at("Q"))
    assert client.connect(LOOPBACK6.at("Q")) == OK
    client.close()
    assert stack.shows(LOOPBACK6.at("Q"), TIME_WAIT) == OK


@experiment("tcp/after-failure/connect-to-itself/another-address", rule=NOBODY_LISTENS)
def test_own_port_at_another_address(stack: Stack) -> None:
    """Is a client refused its own port at another local address, where nobody listens?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    assert client.connect(SECOND.at("Q")) == ECONNREFUSED


@experiment("tcp/after-failure/connect-to-itself/from-the-wildcard", rule=SIMULTANEOUS_OPEN)
def test_own_port_at_another_address_from_the_wildcard(stack: Stack) -> None:
    """May a client on the wildcard connect to its own port at a second local address?"""
    client = stack.tcp4()
    client.bind(WILDCARD.at("Q"))
    assert client.connect(SECOND.at("Q")) == OK


@experiment("tcp/after-failure/connect-to-itself/after-shutdown/{how}", rule=SIMULTANEOUS_OPEN, cites=(POSIX.at("shutdown, [ENOTCONN]"),))
@pytest.mark.parametrize("how", ["rd", "wr"])
def test_connection_to_itself_after_a_shutdown(stack: Stack, how: str) -> None:
    """May a client connect to itself after a shutdown ({how}) that came too early?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    client.shutdown(how.upper())
    assert client.connect(CLIENT) == OK


@experiment("tcp/after-failure/connect-to-itself/port", rule=NO_OPTIONS)
def test_port_of_a_client_that_connected_to_itself(stack: Stack) -> None:
    """A client connected to its own address and port, or was refused. Does it hold its port?"""
    client = stack.tcp4()
    client.bind(CLIENT)
    client.connect(CLIENT)
    assert stack.tcp4().bind(CLIENT) == EADDRINUSE
