"""Who may join a group of SO_REUSEPORT sockets, and who of the group receives?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connected, ended_in_time_wait, listening, serve, start
from fixtures.language.stack import Socket, Stack
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
    WILDCARD,
    WILDCARD6,
    Address,
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
    """{kind}: {first.aloud}, then {second.aloud} asked for an address: may {third.aloud} bind it now?"""
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
    """Two servers with {first.aloud} asked for 0.0.0.0: may one with {second.aloud} join?"""
    for _ in range(2):
        listening(stack, WILDCARD, *first)
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
    """Two servers with {first.aloud} asked for 0.0.0.0: may one with {second.aloud} bind 127.0.0.1?"""
    for _ in range(2):
        listening(stack, WILDCARD, *first)
    assert stack.tcp4(*second).bind(LOOPBACK) == expected


@experiment("{kind}/reuseport/receives/specific-beside-wildcard", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_the_specific_member_receives(stack: Stack, kind: str) -> None:
    """{kind} sockets with SO_REUSEPORT hold 127.0.0.1 and 0.0.0.0: does the specific one receive all?"""
    specific, wildcard = stack.socket(kind, SO_REUSEPORT), stack.socket(kind, SO_REUSEPORT)
    specific.bind(LOOPBACK)
    wildcard.bind(WILDCARD)
    serve(specific, wildcard)
    assert stack.connections(LOOPBACK) == specific.itself


@experiment("{kind}/reuseport/receives/other-specific-beside-wildcard", rule=MOST_SPECIFIC)
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_a_specific_socket_outside_the_group_receives(stack: Stack, kind: str) -> None:
    """{kind}: 0.0.0.0 has SO_REUSEPORT, 127.0.0.1 only SO_REUSEADDR: does the specific one receive?"""
    wildcard, specific = stack.socket(kind, SO_REUSEPORT), stack.socket(kind, SO_REUSEADDR)
    wildcard.bind(WILDCARD)
    serve(wildcard)
    start(specific, LOOPBACK)
    assert stack.connections(LOOPBACK) == specific.itself


@experiment("{kind}/reuseport/receives/{options}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize("kind", PROTOCOLS)
@pytest.mark.parametrize("options", [REUSEPORT, REUSEBOTH], ids=str)
def test_two_members_split_or_not(stack: Stack, kind: str, options: Options) -> None:
    """Two {kind} sockets with {options.aloud} hold one address: does somebody of the group receive?"""
    first, second = stack.socket(kind, *options), stack.socket(kind, *options)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    serve(first, second)
    # Nothing says how a group shares: the last one may take all, or a hash may spread them.
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment(
    "tcp/reuseport/receives/idle-{idle}",
    rule=REUSEPORT_ALL,
    cites=(LINUX.at("ipv4/inet_connection_sock.c, inet_csk_listen_start"), LINUX.at("core/sock_reuseport.c, reuseport_alloc")),
)
@pytest.mark.parametrize("idle", ["first", "second"])
def test_a_member_that_does_not_listen(stack: Stack, idle: str) -> None:
    """The {idle} of two SO_REUSEPORT sockets never listens: does the other get all, if anyone does?"""
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
    serve(first, second)
    stays, leaves = (second, first) if leaver == "first" else (first, second)
    leaves.close()
    assert stack.connections(LOOPBACK) == stays.itself


@experiment("{kind}/reuseport/all-left/{options}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize("kind", PROTOCOLS)
@pytest.mark.parametrize("options", [NONE, REUSEADDR], ids=str)
def test_a_group_leaves_nothing_behind(stack: Stack, kind: str, options: Options) -> None:
    """Both members of a {kind} SO_REUSEPORT group have closed: may a socket with {options.aloud} bind?"""
    members = [stack.socket(kind, SO_REUSEPORT) for _ in range(2)]
    for member in members:
        member.bind(LOOPBACK)
    for member in members:
        member.close()
    assert stack.socket(kind, *options).bind(LOOPBACK) == OK


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
    """A server with {before.aloud} left TIME_WAIT: may the first of a group with {after.aloud} bind?"""
    ended_in_time_wait(stack, stack, LOOPBACK, *before)
    assert stack.tcp4(*after).bind(LOOPBACK) == expected


@experiment("tcp/reuseport/after-time-wait/second-member/{after}", rule=REUSEPORT_ALL)
@pytest.mark.parametrize(("after", "expected"), [(REUSEPORT, OK), (REUSEADDR, EADDRINUSE)], ids=str)
def test_the_second_member_after_time_wait(stack: Stack, after: Options, expected: Answer) -> None:
    """A server with SO_REUSEPORT started again after TIME_WAIT: may one with {after.aloud} join it?"""
    ended_in_time_wait(stack, stack, LOOPBACK, SO_REUSEPORT)
    listening(stack, LOOPBACK, SO_REUSEPORT)
    assert stack.tcp4(*after).bind(LOOPBACK) == expected


@experiment("{kind}/reuseport/cleared-by-first", rule=REUSEPORT_ALL, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(("kind", "address"), [("tcp4", LOOPBACK), ("udp4", LOOPBACK), ("tcp6", LOOPBACK6)])
def test_the_first_clears_it_after_bind(stack: Stack, kind: str, address: Address) -> None:
    """The first {kind} socket cleared SO_REUSEPORT after its bind: is a second with it refused?"""
    first = stack.socket(kind, SO_REUSEPORT)
    first.bind(address)
    first.set(SO_REUSEPORT.off)
    assert stack.socket(kind, SO_REUSEPORT).bind(address) == EADDRINUSE


@experiment("tcp/reuseport/cleared-by-specific/then-wildcard/{before}", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
@pytest.mark.parametrize("before", ["alone", "after-a-wildcard"])
def test_the_wildcard_beside_a_specific_that_cleared_it(stack: Stack, before: str) -> None:
    """127.0.0.1 ({before}) cleared SO_REUSEPORT after bind: may one with it bind 0.0.0.0?"""
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
    """0.0.0.0 cleared SO_REUSEPORT, an IPv6-only [::] has it: is another 0.0.0.0 with it refused?"""
    first = stack.tcp4(SO_REUSEPORT)
    first.bind(WILDCARD)
    stack.tcp6(IPV6_V6ONLY, SO_REUSEPORT).bind(WILDCARD6)
    first.set(SO_REUSEPORT.off)
    assert stack.tcp4(SO_REUSEPORT).bind(WILDCARD) == EADDRINUSE


@experiment("tcp/reuseport/udp-is-apart", rule=NO_OPTIONS)
def test_a_udp_socket_permits_nothing_to_tcp(stack: Stack) -> None:
    """TCP without options and UDP with SO_REUSEPORT hold a port: is TCP with SO_REUSEPORT refused?"""
    stack.tcp4().bind(LOOPBACK)
    stack.udp4(SO_REUSEPORT).bind(LOOPBACK)
    assert stack.tcp4(SO_REUSEPORT).bind(LOOPBACK) == EADDRINUSE


@experiment("udp/reuseport/receives/third-with-reuseaddr", rule=REUSEPORT_ALL)
def test_a_third_outside_the_group(stack: Stack) -> None:
    """Is UDP with SO_REUSEADDR alone refused beside two with both options, so that the newer gets all?"""
    first, second = stack.udp4(*REUSEBOTH), stack.udp4(*REUSEBOTH)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    third = stack.udp4(SO_REUSEADDR).bind(LOOPBACK)
    received = stack.connections(LOOPBACK)
    assert (third, received) == (EADDRINUSE, second.itself)


@experiment("udp/reuseport/receives/two-users", rule=REUSEPORT_ALL)
def test_two_users_are_no_group(stack: Stack) -> None:
    """We, then a stranger hold one UDP address with both options: does the newer socket alone receive?"""
    stack.udp4(*REUSEBOTH).bind(LOOPBACK)
    strange = stack.stranger.udp4(*REUSEBOTH)
    strange.bind(LOOPBACK)
    assert stack.connections(LOOPBACK) == strange.itself


@experiment("{kind}/reuseport/two-hold/cleared-by-{clearing}", rule=REUSEPORT_ALL, cites=(LITE2.at("in_pcblookup"),))
@pytest.mark.parametrize(("clearing", "expected"), [("older", OK), ("newer", EADDRINUSE)], ids=str)
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_one_of_two_holders_clears_it(stack: Stack, kind: str, clearing: str, expected: Answer) -> None:
    """The {clearing} of two {kind} holders of an address clears SO_REUSEPORT: may a third with it bind?"""
    older, newer = stack.socket(kind, SO_REUSEPORT), stack.socket(kind, SO_REUSEPORT)
    older.bind(LOOPBACK)
    newer.bind(LOOPBACK)
    {"older": older, "newer": newer}[clearing].set(SO_REUSEPORT.off)
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


Step = Callable[[Socket, Socket], None]


@dataclass(frozen=True)
class Late:
    """What else happens while sockets set SO_REUSEPORT late, to the third of them or to a fourth; the name is that of the id."""

    name: str
    aloud: str
    #: What happens before the second binds, before the third does, and at the end.
    first: Step = lambda third, fourth: None
    then: Step = lambda third, fourth: None
    last: Step = lambda third, fourth: None
    fourth_is_strange: bool = False

    def __str__(self) -> str:
        return self.name


def fourth_binds(third: Socket, fourth: Socket) -> None:
    """The fourth takes the address, and never sets SO_REUSEPORT."""
    fourth.bind(LOOPBACK)


def fourth_joins(third: Socket, fourth: Socket) -> None:
    """The fourth takes the address and sets SO_REUSEPORT."""
    fourth.bind(LOOPBACK)
    fourth.set(SO_REUSEPORT)


def fourth_connects(third: Socket, fourth: Socket) -> None:
    """The fourth takes the address, is connected, and sets SO_REUSEPORT."""
    fourth.bind(LOOPBACK)
    fourth.connect(LOOPBACK.at("Q"))
    fourth.set(SO_REUSEPORT)


def fourth_closes(third: Socket, fourth: Socket) -> None:
    """The fourth closes."""
    fourth.close()


def third_clears(third: Socket, fourth: Socket) -> None:
    """The third clears SO_REUSEPORT."""
    third.set(SO_REUSEPORT.off)


LATE = [
    Late("none", "and nobody else"),
    Late("connected", "and one connected", then=fourth_connects),
    Late("stranger", "and a stranger's", then=fourth_joins, fourth_is_strange=True),
    Late("without", "and one without it", then=fourth_binds),
    Late("newer", "and a newer one", last=fourth_joins),
    Late("cleared", "but clears it", last=third_clears),
    Late("passed-over", "and one passed over", first=fourth_binds),
    Late("without-and-gone", "and one now gone", then=fourth_binds, last=fourth_closes),
]


@experiment("udp/reuseport/late-group/{case}", rule=REUSEPORT_ALL, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize("case", LATE, ids=str)
def test_group_of_sockets_that_set_the_option_late(stack: Stack, case: Late) -> None:
    """Does UDP with both options get all beside two that set SO_REUSEPORT late ({case.aloud})?"""
    first, second, third = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR), stack.udp4(*REUSEBOTH)
    fourth = (stack.stranger if case.fourth_is_strange else stack).udp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    first.set(SO_REUSEPORT)
    case.first(third, fourth)
    second.bind(LOOPBACK)
    second.set(SO_REUSEPORT)
    case.then(third, fourth)
    third.bind(LOOPBACK)
    case.last(third, fourth)
    assert stack.connections(LOOPBACK) == third.itself


@experiment("{kind}/reuseport/receives/mixed", rule=REUSEPORT_ALL, cites=(LINUX.at("core/sock_reuseport.c, reuseport_select_sock"),))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
def test_receivers_with_unlike_options(stack: Stack, kind: str) -> None:
    """SO_REUSEPORT and both options share a {kind} address: does at least one of them receive?"""
    first, second = stack.socket(kind, *REUSEPORT), stack.socket(kind, *REUSEBOTH)
    for one in (first, second):
        one.bind(LOOPBACK)
        serve(one)
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("tcp/reuseport/cleared/mapped-then-ipv4", rule=BEFORE_BIND)
def test_ipv4_after_a_mapped_address_was_cleared(stack: Stack) -> None:
    """A mapped address cleared SO_REUSEPORT after bind: is IPv4 with it refused the same address?"""
    first = stack.tcp6(IPV6_V6ONLY.off, SO_REUSEPORT)
    first.bind(MAPPED)
    first.set(SO_REUSEPORT.off)
    assert stack.tcp4(SO_REUSEPORT).bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/reuseport/cleared/alone-when-it-listened", rule=PCB_LOOKUP, cites=(LITE2.at("in_pcblookup"),))
def test_wildcard_beside_a_listener_that_was_left_alone(stack: Stack) -> None:
    """A listener, alone since its neighbour left, cleared SO_REUSEPORT: may one with it bind 0.0.0.0?"""
    neighbour, listener = stack.tcp4(SO_REUSEPORT), stack.tcp4(SO_REUSEPORT)
    neighbour.bind(SECOND)
    listener.bind(LOOPBACK)
    neighbour.close()
    listener.listen()
    listener.set(SO_REUSEPORT.off)
    assert stack.tcp4(SO_REUSEPORT).bind(WILDCARD) == OK


@experiment("tcp/reuseport/set-late-by-first/both-listen", rule=REUSEPORT_ALL, cites=(LITE2.at("in_pcbbind"),))
def test_option_set_between_bind_and_listen(stack: Stack) -> None:
    """One set SO_REUSEPORT after bind, one before, and both listen: does at least one of them receive?"""
    first, second = stack.tcp4(), stack.tcp4(SO_REUSEPORT)
    first.bind(LOOPBACK)
    first.set(SO_REUSEPORT)
    second.bind(LOOPBACK)
    first.listen()
    second.listen()
    assert stack.connections(LOOPBACK) in (first.itself, second.itself, BOTH)


@experiment("tcp/reuseport/set-late-by-listener/beside-bound", rule=REUSEPORT_ALL, cites=(LITE2.at("in_pcbbind"),))
def test_option_set_by_a_listener(stack: Stack) -> None:
    """A listener set SO_REUSEPORT late, one with it is bound, one listens: does a listener receive?"""
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
    """A listener had SO_REUSEPORT only while a second bound with it: does the second receive alone?"""
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
    """A listener, alone since a plain neighbour left, cleared SO_REUSEPORT: may one with it bind 0.0.0.0?"""
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
