"""What becomes of a group whose members set SO_REUSEPORT after bind, or clear it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    BOTH,
    EADDRINUSE,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    OK,
    REUSEBOTH,
    SECOND,
    SO_EXCLBIND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
)
from fixtures.specification.rules import BEFORE_BIND, EXCLUSIVE_BINDING, PCB_LOOKUP, REUSEPORT_ALL
from fixtures.specification.sources import LINUX, LITE2

MAPPED_ANY = Address("::ffff:0.0.0.0")
PROTOCOLS = ("tcp4", "udp4")


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
    """The first of two IPv6 UDP sockets clears SO_REUSEPORT after both binds: does the second receive?"""
    first, second = stack.udp6(SO_REUSEPORT), stack.udp6(SO_REUSEPORT)
    first.bind(LOOPBACK6)
    second.bind(LOOPBACK6)
    first.set(SO_REUSEPORT.off)
    assert stack.connections(LOOPBACK6) == second.itself


@experiment("{kind}/reuseport/exclbind-late", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_a_member_sets_exclbind(stack: Stack, kind: str) -> None:
    """One of two {kind} holders with SO_REUSEPORT sets SO_EXCLBIND late: is a third one refused?"""
    first, second = stack.socket(kind, SO_REUSEPORT), stack.socket(kind, SO_REUSEPORT)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    first.set(SO_EXCLBIND)
    assert stack.socket(kind, SO_REUSEPORT).bind(LOOPBACK) == EADDRINUSE


@experiment(
    "tcp/reuseport/late/listener-and-mapped-wildcard", rule=BEFORE_BIND, cites=(LINUX.at("ipv6/inet6_hashtables.c, inet6_lhash2_lookup"),)
)
def test_a_listener_in_no_group_beside_a_mapped_wildcard(stack: Stack) -> None:
    """[::] sets SO_REUSEPORT again once it listens; does ::ffff:0.0.0.0, which had it, serve IPv4?"""
    first, second = (stack.tcp6(IPV6_V6ONLY.off, SO_REUSEADDR, SO_REUSEPORT) for _ in range(2))
    first.bind(WILDCARD6)
    second.bind(MAPPED_ANY)
    first.set(SO_REUSEPORT.off)
    first.listen()
    first.set(SO_REUSEPORT)
    second.listen()
    assert stack.connections(LOOPBACK) == second.itself
