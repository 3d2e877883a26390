"""May a broadcast address be bound, and beside whom?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import (
    BROADCAST,
    EADDRINUSE,
    EADDRNOTAVAIL,
    IPV6_V6ONLY,
    LIMITED_BROADCAST,
    LOOPBACK,
    OK,
    WILDCARD,
    Address,
)
from fixtures.specification.rules import DIFFERENT_ADDRESSES, NO_OPTIONS, OWN_ADDRESS
from fixtures.specification.sources import POSIX
from suites.broadcast.senders import at

BIND = POSIX.at("bind, [EADDRNOTAVAIL]")


@experiment("udp4/broadcast/bind/limited", rule=OWN_ADDRESS, cites=(BIND,))
def test_the_limited_broadcast_address(stack: Stack) -> None:
    """Is UDP refused 255.255.255.255, which is no interface's own?"""
    assert stack.udp4().bind(LIMITED_BROADCAST) == EADDRNOTAVAIL


@experiment("{kind}/broadcast/bind/loopback-net", rule=OWN_ADDRESS, cites=(BIND,))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
def test_the_broadcast_address_of_loopback(stack: Stack, kind: str) -> None:
    """Is a {kind} socket refused 127.255.255.255, which is no interface's own?"""
    assert stack.socket(kind).bind(BROADCAST) == EADDRNOTAVAIL


@experiment("{kind}/broadcast/bind/mapped", rule=OWN_ADDRESS, cites=(BIND,))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_a_mapped_broadcast_address(stack: Stack, kind: str) -> None:
    """Is a {kind} socket refused ::ffff:255.255.255.255?"""
    assert stack.socket(kind, IPV6_V6ONLY.off).bind(Address("::ffff:255.255.255.255")) == EADDRNOTAVAIL


@experiment("udp4/broadcast/bind/beside-wildcard", rule=NO_OPTIONS)
def test_beside_the_wildcard(stack: Stack) -> None:
    """A UDP socket may hold 127.255.255.255: is another refused the wildcard if it does, and only then?"""
    held = stack.udp4().bind(BROADCAST) == OK
    assert (stack.udp4().bind(WILDCARD) == EADDRINUSE) is held


@experiment("udp4/broadcast/bind/beside-specific", rule=DIFFERENT_ADDRESSES)
def test_beside_a_specific_address(stack: Stack) -> None:
    """A UDP socket asks for 127.255.255.255. May another bind 127.0.0.1 at its port?"""
    at(stack, BROADCAST)
    assert stack.udp4().bind(LOOPBACK) == OK
