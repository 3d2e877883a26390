"""What does an IPv6 socket hold of IPv4?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    BOTH,
    EADDRINUSE,
    ECONNREFUSED,
    EINVAL,
    ESTABLISHED,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    MAPPED_WILDCARD,
    NOBODY,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    SO_REUSEADDR,
    SO_REUSEPORT,
    TIME_WAIT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import (
    BOUND_ONCE,
    DUAL_STACK,
    MOST_SPECIFIC,
    REUSEPORT_ALL,
    TIME_WAIT_REBIND,
    UDP_DUPLICATE,
    UNBOUND_CALL,
    V6ONLY,
)
from fixtures.specification.sources import LINUX, RFC3493

ON, OFF = Answer("1"), Answer("0")
OVERLAP = LINUX.at("ipv4/inet_connection_sock.c, inet_rcv_saddr_equal")
#: Where a client of each family connects.
DIALLED = {"ipv4": LOOPBACK, "ipv6": LOOPBACK6}

#: What a server asks for: family, address and, for IPv6, whether it takes IPv4 too.
PLACES: dict[str, tuple[int, Address, tuple[Option, ...]]] = {
    "any4":       (4, WILDCARD, ()),
    "loopback4":  (4, LOOPBACK, ()),
    "dual":       (6, WILDCARD6, (IPV6_V6ONLY.off,)),
    "v6only":     (6, WILDCARD6, (IPV6_V6ONLY,)),
    "loopback6":  (6, LOOPBACK6, (IPV6_V6ONLY.off,)),
    "mapped":     (6, MAPPED, (IPV6_V6ONLY.off,)),
    "mapped-any": (6, MAPPED_WILDCARD, (IPV6_V6ONLY.off,)),
}  # fmt: skip


def make(stack: Stack, protocol: str, place: str, options: Options) -> Socket:
    """A socket of the family that the place needs."""
    family, _, v6only = PLACES[place]
    return stack.socket(f"{protocol}{family}", *v6only, *options)


def bind(server: Socket, place: str) -> Answer:
    """Bind the server there."""
    return server.bind(PLACES[place][1])


# Each pair is asked in both orders. none, reuseaddr and reuseport are set on both sockets.
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
    """A {held} server listens: may a {wanted} server, the same address in one of the families, bind ({options} on both)?"""
    first = make(stack, "tcp", held, options)
    bind(first, held)
    first.listen()
    assert bind(make(stack, "tcp", wanted, options), wanted) == expected


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
    """A {held} server listens: may a {wanted} server bind, of which one is the other's wildcard ({options} on both)?"""
    first = make(stack, "tcp", held, options)
    bind(first, held)
    first.listen()
    assert bind(make(stack, "tcp", wanted, options), wanted) == expected


@experiment("tcp/dual-stack/apart/{held}-then-{wanted}", rule=V6ONLY)
@pytest.mark.parametrize(("held", "wanted"), both_orders(APART))
def test_addresses_of_different_families(stack: Stack, held: str, wanted: str) -> None:
    """A {held} server without options listens: may a {wanted} server bind, which has no address in common with it?"""
    first = make(stack, "tcp", held, NONE)
    bind(first, held)
    first.listen()
    assert bind(make(stack, "tcp", wanted, NONE), wanted) == OK


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
    """The wildcards of IPv6 ({v6only}) and then of IPv4 ({any4}) are held: may a dual-stack wildcard ({dual}) bind?"""
    bind(make(stack, "tcp", "v6only", v6only), "v6only")
    bind(make(stack, "tcp", "any4", any4), "any4")
    assert bind(make(stack, "tcp", "dual", dual), "dual") == expected


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
    """A {first} and a {second} wildcard share a port and the first clears SO_REUSEPORT: may a {third} one that has it bind?"""
    oldest = make(stack, protocol, first, REUSEPORT)
    bind(oldest, first)
    bind(make(stack, protocol, second, REUSEPORT), second)
    oldest.set(SO_REUSEPORT.off)
    assert bind(make(stack, protocol, third, REUSEPORT), third) == OK


#: Another user's address, and what a third user wants beside it: twins, or a wildcard beside something more specific.
STRANGERS = [
    ("any4",       "dual",      "twins"),
    ("mapped-any", "dual",      "twins"),
    ("v6only",     "dual",      "twins"),
    ("dual",       "v6only",    "twins"),
    ("dual",       "any4",      "twins"),
    ("loopback4",  "dual",      "apart"),
    ("mapped",     "dual",      "apart"),
    ("loopback6",  "dual",      "apart"),
    ("loopback6",  "v6only",    "apart"),
    ("v6only",     "loopback6", "apart"),
]  # fmt: skip
STRANGE_OPTIONS = [(REUSEADDR, REUSEADDR), (REUSEADDR, REUSEPORT), (REUSEPORT, REUSEADDR), (REUSEPORT, REUSEPORT)]


@experiment("tcp/dual-stack/two-users/{held}-then-{wanted}/{first}-{second}", rule=DUAL_STACK)
@pytest.mark.parametrize(("first", "second"), STRANGE_OPTIONS, ids=str)
@pytest.mark.parametrize(("held", "wanted", "relation"), STRANGERS)
def test_two_other_users(stack: Stack, held: str, wanted: str, relation: str, first: Options, second: Options) -> None:
    """Another user's {held} socket ({first}) is bound: may a third user's {wanted} one ({second}) bind, as if they were one user?"""
    holder = stack.stranger.socket(f"tcp{PLACES[held][0]}", *PLACES[held][2], *first)
    bind(holder, held)
    newcomer = stack.stranger2.socket(f"tcp{PLACES[wanted][0]}", *PLACES[wanted][2], *second)
    refused = relation == "twins" and not first == second == REUSEPORT
    assert bind(newcomer, wanted) == (EADDRINUSE if refused else OK)


@experiment("tcp/dual-stack/two-users/{held}-then-{wanted}/{options}", rule=DUAL_STACK)
@pytest.mark.parametrize(("held", "wanted", "options"), [("v6only", "any4", NONE), ("loopback4", "mapped", REUSEPORT)], ids=str)
def test_two_other_users_of_two_families(stack: Stack, held: str, wanted: str, options: Options) -> None:
    """Another user's {held} socket is bound: may a third user's {wanted} one bind (both {options}), as if they were one user?"""
    holder = stack.stranger.socket(f"tcp{PLACES[held][0]}", *PLACES[held][2], *options)
    bind(holder, held)
    newcomer = stack.stranger2.socket(f"tcp{PLACES[wanted][0]}", *PLACES[wanted][2], *options)
    assert bind(newcomer, wanted) == OK


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
    """A {held} UDP socket is bound: may a {wanted} UDP socket bind ({options} on both)?"""
    bind(make(stack, "udp", held, options), held)
    assert bind(make(stack, "udp", wanted, options), wanted) == expected


@experiment("{kind}/dual-stack/default/option", rule=DUAL_STACK, cites=(RFC3493.at("§5.3"),))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_the_default(stack: Stack, kind: str) -> None:
    """Is IPV6_V6ONLY off on a new {kind} socket?"""
    assert stack.socket(kind).get(IPV6_V6ONLY) == OFF


@experiment("tcp/dual-stack/default/{wanted}", rule=DUAL_STACK)
@pytest.mark.parametrize(("wanted", "expected"), [("any4", EADDRINUSE), ("loopback4", EADDRINUSE), ("loopback6", EADDRINUSE)], ids=str)
def test_the_default_wildcard_holds(stack: Stack, wanted: str, expected: Answer) -> None:
    """A server listens at [::] and left IPV6_V6ONLY alone: may a {wanted} server bind?"""
    listening(stack, WILDCARD6)
    assert bind(make(stack, "tcp", wanted, NONE), wanted) == expected


@experiment("tcp/dual-stack/default/receives", rule=DUAL_STACK)
def test_the_default_wildcard_receives(stack: Stack) -> None:
    """A server listens at [::] and left IPV6_V6ONLY alone: does it get IPv4 connections?"""
    server = listening(stack, WILDCARD6)
    assert stack.connections(LOOPBACK) == server.itself


@experiment("tcp/dual-stack/default/second-instance", rule=DUAL_STACK)
def test_a_second_instance_at_the_default_wildcard(stack: Stack) -> None:
    """A server has 0.0.0.0 and, where it may, [::], with IPV6_V6ONLY left alone: is a second one refused [::]?"""
    stack.tcp4().bind(WILDCARD)
    stack.tcp6().bind(WILDCARD6)
    assert stack.tcp6().bind(WILDCARD6) == EADDRINUSE


@experiment("tcp/dual-stack/default/option-late", rule=V6ONLY)
def test_the_option_after_bind_of_a_default_socket(stack: Stack) -> None:
    """A socket that left IPV6_V6ONLY alone is bound to [::]: is it too late to set it?"""
    server = stack.tcp6()
    server.bind(WILDCARD6)
    assert server.set(IPV6_V6ONLY) == EINVAL


@experiment("tcp/dual-stack/option-after-bind/{place}", rule=DUAL_STACK, cites=(LINUX.at("ipv6/af_inet6.c, __inet6_bind"),))
@pytest.mark.parametrize(("place", "expected"), [("dual", OFF), ("v6only", ON), ("loopback6", OFF), ("mapped", OFF)], ids=str)
def test_the_option_is_read_back(stack: Stack, place: str, expected: Answer) -> None:
    """A {place} socket is bound: does IPV6_V6ONLY still read as it was set?"""
    server = make(stack, "tcp", place, NONE)
    bind(server, place)
    assert server.get(IPV6_V6ONLY) == expected


@experiment("{kind}/dual-stack/option-late/{value}", rule=V6ONLY, cites=(LINUX.at("ipv6/ipv6_sockglue.c, do_ipv6_setsockopt"),))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
@pytest.mark.parametrize("value", ["set", "cleared"])
def test_the_option_after_bind(stack: Stack, kind: str, value: str) -> None:
    """A {kind} socket is bound to [::]: is it too late for IPV6_V6ONLY to be {value}?"""
    server = stack.socket(kind, IPV6_V6ONLY.off if value == "set" else IPV6_V6ONLY)
    server.bind(WILDCARD6)
    assert server.set(IPV6_V6ONLY if value == "set" else IPV6_V6ONLY.off) == EINVAL


@experiment("tcp/dual-stack/option-late/{place}/reached", rule=V6ONLY, cites=(LINUX.at("ipv6/ipv6_sockglue.c, do_ipv6_setsockopt"),))
@pytest.mark.parametrize(("place", "expected"), [("dual", OK), ("v6only", ECONNREFUSED), ("loopback6", ECONNREFUSED)])
def test_who_is_reached_after_a_late_option(stack: Stack, place: str, expected: Answer) -> None:
    """A {place} listener gets the other IPV6_V6ONLY too late: does IPv4 reach it, or not, as before?"""
    server = make(stack, "tcp", place, NONE)
    bind(server, place)
    server.listen()
    server.set(IPV6_V6ONLY if place == "dual" else IPV6_V6ONLY.off)
    assert stack.tcp4().connect(LOOPBACK) == expected


@experiment("{kind}/dual-stack/v6only-mapped/{place}", rule=V6ONLY)
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
@pytest.mark.parametrize("place", ["mapped", "mapped-any"])
def test_v6only_refuses_mapped_addresses(stack: Stack, kind: str, place: str) -> None:
    """May a {kind} socket with IPV6_V6ONLY bind a {place} address?"""
    assert bind(stack.socket(kind, IPV6_V6ONLY), place) == EINVAL


@experiment("tcp/dual-stack/v6only-mapped/bound-already", rule=BOUND_ONCE)
def test_a_mapped_address_after_another(stack: Stack) -> None:
    """An IPv6-only socket is bound: is it refused a mapped address because it is bound?"""
    server = stack.tcp6(IPV6_V6ONLY)
    server.bind(LOOPBACK6)
    assert server.bind(MAPPED) == EINVAL


@experiment("tcp/dual-stack/receives/{place}/{source}", rule=DUAL_STACK)
@pytest.mark.parametrize(
    ("place", "source", "receives"),
    [
        ("dual",       "ipv4", True),
        ("dual",       "ipv6",True),
        ("v6only",     "ipv4", False),
        ("v6only",     "ipv6",True),
        ("mapped",     "ipv4", True),
        ("mapped",     "ipv6",False),
        ("mapped-any", "ipv4", True),
        ("mapped-any", "ipv6",False),
        ("loopback6",  "ipv4", False),
    ],
)  # fmt: skip
def test_who_takes_which_family(stack: Stack, place: str, source: str, receives: bool) -> None:
    """A {place} server listens alone: does it get connections over {source}?"""
    server = make(stack, "tcp", place, NONE)
    bind(server, place)
    server.listen()
    assert stack.connections(DIALLED[source]) == (server.itself if receives else NOBODY)


@experiment("tcp/dual-stack/receives/{first}-and-{second}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(("first", "second"), both_orders([("dual", "any4"), ("mapped", "loopback4")]))
def test_two_families_share_ipv4(stack: Stack, first: str, second: str) -> None:
    """A {first} and a {second} server listen with SO_REUSEPORT: does an IPv4 connection reach one of them?"""
    older, newer = make(stack, "tcp", first, REUSEPORT), make(stack, "tcp", second, REUSEPORT)
    bind(older, first)
    bind(newer, second)
    older.listen()
    newer.listen()
    assert stack.connections(LOOPBACK) in (older.itself, newer.itself, BOTH)


@experiment("{protocol}/dual-stack/receives/{older}-then-{newer}", rule=MOST_SPECIFIC)
@pytest.mark.parametrize(("older", "newer"), [("v6only", "dual"), ("dual", "v6only")])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_ipv6_does_not_prefer_either_wildcard(stack: Stack, protocol: str, older: str, newer: str) -> None:
    """A {older} and then a {newer} wildcard share the port: is neither more specific for IPv6, so that the newer one receives?"""
    first, second = make(stack, protocol, older, REUSEPORT), make(stack, protocol, newer, REUSEPORT)
    for server, place in ((first, older), (second, newer)):
        bind(server, place)
        if protocol == "tcp":
            server.listen()
    assert stack.connections(LOOPBACK6) == second.itself


@experiment("tcp/dual-stack/receives/any4-then-mapped-any", rule=MOST_SPECIFIC)
def test_the_mapped_wildcard_is_as_good(stack: Stack) -> None:
    """0.0.0.0 and then its mapped form listen with SO_REUSEPORT: does the newer one receive?"""
    plain, mapped = make(stack, "tcp", "any4", REUSEPORT), make(stack, "tcp", "mapped-any", REUSEPORT)
    for server, place in ((plain, "any4"), (mapped, "mapped-any")):
        bind(server, place)
        server.listen()
    assert stack.connections(LOOPBACK) == mapped.itself


@experiment("tcp/dual-stack/receives/mapped-any-twice", rule=MOST_SPECIFIC)
def test_two_mapped_wildcards(stack: Stack) -> None:
    """Two servers with SO_REUSEPORT listen at the mapped form of 0.0.0.0: does the newer one receive?"""
    first, second = make(stack, "tcp", "mapped-any", REUSEPORT), make(stack, "tcp", "mapped-any", REUSEPORT)
    for server in (first, second):
        bind(server, "mapped-any")
        server.listen()
    assert stack.connections(LOOPBACK) == second.itself


@experiment("tcp/dual-stack/receives/older-listens-last", rule=MOST_SPECIFIC)
def test_the_order_of_bind_or_of_listen(stack: Stack) -> None:
    """A v6only and then a dual wildcard are bound and listen in the other order: does the newer binding receive over IPv6?"""
    older, newer = make(stack, "tcp", "v6only", REUSEPORT), make(stack, "tcp", "dual", REUSEPORT)
    bind(older, "v6only")
    bind(newer, "dual")
    newer.listen()
    older.listen()
    assert stack.connections(LOOPBACK6) == newer.itself


@experiment("tcp/dual-stack/receives/any4-beside-bound-dual", rule=MOST_SPECIFIC)
def test_a_bound_wildcard_of_both_families_takes_nothing(stack: Stack) -> None:
    """A server listens at 0.0.0.0, another socket is bound to [::], if it may, and does not listen: who gets IPv4 connections?"""
    plain = make(stack, "tcp", "any4", NONE)
    bind(plain, "any4")
    plain.listen()
    bind(make(stack, "tcp", "dual", NONE), "dual")
    assert stack.connections(LOOPBACK) == plain.itself


@experiment("udp/dual-stack/receives/dual-then-mapped-any", rule=UDP_DUPLICATE)
def test_the_mapped_wildcard_beside_both_families(stack: Stack) -> None:
    """Two UDP sockets with SO_REUSEADDR ask for [::] and for the mapped 0.0.0.0: is the second refused, so that the first gets IPv4?"""
    dual, mapped = make(stack, "udp", "dual", REUSEADDR), make(stack, "udp", "mapped-any", REUSEADDR)
    bind(dual, "dual")
    bind(mapped, "mapped-any")
    assert stack.connections(LOOPBACK) == dual.itself


@experiment("udp6/dual-stack/receives/reuseaddr", rule=REUSEPORT_ALL)
def test_two_ipv6_sockets_with_reuseaddr(stack: Stack) -> None:
    """Two UDP sockets with SO_REUSEADDR ask for one IPv6 address: is the second refused, so that the first receives?"""
    first, second = stack.udp6(SO_REUSEADDR), stack.udp6(SO_REUSEADDR)
    first.bind(LOOPBACK6)
    second.bind(LOOPBACK6)
    assert stack.connections(LOOPBACK6) == first.itself


@experiment("{protocol}/dual-stack/most-specific/{specific}", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("specific", ["loopback4", "loopback6", "mapped"])
def test_the_specific_receives(stack: Stack, protocol: str, specific: str) -> None:
    """A dual-stack wildcard and a {specific} {protocol} socket share a port: does the specific one receive?"""
    dual, narrow = make(stack, protocol, "dual", REUSEPORT), make(stack, protocol, specific, REUSEPORT)
    bind(dual, "dual")
    bind(narrow, specific)
    if protocol == "tcp":
        dual.listen()
        narrow.listen()
    assert stack.connections(LOOPBACK6 if specific == "loopback6" else LOOPBACK) == narrow.itself


@experiment("tcp/dual-stack/most-specific/mapped-beside-any4", rule=MOST_SPECIFIC)
def test_a_mapped_address_beside_the_ipv4_wildcard(stack: Stack) -> None:
    """0.0.0.0 and then a mapped address listen with SO_REUSEPORT: does the mapped one, which is more specific, receive?"""
    wildcard, narrow = make(stack, "tcp", "any4", REUSEPORT), make(stack, "tcp", "mapped", REUSEPORT)
    for server, place in ((wildcard, "any4"), (narrow, "mapped")):
        bind(server, place)
        server.listen()
    assert stack.connections(LOOPBACK) == narrow.itself


@experiment("tcp/dual-stack/split/{source}", rule=V6ONLY)
@pytest.mark.parametrize("source", ["ipv4", "ipv6"])
def test_one_server_for_each_family(stack: Stack, source: str) -> None:
    """One server at 0.0.0.0, one at [::] with IPV6_V6ONLY: does a connection over {source} reach its own?"""
    server4, server6 = stack.tcp4(), stack.tcp6(IPV6_V6ONLY)
    server4.bind(WILDCARD)
    server4.listen()
    server6.bind(WILDCARD6)
    server6.listen()
    assert stack.connections(DIALLED[source]) == (server6.itself if source == "ipv6" else server4.itself)


def leave_connection(stack: Stack, family: int, state: str, options: Options) -> None:
    """Let a dual-stack server serve one client of this family and go; the connection stays behind in this state."""
    server = listening(stack, WILDCARD6, IPV6_V6ONLY.off, *options)
    client, address = stack.socket(f"tcp{family}"), LOOPBACK6 if family == 6 else LOOPBACK
    client.connect(address)
    child = server.accept()
    if state == TIME_WAIT:
        child.close()
        client.recv(1)
        client.close()
    server.close()
    stack.shows(address, state)


STATES = {"child": ESTABLISHED, "time-wait": TIME_WAIT}


@experiment("tcp/dual-stack/restart/{left}/ipv{family}/{first}-{second}", rule=TIME_WAIT_REBIND)
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("left", STATES)
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (NONE,      NONE,      EADDRINUSE),
        (REUSEADDR, NONE,      EADDRINUSE),
        (NONE,      REUSEADDR, OK),
        (REUSEADDR, REUSEADDR, OK),
        (REUSEPORT, REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_a_dual_server_restarts(stack: Stack, family: int, left: str, first: Options, second: Options, expected: Answer) -> None:
    """A dual-stack server ({first}) left a {left} over IPv{family}: may its successor ({second}) bind [::]?"""
    leave_connection(stack, family, STATES[left], first)
    assert stack.tcp6(IPV6_V6ONLY.off, *second).bind(WILDCARD6) == expected


@experiment(
    "tcp/dual-stack/left-over/{left}/ipv{family}/{wanted}",
    rule=DUAL_STACK,
    cites=(OVERLAP,),
)
@pytest.mark.parametrize("left", STATES)
@pytest.mark.parametrize(
    ("family", "wanted", "expected"),
    [
        (4, "any4",      EADDRINUSE),
        (4, "loopback4", EADDRINUSE),
        (4, "v6only",    OK),
        (4, "loopback6", OK),
        (6, "any4",      OK),
        (6, "loopback4", OK),
        (6, "v6only",    EADDRINUSE),
        (6, "loopback6", EADDRINUSE),
    ],
    ids=str,
)  # fmt: skip
def test_a_connection_holds_only_its_own_family(stack: Stack, left: str, family: int, wanted: str, expected: Answer) -> None:
    """All that a dual-stack server left is a {left} over IPv{family}: may a {wanted} server without options bind?"""
    leave_connection(stack, family, STATES[left], NONE)
    assert bind(make(stack, "tcp", wanted, NONE), wanted) == expected


@experiment("tcp/dual-stack/left-over-permitted/{left}/{wanted}", rule=TIME_WAIT_REBIND)
@pytest.mark.parametrize("left", STATES)
@pytest.mark.parametrize("wanted", ["any4", "loopback4"])
def test_reuseaddr_beside_a_mapped_connection(stack: Stack, left: str, wanted: str) -> None:
    """A dual-stack server left a {left} over IPv4, all with SO_REUSEADDR: may a {wanted} server bind?"""
    leave_connection(stack, 4, STATES[left], Options(SO_REUSEADDR))
    assert bind(make(stack, "tcp", wanted, Options(SO_REUSEADDR)), wanted) == OK


@experiment("tcp/dual-stack/left-over/ipv6-child/{place}/{options}", rule=V6ONLY)
@pytest.mark.parametrize("options", [NONE, REUSEADDR], ids=str)
@pytest.mark.parametrize("place", ["v6only", "dual"])
def test_any4_beside_an_ipv6_connection(stack: Stack, place: str, options: Options) -> None:
    """The IPv6 connection of a closed {place} server ({options}) is open: may a server without options take 0.0.0.0?"""
    listener = make(stack, "tcp", place, options)
    bind(listener, place)
    listener.listen()
    client = stack.tcp6()
    client.connect(LOOPBACK6)
    listener.accept()
    listener.close()
    assert bind(make(stack, "tcp", "any4", NONE), "any4") == OK


@experiment("udp/dual-stack/receives/dual-and-any4", rule=REUSEPORT_ALL)
def test_udp_families_share_ipv4(stack: Stack) -> None:
    """A dual-stack and an IPv4 wildcard UDP socket share a port with SO_REUSEPORT: does an IPv4 datagram reach one of them?"""
    dual, plain = stack.udp6(IPV6_V6ONLY.off, SO_REUSEPORT), stack.udp4(SO_REUSEPORT)
    dual.bind(WILDCARD6)
    plain.bind(WILDCARD)
    assert stack.connections(LOOPBACK) in (dual.itself, plain.itself, BOTH)


@experiment("tcp/dual-stack/refused-mapped/then-ipv6", rule=UNBOUND_CALL)
def test_ipv6_after_a_mapped_address_was_refused(stack: Stack) -> None:
    """A dual-stack socket was refused a mapped address: may it bind an IPv6 address?"""
    stack.tcp4().bind(LOOPBACK)
    newcomer = stack.tcp6(IPV6_V6ONLY.off)
    newcomer.bind(MAPPED)
    assert newcomer.bind(LOOPBACK6) == OK


@experiment("{protocol}/dual-stack/refused-ipv6/then-mapped", rule=UNBOUND_CALL)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_mapped_address_after_ipv6_was_refused(stack: Stack, protocol: str) -> None:
    """A dual-stack {protocol} socket was refused an IPv6 address: may it bind a mapped one?"""
    stack.socket(f"{protocol}6", IPV6_V6ONLY).bind(LOOPBACK6)
    newcomer = stack.socket(f"{protocol}6", IPV6_V6ONLY.off)
    newcomer.bind(LOOPBACK6)
    assert newcomer.bind(MAPPED) == OK


@experiment("tcp/dual-stack/refused-mapped/then-wildcard", rule=UNBOUND_CALL)
def test_the_wildcard_after_a_mapped_address_was_refused(stack: Stack) -> None:
    """A dual-stack socket was refused a mapped address: may it bind [::] on another port?"""
    stack.tcp4().bind(LOOPBACK)
    newcomer = stack.tcp6(IPV6_V6ONLY.off)
    newcomer.bind(MAPPED)
    assert newcomer.bind(WILDCARD6.at("Q")) == OK
