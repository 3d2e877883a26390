"""May a wildcard and specific addresses share a port, and who is served by which?"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connected, listening
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    IPV6_V6ONLY,
    LOOPBACK,
    NONE,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    WILDCARD,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import ANY_ORDER, DIFFERENT_ADDRESSES, MOST_SPECIFIC, PCB_LOOKUP, WILDCARD_AND_SPECIFIC
from fixtures.specification.sources import LINUX, LITE2, UNP
from suites.tables import OVERLAPPING, OVERLAPPING6, Places

# Only the options of the second socket count: with any of the two, the wildcard is no clash.
PAIRS = [
    # first,    second,    the second bind
    (NONE,      NONE,      EADDRINUSE),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEPORT, NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, OK),
    (REUSEADDR, REUSEADDR, OK),
    (REUSEPORT, REUSEADDR, OK),
    (NONE,      REUSEPORT, OK),
    (REUSEADDR, REUSEPORT, OK),
    (REUSEPORT, REUSEPORT, OK),
    (REUSEBOTH, REUSEBOTH, OK),
]  # fmt: skip


@experiment("tcp/wildcard/{places}/bound/{first}-{second}", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize("places", OVERLAPPING, ids=str)
@pytest.mark.parametrize(("first", "second", "expected"), PAIRS, ids=str)
def test_beside_a_bound_socket(stack: Stack, places: Places, first: Options, second: Options, expected: Answer) -> None:
    """A socket with {first.aloud} is bound to {places.held.aloud}: may another bind {places.wanted.aloud} with {second.aloud}?"""
    holder = stack.tcp4(*first)
    holder.bind(places.held)
    newcomer = stack.tcp4(*second)
    assert newcomer.bind(places.wanted) == expected


@experiment(
    "tcp/wildcard/{places}/listening/{first}-{second}",
    rule=WILDCARD_AND_SPECIFIC,
    cites=(LINUX.at("ipv4/inet_connection_sock.c, inet_csk_bind_conflict"),),
)
@pytest.mark.parametrize("places", OVERLAPPING, ids=str)
@pytest.mark.parametrize(("first", "second", "expected"), PAIRS, ids=str)
def test_beside_a_listening_socket(stack: Stack, places: Places, first: Options, second: Options, expected: Answer) -> None:
    """A server with {first.aloud} listens at {places.held.aloud}: may one with {second.aloud} bind {places.wanted.aloud}?"""
    listening(stack, places.held, *first)
    newcomer = stack.tcp4(*second)
    assert newcomer.bind(places.wanted) == expected


@experiment("tcp/wildcard/ipv6/{places}/{first}-{second}", rule=PCB_LOOKUP)
@pytest.mark.parametrize("places", OVERLAPPING6, ids=str)
@pytest.mark.parametrize(("first", "second", "expected"), PAIRS, ids=str)
def test_within_ipv6(stack: Stack, places: Places, first: Options, second: Options, expected: Answer) -> None:
    """An IPv6-only server with {first.aloud} has {places.held.aloud}: may another bind {places.wanted.aloud} with {second.aloud}?"""
    listening(stack, places.held, IPV6_V6ONLY, *first)
    newcomer = stack.tcp6(IPV6_V6ONLY, *second)
    assert newcomer.bind(places.wanted) == expected


@experiment(
    "tcp/wildcard/{places}/both-listen/{options}", rule=ANY_ORDER, cites=(LINUX.at("ipv4/inet_connection_sock.c, inet_csk_listen_start"),)
)
@pytest.mark.parametrize("places", OVERLAPPING, ids=str)
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT, REUSEBOTH], ids=str)
def test_both_bind_before_either_listens(stack: Stack, places: Places, options: Options) -> None:
    """{places.held.aloud}, then {places.wanted.aloud} are bound with {options.aloud}, the first listens: may the second?"""
    first = stack.tcp4(*options)
    first.bind(places.held)
    second = stack.tcp4(*options)
    second.bind(places.wanted)
    first.listen()
    assert second.listen() == OK


@dataclass(frozen=True)
class Three:
    """An order in which two specific addresses and the wildcard are bound, under the name that it has in ids."""

    name: str
    first: Address
    second: Address
    third: Address

    def __str__(self) -> str:
        return self.name


WILDCARD_FIRST = Three("wildcard-first", WILDCARD, LOOPBACK, SECOND)
WILDCARD_BETWEEN = Three("wildcard-between", LOOPBACK, WILDCARD, SECOND)
WILDCARD_LAST = Three("wildcard-last", LOOPBACK, SECOND, WILDCARD)

# Wherever the wildcard comes in, it clashes with those that ask without an option.
THREE = [
    # order,           options,   the third bind
    (WILDCARD_FIRST,   NONE,      EADDRINUSE),
    (WILDCARD_FIRST,   REUSEADDR, OK),
    (WILDCARD_FIRST,   REUSEPORT, OK),
    # With the wildcard refused in second place, the two specific addresses are alone and do not clash.
    (WILDCARD_BETWEEN, NONE,      OK),
    (WILDCARD_BETWEEN, REUSEADDR, OK),
    (WILDCARD_BETWEEN, REUSEPORT, OK),
    (WILDCARD_LAST,    NONE,      EADDRINUSE),
    (WILDCARD_LAST,    REUSEADDR, OK),
    (WILDCARD_LAST,    REUSEPORT, OK),
]  # fmt: skip


@experiment("{protocol}/wildcard/three/{order}/{options}", rule=WILDCARD_AND_SPECIFIC)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(("order", "options", "expected"), THREE, ids=str)
def test_two_specific_addresses_and_the_wildcard(stack: Stack, protocol: str, order: Three, options: Options, expected: Answer) -> None:
    """{protocol}: {order.first.aloud}, then {order.second.aloud} are bound with {options.aloud}: may {order.third.aloud} be, too?"""
    for address in (order.first, order.second):
        stack.socket(f"{protocol}4", *options).bind(address)
    third = stack.socket(f"{protocol}4", *options)
    assert third.bind(order.third) == expected


@experiment("tcp/wildcard/three/an-option-each/wildcard-last", rule=WILDCARD_AND_SPECIFIC)
def test_the_wildcard_beside_two_with_an_option_each(stack: Stack) -> None:
    """One specific socket has SO_REUSEADDR, another SO_REUSEPORT: may a third with both bind the wildcard?"""
    stack.tcp4(*REUSEADDR).bind(LOOPBACK)
    stack.tcp4(*REUSEPORT).bind(SECOND)
    assert stack.tcp4(*REUSEBOTH).bind(WILDCARD) == OK


@experiment("tcp/wildcard/three-listening/{order}/{options}", rule=WILDCARD_AND_SPECIFIC)
@pytest.mark.parametrize("order", [WILDCARD_FIRST, WILDCARD_BETWEEN, WILDCARD_LAST], ids=str)
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)
def test_three_servers_start_one_after_another(stack: Stack, order: Three, options: Options) -> None:
    """Servers with {options.aloud} start at {order.first.aloud} and {order.second.aloud}: may a third bind {order.third.aloud}?"""
    for address in (order.first, order.second):
        listening(stack, address, *options)
    third = stack.tcp4(*options)
    assert third.bind(order.third) == OK


@experiment("{kind}/different-addresses/{first}-{second}", rule=DIFFERENT_ADDRESSES, cites=(UNP.at("§7.5, multihomed servers"),))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
@pytest.mark.parametrize(("first", "second"), [(NONE, NONE), (REUSEADDR, NONE), (NONE, REUSEADDR), (REUSEADDR, REUSEADDR)], ids=str)
def test_different_specific_addresses(stack: Stack, kind: str, first: Options, second: Options) -> None:
    """A {kind} socket holds 127.0.0.1 with {first.aloud}: may one with {second.aloud} bind 127.0.0.2?"""
    stack.socket(kind, *first).bind(LOOPBACK)
    assert stack.socket(kind, *second).bind(SECOND) == OK


@experiment("tcp/different-addresses/listening", rule=DIFFERENT_ADDRESSES)
def test_different_specific_addresses_listening(stack: Stack) -> None:
    """A server without options listens at 127.0.0.1: may a second listen at 127.0.0.2?"""
    listening(stack, LOOPBACK)
    second = stack.tcp4()
    second.bind(SECOND)
    assert second.listen() == OK


@experiment("tcp/different-addresses/each-its-own", rule=DIFFERENT_ADDRESSES)
def test_each_address_is_served_by_its_own(stack: Stack) -> None:
    """Servers without options listen at two addresses: does the second get what goes to its address?"""
    listening(stack, LOOPBACK)
    second = listening(stack, SECOND)
    stack.connections(LOOPBACK)
    assert stack.connections(SECOND) == second.itself


@experiment("tcp/wildcard/specific-closes/wildcard-receives", rule=MOST_SPECIFIC)
def test_the_wildcard_inherits_from_the_specific(stack: Stack) -> None:
    """A specific server closes: does the wildcard server beside it get its connections?"""
    specific, wildcard = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    specific.bind(LOOPBACK)
    wildcard.bind(WILDCARD)
    specific.listen()
    wildcard.listen()
    stack.connections(LOOPBACK)
    specific.close()
    # Where the first listener locks the others out, the wildcard can listen only now.
    wildcard.listen()
    assert stack.connections(LOOPBACK) == wildcard.itself


@experiment("tcp/wildcard/specific-closes/wildcard-listens-late", rule=WILDCARD_AND_SPECIFIC)
def test_the_wildcard_listens_after_the_specific_closed(stack: Stack) -> None:
    """A server bound 0.0.0.0 beside one at 127.0.0.1, which has closed now: may it listen?"""
    specific, wildcard = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    specific.bind(LOOPBACK)
    wildcard.bind(WILDCARD)
    specific.listen()
    specific.close()
    assert wildcard.listen() == OK


@experiment("udp/wildcard/specific-closes/wildcard-receives", rule=MOST_SPECIFIC)
def test_the_udp_wildcard_inherits_from_the_specific(stack: Stack) -> None:
    """A specific UDP socket closes: does the wildcard socket beside it get its datagrams?"""
    specific, wildcard = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    specific.bind(LOOPBACK)
    wildcard.bind(WILDCARD)
    stack.connections(LOOPBACK)
    specific.close()
    assert stack.connections(LOOPBACK) == wildcard.itself


@experiment("tcp/wildcard/specific-beside-a-connection/reuseaddr", rule=WILDCARD_AND_SPECIFIC)
def test_the_address_of_a_connection_of_the_wildcard_server(stack: Stack) -> None:
    """A server at 0.0.0.0 has a connection at 127.0.0.1: may another bind 127.0.0.1 with SO_REUSEADDR?"""
    listener = listening(stack, WILDCARD, SO_REUSEADDR)
    connected(stack, listener, LOOPBACK)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


@experiment("tcp/wildcard/{held}-closed/{wanted}-starts", rule=PCB_LOOKUP)
@pytest.mark.parametrize(
    ("held", "wanted"),
    [("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "0.0.0.0")],
)
def test_nothing_is_left_of_a_closed_listener(stack: Stack, held: str, wanted: str) -> None:
    """A server at {held} that served nobody has closed: may one without options start at {wanted}?"""
    server = listening(stack, Address(held))
    server.close()
    assert stack.tcp4().bind(Address(wanted)) == OK
