"""What the parts of this chapter share: senders, and receivers at one port."""

from __future__ import annotations

import pytest

from fixtures.language.stack import Socket, Stack
from fixtures.language.words import LOOPBACK, REUSEADDR, REUSEPORT, WILDCARD, Address, Option
from fixtures.specification.sources import LINUX_MAN, UNP

#: "The rule is that if the datagram is destined for either a broadcast address or a multicast address, one copy of the datagram is
#: delivered to each matching socket."
COPIES = UNP.at("§7.5, SO_REUSEADDR and SO_REUSEPORT")
ASKED_FOR = UNP.at("§7.5, SO_BROADCAST")
FLAG = LINUX_MAN.at("connect(2), EACCES")
EACH_WAY = pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)


def sender(stack: Stack, *options: Option) -> Socket:
    """A socket at 127.0.0.1: from there Linux sends 255.255.255.255 over loopback, without a route of its own."""
    socket = stack.udp4(*options)
    socket.bind(LOOPBACK.at("Q"))
    return socket


def at(stack: Stack, address: Address, *options: Option) -> Socket:
    """A UDP socket that is bound there."""
    socket = stack.udp4(*options)
    socket.bind(address)
    return socket


def at_wildcard(stack: Stack, *options: Option) -> Socket:
    """A socket at the wildcard of IPv4."""
    return at(stack, WILDCARD, *options)
