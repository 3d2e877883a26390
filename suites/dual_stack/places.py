"""The places of the dual-stack chapter: a family, an address and, for IPv6, whether the socket takes IPv4 too."""

from __future__ import annotations

from fixtures.language.stack import Actor, Socket, Stack
from fixtures.language.words import (
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    MAPPED_WILDCARD,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Option,
)

#: What a socket asks for: family, address, and what it does with IPV6_V6ONLY.
PLACES: dict[str, tuple[int, Address, tuple[Option, ...]]] = {
    "any4":       (4, WILDCARD, ()),
    "loopback4":  (4, LOOPBACK, ()),
    "dual":       (6, WILDCARD6, (IPV6_V6ONLY.off,)),
    "v6only":     (6, WILDCARD6, (IPV6_V6ONLY,)),
    "loopback6":  (6, LOOPBACK6, (IPV6_V6ONLY.off,)),
    "mapped":     (6, MAPPED, (IPV6_V6ONLY.off,)),
    "mapped-any": (6, MAPPED_WILDCARD, (IPV6_V6ONLY.off,)),
}  # fmt: skip

#: Where a client of each family connects.
DIALLED = {"ipv4": LOOPBACK, "ipv6": LOOPBACK6}


def make(stack: Stack | Actor, protocol: str, place: str, *options: Option) -> Socket:
    """A socket of the family that the place needs."""
    family, _, v6only = PLACES[place]
    return stack.socket(f"{protocol}{family}", *v6only, *options)


def bind(server: Socket, place: str) -> Answer:
    """Bind the socket there."""
    return server.bind(PLACES[place][1])


def bound(stack: Stack | Actor, protocol: str, place: str, *options: Option) -> Socket:
    """A socket that is bound there."""
    holder = make(stack, protocol, place, *options)
    bind(holder, place)
    return holder


def ask_for(stack: Stack | Actor, protocol: str, place: str, *options: Option) -> Answer:
    """The answer to a new socket that asks for the place."""
    return bind(make(stack, protocol, place, *options), place)
