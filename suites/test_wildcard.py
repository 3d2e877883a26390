"""May a wildcard and specific addresses share a port, and who is served by which?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connected, listening
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    NONE,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Options,
)
from fixtures.specification.rules import ANY_ORDER, DIFFERENT_ADDRESSES, MOST_SPECIFIC, PCB_LOOKUP, WILDCARD_AND_SPECIFIC
from fixtures.specification.sources import LINUX, LITE2, UNP

#: Which address is held, and which is asked for.
ORDERS = {
    "wildcard-then-specific": (WILDCARD, LOOPBACK),
    "specific-then-wildcard": (LOOPBACK, WILDCARD),
}
ORDERS6 = {
    "wildcard-then-specific": (WILDCARD6, LOOPBACK6),
    "specific-then-wildcard": (LOOPBACK6, WILDCARD6),
}

# Only the options of the second socket count: with any of the two, the wildcard is no clash.
PAIRS = [
    # first,     second,    the second bind
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


@experiment("tcp/wildcard/{order}/bound/{first}-{second}", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("first", "second", "expected"), PAIRS, ids=str)
def test_beside_a_bound_socket(stack: Stack, order: str, first: Options, second: Options, expected: Answer) -> None:
    """The first socket ({first}) is bound: may the second ({second}) bind, {order}?"""
    held, wanted = ORDERS[order]
    holder = stack.tcp4(*first)
    holder.bind(held)
    newcomer = stack.tcp4(*second)
    assert newcomer.bind(wanted) == expected


@experiment(
    "tcp/wildcard/{order}/listening/{first}-{second}",
    rule=WILDCARD_AND_SPECIFIC,
    cites=(LINUX.at("ipv4/inet_connection_sock.c, inet_csk_bind_conflict"),),
)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("first", "second", "expected"), PAIRS, ids=str)
def test_beside_a_listening_socket(stack: Stack, order: str, first: Options, second: Options, expected: Answer) -> None:
    """The first socket ({first}) listens: may the second ({second}) bind, {order}?"""
    held, wanted = ORDERS[order]
    listening(stack, held, *first)
    newcomer = stack.tcp4(*second)
    assert newcomer.bind(wanted) == expected


@experiment("tcp/wildcard/ipv6/{order}/{first}-{second}", rule=PCB_LOOKUP)
@pytest.mark.parametrize("order", ORDERS6)
@pytest.mark.parametrize(("first", "second", "expected"), PAIRS, ids=str)
def test_within_ipv6(stack: Stack, order: str, first: Options, second: Options, expected: Answer) -> None:
    """Both sockets are IPv6 only and the first ({first}) listens: may the second ({second}) bind, {order}?"""
    held, wanted = ORDERS6[order]
    listening(stack, held, IPV6_V6ONLY, *first)
    newcomer = stack.tcp6(IPV6_V6ONLY, *second)
    assert newcomer.bind(wanted) == expected


@experiment(
    "tcp/wildcard/{order}/both-listen/{options}", rule=ANY_ORDER, cites=(LINUX.at("ipv4/inet_connection_sock.c, inet_csk_listen_start"),)
)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT, REUSEBOTH], ids=str)
def test_both_bind_before_either_listens(stack: Stack, order: str, options: Options) -> None:
    """Both sockets ({options}) bind, {order}, before the first listens: may the second listen too?"""
    held, wanted = ORDERS[order]
    first = stack.tcp4(*options)
    first.bind(held)
    second = stack.tcp4(*options)
    second.bind(wanted)
    first.listen()
    assert second.listen() == OK


# Two specific addresses and the wildcard: wherever the wildcard comes in, it clashes with those who ask without an option.
THREE = {
    "wildcard-first": (WILDCARD, LOOPBACK, SECOND),
    "wildcard-between": (LOOPBACK, WILDCARD, SECOND),
    "wildcard-last": (LOOPBACK, SECOND, WILDCARD),
}


@experiment("{protocol}/wildcard/three/{order}/{options}", rule=WILDCARD_AND_SPECIFIC)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("order", THREE)
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (NONE,      EADDRINUSE),
        (REUSEADDR, OK),
        (REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_two_specific_addresses_and_the_wildcard(stack: Stack, protocol: str, order: str, options: Options, expected: Answer) -> None:
    """Two specific {protocol} addresses and the wildcard ({options} on all, {order}): may the third bind?"""
    *held, wanted = THREE[order]
    for address in held:
        stack.socket(f"{protocol}4", *options).bind(address)
    third = stack.socket(f"{protocol}4", *options)
    # With the wildcard refused in second place, the two specific addresses are alone and do not clash.
    assert third.bind(wanted) == (OK if order == "wildcard-between" else expected)


@experiment("tcp/wildcard/three/an-option-each/wildcard-last", rule=WILDCARD_AND_SPECIFIC)
def test_the_wildcard_beside_two_with_an_option_each(stack: Stack) -> None:
    """One specific socket has SO_REUSEADDR, another SO_REUSEPORT: may a third with both bind the wildcard?"""
    stack.tcp4(*REUSEADDR).bind(LOOPBACK)
    stack.tcp4(*REUSEPORT).bind(SECOND)
    assert stack.tcp4(*REUSEBOTH).bind(WILDCARD) == OK


@experiment("tcp/wildcard/three-listening/{order}/{options}", rule=WILDCARD_AND_SPECIFIC)
@pytest.mark.parametrize("order", THREE)
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)
def test_three_servers_start_one_after_another(stack: Stack, order: str, options: Options) -> None:
    """Each server ({options}) binds and listens before the next starts, {order}: may the third bind?"""
    *held, wanted = THREE[order]
    for address in held:
        server = stack.tcp4(*options)
        server.bind(address)
        server.listen()
    third = stack.tcp4(*options)
    assert third.bind(wanted) == OK


@experiment("{kind}/different-addresses/{first}-{second}", rule=DIFFERENT_ADDRESSES, cites=(UNP.at("§7.5, multihomed servers"),))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
@pytest.mark.parametrize(("first", "second"), [(NONE, NONE), (REUSEADDR, NONE), (NONE, REUSEADDR), (REUSEADDR, REUSEADDR)], ids=str)
def test_different_specific_addresses(stack: Stack, kind: str, first: Options, second: Options) -> None:
    """Two {kind} sockets ({first}, {second}) want the same port of different specific addresses: may the second bind?"""
    stack.socket(kind, *first).bind(LOOPBACK)
    assert stack.socket(kind, *second).bind(SECOND) == OK


@experiment("tcp/different-addresses/listening", rule=DIFFERENT_ADDRESSES)
def test_different_specific_addresses_listening(stack: Stack) -> None:
    """A server without options listens at one specific address: may a second listen at the same port of another?"""
    listening(stack, LOOPBACK)
    second = stack.tcp4()
    second.bind(SECOND)
    assert second.listen() == OK


@experiment("tcp/different-addresses/each-its-own", rule=DIFFERENT_ADDRESSES)
def test_each_address_is_served_by_its_own(stack: Stack) -> None:
    """Two servers without options listen at two addresses: does the second get the connections to its address?"""
    listening(stack, LOOPBACK)
    second = stack.tcp4()
    second.bind(SECOND)
    second.listen()
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
    """A wildcard server bound beside a specific one and waited until it closed: may it listen now?"""
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
    """A wildcard server has a connection: may another server bind the address of that connection (both SO_REUSEADDR)?"""
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
