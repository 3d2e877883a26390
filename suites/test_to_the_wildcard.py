"""Clients that connect to the wildcard, which is no destination: some systems take it for the machine itself."""

from __future__ import annotations

from fixtures.experiment import experiment
from fixtures.rules import TO_THE_WILDCARD
from fixtures.sources import FREEBSD_15, LIBUV_2155, TCPV2
from fixtures.stack import Stack
from fixtures.words import LOOPBACK, LOOPBACK6, OK, WILDCARD, WILDCARD6

CITES = (TCPV2.at("§22.8, in_pcbconnect"), LIBUV_2155.at("the assertion"), FREEBSD_15.at("Networking, General"))


@experiment("tcp/to-the-wildcard/ipv4/server-on-loopback", rule=TO_THE_WILDCARD, cites=CITES)
def test_ipv4_server_on_loopback(stack: Stack) -> None:
    """Does a client that connects to 0.0.0.0 reach a server that listens on 127.0.0.1 alone?"""
    server = stack.tcp4()
    server.bind(LOOPBACK)
    server.listen()
    client = stack.tcp4()
    assert client.connect(WILDCARD) == OK


@experiment("tcp/to-the-wildcard/ipv6/server-on-loopback", rule=TO_THE_WILDCARD, cites=CITES)
def test_ipv6_server_on_loopback(stack: Stack) -> None:
    """Does a client that connects to [::] reach a server that listens on ::1 alone?"""
    server = stack.tcp6()
    server.bind(LOOPBACK6)
    server.listen()
    client = stack.tcp6()
    assert client.connect(WILDCARD6) == OK
