"""What IPV6_V6ONLY is by default, and when it can still be set."""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening, serve
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    ECONNREFUSED,
    EINVAL,
    IPV6_V6ONLY,
    LOOPBACK,
    OK,
    WILDCARD,
    WILDCARD6,
    Answer,
    Option,
)
from fixtures.specification.rules import DUAL_STACK, V6ONLY
from fixtures.specification.sources import LINUX, RFC3493
from suites.places import ANY4, ANY6, DUAL, MAPPED4, ONE4, ONE6, Place, ask_for, bound

ON, OFF = Answer("1"), Answer("0")


@experiment("{kind}/dual-stack/default/option", rule=DUAL_STACK, cites=(RFC3493.at("§5.3"),))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_the_default(stack: Stack, kind: str) -> None:
    """Is IPV6_V6ONLY off on a new {kind} socket?"""
    assert stack.socket(kind).get(IPV6_V6ONLY) == OFF


@experiment("tcp/dual-stack/default/{wanted}", rule=DUAL_STACK)
@pytest.mark.parametrize("wanted", [ANY4, ONE4, ONE6], ids=str)
def test_the_default_wildcard_holds(stack: Stack, wanted: Place) -> None:
    """A server listens at [::] and left IPV6_V6ONLY alone. Is {wanted.aloud} refused to others?"""
    listening(stack, WILDCARD6)
    assert ask_for(stack, "tcp", wanted) == EADDRINUSE


@experiment("tcp/dual-stack/default/receives", rule=DUAL_STACK)
def test_the_default_wildcard_receives(stack: Stack) -> None:
    """A server listens at [::] and left IPV6_V6ONLY alone. Does it get IPv4 connections?"""
    server = listening(stack, WILDCARD6)
    assert stack.connections(LOOPBACK) == server.itself


@experiment("tcp/dual-stack/default/second-instance", rule=DUAL_STACK)
def test_a_second_instance_at_the_default_wildcard(stack: Stack) -> None:
    """A server bound 0.0.0.0 and asked for [::], IPV6_V6ONLY left alone. Is a second refused [::]?"""
    stack.tcp4().bind(WILDCARD)
    stack.tcp6().bind(WILDCARD6)
    assert stack.tcp6().bind(WILDCARD6) == EADDRINUSE


@experiment("tcp/dual-stack/default/option-late", rule=V6ONLY)
def test_the_option_after_bind_of_a_default_socket(stack: Stack) -> None:
    """A socket that left IPV6_V6ONLY alone is bound to [::]. Is it too late to set it?"""
    server = stack.tcp6()
    server.bind(WILDCARD6)
    assert server.set(IPV6_V6ONLY) == EINVAL


@experiment("tcp/dual-stack/option-after-bind/{place}", rule=DUAL_STACK, cites=(LINUX.at("ipv6/af_inet6.c, __inet6_bind"),))
@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (DUAL,    OFF),
        (ANY6,    ON),
        (ONE6,    OFF),
        (MAPPED4, OFF),
    ],
    ids=str,
)  # fmt: skip
def test_the_option_is_read_back(stack: Stack, place: Place, expected: Answer) -> None:
    """A socket is bound to {place.aloud}. Does IPV6_V6ONLY still read as it was set?"""
    assert bound(stack, "tcp", place).get(IPV6_V6ONLY) == expected


@experiment("{kind}/dual-stack/option-late/{value}", rule=V6ONLY, cites=(LINUX.at("ipv6/ipv6_sockglue.c, do_ipv6_setsockopt"),))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
@pytest.mark.parametrize(
    ("value", "before", "late"),
    [
        ("set",     IPV6_V6ONLY.off, IPV6_V6ONLY),
        ("cleared", IPV6_V6ONLY,     IPV6_V6ONLY.off),
    ],
    ids=str,
)  # fmt: skip
def test_the_option_after_bind(stack: Stack, kind: str, value: str, before: Option, late: Option) -> None:
    """A {kind} socket is bound to [::]. Is it too late for IPV6_V6ONLY to be {value}?"""
    server = stack.socket(kind, before)
    server.bind(WILDCARD6)
    assert server.set(late) == EINVAL


@experiment("tcp/dual-stack/option-late/{place}/reached", rule=V6ONLY, cites=(LINUX.at("ipv6/ipv6_sockglue.c, do_ipv6_setsockopt"),))
@pytest.mark.parametrize(
    ("place", "late", "expected"),
    [
        (DUAL, IPV6_V6ONLY,     OK),
        (ANY6, IPV6_V6ONLY.off, ECONNREFUSED),
        (ONE6, IPV6_V6ONLY.off, ECONNREFUSED),
    ],
    ids=str,
)  # fmt: skip
def test_who_is_reached_after_a_late_option(stack: Stack, place: Place, late: Option, expected: Answer) -> None:
    """A listener at {place.aloud} sets {late}. Does that change nothing for an IPv4 client?"""
    server = bound(stack, "tcp", place)
    serve(server)
    server.set(late)
    assert stack.tcp4().connect(LOOPBACK) == expected
