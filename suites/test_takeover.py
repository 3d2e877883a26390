"""May another process, or another user, take an address that somebody holds?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Actor, Stack
from fixtures.language.words import (
    BOTH,
    EACCES,
    EADDRINUSE,
    FIN_WAIT_1,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MORE_THAN_FITS,
    NONE,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    TIME_WAIT,
    WILDCARD,
    WILDCARD6,
    Answer,
    Options,
)
from fixtures.specification.rules import (
    COMPLETELY_DUPLICATE,
    MOST_SPECIFIC,
    NO_OPTIONS,
    PCB_LOOKUP,
    RESTART,
    REUSEPORT_ALL,
    THEFT,
    TIME_WAIT_REBIND,
    UDP_DUPLICATE,
)
from fixtures.specification.sources import LINUX, OPENBSD, WINSOCK

OWNER = LINUX.at("core/sock.c, sock_i_uid; include/net/sock.h, sk_uid")
CONFLICT = LINUX.at("ipv4/inet_connection_sock.c, inet_csk_bind_conflict")
LISTEN_START = LINUX.at("ipv4/inet_connection_sock.c, inet_csk_listen_start")

# "self" runs the experiment: root, where it may start processes of other users.
PEOPLE = [
    ("self",     "other"),
    ("self",     "stranger"),
    ("stranger", "self"),
    ("stranger", "stranger2"),
]  # fmt: skip
USERS = PEOPLE[1:]

# 4.4BSD asks nobody's name: only the options decide.
SAME_ADDRESS = [
    (NONE,      EADDRINUSE),
    (REUSEADDR, EADDRINUSE),
    (REUSEPORT, OK),
    (REUSEBOTH, OK),
]  # fmt: skip
MORE_SPECIFIC = [
    (NONE,      EADDRINUSE),
    (REUSEADDR, OK),
    (REUSEPORT, OK),
    (REUSEBOTH, OK),
]  # fmt: skip


def by(stack: Stack, who: str) -> Stack | Actor:
    """Whoever makes the socket."""
    return stack if who == "self" else Actor(stack, who)


@experiment(
    "tcp/takeover/bound/{holder}-{newcomer}/{options}",
    rule=REUSEPORT_ALL,
    cites=(CONFLICT,),
)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE)
@pytest.mark.parametrize(("options", "expected"), SAME_ADDRESS, ids=str)
def test_a_bound_address(stack: Stack, holder: str, newcomer: str, options: Options, expected: Answer) -> None:
    """A socket of {holder} is bound: may one of {newcomer} bind the same address ({options} on both)?"""
    by(stack, holder).tcp4(*options).bind(LOOPBACK)
    assert by(stack, newcomer).tcp4(*options).bind(LOOPBACK) == expected


@experiment("tcp/takeover/listening/{holder}-{newcomer}/{options}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE)
@pytest.mark.parametrize(("options", "expected"), SAME_ADDRESS, ids=str)
def test_a_listening_address(stack: Stack, holder: str, newcomer: str, options: Options, expected: Answer) -> None:
    """A server of {holder} listens: may a socket of {newcomer} bind the same address ({options} on both)?"""
    victim = by(stack, holder).tcp4(*options)
    victim.bind(LOOPBACK)
    victim.listen()
    assert by(stack, newcomer).tcp4(*options).bind(LOOPBACK) == expected


@experiment(
    "{kind}/takeover/ipv6/{holder}-{newcomer}", rule=REUSEPORT_ALL, cites=(OPENBSD.at("netinet6/in6_pcb.c 1.152, in6_pcbaddrisavail_lock"),)
)
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE)
def test_an_ipv6_address(stack: Stack, kind: str, holder: str, newcomer: str) -> None:
    """A {kind} socket of {holder} is bound to [::1]: may one of {newcomer} bind the same address (SO_REUSEPORT on both)?"""
    by(stack, holder).socket(kind, SO_REUSEPORT).bind(LOOPBACK6)
    assert by(stack, newcomer).socket(kind, SO_REUSEPORT).bind(LOOPBACK6) == OK


@experiment(
    "tcp/takeover/listens-first/{holder}-{newcomer}",
    rule=COMPLETELY_DUPLICATE,
    cites=(LISTEN_START,),
)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE)
def test_a_newcomer_cannot_overtake(stack: Stack, holder: str, newcomer: str) -> None:
    """A bound server of {holder} is about to listen, {newcomer} asks for its address and listens, SO_REUSEADDR on both: who receives?"""
    victim = by(stack, holder).tcp4(SO_REUSEADDR)
    victim.bind(LOOPBACK)
    thief = by(stack, newcomer).tcp4(SO_REUSEADDR)
    # A server whose bind was refused gives up; where it was granted, listening first takes the port.
    if thief.bind(LOOPBACK) == OK:
        thief.listen()
    victim.listen()
    assert stack.connections(LOOPBACK) == victim.itself


@experiment("tcp/takeover/theft/bind/{holder}-{newcomer}/{options}", rule=THEFT, cites=(WINSOCK.at("table 1"),))
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE)
@pytest.mark.parametrize(("options", "expected"), MORE_SPECIFIC, ids=str)
def test_a_more_specific_address(stack: Stack, holder: str, newcomer: str, options: Options, expected: Answer) -> None:
    """A server of {holder} listens at the wildcard: may {newcomer} bind a more specific address ({options} on both)?"""
    victim = by(stack, holder).tcp4(*options)
    victim.bind(WILDCARD)
    victim.listen()
    assert by(stack, newcomer).tcp4(*options).bind(LOOPBACK) == expected


@experiment("tcp/takeover/theft/bind-alone/{holder}-{newcomer}/{second}", rule=THEFT)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE)
@pytest.mark.parametrize("second", [REUSEADDR, REUSEPORT], ids=str)
def test_a_victim_without_options(stack: Stack, holder: str, newcomer: str, second: Options) -> None:
    """A server of {holder} without options listens at the wildcard: may {newcomer} with {second} bind a specific address?"""
    victim = by(stack, holder).tcp4()
    victim.bind(WILDCARD)
    victim.listen()
    assert by(stack, newcomer).tcp4(*second).bind(LOOPBACK) == OK


@experiment("tcp6/takeover/theft/{holder}-{newcomer}/{options}", rule=THEFT)
@pytest.mark.parametrize(("holder", "newcomer"), USERS)
@pytest.mark.parametrize(("options", "expected"), MORE_SPECIFIC, ids=str)
def test_a_more_specific_ipv6_address(stack: Stack, holder: str, newcomer: str, options: Options, expected: Answer) -> None:
    """A server of {holder} listens at [::] for IPv6 alone: may {newcomer} bind a more specific address ({options} on both)?"""
    victim = by(stack, holder).tcp6(IPV6_V6ONLY, *options)
    victim.bind(WILDCARD6)
    victim.listen()
    assert by(stack, newcomer).tcp6(IPV6_V6ONLY, *options).bind(LOOPBACK6) == expected


@experiment("tcp/takeover/theft/receives/{holder}-{newcomer}", rule=MOST_SPECIFIC)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE)
def test_the_thief_receives(stack: Stack, holder: str, newcomer: str) -> None:
    """A server of {holder} listens at the wildcard, one of {newcomer} at a specific address, SO_REUSEADDR on both: who receives?"""
    victim, thief = by(stack, holder).tcp4(SO_REUSEADDR), by(stack, newcomer).tcp4(SO_REUSEADDR)
    victim.bind(WILDCARD)
    victim.listen()
    thief.bind(LOOPBACK)
    thief.listen()
    assert stack.connections(LOOPBACK) == thief.itself


@experiment("tcp/takeover/widens/{holder}-{newcomer}/{options}", rule=THEFT)
@pytest.mark.parametrize(("holder", "newcomer"), USERS)
@pytest.mark.parametrize(("options", "expected"), MORE_SPECIFIC, ids=str)
def test_the_wildcard_around_a_specific_server(stack: Stack, holder: str, newcomer: str, options: Options, expected: Answer) -> None:
    """A server of {holder} listens at a specific address: may {newcomer} bind the wildcard ({options} on both)?"""
    victim = by(stack, holder).tcp4(*options)
    victim.bind(LOOPBACK)
    victim.listen()
    assert by(stack, newcomer).tcp4(*options).bind(WILDCARD) == expected


@experiment("tcp/takeover/time-wait/{holder}-{newcomer}/{first}-{second}", rule=TIME_WAIT_REBIND)
@pytest.mark.parametrize(("holder", "newcomer"), USERS)
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
def test_a_time_wait_of_somebody_else(stack: Stack, holder: str, newcomer: str, first: Options, second: Options, expected: Answer) -> None:
    """A server of {holder} with {first} left a TIME_WAIT: may one of {newcomer} with {second} bind its address?"""
    server = by(stack, holder).tcp4(*first)
    server.bind(LOOPBACK)
    server.listen()
    client = stack.tcp4()
    client.connect(LOOPBACK)
    child = server.accept()
    child.close()
    client.recv(1)
    client.close()
    server.close()
    stack.shows(LOOPBACK, TIME_WAIT)
    assert by(stack, newcomer).tcp4(*second).bind(LOOPBACK) == expected


@experiment("tcp/takeover/receives/{holder}-{newcomer}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE)
def test_a_group_over_processes(stack: Stack, holder: str, newcomer: str) -> None:
    """Servers of {holder} and {newcomer} ask for one address with SO_REUSEPORT and listen: does one of them receive?"""
    first, second = by(stack, holder).tcp4(SO_REUSEPORT), by(stack, newcomer).tcp4(SO_REUSEPORT)
    first.bind(LOOPBACK)
    first.listen()
    if second.bind(LOOPBACK) == OK:
        second.listen()
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("tcp/takeover/closed/{holder}-{newcomer}", rule=NO_OPTIONS)
@pytest.mark.parametrize(("holder", "newcomer"), USERS)
def test_a_closed_server_of_somebody_else(stack: Stack, holder: str, newcomer: str) -> None:
    """A server of {holder} that served nobody has closed: may one of {newcomer} without options bind its address?"""
    server = by(stack, holder).tcp4()
    server.bind(LOOPBACK)
    server.listen()
    server.close()
    assert by(stack, newcomer).tcp4().bind(LOOPBACK) == OK


@experiment("udp/takeover/same/{holder}-{newcomer}/{options}", rule=UDP_DUPLICATE, cites=(LINUX.at("ipv4/udp.c, udp_lib_lport_inuse"),))
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE)
@pytest.mark.parametrize(("options", "expected"), SAME_ADDRESS, ids=str)
def test_a_udp_address(stack: Stack, holder: str, newcomer: str, options: Options, expected: Answer) -> None:
    """A UDP socket of {holder} is bound: may one of {newcomer} bind the same address ({options} on both)?"""
    by(stack, holder).udp4(*options).bind(LOOPBACK)
    assert by(stack, newcomer).udp4(*options).bind(LOOPBACK) == expected


@experiment("udp/takeover/same-receives/{holder}-{newcomer}", rule=UDP_DUPLICATE)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE)
def test_the_holder_keeps_its_datagrams(stack: Stack, holder: str, newcomer: str) -> None:
    """UDP sockets of {holder} and then {newcomer} ask for one address with SO_REUSEADDR: does the first receive?"""
    first, second = by(stack, holder).udp4(SO_REUSEADDR), by(stack, newcomer).udp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    assert stack.connections(LOOPBACK) == first.itself


@experiment("udp/takeover/theft/{holder}-{newcomer}/{options}", rule=THEFT)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE)
@pytest.mark.parametrize(("options", "expected"), MORE_SPECIFIC, ids=str)
def test_a_more_specific_udp_address(stack: Stack, holder: str, newcomer: str, options: Options, expected: Answer) -> None:
    """A UDP socket of {holder} is bound to the wildcard: may {newcomer} bind a specific address ({options} on both)?"""
    by(stack, holder).udp4(*options).bind(WILDCARD)
    assert by(stack, newcomer).udp4(*options).bind(LOOPBACK) == expected


@experiment("udp/takeover/theft/stranger-self/reuseaddr-none", rule=THEFT)
def test_a_more_specific_udp_address_without_options(stack: Stack) -> None:
    """A UDP socket of another user is bound to the wildcard with SO_REUSEADDR: is one without options refused a specific address?"""
    by(stack, "stranger").udp4(SO_REUSEADDR).bind(WILDCARD)
    assert stack.udp4().bind(LOOPBACK) in (EADDRINUSE, EACCES)


@experiment("udp/takeover/theft-receives/{holder}-{newcomer}", rule=MOST_SPECIFIC)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE)
def test_the_udp_thief_receives(stack: Stack, holder: str, newcomer: str) -> None:
    """{holder} is bound to the UDP wildcard, {newcomer} to a specific address, SO_REUSEADDR on both: does {newcomer} receive?"""
    victim, thief = by(stack, holder).udp4(SO_REUSEADDR), by(stack, newcomer).udp4(SO_REUSEADDR)
    victim.bind(WILDCARD)
    thief.bind(LOOPBACK)
    assert stack.connections(LOOPBACK) == thief.itself


@experiment("tcp/takeover/orphan/{holder}-{newcomer}/reuseport", rule=RESTART, cites=(OWNER,))
@pytest.mark.parametrize(("holder", "newcomer"), [("stranger", "self"), ("stranger", "stranger"), ("stranger", "stranger2")])
def test_the_wildcard_beside_an_orphaned_connection(stack: Stack, holder: str, newcomer: str) -> None:
    """May {newcomer} bind the wildcard with SO_REUSEPORT while {holder}'s dead server, which had it too, still has data to deliver?"""
    listener = by(stack, holder).tcp4(SO_REUSEPORT)
    listener.bind(LOOPBACK)
    listener.listen()
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    listener.close()
    accepted.send(MORE_THAN_FITS)
    accepted.close()
    stack.shows(LOOPBACK, FIN_WAIT_1)
    assert by(stack, newcomer).tcp4(SO_REUSEPORT).bind(WILDCARD) == OK


@experiment("tcp/takeover/orphan/not-yet-accepted", rule=REUSEPORT_ALL, cites=(OWNER,))
def test_beside_a_connection_that_waits(stack: Stack) -> None:
    """A user's server with SO_REUSEPORT has a connection that it has not accepted: may the same user start a second such server?"""
    listener = stack.stranger.tcp4(SO_REUSEPORT)
    listener.bind(LOOPBACK)
    listener.listen()
    stack.tcp4().connect(LOOPBACK)
    assert stack.stranger.tcp4(SO_REUSEPORT).bind(WILDCARD) == OK


# Microsoft's table for different users, whole but for SO_EXCLUSIVEADDRUSE (suites/test_exclusive.py): it is about bind alone.
TWINS = {"same-specific": (LOOPBACK, LOOPBACK), "same-wildcard": (WILDCARD, WILDCARD)}
OVERLAPPING = {"wildcard-then-specific": (WILDCARD, LOOPBACK), "specific-then-wildcard": (LOOPBACK, WILDCARD)}
REUSEADDR_PAIRS = [(NONE, NONE), (NONE, REUSEADDR), (REUSEADDR, NONE), (REUSEADDR, REUSEADDR)]
USER_TABLE = WINSOCK.at("enhanced socket security, the table for different users")


@experiment("tcp/takeover/unlistened/{relation}/{first}-{second}", rule=COMPLETELY_DUPLICATE, cites=(USER_TABLE,))
@pytest.mark.parametrize("relation", TWINS)
@pytest.mark.parametrize(("first", "second"), REUSEADDR_PAIRS, ids=str)
def test_the_same_address_of_another_user(stack: Stack, relation: str, first: Options, second: Options) -> None:
    """A socket with {first} is bound: is one of another user with {second} refused, {relation}?"""
    held, wanted = TWINS[relation]
    stack.tcp4(*first).bind(held)
    assert stack.stranger.tcp4(*second).bind(wanted) == EADDRINUSE


@experiment("tcp/takeover/unlistened/{relation}/{first}-{second}", rule=THEFT, cites=(USER_TABLE,))
@pytest.mark.parametrize("relation", OVERLAPPING)
@pytest.mark.parametrize(("first", "second"), REUSEADDR_PAIRS, ids=str)
def test_an_overlapping_address_of_another_user(stack: Stack, relation: str, first: Options, second: Options) -> None:
    """A socket with {first} is bound: may one of another user with {second} bind if that has SO_REUSEADDR, {relation}?"""
    held, wanted = OVERLAPPING[relation]
    stack.tcp4(*first).bind(held)
    assert stack.stranger.tcp4(*second).bind(wanted) == (OK if SO_REUSEADDR in second else EADDRINUSE)


@experiment("tcp/takeover/closest/{nearer}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize("nearer", ["own-is-specific", "own-is-older"])
def test_the_closest_holder_decides(stack: Stack, nearer: str) -> None:
    """A user holds an address with SO_REUSEPORT, and we do too ({nearer}): may that user bind it once more?"""
    stack.stranger.tcp4(SO_REUSEPORT).bind(LOOPBACK)
    stack.tcp4(SO_REUSEPORT).bind(WILDCARD if nearer == "own-is-specific" else LOOPBACK)
    again = stack.stranger.tcp4(SO_REUSEPORT)
    assert again.bind(LOOPBACK) == OK


@experiment("tcp/takeover/closest/own-is-ipv4", rule=REUSEPORT_ALL)
def test_the_closest_holder_is_of_one_family(stack: Stack) -> None:
    """A user holds 0.0.0.0 and then we hold the wildcard of both families (SO_REUSEPORT): may that user bind 0.0.0.0 once more?"""
    stack.stranger.tcp4(SO_REUSEPORT).bind(WILDCARD)
    stack.tcp6(IPV6_V6ONLY.off, SO_REUSEPORT).bind(WILDCARD6)
    assert stack.stranger.tcp4(SO_REUSEPORT).bind(WILDCARD) == OK


@experiment("udp/takeover/connected/{options}", rule=PCB_LOOKUP)
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)
def test_a_connected_udp_socket_of_another_user(stack: Stack, options: Options) -> None:
    """A user's UDP socket is bound and connected: may another user bind its address (both {options})?"""
    held = stack.stranger.udp4(*options)
    held.bind(LOOPBACK)
    held.connect(SECOND)
    assert stack.stranger2.udp4(*options).bind(LOOPBACK) == OK


@experiment("tcp/takeover/closest/own-is-v6only", rule=REUSEPORT_ALL)
def test_the_newest_holder_of_two_wildcards(stack: Stack) -> None:
    """A user holds [::] for IPv6 and then we hold it for both families (SO_REUSEPORT): may that user bind it for IPv6 once more?"""
    stack.stranger.tcp6(IPV6_V6ONLY, SO_REUSEPORT).bind(WILDCARD6)
    stack.tcp6(IPV6_V6ONLY.off, SO_REUSEPORT).bind(WILDCARD6)
    assert stack.stranger.tcp6(IPV6_V6ONLY, SO_REUSEPORT).bind(WILDCARD6) == OK
