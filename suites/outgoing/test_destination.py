"""What does a connection to the wildcard, or to a port where nobody listens, reach?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening, received, received_here
from fixtures.language.stack import Stack
from fixtures.language.words import (
    ECONNREFUSED,
    GROUP,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    MAPPED_WILDCARD,
    NONE,
    OK,
    SECOND,
    WILDCARD,
    WILDCARD6,
    Address,
    Options,
)
from fixtures.specification.rules import NOBODY_LISTENS, PEER_IS_SET, TO_THE_WILDCARD, V6ONLY
from fixtures.specification.sources import FREEBSD_15, LIBUV_2155, TCPV2

TO_NOBODY = (TCPV2.at("in_pcbconnect"), LIBUV_2155.at("the assertion"), FREEBSD_15.at("Networking, General"))
DUAL = Options(IPV6_V6ONLY.off)
ONLY = Options(IPV6_V6ONLY)


@experiment("tcp/outgoing/connect-to-unlistened/no-options", rule=NOBODY_LISTENS)
def test_connect_to_a_bound_socket(stack: Stack) -> None:
    """A port is bound, but nobody listens there. Is a connection to it refused?"""
    bound = stack.tcp4()
    bound.bind(LOOPBACK)
    assert stack.tcp4().connect(LOOPBACK) == ECONNREFUSED


@experiment("tcp/outgoing/destination-wildcard/{case}", rule=TO_THE_WILDCARD, cites=TO_NOBODY)
@pytest.mark.parametrize(
    ("case", "options", "local", "called", "listens"),
    [
        ("to-wildcard",          NONE, None,      WILDCARD,        WILDCARD),
        ("to-loopback",          NONE, None,      WILDCARD,        LOOPBACK),
        ("from-wildcard",        NONE, WILDCARD,  WILDCARD,        LOOPBACK),
        ("ipv6",                 DUAL, None,      WILDCARD6,       LOOPBACK6),
        ("ipv6-v6only",          ONLY, None,      WILDCARD6,       LOOPBACK6),
        ("ipv6-from-wildcard",   DUAL, WILDCARD6, WILDCARD6,       LOOPBACK6),
        ("mapped",               DUAL, None,      MAPPED_WILDCARD, LOOPBACK),
        ("mapped-from-wildcard", DUAL, WILDCARD6, MAPPED_WILDCARD, LOOPBACK),
        ("mapped-from-mapped",   DUAL, MAPPED,    MAPPED_WILDCARD, LOOPBACK),
    ],
    ids=str,
)  # fmt: skip
def test_connect_to_the_wildcard(
    stack: Stack, case: str, options: Options, local: Address | None, called: Address, listens: Address
) -> None:
    """A client ({case}) connects to {called.aloud}. Does it reach {listens.aloud}?"""
    listening(stack, listens)
    client = stack.socket(f"tcp{called.family}", *options)
    if local:
        client.bind(local.at("Q"))
    assert client.connect(called) == OK


# A client that is bound to a local address reaches loopback at the wildcard, too, and nothing at its own address.


@experiment("tcp/outgoing/destination-wildcard/from-{source}/own-address", rule=TO_THE_WILDCARD, cites=TO_NOBODY)
@pytest.mark.parametrize(
    ("source", "listens", "options", "local", "called"),
    [
        ("second", SECOND,   NONE, SECOND, WILDCARD),
        ("mapped", LOOPBACK, DUAL, MAPPED, WILDCARD6),
    ],
    ids=str,
)  # fmt: skip
def test_connect_to_the_wildcard_from_an_address(
    stack: Stack, source: str, listens: Address, options: Options, local: Address, called: Address
) -> None:
    """A client bound to a {source} address connects to {called.aloud}. Is it refused?"""
    listening(stack, listens)
    client = stack.socket(f"tcp{local.family}", *options)
    client.bind(local.at("Q"))
    assert client.connect(called) == ECONNREFUSED


@experiment("tcp/outgoing/destination-wildcard/from-second/nobody", rule=NOBODY_LISTENS)
def test_connect_to_the_wildcard_where_nobody_listens(stack: Stack) -> None:
    """A client bound to a second address connects to the wildcard. Nobody listens. Is it refused?"""
    client = stack.tcp4()
    client.bind(SECOND.at("Q"))
    assert client.connect(WILDCARD) == ECONNREFUSED


@experiment("udp6/outgoing/destination-wildcard/from-{source}", rule=TO_THE_WILDCARD, cites=TO_NOBODY)
@pytest.mark.parametrize(("source", "local"), [("mapped", MAPPED), ("ipv6", LOOPBACK6)], ids=str)
def test_connect_udp_to_the_ipv6_wildcard(stack: Stack, source: str, local: Address) -> None:
    """May a UDP socket at {local.aloud} connect to [::]?"""
    client = stack.udp6(*DUAL)
    client.bind(local.at("Q"))
    assert client.connect(WILDCARD6) == OK


@experiment("udp/outgoing/destination-wildcard/from-a-group", rule=TO_THE_WILDCARD, cites=TO_NOBODY)
def test_connect_to_the_wildcard_from_a_group(stack: Stack) -> None:
    """A UDP socket bound to a group sends to the wildcard. Does it reach a socket at loopback?"""
    receiver, sender = stack.udp4(), stack.udp4()
    receiver.bind(LOOPBACK)
    sender.bind(GROUP.at("Q"))
    assert sender.connect(WILDCARD) == OK
    assert received(receiver, sender.send(1)) == OK


@experiment("{kind}/outgoing/destination-wildcard/from-{source}", rule=TO_THE_WILDCARD, cites=TO_NOBODY)
@pytest.mark.parametrize(
    ("kind", "always", "loopback", "called"),
    [
        ("udp4", NONE, LOOPBACK,  WILDCARD),
        ("udp6", ONLY, LOOPBACK6, WILDCARD6),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("source", ["loopback", "wildcard", "nowhere"])
def test_send_to_the_wildcard(stack: Stack, kind: str, always: Options, loopback: Address, called: Address, source: str) -> None:
    """A {kind} socket bound to {source} is connected to the wildcard. Does what it sends reach loopback?"""
    receiver, sender = stack.socket(kind, *always), stack.socket(kind, *always)
    receiver.bind(loopback)
    if source != "nowhere":
        sender.bind((loopback if source == "loopback" else called).at("Q"))
    sender.connect(called)
    assert received(receiver, sender.send(1)) == OK


@experiment("udp/outgoing/destination-wildcard/hears", rule=TO_THE_WILDCARD, cites=TO_NOBODY)
def test_hear_of_the_wildcard(stack: Stack) -> None:
    """A UDP socket without an address connected to the wildcard. Does it hear what loopback sends back?"""
    server, client = stack.udp4(), stack.udp4()
    server.bind(LOOPBACK)
    if client.connect(WILDCARD) == OK:
        server.connect(LOOPBACK.at(f"port({client.name})"))
        server.send(1)
    assert received_here(client) == OK


@experiment("udp6/outgoing/destination-wildcard/mapped/from-{source}", rule=TO_THE_WILDCARD, cites=TO_NOBODY)
@pytest.mark.parametrize("source", ["loopback", "nowhere"])
def test_send_to_the_mapped_wildcard(stack: Stack, source: str) -> None:
    """A socket (mapped, bound to {source}) is connected to the wildcard. Does what it sends arrive?"""
    receiver, sender = stack.udp4(), stack.udp6(*DUAL)
    receiver.bind(LOOPBACK)
    if source == "loopback":
        sender.bind(MAPPED.at("Q"))
    sender.connect(MAPPED_WILDCARD)
    assert received(receiver, sender.send(1)) == OK


@experiment("udp6/outgoing/destination-wildcard/then-elsewhere", rule=PEER_IS_SET)
def test_connect_to_the_wildcard_and_elsewhere(stack: Stack) -> None:
    """A UDP socket bound to ::1 was connected to [::]. May it connect to ::1 instead?"""
    sender = stack.udp6(*ONLY)
    sender.bind(LOOPBACK6.at("Q"))
    sender.connect(WILDCARD6)
    assert sender.connect(LOOPBACK6) == OK


@experiment("tcp6/outgoing/destination-wildcard/mapped-v6only", rule=V6ONLY)
def test_connect_to_the_mapped_wildcard_with_v6only(stack: Stack) -> None:
    """Is a client with IPV6_V6ONLY refused the mapped wildcard as a destination?"""
    assert stack.tcp6(*ONLY).connect(MAPPED_WILDCARD) != OK
