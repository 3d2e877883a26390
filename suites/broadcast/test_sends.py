"""Who may send to a broadcast address?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import (
    BROADCAST,
    EACCES,
    EADDRINUSE,
    EINVAL,
    IPV6_V6ONLY,
    LIMITED_BROADCAST,
    LOOPBACK,
    MAPPED,
    OK,
    SO_BROADCAST,
    WILDCARD,
    Address,
    Answer,
)
from fixtures.specification.rules import (
    CONNECTS_FROM,
    LOOPBACK_ALONE,
    MAY_BROADCAST,
    NO_OPTIONS,
    OPTION_BITS,
    SENT_FROM_WILDCARD,
    UNTOLD,
    WRONG_KIND,
)
from suites.broadcast.senders import ASKED_FOR, at, sender

MAPPED_BROADCAST, MAPPED_LIMITED = Address("::ffff:127.255.255.255"), Address("::ffff:255.255.255.255")


# The option.


@experiment("udp4/broadcast/default", rule=MAY_BROADCAST, cites=(ASKED_FOR,))
def test_it_is_off(stack: Stack) -> None:
    """Does SO_BROADCAST of a new UDP socket read as 0 (off)?"""
    assert stack.udp4().get(SO_BROADCAST) == Answer("0")


@experiment("udp4/broadcast/option/set", rule=OPTION_BITS, cites=(ASKED_FOR,))
def test_it_reads_as_set(stack: Stack) -> None:
    """A UDP socket has set SO_BROADCAST: does it read as 1 (on)?"""
    assert stack.udp4(SO_BROADCAST).get(SO_BROADCAST) == Answer("1")


@experiment("udp4/broadcast/sendto/unset", rule=MAY_BROADCAST, cites=(ASKED_FOR,))
def test_it_is_not_set(stack: Stack) -> None:
    """A UDP socket without SO_BROADCAST sends to 255.255.255.255: is that EACCES?"""
    assert sender(stack).sendto(LIMITED_BROADCAST) == EACCES


@experiment("udp4/broadcast/sendto/set", rule=MAY_BROADCAST, cites=(ASKED_FOR,))
def test_it_is_set(stack: Stack) -> None:
    """May a UDP socket with SO_BROADCAST send to 255.255.255.255?"""
    assert sender(stack, SO_BROADCAST).sendto(LIMITED_BROADCAST) == OK


@experiment("udp4/broadcast/sendto/unbound/{name}", rule=MAY_BROADCAST, cites=(ASKED_FOR,))
@pytest.mark.parametrize(("name", "expected"), [("without", EACCES), ("with", OK)], ids=str)
def test_it_is_not_bound(stack: Stack, name: str, expected: Answer) -> None:
    """An unbound UDP socket {name} SO_BROADCAST sends to 255.255.255.255: is that {expected}?"""
    socket = stack.udp4(SO_BROADCAST if name == "with" else SO_BROADCAST.off)
    assert socket.sendto(LIMITED_BROADCAST) == expected


@experiment("udp4/broadcast/sendto/cleared", rule=MAY_BROADCAST)
def test_it_was_cleared(stack: Stack) -> None:
    """A UDP socket has sent to 255.255.255.255 and cleared SO_BROADCAST: is the next sendto EACCES?"""
    socket = sender(stack, SO_BROADCAST)
    socket.sendto(LIMITED_BROADCAST)
    socket.set(SO_BROADCAST.off)
    assert socket.sendto(LIMITED_BROADCAST) == EACCES


@experiment("udp4/broadcast/sendto/loopback-net/unset", rule=LOOPBACK_ALONE)
def test_the_loopback_network(stack: Stack) -> None:
    """Is a UDP socket without SO_BROADCAST refused sendto 127.255.255.255?"""
    assert sender(stack).sendto(BROADCAST) != OK


@experiment("udp4/broadcast/sendto/loopback-net/set", rule=LOOPBACK_ALONE)
def test_the_loopback_network_with_it(stack: Stack) -> None:
    """Is even a UDP socket with SO_BROADCAST refused sendto 127.255.255.255?"""
    assert sender(stack, SO_BROADCAST).sendto(BROADCAST) != OK


@experiment("udp6/broadcast/sendto/mapped/unset", rule=LOOPBACK_ALONE)
def test_over_ipv6(stack: Stack) -> None:
    """Is an IPv6 socket without SO_BROADCAST refused sendto ::ffff:127.255.255.255?"""
    assert stack.udp6(IPV6_V6ONLY.off).sendto(MAPPED_BROADCAST) != OK


@experiment("udp6/broadcast/sendto/mapped/set", rule=LOOPBACK_ALONE)
def test_over_ipv6_with_it(stack: Stack) -> None:
    """Is even an IPv6 socket with SO_BROADCAST refused sendto ::ffff:127.255.255.255?"""
    assert stack.udp6(IPV6_V6ONLY.off, SO_BROADCAST).sendto(MAPPED_BROADCAST) != OK


@experiment("udp4/broadcast/sendto/port-0", rule=WRONG_KIND)
def test_port_0(stack: Stack) -> None:
    """A socket with SO_BROADCAST uses sendto to port 0 of 255.255.255.255: is that refused?"""
    assert sender(stack, SO_BROADCAST).sendto(LIMITED_BROADCAST.at("0")) != OK


@experiment("udp6/broadcast/sendto/mapped-limited", rule=MAY_BROADCAST)
def test_a_mapped_limited_broadcast(stack: Stack) -> None:
    """A socket at ::ffff:127.0.0.1 without SO_BROADCAST sends to ::ffff:255.255.255.255: is it refused?"""
    socket = stack.udp6(IPV6_V6ONLY.off)
    socket.bind(MAPPED.at("Q"))
    assert socket.sendto(MAPPED_LIMITED) != OK


# What a refusal leaves, and whether an error comes back.


@experiment("udp4/broadcast/sendto/refused-binds", rule=SENT_FROM_WILDCARD)
def test_what_a_refusal_leaves(stack: Stack) -> None:
    """An unbound socket was refused sendto 127.255.255.255: is bind refused, as if it had sent?"""
    socket = stack.udp4()
    socket.sendto(BROADCAST)
    assert socket.bind(LOOPBACK) == EINVAL


@experiment("udp4/broadcast/sendto/nobody", rule=UNTOLD)
def test_nobody_holds_the_port(stack: Stack) -> None:
    """A broadcast went to a port that nobody holds: is the sender's next broadcast granted?"""
    socket = sender(stack, SO_BROADCAST)
    socket.sendto(LIMITED_BROADCAST)
    assert socket.sendto(LIMITED_BROADCAST) == OK


# A sender that is bound to a broadcast address.


@experiment("udp4/broadcast/sendto/from-a-broadcast-address", rule=CONNECTS_FROM)
def test_its_address_is_a_broadcast_address(stack: Stack) -> None:
    """A socket is bound to 127.255.255.255, or was refused it: may it send to 127.0.0.1?"""
    assert at(stack, BROADCAST.at("Q")).sendto(LOOPBACK) == OK


@experiment("udp6/broadcast/connect/from-a-broadcast-address", rule=CONNECTS_FROM)
def test_its_address_is_a_mapped_broadcast_address(stack: Stack) -> None:
    """A socket binds ::ffff:127.255.255.255: if that is granted, may it connect to ::ffff:127.0.0.1?"""
    socket = stack.udp6(IPV6_V6ONLY.off)
    bound = socket.bind(MAPPED_BROADCAST.at("Q")) == OK
    assert socket.connect(MAPPED) == OK or not bound


@experiment("tcp4/broadcast/connect/from-a-broadcast-address/{to}", rule=CONNECTS_FROM)
@pytest.mark.parametrize(("to", "address"), [("specific", LOOPBACK), ("wildcard", WILDCARD)], ids=str)
def test_a_client_at_a_broadcast_address(stack: Stack, to: str, address: Address) -> None:
    """A TCP socket asks for 127.255.255.255. Does its connect to {address.host} reach a server at 127.0.0.1?"""
    server = stack.tcp4()
    server.bind(LOOPBACK)
    server.listen()
    client = stack.tcp4()
    client.bind(BROADCAST.at("Q"))
    assert client.connect(address) == OK


@experiment("tcp6/broadcast/connect/from-a-broadcast-address/{name}", rule=CONNECTS_FROM)
@pytest.mark.parametrize(("name", "own"), [("limited", MAPPED_LIMITED), ("loopback-net", MAPPED_BROADCAST)], ids=str)
def test_a_client_at_a_mapped_broadcast_address(stack: Stack, name: str, own: Address) -> None:
    """A TCP socket binds {own.host}: if that is granted, does it reach a server at 127.0.0.1?"""
    server = stack.tcp4()
    server.bind(LOOPBACK)
    server.listen()
    client = stack.tcp6(IPV6_V6ONLY.off)
    if client.bind(own.at("Q")) == OK:
        assert client.connect(MAPPED) == OK


@experiment("tcp6/broadcast/connect/from-a-broadcast-address/refused", rule=NO_OPTIONS)
def test_what_a_refused_connect_leaves(stack: Stack) -> None:
    """A TCP socket at ::ffff:255.255.255.255, if it may be there, connects: is its port still taken?"""
    client = stack.tcp6(IPV6_V6ONLY.off)
    bound = client.bind(MAPPED_LIMITED.at("0")) == OK
    client.connect(MAPPED)
    assert not bound or stack.tcp6(IPV6_V6ONLY.off).bind(client.address) == EADDRINUSE


@experiment("tcp4/broadcast/option", rule=OPTION_BITS)
def test_over_tcp(stack: Stack) -> None:
    """May a TCP socket set SO_BROADCAST, for which TCP has no use?"""
    assert stack.tcp4().set(SO_BROADCAST) == OK
