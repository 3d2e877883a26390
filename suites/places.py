"""Places: an address and, for IPv6, whether the socket takes IPv4 too, under the names that they have in ids."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Place:
    """What a socket asks for, by its name in ids; ``v6only`` is what it does with IPV6_V6ONLY."""

    name: str
    address: Address
    v6only: tuple[Option, ...] = ()

    @property
    def aloud(self) -> str:
        """The place as a question says it: its address, and IPV6_V6ONLY where that is on."""
        return self.address.aloud + (" (v6only)" if IPV6_V6ONLY in self.v6only else "")

    def __str__(self) -> str:
        return self.name


ANY4 = Place("any4", WILDCARD)
ONE4 = Place("loopback4", LOOPBACK)
DUAL = Place("dual", WILDCARD6, (IPV6_V6ONLY.off,))
ANY6 = Place("v6only", WILDCARD6, (IPV6_V6ONLY,))
ONE6 = Place("loopback6", LOOPBACK6, (IPV6_V6ONLY.off,))
MAPPED4 = Place("mapped", MAPPED, (IPV6_V6ONLY.off,))
MAPPED_ANY = Place("mapped-any", MAPPED_WILDCARD, (IPV6_V6ONLY.off,))

#: Where a client of each family connects.
DIALLED = {"ipv4": LOOPBACK, "ipv6": LOOPBACK6}


def make(stack: Stack | Actor, protocol: str, place: Place, *options: Option) -> Socket:
    """A socket of the family that the place needs."""
    return stack.socket(f"{protocol}{place.address.family}", *place.v6only, *options)


def bind(server: Socket, place: Place) -> Answer:
    """Bind the socket there."""
    return server.bind(place.address)


def bound(stack: Stack | Actor, protocol: str, place: Place, *options: Option) -> Socket:
    """A socket that is bound there."""
    holder = make(stack, protocol, place, *options)
    bind(holder, place)
    return holder


def ask_for(stack: Stack | Actor, protocol: str, place: Place, *options: Option) -> Answer:
    """The answer to a new socket that asks for the place."""
    return bind(make(stack, protocol, place, *options), place)
