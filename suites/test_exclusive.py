"""SO_EXCLUSIVEADDRUSE of Windows and SO_EXCLBIND of Solaris: is what they hold held alone?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import close_in_turn, half_close, leave, listener_gone, listening
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    CLOSE_WAIT,
    EACCES,
    EADDRINUSE,
    EINVAL,
    ESTABLISHED,
    EXCLBIND,
    EXCLUSIVE,
    FIN_WAIT_2,
    IPV6_V6ONLY,
    LOOPBACK,
    NONE,
    OK,
    REUSEADDR,
    SECOND,
    SO_EXCLBIND,
    SO_EXCLUSIVEADDRUSE,
    SO_REUSEADDR,
    TIME_WAIT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import DIFFERENT_ADDRESSES, EXCLUSIVE_BINDING, EXCLUSIVE_USE, OPTION_BITS, RESTART, V6ONLY
from fixtures.specification.sources import DOTNET_TESTS, ILLUMOS, ILLUMOS_MAN, PAL_TESTS, WINSOCK
from suites.tables import ANY4, DUAL, DUAL_LOOPBACK, OVERLAPPING, SAME, SAME_SPECIFIC, WILDCARD_THEN_SPECIFIC, Place, Places

USER_TABLE = WINSOCK.at("enhanced socket security, the table for different users")
CLOSURE = WINSOCK.at("reuse of an exclusive socket's port after its closure")

#: What the manual says of both options.
TCP_MAN = ILLUMOS_MAN.at("tcp(4P), Listening and Connecting")

PLACES = SAME + OVERLAPPING

# Whoever of the two has the option: it protects what it holds, and it takes nothing that is held.
EXCLUSIVE_PAIRS = [
    (EXCLUSIVE, NONE),
    (EXCLUSIVE, REUSEADDR),
    (EXCLUSIVE, EXCLUSIVE),
    (NONE,      EXCLUSIVE),
    (REUSEADDR, EXCLUSIVE),
]  # fmt: skip
EXCLBIND_PAIRS = [
    (EXCLBIND,  NONE),
    (EXCLBIND,  REUSEADDR),
    (EXCLBIND,  EXCLBIND),
    (NONE,      EXCLBIND),
    (REUSEADDR, EXCLBIND),
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


@experiment("tcp/exclusive/{places}/{first}-{second}", rule=EXCLUSIVE_BINDING, cites=(TCP_MAN,))
@pytest.mark.parametrize("places", PLACES, ids=str)
@pytest.mark.parametrize(("first", "second"), EXCLBIND_PAIRS, ids=str)
def test_a_listener_of_solaris_is_alone(stack: Stack, places: Places, first: Options, second: Options) -> None:
    """A server with {first.aloud} listens at {places.held.aloud}: is one with {second.aloud} refused {places.wanted.aloud}?"""
    newcomer = stack.tcp4(*second)
    listening(stack, places.held, *first)
    assert newcomer.bind(places.wanted) == EADDRINUSE


@experiment("udp/exclusive/{places}/exclusiveaddruse-reuseaddr", rule=EXCLUSIVE_USE)
@pytest.mark.parametrize("places", [SAME_SPECIFIC, WILDCARD_THEN_SPECIFIC], ids=str)
def test_a_udp_socket_is_alone(stack: Stack, places: Places) -> None:
    """A UDP socket holds {places.held.aloud} with exclusive use: is one with SO_REUSEADDR refused {places.wanted.aloud}?"""
    stack.udp4(SO_EXCLUSIVEADDRUSE).bind(places.held)
    assert stack.udp4(SO_REUSEADDR).bind(places.wanted) in (EADDRINUSE, EACCES)


# With SO_REUSEADDR alone a newcomer of Solaris takes the port; SO_EXCLBIND is what was made against that.
@experiment("udp/exclusive/{places}/{first}-{second}", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize("places", PLACES, ids=str)
@pytest.mark.parametrize(("first", "second"), [(EXCLBIND, REUSEADDR), (REUSEADDR, EXCLBIND)], ids=str)
def test_a_udp_socket_of_solaris_is_alone(stack: Stack, places: Places, first: Options, second: Options) -> None:
    """A UDP socket holds {places.held.aloud} with {first.aloud}: is one with {second.aloud} refused {places.wanted.aloud}?"""
    newcomer = stack.udp4(*second)
    stack.udp4(*first).bind(places.held)
    assert newcomer.bind(places.wanted) == EADDRINUSE


@experiment("udp/exclusive/beside-another/{newest}-newest", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize("newest", ["exclbind", "plain"])
def test_exclbind_beside_a_plain_holder(stack: Stack, newest: str) -> None:
    """Two addresses are held, one with SO_EXCLBIND, {newest} last: is 0.0.0.0 with SO_REUSEADDR refused?"""
    exclusive, plain = stack.udp4(SO_EXCLBIND), stack.udp4()
    if newest == "exclbind":
        plain.bind(LOOPBACK)
    exclusive.bind(SECOND)
    if newest == "plain":
        plain.bind(LOOPBACK)
    assert stack.udp4(SO_REUSEADDR).bind(WILDCARD) == EADDRINUSE


@experiment("tcp/exclusive/different-addresses/{options}", rule=DIFFERENT_ADDRESSES)
@pytest.mark.parametrize("options", [EXCLUSIVE, EXCLBIND], ids=str)
def test_another_address_is_free(stack: Stack, options: Options) -> None:
    """A server with {options.aloud} listens at 127.0.0.1: may another with it bind 127.0.0.2?"""
    listening(stack, LOOPBACK, *options)
    assert stack.tcp4(*options).bind(SECOND) == OK


RULES = {EXCLUSIVE: EXCLUSIVE_USE, EXCLBIND: EXCLUSIVE_BINDING}


@experiment("tcp/exclusive/closed/{options}", rule=lambda options: RULES[options])
@pytest.mark.parametrize("options", RULES, ids=str)
def test_a_closed_holder_excludes_nobody(stack: Stack, options: Options) -> None:
    """A server with {options.aloud} that served nobody has closed: may one without options bind its address?"""
    first = listening(stack, LOOPBACK, *options)
    first.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/exclusive/cleared/{options}", rule=lambda options: RULES[options])
@pytest.mark.parametrize("options", RULES, ids=str)
def test_cleared_before_bind(stack: Stack, options: Options) -> None:
    """A server set {options.aloud}, cleared it and bound 0.0.0.0: may one with SO_REUSEADDR bind 127.0.0.1?"""
    first = stack.tcp4(*options)
    for option in options:
        first.set(option.off)
    first.bind(WILDCARD)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


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


@experiment("tcp/exclusive/both-options/exclbind-overrides/{places}", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize("places", PLACES, ids=str)
def test_exclbind_overrides_reuseaddr(stack: Stack, places: Places) -> None:
    """SO_EXCLBIND and SO_REUSEADDR hold {places.held.aloud}: is one with both refused {places.wanted.aloud}?"""
    stack.tcp4(SO_EXCLBIND, SO_REUSEADDR).bind(places.held)
    assert stack.tcp4(SO_EXCLBIND, SO_REUSEADDR).bind(places.wanted) == EADDRINUSE


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


# The price of exclusive use, on which Microsoft, libuv, PostgreSQL, trio and Twisted do not agree.
# The options of a server that has ended and of its successor.
SUCCESSORS = [
    (EXCLUSIVE, EXCLUSIVE),
    (EXCLUSIVE, NONE),
    (NONE,      EXCLUSIVE),
]  # fmt: skip


def server_gone(stack: Stack, *options: Option) -> tuple[Socket, Socket]:
    """The ends of a connection whose listener has closed, the client's first. Unlike in `listener_gone`, the client is made before bind."""
    listener, client = stack.tcp4(*options), stack.tcp4()
    listener.bind(LOOPBACK)
    listener.listen()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    listener.close()
    return client, accepted


@experiment("tcp/exclusive/restart/established/{first}-{second}", rule=EXCLUSIVE_USE, cites=(CLOSURE,))
@pytest.mark.parametrize(("first", "second"), SUCCESSORS, ids=str)
def test_an_open_connection_goes_on_excluding(stack: Stack, first: Options, second: Options) -> None:
    """A dead server with {first.aloud} left an open connection: is one with {second.aloud} refused there?"""
    restarted = stack.tcp4(*second)
    server_gone(stack, *first)
    stack.shows(LOOPBACK, ESTABLISHED)
    assert restarted.bind(LOOPBACK) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/restart/time-wait/{first}-{second}", rule=EXCLUSIVE_USE, cites=(CLOSURE,))
@pytest.mark.parametrize(("first", "second"), SUCCESSORS, ids=str)
def test_time_wait_goes_on_excluding(stack: Stack, first: Options, second: Options) -> None:
    """A dead server with {first.aloud} left TIME_WAIT: is one with {second.aloud} refused its address?"""
    restarted = stack.tcp4(*second)
    client, accepted = server_gone(stack, *first)
    close_in_turn(accepted, client)
    stack.shows(LOOPBACK, TIME_WAIT)
    assert restarted.bind(LOOPBACK) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/restart/client-closed-first/{first}-{second}", rule=EXCLUSIVE_USE, cites=(CLOSURE,))
@pytest.mark.parametrize(("first", "second"), SUCCESSORS, ids=str)
def test_restart_after_the_client_closed_first(stack: Stack, first: Options, second: Options) -> None:
    """A server with {first.aloud} ended after its client had closed: may one with {second.aloud} start?"""
    restarted = stack.tcp4(*second)
    client, accepted = server_gone(stack, *first)
    close_in_turn(client, accepted)
    assert restarted.bind(LOOPBACK) == OK


@experiment("tcp/exclusive/late/{when}", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize(
    ("when", "options", "late", "expected"),
    [
        ("set",     NONE,     SO_EXCLBIND,     EADDRINUSE),
        ("cleared", EXCLBIND, SO_EXCLBIND.off, OK),
    ],
    ids=str,
)  # fmt: skip
def test_exclbind_after_bind(stack: Stack, when: str, options: Options, late: Option, expected: Answer) -> None:
    """SO_EXCLBIND is {when} after bind to 0.0.0.0: may one with SO_REUSEADDR bind 127.0.0.1?"""
    holder = stack.tcp4(*options)
    newcomer = stack.tcp4(SO_REUSEADDR)
    holder.bind(WILDCARD)
    holder.set(late)
    assert newcomer.bind(LOOPBACK) == expected


@experiment("{protocol}/exclusive/families/{first}-{second}", rule=V6ONLY)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(("first", "second"), [(EXCLBIND, NONE), (NONE, EXCLBIND)], ids=str)
def test_exclbind_and_the_other_family(stack: Stack, protocol: str, first: Options, second: Options) -> None:
    """An IPv6-only {protocol} socket has [::] with {first.aloud}: may another bind 0.0.0.0 with {second.aloud}?"""
    newcomer = stack.socket(f"{protocol}4", *second)
    stack.socket(f"{protocol}6", IPV6_V6ONLY, *first).bind(WILDCARD6)
    assert newcomer.bind(WILDCARD) == OK


ONCE_BOUND = ILLUMOS.at("inet/tcp/tcp_bind.c, tcp_bindi")


# The connections that a server leaves; but for the open one they no longer count in the source.
@experiment("tcp/exclusive/restart/established", rule=RESTART, cites=(ONCE_BOUND,))
def test_restart_beside_an_open_connection(stack: Stack) -> None:
    """A server with SO_EXCLBIND left an open connection: may its successor bind with SO_REUSEADDR?"""
    leave(stack, "established", LOOPBACK, SO_EXCLBIND)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


@experiment("tcp/exclusive/restart/close-wait", rule=RESTART, cites=(ONCE_BOUND,))
def test_restart_beside_close_wait(stack: Stack) -> None:
    """A server with SO_EXCLBIND left CLOSE_WAIT: may its successor bind with SO_REUSEADDR?"""
    client, accepted = listener_gone(stack, LOOPBACK, SO_EXCLBIND)
    half_close(client, accepted)
    stack.shows(LOOPBACK, CLOSE_WAIT)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


@experiment("tcp/exclusive/restart/fin-wait-2", rule=RESTART, cites=(ONCE_BOUND,))
def test_restart_beside_fin_wait_2(stack: Stack) -> None:
    """A server with SO_EXCLBIND left FIN_WAIT_2: may its successor bind with SO_REUSEADDR?"""
    client, accepted = listener_gone(stack, LOOPBACK, SO_EXCLBIND)
    half_close(accepted, client)
    stack.shows(LOOPBACK, FIN_WAIT_2)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


@experiment("tcp/exclusive/restart/time-wait", rule=RESTART, cites=(ONCE_BOUND,))
def test_restart_beside_time_wait(stack: Stack) -> None:
    """A server with SO_EXCLBIND left TIME_WAIT: may its successor bind with SO_REUSEADDR?"""
    client, accepted = listener_gone(stack, LOOPBACK, SO_EXCLBIND)
    half_close(accepted, client)
    accepted.close()
    client.close()
    stack.shows(LOOPBACK, TIME_WAIT)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


@experiment("tcp/exclusive/dual-stack/{held}-then-{wanted}/{first}-{second}", rule=EXCLUSIVE_USE, cites=(WINSOCK.at("table 1"),))
@pytest.mark.parametrize(
    ("held", "wanted", "first", "second"),
    [
        (DUAL,          DUAL, NONE,      EXCLUSIVE),
        (DUAL_LOOPBACK, DUAL, NONE,      EXCLUSIVE),
        (ANY4,          DUAL, EXCLUSIVE, NONE),
        (ANY4,          DUAL, NONE,      EXCLUSIVE),
        (DUAL,          ANY4, EXCLUSIVE, NONE),
        (DUAL,          ANY4, NONE,      EXCLUSIVE),
    ],
    ids=str,
)  # fmt: skip
def test_exclusive_use_and_the_dual_stack(stack: Stack, held: Place, wanted: Place, first: Options, second: Options) -> None:
    """With dual-stack sockets, {held.address.aloud} has {first.aloud}: is {wanted.address.aloud} with {second.aloud} refused?"""
    answers = [place.socket(stack, *options).bind(place.address) for place, options in ((held, first), (wanted, second))]
    assert answers == [OK, EADDRINUSE]


@experiment("tcp/exclusive/cleared-by-another-user", rule=OPTION_BITS)
def test_who_clears_it_needs_no_privilege(stack: Stack) -> None:
    """May a user without privileges clear SO_EXCLUSIVEADDRUSE?"""
    sock = stack.stranger.tcp4()
    assert sock.set(SO_EXCLUSIVEADDRUSE.off) == OK


# What tells whether every holder of a UDP port is asked, and which is asked first.
@experiment("udp/exclusive/newer-elsewhere", rule=EXCLUSIVE_BINDING)
def test_exclbind_behind_a_newer_socket(stack: Stack) -> None:
    """SO_EXCLBIND holds 127.0.0.1, a newer socket 127.0.0.2: is SO_REUSEADDR refused at 127.0.0.1?"""
    stack.udp4(SO_EXCLBIND).bind(LOOPBACK)
    stack.udp4().bind(SECOND)
    assert stack.udp4(SO_REUSEADDR).bind(LOOPBACK) == EADDRINUSE


@experiment("udp/exclusive/newcomer-with-both", rule=EXCLUSIVE_BINDING)
def test_exclbind_of_a_newcomer_over_udp(stack: Stack) -> None:
    """A socket without options holds 127.0.0.1: is one with SO_REUSEADDR and SO_EXCLBIND refused it?"""
    stack.udp4().bind(LOOPBACK)
    assert stack.udp4(SO_REUSEADDR, SO_EXCLBIND).bind(LOOPBACK) == EADDRINUSE


@experiment("udp/exclusive/late/{place}-beside-wildcards", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize(("place", "held"), [("loopback", LOOPBACK), ("wildcard", WILDCARD)], ids=str)
def test_exclbind_beside_wildcards(stack: Stack, place: str, held: Address) -> None:
    """SO_EXCLBIND is set at {held.aloud} after two took 0.0.0.0: is a fourth refused {held.aloud}?"""
    oldest = stack.udp4(SO_REUSEADDR)
    oldest.bind(held)
    stack.udp4(SO_REUSEADDR).bind(WILDCARD)
    stack.udp4(SO_REUSEADDR).bind(WILDCARD)
    oldest.set(SO_EXCLBIND)
    assert stack.udp4(SO_REUSEADDR).bind(held) == EADDRINUSE


@experiment("tcp/exclusive/both-options/reuseaddr-then-cleared", rule=EXCLUSIVE_USE, cites=(DOTNET_TESTS.at("ReuseAddress"),))
def test_exclusive_cleared_after_reuseaddr(stack: Stack) -> None:
    """May one socket clear SO_EXCLUSIVEADDRUSE, which it does not have, after SO_REUSEADDR?"""
    stack.tcp4(SO_EXCLUSIVEADDRUSE)
    assert stack.tcp4(SO_REUSEADDR).set(SO_EXCLUSIVEADDRUSE.off) == OK
