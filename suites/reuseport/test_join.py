"""Who may join a group of SO_REUSEPORT sockets?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connected, connecting, ended_in_time_wait, listening
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    LOOPBACK,
    NONE,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    Answer,
    Options,
)
from fixtures.specification.rules import NO_OPTIONS, PCB_LOOKUP, REUSEPORT_ALL, TIME_WAIT_REBIND
from fixtures.specification.sources import LINUX, LITE2

PROTOCOLS = ("tcp4", "udp4")


# Two are bound (or refused, which the trace tells), a third asks. What holds the address decides, not who tried.
THIRD = [
    # first,     second,    third,     the third bind
    (REUSEPORT, REUSEPORT, REUSEPORT, OK),
    (REUSEPORT, REUSEPORT, REUSEBOTH, OK),
    (REUSEPORT, REUSEPORT, NONE,      EADDRINUSE),
    (REUSEPORT, REUSEPORT, REUSEADDR, EADDRINUSE),
    (REUSEPORT, REUSEBOTH, REUSEPORT, OK),
    (REUSEBOTH, REUSEPORT, REUSEADDR, EADDRINUSE),
    # the second is refused where the rule holds
    (REUSEPORT, NONE,      REUSEPORT, OK),
    (REUSEPORT, REUSEADDR, REUSEPORT, OK),
    (NONE,      REUSEPORT, REUSEPORT, EADDRINUSE),
    (REUSEADDR, REUSEPORT, REUSEPORT, EADDRINUSE),
    # Linux lets the third in, in both orders, though one of the two has no SO_REUSEPORT
    (REUSEADDR, REUSEBOTH, REUSEPORT, EADDRINUSE),
    (REUSEBOTH, REUSEADDR, REUSEPORT, OK),
]  # fmt: skip


@experiment(
    "{kind}/reuseport/third/{first}-{second}-{third}",
    rule=REUSEPORT_ALL,
    cites=(LINUX.at("ipv4/inet_connection_sock.c, inet_csk_get_port"), LINUX.at("ipv4/udp.c, udp_lib_lport_inuse")),
)
@pytest.mark.parametrize("kind", PROTOCOLS)
@pytest.mark.parametrize(("first", "second", "third", "expected"), THIRD, ids=str)
def test_a_third_socket(stack: Stack, kind: str, first: Options, second: Options, third: Options, expected: Answer) -> None:
    """{kind}: {first.aloud}, then {second.aloud} asked for an address: may {third.aloud} bind it now?"""
    stack.socket(kind, *first).bind(LOOPBACK)
    stack.socket(kind, *second).bind(LOOPBACK)
    assert stack.socket(kind, *third).bind(LOOPBACK) == expected


@experiment("tcp/reuseport/beside-listener/{first}-{second}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (REUSEPORT, REUSEPORT, OK),
        (REUSEPORT, NONE,      EADDRINUSE),
        (NONE,      REUSEPORT, EADDRINUSE),
        (REUSEPORT, REUSEADDR, EADDRINUSE),
        (REUSEADDR, REUSEPORT, EADDRINUSE),
    ],
    ids=str,
)  # fmt: skip
def test_everyone_must_set_it(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """Two servers with {first.aloud} asked for 0.0.0.0: may one with {second.aloud} join?"""
    for _ in range(2):
        listening(stack, WILDCARD, *first)
    assert stack.tcp4(*second).bind(WILDCARD) == expected


@experiment("tcp/reuseport/wildcard-beside-specific/{first}-{second}", rule=PCB_LOOKUP)
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (NONE,      NONE,      EADDRINUSE),
        (REUSEPORT, NONE,      EADDRINUSE),
        (NONE,      REUSEPORT, OK),
        (REUSEPORT, REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_a_specific_server_beside_a_group(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """Two servers with {first.aloud} asked for 0.0.0.0: may one with {second.aloud} bind 127.0.0.1?"""
    for _ in range(2):
        listening(stack, WILDCARD, *first)
    assert stack.tcp4(*second).bind(LOOPBACK) == expected


@experiment("{kind}/reuseport/all-left/{options}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize("kind", PROTOCOLS)
@pytest.mark.parametrize("options", [NONE, REUSEADDR], ids=str)
def test_a_group_leaves_nothing_behind(stack: Stack, kind: str, options: Options) -> None:
    """Both members of a {kind} SO_REUSEPORT group have closed: may a socket with {options.aloud} bind?"""
    members = [stack.socket(kind, SO_REUSEPORT) for _ in range(2)]
    for member in members:
        member.bind(LOOPBACK)
    for member in members:
        member.close()
    assert stack.socket(kind, *options).bind(LOOPBACK) == OK


@experiment("tcp/reuseport/after-time-wait/{before}-{after}", rule=TIME_WAIT_REBIND)
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (NONE,      NONE,      EADDRINUSE),
        (REUSEPORT, NONE,      EADDRINUSE),
        (NONE,      REUSEPORT, OK),
        (REUSEADDR, REUSEPORT, OK),
        (REUSEPORT, REUSEPORT, OK),
        (REUSEPORT, REUSEADDR, OK),
    ],
    ids=str,
)  # fmt: skip
def test_a_group_starts_after_time_wait(stack: Stack, before: Options, after: Options, expected: Answer) -> None:
    """A server with {before.aloud} left TIME_WAIT: may the first of a group with {after.aloud} bind?"""
    ended_in_time_wait(stack, stack, LOOPBACK, *before)
    assert stack.tcp4(*after).bind(LOOPBACK) == expected


@experiment("tcp/reuseport/after-time-wait/second-member/{after}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(("after", "expected"), [(REUSEPORT, OK), (REUSEADDR, EADDRINUSE)], ids=str)
def test_the_second_member_after_time_wait(stack: Stack, after: Options, expected: Answer) -> None:
    """A server with SO_REUSEPORT started again after TIME_WAIT: may one with {after.aloud} join it?"""
    ended_in_time_wait(stack, stack, LOOPBACK, SO_REUSEPORT)
    listening(stack, LOOPBACK, SO_REUSEPORT)
    assert stack.tcp4(*after).bind(LOOPBACK) == expected


@experiment("tcp/reuseport/udp-is-apart", rule=NO_OPTIONS)
def test_a_udp_socket_permits_nothing_to_tcp(stack: Stack) -> None:
    """TCP without options and UDP with SO_REUSEPORT hold a port: is TCP with SO_REUSEPORT refused?"""
    stack.tcp4().bind(LOOPBACK)
    stack.udp4(SO_REUSEPORT).bind(LOOPBACK)
    assert stack.tcp4(SO_REUSEPORT).bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/reuseport/connection-at-another-address", rule=REUSEPORT_ALL)
def test_a_connection_elsewhere_is_no_obstacle(stack: Stack) -> None:
    """A server of another address has a connection: may two sockets share this one (all SO_REUSEPORT)?"""
    first, second = stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
    first.bind(LOOPBACK)
    connected(stack, listening(stack, SECOND, SO_REUSEPORT), SECOND)
    assert second.bind(LOOPBACK) == OK


@experiment("tcp4/reuseport/join/server-left-a-client", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcbbind"),))
def test_the_port_of_a_client_that_a_server_has_left(stack: Stack) -> None:
    """A server shared a client's port (SO_REUSEADDR) and has left. May one with SO_REUSEPORT bind it?"""
    listening(stack, LOOPBACK)
    client = connecting(stack, LOOPBACK, SO_REUSEADDR)
    port = LOOPBACK.at(f"port({client.name})")
    left = stack.tcp4(*REUSEBOTH)
    left.bind(port)
    left.close()
    assert stack.tcp4(SO_REUSEPORT).bind(port) == OK
