"""What does bind refuse before it asks who else is there?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.stack import Stack
from fixtures.language.words import (
    EACCES,
    EADDRNOTAVAIL,
    EINVAL,
    GROUP,
    GROUP6,
    IPV6_V6ONLY,
    LOOPBACK,
    LOOPBACK6,
    OK,
    WILDCARD,
    WILDCARD6,
    Address,
)
from fixtures.specification.rules import BIND_NAMES, BOUND_ONCE, OWN_ADDRESS, RESERVED_PORT
from fixtures.specification.sources import LINUX, LITE2_SYS, POSIX

BIND = POSIX.at("bind, [EADDRNOTAVAIL]")
#: Of the networks that are kept for documentation (RFC 5737, RFC 3849): no interface has them.
FOREIGN = {"tcp4": Address("192.0.2.1"), "udp4": Address("192.0.2.1"), "tcp6": Address("2001:db8::1"), "udp6": Address("2001:db8::1")}
WILDCARDS = {"tcp4": WILDCARD, "udp4": WILDCARD, "tcp6": WILDCARD6, "udp6": WILDCARD6}
OWN = {"tcp4": LOOPBACK, "udp4": LOOPBACK, "tcp6": LOOPBACK6, "udp6": LOOPBACK6}


@experiment("{kind}/address/foreign", rule=OWN_ADDRESS, cites=(BIND,))
@pytest.mark.parametrize("kind", FOREIGN)
def test_an_address_that_no_interface_has(stack: Stack, kind: str) -> None:
    """Is {kind} refused an address that no interface of the machine has?"""
    assert stack.socket(kind).bind(FOREIGN[kind]) == EADDRNOTAVAIL


@experiment("{kind}/address/foreign-twice", rule=OWN_ADDRESS, cites=(BIND,))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
def test_an_address_that_no_interface_has_twice(stack: Stack, kind: str) -> None:
    """A {kind} socket asks for an address that no interface has, and then another: is that refused so?"""
    stack.socket(kind).bind(FOREIGN[kind])
    assert stack.socket(kind).bind(FOREIGN[kind]) == EADDRNOTAVAIL


@experiment("{kind}/address/foreign-any-port", rule=OWN_ADDRESS, cites=(BIND,))
@pytest.mark.parametrize("kind", FOREIGN)
def test_an_address_that_no_interface_has_and_port_0(stack: Stack, kind: str) -> None:
    """Is {kind} refused an address that no interface has if it leaves the port to the system?"""
    assert stack.socket(kind).bind(FOREIGN[kind].at("0")) == EADDRNOTAVAIL


@experiment("tcp4/address/broadcast", rule=OWN_ADDRESS, cites=(BIND,))
def test_the_broadcast_address(stack: Stack) -> None:
    """Is TCP refused 255.255.255.255, which is no interface's own?"""
    assert stack.tcp4().bind(Address("255.255.255.255")) == EADDRNOTAVAIL


@experiment("{kind}/address/foreign-mapped", rule=OWN_ADDRESS, cites=(BIND,))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_a_mapped_address_that_no_interface_has(stack: Stack, kind: str) -> None:
    """Is {kind} refused the mapped form of an address that no interface has?"""
    assert stack.socket(kind).bind(Address("::ffff:192.0.2.1")) == EADDRNOTAVAIL


@experiment("{kind}/address/foreign-when-bound", rule=BOUND_ONCE, cites=(LINUX.at("ipv4/af_inet.c, __inet_bind"),))
@pytest.mark.parametrize("kind", FOREIGN)
def test_a_bound_socket_and_an_address_that_no_interface_has(stack: Stack, kind: str) -> None:
    """Is a bound {kind} socket refused as bound, even for an address that no interface has?"""
    bound = stack.socket(kind)
    bound.bind(OWN[kind])
    assert bound.bind(FOREIGN[kind]) == EINVAL


@experiment("{kind}/address/loopback-net", rule=OWN_ADDRESS, cites=(BIND,))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
def test_another_address_of_the_loopback_net(stack: Stack, kind: str) -> None:
    """No interface was given 127.0.0.53. Is {kind} refused it?"""
    assert stack.socket(kind).bind(Address("127.0.0.53")) == EADDRNOTAVAIL


@experiment("{kind}/address/loopback-net/twice", rule=OWN_ADDRESS, cites=(BIND,))
@pytest.mark.parametrize("kind", ["tcp4", "udp4"])
def test_another_address_of_the_loopback_net_twice(stack: Stack, kind: str) -> None:
    """No interface was given 127.0.0.53, and two {kind} sockets ask for it. Is the second refused?"""
    stack.socket(kind).bind(Address("127.0.0.53"))
    assert stack.socket(kind).bind(Address("127.0.0.53")) != OK


@experiment("{kind}/address/loopback-net-mapped", rule=OWN_ADDRESS, cites=(BIND,))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_a_mapped_address_of_the_loopback_net(stack: Stack, kind: str) -> None:
    """No interface was given 127.0.0.53. Is {kind} refused its mapped form?"""
    assert stack.socket(kind, IPV6_V6ONLY.off).bind(Address("::ffff:127.0.0.53")) == EADDRNOTAVAIL


@experiment("{kind}/address/link-local", rule=OWN_ADDRESS, cites=(BIND,))
@pytest.mark.parametrize("kind", ["tcp6", "udp6"])
def test_a_link_local_address_without_its_scope(stack: Stack, kind: str) -> None:
    """No interface has fe80::1, and no scope is given. Is {kind} refused it as not the machine's?"""
    assert stack.socket(kind).bind(Address("fe80::1")) == EADDRNOTAVAIL


@experiment("tcp6/address/group", rule=BIND_NAMES, cites=(LINUX.at("ipv6/af_inet6.c, __inet6_bind"),))
def test_a_group_over_tcp(stack: Stack) -> None:
    """May a TCP socket bind an IPv6 multicast group?"""
    assert stack.tcp6().bind(GROUP6) == OK


@experiment("tcp4/address/group", rule=BIND_NAMES, cites=(LITE2_SYS.at("netinet/in_pcb.c, in_pcbbind"),))
def test_an_ipv4_group_over_tcp(stack: Stack) -> None:
    """May a TCP socket bind an IPv4 multicast group?"""
    assert stack.tcp4().bind(GROUP) == OK


@experiment("{kind}/address/reserved-port", rule=RESERVED_PORT, cites=(POSIX.at("bind, [EACCES]"),))
@pytest.mark.parametrize("kind", OWN)
def test_a_reserved_port(stack: Stack, kind: str) -> None:
    """Is a user who is not root refused port 1023 by {kind}?"""
    assert stack.stranger.socket(kind).bind(OWN[kind].at("1023")) == EACCES


@experiment("{kind}/address/reserved-port-at-the-wildcard", rule=RESERVED_PORT, cites=(POSIX.at("bind, [EACCES]"),))
@pytest.mark.parametrize("kind", WILDCARDS)
def test_a_reserved_port_at_the_wildcard(stack: Stack, kind: str) -> None:
    """Is a user who is not root refused port 1023 of the wildcard by {kind}?"""
    assert stack.stranger.socket(kind).bind(WILDCARDS[kind].at("1023")) == EACCES


@experiment("tcp4/address/reserved-port-at-the-{place}/held", rule=RESERVED_PORT, cites=(POSIX.at("bind, [EACCES]"),))
@pytest.mark.parametrize(("place", "address"), [("wildcard", WILDCARD), ("loopback", LOOPBACK)], ids=str)
def test_a_reserved_port_is_held(stack: Stack, place: str, address: Address) -> None:
    """A user who is not root asks for port 1023 of {address.aloud}. Is it held only if that was granted?"""
    granted = stack.stranger.tcp4().bind(address.at("1023"))
    assert (stack.tcp4().bind(address.at("1023")) == OK) is (granted != OK)


@experiment("tcp4/address/reserved-port-taken-by-root", rule=RESERVED_PORT, cites=(POSIX.at("bind, [EACCES]"),))
def test_a_reserved_port_that_is_taken(stack: Stack) -> None:
    """Root holds port 1023 of 127.0.0.1. Is a user who is not root refused it?"""
    user = stack.stranger.tcp4()
    stack.tcp4().bind(LOOPBACK.at("1023"))
    assert user.bind(LOOPBACK.at("1023")) != OK


@experiment("{kind}/address/unreserved-port/{port}", rule=RESERVED_PORT, cites=(POSIX.at("bind, [EACCES]"),))
@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("port", ["0", "1024"])
def test_an_unreserved_port(stack: Stack, kind: str, port: str) -> None:
    """May a user who is not root bind port {port} with {kind}?"""
    assert stack.stranger.socket(kind).bind(OWN[kind].at(port)) == OK


@experiment("{kind}/address/reserved-port-foreign", rule=OWN_ADDRESS, cites=(LINUX.at("ipv4/af_inet.c, __inet_bind"),))
@pytest.mark.parametrize("kind", FOREIGN)
def test_a_reserved_port_of_an_address_that_no_interface_has(stack: Stack, kind: str) -> None:
    """A user wants port 1023 of an address that no interface has: is {kind} refused for the address?"""
    assert stack.stranger.socket(kind).bind(FOREIGN[kind].at("1023")) == EADDRNOTAVAIL
