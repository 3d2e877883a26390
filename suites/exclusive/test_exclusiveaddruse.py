"""SO_EXCLUSIVEADDRUSE of Windows: is what it holds held alone?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EACCES,
    EADDRINUSE,
    EINVAL,
    EXCLUSIVE,
    IPV6_V6ONLY,
    LOOPBACK,
    NONE,
    OK,
    REUSEADDR,
    SO_EXCLUSIVEADDRUSE,
    SO_REUSEADDR,
    WILDCARD,
    WILDCARD6,
    Options,
)
from fixtures.specification.rules import EXCLUSIVE_USE, OPTION_BITS, V6ONLY
from fixtures.specification.sources import DOTNET_TESTS, PAL_TESTS, SIPSORCERY_228, WINSOCK
from suites.places import ANY4, DUAL, ONE6, Place, make
from suites.tables import OVERLAPPING, SAME, SAME_SPECIFIC, WILDCARD_THEN_SPECIFIC, Places

USER_TABLE = WINSOCK.at("enhanced socket security, the table for different users")
PLACES = SAME + OVERLAPPING
# Whoever of the two has the option: it protects what it holds, and it takes nothing that is held.
EXCLUSIVE_PAIRS = [
    (EXCLUSIVE, NONE),
    (EXCLUSIVE, REUSEADDR),
    (EXCLUSIVE, EXCLUSIVE),
    (NONE,      EXCLUSIVE),
    (REUSEADDR, EXCLUSIVE),
]  # fmt: skip


@experiment("tcp/exclusive/{places}/{first}-{second}", rule=EXCLUSIVE_USE)
@pytest.mark.parametrize("places", PLACES, ids=str)
@pytest.mark.parametrize(("first", "second"), EXCLUSIVE_PAIRS, ids=str)
def test_a_listener_is_alone(stack: Stack, places: Places, first: Options, second: Options) -> None:
    """A server with {first.aloud} listens at {places.held.aloud}: is one with {second.aloud} refused {places.wanted.aloud}?"""
    # The newcomer is made first, so that a stack without its option says so before anything is bound.
    newcomer = stack.tcp4(*second)
    listening(stack, places.held, *first)
    assert newcomer.bind(places.wanted) in (EADDRINUSE, EACCES)


@experiment("udp/exclusive/{places}/exclusiveaddruse-reuseaddr", rule=EXCLUSIVE_USE)
@pytest.mark.parametrize("places", [SAME_SPECIFIC, WILDCARD_THEN_SPECIFIC], ids=str)
def test_a_udp_socket_is_alone(stack: Stack, places: Places) -> None:
    """A UDP socket holds {places.held.aloud} with exclusive use: is one with SO_REUSEADDR refused {places.wanted.aloud}?"""
    stack.udp4(SO_EXCLUSIVEADDRUSE).bind(places.held)
    assert stack.udp4(SO_REUSEADDR).bind(places.wanted) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/both-options/exclusiveaddruse-then-reuseaddr", rule=EXCLUSIVE_USE, cites=(WINSOCK.at("SO_EXCLUSIVEADDRUSE"),))
def test_reuseaddr_after_exclusive(stack: Stack) -> None:
    """May one socket set SO_REUSEADDR after SO_EXCLUSIVEADDRUSE?"""
    assert stack.tcp4(SO_EXCLUSIVEADDRUSE).set(SO_REUSEADDR) == EINVAL


@experiment(
    "tcp/exclusive/both-options/exclusiveaddruse-then-cleared",
    rule=EXCLUSIVE_USE,
    cites=(DOTNET_TESTS.at("ReuseAddress"), PAL_TESTS.at("reuseaddr_exclusiveaddruse.c")),
)
def test_reuseaddr_cleared_after_exclusive(stack: Stack) -> None:
    """May one socket clear SO_REUSEADDR, which it does not have, after SO_EXCLUSIVEADDRUSE?"""
    assert stack.tcp4(SO_EXCLUSIVEADDRUSE).set(SO_REUSEADDR.off) == OK


@experiment("tcp/exclusive/both-options/reuseaddr-then-exclusiveaddruse", rule=EXCLUSIVE_USE, cites=(WINSOCK.at("SO_EXCLUSIVEADDRUSE"),))
def test_exclusive_after_reuseaddr(stack: Stack) -> None:
    """May one socket set SO_EXCLUSIVEADDRUSE after SO_REUSEADDR?"""
    # A socket of its own shows that the option exists, so that EINVAL means the combination.
    stack.tcp4(SO_EXCLUSIVEADDRUSE)
    assert stack.tcp4(SO_REUSEADDR).set(SO_EXCLUSIVEADDRUSE) == EINVAL


# Across users Microsoft has another table; ours says the same of everybody.
@experiment("tcp/exclusive/of-another-user/{places}/{first}-{second}", rule=EXCLUSIVE_USE, cites=(USER_TABLE,))
@pytest.mark.parametrize("places", PLACES, ids=str)
@pytest.mark.parametrize(("first", "second"), EXCLUSIVE_PAIRS, ids=str)
def test_another_user_is_kept_out(stack: Stack, places: Places, first: Options, second: Options) -> None:
    """{places.held.aloud} is held with {first.aloud}: is another user with {second.aloud} refused {places.wanted.aloud}?"""
    newcomer, holder = stack.stranger.tcp4(*second), stack.tcp4(*first)
    holder.bind(places.held)
    assert newcomer.bind(places.wanted) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/unprivileged/exclusiveaddruse", rule=OPTION_BITS, cites=(WINSOCK.at("SO_EXCLUSIVEADDRUSE"),))
def test_everybody_may_exclude(stack: Stack) -> None:
    """May a user without privileges set SO_EXCLUSIVEADDRUSE?"""
    # Windows kept it for administrators once. A socket of its own shows that the option exists, so that a refusal is about the user.
    stack.tcp4(SO_EXCLUSIVEADDRUSE)
    assert stack.stranger.tcp4().set(SO_EXCLUSIVEADDRUSE) == OK


@experiment("tcp/exclusive/dual-stack/loopback4-then-dual", rule=EXCLUSIVE_USE, cites=(WINSOCK.at("dual-stack sockets"),))
def test_the_dual_wildcard_beside_ipv4(stack: Stack) -> None:
    """A server is bound to 127.0.0.1: is a dual-stack wildcard with SO_EXCLUSIVEADDRUSE refused the port?"""
    newcomer, holder = stack.tcp6(SO_EXCLUSIVEADDRUSE, IPV6_V6ONLY.off), stack.tcp4()
    holder.bind(LOOPBACK)
    assert newcomer.bind(WILDCARD6) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/dual-stack/v6only-then-any4", rule=V6ONLY)
def test_what_takes_no_ipv4_excludes_none(stack: Stack) -> None:
    """A server with IPV6_V6ONLY and SO_EXCLUSIVEADDRUSE holds [::]: may one bind 0.0.0.0?"""
    newcomer, holder = stack.tcp4(), stack.tcp6(SO_EXCLUSIVEADDRUSE, IPV6_V6ONLY)
    holder.bind(WILDCARD6)
    assert newcomer.bind(WILDCARD) == OK


@experiment("tcp/exclusive/dual-stack/{held}-then-{wanted}/{first}-{second}", rule=EXCLUSIVE_USE, cites=(WINSOCK.at("table 1"),))
@pytest.mark.parametrize(
    ("held", "wanted", "first", "second"),
    [
        (DUAL,          DUAL, NONE,      EXCLUSIVE),
        (ONE6, DUAL, NONE,      EXCLUSIVE),
        (ANY4,          DUAL, EXCLUSIVE, NONE),
        (ANY4,          DUAL, NONE,      EXCLUSIVE),
        (DUAL,          ANY4, EXCLUSIVE, NONE),
        (DUAL,          ANY4, NONE,      EXCLUSIVE),
    ],
    ids=str,
)  # fmt: skip
def test_exclusive_use_and_the_dual_stack(stack: Stack, held: Place, wanted: Place, first: Options, second: Options) -> None:
    """With dual-stack sockets, {held.address.aloud} has {first.aloud}: is {wanted.address.aloud} with {second.aloud} refused?"""
    answers = [make(stack, "tcp", place, *options).bind(place.address) for place, options in ((held, first), (wanted, second))]
    assert answers == [OK, EADDRINUSE]


@experiment("udp/exclusive/dual-stack/{held}-then-{wanted}/both", rule=EXCLUSIVE_USE, cites=(SIPSORCERY_228.at("description"),))
@pytest.mark.parametrize(("held", "wanted"), [(DUAL, ANY4), (ANY4, DUAL)], ids=str)
def test_exclusive_use_over_udp_and_the_dual_stack(stack: Stack, held: Place, wanted: Place) -> None:
    """UDP sockets want {held.address.aloud}, then {wanted.address.aloud} with exclusive use. Is the second refused?"""
    first, second = make(stack, "udp", held, SO_EXCLUSIVEADDRUSE), make(stack, "udp", wanted, SO_EXCLUSIVEADDRUSE)
    first.bind(held.address)
    assert second.bind(wanted.address) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/cleared-by-another-user", rule=OPTION_BITS)
def test_who_clears_it_needs_no_privilege(stack: Stack) -> None:
    """May a user without privileges clear SO_EXCLUSIVEADDRUSE?"""
    sock = stack.stranger.tcp4()
    assert sock.set(SO_EXCLUSIVEADDRUSE.off) == OK


@experiment("tcp/exclusive/both-options/reuseaddr-then-cleared", rule=EXCLUSIVE_USE, cites=(DOTNET_TESTS.at("ReuseAddress"),))
def test_exclusive_cleared_after_reuseaddr(stack: Stack) -> None:
    """May one socket clear SO_EXCLUSIVEADDRUSE, which it does not have, after SO_REUSEADDR?"""
    stack.tcp4(SO_EXCLUSIVEADDRUSE)
    assert stack.tcp4(SO_REUSEADDR).set(SO_EXCLUSIVEADDRUSE.off) == OK
