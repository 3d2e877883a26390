"""When does connect without bind find no port?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connecting, listening, served, serving
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRNOTAVAIL,
    FIN_WAIT_2,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    NONE,
    OK,
    REUSEADDR,
    REUSEPORT,
    SECOND,
    WILDCARD,
    WILDCARD6,
    Address,
    Options,
)
from fixtures.specification.rules import SAME_CONNECTION, UNUSED_ADDRESS
from suites.ephemeral.scenes import ANY_PORT, CONNECT, RANGE, client_in_time_wait, confined, holding


@experiment("tcp/ephemeral/connect/port-bound/{options}", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
@pytest.mark.parametrize("options", [NONE, REUSEADDR, REUSEPORT], ids=str)
def test_connect_with_an_exhausted_range(stack: Stack, options: Options) -> None:
    """A bound socket holds the range. Is a client refused, each with {options.aloud}?"""
    listening(stack, LOOPBACK)
    holder = holding(stack, "tcp4", LOOPBACK, *options)
    client = confined(stack, "tcp4", holder, *options)
    assert client.connect(LOOPBACK) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/bound-already/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_a_bound_socket_draws_no_port(stack: Stack) -> None:
    """The range is held. May a client that is bound already connect?"""
    listening(stack, LOOPBACK)
    holder = holding(stack, "tcp4", LOOPBACK)
    client = confined(stack, "tcp4", holder)
    client.bind(LOOPBACK.at("Q"))
    assert client.connect(LOOPBACK) == OK


@experiment("tcp/ephemeral/connect/bound-elsewhere/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_from_a_port_bound_on_another_address(stack: Stack) -> None:
    """The range is held on another local address. May a client connect?"""
    listening(stack, LOOPBACK)
    holder = holding(stack, "tcp4", SECOND)
    client = confined(stack, "tcp4", holder)
    assert client.connect(LOOPBACK) == OK


@experiment("tcp/ephemeral/connect/holder-gone/no-options", rule=UNUSED_ADDRESS, cites=(RANGE,))
def test_connect_from_the_only_port(stack: Stack) -> None:
    """The only port of the range is free. May a client connect?"""
    listening(stack, LOOPBACK)
    holder = holding(stack, "tcp4", LOOPBACK)
    holder.close()
    client = confined(stack, "tcp4", holder)
    assert client.connect(LOOPBACK) == OK


# The holder is a client itself.


@experiment("tcp/ephemeral/connect/same-destination/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_twice_to_one_destination(stack: Stack) -> None:
    """A client on the only port of the range is connected. Is a second refused the same server?"""
    listening(stack, LOOPBACK)
    first = connecting(stack, LOOPBACK)
    second = confined(stack, "tcp4", first)
    assert second.connect(LOOPBACK) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/other-destination/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_to_another_destination(stack: Stack) -> None:
    """A client on the only port of the range is connected. Is a second refused another server?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    first = connecting(stack, LOOPBACK)
    second = confined(stack, "tcp4", first)
    assert second.connect(elsewhere.address) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/other-destination-bound/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_beside_a_bound_client(stack: Stack) -> None:
    """A client bound the only port of the range and connected. Is a second refused another server?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    first = holding(stack, "tcp4", LOOPBACK)
    first.connect(LOOPBACK)
    second = confined(stack, "tcp4", first)
    assert second.connect(elsewhere.address) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/time-wait-other-destination/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_from_time_wait_elsewhere(stack: Stack) -> None:
    """The range is in TIME_WAIT with one server. Is a client refused another server?"""
    elsewhere = listening(stack, ANY_PORT)
    first = client_in_time_wait(stack)
    second = confined(stack, "tcp4", first)
    assert second.connect(elsewhere.address) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/time-wait-same-destination/no-options", rule=SAME_CONNECTION, cites=(RANGE, CONNECT))
def test_connect_from_time_wait(stack: Stack) -> None:
    """The range has been in TIME_WAIT for two seconds. Is a client refused the same server?"""
    first = client_in_time_wait(stack)
    second = confined(stack, "tcp4", first)
    stack.elapse(2)
    assert second.connect(LOOPBACK) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/fin-wait-2-same-destination/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_from_fin_wait_2(stack: Stack) -> None:
    """The range has been in FIN_WAIT_2 for two seconds. Is a client refused the same server?"""
    listening(stack, LOOPBACK)
    first = connecting(stack, LOOPBACK)
    first.close()
    stack.shows(LOOPBACK.at(f"port({first.name})"), FIN_WAIT_2)
    second = confined(stack, "tcp4", first)
    stack.elapse(2)
    assert second.connect(LOOPBACK) == EADDRNOTAVAIL


# UDP.


@experiment("udp/ephemeral/connect/port-bound/{options}", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
@pytest.mark.parametrize("options", [NONE, REUSEADDR], ids=str)
def test_udp_connect_with_an_exhausted_range(stack: Stack, options: Options) -> None:
    """A bound UDP socket holds the range. Is another refused a connect, each with {options.aloud}?"""
    holder = holding(stack, "udp4", LOOPBACK, *options)
    caller = confined(stack, "udp4", holder, *options)
    assert caller.connect(LOOPBACK) == EADDRNOTAVAIL


@experiment("udp/ephemeral/connect/bound-elsewhere/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_udp_connect_from_a_port_bound_on_another_address(stack: Stack) -> None:
    """The range is held on another local address. May a UDP socket connect?"""
    holder = holding(stack, "udp4", SECOND)
    caller = confined(stack, "udp4", holder)
    assert caller.connect(LOOPBACK) == OK


@experiment("udp/ephemeral/still-unbound/after-connect", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_udp_is_still_unbound(stack: Stack) -> None:
    """A UDP socket found no free port at connect. May it bind afterwards?"""
    holder = holding(stack, "udp4", WILDCARD)
    caller = confined(stack, "udp4", holder)
    caller.connect(LOOPBACK)
    assert caller.bind(LOOPBACK) == OK


@experiment("udp/ephemeral/connect/bound-already/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_a_bound_udp_socket_draws_no_port(stack: Stack) -> None:
    """The range is held. May a UDP socket that is bound already connect?"""
    holder = holding(stack, "udp4", LOOPBACK)
    caller = confined(stack, "udp4", holder)
    caller.bind(LOOPBACK.at("Q"))
    assert caller.connect(LOOPBACK) == OK


@experiment("tcp/ephemeral/connect/drawn-and-bound/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_from_a_port_that_was_drawn_and_bound(stack: Stack) -> None:
    """A client's drawn port is bound at a second address, too. Is it refused to another client?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    first = stack.tcp4()
    first.connect(LOOPBACK)
    stack.tcp4().bind(SECOND.at(f"port({first.name})"))
    second = confined(stack, "tcp4", first)
    assert second.connect(elsewhere.address) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/binder-left/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_from_a_port_that_its_binder_left(stack: Stack) -> None:
    """A drawn port was bound at a second address, too, for a while. Is it refused to another client?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    first, binder = stack.tcp4(), stack.tcp4()
    first.connect(LOOPBACK)
    binder.bind(SECOND.at(f"port({first.name})"))
    binder.close()
    second = confined(stack, "tcp4", first)
    assert second.connect(elsewhere.address) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/binder-left-its-address/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_from_a_port_that_its_binder_left_at_the_same_address(stack: Stack) -> None:
    """A client's drawn port was bound at its address, too, for a while. Is it refused to another client?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    first, binder = stack.tcp4(*REUSEADDR), stack.tcp4(*REUSEADDR)
    first.connect(LOOPBACK)
    binder.bind(LOOPBACK.at(f"port({first.name})"))
    binder.close()
    second = confined(stack, "tcp4", first)
    assert second.connect(elsewhere.address) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/binder-connected/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_from_a_port_whose_binder_connected(stack: Stack) -> None:
    """Who bound 0.0.0.0 on a client's drawn port has connected, too. Is the port refused to another?"""
    listening(stack, LOOPBACK)
    second, third = listening(stack, ANY_PORT), listening(stack, ANY_PORT)
    first, binder = stack.tcp4(*REUSEADDR), stack.tcp4(*REUSEADDR)
    first.connect(LOOPBACK)
    binder.bind(WILDCARD.at(f"port({first.name})"))
    binder.connect(second.address)
    drawing = confined(stack, "tcp4", first)
    assert drawing.connect(third.address) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/binder-connected/then-another-left/{place}", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
@pytest.mark.parametrize(("place", "address"), [("specific", LOOPBACK), ("wildcard", WILDCARD)], ids=str)
def test_connect_from_a_port_that_another_left_after_its_binder_connected(stack: Stack, place: str, address: Address) -> None:
    """Of two that bound a client's drawn port one ({place}) has connected, one left. Is it refused?"""
    listening(stack, LOOPBACK)
    second, third = listening(stack, ANY_PORT), listening(stack, ANY_PORT)
    first, binder, leaving = stack.tcp4(*REUSEADDR), stack.tcp4(*REUSEADDR), stack.tcp4()
    first.connect(LOOPBACK)
    binder.bind(address.at(f"port({first.name})"))
    binder.connect(second.address)
    leaving.bind(SECOND.at(f"port({first.name})"))
    leaving.close()
    drawing = confined(stack, "tcp4", first)
    assert drawing.connect(third.address) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/binder-was-refused/then-another-left", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_from_a_port_whose_binder_was_refused_a_connection(stack: Stack) -> None:
    """Who was refused a connection bound a client's drawn port, as did another, who left. Is it refused?"""
    binder = connecting(stack, LOOPBACK, *REUSEADDR)
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    first, leaving = stack.tcp4(*REUSEADDR), stack.tcp4()
    first.connect(LOOPBACK)
    binder.bind(LOOPBACK.at(f"port({first.name})"))
    leaving.bind(SECOND.at(f"port({first.name})"))
    leaving.close()
    drawing = confined(stack, "tcp4", first)
    assert drawing.connect(elsewhere.address) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/listener-left-a-connection/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_from_a_port_where_a_listener_left_a_connection(stack: Stack) -> None:
    """A listener on a client's drawn port is gone but for a connection. Is the port refused to another?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    first = connecting(stack, LOOPBACK, *REUSEADDR)
    port = f"port({first.name})"
    listener = listening(stack, WILDCARD.at(port), *REUSEADDR)
    served(stack, listener, LOOPBACK.at(port))
    listener.close()
    drawing = confined(stack, "tcp4", first)
    assert drawing.connect(elsewhere.address) == EADDRNOTAVAIL


@experiment("tcp6/ephemeral/connect/listener-left-a-connection/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_from_a_port_where_an_ipv6_listener_left_a_connection(stack: Stack) -> None:
    """An IPv6 listener on a client's drawn port is gone but for a connection. Is the port refused?"""
    for address in (LOOPBACK6, LOOPBACK6.at("Q")):
        serving(stack, "tcp6", address, IPV6_V6ONLY)
    first = stack.tcp6(IPV6_V6ONLY, *REUSEADDR)
    first.connect(LOOPBACK6)
    port = f"port({first.name})"
    listener = serving(stack, "tcp6", WILDCARD6.at(port), IPV6_V6ONLY, *REUSEADDR)
    stack.tcp6(IPV6_V6ONLY).connect(LOOPBACK6.at(port))
    listener.accept()
    listener.close()
    drawing = confined(stack, "tcp6", first, IPV6_V6ONLY)
    assert drawing.connect(LOOPBACK6.at("Q")) == EADDRNOTAVAIL
