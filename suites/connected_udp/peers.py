"""What the parts of this chapter share: the kinds of UDP socket, and one that is connected."""

from __future__ import annotations

import pytest

from fixtures.language.stack import Socket, Stack
from fixtures.language.words import IPV6_V6ONLY, LOOPBACK, LOOPBACK6, NONE, WILDCARD, WILDCARD6, Address, Option, Options
from fixtures.specification.sources import TCPV2

LOOKUP = TCPV2.at("in_pcblookup")
#: The port of a client.
CLIENT = "Q"
V6ONLY = Options(IPV6_V6ONLY)
#: Kinds of socket, the options that each is always made with, the wildcard, and a specific address.
KINDS = [
    ("udp4", NONE,   WILDCARD,  LOOPBACK),
    ("udp6", V6ONLY, WILDCARD6, LOOPBACK6),
]  # fmt: skip
EVERY_KIND = pytest.mark.parametrize(("kind", "always", "wildcard", "specific"), KINDS, ids=str)


def connected(stack: Stack, kind: str, own: Address, peer: Address, *options: Option) -> Socket:
    """A socket that is bound and connected."""
    socket = stack.socket(kind, *options)
    socket.bind(own)
    socket.connect(peer)
    return socket
