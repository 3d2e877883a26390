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
from suites.places import ANY4, ANY6, DUAL, MAPPED4, MAPPED_ANY, ONE4, ONE6, Place, ask_for, bind, bound

TCP_BINDI = ILLUMOS.at("inet/tcp/tcp_bind.c, tcp_bindi")

# Each pair is asked in both orders.
TWINS = [
    (DUAL,       ANY4),
    (DUAL,       ANY6),
    (DUAL,       DUAL),
    (ANY6,       ANY6),
    (DUAL,       MAPPED_ANY),
    (MAPPED_ANY, ANY4),
    (MAPPED4,    ONE4),
    (MAPPED4,    MAPPED4),
    (ONE6,       ONE6),
]  # fmt: skip
WILDCARD_AND_ONE_OF_ITS = [
    (DUAL,       ONE4),
    (DUAL,       ONE6),
    (DUAL,       MAPPED4),
    (ANY6,       ONE6),
    (ANY4,       MAPPED4),
    (MAPPED_ANY, ONE4),
    (MAPPED_ANY, MAPPED4),
]  # fmt: skip
APART = [
    (ANY6, ANY4),
    (ANY6, ONE4),
    (ANY6, MAPPED4),
    (ANY6, MAPPED_ANY),
    (ONE6, ANY4),
    (ONE6, ONE4),
    (ONE6, MAPPED4),
    (ONE6, MAPPED_ANY),
]  # fmt: skip


def both_orders(pairs: list[tuple[Place, Place]]) -> list[tuple[Place, Place]]:
    """Each pair, and each reverse that is not the same."""
    return [*pairs, *((second, first) for first, second in pairs if first != second)]


@experiment("tcp/dual-stack/same/{held}-then-{wanted}/{options}", rule=DUAL_STACK)
@pytest.mark.parametrize(("held", "wanted"), both_orders(TWINS), ids=str)
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (NONE,      EADDRINUSE),
        (REUSEADDR, EADDRINUSE),
        (REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_the_same_address(stack: Stack, held: Place, wanted: Place, options: Options, expected: Answer) -> None:
    """A server listens at {held.aloud}. May one bind {wanted.aloud}, each with {options.aloud}?"""
    serve(bound(stack, "tcp", held, *options))
    assert ask_for(stack, "tcp", wanted, *options) == expected


@experiment("tcp/dual-stack/same/dual-then-any4/none-{options}", rule=DUAL_STACK)
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)
def test_the_ipv4_wildcard_alone_has_an_option(stack: Stack, options: Options) -> None:
    """A server without options listens at [::]. Is one with {options.aloud} refused 0.0.0.0?"""
    serve(bound(stack, "tcp", DUAL))
    assert ask_for(stack, "tcp", ANY4, *options) == EADDRINUSE


@experiment("tcp/dual-stack/wildcard/{held}-then-{wanted}/{options}", rule=DUAL_STACK)
@pytest.mark.parametrize(("held", "wanted"), both_orders(WILDCARD_AND_ONE_OF_ITS), ids=str)
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (NONE,      EADDRINUSE),
        (REUSEADDR, OK),
        (REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_a_wildcard_and_an_address_of_it(stack: Stack, held: Place, wanted: Place, options: Options, expected: Answer) -> None:
    """A server listens at {held.aloud}. May one bind {wanted.aloud}, each with {options.aloud}?"""
    serve(bound(stack, "tcp", held, *options))
    assert ask_for(stack, "tcp", wanted, *options) == expected


@experiment("tcp/dual-stack/apart/{held}-then-{wanted}", rule=V6ONLY)
@pytest.mark.parametrize(("held", "wanted"), both_orders(APART), ids=str)
def test_addresses_of_different_families(stack: Stack, held: Place, wanted: Place) -> None:
    """A server listens at {held.aloud}. May another bind {wanted.aloud} without options?"""
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
    bound(stack, "tcp", ANY6, *v6only)
    bound(stack, "tcp", ANY4, *any4)
    assert ask_for(stack, "tcp", DUAL, *dual) == expected


@experiment("{protocol}/dual-stack/third/{first}-{second}-{third}/cleared-by-first", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        (ANY6, DUAL, ANY6),
        (DUAL, ANY6, ANY6),
        (ANY4, DUAL, ANY4),
        (DUAL, ANY4, ANY4),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_the_newest_twin_decides_in_each_family(stack: Stack, protocol: str, first: Place, second: Place, third: Place) -> None:
    """{first.aloud} and {second.aloud} share a port; the first clears SO_REUSEPORT. May {third.aloud} join?"""
    oldest = bound(stack, protocol, first, *REUSEPORT)
    bound(stack, protocol, second, *REUSEPORT)
    oldest.set(SO_REUSEPORT.off)
    assert ask_for(stack, protocol, third, *REUSEPORT) == OK


# UDP: the same three groups, one pair each that crosses the families.
UDP = [
    (DUAL,    ANY4, NONE,      EADDRINUSE),
    (DUAL,    ANY4, REUSEADDR, EADDRINUSE),
    (DUAL,    ANY4, REUSEPORT, OK),
    (ANY4,    DUAL, NONE,      EADDRINUSE),
    (ANY4,    DUAL, REUSEADDR, EADDRINUSE),
    (ANY4,    DUAL, REUSEPORT, OK),
    (DUAL,    ONE4, NONE,      EADDRINUSE),
    (DUAL,    ONE4, REUSEADDR, OK),
    (ONE4,    DUAL, NONE,      EADDRINUSE),
    (ONE4,    DUAL, REUSEADDR, OK),
    (MAPPED4, ONE4, NONE,      EADDRINUSE),
    (MAPPED4, ONE4, REUSEADDR, EADDRINUSE),
    (MAPPED4, ONE4, REUSEPORT, OK),
    (ANY6,    ANY4, NONE,      OK),
    (ANY4,    ANY6, NONE,      OK),
    (ONE6,    ANY4, NONE,      OK),
    (ANY4,    ONE6, NONE,      OK),
    (DUAL,    ONE6, NONE,      EADDRINUSE),
]  # fmt: skip


@experiment("udp/dual-stack/{held}-then-{wanted}/{options}", rule=DUAL_STACK)
@pytest.mark.parametrize(("held", "wanted", "options", "expected"), UDP, ids=str)
def test_udp(stack: Stack, held: Place, wanted: Place, options: Options, expected: Answer) -> None:
    """A UDP socket has {held.aloud}. May one bind {wanted.aloud}, each with {options.aloud}?"""
    bound(stack, "udp", held, *options)
    assert ask_for(stack, "udp", wanted, *options) == expected


@experiment("{kind}/dual-stack/v6only-mapped/{place}", rule=V6ONLY)
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
@pytest.mark.parametrize("place", [MAPPED4, MAPPED_ANY], ids=str)
def test_v6only_refuses_mapped_addresses(stack: Stack, kind: str, place: Place) -> None:
    """Is a {kind} socket with IPV6_V6ONLY refused {place.aloud}?"""
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
    """May a dual-stack socket that was refused a mapped address bind {wanted.aloud} instead?"""
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
    bound(stack, "tcp", MAPPED4)
    stack.tcp4().bind(SECOND)
    assert stack.tcp4().bind(WILDCARD) == EADDRINUSE


@experiment("tcp/dual-stack/exclbind-child/{case}", rule=lambda options: RESTART if options else NO_OPTIONS, cites=(TCP_BINDI,))
@pytest.mark.parametrize(
    ("case", "options", "expected"),
    [
        ("mapped",                 REUSEADDR, OK),
        ("mapped-without-options", NONE,      EADDRINUSE),
    ],
    ids=str,
)  # fmt: skip
def test_a_mapped_address_beside_a_connection(stack: Stack, case: str, options: Options, expected: Answer) -> None:
    """A server with SO_EXCLBIND left a connection. May its mapped address be bound with {options.aloud}?"""
    listener = listening(stack, LOOPBACK, SO_EXCLBIND)
    stack.tcp4().connect(LOOPBACK)
    listener.accept()
    listener.close()
    assert ask_for(stack, "tcp", MAPPED4, *options) == expected


@experiment("tcp/dual-stack/third/any4-v6only-loopback4/reuseaddr", rule=WILDCARD_AND_SPECIFIC)
def test_an_ipv4_address_beside_both_wildcards(stack: Stack) -> None:
    """0.0.0.0 listens and [::] is bound for IPv6. May 127.0.0.1 be bound, all with SO_REUSEADDR?"""
    listening(stack, WILDCARD, *REUSEADDR)
    bound(stack, "tcp", ANY6, *REUSEADDR)
    assert ask_for(stack, "tcp", ONE4, *REUSEADDR) == OK


@experiment("udp/dual-stack/default/any4", rule=DUAL_STACK)
def test_the_default_wildcard_holds_over_udp(stack: Stack) -> None:
    """A UDP socket has [::] and left IPV6_V6ONLY alone. Is another refused 0.0.0.0?"""
    stack.udp6().bind(WILDCARD6)
    assert stack.udp4().bind(WILDCARD) == EADDRINUSE


@experiment("tcp/dual-stack/third/any4-v6only-loopback4/no-options", rule=NO_OPTIONS)
def test_an_ipv4_address_beside_both_wildcards_without_options(stack: Stack) -> None:
    """0.0.0.0 is bound, then [::] for IPv6 alone. Is 127.0.0.1 refused, all without options?"""
    bound(stack, "tcp", ANY4)
    bound(stack, "tcp", ANY6)
    assert ask_for(stack, "tcp", ONE4) == EADDRINUSE


@experiment("tcp/dual-stack/ipv6-wildcard-between/specific", rule=NO_OPTIONS)
def test_an_ipv6_wildcard_between_two_of_ipv4(stack: Stack) -> None:
    """0.0.0.0, an IPv6-only [::], and 0.0.0.0 again were bound (SO_REUSEADDR): is 127.0.0.1 refused?"""
    stack.tcp4(*REUSEADDR).bind(WILDCARD)
    stack.tcp6(IPV6_V6ONLY, *REUSEADDR).bind(WILDCARD6)
    stack.tcp4(*REUSEADDR).bind(WILDCARD)
    assert stack.tcp4().bind(LOOPBACK) == EADDRINUSE
