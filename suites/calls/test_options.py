"""Which groups may a socket join, and how is SO_LINGER read?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import EADDRINUSE, EINVAL, GROUP, GROUP6, LOOPBACK, NONE, OK, RDWR, SO_LINGER_0, SO_REUSEADDR, Answer, Options
from fixtures.specification.rules import MEMBERSHIP, NO_SUCH_OPTION, OPTION_BITS, WRONG_KIND
from fixtures.specification.sources import POSIX, TCPV2


@experiment("{kind}/calls/join-ipv6-group", rule=NO_SUCH_OPTION, cites=(POSIX.at("setsockopt, [ENOPROTOOPT]"),))
@pytest.mark.parametrize("kind", ["udp4", "tcp4"])
def test_join_a_group_of_the_other_family(stack: Stack, kind: str) -> None:
    """Is a {kind} socket refused membership in an IPv6 group, as an option that it does not have?"""
    assert stack.socket(kind).join(GROUP6) == Answer("ENOPROTOOPT")


@experiment("udp4/calls/join-no-group", rule=WRONG_KIND, cites=(POSIX.at("setsockopt, [EINVAL]"),))
def test_join_what_is_no_group(stack: Stack) -> None:
    """Is joining an address that is no multicast group refused?"""
    assert stack.udp4().join(LOOPBACK) == EINVAL


@experiment("udp4/calls/join-twice", rule=MEMBERSHIP, cites=(TCPV2.at("§12.11, ip_setmoptions"),))
def test_join_twice(stack: Stack) -> None:
    """Is a socket refused a group that it has joined?"""
    member = stack.udp4()
    member.join(GROUP)
    assert member.join(GROUP) == EADDRINUSE


@experiment("udp6/calls/join-twice", rule=MEMBERSHIP)
def test_join_an_ipv6_group_twice(stack: Stack) -> None:
    """Is an IPv6 socket refused a group that it has joined?"""
    member = stack.udp6()
    member.join(GROUP6)
    assert member.join(GROUP6) == EADDRINUSE


@experiment("tcp4/calls/join", rule=MEMBERSHIP, cites=(TCPV2.at("§12.11, ip_setmoptions"),))
def test_join_over_tcp(stack: Stack) -> None:
    """May a TCP socket join a multicast group, of which it will hear nothing?"""
    assert stack.tcp4().join(GROUP) == OK


@experiment("tcp6/calls/join", rule=MEMBERSHIP)
def test_join_an_ipv6_group_over_tcp(stack: Stack) -> None:
    """May a TCP socket join an IPv6 multicast group, of which it will hear nothing?"""
    assert stack.tcp6().join(GROUP6) == OK


@experiment("tcp4/calls/linger/{state}", rule=OPTION_BITS, cites=(POSIX.at("getsockopt; socket options, SO_LINGER"),))
@pytest.mark.parametrize(
    ("state", "options", "expected"),
    [
        ("new",          NONE,                 Answer("0")),
        ("zero-seconds", Options(SO_LINGER_0), Answer("1")),
    ],
    ids=str,
)  # fmt: skip
def test_linger_is_read(stack: Stack, state: str, options: Options, expected: Answer) -> None:
    """A new TCP socket has {options.aloud}. Does SO_LINGER read as {expected} (1: on)?"""
    assert stack.tcp4(*options).get(SO_LINGER_0) == expected


@experiment("udp4/calls/setsockopt-connected", rule=OPTION_BITS, cites=(POSIX.at("setsockopt"),))
def test_an_option_of_a_connected_socket(stack: Stack) -> None:
    """May SO_REUSEADDR be set on a UDP socket that is connected?"""
    client = stack.udp4()
    client.connect(LOOPBACK)
    assert client.set(SO_REUSEADDR) == OK


@experiment("udp4/calls/join-when-shut", rule=OPTION_BITS, cites=(POSIX.at("shutdown"),))
def test_join_when_both_halves_are_shut(stack: Stack) -> None:
    """A connected UDP socket has shut down both halves. May it join a group still?"""
    member = stack.udp4()
    member.connect(LOOPBACK)
    member.shutdown(RDWR)
    assert member.join(GROUP) == OK
