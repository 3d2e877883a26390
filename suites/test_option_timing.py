"""When an option is set: before bind, after it, after listen, on the accepted socket, or cleared again."""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    EACCES,
    EADDRINUSE,
    EINVAL,
    ESTABLISHED,
    EXCLUSIVE,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import (
    BEFORE_BIND,
    BOUND_ONCE,
    COMPLETELY_DUPLICATE,
    INHERITED_OPTIONS,
    LISTEN_IS_FREE,
    UDP_DUPLICATE,
    UNBOUND_CALL,
    WILDCARD_AND_SPECIFIC,
)
from fixtures.specification.sources import LINUX_MAN, LITE2, MECKI, POSIX, TCPV2, UNP


def first_socket(stack: Stack, address: Address, option: Option, change: str) -> Socket:
    """A socket bound to the address (and listening, where the change says so), with the option set or cleared when it says."""
    first = stack.tcp4(option) if change.startswith(("cleared", "kept")) else stack.tcp4()
    first.bind(address)
    if change.endswith("listen"):
        first.listen()
    if not change.startswith("kept"):
        first.set(option.off if change.startswith("cleared") else option)
    return first


# bind reads SO_REUSEPORT of the first socket as it is when the second binds, whenever it was set.
REUSEPORT_OF_THE_FIRST = [
    ("kept-after-bind",      NONE,      EADDRINUSE),
    ("kept-after-bind",      REUSEPORT, OK),
    ("kept-after-listen",    NONE,      EADDRINUSE),
    ("kept-after-listen",    REUSEPORT, OK),
    ("set-after-bind",       NONE,      EADDRINUSE),
    ("set-after-bind",       REUSEPORT, OK),
    ("set-after-listen",     NONE,      EADDRINUSE),
    ("set-after-listen",     REUSEPORT, OK),
    ("cleared-after-bind",   NONE,      EADDRINUSE),
    ("cleared-after-bind",   REUSEPORT, EADDRINUSE),
    ("cleared-after-listen", NONE,      EADDRINUSE),
    ("cleared-after-listen", REUSEPORT, EADDRINUSE),
]  # fmt: skip


@experiment(
    "tcp/option-timing/first-reuseport-{change}/second-{second}",
    rule=BEFORE_BIND,
    cites=(LITE2.at("in_pcbbind"), LINUX_MAN.at("socket(7)")),
)
@pytest.mark.parametrize(("change", "second", "expected"), REUSEPORT_OF_THE_FIRST, ids=str)
def test_reuseport_changed_on_the_first(stack: Stack, change: str, second: Options, expected: Answer) -> None:
    """The first socket's SO_REUSEPORT was {change}: may a second ({second}) bind the same address?"""
    first_socket(stack, LOOPBACK, SO_REUSEPORT, change)
    another = stack.tcp4(*second)
    assert another.bind(LOOPBACK) == expected


# SO_REUSEADDR of the first socket never counts; a specific address beside the wildcard needs the second's.
REUSEADDR_OF_THE_FIRST = [
    ("kept-after-bind",      NONE,      EADDRINUSE),
    ("kept-after-bind",      REUSEADDR, OK),
    ("kept-after-listen",    NONE,      EADDRINUSE),
    ("kept-after-listen",    REUSEADDR, OK),
    ("set-after-bind",       NONE,      EADDRINUSE),
    ("set-after-bind",       REUSEADDR, OK),
    ("set-after-listen",     NONE,      EADDRINUSE),
    ("set-after-listen",     REUSEADDR, OK),
    ("cleared-after-bind",   NONE,      EADDRINUSE),
    ("cleared-after-bind",   REUSEADDR, OK),
    ("cleared-after-listen", NONE,      EADDRINUSE),
    ("cleared-after-listen", REUSEADDR, OK),
]  # fmt: skip


@experiment("tcp/option-timing/wildcard-reuseaddr-{change}/specific-{second}", rule=WILDCARD_AND_SPECIFIC, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(("change", "second", "expected"), REUSEADDR_OF_THE_FIRST, ids=str)
def test_reuseaddr_changed_on_the_wildcard(stack: Stack, change: str, second: Options, expected: Answer) -> None:
    """The SO_REUSEADDR of a socket on the wildcard was {change}: may a second ({second}) bind a specific address?"""
    first_socket(stack, WILDCARD, SO_REUSEADDR, change)
    another = stack.tcp4(*second)
    assert another.bind(LOOPBACK) == expected


CHANGES = ["set-after-bind", "set-after-listen", "cleared-after-bind", "cleared-after-listen"]


@experiment("tcp/option-timing/duplicate-reuseaddr-{change}/second-reuseaddr", rule=COMPLETELY_DUPLICATE, cites=(MECKI.at("SO_REUSEADDR"),))
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_reuseaddr_changed_on_a_duplicate(stack: Stack, change: str) -> None:
    """The first socket's SO_REUSEADDR was {change}: is a second with SO_REUSEADDR refused the same address?"""
    first_socket(stack, LOOPBACK, SO_REUSEADDR, change)
    second = stack.tcp4(SO_REUSEADDR)
    assert second.bind(LOOPBACK) == EADDRINUSE


# The second socket: what counts is what it has set when it calls bind.
@experiment("tcp/option-timing/second-cleared-before-bind/{option}", rule=BEFORE_BIND, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_option_cleared_before_bind(stack: Stack, option: Options) -> None:
    """Is a second socket that set {option} and cleared it again before bind refused beside the wildcard?"""
    first = stack.tcp4(*option)
    first.bind(WILDCARD)
    second = stack.tcp4(*option)
    second.set(option[0].off)
    assert second.bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/option-timing/retry-of-bind/{option}", rule=BEFORE_BIND, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_retry_of_bind_after_setting_the_option(stack: Stack, option: Options) -> None:
    """May a socket that was refused beside the wildcard set {option}, as the first has, and bind again?"""
    first = stack.tcp4(*option)
    first.bind(WILDCARD)
    second = stack.tcp4()
    second.bind(LOOPBACK)
    second.set(*option)
    assert second.bind(LOOPBACK) == OK


@experiment("tcp/option-timing/retry-of-bind/unchanged", rule=BEFORE_BIND)
def test_retry_of_bind_without_the_option(stack: Stack) -> None:
    """Is a socket that was refused beside the wildcard refused again when it only tries again?"""
    first = stack.tcp4(SO_REUSEADDR)
    first.bind(WILDCARD)
    second = stack.tcp4()
    second.bind(LOOPBACK)
    assert second.bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/option-timing/retry-after-first-sets-reuseport", rule=BEFORE_BIND, cites=(LITE2.at("in_pcbbind"),))
def test_retry_of_bind_after_the_first_sets_the_option(stack: Stack) -> None:
    """May a second socket with SO_REUSEPORT, once refused, bind after the first has set SO_REUSEPORT too?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    second = stack.tcp4(SO_REUSEPORT)
    second.bind(LOOPBACK)
    first.set(SO_REUSEPORT)
    assert second.bind(LOOPBACK) == OK


@experiment("tcp/option-timing/second-bind-with-option/{option}", rule=BOUND_ONCE)
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_option_does_not_allow_a_second_bind(stack: Stack, option: Options) -> None:
    """Is a bound socket refused a second bind to its own address also after it has set {option}?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    first.set(*option)
    assert first.bind(LOOPBACK) == EINVAL


@experiment("tcp/option-timing/listen-after-clearing/{option}", rule=LISTEN_IS_FREE, cites=(TCPV2.at("tcp_usrreq, PRU_LISTEN"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_listen_after_clearing_the_option(stack: Stack, option: Options) -> None:
    """May a socket that bound a specific address beside the wildcard thanks to {option} clear it and still listen?"""
    first = stack.tcp4(*option)
    first.bind(WILDCARD)
    second = stack.tcp4(*option)
    second.bind(LOOPBACK)
    second.set(option[0].off)
    assert second.listen() == OK


@experiment("tcp/option-timing/listen-after-first-cleared/{option}", rule=LISTEN_IS_FREE, cites=(TCPV2.at("tcp_usrreq, PRU_LISTEN"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_listen_after_the_other_cleared_the_option(stack: Stack, option: Options) -> None:
    """May a socket that bound beside the wildcard thanks to {option} listen after the one on the wildcard has cleared it?"""
    first = stack.tcp4(*option)
    first.bind(WILDCARD)
    second = stack.tcp4(*option)
    second.bind(LOOPBACK)
    first.set(option[0].off)
    assert second.listen() == OK


# The accepted socket: its options are its own, and a bind beside it asks only the new socket.
ACCEPTED = [
    ("set",     REUSEADDR, NONE,      EADDRINUSE),
    ("set",     REUSEADDR, REUSEADDR, OK),
    ("cleared", REUSEADDR, NONE,      EADDRINUSE),
    ("cleared", REUSEADDR, REUSEADDR, OK),
    ("set",     REUSEPORT, NONE,      EADDRINUSE),
    ("set",     REUSEPORT, REUSEPORT, OK),
    ("cleared", REUSEPORT, NONE,      EADDRINUSE),
    ("cleared", REUSEPORT, REUSEPORT, OK),
]  # fmt: skip


@experiment("tcp/option-timing/accepted-{change}/{option}/restarted-{new}", rule=BEFORE_BIND, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(("change", "option", "new", "expected"), ACCEPTED, ids=str)
def test_option_changed_on_the_accepted_socket(stack: Stack, change: str, option: Options, new: Options, expected: Answer) -> None:
    """{option} was {change} on an accepted socket whose server is gone: may a server ({new}) bind its address?"""
    listener = listening(stack, LOOPBACK, *(option if change == "cleared" else NONE))
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    accepted.set(option[0].off if change == "cleared" else option[0])
    listener.close()
    stack.shows(LOOPBACK, ESTABLISHED)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/option-timing/accepted-inherits/{option}", rule=INHERITED_OPTIONS, cites=(TCPV2.at("sonewconn"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_accepted_socket_has_the_option(stack: Stack, option: Options) -> None:
    """Does a socket accepted from a listener with {option} have it set?"""
    listener = listening(stack, LOOPBACK, *option)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    assert accepted.get(*option) == Answer("1")


@experiment("tcp/option-timing/accepted-inherits-late/{option}", rule=INHERITED_OPTIONS, cites=(TCPV2.at("sonewconn"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_accepted_socket_has_an_option_set_after_listen(stack: Stack, option: Options) -> None:
    """Does an accepted socket have {option} when the listener set it after listen but before the client connected?"""
    listener = listening(stack, LOOPBACK)
    listener.set(*option)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    assert accepted.get(*option) == Answer("1")


@experiment("tcp/option-timing/accepted-inherits-nothing/{option}", rule=INHERITED_OPTIONS)
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_accepted_socket_without_the_option(stack: Stack, option: Options) -> None:
    """Does a socket accepted from a listener without options have {option} clear?"""
    listener = listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = listener.accept()
    assert accepted.get(*option) == Answer("0")


@experiment("tcp6/option-timing/accepted-inherits/v6only", rule=INHERITED_OPTIONS, cites=(TCPV2.at("sonewconn"),))
def test_accepted_socket_is_v6only(stack: Stack) -> None:
    """Does a socket accepted from a listener with IPV6_V6ONLY have it set?"""
    listener = listening(stack, WILDCARD6, IPV6_V6ONLY)
    stack.tcp6().connect(LOOPBACK6)
    assert listener.accept().get(IPV6_V6ONLY) == Answer("1")


@experiment("tcp/option-timing/options-are-two/{one}-is-not-{other}", rule=UNBOUND_CALL, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize(("one", "other"), [(REUSEADDR, REUSEPORT), (REUSEPORT, REUSEADDR)], ids=str)
def test_one_option_does_not_set_the_other(stack: Stack, one: Options, other: Options) -> None:
    """Does a socket that sets {one} still have {other} clear?"""
    first = stack.tcp4(*one)
    assert first.get(*other) == Answer("0")


# Before anything is set, and right after.
@experiment("{kind}/option-timing/default/{option}", rule=UNBOUND_CALL, cites=(POSIX.at("getsockopt; socket options"),))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT, EXCLUSIVE], ids=str)
def test_option_of_a_new_socket(stack: Stack, kind: str, option: Options) -> None:
    """Is {option} off on a new {kind} socket?"""
    assert stack.socket(kind).get(*option) == Answer("0")


@experiment("{kind}/option-timing/read-back/{option}", rule=UNBOUND_CALL, cites=(POSIX.at("getsockopt; socket options"),))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT, EXCLUSIVE], ids=str)
def test_option_reads_as_it_was_set(stack: Stack, kind: str, option: Options) -> None:
    """Does {option}, once set on a {kind} socket, read as set?"""
    assert stack.socket(kind, *option).get(*option) == Answer("1")


@experiment("tcp4/option-timing/read-back/reuseaddr-cleared", rule=UNBOUND_CALL, cites=(POSIX.at("getsockopt; socket options"),))
def test_a_cleared_option_reads_as_clear(stack: Stack) -> None:
    """Does SO_REUSEADDR, once set and cleared again, read as clear?"""
    first = stack.tcp4(SO_REUSEADDR)
    first.set(SO_REUSEADDR.off)
    assert first.get(SO_REUSEADDR) == Answer("0")


@experiment("tcp/option-timing/retry-of-listen/reuseaddr", rule=LISTEN_IS_FREE)
def test_retry_of_listen(stack: Stack) -> None:
    """Two sockets ask for one address with SO_REUSEADDR and the second called listen too early: may it when the first has closed?"""
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    first.listen()
    second.listen()
    first.close()
    assert second.listen() == OK


@experiment("tcp/option-timing/refused-listen/then-connect", rule=UNBOUND_CALL)
def test_connect_after_a_refused_listen(stack: Stack) -> None:
    """Two sockets ask for one address with SO_REUSEADDR, the second called listen too late: may it be a client of another server?"""
    listening(stack, SECOND.at("Q"))
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    # Where the bind was refused there is nothing to listen at.
    if second.bind(LOOPBACK) == OK:
        first.listen()
        second.listen()
    assert second.connect(SECOND.at("Q")) == OK


@experiment("udp/option-timing/set-after-bind/reuseaddr", rule=UNBOUND_CALL, cites=(POSIX.at("setsockopt"),))
def test_reuseaddr_after_bind(stack: Stack) -> None:
    """Is it granted to set SO_REUSEADDR on a UDP socket that is bound?"""
    server = stack.udp4()
    server.bind(LOOPBACK)
    assert server.set(SO_REUSEADDR) == OK


@experiment("udp/option-timing/cleared-after-bind/reuseaddr", rule=UDP_DUPLICATE)
def test_reuseaddr_cleared_after_bind_over_udp(stack: Stack) -> None:
    """A UDP socket with SO_REUSEADDR cleared it after bind: is a second with SO_REUSEADDR refused its address?"""
    first, second = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    first.set(SO_REUSEADDR.off)
    assert second.bind(LOOPBACK) in (EADDRINUSE, EACCES)
