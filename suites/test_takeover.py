"""May another process, or another user, take an address that somebody holds?"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import ended_in_time_wait, listening, served, start
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
    WILDCARD,
    WILDCARD6,
    Address,
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
from suites.tables import OVERLAPPING, SAME, Places

OWNER = LINUX.at("core/sock.c, sock_i_uid; include/net/sock.h, sk_uid")
CONFLICT = LINUX.at("ipv4/inet_connection_sock.c, inet_csk_bind_conflict")
LISTEN_START = LINUX.at("ipv4/inet_connection_sock.c, inet_csk_listen_start")


@dataclass(frozen=True)
class Person:
    """Whoever makes a socket, under the name that they have in ids."""

    name: str
    who: str
    whose: str

    def on(self, stack: Stack) -> Stack | Actor:
        """The one who makes sockets on a stack."""
        return stack if self == SELF else Actor(stack, self.name)

    def __str__(self) -> str:
        return self.name


#: Who runs the experiment: root, where that may start processes of other users.
SELF = Person("self", "we", "our")
OTHER = Person("other", "another process", "another process's")
STRANGER = Person("stranger", "user A", "user A's")
STRANGER2 = Person("stranger2", "user B", "user B's")

# holder, newcomer
PEOPLE = [
    (SELF,     OTHER),
    (SELF,     STRANGER),
    (STRANGER, SELF),
    (STRANGER, STRANGER2),
]  # fmt: skip
USERS = PEOPLE[1:]

# 4.4BSD asks nobody's name. The options of both decide what the second bind answers, to the same address or to one beside it.
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


@experiment("tcp/takeover/bound/{holder}-{newcomer}/{options}", rule=REUSEPORT_ALL, cites=(CONFLICT,))
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
@pytest.mark.parametrize(("options", "expected"), SAME_ADDRESS, ids=str)
def test_a_bound_address(stack: Stack, holder: Person, newcomer: Person, options: Options, expected: Answer) -> None:
    """May {newcomer.who} bind the address of {holder.whose} bound socket, each with {options.aloud}?"""
    holder.on(stack).tcp4(*options).bind(LOOPBACK)
    assert newcomer.on(stack).tcp4(*options).bind(LOOPBACK) == expected


@experiment("tcp/takeover/listening/{holder}-{newcomer}/{options}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
@pytest.mark.parametrize(("options", "expected"), SAME_ADDRESS, ids=str)
def test_a_listening_address(stack: Stack, holder: Person, newcomer: Person, options: Options, expected: Answer) -> None:
    """May {newcomer.who} bind the address of {holder.whose} listening server, each with {options.aloud}?"""
    listening(holder.on(stack), LOOPBACK, *options)
    assert newcomer.on(stack).tcp4(*options).bind(LOOPBACK) == expected


@experiment(
    "{kind}/takeover/ipv6/{holder}-{newcomer}", rule=REUSEPORT_ALL, cites=(OPENBSD.at("netinet6/in6_pcb.c 1.152, in6_pcbaddrisavail_lock"),)
)
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
def test_an_ipv6_address(stack: Stack, kind: str, holder: Person, newcomer: Person) -> None:
    """May {newcomer.who} bind [::1] beside {holder.whose} {kind} socket there, each with SO_REUSEPORT?"""
    holder.on(stack).socket(kind, SO_REUSEPORT).bind(LOOPBACK6)
    assert newcomer.on(stack).socket(kind, SO_REUSEPORT).bind(LOOPBACK6) == OK


@experiment("tcp/takeover/listens-first/{holder}-{newcomer}", rule=COMPLETELY_DUPLICATE, cites=(LISTEN_START,))
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
def test_a_newcomer_cannot_overtake(stack: Stack, holder: Person, newcomer: Person) -> None:
    """Does {holder.whose} SO_REUSEADDR server receive though {newcomer.who} came between bind and listen?"""
    victim = holder.on(stack).tcp4(SO_REUSEADDR)
    victim.bind(LOOPBACK)
    thief = newcomer.on(stack).tcp4(SO_REUSEADDR)
    # A server whose bind was refused gives up; where it was granted, listening first takes the port.
    start(thief, LOOPBACK)
    victim.listen()
    assert stack.connections(LOOPBACK) == victim.itself


@experiment("tcp/takeover/theft/bind/{holder}-{newcomer}/{options}", rule=THEFT, cites=(WINSOCK.at("table 1"),))
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
@pytest.mark.parametrize(("options", "expected"), MORE_SPECIFIC, ids=str)
def test_a_more_specific_address(stack: Stack, holder: Person, newcomer: Person, options: Options, expected: Answer) -> None:
    """May {newcomer.who} bind 127.0.0.1 beside {holder.whose} server at 0.0.0.0, each with {options.aloud}?"""
    listening(holder.on(stack), WILDCARD, *options)
    assert newcomer.on(stack).tcp4(*options).bind(LOOPBACK) == expected


@experiment("tcp/takeover/theft/bind-alone/{holder}-{newcomer}/{second}", rule=THEFT)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
@pytest.mark.parametrize("second", [REUSEADDR, REUSEPORT], ids=str)
def test_a_victim_without_options(stack: Stack, holder: Person, newcomer: Person, second: Options) -> None:
    """May {newcomer.who} bind 127.0.0.1 with {second.aloud} beside {holder.whose} plain server at 0.0.0.0?"""
    listening(holder.on(stack), WILDCARD)
    assert newcomer.on(stack).tcp4(*second).bind(LOOPBACK) == OK


@experiment("tcp6/takeover/theft/{holder}-{newcomer}/{options}", rule=THEFT)
@pytest.mark.parametrize(("holder", "newcomer"), USERS, ids=str)
@pytest.mark.parametrize(("options", "expected"), MORE_SPECIFIC, ids=str)
def test_a_more_specific_ipv6_address(stack: Stack, holder: Person, newcomer: Person, options: Options, expected: Answer) -> None:
    """May {newcomer.who} bind [::1] beside {holder.whose} server at [::], each with {options.aloud}?"""
    listening(holder.on(stack), WILDCARD6, IPV6_V6ONLY, *options)
    assert newcomer.on(stack).tcp6(IPV6_V6ONLY, *options).bind(LOOPBACK6) == expected


@experiment("tcp/takeover/theft/receives/{holder}-{newcomer}", rule=MOST_SPECIFIC)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
def test_the_thief_receives(stack: Stack, holder: Person, newcomer: Person) -> None:
    """Does {newcomer.whose} server at 127.0.0.1 receive, and not {holder.whose} one at 0.0.0.0?"""
    victim, thief = holder.on(stack).tcp4(SO_REUSEADDR), newcomer.on(stack).tcp4(SO_REUSEADDR)
    victim.bind(WILDCARD)
    victim.listen()
    thief.bind(LOOPBACK)
    thief.listen()
    assert stack.connections(LOOPBACK) == thief.itself


@experiment("tcp/takeover/widens/{holder}-{newcomer}/{options}", rule=THEFT)
@pytest.mark.parametrize(("holder", "newcomer"), USERS, ids=str)
@pytest.mark.parametrize(("options", "expected"), MORE_SPECIFIC, ids=str)
def test_the_wildcard_around_a_specific_server(stack: Stack, holder: Person, newcomer: Person, options: Options, expected: Answer) -> None:
    """May {newcomer.who} bind 0.0.0.0 beside {holder.whose} server at 127.0.0.1, each with {options.aloud}?"""
    listening(holder.on(stack), LOOPBACK, *options)
    assert newcomer.on(stack).tcp4(*options).bind(WILDCARD) == expected


@experiment("tcp/takeover/time-wait/{holder}-{newcomer}/{first}-{second}", rule=TIME_WAIT_REBIND)
@pytest.mark.parametrize(("holder", "newcomer"), USERS, ids=str)
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
def test_a_time_wait_of_somebody_else(
    stack: Stack, holder: Person, newcomer: Person, first: Options, second: Options, expected: Answer
) -> None:
    """May {newcomer.who} with {second.aloud} bind where {holder.whose} server with {first.aloud} left TIME_WAIT?"""
    ended_in_time_wait(stack, holder.on(stack), LOOPBACK, *first)
    assert newcomer.on(stack).tcp4(*second).bind(LOOPBACK) == expected


@experiment("tcp/takeover/receives/{holder}-{newcomer}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
def test_a_group_over_processes(stack: Stack, holder: Person, newcomer: Person) -> None:
    """Does one receive when {holder.who} and {newcomer.who} start servers with SO_REUSEPORT at one address?"""
    first, second = holder.on(stack).tcp4(SO_REUSEPORT), newcomer.on(stack).tcp4(SO_REUSEPORT)
    first.bind(LOOPBACK)
    first.listen()
    start(second, LOOPBACK)
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("tcp/takeover/closed/{holder}-{newcomer}", rule=NO_OPTIONS)
@pytest.mark.parametrize(("holder", "newcomer"), USERS, ids=str)
def test_a_closed_server_of_somebody_else(stack: Stack, holder: Person, newcomer: Person) -> None:
    """May {newcomer.who} bind where {holder.whose} server, which served nobody, has closed?"""
    server = listening(holder.on(stack), LOOPBACK)
    server.close()
    assert newcomer.on(stack).tcp4().bind(LOOPBACK) == OK


@experiment("udp/takeover/same/{holder}-{newcomer}/{options}", rule=UDP_DUPLICATE, cites=(LINUX.at("ipv4/udp.c, udp_lib_lport_inuse"),))
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
@pytest.mark.parametrize(("options", "expected"), SAME_ADDRESS, ids=str)
def test_a_udp_address(stack: Stack, holder: Person, newcomer: Person, options: Options, expected: Answer) -> None:
    """May {newcomer.who} bind the address of {holder.whose} UDP socket, each with {options.aloud}?"""
    holder.on(stack).udp4(*options).bind(LOOPBACK)
    assert newcomer.on(stack).udp4(*options).bind(LOOPBACK) == expected


@experiment("udp/takeover/same-receives/{holder}-{newcomer}", rule=UDP_DUPLICATE)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
def test_the_holder_keeps_its_datagrams(stack: Stack, holder: Person, newcomer: Person) -> None:
    """Does {holder.whose} UDP socket receive after {newcomer.who} asked for its address, too?"""
    first, second = holder.on(stack).udp4(SO_REUSEADDR), newcomer.on(stack).udp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    assert stack.connections(LOOPBACK) == first.itself


@experiment("udp/takeover/theft/{holder}-{newcomer}/{options}", rule=THEFT)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
@pytest.mark.parametrize(("options", "expected"), MORE_SPECIFIC, ids=str)
def test_a_more_specific_udp_address(stack: Stack, holder: Person, newcomer: Person, options: Options, expected: Answer) -> None:
    """May {newcomer.who} bind 127.0.0.1 beside {holder.whose} UDP socket at 0.0.0.0, each with {options.aloud}?"""
    holder.on(stack).udp4(*options).bind(WILDCARD)
    assert newcomer.on(stack).udp4(*options).bind(LOOPBACK) == expected


@experiment("udp/takeover/theft/stranger-self/reuseaddr-none", rule=THEFT)
def test_a_more_specific_udp_address_without_options(stack: Stack) -> None:
    """May we bind 127.0.0.1 without options beside another user's SO_REUSEADDR UDP socket at 0.0.0.0?"""
    stack.stranger.udp4(SO_REUSEADDR).bind(WILDCARD)
    assert stack.udp4().bind(LOOPBACK) in (EADDRINUSE, EACCES)


@experiment("udp/takeover/theft-receives/{holder}-{newcomer}", rule=MOST_SPECIFIC)
@pytest.mark.parametrize(("holder", "newcomer"), PEOPLE, ids=str)
def test_the_udp_thief_receives(stack: Stack, holder: Person, newcomer: Person) -> None:
    """Does {newcomer.whose} UDP socket at 127.0.0.1 receive, and not {holder.whose} one at 0.0.0.0?"""
    victim, thief = holder.on(stack).udp4(SO_REUSEADDR), newcomer.on(stack).udp4(SO_REUSEADDR)
    victim.bind(WILDCARD)
    thief.bind(LOOPBACK)
    assert stack.connections(LOOPBACK) == thief.itself


@experiment("tcp/takeover/orphan/{holder}-{newcomer}/reuseport", rule=RESTART, cites=(OWNER,))
@pytest.mark.parametrize(("holder", "newcomer"), [(STRANGER, SELF), (STRANGER, STRANGER), (STRANGER, STRANGER2)], ids=str)
def test_the_wildcard_beside_an_orphaned_connection(stack: Stack, holder: Person, newcomer: Person) -> None:
    """May {newcomer.who} bind 0.0.0.0 while {holder.whose} dead server still delivers (SO_REUSEPORT on both)?"""
    listener = listening(holder.on(stack), LOOPBACK, SO_REUSEPORT)
    _, accepted = served(stack, listener, LOOPBACK)
    listener.close()
    accepted.send(MORE_THAN_FITS)
    accepted.close()
    stack.shows(LOOPBACK, FIN_WAIT_1)
    assert newcomer.on(stack).tcp4(SO_REUSEPORT).bind(WILDCARD) == OK


@experiment("tcp/takeover/orphan/not-yet-accepted", rule=REUSEPORT_ALL, cites=(OWNER,))
def test_beside_a_connection_that_waits(stack: Stack) -> None:
    """A connection waits at a user's server with SO_REUSEPORT: may the same user start a second one?"""
    listening(stack.stranger, LOOPBACK, SO_REUSEPORT)
    stack.tcp4().connect(LOOPBACK)
    assert stack.stranger.tcp4(SO_REUSEPORT).bind(WILDCARD) == OK


# Microsoft's table for different users, whole but for SO_EXCLUSIVEADDRUSE (suites/exclusive): it is about bind alone.
USER_TABLE = WINSOCK.at("enhanced socket security, the table for different users")
UNLISTENED = [
    # first,    second,    the second bind beside an overlapping address; the same one is always refused
    (NONE,      NONE,      EADDRINUSE),
    (NONE,      REUSEADDR, OK),
    (REUSEADDR, NONE,      EADDRINUSE),
    (REUSEADDR, REUSEADDR, OK),
]  # fmt: skip
BOUND = [(places, first, second, EADDRINUSE) for places in SAME for first, second, _ in UNLISTENED]
BOUND += [(places, *pair) for places in OVERLAPPING for pair in UNLISTENED]


@experiment(
    "tcp/takeover/unlistened/{places}/{first}-{second}",
    rule=lambda places: COMPLETELY_DUPLICATE if places.alike else THEFT,
    cites=(USER_TABLE,),
)
@pytest.mark.parametrize(("places", "first", "second", "expected"), BOUND, ids=str)
def test_a_bound_address_of_another_user(stack: Stack, places: Places, first: Options, second: Options, expected: Answer) -> None:
    """A user holds {places.held.aloud} with {first.aloud}: may another bind {places.wanted.aloud} with {second.aloud}?"""
    stack.tcp4(*first).bind(places.held)
    assert stack.stranger.tcp4(*second).bind(places.wanted) == expected


@experiment("tcp/takeover/closest/{nearer}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(("nearer", "ours"), [("own-is-specific", WILDCARD), ("own-is-older", LOOPBACK)], ids=str)
def test_the_closest_holder_decides(stack: Stack, nearer: str, ours: Address) -> None:
    """A user holds 127.0.0.1, then we hold {ours.aloud} (SO_REUSEPORT): may the user bind 127.0.0.1 again?"""
    stack.stranger.tcp4(SO_REUSEPORT).bind(LOOPBACK)
    stack.tcp4(SO_REUSEPORT).bind(ours)
    again = stack.stranger.tcp4(SO_REUSEPORT)
    assert again.bind(LOOPBACK) == OK


@experiment("tcp/takeover/closest/own-is-ipv4", rule=REUSEPORT_ALL)
def test_the_closest_holder_is_of_one_family(stack: Stack) -> None:
    """A user holds 0.0.0.0, then we hold [::] (SO_REUSEPORT on all): may the user bind 0.0.0.0 again?"""
    stack.stranger.tcp4(SO_REUSEPORT).bind(WILDCARD)
    stack.tcp6(IPV6_V6ONLY.off, SO_REUSEPORT).bind(WILDCARD6)
    assert stack.stranger.tcp4(SO_REUSEPORT).bind(WILDCARD) == OK


@experiment("udp/takeover/connected/{options}", rule=PCB_LOOKUP)
@pytest.mark.parametrize("options", [REUSEADDR, REUSEPORT], ids=str)
def test_a_connected_udp_socket_of_another_user(stack: Stack, options: Options) -> None:
    """May a user bind the address of another user's connected UDP socket, each with {options.aloud}?"""
    held = stack.stranger.udp4(*options)
    held.bind(LOOPBACK)
    held.connect(SECOND)
    assert stack.stranger2.udp4(*options).bind(LOOPBACK) == OK


@experiment("tcp/takeover/closest/own-is-v6only", rule=REUSEPORT_ALL)
def test_the_newest_holder_of_two_wildcards(stack: Stack) -> None:
    """A user holds [::] for IPv6, then we for both families: may the user bind it for IPv6 again?"""
    stack.stranger.tcp6(IPV6_V6ONLY, SO_REUSEPORT).bind(WILDCARD6)
    stack.tcp6(IPV6_V6ONLY.off, SO_REUSEPORT).bind(WILDCARD6)
    assert stack.stranger.tcp6(IPV6_V6ONLY, SO_REUSEPORT).bind(WILDCARD6) == OK
