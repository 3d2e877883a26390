"""The ephemeral range: what becomes of a socket that needs a port from it when every port is held.

A range of one port, that of the first socket, is exhausted by its holder.
"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import listening
from fixtures.language.stack import Actor, Socket, Stack
from fixtures.language.words import (
    EADDRINUSE,
    EADDRNOTAVAIL,
    FIN_WAIT_2,
    IP_BIND_ADDRESS_NO_PORT,
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
    TIME_WAIT,
    WILDCARD,
    WILDCARD6,
    Address,
    Answer,
    Option,
    Options,
)
from fixtures.specification.rules import DIFFERENT_ADDRESSES, NO_OPTIONS, SAME_CONNECTION, SHUT_DOWN, UNUSED_ADDRESS, UNUSED_PORT, V6ONLY
from fixtures.specification.sources import LINUX, LINUX_MAN, POSIX

ANY_PORT = LOOPBACK.at("0")
RANGE = LINUX_MAN.at("ip(7), IP_LOCAL_PORT_RANGE")
BIND = LINUX_MAN.at("bind(2), [EADDRINUSE]")
CONNECT = LINUX_MAN.at("connect(2), [EADDRNOTAVAIL]")
AUTOBIND = LINUX.at("ip_sysctl.rst, ip_autobind_reuse")


def holding(stack: Stack, kind: str, address: Address, *options: Option) -> Socket:
    """A socket that holds a port of the ephemeral range."""
    holder = stack.socket(kind, *options)
    holder.bind(address.at("0"))
    return holder


def confined(stack: Stack | Actor, kind: str, holder: Socket, *options: Option) -> Socket:
    """A socket that can draw only the port of the holder."""
    drawing = stack.socket(kind, *options)
    drawing.draw_only_the_port_of(holder)
    return drawing


# No option makes a used port an unused one.
PAIRS = [
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
]  # fmt: skip


@experiment("tcp/ephemeral/exhausted/first-{first}/second-{second}", rule=UNUSED_PORT, cites=(RANGE, AUTOBIND))
@pytest.mark.parametrize(("first", "second"), PAIRS, ids=str)
def test_bind_with_an_exhausted_range(stack: Stack, first: Options, second: Options) -> None:
    """Is a TCP socket ({second}) refused port 0 when a first ({first}) holds the only port of its range?"""
    holder = holding(stack, "tcp4", LOOPBACK, *first)
    drawing = confined(stack, "tcp4", holder, *second)
    assert drawing.bind(ANY_PORT) == EADDRINUSE


@experiment("tcp/ephemeral/holder-gone/no-options", rule=UNUSED_PORT, cites=(RANGE,))
def test_range_of_one_free_port(stack: Stack) -> None:
    """Does a socket get the only port of its range when its holder is gone?"""
    holder = holding(stack, "tcp4", LOOPBACK)
    drawing = confined(stack, "tcp4", holder)
    holder.close()
    drawing.bind(ANY_PORT)
    third = stack.tcp4()
    assert third.bind(holder.address) == EADDRINUSE


@experiment("tcp/ephemeral/wildcard-held/reuseaddr", rule=UNUSED_PORT, cites=(RANGE, BIND))
def test_wildcard_exhausts(stack: Stack) -> None:
    """Does a socket on the wildcard exhaust the range of one that binds a specific address (both SO_REUSEADDR)?"""
    holder = holding(stack, "tcp4", WILDCARD, SO_REUSEADDR)
    drawing = confined(stack, "tcp4", holder, SO_REUSEADDR)
    assert drawing.bind(ANY_PORT) == EADDRINUSE


@experiment("tcp/ephemeral/wildcard-wanted/reuseaddr", rule=UNUSED_PORT, cites=(RANGE, BIND))
def test_specific_address_exhausts_the_wildcard(stack: Stack) -> None:
    """Does a socket on a specific address exhaust the range of one that binds the wildcard (both SO_REUSEADDR)?"""
    holder = holding(stack, "tcp4", LOOPBACK, SO_REUSEADDR)
    drawing = confined(stack, "tcp4", holder, SO_REUSEADDR)
    assert drawing.bind(WILDCARD.at("0")) == EADDRINUSE


@experiment("{protocol}/ephemeral/other-address/no-options", rule=DIFFERENT_ADDRESSES, cites=(RANGE,))
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_other_address_does_not_exhaust(stack: Stack, protocol: str) -> None:
    """Does a {protocol} socket get the only port of its range when that is held on another local address?"""
    holder = holding(stack, f"{protocol}4", LOOPBACK)
    drawing = confined(stack, f"{protocol}4", holder)
    assert drawing.bind(SECOND.at("0")) == OK


@experiment("tcp/ephemeral/dual-stack/no-options", rule=UNUSED_PORT, cites=(RANGE,))
def test_dual_stack_wildcard(stack: Stack) -> None:
    """Does an IPv4 socket exhaust the range of a dual-stack one that binds the wildcard?"""
    holder = holding(stack, "tcp4", LOOPBACK)
    drawing = confined(stack, "tcp6", holder, IPV6_V6ONLY.off)
    assert drawing.bind(WILDCARD6.at("0")) == EADDRINUSE


@experiment("tcp/ephemeral/v6only/no-options", rule=V6ONLY, cites=(RANGE,))
def test_v6only_wildcard(stack: Stack) -> None:
    """Does a socket with IPV6_V6ONLY get the only port of its range when an IPv4 socket holds it?"""
    holder = holding(stack, "tcp4", LOOPBACK)
    drawing = confined(stack, "tcp6", holder, IPV6_V6ONLY)
    assert drawing.bind(WILDCARD6.at("0")) == OK


@experiment("tcp/ephemeral/listener/reuseaddr", rule=UNUSED_PORT, cites=(RANGE, AUTOBIND))
def test_listener_exhausts(stack: Stack) -> None:
    """Does a listener exhaust the range (both SO_REUSEADDR)?"""
    holder = holding(stack, "tcp4", LOOPBACK, SO_REUSEADDR)
    holder.listen()
    drawing = confined(stack, "tcp4", holder, SO_REUSEADDR)
    assert drawing.bind(ANY_PORT) == EADDRINUSE


@experiment("tcp/ephemeral/time-wait/reuseaddr", rule=UNUSED_PORT, cites=(RANGE, AUTOBIND))
def test_time_wait_exhausts(stack: Stack) -> None:
    """Does a server's TIME_WAIT exhaust the range (both SO_REUSEADDR)?"""
    server = holding(stack, "tcp4", LOOPBACK, SO_REUSEADDR)
    server.listen()
    client = stack.tcp4()
    client.connect(server.address)
    accepted = server.accept()
    server.close()
    accepted.close()
    client.recv(1)
    client.close()
    stack.shows(server.address, TIME_WAIT)
    restarted = confined(stack, "tcp4", server, SO_REUSEADDR)
    assert restarted.bind(ANY_PORT) == EADDRINUSE


@experiment("tcp/ephemeral/time-wait/another-user", rule=UNUSED_PORT, cites=(RANGE, AUTOBIND))
def test_time_wait_exhausts_for_another_user(stack: Stack) -> None:
    """Does a server's TIME_WAIT exhaust another user's range (both SO_REUSEADDR and SO_REUSEPORT)?"""
    server = holding(stack, "tcp4", LOOPBACK, *REUSEBOTH)
    server.listen()
    client = stack.tcp4()
    client.connect(server.address)
    accepted = server.accept()
    server.close()
    accepted.close()
    client.recv(1)
    client.close()
    stack.shows(server.address, TIME_WAIT)
    drawing = confined(stack.stranger, "tcp4", server, *REUSEBOTH)
    assert drawing.bind(ANY_PORT) == EADDRINUSE


@experiment("tcp/ephemeral/unlike-holders/reuseaddr", rule=UNUSED_PORT, cites=(RANGE, AUTOBIND))
def test_one_unlike_holder_exhausts(stack: Stack) -> None:
    """The port is held on two addresses, with SO_REUSEADDR and without: is a socket with SO_REUSEADDR refused it for the wildcard?"""
    holder = holding(stack, "tcp4", LOOPBACK, SO_REUSEADDR)
    stack.tcp4().bind(SECOND.at(f"port({holder.name})"))
    drawing = confined(stack, "tcp4", holder, SO_REUSEADDR)
    assert drawing.bind(WILDCARD.at("0")) == EADDRINUSE


@experiment("tcp/ephemeral/listen-without-bind/no-options", rule=UNUSED_PORT, cites=(RANGE, LINUX_MAN.at("listen(2), [EADDRINUSE]")))
def test_listen_with_an_exhausted_range(stack: Stack) -> None:
    """Is a socket refused a listen without bind when its range is exhausted?"""
    holder = holding(stack, "tcp4", LOOPBACK)
    drawing = confined(stack, "tcp4", holder)
    assert drawing.listen() == EADDRINUSE


@experiment("tcp/ephemeral/listen-without-bind/{taken}/{v6only}", rule=UNUSED_PORT, cites=(RANGE, LINUX_MAN.at("listen(2), [EADDRINUSE]")))
@pytest.mark.parametrize(
    ("taken", "v6only", "expected"),
    [("any4", "v6only", OK), ("any4", "dual", EADDRINUSE), ("any6", "v6only", EADDRINUSE)],
    ids=str,
)
def test_listen_of_ipv6_with_an_exhausted_range(stack: Stack, taken: str, v6only: str, expected: Answer) -> None:
    """The range's one port is held on {taken}: is an IPv6 socket ({v6only}) refused a listen without bind?"""
    options = [IPV6_V6ONLY if v6only == "v6only" else IPV6_V6ONLY.off]
    holder = holding(stack, "tcp4", WILDCARD) if taken == "any4" else holding(stack, "tcp6", WILDCARD6, IPV6_V6ONLY)
    assert confined(stack, "tcp6", holder, *options).listen() == expected


@experiment("tcp/ephemeral/still-unbound/after-{call}", rule=UNUSED_PORT, cites=(RANGE, BIND))
@pytest.mark.parametrize("call", ["bind", "listen"])
def test_what_drew_no_port_is_not_bound(stack: Stack, call: str) -> None:
    """A socket found no free port at {call}: may it bind another port afterwards?"""
    holder = holding(stack, "tcp4", LOOPBACK)
    drawing = confined(stack, "tcp4", holder)
    drawing.bind(ANY_PORT) if call == "bind" else drawing.listen()
    assert drawing.bind(LOOPBACK) == OK


@experiment("tcp/ephemeral/connect/bound-already/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_a_bound_socket_draws_no_port(stack: Stack) -> None:
    """May a socket that is bound connect although its range is exhausted?"""
    listening(stack, LOOPBACK)
    holder = holding(stack, "tcp4", LOOPBACK)
    caller = confined(stack, "tcp4", holder)
    caller.bind(LOOPBACK.at("Q"))
    assert caller.connect(LOOPBACK) == OK


@experiment("udp/ephemeral/another-user/reuseport", rule=UNUSED_PORT, cites=(RANGE, BIND))
def test_udp_range_exhausted_by_another_user(stack: Stack) -> None:
    """Does the UDP socket of another user exhaust the range if both have SO_REUSEPORT?"""
    holder = holding(stack, "udp4", LOOPBACK, SO_REUSEPORT)
    drawing = confined(stack.stranger, "udp4", holder, SO_REUSEPORT)
    assert drawing.bind(ANY_PORT) == EADDRINUSE


@experiment("{protocol}/ephemeral/another-user/reuseaddr+reuseport", rule=UNUSED_PORT, cites=(RANGE, AUTOBIND))
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_range_exhausted_by_another_user(stack: Stack, protocol: str) -> None:
    """Does the {protocol} socket of another user exhaust the range (both SO_REUSEADDR and SO_REUSEPORT)?"""
    holder = holding(stack, f"{protocol}4", LOOPBACK, *REUSEBOTH)
    drawing = confined(stack.stranger, f"{protocol}4", holder, *REUSEBOTH)
    assert drawing.bind(ANY_PORT) == EADDRINUSE


@experiment("tcp/ephemeral/shut-listener/no-options", rule=SHUT_DOWN, cites=(POSIX.at("shutdown"),))
def test_shut_listener_gives_its_port_back(stack: Stack) -> None:
    """Is the port that the system chose for a listener free when that was shut down but not closed?"""
    listener = holding(stack, "tcp4", LOOPBACK)
    listener.listen()
    listener.shutdown(RDWR)
    second = stack.tcp4()
    assert second.bind(listener.address) == OK


# connect without bind draws from the range too.
@experiment("tcp/ephemeral/connect/port-bound/{options}", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
@pytest.mark.parametrize("options", [NONE, REUSEADDR, REUSEPORT], ids=str)
def test_connect_with_an_exhausted_range(stack: Stack, options: Options) -> None:
    """Is a client refused a connection when a bound socket (both {options}) holds the only port of its range?"""
    listening(stack, LOOPBACK)
    holder = holding(stack, "tcp4", LOOPBACK, *options)
    client = confined(stack, "tcp4", holder, *options)
    assert client.connect(LOOPBACK) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/bound-elsewhere/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_from_a_port_bound_on_another_address(stack: Stack) -> None:
    """May a client connect when the only port of its range is held on another local address?"""
    listening(stack, LOOPBACK)
    holder = holding(stack, "tcp4", SECOND)
    client = confined(stack, "tcp4", holder)
    assert client.connect(LOOPBACK) == OK


@experiment("tcp/ephemeral/connect/holder-gone/no-options", rule=UNUSED_ADDRESS, cites=(RANGE,))
def test_connect_from_the_only_port(stack: Stack) -> None:
    """May a client connect when the only port of its range is free?"""
    listening(stack, LOOPBACK)
    holder = holding(stack, "tcp4", LOOPBACK)
    holder.close()
    client = confined(stack, "tcp4", holder)
    assert client.connect(LOOPBACK) == OK


@experiment("tcp/ephemeral/connect/same-destination/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_twice_to_one_destination(stack: Stack) -> None:
    """Is a client refused a connection to the destination that one on the only port of its range has already?"""
    listening(stack, LOOPBACK)
    first = stack.tcp4()
    first.connect(LOOPBACK)
    second = confined(stack, "tcp4", first)
    assert second.connect(LOOPBACK) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/other-destination/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_to_another_destination(stack: Stack) -> None:
    """Is a client refused a connection to a second server when one on the only port of its range is connected to a first?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    first = stack.tcp4()
    first.connect(LOOPBACK)
    second = confined(stack, "tcp4", first)
    assert second.connect(elsewhere.address) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/other-destination-bound/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_beside_a_bound_client(stack: Stack) -> None:
    """The same where the first client bound port 0 before it connected: is the second refused a connection to a second server?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    first = holding(stack, "tcp4", LOOPBACK)
    first.connect(LOOPBACK)
    second = confined(stack, "tcp4", first)
    assert second.connect(elsewhere.address) == EADDRNOTAVAIL


NO_PORT = LINUX_MAN.at("ip(7), IP_BIND_ADDRESS_NO_PORT")


@experiment("tcp/ephemeral/no-port/exhausted", rule=UNUSED_PORT, cites=(NO_PORT, RANGE))
def test_bind_without_a_port(stack: Stack) -> None:
    """Is a client with IP_BIND_ADDRESS_NO_PORT refused port 0 when the only port of its range is held?"""
    holder = holding(stack, "tcp4", LOOPBACK)
    client = confined(stack, "tcp4", holder, IP_BIND_ADDRESS_NO_PORT)
    assert client.bind(ANY_PORT) == EADDRINUSE


@experiment("tcp/ephemeral/no-port/{destination}-destination", rule=UNUSED_ADDRESS, cites=(NO_PORT, RANGE, CONNECT))
@pytest.mark.parametrize("destination", ["same", "other"])
def test_connect_after_bind_without_a_port(stack: Stack, destination: str) -> None:
    """A client with IP_BIND_ADDRESS_NO_PORT bound port 0: is it refused the {destination} destination when its range is used up?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    first = stack.tcp4()
    first.connect(LOOPBACK)
    second = confined(stack, "tcp4", first, IP_BIND_ADDRESS_NO_PORT)
    second.bind(ANY_PORT)
    assert second.connect(LOOPBACK if destination == "same" else elsewhere.address) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/no-port/listen", rule=UNUSED_PORT, cites=(NO_PORT,))
def test_listen_after_bind_without_a_port(stack: Stack) -> None:
    """Does a server with IP_BIND_ADDRESS_NO_PORT that bound port 0 hold a port once it listens?"""
    server = listening(stack, ANY_PORT, IP_BIND_ADDRESS_NO_PORT)
    assert stack.tcp4().bind(server.address) == EADDRINUSE


@experiment("{protocol}/ephemeral/no-port/keeps-its-address", rule=UNUSED_PORT, cites=(NO_PORT,))
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_address_after_bind_without_a_port(stack: Stack, protocol: str) -> None:
    """Does a {protocol} client with IP_BIND_ADDRESS_NO_PORT that bound a second address hold its port there once it is connected?"""
    server = stack.socket(f"{protocol}4")
    server.bind(LOOPBACK)
    if protocol == "tcp":
        server.listen()
    client = stack.socket(f"{protocol}4", IP_BIND_ADDRESS_NO_PORT)
    client.bind(SECOND.at("0"))
    client.connect(LOOPBACK)
    assert stack.socket(f"{protocol}4").bind(client.address) == EADDRINUSE


def left_in_time_wait(stack: Stack) -> Socket:
    """A client of a server on LOOPBACK that connected without bind and closed first."""
    server = listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    accepted = server.accept()
    client.close()
    accepted.recv(1)
    accepted.close()
    stack.shows(LOOPBACK.at(f"port({client.name})"), TIME_WAIT)
    return client


@experiment("tcp/ephemeral/connect/time-wait-other-destination/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_from_time_wait_elsewhere(stack: Stack) -> None:
    """Is a client refused a connection to a second server when the only port of its range is in TIME_WAIT with a first?"""
    elsewhere = listening(stack, ANY_PORT)
    client = left_in_time_wait(stack)
    second = confined(stack, "tcp4", client)
    assert second.connect(elsewhere.address) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/connect/time-wait-same-destination/no-options", rule=SAME_CONNECTION, cites=(RANGE, CONNECT))
def test_connect_from_time_wait(stack: Stack) -> None:
    """Two seconds into TIME_WAIT on the only port of its range, is a client refused a connection to the same server?"""
    client = left_in_time_wait(stack)
    second = confined(stack, "tcp4", client)
    stack.elapse(2)
    assert second.connect(LOOPBACK) == EADDRNOTAVAIL


# UDP.
@experiment("udp/ephemeral/exhausted/first-{first}/second-{second}", rule=UNUSED_PORT, cites=(RANGE, BIND))
@pytest.mark.parametrize(("first", "second"), PAIRS, ids=str)
def test_udp_bind_with_an_exhausted_range(stack: Stack, first: Options, second: Options) -> None:
    """Is a UDP socket ({second}) refused port 0 when a first ({first}) holds the only port of its range?"""
    holder = holding(stack, "udp4", LOOPBACK, *first)
    drawing = confined(stack, "udp4", holder, *second)
    assert drawing.bind(ANY_PORT) == EADDRINUSE


@experiment("udp/ephemeral/unlike-holders/reuseport", rule=UNUSED_PORT, cites=(LINUX.at("ipv4/udp.c, udp_lib_lport_inuse"),))
def test_udp_draws_no_port_of_unlike_holders(stack: Stack) -> None:
    """A port is held with SO_REUSEADDR, between holders with both options: is a socket with SO_REUSEPORT alone refused port 0?"""
    oldest = holding(stack, "udp4", LOOPBACK, *REUSEBOTH)
    lacking = stack.udp4(SO_REUSEADDR)
    lacking.bind(oldest.address)
    newest = stack.udp4(*REUSEBOTH)
    newest.bind(WILDCARD.at(f"port({oldest.name})"))
    drawing = confined(stack, "udp4", oldest, SO_REUSEPORT)
    assert drawing.bind(ANY_PORT) == EADDRINUSE


@experiment("udp/ephemeral/connect/port-bound/{options}", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
@pytest.mark.parametrize("options", [NONE, REUSEADDR], ids=str)
def test_udp_connect_with_an_exhausted_range(stack: Stack, options: Options) -> None:
    """Is a UDP socket refused a connect when a bound one (both {options}) holds the only port of its range?"""
    holder = holding(stack, "udp4", LOOPBACK, *options)
    caller = confined(stack, "udp4", holder, *options)
    assert caller.connect(LOOPBACK) == EADDRNOTAVAIL


@experiment("udp/ephemeral/connect/bound-elsewhere/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_udp_connect_from_a_port_bound_on_another_address(stack: Stack) -> None:
    """May a UDP socket connect when the only port of its range is held on another local address?"""
    holder = holding(stack, "udp4", SECOND)
    caller = confined(stack, "udp4", holder)
    assert caller.connect(LOOPBACK) == OK


@experiment("tcp/ephemeral/connect/fin-wait-2-same-destination/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_from_fin_wait_2(stack: Stack) -> None:
    """Two seconds into FIN_WAIT_2 on the only port of its range, is a client refused a connection to the same server?"""
    listening(stack, LOOPBACK)
    client = stack.tcp4()
    client.connect(LOOPBACK)
    client.close()
    stack.shows(LOOPBACK.at(f"port({client.name})"), FIN_WAIT_2)
    second = confined(stack, "tcp4", client)
    stack.elapse(2)
    assert second.connect(LOOPBACK) == EADDRNOTAVAIL


@experiment("udp/ephemeral/still-unbound/after-connect", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_udp_is_still_unbound(stack: Stack) -> None:
    """May a UDP socket bind an address whose connect found no port?"""
    holder = holding(stack, "udp4", WILDCARD)
    caller = confined(stack, "udp4", holder)
    caller.connect(LOOPBACK)
    assert caller.bind(LOOPBACK) == OK


@experiment("{protocol}/ephemeral/no-port/named-port", rule=NO_OPTIONS, cites=(NO_PORT,))
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_named_port_without_a_port(stack: Stack, protocol: str) -> None:
    """Does a {protocol} socket with IP_BIND_ADDRESS_NO_PORT hold a port that its bind names?"""
    stack.socket(f"{protocol}4", IP_BIND_ADDRESS_NO_PORT).bind(LOOPBACK)
    assert stack.socket(f"{protocol}4").bind(LOOPBACK) == EADDRINUSE


@experiment("udp/ephemeral/connect/bound-already/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_a_bound_udp_socket_draws_no_port(stack: Stack) -> None:
    """May a UDP socket that is bound connect although its range is exhausted?"""
    holder = holding(stack, "udp4", LOOPBACK)
    caller = confined(stack, "udp4", holder)
    caller.bind(LOOPBACK.at("Q"))
    assert caller.connect(LOOPBACK) == OK


@experiment("tcp/ephemeral/connect/drawn-and-bound/no-options", rule=UNUSED_ADDRESS, cites=(RANGE, CONNECT))
def test_connect_from_a_port_that_was_drawn_and_bound(stack: Stack) -> None:
    """A client drew a port, and a socket bound it at a second address: may another client not draw it?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    first = stack.tcp4()
    first.connect(LOOPBACK)
    stack.tcp4().bind(SECOND.at(f"port({first.name})"))
    second = confined(stack, "tcp4", first)
    assert second.connect(elsewhere.address) == EADDRNOTAVAIL
