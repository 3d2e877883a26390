"""What may connect, and where to? What may bind afterwards?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connection, half_close, listening, served, serving
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EADDRINUSE,
    GROUP,
    GROUP6,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    MAPPED,
    MORE_THAN_FITS,
    OK,
    RDWR,
    SECOND,
    SO_REUSEADDR,
    SO_REUSEPORT,
    TIME_WAIT,
    WILDCARD,
    WILDCARD6,
    WR,
    Address,
    Answer,
)
from fixtures.specification.rules import (
    BIND_NAMES,
    DELIVERED,
    DUAL_STACK,
    INVALID_REMOTE,
    NOT_OPEN,
    PEER_IS_SET,
    SAME_CONNECTION,
    V6ONLY,
    WRONG_KIND,
)
from fixtures.specification.sources import POSIX, RFC3493, TCPV2

CLIENT = LOOPBACK.at("Q")
MAPPED_GROUP = Address(f"::ffff:{GROUP.host}")


@experiment("tcp/calls/connect-connected", rule=WRONG_KIND, cites=(POSIX.at("connect, [EISCONN]"),))
def test_connect_a_connected_socket(stack: Stack) -> None:
    """Is a second connect of a connected TCP socket refused?"""
    client, _ = connection(stack)
    assert client.connect(LOOPBACK) == Answer("EISCONN")


@experiment("tcp6/calls/connect-connected/over-ipv4", rule=WRONG_KIND, cites=(POSIX.at("connect, [EISCONN]"),))
def test_connect_a_socket_that_is_connected_over_ipv4(stack: Stack) -> None:
    """A dual-stack client has a connection over IPv4. Is connect to [::1] refused as connected?"""
    listening(stack, LOOPBACK)
    client = stack.tcp6(IPV6_V6ONLY.off)
    client.connect(MAPPED)
    assert client.connect(LOOPBACK6) == Answer("EISCONN")


@experiment("tcp/calls/connect-connected/both-shut/{where}", rule=WRONG_KIND, cites=(POSIX.at("connect, [EISCONN]"),))
@pytest.mark.parametrize(("where", "again"), [("same", LOOPBACK), ("elsewhere", SECOND)], ids=str)
def test_connect_a_socket_that_was_shut_down(stack: Stack, where: str, again: Address) -> None:
    """A connection to 127.0.0.1 was shut down (RDWR). Is connect to {again.aloud} refused as connected?"""
    client, _ = connection(stack)
    client.shutdown(RDWR)
    assert client.connect(again) == Answer("EISCONN")


@experiment("tcp/calls/connect-connected/both-ends-shut", rule=WRONG_KIND, cites=(POSIX.at("connect, [EISCONN]"),))
def test_connect_a_socket_whose_connection_has_ended(stack: Stack) -> None:
    """A server shut down sending, and then its client. Is the client refused another connect?"""
    client, accepted = connection(stack)
    half_close(accepted, client)
    client.shutdown(WR)
    assert client.connect(LOOPBACK) != OK


@experiment("tcp/calls/connect-connected/shut-twice", rule=WRONG_KIND, cites=(POSIX.at("connect, [EISCONN]"),))
def test_connect_a_socket_that_was_shut_down_twice(stack: Stack) -> None:
    """A connection was shut down for writing twice. Is another connect refused as connected?"""
    client, _ = connection(stack)
    client.shutdown(WR)
    client.shutdown(WR)
    assert client.connect(LOOPBACK) == Answer("EISCONN")


@experiment("tcp/calls/connect-connected/both-shut/unsent", rule=WRONG_KIND, cites=(POSIX.at("connect, [EISCONN]"),))
def test_connect_a_socket_that_was_shut_down_and_has_data_to_send(stack: Stack) -> None:
    """A connection was shut down (RDWR), and its end waits behind data. Is connect refused?"""
    client, _ = connection(stack)
    client.send(MORE_THAN_FITS)
    client.shutdown(RDWR)
    assert client.connect(LOOPBACK) != OK


@experiment("tcp6/calls/connect-connected/both-shut", rule=WRONG_KIND, cites=(POSIX.at("connect, [EISCONN]"),))
def test_connect_an_ipv6_socket_that_was_shut_down(stack: Stack) -> None:
    """A connection to [::1] was shut down (RDWR). Is connect to [::1] refused as connected?"""
    client, _ = served(stack, listening(stack, LOOPBACK6), LOOPBACK6)
    client.shutdown(RDWR)
    assert client.connect(LOOPBACK6) == Answer("EISCONN")


@experiment("tcp/calls/connect-connected/time-wait", rule=WRONG_KIND, cites=(POSIX.at("connect, [EISCONN]"),))
def test_connect_a_socket_in_time_wait(stack: Stack) -> None:
    """Is a second connect of a TCP socket refused as connected while its connection is in TIME_WAIT?"""
    client, accepted = served(stack, listening(stack, LOOPBACK), LOOPBACK, at=CLIENT)
    client.shutdown(WR)
    accepted.close()
    stack.shows(CLIENT, TIME_WAIT)
    assert client.connect(LOOPBACK) == Answer("EISCONN")


@experiment("tcp/calls/connect-connected/shut", rule=WRONG_KIND, cites=(POSIX.at("connect, [EISCONN]"),))
def test_connect_a_socket_that_was_shut_for_sending(stack: Stack) -> None:
    """Is a second connect EISCONN of a connected TCP socket that has shut down its sending half?"""
    client, _ = connection(stack)
    client.shutdown(WR)
    assert client.connect(LOOPBACK) == Answer("EISCONN")


@experiment("udp/calls/connect-again/{where}", rule=PEER_IS_SET, cites=(POSIX.at("connect: the peer address is reset"),))
@pytest.mark.parametrize(
    ("where", "again"),
    [
        ("same",      LOOPBACK),
        ("elsewhere", SECOND),
    ],
    ids=str,
)  # fmt: skip
def test_connect_udp_again(stack: Stack, where: str, again: Address) -> None:
    """A UDP socket is connected to 127.0.0.1. May it connect to {again.aloud} now?"""
    client = stack.udp4()
    client.bind(CLIENT)
    client.connect(LOOPBACK)
    assert client.connect(again) == OK


@experiment("{kind}/calls/connect-again/beside-another", rule=PEER_IS_SET, cites=(POSIX.at("connect: the peer address is reset"),))
@pytest.mark.parametrize(("kind", "own", "peer"), [("udp4", SECOND, LOOPBACK), ("udp6", LOOPBACK6, LOOPBACK6)], ids=str)
def test_connect_udp_again_beside_another(stack: Stack, kind: str, own: Address, peer: Address) -> None:
    """A {kind} socket has connected twice, and another asks for its address. May it connect again?"""
    client = stack.socket(kind)
    client.bind(own.at("Q"))
    client.connect(peer)
    client.connect(peer)
    stack.socket(kind).bind(own.at("Q"))
    assert client.connect(peer) == OK


@experiment("udp/calls/connect-again/reuseaddr", rule=PEER_IS_SET, cites=(POSIX.at("connect: the peer address is reset"),))
def test_connect_udp_with_reuseaddr_again(stack: Stack) -> None:
    """May a UDP socket with SO_REUSEADDR connect to its peer again?"""
    client = stack.udp4(SO_REUSEADDR)
    client.bind(CLIENT)
    client.connect(LOOPBACK)
    assert client.connect(LOOPBACK) == OK


@experiment("tcp/calls/same-port-and-destination/another-local-address", rule=SAME_CONNECTION, cites=(TCPV2.at("in_pcbconnect"),))
def test_connect_from_another_local_address(stack: Stack) -> None:
    """May two clients use one port for one destination if their local addresses differ?"""
    listening(stack, LOOPBACK)
    first, second = stack.tcp4(), stack.tcp4()
    first.bind(CLIENT)
    second.bind(SECOND.at("Q"))
    first.connect(LOOPBACK)
    assert second.connect(LOOPBACK) == OK


@experiment("tcp/calls/same-port-and-destination/wildcard", rule=SAME_CONNECTION, cites=(TCPV2.at("in_pcbconnect"),))
def test_connect_from_the_wildcard_beside_another_local_address(stack: Stack) -> None:
    """A client at 127.0.0.2 is connected. May one at 0.0.0.0 with its port connect to the same server?"""
    listening(stack, LOOPBACK)
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    first.bind(SECOND.at("Q"))
    first.connect(LOOPBACK)
    second.bind(WILDCARD.at("Q"))
    assert second.connect(LOOPBACK) == OK


@experiment("tcp/calls/same-port-and-destination/wildcard-first", rule=SAME_CONNECTION, cites=(TCPV2.at("in_pcbconnect"),))
def test_connect_beside_one_that_connected_from_the_wildcard(stack: Stack) -> None:
    """Clients bound 0.0.0.0 and 127.0.0.1, and the first is connected. Is the second refused its peer?"""
    listening(stack, LOOPBACK)
    first, second = stack.tcp4(SO_REUSEADDR), stack.tcp4(SO_REUSEADDR)
    first.bind(WILDCARD.at("Q"))
    second.bind(CLIENT)


@experiment("{protocol}/calls/same-port-and-destination/second-address", rule=SAME_CONNECTION, cites=(TCPV2.at("in_pcbconnect"),))
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_connect_from_one_local_address_twice(stack: Stack, protocol: str) -> None:
    """Two {protocol} sockets share a port of 127.0.0.2 (SO_REUSEPORT). May both connect to one server?"""
    serving(stack, f"{protocol}4", LOOPBACK)
    first, second = (stack.socket(f"{protocol}4", SO_REUSEPORT) for _ in range(2))
    first.bind(SECOND.at("Q"))
    second.bind(SECOND.at("Q"))
    first.connect(LOOPBACK)
    assert second.connect(LOOPBACK) == EADDRINUSE


@experiment("udp6/calls/same-port-and-destination/group-and-wildcard", rule=PEER_IS_SET, cites=(TCPV2.at("in_pcbconnect"),))
def test_connect_from_the_wildcard_beside_a_group(stack: Stack) -> None:
    """A socket at an IPv6 group is connected. May one at [::] with its port connect to the same peer?"""
    first, second = stack.udp6(), stack.udp6(SO_REUSEADDR)
    first.bind(GROUP6.at("Q"))
    first.connect(LOOPBACK6)
    second.bind(WILDCARD6.at("Q"))
    assert second.connect(LOOPBACK6) == OK


@experiment("tcp{family}/calls/connect-group", rule=INVALID_REMOTE, cites=(INVALID_REMOTE.source,))
@pytest.mark.parametrize(("family", "group"), [(4, GROUP), (6, GROUP6)], ids=str)
def test_connect_to_a_group(stack: Stack, family: int, group: Address) -> None:
    """Is a TCP connection to an IPv{family} multicast group refused?"""
    assert stack.socket(f"tcp{family}").connect(group) != OK


@experiment("tcp/calls/connect-group/from-the-wildcard", rule=INVALID_REMOTE, cites=(INVALID_REMOTE.source,))
def test_connect_to_a_group_from_the_wildcard(stack: Stack) -> None:
    """Is a TCP connection from a socket at 0.0.0.0 to a multicast group refused?"""
    client = stack.tcp4()
    client.bind(WILDCARD.at("Q"))
    assert client.connect(GROUP) != OK


@experiment("udp4/calls/connect-group/bound", rule=PEER_IS_SET, cites=(POSIX.at("connect: the peer address is set"),))
def test_connect_udp_to_a_group(stack: Stack) -> None:
    """May a UDP socket that is bound to 127.0.0.1 connect to a multicast group?"""
    client = stack.udp4()
    client.bind(CLIENT)
    assert client.connect(GROUP) == OK


@experiment("tcp6/calls/connect-group/mapped", rule=INVALID_REMOTE, cites=(INVALID_REMOTE.source,))
def test_connect_to_the_mapped_form_of_a_group(stack: Stack) -> None:
    """Is a TCP connection to the mapped form of an IPv4 multicast group refused?"""
    assert stack.tcp6(IPV6_V6ONLY.off).connect(MAPPED_GROUP) != OK


@experiment("udp6/calls/connect-group/mapped", rule=PEER_IS_SET, cites=(POSIX.at("connect: the peer address is set"),))
def test_connect_udp_to_the_mapped_form_of_a_group(stack: Stack) -> None:
    """May a UDP socket that is bound to ::ffff:127.0.0.1 connect to the mapped form of a multicast group?"""
    client = stack.udp6(IPV6_V6ONLY.off)
    client.bind(MAPPED)
    assert client.connect(MAPPED_GROUP) == OK


@experiment("tcp/calls/connect-connected/group", rule=WRONG_KIND, cites=(POSIX.at("connect, [EISCONN]"),))
def test_connect_a_connected_socket_to_a_group(stack: Stack) -> None:
    """Is a connected TCP socket refused a multicast group as connected, whatever the destination?"""
    client, _ = connection(stack)
    assert client.connect(GROUP) == Answer("EISCONN")


@experiment("tcp6/calls/connect-group/from-mapped", rule=INVALID_REMOTE, cites=(INVALID_REMOTE.source,))
def test_connect_to_a_group_from_a_mapped_address(stack: Stack) -> None:
    """Is a TCP connection from a mapped address to an IPv6 multicast group refused?"""
    client = stack.tcp6(IPV6_V6ONLY.off)
    client.bind(MAPPED)
    assert client.connect(GROUP6) != OK


@experiment("tcp/calls/connect-mapped", rule=DUAL_STACK, cites=(RFC3493.at("§3.7"),))
def test_connect_to_a_mapped_address(stack: Stack) -> None:
    """Does a dual-stack client reach an IPv4 listener at its mapped address?"""
    listening(stack, LOOPBACK)
    client = stack.tcp6(IPV6_V6ONLY.off)
    assert client.connect(MAPPED) == OK


@experiment("{kind}/calls/connect-mapped-v6only", rule=V6ONLY, cites=(RFC3493.at("§5.3"),))
@pytest.mark.parametrize(("kind", "called"), [("tcp6", "tcp4"), ("udp6", "udp4")])
def test_connect_to_a_mapped_address_with_v6only(stack: Stack, kind: str, called: str) -> None:
    """Is a {kind} socket with IPV6_V6ONLY refused a mapped address to connect to?"""
    stack.socket(called).bind(LOOPBACK)
    client = stack.socket(kind, IPV6_V6ONLY)
    assert client.connect(MAPPED) != OK


@experiment("{kind}/calls/connect-mapped-v6only/from-the-wildcard", rule=V6ONLY, cites=(RFC3493.at("§5.3"),))
@pytest.mark.parametrize("kind", ["udp6", "tcp6"])
def test_connect_from_the_wildcard_to_a_mapped_address_with_v6only(stack: Stack, kind: str) -> None:
    """Is a {kind} socket with IPV6_V6ONLY at [::] refused a mapped address to connect to?"""
    client = stack.socket(kind, IPV6_V6ONLY)
    client.bind(WILDCARD6.at("Q"))
    assert client.connect(MAPPED) != OK


@experiment("{kind}/calls/connect-mapped-v6only/then-bind", rule=BIND_NAMES)
@pytest.mark.parametrize("kind", ["udp6", "tcp6"])
def test_bind_after_a_connect_that_could_not_be(stack: Stack, kind: str) -> None:
    """A {kind} socket with IPV6_V6ONLY was refused a connect to a mapped address. May it bind?"""
    client = stack.socket(kind, IPV6_V6ONLY)
    client.connect(MAPPED)
    assert client.bind(LOOPBACK6.at("Q")) == OK


@experiment("tcp/calls/closed", rule=NOT_OPEN, cites=(POSIX.at("bind, [EBADF]"),))
def test_bind_of_a_closed_socket(stack: Stack) -> None:
    """Is bind of a socket that was closed refused?"""
    first = stack.tcp4()
    first.close()
    assert first.bind(LOOPBACK) == Answer("EBADF")


@experiment("tcp/calls/connect-after-shutdown/{where}/other-end-sends", rule=DELIVERED, cites=(POSIX.at("shutdown, SHUT_RD"),))
@pytest.mark.parametrize(
    ("where", "to"),
    [
        ("to-a-listener", CLIENT),
        ("to-nobody",     SECOND),
        ("to-a-group",    GROUP),
    ],
    ids=str,
)  # fmt: skip
def test_send_to_an_end_that_went_elsewhere(stack: Stack, where: str, to: Address) -> None:
    """A client shut down both halves and connects again ({where}). May its old peer send twice?"""
    listening(stack, CLIENT)
    client, accepted = connection(stack)
    client.shutdown(RDWR)
    client.connect(to)
    accepted.send(1)
    assert accepted.send(1) == OK
