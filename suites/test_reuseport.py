"""Who may join a group of SO_REUSEPORT sockets, and who of the group receives?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connected, listening
from fixtures.language.stack import Stack
from fixtures.language.words import (
    BOTH,
    EADDRINUSE,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    NOBODY,
    NONE,
    OK,
    REUSEADDR,
    REUSEBOTH,
    REUSEPORT,
    SECOND,
    SO_EXCLBIND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    TIME_WAIT,
    WILDCARD,
    WILDCARD6,
    Answer,
    Options,
)
from fixtures.specification.rules import (
    BEFORE_BIND,
    EXCLUSIVE_BINDING,
    MOST_SPECIFIC,
    NO_OPTIONS,
    PCB_LOOKUP,
    REUSEPORT_ALL,
    TIME_WAIT_REBIND,
)
from fixtures.specification.sources import LINUX, LITE2

PROTOCOLS = ("tcp4", "udp4")

# Two are bound (or refused, which the trace tells), a third asks. What holds the address decides, not who tried.
THIRD = [
    # first,     second,    third,     the third bind
    (REUSEPORT, REUSEPORT, REUSEPORT, OK),
    (REUSEPORT, REUSEPORT, REUSEBOTH, OK),
    (REUSEPORT, REUSEPORT, NONE,      EADDRINUSE),
    (REUSEPORT, REUSEPORT, REUSEADDR, EADDRINUSE),
    (REUSEPORT, REUSEBOTH, REUSEPORT, OK),
    (REUSEBOTH, REUSEPORT, REUSEADDR, EADDRINUSE),
    # the second is refused where the rule holds
    (REUSEPORT, NONE,      REUSEPORT, OK),
    (REUSEPORT, REUSEADDR, REUSEPORT, OK),
    (NONE,      REUSEPORT, REUSEPORT, EADDRINUSE),
    (REUSEADDR, REUSEPORT, REUSEPORT, EADDRINUSE),
    # Linux lets the third in, in both orders, though one of the two has no SO_REUSEPORT
    (REUSEADDR, REUSEBOTH, REUSEPORT, EADDRINUSE),
    (REUSEBOTH, REUSEADDR, REUSEPORT, OK),
]  # fmt: skip


@experiment(
    "{kind}/reuseport/third/{first}-{second}-{third}",
    rule=REUSEPORT_ALL,
    cites=(LINUX.at("ipv4/inet_connection_sock.c, inet_csk_get_port"), LINUX.at("ipv4/udp.c, udp_lib_lport_inuse")),
)
@pytest.mark.parametrize("kind", PROTOCOLS)
@pytest.mark.parametrize(("first", "second", "third", "expected"), THIRD, ids=str)
def test_a_third_socket(stack: Stack, kind: str, first: Options, second: Options, third: Options, expected: Answer) -> None:
    """Sockets with {first} and with {second} were bound to one {kind} address in turn: may a third with {third} bind it?"""
    stack.socket(kind, *first).bind(LOOPBACK)
    stack.socket(kind, *second).bind(LOOPBACK)
    assert stack.socket(kind, *third).bind(LOOPBACK) == expected


@experiment("tcp/reuseport/beside-listener/{first}-{second}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (REUSEPORT, REUSEPORT, OK),
        (REUSEPORT, NONE,      EADDRINUSE),
        (NONE,      REUSEPORT, EADDRINUSE),
        (REUSEPORT, REUSEADDR, EADDRINUSE),
        (REUSEADDR, REUSEPORT, EADDRINUSE),
    ],
    ids=str,
)  # fmt: skip
def test_everyone_must_set_it(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """A group of two servers with {first} has been asked for at the wildcard: may a socket with {second} join?"""
    for _ in range(2):
        member = stack.tcp4(*first)
        member.bind(WILDCARD)
        member.listen()
    assert stack.tcp4(*second).bind(WILDCARD) == expected


@experiment("tcp/reuseport/wildcard-beside-specific/{first}-{second}", rule=PCB_LOOKUP)
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (NONE,      NONE,      EADDRINUSE),
        (REUSEPORT, NONE,      EADDRINUSE),
        (NONE,      REUSEPORT, OK),
        (REUSEPORT, REUSEPORT, OK),
    ],
    ids=str,
)  # fmt: skip
def test_a_specific_server_beside_a_group(stack: Stack, first: Options, second: Options, expected: Answer) -> None:
    """Two servers with {first} ask for the wildcard: may one with {second} bind a specific address?"""
    for _ in range(2):
        member = stack.tcp4(*first)
        member.bind(WILDCARD)
        member.listen()
    assert stack.tcp4(*second).bind(LOOPBACK) == expected


@experiment("{kind}/reuseport/receives/specific-beside-wildcard", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_the_specific_member_receives(stack: Stack, kind: str) -> None:
    """A specific and a wildcard {kind} socket share a port with SO_REUSEPORT: does the specific one receive all?"""
    specific, wildcard = stack.socket(kind, SO_REUSEPORT), stack.socket(kind, SO_REUSEPORT)
    specific.bind(LOOPBACK)
    wildcard.bind(WILDCARD)
    if kind == "tcp4":
        specific.listen()
        wildcard.listen()
    assert stack.connections(LOOPBACK) == specific.itself


@experiment("{kind}/reuseport/receives/other-specific-beside-wildcard", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_a_specific_socket_outside_the_group_receives(stack: Stack, kind: str) -> None:
    """A {kind} socket with SO_REUSEPORT is on the wildcard, one with only SO_REUSEADDR on a specific address: does the latter receive?"""
    wildcard, specific = stack.socket(kind, SO_REUSEPORT), stack.socket(kind, SO_REUSEADDR)
    wildcard.bind(WILDCARD)
    if kind == "tcp4":
        wildcard.listen()
    if specific.bind(LOOPBACK) == OK and kind == "tcp4":
        specific.listen()
    assert stack.connections(LOOPBACK) == specific.itself


@experiment("{kind}/reuseport/receives/{options}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize("kind", PROTOCOLS)
@pytest.mark.parametrize("options", [REUSEPORT, REUSEBOTH], ids=str)
def test_two_members_split_or_not(stack: Stack, kind: str, options: Options) -> None:
    """Two {kind} sockets ({options}) hold one address: does somebody of the group receive?"""
    first, second = stack.socket(kind, *options), stack.socket(kind, *options)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    if kind == "tcp4":
        first.listen()
        second.listen()
    # Nothing says how a group shares: the last one may take all, or a hash may spread them.
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment(
    "tcp/reuseport/receives/idle-{idle}",
    rule=REUSEPORT_ALL,
    cites=(LINUX.at("ipv4/inet_connection_sock.c, inet_csk_listen_start"), LINUX.at("core/sock_reuseport.c, reuseport_alloc")),
)
@pytest.mark.parametrize("idle", ["first", "second"])
def test_a_member_that_does_not_listen(stack: Stack, idle: str) -> None:
    """The {idle} of two SO_REUSEPORT sockets never listens: does the other get every connection, if anyone gets one?"""
    first, second = stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    listener = second if idle == "first" else first
    listener.listen()
    assert stack.connections(LOOPBACK) in (listener.itself, NOBODY)


@experiment("{kind}/reuseport/leaves/{leaver}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize("kind", PROTOCOLS)
@pytest.mark.parametrize("leaver", ["first", "second"])
def test_the_rest_receives_when_a_member_closes(stack: Stack, kind: str, leaver: str) -> None:
    """The {leaver} of two {kind} SO_REUSEPORT sockets closes: does the one that stays receive all?"""
    first, second = stack.socket(kind, SO_REUSEPORT), stack.socket(kind, SO_REUSEPORT)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    if kind == "tcp4":
        first.listen()
        second.listen()
    stays, leaves = (second, first) if leaver == "first" else (first, second)
    leaves.close()
    assert stack.connections(LOOPBACK) == stays.itself


@experiment("{kind}/reuseport/all-left/{options}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize("kind", PROTOCOLS)
@pytest.mark.parametrize("options", [NONE, REUSEADDR], ids=str)
def test_a_group_leaves_nothing_behind(stack: Stack, kind: str, options: Options) -> None:
    """Both members of a {kind} SO_REUSEPORT group have closed: may a socket with {options} bind?"""
    members = [stack.socket(kind, SO_REUSEPORT) for _ in range(2)]
    for member in members:
        member.bind(LOOPBACK)
    for member in members:
        member.close()
    assert stack.socket(kind, *options).bind(LOOPBACK) == OK


def leave_time_wait(stack: Stack, options: Options) -> None:
    """A server serves one client, closes first and goes: TIME_WAIT is left."""
    server = listening(stack, LOOPBACK, *options)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    child = server.accept()
    child.close()
    client.recv(1)
    client.close()
    server.close()
    stack.shows(LOOPBACK, TIME_WAIT)


@experiment("tcp/reuseport/after-time-wait/{before}-{after}", rule=TIME_WAIT_REBIND)
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (NONE,      NONE,      EADDRINUSE),
        (REUSEPORT, NONE,      EADDRINUSE),
        (NONE,      REUSEPORT, OK),
        (REUSEADDR, REUSEPORT, OK),
        (REUSEPORT, REUSEPORT, OK),
        (REUSEPORT, REUSEADDR, OK),
    ],
    ids=str,
)  # fmt: skip
def test_a_group_starts_after_time_wait(stack: Stack, before: Options, after: Options, expected: Answer) -> None:
    """A server with {before} left a TIME_WAIT: may the first member of a group with {after} bind?"""
    leave_time_wait(stack, before)
    assert stack.tcp4(*after).bind(LOOPBACK) == expected


@experiment("tcp/reuseport/after-time-wait/second-member/{after}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(("after", "expected"), [(REUSEPORT, OK), (REUSEADDR, EADDRINUSE)], ids=str)
def test_the_second_member_after_time_wait(stack: Stack, after: Options, expected: Answer) -> None:
    """A server left a TIME_WAIT and its successor listens, both with SO_REUSEPORT: may another with {after} bind?"""
    leave_time_wait(stack, REUSEPORT)
    listening(stack, LOOPBACK, SO_REUSEPORT)
    assert stack.tcp4(*after).bind(LOOPBACK) == expected


@experiment("{kind}/reuseport/cleared-by-first", rule=REUSEPORT_ALL, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize("kind", [*PROTOCOLS, "tcp6"])
def test_the_first_clears_it_after_bind(stack: Stack, kind: str) -> None:
    """The first {kind} socket cleared SO_REUSEPORT after its bind: is a second with SO_REUSEPORT refused?"""
    first, address = stack.socket(kind, SO_REUSEPORT), LOOPBACK6 if kind == "tcp6" else LOOPBACK
    first.bind(address)
    first.set(SO_REUSEPORT.off)
    assert stack.socket(kind, SO_REUSEPORT).bind(address) == EADDRINUSE


@experiment("tcp/reuseport/cleared-by-specific/then-wildcard/{before}", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
@pytest.mark.parametrize("before", ["alone", "after-a-wildcard"])
def test_the_wildcard_beside_a_specific_that_cleared_it(stack: Stack, before: str) -> None:
    """A server on a specific address ({before}) cleared SO_REUSEPORT after bind: may one with SO_REUSEPORT take the wildcard?"""
    if before == "after-a-wildcard":
        predecessor = stack.tcp4(SO_REUSEPORT)
        predecessor.bind(WILDCARD)
        predecessor.close()
    first = stack.tcp4(SO_REUSEPORT)
    first.bind(LOOPBACK)
    first.set(SO_REUSEPORT.off)
    assert stack.tcp4(SO_REUSEPORT).bind(WILDCARD) == OK


@experiment("tcp/reuseport/cleared-before-ipv6-bound", rule=REUSEPORT_ALL)
def test_the_port_of_the_other_family_does_not_help(stack: Stack) -> None:
    """0.0.0.0 cleared SO_REUSEPORT and an IPv6-only wildcard has it: is a second 0.0.0.0 with SO_REUSEPORT refused?"""
    first = stack.tcp4(SO_REUSEPORT)
    first.bind(WILDCARD)
    stack.tcp6(IPV6_V6ONLY, SO_REUSEPORT).bind(WILDCARD6)
    first.set(SO_REUSEPORT.off)
    assert stack.tcp4(SO_REUSEPORT).bind(WILDCARD) == EADDRINUSE


@experiment("tcp/reuseport/udp-is-apart", rule=NO_OPTIONS)
def test_a_udp_socket_permits_nothing_to_tcp(stack: Stack) -> None:
    """A TCP socket without options and a UDP one with SO_REUSEPORT hold a port: is a TCP socket with SO_REUSEPORT refused?"""
    stack.tcp4().bind(LOOPBACK)
    stack.udp4(SO_REUSEPORT).bind(LOOPBACK)
    assert stack.tcp4(SO_REUSEPORT).bind(LOOPBACK) == EADDRINUSE


@experiment("udp/reuseport/receives/third-with-reuseaddr", rule=REUSEPORT_ALL)
def test_a_third_outside_the_group(stack: Stack) -> None:
    """Two UDP sockets share an address with both options: is a third with SO_REUSEADDR alone refused, so that the newer gets all?"""
    first, second = stack.udp4(*REUSEBOTH), stack.udp4(*REUSEBOTH)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    third = stack.udp4(SO_REUSEADDR).bind(LOOPBACK)
    received = stack.connections(LOOPBACK)
    assert (third, received) == (EADDRINUSE, second.itself)


@experiment("udp/reuseport/receives/two-users", rule=REUSEPORT_ALL)
def test_two_users_are_no_group(stack: Stack) -> None:
    """We and then a stranger hold one UDP address with both options: does the newer socket alone receive?"""
    stack.udp4(*REUSEBOTH).bind(LOOPBACK)
    strange = stack.stranger.udp4(*REUSEBOTH)
    strange.bind(LOOPBACK)
    assert stack.connections(LOOPBACK) == strange.itself


@experiment("{kind}/reuseport/two-hold/cleared-by-{clearing}", rule=REUSEPORT_ALL, cites=(LITE2.at("in_pcblookup"),))
@pytest.mark.parametrize(("clearing", "expected"), [("older", OK), ("newer", EADDRINUSE)], ids=str)
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_one_of_two_holders_clears_it(stack: Stack, kind: str, clearing: str, expected: Answer) -> None:
    """Two {kind} sockets share an address and the {clearing} one clears SO_REUSEPORT: does the newest decide whether a third may bind?"""
    older, newer = stack.socket(kind, SO_REUSEPORT), stack.socket(kind, SO_REUSEPORT)
    older.bind(LOOPBACK)
    newer.bind(LOOPBACK)
    (older if clearing == "older" else newer).set(SO_REUSEPORT.off)
    assert stack.socket(kind, SO_REUSEPORT).bind(LOOPBACK) == expected


@experiment("tcp/reuseport/cleared-by-listener", rule=REUSEPORT_ALL)
def test_the_listener_clears_it(stack: Stack) -> None:
    """The first server cleared SO_REUSEPORT after it listened: is a second with SO_REUSEPORT refused?"""
    first = listening(stack, LOOPBACK, SO_REUSEPORT)
    first.set(SO_REUSEPORT.off)
    assert stack.tcp4(SO_REUSEPORT).bind(LOOPBACK) == EADDRINUSE


@experiment("{kind}/reuseport/set-late-by-first", rule=REUSEPORT_ALL, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_the_first_sets_it_after_bind(stack: Stack, kind: str) -> None:
    """The first {kind} socket set SO_REUSEPORT only after its bind: may a second with SO_REUSEPORT bind?"""
    first = stack.socket(kind)
    first.bind(LOOPBACK)
    first.set(SO_REUSEPORT)
    assert stack.socket(kind, SO_REUSEPORT).bind(LOOPBACK) == OK


@experiment("{kind}/reuseport/set-after-refusal", rule=BEFORE_BIND)
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_the_second_sets_it_and_tries_again(stack: Stack, kind: str) -> None:
    """A {kind} socket was refused beside one with SO_REUSEPORT: may it set the option and bind then?"""
    stack.socket(kind, SO_REUSEPORT).bind(LOOPBACK)
    second = stack.socket(kind, SO_REUSEADDR)
    second.bind(LOOPBACK)
    second.set(SO_REUSEPORT)
    assert second.bind(LOOPBACK) == OK


LATE = ["none", "connected", "stranger", "without", "newer", "cleared", "passed-over", "without-and-gone"]


@experiment("udp/reuseport/late-group/{case}", rule=REUSEPORT_ALL, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize("case", LATE)
def test_group_of_sockets_that_set_the_option_late(stack: Stack, case: str) -> None:
    """Two UDP sockets ask for an address with SO_REUSEADDR and set SO_REUSEPORT then, a third has both ({case}): does it receive alone?"""
    first, second = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    third, fourth = stack.udp4(*REUSEBOTH), (stack.stranger if case == "stranger" else stack).udp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    first.set(SO_REUSEPORT)
    if case == "passed-over":
        fourth.bind(LOOPBACK)
    second.bind(LOOPBACK)
    second.set(SO_REUSEPORT)
    if case in ("connected", "stranger", "without", "without-and-gone"):
        fourth.bind(LOOPBACK)
    if case == "connected":
        fourth.connect(LOOPBACK.at("Q"))
    if case in ("connected", "stranger"):
        fourth.set(SO_REUSEPORT)
    third.bind(LOOPBACK)
    if case == "newer":
        fourth.bind(LOOPBACK)
        fourth.set(SO_REUSEPORT)
    if case == "without-and-gone":
        fourth.close()
    if case == "cleared":
        third.set(SO_REUSEPORT.off)
    assert stack.connections(LOOPBACK) == third.itself


@experiment("{kind}/reuseport/receives/mixed", rule=REUSEPORT_ALL, cites=(LINUX.at("core/sock_reuseport.c, reuseport_select_sock"),))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
def test_receivers_with_unlike_options(stack: Stack, kind: str) -> None:
    """Of two sockets ({kind}) at an address one has SO_REUSEPORT, the other SO_REUSEADDR too: does one of them receive, or both in turn?"""
    first, second = stack.socket(kind, *REUSEPORT), stack.socket(kind, *REUSEBOTH)
    for one in (first, second):
        one.bind(LOOPBACK)
        if kind == "tcp4":
            one.listen()
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("tcp/reuseport/cleared/mapped-then-ipv4", rule=BEFORE_BIND)
def test_ipv4_after_a_mapped_address_was_cleared(stack: Stack) -> None:
    """A socket at a mapped address cleared SO_REUSEPORT after bind: is an IPv4 socket with it refused the same address?"""
    first = stack.tcp6(IPV6_V6ONLY.off, SO_REUSEPORT)
    first.bind(MAPPED)
    first.set(SO_REUSEPORT.off)
    assert stack.tcp4(SO_REUSEPORT).bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/reuseport/cleared/alone-when-it-listened", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
def test_wildcard_beside_a_listener_that_was_left_alone(stack: Stack) -> None:
    """A listener whose neighbour at another address had left before it listened cleared SO_REUSEPORT: may one with it bind the wildcard?"""
    neighbour, listener = stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
    neighbour.bind(SECOND)
    listener.bind(LOOPBACK)
    neighbour.close()
    listener.listen()
    listener.set(SO_REUSEPORT.off)
    assert stack.tcp4(SO_REUSEPORT).bind(WILDCARD) == OK


@experiment("tcp/reuseport/set-late-by-first/both-listen", rule=REUSEPORT_ALL, cites=(LITE2.at("in_pcbbind"),))
def test_option_set_between_bind_and_listen(stack: Stack) -> None:
    """A first socket set SO_REUSEPORT after bind, a second before, and both listen then: does one of them receive, or both in turn?"""
    first, second = stack.tcp4(), stack.tcp4(SO_REUSEPORT)
    first.bind(LOOPBACK)
    first.set(SO_REUSEPORT)
    second.bind(LOOPBACK)
    first.listen()
    second.listen()
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("tcp/reuseport/set-late-by-listener/beside-bound", rule=REUSEPORT_ALL, cites=(LITE2.at("in_pcbbind"),))
def test_option_set_by_a_listener(stack: Stack) -> None:
    """A listener set SO_REUSEPORT late, one with it is only bound, another listens: does one listener receive, or both in turn?"""
    first, bound, second = stack.tcp4(), stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
    first.bind(LOOPBACK)
    first.listen()
    first.set(SO_REUSEPORT)
    second.bind(LOOPBACK)
    bound.bind(LOOPBACK)
    second.listen()
    bound.close()
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("tcp/reuseport/cleared/before-the-second-listens", rule=REUSEPORT_ALL, cites=(LITE2.at("in_pcbbind"),))
def test_option_cleared_before_the_second_listens(stack: Stack) -> None:
    """A listener had SO_REUSEPORT only while a second socket with it bound: does the second receive alone when it listens?"""
    first, second = stack.tcp4(), stack.tcp4(SO_REUSEPORT)
    first.bind(LOOPBACK)
    first.listen()
    first.set(SO_REUSEPORT)
    second.bind(LOOPBACK)
    first.set(SO_REUSEPORT.off)
    second.listen()
    assert stack.connections(LOOPBACK) == second.itself


@experiment("tcp/reuseport/cleared/alone-when-it-listened/plain-neighbour", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
def test_wildcard_beside_a_listener_whose_plain_neighbour_left(stack: Stack) -> None:
    """A listener whose neighbour had bound first, without options, and left cleared SO_REUSEPORT: may one with it bind the wildcard?"""
    neighbour, listener = stack.tcp4(), stack.tcp4(SO_REUSEPORT)
    neighbour.bind(SECOND)
    listener.bind(LOOPBACK)
    neighbour.close()
    listener.listen()
    listener.set(SO_REUSEPORT.off)
    assert stack.tcp4(SO_REUSEPORT).bind(WILDCARD) == OK


@experiment(
    "tcp/reuseport/set-before-listen/then-wildcard",
    rule=PCB_LOOKUP,
    cites=(LINUX.at("ipv4/inet_connection_sock.c, inet_csk_update_fastreuse"),),
)
def test_what_listen_makes_a_port_remember(stack: Stack) -> None:
    """A listener set SO_REUSEPORT late, another address cleared it: may a third socket take the wildcard?"""
    listener, specific = stack.tcp4(), stack.tcp4(SO_REUSEPORT)
    listener.bind(LOOPBACK)
    listener.set(SO_REUSEPORT)
    listener.listen()
    specific.bind(SECOND)
    specific.set(SO_REUSEPORT.off)
    assert stack.tcp4(SO_REUSEPORT).bind(WILDCARD) == OK


@experiment("udp6/reuseport/receives/cleared-by-first", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
def test_the_first_leaves_the_group(stack: Stack) -> None:
    """The first of two IPv6 UDP sockets clears SO_REUSEPORT after both are bound: does the second receive?"""
    first, second = stack.udp6(SO_REUSEPORT), stack.udp6(SO_REUSEPORT)
    first.bind(LOOPBACK6)
    second.bind(LOOPBACK6)
    first.set(SO_REUSEPORT.off)
    assert stack.connections(LOOPBACK6) == second.itself


@experiment("udp6/reuseport/receives/wildcard", rule=REUSEPORT_ALL)
def test_two_members_at_the_ipv6_wildcard(stack: Stack) -> None:
    """Two UDP sockets hold [::] for IPv6 with SO_REUSEPORT: does somebody of the group receive?"""
    first, second = stack.udp6(IPV6_V6ONLY, SO_REUSEPORT), stack.udp6(IPV6_V6ONLY, SO_REUSEPORT)
    first.bind(WILDCARD6)
    second.bind(WILDCARD6)
    assert stack.connections(LOOPBACK6) in (first.itself, second.itself, BOTH)


@experiment("{kind}/reuseport/exclbind-late", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_a_member_sets_exclbind(stack: Stack, kind: str) -> None:
    """One of two {kind} holders with SO_REUSEPORT sets SO_EXCLBIND late: is a third one refused?"""
    first, second = stack.socket(kind, SO_REUSEPORT), stack.socket(kind, SO_REUSEPORT)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    first.set(SO_EXCLBIND)
    assert stack.socket(kind, SO_REUSEPORT).bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/reuseport/connection-at-another-address", rule=REUSEPORT_ALL)
def test_a_connection_elsewhere_is_no_obstacle(stack: Stack) -> None:
    """A server of another address has a connection: may two sockets share this one (all SO_REUSEPORT)?"""
    first, second = stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
    first.bind(LOOPBACK)
    connected(stack, listening(stack, SECOND, SO_REUSEPORT), SECOND)
    assert second.bind(LOOPBACK) == OK
