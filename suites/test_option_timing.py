"""When an option is set: before bind, after it, after listen, on the accepted socket, or cleared again."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connecting, listening, served
from fixtures.language.stack import Stack
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
    SO_LINGER_0,
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
    OPTION_BITS,
    UDP_DUPLICATE,
    UNUSED_ADDRESS,
    WILDCARD_AND_SPECIFIC,
)
from fixtures.specification.sources import LINUX_MAN, LITE2, MECKI, POSIX, TCPV2, UNP


@dataclass(frozen=True)
class Change:
    """What the first socket does with an option, under the name that it has in ids."""

    name: str
    #: Whether it is made with the option, listens, and sets or clears the option then.
    made_with: bool = False
    listens: bool = False
    sets: bool = False
    clears: bool = False

    @property
    def aloud(self) -> str:
        """The change as a question says it."""
        return self.name.replace("-", " ")

    def play(self, stack: Stack, address: Address, option: Option) -> None:
        """Make the first socket and bind it to the address."""
        first = stack.tcp4(option) if self.made_with else stack.tcp4()
        first.bind(address)
        if self.listens:
            first.listen()
        if self.sets:
            first.set(option)
        if self.clears:
            first.set(option.off)

    def __str__(self) -> str:
        return self.name


KEPT_AFTER_BIND = Change("kept-after-bind", made_with=True)
KEPT_AFTER_LISTEN = Change("kept-after-listen", made_with=True, listens=True)
SET_AFTER_BIND = Change("set-after-bind", sets=True)
SET_AFTER_LISTEN = Change("set-after-listen", listens=True, sets=True)
CLEARED_AFTER_BIND = Change("cleared-after-bind", made_with=True, clears=True)
CLEARED_AFTER_LISTEN = Change("cleared-after-listen", made_with=True, listens=True, clears=True)


# bind reads SO_REUSEPORT of the first socket as it is when the second binds, whenever it was set.
REUSEPORT_OF_THE_FIRST = [
    # the first,           the second, its bind
    (KEPT_AFTER_BIND,      NONE,       EADDRINUSE),
    (KEPT_AFTER_BIND,      REUSEPORT,  OK),
    (KEPT_AFTER_LISTEN,    NONE,       EADDRINUSE),
    (KEPT_AFTER_LISTEN,    REUSEPORT,  OK),
    (SET_AFTER_BIND,       NONE,       EADDRINUSE),
    (SET_AFTER_BIND,       REUSEPORT,  OK),
    (SET_AFTER_LISTEN,     NONE,       EADDRINUSE),
    (SET_AFTER_LISTEN,     REUSEPORT,  OK),
    (CLEARED_AFTER_BIND,   NONE,       EADDRINUSE),
    (CLEARED_AFTER_BIND,   REUSEPORT,  EADDRINUSE),
    (CLEARED_AFTER_LISTEN, NONE,       EADDRINUSE),
    (CLEARED_AFTER_LISTEN, REUSEPORT,  EADDRINUSE),
]  # fmt: skip


@experiment(
    "tcp/option-timing/first-reuseport-{change}/second-{second}",
    rule=BEFORE_BIND,
    cites=(LITE2.at("in_pcbbind"), LINUX_MAN.at("socket(7)")),
)
@pytest.mark.parametrize(("change", "second", "expected"), REUSEPORT_OF_THE_FIRST, ids=str)
def test_reuseport_changed_on_the_first(stack: Stack, change: Change, second: Options, expected: Answer) -> None:
    """SO_REUSEPORT of the first was {change.aloud}: may one with {second.aloud} bind the same address?"""
    change.play(stack, LOOPBACK, SO_REUSEPORT)
    another = stack.tcp4(*second)
    assert another.bind(LOOPBACK) == expected


# SO_REUSEADDR of the first socket never counts; a specific address beside the wildcard needs the second's.
REUSEADDR_OF_THE_FIRST = [
    # the first,           the second, its bind
    (KEPT_AFTER_BIND,      NONE,       EADDRINUSE),
    (KEPT_AFTER_BIND,      REUSEADDR,  OK),
    (KEPT_AFTER_LISTEN,    NONE,       EADDRINUSE),
    (KEPT_AFTER_LISTEN,    REUSEADDR,  OK),
    (SET_AFTER_BIND,       NONE,       EADDRINUSE),
    (SET_AFTER_BIND,       REUSEADDR,  OK),
    (SET_AFTER_LISTEN,     NONE,       EADDRINUSE),
    (SET_AFTER_LISTEN,     REUSEADDR,  OK),
    (CLEARED_AFTER_BIND,   NONE,       EADDRINUSE),
    (CLEARED_AFTER_BIND,   REUSEADDR,  OK),
    (CLEARED_AFTER_LISTEN, NONE,       EADDRINUSE),
    (CLEARED_AFTER_LISTEN, REUSEADDR,  OK),
]  # fmt: skip


@experiment("tcp/option-timing/wildcard-reuseaddr-{change}/specific-{second}", rule=WILDCARD_AND_SPECIFIC, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(("change", "second", "expected"), REUSEADDR_OF_THE_FIRST, ids=str)
def test_reuseaddr_changed_on_the_wildcard(stack: Stack, change: Change, second: Options, expected: Answer) -> None:
    """SO_REUSEADDR of 0.0.0.0 was {change.aloud}: may one with {second.aloud} bind 127.0.0.1?"""
    change.play(stack, WILDCARD, SO_REUSEADDR)
    another = stack.tcp4(*second)
    assert another.bind(LOOPBACK) == expected


@experiment("tcp/option-timing/duplicate-reuseaddr-{change}/second-reuseaddr", rule=COMPLETELY_DUPLICATE, cites=(MECKI.at("SO_REUSEADDR"),))
@pytest.mark.parametrize("change", [SET_AFTER_BIND, SET_AFTER_LISTEN, CLEARED_AFTER_BIND, CLEARED_AFTER_LISTEN], ids=str)
def test_reuseaddr_changed_on_a_duplicate(stack: Stack, change: Change) -> None:
    """SO_REUSEADDR of the first was {change.aloud}: is one with it refused the same address?"""
    change.play(stack, LOOPBACK, SO_REUSEADDR)
    second = stack.tcp4(SO_REUSEADDR)
    assert second.bind(LOOPBACK) == EADDRINUSE


# The second socket: what counts is what it has set when it calls bind.
@experiment("tcp/option-timing/second-cleared-before-bind/{option}", rule=BEFORE_BIND, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_option_cleared_before_bind(stack: Stack, option: Options) -> None:
    """Is 127.0.0.1 refused beside 0.0.0.0 to a socket that cleared {option.aloud} before bind?"""
    first = stack.tcp4(*option)
    first.bind(WILDCARD)
    second = stack.tcp4(*option)
    second.set(option[0].off)
    assert second.bind(LOOPBACK) == EADDRINUSE


@experiment("tcp/option-timing/retry-of-bind/{option}", rule=BEFORE_BIND, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_retry_of_bind_after_setting_the_option(stack: Stack, option: Options) -> None:
    """May a socket that was refused beside the wildcard set {option.aloud}, as the first has, and bind?"""
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
    """Is a bound socket refused a second bind to its own address after it has set {option.aloud}?"""
    first = stack.tcp4()
    first.bind(LOOPBACK)
    first.set(*option)
    assert first.bind(LOOPBACK) == EINVAL


@experiment("tcp/option-timing/listen-after-clearing/{option}", rule=LISTEN_IS_FREE, cites=(TCPV2.at("tcp_usrreq, PRU_LISTEN"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_listen_after_clearing_the_option(stack: Stack, option: Options) -> None:
    """May a socket that bound beside the wildcard thanks to {option.aloud} clear it and still listen?"""
    first = stack.tcp4(*option)
    first.bind(WILDCARD)
    second = stack.tcp4(*option)
    second.bind(LOOPBACK)
    second.set(option[0].off)
    assert second.listen() == OK


@experiment("tcp/option-timing/listen-after-first-cleared/{option}", rule=LISTEN_IS_FREE, cites=(TCPV2.at("tcp_usrreq, PRU_LISTEN"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_listen_after_the_other_cleared_the_option(stack: Stack, option: Options) -> None:
    """A socket bound beside the wildcard, which then cleared {option.aloud}: may the socket listen?"""
    first = stack.tcp4(*option)
    first.bind(WILDCARD)
    second = stack.tcp4(*option)
    second.bind(LOOPBACK)
    first.set(option[0].off)
    assert second.listen() == OK


# The accepted socket: its options are its own, and a bind beside it asks only the new socket.
ACCEPTED = [
    # change,   of what,   made with, what is set,      restarted, its bind
    ("set",     REUSEADDR, NONE,      SO_REUSEADDR,     NONE,      EADDRINUSE),
    ("set",     REUSEADDR, NONE,      SO_REUSEADDR,     REUSEADDR, OK),
    ("cleared", REUSEADDR, REUSEADDR, SO_REUSEADDR.off, NONE,      EADDRINUSE),
    ("cleared", REUSEADDR, REUSEADDR, SO_REUSEADDR.off, REUSEADDR, OK),
    ("set",     REUSEPORT, NONE,      SO_REUSEPORT,     NONE,      EADDRINUSE),
    ("set",     REUSEPORT, NONE,      SO_REUSEPORT,     REUSEPORT, OK),
    ("cleared", REUSEPORT, REUSEPORT, SO_REUSEPORT.off, NONE,      EADDRINUSE),
    ("cleared", REUSEPORT, REUSEPORT, SO_REUSEPORT.off, REUSEPORT, OK),
]  # fmt: skip


@experiment("tcp/option-timing/accepted-{change}/{option}/restarted-{new}", rule=BEFORE_BIND, cites=(LITE2.at("in_pcbbind"),))
@pytest.mark.parametrize(("change", "option", "old", "late", "new", "expected"), ACCEPTED, ids=str)
def test_option_changed_on_the_accepted_socket(
    stack: Stack, change: str, option: Options, old: Options, late: Option, new: Options, expected: Answer
) -> None:
    """{option.aloud} was {change} on a dead server's accepted socket: may a restart with {new.aloud} bind?"""
    listener = listening(stack, LOOPBACK, *old)
    _, accepted = served(stack, listener, LOOPBACK)
    accepted.set(late)
    listener.close()
    stack.shows(LOOPBACK, ESTABLISHED)
    restarted = stack.tcp4(*new)
    assert restarted.bind(LOOPBACK) == expected


@experiment("tcp/option-timing/accepted-inherits/{option}", rule=INHERITED_OPTIONS, cites=(TCPV2.at("sonewconn"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_accepted_socket_has_the_option(stack: Stack, option: Options) -> None:
    """Does a socket accepted from a listener with {option.aloud} have it set?"""
    listener = listening(stack, LOOPBACK, *option)
    _, accepted = served(stack, listener, LOOPBACK)
    assert accepted.get(*option) == Answer("1")


@experiment("tcp/option-timing/accepted-inherits/second-of-two-waiting", rule=INHERITED_OPTIONS, cites=(TCPV2.at("sonewconn"),))
def test_second_of_two_that_wait_has_the_option(stack: Stack) -> None:
    """Two connections wait for a listener with SO_REUSEADDR. Does the second have it set, too?"""
    listener = listening(stack, LOOPBACK, SO_REUSEADDR)
    for _ in range(2):
        connecting(stack, LOOPBACK)
    listener.accept()
    assert listener.accept().get(SO_REUSEADDR) == Answer("1")


@experiment("tcp/option-timing/accepted-inherits-late/{option}", rule=INHERITED_OPTIONS, cites=(TCPV2.at("sonewconn"),))
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT], ids=str)
def test_accepted_socket_has_an_option_set_after_listen(stack: Stack, option: Options) -> None:
    """Does an accepted socket have {option.aloud} if the listener set it after listen, before connect?"""
    listener = listening(stack, LOOPBACK)
    listener.set(*option)
    _, accepted = served(stack, listener, LOOPBACK)
    assert accepted.get(*option) == Answer("1")


@experiment("tcp/option-timing/accepted-inherits-nothing/{option}", rule=INHERITED_OPTIONS)
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT, Options(SO_LINGER_0)], ids=str)
def test_accepted_socket_without_the_option(stack: Stack, option: Options) -> None:
    """Does a socket accepted from a listener without options have {option.aloud} clear?"""
    listener = listening(stack, LOOPBACK)
    _, accepted = served(stack, listener, LOOPBACK)
    assert accepted.get(*option) == Answer("0")


@experiment("tcp6/option-timing/accepted-inherits/v6only", rule=INHERITED_OPTIONS, cites=(TCPV2.at("sonewconn"),))
def test_accepted_socket_is_v6only(stack: Stack) -> None:
    """Does a socket accepted from a listener with IPV6_V6ONLY have it set?"""
    listener = listening(stack, WILDCARD6, IPV6_V6ONLY)
    stack.tcp6().connect(LOOPBACK6)
    assert listener.accept().get(IPV6_V6ONLY) == Answer("1")


@experiment("tcp6/option-timing/accepted-inherits/v6only-cleared", rule=INHERITED_OPTIONS, cites=(TCPV2.at("sonewconn"),))
def test_accepted_socket_is_not_v6only(stack: Stack) -> None:
    """Does a socket accepted from a listener that cleared IPV6_V6ONLY have it clear?"""
    listener = listening(stack, WILDCARD6, IPV6_V6ONLY.off)
    stack.tcp6().connect(LOOPBACK6)
    assert listener.accept().get(IPV6_V6ONLY) == Answer("0")


@experiment("tcp/option-timing/options-are-two/{one}-is-not-{other}", rule=OPTION_BITS, cites=(UNP.at("§7.5"),))
@pytest.mark.parametrize(("one", "other"), [(REUSEADDR, REUSEPORT), (REUSEPORT, REUSEADDR)], ids=str)
def test_one_option_does_not_set_the_other(stack: Stack, one: Options, other: Options) -> None:
    """Does a socket that sets {one.aloud} still have {other.aloud} clear?"""
    first = stack.tcp4(*one)
    assert first.get(*other) == Answer("0")


# Before anything is set, and right after.
@experiment("{kind}/option-timing/default/{option}", rule=OPTION_BITS, cites=(POSIX.at("getsockopt; socket options"),))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT, EXCLUSIVE], ids=str)
def test_option_of_a_new_socket(stack: Stack, kind: str, option: Options) -> None:
    """Is {option.aloud} off on a new {kind} socket?"""
    assert stack.socket(kind).get(*option) == Answer("0")


@experiment("{kind}/option-timing/read-back/{option}", rule=OPTION_BITS, cites=(POSIX.at("getsockopt; socket options"),))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
@pytest.mark.parametrize("option", [REUSEADDR, REUSEPORT, EXCLUSIVE], ids=str)
def test_option_reads_as_it_was_set(stack: Stack, kind: str, option: Options) -> None:
    """Does {option.aloud}, once set on a {kind} socket, read as set?"""
    assert stack.socket(kind, *option).get(*option) == Answer("1")


@experiment("tcp4/option-timing/read-back/reuseaddr-cleared", rule=OPTION_BITS, cites=(POSIX.at("getsockopt; socket options"),))
def test_a_cleared_option_reads_as_clear(stack: Stack) -> None:
    """Does SO_REUSEADDR, once set and cleared again, read as clear?"""
    first = stack.tcp4(SO_REUSEADDR)
    first.set(SO_REUSEADDR.off)
    assert first.get(SO_REUSEADDR) == Answer("0")


@experiment("tcp/option-timing/retry-of-listen/reuseaddr", rule=LISTEN_IS_FREE)
def test_retry_of_listen(stack: Stack) -> None:
    """With SO_REUSEADDR on both, the second called listen too early: may it once the first has closed?"""
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    second.bind(LOOPBACK)
    first.listen()
    second.listen()
    first.close()
    assert second.listen() == OK


@experiment("tcp/option-timing/refused-listen/then-connect", rule=UNUSED_ADDRESS)
def test_connect_after_a_refused_listen(stack: Stack) -> None:
    """May a server that came second at its address, or was refused it, connect to another server?"""
    listening(stack, SECOND.at("Q"))
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    # Where the bind was refused there is nothing to listen at.
    if second.bind(LOOPBACK) == OK:
        first.listen()
        second.listen()
    assert second.connect(SECOND.at("Q")) == OK


@experiment("udp/option-timing/set-after-bind/reuseaddr", rule=OPTION_BITS, cites=(POSIX.at("setsockopt"),))
def test_reuseaddr_after_bind(stack: Stack) -> None:
    """May a bound UDP socket set SO_REUSEADDR?"""
    server = stack.udp4()
    server.bind(LOOPBACK)
    assert server.set(SO_REUSEADDR) == OK


@experiment("udp/option-timing/cleared-after-bind/reuseaddr", rule=UDP_DUPLICATE)
def test_reuseaddr_cleared_after_bind_over_udp(stack: Stack) -> None:
    """A UDP socket cleared SO_REUSEADDR after bind: is a second with SO_REUSEADDR refused its address?"""
    first, second = stack.udp4(SO_REUSEADDR), stack.udp4(SO_REUSEADDR)
    first.bind(LOOPBACK)
    first.set(SO_REUSEADDR.off)
    assert second.bind(LOOPBACK) in (EADDRINUSE, EACCES)
