"""SO_EXCLUSIVEADDRUSE of Windows and SO_EXCLBIND of Solaris: is what they hold held alone?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Stack
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
    LOOPBACK6,
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
    WR,
    Answer,
    Options,
)
from fixtures.specification.rules import DIFFERENT_ADDRESSES, EXCLUSIVE_BINDING, EXCLUSIVE_USE, RESTART, UNBOUND_CALL, V6ONLY
from fixtures.specification.sources import DOTNET_TESTS, ILLUMOS, ILLUMOS_MAN, PAL_TESTS, WINSOCK

USER_TABLE = WINSOCK.at("enhanced socket security, the table for different users")
CLOSURE = WINSOCK.at("reuse of an exclusive socket's port after its closure")

#: What the manual says of both options.
TCP_MAN = ILLUMOS_MAN.at("tcp(4P), Listening and Connecting")

#: The four ways in which what is held and what is asked for overlap.
RELATIONS = {
    "same-specific": (LOOPBACK, LOOPBACK),
    "same-wildcard": (WILDCARD, WILDCARD),
    "wildcard-then-specific": (WILDCARD, LOOPBACK),
    "specific-then-wildcard": (LOOPBACK, WILDCARD),
}

# Whoever of the two has it: it protects what it holds, and it takes nothing that is held.
PAIRS = [
    (EXCLUSIVE, NONE),
    (EXCLUSIVE, REUSEADDR),
    (EXCLUSIVE, EXCLUSIVE),
    (NONE,      EXCLUSIVE),
    (REUSEADDR, EXCLUSIVE),
]  # fmt: skip
PAIRS_OF_SOLARIS = [
    (EXCLBIND,  NONE),
    (EXCLBIND,  REUSEADDR),
    (EXCLBIND,  EXCLBIND),
    (NONE,      EXCLBIND),
    (REUSEADDR, EXCLBIND),
]  # fmt: skip


def ask_beside_a_listener(stack: Stack, relation: str, first: Options, second: Options) -> Answer:
    """Let a server with these options listen, and give back the answer to the bind of another."""
    held, wanted = RELATIONS[relation]
    # The newcomer is made first, so that a stack without its option says so before anything is bound.
    newcomer, holder = stack.tcp4(*second), stack.tcp4(*first)
    holder.bind(held)
    holder.listen()
    return newcomer.bind(wanted)


@experiment("tcp/exclusive/{relation}/{first}-{second}", rule=EXCLUSIVE_USE)
@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize(("first", "second"), PAIRS, ids=str)
def test_a_listener_is_alone(stack: Stack, relation: str, first: Options, second: Options) -> None:
    """A server with {first} listens: is one with {second} refused, {relation}?"""
    assert ask_beside_a_listener(stack, relation, first, second) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/{relation}/{first}-{second}", rule=EXCLUSIVE_BINDING, cites=(TCP_MAN,))
@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize(("first", "second"), PAIRS_OF_SOLARIS, ids=str)
def test_a_listener_of_solaris_is_alone(stack: Stack, relation: str, first: Options, second: Options) -> None:
    """A server with {first} listens: is one with {second} refused, {relation}?"""
    assert ask_beside_a_listener(stack, relation, first, second) == EADDRINUSE


@experiment("udp/exclusive/{relation}/{first}-{second}", rule=EXCLUSIVE_USE)
@pytest.mark.parametrize("relation", ["same-specific", "wildcard-then-specific"])
@pytest.mark.parametrize(("first", "second"), [(EXCLUSIVE, REUSEADDR)], ids=str)
def test_a_udp_socket_is_alone(stack: Stack, relation: str, first: Options, second: Options) -> None:
    """A UDP socket with {first} is bound: is one with {second} refused, {relation}?"""
    held, wanted = RELATIONS[relation]
    stack.udp4(*first).bind(held)
    assert stack.udp4(*second).bind(wanted) in (EADDRINUSE, EACCES)


# With SO_REUSEADDR alone a newcomer of Solaris takes the port; SO_EXCLBIND is what was made against that.
@experiment("udp/exclusive/{relation}/{first}-{second}", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize(("first", "second"), [(EXCLBIND, REUSEADDR), (REUSEADDR, EXCLBIND)], ids=str)
def test_a_udp_socket_of_solaris_is_alone(stack: Stack, relation: str, first: Options, second: Options) -> None:
    """A UDP socket with {first} is bound: is one with {second} refused, {relation}?"""
    held, wanted = RELATIONS[relation]
    newcomer = stack.udp4(*second)
    stack.udp4(*first).bind(held)
    assert newcomer.bind(wanted) == EADDRINUSE


@experiment("udp/exclusive/beside-another/{newest}-newest", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize("newest", ["exclbind", "plain"])
def test_exclbind_beside_a_plain_holder(stack: Stack, newest: str) -> None:
    """UDP sockets hold two addresses, one with SO_EXCLBIND, the {newest} one newest: is SO_REUSEADDR refused the wildcard?"""
    exclusive, plain = stack.udp4(SO_EXCLBIND), stack.udp4()
    places = [(exclusive, SECOND), (plain, LOOPBACK)]
    for holder, place in places if newest == "plain" else reversed(places):
        holder.bind(place)
    assert stack.udp4(SO_REUSEADDR).bind(WILDCARD) == EADDRINUSE


@experiment("tcp/exclusive/different-addresses/{options}", rule=DIFFERENT_ADDRESSES)
@pytest.mark.parametrize("options", [EXCLUSIVE, EXCLBIND], ids=str)
def test_another_address_is_free(stack: Stack, options: Options) -> None:
    """A server with {options} listens at one specific address: may another with {options} bind a different one?"""
    listening(stack, LOOPBACK, *options)
    assert stack.tcp4(*options).bind(SECOND) == OK


@experiment("tcp/exclusive/closed/{options}", rule=EXCLUSIVE_USE)
@pytest.mark.parametrize("options", [EXCLUSIVE], ids=str)
def test_a_closed_holder_excludes_nobody(stack: Stack, options: Options) -> None:
    """A server with {options} that served nobody has closed: may one without options bind its address?"""
    first = listening(stack, LOOPBACK, *options)
    first.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/exclusive/closed/{options}", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize("options", [EXCLBIND], ids=str)
def test_a_closed_holder_of_solaris_excludes_nobody(stack: Stack, options: Options) -> None:
    """A server with {options} that served nobody has closed: may one without options bind its address?"""
    first = listening(stack, LOOPBACK, *options)
    first.close()
    assert stack.tcp4().bind(LOOPBACK) == OK


@experiment("tcp/exclusive/cleared/{options}", rule=EXCLUSIVE_USE)
@pytest.mark.parametrize("options", [EXCLUSIVE], ids=str)
def test_cleared_before_bind(stack: Stack, options: Options) -> None:
    """A server set {options} and cleared it before its bind to the wildcard: may one with SO_REUSEADDR bind a specific address?"""
    first = stack.tcp4(*options)
    for option in options:
        first.set(option.off)
    first.bind(WILDCARD)
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


@experiment("tcp/exclusive/cleared/{options}", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize("options", [EXCLBIND], ids=str)
def test_cleared_before_bind_on_solaris(stack: Stack, options: Options) -> None:
    """A server set {options} and cleared it before its bind to the wildcard: may one with SO_REUSEADDR bind a specific address?"""
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


@experiment("tcp/exclusive/both-options/exclbind-overrides/{relation}", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize("relation", RELATIONS)
def test_exclbind_overrides_reuseaddr(stack: Stack, relation: str) -> None:
    """Both servers set SO_EXCLBIND and SO_REUSEADDR: is the second refused, {relation}?"""
    held, wanted = RELATIONS[relation]
    stack.tcp4(SO_EXCLBIND, SO_REUSEADDR).bind(held)
    assert stack.tcp4(SO_EXCLBIND, SO_REUSEADDR).bind(wanted) == EADDRINUSE


# Across users Microsoft has another table; ours says the same of everybody.
@experiment(
    "tcp/exclusive/of-another-user/{relation}/{first}-{second}",
    rule=EXCLUSIVE_USE,
    cites=(USER_TABLE,),
)
@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize(("first", "second"), [pair for pair in PAIRS if EXCLUSIVE in pair], ids=str)
def test_another_user_is_kept_out(stack: Stack, relation: str, first: Options, second: Options) -> None:
    """A socket with {first} is bound: is one of another user with {second} refused, {relation}?"""
    held, wanted = RELATIONS[relation]
    newcomer, holder = stack.stranger.tcp4(*second), stack.tcp4(*first)
    holder.bind(held)
    assert newcomer.bind(wanted) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/unprivileged/exclusiveaddruse", rule=UNBOUND_CALL, cites=(WINSOCK.at("SO_EXCLUSIVEADDRUSE"),))
def test_everybody_may_exclude(stack: Stack) -> None:
    """May a user without privileges set SO_EXCLUSIVEADDRUSE, which Windows kept for administrators once?"""
    # A socket of its own shows that the option exists, so that a refusal is about the user.
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


def leave(stack: Stack, left: str, options: Options) -> None:
    """A server on LOOPBACK that has ended; ``left`` says what became of its connection."""
    listener, client = stack.tcp4(*options), stack.tcp4()
    listener.bind(LOOPBACK)
    listener.listen()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    listener.close()
    if left == "established":
        stack.shows(LOOPBACK, ESTABLISHED)
        return
    closes, follows = (accepted, client) if left == "time-wait" else (client, accepted)
    closes.close()
    follows.recv(1)
    follows.close()
    if left == "time-wait":
        stack.shows(LOOPBACK, TIME_WAIT)


# The price of exclusive use, on which Microsoft, libuv, PostgreSQL, trio and Twisted do not agree.
@experiment("tcp/exclusive/restart/{left}/{first}-{second}", rule=EXCLUSIVE_USE, cites=(CLOSURE,))
@pytest.mark.parametrize("left", ["established", "time-wait"])
@pytest.mark.parametrize(("first", "second"), [(EXCLUSIVE, EXCLUSIVE), (EXCLUSIVE, NONE), (NONE, EXCLUSIVE)], ids=str)
def test_a_connection_goes_on_excluding(stack: Stack, left: str, first: Options, second: Options) -> None:
    """A server with {first} has ended, its connection is {left}: is a server with {second} refused its address?"""
    restarted = stack.tcp4(*second)
    leave(stack, left, first)
    assert restarted.bind(LOOPBACK) in (EADDRINUSE, EACCES)


@experiment("tcp/exclusive/restart/client-closed-first/{first}-{second}", rule=EXCLUSIVE_USE, cites=(CLOSURE,))
@pytest.mark.parametrize(("first", "second"), [(EXCLUSIVE, EXCLUSIVE), (EXCLUSIVE, NONE), (NONE, EXCLUSIVE)], ids=str)
def test_restart_after_the_client_closed_first(stack: Stack, first: Options, second: Options) -> None:
    """A server with {first} has ended after its client closed first: may a server with {second} bind its address?"""
    restarted = stack.tcp4(*second)
    leave(stack, "client-closed-first", first)
    assert restarted.bind(LOOPBACK) == OK


@experiment("tcp/exclusive/late/{when}", rule=EXCLUSIVE_BINDING)
@pytest.mark.parametrize("when", ["set", "cleared"])
def test_exclbind_after_bind(stack: Stack, when: str) -> None:
    """SO_EXCLBIND of a bound wildcard is {when} late: does its present value decide when SO_REUSEADDR asks for a specific address?"""
    holder = stack.tcp4(*(EXCLBIND if when == "cleared" else NONE))
    newcomer = stack.tcp4(SO_REUSEADDR)
    holder.bind(WILDCARD)
    holder.set(SO_EXCLBIND if when == "set" else SO_EXCLBIND.off)
    assert newcomer.bind(LOOPBACK) == (EADDRINUSE if when == "set" else OK)


@experiment("{protocol}/exclusive/families/{first}-{second}", rule=V6ONLY)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(("first", "second"), [(EXCLBIND, NONE), (NONE, EXCLBIND)], ids=str)
def test_exclbind_and_the_other_family(stack: Stack, protocol: str, first: Options, second: Options) -> None:
    """A {protocol} socket with IPV6_V6ONLY and {first} holds [::]: may one with {second} bind 0.0.0.0?"""
    newcomer = stack.socket(f"{protocol}4", *second)
    stack.socket(f"{protocol}6", IPV6_V6ONLY, *first).bind(WILDCARD6)
    assert newcomer.bind(WILDCARD) == OK


#: What a server leaves: the later three no longer count in the source.
LEFT = {"established": ESTABLISHED, "close-wait": CLOSE_WAIT, "fin-wait-2": FIN_WAIT_2, "time-wait": TIME_WAIT}


@experiment("tcp/exclusive/restart/{left}", rule=RESTART, cites=(ILLUMOS.at("inet/tcp/tcp_bind.c, tcp_bindi"),))
@pytest.mark.parametrize("left", LEFT)
def test_a_server_with_exclbind_restarts(stack: Stack, left: str) -> None:
    """A server with SO_EXCLBIND left a connection, {left}: may its successor bind with SO_REUSEADDR?"""
    server = listening(stack, LOOPBACK, SO_EXCLBIND)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    child = server.accept()
    server.close()
    if left == "close-wait":
        client.shutdown(WR)
        child.recv(1)
    elif left != "established":
        child.shutdown(WR)
        client.recv(1)
    if left == "time-wait":
        child.close()
        client.close()
    stack.shows(LOOPBACK, LEFT[left])
    assert stack.tcp4(SO_REUSEADDR).bind(LOOPBACK) == OK


@experiment("tcp/exclusive/dual-stack/{held}-then-{wanted}/{first}-{second}", rule=EXCLUSIVE_USE, cites=(WINSOCK.at("table 1"),))
@pytest.mark.parametrize(
    ("held", "wanted", "first", "second"),
    [
        ("dual",      "dual", NONE,      EXCLUSIVE),
        ("loopback6", "dual", NONE,      EXCLUSIVE),
        ("any4",      "dual", EXCLUSIVE, NONE),
        ("any4",      "dual", NONE,      EXCLUSIVE),
        ("dual",      "any4", EXCLUSIVE, NONE),
        ("dual",      "any4", NONE,      EXCLUSIVE),
    ],
    ids=str,
)  # fmt: skip
def test_exclusive_use_and_the_dual_stack(stack: Stack, held: str, wanted: str, first: Options, second: Options) -> None:
    """A socket with {first} holds {held}: is one with {second} refused {wanted}?"""
    answers = []
    for place, options in ((held, first), (wanted, second)):
        plain = place == "any4"
        sock = stack.tcp4(*options) if plain else stack.tcp6(IPV6_V6ONLY.off, *options)
        answers.append(sock.bind(WILDCARD if plain else LOOPBACK6 if place == "loopback6" else WILDCARD6))
    assert answers == [OK, EADDRINUSE]


@experiment("tcp/exclusive/cleared-by-another-user", rule=UNBOUND_CALL)
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
@pytest.mark.parametrize("place", ["loopback", "wildcard"])
def test_exclbind_beside_wildcards(stack: Stack, place: str) -> None:
    """A socket sets SO_EXCLBIND after others with SO_REUSEADDR took the wildcard: is one more refused its address, the {place}?"""
    held = LOOPBACK if place == "loopback" else WILDCARD
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
