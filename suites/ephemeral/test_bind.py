"""When do bind to port 0, and listen without bind, find no port?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Socket, Stack
from fixtures.language.words import (
    EADDRINUSE,
    IPV6_V6ONLY,
    LOOPBACK,
    NONE,
    OK,
    RDWR,
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
    Option,
    Options,
)
from fixtures.specification.rules import DIFFERENT_ADDRESSES, SHUT_DOWN, UNUSED_PORT, V6ONLY
from fixtures.specification.sources import LINUX, LINUX_MAN, POSIX
from suites.ephemeral.scenes import ANY_PORT, AUTOBIND, BIND, RANGE, confined, holding, server_in_time_wait

LISTEN = LINUX_MAN.at("listen(2), [EADDRINUSE]")

# No option makes a used port an unused one.


@experiment("{protocol}/ephemeral/exhausted/first-{first}/second-{second}", rule=UNUSED_PORT, cites=(RANGE, BIND, AUTOBIND))
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (NONE,      NONE),
        (NONE,      REUSEADDR),
        (REUSEADDR, NONE),
        (REUSEADDR, REUSEADDR),
        (REUSEADDR, REUSEPORT),
        (REUSEPORT, REUSEPORT),
        (NONE,      REUSEPORT),
        (REUSEPORT, NONE),
        (NONE,      REUSEBOTH),
        (REUSEBOTH, REUSEADDR),
        (REUSEBOTH, NONE),
        (REUSEADDR, REUSEBOTH),
        (REUSEBOTH, REUSEBOTH),
    ],
    ids=str,
)  # fmt: skip
def test_bind_with_an_exhausted_range(stack: Stack, protocol: str, first: Options, second: Options) -> None:
    """A {protocol} socket with {first.aloud} holds the range. Is one with {second.aloud} refused port 0?"""
    holder = holding(stack, f"{protocol}4", LOOPBACK, *first)
    drawing = confined(stack, f"{protocol}4", holder, *second)
    assert drawing.bind(ANY_PORT) == EADDRINUSE


@experiment("tcp/ephemeral/holder-gone/no-options", rule=UNUSED_PORT, cites=(RANGE,))
def test_range_of_one_free_port(stack: Stack) -> None:
    """The holder of the only port of a range is gone. Does a socket get that port?"""
    holder = holding(stack, "tcp4", LOOPBACK)
    drawing = confined(stack, "tcp4", holder)
    holder.close()
    drawing.bind(ANY_PORT)
    assert stack.tcp4().bind(holder.address) == EADDRINUSE


@experiment("tcp/ephemeral/wildcard-{case}/reuseaddr", rule=UNUSED_PORT, cites=(RANGE, BIND))
@pytest.mark.parametrize(
    ("case", "held", "wanted"),
    [
        ("held",   WILDCARD, LOOPBACK),
        ("wanted", LOOPBACK, WILDCARD),
    ],
    ids=str,
)  # fmt: skip
def test_the_wildcard_and_a_specific_address(stack: Stack, case: str, held: Address, wanted: Address) -> None:
    """The range is held on {held.aloud} (SO_REUSEADDR). Is a bind of {wanted.aloud}:0 refused?"""
    holder = holding(stack, "tcp4", held, SO_REUSEADDR)
    drawing = confined(stack, "tcp4", holder, SO_REUSEADDR)
    assert drawing.bind(wanted.at("0")) == EADDRINUSE


@experiment("{protocol}/ephemeral/other-address/no-options", rule=DIFFERENT_ADDRESSES, cites=(RANGE,))
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_other_address_does_not_exhaust(stack: Stack, protocol: str) -> None:
    """The range is held on one address. Does a {protocol} socket get its port on another?"""
    holder = holding(stack, f"{protocol}4", LOOPBACK)
    drawing = confined(stack, f"{protocol}4", holder)
    assert drawing.bind(SECOND.at("0")) == OK


@experiment("tcp/ephemeral/dual-stack/no-options", rule=UNUSED_PORT, cites=(RANGE,))
def test_dual_stack_wildcard(stack: Stack) -> None:
    """An IPv4 socket holds the range. Is a dual-stack socket refused [::]:0?"""
    holder = holding(stack, "tcp4", LOOPBACK)
    drawing = confined(stack, "tcp6", holder, IPV6_V6ONLY.off)
    assert drawing.bind(WILDCARD6.at("0")) == EADDRINUSE


@experiment("tcp/ephemeral/v6only/no-options", rule=V6ONLY, cites=(RANGE,))
def test_v6only_wildcard(stack: Stack) -> None:
    """An IPv4 socket holds the range. Does a socket with IPV6_V6ONLY get its port for [::]?"""
    holder = holding(stack, "tcp4", LOOPBACK)
    drawing = confined(stack, "tcp6", holder, IPV6_V6ONLY)
    assert drawing.bind(WILDCARD6.at("0")) == OK


# What exhausts a range besides a socket that is only bound.


@experiment("tcp/ephemeral/listener/reuseaddr", rule=UNUSED_PORT, cites=(RANGE, AUTOBIND))
def test_listener_exhausts(stack: Stack) -> None:
    """A listener holds the range. Is a socket refused port 0 (both SO_REUSEADDR)?"""
    holder = holding(stack, "tcp4", LOOPBACK, SO_REUSEADDR)
    holder.listen()
    drawing = confined(stack, "tcp4", holder, SO_REUSEADDR)
    assert drawing.bind(ANY_PORT) == EADDRINUSE


@experiment("tcp/ephemeral/time-wait/reuseaddr", rule=UNUSED_PORT, cites=(RANGE, AUTOBIND))
def test_time_wait_exhausts(stack: Stack) -> None:
    """A server's TIME_WAIT is on the range. Is its successor refused port 0 (both SO_REUSEADDR)?"""
    server = server_in_time_wait(stack, SO_REUSEADDR)
    restarted = confined(stack, "tcp4", server, SO_REUSEADDR)
    assert restarted.bind(ANY_PORT) == EADDRINUSE


@experiment("tcp/ephemeral/time-wait/another-user", rule=UNUSED_PORT, cites=(RANGE, AUTOBIND))
def test_time_wait_exhausts_for_another_user(stack: Stack) -> None:
    """A server's TIME_WAIT is on the range. Is another user refused port 0 (each with both options)?"""
    server = server_in_time_wait(stack, *REUSEBOTH)
    drawing = confined(stack.stranger, "tcp4", server, *REUSEBOTH)
    assert drawing.bind(ANY_PORT) == EADDRINUSE


@experiment("{protocol}/ephemeral/another-user/{options}", rule=UNUSED_PORT, cites=(RANGE, BIND, AUTOBIND))
@pytest.mark.parametrize(
    ("protocol", "options"),
    [
        ("tcp", REUSEBOTH),
        ("udp", REUSEBOTH),
        ("udp", REUSEPORT),
    ],
    ids=str,
)  # fmt: skip
def test_range_exhausted_by_another_user(stack: Stack, protocol: str, options: Options) -> None:
    """We hold the range over {protocol}. Is another user refused port 0 (each with {options.aloud})?"""
    holder = holding(stack, f"{protocol}4", LOOPBACK, *options)
    drawing = confined(stack.stranger, f"{protocol}4", holder, *options)
    assert drawing.bind(ANY_PORT) == EADDRINUSE


@experiment("tcp/ephemeral/unlike-holders/reuseaddr", rule=UNUSED_PORT, cites=(RANGE, AUTOBIND))
def test_one_unlike_holder_exhausts(stack: Stack) -> None:
    """One of two holders of the range lacks SO_REUSEADDR. Is a socket that has it refused 0.0.0.0:0?"""
    holder = holding(stack, "tcp4", LOOPBACK, SO_REUSEADDR)
    stack.tcp4().bind(SECOND.at(f"port({holder.name})"))
    drawing = confined(stack, "tcp4", holder, SO_REUSEADDR)
    assert drawing.bind(WILDCARD.at("0")) == EADDRINUSE


@experiment("udp/ephemeral/unlike-holders/reuseport", rule=UNUSED_PORT, cites=(LINUX.at("ipv4/udp.c, udp_lib_lport_inuse"),))
def test_udp_draws_no_port_of_unlike_holders(stack: Stack) -> None:
    """One of three UDP holders of the range lacks SO_REUSEPORT. Is a socket with it refused port 0?"""
    oldest = holding(stack, "udp4", LOOPBACK, *REUSEBOTH)
    lacking = stack.udp4(SO_REUSEADDR)
    lacking.bind(oldest.address)
    newest = stack.udp4(*REUSEBOTH)
    newest.bind(WILDCARD.at(f"port({oldest.name})"))
    drawing = confined(stack, "udp4", oldest, SO_REUSEPORT)
    assert drawing.bind(ANY_PORT) == EADDRINUSE


# listen without bind draws from the range, too.


@experiment("tcp/ephemeral/listen-without-bind/no-options", rule=UNUSED_PORT, cites=(RANGE, LISTEN))
def test_listen_with_an_exhausted_range(stack: Stack) -> None:
    """The range is held. Is a listen without bind refused?"""
    holder = holding(stack, "tcp4", LOOPBACK)
    assert confined(stack, "tcp4", holder).listen() == EADDRINUSE


@experiment("tcp/ephemeral/listen-without-bind/{taken}/{v6only}", rule=UNUSED_PORT, cites=(RANGE, LISTEN))
@pytest.mark.parametrize(
    ("taken", "held", "held_options", "v6only", "option", "expected"),
    [
        ("any4", WILDCARD,  NONE,                 "v6only", IPV6_V6ONLY,     OK),
        ("any4", WILDCARD,  NONE,                 "dual",   IPV6_V6ONLY.off, EADDRINUSE),
        ("any6", WILDCARD6, Options(IPV6_V6ONLY), "v6only", IPV6_V6ONLY,     EADDRINUSE),
    ],
    ids=str,
)  # fmt: skip
def test_listen_of_ipv6_with_an_exhausted_range(
    stack: Stack, taken: str, held: Address, held_options: Options, v6only: str, option: Option, expected: Answer
) -> None:
    """The range is held on {held.aloud}. May an IPv6 socket ({v6only}) listen without bind?"""
    holder = holding(stack, f"tcp{held.family}", held, *held_options)
    assert confined(stack, "tcp6", holder, option).listen() == expected


#: The calls that draw a port.
DRAWING: dict[str, Callable[[Socket], Answer]] = {
    "bind": lambda drawing: drawing.bind(ANY_PORT),
    "listen": Socket.listen,
}


@experiment("tcp/ephemeral/still-unbound/after-{call}", rule=UNUSED_PORT, cites=(RANGE, BIND))
@pytest.mark.parametrize("call", DRAWING)
def test_what_drew_no_port_is_not_bound(stack: Stack, call: str) -> None:
    """A socket found no free port at {call}. May it bind another port afterwards?"""
    holder = holding(stack, "tcp4", LOOPBACK)
    drawing = confined(stack, "tcp4", holder)
    DRAWING[call](drawing)
    assert drawing.bind(LOOPBACK) == OK


@experiment("tcp/ephemeral/shut-listener/no-options", rule=SHUT_DOWN, cites=(POSIX.at("shutdown"),))
def test_shut_listener_gives_its_port_back(stack: Stack) -> None:
    """A listener on a drawn port was shut down and is still open. Is its port free?"""
    listener = holding(stack, "tcp4", LOOPBACK)
    listener.listen()
    listener.shutdown(RDWR)
    assert stack.tcp4().bind(listener.address) == OK
