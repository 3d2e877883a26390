"""Which places in the two families exclude each other?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening, serve
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    EINVAL,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    SECOND,
    SO_EXCLBIND,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import (
    BIND_NAMES,
    BOUND_ONCE,
    DUAL_STACK,
    NO_OPTIONS,
    RESTART,
    REUSEPORT_ALL,
    V6ONLY,
    WILDCARD_AND_SPECIFIC,
)
from fixtures.specification.sources import ILLUMOS
from suites.dual_stack.places import ask_for, bind, bound

# Each pair is asked in both orders.
TWINS = [
    ("dual",       "any4"),
    ("dual",       "v6only"),
    ("dual",       "dual"),
    ("v6only",     "v6only"),
    ("dual",       "mapped-any"),
    ("mapped-any", "any4"),
    ("mapped",     "loopback4"),
    ("mapped",     "mapped"),
    ("loopback6",  "loopback6"),
]  # fmt: skip
WILDCARD_AND_ONE_OF_ITS = [
    ("dual",       "loopback4"),
    ("dual",       "loopback6"),
    ("dual",       "mapped"),
    ("v6only",     "loopback6"),
    ("any4",       "mapped"),
    ("mapped-any", "loopback4"),
    ("mapped-any", "mapped"),
]  # fmt: skip
APART = [
    ("v6only",     "any4"),
    ("v6only",     "loopback4"),
    ("v6only",     "mapped"),
    ("v6only",     "mapped-any"),
    ("loopback6",  "any4"),
    ("loopback6",  "loopback4"),
    ("loopback6",  "mapped"),
    ("loopback6",  "mapped-any"),
]  # fmt: skip


def both_orders(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each pair, and each reverse that is not the same."""
    return [*pairs, *((second, first) for first, second in pairs if first != second)]


@experiment("tcp/dual-stack/same/{held}-then-{wanted}/{options}", rule=DUAL_STACK)
@pytest.mark.parametrize(("held", "wanted"), both_orders(TWINS))
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (NONE,      EADDRINUSE),
        (REUSEADDR, EADDRINUSE),
        (REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_the_same_address(stack: Stack, held: str, wanted: str, options: Options, expected: Answer) -> None:
    """A {held} server listens. May a {wanted} one bind the same address, each with {options.aloud}?"""
    serve(bound(stack, "tcp", held, *options))
    assert ask_for(stack, "tcp", wanted, *options) == expected


@experiment("tcp/dual-stack/wildcard/{held}-then-{wanted}/{options}", rule=DUAL_STACK)
@pytest.mark.parametrize(("held", "wanted"), both_orders(WILDCARD_AND_ONE_OF_ITS))
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (NONE,      EADDRINUSE),
        (REUSEADDR, OK),
        (REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_a_wildcard_and_an_address_of_it(stack: Stack, held: str, wanted: str, options: Options, expected: Answer) -> None:
    """A {held} server listens. May a {wanted} one bind the same port, each with {options.aloud}?"""
    serve(bound(stack, "tcp", held, *options))
    assert ask_for(stack, "tcp", wanted, *options) == expected


@experiment("tcp/dual-stack/apart/{held}-then-{wanted}", rule=V6ONLY)
@pytest.mark.parametrize(("held", "wanted"), both_orders(APART))
def test_addresses_of_different_families(stack: Stack, held: str, wanted: str) -> None:
    """A {held} server listens. May a {wanted} one, with no address in common, bind the same port?"""
    serve(bound(stack, "tcp", held))
    assert ask_for(stack, "tcp", wanted) == OK


@experiment("tcp/dual-stack/third/{v6only}-{any4}-{dual}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(
    ("v6only", "any4", "dual", "expected"),
    [
        (REUSEPORT, REUSEPORT, REUSEPORT, OK),
        (REUSEPORT, REUSEPORT, REUSEADDR, EADDRINUSE),
        (NONE,      REUSEPORT, REUSEPORT, EADDRINUSE),
        (REUSEPORT, NONE,      REUSEPORT, EADDRINUSE),
    ],
    ids=str,
)  # fmt: skip
def test_a_dual_wildcard_beside_one_of_each_family(stack: Stack, v6only: Options, any4: Options, dual: Options, expected: Answer) -> None:
    """The wildcards of IPv6 ({v6only}) and IPv4 ({any4}) are held. May a dual one ({dual}) bind?"""
    bound(stack, "tcp", "v6only", *v6only)
    bound(stack, "tcp", "any4", *any4)
    assert ask_for(stack, "tcp", "dual", *dual) == expected


@experiment("{protocol}/dual-stack/third/{first}-{second}-{third}/cleared-by-first", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        ("v6only", "dual",   "v6only"),
        ("dual",   "v6only", "v6only"),
        ("any4",   "dual",   "any4"),
        ("dual",   "any4",   "any4"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_the_newest_twin_decides_in_each_family(stack: Stack, protocol: str, first: str, second: str, third: str) -> None:
    """{first} and {second} share a port, then {first} clears SO_REUSEPORT. May a {third} socket join?"""
    oldest = bound(stack, protocol, first, *REUSEPORT)
    bound(stack, protocol, second, *REUSEPORT)
    oldest.set(SO_REUSEPORT.off)
    assert ask_for(stack, protocol, third, *REUSEPORT) == OK


# UDP: the same three groups, one pair each that crosses the families.
UDP = [
    ("dual",      "any4",      NONE,      EADDRINUSE),
    ("dual",      "any4",      REUSEADDR, EADDRINUSE),
    ("dual",      "any4",      REUSEPORT, OK),
    ("any4",      "dual",      NONE,      EADDRINUSE),
    ("any4",      "dual",      REUSEADDR, EADDRINUSE),
    ("any4",      "dual",      REUSEPORT, OK),
    ("dual",      "loopback4", NONE,      EADDRINUSE),
    ("dual",      "loopback4", REUSEADDR, OK),
    ("loopback4", "dual",      NONE,      EADDRINUSE),
    ("loopback4", "dual",      REUSEADDR, OK),
    ("mapped",    "loopback4", NONE,      EADDRINUSE),
    ("mapped",    "loopback4", REUSEADDR, EADDRINUSE),
    ("mapped",    "loopback4", REUSEPORT, OK),
    ("v6only",    "any4",      NONE,      OK),
    ("any4",      "v6only",    NONE,      OK),
    ("loopback6", "any4",      NONE,      OK),
    ("any4",      "loopback6", NONE,      OK),
    ("dual",      "loopback6", NONE,      EADDRINUSE),
]  # fmt: skip


@experiment("udp/dual-stack/{held}-then-{wanted}/{options}", rule=DUAL_STACK)
@pytest.mark.parametrize(("held", "wanted", "options", "expected"), UDP, ids=str)
def test_udp(stack: Stack, held: str, wanted: str, options: Options, expected: Answer) -> None:
    """A {held} UDP socket is bound. May a {wanted} one bind the same port, each with {options.aloud}?"""
    bound(stack, "udp", held, *options)
    assert ask_for(stack, "udp", wanted, *options) == expected


@experiment("{kind}/dual-stack/v6only-mapped/{place}", rule=V6ONLY)
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
@pytest.mark.parametrize("place", ["mapped", "mapped-any"])
def test_v6only_refuses_mapped_addresses(stack: Stack, kind: str, place: str) -> None:
    """Is a {kind} socket with IPV6_V6ONLY refused a {place} address?"""
    assert bind(stack.socket(kind, IPV6_V6ONLY), place) == EINVAL


@experiment("tcp/dual-stack/v6only-mapped/bound-already", rule=BOUND_ONCE)
def test_a_mapped_address_after_another(stack: Stack) -> None:
    """Is a socket with IPV6_V6ONLY that is bound to ::1 refused a second, mapped address?"""
    server = stack.tcp6(IPV6_V6ONLY)
    server.bind(LOOPBACK6)
    assert server.bind(MAPPED) == EINVAL


# A refused bind leaves the socket without an address: it may ask for another one.


@experiment("tcp/dual-stack/refused-mapped/then-{place}", rule=BIND_NAMES)
@pytest.mark.parametrize(("place", "wanted"), [("ipv6", LOOPBACK6), ("wildcard", WILDCARD6.at("Q"))], ids=str)
def test_another_address_after_a_mapped_one_was_refused(stack: Stack, place: str, wanted: Address) -> None:
    """May a dual-stack socket that was refused a mapped address bind {wanted} instead?"""
    stack.tcp4().bind(LOOPBACK)
    newcomer = stack.tcp6(IPV6_V6ONLY.off)
    newcomer.bind(MAPPED)
    assert newcomer.bind(wanted) == OK


@experiment("{protocol}/dual-stack/refused-ipv6/then-mapped", rule=BIND_NAMES)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_mapped_address_after_ipv6_was_refused(stack: Stack, protocol: str) -> None:
    """May a dual-stack {protocol} socket that was refused an IPv6 address bind a mapped one?"""
    stack.socket(f"{protocol}6", IPV6_V6ONLY).bind(LOOPBACK6)
    newcomer = stack.socket(f"{protocol}6", IPV6_V6ONLY.off)
    newcomer.bind(LOOPBACK6)
    assert newcomer.bind(MAPPED) == OK


# Beside more than one holder.


@experiment("tcp/dual-stack/third/mapped-second-any4", rule=NO_OPTIONS)
def test_the_ipv4_wildcard_beside_two_addresses(stack: Stack) -> None:
    """A mapped address is held, and 127.0.0.2 by an IPv4 socket. Is 0.0.0.0 refused?"""
    bound(stack, "tcp", "mapped")
    stack.tcp4().bind(SECOND)
    assert stack.tcp4().bind(WILDCARD) == EADDRINUSE


@experiment("tcp/dual-stack/exclbind-child/mapped", rule=RESTART, cites=(ILLUMOS.at("inet/tcp/tcp_bind.c, tcp_bindi"),))
def test_a_mapped_address_beside_a_connection(stack: Stack) -> None:
    """A server with SO_EXCLBIND left a connection. May SO_REUSEADDR bind the mapped address?"""
    listener = listening(stack, LOOPBACK, SO_EXCLBIND)
    stack.tcp4().connect(LOOPBACK)
    listener.accept()
    listener.close()
    assert ask_for(stack, "tcp", "mapped", *REUSEADDR) == OK


@experiment("tcp/dual-stack/third/any4-v6only-loopback4/reuseaddr", rule=WILDCARD_AND_SPECIFIC)
def test_an_ipv4_address_beside_both_wildcards(stack: Stack) -> None:
    """0.0.0.0 listens and [::] is bound for IPv6. May 127.0.0.1 be bound, all with SO_REUSEADDR?"""
    listening(stack, WILDCARD, *REUSEADDR)
    bound(stack, "tcp", "v6only", *REUSEADDR)
    assert ask_for(stack, "tcp", "loopback4", *REUSEADDR) == OK


@experiment("tcp/dual-stack/third/any4-v6only-loopback4/no-options", rule=NO_OPTIONS)
def test_an_ipv4_address_beside_both_wildcards_without_options(stack: Stack) -> None:
    """0.0.0.0 is bound, then [::] for IPv6 alone. Is 127.0.0.1 refused, all without options?"""
    bound(stack, "tcp", "any4")
    bound(stack, "tcp", "v6only")
    assert ask_for(stack, "tcp", "loopback4") == EADDRINUSE
