"""When does a socket with IP_BIND_ADDRESS_NO_PORT, which binds port 0 without drawing one, get its port?"""

from __future__ import annotations

import pytest

from fixtures.language.experiment import experiment
from fixtures.language.scenes import connecting, listening, serving
from fixtures.language.stack import Stack
from fixtures.language.words import EADDRINUSE, EADDRNOTAVAIL, IP_BIND_ADDRESS_NO_PORT, LOOPBACK, NOBODY, SECOND
from fixtures.specification.rules import BIND_NAMES, NO_OPTIONS, UNUSED_ADDRESS, UNUSED_PORT
from fixtures.specification.sources import LINUX_MAN
from suites.ephemeral.scenes import ANY_PORT, CONNECT, RANGE, confined, holding

NO_PORT = LINUX_MAN.at("ip(7), IP_BIND_ADDRESS_NO_PORT")


@experiment("tcp/ephemeral/no-port/exhausted", rule=UNUSED_PORT, cites=(NO_PORT, RANGE))
def test_bind_without_a_port(stack: Stack) -> None:
    """The range is held. Is a client with IP_BIND_ADDRESS_NO_PORT refused port 0?"""
    holder = holding(stack, "tcp4", LOOPBACK)
    client = confined(stack, "tcp4", holder, IP_BIND_ADDRESS_NO_PORT)
    assert client.bind(ANY_PORT) == EADDRINUSE


@experiment("tcp/ephemeral/no-port/{destination}-destination", rule=UNUSED_ADDRESS, cites=(NO_PORT, RANGE, CONNECT))
@pytest.mark.parametrize("destination", ["same", "other"])
def test_connect_after_bind_without_a_port(stack: Stack, destination: str) -> None:
    """A client has the range. Is one with IP_BIND_ADDRESS_NO_PORT refused the {destination} server?"""
    listening(stack, LOOPBACK)
    elsewhere = listening(stack, ANY_PORT)
    first = connecting(stack, LOOPBACK)
    second = confined(stack, "tcp4", first, IP_BIND_ADDRESS_NO_PORT)
    second.bind(ANY_PORT)
    called = {"same": LOOPBACK, "other": elsewhere.address}
    assert second.connect(called[destination]) == EADDRNOTAVAIL


@experiment("tcp/ephemeral/no-port/listen", rule=UNUSED_PORT, cites=(NO_PORT,))
def test_listen_after_bind_without_a_port(stack: Stack) -> None:
    """A server with IP_BIND_ADDRESS_NO_PORT bound port 0 and listens. Does it hold a port?"""
    server = listening(stack, ANY_PORT, IP_BIND_ADDRESS_NO_PORT)
    assert stack.tcp4().bind(server.address) == EADDRINUSE


@experiment("{protocol}/ephemeral/no-port/keeps-its-address", rule=UNUSED_PORT, cites=(NO_PORT,))
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_address_after_bind_without_a_port(stack: Stack, protocol: str) -> None:
    """A {protocol} client with IP_BIND_ADDRESS_NO_PORT is connected. Does it hold a port where it bound?"""
    serving(stack, f"{protocol}4", LOOPBACK)
    client = stack.socket(f"{protocol}4", IP_BIND_ADDRESS_NO_PORT)
    client.bind(SECOND.at("0"))
    client.connect(LOOPBACK)
    assert stack.socket(f"{protocol}4").bind(client.address) == EADDRINUSE


@experiment("tcp/ephemeral/no-port/keeps-its-address/refused", rule=BIND_NAMES, cites=(NO_PORT,))
def test_address_after_a_refused_connect(stack: Stack) -> None:
    """A client with IP_BIND_ADDRESS_NO_PORT was refused, and listens. Does it hold its address alone?"""
    client = stack.tcp4(IP_BIND_ADDRESS_NO_PORT)
    client.bind(SECOND.at("0"))
    client.connect(LOOPBACK)
    client.listen()
    assert stack.connections(LOOPBACK.at(f"port({client.name})")) == NOBODY


@experiment("{protocol}/ephemeral/no-port/named-port", rule=NO_OPTIONS, cites=(NO_PORT,))
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_named_port_without_a_port(stack: Stack, protocol: str) -> None:
    """Does a {protocol} socket with IP_BIND_ADDRESS_NO_PORT hold a port that its bind names?"""
    stack.socket(f"{protocol}4", IP_BIND_ADDRESS_NO_PORT).bind(LOOPBACK)
    assert stack.socket(f"{protocol}4").bind(LOOPBACK) == EADDRINUSE
