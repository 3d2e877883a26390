"""The pairs of addresses and of options that the chapters share, with what Stevens' rules say of them."""

from __future__ import annotations

from dataclasses import dataclass

from fixtures.language.words import (
    EADDRINUSE,
    LOOPBACK,
    LOOPBACK6,
    NONE,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
)


@dataclass(frozen=True)
class Places:
    """The address that one socket holds and the one that another wants, under the name that they have in ids."""

    name: str
    held: Address
    wanted: Address

    @property
    def alike(self) -> bool:
        """Whether both are the same address."""
        return self.held == self.wanted

    @property
    def family(self) -> int:
        """4 or 6."""
        return self.held.family

    def __str__(self) -> str:
        return self.name


SAME_SPECIFIC = Places("same-specific", LOOPBACK, LOOPBACK)
SAME_WILDCARD = Places("same-wildcard", WILDCARD, WILDCARD)
WILDCARD_THEN_SPECIFIC = Places("wildcard-then-specific", WILDCARD, LOOPBACK)
SPECIFIC_THEN_WILDCARD = Places("specific-then-wildcard", LOOPBACK, WILDCARD)

SAME = [SAME_SPECIFIC, SAME_WILDCARD]
OVERLAPPING = [WILDCARD_THEN_SPECIFIC, SPECIFIC_THEN_WILDCARD]
SAME6 = [
    Places("same-specific", LOOPBACK6, LOOPBACK6),
    Places("same-wildcard", WILDCARD6, WILDCARD6),
]
OVERLAPPING6 = [
    Places("wildcard-then-specific", WILDCARD6, LOOPBACK6),
    Places("specific-then-wildcard", LOOPBACK6, WILDCARD6),
]

#: Two sockets bind the same address and port: (first, second, the answer to the second bind).
DUPLICATES = [
    # The second asks for nothing.
    (NONE, NONE, EADDRINUSE),
    (REUSEADDR, NONE, EADDRINUSE),
    (REUSEPORT, NONE, EADDRINUSE),
    (REUSEBOTH, NONE, EADDRINUSE),
    # SO_REUSEADDR alone never permits a completely duplicate binding.
    (NONE, REUSEADDR, EADDRINUSE),
    (REUSEADDR, REUSEADDR, EADDRINUSE),
    (REUSEPORT, REUSEADDR, EADDRINUSE),
    (REUSEBOTH, REUSEADDR, EADDRINUSE),
    # SO_REUSEPORT permits it if both have set it.
    (NONE, REUSEPORT, EADDRINUSE),
    (REUSEADDR, REUSEPORT, EADDRINUSE),
    (REUSEPORT, REUSEPORT, OK),
    (REUSEBOTH, REUSEPORT, OK),
    (NONE, REUSEBOTH, EADDRINUSE),
    (REUSEADDR, REUSEBOTH, EADDRINUSE),
    (REUSEPORT, REUSEBOTH, OK),
    (REUSEBOTH, REUSEBOTH, OK),
]

#: One of the two binds the wildcard, the other a specific address: what the second asks for decides alone.
OVERLAPS = [(first, second, EADDRINUSE if second == NONE else OK) for first, second, _ in DUPLICATES]

#: A server starts again where its predecessor's connections are left, (old, new, the answer to bind): here, too, only the new one is asked.
RESTARTS = OVERLAPS
